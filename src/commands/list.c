// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"

struct list_options {
	bool json;
};

static const struct vlb_option options_table[] = {
	{ "json", VLB_OPTION_FLAG, offsetof(struct list_options, json), 0, 0, NULL, NULL,
	  "print JSON" },
	{ .name = NULL },
};

#define TEXT_FORMAT	"%-16s %-8s %-9s %6s  %s\n"

static void print_text(const struct vlb_sysfs_device *device)
{
	char type[24], queues[24];

	snprintf(queues, sizeof(queues), "%" PRIu64, device->num_queues);
	printf(TEXT_FORMAT, device->name, vlb_type_name(device->device_id, type, sizeof(type)),
	       device->state, queues, *device->node ? device->node : "-");
}

static void print_json(struct vlb_json *json, const struct vlb_sysfs_device *device)
{
	char type[24];

	vlb_json_object_open(json, NULL);
	vlb_json_string(json, "name", device->name);
	vlb_json_string(json, "type", vlb_type_name(device->device_id, type, sizeof(type)));
	vlb_json_string(json, "state", device->state);
	vlb_json_number(json, "queues", device->num_queues);
	vlb_json_string_or_null(json, "node", device->node);
	vlb_json_object_close(json);
}

static void print_all(char **names, unsigned int count, bool as_json)
{
	struct vlb_sysfs_device device;
	struct vlb_json json;
	unsigned int i;

	vlb_json_init(&json, stdout);
	if (as_json)
		vlb_json_array_open(&json, NULL);
	else
		printf(TEXT_FORMAT, "NAME", "TYPE", "STATE", "QUEUES", "NODE");
	for (i = 0; i < count; i++) {
		/* Gone since the directory was read. */
		if (vlb_sysfs_read(names[i], &device))
			continue;
		if (as_json)
			print_json(&json, &device);
		else
			print_text(&device);
	}
	if (as_json)
		vlb_json_finish_array(&json);
}

static int list(const struct vlb_command *command, int argc, char **argv)
{
	struct list_options options = {};
	unsigned int count;
	char **names;
	int ret;

	ret = vlb_options_parse(command, argc, argv, &options);
	if (ret < 0)
		return ret == VLB_OPTIONS_HELP ? 0 : ret;
	if (ret)
		return vlb_options_error(command, "too many operands");
	ret = vlb_device_names(&names, &count);
	if (ret)
		return ret;
	print_all(names, count, options.json);
	vlb_sysfs_free_names(names, count);
	return 0;
}

const struct vlb_command vlb_command_list = {
	.name = "list",
	.operands = "",
	.summary = "List all devices.",
	.options = options_table,
	.run = list,
};
