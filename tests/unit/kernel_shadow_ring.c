// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "kernel/test.h"
#include "ring_access.h"
#include "shadow_ring.h"

static struct vlb_shadow_ring make(u32 num, bool event_idx, u16 start)
{
	u32 size = vlb_shadow_ring_size(num);
	void *mem = aligned_alloc(64, size);
	struct vlb_shadow_ring ring;

	memset(mem, 0xFF, size);
	vlb_shadow_ring_init(&ring, mem, num, event_idx);
	ring.avail_idx = start;
	ring.kicked = start;
	ring.last_used = start;
	ring.vring.avail->idx = start;
	ring.vring.used->idx = start;
	return ring;
}

static void end(struct vlb_shadow_ring *ring)
{
	free(ring->vring.desc);
}

static void push_used(struct vlb_shadow_ring *ring, u32 id, u32 len)
{
	struct vring_used *used = ring->vring.used;

	used->ring[used->idx & (ring->vring.num - 1)] = (struct vring_used_elem){ id, len };
	used->idx++;
}

/* ---- memory ---------------------------------------------------------------------------- */

static void parts_have_cache_lines_of_their_own(void **state)
{
	u32 num, avail, used, size;

	(void)state;
	for (num = 1; num <= 1024; num *= 2) {
		avail = vlb_shadow_ring_avail_offset(num);
		used = vlb_shadow_ring_used_offset(num);
		size = vlb_shadow_ring_size(num);
		assert_int_equal((avail | used | size) % 64, 0);
		assert_true(avail >= 16 * num && avail < 16 * num + 64);
		assert_true(used >= avail + 6 + 2 * num && used < avail + 6 + 2 * num + 64);
		assert_true(size >= used + 6 + 8 * num && size < used + 6 + 8 * num + 64);
	}
}

static void offsets_are_these(void **state)
{
	(void)state;
	assert_int_equal(vlb_shadow_ring_avail_offset(1), 64);
	assert_int_equal(vlb_shadow_ring_used_offset(1), 128);
	assert_int_equal(vlb_shadow_ring_size(1), 192);
	assert_int_equal(vlb_shadow_ring_avail_offset(256), 4096);
	assert_int_equal(vlb_shadow_ring_used_offset(256), 4672);
	assert_int_equal(vlb_shadow_ring_size(256), 6784);
}

static bool all_zero(const void *mem, u32 size)
{
	const u8 *byte = mem;

	return !*byte && !memcmp(byte, byte + 1, size - 1);
}

static void new_ring_is_empty(void **state)
{
	u32 size = vlb_shadow_ring_size(16);
	struct vlb_shadow_ring ring = make(16, true, 0);
	u8 *mem = (void *)ring.vring.desc;

	(void)state;
	assert_true(all_zero(mem, size));
	assert_int_equal(ring.vring.num, 16);
	assert_ptr_equal(ring.vring.avail, mem + vlb_shadow_ring_avail_offset(16));
	assert_ptr_equal(ring.vring.used, mem + vlb_shadow_ring_used_offset(16));
	assert_int_equal(vlb_shadow_ring_pending(&ring), 0);
	assert_false(vlb_shadow_ring_need_kick(&ring));
	end(&ring);
}

static void descriptor_is_little_endian(void **state)
{
	static const u8 expected[16] = { 8, 7, 6, 5, 4, 3, 2, 1, 0xD, 0xC, 0xB, 0xA, 2, 0, 0x34, 0x12 };
	const struct vlb_descriptor from = { 0x0102030405060708, 0x0A0B0C0D, 2, 0x1234 };
	struct vring_desc desc;

	(void)state;
	vlb_shadow_ring_write_desc(&desc, &from);
	assert_memory_equal(&desc, expected, sizeof(expected));
}

/* ---- available ring ---------------------------------------------------------------------- */

static void make_available(struct vlb_shadow_ring *ring, u16 head)
{
	vlb_shadow_ring_push_avail(ring, head);
	vlb_shadow_ring_publish(ring);
}

static void heads_are_made_available_in_order(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 65534);
	struct vring_avail *avail = ring.vring.avail;
	u16 i;

	(void)state;
	for (i = 0; i < 4; i++) {
		make_available(&ring, 3 - i);
		assert_int_equal(avail->idx, (u16)(65535 + i));
		assert_int_equal(avail->ring[(2 + i) % 4], 3 - i);
	}
	assert_int_equal(avail->flags, 0);
	end(&ring);
}

static void what_is_not_published_is_not_seen(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 65535);

	(void)state;
	vlb_shadow_ring_push_avail(&ring, 3);
	vlb_shadow_ring_push_avail(&ring, 1);
	assert_int_equal(ring.vring.avail->idx, 65535);
	vlb_shadow_ring_publish(&ring);
	assert_int_equal(ring.vring.avail->idx, 1);
	end(&ring);
}

/* The index in shared memory is not believed, not even our own. */
static void own_index_is_not_read_back(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 0);

	(void)state;
	make_available(&ring, 1);
	ring.vring.avail->idx = 77;
	make_available(&ring, 2);
	assert_int_equal(ring.vring.avail->idx, 2);
	assert_int_equal(ring.vring.avail->ring[1], 2);
	end(&ring);
}

/* Pushes @count from @start on while the back-end waits for @event. */
static bool kick_after(u16 start, u16 event, u32 count)
{
	struct vlb_shadow_ring ring = make(8, true, start);
	bool first;

	vring_avail_event(&ring.vring) = event;
	while (count--)
		make_available(&ring, 0);
	first = vlb_shadow_ring_need_kick(&ring);
	assert_false(vlb_shadow_ring_need_kick(&ring));
	end(&ring);
	return first;
}

static void kick_goes_out_when_the_event_is_passed(void **state)
{
	u32 starts[] = { 0, 100, 65530, 65535 }, i;
	u16 start;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		start = starts[i];
		assert_false(kick_after(start, start, 0));
		assert_true(kick_after(start, start, 1));
		assert_true(kick_after(start, start, 8));
		assert_true(kick_after(start, start + 7, 8));
		assert_false(kick_after(start, start + 8, 8));
		assert_false(kick_after(start, start - 1, 8));
	}
}

static void flag_forbids_kicks_without_event_index(void **state)
{
	struct vlb_shadow_ring ring = make(8, false, 0);

	(void)state;
	make_available(&ring, 0);
	assert_true(vlb_shadow_ring_need_kick(&ring));
	ring.vring.used->flags = VRING_USED_F_NO_NOTIFY;
	make_available(&ring, 0);
	assert_false(vlb_shadow_ring_need_kick(&ring));
	end(&ring);
}

static void flag_means_nothing_with_event_index(void **state)
{
	struct vlb_shadow_ring ring = make(8, true, 0);

	(void)state;
	ring.vring.used->flags = VRING_USED_F_NO_NOTIFY;
	make_available(&ring, 0);
	assert_true(vlb_shadow_ring_need_kick(&ring));
	end(&ring);
}

/* ---- used ring ----------------------------------------------------------------------------- */

static void expect_used(struct vlb_shadow_ring *ring, u32 expected_id, u32 expected_len)
{
	u32 id, len;

	vlb_shadow_ring_pop_used(ring, &id, &len);
	assert_int_equal(id, expected_id);
	assert_int_equal(len, expected_len);
}

static void elements_are_taken_in_order(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 65534);
	u32 i;

	(void)state;
	for (i = 0; i < 4; i++)
		push_used(&ring, i, 100 + i);
	assert_int_equal(vlb_shadow_ring_pending(&ring), 4);
	for (i = 0; i < 4; i++)
		expect_used(&ring, i, 100 + i);
	assert_int_equal(vlb_shadow_ring_pending(&ring), 0);
	push_used(&ring, 0xFFFFFFFF, 0x80000000);
	expect_used(&ring, 0xFFFFFFFF, 0x80000000);
	end(&ring);
}

static void pending_is_what_the_index_says(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 10);

	(void)state;
	ring.vring.used->idx = 9;
	assert_int_equal(vlb_shadow_ring_pending(&ring), 65535);
	ring.vring.used->idx = 4711;
	assert_int_equal(vlb_shadow_ring_pending(&ring), 4701);
	end(&ring);
}

static void calls_are_wanted_for_the_next_element(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 65535);

	(void)state;
	push_used(&ring, 1, 0);
	assert_true(vlb_shadow_ring_enable_calls(&ring, 1));
	assert_int_equal(vring_used_event(&ring.vring), 65535);
	expect_used(&ring, 1, 0);
	assert_false(vlb_shadow_ring_enable_calls(&ring, 1));
	assert_int_equal(vring_used_event(&ring.vring), 0);
	end(&ring);
}

/* Whatever is used, one by one or at once. */
static void no_calls_are_wanted(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 65534);
	u16 count, used;

	(void)state;
	vlb_shadow_ring_disable_calls(&ring);
	for (count = 1; count <= 4; count++) {
		used = ring.last_used + count;
		assert_false(vring_need_event(vring_used_event(&ring.vring), used, ring.last_used));
		assert_false(vring_need_event(vring_used_event(&ring.vring), used, used - 1));
	}
	push_used(&ring, 1, 0);
	assert_true(vlb_shadow_ring_enable_calls(&ring, 1));
	expect_used(&ring, 1, 0);
	assert_false(vlb_shadow_ring_enable_calls(&ring, 1));
	assert_true(vring_need_event(vring_used_event(&ring.vring), ring.last_used + 1,
				     ring.last_used));
	end(&ring);
}

static void without_event_idx_calls_stay_as_they_are(void **state)
{
	struct vlb_shadow_ring ring = make(4, false, 0);

	(void)state;
	vring_used_event(&ring.vring) = 0xA5A5;
	vlb_shadow_ring_disable_calls(&ring);
	assert_int_equal(vring_used_event(&ring.vring), 0xA5A5);
	end(&ring);
}

static void calls_are_wanted_for_several_elements(void **state)
{
	struct vlb_shadow_ring ring = make(4, true, 65534);

	(void)state;
	push_used(&ring, 1, 0);
	push_used(&ring, 2, 0);
	assert_false(vlb_shadow_ring_enable_calls(&ring, 3));
	assert_int_equal(vring_used_event(&ring.vring), 0);
	push_used(&ring, 3, 0);
	assert_true(vlb_shadow_ring_enable_calls(&ring, 3));
	end(&ring);
}

static void without_event_index_calls_are_always_wanted(void **state)
{
	struct vlb_shadow_ring ring = make(4, false, 3);

	(void)state;
	assert_false(vlb_shadow_ring_enable_calls(&ring, 1));
	push_used(&ring, 1, 0);
	assert_true(vlb_shadow_ring_enable_calls(&ring, 1));
	assert_int_equal(vring_used_event(&ring.vring), 0);
	assert_int_equal(ring.vring.avail->flags, 0);
	end(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(parts_have_cache_lines_of_their_own),
		test_case(offsets_are_these),
		test_case(new_ring_is_empty),
		test_case(descriptor_is_little_endian),
		test_case(heads_are_made_available_in_order),
		test_case(what_is_not_published_is_not_seen),
		test_case(own_index_is_not_read_back),
		test_case(kick_goes_out_when_the_event_is_passed),
		test_case(flag_forbids_kicks_without_event_index),
		test_case(flag_means_nothing_with_event_index),
		test_case(elements_are_taken_in_order),
		test_case(pending_is_what_the_index_says),
		test_case(calls_are_wanted_for_the_next_element),
		test_case(calls_are_wanted_for_several_elements),
		test_case(no_calls_are_wanted),
		test_case(without_event_idx_calls_stay_as_they_are),
		test_case(without_event_index_calls_are_always_wanted),
	};

	return test_run(tests);
}
