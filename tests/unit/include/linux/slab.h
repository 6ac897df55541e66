/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/types.h>
#include <stdlib.h>

#include "shim.h"

#define GFP_KERNEL	0u

static inline void *kvcalloc(size_t count, size_t size, gfp_t flags)
{
	(void)flags;
	return shim_calloc(count, size);
}

static inline void *kzalloc(size_t size, gfp_t flags)
{
	(void)flags;
	return shim_calloc(1, size);
}

static inline void *kvzalloc(size_t size, gfp_t flags)
{
	return kzalloc(size, flags);
}

static inline void *kmalloc(size_t size, gfp_t flags)
{
	return kzalloc(size, flags);
}

static inline void kfree(const void *p)
{
	free((void *)p);
}

static inline void kvfree(const void *p)
{
	free((void *)p);
}

#endif
