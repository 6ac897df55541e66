// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "commands.h"

struct types_options {
	bool json;
};

static const struct vlb_option options_table[] = {
	{ "json", VLB_OPTION_FLAG, offsetof(struct types_options, json), 0, 0, NULL, NULL,
	  "print JSON" },
	{ .name = NULL },
};

static const char *config_owner(const struct vlb_profile *profile)
{
	static const char *const names[] = {
		[VLB_CONFIG_NONE] = "none",
		[VLB_CONFIG_BACK_END] = "back-end",
		[VLB_CONFIG_FRONT_END] = "front-end",
	};

	return names[profile->config_owner];
}

static void print_row(const struct vlb_profile *profile)
{
	const struct vlb_option *option;
	char id[16];

	snprintf(id, sizeof(id), profile->device_id ? "%u" : "-", profile->device_id);
	printf("%-8s %3s  %-26s %-30s %-8s ", profile->name, id,
	       profile->driver ? profile->driver : "-", profile->node,
	       vlb_profile_policy(profile));
	for (option = profile->options; option && option->name; option++)
		printf(" --%s", option->name);
	putchar('\n');
}

static void print_table(void)
{
	unsigned int i;

	printf("%-8s %3s  %-26s %-30s %-8s  %s\n", "TYPE", "ID", "DRIVER", "NODE", "RECOVERY",
	       "OPTIONS");
	for (i = 0; vlb_profiles[i]; i++)
		print_row(vlb_profiles[i]);
}

static void print_one(const struct vlb_profile *profile)
{
	const struct vlb_option *option;

	printf("%-14s %s\n", "type", profile->name);
	printf("%-14s %s\n", "what", profile->summary);
	if (profile->device_id)
		printf("%-14s %u\n", "virtio id", profile->device_id);
	printf("%-14s %s\n", "driver", profile->driver ? profile->driver : "-");
	printf("%-14s %s\n", "node", profile->node);
	printf("%-14s %s\n", "configuration", config_owner(profile));
	for (option = profile->options; option && option->name; option++)
		printf("%-14s --%s %s: %s\n", "option", option->name,
		       option->value ? option->value : "", option->help);
	printf("%-14s %s: %s\n", "recovery", vlb_profile_policy(profile), profile->recovery);
}

static void print_json(struct vlb_json *json, const struct vlb_profile *profile)
{
	const struct vlb_option *option;

	vlb_json_object_open(json, NULL);
	vlb_json_string(json, "type", profile->name);
	if (profile->device_id)
		vlb_json_number(json, "device_id", profile->device_id);
	else
		vlb_json_null(json, "device_id");
	vlb_json_string_or_null(json, "driver", profile->driver);
	vlb_json_string(json, "summary", profile->summary);
	vlb_json_string(json, "node", profile->node);
	vlb_json_string(json, "config", config_owner(profile));
	vlb_json_array_open(json, "options");
	for (option = profile->options; option && option->name; option++)
		vlb_json_string(json, NULL, option->name);
	vlb_json_array_close(json);
	vlb_json_string(json, "recovery", vlb_profile_policy(profile));
	vlb_json_string(json, "recovery_reason", profile->recovery);
	vlb_json_object_close(json);
}

/* One profile, or all if it is NULL: an array either way. */
static void print_as_json(const struct vlb_profile *one)
{
	struct vlb_json json;
	unsigned int i;

	vlb_json_init(&json, stdout);
	vlb_json_array_open(&json, NULL);
	for (i = 0; vlb_profiles[i]; i++) {
		if (!one || one == vlb_profiles[i])
			print_json(&json, vlb_profiles[i]);
	}
	vlb_json_finish_array(&json);
}

static int types(const struct vlb_command *command, int argc, char **argv)
{
	const struct vlb_profile *profile = NULL;
	struct types_options options = {};
	int ret;

	ret = vlb_options_parse(command, argc, argv, &options);
	if (ret < 0)
		return ret == VLB_OPTIONS_HELP ? 0 : ret;
	if (ret > 1)
		return vlb_options_error(command, "too many operands");
	if (ret) {
		profile = vlb_profile_find(argv[0]);
		if (!profile)
			return vlb_options_error(command, "unknown TYPE '%s' ('virtio-loopback types' "
						 "lists them)", argv[0]);
	}
	if (options.json)
		print_as_json(profile);
	else if (profile)
		print_one(profile);
	else
		print_table();
	return 0;
}

const struct vlb_command vlb_command_types = {
	.name = "types",
	.operands = "[TYPE]",
	.summary = "List the types of devices that this tool knows, or explain one.",
	.options = options_table,
	.run = types,
};
