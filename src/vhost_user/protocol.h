/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vhost-user: numbers and layouts of the protocol.
 *
 * Names and layouts follow the specification ("Vhost-user Protocol", QEMU's
 * docs/interop/vhost-user.rst). All fields are in native byte order. Only what a
 * front-end needs that does not migrate is here.
 */
#ifndef VU_PROTOCOL_H
#define VU_PROTOCOL_H

#include <stdint.h>

#define VU_BIT(n)	(1ULL << (n))

/* The feature bit that says: there are protocol features. */
#define VHOST_USER_F_PROTOCOL_FEATURES		30

#define VHOST_USER_PROTOCOL_F_MQ		0
#define VHOST_USER_PROTOCOL_F_REPLY_ACK		3
#define VHOST_USER_PROTOCOL_F_NET_MTU		4
#define VHOST_USER_PROTOCOL_F_BACKEND_REQ	5
#define VHOST_USER_PROTOCOL_F_CONFIG		9
#define VHOST_USER_PROTOCOL_F_RESET_DEVICE	13

/* Front-end message types. */
enum vu_request {
	VHOST_USER_GET_FEATURES = 1,
	VHOST_USER_SET_FEATURES = 2,
	VHOST_USER_SET_OWNER = 3,
	VHOST_USER_SET_MEM_TABLE = 5,
	VHOST_USER_SET_VRING_NUM = 8,
	VHOST_USER_SET_VRING_ADDR = 9,
	VHOST_USER_SET_VRING_BASE = 10,
	VHOST_USER_GET_VRING_BASE = 11,
	VHOST_USER_SET_VRING_KICK = 12,
	VHOST_USER_SET_VRING_CALL = 13,
	VHOST_USER_GET_PROTOCOL_FEATURES = 15,
	VHOST_USER_SET_PROTOCOL_FEATURES = 16,
	VHOST_USER_GET_QUEUE_NUM = 17,
	VHOST_USER_SET_VRING_ENABLE = 18,
	VHOST_USER_NET_SET_MTU = 20,
	VHOST_USER_SET_BACKEND_REQ_FD = 21,
	VHOST_USER_GET_CONFIG = 24,
	VHOST_USER_SET_CONFIG = 25,
	VHOST_USER_RESET_DEVICE = 34,
};

/* Back-end message types: what arrives on the back-end request channel. */
enum vu_backend_request {
	VHOST_USER_BACKEND_IOTLB_MSG = 1,
	VHOST_USER_BACKEND_CONFIG_CHANGE_MSG = 2,
};

#define VU_FLAG_VERSION_MASK	0x3u
#define VU_FLAG_VERSION		0x1u
#define VU_FLAG_REPLY		(1u << 2)
#define VU_FLAG_NEED_REPLY	(1u << 3)

struct vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;		/* of the payload */
};

struct vu_vring_state {
	uint32_t index;
	uint32_t num;
};

struct vu_vring_addr {
	uint32_t index;
	uint32_t flags;
	uint64_t desc;
	uint64_t used;
	uint64_t avail;
	uint64_t log;
};

struct vu_memory_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint64_t mmap_offset;
};

#define VU_MAX_REGIONS		8

struct vu_memory {
	uint32_t num_regions;
	uint32_t padding;
	struct vu_memory_region regions[VU_MAX_REGIONS];
};

#define VU_CONFIG_SIZE		256

struct vu_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t region[VU_CONFIG_SIZE];
};

#define VU_CONFIG_HEADER_SIZE	12u

/* In SET_VRING_KICK and SET_VRING_CALL: the queue index. */
#define VU_VRING_INDEX_MASK	0xffu

union vu_payload {
	uint64_t u64;
	struct vu_vring_state state;
	struct vu_vring_addr addr;
	struct vu_memory memory;
	struct vu_config config;
};

/* Header and payload are separate in memory: 12 bytes would misalign the payload. */
struct vu_message {
	struct vu_header header;
	union vu_payload payload;
};

#endif
