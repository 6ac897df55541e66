// SPDX-License-Identifier: GPL-2.0-only
/* Theory of operation: layout.h. Context: any. */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "arena.h"
#include "grants.h"
#include "layout.h"

#define SMALL_ALIGN	16u
#define SECTOR_ALIGN	512u

/* Data keeps the alignment that back-ends need for direct I/O. */
static u32 large_align(u32 len)
{
	return len >= VLB_GRANULE ? VLB_GRANULE : SECTOR_ALIGN;
}

static void place_small(struct vlb_layout *layout, u32 len, struct vlb_place *place)
{
	place->offset = ALIGN(layout->small, SMALL_ALIGN);
	layout->small = place->offset + len;
}

static void place_large(struct vlb_layout *layout, u32 len, struct vlb_place *place)
{
	place->in_extent = true;
	place->offset = place->merged ? layout->large : ALIGN(layout->large, large_align(len));
	layout->large = place->offset + len;
}

static bool stays_in_place(const struct vlb_layout *layout, const struct vlb_segment *seg)
{
	return (layout->way == VLB_WAY_GRANT && vlb_grants_may_show(seg)) ||
	       (layout->way == VLB_WAY_SHARE && seg->len >= VLB_MERGE_MIN);
}

static void place_in_pool(struct vlb_layout *layout, const struct vlb_segment *seg,
			  struct vlb_place *place)
{
	bool mergeable = seg->len >= VLB_MERGE_MIN;

	place->merged = mergeable && layout->mergeable && layout->write == seg->write;
	layout->mergeable = mergeable;
	if (seg->len <= VLB_SMALL_MAX &&
	    ALIGN(layout->small, SMALL_ALIGN) + seg->len <= VLB_SLOT_SIZE)
		place_small(layout, seg->len, place);
	else
		place_large(layout, seg->len, place);
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
int vlb_layout_add(struct vlb_layout *layout, const struct vlb_segment *seg,
		   struct vlb_place *place)
{
	if (seg->len > VLB_LAYOUT_MAX - layout->readable - layout->writable ||
	    layout->large > VLB_LAYOUT_MAX)
		return -E2BIG;
	if (layout->write && !seg->write)
		return -EINVAL;

	*place = (struct vlb_place){ .in_place = stays_in_place(layout, seg) };
	layout->in_place += place->in_place;
	if (!place->in_place)
		place_in_pool(layout, seg, place);
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
void vlb_layout_share(struct vlb_layout *layout, const struct vlb_segment *seg, u64 offset,
		      struct vlb_place *place)
{
	place->merged = layout->shared_end && layout->shared_end == offset;
	place->shared = offset;
	layout->descs -= place->merged;
	layout->shared_end = offset + seg->len;
}
