/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_ARENA_H
#define VLB_ARENA_H

#include <linux/spinlock.h>
#include <linux/types.h>

#define VLB_GRANULE	4096u	/* also the alignment of every extent */

/**
 * struct vlb_arena - the part of the pool that holds one queue's request data
 * @lock: guards @map; taken by the submitting and the completing side
 * @map: one bit a granule, set while in use
 * @granules: number of granules
 * @base: offset of the first granule in the pool, in bytes
 */
struct vlb_arena {
	spinlock_t lock; /* see above */
	unsigned long *map;
	u32 granules;
	u32 base;
};

int vlb_arena_init(struct vlb_arena *arena, u32 base, u32 size);
void vlb_arena_exit(struct vlb_arena *arena);
int vlb_arena_alloc(struct vlb_arena *arena, u32 len, u32 *offset);
void vlb_arena_free(struct vlb_arena *arena, u32 offset, u32 len);

#endif
