/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_CONTROL_H
#define VLB_CONTROL_H

int vlb_control_register(void);
void vlb_control_unregister(void);

#endif
