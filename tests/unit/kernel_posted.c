// SPDX-License-Identifier: GPL-2.0-only
/* Queues whose requests are completed before anybody has served them. */
#include "kernel/test.h"
#include "kernel/model_driver.h"
#include "posted.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS	16
#define STORE	(SLOTS * VLB_POSTED_SLOT_SIZE)

/* A driver, the store, and whoever serves the store's ring. */
struct world {
	struct driver driver;
	struct vlb_posted *posted;
	struct vlb_driver_ring server;
	u16 held[SLOTS];
	u32 num_held;
	u8 *sent;	/* what has not arrived yet */
	u32 num_sent;
	u32 pieces;
};

static void world_init(struct world *world, bool stream, bool event_idx)
{
	*world = (struct world){ .sent = malloc(3 * STORE) };
	driver_init(&world->driver, SLOTS, event_idx, 0);
	world->posted = vlb_posted_create(SLOTS, stream);
	assert_non_null(world->posted);
	vlb_driver_ring_init(&world->server, vlb_posted_attach(world->posted, &world->driver.vring,
							       event_idx), event_idx);
}

static void world_exit(struct world *world)
{
	vlb_posted_destroy(world->posted);
	driver_exit(&world->driver);
	free(world->sent);
}

/* The driver sends something, and has it back at once. Returns whether it was kept. */
static bool request(struct world *world, const struct shape *shape)
{
	u64 dropped = world->posted->dropped;
	const struct driver_request *req;
	u32 size = world->num_sent, i;
	int head;

	head = driver_add(&world->driver, shape);
	assert_true(head >= 0);
	req = &world->driver.req[head];
	for (i = 0; i < req->count; i++) {
		if (req->seg[i].write)
			continue;
		memcpy(world->sent + size, req->seg[i].data, req->seg[i].len);
		size += req->seg[i].len;
	}
	vlb_posted_take(world->posted);
	assert_true(driver_take_used(&world->driver));
	assert_int_equal(driver_outstanding(&world->driver), 0);
	if (world->posted->dropped != dropped)
		return false;
	world->num_sent = size;
	return true;
}

static bool send_bytes(struct world *world, u32 len)
{
	const struct shape_segment segment = { len, false };
	const struct shape shape = shape_of(1, &segment, false);

	return request(world, &shape);
}

/* The server takes the next piece; it must be what was sent. Returns its size, 0: none. */
static u32 serve(struct world *world)
{
	struct vlb_segment seg;
	struct vlb_chain chain;
	u16 head;

	if (world->num_held == SLOTS || !vlb_driver_ring_peek(&world->server, &head))
		return 0;
	vlb_driver_ring_advance(&world->server);
	assert_int_equal(vlb_chain_start(&chain, &world->server, head), 0);
	assert_int_equal(vlb_chain_next(&chain, &seg), 1);
	assert_false(seg.write);
	assert_in_range(seg.len, 1, VLB_POSTED_SLOT_SIZE);
	assert_true(seg.len <= world->num_sent);
	assert_memory_equal(seg.data, world->sent, seg.len);
	world->num_sent -= seg.len;
	memmove(world->sent, world->sent + seg.len, world->num_sent);
	assert_int_equal(vlb_chain_next(&chain, &seg), 0);
	world->held[world->num_held++] = head;
	world->pieces++;
	return seg.len;
}

/* It gives one back, in any order. */
static void finish(struct world *world)
{
	u32 i = chance_below(world->num_held);

	if (!world->num_held)
		return;
	vlb_driver_ring_push_used(&world->server, world->held[i], 0);
	world->held[i] = world->held[--world->num_held];
	if (vlb_driver_ring_need_interrupt(&world->server))
		vlb_posted_reclaim(world->posted);
}

static void serve_all(struct world *world)
{
	do {
		while (world->num_held)
			finish(world);
	} while (serve(world));
	assert_int_equal(world->num_sent, 0);
}

static void any_order_of_events(bool stream, bool event_idx)
{
	struct world world;
	struct shape shape;
	u32 i;

	world_init(&world, stream, event_idx);
	for (i = 0; i < 70000; i++) {
		if (chance_one_in(3)) {
			shape = shape_random(4, chance_one_in(20) ? 20000 : 100, chance_one_in(2));
			request(&world, &shape);
		}
		if (chance_one_in(2))
			serve(&world);
		if (chance_one_in(2))
			finish(&world);
	}
	serve_all(&world);
	world_exit(&world);
}

static void streams(void **state)
{
	(void)state;
	any_order_of_events(true, true);
	any_order_of_events(true, false);
}

static void messages(void **state)
{
	(void)state;
	any_order_of_events(false, true);
	any_order_of_events(false, false);
}

static void small_pieces_are_put_together(void **state)
{
	struct world world;
	u32 i;

	(void)state;
	world_init(&world, true, true);
	for (i = 0; i < 2000; i++)
		assert_true(send_bytes(&world, 10));
	serve_all(&world);
	assert_in_range(world.pieces, 8, 14);
	world_exit(&world);
}

static void messages_stay_apart(void **state)
{
	struct world world;
	u32 i;

	(void)state;
	world_init(&world, false, true);
	for (i = 0; i < SLOTS; i++)
		assert_true(send_bytes(&world, 8));
	assert_false(send_bytes(&world, 8));
	for (i = 0; i < 8; i++)
		assert_int_equal(serve(&world), 8);
	assert_int_equal(serve(&world), 0); /* no more at once */
	serve_all(&world);
	assert_int_equal(world.pieces, SLOTS);
	world_exit(&world);
}

static void what_finds_no_room_is_dropped(void **state)
{
	struct world world;
	u32 i;

	(void)state;
	world_init(&world, true, true);
	for (i = 0; i < SLOTS; i++) {
		assert_int_equal(vlb_posted_is_crowded(world.posted), i > 8);
		assert_true(send_bytes(&world, VLB_POSTED_SLOT_SIZE));
	}
	assert_false(send_bytes(&world, 1));
	assert_false(send_bytes(&world, STORE + 1));
	assert_int_equal(world.posted->dropped, 2);
	assert_false(vlb_posted_is_empty(world.posted));
	serve_all(&world);
	assert_false(vlb_posted_is_crowded(world.posted));
	assert_true(vlb_posted_is_empty(world.posted));
	assert_true(send_bytes(&world, STORE));
	serve_all(&world);
	world_exit(&world);
}

static void nothing_without_a_ring(void **state)
{
	const struct shape_segment segment = { 10, false };
	const struct shape shape = shape_of(1, &segment, false);
	struct world world;

	(void)state;
	world_init(&world, true, true);
	assert_true(send_bytes(&world, 5000));
	vlb_posted_detach(world.posted);
	assert_true(driver_add(&world.driver, &shape) >= 0);
	vlb_posted_take(world.posted);
	assert_false(driver_take_used(&world.driver));
	serve_all(&world);
	world_exit(&world);
}

static void no_memory(void **state)
{
	u32 i;

	(void)state;
	for (i = 1; i <= 3 + SLOTS; i++) {
		shim_fail_allocation = i;
		assert_null(vlb_posted_create(SLOTS, true));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(streams),
		test_case(messages),
		test_case(small_pieces_are_put_together),
		test_case(messages_stay_apart),
		test_case(what_finds_no_room_is_dropped),
		test_case(nothing_without_a_ring),
		test_case(no_memory),
	};

	return test_run(tests);
}
