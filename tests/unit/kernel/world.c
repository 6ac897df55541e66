// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include <linux/jiffies.h>
#include <linux/mm.h>

#include "ring_access.h"
#include "test.h"
#include "world.h"

static struct world *preempted;

/* ---- the two sides of queue.c --------------------------------------------------------- */

static void preempt(void)
{
	struct world *world = preempted;

	shim_preempt = NULL;
	if (world->mischief)
		world->mischief(world);
	if (world->preempt && chance_one_in(world->preempt))
		do
			world_step(world);
		while (chance_below(8));
	shim_preempt = preempt;
}

/* Returns what was there before, for end_side(). */
static void (*begin_side(struct world *world, u32 side))(void)
{
	void (*before)(void) = shim_preempt;

	world->running |= side;
	/* Only the outer side can be interrupted. */
	if (world->running == side && (world->preempt || world->mischief)) {
		preempted = world;
		shim_preempt = preempt;
	}
	return before;
}

static void end_side(struct world *world, u32 side, void (*before)(void))
{
	shim_preempt = before;
	world->running &= ~side;
}

void world_submit(struct world *world)
{
	u32 replayed = world->relay.replay_next;
	void (*before)(void);
	unsigned int todo;

	world->pending &= ~WORLD_SUBMIT;
	if (!world->shadow)
		return;
	before = begin_side(world, WORLD_SUBMIT);
	todo = vlb_relay_submit(&world->relay, world->shadow);
	end_side(world, WORLD_SUBMIT, before);
	world->replays += world->relay.replay_next - replayed;
	assert_int_equal(todo & ~(VLB_RELAY_KICK | VLB_RELAY_COMPLETE | VLB_RELAY_AGAIN), 0);
	if (todo & VLB_RELAY_AGAIN)
		world->pending |= WORLD_SUBMIT;
	if (todo & VLB_RELAY_KICK) {
		world->kicks++;
		world->pending |= WORLD_KICK;
	}
	if (todo & VLB_RELAY_COMPLETE)
		world->pending |= WORLD_COMPLETE;
}

void world_complete(struct world *world)
{
	void (*before)(void);
	int todo;

	world->pending &= ~WORLD_COMPLETE;
	if (!world->shadow || world->broken)
		return;
	before = begin_side(world, WORLD_COMPLETE);
	todo = vlb_relay_complete(&world->relay, world->shadow);
	end_side(world, WORLD_COMPLETE, before);
	if (todo < 0) {
		assert_int_equal(todo, -EPROTO);
		assert_true(world->may_break);
		assert_non_null(world->relay.violation.what);
		world->broken = true;
		return;
	}
	assert_int_equal(todo & ~(VLB_RELAY_INTERRUPT | VLB_RELAY_SUBMIT | VLB_RELAY_AGAIN), 0);
	if (todo & VLB_RELAY_AGAIN)
		world->pending |= WORLD_COMPLETE;
	if (todo & VLB_RELAY_INTERRUPT)
		world->pending |= WORLD_INTERRUPT;
	if (todo & VLB_RELAY_SUBMIT)
		world->pending |= WORLD_SUBMIT;
}

/* ---- the driver ------------------------------------------------------------------------ */

/* More than any arena holds, or a readable segment behind a writable one. */
static struct shape shape_hopeless(const struct world *world, bool indirect)
{
	u32 each = world->config.arena / 2 + 1;
	const struct shape_segment large[] = { { each, false }, { each, true }, { 5, true } };
	const struct shape_segment mixed[] = { { 16, false }, { 30, true }, { 16, false } };

	return shape_of(3, chance_one_in(2) ? large : mixed, indirect);
}

/* Whole pages, most of them. */
void world_make_pages(struct shape *shape)
{
	u32 i;

	for (i = 0; i < shape->count; i++)
		if (chance_below(4) && shape->seg[i].len >= PAGE_SIZE)
			shape->seg[i].len &= ~(PAGE_SIZE - 1);
}

static bool add_hopeless(struct world *world)
{
	bool indirect = world->config.indirect && chance_one_in(2);
	struct shape shape = shape_hopeless(world, indirect);
	int head = driver_add(&world->driver, &shape);

	if (head >= 0)
		world->driver.req[head].hopeless = true;
	return head >= 0;
}

/* The driver waits for it; but an empty buffer is only posted. */
static bool is_waited_for(const struct world *world, u32 head)
{
	const struct driver_request *req = &world->driver.req[head];

	return req->active && !driver_has_returned(&world->driver, head) && req->readable;
}

/* From now on nothing comes back but with the fail response, and empty buffers not at all. */
void world_lose_hope(struct world *world)
{
	u32 i;

	for (i = 0; i < world->config.num; i++)
		if (is_waited_for(world, i))
			world->driver.req[i].hopeless = true;
}

/* Posted, and neither filled nor failed. */
u32 world_empty_buffers(const struct world *world)
{
	u32 count = 0, i;

	for (i = 0; i < world->config.num; i++)
		count += world->driver.req[i].active && !driver_has_returned(&world->driver, i) &&
			 !world->driver.req[i].readable;
	return count;
}

/* Returns the head, or -1. */
int world_add(struct world *world, const struct shape *shape)
{
	int head = driver_add(&world->driver, shape);

	if (head >= 0 && driver_need_kick(&world->driver))
		world->pending |= WORLD_SUBMIT;
	return head;
}

/* A few requests and one kick. Returns whether there was room. */
bool world_add_random(struct world *world)
{
	u32 count = 1 + chance_below(4), added = 0;
	struct shape shape;

	while (count--) {
		if (world->hopeless && chance_one_in(world->hopeless)) {
			added += add_hopeless(world);
			continue;
		}
		shape = shape_random(world->config.max_segments, world->config.max_bytes,
				     world->config.indirect && chance_below(3));
		if (!shape.indirect && shape.count > world->config.num)
			shape = shape_random(1, world->config.max_bytes, false);
		if (world->config.map)
			world_make_pages(&shape);
		added += driver_add(&world->driver, &shape) >= 0;
	}
	if (added && driver_need_kick(&world->driver))
		world->pending |= WORLD_SUBMIT;
	return added;
}

static void handle_interrupt(struct world *world)
{
	world->pending &= ~WORLD_INTERRUPT;
	world->driver.awake = true;
	driver_disable_interrupts(&world->driver);
}

static void driver_work(struct world *world)
{
	u32 count = 1 + chance_below(8);
	bool asleep;

	while (count--) {
		if (driver_take_used(&world->driver))
			continue;
		asleep = chance_one_in(3) ? driver_enable_interrupts_late(&world->driver) :
					    driver_enable_interrupts(&world->driver);
		world->driver.awake = !asleep;
		return;
	}
}

/* ---- the back-end ------------------------------------------------------------------------ */

static void handle_kick(struct world *world)
{
	world->pending &= ~WORLD_KICK;
	world->device.awake = true;
	device_disable_kicks(&world->device);
}

static void device_work(struct world *world)
{
	u32 count = 1 + chance_below(8);

	while (count--) {
		if (device_take(&world->device))
			continue;
		world->device.awake = !device_enable_kicks(&world->device);
		return;
	}
}

static void device_call(struct world *world)
{
	device_publish(&world->device);
	if (device_need_call(&world->device))
		world->pending |= WORLD_COMPLETE;
}

/* Answers some, in any order; publishes one by one or all together. */
static void device_answers(struct world *world)
{
	u32 count = 1 + chance_below(world->device.num_held), which, writable;
	struct device *device = &world->device;
	bool together = chance_one_in(2);

	while (count--) {
		which = chance_below(device->num_held);
		writable = world->driver.req[device->held[which]].writable;
		device_answer(device, which, chance_one_in(2) ? writable :
							       chance_below(writable + 1));
		if (!together)
			device_call(world);
	}
	device_call(world);
}

/* Until the back-end holds all that was handed out. */
void world_take_all(struct world *world)
{
	while (device_take(&world->device))
		;
}

/* Answer one and call as need be. */
void world_answer(struct world *world, u16 head, u32 len)
{
	u32 i;

	for (i = 0; i < world->device.num_held; i++)
		if (world->device.held[i] == head)
			break;
	assert_true(i < world->device.num_held);
	device_answer(&world->device, i, len);
	device_call(world);
}

/* Hand out one request of these segments; the back-end has checked its contents. */
u16 world_hand_out(struct world *world, u32 count, const struct shape_segment *seg,
		   bool indirect, struct device_chain *chain)
{
	struct shape shape = shape_of(count, seg, indirect);
	int head = world_add(world, &shape);

	assert_true(head >= 0);
	world_submit(world);
	assert_true(device_take(&world->device));
	device_read_chain(&world->device, head, chain);
	return head;
}

/* ---- time ------------------------------------------------------------------------------- */

enum step {
	STEP_SUBMIT, STEP_COMPLETE, STEP_INTERRUPT, STEP_KICK, STEP_DRIVER, STEP_TAKE, STEP_ANSWER,
	NUM_STEPS,
};

static bool possible(const struct world *world, enum step step)
{
	switch (step) {
	case STEP_SUBMIT:
		return world->pending & WORLD_SUBMIT && !(world->running & WORLD_SUBMIT);
	case STEP_COMPLETE:
		return world->pending & WORLD_COMPLETE && !(world->running & WORLD_COMPLETE) &&
		       world->shadow;
	case STEP_INTERRUPT:
		return world->pending & WORLD_INTERRUPT;
	case STEP_KICK:
		return world->pending & WORLD_KICK && world->shadow;
	case STEP_DRIVER:
		return world->driver.awake;
	case STEP_TAKE:
		return world->device.awake && world->shadow;
	case STEP_ANSWER:
		return world->device.num_held && world->shadow;
	default:
		return false;
	}
}

static void (*const steps[NUM_STEPS])(struct world *world) = {
	[STEP_SUBMIT] = world_submit,
	[STEP_COMPLETE] = world_complete,
	[STEP_INTERRUPT] = handle_interrupt,
	[STEP_KICK] = handle_kick,
	[STEP_DRIVER] = driver_work,
	[STEP_TAKE] = device_work,
	[STEP_ANSWER] = device_answers,
};

/* One of the things that can happen without the driver asking for more. */
static bool step_some(struct world *world)
{
	enum step possible_steps[NUM_STEPS], step;
	u32 count = 0;

	for (step = 0; step < NUM_STEPS; step++)
		if (possible(world, step))
			possible_steps[count++] = step;
	if (!count)
		return false;
	shim_now_ns += chance_below(1000);
	steps[possible_steps[chance_below(count)]](world);
	return true;
}

void world_step(struct world *world)
{
	if (world->shadow && world->shadow->grants && chance_one_in(8)) {
		jiffies += chance_below(3);
		world_expire(world, 1 + chance_below(2));
	}
	if (!world->quiet && chance_one_in(4))
		world_add_random(world);
	else if (!step_some(world) && !world->quiet)
		world_add_random(world);
}

/* Until nothing happens any more. Returns whether all requests have come back. */
bool world_settle_down(struct world *world)
{
	while (step_some(world))
		;
	return !driver_outstanding(&world->driver);
}

/* No more requests: all must come back, and leave nothing behind. */
void world_drain(struct world *world)
{
	world->quiet = true;
	assert_true(world_settle_down(world));
	world->quiet = false;
	assert_int_equal(vlb_relay_in_flight(&world->relay), 0);
	assert_int_equal(world_extents_in_use(world), 0);
	assert_int_equal(world->driver.num_free, world->config.num);
}

/* Traffic; from time to time all comes to rest, so that nothing covers up a lost event. */
void world_run(struct world *world, u32 requests)
{
	u64 end = world->driver.added + requests;

	while (world->driver.added < end) {
		world_step(world);
		if (chance_one_in(200))
			world_drain(world);
	}
	world_drain(world);
	world_check_counters(world);
}

/* The same, and from time to time the back-end is lost. */
void world_run_with_losses(struct world *world, u32 count)
{
	while (count--) {
		if (chance_one_in(100)) {
			world_disconnect(world);
			world_connect(world);
		} else {
			world_step(world);
		}
		if (chance_one_in(200))
			world_drain(world);
	}
	world_drain(world);
	world_check_counters(world);
}

void world_check_counters(struct world *world)
{
	const struct vlb_relay *relay = &world->relay;
	u64 timed = 0;
	u32 i;

	assert_int_equal(relay->submitted, world->driver.added);
	assert_int_equal(relay->completed, world->driver.finished);
	assert_int_equal(relay->bytes, world->bytes);
	assert_int_equal(relay->kicks, world->kicks);
	assert_int_equal(relay->replays, world->replays);
	assert_int_equal(relay->errors, world->errors);
	for (i = 0; i < VLB_LATENCY_BUCKETS; i++)
		timed += relay->latency[i];
	assert_int_equal(timed, relay->completed - relay->errors);
}

/* ---- begin and end ------------------------------------------------------------------------ */

static bool in_order(const struct driver_request *req)
{
	u32 i;

	for (i = 1; i < req->count; i++)
		if (req->seg[i - 1].write && !req->seg[i].write)
			return false;
	return true;
}

/* The fail response is where it must be, and nothing else was touched. */
static void check_failed(const struct world *world, const struct driver_request *req, u32 len)
{
	const struct vlb_fail_response *fail = &world->relay.fail;
	u32 start = 0, i;

	if (fail->where == VLB_FAIL_EMPTY || req->writable < fail->len || !in_order(req)) {
		assert_int_equal(len, 0);
		return;
	}
	if (fail->where == VLB_FAIL_AT_END)
		start = req->writable - fail->len;
	assert_int_equal(len, start + fail->len);
	for (i = 0; i < start; i++)
		assert_int_equal(driver_writable_byte(req, i), DRIVER_CANARY);
	for (i = 0; i < fail->len; i++)
		assert_int_equal(driver_writable_byte(req, start + i), fail->data[i]);
}

static void came_back(void *context, const struct driver_request *req, u32 len)
{
	struct world *world = context;

	if (req->hopeless) {
		check_failed(world, req, len);
		world->errors++;
		return;
	}
	driver_check_answer(req, len);
	world->bytes += req->readable + len;
}

static void random_fail_response(struct vlb_fail_response *fail)
{
	u32 i;

	fail->where = chance_below(3);
	fail->len = chance_below(VLB_FAIL_SIZE + 1);
	for (i = 0; i < VLB_FAIL_SIZE; i++)
		fail->data[i] = chance_bits();
}

/* Among them many of more segments than are remembered. */
void world_use_long_requests(struct world_config *config)
{
	config->max_segments = 2 * VLB_PIECES;
	config->max_bytes = 256 << 10;
	config->arena = 4u << 20;
}

void world_init(struct world *world, const struct world_config *config)
{
	*world = (struct world){ .config = *config };
	driver_shows_pages = config->map;
	driver_shares = config->share;
	driver_init(&world->driver, config->num, config->event_idx, config->start);
	world->driver.done = came_back;
	world->driver.context = world;
	world->relay.name = "test";
	world->relay.flags = config->flags;
	random_fail_response(&world->relay.fail);
	assert_int_equal(vlb_relay_init(&world->relay, config->num), 0);
	vlb_relay_reset(&world->relay, &world->driver.vring, config->event_idx);
	world->relay.ring.last_avail = config->start;
	world->relay.ring.used_idx = config->start;
	world->relay.ring.signalled = config->start;
	world_connect(world);
	world_submit(world);
}

void world_exit(struct world *world)
{
	shim_preempt = NULL;
	if (world->shadow)
		world_disconnect(world);
	vlb_relay_exit(&world->relay);
	driver_exit(&world->driver);
}
