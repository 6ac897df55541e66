/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_VIRTIO_BYTEORDER_H
#define SHIM_LINUX_VIRTIO_BYTEORDER_H

#include <endian.h>
#include <linux/virtio_types.h>
#include <stdbool.h>

#define SHIM_BYTEORDER(bits)							\
	static inline __u##bits __virtio##bits##_to_cpu(bool little, __virtio##bits val)	\
	{									\
		return little ? le##bits##toh(val) : val;			\
	}									\
	static inline __virtio##bits __cpu_to_virtio##bits(bool little, __u##bits val)	\
	{									\
		return little ? htole##bits(val) : val;				\
	}

SHIM_BYTEORDER(16)
SHIM_BYTEORDER(32)
SHIM_BYTEORDER(64)

#endif
