// SPDX-License-Identifier: GPL-2.0-only
/*
 * CAN controllers (virtio specification 5.19): queues for sending, receiving, control.
 *
 * The driver starts the controller when the interface goes up. Another back-end has not
 * been started, drops what arrives, and answers every frame to be sent with "not OK"
 * (vhost-device-can 0.1): hence the driver starts over.
 *
 * vhost-device-can 0.1.0 reads beyond its 2 bytes of configuration if it is asked for more.
 * When a frame arrives it takes all buffers that there are, and forgets those that it has
 * no frames for (rust-vmm/vhost-device issue 923): they are handed out again.
 */
#include <stdio.h>

#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)		(1ULL << (n))

/* Virtio specification 5.19.3 and 5.19.6.1; <linux/virtio_can.h> is newer than most. */
#define VIRTIO_CAN_F_CAN_CLASSIC	0
#define VIRTIO_CAN_F_CAN_FD		1
#define VIRTIO_CAN_F_RTR_FRAMES		2
#define VIRTIO_CAN_F_LATE_TX_ACK	3
#define VIRTIO_CAN_RESULT_NOT_OK	1
#define CONFIG_LEN			2u

enum { TX_QUEUE, RX_QUEUE, CONTROL_QUEUE };

static const struct vlb_feature_name features[] = {
	{ VIRTIO_CAN_F_CAN_CLASSIC, "CAN_CLASSIC" },
	{ VIRTIO_CAN_F_CAN_FD, "CAN_FD" },
	{ VIRTIO_CAN_F_RTR_FRAMES, "RTR_FRAMES" },
	{ VIRTIO_CAN_F_LATE_TX_ACK, "LATE_TX_ACK" },
	{ 0, NULL },
};

/* Bus-off, so far: no property of the controller. */
static const struct vlb_field fields[] = {
	{ "status", 0, CONFIG_LEN, .state = true },
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "net/*", "" },
	{ "net", NULL },	/* in another network namespace */
	{ .pattern = NULL },
};

const struct vlb_profile vlb_profile_can = {
	.name = "can",
	.device_id = VIRTIO_ID_CAN,
	.driver = "virtio_can",
	.summary = "CAN controller",
	.node = "canN",
	.recovery = "frames being sent are lost and the driver starts over, its interface down: back-ends forget that it was up",
	.features = features,
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = {
		.base = 3, .size = 64, .max_size = 64,
		.complete = BIT(TX_QUEUE) | BIT(CONTROL_QUEUE),
		.forgetful = BIT(RX_QUEUE),
	},
	.arena = { .size = 64 << 10 },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = CONFIG_LEN,
	.fields = fields,
	/* Sending and control have a byte; what is received starts with a type, unknown then. */
	.fail_where = VLB_FAIL_AT_START,
	.fail_len = 1,
	.fail_data = { VIRTIO_CAN_RESULT_NOT_OK },
	.restart_driver = true,
	.nodes = nodes,
};
