// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "../daemonize.h"
#include "../pool.h"
#include "../supervisor.h"
#include "commands.h"

/* Until the back-end listens. */
#define DEFAULT_WAIT_MS	10000

static const struct vlb_option options_table[] = {
	VLB_ATTACH_OPTIONS,
	{ .name = NULL },
};

static int check_command(const struct vlb_command *command, char **argv)
{
	if (!*argv)
		return vlb_options_error(command, "the back-end's COMMAND is missing");
	for (; *argv; argv++) {
		if (strstr(*argv, VLB_SOCKET_PLACEHOLDER))
			return 0;
	}
	return vlb_options_error(command, "COMMAND has no " VLB_SOCKET_PLACEHOLDER
				 ": the back-end has to learn where to listen");
}

static int run(const struct vlb_command *command, int argc, char **argv)
{
	struct vlb_attach_options options;
	int ret, status;

	vlb_attach_defaults(&options);
	options.wait_ms = DEFAULT_WAIT_MS;
	ret = vlb_options_parse(command, argc, argv, &options);
	if (ret < 0)
		return ret == VLB_OPTIONS_HELP ? 0 : ret;
	if (vlb_options_before_dashes() != 1)
		return vlb_options_error(command, ret ? "write: TYPE [OPTION]... -- COMMAND" :
					 "TYPE is missing");
	ret = vlb_attach_check(command, &options, argv[0]);
	if (!ret)
		ret = check_command(command, argv + 1);
	if (ret)
		return ret;
	if (options.daemonize) {
		ret = vlb_daemonize(&options.report_fd, &status);
		if (ret)
			return ret < 0 ? ret : status;
	}
	return vlb_supervisor_run(&options, argv + 1);
}

const struct vlb_command vlb_command_run = {
	.name = "run",
	.operands = "TYPE -- COMMAND [ARGUMENT]...",
	.summary = "Start a back-end and attach a device to it; both end together. Each {socket} "
		   "in COMMAND becomes the path where it has to listen.",
	.options = options_table,
	.groups = vlb_attach_groups,
	.run = run,
};
