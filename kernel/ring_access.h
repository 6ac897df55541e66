/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_RING_ACCESS_H
#define VLB_RING_ACCESS_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/virtio_byteorder.h>

/* A 16-bit ring field that somebody else writes: read exactly once, little-endian. */
static inline u16 vlb_ring_get16(const __virtio16 *p)
{
	return __virtio16_to_cpu(true, READ_ONCE(*p));
}

/* A 16-bit ring field that somebody else reads. */
static inline void vlb_ring_put16(__virtio16 *p, u16 val)
{
	WRITE_ONCE(*p, __cpu_to_virtio16(true, val));
}

#endif
