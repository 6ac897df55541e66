// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks (virtio specification 1.4, section 5.23): a queue of requests and, with ALARM,
 * one of alarms. Each response begins with a status.
 */
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "profile.h"

#define BIT(n)			(1ULL << (n))

/* <linux/virtio_rtc.h> is newer than most. */
#define VIRTIO_RTC_F_ALARM	0
#define VIRTIO_RTC_S_EIO	5
#define RESPONSE_HEAD_LEN	8u	/* status and 7 reserved bytes */

static const struct vlb_feature_name features[] = {
	{ VIRTIO_RTC_F_ALARM, "ALARM" },
	{ 0, NULL },
};

/* A clock that Linux reads precisely is a PTP clock; one with an alarm is an RTC too. */
static const struct vlb_node nodes[] = {
	{ "ptp/ptp*", "/dev/" },
	{ "rtc/rtc*", "/dev/" },
	{ .pattern = NULL },
};

const struct vlb_profile vlb_profile_rtc = {
	.name = "rtc",
	.device_id = VIRTIO_ID_CLOCK,
	.driver = "virtio_rtc",
	.summary = "clock",
	.node = "/dev/ptpN, /dev/rtcN",
	.recovery = "requests in flight go to the next back-end; an alarm has to be set again",
	.features = features,
	.queues = {
		.base = 2, .feature = BIT(VIRTIO_RTC_F_ALARM), .without_feature = 1,
		.size = 16, .max_size = 1024,
	},
	.arena = { .size = 64 << 10 },
	.fail_where = VLB_FAIL_AT_START,
	.fail_len = RESPONSE_HEAD_LEN,
	.fail_data = { VIRTIO_RTC_S_EIO },
	.nodes = nodes,
};
