// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "arena.h"
#include "kernel/test.h"

#define BASE	(7 * VLB_GRANULE)

struct extent {
	u32 offset;
	u32 len;
};

static u32 granules(u32 len)
{
	return (len + VLB_GRANULE - 1) / VLB_GRANULE;
}

static struct vlb_arena make(u32 size)
{
	struct vlb_arena arena;

	assert_int_equal(vlb_arena_init(&arena, BASE, size), 0);
	return arena;
}

static u32 take(struct vlb_arena *arena, u32 len)
{
	u32 offset = 0;

	assert_int_equal(vlb_arena_alloc(arena, len, &offset), 0);
	return offset;
}

static void expect_full(struct vlb_arena *arena, u32 len)
{
	u32 offset = 0xDEAD;

	assert_int_equal(vlb_arena_alloc(arena, len, &offset), -ENOSPC);
	assert_int_equal(offset, 0xDEAD);
}

static void extents_are_granules(void **state)
{
	struct vlb_arena arena = make(8 * VLB_GRANULE);

	(void)state;
	assert_int_equal(take(&arena, 1), BASE);
	assert_int_equal(take(&arena, VLB_GRANULE), BASE + VLB_GRANULE);
	assert_int_equal(take(&arena, VLB_GRANULE + 1), BASE + 2 * VLB_GRANULE);
	assert_int_equal(take(&arena, 1), BASE + 4 * VLB_GRANULE);
	vlb_arena_exit(&arena);
}

static void largest_request_fits_exactly(void **state)
{
	struct vlb_arena arena = make(5 * VLB_GRANULE);

	(void)state;
	assert_int_equal(take(&arena, 5 * VLB_GRANULE), BASE);
	expect_full(&arena, 1);
	vlb_arena_free(&arena, BASE, 5 * VLB_GRANULE);
	assert_int_equal(take(&arena, 4 * VLB_GRANULE + 1), BASE);
	expect_full(&arena, 1);
	vlb_arena_exit(&arena);
}

/* Full now and never possible are different answers. */
static void too_large_is_not_no_room(void **state)
{
	struct vlb_arena arena = make(4 * VLB_GRANULE);
	u32 offset;

	(void)state;
	take(&arena, 1);
	expect_full(&arena, 4 * VLB_GRANULE);
	assert_int_equal(vlb_arena_alloc(&arena, 4 * VLB_GRANULE + 1, &offset), -E2BIG);
	assert_int_equal(vlb_arena_alloc(&arena, 0xFFFFFFFF, &offset), -E2BIG);
	assert_int_equal(vlb_arena_alloc(&arena, 0xFFFFF001, &offset), -E2BIG);
	vlb_arena_exit(&arena);
}

static void incomplete_granule_is_not_used(void **state)
{
	struct vlb_arena arena = make(2 * VLB_GRANULE + 4095);

	(void)state;
	take(&arena, 2 * VLB_GRANULE);
	expect_full(&arena, 1);
	vlb_arena_exit(&arena);
}

static void lowest_gap_is_taken_first(void **state)
{
	struct vlb_arena arena = make(16 * VLB_GRANULE);
	u32 offset[16], i;

	(void)state;
	for (i = 0; i < 16; i++)
		offset[i] = take(&arena, VLB_GRANULE);
	vlb_arena_free(&arena, offset[12], VLB_GRANULE);
	vlb_arena_free(&arena, offset[3], VLB_GRANULE);
	vlb_arena_free(&arena, offset[7], VLB_GRANULE);
	vlb_arena_free(&arena, offset[8], VLB_GRANULE);
	assert_int_equal(take(&arena, 1), offset[3]);
	assert_int_equal(take(&arena, 2 * VLB_GRANULE), offset[7]);
	expect_full(&arena, 2 * VLB_GRANULE);
	assert_int_equal(take(&arena, 1), offset[12]);
	vlb_arena_exit(&arena);
}

static void fragments_do_not_add_up(void **state)
{
	struct vlb_arena arena = make(4 * VLB_GRANULE);
	u32 offset[4], i;

	(void)state;
	for (i = 0; i < 4; i++)
		offset[i] = take(&arena, VLB_GRANULE);
	vlb_arena_free(&arena, offset[0], VLB_GRANULE);
	vlb_arena_free(&arena, offset[2], VLB_GRANULE);
	expect_full(&arena, 2 * VLB_GRANULE);
	vlb_arena_free(&arena, offset[1], VLB_GRANULE);
	assert_int_equal(take(&arena, 3 * VLB_GRANULE), offset[0]);
	vlb_arena_exit(&arena);
}

static void init_survives_lack_of_memory(void **state)
{
	struct vlb_arena arena;

	(void)state;
	shim_fail_allocation = 1;
	assert_int_equal(vlb_arena_init(&arena, BASE, 4096), -ENOMEM);
	vlb_arena_exit(&arena);
}

/* ---- against a naive model ---------------------------------------------------------- */

#define SIZE	200u	/* granules; not a multiple of the bits of a long */

static u32 first_fit(const bool *used, u32 count)
{
	u32 start, i;

	for (start = 0; start + count <= SIZE; start++) {
		for (i = 0; i < count && !used[start + i]; i++)
			;
		if (i == count)
			return start;
	}
	return SIZE;
}

static void mark(bool *used, const struct extent *extent, bool value)
{
	u32 start = (extent->offset - BASE) / VLB_GRANULE, i;

	for (i = 0; i < granules(extent->len); i++) {
		assert_int_equal(used[start + i], !value);
		used[start + i] = value;
	}
}

static bool try_alloc(struct vlb_arena *arena, bool *used, struct extent *extent)
{
	u32 expected;
	int err;

	extent->len = 1 + chance_below(chance_one_in(10) ? 100 * VLB_GRANULE : 6 * VLB_GRANULE);
	expected = first_fit(used, granules(extent->len));
	err = vlb_arena_alloc(arena, extent->len, &extent->offset);
	if (expected == SIZE) {
		assert_int_equal(err, -ENOSPC);
		return false;
	}
	assert_int_equal(err, 0);
	assert_int_equal(extent->offset, BASE + expected * VLB_GRANULE);
	mark(used, extent, true);
	return true;
}

/* What coexisted fits into a fresh arena in any order, without a gap. */
static void check_replay(const struct extent *extents, u32 count)
{
	struct vlb_arena arena = make(SIZE * VLB_GRANULE);
	u32 order[SIZE], next = BASE, i, other, swap;

	for (i = 0; i < count; i++)
		order[i] = i;
	for (i = 0; i < count; i++) {
		other = chance_below(count);
		swap = order[i];
		order[i] = order[other];
		order[other] = swap;
	}
	for (i = 0; i < count; i++) {
		assert_int_equal(take(&arena, extents[order[i]].len), next);
		next += granules(extents[order[i]].len) * VLB_GRANULE;
	}
	vlb_arena_exit(&arena);
}

static void random_sequences_match_the_model(void **state)
{
	struct vlb_arena arena = make(SIZE * VLB_GRANULE);
	struct extent extents[SIZE];
	u32 count = 0, step, which;
	bool used[SIZE] = { false };

	(void)state;
	for (step = 0; step < 30000; step++) {
		if (chance_below(100) < 55) {
			count += try_alloc(&arena, used, &extents[count]);
		} else if (count) {
			which = chance_below(count);
			vlb_arena_free(&arena, extents[which].offset, extents[which].len);
			mark(used, &extents[which], false);
			extents[which] = extents[--count];
		}
		if (chance_one_in(50))
			check_replay(extents, count);
	}
	vlb_arena_exit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(extents_are_granules),
		test_case(largest_request_fits_exactly),
		test_case(too_large_is_not_no_room),
		test_case(incomplete_granule_is_not_used),
		test_case(lowest_gap_is_taken_first),
		test_case(fragments_do_not_add_up),
		test_case(init_survives_lack_of_memory),
		test_case(random_sequences_match_the_model),
	};

	return test_run(tests);
}
