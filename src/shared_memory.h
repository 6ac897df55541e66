/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SHARED_MEMORY_H
#define VLB_SHARED_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * The file of --shared-memory. Both functions say 0 (or the file descriptor) or -errno, with
 * a sentence in @why.
 */
int vlb_shared_memory_open(const char *path, char *why, size_t why_size);

/* How much of it the back-end can map now: whole pages, at least one. */
int vlb_shared_memory_size(int fd, uint64_t *size, char *why, size_t why_size);

#endif
