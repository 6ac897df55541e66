// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues and their memory: what follows from a profile's rules.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <linux/virtio_loopback.h>

#include "profile.h"

#define BIT(n)			(1ULL << (n))
#define DEFAULT_ARENA_SIZE	(8ULL << 20)

static unsigned int fixed_queues(const struct vlb_queue_rule *rule, uint64_t features)
{
	return features & rule->feature || !rule->feature ? rule->base : rule->without_feature;
}

unsigned int vlb_profile_num_queues(const struct vlb_profile *profile, uint64_t features,
				    unsigned int units)
{
	return fixed_queues(&profile->queues, features) + units * profile->queues.unit +
	       profile->queues.control;
}

/* A back-end that does not tell has what every device of the type has. */
static unsigned int back_end_has(const struct vlb_queue_rule *rule, unsigned int told)
{
	if (told)
		return rule->back_end_counts_units ? told * rule->unit : told;
	return rule->trust_user ? VLB_MAX_QUEUES : rule->base + rule->unit;
}

uint8_t vlb_profile_queue_flags(const struct vlb_profile *profile, unsigned int index,
				unsigned int num_queues)
{
	const struct vlb_queue_rule *rule = &profile->queues;
	const struct {
		uint64_t queues;
		uint8_t flag;
	} masks[] = {
		{ rule->clamp, VLB_QUEUE_DESC_CLAMP_LEN },
		{ rule->one_request, VLB_QUEUE_DESC_ONE_REQUEST },
		{ rule->whole_answers, VLB_QUEUE_DESC_WHOLE_ANSWERS },
		{ rule->forgetful, VLB_QUEUE_DESC_FORGETFUL },
		{ rule->whole_transfers, VLB_QUEUE_DESC_WHOLE_TRANSFERS },
		{ rule->posted, VLB_QUEUE_DESC_POSTED },
		{ rule->stream, VLB_QUEUE_DESC_STREAM },
	};
	uint8_t flags = rule->control && index == num_queues - 1 ? VLB_QUEUE_DESC_LOCAL : 0;
	size_t i;

	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		if (masks[i].queues & BIT(index))
			flags |= masks[i].flag;
	}
	return flags;
}

uint64_t vlb_profile_local_queues(const struct vlb_profile *profile, unsigned int num_queues)
{
	uint64_t control = profile->queues.control ? BIT(num_queues - 1) : 0;

	return profile->queues.local | control;
}

uint64_t vlb_profile_queues_of_units(const struct vlb_profile *profile, unsigned int units)
{
	unsigned int count = profile->queues.base + units * profile->queues.unit;

	return count >= VLB_MAX_QUEUES ? ~0ULL : BIT(count) - 1;
}

/* The back-end must have all up to the last that is not local. */
static unsigned int back_end_needs(const struct vlb_profile *profile, unsigned int num_queues)
{
	uint64_t local = vlb_profile_local_queues(profile, num_queues);

	while (num_queues && local & BIT(num_queues - 1))
		num_queues--;
	return num_queues;
}

int vlb_profile_check_queues(const struct vlb_profile *profile, unsigned int back_end_queues,
			     unsigned int num_queues, char *why, size_t why_size)
{
	unsigned int has = back_end_has(&profile->queues, back_end_queues);

	if (has >= back_end_needs(profile, num_queues))
		return 0;
	snprintf(why, why_size, "has fewer queues than the device: %u, not %u", has,
		 back_end_needs(profile, num_queues));
	return -EPROTO;
}

static unsigned int max_units(const struct vlb_profile *profile, const struct vlb_plan *plan,
			      unsigned int max_queues, unsigned int fixed)
{
	const struct vlb_queue_rule *rule = &profile->queues;
	unsigned int has = back_end_has(rule, plan->back_end_queues);
	unsigned int max;

	if (max_queues > VLB_MAX_QUEUES)
		max_queues = VLB_MAX_QUEUES;
	max_queues -= rule->control;
	if (has > max_queues)
		has = max_queues;
	max = has > fixed ? (has - fixed) / rule->unit : 0;
	if (max > 1 && profile->mq_features & ~plan->back_end_features)
		max = 1;
	return max;
}

static int plan_units(const struct vlb_profile *profile, struct vlb_plan *plan,
		      const struct vlb_queue_wish *wish, char *why, size_t why_size)
{
	unsigned int fixed = fixed_queues(&profile->queues, plan->back_end_features);
	unsigned int max = max_units(profile, plan, wish->max_queues, fixed);

	if (!max) {
		snprintf(why, why_size, "the back-end has %u queues, a device of type %s needs at "
			 "least %u: is it one for another type?", plan->back_end_queues,
			 profile->name, fixed + profile->queues.unit);
		return -EPROTO;
	}
	if (wish->units > max) {
		snprintf(why, why_size, "--queues asks for %u, the back-end has %u %s",
			 wish->units, max, profile->queues.unit_name);
		return -EPROTO;
	}
	plan->units = wish->cpus && wish->cpus < max ? wish->cpus : max;
	if (profile->queues.one_unit)
		plan->units = 1;
	if (wish->units)
		plan->units = wish->units;
	return 0;
}

int vlb_profile_plan_queues(const struct vlb_profile *profile, struct vlb_plan *plan,
			    const struct vlb_queue_wish *wish, char *why, size_t why_size)
{
	char reason[80];
	int ret = 0;

	plan->units = 0;
	if (profile->queues.unit)
		ret = plan_units(profile, plan, wish, why, why_size);
	if (ret)
		return ret;
	plan->num_queues = vlb_profile_num_queues(profile, plan->back_end_features,
						  plan->units);
	ret = vlb_profile_check_queues(profile, plan->back_end_queues, plan->num_queues,
				       reason, sizeof(reason));
	if (ret)
		snprintf(why, why_size, "the back-end %s: is it one for another type than %s?",
			 reason, profile->name);
	return ret;
}

unsigned int vlb_profile_queue_size(const struct vlb_profile *profile)
{
	return profile->queues.size ? profile->queues.size : VLB_DEFAULT_QUEUE_SIZE;
}

uint8_t vlb_profile_lost(const struct vlb_profile *profile, unsigned int index)
{
	if (profile->queues.discard & BIT(index))
		return VLB_LOST_DISCARD;
	if (profile->queues.events & BIT(index))
		return VLB_LOST_WAIT;
	return profile->queues.complete & BIT(index) ? VLB_LOST_COMPLETE : VLB_LOST_REPLAY;
}

uint64_t vlb_profile_min_arena(const struct vlb_profile *profile, const struct vlb_plan *plan)
{
	unsigned int pages = profile->arena.min_pages;

	if (pages == VLB_PAGES_OF_QUEUE_SIZE)
		pages = plan->queue_size;
	return profile->arena.min + pages * plan->page_size;
}

/* Two of the largest requests at once, or waiting would become the rule. */
uint64_t vlb_profile_arena(const struct vlb_profile *profile, const struct vlb_plan *plan)
{
	uint64_t size = profile->arena.size ? profile->arena.size : DEFAULT_ARENA_SIZE;
	uint64_t two = 2 * vlb_profile_min_arena(profile, plan);

	return size > two ? size : two;
}
