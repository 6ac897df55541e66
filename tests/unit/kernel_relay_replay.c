// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back-ends come and go at any point, with replies written, published or taken: every
 * request still comes back exactly once, and the next back-end gets what is in flight
 * in the order of submission (world_connect() checks that).
 */
#include "kernel/test.h"
#include "kernel/world.h"

/* Drivers do not notice that nobody is there. */
static void outage(struct world *world)
{
	u32 count = chance_below(6);

	while (count--)
		world_step(world);
}

static void replace_back_end(struct world *world)
{
	if (chance_one_in(2))
		world_complete(world);	/* vlb_queue_settle() */
	world_disconnect(world);
	if (chance_one_in(2))
		outage(world);
	world_connect(world);
}

static void run(const struct world_config *config, u32 preempt, u32 hopeless)
{
	struct world world;
	u32 i;

	world_init(&world, config);
	world.preempt = preempt;
	world.hopeless = hopeless;
	for (i = 0; i < 800; i++) {
		if (chance_one_in(8))
			replace_back_end(&world);
		else
			world_step(&world);
		if (chance_one_in(150))
			world_drain(&world);
	}
	world_drain(&world);
	world_check_counters(&world);
	assert_true(world.replays > 0);
	world_exit(&world);
}

static const u32 queue_sizes[] = { 1, 2, 4, 64, 256, 1024 };

static void run_sizes(struct world_config config, u32 preempt, u32 hopeless)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(queue_sizes); i++) {
		config.num = queue_sizes[i];
		config.start = 65536 - chance_below(300);
		run(&config, preempt, hopeless);
	}
}

static const struct world_config roomy = {
	.indirect = true, .arena = 4u << 20, .max_segments = 12, .max_bytes = 16 << 10,
};

static void requests_survive_back_ends(void **state)
{
	struct world_config config = roomy;

	(void)state;
	run_sizes(config, 0, 0);
	config.event_idx = true;
	run_sizes(config, 0, 0);
	config.indirect = false;
	run_sizes(config, 12, 0);
}

/* The pool is nearly always full: what was in it must fit into the next one. */
static void full_pools_are_replayed(void **state)
{
	struct world_config config = {
		.event_idx = true, .indirect = true, .arena = 128 << 10, .max_segments = 6,
		.max_bytes = 96 << 10,
	};

	(void)state;
	run_sizes(config, 0, 0);
	run_sizes(config, 10, 0);
}

static void hopeless_requests_are_not_replayed(void **state)
{
	struct world_config config = {
		.event_idx = true, .indirect = true, .arena = 64 << 10, .max_segments = 4,
		.max_bytes = 32 << 10,
	};

	(void)state;
	run_sizes(config, 0, 6);
	run_sizes(config, 10, 6);
}

/* ---- single cases ------------------------------------------------------------------ */

static const struct shape_segment block_write[] = {
	{ 16, false }, { 4096, false }, { 4096, false }, { 1, true },
};

static void add_some(struct world *world, u32 count)
{
	struct shape shape = shape_of(ARRAY_SIZE(block_write), block_write, false);

	while (count--)
		assert_true(world_add(world, &shape) >= 0);
}

static const struct world_config small = { .num = 64, .arena = 256 << 10, .start = 65530 };

static void order_is_that_of_submission(void **state)
{
	struct world world;
	u16 heads[DRIVER_MAX_NUM];

	(void)state;
	world_init(&world, &small);
	add_some(&world, 8);
	world_submit(&world);
	world_take_all(&world);
	world_answer(&world, world.device.held[3], 1);
	world_complete(&world);
	assert_true(driver_take_used(&world.driver));
	add_some(&world, 2);
	world_submit(&world);
	world_disconnect(&world);
	world_connect(&world);
	assert_int_equal(world_in_flight(&world, heads), 9);
	world_take_all(&world);
	assert_int_equal(world.device.num_held, 9);
	assert_memory_equal(world.device.held, heads, 9 * sizeof(*heads));
	world_submit(&world);
	assert_true(world.pending & WORLD_KICK);
	world_drain(&world);
	world_exit(&world);
}

static void replies_not_taken_are_asked_for_again(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &small);
	add_some(&world, 3);
	world_submit(&world);
	world_take_all(&world);
	world_answer(&world, world.device.held[0], 1);
	world_disconnect(&world);
	world_connect(&world);
	world_take_all(&world);
	assert_int_equal(world.device.num_held, 3);
	assert_int_equal(world.relay.replays, 3);
	assert_int_equal(world.relay.submitted, 3);
	world_submit(&world);
	world_drain(&world);
	world_exit(&world);
}

static void sequence_wraps(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &small);
	world.relay.submitted = 0xFFFFFFFD;
	world.relay.completed = 0xFFFFFFFD;
	world.driver.added = 0xFFFFFFFD;
	world.driver.finished = 0xFFFFFFFD;
	add_some(&world, 8);
	world_submit(&world);
	world_disconnect(&world);
	world_connect(&world);
	world_submit(&world);
	world_drain(&world);
	world_exit(&world);
}

static void latency_includes_the_outage(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &small);
	add_some(&world, 1);
	world_submit(&world);
	world_disconnect(&world);
	shim_now_ns += 1 << 20;
	world_connect(&world);
	world_take_all(&world);
	world_answer(&world, world.device.held[0], 1);
	world_complete(&world);
	assert_int_equal(world.relay.latency[vlb_latency_bucket(1 << 20)], 1);
	world_exit(&world);
}

/* A pool that is too small is the caller's mistake, but nobody may wait for ever. */
static void what_does_not_fit_fails(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &small);
	add_some(&world, 2);
	world_submit(&world);
	world_disconnect(&world);
	world.config.arena = 4096;
	shim_count_warnings = true;
	world_connect(&world);
	world_lose_hope(&world);
	assert_true(shim_warnings > 0);
	world.pending |= WORLD_COMPLETE;
	world_drain(&world);
	assert_int_equal(world.relay.errors, 2);
	world_exit(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(requests_survive_back_ends),
		test_case(full_pools_are_replayed),
		test_case(hopeless_requests_are_not_replayed),
		test_case(order_is_that_of_submission),
		test_case(replies_not_taken_are_asked_for_again),
		test_case(sequence_wraps),
		test_case(latency_includes_the_outage),
		test_case(what_does_not_fit_fails),
	};

	return test_run(tests);
}
