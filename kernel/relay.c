// SPDX-License-Identifier: GPL-2.0-only
/*
 * The relay carries requests from the driver ring to the shadow ring and back.
 *
 *   submit    driver's available ring -> copy to the pool -> shadow's available ring
 *   complete  shadow's used ring -> check -> copy back -> driver's used ring
 *
 * Which requests, in which order, and who is told is decided here; what becomes of the data
 * of one of them, in request.c.
 *
 * A request keeps its head: descriptor n of the shadow ring describes what descriptor n
 * of the driver ring does, with fewer and larger segments. So there are no descriptors
 * to allocate, and used elements need no translation. The driver's descriptors stay
 * untouched until the request is given back; they, not the pool, are the truth about a
 * request, which is why it can be replayed into another shadow at any time.
 *
 * Concurrency. submit() and complete() run at the same time, each on at most one CPU;
 * the caller sees to that (queue.c). They share the arena, which has a lock, `starved`,
 * and requests[]: an inactive entry belongs to the submitting side, an active one to
 * the completing side, and `active` changes hands with release and acquire. offer_again(),
 * replay() and fail_*() need both sides to be at rest.
 *
 * Trust. From the back-end come used elements and two event indexes. An element must
 * name a request in flight and at most as many bytes as that may take (unless the queue
 * allows more); anything else is -EPROTO. Wrong events only cost the back-end its own
 * notifications, or bring it requests that it has already (VLB_QUEUE_DESC_FORGETFUL).
 *
 * Context: any. May copy as much as the pool holds, with whatever the caller disabled.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "relay.h"
#include "request.h"
#include "trace.h"

struct vlb_replay_entry {
	u64 sequence;
	u16 head;
};

/**
 * vlb_relay_init - allocate what a queue needs for good
 * @relay: zeroed, to be undone by vlb_relay_exit() even on failure
 * @max_num: the largest number of descriptors that the driver may choose
 */
int vlb_relay_init(struct vlb_relay *relay, u32 max_num)
{
	relay->requests = kvcalloc(max_num, sizeof(*relay->requests), GFP_KERNEL);
	relay->failed = bitmap_zalloc(max_num, GFP_KERNEL);
	relay->replay = kvcalloc(max_num, sizeof(*relay->replay), GFP_KERNEL);
	return relay->requests && relay->failed && relay->replay ? 0 : -ENOMEM;
}

void vlb_relay_exit(struct vlb_relay *relay)
{
	kvfree(relay->replay);
	bitmap_free(relay->failed);
	kvfree(relay->requests);
}

/* Begin with a new driver ring; whatever the old one held is the driver's again. */
void vlb_relay_reset(struct vlb_relay *relay, const struct vring *vring, bool event_idx)
{
	vlb_driver_ring_init(&relay->ring, vring, event_idx);
	memset(relay->requests, 0, vring->num * sizeof(*relay->requests));
	bitmap_zero(relay->failed, vring->num);
	relay->replay_next = 0;
	relay->replay_end = 0;
	relay->starved = 0;
	relay->completed = relay->submitted;
}

u32 vlb_relay_in_flight(const struct vlb_relay *relay)
{
	return READ_ONCE(relay->submitted) - READ_ONCE(relay->completed);
}

/* Four buckets an octave, from 1 us up: bucket b starts at (4 + b % 4) << (b / 4 + 8). */
unsigned int vlb_latency_bucket(u64 ns)
{
	unsigned int octave, bucket;

	if (ns < 1024)
		return 0;
	octave = ilog2(ns);
	bucket = 4 * (octave - 10) + ((ns >> (octave - 2)) & 3);
	return min_t(unsigned int, bucket, VLB_LATENCY_BUCKETS - 1);
}

/* An entry of requests[] changes sides with everything that was written to it. */
static bool is_active(const struct vlb_request *req)
{
	return smp_load_acquire(&req->active); /* pairs with set_active() */
}

static void set_active(struct vlb_request *req, bool active)
{
	smp_store_release(&req->active, active); /* pairs with is_active() */
}

static bool is_of_transfers(const struct vlb_relay *relay)
{
	return relay->flags & VLB_QUEUE_DESC_WHOLE_TRANSFERS;
}

/* ---- submit ------------------------------------------------------------------- */

/* Of a transfer the back-end sees nothing before all of it is there: see show_and_ask(). */
static void push(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head)
{
	vlb_shadow_ring_push_avail(&shadow->ring, head);
	if (!is_of_transfers(relay))
		vlb_shadow_ring_publish(&shadow->ring);
}

/*
 * Put a request into the shadow ring. -ENOSPC: no room now; other errors: never. Nothing
 * has changed then.
 */
static int hand_out(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head)
{
	struct vlb_request *req = &relay->requests[head];
	int err;

	/* This one is counted already. */
	if (relay->flags & VLB_QUEUE_DESC_ONE_REQUEST && vlb_relay_in_flight(relay) > 1)
		return -ENOSPC;
	err = vlb_request_show(relay, shadow, head);
	if (err)
		return err;
	req->position = shadow->ring.avail_idx;
	set_active(req, true);
	push(relay, shadow, head);
	trace_vlb_submit(relay->name, relay->index, head, req->readable, req->writable);
	return 0;
}

/* As hand_out(); when there is no room, arranges that complete() asks for a new try. */
static int hand_out_or_starve(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head)
{
	int err = hand_out(relay, shadow, head);

	if (err != -ENOSPC)
		return err;
	WRITE_ONCE(relay->starved, 1);
	smp_mb(); /* starved before looking for room; complete() frees before it looks */
	err = hand_out(relay, shadow, head);
	if (err != -ENOSPC)
		WRITE_ONCE(relay->starved, 0);
	return err;
}

/* A request that cannot be served by anyone is left to the completing side. */
static void give_up(struct vlb_relay *relay, u16 head)
{
	relay->requests[head].extent_len = 0;
	/* In this order: active alone would let the back-end complete it. */
	set_bit(head, relay->failed);
	set_active(&relay->requests[head], true);
}

static int submit_one(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head,
		      unsigned int *todo)
{
	struct vlb_request *req = &relay->requests[head];
	int err;

	req->sequence = relay->submitted;
	req->submitted_ns = ktime_get_ns();
	/* Counted first: complete() must never see more replies than requests. */
	WRITE_ONCE(relay->submitted, relay->submitted + 1);
	err = hand_out_or_starve(relay, shadow, head);
	if (err == -ENOSPC) {
		WRITE_ONCE(relay->submitted, relay->submitted - 1);
		if (is_of_transfers(relay))
			*todo |= VLB_RELAY_COMPLETE; /* it may have waited for this one */
		return err;
	}
	vlb_driver_ring_advance(&relay->ring);
	if (err) {
		give_up(relay, head);
		*todo |= VLB_RELAY_COMPLETE;
	}
	return 0;
}

/* A head that no sane driver makes available: it does not exist, or is in flight. */
static bool is_bogus(const struct vlb_relay *relay, u16 head)
{
	return WARN_ON_ONCE(head >= relay->ring.vring.num ||
			    is_active(&relay->requests[head]) || relay->requests[head].waiting);
}

/* Returns whether all that waited has been handed out. */
static bool replay_some(struct vlb_relay *relay, struct vlb_shadow *shadow, unsigned int *todo)
{
	u16 head;
	int err;

	for (; relay->replay_next < relay->replay_end; relay->replay_next++) {
		head = relay->replay[relay->replay_next].head;
		err = hand_out_or_starve(relay, shadow, head);
		if (err == -ENOSPC)
			return false;
		relay->requests[head].waiting = false;
		relay->replays++;
		if (err) { /* buffers that vlb_relay_fail_all() has taken may never fit */
			give_up(relay, head);
			*todo |= VLB_RELAY_COMPLETE;
		}
	}
	return true;
}

/* Returns VLB_RELAY_KICK if the back-end wants to be told of what was pushed, or 0. */
static unsigned int show_and_ask(struct vlb_relay *relay, struct vlb_shadow *shadow)
{
	if (is_of_transfers(relay))
		vlb_shadow_ring_publish(&shadow->ring);
	if (!vlb_shadow_ring_need_kick(&shadow->ring))
		return 0;
	relay->kicks++;
	return VLB_RELAY_KICK;
}

/**
 * vlb_relay_submit - hand out all requests that the driver has made available
 * @relay: the relay
 * @shadow: where to
 *
 * Requests that find no room stay in the driver ring; complete() says when to come back.
 *
 * Return: VLB_RELAY_* for the caller to do.
 */
unsigned int vlb_relay_submit(struct vlb_relay *relay, struct vlb_shadow *shadow)
{
	unsigned int todo = 0, budget = VLB_RELAY_BUDGET;
	u16 head;

	if (!replay_some(relay, shadow, &todo))
		goto out;
	do {
		while (vlb_driver_ring_peek(&relay->ring, &head)) {
			if (!budget--) {
				todo |= VLB_RELAY_AGAIN;
				goto out;
			}
			if (is_bogus(relay, head)) {
				vlb_driver_ring_advance(&relay->ring);
				continue;
			}
			if (submit_one(relay, shadow, head, &todo))
				goto out;
		}
	} while (vlb_driver_ring_enable_kicks(&relay->ring));
out:
	return todo | show_and_ask(relay, shadow);
}

/* Hand a request out that was handed out before; the shadow still describes it. */
static void push_again(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head)
{
	relay->requests[head].position = shadow->ring.avail_idx;
	push(relay, shadow, head);
	relay->replays++;
}

/**
 * vlb_relay_offer_again - hand out again what the back-end has taken and forgotten
 * @relay: the relay, both sides at rest, VLB_QUEUE_DESC_FORGETFUL and EVENT_IDX
 * @shadow: where to
 *
 * It has forgotten what it has neither used nor still before it when it asks for kicks
 * again. One that breaks that rule gets requests twice, and can use each but once.
 *
 * Return: VLB_RELAY_KICK or 0.
 */
unsigned int vlb_relay_offer_again(struct vlb_relay *relay, struct vlb_shadow *shadow)
{
	u16 passed = vlb_shadow_ring_passed(&shadow->ring);
	const struct vlb_request *req;
	u32 i;

	if (vlb_shadow_ring_pending(&shadow->ring))
		return 0; /* these are not forgotten; what comes after completing them is */
	for (i = 0; i < relay->ring.vring.num; i++) {
		req = &relay->requests[i];
		if (is_active(req) && !test_bit(i, relay->failed) &&
		    (s16)(passed - req->position) > 0)
			push_again(relay, shadow, i);
	}
	return show_and_ask(relay, shadow);
}

/* ---- complete ----------------------------------------------------------------- */

/* The driver may use the head again as soon as it is pushed. */
static void give_back(struct vlb_relay *relay, u16 head, u32 len)
{
	struct vlb_request *req = &relay->requests[head];

	WRITE_ONCE(relay->completed, relay->completed + 1);
	set_active(req, false);
	vlb_driver_ring_push_used(&relay->ring, head, len);
}

static void complete_one(struct vlb_relay *relay, struct vlb_shadow *shadow, u16 head, u32 len,
			 u64 now_ns)
{
	const struct vlb_request *req = &relay->requests[head];
	u64 latency_ns = now_ns - req->submitted_ns;

	vlb_request_take_back(relay, shadow, head, len);
	WRITE_ONCE(relay->by_way[req->way], relay->by_way[req->way] + 1);
	relay->bytes += req->readable + len;
	relay->latency[vlb_latency_bucket(latency_ns)]++;
	trace_vlb_complete(relay->name, relay->index, head, len, latency_ns);
	give_back(relay, head, len);
}

static int violation(struct vlb_relay *relay, const char *what, u32 id, u32 len)
{
	relay->violation = (struct vlb_violation){ what, id, len };
	return -EPROTO;
}

static int complete_next(struct vlb_relay *relay, struct vlb_shadow *shadow, u64 now_ns)
{
	u32 id, len;

	vlb_shadow_ring_pop_used(&shadow->ring, &id, &len);
	if (id >= relay->ring.vring.num)
		return violation(relay, "used id %u out of range (length %u)", id, len);
	if (!is_active(&relay->requests[id]) || test_bit(id, relay->failed))
		return violation(relay, "used id %u is not in flight (length %u)", id, len);
	if (relay->flags & VLB_QUEUE_DESC_WHOLE_ANSWERS ||
	    (len > relay->requests[id].writable && relay->flags & VLB_QUEUE_DESC_CLAMP_LEN))
		len = relay->requests[id].writable;
	if (len > relay->requests[id].writable)
		return violation(relay, "used id %u has length %u, more than the request takes",
				 id, len);
	complete_one(relay, shadow, id, len, now_ns);
	return 0;
}

/*
 * How many used elements are to be taken at least: those of a transfer all at once, since what
 * is left of one that was given back in part would be replayed as if it were another.
 */
static u32 worth_taking(const struct vlb_relay *relay)
{
	return is_of_transfers(relay) ? max_t(u32, vlb_relay_in_flight(relay), 1) : 1;
}

/* Returns how many were completed, or -EPROTO. */
static int complete_pending(struct vlb_relay *relay, struct vlb_shadow *shadow)
{
	u16 pending = vlb_shadow_ring_pending(&shadow->ring);
	u64 now_ns = ktime_get_ns();
	int err = 0;
	int count;

	if (pending > 1 && relay->flags & VLB_QUEUE_DESC_ONE_REQUEST) {
		vlb_shadow_ring_skip_used(&shadow->ring, pending - 1);
		pending = 1;
	}
	if (pending < worth_taking(relay))
		return 0;
	count = pending;
	if (pending > vlb_relay_in_flight(relay))
		return violation(relay, "used index %u is ahead of the requests in flight by %u",
				 (u16)(shadow->ring.last_used + pending),
				 pending - vlb_relay_in_flight(relay));
	while (!err && pending--)
		err = complete_next(relay, shadow, now_ns);
	return err ?: count;
}

static void fail_one(struct vlb_relay *relay, u16 head)
{
	relay->errors++;
	relay->requests[head].waiting = false;
	clear_bit(head, relay->failed);
	give_back(relay, head, vlb_request_fail(relay, NULL, head));
}

static void fail_given_up(struct vlb_relay *relay)
{
	unsigned long head;

	/* One that is just being given up comes with another VLB_RELAY_COMPLETE. */
	for_each_set_bit(head, relay->failed, relay->ring.vring.num)
		if (is_active(&relay->requests[head]))
			fail_one(relay, head);
}

/**
 * vlb_relay_complete - give all requests back that the back-end has used
 * @relay: the relay
 * @shadow: where from
 *
 * Return: VLB_RELAY_* for the caller to do, or -EPROTO: the back-end broke the rules,
 * see relay->violation; the shadow must not be used any more.
 */
int vlb_relay_complete(struct vlb_relay *relay, struct vlb_shadow *shadow)
{
	unsigned int completed = 0;
	int todo = 0;
	int count;

	fail_given_up(relay);
	do {
		count = complete_pending(relay, shadow);
		if (count < 0)
			return count;
		completed += count;
		if (completed >= VLB_RELAY_BUDGET)
			todo = VLB_RELAY_AGAIN;
	} while (vlb_shadow_ring_enable_calls(&shadow->ring, worth_taking(relay)) && !todo);

	/* enable_calls() had a full barrier between the frees and this look. */
	if (READ_ONCE(relay->starved)) {
		WRITE_ONCE(relay->starved, 0);
		todo |= VLB_RELAY_SUBMIT;
	}
	if (vlb_driver_ring_need_interrupt(&relay->ring))
		todo |= VLB_RELAY_INTERRUPT;
	return todo;
}

/* ---- while both sides are at rest ------------------------------------------------ */

static int by_sequence(const void *a, const void *b)
{
	const struct vlb_replay_entry *first = a, *second = b;

	return first->sequence < second->sequence ? -1 : first->sequence > second->sequence;
}

/*
 * Nothing is asked of the device, it may only fill in what happens: a buffer for events or
 * for what is received. Its driver waits for nothing, and would post it again at once.
 */
static bool is_empty_buffer(const struct vlb_relay *relay, u32 head)
{
	return !relay->requests[head].readable && !test_bit(head, relay->failed);
}

/**
 * vlb_relay_replay - hand out again what a lost back-end left behind
 * @relay: the relay, both sides at rest
 * @shadow: an empty shadow
 *
 * In the order of submission. What was granted before and is copied now may not all fit at
 * once: the rest waits, and vlb_relay_submit() begins with it.
 * What can never be served is left to vlb_relay_complete(), which the caller has to call.
 */
void vlb_relay_replay(struct vlb_relay *relay, struct vlb_shadow *shadow)
{
	struct vlb_request *req;
	unsigned int todo = 0;
	u32 count = 0, i;

	for (i = 0; i < relay->ring.vring.num; i++) {
		req = &relay->requests[i];
		if ((!req->active && !req->waiting) || test_bit(i, relay->failed))
			continue;
		relay->replay[count++] = (struct vlb_replay_entry){ req->sequence, i };
		req->active = false;
		req->waiting = true;
	}
	sort(relay->replay, count, sizeof(*relay->replay), by_sequence, NULL);
	relay->replay_next = 0;
	relay->replay_end = count;
	replay_some(relay, shadow, &todo);
	vlb_shadow_ring_publish(&shadow->ring);
}

/**
 * vlb_relay_fail_active - complete all requests in flight with the fail response
 * @relay: the relay, both sides at rest, without a shadow
 *
 * Empty buffers stay in flight until the driver resets the queue.
 *
 * Return: whether the driver wants an interrupt.
 */
bool vlb_relay_fail_active(struct vlb_relay *relay)
{
	const struct vlb_request *req;
	u32 i;

	relay->replay_end = relay->replay_next; /* vlb_relay_replay() begins anew */
	for (i = 0; i < relay->ring.vring.num; i++) {
		req = &relay->requests[i];
		if ((req->active || req->waiting) && !is_empty_buffer(relay, i))
			fail_one(relay, i);
	}
	return vlb_driver_ring_need_interrupt(&relay->ring);
}

/* The device holds a request that it will never serve. */
static void take(struct vlb_relay *relay, u16 head)
{
	struct vlb_request *req = &relay->requests[head];
	struct vlb_layout layout;

	*req = (struct vlb_request){
		.sequence = relay->submitted, .submitted_ns = ktime_get_ns(), .active = true,
	};
	WRITE_ONCE(relay->submitted, relay->submitted + 1);
	if (vlb_request_measure(relay, head, &layout))
		set_bit(head, relay->failed);
	else
		req->readable = layout.readable;
}

/**
 * vlb_relay_fail_all - as vlb_relay_fail_active(), and all that still waits
 * @relay: the relay, both sides at rest, without a shadow
 *
 * Return: whether the driver wants an interrupt.
 */
bool vlb_relay_fail_all(struct vlb_relay *relay)
{
	u16 head;

	do {
		while (vlb_driver_ring_peek(&relay->ring, &head)) {
			vlb_driver_ring_advance(&relay->ring);
			if (is_bogus(relay, head))
				continue;
			take(relay, head);
		}
	} while (vlb_driver_ring_enable_kicks(&relay->ring));
	return vlb_relay_fail_active(relay);
}
