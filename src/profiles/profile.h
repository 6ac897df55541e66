/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_PROFILE_H
#define VLB_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_loopback.h>

#include "../options.h"

/*
 * A profile says what vhost-user leaves open about one device type. The generic code
 * knows no types: whatever differs is a member here. Adding a type is one file with one
 * profile, and one line in profiles.c.
 */

/* Options of single types, for their option tables; 0 or NULL: not said. */
struct vlb_type_options {
	bool read_only;
	const char *mac;
	uint64_t mtu;
	const char *tag;
	uint64_t device_id;
	uint64_t config_size;
};

#define VLB_TYPE_OPTION(member) offsetof(struct vlb_type_options, member)

enum vlb_config_owner {
	VLB_CONFIG_NONE,	/* the type has no configuration space */
	VLB_CONFIG_BACK_END,	/* read from the back-end in one piece */
	VLB_CONFIG_FRONT_END,	/* made up here, by adjust_config */
};

/* Something in the configuration space that needs a name or a rule. */
struct vlb_field {
	const char *name;
	unsigned int offset;
	unsigned int len;
	bool front_end;		/* set by us: what the back-end says is a proposal */
	bool writable;		/* the driver may write it; passed on to the back-end */
	bool local;		/* the driver may write it; the back-end need not know */
	bool option;		/* the user may choose it */
	bool state;		/* changes by itself: no other device because of it */
};

struct vlb_feature_name {
	unsigned int bit;
	const char *name;
};

/*
 * The queues of a type. Some are fixed; of others there are as many as the user and the
 * back-end want, in units that --queues counts: a request queue, a pair of queues.
 */
struct vlb_queue_rule {
	unsigned int base;		/* fixed ones; they come first */
	unsigned int unit;		/* queues of a unit; 0: all are fixed */
	const char *unit_name;		/* "request queues": what --queues counts */
	bool back_end_counts_units;	/* so does its GET_QUEUE_NUM */
	bool need_units;		/* --queues has to be given */
	bool one_unit;			/* without --queues, whatever the back-end tells */
	bool trust_user;		/* a back-end that tells no number has enough */

	uint64_t feature;		/* without it there are only ... */
	unsigned int without_feature;	/* ... so many fixed ones */

	unsigned int size;		/* default; 0: VLB_DEFAULT_QUEUE_SIZE */
	unsigned int max_size;		/* the most that back-ends take; 0: no limit known */

	uint64_t local;			/* mask: the driver has them, the back-end does not */
	bool control;			/* one more, behind all others: the module serves it */
	/* masks: VLB_LOST_DISCARD, VLB_LOST_WAIT, VLB_QUEUE_DESC_* */
	uint64_t discard;
	uint64_t events;
	uint64_t clamp;
	uint64_t one_request;
	uint64_t whole_answers;
	uint64_t forgetful;
	uint64_t whole_transfers;
	uint64_t posted;
	uint64_t stream;
	/* mask: when the back-end is lost, what it has is completed, not kept for the next */
	uint64_t complete;
};

#define VLB_DEFAULT_QUEUE_SIZE	256u

/*
 * Space for the data of requests. @size is the default for each queue, 0: 8 MiB.
 * A device with less than @min + @min_pages pages could not serve its largest request.
 */
struct vlb_arena_rule {
	uint64_t size;
	uint64_t min;
	unsigned int min_pages;
};

/* In @min_pages: as many as a queue has descriptors. */
#define VLB_PAGES_OF_QUEUE_SIZE	(~0u)

/* Where a driver's node appears below the virtio device, and what makes a path of it. */
struct vlb_node {
	const char *pattern;		/* of each directory: "input/input*" */
	const char *prefix;		/* of the last one's name: "/dev/"; NULL: there is one, elsewhere */
};

/*
 * Selectors of configuration pages (select_len of the device): @select, and each value
 * from @first to @last behind it.
 */
struct vlb_page_range {
	uint8_t select;
	uint8_t first;
	uint8_t last;
	/* Only those in the bitmap at @bitmap_offset of page (@by_select, @by_subsel). */
	bool listed;
	uint8_t by_select;
	uint8_t by_subsel;
	unsigned int bitmap_offset;
};

/* What the front-end has settled before it looks at features and configuration. */
struct vlb_plan {
	const char *name;
	const struct vlb_type_options *options;
	unsigned int back_end_queues;	/* GET_QUEUE_NUM; 0: it does not say */
	unsigned int units;		/* see struct vlb_queue_rule */
	unsigned int num_queues;
	unsigned int queue_size;
	uint64_t arena_size;		/* 0: not known yet */
	uint64_t page_size;
	uint64_t back_end_features;
	uint64_t features;		/* offered to the driver */
};

struct vlb_profile {
	const char *name;
	uint32_t device_id;		/* virtio specification, section 5; 0: an option */
	const char *driver;		/* the kernel module that drives it; NULL: unknown */
	const char *summary;
	const char *node;		/* for people: what appears */
	const char *recovery;		/* for people: what a lost back-end means, and why */
	const struct vlb_option *options;	/* only of this type; NULL: none */

	/* Device-type feature bits that may reach the driver; terminated by a NULL name. */
	const struct vlb_feature_name *features;
	bool all_features;		/* of the device type, whatever they mean */
	/* Of those: facts, not abilities. A device cannot gain one while it exists. */
	uint64_t fact_features;
	/* Of those: offered by us, whatever the back-end has. */
	uint64_t own_features;
	/* Of the ring, not of the type: withheld, because back-ends get them wrong. */
	uint64_t withheld_ring_features;
	/* Without these more than one unit of queues is impossible. */
	uint64_t mq_features;
	uint64_t protocol_features;	/* wanted beyond MQ and REPLY_ACK */

	struct vlb_queue_rule queues;
	struct vlb_arena_rule arena;

	enum vlb_config_owner config_owner;
	unsigned int config_len;	/* with an owner, and 0: an option */
	unsigned int select_len;	/* not 0: the space has pages ... */
	const struct vlb_page_range *pages;	/* ... terminated by select 0 */
	const struct vlb_field *fields;	/* terminated by a NULL name; NULL: none */

	/* The answer that a request gets when no back-end will ever serve it. */
	uint16_t fail_where;		/* VLB_FAIL_* */
	uint16_t fail_len;
	uint8_t fail_data[16];

	/*
	 * The driver has told the back-end what another one does not know: it starts over
	 * once there is one again. Back-ends end, or begin anew, with each connection, so it
	 * does when another adapter takes over.
	 */
	bool restart_driver;

	/* Where readiness and "list" look, in this order; NULL pattern at the end; or NULL. */
	const struct vlb_node *nodes;

	/*
	 * Does this request to the module's own queue say how many units of queues are to be
	 * enabled? Until it comes a device with mq_features has one. NULL: all always are.
	 */
	bool (*enables_units)(const struct vlb_control *control, unsigned int *units);

	/*
	 * The rest may be NULL. They return 0, or -errno with the end of a sentence that
	 * begins with "the back-end" (check) or with "the device" (adjust) in @why.
	 */

	/* What the options' own kinds cannot check; @why is a whole sentence. */
	int (*check_options)(const struct vlb_type_options *options, char *why,
			     size_t why_size);
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
extern const struct vlb_profile vlb_profile_rng;
extern const struct vlb_profile vlb_profile_console;
extern const struct vlb_profile vlb_profile_gpio;
extern const struct vlb_profile vlb_profile_i2c;
extern const struct vlb_profile vlb_profile_can;
extern const struct vlb_profile vlb_profile_input;
extern const struct vlb_profile vlb_profile_net;
extern const struct vlb_profile vlb_profile_scsi;
extern const struct vlb_profile vlb_profile_fs;
extern const struct vlb_profile vlb_profile_vsock;
extern const struct vlb_profile vlb_profile_sound;
extern const struct vlb_profile vlb_profile_spi;
extern const struct vlb_profile vlb_profile_rtc;
extern const struct vlb_profile vlb_profile_generic;

/* The table of all profiles, NULL at the end. */
extern const struct vlb_profile *const vlb_profiles[];

const struct vlb_profile *vlb_profile_find(const char *name);
const struct vlb_profile *vlb_profile_find_id(uint32_t device_id);

/* What the options decide where the profile does not. */
uint32_t vlb_profile_device_id(const struct vlb_profile *profile,
			       const struct vlb_type_options *options);
unsigned int vlb_profile_config_len(const struct vlb_profile *profile,
				    const struct vlb_type_options *options);

/* "replay", "complete" or "restart": the gist of what a lost back-end means. */
const char *vlb_profile_policy(const struct vlb_profile *profile);

/* The features for the driver; @ring_features as the module has them. */
uint64_t vlb_profile_features(const struct vlb_profile *profile, const struct vlb_plan *plan,
			      uint64_t ring_features);

/* "DISCARD (bit 13), WRITE_ZEROES (bit 14)" */
void vlb_profile_name_features(const struct vlb_profile *profile, uint64_t features,
			       char *out, size_t size);

/* @config becomes what the device has when its back-end now says @config. */
void vlb_profile_merge_config(const struct vlb_profile *profile, uint8_t *config,
			      const uint8_t *current);

/* -EPROTO unless @config and @current, of @len bytes, are the same device to a driver. */
int vlb_profile_compare_config(const struct vlb_profile *profile, const uint8_t *config,
			       const uint8_t *current, unsigned int len, char *why,
			       size_t why_size);

/* ---- queues.c ----------------------------------------------------------------------- */

/* What the number of queues is decided from. */
struct vlb_queue_wish {
	unsigned int units;		/* --queues; 0: not said */
	unsigned int cpus;
	unsigned int max_queues;	/* of the module */
};

/* Fill in @plan's units and num_queues; @why is a whole sentence. */
int vlb_profile_plan_queues(const struct vlb_profile *profile, struct vlb_plan *plan,
			    const struct vlb_queue_wish *wish, char *why, size_t why_size);

/* Queues of a device with @units and @features. */
unsigned int vlb_profile_num_queues(const struct vlb_profile *profile, uint64_t features,
				    unsigned int units);

/* -EPROTO unless the back-end can serve a device of @num_queues. */
int vlb_profile_check_queues(const struct vlb_profile *profile, unsigned int back_end_queues,
			     unsigned int num_queues, char *why, size_t why_size);

/* The default size of queues. */
unsigned int vlb_profile_queue_size(const struct vlb_profile *profile);

/* VLB_LOST_* and VLB_QUEUE_DESC_* of queue @index of @num_queues. */
uint8_t vlb_profile_lost(const struct vlb_profile *profile, unsigned int index);
uint8_t vlb_profile_queue_flags(const struct vlb_profile *profile, unsigned int index,
				unsigned int num_queues);

/* Mask of the queues that the back-end of a device of @num_queues never sees. */
uint64_t vlb_profile_local_queues(const struct vlb_profile *profile, unsigned int num_queues);

/* Mask of the queues of the first @units units, and of all fixed ones. */
uint64_t vlb_profile_queues_of_units(const struct vlb_profile *profile, unsigned int units);

/* Bytes of a queue's arena: by default, and at least. */
uint64_t vlb_profile_arena(const struct vlb_profile *profile, const struct vlb_plan *plan);
uint64_t vlb_profile_min_arena(const struct vlb_profile *profile,
			       const struct vlb_plan *plan);

#endif
