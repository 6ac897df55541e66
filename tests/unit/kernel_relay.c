// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random traffic through the relay, in every configuration: whatever happens in
 * whatever order, every request comes back exactly once with what the device said, and
 * no notification is lost.
 */
#include "kernel/test.h"
#include "kernel/world.h"

/* Each buffer may be rounded up to a granule; the table comes on top. */
#define FITS(arena, segments)	((arena) - ((segments) + 1) * VLB_GRANULE)

static void run_config(const struct world_config *config, u32 requests, u32 preempt)
{
	struct world world;

	world_init(&world, config);
	world.preempt = preempt;
	world_run(&world, requests);
	world_exit(&world);
}

static const u32 queue_sizes[] = { 1, 2, 4, 64, 256, 1024 };

/* Runs every queue size from just before the indexes wrap. */
static void run_sizes_of(u8 flags, bool event_idx, bool indirect, u32 preempt)
{
	struct world_config config = {
		.event_idx = event_idx, .indirect = indirect, .arena = 2u << 20,
		.max_segments = 8, .max_bytes = 128 << 10, .flags = flags,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(queue_sizes); i++) {
		config.num = queue_sizes[i];
		config.start = 65536 - chance_below(2000);
		config.max_segments = indirect ? 24 : 8;
		run_config(&config, 2000, preempt);
	}
}

static void run_sizes(bool event_idx, bool indirect, u32 preempt)
{
	run_sizes_of(0, event_idx, indirect, preempt);
}

static void direct_requests_come_back(void **state)
{
	(void)state;
	run_sizes(false, false, 0);
}

static void indirect_requests_come_back(void **state)
{
	(void)state;
	run_sizes(false, true, 0);
}

static void event_index_loses_nothing(void **state)
{
	(void)state;
	run_sizes(true, false, 0);
	run_sizes(true, true, 0);
}

static void sides_interleave_without_event_index(void **state)
{
	(void)state;
	run_sizes(false, true, 12);
}

static void sides_interleave_with_event_index(void **state)
{
	(void)state;
	run_sizes(true, true, 12);
}

/* Two large requests fill the arena: the others wait in the driver's ring. */
static void small_arena_only_delays(void **state)
{
	struct world_config config = {
		.num = 256, .event_idx = true, .indirect = true, .arena = 160 << 10,
		.max_segments = 16, .max_bytes = FITS(160 << 10, 16), .start = 65000,
	};

	(void)state;
	run_config(&config, 4000, 0);
	run_config(&config, 4000, 10);
	config.event_idx = false;
	run_config(&config, 4000, 10);
}

/* An arena of one granule holds one request at a time. */
static void smallest_arena_only_delays(void **state)
{
	struct world_config config = {
		.num = 64, .event_idx = true, .indirect = true, .arena = VLB_GRANULE,
		.max_segments = 7, .max_bytes = 256, .start = 65500,
	};

	(void)state;
	run_config(&config, 4000, 0);
	run_config(&config, 8000, 10);
}

static void transfers_come_back(void **state)
{
	(void)state;
	run_sizes_of(VLB_QUEUE_DESC_WHOLE_TRANSFERS, false, false, 0);
	run_sizes_of(VLB_QUEUE_DESC_WHOLE_TRANSFERS, true, true, 0);
	run_sizes_of(VLB_QUEUE_DESC_WHOLE_TRANSFERS, false, true, 12);
	run_sizes_of(VLB_QUEUE_DESC_WHOLE_TRANSFERS, true, true, 12);
}

/* What waits for the others of its transfer does not keep their room for ever. */
static void transfers_without_room_are_only_delayed(void **state)
{
	struct world_config config = {
		.num = 256, .event_idx = true, .indirect = true, .arena = 160 << 10,
		.max_segments = 16, .max_bytes = FITS(160 << 10, 16), .start = 65000,
		.flags = VLB_QUEUE_DESC_WHOLE_TRANSFERS,
	};

	(void)state;
	run_config(&config, 4000, 10);
	config.event_idx = false;
	run_config(&config, 4000, 10);
	config.arena = VLB_GRANULE;
	config.max_segments = 7;
	config.max_bytes = 256;
	run_config(&config, 4000, 0);
	run_config(&config, 8000, 10);
}

/* The ring index passes every value. */
static void indexes_wrap_again_and_again(void **state)
{
	struct world_config config = {
		.num = 4, .event_idx = true, .arena = 64 << 10, .max_segments = 2, .max_bytes = 64,
	};

	(void)state;
	run_config(&config, 140000, 0);
}

/* ---- room that comes between two accesses ---------------------------------------------- */

static struct world *interrupted;
static u32 interrupt_at;

/* "On another CPU", at the n-th chance: the device answers all that it can get. */
static void answer_all(void)
{
	if (--interrupt_at)
		return;
	shim_preempt = NULL;
	world_take_all(interrupted);
	while (interrupted->device.num_held)
		world_answer(interrupted, interrupted->device.held[0], 0);
	if (interrupted->pending & WORLD_COMPLETE)
		world_complete(interrupted);
}

/* Two requests, room for one. Returns whether the chance came. */
static bool starve_interrupted_at(u32 at, u8 flags)
{
	const struct world_config config = {
		.num = 4, .event_idx = true, .arena = VLB_GRANULE, .start = 65535, .flags = flags,
	};
	static const struct shape_segment page[] = { { VLB_GRANULE, true } };
	struct shape shape = shape_of(1, page, false);
	struct world world;

	world_init(&world, &config);
	world_add(&world, &shape);
	world_add(&world, &shape);
	interrupted = &world;
	interrupt_at = at;
	shim_preempt = answer_all;
	world_submit(&world);
	shim_preempt = NULL;
	world_drain(&world);
	world_check_counters(&world);
	world_exit(&world);
	return !interrupt_at;
}

static void room_that_comes_meanwhile_is_noticed(void **state)
{
	static const u8 flags[] = { 0, VLB_QUEUE_DESC_WHOLE_TRANSFERS };
	u32 at, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		at = 1;
		while (starve_interrupted_at(at, flags[i]))
			at++;
		assert_true(at > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(direct_requests_come_back),
		test_case(indirect_requests_come_back),
		test_case(event_index_loses_nothing),
		test_case(sides_interleave_without_event_index),
		test_case(sides_interleave_with_event_index),
		test_case(small_arena_only_delays),
		test_case(smallest_arena_only_delays),
		test_case(transfers_come_back),
		test_case(transfers_without_room_are_only_delayed),
		test_case(indexes_wrap_again_and_again),
		test_case(room_that_comes_meanwhile_is_noticed),
	};

	return test_run(tests);
}
