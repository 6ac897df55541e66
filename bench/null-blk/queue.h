/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NULL_BLK_QUEUE_H
#define NULL_BLK_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_ring.h>

#define MAX_QUEUES	16
#define QUEUE_SIZE	256
#define MAX_REGIONS	8

/* Memory of the driver's side that is mapped here. */
struct region {
	uint64_t iova;
	uint64_t size;
	uint8_t *base;
};

/* What is read by whoever measures, in a file that it maps. */
struct counters {
	uint64_t requests;
	uint64_t wakeups;	/* waits that ended, by a kick */
	uint64_t calls;
};

struct queue;

/* What the two front doors do in different ways. */
struct door {
	void (*call)(struct queue *q);
	/* Map what is at iova and add it with queue_add_region(), or end this program. */
	void (*map)(struct queue *q, uint64_t iova);
};

struct queue {
	const struct door *door;
	unsigned int index;
	struct counters *counters;

	/* Set while the queue is stopped. */
	unsigned int num;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t last_avail;
	bool event_idx;
	int kick;
	int call;

	/* Each queue has a table of its own, so that none needs a lock. */
	unsigned int num_regions;
	struct region regions[MAX_REGIONS];

	/* The thread's own. */
	uint16_t used_idx;
	volatile uint16_t *used_event;
	volatile uint16_t *avail_event;
	pthread_t thread;
	bool running;
	atomic_bool stop;
};

/* Read or write every byte of the data once, instead of none. */
extern bool touch_data;

/* How long each queue looks for requests before it asks to be kicked, in nanoseconds. */
extern uint64_t poll_ns;

void queue_add_region(struct queue *q, uint64_t iova, uint64_t size, void *base);
void *queue_at(struct queue *q, uint64_t iova, uint64_t len);

void queue_start(struct queue *q);
void queue_stop(struct queue *q);

#endif
