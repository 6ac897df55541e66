// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arena: contiguous extents for request data, one arena a queue, so that queues
 * share neither a lock nor space and an empty arena always has room for the largest
 * request.
 *
 * First fit from the bottom. The extents used last tend to be the lowest, so a queue
 * that is not very deep keeps working in the same few pages, which stay in the cache.
 *
 * Context: any. The submitting side may run with interrupts disabled.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "arena.h"

/**
 * vlb_arena_init - set up an empty arena
 * @arena: the arena
 * @base: offset of its first byte in the pool
 * @size: bytes; what exceeds a multiple of VLB_GRANULE is left unused
 *
 * Return: 0 or -ENOMEM.
 */
int vlb_arena_init(struct vlb_arena *arena, u32 base, u32 size)
{
	spin_lock_init(&arena->lock);
	arena->base = base;
	arena->granules = size / VLB_GRANULE;
	arena->map = bitmap_zalloc(arena->granules, GFP_KERNEL);
	return arena->map ? 0 : -ENOMEM;
}

void vlb_arena_exit(struct vlb_arena *arena)
{
	bitmap_free(arena->map);
}

static u32 granules_of(u32 len)
{
	return len / VLB_GRANULE + (len % VLB_GRANULE != 0);
}

/* With the lock held. One granule is what most requests need. */
static unsigned long take(struct vlb_arena *arena, u32 count)
{
	unsigned long first;

	first = count == 1 ? find_first_zero_bit(arena->map, arena->granules) :
		bitmap_find_next_zero_area(arena->map, arena->granules, 0, count, 0);
	if (first >= arena->granules)
		return first;
	if (count == 1)
		__set_bit(first, arena->map);
	else
		bitmap_set(arena->map, first, count);
	return first;
}

/**
 * vlb_arena_alloc - take an extent
 * @arena: the arena
 * @len: bytes, at least 1
 * @offset: out: where the extent starts in the pool
 *
 * Return: 0; -ENOSPC: no room until another extent is freed; -E2BIG: never.
 */
int vlb_arena_alloc(struct vlb_arena *arena, u32 len, u32 *offset)
{
	u32 count = granules_of(len);
	unsigned long first, flags;

	if (count > arena->granules)
		return -E2BIG;
	spin_lock_irqsave(&arena->lock, flags);
	first = take(arena, count);
	spin_unlock_irqrestore(&arena->lock, flags);
	if (first >= arena->granules)
		return -ENOSPC;
	*offset = arena->base + (u32)first * VLB_GRANULE;
	return 0;
}

void vlb_arena_free(struct vlb_arena *arena, u32 offset, u32 len)
{
	u32 first = (offset - arena->base) / VLB_GRANULE, count = granules_of(len);
	unsigned long flags;

	spin_lock_irqsave(&arena->lock, flags);
	if (count == 1)
		__clear_bit(first, arena->map);
	else
		bitmap_clear(arena->map, first, count);
	spin_unlock_irqrestore(&arena->lock, flags);
}
