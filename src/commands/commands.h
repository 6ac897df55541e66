/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_COMMANDS_H
#define VLB_COMMANDS_H

#include "../adapter.h"
#include "../json.h"
#include "../options.h"
#include "../sysfs.h"

/*
 * One subcommand each. Their run() returns an exit status (>= 0), or -errno after a
 * message, which main() turns into one.
 */
extern const struct vlb_command vlb_command_attach;
extern const struct vlb_command vlb_command_run;
extern const struct vlb_command vlb_command_list;
extern const struct vlb_command vlb_command_show;
extern const struct vlb_command vlb_command_stat;
extern const struct vlb_command vlb_command_detach;
extern const struct vlb_command vlb_command_types;

/* The options that attach and run have in common, for their tables. */
#define VLB_ATTACH_OFFSET(member) offsetof(struct vlb_attach_options, member)
extern const char *const vlb_call_modes[];
extern const char *const vlb_memory_modes[];

#define VLB_ATTACH_OPTIONS								\
	{ "name", VLB_OPTION_NAME, VLB_ATTACH_OFFSET(name), 0, 0, NULL, "NAME",		\
	  "name of the device; default: TYPE and the first free number" },		\
	{ "queues", VLB_OPTION_NUMBER, VLB_ATTACH_OFFSET(queues), 1, VLB_MAX_QUEUES,	\
	  NULL, "N", "number of queues, where there is a choice; default: as many as "	\
	  "CPUs and back-end have" },							\
	{ "queue-size", VLB_OPTION_POWER_OF_2, VLB_ATTACH_OFFSET(queue_size), 1,	\
	  VLB_MAX_QUEUE_SIZE, NULL, "N", "descriptors of a queue; default: what suits the type" },	\
	{ "pool-size", VLB_OPTION_SIZE, VLB_ATTACH_OFFSET(pool_size), VLB_POOL_MIN,	\
	  VLB_POOL_MAX, NULL, "SIZE", "shared memory; default: what suits the type" },	\
	{ "hugepages", VLB_OPTION_FLAG, VLB_ATTACH_OFFSET(hugepages), 0, 0, NULL, NULL,	\
	  "take the shared memory from huge pages" },					\
	{ "memory", VLB_OPTION_CHOICE, VLB_ATTACH_OFFSET(memory), 0, 0,			\
	  vlb_memory_modes, "copy|map", "how data reaches the back-end; default: copy" },	\
	{ "map-min", VLB_OPTION_SIZE, VLB_ATTACH_OFFSET(map_min), 4096, UINT32_MAX, NULL,	\
	  "SIZE", "with --memory=map: requests with less data are copied; default: 64K" },	\
	{ "map-revoke", VLB_OPTION_SECONDS, VLB_ATTACH_OFFSET(map_revoke_ms), 1,		\
	  VLB_MAX_REVOKE_MS, NULL, "SECONDS",						\
	  "with --memory=map: show pages for so long after their last use; default: 0.05" }, \
	{ "shared-memory", VLB_OPTION_TEXT, VLB_ATTACH_OFFSET(shared_memory), 0, 0, NULL,	\
	  "FILE", "a file of tmpfs: buffers that applications have there are not copied" },	\
	{ "busy-poll", VLB_OPTION_NUMBER, VLB_ATTACH_OFFSET(busy_poll_us), 0,			\
	  VLB_MAX_BUSY_POLL_US, NULL, "USEC", "look for an answer for so many microseconds "	\
	  "before sleeping; default: 0" },							\
	{ "call", VLB_OPTION_CHOICE, VLB_ATTACH_OFFSET(call), 0, 0, vlb_call_modes,	\
	  "direct|eventfd", "how the back-end reports completions; default: direct" },	\
	{ "no-indirect", VLB_OPTION_FLAG, VLB_ATTACH_OFFSET(no_indirect), 0, 0, NULL,	\
	  NULL, "do not offer indirect descriptors" },					\
	{ "no-event-idx", VLB_OPTION_FLAG, VLB_ATTACH_OFFSET(no_event_idx), 0, 0, NULL,	\
	  NULL, "do not offer the suppression of notifications by index" },		\
	{ "timeout", VLB_OPTION_SECONDS, VLB_ATTACH_OFFSET(timeout_ms), 0,		\
	  4294967000, NULL, "SECONDS",							\
	  "without a back-end for so long: fail all requests and remove the device; "	\
	  "default: 0, never" },							\
	{ "reply-timeout", VLB_OPTION_SECONDS, VLB_ATTACH_OFFSET(reply_timeout_ms), 10,	\
	  3600000, NULL, "SECONDS", "for each answer of the back-end; default: 5" },	\
	{ "wait", VLB_OPTION_SECONDS, VLB_ATTACH_OFFSET(wait_ms), 0, 86400000, NULL,	\
	  "SECONDS", "for the back-end to listen" },					\
	{ "daemonize", VLB_OPTION_FLAG, VLB_ATTACH_OFFSET(daemonize), 0, 0, NULL, NULL,	\
	  "go to the background once the device is ready" }

/* The options of single types, as groups. */
const struct vlb_option_group *vlb_attach_groups(void);

/* What was not given; the operand for the type; what the options exclude. */
void vlb_attach_defaults(struct vlb_attach_options *options);
int vlb_attach_check(const struct vlb_command *command, struct vlb_attach_options *options,
		     const char *type);

/* Whether a name given by the user is a device: 0, or -errno after a message. */
int vlb_device_look_up(const char *name, struct vlb_sysfs_device *device);

/* The names of all devices, or -errno after a message. */
int vlb_device_names(char ***names, unsigned int *count);

/* Ends an array of JSON that is all of the output. */
void vlb_json_finish_array(struct vlb_json *json);

/* "blk", or the virtio id if there is no profile; @buf for the latter. */
const char *vlb_type_name(uint64_t device_id, char *buf, size_t size);

#endif
