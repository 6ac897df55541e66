// SPDX-License-Identifier: GPL-2.0-only
/*
 * When single requests are handed over: the model is a task that makes one request after the other, each of which takes
 * as long as the way of the one before it makes it take.
 */
#include <string.h>

#include "handover.h"
#include "kernel/test.h"

static struct vlb_handover make(void)
{
	struct vlb_handover handover;

	memset(&handover, 0xA5, sizeof(handover));
	vlb_handover_disturb(&handover);
	return handover;
}

/* Returns how many are handed over, if a request takes so long in the call, and handed over; and up to @noise more. */
static unsigned int one_by_one(struct vlb_handover *handover, unsigned int requests, u32 called_ns, u32 handed_ns,
			       u32 noise)
{
	unsigned int handed = 0;

	while (requests--) {
		bool pays = vlb_handover_next(handover);

		handed += pays;
		shim_now_ns += (pays ? handed_ns : called_ns) + chance_below(noise);
	}
	return handed;
}

static void nearly_always_where_it_is_quicker(void **state)
{
	struct vlb_handover handover = make();

	(void)state;
	assert_true(one_by_one(&handover, 1000, 40000, 37000, 0) >= 800);
	assert_true(one_by_one(&handover, 100000, 40000, 37000, 0) >= 99500);
	/* But never for good. */
	assert_true(one_by_one(&handover, 10000, 40000, 37000, 0) < 10000);
}

static void hardly_ever_where_it_is_not(void **state)
{
	struct vlb_handover handover = make();

	(void)state;
	assert_true(one_by_one(&handover, 1000, 28000, 33000, 0) <= 50);
	assert_true(one_by_one(&handover, 100000, 28000, 33000, 0) <= 500);
	assert_true(one_by_one(&handover, 10000, 28000, 33000, 0) > 0);
}

static void hardly_ever_without_a_difference(void **state)
{
	struct vlb_handover handover = make();

	(void)state;
	assert_true(one_by_one(&handover, 100000, 40000, 39500, 0) <= 500);
	vlb_handover_disturb(&handover);
	assert_true(one_by_one(&handover, 100000, 40000, 38700, 0) >= 99500);
}

static void pauses_tell_nothing(void **state)
{
	struct vlb_handover handover = make();
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_true(one_by_one(&handover, 10, 28000, 33000, 0) == 0);
		shim_now_ns += 2000000;
	}
	assert_int_equal(one_by_one(&handover, 128, 28000, 33000, 0), 16);
}

static void another_back_end_is_found_out(void **state)
{
	struct vlb_handover handover = make();

	(void)state;
	one_by_one(&handover, 100000, 40000, 37000, 0);
	one_by_one(&handover, 8192 + 32, 28000, 33000, 0);
	assert_true(one_by_one(&handover, 10000, 28000, 33000, 0) <= 100);
	one_by_one(&handover, 8192 + 32, 40000, 37000, 0);
	assert_true(one_by_one(&handover, 10000, 40000, 37000, 0) >= 9800);
}

static void chance_decides_only_now_and_then(void **state)
{
	struct vlb_handover handover = make();

	(void)state;
	assert_true(one_by_one(&handover, 200000, 40000, 34000, 20000) >= 190000);
	vlb_handover_disturb(&handover);
	assert_true(one_by_one(&handover, 200000, 34000, 40000, 20000) <= 2000);
}

/* As long as there are several at a time every now and then, nothing is tried. */
static void never_between_deeper_ones(void **state)
{
	struct vlb_handover handover = make();
	unsigned int i;

	(void)state;
	one_by_one(&handover, 100000, 40000, 37000, 0);
	for (i = 0; i < 1000; i++) {
		vlb_handover_disturb(&handover);
		assert_int_equal(one_by_one(&handover, 128 + chance_below(16), 40000, 37000, 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(nearly_always_where_it_is_quicker),
		test_case(hardly_ever_where_it_is_not),
		test_case(hardly_ever_without_a_difference),
		test_case(pauses_tell_nothing),
		test_case(another_back_end_is_found_out),
		test_case(chance_decides_only_now_and_then),
		test_case(never_between_deeper_ones),
	};

	return test_run(tests);
}
