// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shadow ring: the split virtqueue that the back-end serves, used from the driver's
 * side (virtio spec 2.7). It lies in the pool, which the back-end may write at any time.
 * So the module only ever writes the descriptor table and the available ring, keeps its
 * own copy of every index, and reads a field of the used ring exactly once before
 * checking it.
 *
 * The submitting side owns avail_idx and kicked, the completing side owns last_used.
 *
 * Context: any.
 */
#include <asm/barrier.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "shadow_ring.h"
#include "ring_access.h"

/* Each part starts a cache line of its own: the two sides write different parts. */
#define PART_ALIGN	64u

u32 vlb_shadow_ring_avail_offset(u32 num)
{
	return ALIGN(num * (u32)sizeof(struct vring_desc), PART_ALIGN);
}

/* flags, idx, num entries, used_event */
u32 vlb_shadow_ring_used_offset(u32 num)
{
	return ALIGN(vlb_shadow_ring_avail_offset(num) + 2 * (3 + num), PART_ALIGN);
}

/* flags, idx, num elements, avail_event */
u32 vlb_shadow_ring_size(u32 num)
{
	return ALIGN(vlb_shadow_ring_used_offset(num) + 2 * 3 +
		     num * (u32)sizeof(struct vring_used_elem), PART_ALIGN);
}

/**
 * vlb_shadow_ring_init - lay out an empty ring
 * @ring: the ring
 * @mem: vlb_shadow_ring_size() bytes in the pool
 * @num: number of descriptors, a power of two
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 */
void vlb_shadow_ring_init(struct vlb_shadow_ring *ring, void *mem, u32 num, bool event_idx)
{
	memset(mem, 0, vlb_shadow_ring_size(num));
	*ring = (struct vlb_shadow_ring){
		.vring = {
			.num = num,
			.desc = mem,
			.avail = mem + vlb_shadow_ring_avail_offset(num),
			.used = mem + vlb_shadow_ring_used_offset(num),
		},
		.event_idx = event_idx,
	};
}

/* Where the driver says when it wants an interrupt. */
static __virtio16 *used_event(const struct vlb_shadow_ring *ring)
{
	return (__virtio16 *)&vring_used_event(&ring->vring);
}

/* Where the device says when it wants a kick. */
static __virtio16 *avail_event(const struct vlb_shadow_ring *ring)
{
	return (__virtio16 *)&vring_avail_event(&ring->vring);
}

/* Does the back-end want a kick for what was pushed since the last question? */
bool vlb_shadow_ring_need_kick(struct vlb_shadow_ring *ring)
{
	u16 old = ring->kicked;

	if (old == ring->avail_idx)
		return false;
	ring->kicked = ring->avail_idx;
	smp_mb(); /* the available index before the event, as the back-end's reverse */
	if (ring->event_idx)
		return vring_need_event(vlb_ring_get16(avail_event(ring)),
					ring->avail_idx, old);
	return !(vlb_ring_get16(&ring->vring.used->flags) & VRING_USED_F_NO_NOTIFY);
}

/*
 * For which entry of the available ring the back-end has asked to be kicked: it has taken all
 * before that, and what it has used by then is in the used ring. With EVENT_IDX only.
 */
u16 vlb_shadow_ring_passed(const struct vlb_shadow_ring *ring)
{
	u16 passed = vlb_ring_get16(avail_event(ring));

	smp_rmb(); /* the event before the used index */
	return passed;
}

/* Pass over used elements; there may have been more of them than the ring has room for. */
void vlb_shadow_ring_skip_used(struct vlb_shadow_ring *ring, u16 count)
{
	ring->last_used += count;
}

/* Until vlb_shadow_ring_enable_calls(). Some may come all the same, without EVENT_IDX all. */
void vlb_shadow_ring_disable_calls(struct vlb_shadow_ring *ring)
{
	if (ring->event_idx)
		vlb_ring_put16(used_event(ring), ring->last_used - 1);
}

/**
 * vlb_shadow_ring_enable_calls - ask to be called for used elements
 * @ring: the ring
 * @count: once so many wait, 1 or more; without EVENT_IDX calls may come earlier
 *
 * Return: whether they came in the meantime, for which no call may come.
 */
bool vlb_shadow_ring_enable_calls(struct vlb_shadow_ring *ring, u16 count)
{
	if (ring->event_idx)
		vlb_ring_put16(used_event(ring), ring->last_used + count - 1);
	smp_mb(); /* the event before the index; pairs with the back-end's call */
	return (u16)(vlb_ring_get16(&ring->vring.used->idx) - ring->last_used) >= count;
}
