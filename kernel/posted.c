// SPDX-License-Identifier: GPL-2.0-only
/*
 * Posted queues: the module completes requests before the back-end has seen them
 * (VLB_QUEUE_DESC_POSTED).
 *
 * virtio_console spins until its output is done, with interrupts off and under locks for
 * which others then spin, with interrupts off too. In a virtual machine the device goes on
 * meanwhile; here it is a process of the same kernel, and might never run again. So its
 * driver must not have to wait: what it sends is copied into a store and done.
 *
 *   driver's ring -> slots of the store -> a ring of the store's own -> relay -> back-end
 *
 * To the relay the store is the driver: it serves the store's ring like any other, hands
 * what is in flight to the next back-end, or fails it. A slot is a page; slot n belongs to
 * descriptor n. Few are in flight, so that what is written in small pieces is put
 * together meanwhile, if it is a stream.
 *
 * What finds no room is dropped. That it seldom happens is up to throttle.c.
 *
 * Contexts
 *   take             any, within the driver's notification: never waits for anybody
 *   reclaim          as the driver's interrupt
 *   attach, detach   process, both sides of the relay at rest
 */
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "posted.h"

#define IN_FLIGHT	8u

/**
 * vlb_posted_create - make an empty store
 * @max_num: the largest number of descriptors that the driver's ring may have
 * @stream: requests may be put together and divided
 *
 * Return: the store or NULL.
 */
struct vlb_posted *vlb_posted_create(u32 max_num, bool stream)
{
	struct vlb_posted *posted = kzalloc(sizeof(*posted), GFP_KERNEL);
	u32 i;

	if (!posted)
		return NULL;
	spin_lock_init(&posted->lock);
	posted->stream = stream;
	posted->max_num = max_num;
	posted->ring_mem = kvzalloc(vlb_shadow_ring_size(max_num), GFP_KERNEL);
	posted->slots = kvcalloc(max_num, sizeof(*posted->slots), GFP_KERNEL);
	if (!posted->ring_mem || !posted->slots)
		goto destroy;
	for (i = 0; i < max_num; i++) {
		posted->slots[i].data = kmalloc(VLB_POSTED_SLOT_SIZE, GFP_KERNEL);
		if (!posted->slots[i].data)
			goto destroy;
	}
	return posted;
destroy:
	vlb_posted_destroy(posted);
	return NULL;
}

/* NULL does no harm. */
void vlb_posted_destroy(struct vlb_posted *posted)
{
	u32 i;

	if (!posted)
		return;
	for (i = 0; posted->slots && i < posted->max_num; i++)
		kfree(posted->slots[i].data);
	kvfree(posted->slots);
	kvfree(posted->ring_mem);
	kfree(posted);
}

/**
 * vlb_posted_attach - begin with an empty store and a new ring of the driver's
 * @posted: the store
 * @driver: the driver's ring
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 *
 * Return: the ring for the relay.
 */
const struct vring *vlb_posted_attach(struct vlb_posted *posted, const struct vring *driver,
				      bool event_idx)
{
	unsigned long flags;

	spin_lock_irqsave(&posted->lock, flags);
	vlb_driver_ring_init(&posted->driver, driver, event_idx);
	vlb_shadow_ring_init(&posted->ring, posted->ring_mem, driver->num, event_idx);
	posted->first = 0;
	posted->handed = 0;
	WRITE_ONCE(posted->filled, 0);
	posted->attached = true;
	spin_unlock_irqrestore(&posted->lock, flags);
	return &posted->ring.vring;
}

/* The driver's ring is not touched any more. */
void vlb_posted_detach(struct vlb_posted *posted)
{
	unsigned long flags;

	spin_lock_irqsave(&posted->lock, flags);
	posted->attached = false;
	spin_unlock_irqrestore(&posted->lock, flags);
}

static u32 num_slots(const struct vlb_posted *posted)
{
	return posted->ring.vring.num;
}

static struct vlb_posted_slot *slot(struct vlb_posted *posted, u32 index)
{
	return &posted->slots[index & (num_slots(posted) - 1)];
}

/* The newest slot, if more may be added to it; or NULL. */
static struct vlb_posted_slot *open_slot(struct vlb_posted *posted)
{
	return posted->stream && posted->handed != posted->filled ?
	       slot(posted, posted->filled - 1) : NULL;
}

static u64 room(struct vlb_posted *posted)
{
	const struct vlb_posted_slot *open = open_slot(posted);
	u64 slots = num_slots(posted) - (posted->filled - posted->first);

	return slots * VLB_POSTED_SLOT_SIZE + (open ? VLB_POSTED_SLOT_SIZE - open->len : 0);
}

static struct vlb_posted_slot *fill_next(struct vlb_posted *posted)
{
	struct vlb_posted_slot *next = slot(posted, posted->filled);

	next->len = 0;
	next->done = false;
	WRITE_ONCE(posted->filled, posted->filled + 1);
	return next;
}

/* There is room. @open: where to go on, or NULL; returns the same for what follows. */
static struct vlb_posted_slot *append(struct vlb_posted *posted, struct vlb_posted_slot *open,
				      const u8 *data, u32 len)
{
	u32 count;

	while (len) {
		if (!open || open->len == VLB_POSTED_SLOT_SIZE)
			open = fill_next(posted);
		count = min(len, VLB_POSTED_SLOT_SIZE - open->len);
		memcpy(open->data + open->len, data, count);
		open->len += count;
		data += count;
		len -= count;
	}
	return open;
}

/* The bytes that the device is to read; none of what is no proper request. */
static u64 readable(const struct vlb_driver_ring *ring, u16 head)
{
	struct vlb_segment seg;
	struct vlb_chain chain;
	u64 len = 0;
	int ret;

	if (vlb_chain_start(&chain, ring, head))
		return 0;
	while ((ret = vlb_chain_next(&chain, &seg)) > 0)
		if (!seg.write)
			len += seg.len;
	return ret ? 0 : len;
}

static void store(struct vlb_posted *posted, u16 head)
{
	struct vlb_posted_slot *open = open_slot(posted);
	struct vlb_segment seg;
	struct vlb_chain chain;
	u64 len;

	len = readable(&posted->driver, head);
	if (!len)
		return;
	if (len > room(posted)) {
		WRITE_ONCE(posted->dropped, posted->dropped + 1);
		return;
	}
	vlb_chain_start(&chain, &posted->driver, head);
	while (vlb_chain_next(&chain, &seg) > 0)
		if (!seg.write)
			open = append(posted, open, seg.data, seg.len);
}

/* Make slots available to the relay. Returns whether there were any. */
static bool hand_out(struct vlb_posted *posted)
{
	struct vring_desc *table = posted->ring.vring.desc;
	u32 index, old = posted->handed;
	struct vlb_descriptor desc = { };

	while (posted->handed != posted->filled && posted->handed - posted->first < IN_FLIGHT) {
		index = posted->handed & (num_slots(posted) - 1);
		desc.iova = virt_to_phys(posted->slots[index].data);
		desc.len = posted->slots[index].len;
		vlb_shadow_ring_write_desc(&table[index], &desc);
		vlb_shadow_ring_push_avail(&posted->ring, index);
		posted->handed++;
	}
	vlb_shadow_ring_publish(&posted->ring);
	return posted->handed != old;
}

/**
 * vlb_posted_take - take all that the driver has made available, and complete it
 * @posted: the store
 *
 * There may be something to submit then. The driver is not interrupted: it spins.
 */
void vlb_posted_take(struct vlb_posted *posted)
{
	struct vlb_driver_ring *driver = &posted->driver;
	unsigned long flags;
	u16 head;

	spin_lock_irqsave(&posted->lock, flags);
	if (!posted->attached)
		goto unlock;
	do {
		while (vlb_driver_ring_peek(driver, &head)) {
			vlb_driver_ring_advance(driver);
			if (WARN_ON_ONCE(head >= driver->vring.num))
				continue;
			store(posted, head);
			vlb_driver_ring_push_used(driver, head, 0);
		}
	} while (vlb_driver_ring_enable_kicks(driver));
	hand_out(posted);
unlock:
	spin_unlock_irqrestore(&posted->lock, flags);
}

static void free_slots(struct vlb_posted *posted)
{
	u32 id, len;

	do {
		while (vlb_shadow_ring_pending(&posted->ring)) {
			vlb_shadow_ring_pop_used(&posted->ring, &id, &len);
			posted->slots[id].done = true;
		}
	} while (vlb_shadow_ring_enable_calls(&posted->ring, 1));
	while (posted->first != posted->handed && slot(posted, posted->first)->done)
		WRITE_ONCE(posted->first, posted->first + 1);
}

/**
 * vlb_posted_reclaim - the relay has given requests back
 * @posted: the store
 *
 * Return: whether there is more to submit.
 */
bool vlb_posted_reclaim(struct vlb_posted *posted)
{
	unsigned long flags;
	bool more;

	spin_lock_irqsave(&posted->lock, flags);
	free_slots(posted);
	more = hand_out(posted);
	spin_unlock_irqrestore(&posted->lock, flags);
	return more;
}

/* Any context, without the lock: a guess. */
static u32 slots_in_use(const struct vlb_posted *posted)
{
	return READ_ONCE(posted->filled) - READ_ONCE(posted->first);
}

/* Whoever writes much should wait. */
bool vlb_posted_is_crowded(const struct vlb_posted *posted)
{
	return slots_in_use(posted) > posted->max_num / 2;
}

/* Whoever ends it may. */
bool vlb_posted_is_empty(const struct vlb_posted *posted)
{
	return !slots_in_use(posted);
}
