// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel provides to the code under test: see shim.h. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/timekeeping.h>

#include "shim.h"

void (*shim_preempt)(void);
unsigned int shim_fail_allocation;
uint64_t shim_now_ns;
bool shim_count_warnings;
unsigned int shim_warnings;
unsigned long jiffies;

#ifdef __SANITIZE_THREAD__
__thread const volatile void *shim_last_read;
__thread bool shim_write_barrier;
#endif

void shim_warn(const char *what, const char *file, int line)
{
	shim_warnings++;
	if (shim_count_warnings)
		return;
	fprintf(stderr, "%s:%d: WARN_ON_ONCE(%s)\n", file, line, what);
	abort();
}

void *shim_calloc(size_t count, size_t size)
{
	if (shim_fail_allocation && !--shim_fail_allocation)
		return NULL;
	return calloc(count, size);
}

u64 ktime_get_ns(void)
{
	struct timespec now;

	shim_point();
	if (shim_now_ns)
		return shim_now_ns;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}
