/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SHARED_H
#define VLB_SHARED_H

#include <linux/types.h>

#include "driver_ring.h"

struct file;
struct vlb_share_memory;

/**
 * struct vlb_shared - memory that applications and the back-end have in common
 * @file: a file of tmpfs, or NULL: there is none
 * @num_pages: of it, from its beginning, which the back-end has mapped
 */
struct vlb_shared {
	struct file *file;
	unsigned long num_pages;
};

int vlb_shared_open(struct vlb_shared *shared, const struct vlb_share_memory *share);
struct vlb_shared vlb_shared_get(const struct vlb_shared *shared);
void vlb_shared_put(const struct vlb_shared *shared);
bool vlb_shared_has(const struct vlb_shared *shared, const struct vlb_segment *seg, u64 *offset);
u64 vlb_shared_offset(const struct vlb_segment *seg);

#endif
