/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_DRIVER_RING_H
#define VLB_DRIVER_RING_H

#include <linux/types.h>
#include <linux/virtio_ring.h>

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
bool vlb_driver_ring_peek(const struct vlb_driver_ring *ring, u16 *head);
void vlb_driver_ring_advance(struct vlb_driver_ring *ring);
bool vlb_driver_ring_enable_kicks(struct vlb_driver_ring *ring);
void vlb_driver_ring_push_used(struct vlb_driver_ring *ring, u16 head, u32 len);
bool vlb_driver_ring_need_interrupt(struct vlb_driver_ring *ring);

bool vlb_chain_is_indirect(const struct vlb_driver_ring *ring, u16 head);
int vlb_chain_start(struct vlb_chain *chain, const struct vlb_driver_ring *ring, u16 head);
int vlb_chain_next(struct vlb_chain *chain, struct vlb_segment *seg);

#endif
