// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/mm.h>

#include "model_driver.h"
#include "ring_access.h"
#include "test.h"
#include "world.h"

bool driver_shows_pages;
bool driver_shares;

static void point_vring(struct vring *vring, void *mem, u32 num)
{
	vring_init(vring, num, mem, 64);
}

/* All indexes start at @start, so that they can be made to wrap soon. */
void driver_init(struct driver *driver, u32 num, bool event_idx, u16 start)
{
	u32 size = vring_size(num, 64), i;

	*driver = (struct driver){
		.event_idx = event_idx, .avail_idx = start, .kicked = start, .last_used = start,
		.num_free = num,
	};
	assert_int_equal(posix_memalign(&driver->mem, 64, size), 0);
	memset(driver->mem, 0, size);
	point_vring(&driver->vring, driver->mem, num);
	driver->req = calloc(num, sizeof(*driver->req));
	for (i = 0; i < num; i++)
		driver->free[i] = i;
	vlb_ring_put16(&driver->vring.avail->idx, start);
	vlb_ring_put16(&driver->vring.used->idx, start);
	vlb_ring_put16(&vring_used_event(&driver->vring), start);
	vlb_ring_put16(&vring_avail_event(&driver->vring), start);
}

static void free_buffers(struct driver_request *req)
{
	u32 i;

	for (i = 0; i < req->count; i++)
		if (!world_shared_free(req->seg[i].data, req->seg[i].len))
			free(req->seg[i].data);
	free(req->table);
	req->table = NULL;
	req->count = 0;
}

void driver_exit(struct driver *driver)
{
	u32 i;

	for (i = 0; i < driver->vring.num; i++)
		free_buffers(&driver->req[i]);
	free(driver->req);
	free(driver->mem);
}

u32 driver_outstanding(const struct driver *driver)
{
	return driver->added - driver->finished;
}

/* Descriptors of a chain lie anywhere in the ring. */
static u16 take_free(struct driver *driver)
{
	u32 i = chance_below(driver->num_free);
	u16 index = driver->free[i];

	driver->free[i] = driver->free[--driver->num_free];
	return index;
}

static u8 *allocate(u32 len, bool shared)
{
	u8 *data = shared && len >= VLB_MERGE_MIN ? world_shared_alloc(len) : NULL;

	if (data)
		return data;
	return len && len % PAGE_SIZE == 0 ? aligned_alloc(PAGE_SIZE, len) : malloc(len ?: 1);
}

static void make_segment(struct driver_request *req, const struct shape_segment *from, bool shared)
{
	struct driver_segment *seg = &req->seg[req->count++];

	/* Never no memory at all: descriptors point somewhere. */
	*seg = (struct driver_segment){ NULL, from->len, from->write };
	seg->data = allocate(from->len, shared);
	if (from->write) {
		memset(seg->data, DRIVER_CANARY, seg->len);
		req->writable += seg->len;
	} else {
		stream_write(seg->data, req->sent, req->readable, seg->len);
		req->readable += seg->len;
	}
}

static void write_desc(struct vring_desc *desc, const struct driver_segment *seg, int next)
{
	desc->addr = __cpu_to_virtio64(true, (uintptr_t)seg->data);
	desc->len = __cpu_to_virtio32(true, seg->len);
	desc->flags = __cpu_to_virtio16(true, (seg->write ? VRING_DESC_F_WRITE : 0) |
					      (next >= 0 ? VRING_DESC_F_NEXT : 0));
	desc->next = __cpu_to_virtio16(true, next >= 0 ? next : 0xBAD);
}

/* An order of the table's entries that begins with 0. */
static void shuffle(u16 *order, u32 count)
{
	u32 i, other;
	u16 swap;

	for (i = 0; i < count; i++)
		order[i] = i;
	for (i = 1; i < count; i++) {
		other = 1 + chance_below(count - 1);
		swap = order[i];
		order[i] = order[other];
		order[other] = swap;
	}
}

static void write_chain(struct vring_desc *table, const u16 *order,
			const struct driver_request *req)
{
	u32 i;

	for (i = 0; i < req->count; i++)
		write_desc(&table[order[i]], &req->seg[i],
			   i + 1 < req->count ? order[i + 1] : -1);
}

static void write_indirect(struct driver *driver, struct driver_request *req, u16 head)
{
	struct vring_desc *desc = &driver->vring.desc[head];
	u32 size = req->count * sizeof(*desc);
	u16 order[DRIVER_MAX_SEGMENTS];

	shuffle(order, req->count);
	req->table = malloc(size);
	write_chain(req->table, order, req);
	desc->addr = __cpu_to_virtio64(true, (uintptr_t)req->table);
	desc->len = __cpu_to_virtio32(true, size);
	desc->flags = __cpu_to_virtio16(true, VRING_DESC_F_INDIRECT);
	desc->next = __cpu_to_virtio16(true, 0xBAD);
}

static void make_available(struct driver *driver, u16 head)
{
	struct vring *vring = &driver->vring;

	vlb_ring_put16(&vring->avail->ring[driver->avail_idx & (vring->num - 1)], head);
	driver->avail_idx++;
	smp_wmb();
	vlb_ring_put16(&vring->avail->idx, driver->avail_idx);
}

/* Returns the head, or -1 if there are too few descriptors. */
int driver_add(struct driver *driver, const struct shape *shape)
{
	u32 needed = shape->indirect ? 1 : shape->count, i;
	struct driver_request *req;
	bool shared = driver_shares && (world_shared_where || !chance_one_in(4));
	u16 descs[DRIVER_MAX_SEGMENTS];

	if (needed > driver->num_free)
		return -1;
	for (i = 0; i < needed; i++)
		descs[i] = take_free(driver);
	req = &driver->req[descs[0]];
	*req = (struct driver_request){
		.active = true, .serial = driver->added++, .sent = chance_bits() >> 40,
		.num_descs = needed,
	};
	memcpy(req->descs, descs, sizeof(descs));
	for (i = 0; i < shape->count; i++)
		make_segment(req, &shape->seg[i], shared);
	if (shape->indirect)
		write_indirect(driver, req, descs[0]);
	else
		write_chain(driver->vring.desc, descs, req);
	make_available(driver, descs[0]);
	return descs[0];
}

bool driver_need_kick(struct driver *driver)
{
	u16 old = driver->kicked;

	driver->kicked = driver->avail_idx;
	smp_mb();
	if (driver->event_idx)
		return vring_need_event(vlb_ring_get16(&vring_avail_event(&driver->vring)),
					driver->avail_idx, old);
	return !(vlb_ring_get16(&driver->vring.used->flags) & VRING_USED_F_NO_NOTIFY);
}

static void finish(struct driver *driver, struct driver_request *req, u32 len)
{
	u32 i;

	driver_check_sent(req);
	driver_check_untouched(req, len);
	if (driver->done)
		driver->done(driver->context, req, len);
	for (i = 0; i < req->num_descs; i++)
		driver->free[driver->num_free++] = req->descs[i];
	free_buffers(req);
	req->active = false;
	driver->finished++;
}

/* Returns whether there was one. */
bool driver_take_used(struct driver *driver)
{
	struct vring *vring = &driver->vring;
	const struct vring_used_elem *elem;
	u32 id, len;

	if (vlb_ring_get16(&vring->used->idx) == driver->last_used)
		return false;
	smp_rmb();
	elem = &vring->used->ring[driver->last_used++ & (vring->num - 1)];
	id = __virtio32_to_cpu(true, elem->id);
	len = __virtio32_to_cpu(true, elem->len);
	assert_true(id < vring->num);
	assert_true(driver->req[id].active);
	assert_true(len <= driver->req[id].writable);
	finish(driver, &driver->req[id], len);
	return true;
}

/* In the used ring already, though the driver has not looked. */
bool driver_has_returned(const struct driver *driver, u16 head)
{
	const struct vring *vring = &driver->vring;
	u16 end = __virtio16_to_cpu(true, vring->used->idx), i;

	for (i = driver->last_used; i != end; i++)
		if (__virtio32_to_cpu(true, vring->used->ring[i & (vring->num - 1)].id) == head)
			return true;
	return false;
}

void driver_disable_interrupts(struct driver *driver)
{
	if (!driver->event_idx)
		vlb_ring_put16(&driver->vring.avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

static bool enable_interrupts(struct driver *driver, u16 after)
{
	if (driver->event_idx)
		vlb_ring_put16(&vring_used_event(&driver->vring), driver->last_used + after);
	else
		vlb_ring_put16(&driver->vring.avail->flags, 0);
	smp_mb();
	return (u16)(vlb_ring_get16(&driver->vring.used->idx) - driver->last_used) <= after;
}

/* Returns false if something came in the meantime, for which no interrupt may come. */
bool driver_enable_interrupts(struct driver *driver)
{
	return enable_interrupts(driver, 0);
}

/* As above, but only when most of what is outstanding has come back. */
bool driver_enable_interrupts_late(struct driver *driver)
{
	return enable_interrupts(driver, driver_outstanding(driver) * 3 / 4);
}

/* ---- checks ----------------------------------------------------------------------- */

void driver_check_sent(const struct driver_request *req)
{
	u32 pos = 0, i;

	for (i = 0; i < req->count; i++) {
		if (req->seg[i].write)
			continue;
		assert_true(stream_equal(req->seg[i].data, req->sent, pos, req->seg[i].len));
		pos += req->seg[i].len;
	}
}

static bool all_canary(const u8 *data, u32 len)
{
	return !len || (data[0] == DRIVER_CANARY && !memcmp(data, data + 1, len - 1));
}

/* Here a back-end may have left what it never spoke of, or what it said before it was lost. */
static bool is_in_place(const struct driver_segment *seg)
{
	return (driver_shows_pages && seg->len % PAGE_SIZE == 0) ||
	       world_shared_has(seg->data, seg->len);
}

/* Nothing was written behind the first @from writable bytes. */
void driver_check_untouched(const struct driver_request *req, u32 from)
{
	const struct driver_segment *seg;
	u32 skip, i;

	for (i = 0; i < req->count; i++) {
		seg = &req->seg[i];
		if (!seg->write)
			continue;
		skip = from < seg->len ? from : seg->len;
		if (!is_in_place(seg))
			assert_true(all_canary(seg->data + skip, seg->len - skip));
		from -= skip;
	}
}

u8 driver_writable_byte(const struct driver_request *req, u32 pos)
{
	u32 i;

	for (i = 0; i < req->count; i++) {
		if (!req->seg[i].write)
			continue;
		if (pos < req->seg[i].len)
			return req->seg[i].data[pos];
		pos -= req->seg[i].len;
	}
	fail_msg("not writable");
	return 0;
}

void driver_check_answer(const struct driver_request *req, u32 len)
{
	u32 pos = 0, count, i;

	assert_true(req->answered);
	assert_int_equal(len, req->answer_len);
	for (i = 0; i < req->count && pos < len; i++) {
		if (!req->seg[i].write)
			continue;
		count = len - pos < req->seg[i].len ? len - pos : req->seg[i].len;
		assert_true(stream_equal(req->seg[i].data, req->answer, pos, count));
		pos += count;
	}
}

/* ---- shapes ----------------------------------------------------------------------- */

struct shape shape_of(u32 count, const struct shape_segment *seg, bool indirect)
{
	struct shape shape = { .count = count, .indirect = indirect };

	memcpy(shape.seg, seg, count * sizeof(*seg));
	return shape;
}

struct shape shape_random(u32 max_segments, u32 max_bytes, bool indirect)
{
	struct shape shape = { .count = 1 + chance_below(max_segments), .indirect = indirect };
	u32 readable = chance_below(shape.count + 1), limit, i;

	/* Many small ones, now and then. */
	limit = chance_one_in(4) ? 20 : max_bytes;
	for (i = 0; i < shape.count; i++) {
		shape.seg[i].write = i >= readable;
		shape.seg[i].len = chance_len(limit < max_bytes ? limit : max_bytes);
		max_bytes -= shape.seg[i].len;
	}
	return shape;
}
