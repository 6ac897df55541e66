/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_JIFFIES_H
#define SHIM_LINUX_JIFFIES_H

#include "shim.h"

/* At the will of the test. */
extern unsigned long jiffies;

#endif
