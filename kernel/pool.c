// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: the memory that a back-end sees. An ordinary memfd made by the adapter,
 * whose pages the module pins and maps for as long as a port uses them, so that
 * whatever becomes of the file, the module's view stays.
 *
 *   queue 0: ring, slots | queue 1: ring, slots | ... | arena 0 | arena 1 | ...
 *
 * Context: process; may sleep.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arena.h"
#include "layout.h"
#include "pool.h"
#include "shadow_ring.h"

static u32 queue_memory(const struct vlb_queue_desc *queue)
{
	return ALIGN(vlb_shadow_ring_size(queue->size), VLB_SLOT_SIZE) +
	       queue->size * VLB_SLOT_SIZE;
}

/* Where the shadow ring of a queue starts; for num_queues: where the rings end. */
u32 vlb_pool_ring_offset(const struct vlb_device_desc *desc, u32 index)
{
	u32 offset = 0, i;

	for (i = 0; i < index; i++)
		offset += ALIGN(queue_memory(&desc->queue[i]), VLB_GRANULE);
	return offset;
}

u32 vlb_pool_slots_offset(const struct vlb_device_desc *desc, u32 index)
{
	return vlb_pool_ring_offset(desc, index) +
	       ALIGN(vlb_shadow_ring_size(desc->queue[index].size), VLB_SLOT_SIZE);
}

/* Only files whose pages are memory and nothing else may be pinned for long. */
static int check_file(struct file *file, u64 size)
{
	struct inode *inode = file_inode(file);
	unsigned long magic = inode->i_sb->s_magic;

	if (magic != TMPFS_MAGIC && magic != HUGETLBFS_MAGIC)
		return -EINVAL;
	return i_size_read(inode) == size ? 0 : -EINVAL;
}

/* Offsets in the pool are u32 everywhere, hence VLB_MAX_POOL_SIZE. */
static int check_size(const struct vlb_pool *pool, bool unlimited)
{
	unsigned long pages = pool->size >> PAGE_SHIFT;

	if (!pool->size || !PAGE_ALIGNED(pool->size) || pool->size > VLB_MAX_POOL_SIZE)
		return -EINVAL;
	if (pages > totalram_pages() / 2)
		return -ENOMEM;
	return unlimited || pages <= rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT ? 0 : -ENOMEM;
}

static void unpin(struct vlb_pool_map *map)
{
	unpin_user_pages(map->pages, map->num_pages);
}

/* On return num_pages says how many are pinned, on failure too. */
static int pin_range(struct vlb_pool_map *map, unsigned long start, unsigned long wanted)
{
	int got;

	while (map->num_pages < wanted) {
		got = pin_user_pages_fast(start + (map->num_pages << PAGE_SHIFT),
					  min_t(unsigned long, wanted - map->num_pages, SZ_64K),
					  FOLL_WRITE | FOLL_LONGTERM,
					  map->pages + map->num_pages);
		if (got <= 0)
			return got ?: -EFAULT;
		map->num_pages += got;
	}
	return 0;
}

/*
 * Pins by way of a temporary mapping in the caller's address space: that is the one
 * interface that serves shmem and hugetlbfs alike on every kernel.
 */
static int pin(struct vlb_pool_map *map, struct file *file, u64 size)
{
	unsigned long start;
	int err;

	start = vm_mmap(file, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (IS_ERR_VALUE(start))
		return start;
	err = pin_range(map, start, size >> PAGE_SHIFT);
	vm_munmap(start, size);
	if (err)
		unpin(map);
	return err;
}

static int divide(struct vlb_pool_map *map, u64 size, const struct vlb_device_desc *desc)
{
	u64 rings = vlb_pool_ring_offset(desc, desc->num_queues);

	if (size < rings)
		return -ENOSPC;
	map->arena_offset = rings;
	map->arena_size = round_down(div_u64(size - rings, desc->num_queues), VLB_GRANULE);
	return map->arena_size ? 0 : -ENOSPC;
}

static int map_file(struct vlb_pool_map *map, struct file *file, u64 size)
{
	int err;

	map->pages = kvcalloc(size >> PAGE_SHIFT, sizeof(*map->pages), GFP_KERNEL);
	if (!map->pages)
		return -ENOMEM;
	err = pin(map, file, size);
	if (err)
		goto free_pages;
	map->vaddr = vmap(map->pages, map->num_pages, VM_MAP, PAGE_KERNEL);
	if (map->vaddr)
		return 0;
	err = -ENOMEM;
	unpin(map);
free_pages:
	kvfree(map->pages);
	return err;
}

/**
 * vlb_pool_create - pin and map a memfd
 * @pool: what the adapter asked for
 * @desc: the device's queues
 * @unlimited: RLIMIT_MEMLOCK does not apply
 *
 * Return: the pool with one reference, or an error as VLB_SET_POOL has it.
 */
struct vlb_pool_map *vlb_pool_create(const struct vlb_pool *pool,
				     const struct vlb_device_desc *desc, bool unlimited)
{
	struct vlb_pool_map *map;
	struct file *file;
	int err;

	err = check_size(pool, unlimited);
	if (err)
		return ERR_PTR(err);
	map = kzalloc(sizeof(*map), GFP_KERNEL);
	if (!map)
		return ERR_PTR(-ENOMEM);
	kref_init(&map->ref);
	err = divide(map, pool->size, desc);
	if (err)
		goto free_map;
	file = fget(pool->fd);
	err = file ? check_file(file, pool->size) : -EBADF;
	if (!err)
		err = map_file(map, file, pool->size);
	if (file)
		fput(file);
	if (!err)
		return map;
free_map:
	kfree(map);
	return ERR_PTR(err);
}

struct vlb_pool_map *vlb_pool_get(struct vlb_pool_map *map)
{
	kref_get(&map->ref);
	return map;
}

static void release(struct kref *ref)
{
	struct vlb_pool_map *map = container_of(ref, struct vlb_pool_map, ref);

	vunmap(map->vaddr);
	unpin(map);
	kvfree(map->pages);
	kfree(map);
}

void vlb_pool_put(struct vlb_pool_map *map)
{
	if (map)
		kref_put(&map->ref, release);
}
