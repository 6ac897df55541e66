// SPDX-License-Identifier: GPL-2.0-only
/*
 * testdev: a vhost-user block device in memory that can be told to break the rules.
 *
 * The tests of what happens when things go right use real back-ends. This one is for
 * what no real back-end does on purpose: coming back with other features, fewer queues
 * or another capacity, not answering, and above all lying on the shared ring.
 *
 * It runs until a signal ends it.
 */
#include "back_end.h"

#include <getopt.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/virtio_blk.h>

#define SECTOR		512

static struct {
	const char *socket;
	uint64_t size;
	unsigned int after;
	const struct lie *lie;
	bool hold, leak, leave, walk;
} options = { .size = 64 << 20, .after = 100 };

static struct virtio_blk_config config = { .seg_max = 126, .blk_size = SECTOR };
static uint8_t *disk;
static unsigned long served;
static bool kicked;

/* ---- the ring ---------------------------------------------------------------------- */

/* Data that a thread touches, and transfer() does not; see below. */
#define LATE	16

static bool touch_late;
static void *late[LATE];

static void leave_to_thread(void *data)
{
	static unsigned int next;

	__atomic_store_n(&late[next++ % LATE], data, __ATOMIC_RELEASE);
}

/* The pool of the connection before, which --leak keeps. */
static struct region last;

/* Write where the last pool has what is a buffer now: nobody may look at that any more. */
static void spoil_last(const void *data, uint32_t len)
{
	if (last.base)
		memset(last.base + ((const uint8_t *)data - memory.base), 0xa5, len);
}

/* Between the disk and a buffer; returns the bytes written to that. */
static uint32_t copy(uint32_t type, uint64_t pos, void *data, uint32_t len)
{
	if (pos > options.size || len > options.size - pos)
		errx(1, "request beyond the end of the disk");
	if (touch_late) {
		leave_to_thread(data);
	} else if (type == VIRTIO_BLK_T_IN) {
		memcpy(data, disk + pos, len);
		spoil_last(data, len);
	} else if (type == VIRTIO_BLK_T_OUT) {
		spoil_last(data, len);
		memcpy(disk + pos, data, len);
	}
	return type == VIRTIO_BLK_T_IN ? len : 0;
}

/* Copies between the disk and a request's buffers; returns the bytes written to them. */
static uint32_t transfer(struct vring_desc *table, uint16_t i, uint32_t limit)
{
	struct virtio_blk_outhdr *header = at(table[i].addr, sizeof(*header));
	uint64_t pos = header->sector * SECTOR;
	uint32_t written = 0, left = limit;
	uint8_t *status;

	while (table[i].flags & VRING_DESC_F_NEXT && left--) {
		uint32_t len = table[i = table[i].next].len;
		void *data = at(table[i].addr, len);

		if (!(table[i].flags & VRING_DESC_F_NEXT))
			break;
		written += copy(header->type, pos, data, len);
		pos += len;
	}
	status = at(table[i].addr, 1);
	*status = header->type <= VIRTIO_BLK_T_OUT || header->type == VIRTIO_BLK_T_FLUSH ?
		  VIRTIO_BLK_S_OK : VIRTIO_BLK_S_UNSUPP;
	return written + 1;
}

static void serve(struct queue *q, uint16_t head)
{
	struct vring_desc *table = q->desc;
	uint32_t limit = q->num;
	uint16_t i = head;

	if (q->desc[head].flags & VRING_DESC_F_INDIRECT) {
		limit = q->desc[head].len / sizeof(*table);
		table = at(q->desc[head].addr, q->desc[head].len);
		i = 0;
	}
	push_used(q, head, transfer(table, i, limit));
	served++;
}

/* ---- the window -------------------------------------------------------------------- */

#define PAGE 4096

/* By way of the kernel, which says EFAULT where the program would get SIGBUS. */
static bool can_read(const uint8_t *page)
{
	static int scratch = -1;

	if (scratch < 0)
		scratch = memfd_create("scratch", MFD_CLOEXEC);
	return pwrite(scratch, page, 1, 0) == 1;
}

static bool can_write(uint8_t *page)
{
	static int zero = -1;

	if (zero < 0)
		zero = memfd_create("zero", MFD_CLOEXEC);
	if (ftruncate(zero, 1))
		err(1, "memfd");
	return pread(zero, page, 1, 0) == 1;
}

/*
 * Touch the pages of a request, and of all others one in @stride, and say how many could be
 * read, and how many of these also written.
 */
static void walk(const char *when, const bool *own, unsigned int stride)
{
	struct { unsigned long looked, readable, writable; } count[2] = {};
	uint64_t pos;

	for (pos = 0; window.base && pos < window.size; pos += PAGE) {
		bool mine = own && own[pos / PAGE];
		bool neighbour = own && pos && own[pos / PAGE - 1];

		if (!mine && !neighbour && pos / PAGE % stride)
			continue;
		count[mine].looked++;
		if (!can_read(window.base + pos))
			continue;
		count[mine].readable++;
		count[mine].writable += can_write(window.base + pos);
	}
	printf("%s: %lu of %lu own pages readable, %lu writable; %lu of %lu others\n", when,
	       count[1].readable, count[1].looked, count[1].writable, count[0].readable,
	       count[0].looked);
	fflush(stdout);
}

/* What a curious back-end would do with a request in its hands. */
static void walk_in_flight(const bool *own)
{
	walk("in flight", own, 16);
}

/* Touches pages of requests that are over, at any time, until @touching is false. */
static pthread_t toucher;
static bool touching;

static void *touch(void *unused)
{
	unsigned long touched = 0, tried = 0;
	unsigned int seed = 1;

	while (__atomic_load_n(&touching, __ATOMIC_ACQUIRE)) {
		touched += can_read(__atomic_load_n(&late[rand_r(&seed) % LATE], __ATOMIC_ACQUIRE));
		tried++;
	}
	printf("touched: %lu of %lu late\n", touched, tried);
	return unused;
}

static void start_touching(void)
{
	if (touching)
		return;
	touching = true;
	if (pthread_create(&toucher, NULL, touch, NULL))
		errx(1, "no thread");
}

static void stop_touching(void)
{
	if (!touching)
		return;
	__atomic_store_n(&touching, false, __ATOMIC_RELEASE);
	pthread_join(toucher, NULL);
}

static sigjmp_buf no_page;

static void bus_error(int signal)
{
	(void)signal;
	siglongjmp(no_page, 1);
}

/* By the program itself, and not the kernel for it: SIGBUS is what it should get. */
static bool store(volatile uint8_t *page)
{
	if (sigsetjmp(no_page, 1))
		return false;
	*page = 0xa5;
	return true;
}

/* Read the pages of a request, so that they are mapped, write to them, and say to how many that could be done. */
static void stain(const bool *own)
{
	unsigned long pages = 0, readable = 0, stained = 0;
	uint64_t pos;

	signal(SIGBUS, bus_error);
	for (pos = 0; window.base && pos < window.size; pos += PAGE) {
		if (!own[pos / PAGE])
			continue;
		pages++;
		readable += can_read(window.base + pos);
		stained += store(window.base + pos);
	}
	signal(SIGBUS, SIG_DFL);
	printf("stained: %lu of %lu own pages, %lu readable\n", stained, pages, readable);
	fflush(stdout);
}

/* ---- lies -------------------------------------------------------------------------- */

static void lie_id_range(struct queue *q, uint16_t head) { push_used(q, q->num + head, 1); }
static void lie_id_idle(struct queue *q, uint16_t head) { push_used(q, (head + q->num / 2) % q->num, 1); }
static void lie_twice(struct queue *q, uint16_t head) { serve(q, head); push_used(q, head, 1); }
static void lie_length(struct queue *q, uint16_t head) { push_used(q, head, 0x7fffffff); }

/* Marks the pages that a request has in the window; returns how many bytes of data it has in all. */
static uint64_t find_own_pages(struct queue *q, uint16_t head, bool *own)
{
	const struct vring_desc *table = at(q->desc[head].addr, sizeof(*table));
	size_t i, count = q->desc[head].len / sizeof(*table);
	uint64_t bytes = 0, page, end;

	for (i = 1; q->desc[head].flags & VRING_DESC_F_INDIRECT && i + 1 < count; i++) {
		bytes += table[i].len;
		if (table[i].addr < window.iova)
			continue;
		page = (table[i].addr - window.iova) / PAGE;
		for (end = page + table[i].len / PAGE; page < end; page++)
			own[page] = true;
	}
	return bytes;
}

/* No lie: look at the pages of a large request, and serve it. */
static void look_and_serve(struct queue *q, uint16_t head, void (*look)(const bool *own))
{
	bool *own = calloc(window.size / PAGE, 1);

	if (find_own_pages(q, head, own) == 64 << 10)
		look(own);
	free(own);
	serve(q, head);
}

static void lie_walk(struct queue *q, uint16_t head) { look_and_serve(q, head, walk_in_flight); }
static void lie_stain(struct queue *q, uint16_t head) { look_and_serve(q, head, stain); }

/* No lie about the ring: the request is over before its pages were touched, and then they are. */
static void lie_late(struct queue *q, uint16_t head)
{
	start_touching();
	touch_late = true;
	serve(q, head);
	touch_late = false;
}

static void lie_jump(struct queue *q, uint16_t head)
{
	(void)head;
	q->used_idx += 0x4000;
	__atomic_store_n(&q->used->idx, q->used_idx, __ATOMIC_RELEASE);
}

/* Further than over what the module may not have looked at yet. */
static void lie_back(struct queue *q, uint16_t head)
{
	serve(q, head);
	q->used_idx -= 2 * q->num;
	__atomic_store_n(&q->used->idx, q->used_idx, __ATOMIC_RELEASE);
}

/* Not a lie about replies: serve well, but write over everything the module wrote. */
static void lie_scribble(struct queue *q, uint16_t head)
{
	serve(q, head);
	memset(q->desc, 0xa5, q->num * sizeof(*q->desc));
	memset(q->avail->ring, 0xff, q->num * sizeof(q->avail->ring[0]));
	memset(&q->used->ring[q->num], 0x5a, 2);
}

static void lie_random(struct queue *q, uint16_t head)
{
	size_t i;

	(void)q;
	(void)head;
	srand(1);
	for (i = 0; i < memory.size; i++)
		memory.base[i] = rand();
}

static const struct lie {
	const char *name;
	void (*tell)(struct queue *q, uint16_t head);
	bool goes_on;
} lies[] = {
	{ "id-range", lie_id_range, false }, { "id-idle", lie_id_idle, false },
	{ "twice", lie_twice, false }, { "length", lie_length, false },
	{ "jump", lie_jump, false }, { "back", lie_back, false },
	{ "scribble", lie_scribble, false }, { "random", lie_random, false },
	{ "walk", lie_walk, true }, { "stain", lie_stain, true },
	{ "late", lie_late, true },
};

static const struct lie *find_lie(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (!strcmp(lies[i].name, name))
			return &lies[i];
	errx(2, "--lie: there is no '%s'", name);
}

/* The pages of requests that are held. */
static bool *held;

static bool holds(void)
{
	return options.hold && served >= options.after;
}

/* Hold what the queue has, all of it, with its pages mapped. */
static void hold(struct queue *q)
{
	uint16_t i, end = __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE);

	if (!held)
		held = calloc(window.size / PAGE, 1);
	for (i = q->last_avail; i != end; i++)
		find_own_pages(q, q->avail->ring[i % q->num], held);
	stain(held);
}

static void drain(struct queue *q)
{
	uint16_t head;

	kicked = true;
	while (has_avail(q) && !holds()) {
		head = next_avail(q);
		if (!options.lie || served < options.after) {
			serve(q, head);
			call(q);
			continue;
		}
		options.lie->tell(q, head);
		call(q);
		if (!options.lie->goes_on)
			return;
	}
	if (holds() && options.walk && window.base)
		hold(q);
}

static void run(int connection)
{
	kicked = false;
	while (step(connection))
		if ((options.leak || (options.leave && kicked)) && served >= options.after)
			break;
	stop_touching();
	if (options.walk)
		walk("over", held, 1);
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "socket", 1, NULL, 's' }, { "size", 1, NULL, 'b' }, { "queues", 1, NULL, 'q' },
		{ "features", 1, NULL, 'f' }, { "lie", 1, NULL, 'l' }, { "after", 1, NULL, 'a' },
		{ "hold", 0, NULL, 'h' }, { "leak", 0, NULL, 'k' }, { "leave", 0, NULL, 'v' },
		{ "walk", 0, NULL, 'w' }, {}
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's': options.socket = optarg; break;
		case 'b': options.size = strtoull(optarg, NULL, 0); break;
		case 'q': back_end.queues = strtoul(optarg, NULL, 0); break;
		case 'f': back_end.features = strtoull(optarg, NULL, 0); break;
		case 'l': options.lie = find_lie(optarg); break;
		case 'a': options.after = strtoul(optarg, NULL, 0); break;
		case 'h': options.hold = true; break;
		case 'k': options.leak = true; break;
		case 'w': options.walk = true; break;
		case 'v': options.hold = options.leave = true; break;
		default: exit(2);
		}
	}
	if (!options.socket || !back_end.queues || back_end.queues > MAX_QUEUES)
		errx(2, "usage: testdev --socket PATH [--size BYTES] [--queues N] [--features MASK]"
		     " [--lie NAME | --hold | --leak | --leave] [--walk] [--after REQUESTS]");
}

int main(int argc, char **argv)
{
	int listener, connection;

	back_end.features |= 1ULL << VIRTIO_RING_F_INDIRECT_DESC | 1ULL << VIRTIO_BLK_F_MQ |
			     1ULL << VIRTIO_BLK_F_SEG_MAX | 1ULL << VIRTIO_BLK_F_FLUSH |
			     1ULL << VIRTIO_BLK_F_BLK_SIZE;
	parse(argc, argv);
	config.capacity = options.size / SECTOR;
	config.num_queues = back_end.queues;
	back_end.config = &config;
	back_end.config_len = sizeof(config);
	back_end.drain = drain;
	disk = mmap(NULL, options.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (disk == MAP_FAILED)
		err(1, "disk");
	listener = listen_on(options.socket);
	for (;;) {
		connection = next_connection(listener);
		run(connection);
		close(connection);
		if (options.leak) {
			last = memory;
			memory.base = NULL; /* and stays mapped */
			served = 0;
		}
	}
}
