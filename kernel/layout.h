/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a request is laid out in the pool: which of its segments go where, and which
 * become one descriptor.
 *
 * Small segments (headers, status bytes) go into the request's slot, large ones into
 * its extent, one behind the other. Neighbours of one direction that are both large
 * are pages of one buffer: they become a single descriptor. Anything smaller keeps its
 * own descriptor, because many back-ends expect the framing of the device type (a
 * header, data, a status), although virtio 1.x does not let them. In shared memory
 * neighbours are those that are neighbours there. What is granted keeps its descriptors.
 *
 * The layout is a pure function of the sequence of segments and of the way they take, so it
 * can be worked out anew on completion. Only that of short requests is stored (request.c).
 */
#ifndef VLB_LAYOUT_H
#define VLB_LAYOUT_H

#include <linux/errno.h>
#include <linux/kernel.h>

#include "arena.h"
#include "driver_ring.h"
#include "grants.h"

/* A slot: an indirect table, then the small segments. */
#define VLB_SLOT_SIZE		512u
#define VLB_SLOT_DESCS		8u
#define VLB_SLOT_DATA		(VLB_SLOT_DESCS * (u32)sizeof(struct vring_desc))

#define VLB_SMALL_MAX		256u	/* bytes; larger segments go to the extent */
#define VLB_MERGE_MIN		512u	/* bytes; a sector */
#define VLB_SMALL_ALIGN		16u
#define VLB_SECTOR_ALIGN	512u
#define VLB_LAYOUT_MAX		0x40000000u	/* bytes; keeps every sum within u32 */

/**
 * enum vlb_way - how the data of a request reaches the back-end
 * @VLB_WAY_COPY: all of it through the pool
 * @VLB_WAY_GRANT: whole pages stay where they are, and are granted; see grants.h
 * @VLB_WAY_SHARE: all but small segments lie in shared memory; see shared.h
 * @VLB_NUM_WAYS: how many there are
 */
enum vlb_way {
	VLB_WAY_COPY,
	VLB_WAY_GRANT,
	VLB_WAY_SHARE,
	VLB_NUM_WAYS,
};

/**
 * struct vlb_layout - what was laid out so far
 * @small: bytes used in the slot, including the table
 * @large: bytes used in the extent
 * @descs: descriptors needed
 * @readable: bytes that the device may read
 * @writable: bytes that the device may write
 * @in_place: segments that are not copied
 * @shared_end: where in shared memory the last segment ends, 0 if the next cannot continue it
 * @mergeable: the last segment may be continued by one of the same direction
 * @write: direction of the last segment
 * @way: which segments are copied
 */
struct vlb_layout {
	u32 small;
	u32 large;
	u32 descs;
	u32 readable;
	u32 writable;
	u32 in_place;
	u64 shared_end;
	bool mergeable;
	bool write;
	enum vlb_way way;
};

/**
 * struct vlb_place - where a segment goes
 * @offset: bytes from the start of the extent or of the slot
 * @in_extent: which of the two
 * @merged: it continues the descriptor of the segment before it
 * @in_place: it stays where it is
 * @shared: where that is in shared memory, see vlb_layout_share()
 */
struct vlb_place {
	u64 shared;
	u32 offset;
	bool in_extent;
	bool merged;
	bool in_place;
};

/**
 * struct vlb_piece - a segment and its place
 */
struct vlb_piece {
	struct vlb_segment seg;
	struct vlb_place place;
};

#define VLB_LAYOUT_START(which_way)						\
	((struct vlb_layout){ .small = VLB_SLOT_DATA, .way = (which_way) })

/* Data keeps the alignment that back-ends need for direct I/O. */
static inline u32 vlb_large_align(u32 len)
{
	return len >= VLB_GRANULE ? VLB_GRANULE : VLB_SECTOR_ALIGN;
}

static inline void vlb_place_small(struct vlb_layout *layout, u32 len, struct vlb_place *place)
{
	place->offset = ALIGN(layout->small, VLB_SMALL_ALIGN);
	layout->small = place->offset + len;
}

static inline void vlb_place_large(struct vlb_layout *layout, u32 len, struct vlb_place *place)
{
	place->in_extent = true;
	place->offset = place->merged ? layout->large : ALIGN(layout->large, vlb_large_align(len));
	layout->large = place->offset + len;
}

static inline bool vlb_stays_in_place(const struct vlb_layout *layout,
				      const struct vlb_segment *seg)
{
	return (layout->way == VLB_WAY_GRANT && vlb_grants_may_show(seg)) ||
	       (layout->way == VLB_WAY_SHARE && seg->len >= VLB_MERGE_MIN);
}

static inline void vlb_place_in_pool(struct vlb_layout *layout, const struct vlb_segment *seg,
				     struct vlb_place *place)
{
	bool mergeable = seg->len >= VLB_MERGE_MIN;

	place->merged = mergeable && layout->mergeable && layout->write == seg->write;
	layout->mergeable = mergeable;
	if (seg->len <= VLB_SMALL_MAX &&
	    ALIGN(layout->small, VLB_SMALL_ALIGN) + seg->len <= VLB_SLOT_SIZE)
		vlb_place_small(layout, seg->len, place);
	else
		vlb_place_large(layout, seg->len, place);
}

/**
 * vlb_layout_add - place the next segment
 * @layout: the request so far
 * @seg: its next segment
 * @place: out: where it goes
 *
 * Return: 0; -E2BIG if the request exceeds VLB_LAYOUT_MAX; -EINVAL if a segment that
 * the device may read follows one that it may write (virtio spec 2.7.4.2).
 */
static inline int vlb_layout_add(struct vlb_layout *layout, const struct vlb_segment *seg,
				 struct vlb_place *place)
{
	if (seg->len > VLB_LAYOUT_MAX - layout->readable - layout->writable ||
	    layout->large > VLB_LAYOUT_MAX)
		return -E2BIG;
	if (layout->write && !seg->write)
		return -EINVAL;

	*place = (struct vlb_place){ .in_place = vlb_stays_in_place(layout, seg) };
	layout->in_place += place->in_place;
	if (!place->in_place)
		vlb_place_in_pool(layout, seg, place);
	else
		layout->mergeable = false;
	if (!place->in_place || layout->write != seg->write)
		layout->shared_end = 0;
	layout->descs += !place->merged;
	layout->write = seg->write;
	if (seg->write)
		layout->writable += seg->len;
	else
		layout->readable += seg->len;
	return 0;
}

/**
 * vlb_layout_share - say where in shared memory the segment lies that was just placed
 * @layout: of way VLB_WAY_SHARE
 * @seg: the segment
 * @offset: where
 * @place: its place, which is "in place"
 *
 * Only who counts or writes descriptors has to.
 */
static inline void vlb_layout_share(struct vlb_layout *layout, const struct vlb_segment *seg,
				    u64 offset, struct vlb_place *place)
{
	place->merged = layout->shared_end && layout->shared_end == offset;
	place->shared = offset;
	layout->descs -= place->merged;
	layout->shared_end = offset + seg->len;
}

#endif
