/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests can do to the kernel code under test: let "another CPU" run between two
 * of its memory accesses, let allocations fail, set the clock, expect warnings.
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called before each marked memory access; whatever another CPU could do now, it may. */
extern void (*shim_preempt)(void);

/* Let the n-th allocation from now on fail; 0: none. */
extern unsigned int shim_fail_allocation;

/* What ktime_get_ns() returns; 0: the real clock. */
extern uint64_t shim_now_ns;

/* A warning ends the program unless it is only to be counted. */
extern bool shim_count_warnings;
extern unsigned int shim_warnings;

void shim_warn(const char *what, const char *file, int line);
void *shim_calloc(size_t count, size_t size);

static inline void shim_point(void)
{
	if (shim_preempt)
		shim_preempt();
}

#endif
