/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * READ_ONCE() and WRITE_ONCE() are volatile accesses, as in the kernel. For the thread
 * sanitizer they are relaxed atomics, which asm/barrier.h gives their order.
 */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#include "shim.h"

/* For sparse. */
#define __acquires(lock)
#define __releases(lock)

#ifdef __SANITIZE_THREAD__

extern __thread const volatile void *shim_last_read;
extern __thread bool shim_write_barrier;

#define READ_ONCE(x) ({							\
	shim_last_read = &(x);						\
	__atomic_load_n(&(x), __ATOMIC_RELAXED);			\
})

#define WRITE_ONCE(x, val) do {						\
	if (shim_write_barrier)						\
		__atomic_store_n(&(x), (val), __ATOMIC_RELEASE);	\
	else								\
		__atomic_store_n(&(x), (val), __ATOMIC_RELAXED);	\
	shim_write_barrier = false;					\
} while (0)

#else

#define READ_ONCE(x) ({							\
	shim_point();							\
	*(const volatile __typeof__(x) *)&(x);				\
})

#define WRITE_ONCE(x, val) do {						\
	__typeof__(x) shim_val = (val);					\
	shim_point();							\
	*(volatile __typeof__(x) *)&(x) = shim_val;			\
} while (0)

#endif

#endif
