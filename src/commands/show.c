// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "../log.h"
#include "commands.h"

struct show_options {
	bool json;
};

static const struct vlb_option options_table[] = {
	{ "json", VLB_OPTION_FLAG, offsetof(struct show_options, json), 0, 0, NULL, NULL,
	  "print JSON" },
	{ .name = NULL },
};

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void print_features(const struct vlb_sysfs_device *device, const char *label,
			   uint64_t features)
{
	const struct vlb_profile *profile = vlb_profile_find_id((uint32_t)device->device_id);
	char names[1024] = "";

	if (profile)
		vlb_profile_name_features(profile, features, names, sizeof(names));
	printf("%-17s 0x%016" PRIx64 " %s\n", label, features, names);
}

static void print_text(const struct vlb_sysfs_device *device)
{
	struct vlb_queue_stats stats;
	char type[24];
	unsigned int i;

	printf("%-17s %s\n", "name", device->name);
	printf("%-17s %s\n", "type", vlb_type_name(device->device_id, type, sizeof(type)));
	printf("%-17s %s\n", "state", device->state);
	printf("%-17s %s\n", "node", or_dash(device->node));
	printf("%-17s %s\n", "virtio device", or_dash(device->virtio));
	printf("%-17s %s\n", "driver", or_dash(device->driver));
	printf("%-17s %" PRIu64 "%s\n", "adapter pid", device->adapter,
	       device->adapter ? "" : " (none: attach one with the same --name)");
	printf("%-17s %" PRIu64 " ms\n", "timeout", device->timeout_ms);
	printf("%-17s %" PRIu64 " bytes\n", "pool", device->pool_size);
	printf("%-17s %" PRIu64 " bytes\n", "arena of a queue", device->arena_size);
	printf("%-17s %" PRIu64 ", faults %" PRIu64 ", revoked %" PRIu64 "\n", "grants",
	       device->grants, device->grant_faults, device->grants_revoked);
	print_features(device, "features", device->features);
	print_features(device, "driver's features", device->driver_features);
	for (i = 0; i < device->num_queues; i++) {
		if (vlb_sysfs_read_stats(device->name, i, &stats))
			continue;
		printf("queue %-11u size %" PRIu64 ", requests %" PRIu64 ", bytes %" PRIu64
		       ", kicks %" PRIu64 ", calls %" PRIu64 ", in flight %" PRIu64
		       ", replays %" PRIu64 ", errors %" PRIu64 ", granted %" PRIu64
		       ", shared %" PRIu64 ", copied %" PRIu64 "\n", i,
		       stats.size, stats.requests, stats.bytes, stats.kicks, stats.calls,
		       stats.in_flight, stats.replays, stats.errors, stats.granted, stats.shared,
		       stats.copied);
	}
}

static void features_as_text(struct vlb_json *json, const char *key, uint64_t features)
{
	char text[24];

	/* A number would lose bits in readers that use floating point. */
	snprintf(text, sizeof(text), "0x%016" PRIx64, features);
	vlb_json_string(json, key, text);
}

static void print_queue_json(struct vlb_json *json, const char *name, unsigned int index)
{
	struct vlb_queue_stats stats;

	if (vlb_sysfs_read_stats(name, index, &stats))
		return;
	vlb_json_object_open(json, NULL);
	vlb_json_number(json, "queue", index);
	vlb_json_number(json, "size", stats.size);
	vlb_json_number(json, "requests", stats.requests);
	vlb_json_number(json, "bytes", stats.bytes);
	vlb_json_number(json, "kicks", stats.kicks);
	vlb_json_number(json, "calls", stats.calls);
	vlb_json_number(json, "in_flight", stats.in_flight);
	vlb_json_number(json, "replays", stats.replays);
	vlb_json_number(json, "errors", stats.errors);
	vlb_json_number(json, "granted", stats.granted);
	vlb_json_number(json, "shared", stats.shared);
	vlb_json_number(json, "copied", stats.copied);
	vlb_json_object_close(json);
}

static void print_json(const struct vlb_sysfs_device *device)
{
	struct vlb_json json;
	unsigned int i;
	char type[24];

	vlb_json_init(&json, stdout);
	vlb_json_object_open(&json, NULL);
	vlb_json_string(&json, "name", device->name);
	vlb_json_string(&json, "type", vlb_type_name(device->device_id, type, sizeof(type)));
	vlb_json_number(&json, "device_id", device->device_id);
	vlb_json_number(&json, "vendor_id", device->vendor_id);
	vlb_json_string(&json, "state", device->state);
	vlb_json_string_or_null(&json, "node", device->node);
	vlb_json_string_or_null(&json, "virtio", device->virtio);
	vlb_json_string_or_null(&json, "driver", device->driver);
	vlb_json_number(&json, "adapter", device->adapter);
	vlb_json_number(&json, "timeout_ms", device->timeout_ms);
	vlb_json_number(&json, "pool_size", device->pool_size);
	vlb_json_number(&json, "arena_size", device->arena_size);
	vlb_json_number(&json, "grants", device->grants);
	vlb_json_number(&json, "grant_faults", device->grant_faults);
	vlb_json_number(&json, "grants_revoked", device->grants_revoked);
	features_as_text(&json, "features", device->features);
	features_as_text(&json, "driver_features", device->driver_features);
	vlb_json_array_open(&json, "queues");
	for (i = 0; i < device->num_queues; i++)
		print_queue_json(&json, device->name, i);
	vlb_json_array_close(&json);
	vlb_json_object_close(&json);
	vlb_json_end(&json);
}

static int show(const struct vlb_command *command, int argc, char **argv)
{
	struct show_options options = {};
	struct vlb_sysfs_device device;
	int ret;

	ret = vlb_options_parse(command, argc, argv, &options);
	if (ret < 0)
		return ret == VLB_OPTIONS_HELP ? 0 : ret;
	if (ret != 1)
		return vlb_options_error(command, ret ? "too many operands" : "NAME is missing");
	ret = vlb_device_look_up(argv[0], &device);
	if (ret)
		return ret;
	if (options.json)
		print_json(&device);
	else
		print_text(&device);
	return 0;
}

const struct vlb_command vlb_command_show = {
	.name = "show",
	.operands = "NAME",
	.summary = "Show everything about one device.",
	.options = options_table,
	.run = show,
};
