// SPDX-License-Identifier: GPL-2.0-only
/* The back-end is hostile: every rule of the used ring that it can break, one by one. */
#include <errno.h>
#include <string.h>

#include "kernel/test.h"
#include "kernel/world.h"
#include "ring_access.h"

static const struct world_config medium = {
	.num = 64, .event_idx = true, .indirect = true, .arena = 256 << 10, .max_segments = 12,
	.max_bytes = 20 << 10, .start = 65500,
};

/* ---- one broken rule ------------------------------------------------------------------ */

static void add_pages(struct world *world, u32 count)
{
	static const struct shape_segment page[] = { { 16, false }, { 1000, true } };
	struct shape shape = shape_of(2, page, false);

	while (count--)
		assert_true(world_add(world, &shape) >= 0);
	world_submit(world);
	world_take_all(world);
}

static void use(struct world *world, u32 id, u32 len)
{
	struct device *device = &world->device;
	struct vring_used_elem *elem =
		&device->vring.used->ring[device->used_idx++ & (device->vring.num - 1)];

	elem->id = __cpu_to_virtio32(true, id);
	elem->len = __cpu_to_virtio32(true, len);
	device_publish(device);
}

static void begin(struct world *world)
{
	world_init(world, &medium);
	world->driver.done = NULL;
	add_pages(world, 3);
}

/* The relay refuses, says why, and has given back @good requests before. */
static void expect_refused(struct world *world, const char *why, u32 id, u32 len, u32 good)
{
	const struct vlb_violation *violation = &world->relay.violation;

	assert_int_equal(vlb_relay_complete(&world->relay, world->shadow), -EPROTO);
	assert_non_null(strstr(violation->what, why));
	assert_int_equal(violation->id, id);
	assert_int_equal(violation->len, len);
	assert_int_equal(world->relay.completed, good);
	while (good--)
		assert_true(driver_take_used(&world->driver));
	assert_false(driver_take_used(&world->driver));
	world_exit(world);
}

static void id_out_of_range_is_refused(void **state)
{
	static const u32 ids[] = { 64, 65, 65535, 65536, 0x80000000, 0xFFFFFFFF };
	struct world world;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		begin(&world);
		use(&world, ids[i], 7);
		expect_refused(&world, "out of range", ids[i], 7, 0);
	}
}

/* Only the lower 16 bits name a request that is in flight. */
static void id_is_not_cut_off(void **state)
{
	struct world world;
	u32 id;

	(void)state;
	begin(&world);
	id = 0x10000 + world.device.held[0];
	use(&world, id, 0);
	expect_refused(&world, "out of range", id, 0, 0);
}

static void id_not_in_flight_is_refused(void **state)
{
	struct world world;
	u32 id = 0;

	(void)state;
	begin(&world);
	while (world.driver.req[id].active)
		id++;
	use(&world, id, 0);
	expect_refused(&world, "not in flight", id, 0, 0);
}

static void id_used_twice_is_refused(void **state)
{
	struct world world;
	u16 id;

	(void)state;
	begin(&world);
	id = world.device.held[1];
	use(&world, id, 1000);
	use(&world, id, 1000);
	expect_refused(&world, "not in flight", id, 1000, 1);
}

static void length_beyond_the_buffers_is_refused(void **state)
{
	static const u32 lens[] = { 1001, 1016, 65536, 0x80000000, 0xFFFFFFFF };
	struct world world;
	u16 id;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		begin(&world);
		id = world.device.held[0];
		use(&world, id, lens[i]);
		expect_refused(&world, "more than", id, lens[i], 0);
	}
}

static void full_length_is_accepted(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	use(&world, world.device.held[0], 1000);
	assert_true(vlb_relay_complete(&world.relay, world.shadow) >= 0);
	assert_int_equal(world.relay.completed, 1);
	world_exit(&world);
}

static void index_beyond_what_is_in_flight_is_refused(void **state)
{
	struct world world;
	u16 distance;

	(void)state;
	for (distance = 4; distance; distance = distance * 5 / 4) {
		begin(&world);
		world.device.used_idx += distance;
		device_publish(&world.device);
		expect_refused(&world, "ahead", world.device.used_idx, distance - 3, 0);
		if (distance > 50000)
			break;
	}
}

static void index_that_goes_back_is_refused(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	use(&world, world.device.held[0], 0);
	assert_true(vlb_relay_complete(&world.relay, world.shadow) >= 0);
	world.device.used_idx -= 1;
	device_publish(&world.device);
	expect_refused(&world, "ahead", world.device.used_idx, 65535 - 2, 1);
}

/* ---- a request that was never handed out --------------------------------------------------- */

static struct world *attacked;
static u32 attack_at;
static u32 attack_head;

/* "On another CPU", at the n-th chance: use the request as if one had got it. */
static void attack_submit(void)
{
	if (--attack_at)
		return;
	shim_preempt = NULL;
	use(attacked, attack_head, 200 << 10);
	world_complete(attacked);
}

static void attack_complete(void)
{
	if (--attack_at)
		return;
	shim_preempt = NULL;
	vlb_relay_submit(&attacked->relay, attacked->shadow);
	use(attacked, attack_head, 200 << 10);
}

/* A request that needs nothing but its head, which had large buffers before. */
static void begin_attack(struct world *world)
{
	static const struct shape_segment before[] = { { 200 << 10, true } };
	static const struct shape_segment hopeless[] = { { 400 << 10, false }, { 400 << 10, true } };
	struct world_config config = medium;
	struct shape shape = shape_of(1, before, false);

	config.num = 2;
	world_init(world, &config);
	world->driver.done = NULL;
	world->may_break = true;
	attack_head = world_add(world, &shape);
	world_submit(world);
	world_take_all(world);
	world_answer(world, attack_head, 200 << 10);
	world_complete(world);
	assert_true(driver_take_used(&world->driver));

	shape = shape_of(2, hopeless, true);
	while (world_add(world, &shape) != (int)attack_head)
		;
	attacked = world;
}

static void end_attack(struct world *world)
{
	shim_preempt = NULL;
	world_disconnect(world);
	vlb_relay_fail_all(&world->relay);
	while (driver_take_used(&world->driver))
		;
	assert_int_equal(driver_outstanding(&world->driver), 0);
	assert_int_equal(vlb_relay_in_flight(&world->relay), 0);
	world_exit(world);
}

static void request_being_given_up_cannot_be_used(void **state)
{
	struct world world;
	u32 at;

	(void)state;
	for (at = 1; at < 80; at++) {
		begin_attack(&world);
		attack_at = at;
		shim_preempt = attack_submit;
		vlb_relay_submit(&world.relay, world.shadow);
		if (!attack_at)
			assert_true(world.broken);
		end_attack(&world);
	}
}

static void request_given_up_meanwhile_cannot_be_used(void **state)
{
	struct world world;
	u32 at;

	(void)state;
	for (at = 1; at < 20; at++) {
		begin_attack(&world);
		attack_at = at;
		shim_preempt = attack_complete;
		vlb_relay_complete(&world.relay, world.shadow);
		end_attack(&world);
	}
}

/* ---- allowances ------------------------------------------------------------------------- */

static u32 last_len;

static void note_len(void *context, const struct driver_request *req, u32 len)
{
	(void)context;
	(void)req;
	last_len = len;
}

static void too_long_a_length_can_be_cut(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	world.relay.flags = VLB_QUEUE_DESC_CLAMP_LEN;
	world.driver.done = note_len;
	use(&world, world.device.held[0], 0xFFFFFFFF);
	assert_true(vlb_relay_complete(&world.relay, world.shadow) >= 0);
	assert_true(driver_take_used(&world.driver));
	assert_int_equal(last_len, 1000);
	world_exit(&world);
}

/* The others wait; whoever completes is told to come back for them. */
static void one_request_at_a_time(void **state)
{
	struct world world;
	u32 i;

	(void)state;
	world_init(&world, &medium);
	world.driver.done = note_len;
	world.relay.flags = VLB_QUEUE_DESC_ONE_REQUEST;
	add_pages(&world, 5);
	for (i = 0; i < 5; i++) {
		assert_int_equal(world.device.num_held, 1);
		assert_int_equal(vlb_relay_in_flight(&world.relay), 1);
		use(&world, world.device.held[--world.device.num_held], 10 + i);
		assert_int_equal(!(vlb_relay_complete(&world.relay, world.shadow) &
				   VLB_RELAY_SUBMIT), i == 4);
		assert_true(driver_take_used(&world.driver));
		assert_int_equal(last_len, 10 + i);
		world_submit(&world);
		world_take_all(&world);
	}
	assert_int_equal(driver_outstanding(&world.driver), 0);
	world_exit(&world);
}

/* As vhost-device-console: one used element for each byte, more than the ring has room for. */
static void last_word_counts(void **state)
{
	struct world world;
	u32 id, len;

	(void)state;
	world_init(&world, &medium);
	world.driver.done = note_len;
	world.relay.flags = VLB_QUEUE_DESC_ONE_REQUEST;
	add_pages(&world, 2);
	id = world.device.held[0];
	for (len = 1; len <= 1000; len++)
		use(&world, id, len);
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow),
			 VLB_RELAY_SUBMIT | VLB_RELAY_INTERRUPT);
	assert_true(driver_take_used(&world.driver));
	assert_int_equal(last_len, 1000);
	assert_false(driver_take_used(&world.driver));
	/* It does not count for a request that is back already. */
	use(&world, id, 1);
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow), -EPROTO);
	world_exit(&world);
}

/* As vhost-device-can: it takes all requests, uses one, and drops the others. */
static void forgotten_requests_come_again(void **state)
{
	struct world world;
	struct device *device = &world.device;

	(void)state;
	world_init(&world, &medium);
	world.driver.done = NULL;
	add_pages(&world, 5);
	/* It may still be at work on them. */
	assert_int_equal(vlb_relay_offer_again(&world.relay, world.shadow), 0);
	device_answer(device, 0, 100);
	device_publish(device);
	device->num_held = 0;
	assert_true(device_enable_kicks(device));
	/* One is used: that first. */
	assert_int_equal(vlb_relay_offer_again(&world.relay, world.shadow), 0);
	assert_true(vlb_relay_complete(&world.relay, world.shadow) >= 0);
	assert_true(driver_take_used(&world.driver));
	assert_int_equal(vlb_relay_offer_again(&world.relay, world.shadow), VLB_RELAY_KICK);
	assert_int_equal(world.relay.replays, 4);
	/* These wait in the ring now, and are not forgotten. */
	assert_int_equal(vlb_relay_offer_again(&world.relay, world.shadow), 0);
	world_take_all(&world);
	assert_int_equal(device->num_held, 4);
	while (device->num_held)
		device_answer(device, 0, 10);
	device_publish(device);
	assert_true(device_enable_kicks(device));
	assert_true(vlb_relay_complete(&world.relay, world.shadow) >= 0);
	while (driver_take_used(&world.driver))
		;
	assert_int_equal(driver_outstanding(&world.driver), 0);
	assert_int_equal(vlb_relay_offer_again(&world.relay, world.shadow), 0);
	world_exit(&world);
}

/* Whatever it writes there, each request is used once. */
static void any_event_is_survived(void **state)
{
	struct world world;
	u16 event = 0;
	u32 i;

	(void)state;
	world_init(&world, &medium);
	world.driver.done = NULL;
	add_pages(&world, 5);
	for (i = 0; i < 1000; i++, event += 8191) {
		vlb_ring_put16(&vring_avail_event(&world.device.vring), event);
		vlb_relay_offer_again(&world.relay, world.shadow);
	}
	use(&world, world.device.held[0], 10);
	use(&world, world.device.held[0], 10);
	expect_refused(&world, "not in flight", world.device.held[0], 10, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(id_out_of_range_is_refused),
		test_case(id_is_not_cut_off),
		test_case(id_not_in_flight_is_refused),
		test_case(id_used_twice_is_refused),
		test_case(length_beyond_the_buffers_is_refused),
		test_case(full_length_is_accepted),
		test_case(index_beyond_what_is_in_flight_is_refused),
		test_case(index_that_goes_back_is_refused),
		test_case(request_being_given_up_cannot_be_used),
		test_case(request_given_up_meanwhile_cannot_be_used),
		test_case(too_long_a_length_can_be_cut),
		test_case(one_request_at_a_time),
		test_case(last_word_counts),
		test_case(forgotten_requests_come_again),
		test_case(any_event_is_survived),
	};

	return test_run(tests);
}
