// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "../block_use.h"
#include "../log.h"
#include "commands.h"

struct detach_options {
	bool force;
	uint64_t wait_ms;
};

static const struct vlb_option options_table[] = {
	{ "force", VLB_OPTION_FLAG, offsetof(struct detach_options, force), 0, 0, NULL, NULL,
	  "even if the device is in use; what is not written yet is lost" },
	{ "wait", VLB_OPTION_SECONDS, offsetof(struct detach_options, wait_ms), 0, 86400000,
	  NULL, "SECONDS", "give up waiting after so long; default: 0, never" },
	{ .name = NULL },
};

static void on_alarm(int signal_number)
{
	(void)signal_number;
}

/* VLB_REMOVE returns EINTR for the alarm; nothing else here can interrupt it. */
static void set_alarm(uint64_t after_ms)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval when = {
		.it_value = {
			.tv_sec = (time_t)(after_ms / 1000),
			.tv_usec = (suseconds_t)(after_ms % 1000 * 1000),
		},
		/* Should the first one come before the wait has begun. */
		.it_interval = { .tv_usec = 100000 },
	};

	if (!after_ms)
		return;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &when, NULL);
}

static int check_use(const char *name)
{
	char path[448], how[512];

	if (vlb_sysfs_virtio_path(name, path, sizeof(path)) ||
	    !vlb_block_in_use(path, how, sizeof(how)))
		return 0;
	vlb_error("%s; end that first, or use --force and lose what is not written yet", how);
	return -EBUSY;
}

static int remove_device(const char *name, const struct detach_options *options)
{
	struct vlb_device dev;
	int ret;

	ret = vlb_device_open(&dev);
	if (ret) {
		vlb_error("%s", dev.why);
		return ret;
	}
	if (!vlb_name_is_valid(name) || !vlb_sysfs_exists(name)) {
		vlb_error("there is no such device; see 'virtio-loopback list'");
		ret = -ENOENT;
		goto close_device;
	}
	ret = options->force ? 0 : check_use(name);
	if (ret)
		goto close_device;
	set_alarm(options->wait_ms);
	ret = vlb_device_remove(&dev, name);
	if (ret == -EINTR) {
		vlb_error("still there after %g s: requests in flight are not finished; the "
			  "device goes when they are, run detach again to wait on",
			  (double)options->wait_ms / 1000);
		ret = -EBUSY;
	} else if (ret) {
		vlb_error("%s", dev.why);
	}
close_device:
	vlb_device_close(&dev);
	return ret;
}

static int detach(const struct vlb_command *command, int argc, char **argv)
{
	struct detach_options options = {};
	int ret;

	ret = vlb_options_parse(command, argc, argv, &options);
	if (ret < 0)
		return ret == VLB_OPTIONS_HELP ? 0 : ret;
	if (ret != 1)
		return vlb_options_error(command, ret ? "too many operands" : "NAME is missing");
	vlb_log_set_name(argv[0]);
	return remove_device(argv[0], &options);
}

const struct vlb_command vlb_command_detach = {
	.name = "detach",
	.operands = "NAME",
	.summary = "Remove a device, once its requests in flight are finished.",
	.options = options_table,
	.run = detach,
};
