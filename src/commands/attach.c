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
#include "../shared_memory.h"
#include "commands.h"

#define MAX_TYPES			31u
#define DEFAULT_REPLY_TIMEOUT_MS	5000
#define DEFAULT_MAP_MIN			65536
#define DEFAULT_MAP_REVOKE_MS		50

const char *const vlb_call_modes[] = { "direct", "eventfd", NULL };
const char *const vlb_memory_modes[] = { "copy", "map", NULL };

static const struct vlb_option options_table[] = {
	{ "socket", VLB_OPTION_TEXT, VLB_ATTACH_OFFSET(socket), 0, 0, NULL, "PATH",
	  "where the vhost-user back-end listens (needed)" },
	VLB_ATTACH_OPTIONS,
	{ .name = NULL },
};

static const char *queues_note(const struct vlb_profile *profile, char *note, size_t size)
{
	const struct vlb_queue_rule *rule = &profile->queues;

	if (!rule->unit)
		snprintf(note, size, "--queues: there is no choice, the type has %u", rule->base);
	else
		snprintf(note, size, "--queues counts %s%s", rule->unit_name,
			 rule->one_unit ? "; default: 1" : "");
	return note;
}

const struct vlb_option_group *vlb_attach_groups(void)
{
	static struct vlb_option_group groups[MAX_TYPES + 1];
	static char notes[MAX_TYPES][160];
	unsigned int i;

	for (i = 0; vlb_profiles[i] && i < MAX_TYPES; i++)
		groups[i] = (struct vlb_option_group){
			.word = vlb_profiles[i]->name,
			.note = queues_note(vlb_profiles[i], notes[i], sizeof(notes[i])),
			.base = VLB_ATTACH_OFFSET(type),
			.options = vlb_profiles[i]->options,
		};
	return groups;
}

void vlb_attach_defaults(struct vlb_attach_options *options)
{
	memset(options, 0, sizeof(*options));
	options->reply_timeout_ms = DEFAULT_REPLY_TIMEOUT_MS;
	options->map_min = DEFAULT_MAP_MIN;
	options->map_revoke_ms = DEFAULT_MAP_REVOKE_MS;
	options->shared_fd = -1;
	options->report_fd = -1;
}

static int check_queues(const struct vlb_command *command,
			const struct vlb_attach_options *options)
{
	const struct vlb_profile *profile = options->profile;
	const struct vlb_queue_rule *rule = &profile->queues;

	if (options->queues && !rule->unit)
		return vlb_options_error(command, "--queues: devices of type %s have a fixed "
					 "number of queues; leave it out", profile->name);
	if (!options->queues && rule->need_units)
		return vlb_options_error(command, "--queues is missing: type %s does not know "
					 "how many there are", profile->name);
	if (rule->max_size && options->queue_size > rule->max_size)
		return vlb_options_error(command, "--queue-size: back-ends of type %s take at "
					 "most %u", profile->name, rule->max_size);
	return 0;
}

/* Now, because a daemon leaves its directory. */
static int open_shared_memory(struct vlb_attach_options *options)
{
	char why[400];

	if (!options->shared_memory)
		return 0;
	options->shared_fd = vlb_shared_memory_open(options->shared_memory, why, sizeof(why));
	if (options->shared_fd >= 0)
		return 0;
	vlb_error("%s", why);
	return options->shared_fd;
}

int vlb_attach_check(const struct vlb_command *command, struct vlb_attach_options *options,
		     const char *type)
{
	char why[200];
	int ret;

	options->profile = vlb_profile_find(type);
	if (!options->profile)
		return vlb_options_error(command, "unknown TYPE '%s' ('virtio-loopback types' "
					 "lists them)", type);
	if (options->profile->check_options &&
	    options->profile->check_options(&options->type, why, sizeof(why)))
		return vlb_options_error(command, "%s", why);
	ret = check_queues(command, options);
	return ret ? ret : open_shared_memory(options);
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
	.groups = vlb_attach_groups,
	.run = attach,
};
