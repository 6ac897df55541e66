// SPDX-License-Identifier: GPL-2.0-only
/* Single requests through the relay: what the back-end sees of them, and the counters. */
#include <errno.h>
#include <string.h>

#include <linux/kernel.h>

#include "kernel/test.h"
#include "kernel/world.h"
#include "ring_access.h"

static const struct world_config roomy = {
	.num = 64, .event_idx = true, .indirect = true, .arena = 1u << 20, .start = 65530,
};

static u32 offset_of(u64 iova)
{
	return iova - VLB_POOL_IOVA;
}

static u32 slot_of(const struct world *world, u16 head)
{
	return world->shadow->slots + head * VLB_SLOT_SIZE;
}

static bool in_slot(const struct world *world, u16 head, u64 iova, u32 len)
{
	u32 from = offset_of(iova), slot = slot_of(world, head);

	return from >= slot && from + len <= slot + VLB_SLOT_SIZE;
}

static bool in_arena(const struct world *world, u64 iova, u32 len)
{
	u32 from = offset_of(iova);

	return from >= world->arena_offset &&
	       from + len <= world->arena_offset + world->config.arena;
}

static void finish_all(struct world *world)
{
	world_drain(world);
	world_check_counters(world);
	world_exit(world);
}

static const struct shape_segment block_read[] = {
	{ 16, false }, { 4096, true }, { 4096, true }, { 512, true }, { 1, true },
};

static void header_and_status_lie_in_the_slot(void **state)
{
	struct device_chain chain;
	struct world world;
	u16 head;

	(void)state;
	world_init(&world, &roomy);
	head = world_hand_out(&world, ARRAY_SIZE(block_read), block_read, true, &chain);
	assert_int_equal(chain.count, 3);
	assert_true(in_slot(&world, head, chain.seg[0].iova, 16));
	assert_true(in_arena(&world, chain.seg[1].iova, 8704));
	assert_true(in_slot(&world, head, chain.seg[2].iova, 1));
	finish_all(&world);
}

static void neighbours_become_one_descriptor(void **state)
{
	struct device_chain chain;
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	world_hand_out(&world, ARRAY_SIZE(block_read), block_read, false, &chain);
	assert_int_equal(chain.count, 3);
	assert_int_equal(chain.seg[1].len, 4096 + 4096 + 512);
	assert_int_equal(offset_of(chain.seg[1].iova) % VLB_GRANULE, 0);
	finish_all(&world);
}

/* A direct request uses descriptors of the driver's own, so none can be in use. */
static void direct_request_keeps_its_descriptors(void **state)
{
	struct device_chain chain;
	struct world world;
	u16 head;

	(void)state;
	world_init(&world, &roomy);
	head = world_hand_out(&world, ARRAY_SIZE(block_read), block_read, false, &chain);
	assert_false(chain.indirect);
	assert_int_equal(chain.seg[0].index, head);
	assert_int_equal(chain.seg[1].index, world.driver.req[head].descs[1]);
	assert_int_equal(chain.seg[2].index, world.driver.req[head].descs[4]);
	finish_all(&world);
}

static u32 table_of(const struct world *world, u16 head)
{
	const struct vring_desc *desc = &world->shadow->ring.vring.desc[head];

	assert_int_equal(__virtio16_to_cpu(true, desc->flags), VRING_DESC_F_INDIRECT);
	return offset_of(__virtio64_to_cpu(true, desc->addr));
}

/* @count segments of @len bytes, the last one writable. */
static u16 hand_out_many(struct world *world, u32 count, u32 len, struct device_chain *chain)
{
	struct shape_segment seg[DRIVER_MAX_SEGMENTS];
	u32 i;

	for (i = 0; i < count; i++)
		seg[i] = (struct shape_segment){ len, i == count - 1 };
	return world_hand_out(world, count, seg, true, chain);
}

static void small_table_lies_in_the_slot(void **state)
{
	struct device_chain chain;
	struct world world;
	u16 head;

	(void)state;
	world_init(&world, &roomy);
	head = hand_out_many(&world, VLB_SLOT_DESCS, 8, &chain);
	assert_true(chain.indirect);
	assert_int_equal(table_of(&world, head), slot_of(&world, head));
	assert_int_equal(world_extents_in_use(&world), 0);
	finish_all(&world);
}

static void large_table_lies_behind_the_data(void **state)
{
	struct device_chain chain;
	struct world world;
	u16 head;

	(void)state;
	world_init(&world, &roomy);
	head = hand_out_many(&world, VLB_SLOT_DESCS + 1, 300, &chain);
	assert_int_equal(chain.count, VLB_SLOT_DESCS + 1);
	assert_int_equal(table_of(&world, head),
			 offset_of(chain.seg[8].iova) + ALIGN(300u, 16u));
	finish_all(&world);
}

/* A table too large for the slot leaves it even if all the data fits into it. */
static void large_table_of_small_segments_spares_the_slot(void **state)
{
	struct device_chain chain;
	struct world world;
	u16 head;
	u32 count;

	(void)state;
	for (count = VLB_SLOT_DESCS + 1; count < 60; count++) {
		world_init(&world, &roomy);
		head = hand_out_many(&world, count, 8, &chain);
		assert_int_equal(chain.count, count);
		assert_true(in_arena(&world, VLB_POOL_IOVA + table_of(&world, head), count * 16));
		finish_all(&world);
	}
}

static void empty_segments_are_kept(void **state)
{
	struct device_chain chain;
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	hand_out_many(&world, 64, 0, &chain);
	assert_int_equal(chain.count, 64);
	finish_all(&world);
}

static void indirect_request_of_one_descriptor_becomes_direct(void **state)
{
	static const struct shape_segment pages[] = { { 4096, true }, { 4096, true } };
	struct device_chain chain;
	struct world world;
	u16 head;

	(void)state;
	world_init(&world, &roomy);
	head = world_hand_out(&world, ARRAY_SIZE(pages), pages, true, &chain);
	assert_false(chain.indirect);
	assert_int_equal(chain.count, 1);
	assert_int_equal(chain.seg[0].index, head);
	assert_int_equal(chain.seg[0].len, 8192);
	finish_all(&world);
}

/* ---- notifications -------------------------------------------------------------------- */

static void add_pages(struct world *world, u32 count)
{
	static const struct shape_segment page = { 4096, true };
	struct shape shape = shape_of(1, &page, false);

	while (count--)
		assert_true(world_add(world, &shape) >= 0);
}

static void one_kick_serves_all_requests_at_once(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	add_pages(&world, 5);
	assert_int_equal(vlb_relay_submit(&world.relay, world.shadow), VLB_RELAY_KICK);
	assert_int_equal(vlb_relay_submit(&world.relay, world.shadow), 0);
	add_pages(&world, 5);
	/* The back-end has not asked for another. */
	assert_int_equal(vlb_relay_submit(&world.relay, world.shadow), 0);
	assert_int_equal(world.relay.kicks, 1);
	world_exit(&world);
}

static void full_arena_asks_for_another_try(void **state)
{
	struct world_config config = roomy;
	struct world world;

	(void)state;
	config.arena = 3 * 4096;
	world_init(&world, &config);
	add_pages(&world, 5);
	world_submit(&world);
	world_take_all(&world);
	assert_int_equal(world.device.num_held, 3);
	assert_int_equal(vlb_relay_in_flight(&world.relay), 3);
	world_answer(&world, world.device.held[0], 4096);
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow),
			 VLB_RELAY_SUBMIT | VLB_RELAY_INTERRUPT);
	world.pending |= WORLD_SUBMIT | WORLD_INTERRUPT;
	finish_all(&world);
}

static void room_alone_asks_for_nothing(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	add_pages(&world, 1);
	world_submit(&world);
	world_take_all(&world);
	world_answer(&world, world.device.held[0], 0);
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow), VLB_RELAY_INTERRUPT);
	world_exit(&world);
}

static void driver_that_wants_no_interrupt_gets_none(void **state)
{
	struct world_config config = roomy;
	struct world world;

	(void)state;
	config.event_idx = false;
	world_init(&world, &config);
	driver_disable_interrupts(&world.driver);
	add_pages(&world, 1);
	world_submit(&world);
	world_take_all(&world);
	world_answer(&world, world.device.held[0], 0);
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow), 0);
	assert_true(driver_take_used(&world.driver));
	world_exit(&world);
}

static void long_run_is_divided(void **state)
{
	struct world_config config = roomy;
	struct world world;

	(void)state;
	config.num = 1024;
	config.arena = 4u << 20;
	world_init(&world, &config);
	add_pages(&world, VLB_RELAY_BUDGET + 88);
	assert_int_equal(vlb_relay_submit(&world.relay, world.shadow),
			 VLB_RELAY_KICK | VLB_RELAY_AGAIN);
	assert_int_equal(world.relay.submitted, VLB_RELAY_BUDGET);
	assert_int_equal(vlb_relay_submit(&world.relay, world.shadow), 0);
	assert_int_equal(world.relay.submitted, VLB_RELAY_BUDGET + 88);
	world_take_all(&world);
	while (world.device.num_held)
		world_answer(&world, world.device.held[0], 0);
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow),
			 VLB_RELAY_INTERRUPT | VLB_RELAY_AGAIN);
	assert_int_equal(vlb_relay_complete(&world.relay, world.shadow), 0);
	assert_int_equal(world.relay.completed, VLB_RELAY_BUDGET + 88);
	world_exit(&world);
}

/* ---- life -------------------------------------------------------------------------------- */

static void reset_forgets_what_is_in_flight(void **state)
{
	struct driver second;
	struct world world;

	(void)state;
	world_init(&world, &roomy);
	add_pages(&world, 7);
	world_submit(&world);
	world_disconnect(&world);
	driver_init(&second, 32, false, 0);
	vlb_relay_reset(&world.relay, &second.vring, false);
	assert_int_equal(vlb_relay_in_flight(&world.relay), 0);
	assert_int_equal(world.relay.submitted, 7);
	assert_false(vlb_relay_fail_all(&world.relay));
	assert_int_equal(second.vring.used->idx, 0);
	driver_exit(&second);
	world_exit(&world);
}

static void init_survives_lack_of_memory(void **state)
{
	struct vlb_relay relay;
	u32 i;

	(void)state;
	for (i = 1; i <= 4; i++) {
		memset(&relay, 0, sizeof(relay));
		shim_fail_allocation = i;
		assert_int_equal(vlb_relay_init(&relay, 64), i <= 3 ? -ENOMEM : 0);
		vlb_relay_exit(&relay);
	}
}

/* ---- counters ------------------------------------------------------------------------------ */

static void latency_bucket_has_four_steps_an_octave(void **state)
{
	u64 start;
	u32 b;

	(void)state;
	assert_int_equal(vlb_latency_bucket(0), 0);
	assert_int_equal(vlb_latency_bucket(1023), 0);
	assert_int_equal(vlb_latency_bucket(1024), 0);
	assert_int_equal(vlb_latency_bucket(1279), 0);
	assert_int_equal(vlb_latency_bucket(1280), 1);
	for (b = 1; b < VLB_LATENCY_BUCKETS; b++) {
		start = (u64)(4 + b % 4) << (b / 4 + 8);
		assert_int_equal(vlb_latency_bucket(start - 1), b - 1);
		assert_int_equal(vlb_latency_bucket(start), b);
	}
	assert_int_equal(vlb_latency_bucket(UINT64_MAX), VLB_LATENCY_BUCKETS - 1);
	assert_int_equal(vlb_latency_bucket(1ULL << 63), VLB_LATENCY_BUCKETS - 1);
}

static void counters_tell_what_was_done(void **state)
{
	struct device_chain chain;
	struct world world;
	u16 head;

	(void)state;
	world_init(&world, &roomy);
	head = world_hand_out(&world, ARRAY_SIZE(block_read), block_read, true, &chain);
	assert_int_equal(world.relay.submitted, 1);
	assert_int_equal(world.relay.completed, 0);
	assert_int_equal(world.relay.kicks, 1);
	shim_now_ns += 5000;
	world_answer(&world, head, 100);
	world_complete(&world);
	assert_int_equal(world.relay.completed, 1);
	assert_int_equal(world.relay.bytes, 16 + 100);
	assert_int_equal(world.relay.errors, 0);
	assert_int_equal(world.relay.latency[8], 1);
	finish_all(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(header_and_status_lie_in_the_slot),
		test_case(neighbours_become_one_descriptor),
		test_case(direct_request_keeps_its_descriptors),
		test_case(small_table_lies_in_the_slot),
		test_case(large_table_lies_behind_the_data),
		test_case(large_table_of_small_segments_spares_the_slot),
		test_case(empty_segments_are_kept),
		test_case(indirect_request_of_one_descriptor_becomes_direct),
		test_case(one_kick_serves_all_requests_at_once),
		test_case(full_arena_asks_for_another_try),
		test_case(room_alone_asks_for_nothing),
		test_case(long_run_is_divided),
		test_case(driver_that_wants_no_interrupt_gets_none),
		test_case(reset_forgets_what_is_in_flight),
		test_case(init_survives_lack_of_memory),
		test_case(latency_bucket_has_four_steps_an_octave),
		test_case(counters_tell_what_was_done),
	};

	return test_run(tests);
}
