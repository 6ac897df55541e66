/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SET_UP_H
#define VLB_SET_UP_H

#include "adapter.h"

/* Bring a new adapter to the point where it serves its device. 0 or -errno, after a message. */
int vlb_set_up(struct vlb_adapter *adapter);

#endif
