// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of device types, and what the generic code asks of a profile.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "profile.h"

#define BIT(n)		(1ULL << (n))

/* Bits 0 to 23 and 50 to 63 (virtio specification 2.2). */
#define DEVICE_TYPE_FEATURES	(~0ULL << 50 | ((1ULL << 24) - 1))

#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET	40
#endif

const struct vlb_profile *const vlb_profiles[] = {
	&vlb_profile_blk,
	&vlb_profile_rng,
	&vlb_profile_console,
	&vlb_profile_gpio,
	&vlb_profile_i2c,
	&vlb_profile_can,
	&vlb_profile_input,
	&vlb_profile_net,
	&vlb_profile_scsi,
	&vlb_profile_fs,
	&vlb_profile_vsock,
	&vlb_profile_sound,
	&vlb_profile_spi,
	&vlb_profile_rtc,
	&vlb_profile_generic,
	NULL,
};

static const struct vlb_feature_name ring_feature_names[] = {
	{ VIRTIO_RING_F_INDIRECT_DESC, "INDIRECT_DESC" },
	{ VIRTIO_RING_F_EVENT_IDX, "EVENT_IDX" },
	{ VIRTIO_F_VERSION_1, "VERSION_1" },
	{ VIRTIO_F_RING_RESET, "RING_RESET" },
	{ 0, NULL },
};

/* Ring features that need no help from the back-end: GET_VRING_BASE resets a ring. */
static const uint64_t front_end_ring_features = BIT(VIRTIO_F_RING_RESET);

const struct vlb_profile *vlb_profile_find(const char *name)
{
	unsigned int i;

	for (i = 0; vlb_profiles[i]; i++) {
		if (!strcmp(vlb_profiles[i]->name, name))
			return vlb_profiles[i];
	}
	return NULL;
}

const struct vlb_profile *vlb_profile_find_id(uint32_t device_id)
{
	unsigned int i;

	for (i = 0; vlb_profiles[i]; i++) {
		if (vlb_profiles[i]->device_id == device_id)
			return vlb_profiles[i];
	}
	return NULL;
}

uint32_t vlb_profile_device_id(const struct vlb_profile *profile,
			       const struct vlb_type_options *options)
{
	return profile->device_id ? profile->device_id : (uint32_t)options->device_id;
}

unsigned int vlb_profile_config_len(const struct vlb_profile *profile,
				    const struct vlb_type_options *options)
{
	if (profile->config_owner == VLB_CONFIG_NONE)
		return 0;
	return profile->config_len ? profile->config_len : (unsigned int)options->config_size;
}

const char *vlb_profile_policy(const struct vlb_profile *profile)
{
	if (profile->restart_driver)
		return "restart";
	return profile->queues.complete | profile->queues.discard ? "complete" : "replay";
}

static uint64_t type_features(const struct vlb_profile *profile)
{
	const struct vlb_feature_name *feature;
	uint64_t mask = profile->all_features ? DEVICE_TYPE_FEATURES : 0;

	for (feature = profile->features; feature->name; feature++)
		mask |= BIT(feature->bit);
	return mask;
}

uint64_t vlb_profile_features(const struct vlb_profile *profile, const struct vlb_plan *plan,
			      uint64_t ring_features)
{
	uint64_t features = plan->back_end_features & type_features(profile);

	if (profile->adjust_features)
		features = profile->adjust_features(plan, features);
	ring_features &= ~profile->withheld_ring_features;
	features |= plan->back_end_features & ring_features;
	return features | (ring_features & front_end_ring_features);
}

static const char *feature_name(const struct vlb_feature_name *names, unsigned int bit)
{
	for (; names->name; names++) {
		if (names->bit == bit)
			return names->name;
	}
	return NULL;
}

void vlb_profile_name_features(const struct vlb_profile *profile, uint64_t features,
			       char *out, size_t size)
{
	const char *name;
	unsigned int bit;
	size_t used = 0;

	*out = '\0';
	for (bit = 0; bit < 64 && used < size; bit++) {
		if (!(features & BIT(bit)))
			continue;
		name = feature_name(ring_feature_names, bit);
		if (!name)
			name = feature_name(profile->features, bit);
		used += (size_t)snprintf(out + used, size - used, "%s%s (bit %u)",
					 used ? ", " : "", name ? name : "unknown", bit);
	}
}

void vlb_profile_merge_config(const struct vlb_profile *profile, uint8_t *config,
			      const uint8_t *current)
{
	const struct vlb_field *field;

	for (field = profile->fields; field && field->name; field++) {
		if (field->front_end || field->local)
			memcpy(config + field->offset, current + field->offset, field->len);
	}
}

static uint64_t field_value(const struct vlb_field *field, const uint8_t *config)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < field->len && i < sizeof(value); i++)
		value |= (uint64_t)config[field->offset + i] << (8 * i);
	return value;
}

static const struct vlb_field *field_at(const struct vlb_profile *profile, unsigned int offset)
{
	const struct vlb_field *field;

	for (field = profile->fields; field && field->name; field++) {
		if (offset >= field->offset && offset < field->offset + field->len)
			return field;
	}
	return NULL;
}

static bool may_differ(const struct vlb_field *field)
{
	return field && (field->front_end || field->writable || field->local || field->state);
}

int vlb_profile_compare_config(const struct vlb_profile *profile, const uint8_t *config,
			       const uint8_t *current, unsigned int len, char *why,
			       size_t why_size)
{
	const struct vlb_field *field;
	unsigned int i;

	for (i = 0; i < len; i++) {
		field = field_at(profile, i);
		if (config[i] == current[i] || may_differ(field))
			continue;
		if (field)
			snprintf(why, why_size, "has %s %" PRIu64 ", the device has %" PRIu64,
				 field->name, field_value(field, config),
				 field_value(field, current));
		else
			snprintf(why, why_size, "has a different configuration space (byte %u)",
				 i);
		return -EPROTO;
	}
	return 0;
}
