/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_RELAY_H
#define VLB_RELAY_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/virtio_loopback.h>

#include "arena.h"
#include "driver_ring.h"
#include "layout.h"
#include "shadow_ring.h"
#include "shared.h"

#define VLB_LATENCY_BUCKETS	96

/* What the caller has to do after vlb_relay_submit() or vlb_relay_complete(). */
#define VLB_RELAY_KICK		BIT(0)	/* notify the back-end */
#define VLB_RELAY_INTERRUPT	BIT(1)	/* notify the driver */
#define VLB_RELAY_SUBMIT	BIT(2)	/* submit again: space was freed */
#define VLB_RELAY_COMPLETE	BIT(3)	/* complete again: a request has failed */
#define VLB_RELAY_AGAIN		BIT(4)	/* the same side again, after a pause */

/* After so many requests a call leaves the rest for another one. */
#define VLB_RELAY_BUDGET	512u

/* So many segments a request remembers: 64 KiB in single pages, not aligned, and three more. */
#define VLB_PIECES		20u

/**
 * struct vlb_request - a request that the device holds, indexed by its head
 * @submitted_ns: when it was taken from the driver
 * @sequence: order of submission
 * @extent: offset of its extent in the pool
 * @extent_len: bytes of the extent, 0 if it needs none
 * @readable: bytes that the device may read
 * @writable: bytes that the device may write
 * @position: of its entry in the shadow's available ring
 * @active: the device holds it
 * @way: what is copied of it
 * @waiting: to be replayed, when there is room; the submitting side's
 * @pieces: how many there are, 0 if they are not remembered
 * @piece: its segments, and where the back-end finds them once it is active
 */
struct vlb_request {
	u64 submitted_ns;
	u64 sequence;
	u32 extent;
	u32 extent_len;
	u32 readable;
	u32 writable;
	u16 position;
	bool active;
	u8 way;
	bool waiting;
	u8 pieces;
	struct vlb_piece piece[VLB_PIECES];
};

struct vlb_grants;

/**
 * struct vlb_shadow - what a back-end sees of a queue, for as long as it is there
 * @ring: the shadow ring
 * @arena: space for request data
 * @pool: the mapped pool
 * @slots: offset of the slot of head 0 in the pool
 * @grants: what is shown in place, NULL without a window
 * @shared: what the back-end has mapped anyway, if anything
 */
struct vlb_shadow {
	struct vlb_shadow_ring ring;
	struct vlb_arena arena;
	u8 *pool;
	u32 slots;
	struct vlb_grants *grants;
	struct vlb_shared shared;
};

/**
 * struct vlb_fail_response - how a request is completed that no back-end serves
 * @where: VLB_FAIL_*
 * @len: bytes of @data
 * @data: the device type's "I/O error"
 */
struct vlb_fail_response {
	u16 where;
	u16 len;
	u8 data[VLB_FAIL_SIZE];
};

/**
 * struct vlb_violation - which rule of the ring the back-end broke
 * @what: printf format of two numbers, for the log
 * @id: the element's id, or the used index
 * @len: the element's length, or 0
 */
struct vlb_violation {
	const char *what;
	u32 id;
	u32 len;
};

/**
 * struct vlb_relay - between a driver ring and whatever shadow it has at the moment
 * @ring: the driver ring
 * @requests: one entry a descriptor
 * @failed: heads of requests that no back-end can serve, to be completed with @fail
 * @replay: requests to be replayed, from @replay_next to @replay_end
 * @fail: the fail response
 * @flags: VLB_QUEUE_DESC_*
 * @name: device, for tracepoints
 * @index: queue, for tracepoints
 * @starved: the next request waits for space
 * @submitted: requests taken from the driver; the submitting side's, as all up to
 *	@replays
 * @kicks: notifications to the back-end
 * @replays: requests handed out again
 * @completed: requests given back; the completing side's, as all below
 * @bytes: data moved by them, both directions
 * @by_way: requests that a back-end has used, by the way that their data took
 * @calls: notifications from the back-end
 * @errors: requests completed with @fail
 * @latency: histogram, see vlb_latency_bucket()
 * @violation: set when vlb_relay_complete() returns -EPROTO
 */
struct vlb_relay {
	struct vlb_driver_ring ring;
	struct vlb_request *requests;
	unsigned long *failed;
	struct vlb_replay_entry *replay;
	u32 replay_next;
	u32 replay_end;
	struct vlb_fail_response fail;
	u8 flags;
	const char *name;
	u16 index;
	int starved;

	u64 submitted ____cacheline_aligned;
	u64 kicks;
	u64 replays;

	u64 completed ____cacheline_aligned;
	u64 bytes;
	u64 by_way[VLB_NUM_WAYS];
	u64 calls;
	u64 errors;
	u32 latency[VLB_LATENCY_BUCKETS];
	struct vlb_violation violation;
};

int vlb_relay_init(struct vlb_relay *relay, u32 max_num);
void vlb_relay_exit(struct vlb_relay *relay);
void vlb_relay_reset(struct vlb_relay *relay, const struct vring *vring, bool event_idx);
unsigned int vlb_relay_submit(struct vlb_relay *relay, struct vlb_shadow *shadow);
int vlb_relay_complete(struct vlb_relay *relay, struct vlb_shadow *shadow);
unsigned int vlb_relay_offer_again(struct vlb_relay *relay, struct vlb_shadow *shadow);
void vlb_relay_replay(struct vlb_relay *relay, struct vlb_shadow *shadow);
bool vlb_relay_fail_active(struct vlb_relay *relay);
bool vlb_relay_fail_all(struct vlb_relay *relay);
u32 vlb_relay_in_flight(const struct vlb_relay *relay);
unsigned int vlb_latency_bucket(u64 ns);

#endif
