/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <pthread.h>

#include "shim.h"

typedef pthread_mutex_t spinlock_t;

#define spin_lock_init(lock)	pthread_mutex_init(lock, NULL)

#define spin_lock_irqsave(lock, flags) do {				\
	shim_point();							\
	(flags) = 0;							\
	pthread_mutex_lock(lock);					\
} while (0)

#define spin_unlock_irqrestore(lock, flags) do {			\
	(void)(flags);							\
	pthread_mutex_unlock(lock);					\
	shim_point();							\
} while (0)

#endif
