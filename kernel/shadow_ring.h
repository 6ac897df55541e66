/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SHADOW_RING_H
#define VLB_SHADOW_RING_H

#include <asm/barrier.h>
#include <linux/types.h>
#include <linux/virtio_ring.h>

#include "ring_access.h"

/**
 * struct vlb_shadow_ring - the driver's side of the virtqueue that the back-end serves
 * @vring: where it is, in the pool: the back-end may write anything anywhere in it
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 * @avail_idx: next entry of the available ring; the submitting side's
 * @kicked: value of @avail_idx when a kick was last considered
 * @last_used: next entry of the used ring to take; the completing side's
 */
struct vlb_shadow_ring {
	struct vring vring;
	bool event_idx;
	u16 avail_idx;
	u16 kicked;
	u16 last_used;
};

/**
 * struct vlb_descriptor - a descriptor in host byte order
 * @iova: where the back-end finds the buffer
 * @len: bytes
 * @flags: VRING_DESC_F_*
 * @next: next descriptor if VRING_DESC_F_NEXT
 */
struct vlb_descriptor {
	u64 iova;
	u32 len;
	u16 flags;
	u16 next;
};

u32 vlb_shadow_ring_avail_offset(u32 num);
u32 vlb_shadow_ring_used_offset(u32 num);
u32 vlb_shadow_ring_size(u32 num);
void vlb_shadow_ring_init(struct vlb_shadow_ring *ring, void *mem, u32 num, bool event_idx);
bool vlb_shadow_ring_need_kick(struct vlb_shadow_ring *ring);
u16 vlb_shadow_ring_passed(const struct vlb_shadow_ring *ring);
void vlb_shadow_ring_skip_used(struct vlb_shadow_ring *ring, u16 count);
void vlb_shadow_ring_disable_calls(struct vlb_shadow_ring *ring);
bool vlb_shadow_ring_enable_calls(struct vlb_shadow_ring *ring, u16 count);

/* ---- what each request needs, often several times --------------------------------- */

/* Fill a descriptor of the ring or of an indirect table in the pool. */
static inline void vlb_shadow_ring_write_desc(struct vring_desc *desc,
					      const struct vlb_descriptor *from)
{
	desc->addr = __cpu_to_virtio64(true, from->iova);
	desc->len = __cpu_to_virtio32(true, from->len);
	desc->flags = __cpu_to_virtio16(true, from->flags);
	desc->next = __cpu_to_virtio16(true, from->next);
}

/* Make a request available, as of vlb_shadow_ring_publish(). */
static inline void vlb_shadow_ring_push_avail(struct vlb_shadow_ring *ring, u16 head)
{
	struct vring *vring = &ring->vring;

	vlb_ring_put16(&vring->avail->ring[ring->avail_idx & (vring->num - 1)], head);
	ring->avail_idx++;
}

/* The back-end sees at once what was pushed, kicked or not. */
static inline void vlb_shadow_ring_publish(struct vlb_shadow_ring *ring)
{
	smp_wmb(); /* descriptors, data and entries before the index */
	vlb_ring_put16(&ring->vring.avail->idx, ring->avail_idx);
}

/* How many used elements wait, if the back-end is to be believed. */
static inline u16 vlb_shadow_ring_pending(const struct vlb_shadow_ring *ring)
{
	u16 pending = vlb_ring_get16(&ring->vring.used->idx) - ring->last_used;

	smp_rmb(); /* the index before the elements and the data */
	return pending;
}

/* Take one used element; both values are still to be checked. */
static inline void vlb_shadow_ring_pop_used(struct vlb_shadow_ring *ring, u32 *id, u32 *len)
{
	struct vring *vring = &ring->vring;
	struct vring_used_elem *elem = &vring->used->ring[ring->last_used & (vring->num - 1)];

	*id = __virtio32_to_cpu(true, READ_ONCE(elem->id));
	*len = __virtio32_to_cpu(true, READ_ONCE(elem->len));
	ring->last_used++;
}

#endif
