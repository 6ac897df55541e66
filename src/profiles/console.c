// SPDX-License-Identifier: GPL-2.0-only
/*
 * Consoles (virtio specification 5.3).
 *
 * Two queues for port 0; with MULTIPORT two for control, and two for each other port. Two
 * of data and two of control are what vhost-user back-ends have, so there is one port:
 * max_nr_ports is lowered accordingly, because the driver asks for the queues of all.
 *
 * vhost-device-console 0.1.0 reads beyond its 12 bytes of configuration if it is asked for
 * more. It uses a buffer for input once for each byte: so it gets one at a time, and its
 * last word counts. It takes buffers even if it has no input, and forgets them: they are
 * handed out again. The lengths that it reports for output are those that it has read.
 *
 * The driver spins until output is done, with interrupts off and under locks: so it is done
 * before the back-end has it. What a back-end has when it is killed is lost, as on a serial
 * line; what it has not seen yet goes to the next one.
 *
 * Another back-end goes on where the last one stopped, without the control messages of
 * the beginning: they only announce ports that the driver has already.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)		(1ULL << (n))
#define CONFIG_LEN	12u

_Static_assert(sizeof(struct virtio_console_config) == CONFIG_LEN, "layout");

enum { PORT_IN, PORT_OUT, CONTROL_IN, CONTROL_OUT };

static const struct vlb_feature_name features[] = {
	{ VIRTIO_CONSOLE_F_SIZE, "SIZE" },
	{ VIRTIO_CONSOLE_F_MULTIPORT, "MULTIPORT" },
	{ 0, NULL },
};

#define FIELD(member, ...) { #member, offsetof(struct virtio_console_config, member), \
	sizeof(((struct virtio_console_config *)0)->member), __VA_ARGS__ }

static const struct vlb_field fields[] = {
	FIELD(cols, .state = true),
	FIELD(rows, .state = true),
	FIELD(max_nr_ports, .front_end = true),
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "virtio-ports/vport*", "/dev/" },
	{ .pattern = NULL },
};

static int adjust_config(const struct vlb_plan *plan, uint8_t *config, char *why,
			 size_t why_size)
{
	struct virtio_console_config console;
	uint32_t max = plan->num_queues / 2 - 1;

	(void)why;
	(void)why_size;
	memcpy(&console, config, CONFIG_LEN);
	if (plan->features & BIT(VIRTIO_CONSOLE_F_MULTIPORT) &&
	    (!console.max_nr_ports || le32toh(console.max_nr_ports) > max))
		console.max_nr_ports = htole32(max);
	memcpy(config, &console, CONFIG_LEN);
	return 0;
}

const struct vlb_profile vlb_profile_console = {
	.name = "console",
	.device_id = VIRTIO_ID_CONSOLE,
	.driver = "virtio_console",
	.summary = "console or serial port",
	.node = "/dev/hvcN and /dev/vportNpM",
	.recovery = "output that the back-end has is lost; what comes then waits for the next one, up to 256 KiB",
	.features = features,
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = {
		.base = 4, .feature = BIT(VIRTIO_CONSOLE_F_MULTIPORT), .without_feature = 2,
		.size = 64, .max_size = 128,
		.posted = BIT(PORT_OUT) | BIT(CONTROL_OUT),
		.stream = BIT(PORT_OUT),
		.complete = BIT(PORT_OUT),
		.clamp = BIT(PORT_OUT) | BIT(CONTROL_OUT),
		.one_request = BIT(PORT_IN) | BIT(CONTROL_IN),
		.forgetful = BIT(PORT_IN) | BIT(CONTROL_IN),
	},
	/* The driver posts a page for each descriptor of the receive queue. */
	.arena = { .size = 1 << 20, .min_pages = 2 },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = CONFIG_LEN,
	.fields = fields,
	.fail_where = VLB_FAIL_EMPTY,
	.nodes = nodes,
	.adjust_config = adjust_config,
};
