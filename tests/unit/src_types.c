// SPDX-License-Identifier: GPL-2.0-only
/* The table of device types: consistent, and what follows from its rules. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>

#include "profiles/profile.h"

#define BIT(n)		(1ULL << (n))
#define RING_FEATURES	(BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX) | \
			 BIT(VIRTIO_F_VERSION_1) | BIT(40))

static char why[256];
static struct vlb_type_options options;

static const struct vlb_profile *type(const char *name)
{
	const struct vlb_profile *profile = vlb_profile_find(name);

	assert_non_null(profile);
	return profile;
}

static struct vlb_plan plan_of(uint64_t features, unsigned int back_end_queues)
{
	memset(&options, 0, sizeof(options));
	return (struct vlb_plan){
		.name = "test0", .options = &options, .back_end_queues = back_end_queues,
		.queue_size = 128, .arena_size = 8 << 20, .page_size = 4096,
		.back_end_features = features, .features = features,
	};
}

/* ---- every profile ---------------------------------------------------------------------- */

static void names_and_texts(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; vlb_profiles[i]; i++) {
		const struct vlb_profile *profile = vlb_profiles[i];

		assert_ptr_equal(vlb_profile_find(profile->name), profile);
		assert_ptr_equal(vlb_profile_find_id(profile->device_id), profile);
		assert_non_null(profile->summary);
		assert_non_null(profile->node);
		assert_non_null(profile->recovery);
		/* A name and a number make the name of a device. */
		assert_true(strlen(profile->name) < VLB_NAME_SIZE - 4);
		/* What decides about the type instead. */
		assert_true(profile->device_id ? !!profile->driver : !!profile->check_options);
	}
	assert_null(vlb_profile_find("nonsense"));
	assert_null(vlb_profile_find_id(4711));
}

static void queue_rules(void **state)
{
	unsigned int i, size;

	(void)state;
	for (i = 0; vlb_profiles[i]; i++) {
		const struct vlb_queue_rule *rule = &vlb_profiles[i]->queues;

		size = vlb_profile_queue_size(vlb_profiles[i]);
		assert_true(rule->base + rule->unit > 0);
		assert_true(size && !(size & (size - 1)) && size <= VLB_MAX_QUEUE_SIZE);
		assert_true(!rule->max_size || size <= rule->max_size);
		assert_true(!rule->unit == !rule->unit_name);
		assert_true(!rule->feature == !rule->without_feature);
		assert_true(rule->without_feature <= rule->base);
		/* What stays here comes last, or the back-end would see a gap. */
		assert_true(!rule->local || (!rule->unit && rule->local & BIT(rule->base - 1)));
	}
}

static void configuration_rules(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; vlb_profiles[i]; i++) {
		const struct vlb_profile *profile = vlb_profiles[i];
		const struct vlb_field *fields = profile->fields;

		assert_true(profile->config_len <= VLB_CONFIG_SIZE);
		assert_true(profile->config_owner != VLB_CONFIG_NONE || !profile->config_len);
		if (profile->config_owner == VLB_CONFIG_FRONT_END)
			assert_non_null(profile->adjust_config);
		assert_true(!profile->select_len == !profile->pages);
		for (j = 0; fields && fields[j].name; j++) {
			assert_true(fields[j].offset + fields[j].len <= profile->config_len);
			assert_false(fields[j].local && fields[j].writable);
		}
	}
}

static void feature_rules(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; vlb_profiles[i]; i++) {
		const struct vlb_profile *profile = vlb_profiles[i];
		uint64_t all = 0;

		for (j = 0; profile->features[j].name; j++) {
			assert_true(profile->features[j].bit < 24 || profile->features[j].bit > 40);
			assert_false(all & BIT(profile->features[j].bit));
			all |= BIT(profile->features[j].bit);
		}
		assert_false((profile->own_features | profile->fact_features |
			      profile->mq_features | profile->queues.feature) & ~all);
		/* Nobody serves what the table does not name. */
		struct vlb_plan plan = plan_of(~0ULL, 0);
		uint64_t offered = vlb_profile_features(profile, &plan, RING_FEATURES);

		if (!profile->all_features)
			assert_false(offered & ~all & ~RING_FEATURES);
	}
}

static void withheld_ring_features(void **state)
{
	struct vlb_plan plan = plan_of(~0ULL, 4);

	(void)state;
	assert_false(vlb_profile_features(type("sound"), &plan, RING_FEATURES) &
		     BIT(VIRTIO_RING_F_EVENT_IDX));
	assert_true(vlb_profile_features(type("rng"), &plan, RING_FEATURES) &
		    BIT(VIRTIO_RING_F_EVENT_IDX));
}

static void failure_rules(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; vlb_profiles[i]; i++) {
		const struct vlb_profile *profile = vlb_profiles[i];

		assert_true(profile->fail_len <= VLB_FAIL_SIZE);
		assert_true((profile->fail_where == VLB_FAIL_EMPTY) == !profile->fail_len);
		for (j = profile->fail_len; j < sizeof(profile->fail_data); j++)
			assert_int_equal(profile->fail_data[j], 0);
	}
	assert_string_equal(vlb_profile_policy(type("blk")), "replay");
	assert_string_equal(vlb_profile_policy(type("net")), "complete");
	assert_string_equal(vlb_profile_policy(type("fs")), "restart");
}

static void option_rules(void **state)
{
	const struct vlb_option *option;
	unsigned int i;

	(void)state;
	for (i = 0; vlb_profiles[i]; i++) {
		for (option = vlb_profiles[i]->options; option && option->name; option++) {
			assert_true(option->offset < sizeof(struct vlb_type_options));
			assert_non_null(option->help);
		}
	}
}

/* ---- queues -------------------------------------------------------------------------------- */

static int plan_queues(const char *name, struct vlb_plan *plan, unsigned int units,
		       unsigned int cpus)
{
	const struct vlb_queue_wish wish = {
		.units = units, .cpus = cpus, .max_queues = VLB_MAX_QUEUES,
	};

	return vlb_profile_plan_queues(type(name), plan, &wish, why, sizeof(why));
}

static void expect_queues(const char *name, uint64_t features, unsigned int back_end_queues,
			  unsigned int units, unsigned int cpus, unsigned int expected)
{
	struct vlb_plan plan = plan_of(features, back_end_queues);

	assert_int_equal(plan_queues(name, &plan, units, cpus), 0);
	if (plan.num_queues != expected)
		fail_msg("%s: %u queues, not %u", name, plan.num_queues, expected);
}

static void fixed_numbers_of_queues(void **state)
{
	(void)state;
	expect_queues("rng", 0, 1, 0, 8, 1);
	expect_queues("input", 0, 2, 0, 8, 2);
	expect_queues("can", 0, 3, 0, 8, 3);
	expect_queues("sound", 0, 4, 0, 8, 4);
	/* Some depend on a feature. */
	expect_queues("gpio", BIT(0), 2, 0, 8, 2);
	expect_queues("gpio", 0, 2, 0, 8, 1);
	expect_queues("console", BIT(VIRTIO_CONSOLE_F_MULTIPORT), 4, 0, 8, 4);
	expect_queues("console", 0, 4, 0, 8, 2);
	expect_queues("rtc", BIT(0), 2, 0, 8, 2);
	expect_queues("rtc", 0, 2, 0, 8, 1);
	/* A back-end that cannot be asked has what the type has. */
	expect_queues("can", 0, 0, 0, 8, 3);
	/* The driver has one more than the back-end. */
	expect_queues("vsock", 0, 2, 0, 8, 3);
	expect_queues("vsock", 0, 3, 0, 8, 3);
}

static void chosen_numbers_of_queues(void **state)
{
	const uint64_t mq = BIT(12);

	(void)state;
	expect_queues("blk", mq, 16, 0, 4, 4);
	expect_queues("blk", mq, 2, 0, 4, 2);
	expect_queues("blk", mq, 16, 7, 4, 7);
	expect_queues("blk", mq, 200, 0, 100, 64);
	expect_queues("blk", 0, 16, 0, 4, 1);
	expect_queues("blk", mq, 0, 0, 4, 1);
	expect_queues("scsi", 0, 3, 0, 4, 3);
	expect_queues("scsi", 0, 10, 0, 4, 6);
	expect_queues("scsi", 0, 200, 0, 100, 64);
	expect_queues("fs", 0, 2, 0, 4, 2);
	expect_queues("fs", 0, 0, 0, 4, 2);
	/* Pairs, for back-ends that count pairs, and the module's own. */
	expect_queues("net", BIT(VIRTIO_NET_F_MQ), 1, 0, 4, 3);
	expect_queues("net", BIT(VIRTIO_NET_F_MQ), 128, 4, 4, 9);
	expect_queues("net", BIT(VIRTIO_NET_F_MQ), 128, 31, 4, 63);
	/* One, unless somebody says more: what the back-end tells is no promise. */
	expect_queues("net", BIT(VIRTIO_NET_F_MQ), 128, 0, 4, 3);
	expect_queues("net", 0, 128, 0, 4, 3);
	expect_queues("net", 0, 0, 0, 4, 3);
	expect_queues("generic", 0, 5, 5, 4, 5);
	expect_queues("generic", 0, 0, 5, 4, 5);
}

static void impossible_numbers_of_queues(void **state)
{
	struct vlb_plan plan = plan_of(BIT(12), 2);

	(void)state;
	assert_int_equal(plan_queues("blk", &plan, 3, 4), -EPROTO);
	assert_string_equal(why, "--queues asks for 3, the back-end has 2 request queues");
	assert_int_equal(plan_queues("scsi", &plan, 0, 4), -EPROTO);
	assert_non_null(strstr(why, "needs at least 3"));
	assert_int_equal(plan_queues("can", &plan, 0, 4), -EPROTO);
	assert_non_null(strstr(why, "2, not 3"));
	plan = plan_of(0, 1);
	assert_int_equal(plan_queues("vsock", &plan, 0, 4), -EPROTO);
	assert_int_equal(plan_queues("generic", &plan, 2, 4), -EPROTO);
}

static void another_back_ends_queues(void **state)
{
	(void)state;
	assert_int_equal(vlb_profile_check_queues(type("blk"), 2, 2, why, sizeof(why)), 0);
	assert_int_equal(vlb_profile_check_queues(type("blk"), 1, 2, why, sizeof(why)), -EPROTO);
	assert_string_equal(why, "has fewer queues than the device: 1, not 2");
	assert_int_equal(vlb_profile_check_queues(type("blk"), 0, 2, why, sizeof(why)), -EPROTO);
	assert_int_equal(vlb_profile_check_queues(type("vsock"), 2, 3, why, sizeof(why)), 0);
	assert_int_equal(vlb_profile_check_queues(type("net"), 1, 3, why, sizeof(why)), 0);
}

static void what_becomes_of_requests(void **state)
{
	(void)state;
	assert_int_equal(vlb_profile_lost(type("blk"), 63), VLB_LOST_REPLAY);
	assert_int_equal(vlb_profile_lost(type("net"), 0), VLB_LOST_REPLAY);
	assert_int_equal(vlb_profile_lost(type("net"), 1), VLB_LOST_COMPLETE);
	assert_int_equal(vlb_profile_lost(type("gpio"), 0), VLB_LOST_COMPLETE);
	assert_int_equal(vlb_profile_lost(type("gpio"), 1), VLB_LOST_WAIT);
	assert_int_equal(vlb_profile_lost(type("fs"), 5), VLB_LOST_COMPLETE);
	assert_int_equal(vlb_profile_lost(type("sound"), 1), VLB_LOST_REPLAY);
	assert_int_equal(vlb_profile_lost(type("vsock"), 1), VLB_LOST_COMPLETE);
}

static void arenas(void **state)
{
	struct vlb_plan plan = plan_of(0, 0);

	(void)state;
	assert_int_equal(vlb_profile_arena(type("blk"), &plan), 8 << 20);
	assert_int_equal(vlb_profile_min_arena(type("blk"), &plan), 0);
	assert_int_equal(vlb_profile_arena(type("rng"), &plan), 64 << 10);
	/* As many pages as descriptors, and room for two such requests. */
	assert_int_equal(vlb_profile_min_arena(type("fs"), &plan), (64 << 10) + 128 * 4096);
	plan.queue_size = 1024;
	plan.page_size = 65536;
	assert_int_equal(vlb_profile_min_arena(type("fs"), &plan), (65 << 20) - (960 << 10));
	assert_int_equal(vlb_profile_arena(type("fs"), &plan), 2 * ((65 << 20) - (960 << 10)));
}

/* ---- net -------------------------------------------------------------------------------------- */

static struct virtio_net_config net_config(struct vlb_plan *plan)
{
	uint8_t bytes[VLB_CONFIG_SIZE] = {};
	struct virtio_net_config config = {};

	assert_int_equal(type("net")->adjust_config(plan, bytes, why, sizeof(why)), 0);
	memcpy(&config, bytes, type("net")->config_len);
	return config;
}

static void net_features(void **state)
{
	static const unsigned int hidden[] = {
		VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_MTU,
		VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_RSS, VIRTIO_NET_F_HASH_REPORT,
		VIRTIO_NET_F_STANDBY, VIRTIO_NET_F_SPEED_DUPLEX,
	};
	const uint64_t ours = BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) |
			      BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_NET_F_CTRL_RX) |
			      BIT(VIRTIO_NET_F_CTRL_VLAN) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR);
	struct vlb_plan plan = plan_of(~0ULL, 128);
	uint64_t features;
	size_t i;

	(void)state;
	plan.units = 2;
	features = vlb_profile_features(type("net"), &plan, RING_FEATURES);
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_false(features & BIT(hidden[i]));
	assert_true(features & BIT(VIRTIO_NET_F_MRG_RXBUF));
	assert_true(features & BIT(VIRTIO_NET_F_MQ));
	plan.units = 1;
	features = vlb_profile_features(type("net"), &plan, RING_FEATURES);
	assert_false(features & BIT(VIRTIO_NET_F_MQ));
	/* Ours, even if the back-end has nothing at all. */
	plan = plan_of(BIT(VIRTIO_F_VERSION_1), 1);
	options.mtu = 9000;
	assert_int_equal(vlb_profile_features(type("net"), &plan, RING_FEATURES) & ~RING_FEATURES,
			 ours | BIT(VIRTIO_NET_F_MTU));
}

static void net_configuration(void **state)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0x00, 0x12, 0xab, 0xCD };
	struct vlb_plan plan = plan_of(0, 1);
	struct virtio_net_config config;

	(void)state;
	assert_int_equal(plan_queues("net", &plan, 0, 4), 0);
	options.mac = "52:54:00:12:ab:CD";
	options.mtu = 1400;
	config = net_config(&plan);
	assert_memory_equal(config.mac, mac, sizeof(mac));
	assert_int_equal(le16toh(config.status), 1);
	assert_int_equal(le16toh(config.max_virtqueue_pairs), 1);
	assert_int_equal(le16toh(config.mtu), 1400);
}

static void net_default_address(void **state)
{
	struct vlb_plan plan = plan_of(0, 1);
	struct virtio_net_config first = net_config(&plan), again = net_config(&plan), other;

	(void)state;
	/* One interface's, locally administered, and always the same. */
	assert_int_equal(first.mac[0] & 3, 2);
	assert_memory_equal(first.mac, again.mac, sizeof(first.mac));
	plan.name = "test1";
	other = net_config(&plan);
	assert_memory_not_equal(first.mac, other.mac, sizeof(first.mac));
	/* A name that differs in one letter does not just make another last byte. */
	assert_memory_not_equal(first.mac + 1, other.mac + 1, 4);
}

static void net_options(void **state)
{
	static const char *const bad[] = {
		"", "52:54:00:12:34", "52:54:00:12:34:5", "52:54:00:12:34:567",
		"52:54:00:12:34:56:78", "52-54-00-12-34-56", "gg:54:00:12:34:56",
		"01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00",
	};
	struct vlb_type_options given = {};
	size_t i;

	(void)state;
	assert_int_equal(type("net")->check_options(&given, why, sizeof(why)), 0);
	given.mac = "02:00:00:00:00:01";
	assert_int_equal(type("net")->check_options(&given, why, sizeof(why)), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		given.mac = bad[i];
		assert_int_equal(type("net")->check_options(&given, why, sizeof(why)), -EINVAL);
		assert_non_null(strstr(why, "--mac"));
	}
}

/* ---- scsi, fs, console, generic ---------------------------------------------------------------- */

static int scsi_adjust(const struct vlb_plan *plan, struct virtio_scsi_config *config)
{
	uint8_t bytes[VLB_CONFIG_SIZE] = {};
	int ret = type("scsi")->adjust_config(plan, bytes, why, sizeof(why));

	memcpy(config, bytes, sizeof(*config));
	return ret;
}

static void scsi_never_exceeds_the_arena(void **state)
{
	struct virtio_scsi_config config;
	struct vlb_plan plan = plan_of(BIT(VIRTIO_RING_F_INDIRECT_DESC), 3);
	uint64_t needed;

	(void)state;
	plan.units = 1;
	for (plan.queue_size = 1; plan.queue_size <= 128; plan.queue_size *= 2) {
		for (plan.arena_size = 80 << 10; plan.arena_size < 128 << 20;
		     plan.arena_size = plan.arena_size * 3 / 2) {
			assert_int_equal(scsi_adjust(&plan, &config), 0);
			needed = (uint64_t)le32toh(config.max_sectors) * 512 +
				 (uint64_t)le32toh(config.seg_max) * 512 + 51 + 108;
			assert_true(needed <= plan.arena_size);
			assert_true(le32toh(config.max_sectors) >= 8);
			assert_true(le32toh(config.seg_max) >= 1);
			assert_true(le32toh(config.seg_max) <= 126);
			assert_true(le32toh(config.cmd_per_lun) <= 128);
		}
	}
	assert_int_equal(le32toh(config.num_queues), 1);
	assert_int_equal(le32toh(config.cdb_size), 32);
	assert_int_equal(le32toh(config.sense_size), 96);
	assert_int_equal(le32toh(config.max_sectors), 0xffff);
	plan.arena_size = 4096;
	assert_int_equal(scsi_adjust(&plan, &config), -ENOSPC);
	plan = plan_of(0, 3);
	plan.queue_size = 2;
	assert_int_equal(scsi_adjust(&plan, &config), -ERANGE);
}

static void fs_configuration(void **state)
{
	const struct vlb_profile *fs = type("fs");
	struct vlb_plan plan = plan_of(0, 2);
	uint8_t bytes[VLB_CONFIG_SIZE];
	struct virtio_fs_config config;

	(void)state;
	assert_int_equal(fs->check_options(&options, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "--tag"));
	options.tag = "1234567890123456789012345678901234567";
	assert_int_equal(fs->check_options(&options, why, sizeof(why)), -EINVAL);
	options.tag = "123456789012345678901234567890123456";
	assert_int_equal(fs->check_options(&options, why, sizeof(why)), 0);
	plan.units = 1;
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(fs->adjust_config(&plan, bytes, why, sizeof(why)), 0);
	memcpy(&config, bytes, sizeof(config));
	assert_memory_equal(config.tag, options.tag, 36);
	assert_int_equal(le32toh(config.num_request_queues), 1);
	options.tag = "share";
	assert_int_equal(fs->adjust_config(&plan, bytes, why, sizeof(why)), 0);
	assert_memory_equal(bytes, "share\0\0\0", 8);
}

static void console_ports(void **state)
{
	struct vlb_plan plan = plan_of(BIT(VIRTIO_CONSOLE_F_MULTIPORT), 4);
	struct virtio_console_config config = { .max_nr_ports = htole32(31) };
	uint8_t bytes[VLB_CONFIG_SIZE] = {};

	(void)state;
	plan.num_queues = 4;
	memcpy(bytes, &config, sizeof(config));
	assert_int_equal(type("console")->adjust_config(&plan, bytes, why, sizeof(why)), 0);
	memcpy(&config, bytes, sizeof(config));
	assert_int_equal(le32toh(config.max_nr_ports), 1);
}

static void generic_is_what_the_user_says(void **state)
{
	const struct vlb_profile *generic = type("generic");
	struct vlb_plan plan = plan_of(~0ULL, 1);
	uint64_t features = vlb_profile_features(generic, &plan, RING_FEATURES);

	(void)state;
	assert_int_equal(features, RING_FEATURES | 0xffffff | ~0ULL << 50);
	assert_int_equal(generic->check_options(&options, why, sizeof(why)), -EINVAL);
	options.device_id = 42;
	options.config_size = 24;
	assert_int_equal(generic->check_options(&options, why, sizeof(why)), 0);
	assert_int_equal(vlb_profile_device_id(generic, &options), 42);
	assert_int_equal(vlb_profile_config_len(generic, &options), 24);
	/* Nobody else listens to them. */
	assert_int_equal(vlb_profile_device_id(type("rng"), &options), 4);
	assert_int_equal(vlb_profile_config_len(type("rng"), &options), 0);
}

static void state_is_no_difference(void **state)
{
	const uint8_t on[2] = { 1, 0 }, off[2] = { 0, 0 };
	const uint8_t cid3[8] = { 3 }, cid4[8] = { 4 };

	(void)state;
	assert_int_equal(vlb_profile_compare_config(type("can"), on, off, 2, why, sizeof(why)), 0);
	assert_int_equal(vlb_profile_compare_config(type("vsock"), cid4, cid3, 8, why,
						    sizeof(why)), -EPROTO);
	assert_string_equal(why, "has guest_cid 4, the device has 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_texts),
		cmocka_unit_test(queue_rules),
		cmocka_unit_test(configuration_rules),
		cmocka_unit_test(feature_rules),
		cmocka_unit_test(withheld_ring_features),
		cmocka_unit_test(failure_rules),
		cmocka_unit_test(option_rules),
		cmocka_unit_test(fixed_numbers_of_queues),
		cmocka_unit_test(chosen_numbers_of_queues),
		cmocka_unit_test(impossible_numbers_of_queues),
		cmocka_unit_test(another_back_ends_queues),
		cmocka_unit_test(what_becomes_of_requests),
		cmocka_unit_test(arenas),
		cmocka_unit_test(net_features),
		cmocka_unit_test(net_configuration),
		cmocka_unit_test(net_default_address),
		cmocka_unit_test(net_options),
		cmocka_unit_test(scsi_never_exceeds_the_arena),
		cmocka_unit_test(fs_configuration),
		cmocka_unit_test(console_ports),
		cmocka_unit_test(generic_is_what_the_user_says),
		cmocka_unit_test(state_is_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
