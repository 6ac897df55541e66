/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The thread sanitizer does not know fences. So smp_rmb() acquires what the last
 * READ_ONCE() read, and the first WRITE_ONCE() after smp_wmb() is a release: what a
 * barrier orders in the ring protocol, and no more, so that a missing one is a race.
 */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include <linux/compiler.h>

#ifdef __SANITIZE_THREAD__

void __tsan_acquire(void *addr);

#define smp_rmb()	__tsan_acquire((void *)shim_last_read)
#define smp_wmb()	(shim_write_barrier = true)
#define smp_mb() do {							\
	if (shim_last_read)						\
		smp_rmb();						\
	smp_wmb();							\
	__asm__ volatile("lock; addl $0, (%%rsp)" ::: "memory");	\
} while (0)

#else

#define smp_rmb()	(shim_point(), __atomic_thread_fence(__ATOMIC_ACQUIRE))
#define smp_wmb()	(shim_point(), __atomic_thread_fence(__ATOMIC_RELEASE))
#define smp_mb()	(shim_point(), __atomic_thread_fence(__ATOMIC_SEQ_CST))

#endif

#define smp_load_acquire(p)	(shim_point(), __atomic_load_n(p, __ATOMIC_ACQUIRE))
#define smp_store_release(p, v) do {					\
	shim_point();							\
	__atomic_store_n(p, v, __ATOMIC_RELEASE);			\
	shim_point();							\
} while (0)
#define smp_mb__before_atomic()	smp_mb()
#define smp_mb__after_atomic()	smp_mb()

#endif
