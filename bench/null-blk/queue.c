// SPDX-License-Identifier: GPL-2.0-only
/*
 * The request loop: the same for vhost-user and for VDUSE.
 *
 * One thread a queue. It takes every request that is available, answers them all, publishes the answers at once and
 * calls the driver at most once for them, if it wants to be called. Only when nothing is left, and nothing has come for
 * as long as it was told to poll, does it ask for a kick, look once more, and sleep in read().
 *
 * An answer is a status and nothing else: what is read is whatever the buffer holds, what is written is not looked at.
 * The chain is followed descriptor by descriptor all the same, as every device has to.
 */
#include <err.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/virtio_blk.h>

#include "queue.h"

bool touch_data;
uint64_t poll_ns;

void queue_add_region(struct queue *q, uint64_t iova, uint64_t size, void *base)
{
	if (q->num_regions == MAX_REGIONS)
		errx(1, "more than %d regions of memory", MAX_REGIONS);
	q->regions[q->num_regions++] = (struct region){ iova, size, base };
}

/* Nothing of what the driver's side says may lead out of its memory, but one that is wrong ends this program. */
void *queue_at(struct queue *q, uint64_t iova, uint64_t len)
{
	for (unsigned int i = 0; i < q->num_regions; i++) {
		const struct region *region = &q->regions[i];

		if (iova >= region->iova && iova - region->iova < region->size) {
			if (len > region->size - (iova - region->iova))
				errx(1, "%#llx + %llu leaves its region", (unsigned long long)iova,
				     (unsigned long long)len);
			return region->base + (iova - region->iova);
		}
	}
	q->door->map(q, iova);
	return queue_at(q, iova, len);
}

static void touch(void *data, size_t len, bool device_writes)
{
	volatile const uint64_t *words = data;

	if (device_writes) {
		memset(data, 0, len);
		return;
	}
	for (size_t i = 0; i < len / sizeof(*words); i++)
		(void)words[i];
}

/* Answers the request whose descriptors begin at head; returns how many bytes were written. */
static uint32_t answer(struct queue *q, uint16_t head)
{
	const struct vring_desc *table = q->desc, *desc = &table[head];
	unsigned int left = q->num;
	uint32_t written = 0;

	if (desc->flags & VRING_DESC_F_INDIRECT) {
		left = desc->len / sizeof(*desc);
		desc = table = queue_at(q, desc->addr, desc->len);
	}
	/* The first is the header; the last is the status. */
	for (bool first = true; desc->flags & VRING_DESC_F_NEXT; first = false) {
		bool device_writes = desc->flags & VRING_DESC_F_WRITE;

		if (device_writes)
			written += desc->len;
		if (touch_data && !first)
			touch(queue_at(q, desc->addr, desc->len), desc->len, device_writes);
		if (!--left)
			errx(1, "a chain without end");
		desc = &table[desc->next];
	}
	*(uint8_t *)queue_at(q, desc->addr, 1) = VIRTIO_BLK_S_OK;
	return written + 1;
}

static bool wants_call(const struct queue *q, uint16_t old)
{
	if (q->event_idx)
		return vring_need_event(*q->used_event, q->used_idx, old);
	return !(*(volatile uint16_t *)&q->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
}

/* Serves what is available now; false if that is nothing. */
static bool serve(struct queue *q)
{
	uint16_t end = __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE), old = q->used_idx;

	if (end == q->last_avail)
		return false;
	while (q->last_avail != end) {
		uint16_t head = q->avail->ring[q->last_avail++ & (q->num - 1)];

		if (head >= q->num)
			errx(1, "head %u of %u", head, q->num);
		q->used->ring[q->used_idx++ & (q->num - 1)] =
			(struct vring_used_elem){ head, answer(q, head) };
	}
	__atomic_store_n(&q->used->idx, q->used_idx, __ATOMIC_RELEASE);
	q->counters->requests += (uint16_t)(q->used_idx - old);
	/* The index must be seen before the event index is read: the driver does it the other way round. */
	atomic_thread_fence(memory_order_seq_cst);
	if (wants_call(q, old)) {
		q->counters->calls++;
		q->door->call(q);
	}
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* As serve(), but waits a while for something to serve. */
static bool poll_and_serve(struct queue *q)
{
	uint64_t end = now_ns() + poll_ns;

	do {
		if (serve(q))
			return true;
	} while (!q->stop && now_ns() < end);
	return false;
}

/* Without EVENT_IDX kicks are never suppressed: nobody measures that. */
static bool serve_after_asking_for_kicks(struct queue *q)
{
	*q->avail_event = q->last_avail;
	atomic_thread_fence(memory_order_seq_cst);
	return serve(q);
}

static void *run(void *data)
{
	struct queue *q = data;
	uint64_t kicks;

	while (!q->stop) {
		while (poll_and_serve(q))
			;
		if (serve_after_asking_for_kicks(q))
			continue;
		if (read(q->kick, &kicks, sizeof(kicks)) != sizeof(kicks) && errno != EINTR)
			err(1, "waiting for a kick");
		q->counters->wakeups++;
	}
	return NULL;
}

void queue_start(struct queue *q)
{
	if (!q->num || q->num & (q->num - 1) || q->num > QUEUE_SIZE)
		errx(1, "a queue of %u descriptors", q->num);
	/* Each side's event index follows the other side's ring. */
	q->used_event = (void *)&q->avail->ring[q->num];
	q->avail_event = (void *)&q->used->ring[q->num];
	q->used_idx = q->used->idx;
	q->stop = false;
	errno = pthread_create(&q->thread, NULL, run, q);
	if (errno)
		err(1, "pthread_create");
	q->running = true;
}

/* Afterwards what was in flight has been answered, and last_avail tells how far it got. */
void queue_stop(struct queue *q)
{
	uint64_t one = 1;

	if (!q->running)
		return;
	q->stop = true;
	if (write(q->kick, &one, sizeof(one)) != sizeof(one))
		err(1, "waking queue %u", q->index);
	pthread_join(q->thread, NULL);
	q->running = false;
}
