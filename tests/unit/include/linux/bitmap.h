/* SPDX-License-Identifier: GPL-2.0-only */
/* Not atomic, as in the kernel: the caller holds the lock. */
#ifndef SHIM_LINUX_BITMAP_H
#define SHIM_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/slab.h>
#include <stdlib.h>
#include <string.h>

static inline size_t bitmap_bytes(unsigned int bits)
{
	return (bits + BITS_PER_LONG - 1) / BITS_PER_LONG * sizeof(long);
}

static inline unsigned long *bitmap_zalloc(unsigned int bits, gfp_t flags)
{
	(void)flags;
	return shim_calloc(1, bitmap_bytes(bits));
}

static inline void bitmap_free(const unsigned long *map)
{
	free((void *)map);
}

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	memset(map, 0, bitmap_bytes(bits));
}

static inline bool bitmap_bit(const unsigned long *map, unsigned long bit)
{
	return map[BIT_WORD(bit)] & BIT_MASK(bit);
}

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int count)
{
	for (; count--; start++)
		map[BIT_WORD(start)] |= BIT_MASK(start);
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int count)
{
	for (; count--; start++)
		map[BIT_WORD(start)] &= ~BIT_MASK(start);
}

/* More than size if there is none, as in the kernel. */
static inline unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size,
						       unsigned long start, unsigned int count,
						       unsigned long align_mask)
{
	unsigned long bit;

	(void)align_mask;
	for (bit = start; bit < start + count; bit++) {
		if (start + count > size)
			return start + count;
		if (bitmap_bit(map, bit))
			start = bit + 1;
	}
	return start;
}

#endif
