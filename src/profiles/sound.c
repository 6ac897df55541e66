// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sound cards (virtio specification 5.14 in version 1.2): queues for control, events,
 * playback, capture.
 *
 * A back-end remembers the parameters and the state of each stream; another one does
 * not, and its streams would stay silent while the driver thinks that they play. Hence the
 * driver starts over: the card goes, a new one of the same id comes.
 *
 * The driver queues a whole buffer of periods. The fail response is the status of a
 * control request and of playback; a capture request has its status behind the data and
 * its driver looks only at the length.
 *
 * Without a back-end control requests fail at once. The driver, when it is removed, frees
 * those that are in flight, and then crashes when they are completed (Linux 7.3,
 * virtsnd_ctl_msg_cancel_all()). So there should be none when it starts over.
 *
 * EVENT_IDX is not offered: with it vhost-device-sound 0.3.0 goes round and round over the
 * event queue, whose buffers it never takes, and answers nothing any more.
 */
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_snd.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)		(1ULL << (n))
#define CONFIG_LEN	12u	/* 16 with CTLS, which no vhost-user back-end has */

enum { CONTROL_QUEUE, EVENT_QUEUE, TX_QUEUE, RX_QUEUE };

static const struct vlb_feature_name features[] = {
	{ 0, NULL },
};

#define FIELD(member) { #member, offsetof(struct virtio_snd_config, member), \
	sizeof(((struct virtio_snd_config *)0)->member), .front_end = false }

static const struct vlb_field fields[] = {
	FIELD(jacks),
	FIELD(streams),
	FIELD(chmaps),
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "sound/card*/controlC*", "/dev/snd/" },
	{ .pattern = NULL },
};

const struct vlb_profile vlb_profile_sound = {
	.name = "sound",
	.device_id = VIRTIO_ID_SOUND,
	.driver = "virtio_snd",
	.summary = "sound card",
	.node = "/dev/snd/controlCN, ALSA card",
	.recovery = "what plays stops and the driver starts over: back-ends forget their streams",
	.features = features,
	.withheld_ring_features = BIT(VIRTIO_RING_F_EVENT_IDX),
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = {
		/* With another size the driver would lose periods without a word. */
		.base = 4, .size = 64, .max_size = 64,
		.discard = BIT(CONTROL_QUEUE),
		.complete = BIT(TX_QUEUE) | BIT(RX_QUEUE),
	},
	.arena = { .size = 2 << 20, .min = 256 << 10 },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = CONFIG_LEN,
	.fields = fields,
	.fail_where = VLB_FAIL_AT_START,
	.fail_len = sizeof(struct virtio_snd_hdr),
	.fail_data = { VIRTIO_SND_S_IO_ERR & 0xff, VIRTIO_SND_S_IO_ERR >> 8 },
	.restart_driver = true,
	.nodes = nodes,
};
