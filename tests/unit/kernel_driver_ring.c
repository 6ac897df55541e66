// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver_ring.h"
#include "kernel/test.h"
#include "ring_access.h"

#define NUM	8u

/* The driver's memory, and our side of it. */
struct fixture {
	struct vring vring;
	struct vlb_driver_ring ring;
	u8 mem[4096] __attribute__((aligned(64)));
};

static void begin(struct fixture *f, bool event_idx, u16 start)
{
	memset(f, 0, sizeof(*f));
	vring_init(&f->vring, NUM, f->mem, 64);
	vlb_driver_ring_init(&f->ring, &f->vring, event_idx);
	f->ring.last_avail = start;
	f->ring.used_idx = start;
	f->ring.signalled = start;
	f->vring.avail->idx = start;
	f->vring.used->idx = start;
}

static void push_avail(struct fixture *f, u16 head)
{
	f->vring.avail->ring[f->vring.avail->idx++ % NUM] = head;
}

static void take(struct fixture *f, u16 expected)
{
	u16 head = 0xDEAD;

	assert_true(vlb_driver_ring_peek(&f->ring, &head));
	assert_int_equal(head, expected);
	vlb_driver_ring_advance(&f->ring);
}

/* ---- available ring ------------------------------------------------------------------- */

static void empty_ring_has_nothing(void **state)
{
	struct fixture f;
	u16 head;

	(void)state;
	begin(&f, true, 0);
	assert_false(vlb_driver_ring_peek(&f.ring, &head));
	assert_false(vlb_driver_ring_enable_kicks(&f.ring));
}

static void peeking_takes_nothing(void **state)
{
	struct fixture f;
	u16 head;

	(void)state;
	begin(&f, true, 0);
	push_avail(&f, 5);
	assert_true(vlb_driver_ring_peek(&f.ring, &head));
	assert_true(vlb_driver_ring_peek(&f.ring, &head));
	take(&f, 5);
	assert_false(vlb_driver_ring_peek(&f.ring, &head));
}

static void indexes_wrap(void **state)
{
	struct fixture f;
	u32 i;

	(void)state;
	begin(&f, true, 65533);
	for (i = 0; i < 8; i++)
		push_avail(&f, i);
	assert_int_equal(f.vring.avail->idx, 5);
	for (i = 0; i < 8; i++)
		take(&f, i);
	assert_false(vlb_driver_ring_enable_kicks(&f.ring));
	for (i = 0; i < 8; i++)
		vlb_driver_ring_push_used(&f.ring, 7 - i, i);
	assert_int_equal(f.vring.used->idx, 5);
	for (i = 0; i < 8; i++) {
		assert_int_equal(f.vring.used->ring[(65533 + i) % NUM].id, 7 - i);
		assert_int_equal(f.vring.used->ring[(65533 + i) % NUM].len, i);
	}
}

static void kicks_are_wanted_for_the_next_request(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, true, 65535);
	push_avail(&f, 1);
	assert_true(vlb_driver_ring_enable_kicks(&f.ring));
	assert_int_equal(vring_avail_event(&f.vring), 65535);
	take(&f, 1);
	assert_false(vlb_driver_ring_enable_kicks(&f.ring));
	assert_int_equal(vring_avail_event(&f.vring), 0);
}

static void without_event_index_kicks_are_always_wanted(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, false, 3);
	assert_false(vlb_driver_ring_enable_kicks(&f.ring));
	assert_int_equal(vring_avail_event(&f.vring), 0);
	assert_int_equal(f.vring.used->flags, 0);
}

/* ---- used ring -------------------------------------------------------------------------- */

static void no_interrupt_for_nothing(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, true, 0);
	assert_false(vlb_driver_ring_need_interrupt(&f.ring));
	begin(&f, false, 0);
	assert_false(vlb_driver_ring_need_interrupt(&f.ring));
}

/* Pushes @count from @start on while the driver waits for @event. */
static bool interrupt_after(u16 start, u16 event, u32 count)
{
	struct fixture f;
	bool first;

	begin(&f, true, start);
	vring_used_event(&f.vring) = event;
	while (count--)
		vlb_driver_ring_push_used(&f.ring, 0, 0);
	first = vlb_driver_ring_need_interrupt(&f.ring);
	assert_false(vlb_driver_ring_need_interrupt(&f.ring));
	return first;
}

static void interrupt_comes_when_the_event_is_passed(void **state)
{
	u32 starts[] = { 0, 100, 65530, 65535 }, i;
	u16 start;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		start = starts[i];
		assert_true(interrupt_after(start, start, 1));
		assert_true(interrupt_after(start, start, 8));
		assert_true(interrupt_after(start, start + 7, 8));
		assert_false(interrupt_after(start, start + 8, 8));
		assert_false(interrupt_after(start, start - 1, 8));
	}
}

static void flag_forbids_interrupts_without_event_index(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, false, 0);
	vlb_driver_ring_push_used(&f.ring, 0, 0);
	assert_true(vlb_driver_ring_need_interrupt(&f.ring));
	f.vring.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	vlb_driver_ring_push_used(&f.ring, 0, 0);
	assert_false(vlb_driver_ring_need_interrupt(&f.ring));
}

static void flag_means_nothing_with_event_index(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, true, 0);
	f.vring.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	vlb_driver_ring_push_used(&f.ring, 0, 0);
	assert_true(vlb_driver_ring_need_interrupt(&f.ring));
}

/* ---- chains ------------------------------------------------------------------------------- */

static void describe(struct vring_desc *desc, const void *data, u32 len, u16 flags, u16 next)
{
	*desc = (struct vring_desc){ (uintptr_t)data, len, flags, next };
}

static void expect_segment(struct vlb_chain *chain, const void *at, u32 len, u16 index, bool write)
{
	struct vlb_segment seg;

	assert_int_equal(vlb_chain_next(chain, &seg), 1);
	assert_ptr_equal(seg.data, at);
	assert_int_equal(seg.len, len);
	assert_int_equal(seg.index, index);
	assert_int_equal(seg.write, write);
}

static void expect_end(struct vlb_chain *chain)
{
	struct vlb_segment seg;

	assert_int_equal(vlb_chain_next(chain, &seg), 0);
	assert_int_equal(vlb_chain_next(chain, &seg), 0);
}

static void direct_chain_is_walked(void **state)
{
	struct vlb_chain chain;
	struct fixture f;
	u8 a[4], b[4];

	(void)state;
	begin(&f, false, 0);
	describe(&f.vring.desc[6], a, 4, VRING_DESC_F_NEXT, 2);
	describe(&f.vring.desc[2], b, 0, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 7);
	describe(&f.vring.desc[7], b, 0xFFFFFFFF, VRING_DESC_F_WRITE, 6);
	assert_false(vlb_chain_is_indirect(&f.ring, 6));
	assert_int_equal(vlb_chain_start(&chain, &f.ring, 6), 0);
	expect_segment(&chain, a, 4, 6, false);
	expect_segment(&chain, b, 0, 2, true);
	expect_segment(&chain, b, 0xFFFFFFFF, 7, true);
	expect_end(&chain);
}

static void whole_ring_may_be_one_chain(void **state)
{
	struct vlb_chain chain;
	struct fixture f;
	u8 a[1];
	u32 i;

	(void)state;
	begin(&f, false, 0);
	for (i = 0; i < NUM; i++)
		describe(&f.vring.desc[i], a, 1, i < NUM - 1 ? VRING_DESC_F_NEXT : 0, i + 1);
	assert_int_equal(vlb_chain_start(&chain, &f.ring, 0), 0);
	for (i = 0; i < NUM; i++)
		expect_segment(&chain, a, 1, i, false);
	expect_end(&chain);
}

static void head_out_of_range_is_refused(void **state)
{
	struct vlb_chain chain;
	struct fixture f;

	(void)state;
	begin(&f, false, 0);
	assert_int_equal(vlb_chain_start(&chain, &f.ring, NUM), -EINVAL);
	assert_int_equal(vlb_chain_start(&chain, &f.ring, 65535), -EINVAL);
	assert_false(vlb_chain_is_indirect(&f.ring, NUM));
	assert_false(vlb_chain_is_indirect(&f.ring, 65535));
}

static u32 walk(struct fixture *f, u16 head, int expected)
{
	struct vlb_segment seg;
	struct vlb_chain chain;
	u32 count = 0;
	int ret;

	assert_int_equal(vlb_chain_start(&chain, &f->ring, head), 0);
	while ((ret = vlb_chain_next(&chain, &seg)) > 0)
		count++;
	assert_int_equal(ret, expected);
	return count;
}

static void loop_ends_after_as_many_as_the_table_has(void **state)
{
	struct fixture f;
	u8 a[1];

	(void)state;
	begin(&f, false, 0);
	describe(&f.vring.desc[3], a, 1, VRING_DESC_F_NEXT, 3);
	assert_int_equal(walk(&f, 3, -EINVAL), NUM);
	describe(&f.vring.desc[3], a, 1, VRING_DESC_F_NEXT, 4);
	describe(&f.vring.desc[4], a, 1, VRING_DESC_F_NEXT, 3);
	assert_int_equal(walk(&f, 3, -EINVAL), NUM);
}

static void next_out_of_range_is_refused(void **state)
{
	struct fixture f;
	u8 a[1];

	(void)state;
	begin(&f, false, 0);
	describe(&f.vring.desc[3], a, 1, VRING_DESC_F_NEXT, NUM);
	assert_int_equal(walk(&f, 3, -EINVAL), 1);
	describe(&f.vring.desc[3], a, 1, VRING_DESC_F_NEXT, 65535);
	assert_int_equal(walk(&f, 3, -EINVAL), 1);
}

/* A table of its own size: the address sanitizer sees who reads beyond it. */
static struct vring_desc *make_table(struct fixture *f, u16 head, u32 count, u32 len)
{
	struct vring_desc *table = calloc(count, sizeof(*table));

	describe(&f->vring.desc[head], table, len, VRING_DESC_F_INDIRECT, 0);
	return table;
}

static void indirect_table_is_walked(void **state)
{
	struct vring_desc *table;
	struct vlb_chain chain;
	struct fixture f;
	u8 a[2], b[2];

	(void)state;
	begin(&f, false, 0);
	table = make_table(&f, 5, 20, 20 * 16);
	describe(&table[0], a, 2, VRING_DESC_F_NEXT, 19);
	describe(&table[19], b, 1, VRING_DESC_F_WRITE, 0);
	assert_true(vlb_chain_is_indirect(&f.ring, 5));
	assert_int_equal(vlb_chain_start(&chain, &f.ring, 5), 0);
	expect_segment(&chain, a, 2, 0, false);
	expect_segment(&chain, b, 1, 19, true);
	expect_end(&chain);
	free(table);
}

static void indirect_chain_stays_in_its_table(void **state)
{
	struct vring_desc *table;
	struct fixture f;
	u8 a[1];

	(void)state;
	begin(&f, false, 0);
	table = make_table(&f, 5, 2, 32);
	describe(&table[0], a, 1, VRING_DESC_F_NEXT, 2);
	assert_int_equal(walk(&f, 5, -EINVAL), 1);
	describe(&table[0], a, 1, VRING_DESC_F_NEXT, 1);
	describe(&table[1], a, 1, VRING_DESC_F_NEXT, 0);
	assert_int_equal(walk(&f, 5, -EINVAL), 2);
	free(table);
}

static void nested_table_is_refused(void **state)
{
	struct vring_desc *table;
	struct fixture f;
	u8 a[16];

	(void)state;
	begin(&f, false, 0);
	table = make_table(&f, 5, 2, 32);
	describe(&table[0], a, 16, VRING_DESC_F_INDIRECT, 0);
	assert_int_equal(walk(&f, 5, -EINVAL), 0);
	describe(&table[0], a, 16, VRING_DESC_F_NEXT, 1);
	describe(&table[1], a, 16, VRING_DESC_F_INDIRECT, 0);
	assert_int_equal(walk(&f, 5, -EINVAL), 1);
	free(table);
}

static void table_of_odd_length_is_refused(void **state)
{
	static const u32 lens[] = { 0, 1, 15, 17, 31, 33, 0xFFFFFFFF };
	struct vring_desc *table;
	struct vlb_chain chain;
	struct fixture f;
	u32 i;

	(void)state;
	begin(&f, false, 0);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		table = make_table(&f, 5, 2, lens[i]);
		assert_int_equal(vlb_chain_start(&chain, &f.ring, 5), -EINVAL);
		free(table);
	}
}

static void table_with_a_successor_is_refused(void **state)
{
	struct vring_desc *table;
	struct vlb_chain chain;
	struct fixture f;

	(void)state;
	begin(&f, false, 0);
	table = make_table(&f, 5, 2, 32);
	f.vring.desc[5].flags |= VRING_DESC_F_NEXT;
	assert_int_equal(vlb_chain_start(&chain, &f.ring, 5), -EINVAL);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(empty_ring_has_nothing),
		test_case(peeking_takes_nothing),
		test_case(indexes_wrap),
		test_case(kicks_are_wanted_for_the_next_request),
		test_case(without_event_index_kicks_are_always_wanted),
		test_case(no_interrupt_for_nothing),
		test_case(interrupt_comes_when_the_event_is_passed),
		test_case(flag_forbids_interrupts_without_event_index),
		test_case(flag_means_nothing_with_event_index),
		test_case(direct_chain_is_walked),
		test_case(whole_ring_may_be_one_chain),
		test_case(head_out_of_range_is_refused),
		test_case(loop_ends_after_as_many_as_the_table_has),
		test_case(next_out_of_range_is_refused),
		test_case(indirect_table_is_walked),
		test_case(indirect_chain_stays_in_its_table),
		test_case(nested_table_is_refused),
		test_case(table_of_odd_length_is_refused),
		test_case(table_with_a_successor_is_refused),
	};

	return test_run(tests);
}
