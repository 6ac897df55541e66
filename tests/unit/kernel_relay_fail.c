// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that no back-end serves come back with the fail response of their device
 * type: byte for byte where it belongs, and nothing else is touched (came_back() in
 * world.c checks that for every request).
 */
#include "kernel/test.h"
#include "kernel/world.h"

static const struct world_config medium = {
	.num = 64, .event_idx = true, .indirect = true, .arena = 1u << 20, .max_segments = 12,
	.max_bytes = 16 << 10, .start = 65500,
};

static void set_fail(struct world *world, u16 where, u16 len)
{
	world->relay.fail.where = where;
	world->relay.fail.len = len;
}

static void take_all_used(struct world *world)
{
	while (driver_take_used(&world->driver))
		;
}

/* Some in flight, some answered, some waiting, then the end. */
static void fill(struct world *world)
{
	u32 i;

	for (i = 0; i < 60; i++)
		world_step(world);
	while (world_add_random(world))
		;
}

static u64 fail_everything(const struct world_config *config)
{
	struct world world;

	world_init(&world, config);
	fill(&world);
	world_disconnect(&world);
	world_lose_hope(&world);
	vlb_relay_fail_all(&world.relay);
	take_all_used(&world);
	/* Nobody waits for the rest, which is the driver's again with its next reset. */
	assert_int_equal(driver_outstanding(&world.driver), world_empty_buffers(&world));
	assert_int_equal(vlb_relay_in_flight(&world.relay), world_empty_buffers(&world));
	world_check_counters(&world);
	world_exit(&world);
	return world.errors;
}

static void everything_comes_back_when_the_device_goes(void **state)
{
	struct world_config config = medium;
	u64 errors = 0;
	u32 i;

	(void)state;
	for (i = 0; i < 150; i++) {
		config.event_idx = chance_one_in(2);
		config.num = 1u << chance_below(9);
		errors += fail_everything(&config);
	}
	assert_true(errors > 500);
}

/* Only what was in flight fails, but for empty buffers; the rest waits for the next back-end. */
static void lost_requests_fail_and_waiting_ones_stay(void **state)
{
	struct world world;
	u16 heads[DRIVER_MAX_NUM];
	u32 rounds = 60, count, i;
	u64 replays = 0;

	(void)state;
	world_init(&world, &medium);
	while (rounds--) {
		fill(&world);
		world_complete(&world);
		world_disconnect(&world);
		count = world_in_flight(&world, heads);
		for (i = 0; i < count; i++) {
			world.driver.req[heads[i]].hopeless = world.driver.req[heads[i]].readable;
			replays += !world.driver.req[heads[i]].readable;
		}
		if (vlb_relay_fail_active(&world.relay))
			world.pending |= WORLD_INTERRUPT;
		world_connect(&world);
		assert_int_equal(world.relay.replays, replays); /* empty buffers */
		if (chance_one_in(2))
			world_drain(&world);
	}
	world_drain(&world);
	world_check_counters(&world);
	world_exit(&world);
}

static void hopeless_requests_fail_among_others(void **state)
{
	struct world_config config = medium;
	struct world world;

	(void)state;
	config.arena = 128 << 10;
	for (config.num = 1; config.num <= 256; config.num *= 4) {
		world_init(&world, &config);
		world.hopeless = 5;
		world.preempt = chance_one_in(2) ? 0 : 10;
		world_run(&world, 2000);
		assert_true(world.errors > 0);
		world_exit(&world);
	}
}

/* ---- where the response goes ---------------------------------------------------------- */

static u8 expected_byte(const struct vlb_fail_response *fail, u32 start, u32 pos)
{
	return pos >= start && pos < start + fail->len ? fail->data[pos - start] : DRIVER_CANARY;
}

static u32 expected_start;
static u32 expected_len;

static void check_exactly(void *context, const struct driver_request *req, u32 len)
{
	struct world *world = context;
	u32 i;

	assert_int_equal(len, expected_len);
	for (i = 0; i < req->writable; i++)
		assert_int_equal(driver_writable_byte(req, i),
				 len ? expected_byte(&world->relay.fail, expected_start, i) :
				       DRIVER_CANARY);
}

static void fail_one_request(u16 where, u16 fail_len, const struct shape *shape, bool in_flight)
{
	struct world world;

	world_init(&world, &medium);
	world.driver.done = check_exactly;
	set_fail(&world, where, fail_len);
	world_add(&world, shape);
	if (in_flight)
		world_submit(&world);
	world_disconnect(&world);
	assert_true(vlb_relay_fail_all(&world.relay));
	assert_true(driver_take_used(&world.driver));
	assert_int_equal(world.relay.errors, 1);
	world_exit(&world);
}

/* Expects @len bytes used and the response from @start on. */
static void expect_failed(u16 where, u16 fail_len, u32 start, u32 len)
{
	static const struct shape_segment scattered[] = {
		{ 16, false }, { 3, true }, { 0, true }, { 600, true }, { 1, true }, { 5, true },
	};
	struct shape shape = shape_of(ARRAY_SIZE(scattered), scattered, false);

	expected_start = start;
	expected_len = len;
	fail_one_request(where, fail_len, &shape, true);
	shape.indirect = true;
	fail_one_request(where, fail_len, &shape, false);
}

/* Nobody asks whether there is room for them when all others fail. */
static void empty_buffers_without_room_wait(void **state)
{
	static const struct shape_segment buffer[] = { { 300 << 10, true } };
	struct shape shape = shape_of(1, buffer, false);
	struct world world;
	u32 i;

	(void)state;
	world_init(&world, &medium);
	world.driver.done = NULL;
	world_disconnect(&world);
	for (i = 0; i < 5; i++)
		world_add(&world, &shape);
	vlb_relay_fail_all(&world.relay);
	assert_int_equal(vlb_relay_in_flight(&world.relay), 5);
	world_connect(&world);
	world_complete(&world);
	world_take_all(&world);
	assert_int_equal(world.device.num_held, 3);
	world_answer(&world, world.device.held[0], 0);
	world_complete(&world);
	world_submit(&world);
	world_take_all(&world);
	assert_int_equal(world.device.num_held, 3);
	assert_int_equal(world.relay.errors, 0);
	world_exit(&world);
}

static void response_may_be_empty(void **state)
{
	(void)state;
	expect_failed(VLB_FAIL_EMPTY, 8, 0, 0);
	expect_failed(VLB_FAIL_AT_START, 0, 0, 0);
}

static void response_at_the_start_spans_segments(void **state)
{
	(void)state;
	expect_failed(VLB_FAIL_AT_START, 1, 0, 1);
	expect_failed(VLB_FAIL_AT_START, 3, 0, 3);
	expect_failed(VLB_FAIL_AT_START, 16, 0, 16);
}

static void response_at_the_end_spans_segments(void **state)
{
	(void)state;
	expect_failed(VLB_FAIL_AT_END, 1, 608, 609);
	expect_failed(VLB_FAIL_AT_END, 6, 603, 609);
	expect_failed(VLB_FAIL_AT_END, 16, 593, 609);
	expect_failed(VLB_FAIL_AT_END, 0, 609, 609);
}

static void response_without_room_is_left_out(void **state)
{
	static const struct shape_segment small[] = { { 16, false }, { 2, true } };
	static const struct shape_segment none[] = { { 16, false } };
	struct shape shape = shape_of(ARRAY_SIZE(small), small, false);

	(void)state;
	expected_len = 0;
	fail_one_request(VLB_FAIL_AT_START, 3, &shape, true);
	fail_one_request(VLB_FAIL_AT_END, 3, &shape, false);
	shape = shape_of(ARRAY_SIZE(none), none, true);
	fail_one_request(VLB_FAIL_AT_END, 1, &shape, false);
}

static void too_large_request_fails_at_once(void **state)
{
	static const struct shape_segment large[] = {
		{ 16, false }, { 600 << 10, false }, { 600 << 10, false }, { 1, true },
	};
	struct shape shape = shape_of(ARRAY_SIZE(large), large, false);
	struct world world;

	(void)state;
	expected_start = 0;
	expected_len = 1;
	world_init(&world, &medium);
	world.driver.done = check_exactly;
	set_fail(&world, VLB_FAIL_AT_END, 1);
	world_add(&world, &shape);
	assert_int_equal(vlb_relay_submit(&world.relay, world.shadow), VLB_RELAY_COMPLETE);
	assert_int_equal(vlb_relay_in_flight(&world.relay), 1);
	assert_false(device_take(&world.device));
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow), VLB_RELAY_INTERRUPT);
	assert_true(driver_take_used(&world.driver));
	assert_int_equal(world.relay.errors, 1);
	assert_int_equal(vlb_relay_in_flight(&world.relay), 0);
	world_exit(&world);
}

/* ---- back-ends whose used lengths are wrong ---------------------------------------------- */

static u8 expected_status;

static void check_status(void *context, const struct driver_request *req, u32 len)
{
	(void)context;
	assert_int_equal(len, req->writable);
	assert_int_equal(driver_writable_byte(req, req->writable - 1), expected_status);
}

/* A request that ends with a status, which is said to have @len bytes of 601. */
static void answer_wrongly(bool writes_status, u32 len)
{
	static const struct shape_segment read[] = { { 16, false }, { 600, true }, { 1, true } };
	struct shape shape = shape_of(ARRAY_SIZE(read), read, chance_one_in(2));
	struct device_chain chain;
	struct world world;
	int head;

	world_init(&world, &medium);
	set_fail(&world, VLB_FAIL_AT_END, 1);
	world.relay.flags = VLB_QUEUE_DESC_WHOLE_ANSWERS;
	world.driver.done = check_status;
	expected_status = writes_status ? world.relay.fail.data[0] + 1 : world.relay.fail.data[0];
	head = world_add(&world, &shape);
	world_submit(&world);
	assert_true(device_take(&world.device));
	device_read_chain(&world.device, head, &chain);
	if (writes_status)
		world.pool[chain.seg[2].iova - VLB_POOL_IOVA] = expected_status;
	device_use(&world.device, 0, len);
	device_publish(&world.device);
	world_complete(&world);
	assert_false(world.broken);
	assert_true(driver_take_used(&world.driver));
	world_exit(&world);
}

static void wrong_length_may_be_ignored(void **state)
{
	static const u32 lens[] = { 0, 1, 600, 601, 617, ~0u };
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		answer_wrongly(true, lens[i]);
		answer_wrongly(false, lens[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(everything_comes_back_when_the_device_goes),
		test_case(lost_requests_fail_and_waiting_ones_stay),
		test_case(hopeless_requests_fail_among_others),
		test_case(empty_buffers_without_room_wait),
		test_case(response_may_be_empty),
		test_case(response_at_the_start_spans_segments),
		test_case(response_at_the_end_spans_segments),
		test_case(response_without_room_is_left_out),
		test_case(too_large_request_fails_at_once),
		test_case(wrong_length_may_be_ignored),
	};

	return test_run(tests);
}
