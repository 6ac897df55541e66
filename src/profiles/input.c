// SPDX-License-Identifier: GPL-2.0-only
/*
 * Input devices (virtio specification 5.8): a queue of event buffers and one of status
 * (LEDs). What the device is lies in pages of the configuration space.
 */
#include <linux/virtio_ids.h>
#include <linux/virtio_input.h>
#include <linux/virtio_loopback.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)		(1ULL << (n))
#define STATUS_QUEUE	1

#define EV_ABS		0x03	/* <linux/input-event-codes.h> */
#define EV_MAX		0x1f
#define ABS_MAX		0x3f

_Static_assert(sizeof(struct virtio_input_config) == 136, "layout");

static const struct vlb_feature_name features[] = {
	{ 0, NULL },
};

static const struct vlb_page_range pages[] = {
	{ VIRTIO_INPUT_CFG_ID_NAME, 0, 0, false },
	{ VIRTIO_INPUT_CFG_ID_SERIAL, 0, 0, false },
	{ VIRTIO_INPUT_CFG_ID_DEVIDS, 0, 0, false },
	{ VIRTIO_INPUT_CFG_PROP_BITS, 0, 0, false },
	{ VIRTIO_INPUT_CFG_EV_BITS, 0, EV_MAX, false },
	{ VIRTIO_INPUT_CFG_ABS_INFO, 0, ABS_MAX, .listed = true,
	  .by_select = VIRTIO_INPUT_CFG_EV_BITS, .by_subsel = EV_ABS,
	  .bitmap_offset = offsetof(struct virtio_input_config, u.bitmap) },
	{ .select = 0 },
};

static const struct vlb_node nodes[] = {
	{ "input/input*/event*", "/dev/input/" },
	{ .pattern = NULL },
};

const struct vlb_profile vlb_profile_input = {
	.name = "input",
	.device_id = VIRTIO_ID_INPUT,
	.driver = "virtio_input",
	.summary = "keyboard, mouse, touch screen...",
	.node = "/dev/input/eventN",
	.recovery = "empty buffers go to the next back-end; what happened in between is lost",
	.features = features,
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	/*
	 * The driver uses 64 event buffers at most. QEMU's vhost-user-input reports what it has
	 * read from the status queue as written.
	 */
	.queues = { .base = 2, .size = 64, .max_size = 1024, .clamp = BIT(STATUS_QUEUE) },
	.arena = { .size = 64 << 10 },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = sizeof(struct virtio_input_config),
	.select_len = 2,
	.pages = pages,
	.fail_where = VLB_FAIL_EMPTY,
	.nodes = nodes,
};
