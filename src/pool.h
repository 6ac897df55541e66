/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_POOL_H
#define VLB_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_loopback.h>

#define VLB_POOL_MIN		(64ULL << 10)
#define VLB_POOL_MAX		VLB_MAX_POOL_SIZE

/* What @num_queues queues of @queue_size need to run well. */
uint64_t vlb_pool_default_size(unsigned int num_queues, unsigned int queue_size,
			       uint64_t arena_size);

/* @size, rounded up to what a pool file can have. */
uint64_t vlb_pool_round_size(uint64_t size, bool hugepages);

/*
 * A new memfd of @size bytes, sealed against changes of its size. The file descriptor,
 * or -errno with a sentence in @why.
 */
int vlb_pool_create(uint64_t size, bool hugepages, char *why, size_t why_size);

#endif
