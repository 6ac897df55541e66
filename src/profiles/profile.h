/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_PROFILE_H
#define VLB_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A profile says what vhost-user leaves open about one device type. The generic code
 * knows no types: whatever differs is a member here. Adding a type is one file with one
 * profile, and one line in profiles.c.
 */

/* Something in the configuration space that needs a name or a rule. */
struct vlb_field {
	const char *name;
	unsigned int offset;
	unsigned int len;
	bool front_end;		/* set by us: what the back-end says is a proposal */
	bool writable;		/* the driver may write it; passed on to the back-end */
};

struct vlb_feature_name {
	unsigned int bit;
	const char *name;
};

/* What the front-end has settled before it looks at features and configuration. */
struct vlb_plan {
	unsigned int num_queues;
	unsigned int queue_size;
	uint64_t arena_size;		/* 0: not known yet */
	uint64_t page_size;
	bool read_only;
	uint64_t back_end_features;
	uint64_t features;		/* offered to the driver */
};

struct vlb_profile {
	const char *name;
	uint32_t device_id;		/* virtio specification, section 5 */
	const char *driver;		/* the kernel module that drives it */
	const char *summary;

	/* Device-type feature bits that may reach the driver; terminated by a NULL name. */
	const struct vlb_feature_name *features;
	/* Of those: facts, not abilities. A device cannot gain one while it exists. */
	uint64_t fact_features;
	/* Without these more than one queue is impossible. */
	uint64_t mq_features;
	uint64_t protocol_features;	/* wanted beyond MQ and REPLY_ACK */

	/* The configuration space: read from the back-end in one piece. */
	unsigned int config_len;
	const struct vlb_field *fields;	/* terminated by a NULL name */

	/* The answer that a request gets when no back-end will ever serve it. */
	uint16_t fail_where;		/* VLB_FAIL_* */
	uint16_t fail_len;
	uint8_t fail_data[16];
	uint8_t lost;			/* VLB_LOST_*: of every queue */

	/* Below the virtio device in sysfs: the directory that names the driver's node. */
	const char *node_class;

	/*
	 * The rest may be NULL. They return 0, or -errno with the end of a sentence that
	 * begins with "the back-end" (check) or with "the device" (adjust) in @why.
	 */

	/* Is this configuration space credible for the type? */
	int (*check_config)(const uint8_t *config, char *why, size_t why_size);
	/* Add and remove feature bits for the driver. */
	uint64_t (*adjust_features)(const struct vlb_plan *plan, uint64_t features);
	/* Fill in the front-end's fields, so that no request exceeds the arena. */
	int (*adjust_config)(const struct vlb_plan *plan, uint8_t *config, char *why,
			     size_t why_size);
	/* Can a back-end with the configuration @raw honour the limits in @current? */
	int (*check_limits)(const uint8_t *current, const uint8_t *raw,
			    uint64_t back_end_features, char *why, size_t why_size);
};

extern const struct vlb_profile vlb_profile_blk;

/* The table of all profiles, NULL at the end. */
extern const struct vlb_profile *const vlb_profiles[];

const struct vlb_profile *vlb_profile_find(const char *name);
const struct vlb_profile *vlb_profile_find_id(uint32_t device_id);

/* The features for the driver; @ring_features as the module has them. */
uint64_t vlb_profile_features(const struct vlb_profile *profile, const struct vlb_plan *plan,
			      uint64_t ring_features);

/* "DISCARD (bit 13), WRITE_ZEROES (bit 14)" */
void vlb_profile_name_features(const struct vlb_profile *profile, uint64_t features,
			       char *out, size_t size);

/* @config becomes what the device has when its back-end now says @config. */
void vlb_profile_merge_config(const struct vlb_profile *profile, uint8_t *config,
			      const uint8_t *current);

/* -EPROTO unless @config and @current are the same device to a driver. */
int vlb_profile_compare_config(const struct vlb_profile *profile, const uint8_t *config,
			       const uint8_t *current, char *why, size_t why_size);

#endif
