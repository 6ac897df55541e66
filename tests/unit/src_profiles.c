// SPDX-License-Identifier: GPL-2.0-only
/* Profiles: what a driver is offered, and that no request can exceed its arena. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>

#include "profiles/profile.h"

#define BIT(n)		(1ULL << (n))
#define RING_FEATURES	(BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX) | \
			 BIT(VIRTIO_F_VERSION_1) | BIT(40))

static const struct vlb_profile *const blk = &vlb_profile_blk;
static char why[256];

static struct vlb_type_options options;

static struct vlb_plan plan_of(uint64_t features)
{
	memset(&options, 0, sizeof(options));
	return (struct vlb_plan){
		.name = "test0", .options = &options, .num_queues = 2, .queue_size = 256, .arena_size = 8 << 20, .page_size = 4096,
		.back_end_features = features, .features = features,
	};
}

static struct virtio_blk_config config_of(uint32_t seg_max, uint32_t size_max)
{
	return (struct virtio_blk_config){
		.capacity = htole64(204800), .seg_max = htole32(seg_max),
		.size_max = htole32(size_max), .blk_size = htole32(512),
	};
}

static int adjust(const struct vlb_plan *plan, struct virtio_blk_config *config)
{
	uint8_t bytes[VLB_CONFIG_SIZE] = {};
	int ret;

	memcpy(bytes, config, blk->config_len);
	ret = blk->adjust_config(plan, bytes, why, sizeof(why));
	memcpy(config, bytes, blk->config_len);
	return ret;
}

static void features_are_filtered(void **state)
{
	struct vlb_plan plan = plan_of(~0ULL);
	uint64_t features = vlb_profile_features(blk, &plan, RING_FEATURES);

	(void)state;
	assert_true(features & BIT(VIRTIO_F_VERSION_1));
	assert_true(features & BIT(VIRTIO_BLK_F_MQ));
	assert_false(features & BIT(30));
	assert_false(features & BIT(33));		/* ACCESS_PLATFORM */
	assert_false(features & BIT(34));		/* packed ring */
	assert_false(features & BIT(VIRTIO_BLK_F_SECURE_ERASE));
	assert_false(features & BIT(63));
	/* The back-end decides about rings too, but for the reset that we do ourselves. */
	plan = plan_of(BIT(VIRTIO_F_VERSION_1));
	features = vlb_profile_features(blk, &plan, RING_FEATURES);
	assert_int_equal(features, BIT(VIRTIO_F_VERSION_1) | BIT(40) |
			 BIT(VIRTIO_BLK_F_SIZE_MAX));
}

static void blk_features(void **state)
{
	struct vlb_plan plan = plan_of(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_BLK_F_MQ));

	(void)state;
	plan.num_queues = 1;
	assert_false(vlb_profile_features(blk, &plan, RING_FEATURES) & BIT(VIRTIO_BLK_F_MQ));
	assert_false(vlb_profile_features(blk, &plan, RING_FEATURES) & BIT(VIRTIO_BLK_F_RO));
	options.read_only = true;
	assert_true(vlb_profile_features(blk, &plan, RING_FEATURES) & BIT(VIRTIO_BLK_F_RO));
}

static void blk_typical(void **state)
{
	/* qemu-storage-daemon 7.2: SIZE_MAX is offered, with the value 0. */
	struct vlb_plan plan = plan_of(BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_SIZE_MAX));
	struct virtio_blk_config config = config_of(126, 0);

	(void)state;
	assert_int_equal(adjust(&plan, &config), 0);
	assert_int_equal(le32toh(config.seg_max), 126);
	assert_int_equal(le32toh(config.size_max), 65536);
	assert_int_equal(le16toh(config.num_queues), 2);
	assert_int_equal(le64toh(config.capacity), 204800);
}

static void blk_small_queue(void **state)
{
	struct vlb_plan plan = plan_of(BIT(VIRTIO_BLK_F_SEG_MAX) |
				       BIT(VIRTIO_RING_F_INDIRECT_DESC));
	struct virtio_blk_config config;
	unsigned int size;

	(void)state;
	for (size = 1; size <= 1024; size *= 2) {
		config = config_of(126, 0);
		plan.queue_size = size;
		assert_int_equal(adjust(&plan, &config), 0);
		assert_int_equal(le32toh(config.seg_max), size < 4 ? 1 : size < 128 ? size - 2 :
				 126);
	}
	/* A header, data and a status do not fit two descriptors. */
	plan.features = 0;
	plan.queue_size = 2;
	assert_int_equal(adjust(&plan, &config), -ERANGE);
	assert_non_null(strstr(why, "--queue-size"));
	plan.queue_size = 4;
	assert_int_equal(adjust(&plan, &config), 0);
}

static void blk_small_arena(void **state)
{
	struct vlb_plan plan = plan_of(BIT(VIRTIO_BLK_F_SEG_MAX));
	struct virtio_blk_config config = config_of(126, 0);

	(void)state;
	plan.arena_size = 65536 + 16;
	assert_int_equal(adjust(&plan, &config), -ENOSPC);
	assert_non_null(strstr(why, "--pool-size"));
	plan.arena_size = 0;
	assert_int_equal(adjust(&plan, &config), -ENOSPC);
	plan.arena_size = 65536 + 17;
	assert_int_equal(adjust(&plan, &config), 0);
	assert_int_equal(le32toh(config.seg_max), 16);
	assert_int_equal(le32toh(config.size_max), 4096);
	/* A page may be as large as that. */
	config = config_of(126, 0);
	plan.page_size = 65536;
	assert_int_equal(adjust(&plan, &config), 0);
	assert_int_equal(le32toh(config.seg_max), 1);
	assert_int_equal(le32toh(config.size_max), 65536);
}

static void blk_never_exceeds_the_arena(void **state)
{
	unsigned int seed, size;
	struct virtio_blk_config config;
	struct vlb_plan plan;
	uint32_t raw_seg, raw_size;

	(void)state;
	for (seed = 0; seed < 20000; seed++) {
		srand(seed);
		raw_seg = rand() % 2 ? (uint32_t)rand() % 2000 : (uint32_t)rand() * 2;
		size = 1u << rand() % 11;
		raw_size = rand() % 3 ? 4096u << rand() % 12 : 0;
		plan = plan_of(BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			       (rand() % 2 ? BIT(VIRTIO_BLK_F_SEG_MAX) : 0) |
			       (rand() % 2 ? BIT(VIRTIO_BLK_F_SIZE_MAX) : 0));
		plan.queue_size = size;
		plan.page_size = rand() % 2 ? 4096 : 65536;
		plan.arena_size = (65536 + 17) + ((uint64_t)rand() << (rand() % 8));
		config = config_of(raw_seg, raw_size);
		assert_int_equal(adjust(&plan, &config), 0);
		assert_true(le32toh(config.seg_max) >= 1);
		assert_true(le32toh(config.size_max) >= 4096);
		assert_true((uint64_t)le32toh(config.seg_max) * le32toh(config.size_max) + 17 <=
			    plan.arena_size);
		assert_true(le32toh(config.seg_max) <= (size > 3 ? size - 2 : 1));
		/* The same back-end can serve what was made of it. */
		const struct virtio_blk_config raw = config_of(raw_seg, raw_size);

		assert_int_equal(blk->check_limits((uint8_t *)&config, (const uint8_t *)&raw,
						   plan.back_end_features, why, sizeof(why)), 0);
	}
}

static void blk_wrong_type(void **state)
{
	struct virtio_blk_config config = config_of(126, 0);

	(void)state;
	assert_int_equal(blk->check_config((uint8_t *)&config, why, sizeof(why)), 0);
	config.blk_size = htole32(1000);
	assert_int_equal(blk->check_config((uint8_t *)&config, why, sizeof(why)), -EPROTO);
	config.blk_size = 0;
	assert_int_equal(blk->check_config((uint8_t *)&config, why, sizeof(why)), 0);
	config.capacity = ~0ULL;
	assert_int_equal(blk->check_config((uint8_t *)&config, why, sizeof(why)), -EPROTO);
}

static void another_back_end(void **state)
{
	struct virtio_blk_config device = config_of(100, 65536), other = config_of(126, 0);

	(void)state;
	device.num_queues = htole16(2);
	/* What the front-end sets, and what the driver may write, is no difference. */
	other.wce = 1;
	assert_int_equal(vlb_profile_compare_config(blk, (uint8_t *)&other, (uint8_t *)&device,
						    60, why, sizeof(why)), 0);
	other.capacity = htole64(409600);
	assert_int_equal(vlb_profile_compare_config(blk, (uint8_t *)&other, (uint8_t *)&device,
						    60, why, sizeof(why)), -EPROTO);
	assert_string_equal(why, "has capacity 409600, the device has 204800");
	/* After a resize all but the front-end's fields are the back-end's. */
	vlb_profile_merge_config(blk, (uint8_t *)&other, (uint8_t *)&device);
	assert_int_equal(le64toh(other.capacity), 409600);
	assert_int_equal(le32toh(other.seg_max), 100);
	assert_int_equal(le32toh(other.size_max), 65536);
	assert_int_equal(le16toh(other.num_queues), 2);
}

static void lower_limits(void **state)
{
	const struct virtio_blk_config device = config_of(100, 65536);
	struct virtio_blk_config other = config_of(64, 0);
	const uint64_t both = BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_SIZE_MAX);

	(void)state;
	assert_int_equal(blk->check_limits((const uint8_t *)&device, (uint8_t *)&other, both,
					   why, sizeof(why)), -EPROTO);
	other = config_of(126, 32768);
	assert_int_equal(blk->check_limits((const uint8_t *)&device, (uint8_t *)&other, both,
					   why, sizeof(why)), -EPROTO);
	other = config_of(126, 65536);
	assert_int_equal(blk->check_limits((const uint8_t *)&device, (uint8_t *)&other, both,
					   why, sizeof(why)), 0);
}

static void feature_names(void **state)
{
	char names[64], tiny[8];

	(void)state;
	vlb_profile_name_features(blk, BIT(13) | BIT(29) | BIT(50), names, sizeof(names));
	assert_string_equal(names, "DISCARD (bit 13), EVENT_IDX (bit 29), unknown (bit 50)");
	vlb_profile_name_features(blk, ~0ULL, tiny, sizeof(tiny));
	assert_int_equal(strlen(tiny), sizeof(tiny) - 1);
	vlb_profile_name_features(blk, 0, names, sizeof(names));
	assert_string_equal(names, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_are_filtered),
		cmocka_unit_test(blk_features),
		cmocka_unit_test(blk_typical),
		cmocka_unit_test(blk_small_queue),
		cmocka_unit_test(blk_small_arena),
		cmocka_unit_test(blk_never_exceeds_the_arena),
		cmocka_unit_test(blk_wrong_type),
		cmocka_unit_test(another_back_end),
		cmocka_unit_test(lower_limits),
		cmocka_unit_test(feature_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
