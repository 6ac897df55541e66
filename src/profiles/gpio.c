// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPIO controllers (virtio specification 5.18): a queue of requests and, with IRQ, one of
 * a buffer for each line whose interrupt is enabled.
 *
 * A back-end remembers the direction and the interrupt type of each line. Another one
 * does not: vhost-device-gpio 0.1 says "OK" to the value of a line it has not configured,
 * and returns the buffer of a line without interrupt type at once as invalid, upon which
 * the driver hands it out again, for ever. Hence the driver starts over, and who has a
 * line open is told.
 *
 * The fail response is that of a request: 1 is "error". For an event buffer that would be an
 * interrupt, and anything else would make the driver complain or try again, so those wait.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_gpio.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)		(1ULL << (n))

enum { REQUEST_QUEUE, EVENT_QUEUE };

static const struct vlb_feature_name features[] = {
	{ VIRTIO_GPIO_F_IRQ, "IRQ" },
	{ 0, NULL },
};

#define FIELD(member) { #member, offsetof(struct virtio_gpio_config, member), \
	sizeof(((struct virtio_gpio_config *)0)->member), .front_end = false }

static const struct vlb_field fields[] = {
	FIELD(ngpio),
	FIELD(gpio_names_size),
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "gpiochip*", "/dev/" },
	{ .pattern = NULL },
};

static int check_config(const uint8_t *config, char *why, size_t why_size)
{
	struct virtio_gpio_config gpio;

	memcpy(&gpio, config, sizeof(gpio));
	if (gpio.ngpio)
		return 0;
	snprintf(why, why_size, "is no vhost-user-gpio back-end, or has no lines");
	return -EPROTO;
}

const struct vlb_profile vlb_profile_gpio = {
	.name = "gpio",
	.device_id = VIRTIO_ID_GPIO,
	.driver = "gpio_virtio",
	.summary = "GPIO controller",
	.node = "/dev/gpiochipN",
	.recovery = "the driver starts over, the node is a new one: back-ends forget directions and interrupts",
	.features = features,
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = {
		.base = 2, .feature = BIT(VIRTIO_GPIO_F_IRQ), .without_feature = 1,
		/* The event queue has to hold a buffer for each line. */
		.size = 256, .max_size = 256,
		.complete = BIT(REQUEST_QUEUE),
		.events = BIT(EVENT_QUEUE),
	},
	/* The names of all lines are one response. */
	.arena = { .size = 256 << 10, .min = 64 << 10 },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = sizeof(struct virtio_gpio_config),
	.fields = fields,
	.fail_where = VLB_FAIL_AT_START,
	.fail_len = 1,
	.fail_data = { VIRTIO_GPIO_STATUS_ERR },
	.restart_driver = true,
	.nodes = nodes,
	.check_config = check_config,
};
