// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "exit_status.h"

static const struct {
	int err;
	enum vlb_exit_status status;
} table[] = {
	{ 0, VLB_EXIT_OK },
	{ VLB_E_USAGE, VLB_EXIT_USAGE },
	{ VLB_E_MODULE, VLB_EXIT_MODULE },
	{ EACCES, VLB_EXIT_PERMISSION },
	{ EPERM, VLB_EXIT_PERMISSION },
	{ ENOENT, VLB_EXIT_NOT_FOUND },
	{ ENOTSOCK, VLB_EXIT_NOT_FOUND },
	{ ECONNREFUSED, VLB_EXIT_NOT_FOUND },
	{ EBUSY, VLB_EXIT_BUSY },
	{ EEXIST, VLB_EXIT_BUSY },
	{ EAGAIN, VLB_EXIT_BUSY },
	{ VLB_E_BACK_END, VLB_EXIT_BACK_END },
	{ EREMOTEIO, VLB_EXIT_BACK_END },
	{ ETIMEDOUT, VLB_EXIT_BACK_END },
	{ ECONNRESET, VLB_EXIT_BACK_END },
	{ VLB_E_TIMEOUT, VLB_EXIT_TIMEOUT },
	{ VLB_E_BROKEN, VLB_EXIT_BROKEN },
	{ VLB_E_UNREGISTERED, VLB_EXIT_UNREGISTERED },
	{ VLB_E_FAILED, VLB_EXIT_FAILED },
};

enum vlb_exit_status vlb_exit_status(int err)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].err == -err)
			return table[i].status;
	}
	return VLB_EXIT_FAILURE;
}
