// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/virtio_loopback.h>

#include "grants.h"
#include "model_device.h"
#include "ring_access.h"
#include "test.h"
#include "world.h"

void device_init(struct device *device, const struct vring *vring, bool event_idx, u8 *pool,
		 u32 pool_size, struct driver *driver, u16 start)
{
	*device = (struct device){
		.vring = *vring, .event_idx = event_idx, .pool = pool, .pool_size = pool_size,
		.driver = driver, .last_avail = start, .used_idx = start, .signalled = start,
	};
}

/* A touch of the window: all its frames must be granted, and in that direction. */
static u8 *in_window(const struct device *device, u64 address, u32 len, bool write)
{
	struct vlb_grant grant;
	u64 pfn;

	assert_non_null(device->grants);
	for (pfn = address >> PAGE_SHIFT; pfn << PAGE_SHIFT < address + len; pfn++) {
		assert_true(vlb_grants_find(device->grants, pfn, write, &grant));
#ifdef __SANITIZE_ADDRESS__ /* otherwise memory is used again, and an idle grant of it may be found */
		assert_true(grant.users);
#endif
	}
	return (u8 *)(uintptr_t)address;
}

static u8 *at(const struct device *device, u64 iova, u32 len, bool write)
{
	u64 offset = iova - VLB_POOL_IOVA;

	if (iova >= VLB_WINDOW_IOVA)
		return in_window(device, iova - VLB_WINDOW_IOVA, len, write);
	if (iova >= VLB_SHARED_IOVA)
		return world_shared_at(iova - VLB_SHARED_IOVA, len);
	assert_true(iova >= VLB_POOL_IOVA);
	assert_true(offset <= device->pool_size);
	assert_true(len <= device->pool_size - offset);
	return device->pool + offset;
}

static u16 flags_of(const struct vring_desc *desc)
{
	return __virtio16_to_cpu(true, desc->flags);
}

static const struct vring_desc *find_table(const struct device *device, u16 head, u32 *size)
{
	const struct vring_desc *desc = &device->vring.desc[head];
	u32 len = __virtio32_to_cpu(true, desc->len);

	*size = device->vring.num;
	if (!(flags_of(desc) & VRING_DESC_F_INDIRECT))
		return device->vring.desc;
	assert_int_equal(flags_of(desc), VRING_DESC_F_INDIRECT);
	assert_true(len && len % sizeof(*desc) == 0);
	*size = len / sizeof(*desc);
	return (void *)at(device, __virtio64_to_cpu(true, desc->addr), len, false);
}

static void add_segment(struct device_chain *chain, const struct vring_desc *desc, u16 index)
{
	bool write = flags_of(desc) & VRING_DESC_F_WRITE;

	assert_true(!chain->count || write || !chain->seg[chain->count - 1].write);
	chain->seg[chain->count++] = (struct device_segment){
		.iova = __virtio64_to_cpu(true, desc->addr),
		.len = __virtio32_to_cpu(true, desc->len), .index = index, .write = write,
	};
}

void device_read_chain(const struct device *device, u16 head, struct device_chain *chain)
{
	const struct vring_desc *table, *desc;
	u32 size, index;

	assert_true(head < device->vring.num);
	table = find_table(device, head, &size);
	chain->head = head;
	chain->indirect = table != device->vring.desc;
	chain->count = 0;
	index = chain->indirect ? 0 : head;
	for (;;) {
		assert_true(index < size && chain->count < size);
		desc = &table[index];
		assert_false(flags_of(desc) & VRING_DESC_F_INDIRECT);
		add_segment(chain, desc, index);
		if (!(flags_of(desc) & VRING_DESC_F_NEXT))
			return;
		index = __virtio16_to_cpu(true, desc->next);
	}
}

/* The bytes are the driver's, and there is as much room for the answer. */
static void check_chain(const struct device *device, const struct device_chain *chain)
{
	const struct driver_request *req = &device->driver->req[chain->head];
	u32 readable = 0, writable = 0, i;
	const struct device_segment *seg;
	const u8 *data;

	assert_true(req->active);
	for (i = 0; i < chain->count; i++) {
		seg = &chain->seg[i];
		data = at(device, seg->iova, seg->len, seg->write);
		if (seg->write) {
			writable += seg->len;
			continue;
		}
		assert_true(stream_equal(data, req->sent, readable, seg->len));
		readable += seg->len;
	}
	assert_int_equal(readable, req->readable);
	assert_int_equal(writable, req->writable);
}

static bool holds(const struct device *device, u16 head)
{
	u32 i;

	for (i = 0; i < device->num_held; i++)
		if (device->held[i] == head)
			return true;
	return false;
}

/* Returns whether there was one. */
bool device_take(struct device *device)
{
	struct vring *vring = &device->vring;
	struct device_chain chain;
	u16 head;

	if (vlb_ring_get16(&vring->avail->idx) == device->last_avail)
		return false;
	smp_rmb();
	head = vlb_ring_get16(&vring->avail->ring[device->last_avail++ & (vring->num - 1)]);
	assert_false(holds(device, head));
	device_read_chain(device, head, &chain);
	check_chain(device, &chain);
	device->held[device->num_held++] = head;
	return true;
}

static void write_answer(const struct device *device, const struct device_chain *chain,
			 u32 answer, u32 len)
{
	u32 pos = 0, count, i;

	for (i = 0; i < chain->count; i++) {
		if (!chain->seg[i].write)
			continue;
		count = len - pos < chain->seg[i].len ? len - pos : chain->seg[i].len;
		stream_write(at(device, chain->seg[i].iova, count, true), answer, pos, count);
		/* What it says nothing about it may have scribbled on; no copy, no protection. */
		if (chain->seg[i].iova < VLB_SHARED_IOVA)
			memset(at(device, chain->seg[i].iova, chain->seg[i].len, true) + count,
			       0xEE, chain->seg[i].len - count);
		pos += count;
	}
}

/* Put one of the requests held into the used ring, whatever was written; published later. */
void device_use(struct device *device, u32 which, u32 len)
{
	struct vring *vring = &device->vring;
	struct vring_used_elem *elem = &vring->used->ring[device->used_idx++ & (vring->num - 1)];

	elem->id = __cpu_to_virtio32(true, device->held[which]);
	elem->len = __cpu_to_virtio32(true, len);
	device->held[which] = device->held[--device->num_held];
}

/* Complete one of the requests held; published later. */
void device_answer(struct device *device, u32 which, u32 len)
{
	u16 head = device->held[which];
	struct driver_request *req = &device->driver->req[head];
	struct device_chain chain;

	assert_true(len <= req->writable);
	req->answered = true;
	req->answer = req->sent * 7 + 1 + (u32)(chance_bits() >> 44);
	req->answer_len = len;
	device_read_chain(device, head, &chain);
	write_answer(device, &chain, req->answer, len);
	device_use(device, which, len);
}

void device_publish(struct device *device)
{
	smp_wmb();
	vlb_ring_put16(&device->vring.used->idx, device->used_idx);
}

bool device_need_call(struct device *device)
{
	u16 old = device->signalled;

	if (old == device->used_idx)
		return false;
	device->signalled = device->used_idx;
	smp_mb();
	if (device->event_idx)
		return vring_need_event(vlb_ring_get16(&vring_used_event(&device->vring)),
					device->used_idx, old);
	return !(vlb_ring_get16(&device->vring.avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

void device_disable_kicks(struct device *device)
{
	if (!device->event_idx)
		vlb_ring_put16(&device->vring.used->flags, VRING_USED_F_NO_NOTIFY);
}

/* Returns false if a request came in the meantime, for which no kick may come. */
bool device_enable_kicks(struct device *device)
{
	if (device->event_idx)
		vlb_ring_put16(&vring_avail_event(&device->vring), device->last_avail);
	else
		vlb_ring_put16(&device->vring.used->flags, 0);
	smp_mb();
	return vlb_ring_get16(&device->vring.avail->idx) == device->last_avail;
}
