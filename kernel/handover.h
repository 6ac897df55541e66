/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_HANDOVER_H
#define VLB_HANDOVER_H

#include <linux/types.h>

/**
 * struct vlb_handover - whether to hand single requests over; the completing side's
 * @last_ns: when the back-end called for the last request of the trial
 * @ns: how long those took that were completed in the call, and that were handed over
 * @trial: requests that the trial has had
 * @streak: how many there will be until the next trial
 * @next_streak: and how many after that one
 * @pays: what the last trial said
 */
struct vlb_handover {
	u64 last_ns;
	u64 ns[2];
	u16 trial;
	u16 streak;
	u16 next_streak;
	bool pays;
};

bool vlb_handover_next(struct vlb_handover *handover);
void vlb_handover_disturb(struct vlb_handover *handover);

#endif
