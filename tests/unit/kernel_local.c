// SPDX-License-Identifier: GPL-2.0-only
/* Queues that the module serves itself. */
#include "kernel/test.h"
#include "kernel/model_driver.h"
#include "local.h"
#include "relay.h"

#include <stdlib.h>
#include <string.h>

/* As virtio-net has it: class and command, what they need, and the answer. */
static const struct shape_segment control_shape[] = { { 2, false }, { 4, false }, { 1, true } };

struct control_queue {
	struct driver driver;
	struct vlb_relay relay;
	struct vlb_local *local;
	u32 completed;
	u8 model_bytes[DRIVER_MAX_NUM][6];	/* what the model has written for each head */
};

static void on_done(void *context, const struct driver_request *req, u32 len)
{
	struct control_queue *queue = context;

	assert_int_equal(len, 1);
	assert_int_equal(req->seg[2].data[0], 0);
	queue->completed++;
}

static void queue_init(struct control_queue *queue, u32 num)
{
	memset(queue, 0, sizeof(*queue));
	driver_init(&queue->driver, num, true, 65530);
	queue->driver.done = on_done;
	queue->driver.context = queue;
	assert_int_equal(vlb_relay_init(&queue->relay, num), 0);
	queue->relay.index = 2;
	vlb_relay_reset(&queue->relay, &queue->driver.vring, true);
	queue->relay.ring.last_avail = queue->relay.ring.used_idx = 65530;
	queue->relay.ring.signalled = 65530;
	queue->local = vlb_local_create();
	assert_non_null(queue->local);
}

static void queue_exit(struct control_queue *queue)
{
	free(queue->local);
	vlb_relay_exit(&queue->relay);
	driver_exit(&queue->driver);
}

static void request(struct control_queue *queue, u8 class, u8 command, u8 value)
{
	const struct shape shape = shape_of(3, control_shape, chance_one_in(2));
	int head = driver_add(&queue->driver, &shape);
	struct driver_request *req;

	assert_true(head >= 0);
	req = &queue->driver.req[head];
	memcpy(queue->model_bytes[head], req->seg[0].data, 2);
	memcpy(queue->model_bytes[head] + 2, req->seg[1].data, 4);
	memcpy(req->seg[0].data, (u8[]){ class, command }, 2);
	memcpy(req->seg[1].data, (u8[]){ value, 0, 0, value }, 4);
	req->seg[2].data[0] = 0xff;
}

/* The model checks that nobody has touched what it has written: nobody but this test. */
static void restore(struct control_queue *queue)
{
	struct driver_request *req;
	u32 head;

	for (head = 0; head < queue->driver.vring.num; head++) {
		req = &queue->driver.req[head];
		if (!req->active)
			continue;
		memcpy(req->seg[0].data, queue->model_bytes[head], 2);
		memcpy(req->seg[1].data, queue->model_bytes[head] + 2, 4);
	}
}

static void expect(struct control_queue *queue, u8 class, u8 command, u8 value)
{
	const u8 data[] = { class, command, value, 0, 0, value };
	struct vlb_control control;

	assert_true(vlb_local_next(queue->local, &control));
	assert_int_equal(control.queue, 2);
	assert_int_equal(control.len, sizeof(data));
	assert_memory_equal(control.data, data, sizeof(data));
}

static void expect_nothing(struct control_queue *queue)
{
	struct vlb_control control;

	assert_false(vlb_local_next(queue->local, &control));
}

static void serve(struct control_queue *queue, u32 count)
{
	vlb_local_serve(queue->local, &queue->relay);
	assert_int_equal(queue->relay.completed - queue->completed, count);
	restore(queue);
	while (driver_take_used(&queue->driver))
		;
	assert_int_equal(queue->relay.completed, queue->completed);
	assert_int_equal(vlb_relay_in_flight(&queue->relay), 0);
}

static void last_of_each_kind(void **state)
{
	struct control_queue queue;

	(void)state;
	queue_init(&queue, 16);
	request(&queue, 4, 0, 2);
	request(&queue, 0, 0, 1);
	request(&queue, 4, 0, 1);
	serve(&queue, 3);
	expect(&queue, 4, 0, 1);
	expect(&queue, 0, 0, 1);
	expect_nothing(&queue);
	/* Once; the next owner hears of everything again. */
	request(&queue, 0, 0, 0);
	serve(&queue, 1);
	expect(&queue, 0, 0, 0);
	expect_nothing(&queue);
	vlb_local_renew(queue.local);
	expect(&queue, 4, 0, 1);
	expect(&queue, 0, 0, 0);
	vlb_local_reset(queue.local);
	vlb_local_renew(queue.local);
	expect_nothing(&queue);
	queue_exit(&queue);
}

/* More kinds than there is room for: all are served, the first are reported. */
static void too_many_kinds(void **state)
{
	struct control_queue queue;
	u32 i;

	(void)state;
	queue_init(&queue, 8);
	for (i = 0; i < 3 * VLB_CONTROL_KINDS; i++) {
		request(&queue, 1, i, i);
		serve(&queue, 1);
	}
	for (i = 0; i < VLB_CONTROL_KINDS; i++)
		expect(&queue, 1, i, i);
	expect_nothing(&queue);
	queue_exit(&queue);
}

/* Longer than what is reported, and without any of the parts. */
static void odd_requests(void **state)
{
	static const struct shape_segment odd[] = { { 40, false }, { 0, false }, { 9, true } };
	struct control_queue queue;
	struct vlb_control control;
	struct shape shape;
	u32 count;

	(void)state;
	queue_init(&queue, 8);
	queue.driver.done = NULL;
	for (count = 1; count <= 3; count++) {
		shape = shape_of(count, odd, false);
		assert_true(driver_add(&queue.driver, &shape) >= 0);
		vlb_local_serve(queue.local, &queue.relay);
		assert_int_equal(queue.relay.completed, count);
		assert_true(vlb_local_next(queue.local, &control));
		assert_int_equal(control.len, VLB_CONTROL_SIZE);
	}
	queue_exit(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(last_of_each_kind),
		test_case(too_many_kinds),
		test_case(odd_requests),
	};

	return test_run(tests);
}
