/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include <assert.h>
#include <string.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ul << PAGE_SHIFT)

/* Both are aligned: some architectures cannot do otherwise. */
static inline void copy_page(void *to, void *from)
{
	assert((((unsigned long)to | (unsigned long)from) & (PAGE_SIZE - 1)) == 0);
	memcpy(to, from, PAGE_SIZE);
}

#endif
