/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_NOTIFY_READY_H
#define VLB_NOTIFY_READY_H

/*
 * Tell a service manager that a service is ready, as sd_notify(3) does: a datagram to the
 * socket that $NOTIFY_SOCKET names. Opened before the sandbox, used within.
 */

/* The socket, or -1 if there is nobody to tell. */
int vlb_notify_open(void);

/* Does nothing for -1. */
void vlb_notify_send(int fd, const char *state);

#endif
