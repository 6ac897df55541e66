/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_POOL_H
#define VLB_POOL_H

#include <linux/kref.h>
#include <linux/mm_types.h>
#include <linux/types.h>
#include <linux/virtio_loopback.h>

/**
 * struct vlb_pool_map - a memfd, pinned and mapped
 * @ref: one for the device, one for each port that uses it
 * @pages: the pages
 * @num_pages: how many
 * @vaddr: where the kernel sees them
 * @arena_offset: first byte of queue 0's arena; rings and slots come before
 * @arena_size: bytes of each queue's arena
 */
struct vlb_pool_map {
	struct kref ref;
	struct page **pages;
	unsigned long num_pages;
	u8 *vaddr;
	u32 arena_offset;
	u32 arena_size;
};

struct vlb_pool_map *vlb_pool_create(const struct vlb_pool *pool,
				     const struct vlb_device_desc *desc, bool unlimited);
struct vlb_pool_map *vlb_pool_get(struct vlb_pool_map *map);
void vlb_pool_put(struct vlb_pool_map *map);
u32 vlb_pool_ring_offset(const struct vlb_device_desc *desc, u32 index);
u32 vlb_pool_slots_offset(const struct vlb_device_desc *desc, u32 index);

#endif
