/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_POSTED_H
#define VLB_POSTED_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "driver_ring.h"
#include "shadow_ring.h"

#define VLB_POSTED_SLOT_SIZE	4096u

/**
 * struct vlb_posted_slot - a piece of what the store holds
 * @data: VLB_POSTED_SLOT_SIZE bytes
 * @len: how many of them
 * @done: the relay has given it back
 */
struct vlb_posted_slot {
	u8 *data;
	u32 len;
	bool done;
};

/**
 * struct vlb_posted - the store of a queue whose requests are completed at once
 * @lock: guards the rest
 * @stream: the boundaries of requests mean nothing
 * @max_num: number of @slots
 * @slots: one for each descriptor of @ring
 * @ring_mem: memory of @ring
 * @attached: @driver is there
 * @driver: what the driver has made
 * @ring: what the relay takes for the driver's
 * @first: oldest slot in use; all three count on, the slot is the rest by the ring's size
 * @handed: next slot to be made available in @ring
 * @filled: next slot to be filled
 * @dropped: requests that found no room
 */
struct vlb_posted {
	spinlock_t lock; /* see above */
	bool stream;
	u32 max_num;
	struct vlb_posted_slot *slots;
	void *ring_mem;
	bool attached;
	struct vlb_driver_ring driver;
	struct vlb_shadow_ring ring;
	u32 first;
	u32 handed;
	u32 filled;
	u64 dropped;
};

struct vlb_posted *vlb_posted_create(u32 max_num, bool stream);
void vlb_posted_destroy(struct vlb_posted *posted);

const struct vring *vlb_posted_attach(struct vlb_posted *posted, const struct vring *driver,
				      bool event_idx);
void vlb_posted_detach(struct vlb_posted *posted);

void vlb_posted_take(struct vlb_posted *posted);
bool vlb_posted_reclaim(struct vlb_posted *posted);
bool vlb_posted_is_crowded(const struct vlb_posted *posted);
bool vlb_posted_is_empty(const struct vlb_posted *posted);

#endif
