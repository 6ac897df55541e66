/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_TIMEKEEPING_H
#define SHIM_LINUX_TIMEKEEPING_H

#include <linux/types.h>

u64 ktime_get_ns(void);

#endif
