// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver ring: the split virtqueue that the virtio driver made, used from the
 * device's side (virtio spec 2.7). It lies in private kernel memory; its other user is
 * the kernel's own virtio core, so its contents are trusted to be what the driver
 * meant, but not to be free of bugs: a bad chain is an error, not an oops.
 *
 * Two sides run at the same time. The submitting side owns last_avail and the
 * available ring, the completing side owns used_idx and the used ring. Descriptors of
 * a request belong to whoever holds it, from peek() to push_used().
 *
 * Context: any.
 */
#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/io.h>

#include "driver_ring.h"
#include "ring_access.h"

void vlb_driver_ring_init(struct vlb_driver_ring *ring, const struct vring *vring,
			  bool event_idx)
{
	*ring = (struct vlb_driver_ring){ .vring = *vring, .event_idx = event_idx };
}

/* Where the driver says when it wants an interrupt. */
static __virtio16 *used_event(const struct vlb_driver_ring *ring)
{
	return (__virtio16 *)&vring_used_event(&ring->vring);
}

/* Where the device says when it wants a kick. */
static __virtio16 *avail_event(const struct vlb_driver_ring *ring)
{
	return (__virtio16 *)&vring_avail_event(&ring->vring);
}

/**
 * vlb_driver_ring_peek - is there a request to take?
 * @ring: the ring
 * @head: out: its first descriptor
 *
 * The request stays where it is until vlb_driver_ring_advance().
 */
bool vlb_driver_ring_peek(const struct vlb_driver_ring *ring, u16 *head)
{
	const struct vring *vring = &ring->vring;

	if (vlb_ring_get16(&vring->avail->idx) == ring->last_avail)
		return false;
	smp_rmb(); /* the index before the entry and its descriptors */
	*head = vlb_ring_get16(&vring->avail->ring[ring->last_avail & (vring->num - 1)]);
	return true;
}

void vlb_driver_ring_advance(struct vlb_driver_ring *ring)
{
	ring->last_avail++;
}

/**
 * vlb_driver_ring_enable_kicks - ask to be notified of the next request
 * @ring: the ring
 *
 * Return: whether a request came in the meantime, for which no kick may come.
 */
bool vlb_driver_ring_enable_kicks(struct vlb_driver_ring *ring)
{
	if (ring->event_idx)
		vlb_ring_put16(avail_event(ring), ring->last_avail);
	smp_mb(); /* the event before the index; pairs with the driver's kick */
	return vlb_ring_get16(&ring->vring.avail->idx) != ring->last_avail;
}

/* Give a request back. The driver sees it at once, with or without an interrupt. */
void vlb_driver_ring_push_used(struct vlb_driver_ring *ring, u16 head, u32 len)
{
	struct vring *vring = &ring->vring;
	struct vring_used_elem *elem = &vring->used->ring[ring->used_idx & (vring->num - 1)];

	elem->id = __cpu_to_virtio32(true, head);
	elem->len = __cpu_to_virtio32(true, len);
	ring->used_idx++;
	smp_wmb(); /* the element and the data before the index */
	vlb_ring_put16(&vring->used->idx, ring->used_idx);
}

/* Does the driver want an interrupt for what was pushed since the last question? */
bool vlb_driver_ring_need_interrupt(struct vlb_driver_ring *ring)
{
	u16 old = ring->signalled;

	if (old == ring->used_idx)
		return false;
	ring->signalled = ring->used_idx;
	smp_mb(); /* the used index before the event; pairs with virtqueue_enable_cb */
	if (ring->event_idx)
		return vring_need_event(vlb_ring_get16(used_event(ring)),
					ring->used_idx, old);
	return !(vlb_ring_get16(&ring->vring.avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

static u16 desc_flags(const struct vring_desc *desc)
{
	return __virtio16_to_cpu(true, desc->flags);
}

bool vlb_chain_is_indirect(const struct vlb_driver_ring *ring, u16 head)
{
	return head < ring->vring.num &&
	       desc_flags(&ring->vring.desc[head]) & VRING_DESC_F_INDIRECT;
}

/**
 * vlb_chain_start - begin to walk a request
 * @chain: the walk
 * @ring: the ring
 * @head: the request's first descriptor
 *
 * Return: 0 or -EINVAL for a request that the virtio spec does not allow.
 */
int vlb_chain_start(struct vlb_chain *chain, const struct vlb_driver_ring *ring, u16 head)
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
	if (!len || len % sizeof(*desc) || desc_flags(desc) & VRING_DESC_F_NEXT)
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
int vlb_chain_next(struct vlb_chain *chain, struct vlb_segment *seg)
{
	const struct vring_desc *desc;
	u16 flags;

	if (chain->next == VLB_CHAIN_END)
		return 0;
	if (chain->next >= chain->size || !chain->left--)
		return -EINVAL;
	desc = &chain->table[chain->next];
	flags = desc_flags(desc);
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
