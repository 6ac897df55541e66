// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../connect.h"
#include "../daemonize.h"
#include "../log.h"
#include "../pool.h"
#include "commands.h"

#define DEFAULT_REPLY_TIMEOUT_MS	5000

const char *const vlb_call_modes[] = { "direct", "eventfd", NULL };
const char *const vlb_memory_modes[] = { "copy", "map", NULL };

static const struct vlb_option options_table[] = {
	{ "socket", VLB_OPTION_TEXT, VLB_ATTACH_OFFSET(socket), 0, 0, NULL, "PATH",
	  "where the vhost-user back-end listens (needed)" },
	VLB_ATTACH_OPTIONS,
	{ .name = NULL },
};

void vlb_attach_defaults(struct vlb_attach_options *options)
{
	memset(options, 0, sizeof(*options));
	options->reply_timeout_ms = DEFAULT_REPLY_TIMEOUT_MS;
	options->report_fd = -1;
}

int vlb_attach_check(const struct vlb_command *command, struct vlb_attach_options *options,
		     const char *type)
{
	options->profile = vlb_profile_find(type);
	if (!options->profile)
		return vlb_options_error(command, "unknown TYPE '%s' ('virtio-loopback types' "
					 "lists them)", type);
	if (options->memory)
		return vlb_options_error(command, "--memory=%s is not available yet: use copy",
					 vlb_memory_modes[options->memory]);
	return 0;
}

/* A daemon leaves its directory, so that a relative path would lead elsewhere. */
static int make_absolute(const struct vlb_command *command, const char **path, char *buf,
			 size_t size)
{
	char cwd[PATH_MAX];

	if ((*path)[0] == '/')
		return 0;
	if (!getcwd(cwd, sizeof(cwd)) ||
	    (size_t)snprintf(buf, size, "%s/%s", cwd, *path) >= size ||
	    !vlb_socket_path_fits(buf))
		return vlb_options_error(command, "--socket: '%s' is too long as an absolute path",
					 *path);
	*path = buf;
	return 0;
}

static int attach(const struct vlb_command *command, int argc, char **argv)
{
	struct vlb_attach_options options;
	char path[128];
	int ret, status;

	vlb_attach_defaults(&options);
	ret = vlb_options_parse(command, argc, argv, &options);
	if (ret < 0)
		return ret == VLB_OPTIONS_HELP ? 0 : ret;
	if (ret != 1)
		return vlb_options_error(command, ret ? "too many operands" : "TYPE is missing");
	ret = vlb_attach_check(command, &options, argv[0]);
	if (ret)
		return ret;
	if (!options.socket)
		return vlb_options_error(command, "--socket is missing");
	if (!vlb_socket_path_fits(options.socket))
		return vlb_options_error(command, "--socket: the path is too long (%zu bytes, a "
					 "socket's can have 107)", strlen(options.socket));
	if (!options.daemonize)
		return vlb_adapter_run(&options);

	ret = make_absolute(command, &options.socket, path, sizeof(path));
	if (ret)
		return ret;
	ret = vlb_daemonize(&options.report_fd, &status);
	if (ret)
		return ret < 0 ? ret : status;
	return vlb_adapter_run(&options);
}

const struct vlb_command vlb_command_attach = {
	.name = "attach",
	.operands = "TYPE",
	.summary = "Make a device of type TYPE whose back-end listens on a socket, and serve it.",
	.options = options_table,
	.run = attach,
};
