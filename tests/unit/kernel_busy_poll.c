// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a submitter looks for its answer: the model is a task that makes one request after the other, or several at once
 * unless it is kept from that.
 */
#include <string.h>

#include "busy_poll.h"
#include "kernel/test.h"

static struct vlb_busy_poll make(u32 us)
{
	struct vlb_busy_poll poll;

	memset(&poll, 0xA5, sizeof(poll));
	vlb_busy_poll_start(&poll, us);
	assert_int_equal(poll.ns, 1000 * us);
	return poll;
}

/* One request after the other; how many of them are looked for. */
static unsigned int one_by_one(struct vlb_busy_poll *poll, unsigned int requests)
{
	unsigned int polled = 0;

	while (requests--)
		polled += vlb_busy_poll_pays(poll, 1);
	return polled;
}

/* The task has room for so many; whoever looks for an answer gets it. */
static unsigned int with_depth(struct vlb_busy_poll *poll, unsigned int requests, u32 depth)
{
	unsigned int polled = 0;
	u32 in_flight = 0;

	while (requests--) {
		in_flight++;
		if (vlb_busy_poll_pays(poll, in_flight)) {
			polled++;
			in_flight--;
		} else if (in_flight == depth) {
			in_flight = 0;
		}
	}
	return polled;
}

static void never_if_not_asked_for(void **state)
{
	struct vlb_busy_poll poll = make(0);

	(void)state;
	assert_int_equal(one_by_one(&poll, 10000), 0);
}

static void nearly_always_for_a_task_that_waits(void **state)
{
	struct vlb_busy_poll poll = make(1);

	(void)state;
	assert_true(one_by_one(&poll, 100) >= 95);
	assert_true(one_by_one(&poll, 10000) >= 9980);
	/* But never for good: only a request that is not looked for shows what the task does. */
	assert_true(one_by_one(&poll, 10000) < 10000);
}

static void hardly_ever_for_a_task_that_goes_on(void **state)
{
	struct vlb_busy_poll poll = make(1);
	u32 depth;

	(void)state;
	for (depth = 2; depth <= 256; depth *= 2) {
		with_depth(&poll, 4000, depth); /* it may have waited before */
		assert_true(with_depth(&poll, 10000, depth) <= 100);
	}
}

static void again_when_it_waits_again(void **state)
{
	struct vlb_busy_poll poll = make(1);

	(void)state;
	with_depth(&poll, 1000, 32);
	assert_true(one_by_one(&poll, 1000) >= 900);
}

static void not_for_what_is_answered_already(void **state)
{
	struct vlb_busy_poll poll = make(1);

	(void)state;
	one_by_one(&poll, 5);
	assert_false(vlb_busy_poll_pays(&poll, 0));
	assert_true(vlb_busy_poll_pays(&poll, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(never_if_not_asked_for),
		test_case(nearly_always_for_a_task_that_waits),
		test_case(hardly_ever_for_a_task_that_goes_on),
		test_case(again_when_it_waits_again),
		test_case(not_for_what_is_answered_already),
	};

	return test_run(tests);
}
