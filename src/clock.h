/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_CLOCK_H
#define VLB_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds that only ever grow; for deadlines. */
static inline int64_t vlb_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
