/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world in which the relay works: a driver, a back-end, and what queue.c does between
 * them. Notifications are pending until they happen to be delivered; nobody looks at a
 * ring without one, so a notification that is lost is a world that stands still.
 *
 * There is one thread. That two sides of the relay run at the same time is played: at
 * any marked memory access of one, anything else may happen, the other side included.
 */
#ifndef WORLD_H
#define WORLD_H

#include "grants.h"
#include "layout.h"
#include "model_device.h"
#include "model_driver.h"
#include "relay.h"

#define WORLD_PAD	8192u

/**
 * struct world_config - what kind of world
 * @arena: bytes of the queue's arena
 * @max_segments: of a request; @max_bytes: of a request
 * @start: value at which all ring indexes begin
 * @map: there is a window; requests of at least @map bytes are granted
 * @share: there is shared memory, and most requests have their data there
 * @flags: VLB_QUEUE_DESC_*
 */
struct world_config {
	u32 num;
	bool event_idx;
	bool indirect;
	u32 arena;
	u32 max_segments;
	u32 max_bytes;
	u16 start;
	u32 map;
	bool share;
	u8 flags;
};

#define WORLD_SUBMIT	(1u << 0)	/* the driver has kicked */
#define WORLD_KICK	(1u << 1)	/* the relay has kicked the back-end */
#define WORLD_COMPLETE	(1u << 2)	/* the back-end has called */
#define WORLD_INTERRUPT	(1u << 3)	/* the relay has interrupted the driver */

/**
 * struct world - the world
 * @shadow: in @pool of @pool_size bytes; NULL while there is no back-end
 * @pending: WORLD_* notifications on their way
 * @running: WORLD_SUBMIT, WORLD_COMPLETE: that side of the relay is in its function
 * @preempt: one in so many memory accesses lets others run; 0: none
 * @quiet: no more requests
 * @hopeless: one request in so many can never be served; 0: none
 * @broken: the relay has returned -EPROTO
 * @may_break: ... which is allowed
 * @mischief: called at preemption points, if any
 */
struct world {
	struct world_config config;
	struct vlb_relay relay;
	struct driver driver;
	struct device device;
	struct vlb_shadow *shadow;
	u8 *pool;
	u32 pool_size;
	u32 ring_offset;
	u32 arena_offset;
	u32 pending;
	u32 running;
	u32 preempt;
	u32 hopeless;
	bool quiet;
	bool broken;
	bool may_break;
	void (*mischief)(struct world *world);

	/* counted here, to compare with the relay's counters */
	u64 kicks;
	u64 replays;
	u64 bytes;
	u64 errors;
};

void world_init(struct world *world, const struct world_config *config);
void world_exit(struct world *world);

/* The back-end comes and goes; what is in flight is replayed. */
void world_connect(struct world *world);
void world_disconnect(struct world *world);

int world_add(struct world *world, const struct shape *shape);
bool world_add_random(struct world *world);
void world_lose_hope(struct world *world);
u32 world_empty_buffers(const struct world *world);
u16 world_hand_out(struct world *world, u32 count, const struct shape_segment *seg,
		   bool indirect, struct device_chain *chain);
void world_submit(struct world *world);
void world_complete(struct world *world);
void world_step(struct world *world);
void world_take_all(struct world *world);
void world_answer(struct world *world, u16 head, u32 len);
bool world_settle_down(struct world *world);
void world_drain(struct world *world);
void world_make_pages(struct shape *shape);
void world_run(struct world *world, u32 requests);
void world_use_long_requests(struct world_config *config);
void world_run_with_losses(struct world *world, u32 count);
void world_check_counters(struct world *world);

/* The window, see world_window.c. */
void world_open_window(struct world *world);
void world_close_window(struct world *world);
void world_expire(struct world *world, unsigned long age);
extern u32 world_frames_held;
extern u32 world_refuse_frames;	/* one in so many; 0: none */

/* Shared memory, see world_shared.c. */
struct vlb_shared world_share(void);
u8 *world_shared_alloc(u32 len);
bool world_shared_free(u8 *data, u32 len);
bool world_shared_has(const void *data, u32 len);
u8 *world_shared_at(u64 offset, u32 len);
extern u32 world_refuse_shared;	/* one in so many; 0: none */
extern const int *world_shared_where;	/* pages of the next buffers, -1: elsewhere; NULL: anywhere */

u32 world_extents_in_use(const struct world *world);
u32 world_in_flight(const struct world *world, u16 *heads);

#endif
