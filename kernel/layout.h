/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a request is laid out in the pool: which of its segments go where, and which
 * become one descriptor.
 *
 * Small segments (headers, status bytes) go into the request's slot, large ones into
 * its extent, one behind the other. Neighbours of one direction that are both large
 * are pages of one buffer: they become a single descriptor. Anything smaller keeps its
 * own descriptor, because many back-ends expect the framing of the device type (a
 * header, data, a status), although virtio 1.x does not let them.
 *
 * The layout is a pure function of the sequence of segments and of @map, so it is worked out
 * anew on completion instead of being stored.
 */
#ifndef VLB_LAYOUT_H
#define VLB_LAYOUT_H

#include "driver_ring.h"

/* A slot: an indirect table, then the small segments. */
#define VLB_SLOT_SIZE		512u
#define VLB_SLOT_DESCS		8u
#define VLB_SLOT_DATA		(VLB_SLOT_DESCS * (u32)sizeof(struct vring_desc))

#define VLB_SMALL_MAX		256u	/* bytes; larger segments go to the extent */
#define VLB_MERGE_MIN		512u	/* bytes; a sector */
#define VLB_LAYOUT_MAX		0x40000000u	/* bytes; keeps every sum within u32 */

/**
 * struct vlb_layout - what was laid out so far
 * @small: bytes used in the slot, including the table
 * @large: bytes used in the extent
 * @descs: descriptors needed
 * @readable: bytes that the device may read
 * @writable: bytes that the device may write
 * @granted: segments that are not copied
 * @mergeable: the last segment may be continued by one of the same direction
 * @write: direction of the last segment
 * @map: segments that the window can show are not copied
 */
struct vlb_layout {
	u32 small;
	u32 large;
	u32 descs;
	u32 readable;
	u32 writable;
	u32 granted;
	bool mergeable;
	bool write;
	bool map;
};

/**
 * struct vlb_place - where a segment goes
 * @offset: bytes from the start of the extent or of the slot
 * @in_extent: which of the two
 * @merged: it continues the descriptor of the segment before it
 * @granted: it stays where it is, and is a descriptor of its own
 */
struct vlb_place {
	u32 offset;
	bool in_extent;
	bool merged;
	bool granted;
};

#define VLB_LAYOUT_START(with_map)						\
	((struct vlb_layout){ .small = VLB_SLOT_DATA, .map = (with_map) })

int vlb_layout_add(struct vlb_layout *layout, const struct vlb_segment *seg,
		   struct vlb_place *place);

#endif
