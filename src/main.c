// SPDX-License-Identifier: GPL-2.0-only
/* virtio-loopback: the host's own virtio drivers on vhost-user back-ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vlb_version.h"

#include "commands/commands.h"
#include "exit_status.h"

static const struct vlb_command *const subcommands[] = {
	&vlb_command_attach,
	&vlb_command_run,
	&vlb_command_list,
	&vlb_command_show,
	&vlb_command_stat,
	&vlb_command_detach,
	&vlb_command_types,
	NULL,
};

static void print_usage(FILE *out)
{
	unsigned int i;

	fprintf(out, "Usage: virtio-loopback SUBCOMMAND [OPTION]... [OPERAND]...\n\n");
	for (i = 0; subcommands[i]; i++)
		fprintf(out, "  %-8s %s\n", subcommands[i]->name, subcommands[i]->summary);
	fprintf(out, "\n'virtio-loopback SUBCOMMAND --help' tells more; so does "
		"virtio-loopback(8).\n");
}

static int run_subcommand(const struct vlb_command *command, int argc, char **argv)
{
	int ret = command->run(command, argc, argv);

	/* Output that did not get through is no success. */
	if (fflush(stdout) && ret == 0)
		ret = -EIO;
	return ret < 0 ? (int)vlb_exit_status(ret) : ret;
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc < 2) {
		print_usage(stderr);
		return VLB_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_usage(stdout);
		return fflush(stdout) ? VLB_EXIT_FAILURE : VLB_EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("virtio-loopback %s (interface version %d)\n", VLB_VERSION,
		       VLB_API_VERSION);
		return fflush(stdout) ? VLB_EXIT_FAILURE : VLB_EXIT_OK;
	}
	for (i = 0; subcommands[i]; i++) {
		if (!strcmp(argv[1], subcommands[i]->name))
			return run_subcommand(subcommands[i], argc - 1, argv + 1);
	}
	fprintf(stderr, "virtio-loopback: unknown subcommand '%s'; see 'virtio-loopback --help'\n",
		argv[1]);
	return VLB_EXIT_USAGE;
}
