// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCSI hosts (virtio specification 5.6): control, events, request queues.
 *
 * The configuration space is the front-end's: vhost-device-scsi 0.1 panics when it is
 * written, and the driver writes cdb_size and sense_size. They have their defaults, with
 * which every back-end works; other values would never arrive there. seg_max and
 * max_sectors keep the largest request within the arena of a queue.
 *
 * The fail response is that of a command, "failure" without sense data. The answer to a
 * task management function is shorter, so such a request is completed empty.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>

#include "profile.h"

#define BIT(n)			(1ULL << (n))
#define REQUEST_OVERHEAD	(sizeof(struct virtio_scsi_cmd_req) + \
				 sizeof(struct virtio_scsi_cmd_resp))
#define SEGMENT_OVERHEAD	512u	/* each begins at a multiple of that */
#define SECTOR_SIZE		512u
#define MAX_SEGS		126u
#define MAX_SECTORS		0xffffu
#define COMMANDS_PER_LUN	128u
#define MAX_TARGET		255u
#define MAX_LUN			16383u

static const struct vlb_feature_name features[] = {
	{ VIRTIO_SCSI_F_INOUT, "INOUT" },
	{ VIRTIO_SCSI_F_HOTPLUG, "HOTPLUG" },
	{ VIRTIO_SCSI_F_CHANGE, "CHANGE" },
	{ 0, NULL },
};

#define FIELD(member, ...) { #member, offsetof(struct virtio_scsi_config, member), \
	sizeof(((struct virtio_scsi_config *)0)->member), __VA_ARGS__ }

static const struct vlb_field fields[] = {
	FIELD(num_queues, .front_end = true),
	FIELD(seg_max, .front_end = true),
	FIELD(max_sectors, .front_end = true),
	FIELD(cmd_per_lun, .front_end = true),
	FIELD(sense_size, .local = true),
	FIELD(cdb_size, .local = true),
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "host*/target*/*:*/block/*", "/dev/" },
	{ .pattern = NULL },
};

/* A command takes a descriptor for each segment, one for its header, one for the response. */
static uint32_t max_segs(const struct vlb_plan *plan)
{
	uint32_t segs = plan->queue_size > 3 ? plan->queue_size - 2 : 1;

	return segs < MAX_SEGS ? segs : MAX_SEGS;
}

static int check_room(const struct vlb_plan *plan, uint64_t overhead, char *why,
		      size_t why_size)
{
	if (plan->queue_size < 3 && !(plan->features & BIT(VIRTIO_RING_F_INDIRECT_DESC))) {
		snprintf(why, why_size, "needs queues of at least 4 without indirect "
			 "descriptors: use a larger --queue-size");
		return -ERANGE;
	}
	/* The midlayer itself reads 4 KiB, and insists on a page for a segment. */
	if (plan->arena_size < overhead + plan->page_size) {
		snprintf(why, why_size, "would have only %" PRIu64 " bytes of pool for a request, "
			 "at least %" PRIu64 " are needed: use a larger --pool-size",
			 plan->arena_size, overhead + plan->page_size);
		return -ENOSPC;
	}
	return 0;
}

static int adjust_config(const struct vlb_plan *plan, uint8_t *config, char *why,
			 size_t why_size)
{
	uint32_t segs = max_segs(plan);
	uint64_t overhead = REQUEST_OVERHEAD + (uint64_t)segs * SEGMENT_OVERHEAD;
	struct virtio_scsi_config scsi = {
		.num_queues = htole32(plan->units),
		.seg_max = htole32(segs),
		.event_info_size = htole32(sizeof(struct virtio_scsi_event)),
		.sense_size = htole32(VIRTIO_SCSI_SENSE_DEFAULT_SIZE),
		.cdb_size = htole32(VIRTIO_SCSI_CDB_DEFAULT_SIZE),
		.max_target = htole16(MAX_TARGET),
		.max_lun = htole32(MAX_LUN),
	};
	uint64_t sectors;
	int ret;

	ret = check_room(plan, overhead, why, why_size);
	if (ret)
		return ret;
	sectors = (plan->arena_size - overhead) / SECTOR_SIZE;
	scsi.max_sectors = htole32(sectors < MAX_SECTORS ? (uint32_t)sectors : MAX_SECTORS);
	scsi.cmd_per_lun = htole32(plan->queue_size < COMMANDS_PER_LUN ? plan->queue_size :
				   COMMANDS_PER_LUN);
	memcpy(config, &scsi, sizeof(scsi));
	return 0;
}

const struct vlb_profile vlb_profile_scsi = {
	.name = "scsi",
	.device_id = VIRTIO_ID_SCSI,
	.driver = "virtio_scsi",
	.summary = "SCSI host with its disks",
	.node = "/dev/sdX",
	.recovery = "commands in flight go to the next back-end: reading and writing twice does no harm",
	.features = features,
	.queues = {
		.base = 2, .unit = 1, .unit_name = "request queues",
		.size = 128, .max_size = 128,
	},
	.config_owner = VLB_CONFIG_FRONT_END,
	.config_len = sizeof(struct virtio_scsi_config),
	.fields = fields,
	.fail_where = VLB_FAIL_AT_START,
	.fail_len = offsetof(struct virtio_scsi_cmd_resp, sense),
	.fail_data = {
		[offsetof(struct virtio_scsi_cmd_resp, response)] = VIRTIO_SCSI_S_FAILURE,
	},
	.nodes = nodes,
	.adjust_config = adjust_config,
};
