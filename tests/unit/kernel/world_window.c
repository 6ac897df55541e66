// SPDX-License-Identifier: GPL-2.0-only
/* What window.c does for the grants of a world, with frames that are only counted. */
#include <stdlib.h>

#include "grants.h"
#include "test.h"
#include "world.h"

u32 world_frames_held;
u32 world_refuse_frames;

bool vlb_frames_get(unsigned long pfn, u32 count)
{
	(void)pfn;
	if (world_refuse_frames && chance_one_in(world_refuse_frames))
		return false;
	world_frames_held += count;
	return true;
}

void vlb_frames_put(unsigned long pfn, u32 count)
{
	(void)pfn;
	assert_true(count <= world_frames_held);
	world_frames_held -= count;
}

/* Who sleeps until there are idle grants, or no free ones: nobody. */
void vlb_window_watch(struct vlb_window *window, bool now)
{
	(void)window;
	(void)now;
}

void world_open_window(struct world *world)
{
	struct vlb_grants *grants = calloc(1, sizeof(*grants));

	assert_int_equal(vlb_grants_init(grants), 0);
	grants->end_pfn = ~0ul;
	grants->min_len = world->config.map;
	world->shadow->grants = grants;
}

void world_close_window(struct world *world)
{
	struct vlb_grants *grants = world->shadow->grants;
	LIST_HEAD(victims);

	vlb_grants_expire_all(grants, &victims);
	vlb_grants_release(grants, &victims);
	assert_int_equal(grants->live, 0);
	assert_int_equal(world_frames_held, 0);
	vlb_grants_exit(grants);
	free(grants);
}

void world_expire(struct world *world, unsigned long age)
{
	struct vlb_grants *grants = world->shadow->grants;
	bool any;

	do {
		LIST_HEAD(victims);

		vlb_grants_expire(grants, age, &victims);
		any = !list_empty(&victims);
		vlb_grants_release(grants, &victims);
	} while (any);
}
