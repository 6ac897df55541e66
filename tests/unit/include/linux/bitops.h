/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BITOPS_H
#define SHIM_LINUX_BITOPS_H

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define BITS_PER_LONG		(8 * (unsigned int)sizeof(long))
#define BIT_WORD(bit)		((bit) / BITS_PER_LONG)
#define BIT_MASK(bit)		(1UL << ((bit) % BITS_PER_LONG))

static inline void set_bit(unsigned long bit, unsigned long *map)
{
	shim_point();
	__atomic_fetch_or(&map[BIT_WORD(bit)], BIT_MASK(bit), __ATOMIC_RELAXED);
	shim_point();
}

static inline void clear_bit(unsigned long bit, unsigned long *map)
{
	shim_point();
	__atomic_fetch_and(&map[BIT_WORD(bit)], ~BIT_MASK(bit), __ATOMIC_RELAXED);
	shim_point();
}

static inline bool test_bit(unsigned long bit, const unsigned long *map)
{
	shim_point();
	return __atomic_load_n(&map[BIT_WORD(bit)], __ATOMIC_RELAXED) & BIT_MASK(bit);
}

/* These are not atomic, as in the kernel: the caller holds the lock. */
static inline void __set_bit(unsigned long bit, unsigned long *map)
{
	map[BIT_WORD(bit)] |= BIT_MASK(bit);
}

static inline void __clear_bit(unsigned long bit, unsigned long *map)
{
	map[BIT_WORD(bit)] &= ~BIT_MASK(bit);
}

static inline unsigned long find_first_zero_bit(const unsigned long *map, unsigned long size)
{
	unsigned long bit = 0;

	while (bit < size && map[BIT_WORD(bit)] & BIT_MASK(bit))
		bit++;
	return bit;
}

static inline unsigned long find_next_bit(const unsigned long *map, unsigned long size,
					  unsigned long bit)
{
	while (bit < size && !test_bit(bit, map))
		bit++;
	return bit;
}

static inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

#define for_each_set_bit(bit, map, size)				\
	for ((bit) = find_next_bit(map, size, 0); (bit) < (size);	\
	     (bit) = find_next_bit(map, size, (bit) + 1))

#endif
