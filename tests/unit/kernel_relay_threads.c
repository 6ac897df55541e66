// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two sides of the relay in real threads, guarded as in queue.c: who finds a side
 * idle runs it, who does not leaves his notification to the one who does. A notification
 * that is lost is a thread that waits too long.
 *
 *   driver   adds requests; its kick runs submit; takes used requests when interrupted
 *   device   takes and answers; its call runs complete, and submit if that says so
 *   worker   complete_work of queue.c, which any call may leave the work to
 *
 * Meant for -fsanitize=thread too, for which include/asm/barrier.h has the barriers of
 * the ring protocol: what they do not order is reported as a race.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <linux/kernel.h>

#include "kernel/test.h"
#include "kernel/world.h"

#define PATIENCE_S	20

struct queue {
	struct world world;
	u32 requests;
	atomic_int submits;
	atomic_int completes;
	atomic_bool finished;
	sem_t kick;
	sem_t interrupt;
	sem_t work;
};

static void wait_for(sem_t *event, const char *who)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (!sem_timedwait(event, &until))
		return;
	fprintf(stderr, "%s waits for ever\n", who);
	abort();
}

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "not true: %s\n", what);
	abort();
}

/* ---- queue.c ---------------------------------------------------------------------------- */

static void run_submit(struct queue *queue)
{
	unsigned int todo;
	int seen = 1;

	if (atomic_fetch_add(&queue->submits, 1))
		return;
	do {
		todo = vlb_relay_submit(&queue->world.relay, queue->world.shadow);
		if (todo & VLB_RELAY_KICK)
			sem_post(&queue->kick);
		if (todo & VLB_RELAY_COMPLETE)
			sem_post(&queue->work);
		if (todo & VLB_RELAY_AGAIN)
			continue;
		seen = atomic_fetch_sub(&queue->submits, seen) - seen;
	} while (seen);
}

/* Returns whether there is more. */
static bool complete_port(struct queue *queue)
{
	int todo = vlb_relay_complete(&queue->world.relay, queue->world.shadow);

	require(todo >= 0, "the device keeps the rules");
	if (todo & VLB_RELAY_INTERRUPT)
		sem_post(&queue->interrupt);
	if (todo & VLB_RELAY_SUBMIT)
		run_submit(queue);
	return todo & VLB_RELAY_AGAIN;
}

static void run_complete(struct queue *queue)
{
	int seen = 1;

	if (atomic_fetch_add(&queue->completes, 1))
		return;
	do {
		while (complete_port(queue))
			;
		seen = atomic_fetch_sub(&queue->completes, seen) - seen;
	} while (seen);
}

/* ---- threads ------------------------------------------------------------------------------ */

/* Adds up to a few; returns whether all have been added. */
static bool add_some(struct queue *queue)
{
	struct world *world = &queue->world;
	const struct world_config *config = &world->config;
	u32 count = 1 + chance_below(8), added = 0;
	struct shape shape;

	while (count-- && world->driver.added < queue->requests) {
		shape = shape_random(config->max_segments, config->max_bytes, config->indirect);
		if (config->map)
			world_make_pages(&shape);
		if (driver_add(&world->driver, &shape) < 0)
			break;
		added++;
	}
	if (added && driver_need_kick(&world->driver))
		run_submit(queue);
	return world->driver.added == queue->requests;
}

static void take_used(struct driver *driver)
{
	driver_disable_interrupts(driver);
	do {
		while (driver_take_used(driver))
			;
	} while (!driver_enable_interrupts(driver));
}

/* The cmocka thread is the driver. */
static void drive(struct queue *queue)
{
	struct driver *driver = &queue->world.driver;
	bool all = false;

	while (driver->finished < queue->requests) {
		if (!all && driver->num_free)
			all = add_some(queue);
		if (all || driver->num_free < 4 || chance_one_in(8))
			wait_for(&queue->interrupt, "the driver");
		else if (sem_trywait(&queue->interrupt))
			continue;
		take_used(driver);
	}
}

static void answer_some(struct queue *queue)
{
	struct device *device = &queue->world.device;
	u32 count = 1 + chance_below(device->num_held), which, writable;

	while (count--) {
		which = chance_below(device->num_held);
		writable = device->driver->req[device->held[which]].writable;
		device_answer(device, which, chance_below(writable + 1));
	}
	device_publish(device);
	if (!device_need_call(device))
		return;
	if (chance_one_in(2))
		run_complete(queue);
	else
		sem_post(&queue->work);
}

static void *serve(void *context)
{
	struct queue *queue = context;
	struct device *device = &queue->world.device;

	chance_restart();
	for (;;) {
		wait_for(&queue->kick, "the device");
		if (atomic_load(&queue->finished))
			return NULL;
		device_disable_kicks(device);
		do {
			while (device_take(device) && chance_below(16))
				;
			while (device->num_held && chance_below(8))
				answer_some(queue);
		} while (!device_enable_kicks(device) || device->num_held);
	}
}

static void *work(void *context)
{
	struct queue *queue = context;

	for (;;) {
		wait_for(&queue->work, "the worker");
		if (atomic_load(&queue->finished))
			return NULL;
		run_complete(queue);
	}
}

/* ---- tests ---------------------------------------------------------------------------------- */

static u64 fails;

static void came_back(void *context, const struct driver_request *req, u32 len)
{
	const struct world *world = context;

	/* More than the arena holds. */
	if (req->readable + req->writable > world->config.arena) {
		require(len == 0, "an empty fail response");
		fails++;
		return;
	}
	driver_check_answer(req, len);
}

static void stop(struct queue *queue, pthread_t device, pthread_t worker)
{
	atomic_store(&queue->finished, true);
	sem_post(&queue->kick);
	sem_post(&queue->work);
	pthread_join(device, NULL);
	pthread_join(worker, NULL);
}

static void run(const struct world_config *config, u32 requests)
{
	struct queue *queue = aligned_alloc(64, ALIGN(sizeof(*queue), 64));
	pthread_t device, worker;

	*queue = (struct queue){ .requests = requests };
	world_init(&queue->world, config);
	queue->world.relay.fail.where = VLB_FAIL_EMPTY;
	queue->world.driver.done = came_back;
	sem_init(&queue->kick, 0, 0);
	sem_init(&queue->interrupt, 0, 0);
	sem_init(&queue->work, 0, 0);
	pthread_create(&device, NULL, serve, queue);
	pthread_create(&worker, NULL, work, queue);
	drive(queue);
	stop(queue, device, worker);

	assert_int_equal(queue->world.relay.submitted, requests);
	assert_int_equal(vlb_relay_in_flight(&queue->world.relay), 0);
	assert_int_equal(world_extents_in_use(&queue->world), 0);
	world_exit(&queue->world);
	free(queue);
}

static void both_sides_run_at_once(void **state)
{
	struct world_config config = {
		.indirect = true, .arena = 1u << 20, .max_segments = 6, .max_bytes = 8192,
		.start = 65000,
	};

	(void)state;
	for (config.num = 1; config.num <= 256; config.num *= 16) {
		config.event_idx = false;
		run(&config, 3000);
		config.event_idx = true;
		run(&config, 3000);
	}
}

static void both_sides_use_the_grants(void **state)
{
	struct world_config config = {
		.num = 64, .event_idx = true, .indirect = true, .arena = 1u << 20,
		.max_segments = 6, .max_bytes = 32 << 10, .start = 65000, .map = PAGE_SIZE,
	};

	(void)state;
	run(&config, 3000);
}

static void both_sides_meet_at_a_full_arena(void **state)
{
	struct world_config config = {
		.num = 64, .event_idx = true, .indirect = true, .arena = 64 << 10,
		.max_segments = 4, .max_bytes = 40 << 10, .start = 65000,
	};

	(void)state;
	run(&config, 4000);
	config.event_idx = false;
	run(&config, 4000);
}

static void hopeless_requests_are_completed_by_the_worker(void **state)
{
	struct world_config config = {
		.num = 16, .event_idx = true, .indirect = true, .arena = 32 << 10,
		.max_segments = 1, .max_bytes = 64 << 10, .start = 65000,
	};

	(void)state;
	fails = 0;
	run(&config, 4000);
	assert_true(fails > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(both_sides_run_at_once),
		test_case(both_sides_use_the_grants),
		test_case(both_sides_meet_at_a_full_arena),
		test_case(hopeless_requests_are_completed_by_the_worker),
	};

	return test_run(tests);
}
