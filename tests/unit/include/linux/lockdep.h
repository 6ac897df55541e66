/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LOCKDEP_H
#define SHIM_LINUX_LOCKDEP_H

#include <assert.h>
#include <errno.h>
#include <pthread.h>

/* By somebody: by whom a mutex does not tell. */
#define lockdep_assert_held(lock)	assert(pthread_mutex_trylock(lock) == EBUSY)

#endif
