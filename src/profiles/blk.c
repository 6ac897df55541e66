// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block devices (virtio specification 5.2).
 *
 * The configuration space is the back-end's; the front-end sets num_queues, and lowers
 * size_max and seg_max until the largest request fits the arena of a queue: 16 bytes of
 * header, seg_max segments of size_max bytes, 1 byte of status. Requests to discard or to
 * write zeroes carry a few 16-byte ranges and never come near that.
 *
 * size_max is always offered: whether it is needed depends on the arena, which is known
 * only after the features are fixed. qemu-storage-daemon 7.2 offers it with the value 0,
 * which would stop the driver; that means "no limit" here.
 *
 * Only the first 60 bytes are asked for: back-ends without secure erase have no more, and
 * qemu-storage-daemon answers a longer question not at all.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)			(1ULL << (n))
#define CONFIG_LEN		offsetof(struct virtio_blk_config, max_secure_erase_sectors)
#define REQUEST_OVERHEAD	17u		/* header and status */
#define MIN_REQUEST_DATA	(64u << 10)
/* The 32-bit limit of size_max, rounded down to any page size. */
#define MAX_SIZE_MAX		0xffff0000u

_Static_assert(CONFIG_LEN == 60, "struct virtio_blk_config up to write_zeroes");

static const struct vlb_feature_name features[] = {
	{ VIRTIO_BLK_F_SIZE_MAX, "SIZE_MAX" },
	{ VIRTIO_BLK_F_SEG_MAX, "SEG_MAX" },
	{ VIRTIO_BLK_F_GEOMETRY, "GEOMETRY" },
	{ VIRTIO_BLK_F_RO, "RO" },
	{ VIRTIO_BLK_F_BLK_SIZE, "BLK_SIZE" },
	{ VIRTIO_BLK_F_FLUSH, "FLUSH" },
	{ VIRTIO_BLK_F_TOPOLOGY, "TOPOLOGY" },
	{ VIRTIO_BLK_F_CONFIG_WCE, "CONFIG_WCE" },
	{ VIRTIO_BLK_F_MQ, "MQ" },
	{ VIRTIO_BLK_F_DISCARD, "DISCARD" },
	{ VIRTIO_BLK_F_WRITE_ZEROES, "WRITE_ZEROES" },
	{ 0, NULL },
};

#define FIELD(member, ...) { #member, offsetof(struct virtio_blk_config, member), \
	sizeof(((struct virtio_blk_config *)0)->member), __VA_ARGS__ }

static const struct vlb_field fields[] = {
	FIELD(capacity, false, false),
	FIELD(size_max, .front_end = true),
	FIELD(seg_max, .front_end = true),
	FIELD(geometry, false, false),
	FIELD(blk_size, false, false),
	FIELD(physical_block_exp, false, false),
	FIELD(alignment_offset, false, false),
	FIELD(min_io_size, false, false),
	FIELD(opt_io_size, false, false),
	FIELD(wce, .writable = true),
	FIELD(num_queues, .front_end = true),
	FIELD(max_discard_sectors, false, false),
	FIELD(max_discard_seg, false, false),
	FIELD(discard_sector_alignment, false, false),
	FIELD(max_write_zeroes_sectors, false, false),
	FIELD(max_write_zeroes_seg, false, false),
	FIELD(write_zeroes_may_unmap, false, false),
	{ .name = NULL },
};

static const struct vlb_option options[] = {
	{ "read-only", VLB_OPTION_FLAG, VLB_TYPE_OPTION(read_only), 0, 0, NULL, NULL,
	  "tell the driver not to write" },
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "block/*", "/dev/" },
	{ .pattern = NULL },
};

static struct virtio_blk_config config_read(const uint8_t *config)
{
	struct virtio_blk_config blk = {};

	memcpy(&blk, config, CONFIG_LEN);
	return blk;
}

static int check_config(const uint8_t *config, char *why, size_t why_size)
{
	const struct virtio_blk_config blk = config_read(config);
	uint64_t capacity = le64toh(blk.capacity);
	uint32_t blk_size = le32toh(blk.blk_size);

	if (capacity > INT64_MAX >> 9) {
		snprintf(why, why_size, "is no vhost-user-blk back-end: a capacity of %" PRIu64
			 " sectors is impossible", capacity);
		return -EPROTO;
	}
	/* Zero where the back-end does not offer BLK_SIZE. */
	if (blk_size && (blk_size < 512 || blk_size & (blk_size - 1))) {
		snprintf(why, why_size, "is no vhost-user-blk back-end: a block size of %"
			 PRIu32 " bytes is impossible", blk_size);
		return -EPROTO;
	}
	return 0;
}

static uint64_t adjust_features(const struct vlb_plan *plan, uint64_t offered)
{
	offered |= BIT(VIRTIO_BLK_F_SIZE_MAX);
	if (plan->num_queues == 1)
		offered &= ~BIT(VIRTIO_BLK_F_MQ);
	if (plan->options->read_only)
		offered |= BIT(VIRTIO_BLK_F_RO);
	return offered;
}

static uint32_t back_end_seg_max(const struct virtio_blk_config *blk, uint64_t offered)
{
	uint32_t seg_max = le32toh(blk->seg_max);

	/* Without the feature drivers send one segment at a time. */
	return offered & BIT(VIRTIO_BLK_F_SEG_MAX) && seg_max ? seg_max : 1;
}

static uint32_t back_end_size_max(const struct virtio_blk_config *blk, uint64_t offered)
{
	uint32_t size_max = le32toh(blk->size_max);

	if (!(offered & BIT(VIRTIO_BLK_F_SIZE_MAX)) || !size_max || size_max > MAX_SIZE_MAX)
		return MAX_SIZE_MAX;
	return size_max;
}

static int check_room(const struct vlb_plan *plan, char *why, size_t why_size)
{
	if (plan->arena_size < MIN_REQUEST_DATA + REQUEST_OVERHEAD) {
		snprintf(why, why_size, "would have only %" PRIu64 " bytes of pool for a request, "
			 "at least %u are needed: use a larger --pool-size",
			 plan->arena_size, MIN_REQUEST_DATA + REQUEST_OVERHEAD);
		return -ENOSPC;
	}
	/* Header, data and status take a descriptor each. */
	if (plan->queue_size < 3 && !(plan->features & BIT(VIRTIO_RING_F_INDIRECT_DESC))) {
		snprintf(why, why_size, "needs queues of at least 4 without indirect descriptors: "
			 "use a larger --queue-size");
		return -ERANGE;
	}
	return 0;
}

static int adjust_config(const struct vlb_plan *plan, uint8_t *config, char *why,
			 size_t why_size)
{
	struct virtio_blk_config blk = config_read(config);
	uint32_t queue_segs = plan->queue_size > 3 ? plan->queue_size - 2 : 1;
	uint32_t seg_max = back_end_seg_max(&blk, plan->back_end_features);
	uint32_t size_max = back_end_size_max(&blk, plan->back_end_features);
	uint64_t data;
	int ret;

	ret = check_room(plan, why, why_size);
	if (ret)
		return ret;
	data = plan->arena_size - REQUEST_OVERHEAD;
	/* A chain, indirect or not, may not be longer than the queue. */
	if (seg_max > queue_segs)
		seg_max = queue_segs;
	/* The block layer insists on segments of at least a page. */
	if (data / seg_max < plan->page_size)
		seg_max = data < plan->page_size ? 1 : data / plan->page_size;
	if (size_max > data / seg_max)
		size_max = data / seg_max / plan->page_size * plan->page_size;
	if (!size_max) {
		snprintf(why, why_size, "would have less than a page of pool for a request: "
			 "use a larger --pool-size");
		return -ENOSPC;
	}
	blk.size_max = htole32(size_max);
	blk.seg_max = htole32(seg_max);
	blk.num_queues = htole16((uint16_t)plan->num_queues);
	memcpy(config, &blk, CONFIG_LEN);
	return 0;
}

static int check_limits(const uint8_t *current, const uint8_t *raw, uint64_t offered, char *why,
			size_t why_size)
{
	const struct virtio_blk_config now = config_read(current);
	const struct virtio_blk_config blk = config_read(raw);

	if (le32toh(now.seg_max) > back_end_seg_max(&blk, offered)) {
		snprintf(why, why_size, "takes %" PRIu32 " segments a request, the device has %"
			 PRIu32, back_end_seg_max(&blk, offered), le32toh(now.seg_max));
		return -EPROTO;
	}
	if (le32toh(now.size_max) > back_end_size_max(&blk, offered)) {
		snprintf(why, why_size, "takes segments of %" PRIu32 " bytes, the device has %"
			 PRIu32, back_end_size_max(&blk, offered), le32toh(now.size_max));
		return -EPROTO;
	}
	return 0;
}

const struct vlb_profile vlb_profile_blk = {
	.name = "blk",
	.device_id = VIRTIO_ID_BLOCK,
	.driver = "virtio_blk",
	.summary = "block device",
	.node = "/dev/vdX",
	.recovery = "requests in flight go to the next back-end: reading and writing twice does no harm",
	.options = options,
	.features = features,
	.fact_features = BIT(VIRTIO_BLK_F_RO),
	.own_features = BIT(VIRTIO_BLK_F_RO) | BIT(VIRTIO_BLK_F_SIZE_MAX),
	.mq_features = BIT(VIRTIO_BLK_F_MQ),
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = { .unit = 1, .unit_name = "request queues" },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = CONFIG_LEN,
	.fields = fields,
	.fail_where = VLB_FAIL_AT_END,
	.fail_len = 1,
	.fail_data = { VIRTIO_BLK_S_IOERR },
	.nodes = nodes,
	.check_config = check_config,
	.adjust_features = adjust_features,
	.adjust_config = adjust_config,
	.check_limits = check_limits,
};
