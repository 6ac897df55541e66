// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "kernel/test.h"
#include "layout.h"

static const u8 data[1];

static int add(struct vlb_layout *layout, u32 len, bool write, struct vlb_place *place)
{
	const struct vlb_segment seg = { .data = (void *)data, .len = len, .write = write };

	return vlb_layout_add(layout, &seg, place);
}

static struct vlb_place place(struct vlb_layout *layout, u32 len, bool write)
{
	struct vlb_place place;

	assert_int_equal(add(layout, len, write, &place), 0);
	return place;
}

static void expect_slot(struct vlb_place place, u32 offset)
{
	assert_false(place.in_extent);
	assert_false(place.merged);
	assert_int_equal(place.offset, offset);
}

static void expect_extent(struct vlb_place place, u32 offset, bool merged)
{
	assert_true(place.in_extent);
	assert_int_equal(place.offset, offset);
	assert_int_equal(place.merged, merged);
}

static void slot_begins_with_its_table(void **state)
{
	(void)state;
	assert_int_equal(VLB_SLOT_DATA, 128);
	assert_int_equal(VLB_SLOT_SIZE, 512);
	assert_int_equal(VLB_LAYOUT_START(VLB_WAY_COPY).small, 128);
}

static void small_segments_go_into_the_slot(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_slot(place(&layout, 16, false), 128);
	expect_slot(place(&layout, 1, false), 144);
	expect_slot(place(&layout, 256, true), 160);
	expect_slot(place(&layout, 0, true), 416);
	assert_int_equal(layout.large, 0);
	assert_int_equal(layout.descs, 4);
	assert_int_equal(layout.readable, 17);
	assert_int_equal(layout.writable, 256);
}

static void segment_over_the_limit_goes_to_the_extent(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_extent(place(&layout, 257, false), 0, false);
	assert_int_equal(layout.small, 128);
	assert_int_equal(layout.large, 257);
}

static void full_slot_overflows_to_the_extent(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_slot(place(&layout, 256, false), 128);
	expect_slot(place(&layout, 128, false), 384);
	expect_extent(place(&layout, 1, false), 0, false);
	expect_extent(place(&layout, 16, false), 512, false);
	assert_int_equal(layout.small, 512);
}

static void slot_takes_what_fits_exactly_and_no_more(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	place(&layout, 256, false);
	expect_extent(place(&layout, 129, false), 0, false);
	expect_slot(place(&layout, 113, false), 384);
	/* 497 rounded up leaves nothing, which is enough for nothing */
	expect_slot(place(&layout, 0, false), 512);
	expect_extent(place(&layout, 1, false), 512, false);
}

static void large_neighbours_merge(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_extent(place(&layout, 4096, false), 0, false);
	expect_extent(place(&layout, 4096, false), 4096, true);
	expect_extent(place(&layout, 512, false), 8192, true);
	expect_extent(place(&layout, 700, false), 8704, true);
	expect_extent(place(&layout, 512, false), 9404, true);
	assert_int_equal(layout.descs, 1);
	assert_int_equal(layout.large, 9916);
}

static void segment_below_a_sector_does_not_merge(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_extent(place(&layout, 512, false), 0, false);
	expect_extent(place(&layout, 511, false), 512, false);
	expect_extent(place(&layout, 512, false), 1024, false);
	expect_extent(place(&layout, 512, false), 1536, true);
	assert_int_equal(layout.descs, 3);
}

static void segments_do_not_merge_over_a_small_one(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_extent(place(&layout, 4096, false), 0, false);
	expect_slot(place(&layout, 0, false), 128);
	expect_extent(place(&layout, 4096, false), 4096, false);
	assert_int_equal(layout.descs, 3);
}

static void directions_do_not_merge(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_extent(place(&layout, 1000, false), 0, false);
	expect_extent(place(&layout, 1000, true), 1024, false);
	expect_extent(place(&layout, 1000, true), 2024, true);
	assert_int_equal(layout.descs, 2);
}

static void data_is_aligned_for_direct_io(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);

	(void)state;
	expect_extent(place(&layout, 300, false), 0, false);
	expect_extent(place(&layout, 4096, true), 4096, false);
	layout.mergeable = false;
	expect_extent(place(&layout, 4095, true), 8192, false);
	layout.mergeable = false;
	expect_extent(place(&layout, 600, true), 12288, false);
}

static void readable_behind_writable_is_refused(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);
	struct vlb_place where;

	(void)state;
	place(&layout, 16, false);
	place(&layout, 16, true);
	assert_int_equal(add(&layout, 16, false, &where), -EINVAL);
	assert_int_equal(add(&layout, 0, false, &where), -EINVAL);
	place(&layout, 16, true);
}

static void request_over_the_limit_is_refused(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);
	struct vlb_place where;

	(void)state;
	assert_int_equal(add(&layout, VLB_LAYOUT_MAX + 1, false, &where), -E2BIG);
	assert_int_equal(add(&layout, 0xFFFFFFFF, false, &where), -E2BIG);
	place(&layout, VLB_LAYOUT_MAX - 1000, false);
	assert_int_equal(add(&layout, 1001, true, &where), -E2BIG);
	place(&layout, 1000, true);
	assert_int_equal(add(&layout, 1, true, &where), -E2BIG);
	assert_int_equal(layout.readable + layout.writable, VLB_LAYOUT_MAX);
}

/* What rounding adds is limited as well: no sum leaves 32 bits. */
static void padding_is_limited(void **state)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY);
	struct vlb_place where;
	u32 count = 0;

	(void)state;
	layout.small = VLB_SLOT_SIZE;
	while (!add(&layout, 257, false, &where)) {
		assert_true(where.offset <= VLB_LAYOUT_MAX + 4096);
		assert_true(++count < 10000000);
	}
	assert_true(layout.large > VLB_LAYOUT_MAX);
	assert_true(layout.readable < VLB_LAYOUT_MAX);
}

/* ---- random sequences --------------------------------------------------------------- */

struct interval {
	u32 from;
	u32 to;
	bool in_extent;
};

static void check_apart(const struct interval *all, u32 count)
{
	const struct interval *last = &all[count - 1];
	u32 i;

	if (last->from == last->to)
		return;
	for (i = 0; i + 1 < count; i++)
		assert_true(all[i].in_extent != last->in_extent || all[i].to <= last->from ||
			    all[i].from >= last->to);
}

static void check_bounds(const struct vlb_layout *layout, const struct interval *where)
{
	if (where->in_extent) {
		assert_true(where->to <= layout->large);
		return;
	}
	assert_true(where->from >= VLB_SLOT_DATA);
	assert_true(where->to <= VLB_SLOT_SIZE);
}

/* Segments lie apart and within bounds, and the same again comes out the same. */
static void random_request(void)
{
	struct vlb_layout layout = VLB_LAYOUT_START(VLB_WAY_COPY), again = VLB_LAYOUT_START(VLB_WAY_COPY);
	u32 count = 1 + chance_below(40), readable = chance_below(count + 1), len, i;
	struct vlb_place first, second;
	struct interval all[40];

	for (i = 0; i < count; i++) {
		len = chance_len(65536);
		first = place(&layout, len, i >= readable);
		second = place(&again, len, i >= readable);
		assert_int_equal(first.offset, second.offset);
		assert_int_equal(first.in_extent, second.in_extent);
		assert_int_equal(first.merged, second.merged);
		all[i] = (struct interval){ first.offset, first.offset + len, first.in_extent };
		check_bounds(&layout, &all[i]);
		check_apart(all, i + 1);
		if (first.merged)
			assert_int_equal(all[i].from, all[i - 1].to);
	}
	assert_memory_equal(&layout, &again, sizeof(layout));
}

static void random_requests_are_laid_out_soundly(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < 20000; i++)
		random_request();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(slot_begins_with_its_table),
		test_case(small_segments_go_into_the_slot),
		test_case(segment_over_the_limit_goes_to_the_extent),
		test_case(full_slot_overflows_to_the_extent),
		test_case(slot_takes_what_fits_exactly_and_no_more),
		test_case(large_neighbours_merge),
		test_case(segment_below_a_sector_does_not_merge),
		test_case(segments_do_not_merge_over_a_small_one),
		test_case(directions_do_not_merge),
		test_case(data_is_aligned_for_direct_io),
		test_case(readable_behind_writable_is_refused),
		test_case(request_over_the_limit_is_refused),
		test_case(padding_is_limited),
		test_case(random_requests_are_laid_out_soundly),
	};

	return test_run(tests);
}
