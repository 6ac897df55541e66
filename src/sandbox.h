/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SANDBOX_H
#define VLB_SANDBOX_H

/*
 * All return 0 or -errno after a message.
 */

/* Before the first byte of a back-end is read: only the system calls of the adapter. */
int vlb_sandbox_enter(void);

/* The remover's own: nothing but VLB_REMOVE. */
int vlb_sandbox_enter_remover(void);

/*
 * Once the device is ours: give up all capabilities but those without which a later
 * connection to @socket_path would fail.
 */
int vlb_sandbox_drop_capabilities(const char *socket_path);

#endif
