// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets (virtio specification 5.10): queues for receiving, sending, events.
 *
 * The event queue stays here, as it stays in QEMU: back-ends take two queues, and
 * vhost-device-vsock 0.3 warns of the third. The only event there is tells the driver that
 * all connections are gone; starting over does the same. The kernel takes one such device.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_vsock.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)		(1ULL << (n))

/* Virtio specification 5.10.3; older headers have only the second. */
#define F_STREAM	0
#define F_SEQPACKET	1

enum { RX_QUEUE, TX_QUEUE, EVENT_QUEUE };

static const struct vlb_feature_name features[] = {
	{ F_STREAM, "STREAM" },
	{ F_SEQPACKET, "SEQPACKET" },
	{ 0, NULL },
};

static const struct vlb_field fields[] = {
	{ "guest_cid", 0, sizeof(uint64_t), .front_end = false },
	{ .name = NULL },
};

/* 0 to 2 and all ones have meanings of their own. */
static int check_config(const uint8_t *config, char *why, size_t why_size)
{
	struct virtio_vsock_config vsock;

	memcpy(&vsock, config, sizeof(vsock));
	if (le64toh(vsock.guest_cid) > 2 && le64toh(vsock.guest_cid) < UINT32_MAX)
		return 0;
	snprintf(why, why_size, "is no vhost-user-vsock back-end: a context id of %" PRIu64
		 " is impossible", (uint64_t)le64toh(vsock.guest_cid));
	return -EPROTO;
}

const struct vlb_profile vlb_profile_vsock = {
	.name = "vsock",
	.device_id = VIRTIO_ID_VSOCK,
	.driver = "vmw_vsock_virtio_transport",
	.summary = "sockets of family AF_VSOCK",
	.node = "AF_VSOCK",
	.recovery = "the driver starts over and all connections end: back-ends forget them",
	.features = features,
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = {
		.base = 3, .size = 128, .max_size = 1024,
		.local = BIT(EVENT_QUEUE),
		.complete = BIT(TX_QUEUE),
	},
	/* The driver posts 4 KiB for each receive descriptor; it sends at most 64 KiB. */
	.arena = { .size = 4 << 20, .min = 80 << 10 },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = sizeof(struct virtio_vsock_config),
	.fields = fields,
	.fail_where = VLB_FAIL_EMPTY,
	.restart_driver = true,
	.check_config = check_config,
};
