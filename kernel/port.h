/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_PORT_H
#define VLB_PORT_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include "relay.h"

struct eventfd_ctx;
struct vlb_call;
struct vlb_pool_map;
struct vlb_queue;

/**
 * struct vlb_port - where one queue meets one back-end, from VLB_QUEUE_START on
 * @shadow: the relay's part
 * @pool: the memory it lies in
 * @kick: the back-end's eventfd
 * @call: what the back-end notifies
 */
struct vlb_port {
	struct vlb_shadow shadow;
	struct vlb_pool_map *pool;
	struct eventfd_ctx *kick;
	struct vlb_call *call;
};

struct vlb_port *vlb_port_create(struct vlb_queue *queue, struct vlb_queue_start *start);
void vlb_port_destroy(struct vlb_port *port);

#endif
