// SPDX-License-Identifier: GPL-2.0-only
/*
 * I2C adapters (virtio specification 5.14): one queue, a request for each message.
 *
 * The driver refuses to work without ZERO_LENGTH_REQUEST. Each request ends with a status
 * byte. A message has at most 64 KiB; those of a transfer are queued together.
 *
 * vhost-device-i2c 0.1 takes what it finds in the queue for one transfer, whatever FAIL_NEXT
 * says. A read without the message before it would be one from another register.
 *
 * vhost-device-i2c 0.1 reports as written also what it has read, and of a read that
 * failed only the status, which lies behind the data. The driver does not look at it.
 */
#include <linux/virtio_i2c.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "profile.h"

static const struct vlb_feature_name features[] = {
	{ VIRTIO_I2C_F_ZERO_LENGTH_REQUEST, "ZERO_LENGTH_REQUEST" },
	{ 0, NULL },
};

/* The node needs the module i2c_dev; without it the name of the adapter has to do. */
static const struct vlb_node nodes[] = {
	{ "i2c-*/i2c-dev/i2c-*", "/dev/" },
	{ "i2c-*", "" },
	{ .pattern = NULL },
};

const struct vlb_profile vlb_profile_i2c = {
	.name = "i2c",
	.device_id = VIRTIO_ID_I2C_ADAPTER,
	.driver = "i2c_virtio",
	.summary = "I2C adapter",
	.node = "/dev/i2c-N",
	.recovery = "messages in flight go to the next back-end: a chip may see one twice",
	.features = features,
	.queues = {
		.base = 1, .size = 64, .max_size = 1024, .whole_answers = 1, .whole_transfers = 1,
	},
	.arena = { .size = 1 << 20, .min = 80 << 10 },
	.fail_where = VLB_FAIL_AT_END,
	.fail_len = 1,
	.fail_data = { VIRTIO_I2C_MSG_ERR },
	.nodes = nodes,
};
