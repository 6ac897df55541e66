// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "../json.h"
#include "commands.h"

struct types_options {
	bool json;
};

static const struct vlb_option options_table[] = {
	{ "json", VLB_OPTION_FLAG, offsetof(struct types_options, json), 0, 0, NULL, NULL,
	  "print JSON" },
	{ .name = NULL },
};

static void print_text(void)
{
	unsigned int i;

	printf("%-10s %4s  %-16s %s\n", "TYPE", "ID", "DRIVER", "WHAT");
	for (i = 0; vlb_profiles[i]; i++)
		printf("%-10s %4u  %-16s %s\n", vlb_profiles[i]->name,
		       vlb_profiles[i]->device_id, vlb_profiles[i]->driver,
		       vlb_profiles[i]->summary);
}

static void print_json(void)
{
	struct vlb_json json;
	unsigned int i;

	vlb_json_init(&json, stdout);
	vlb_json_array_open(&json, NULL);
	for (i = 0; vlb_profiles[i]; i++) {
		vlb_json_object_open(&json, NULL);
		vlb_json_string(&json, "type", vlb_profiles[i]->name);
		vlb_json_number(&json, "device_id", vlb_profiles[i]->device_id);
		vlb_json_string(&json, "driver", vlb_profiles[i]->driver);
		vlb_json_string(&json, "summary", vlb_profiles[i]->summary);
		vlb_json_object_close(&json);
	}
	vlb_json_array_close(&json);
	vlb_json_end(&json);
}

static int types(const struct vlb_command *command, int argc, char **argv)
{
	struct types_options options = {};
	int ret;

	ret = vlb_options_parse(command, argc, argv, &options);
	if (ret < 0)
		return ret == VLB_OPTIONS_HELP ? 0 : ret;
	if (ret)
		return vlb_options_error(command, "too many operands");
	if (options.json)
		print_json();
	else
		print_text();
	return 0;
}

const struct vlb_command vlb_command_types = {
	.name = "types",
	.operands = "",
	.summary = "List the types of devices that this tool knows.",
	.options = options_table,
	.run = types,
};
