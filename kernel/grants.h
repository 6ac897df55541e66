/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_GRANTS_H
#define VLB_GRANTS_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "driver_ring.h"

struct vlb_window;

#define VLB_GRANTS_MAX		16384u	/* at the same time, of a queue */
#define VLB_GRANT_MAX_PAGES	1024u	/* of one grant */

/**
 * struct vlb_grant - a segment whose frames the back-end may touch
 * @hash: in vlb_grants.hash
 * @list: in one of the lists of vlb_grants, or of victims; in none while in use
 * @pfn: first frame
 * @count: number of frames
 * @users: requests in flight that use it
 * @idle_since: jiffies when the last of them was completed
 * @write: the back-end may write, too
 */
struct vlb_grant {
	struct hlist_node hash;
	struct list_head list;
	unsigned long pfn;
	u32 count;
	u32 users;
	unsigned long idle_since;
	bool write;
};

/**
 * struct vlb_grants - the grants of one queue to one back-end
 * @window: where they show
 * @node: in the window's list
 * @end_pfn: frames from here on do not show
 * @min_len: bytes of the smallest request that is granted
 * @lock: guards what follows
 * @grant: VLB_GRANTS_MAX of them
 * @hash: by @pfn; those that are live
 * @free: not live
 * @idle: live, without users, those that are idle for longest first
 * @longest: most frames that any grant had so far
 * @live: number of grants
 * @watched: somebody will look for idle grants
 */
struct vlb_grants {
	struct vlb_window *window;
	struct list_head node;
	unsigned long end_pfn;
	u32 min_len;

	spinlock_t lock; /* see above */
	struct vlb_grant *grant;
	struct hlist_head *hash;
	struct list_head free;
	struct list_head idle;
	u32 longest;
	u32 live;
	bool watched;
};

/* Whole pages, because that is what can be mapped. */
static inline bool vlb_grants_may_show(const struct vlb_segment *seg)
{
	return seg->len && !(((unsigned long)seg->data | seg->len) & (PAGE_SIZE - 1));
}

int vlb_grants_init(struct vlb_grants *grants);
void vlb_grants_exit(struct vlb_grants *grants);
unsigned long vlb_grants_lock(struct vlb_grants *grants);
void vlb_grants_unlock(struct vlb_grants *grants, unsigned long flags);
bool vlb_grants_get(struct vlb_grants *grants, const struct vlb_segment *seg);
void vlb_grants_put(struct vlb_grants *grants, const struct vlb_segment *seg);
bool vlb_grants_find(struct vlb_grants *grants, unsigned long pfn, bool write,
		     struct vlb_grant *found);
bool vlb_grants_expire(struct vlb_grants *grants, unsigned long age, struct list_head *victims);
void vlb_grants_expire_all(struct vlb_grants *grants, struct list_head *victims);
void vlb_grants_release(struct vlb_grants *grants, struct list_head *victims);

/* Provided by window.c. */
bool vlb_frames_get(unsigned long pfn, u32 count);
void vlb_frames_put(unsigned long pfn, u32 count);
void vlb_window_watch(struct vlb_window *window, bool now);

#endif
