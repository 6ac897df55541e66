// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of one request, between the driver's memory and a shadow: which way it takes, where
 * that is, and the copies. Whatever is asked about a request is answered by a walk along its
 * descriptors in the driver's ring (layout.h). Of the answers struct vlb_request keeps those that
 * depend on the moment, and all if they are few: to walk anew each time, three times or five, was
 * a twentieth of what a request costs.
 *
 * Context: any. The entry of the request belongs to the caller, see relay.c.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kasan-checks.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "grants.h"
#include "request.h"

/* The descriptors of one request: a chain in the ring, or an indirect table. */
struct writer {
	struct vring_desc *table;
	struct vlb_descriptor open;
	u16 index;
	bool in_ring;
};

static void writer_begin(struct writer *writer, u16 ring_index, u64 iova, u32 len, bool write)
{
	u16 index = writer->in_ring ? ring_index : writer->index + 1;

	if (writer->open.iova) {
		writer->open.flags |= VRING_DESC_F_NEXT;
		writer->open.next = index;
		vlb_shadow_ring_write_desc(&writer->table[writer->index], &writer->open);
		writer->index = index;
	}
	writer->open = (struct vlb_descriptor){
		.iova = iova, .len = len, .flags = write ? VRING_DESC_F_WRITE : 0,
	};
}

static void writer_end(struct writer *writer)
{
	vlb_shadow_ring_write_desc(&writer->table[writer->index], &writer->open);
}

static u32 slot_offset(const struct vlb_shadow *shadow, u16 head)
{
	return shadow->slots + head * VLB_SLOT_SIZE;
}

static u32 place_offset(const struct vlb_shadow *shadow, const struct vlb_request *req,
			u16 head, const struct vlb_place *place)
{
	return place->offset + (place->in_extent ? req->extent : slot_offset(shadow, head));
}

static u64 place_iova(const struct vlb_request *req, const struct vlb_piece *piece, u32 offset)
{
	if (!piece->place.in_place)
		return VLB_POOL_IOVA + offset;
	if (req->way == VLB_WAY_SHARE)
		return VLB_SHARED_IOVA + piece->place.shared;
	return VLB_WINDOW_IOVA + virt_to_phys(piece->seg.data);
}

/*
 * The layout of a request all of which is copied. To @remember its segments and their places
 * they have to be few. Returns an error if nobody can serve the request.
 */
static int measure(const struct vlb_relay *relay, u16 head, struct vlb_layout *layout,
		   bool remember)
{
	struct vlb_layout copied = VLB_LAYOUT_START(VLB_WAY_COPY);
	struct vlb_request *req = &relay->requests[head];
	struct vlb_piece other, *piece;
	struct vlb_chain chain;
	u32 count = 0;
	int ret;

	ret = vlb_chain_start(&chain, &relay->ring, head);
	while (!ret) {
		piece = remember && count < VLB_PIECES ? &req->piece[count] : &other;
		ret = vlb_chain_next(&chain, &piece->seg);
		if (ret <= 0)
			break;
		ret = vlb_layout_add(&copied, &piece->seg, &piece->place);
		count++;
	}
	*layout = copied;
	if (remember)
		req->pieces = ret || count > VLB_PIECES ? 0 : count;
	return ret;
}

/**
 * vlb_request_measure - the layout of a request all of which is copied
 * @relay: the relay
 * @head: the request
 * @layout: out
 *
 * Return: 0, or an error: nobody can serve the request.
 */
int vlb_request_measure(const struct vlb_relay *relay, u16 head, struct vlb_layout *layout)
{
	return measure(relay, head, layout, false);
}

/* ---- walks along what measure() approves of ------------------------------------------ */

struct walk {
	struct vlb_request *req;
	u32 next;
	struct vlb_chain chain;
	struct vlb_layout layout;
	struct vlb_piece piece;
};

static void walk_start(struct walk *walk, const struct vlb_relay *relay, u16 head)
{
	walk->req = &relay->requests[head];
	walk->next = 0;
	if (walk->req->pieces)
		return;
	walk->layout = VLB_LAYOUT_START(walk->req->way);
	vlb_chain_start(&walk->chain, &relay->ring, head);
}

/* The next segment, until the next call; NULL at the end. */
static struct vlb_piece *next_segment(struct walk *walk)
{
	if (walk->req->pieces)
		return walk->next < walk->req->pieces ? &walk->req->piece[walk->next++] : NULL;
	return vlb_chain_next(&walk->chain, &walk->piece.seg) > 0 ? &walk->piece : NULL;
}

/* The same with its place; where in shared memory that is, only if it was remembered. */
static struct vlb_piece *next_piece(struct walk *walk)
{
	struct vlb_piece *piece = next_segment(walk);

	if (piece && !walk->req->pieces)
		vlb_layout_add(&walk->layout, &piece->seg, &piece->place);
	return piece;
}

/* ---- the way of a request ------------------------------------------------------- */

/* Take back the first @count grants of a request; they are locked. */
static void put_some_grants(const struct vlb_relay *relay, const struct vlb_shadow *shadow,
			    u16 head, u32 count)
{
	const struct vlb_piece *piece;
	struct walk walk;

	walk_start(&walk, relay, head);
	while (count && (piece = next_segment(&walk))) {
		if (!vlb_grants_may_show(&piece->seg))
			continue;
		vlb_grants_put(shadow->grants, &piece->seg);
		count--;
	}
}

static void put_grants(const struct vlb_relay *relay, const struct vlb_shadow *shadow, u16 head)
{
	unsigned long flags = vlb_grants_lock(shadow->grants);

	put_some_grants(relay, shadow, head, U32_MAX);
	vlb_grants_unlock(shadow->grants, flags);
}

#define LOCKED_BYTES	(VLB_GRANT_MAX_PAGES * (u32)PAGE_SIZE)

/*
 * Grant what can be granted of a request that measure() approves of; @layout is then that of
 * the rest. False: nothing can, or not all of it; nothing has changed.
 */
static bool get_grants(const struct vlb_relay *relay, const struct vlb_shadow *shadow, u16 head,
		       struct vlb_layout *layout)
{
	struct vlb_layout map = VLB_LAYOUT_START(VLB_WAY_GRANT);
	struct vlb_piece *piece;
	unsigned long flags;
	bool granted = true;
	struct walk walk;
	u32 bytes = 0;

	walk_start(&walk, relay, head);
	flags = vlb_grants_lock(shadow->grants);
	while (granted && (piece = next_segment(&walk))) {
		vlb_layout_add(&map, &piece->seg, &piece->place);
		if (!piece->place.in_place)
			continue;
		granted = vlb_grants_get(shadow->grants, &piece->seg);
		bytes += piece->seg.len;
		if (bytes >= LOCKED_BYTES) { /* let interrupts in */
			vlb_grants_unlock(shadow->grants, flags);
			flags = vlb_grants_lock(shadow->grants);
			bytes = 0;
		}
	}
	if (!granted)
		put_some_grants(relay, shadow, head, map.in_place - 1);
	vlb_grants_unlock(shadow->grants, flags);
	if (!granted)
		measure(relay, head, layout, true);
	else if (map.in_place)
		*layout = map;
	return granted && map.in_place;
}

/* As get_grants(), for a request whose data lies in shared memory. Nothing has to be put. */
static bool is_shared(const struct vlb_relay *relay, const struct vlb_shadow *shadow, u16 head,
		      struct vlb_layout *layout)
{
	struct vlb_layout share = VLB_LAYOUT_START(VLB_WAY_SHARE);
	struct vlb_piece *piece;
	struct walk walk;
	u64 offset;

	walk_start(&walk, relay, head);
	while ((piece = next_segment(&walk))) {
		vlb_layout_add(&share, &piece->seg, &piece->place);
		if (!piece->place.in_place)
			continue;
		if (!vlb_shared_has(&shadow->shared, &piece->seg, &offset)) {
			measure(relay, head, layout, true);
			return false;
		}
		vlb_layout_share(&share, &piece->seg, offset, &piece->place);
	}
	if (share.in_place)
		*layout = share;
	return share.in_place > 0;
}

/* The cheapest way for a request that measure() approves of; @layout is then that of it. */
static enum vlb_way choose_way(const struct vlb_relay *relay, const struct vlb_shadow *shadow,
			       u16 head, struct vlb_layout *layout)
{
	if (shadow->shared.file && is_shared(relay, shadow, head, layout))
		return VLB_WAY_SHARE;
	if (shadow->grants && layout->readable + layout->writable >= shadow->grants->min_len &&
	    get_grants(relay, shadow, head, layout))
		return VLB_WAY_GRANT;
	return VLB_WAY_COPY;
}

/**
 * vlb_request_fail - write the fail response into a request's memory
 * @relay: the relay
 * @shadow: if not NULL, it is written where the back-end would write it
 * @head: the request
 *
 * Return: the used length.
 */
u32 vlb_request_fail(const struct vlb_relay *relay, const struct vlb_shadow *shadow, u16 head)
{
	const struct vlb_fail_response *fail = &relay->fail;
	struct vlb_layout whole, layout = VLB_LAYOUT_START(shadow ? relay->requests[head].way :
						       VLB_WAY_COPY);
	u32 start = 0, pos = 0, i;
	struct vlb_segment seg;
	struct vlb_chain chain;
	struct vlb_place place;
	u8 *data;

	if (fail->where == VLB_FAIL_EMPTY || vlb_request_measure(relay, head, &whole) ||
	    whole.writable < fail->len)
		return 0;
	if (fail->where == VLB_FAIL_AT_END)
		start = whole.writable - fail->len;
	vlb_chain_start(&chain, &relay->ring, head);
	while (vlb_chain_next(&chain, &seg) > 0) {
		vlb_layout_add(&layout, &seg, &place);
		if (!seg.write)
			continue;
		data = seg.data;
		if (shadow && !place.in_place)
			data = shadow->pool + place_offset(shadow, &relay->requests[head], head,
							   &place);
		for (i = 0; i < fail->len; i++)
			if (start + i >= pos && start + i - pos < seg.len)
				data[start + i - pos] = fail->data[i];
		pos += seg.len;
	}
	return start + fail->len;
}

/* Where the descriptors go; an indirect table too large for the slot ends the extent. */
static void writer_init(struct writer *writer, struct vlb_relay *relay,
			struct vlb_shadow *shadow, u16 head, u32 table_offset, u32 descs)
{
	bool indirect = vlb_chain_is_indirect(&relay->ring, head) && descs > 1;
	struct vlb_descriptor desc = {
		.iova = VLB_POOL_IOVA + table_offset,
		.len = descs * sizeof(struct vring_desc),
		.flags = VRING_DESC_F_INDIRECT,
	};

	*writer = (struct writer){
		.table = shadow->ring.vring.desc, .index = head, .in_ring = true,
	};
	if (!indirect)
		return;
	vlb_shadow_ring_write_desc(&shadow->ring.vring.desc[head], &desc);
	*writer = (struct writer){ .table = (void *)(shadow->pool + table_offset) };
}

/*
 * On x86 pages have a copy of their own, by string instructions on every processor whose are fast;
 * since Linux 6.4 memcpy() has them only on the newest. Elsewhere memcpy() is as good.
 */
static void copy(void *to, const void *from, u32 len)
{
	if (IS_ENABLED(CONFIG_X86) &&
	    IS_ALIGNED((unsigned long)to | (unsigned long)from, PAGE_SIZE)) {
		kasan_check_read(from, len);
		kasan_check_write(to, len);
		for (; len >= PAGE_SIZE; len -= PAGE_SIZE, to += PAGE_SIZE, from += PAGE_SIZE)
			copy_page(to, (void *)from);
	}
	memcpy(to, from, len);
}

/* Copy what the device reads, write the descriptors. */
static void fill(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head,
		 struct writer *writer)
{
	const struct vlb_request *req = &relay->requests[head];
	const struct vlb_segment *seg;
	struct vlb_piece *piece;
	struct walk walk;
	u32 offset;

	walk_start(&walk, relay, head);
	while ((piece = next_piece(&walk))) {
		seg = &piece->seg;
		if (piece->place.in_place && req->way == VLB_WAY_SHARE && !req->pieces)
			vlb_layout_share(&walk.layout, seg, vlb_shared_offset(seg), &piece->place);
		offset = place_offset(shadow, req, head, &piece->place);
		if (!seg->write && !piece->place.in_place)
			copy(shadow->pool + offset, seg->data, seg->len);
		if (piece->place.merged)
			writer->open.len += seg->len;
		else
			writer_begin(writer, seg->index, place_iova(req, piece, offset),
				     seg->len, seg->write);
	}
	writer_end(writer);
}

/*
 * Make room for what is copied, and for a table that is too large for the slot: it is the end
 * of the extent. Returns 0 or the error of vlb_arena_alloc().
 */
static int allocate(const struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head,
		    const struct vlb_layout *layout, u32 *table_offset)
{
	bool large_table = vlb_chain_is_indirect(&relay->ring, head) &&
			   layout->descs > VLB_SLOT_DESCS;
	u32 table = ALIGN(layout->large, (u32)sizeof(struct vring_desc));
	struct vlb_request *req = &relay->requests[head];
	int err;

	req->extent_len = layout->large;
	if (large_table)
		req->extent_len = table + layout->descs * sizeof(struct vring_desc);
	if (req->extent_len) {
		err = vlb_arena_alloc(&shadow->arena, req->extent_len, &req->extent);
		if (err)
			return err;
	}
	*table_offset = large_table ? req->extent + table : slot_offset(shadow, head);
	return 0;
}

/**
 * vlb_request_show - lay a request out for the back-end, and copy what it is to read
 * @relay: the relay, with an inactive entry for the request
 * @shadow: where to
 * @head: the request
 *
 * Return: 0; -ENOSPC: there is no room now; other errors: nobody can serve it. Nothing has
 * changed then that the back-end could see.
 */
int vlb_request_show(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head)
{
	struct vlb_request *req = &relay->requests[head];
	struct vlb_layout layout;
	struct writer writer;
	u32 table_offset;
	int err;

	err = measure(relay, head, &layout, true);
	if (err)
		return err;
	req->way = choose_way(relay, shadow, head, &layout);
	err = allocate(relay, shadow, head, &layout, &table_offset);
	if (err) {
		if (req->way == VLB_WAY_GRANT)
			put_grants(relay, shadow, head);
		return err;
	}
	req->readable = layout.readable;
	req->writable = layout.writable;
	writer_init(&writer, relay, shadow, head, table_offset, layout.descs);
	fill(relay, shadow, head, &writer);
	if (relay->flags & VLB_QUEUE_DESC_WHOLE_ANSWERS)
		vlb_request_fail(relay, shadow, head);
	return 0;
}

/* ---- and back ------------------------------------------------------------------ */

static void copy_back(const struct vlb_relay *relay, const struct vlb_shadow *shadow, u16 head,
		      u32 len)
{
	const struct vlb_request *req = &relay->requests[head];
	const struct vlb_piece *piece;
	struct walk walk;
	u32 count;

	walk_start(&walk, relay, head);
	while (len && (piece = next_piece(&walk))) {
		if (!piece->seg.write)
			continue;
		count = min(len, piece->seg.len);
		if (!piece->place.in_place)
			copy(piece->seg.data,
			     shadow->pool + place_offset(shadow, req, head, &piece->place),
			     count);
		len -= count;
	}
}

/**
 * vlb_request_take_back - copy what the back-end has written, and give up what was allocated
 * @relay: the relay
 * @shadow: where the request was shown
 * @head: the request, which no back-end may use any more
 * @len: bytes written
 */
void vlb_request_take_back(const struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head,
			   u32 len)
{
	const struct vlb_request *req = &relay->requests[head];

	copy_back(relay, shadow, head, len);
	if (req->way == VLB_WAY_GRANT)
		put_grants(relay, shadow, head);
	if (req->extent_len)
		vlb_arena_free(&shadow->arena, req->extent, req->extent_len);
}
