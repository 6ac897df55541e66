/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_DAEMONIZE_H
#define VLB_DAEMONIZE_H

/*
 * Continue in a child in the background; VLB_REPORT_READY written to *report_fd tells
 * the parent that all is well. Returns 0 in the child; 1 in the parent, once the child is
 * ready or has ended, with the exit status to pass on; -errno after a message.
 */
int vlb_daemonize(int *report_fd, int *status);

#endif
