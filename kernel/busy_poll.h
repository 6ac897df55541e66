/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_BUSY_POLL_H
#define VLB_BUSY_POLL_H

#include <linux/types.h>

/**
 * struct vlb_busy_poll - how long, and when, the submitter looks for an answer
 * @ns: how long, 0: never
 * @pause: how many single requests are not looked for, after there were several
 * @streak: how many more are, until one is not
 * @next_streak: and how many after that one
 */
struct vlb_busy_poll {
	u64 ns;
	u16 pause;
	u16 streak;
	u16 next_streak;
};

void vlb_busy_poll_start(struct vlb_busy_poll *poll, u32 us);
bool vlb_busy_poll_pays(struct vlb_busy_poll *poll, u32 in_flight);

#endif
