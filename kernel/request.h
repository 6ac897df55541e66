/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_REQUEST_H
#define VLB_REQUEST_H

#include "relay.h"

int vlb_request_measure(const struct vlb_relay *relay, u16 head, struct vlb_layout *layout);
int vlb_request_show(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head);
void vlb_request_take_back(const struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head,
			   u32 len);
u32 vlb_request_fail(const struct vlb_relay *relay, const struct vlb_shadow *shadow, u16 head);

#endif
