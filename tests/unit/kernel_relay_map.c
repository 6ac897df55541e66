// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests whose pages are shown in place: the model of the back-end can touch no frame
 * that is not granted, in that direction, to a request in flight (model_device.c).
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/jiffies.h>
#include <linux/mm.h>

#include "kernel/test.h"
#include "kernel/world.h"

static const struct world_config mapped = {
	.num = 64, .event_idx = true, .indirect = true, .arena = 1u << 20, .max_segments = 12,
	.max_bytes = 64 << 10, .start = 65530, .map = PAGE_SIZE,
};

/* ---- traffic --------------------------------------------------------------------------- */

static void run(const struct world_config *config, u32 preempt, u32 refuse)
{
	struct world world;

	world_init(&world, config);
	world_refuse_frames = refuse;
	world.preempt = preempt;
	world_run_with_losses(&world, 3000);
	assert_true(world.relay.by_way[VLB_WAY_GRANT] > 100);
	assert_true(world.relay.by_way[VLB_WAY_GRANT] < world.relay.completed);
	jiffies += 100;
	world_expire(&world, 1);
	assert_int_equal(world.shadow->grants->live, 0);
	assert_int_equal(world_frames_held, 0);
	world_refuse_frames = 0;
	world_exit(&world);
}

static void data_is_right_in_place(void **state)
{
	struct world_config config = mapped;

	(void)state;
	run(&config, 0, 0);
	run(&config, 12, 0);
	config.indirect = false;
	run(&config, 12, 0);
	config.event_idx = false;
	run(&config, 12, 0);
}

/* They are looked at anew each time. */
static void long_requests_are_not_remembered(void **state)
{
	struct world_config config = mapped;

	(void)state;
	world_use_long_requests(&config);
	run(&config, 12, 0);
	run(&config, 12, 40);
}

static void frames_that_cannot_be_shown_are_copied(void **state)
{
	(void)state;
	run(&mapped, 0, 10);
	run(&mapped, 12, 4);
}

/* Tables of granted requests still need room, which may be lacking. */
static void full_arena_gives_grants_back(void **state)
{
	struct world_config config = mapped;

	(void)state;
	config.arena = 64 << 10;
	config.max_segments = 20;
	config.max_bytes = 40 << 10;
	run(&config, 12, 8);
}

/* ---- single requests ------------------------------------------------------------------- */

static const struct shape_segment page_read[] = {
	{ 16, false }, { PAGE_SIZE, true }, { 1, true },
};

static void header_and_status_stay_in_the_slot(void **state)
{
	struct device_chain chain;
	struct world world;
	u16 head;

	(void)state;
	world_init(&world, &mapped);
	head = world_hand_out(&world, ARRAY_SIZE(page_read), page_read, true, &chain);
	assert_int_equal(chain.count, 3);
	assert_true(chain.seg[0].iova < VLB_WINDOW_IOVA);
	assert_int_equal(chain.seg[1].iova, VLB_WINDOW_IOVA + (uintptr_t)world.driver.req[head].seg[1].data);
	assert_true(chain.seg[2].iova < VLB_WINDOW_IOVA);
	assert_int_equal(world_extents_in_use(&world), 0);
	assert_int_equal(world.shadow->grants->live, 1);
	assert_int_equal(world_frames_held, 1);
	world_drain(&world);
	assert_int_equal(world.relay.by_way[VLB_WAY_GRANT], 1);
	world_exit(&world);
}

static void small_requests_are_copied(void **state)
{
	struct world_config config = mapped;
	struct device_chain chain;
	struct world world;

	(void)state;
	config.map = PAGE_SIZE + 18;
	world_init(&world, &config);
	world_hand_out(&world, ARRAY_SIZE(page_read), page_read, true, &chain);
	assert_int_equal(world.shadow->grants->live, 0);
	assert_true(chain.seg[1].iova < VLB_WINDOW_IOVA);
	world_drain(&world);
	world_exit(&world);
}

/* One of the two cannot be shown; the other must not stay granted. */
static void requests_are_granted_as_a_whole(void **state)
{
	const struct shape_segment seg[] = { { PAGE_SIZE, false }, { 2 * PAGE_SIZE, false } };
	struct device_chain chain;
	struct world world;

	(void)state;
	world_init(&world, &mapped);
	world.shadow->grants->end_pfn = 0;
	world_hand_out(&world, ARRAY_SIZE(seg), seg, true, &chain);
	assert_int_equal(chain.count, 1);
	assert_true(chain.seg[0].iova < VLB_WINDOW_IOVA);
	assert_int_equal(world_frames_held, 0);
	world_drain(&world);
	assert_int_equal(world.relay.by_way[VLB_WAY_GRANT], 0);
	world_exit(&world);
}

/* Leave only so many that are free; the rest is set aside. */
static void keep_free(struct vlb_grants *grants, u32 count, struct list_head *rest)
{
	struct vlb_grant *grant;

	list_splice_init(&grants->free, rest);
	while (count--) {
		grant = list_first_entry(rest, struct vlb_grant, list);
		list_del(&grant->list);
		list_add_tail(&grant->list, &grants->free);
	}
}

/* The last cannot be granted: those before it are idle then, and granted again when it can. */
static void expect_undone_grants(u32 segments)
{
	struct shape_segment seg[30];
	struct device_chain chain;
	struct world world;
	LIST_HEAD(rest);
	u32 i;

	assert_true(segments <= ARRAY_SIZE(seg));
	for (i = 0; i < segments; i++)
		seg[i] = (struct shape_segment){ PAGE_SIZE, true };
	world_init(&world, &mapped);
	keep_free(world.shadow->grants, segments - 1, &rest);
	world_hand_out(&world, segments, seg, true, &chain);
	assert_int_equal(chain.count, 1);
	assert_true(chain.seg[0].iova < VLB_WINDOW_IOVA);
	assert_int_equal(world.shadow->grants->live, segments - 1);
	jiffies += 100;
	world_expire(&world, 1);
	assert_int_equal(world_frames_held, 0);
	world_drain(&world);
	assert_int_equal(world.relay.by_way[VLB_WAY_GRANT], 0);

	list_splice_init(&rest, &world.shadow->grants->free);
	world_hand_out(&world, segments, seg, true, &chain);
	assert_int_equal(chain.count, segments);
	assert_true(chain.seg[0].iova >= VLB_WINDOW_IOVA);
	assert_int_equal(world_frames_held, segments);
	world_drain(&world);
	assert_int_equal(world.relay.by_way[VLB_WAY_GRANT], 1);
	world_exit(&world);
}

static void what_was_granted_in_vain_is_given_back(void **state)
{
	(void)state;
	expect_undone_grants(3);
	expect_undone_grants(VLB_PIECES + 2);
}

/* Interrupts are let in meanwhile. */
static void large_requests_are_granted(void **state)
{
	struct shape_segment seg[9];
	struct device_chain chain;
	struct world world;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(seg); i++)
		seg[i] = (struct shape_segment){ 256 * PAGE_SIZE, false };
	world_init(&world, &mapped);
	world_hand_out(&world, ARRAY_SIZE(seg), seg, true, &chain);
	assert_int_equal(chain.count, ARRAY_SIZE(seg));
	assert_int_equal(world_frames_held, ARRAY_SIZE(seg) * 256);
	world_drain(&world);
	assert_int_equal(world.relay.by_way[VLB_WAY_GRANT], 1);
	world_exit(&world);
}

static void stopping_takes_grants_in_use(void **state)
{
	struct device_chain chain;
	struct world world;

	(void)state;
	world_init(&world, &mapped);
	world_hand_out(&world, ARRAY_SIZE(page_read), page_read, true, &chain);
	assert_int_equal(world_frames_held, 1);
	world_disconnect(&world);
	assert_int_equal(world_frames_held, 0);
	world_connect(&world);
	assert_int_equal(world_frames_held, 1); /* replayed */
	world_drain(&world);
	world_exit(&world);
}

/* ---- the table itself ------------------------------------------------------------------ */

static struct vlb_grants grants;

static int begin_grants(void **state)
{
	(void)state;
	grants = (struct vlb_grants){ .end_pfn = 1ul << 40 };
	return vlb_grants_init(&grants);
}

static int end_grants(void **state)
{
	LIST_HEAD(victims);

	(void)state;
	vlb_grants_expire_all(&grants, &victims);
	vlb_grants_release(&grants, &victims);
	assert_int_equal(world_frames_held, 0);
	vlb_grants_exit(&grants);
	return 0;
}

static struct vlb_segment frames(unsigned long pfn, u32 count, bool write)
{
	return (struct vlb_segment){
		.data = (void *)(pfn << PAGE_SHIFT), .len = count << PAGE_SHIFT, .write = write,
	};
}

static bool get(unsigned long pfn, u32 count, bool write)
{
	struct vlb_segment seg = frames(pfn, count, write);
	unsigned long flags;
	bool granted;

	assert_true(vlb_grants_may_show(&seg));
	flags = vlb_grants_lock(&grants);
	granted = vlb_grants_get(&grants, &seg);
	vlb_grants_unlock(&grants, flags);
	return granted;
}

static void put(unsigned long pfn, u32 count, bool write)
{
	struct vlb_segment seg = frames(pfn, count, write);
	unsigned long flags = vlb_grants_lock(&grants);

	vlb_grants_put(&grants, &seg);
	vlb_grants_unlock(&grants, flags);
}

static bool can(unsigned long pfn, bool write)
{
	struct vlb_grant grant;

	if (!vlb_grants_find(&grants, pfn, write, &grant))
		return false;
	assert_true(pfn >= grant.pfn && pfn - grant.pfn < grant.count);
	return grant.write || !write;
}

static void expire(unsigned long age)
{
	LIST_HEAD(victims);

	vlb_grants_expire(&grants, age, &victims);
	vlb_grants_release(&grants, &victims);
}

static void only_granted_frames_are_found(void **state)
{
	(void)state;
	assert_true(get(100, 16, false));
	assert_true(get(110, 2, true));
	assert_false(can(99, false));
	assert_true(can(100, false));
	assert_true(can(115, false));
	assert_false(can(116, false));
	assert_false(can(109, true));
	assert_true(can(110, true));
	assert_true(can(111, true));
	assert_false(can(112, true));
	put(100, 16, false);
	put(110, 2, true);
}

static void idle_grants_last_until_they_are_old(void **state)
{
	(void)state;
	jiffies = 1000;
	assert_true(get(7, 1, true));
	assert_true(get(7, 1, true));
	put(7, 1, true);
	jiffies += 50;
	expire(10);
	assert_int_equal(grants.live, 1); /* one user is left */
	put(7, 1, true);
	assert_true(grants.watched);
	jiffies += 9;
	expire(10);
	assert_true(can(7, true));
	assert_true(get(7, 1, true)); /* used again: young again */
	put(7, 1, true);
	jiffies += 9;
	expire(10);
	assert_int_equal(grants.live, 1);
	assert_true(grants.watched);
	jiffies += 1;
	expire(10);
	assert_int_equal(grants.live, 0);
	assert_false(grants.watched);
	assert_false(can(7, false));
	assert_int_equal(world_frames_held, 0);
}

static void too_many_are_refused_until_idle_ones_go(void **state)
{
	u32 i;

	(void)state;
	jiffies = 1000;
	for (i = 0; i < VLB_GRANTS_MAX; i++)
		assert_true(get(2 * i, 1, false));
	assert_false(get(2 * i, 1, false));
	put(0, 1, false);
	assert_false(get(2 * i, 1, false));
	expire(1000);
	assert_true(get(2 * i, 1, false));
}

static void what_lies_beyond_memory_is_refused(void **state)
{
	(void)state;
	grants.end_pfn = 64;
	assert_true(get(63, 1, true));
	assert_false(get(63, 2, true));
	assert_false(get(64, 1, true));
	assert_false(get(~0ul >> PAGE_SHIFT, 1, true));
	assert_false(get(0, VLB_GRANT_MAX_PAGES + 1, true));
}

static void only_whole_pages_can_be_shown(void **state)
{
	const struct vlb_segment segs[] = {
		{ (void *)0x1001, 4096 }, { (void *)0x1000, 4095 }, { (void *)0x1200, 4096 },
		{ (void *)0x1000, 0 }, { (void *)0x1000, 4097 },
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(segs); i++)
		assert_false(vlb_grants_may_show(&segs[i]));
}

static void init_survives_lack_of_memory(void **state)
{
	struct vlb_grants none = {};
	u32 i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		shim_fail_allocation = i;
		assert_int_equal(vlb_grants_init(&none), -ENOMEM);
	}
	shim_fail_allocation = 0;
}

#define table_test(f) cmocka_unit_test_setup_teardown(f, begin_grants, end_grants)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(data_is_right_in_place),
		test_case(long_requests_are_not_remembered),
		test_case(frames_that_cannot_be_shown_are_copied),
		test_case(full_arena_gives_grants_back),
		test_case(header_and_status_stay_in_the_slot),
		test_case(small_requests_are_copied),
		test_case(requests_are_granted_as_a_whole),
		test_case(what_was_granted_in_vain_is_given_back),
		test_case(large_requests_are_granted),
		test_case(stopping_takes_grants_in_use),
		table_test(only_granted_frames_are_found),
		table_test(idle_grants_last_until_they_are_old),
		table_test(too_many_are_refused_until_idle_ones_go),
		table_test(what_lies_beyond_memory_is_refused),
		test_case(only_whole_pages_can_be_shown),
		test_case(init_survives_lack_of_memory),
	};

	return test_run(tests);
}
