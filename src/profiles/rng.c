// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entropy devices (virtio specification 5.4): one queue of buffers to be filled. The
 * driver asks for a cache line at a time. It is told nothing when there is no back-end any
 * more: it stops waiting when it is unbound.
 */
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "profile.h"

static const struct vlb_feature_name features[] = {
	{ 0, NULL },
};

const struct vlb_profile vlb_profile_rng = {
	.name = "rng",
	.device_id = VIRTIO_ID_RNG,
	.driver = "virtio_rng",
	.summary = "source of randomness",
	.node = "/dev/hwrng",
	.recovery = "empty buffers go to the next back-end",
	.features = features,
	.queues = { .base = 1, .size = 16, .max_size = 1024 },
	.arena = { .size = 64 << 10 },
	.fail_where = VLB_FAIL_EMPTY,
};
