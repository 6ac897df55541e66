// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests whose data lies in shared memory: what the model of the back-end finds there
 * (world_shared.c) is the driver's, and what it answers is in the driver's buffers.
 */
#include <linux/mm.h>

#include "kernel/test.h"
#include "kernel/world.h"

static const struct world_config shared = {
	.num = 64, .event_idx = true, .indirect = true, .arena = 1u << 20, .max_segments = 12,
	.max_bytes = 64 << 10, .start = 65530, .share = true,
};

/* ---- traffic --------------------------------------------------------------------------- */

static void run(const struct world_config *config, u32 preempt, u32 refuse)
{
	struct world world;

	world_init(&world, config);
	world_refuse_shared = refuse;
	world.preempt = preempt;
	world_run_with_losses(&world, 3000);
	assert_true(world.relay.by_way[VLB_WAY_SHARE] > 100);
	assert_true(world.relay.by_way[VLB_WAY_SHARE] < world.relay.completed);
	world_refuse_shared = 0;
	world_exit(&world);
}

static void data_is_right_in_place(void **state)
{
	struct world_config config = shared;

	(void)state;
	run(&config, 0, 0);
	run(&config, 12, 0);
	config.indirect = false;
	run(&config, 12, 0);
	config.event_idx = false;
	run(&config, 12, 0);
}

/* They are looked at anew each time. */
static void long_requests_are_not_remembered(void **state)
{
	struct world_config config = shared;

	(void)state;
	world_use_long_requests(&config);
	run(&config, 12, 0);
	run(&config, 12, 40);
}

/* Pages come and go, also while requests are in flight. */
static void what_is_not_in_the_file_is_copied(void **state)
{
	(void)state;
	run(&shared, 0, 10);
	run(&shared, 12, 4);
}

/* Three ways, all in use. */
static void the_rest_may_be_granted(void **state)
{
	struct world_config config = shared;

	(void)state;
	config.map = PAGE_SIZE;
	run(&config, 12, 10);
}

/* ---- single requests ------------------------------------------------------------------- */

static const struct shape_segment pages_read[] = {
	{ 16, false }, { PAGE_SIZE, true }, { PAGE_SIZE, true }, { PAGE_SIZE, true }, { 1, true },
};

/* One request whose large segments are at these pages. */
static void hand_out(struct world *world, u32 count, const struct shape_segment *seg,
		     const int *where, struct device_chain *chain)
{
	world_init(world, &shared);
	world_shared_where = where;
	world_hand_out(world, count, seg, true, chain);
	world_shared_where = NULL;
}

static void finish(struct world *world, u32 num_shared)
{
	world_drain(world);
	assert_int_equal(world->relay.by_way[VLB_WAY_SHARE], num_shared);
	world_check_counters(world);
	world_exit(world);
}

static void expect(const struct device_segment *seg, u32 page, u32 pages)
{
	assert_int_equal(seg->iova, VLB_SHARED_IOVA + page * PAGE_SIZE);
	assert_int_equal(seg->len, pages * PAGE_SIZE);
}

/* Also the first page of the file. */
static void neighbours_in_the_file_are_one_descriptor(void **state)
{
	struct device_chain chain;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(pages_read), pages_read, (const int[]){ 0, 1, 2 }, &chain);
	assert_int_equal(chain.count, 3);
	assert_true(chain.seg[0].iova < VLB_SHARED_IOVA);
	expect(&chain.seg[1], 0, 3);
	assert_true(chain.seg[2].iova < VLB_SHARED_IOVA);
	assert_int_equal(world_extents_in_use(&world), 0);
	finish(&world, 1);
}

static void others_are_descriptors_of_their_own(void **state)
{
	struct device_chain chain;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(pages_read), pages_read, (const int[]){ 5, 6, 0 }, &chain);
	assert_int_equal(chain.count, 4);
	expect(&chain.seg[1], 5, 2);
	expect(&chain.seg[2], 0, 1);
	finish(&world, 1);
}

static void directions_do_not_merge(void **state)
{
	const struct shape_segment seg[] = { { PAGE_SIZE, false }, { PAGE_SIZE, true } };
	struct device_chain chain;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(seg), seg, (const int[]){ 3, 4 }, &chain);
	assert_int_equal(chain.count, 2);
	expect(&chain.seg[0], 3, 1);
	expect(&chain.seg[1], 4, 1);
	finish(&world, 1);
}

/* What lies between them is not in the file, so they are no neighbours in the request. */
static void segments_do_not_merge_over_a_small_one(void **state)
{
	const struct shape_segment seg[] = {
		{ PAGE_SIZE, false }, { 16, false }, { PAGE_SIZE, false },
	};
	struct device_chain chain;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(seg), seg, (const int[]){ 3, 4 }, &chain);
	assert_int_equal(chain.count, 3);
	finish(&world, 1);
}

static void partly_shared_is_copied(void **state)
{
	struct device_chain chain;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(pages_read), pages_read, (const int[]){ 0, 1, -1 }, &chain);
	assert_int_equal(chain.count, 3);
	assert_true(chain.seg[1].iova < VLB_SHARED_IOVA);
	finish(&world, 0);
}

static void small_requests_do_not_count(void **state)
{
	const struct shape_segment seg[] = { { 16, false }, { 8, true }, { 1, true } };
	struct device_chain chain;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(seg), seg, (const int[]){ -1 }, &chain);
	finish(&world, 0);
}

/* A page that leaves the file while the back-end has it makes no difference to what comes back. */
static void in_flight_the_file_is_not_looked_at(void **state)
{
	struct device_chain chain;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(pages_read), pages_read, (const int[]){ 7, 8, 9 }, &chain);
	world_refuse_shared = 1;
	world_drain(&world);
	assert_int_equal(world.relay.by_way[VLB_WAY_SHARE], 1);
	/* The next one is copied. */
	world_hand_out(&world, ARRAY_SIZE(pages_read), pages_read, true, &chain);
	assert_true(chain.seg[1].iova < VLB_SHARED_IOVA);
	world_refuse_shared = 0;
	finish(&world, 1);
}

static void replay_keeps_the_address(void **state)
{
	struct device_chain chain, again;
	struct world world;

	(void)state;
	hand_out(&world, ARRAY_SIZE(pages_read), pages_read, (const int[]){ 7, 8, 100 }, &chain);
	world_disconnect(&world);
	world_connect(&world);
	device_read_chain(&world.device, chain.head, &again);
	assert_int_equal(again.count, chain.count);
	assert_int_equal(again.seg[1].iova, chain.seg[1].iova);
	assert_int_equal(again.seg[2].iova, chain.seg[2].iova);
	finish(&world, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(data_is_right_in_place),
		test_case(long_requests_are_not_remembered),
		test_case(what_is_not_in_the_file_is_copied),
		test_case(the_rest_may_be_granted),
		test_case(neighbours_in_the_file_are_one_descriptor),
		test_case(others_are_descriptors_of_their_own),
		test_case(directions_do_not_merge),
		test_case(segments_do_not_merge_over_a_small_one),
		test_case(partly_shared_is_copied),
		test_case(small_requests_do_not_count),
		test_case(in_flight_the_file_is_not_looked_at),
		test_case(replay_keeps_the_address),
	};

	return test_run(tests);
}
