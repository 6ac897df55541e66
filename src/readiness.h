/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_READINESS_H
#define VLB_READINESS_H

#include "adapter.h"

/* Begin to look for the driver's node; says "NAME: NODE ready" when there is one. */
void vlb_readiness_begin(struct vlb_adapter *adapter);

/* The timer went off: look again. */
void vlb_readiness_look(struct vlb_adapter *adapter);

#endif
