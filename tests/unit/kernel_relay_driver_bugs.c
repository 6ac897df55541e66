// SPDX-License-Identifier: GPL-2.0-only
/* The driver has bugs: its requests fail, or are ignored with a warning; no more. */
#include "kernel/test.h"
#include "kernel/world.h"
#include "ring_access.h"

static const struct world_config roomy = {
	.num = 64, .event_idx = true, .indirect = true, .arena = 1u << 20, .start = 65530,
};

static void add_pages(struct world *world, u32 count)
{
	static const struct shape_segment page = { 4096, true };
	struct shape shape = shape_of(1, &page, false);

	while (count--)
		assert_true(world_add(world, &shape) >= 0);
}

static void add_question(struct world *world)
{
	static const struct shape_segment question[] = { { 16, false }, { 1, true } };
	struct shape shape = shape_of(2, question, false);

	assert_true(world_add(world, &shape) >= 0);
}

static void finish_all(struct world *world)
{
	world_drain(world);
	world_check_counters(world);
	world_exit(world);
}

static void push_avail(struct world *world, u16 head)
{
	struct vring *vring = &world->driver.vring;

	vring->avail->ring[world->driver.avail_idx++ & (vring->num - 1)] = head;
	vlb_ring_put16(&vring->avail->idx, world->driver.avail_idx);
}

static void unknown_head_is_skipped(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	shim_count_warnings = true;
	push_avail(&world, 64);
	push_avail(&world, 65535);
	add_pages(&world, 1);
	world_submit(&world);
	assert_int_equal(shim_warnings, 2);
	assert_int_equal(world.relay.submitted, 1);
	world.pending |= WORLD_KICK;
	world_drain(&world);
	push_avail(&world, 64);
	world_disconnect(&world);
	vlb_relay_fail_all(&world.relay);
	assert_int_equal(shim_warnings, 3);
	assert_int_equal(vlb_relay_in_flight(&world.relay), 0);
	world_exit(&world);
}

static void head_in_flight_is_not_taken_twice(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	add_pages(&world, 1);
	world_submit(&world);
	world_take_all(&world);
	shim_count_warnings = true;
	push_avail(&world, world.device.held[0]);
	world_submit(&world);
	assert_int_equal(shim_warnings, 1);
	assert_int_equal(vlb_relay_in_flight(&world.relay), 1);
	finish_all(&world);
}

static void head_in_flight_does_not_fail_twice(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	add_question(&world);
	world_submit(&world);
	world_take_all(&world);
	shim_count_warnings = true;
	push_avail(&world, world.device.held[0]);
	world_lose_hope(&world);
	vlb_relay_fail_all(&world.relay);
	assert_true(driver_take_used(&world.driver));
	assert_false(driver_take_used(&world.driver));
	assert_int_equal(vlb_relay_in_flight(&world.relay), 0);
	world_exit(&world);
}

/* Each spoils one request of two descriptors. */
static void spoil(struct world *world, u16 head, u32 how)
{
	struct vring_desc *desc = &world->driver.vring.desc[head];

	if (how == 0)
		desc->next = 64;
	else if (how == 1)
		desc->next = head;
	else if (how == 2)
		desc->flags = VRING_DESC_F_INDIRECT;	/* of 17 bytes */
	else
		world->driver.vring.desc[world->driver.req[head].descs[1]].flags =
			VRING_DESC_F_INDIRECT;
}

static void malformed_request_comes_back_empty(void **state)
{
	static const struct shape_segment pair[] = { { 17, false }, { 17, true } };
	struct shape shape = shape_of(2, pair, false);
	struct world world;
	int head;
	u32 how;

	(void)state;
	for (how = 0; how < 4; how++) {
		world_init(&world, &roomy);
		world.relay.fail.where = VLB_FAIL_EMPTY;
		head = world_add(&world, &shape);
		world.driver.req[head].hopeless = true;
		spoil(&world, head, how);
		add_pages(&world, 1);
		world_submit(&world);
		assert_true(world.pending & WORLD_COMPLETE);
		finish_all(&world);
		assert_int_equal(world.relay.errors, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(unknown_head_is_skipped),
		test_case(head_in_flight_is_not_taken_twice),
		test_case(head_in_flight_does_not_fail_twice),
		test_case(malformed_request_comes_back_empty),
	};

	return test_run(tests);
}
