// SPDX-License-Identifier: GPL-2.0-only
/* The back-end of a world: its memory, its coming and going, and what it must replay. */
#include <stdlib.h>

#include <linux/bitops.h>
#include <linux/kernel.h>

#include "ring_access.h"
#include "test.h"
#include "world.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define poison(from, size)	__asan_poison_memory_region(from, size)
#define unpoison(from, size)	__asan_unpoison_memory_region(from, size)
#else
#define poison(from, size)	((void)(from), (void)(size))
#define unpoison(from, size)	((void)(from), (void)(size))
#endif

/* ---- a back-end's memory ------------------------------------------------------------ */

/* pad, ring and slots, pad, arena, pad: the pads are other queues' and not to be touched */
static void make_pool(struct world *world)
{
	u32 ring_size = ALIGN(vlb_shadow_ring_size(world->config.num), VLB_SLOT_SIZE);
	u32 end = WORLD_PAD + ring_size + world->config.num * VLB_SLOT_SIZE;

	world->ring_offset = WORLD_PAD;
	world->shadow->slots = WORLD_PAD + ring_size;
	world->arena_offset = ALIGN(end, VLB_GRANULE) + WORLD_PAD;
	world->pool_size = world->arena_offset + world->config.arena + WORLD_PAD;
	world->pool = aligned_alloc(VLB_GRANULE, ALIGN(world->pool_size, VLB_GRANULE));
	poison(world->pool, WORLD_PAD);
	poison(world->pool + end, world->arena_offset - end);
	poison(world->pool + world->arena_offset + world->config.arena, WORLD_PAD);
	world->shadow->pool = world->pool;
}

static void start_ring(struct vlb_shadow_ring *ring, u16 start)
{
	ring->avail_idx = start;
	ring->kicked = start;
	ring->last_used = start;
	vlb_ring_put16(&ring->vring.avail->idx, start);
	vlb_ring_put16(&ring->vring.used->idx, start);
	vlb_ring_put16(&vring_used_event(&ring->vring), start);
	vlb_ring_put16(&vring_avail_event(&ring->vring), start);
}

static void make_shadow(struct world *world)
{
	const struct world_config *config = &world->config;
	struct vlb_shadow *shadow = calloc(1, sizeof(*shadow));

	world->shadow = shadow;
	make_pool(world);
	vlb_shadow_ring_init(&shadow->ring, world->pool + world->ring_offset, config->num,
			     config->event_idx);
	start_ring(&shadow->ring, config->start);
	assert_int_equal(vlb_arena_init(&shadow->arena, world->arena_offset, config->arena), 0);
	if (config->map)
		world_open_window(world);
	if (config->share)
		shadow->shared = world_share();
	device_init(&world->device, &shadow->ring.vring, config->event_idx, world->pool,
		    world->pool_size, &world->driver, config->start);
	world->device.grants = shadow->grants;
}

u32 world_extents_in_use(const struct world *world)
{
	const struct vlb_arena *arena = &world->shadow->arena;
	u32 count = 0, i;

	for (i = 0; i < arena->granules; i++)
		count += test_bit(i, arena->map);
	return count;
}

/* ---- in flight ---------------------------------------------------------------------- */

static bool in_flight(const struct world *world, u16 head)
{
	const struct driver_request *req = &world->driver.req[head];

	return req->active && !req->hopeless && req->serial < world->relay.submitted &&
	       !driver_has_returned(&world->driver, head) && !test_bit(head, world->relay.failed);
}

static struct driver *sorted_driver;

static int by_serial(const void *a, const void *b)
{
	const u16 *first = a, *second = b;
	u64 one = sorted_driver->req[*first].serial, two = sorted_driver->req[*second].serial;

	return one < two ? -1 : one > two;
}

/* The requests that a back-end must have, in order of submission. */
u32 world_in_flight(const struct world *world, u16 *heads)
{
	u32 count = 0, i;

	for (i = 0; i < world->config.num; i++)
		if (in_flight(world, i))
			heads[count++] = i;
	sorted_driver = (struct driver *)&world->driver;
	qsort(heads, count, sizeof(*heads), by_serial);
	return count;
}

static void check_replayed(const struct world *world, const u16 *heads, u32 in_flight)
{
	const struct vlb_shadow_ring *ring = &world->shadow->ring;
	u32 count = world->relay.replay_next, i;
	u16 pos = world->config.start;

	/* What was shown in place may now have to be copied, and then wait for room. */
	assert_int_equal(world->relay.replay_end, in_flight);
	assert_true(count == in_flight || world->relay.starved);
	for (i = 0; i < count; i++)
		if (!test_bit(heads[i], world->relay.failed))
			assert_int_equal(vlb_ring_get16(&ring->vring.avail->ring[pos++ &
								(ring->vring.num - 1)]),
					 heads[i]);
	assert_int_equal(vlb_ring_get16(&ring->vring.avail->idx), pos);
}

/* A back-end comes: vlb_port_create() and vlb_queue_start(). */
void world_connect(struct world *world)
{
	u16 heads[DRIVER_MAX_NUM];
	u32 in_flight;

	assert_null(world->shadow);
	make_shadow(world);
	in_flight = world_in_flight(world, heads);
	vlb_relay_replay(&world->relay, world->shadow);
	check_replayed(world, heads, in_flight);
	world->replays += world->relay.replay_next;
	world->pending &= ~WORLD_KICK;
	world->pending |= WORLD_SUBMIT | WORLD_COMPLETE;
	world->broken = false;
}

/* It goes, with whatever it has not said yet: vlb_queue_unpublish(). */
void world_disconnect(struct world *world)
{
	vlb_arena_exit(&world->shadow->arena);
	if (world->shadow->grants)
		world_close_window(world);
	unpoison(world->pool, world->pool_size);
	free(world->pool);
	free(world->shadow);
	world->shadow = NULL;
	world->pool = NULL;
}
