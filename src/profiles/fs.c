// SPDX-License-Identifier: GPL-2.0-only
/*
 * File systems (virtio specification 5.11): a queue of high priority, request queues.
 *
 * The configuration space is the front-end's: a tag, by which it is mounted.
 *
 * A request carries as many pages as the queue has descriptors, at most. virtiofsd ends
 * with its connection, and the next one knows neither inodes nor handles nor even that
 * there was an INIT: what is in flight fails, the driver starts over, and what is
 * mounted says ENOTCONN until it is mounted again.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/fuse.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "profile.h"

#define TAG_SIZE	sizeof(((struct virtio_fs_config *)0)->tag)

/*
 * The fail response is a struct fuse_out_header: its length, -EIO, whose it is. That is
 * nobody's: Linux 7.3 logs it ("oh.unique mismatch") and makes it EIO all the same.
 */
_Static_assert(sizeof(struct fuse_out_header) == 16 && EIO == 5, "fail_data");

static const struct vlb_feature_name features[] = {
	{ 0, NULL },
};

#define FIELD(member, ...) { #member, offsetof(struct virtio_fs_config, member), \
	sizeof(((struct virtio_fs_config *)0)->member), .front_end = true, __VA_ARGS__ }

static const struct vlb_field fields[] = {
	FIELD(tag, .option = true),
	FIELD(num_request_queues, .option = false),
	{ .name = NULL },
};

static const struct vlb_option options[] = {
	{ "tag", VLB_OPTION_TEXT, VLB_TYPE_OPTION(tag), 0, 0, NULL, "TAG",
	  "what 'mount -t virtiofs TAG' finds it by, 1 to 36 bytes (needed)" },
	{ .name = NULL },
};

static int check_options(const struct vlb_type_options *given, char *why, size_t why_size)
{
	if (!given->tag) {
		snprintf(why, why_size, "--tag is missing: 'mount -t virtiofs TAG' has to find "
			 "the file system by one");
		return -EINVAL;
	}
	if (strlen(given->tag) > TAG_SIZE) {
		snprintf(why, why_size, "--tag: '%.60s' is too long, it can have %zu bytes",
			 given->tag, TAG_SIZE);
		return -EINVAL;
	}
	return 0;
}

static int adjust_config(const struct vlb_plan *plan, uint8_t *config, char *why,
			 size_t why_size)
{
	struct virtio_fs_config fs = { .num_request_queues = htole32(plan->units) };

	(void)why;
	(void)why_size;
	memcpy(fs.tag, plan->options->tag, strnlen(plan->options->tag, TAG_SIZE));
	memcpy(config, &fs, sizeof(fs));
	return 0;
}

const struct vlb_profile vlb_profile_fs = {
	.name = "fs",
	.device_id = VIRTIO_ID_FS,
	.driver = "virtiofs",
	.summary = "shared directory",
	.node = "mount -t virtiofs TAG",
	.recovery = "requests fail and the driver starts over, mount again: back-ends forget all open files",
	.options = options,
	.features = features,
	.queues = {
		.base = 1, .unit = 1, .unit_name = "request queues",
		.size = 128, .max_size = 1024,
		.complete = ~0ULL,
	},
	.arena = { .min = 64 << 10, .min_pages = VLB_PAGES_OF_QUEUE_SIZE },
	.config_owner = VLB_CONFIG_FRONT_END,
	.config_len = sizeof(struct virtio_fs_config),
	.fields = fields,
	.fail_where = VLB_FAIL_AT_START,
	.fail_len = sizeof(struct fuse_out_header),
	.fail_data = { 16, 0, 0, 0, 0x100 - EIO, 0xff, 0xff, 0xff },
	.restart_driver = true,
	.check_options = check_options,
	.adjust_config = adjust_config,
};
