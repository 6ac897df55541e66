/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NULL_BLK_DOOR_H
#define NULL_BLK_DOOR_H

#include <linux/virtio_blk.h>

#include "queue.h"

struct device {
	unsigned int num_queues;
	struct virtio_blk_config config;
	uint64_t features;
	struct queue queues[MAX_QUEUES];
};

/* Each serves the device until it is told to end. */
void serve_vhost_user(struct device *dev, const char *path);
void serve_vduse(struct device *dev, const char *name);

#endif
