/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SHADOW_RING_H
#define VLB_SHADOW_RING_H

#include <linux/types.h>
#include <linux/virtio_ring.h>

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
void vlb_shadow_ring_write_desc(struct vring_desc *desc, const struct vlb_descriptor *from);
void vlb_shadow_ring_push_avail(struct vlb_shadow_ring *ring, u16 head);
void vlb_shadow_ring_publish(struct vlb_shadow_ring *ring);
bool vlb_shadow_ring_need_kick(struct vlb_shadow_ring *ring);
u16 vlb_shadow_ring_pending(const struct vlb_shadow_ring *ring);
u16 vlb_shadow_ring_passed(const struct vlb_shadow_ring *ring);
void vlb_shadow_ring_skip_used(struct vlb_shadow_ring *ring, u16 count);
void vlb_shadow_ring_pop_used(struct vlb_shadow_ring *ring, u32 *id, u32 *len);
void vlb_shadow_ring_disable_calls(struct vlb_shadow_ring *ring);
bool vlb_shadow_ring_enable_calls(struct vlb_shadow_ring *ring, u16 count);

#endif
