// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether it pays to look for the answer to a request in the task that has just made it.
 *
 * It does when that task would only wait. It does not when it would make more requests
 * meanwhile, but whether it would is hidden as long as it is kept from that. So now and then a
 * request is not looked for. If there is another before it is answered, none are for a while;
 * if not, it takes twice as long until the next is not.
 *
 * Submitters on several CPUs may run this at the same time; what they lose of each other's
 * counting changes nothing for the requests themselves.
 */
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "busy_poll.h"

#define PAUSE		64
#define MIN_STREAK	16
#define MAX_STREAK	1024

static void begin(struct vlb_busy_poll *poll, u16 pause)
{
	WRITE_ONCE(poll->pause, pause);
	WRITE_ONCE(poll->streak, 0);
	WRITE_ONCE(poll->next_streak, MIN_STREAK);
}

static void end_streak(struct vlb_busy_poll *poll)
{
	u16 next = READ_ONCE(poll->next_streak);

	WRITE_ONCE(poll->streak, next);
	WRITE_ONCE(poll->next_streak, min_t(u16, 2 * next, MAX_STREAK));
}

/* Begin anew, with microseconds; submitters may be there already. */
void vlb_busy_poll_start(struct vlb_busy_poll *poll, u32 us)
{
	begin(poll, 0);
	WRITE_ONCE(poll->ns, us * (u64)NSEC_PER_USEC);
}

/**
 * vlb_busy_poll_pays - a request was made: is it to be looked for?
 * @poll: after vlb_busy_poll_start()
 * @in_flight: requests that have no answer yet
 */
bool vlb_busy_poll_pays(struct vlb_busy_poll *poll, u32 in_flight)
{
	u16 pause = READ_ONCE(poll->pause), streak = READ_ONCE(poll->streak);

	if (!READ_ONCE(poll->ns) || !in_flight)
		return false;
	if (in_flight == 1 && !pause && streak) {
		WRITE_ONCE(poll->streak, streak - 1);
		return true;
	}
	if (in_flight > 1)
		begin(poll, PAUSE);
	else if (pause)
		WRITE_ONCE(poll->pause, pause - 1);
	else
		end_streak(poll);
	return false;
}
