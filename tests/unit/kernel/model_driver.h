/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio driver: the driver's half of a split virtqueue on its own memory, as
 * virtqueue_add(), virtqueue_kick_prepare() and virtqueue_get_buf() have it. It
 * remembers what each request must come back with, and checks that.
 */
#ifndef MODEL_DRIVER_H
#define MODEL_DRIVER_H

#include <linux/types.h>
#include <linux/virtio_ring.h>

#define DRIVER_MAX_NUM		1024u
#define DRIVER_MAX_SEGMENTS	64u
#define DRIVER_CANARY		0xA5

struct shape_segment {
	u32 len;
	bool write;
};

/* What a request looks like. */
struct shape {
	u32 count;
	bool indirect;
	struct shape_segment seg[DRIVER_MAX_SEGMENTS];
};

struct driver_segment {
	u8 *data;
	u32 len;
	bool write;
};

/**
 * struct driver_request - a request that the driver waits for
 * @serial: order in which it was made available, from 0
 * @sent: stream of the readable bytes
 * @answered: a device says it has completed it, with
 * @answer: this stream
 * @answer_len: and this length
 * @hopeless: it must come back with the fail response
 */
struct driver_request {
	bool active;
	bool answered;
	bool hopeless;
	u64 serial;
	u32 sent;
	u32 readable;
	u32 writable;
	u32 answer;
	u32 answer_len;
	u32 count;
	struct driver_segment seg[DRIVER_MAX_SEGMENTS];
	struct vring_desc *table;
	u16 descs[DRIVER_MAX_SEGMENTS];
	u32 num_descs;
};

/**
 * struct driver - a driver and its virtqueue
 * @done: called with each request that came back
 * @added: requests made available; @finished: requests that came back
 * @awake: its interrupt handler runs
 */
struct driver {
	struct vring vring;
	void *mem;
	bool event_idx;
	u16 avail_idx;
	u16 kicked;
	u16 last_used;
	u16 free[DRIVER_MAX_NUM];
	u32 num_free;
	struct driver_request *req;
	void (*done)(void *context, const struct driver_request *req, u32 len);
	void *context;
	u64 added;
	u64 finished;
	bool awake;
};

void driver_init(struct driver *driver, u32 num, bool event_idx, u16 start);
void driver_exit(struct driver *driver);
/* Back-ends may write to whole pages in place, and more than they say in the end. */
extern bool driver_shows_pages;
/* Most requests have their data in shared memory. */
extern bool driver_shares;

int driver_add(struct driver *driver, const struct shape *shape);
bool driver_need_kick(struct driver *driver);
bool driver_take_used(struct driver *driver);
void driver_disable_interrupts(struct driver *driver);
bool driver_enable_interrupts(struct driver *driver);
bool driver_enable_interrupts_late(struct driver *driver);
u32 driver_outstanding(const struct driver *driver);
bool driver_has_returned(const struct driver *driver, u16 head);

u8 driver_writable_byte(const struct driver_request *req, u32 pos);
void driver_check_sent(const struct driver_request *req);
void driver_check_untouched(const struct driver_request *req, u32 from);
void driver_check_answer(const struct driver_request *req, u32 len);

struct shape shape_of(u32 count, const struct shape_segment *seg, bool indirect);
struct shape shape_random(u32 max_segments, u32 max_bytes, bool indirect);

#endif
