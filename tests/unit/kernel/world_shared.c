// SPDX-License-Identifier: GPL-2.0-only
/* What shared.c does for a world, with a file that is a piece of this process's memory. */
#include <stdlib.h>
#include <string.h>

#include <linux/mm.h>

#include "shared.h"
#include "test.h"
#include "world.h"

#define PAGES	1024u

u32 world_refuse_shared;
const int *world_shared_where;

static u8 *memory;
static bool used[PAGES];
static u32 next;	/* the page behind the last buffer */

struct vlb_shared world_share(void)
{
	if (!memory)
		memory = aligned_alloc(PAGE_SIZE, PAGES * PAGE_SIZE);
	return (struct vlb_shared){ .file = (struct file *)memory, .num_pages = PAGES };
}

static bool is_free(u32 first, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (first + i >= PAGES || used[first + i])
			return false;
	return true;
}

/* A buffer in the file, often next to the last one; NULL if there is no room where it was tried. */
u8 *world_shared_alloc(u32 len)
{
	u32 offset = world_shared_where || chance_below(2) ? 0 : 512 * chance_below(8);
	u32 count = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	u32 first = chance_one_in(8) ? chance_below(PAGES) : next % PAGES;

	if (world_shared_where)
		first = *world_shared_where++;
	if (!is_free(first, count))
		return NULL;
	memset(used + first, true, count);
	next = first + count;
	return memory + first * PAGE_SIZE + offset;
}

/* Whether it is one of these. */
bool world_shared_has(const void *data, u32 len)
{
	uintptr_t offset = (uintptr_t)data - (uintptr_t)memory;

	return memory && (uintptr_t)data >= (uintptr_t)memory && offset <= PAGES * PAGE_SIZE &&
	       len <= PAGES * PAGE_SIZE - offset;
}

/* Returns whether it was one of these. */
bool world_shared_free(u8 *data, u32 len)
{
	u32 offset = data - memory;

	if (!world_shared_has(data, len))
		return false;
	memset(used + (offset >> PAGE_SHIFT), false,
	       (offset % PAGE_SIZE + len + PAGE_SIZE - 1) >> PAGE_SHIFT);
	return true;
}

/* What the back-end has mapped there. */
u8 *world_shared_at(u64 offset, u32 len)
{
	assert_true(offset <= PAGES * PAGE_SIZE && len <= PAGES * PAGE_SIZE - offset);
	return memory + offset;
}

bool vlb_shared_has(const struct vlb_shared *shared, const struct vlb_segment *seg, u64 *offset)
{
	assert_ptr_equal(shared->file, memory);
	if (world_refuse_shared && chance_one_in(world_refuse_shared))
		return false;
	*offset = (u8 *)seg->data - memory;
	return world_shared_has(seg->data, seg->len);
}

u64 vlb_shared_offset(const struct vlb_segment *seg)
{
	assert_true(world_shared_has(seg->data, seg->len));
	return (u8 *)seg->data - memory;
}
