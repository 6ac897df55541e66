/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_DRIVER_RING_H
#define VLB_DRIVER_RING_H

#include <asm/barrier.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/types.h>
#include <linux/virtio_ring.h>

#include "ring_access.h"

/**
 * struct vlb_driver_ring - the device's side of the driver's virtqueue
 * @vring: where it is, in kernel memory that no back-end ever sees
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 * @last_avail: next entry of the available ring to take; the submitting side's
 * @used_idx: next entry of the used ring to fill; the completing side's
 * @signalled: value of @used_idx when an interrupt was last considered
 */
struct vlb_driver_ring {
	struct vring vring;
	bool event_idx;
	u16 last_avail;
	u16 used_idx;
	u16 signalled;
};

/**
 * struct vlb_segment - one buffer of a request
 * @data: its memory
 * @len: bytes
 * @index: its descriptor in the ring; meaningless in an indirect table
 * @write: the device writes to it
 */
struct vlb_segment {
	void *data;
	u32 len;
	u16 index;
	bool write;
};

#define VLB_CHAIN_END	U32_MAX

/**
 * struct vlb_chain - a walk along the segments of one request
 * @table: descriptor table walked
 * @size: its number of entries
 * @left: entries that may still come; a longer chain has a loop
 * @next: index of the next entry, or VLB_CHAIN_END
 */
struct vlb_chain {
	const struct vring_desc *table;
	u32 size;
	u32 left;
	u32 next;
};

void vlb_driver_ring_init(struct vlb_driver_ring *ring, const struct vring *vring,
			  bool event_idx);
bool vlb_driver_ring_enable_kicks(struct vlb_driver_ring *ring);
bool vlb_driver_ring_need_interrupt(struct vlb_driver_ring *ring);

/* ---- what each request needs, often several times --------------------------------- */

/**
 * vlb_driver_ring_peek - is there a request to take?
 * @ring: the ring
 * @head: out: its first descriptor
 *
 * The request stays where it is until vlb_driver_ring_advance().
 */
static inline bool vlb_driver_ring_peek(const struct vlb_driver_ring *ring, u16 *head)
{
	const struct vring *vring = &ring->vring;

	if (vlb_ring_get16(&vring->avail->idx) == ring->last_avail)
		return false;
	smp_rmb(); /* the index before the entry and its descriptors */
	*head = vlb_ring_get16(&vring->avail->ring[ring->last_avail & (vring->num - 1)]);
	return true;
}

static inline void vlb_driver_ring_advance(struct vlb_driver_ring *ring)
{
	ring->last_avail++;
}

/* Give a request back. The driver sees it at once, with or without an interrupt. */
static inline void vlb_driver_ring_push_used(struct vlb_driver_ring *ring, u16 head, u32 len)
{
	struct vring *vring = &ring->vring;
	struct vring_used_elem *elem = &vring->used->ring[ring->used_idx & (vring->num - 1)];

	elem->id = __cpu_to_virtio32(true, head);
	elem->len = __cpu_to_virtio32(true, len);
	ring->used_idx++;
	smp_wmb(); /* the element and the data before the index */
	vlb_ring_put16(&vring->used->idx, ring->used_idx);
}

static inline u16 vlb_desc_flags(const struct vring_desc *desc)
{
	return __virtio16_to_cpu(true, desc->flags);
}

static inline bool vlb_chain_is_indirect(const struct vlb_driver_ring *ring, u16 head)
{
	return head < ring->vring.num &&
	       vlb_desc_flags(&ring->vring.desc[head]) & VRING_DESC_F_INDIRECT;
}

/**
 * vlb_chain_start - begin to walk a request
 * @chain: the walk
 * @ring: the ring
 * @head: the request's first descriptor
 *
 * Return: 0 or -EINVAL for a request that the virtio spec does not allow.
 */
static inline int vlb_chain_start(struct vlb_chain *chain, const struct vlb_driver_ring *ring,
				  u16 head)
{
	const struct vring_desc *desc = &ring->vring.desc[head];
	u32 len;

	if (head >= ring->vring.num)
		return -EINVAL;
	if (!vlb_chain_is_indirect(ring, head)) {
		*chain = (struct vlb_chain){ ring->vring.desc, ring->vring.num,
					     ring->vring.num, head };
		return 0;
	}
	len = __virtio32_to_cpu(true, desc->len);
	if (!len || len % sizeof(*desc) || vlb_desc_flags(desc) & VRING_DESC_F_NEXT)
		return -EINVAL;
	*chain = (struct vlb_chain){ phys_to_virt(__virtio64_to_cpu(true, desc->addr)),
				     len / sizeof(*desc), len / sizeof(*desc), 0 };
	return 0;
}

/**
 * vlb_chain_next - the next segment of a request
 * @chain: the walk
 * @seg: out: the segment
 *
 * Return: 1; 0 after the last one; -EINVAL for a chain that leaves its table, has a
 * loop or nests tables.
 */
static inline int vlb_chain_next(struct vlb_chain *chain, struct vlb_segment *seg)
{
	const struct vring_desc *desc;
	u16 flags;

	if (chain->next == VLB_CHAIN_END)
		return 0;
	if (chain->next >= chain->size || !chain->left--)
		return -EINVAL;
	desc = &chain->table[chain->next];
	flags = vlb_desc_flags(desc);
	if (flags & VRING_DESC_F_INDIRECT)
		return -EINVAL;
	seg->data = phys_to_virt(__virtio64_to_cpu(true, desc->addr));
	seg->len = __virtio32_to_cpu(true, desc->len);
	seg->index = chain->next;
	seg->write = flags & VRING_DESC_F_WRITE;
	chain->next = flags & VRING_DESC_F_NEXT ? __virtio16_to_cpu(true, desc->next) :
						  VLB_CHAIN_END;
	return 1;
}

#endif
