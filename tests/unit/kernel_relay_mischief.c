// SPDX-License-Identifier: GPL-2.0-only
/*
 * The back-end is hostile: it writes anything anywhere in the pool, at any time. The
 * relay says -EPROTO or carries on. It touches no memory outside the pool (the address
 * sanitizer watches), and of the driver's only the writable part of requests in flight
 * (driver_take_used() checks that for every request).
 */
#include "kernel/test.h"
#include "kernel/world.h"
#include "ring_access.h"

static const struct world_config medium = {
	.num = 64, .event_idx = true, .indirect = true, .arena = 256 << 10, .max_segments = 12,
	.max_bytes = 20 << 10, .start = 65500,
};

struct part {
	u32 offset;
	u32 size;
};

static u8 *place_in(struct world *world, const struct part *part, u32 *room)
{
	u32 at = chance_below(part->size);

	*room = part->size - at;
	return world->pool + part->offset + at;
}

/* Ring, slots, arena. */
static u8 *random_place(struct world *world, u32 *room)
{
	u32 num = world->config.num;
	const struct part parts[] = {
		{ world->ring_offset, vlb_shadow_ring_size(num) },
		{ world->shadow->slots, num * VLB_SLOT_SIZE },
		{ world->arena_offset, world->config.arena },
	};

	return place_in(world, &parts[chance_below(ARRAY_SIZE(parts))], room);
}

/* What the module never reads: descriptors, available ring, tables; and data. */
static u8 *harmless_place(struct world *world, u32 *room)
{
	u32 num = world->config.num;
	const struct part parts[] = {
		{ world->ring_offset, vlb_shadow_ring_used_offset(num) },
		{ world->shadow->slots, num * VLB_SLOT_SIZE },
		{ world->arena_offset, world->config.arena },
	};

	return place_in(world, &parts[chance_below(ARRAY_SIZE(parts))], room);
}

static void scribble(struct world *world, u8 *(*place)(struct world *world, u32 *room))
{
	u32 room, count = 1 + chance_below(chance_one_in(8) ? 4096 : 16);
	u8 *at = place(world, &room);

	for (; count-- && room--; at++)
		*at = chance_bits();
}

/* Nearly always one that is in flight, so that the relay goes on. */
static u32 some_id(struct world *world)
{
	u32 id = chance_below(world->config.num), tries;

	if (chance_one_in(100))
		return chance_one_in(2) ? chance_bits() : id;
	for (tries = world->config.num; tries && !world->relay.requests[id].active; tries--)
		id = (id + 1) % world->config.num;
	return id;
}

static u32 some_len(struct world *world, u32 id)
{
	u32 writable = id < world->config.num ? world->driver.req[id].writable : 0;

	switch (chance_below(100)) {
	case 0:
		return chance_bits();
	case 1:
		return writable + 1;
	case 2 ... 20:
		return writable;
	default:
		return chance_below(writable + 1);
	}
}

/* A used element that may well be acceptable. */
static void pretend_to_use(struct world *world)
{
	struct vring *vring = &world->shadow->ring.vring;
	u16 index = vlb_ring_get16(&vring->used->idx);
	u32 id = some_id(world);

	if (!vlb_relay_in_flight(&world->relay) && !chance_one_in(100))
		return;
	vring->used->ring[index & (vring->num - 1)] = (struct vring_used_elem){
		__cpu_to_virtio32(true, id), __cpu_to_virtio32(true, some_len(world, id)),
	};
	vlb_ring_put16(&vring->used->idx, index + 1);
}

static void change_index(struct world *world)
{
	struct vring *vring = &world->shadow->ring.vring;

	vlb_ring_put16(&vring->used->idx, chance_one_in(2) ?
		       chance_bits() : world->shadow->ring.last_used + chance_below(3));
}

static void change_event(struct world *world)
{
	struct vring *vring = &world->shadow->ring.vring;

	vlb_ring_put16((__virtio16 *)&vring_avail_event(vring), chance_bits());
	vlb_ring_put16(&vring->used->flags, chance_bits());
	vlb_ring_put16(&vring->avail->idx, chance_bits());
}

/* One in so many memory accesses of the relay. */
static u32 mischief_rate;

static void do_mischief(struct world *world)
{
	if (!world->shadow || !chance_one_in(mischief_rate))
		return;
	switch (chance_below(100)) {
	case 0:
		change_index(world);
		break;
	case 1:
		scribble(world, random_place);
		break;
	case 2 ... 20:
		change_event(world);
		break;
	case 21 ... 70:
		scribble(world, harmless_place);
		break;
	default:
		pretend_to_use(world);
	}
}

/* Notifications may be lost now, so both sides run when they like. */
static void hostile_step(struct world *world)
{
	shim_now_ns += chance_below(1000);
	switch (chance_below(6)) {
	case 0:
		world_add_random(world);
		break;
	case 1:
		world_submit(world);
		break;
	case 2:
		world_complete(world);
		break;
	case 3:
		driver_take_used(&world->driver);
		break;
	default:
		pretend_to_use(world);
	}
}

static void do_hostile_step(struct world *world)
{
	do_mischief(world);
	/* The other side at the same time. */
	if (!world->running || chance_one_in(10)) {
		if (world->running == WORLD_SUBMIT)
			world_complete(world);
		else if (world->running == WORLD_COMPLETE)
			world_submit(world);
		else
			hostile_step(world);
	}
}

/* The kernel removes a device whose back-end broke the rules; or it is replaced. */
static void after_violation(struct world *world)
{
	world_disconnect(world);
	if (chance_one_in(4))
		vlb_relay_fail_all(&world->relay);
	world_connect(world);
}

static void no_hope(void *context, const struct driver_request *req, u32 len)
{
	(void)context;
	(void)req;
	(void)len;
}

/* What came of it all. */
struct toll {
	u64 broken;
	u64 served;
};

static void survive(const struct world_config *config, u32 steps, struct toll *toll)
{
	struct world world;

	world_init(&world, config);
	world.may_break = true;
	world.hopeless = 20;
	world.driver.done = no_hope;
	world.mischief = do_hostile_step;
	while (steps--) {
		do_mischief(&world);
		hostile_step(&world);
		if (world.broken) {
			toll->broken++;
			after_violation(&world);
		}
	}
	world.mischief = NULL;
	world_disconnect(&world);
	vlb_relay_fail_all(&world.relay);
	while (driver_take_used(&world.driver))
		;
	assert_int_equal(driver_outstanding(&world.driver), world_empty_buffers(&world));
	assert_int_equal(vlb_relay_in_flight(&world.relay), world_empty_buffers(&world));
	assert_int_equal(world.relay.submitted, world.driver.added);
	toll->served += world.relay.completed - world.relay.errors;
	world_exit(&world);
}

static void survive_sizes(u32 rate, bool event_idx, u8 flags)
{
	struct world_config config = medium;
	struct toll toll = { 0 };

	mischief_rate = rate;
	config.flags = flags;
	config.event_idx = event_idx;
	for (config.num = 1; config.num <= 1024; config.num *= 4) {
		config.start = chance_bits();
		survive(&config, 6000, &toll);
	}
	assert_true(toll.broken > 100);
	assert_true(toll.served > 500);
}

static void rare_mischief_is_survived(void **state)
{
	(void)state;
	survive_sizes(1000, true, 0);
	survive_sizes(1000, true, VLB_QUEUE_DESC_WHOLE_TRANSFERS);
}

static void constant_mischief_is_survived(void **state)
{
	(void)state;
	survive_sizes(3, true, 0);
	survive_sizes(3, false, 0);
	survive_sizes(3, true, VLB_QUEUE_DESC_WHOLE_TRANSFERS);
	survive_sizes(3, false, VLB_QUEUE_DESC_WHOLE_TRANSFERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(rare_mischief_is_survived),
		test_case(constant_mischief_is_survived),
	};

	return test_run(tests);
}
