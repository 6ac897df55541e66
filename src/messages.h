/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_MESSAGES_H
#define VLB_MESSAGES_H

#include "adapter.h"

/* The device file is readable: act on what the module asks for. */
void vlb_messages_handle(struct vlb_adapter *adapter);

#endif
