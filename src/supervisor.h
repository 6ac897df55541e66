/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SUPERVISOR_H
#define VLB_SUPERVISOR_H

#include "adapter.h"

/*
 * Run the back-end @command, in which every "{socket}" is replaced, and an adapter for
 * it; both end together. @options->report_fd is told when the device is ready. The
 * adapter's exit status, or -errno after a message.
 */
int vlb_supervisor_run(const struct vlb_attach_options *options, char **command);

#define VLB_SOCKET_PLACEHOLDER	"{socket}"

#endif
