/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_EXIT_STATUS_H
#define VLB_EXIT_STATUS_H

#include <errno.h>

/* Stable: documented in virtio-loopback(8). */
enum vlb_exit_status {
	VLB_EXIT_OK = 0,
	VLB_EXIT_FAILURE = 1,
	VLB_EXIT_USAGE = 2,
	VLB_EXIT_MODULE = 3,		/* not loaded, or of another version */
	VLB_EXIT_PERMISSION = 4,
	VLB_EXIT_NOT_FOUND = 5,		/* no such device or socket */
	VLB_EXIT_BUSY = 6,		/* busy, or name in use */
	VLB_EXIT_BACK_END = 7,		/* refused, misbehaved or left */
	VLB_EXIT_TIMEOUT = 8,		/* the device was removed: no back-end in time */
	VLB_EXIT_BROKEN = 9,		/* the device was removed: rules of the ring broken */
	VLB_EXIT_UNREGISTERED = 10,	/* the device was removed: the kernel refused it */
	VLB_EXIT_FAILED = 11,		/* the device was removed on request: requests failed */
};

/* Names for what has no errno of its own inside the tool. */
#define VLB_E_USAGE		EINVAL
#define VLB_E_MODULE		ENODEV
#define VLB_E_BACK_END		EPROTO
#define VLB_E_TIMEOUT		ETIME
#define VLB_E_BROKEN		ENOTRECOVERABLE
#define VLB_E_UNREGISTERED	ENOLINK
#define VLB_E_FAILED		ENODATA
#define VLB_E_REFUSED		EREMOTE		/* the module refused, for no usual reason */

/* The exit status for 0 or -errno. */
enum vlb_exit_status vlb_exit_status(int err);

#endif
