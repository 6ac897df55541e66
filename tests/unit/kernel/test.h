/* SPDX-License-Identifier: GPL-2.0-only */
/* cmocka with what it needs included before it. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/types.h>

#include "chance.h"
#include "shim.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

/* Before each test: nothing left over from one that failed. */
static inline int test_begin(void **state)
{
	(void)state;
	chance_restart();
	shim_preempt = NULL;
	shim_fail_allocation = 0;
	shim_now_ns = 1000000000;
	shim_count_warnings = false;
	shim_warnings = 0;
	return 0;
}

/* For main(). What a failed test has not freed is nobody's concern. */
#define test_run(tests) ({						\
	chance_init();							\
	if (cmocka_run_group_tests(tests, NULL, NULL)) {		\
		fflush(NULL);						\
		_exit(1);						\
	}								\
	0;								\
})

#define test_case(function)	cmocka_unit_test_setup(function, test_begin)

#endif
