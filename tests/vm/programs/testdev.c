// SPDX-License-Identifier: GPL-2.0-only
/*
 * testdev: a vhost-user block device in memory that can be told to break the rules.
 *
 * The tests of what happens when things go right use real back-ends. This one is for
 * what no real back-end does on purpose: coming back with other features, fewer queues
 * or another capacity, not answering, and above all lying on the shared ring.
 *
 * One thread, one connection at a time, until a signal ends it. Everything that the
 * front-end does wrong is fatal here (exit 1): a test back-end may be strict.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#define MAX_QUEUES	16
#define SECTOR		512

enum { GET_FEATURES = 1, SET_FEATURES, SET_OWNER, RESET_OWNER, SET_MEM_TABLE,
       SET_VRING_NUM = 8, SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE, SET_VRING_KICK,
       SET_VRING_CALL, SET_VRING_ERR, GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES,
       GET_QUEUE_NUM, SET_VRING_ENABLE, SET_BACKEND_REQ_FD = 21, GET_CONFIG = 24, SET_CONFIG };

#define PROTOCOL_FEATURES	(1ULL << 0 | 1ULL << 3 | 1ULL << 9)	/* MQ REPLY_ACK CONFIG */
#define F_PROTOCOL_FEATURES	30
#define FLAG_REPLY		(1u << 2)
#define FLAG_NEED_REPLY		(1u << 3)

struct message {
	uint32_t request, flags, size;
	union {
		uint64_t u64;
		struct { uint32_t index, num; } state;
		struct { uint32_t index, flags; uint64_t desc, used, avail, log; } addr;
		struct { uint32_t count, padding;
			 struct { uint64_t iova, size, user, offset; } region[8]; } memory;
		struct { uint32_t offset, size, flags; uint8_t data[256]; } config;
	};
} __attribute__((packed));

struct queue {
	unsigned int num;
	uint16_t last_avail, used_idx;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	int kick, call;
	bool enabled;
};

static struct {
	const char *socket;
	uint64_t size, features;
	unsigned int queues, after;
	const char *lie;
	bool hold, leak, leave, walk;
} options = { .size = 64 << 20, .queues = 1, .after = 100 };

static struct queue queues[MAX_QUEUES];
static uint8_t *disk;
static struct region { uint8_t *base; uint64_t iova, size; } memory, window;
static uint64_t acked;
static unsigned long served;

/* ---- the ring ---------------------------------------------------------------------- */

static void *at(uint64_t iova, uint64_t len)
{
	const struct region *region = window.base && iova >= window.iova ? &window : &memory;

	if (iova < region->iova || len > region->size || iova - region->iova > region->size - len)
		errx(1, "address %#llx+%llu is outside the memory", (unsigned long long)iova,
		     (unsigned long long)len);
	return region->base + (iova - region->iova);
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
		if (pos > options.size || len > options.size - pos)
			errx(1, "request beyond the end of the disk");
		if (header->type == VIRTIO_BLK_T_IN) {
			memcpy(data, disk + pos, len);
			written += len;
		} else if (header->type == VIRTIO_BLK_T_OUT) {
			memcpy(disk + pos, data, len);
		}
		pos += len;
	}
	status = at(table[i].addr, 1);
	*status = header->type <= VIRTIO_BLK_T_OUT || header->type == VIRTIO_BLK_T_FLUSH ?
		  VIRTIO_BLK_S_OK : VIRTIO_BLK_S_UNSUPP;
	return written + 1;
}

static void push_used(struct queue *q, uint32_t id, uint32_t len)
{
	q->used->ring[q->used_idx++ % q->num] = (struct vring_used_elem){ id, len };
	__atomic_store_n(&q->used->idx, q->used_idx, __ATOMIC_RELEASE);
}

static void call(struct queue *q)
{
	uint64_t one = 1;

	if (q->call >= 0 && write(q->call, &one, sizeof(one)) != sizeof(one))
		err(1, "call");
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
 * Touch the pages of a request, and of all others one in @STRIDE, and say how many could be
 * read, and how many of these also written.
 */
#define STRIDE	16

static void walk(const char *when, const bool *own)
{
	struct { unsigned long looked, readable, writable; } count[2] = {};
	uint64_t pos;

	for (pos = 0; window.base && pos < window.size; pos += PAGE) {
		bool mine = own && own[pos / PAGE];
		bool neighbour = own && pos && own[pos / PAGE - 1];

		if (!mine && !neighbour && pos / PAGE % STRIDE)
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

/* ---- lies -------------------------------------------------------------------------- */

static void lie_id_range(struct queue *q, uint16_t head) { push_used(q, q->num + head, 1); }
static void lie_id_idle(struct queue *q, uint16_t head) { push_used(q, (head + q->num / 2) % q->num, 1); }
static void lie_twice(struct queue *q, uint16_t head) { serve(q, head); push_used(q, head, 1); }
static void lie_length(struct queue *q, uint16_t head) { push_used(q, head, 0x7fffffff); }

/* No lie, but what a curious back-end would do with a large request in its hands. */
static void lie_walk(struct queue *q, uint16_t head)
{
	const struct vring_desc *table = at(q->desc[head].addr, sizeof(*table));
	size_t i, count = q->desc[head].len / sizeof(*table);
	bool *own = calloc(window.size / PAGE, 1);
	uint64_t bytes = 0, page, end;

	for (i = 1; q->desc[head].flags & VRING_DESC_F_INDIRECT && i + 1 < count; i++) {
		bytes += table[i].len;
		if (table[i].addr < window.iova)
			continue;
		page = (table[i].addr - window.iova) / PAGE;
		for (end = page + table[i].len / PAGE; page < end; page++)
			own[page] = true;
	}
	if (bytes == 64 << 10)
		walk("in flight", own);
	free(own);
	serve(q, head);
}

static void lie_jump(struct queue *q, uint16_t head)
{
	(void)head;
	q->used_idx += 0x4000;
	__atomic_store_n(&q->used->idx, q->used_idx, __ATOMIC_RELEASE);
}

static void lie_back(struct queue *q, uint16_t head)
{
	serve(q, head);
	q->used_idx -= 2;
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

static const struct { const char *name; void (*tell)(struct queue *q, uint16_t head); } lies[] = {
	{ "id-range", lie_id_range }, { "id-idle", lie_id_idle }, { "twice", lie_twice },
	{ "length", lie_length }, { "jump", lie_jump }, { "back", lie_back },
	{ "scribble", lie_scribble }, { "random", lie_random }, { "walk", lie_walk },
};

static bool lie(struct queue *q, uint16_t head)
{
	size_t i;

	if (!options.lie || served < options.after)
		return false;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (!strcmp(lies[i].name, options.lie))
			lies[i].tell(q, head);
	return true;
}

static void drain(struct queue *q)
{
	uint16_t head;

	while (q->enabled && q->desc && !(options.hold && served >= options.after) &&
	       __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE) != q->last_avail) {
		head = q->avail->ring[q->last_avail++ % q->num];
		if (lie(q, head)) {
			call(q);
			return;
		}
		serve(q, head);
		call(q);
	}
}

/* ---- messages ---------------------------------------------------------------------- */

static void map_region(struct region *region, const struct message *msg, unsigned int index, int fd)
{
	if (region->base)
		munmap(region->base, region->size);
	region->size = msg->memory.region[index].size;
	region->iova = msg->memory.region[index].iova;
	region->base = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    msg->memory.region[index].offset);
	if (region->base == MAP_FAILED)
		err(1, "mmap");
}

/* The second region is the window: no copy of it may be had by mmap(). */
static void set_memory(const struct message *msg, const int *fds)
{
	if (!msg->memory.count || msg->memory.count > 2 || fds[msg->memory.count - 1] < 0)
		errx(1, "expected one or two memory regions with their file descriptors");
	map_region(&memory, msg, 0, fds[0]);
	if (msg->memory.count == 2) {
		map_region(&window, msg, 1, fds[1]);
		if (mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fds[1], 0) != MAP_FAILED)
			errx(1, "a private mapping of the window is possible");
		close(fds[1]);
	}
	close(fds[0]);
}

static struct queue *queue_of(uint32_t index)
{
	if (index >= options.queues)
		errx(1, "queue %u does not exist", index);
	return &queues[index];
}

static void set_addr(const struct message *msg)
{
	struct queue *q = queue_of(msg->addr.index);

	q->desc = at(msg->addr.desc, q->num * sizeof(struct vring_desc));
	q->avail = at(msg->addr.avail, 6 + 2 * q->num);
	q->used = at(msg->addr.used, 6 + 8 * q->num);
	q->used_idx = q->used->idx;
}

static void set_fd(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

static void fill_config(struct message *msg)
{
	struct virtio_blk_config config = {
		.capacity = options.size / SECTOR, .seg_max = 126, .blk_size = SECTOR,
		.num_queues = options.queues,
	};

	if (msg->config.size > sizeof(msg->config.data))
		errx(1, "configuration of %u bytes asked for", msg->config.size);
	memset(msg->config.data, 0, sizeof(msg->config.data));
	memcpy(msg->config.data, (uint8_t *)&config + msg->config.offset,
	       msg->config.offset < sizeof(config) ? sizeof(config) - msg->config.offset : 0);
}

static uint64_t device_features(void)
{
	return options.features ?: 1ULL << VIRTIO_F_VERSION_1 | 1ULL << F_PROTOCOL_FEATURES |
	       1ULL << VIRTIO_RING_F_INDIRECT_DESC | 1ULL << VIRTIO_BLK_F_MQ |
	       1ULL << VIRTIO_BLK_F_SEG_MAX | 1ULL << VIRTIO_BLK_F_FLUSH |
	       1ULL << VIRTIO_BLK_F_BLK_SIZE;
}

/* Returns the size of the reply, or 0 for none. */
static uint32_t handle(struct message *msg, const int *fds)
{
	int fd = fds[0];

	switch (msg->request) {
	case GET_FEATURES:
		msg->u64 = device_features();
		return 8;
	case GET_PROTOCOL_FEATURES:
		msg->u64 = PROTOCOL_FEATURES;
		return 8;
	case GET_QUEUE_NUM:
		msg->u64 = options.queues;
		return 8;
	case GET_CONFIG:
		fill_config(msg);
		return msg->size;
	case SET_FEATURES:
		acked = msg->u64;
		return 0;
	case SET_MEM_TABLE:
		set_memory(msg, fds);
		return 0;
	case SET_VRING_NUM:
		queue_of(msg->state.index)->num = msg->state.num;
		return 0;
	case SET_VRING_BASE:
		queue_of(msg->state.index)->last_avail = msg->state.num;
		return 0;
	case SET_VRING_ADDR:
		set_addr(msg);
		return 0;
	case SET_VRING_KICK:
		set_fd(&queue_of(msg->u64 & 0xff)->kick, fd);
		return 0;
	case SET_VRING_CALL:
		set_fd(&queue_of(msg->u64 & 0xff)->call, fd);
		return 0;
	case SET_VRING_ENABLE:
		queue_of(msg->state.index)->enabled = msg->state.num;
		return 0;
	case GET_VRING_BASE:
		if (options.walk)
			walk("stopped", NULL);
		set_fd(&queue_of(msg->state.index)->kick, -1);
		msg->state.num = queue_of(msg->state.index)->last_avail;
		return 8;
	default:
		return 0;
	}
}

static bool receive(int connection, struct message *msg, int fds[2])
{
	char control[CMSG_SPACE(8 * sizeof(int))] = {};
	struct iovec iov = { msg, 12 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;

	fds[0] = fds[1] = -1;
	if (recvmsg(connection, &header, MSG_WAITALL) != 12)
		return false;
	cmsg = CMSG_FIRSTHDR(&header);
	if (cmsg)
		memcpy(fds, CMSG_DATA(cmsg),
		       cmsg->cmsg_len >= CMSG_LEN(2 * sizeof(int)) ? 2 * sizeof(int) : sizeof(int));
	if (msg->size > sizeof(*msg) - 12)
		errx(1, "message of %u bytes", msg->size);
	return !msg->size || recv(connection, &msg->u64, msg->size, MSG_WAITALL) == msg->size;
}

static bool answer(int connection)
{
	struct message msg;
	uint32_t size;
	bool ack;
	int fds[2];

	if (!receive(connection, &msg, fds))
		return false;
	ack = msg.flags & FLAG_NEED_REPLY;
	size = handle(&msg, fds);
	if (!size && ack) {
		msg.u64 = 0;
		size = 8;
	}
	if (!size)
		return true;
	msg.flags = 1 | FLAG_REPLY;
	msg.size = size;
	return send(connection, &msg, 12 + size, MSG_NOSIGNAL) == 12 + (ssize_t)size;
}

static void run(int connection)
{
	struct pollfd fds[1 + MAX_QUEUES];
	bool kicked = false;
	uint64_t count;
	unsigned int i;

	for (;;) {
		fds[0] = (struct pollfd){ connection, POLLIN, 0 };
		for (i = 0; i < options.queues; i++)
			fds[1 + i] = (struct pollfd){ queues[i].kick, POLLIN, 0 };
		if (poll(fds, 1 + options.queues, -1) < 0)
			err(1, "poll");
		for (i = 0; i < options.queues; i++)
			if (fds[1 + i].revents & POLLIN &&
			    read(queues[i].kick, &count, sizeof(count)) == sizeof(count)) {
				kicked = true;
				drain(&queues[i]);
			}
		if (fds[0].revents && !answer(connection))
			return;
		if ((options.leak || (options.leave && kicked)) && served >= options.after)
			return;
	}
}

static void forget_queues(void)
{
	unsigned int i;

	for (i = 0; i < MAX_QUEUES; i++) {
		set_fd(&queues[i].kick, -1);
		set_fd(&queues[i].call, -1);
		queues[i] = (struct queue){ .kick = -1, .call = -1 };
	}
}

static int listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		errx(2, "socket path too long: %s", path);
	strcpy(addr.sun_path, path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1))
		err(1, "%s", path);
	return fd;
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
		case 'q': options.queues = strtoul(optarg, NULL, 0); break;
		case 'f': options.features = strtoull(optarg, NULL, 0); break;
		case 'l': options.lie = optarg; break;
		case 'a': options.after = strtoul(optarg, NULL, 0); break;
		case 'h': options.hold = true; break;
		case 'k': options.leak = true; break;
		case 'w': options.walk = true; break;
		case 'v': options.hold = options.leave = true; break;
		default: exit(2);
		}
	}
	if (!options.socket || !options.queues || options.queues > MAX_QUEUES)
		errx(2, "usage: testdev --socket PATH [--size BYTES] [--queues N] [--features MASK]"
		     " [--lie NAME | --hold | --leak | --leave] [--walk] [--after REQUESTS]");
}

int main(int argc, char **argv)
{
	unsigned int i;
	int listener, connection;

	parse(argc, argv);
	disk = mmap(NULL, options.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (disk == MAP_FAILED)
		err(1, "disk");
	for (i = 0; i < MAX_QUEUES; i++)
		queues[i] = (struct queue){ .kick = -1, .call = -1 };
	listener = listen_on(options.socket);
	for (;;) {
		connection = accept(listener, NULL, NULL);
		if (connection < 0)
			err(1, "accept");
		run(connection);
		close(connection);
		if (options.leak) {
			memory.base = NULL; /* and stays mapped */
			served = 0;
		}
		forget_queues();
	}
}
