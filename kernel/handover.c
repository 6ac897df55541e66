// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether it pays to hand a single request over, when back-end and submitter share a CPU.
 *
 * Completed within the back-end's call, it costs least; but the submitter has to wait until the
 * back-end sleeps. To get there costs some back-ends a read, others a look at many files, which
 * is in vain: if the submitter ran first, there would be a new request by then. A work item of
 * high priority lets it run first, for two more task switches. Which of the two is quicker,
 * nobody tells the module. So it tries both now and then: some requests one way, some the other;
 * and keeps to the quicker one for a while, which is the longer the more often that is the same.
 */
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include "handover.h"

#define SAMPLES		16
#define MIN_STREAK	128
#define MAX_STREAK	8192u

/* Whoever takes longer was not waiting for this queue. */
#define MAX_NS		NSEC_PER_MSEC

static void begin_trial(struct vlb_handover *handover)
{
	handover->trial = 0;
	handover->ns[false] = 0;
	handover->ns[true] = 0;
}

/* It has to be better by a thirty-second: if there is no difference, the call costs less. */
static void end_trial(struct vlb_handover *handover)
{
	const u64 *ns = handover->ns;
	bool pays = ns[true] < ns[false] - ns[false] / 32;

	handover->next_streak = pays == handover->pays ?
		min(4u * handover->next_streak, MAX_STREAK) : MIN_STREAK;
	handover->streak = handover->next_streak;
	handover->pays = pays;
	begin_trial(handover);
}

/* How long the last request took tells about its way, unless there was a pause. */
static void take_sample(struct vlb_handover *handover, u64 ns)
{
	if (ns > MAX_NS)
		begin_trial(handover);
	else
		handover->ns[handover->trial > SAMPLES] += ns;
}

/**
 * vlb_handover_next - the back-end has used the only request: which way does it go?
 * @handover: as of vlb_handover_disturb()
 *
 * Return: whether it is to be handed over, which the caller then does.
 */
bool vlb_handover_next(struct vlb_handover *handover)
{
	u64 now_ns;

	if (handover->streak) {
		handover->streak--;
		return handover->pays;
	}
	now_ns = ktime_get_ns();
	if (handover->trial)
		take_sample(handover, now_ns - handover->last_ns);
	if (handover->trial == 2 * SAMPLES) {
		end_trial(handover);
		return handover->pays;
	}
	handover->last_ns = now_ns;
	handover->trial++;
	return handover->trial > SAMPLES;
}

/*
 * There is another back-end, or there are several requests: what is found out about single ones
 * is for loads without them.
 */
void vlb_handover_disturb(struct vlb_handover *handover)
{
	*handover = (struct vlb_handover){ .streak = MIN_STREAK, .next_streak = MIN_STREAK };
}
