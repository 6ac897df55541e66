/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vhost-user back-end for tests, but for its device: the connection, its messages, the rings. The one program that
 * includes this says what its device is in "back_end".
 *
 * One thread, one connection at a time. Everything that the front-end does wrong is fatal (exit 1): a test back-end may
 * be strict.
 */
#ifndef BACK_END_H
#define BACK_END_H

#define _GNU_SOURCE
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#define MAX_QUEUES	16

enum { GET_FEATURES = 1, SET_FEATURES, SET_OWNER, RESET_OWNER, SET_MEM_TABLE,
       SET_VRING_NUM = 8, SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE, SET_VRING_KICK,
       SET_VRING_CALL, SET_VRING_ERR, GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES,
       GET_QUEUE_NUM, SET_VRING_ENABLE, SET_BACKEND_REQ_FD = 21, GET_CONFIG = 24, SET_CONFIG };

/* MQ REPLY_ACK BACKEND_REQ CONFIG */
#define PROTOCOL_FEATURES	(1ULL << 0 | 1ULL << 3 | 1ULL << 5 | 1ULL << 9)
#define F_PROTOCOL_FEATURES	30
#define FLAG_REPLY		(1u << 2)
#define FLAG_NEED_REPLY		(1u << 3)
#define CONFIG_CHANGE		2	/* a request of the back-end */

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

/*
 * The device. @drain serves what a queue has, when it was kicked; @extra_fd (or -1) calls @extra when it can be read. Without
 * a configuration space @config is NULL; @configure, if any, is told what the front-end writes there.
 */
static struct {
	uint64_t features;
	unsigned int queues;
	void (*drain)(struct queue *q);
	const void *config;
	uint32_t config_len;
	void (*configure)(uint32_t offset, const uint8_t *data, uint32_t size);
	int extra_fd;
	void (*extra)(void);
} back_end = { .features = 1ULL << VIRTIO_F_VERSION_1 | 1ULL << F_PROTOCOL_FEATURES, .queues = 1, .extra_fd = -1 };

static struct queue queues[MAX_QUEUES] = { [0 ... MAX_QUEUES - 1] = { .kick = -1, .call = -1 } };
static struct region { uint8_t *base; uint64_t iova, size; } memory, window;
static int requests = -1;	/* where the back-end makes its own */

/* ---- the ring ---------------------------------------------------------------------- */

static void *at(uint64_t iova, uint64_t len)
{
	const struct region *region = window.base && iova >= window.iova ? &window : &memory;

	if (iova < region->iova || len > region->size || iova - region->iova > region->size - len)
		errx(1, "address %#llx+%llu is outside the memory", (unsigned long long)iova,
		     (unsigned long long)len);
	return region->base + (iova - region->iova);
}

static void push_used(struct queue *q, uint32_t id, uint32_t len)
{
	q->used->ring[q->used_idx++ % q->num] = (struct vring_used_elem){ id, len };
	__atomic_store_n(&q->used->idx, q->used_idx, __ATOMIC_RELEASE);
}

static bool has_avail(const struct queue *q)
{
	return q->enabled && q->desc && __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE) != q->last_avail;
}

/* The head of the next chain, if has_avail(). */
static uint16_t next_avail(struct queue *q)
{
	return q->avail->ring[q->last_avail++ % q->num];
}

static void call(struct queue *q)
{
	uint64_t one = 1;

	if (q->call >= 0 && write(q->call, &one, sizeof(one)) != sizeof(one))
		err(1, "call");
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

/* Back-ends ask the file of a region for its kind and size. */
static void check_file(int fd, uint64_t size)
{
	struct stat file;

	if (fstat(fd, &file) || !S_ISREG(file.st_mode) || (uint64_t)file.st_size != size ||
	    lseek(fd, 0, SEEK_END) != file.st_size)
		errx(1, "the window is no regular file of %llu bytes", (unsigned long long)size);
}

static bool is_mapped(void *page)
{
	return !msync(page, 4096, MS_ASYNC);
}

/* The window is mapped: no copy of it may be had, and a child has none either, nor can it grow. */
static void check_mapping(int fd)
{
	int status;
	pid_t child;

	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED)
		errx(1, "a private mapping of the window is possible");
	if (mremap(window.base, window.size, window.size + 4096, MREMAP_MAYMOVE) != MAP_FAILED)
		errx(1, "the mapping of the window can grow");
	child = fork();
	if (!child)
		_exit(is_mapped(window.base));
	if (child < 0 || waitpid(child, &status, 0) != child)
		err(1, "a child");
	if (!is_mapped(window.base) || status)
		errx(1, "a child has the window mapped");
}

/* The second region is the window. */
static void set_memory(const struct message *msg, const int *fds)
{
	if (!msg->memory.count || msg->memory.count > 2 || fds[msg->memory.count - 1] < 0)
		errx(1, "expected one or two memory regions with their file descriptors");
	map_region(&memory, msg, 0, fds[0]);
	if (msg->memory.count == 2) {
		check_file(fds[1], msg->memory.region[1].offset + msg->memory.region[1].size);
		map_region(&window, msg, 1, fds[1]);
		check_mapping(fds[1]);
		close(fds[1]);
	}
	close(fds[0]);
}

static struct queue *queue_of(uint32_t index)
{
	if (index >= back_end.queues)
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
	uint32_t offset = msg->config.offset, size = msg->config.size;

	if (size > sizeof(msg->config.data))
		errx(1, "configuration of %u bytes asked for", size);
	memset(msg->config.data, 0, sizeof(msg->config.data));
	if (offset < back_end.config_len)
		memcpy(msg->config.data, (const uint8_t *)back_end.config + offset, back_end.config_len - offset);
}

static void write_config(const struct message *msg)
{
	if (msg->config.size > sizeof(msg->config.data))
		errx(1, "configuration of %u bytes written", msg->config.size);
	if (back_end.configure)
		back_end.configure(msg->config.offset, msg->config.data, msg->config.size);
}

/* Returns the size of the reply, or 0 for none. */
static uint32_t handle(struct message *msg, const int *fds)
{
	int fd = fds[0];

	switch (msg->request) {
	case GET_FEATURES:
		msg->u64 = back_end.features;
		return 8;
	case GET_PROTOCOL_FEATURES:
		msg->u64 = PROTOCOL_FEATURES;
		return 8;
	case GET_QUEUE_NUM:
		msg->u64 = back_end.queues;
		return 8;
	case GET_CONFIG:
		fill_config(msg);
		return msg->size;
	case SET_CONFIG:
		write_config(msg);
		return 0;
	case SET_BACKEND_REQ_FD:
		set_fd(&requests, fd);
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

/* Tell the front-end to read the configuration space again. */
static inline void tell_config_change(void)
{
	const uint32_t header[3] = { CONFIG_CHANGE, 1, 0 };

	if (requests >= 0 && send(requests, header, sizeof(header), MSG_NOSIGNAL) != sizeof(header))
		err(1, "the request to read the configuration space");
}

/* Wait for something, and do it. Returns false when the connection is over. */
static bool step(int connection)
{
	struct pollfd fds[2 + MAX_QUEUES] = {
		{ connection, POLLIN, 0 }, { back_end.extra_fd, POLLIN, 0 },
	};
	uint64_t count;
	unsigned int i;

	for (i = 0; i < back_end.queues; i++)
		fds[2 + i] = (struct pollfd){ queues[i].kick, POLLIN, 0 };
	if (poll(fds, 2 + back_end.queues, -1) < 0)
		err(1, "poll");
	for (i = 0; i < back_end.queues; i++)
		if (fds[2 + i].revents & POLLIN &&
		    read(queues[i].kick, &count, sizeof(count)) == sizeof(count))
			back_end.drain(&queues[i]);
	if (fds[1].revents)
		back_end.extra();
	return !fds[0].revents || answer(connection);
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

/* With queues that know nothing of the last one. */
static int next_connection(int listener)
{
	unsigned int i;
	int fd;

	set_fd(&requests, -1);
	for (i = 0; i < MAX_QUEUES; i++) {
		set_fd(&queues[i].kick, -1);
		set_fd(&queues[i].call, -1);
		queues[i] = (struct queue){ .kick = -1, .call = -1 };
	}
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	return fd;
}

/* One connection after another, for ever. */
static inline void serve_connections(int listener)
{
	for (;;) {
		int connection = next_connection(listener);

		while (step(connection))
			;
		close(connection);
	}
}

#endif
