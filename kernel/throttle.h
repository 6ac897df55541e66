/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_THROTTLE_H
#define VLB_THROTTLE_H

#include <linux/types.h>
#include <linux/wait.h>

struct vlb_queue;

/**
 * struct vlb_throttle - who has to wait for room in the store of a queue
 * @wait: where they wait
 * @stuck: somebody has waited in vain; nobody does until there is progress
 */
struct vlb_throttle {
	wait_queue_head_t wait;
	bool stuck;
};

void vlb_throttle_init(struct vlb_throttle *throttle);
void vlb_throttle_current(struct vlb_queue *queue);
void vlb_throttle_drain(struct vlb_queue *queue);
void vlb_throttle_release(struct vlb_throttle *throttle);
void vlb_throttles_init(void);
void vlb_throttles_exit(void);

#endif
