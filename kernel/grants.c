// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grants: which frames of the driver's memory one queue shows to the back-end.
 *
 * A segment is granted when a request that needs it is handed out, and used by all
 * requests in flight that name the same frames in the same direction. When the last is
 * completed the grant is idle, not over: an application that uses its buffers again finds
 * them still mapped. The window's worker ends grants that have been idle for long enough.
 *
 *   free -> in use <-> idle -> victim (the window zaps its frames) -> free
 *                     in use -> victim, when the queue stops
 *
 * A live grant holds a reference to each frame, so none of them can become anything else
 * while the back-end might touch it.
 *
 * Concurrency: the submitting side gets, the completing side puts, faults look, the worker
 * expires: the lock orders them. What has been expired is nobody's but the worker's.
 *
 * Context: any, except where stated.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "grants.h"

#define HASH_BITS	12

/* So many grants expire at a time, because interrupts are off meanwhile. */
#define EXPIRE_BATCH	256

/* Context: process. */
int vlb_grants_init(struct vlb_grants *grants)
{
	u32 i;

	spin_lock_init(&grants->lock);
	INIT_LIST_HEAD(&grants->free);
	INIT_LIST_HEAD(&grants->idle);
	grants->grant = kvcalloc(VLB_GRANTS_MAX, sizeof(*grants->grant), GFP_KERNEL);
	grants->hash = kvcalloc(1 << HASH_BITS, sizeof(*grants->hash), GFP_KERNEL);
	if (!grants->grant || !grants->hash) {
		vlb_grants_exit(grants);
		return -ENOMEM;
	}
	for (i = 0; i < VLB_GRANTS_MAX; i++)
		list_add_tail(&grants->grant[i].list, &grants->free);
	return 0;
}

/* After vlb_grants_expire_all(). Context: process. */
void vlb_grants_exit(struct vlb_grants *grants)
{
	kvfree(grants->hash);
	kvfree(grants->grant);
}

static struct hlist_head *bucket(struct vlb_grants *grants, unsigned long pfn)
{
	return &grants->hash[hash_long(pfn, HASH_BITS)];
}

static struct vlb_grant *find_locked(struct vlb_grants *grants, unsigned long pfn, u32 count,
				     bool write)
{
	struct vlb_grant *grant;

	hlist_for_each_entry(grant, bucket(grants, pfn), hash)
		if (grant->pfn == pfn && grant->count == count && grant->write == write)
			return grant;
	return NULL;
}

static struct vlb_grant *add_locked(struct vlb_grants *grants, unsigned long pfn, u32 count,
				    bool write)
{
	struct vlb_grant *grant;

	if (list_empty(&grants->free)) {
		vlb_window_watch(grants->window, true);
		return NULL;
	}
	if (count > VLB_GRANT_MAX_PAGES || pfn >= grants->end_pfn ||
	    count > grants->end_pfn - pfn || !vlb_frames_get(pfn, count))
		return NULL;
	grant = list_first_entry(&grants->free, struct vlb_grant, list);
	list_del(&grant->list);
	grant->pfn = pfn;
	grant->count = count;
	grant->write = write;
	grant->users = 0;
	hlist_add_head(&grant->hash, bucket(grants, pfn));
	grants->longest = max(grants->longest, count);
	grants->live++;
	return grant;
}

static unsigned long first_frame(const struct vlb_segment *seg)
{
	return virt_to_phys(seg->data) >> PAGE_SHIFT;
}

static u32 num_frames(const struct vlb_segment *seg)
{
	return seg->len >> PAGE_SHIFT;
}

/**
 * vlb_grants_lock - before segments of a request are shown, or given up
 * @grants: the grants
 *
 * Interrupts are off until vlb_grants_unlock(), which gets what is returned. To show a frame takes
 * some 10 ns, so nobody should show more than VLB_GRANT_MAX_PAGES at a time.
 */
unsigned long vlb_grants_lock(struct vlb_grants *grants)
	__acquires(&grants->lock)
{
	unsigned long flags;

	spin_lock_irqsave(&grants->lock, flags);
	return flags;
}

void vlb_grants_unlock(struct vlb_grants *grants, unsigned long flags)
	__releases(&grants->lock)
{
	spin_unlock_irqrestore(&grants->lock, flags);
}

/**
 * vlb_grants_get - show a segment to the back-end
 * @grants: the grants, locked
 * @seg: a segment that vlb_grants_may_show()
 *
 * Return: false if it cannot be shown: its frames are none that may be mapped, or there
 * are too many grants.
 */
bool vlb_grants_get(struct vlb_grants *grants, const struct vlb_segment *seg)
{
	unsigned long pfn = first_frame(seg);
	u32 count = num_frames(seg);
	struct vlb_grant *grant;

	lockdep_assert_held(&grants->lock);
	grant = find_locked(grants, pfn, count, seg->write);
	if (!grant)
		grant = add_locked(grants, pfn, count, seg->write);
	else if (!grant->users)
		list_del(&grant->list);
	if (grant)
		grant->users++;
	return grant;
}

/* A request that needed the segment is over. Locked. */
void vlb_grants_put(struct vlb_grants *grants, const struct vlb_segment *seg)
{
	struct vlb_grant *grant;

	lockdep_assert_held(&grants->lock);
	grant = find_locked(grants, first_frame(seg), num_frames(seg), seg->write);
	if (WARN_ON_ONCE(!grant || !grant->users) || --grant->users)
		return;
	grant->idle_since = jiffies;
	list_add_tail(&grant->list, &grants->idle);
	if (!grants->watched)
		vlb_window_watch(grants->window, false);
	grants->watched = true;
}

/**
 * vlb_grants_find - a grant that lets the back-end touch a frame
 * @grants: the grants
 * @pfn: the frame
 * @write: how
 * @found: out: a copy of the grant, good for as long as none is expired
 *
 * Grants may overlap. One that may be written to is preferred.
 */
bool vlb_grants_find(struct vlb_grants *grants, unsigned long pfn, bool write,
		     struct vlb_grant *found)
{
	struct vlb_grant *grant;
	unsigned long flags;
	bool any = false;
	u32 back;

	spin_lock_irqsave(&grants->lock, flags);
	for (back = 0; back < grants->longest && back <= pfn; back++) {
		hlist_for_each_entry(grant, bucket(grants, pfn - back), hash) {
			if (grant->pfn != pfn - back || grant->count <= back ||
			    (write && !grant->write) || (any && !grant->write))
				continue;
			*found = *grant;
			any = true;
		}
		if (any && found->write)
			break;
	}
	spin_unlock_irqrestore(&grants->lock, flags);
	return any;
}

static void expire(struct vlb_grants *grants, struct vlb_grant *grant, struct list_head *victims)
{
	hlist_del(&grant->hash);
	list_add_tail(&grant->list, victims);
	grants->live--;
}

/**
 * vlb_grants_expire - take out what has been idle
 * @grants: the grants
 * @age: jiffies; if there are no free grants, anything idle is old enough
 * @victims: out: to be zapped, and then released; if there are any, there may be more
 *
 * Return: whether there are idle grants that will have to be looked at again.
 */
bool vlb_grants_expire(struct vlb_grants *grants, unsigned long age, struct list_head *victims)
{
	struct vlb_grant *grant, *next;
	unsigned int budget = EXPIRE_BATCH;
	unsigned long flags;
	bool full;

	spin_lock_irqsave(&grants->lock, flags);
	full = list_empty(&grants->free);
	list_for_each_entry_safe(grant, next, &grants->idle, list) {
		if (!budget-- || (!full && jiffies - grant->idle_since < age))
			break;
		list_del(&grant->list);
		expire(grants, grant, victims);
	}
	grants->watched = !list_empty(&grants->idle);
	spin_unlock_irqrestore(&grants->lock, flags);
	return grants->watched;
}

/*
 * Take out all grants, used or not: nothing is in flight for this back-end any more, so
 * nobody gets or puts, and whoever finds is kept out by the window.
 */
void vlb_grants_expire_all(struct vlb_grants *grants, struct list_head *victims)
{
	struct hlist_node *next;
	struct vlb_grant *grant;
	u32 i;

	for (i = 0; i < 1 << HASH_BITS; i++) {
		hlist_for_each_entry_safe(grant, next, &grants->hash[i], hash) {
			if (!grant->users)
				list_del(&grant->list);
			expire(grants, grant, victims);
		}
	}
}

/* The back-end cannot see @victims any more. Context: process. */
void vlb_grants_release(struct vlb_grants *grants, struct list_head *victims)
{
	struct vlb_grant *grant;
	unsigned long flags;

	list_for_each_entry(grant, victims, list)
		vlb_frames_put(grant->pfn, grant->count);
	spin_lock_irqsave(&grants->lock, flags);
	list_splice_init(victims, &grants->free);
	spin_unlock_irqrestore(&grants->lock, flags);
}
