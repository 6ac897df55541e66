// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front door for vhost-user: a socket, one front-end after the other.
 *
 * Only what a front-end needs that does not migrate. Whatever it does wrong ends this program. A queue runs while it
 * is enabled and has its addresses and its kick file.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../src/vhost_user/protocol.h"
#include "door.h"

#define PROTOCOL_FEATURES	(VU_BIT(VHOST_USER_PROTOCOL_F_MQ) | VU_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) | \
				 VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG))

struct front_end {
	struct device *dev;
	int socket;
	bool event_idx;
	struct vu_message msg;
	unsigned int num_fds;
	int fds[VU_MAX_REGIONS];
	/* Addresses of rings are those of the front-end's own process. */
	struct vu_memory memory;
};

static void call(struct queue *q)
{
	uint64_t one = 1;

	if (q->call >= 0 && write(q->call, &one, sizeof(one)) != sizeof(one))
		warn("call");
}

static void map(struct queue *q, uint64_t iova)
{
	errx(1, "queue %u: address %#llx is in no region", q->index, (unsigned long long)iova);
}

static const struct door door = { .call = call, .map = map };

/* ---- messages ---------------------------------------------------------------------- */

static struct queue *queue_of(struct front_end *fe, uint32_t index)
{
	if (index >= fe->dev->num_queues)
		errx(1, "there is no queue %u", index);
	return &fe->dev->queues[index];
}

static void get_features(struct front_end *fe)
{
	fe->msg.payload.u64 = fe->dev->features | VU_BIT(VHOST_USER_F_PROTOCOL_FEATURES);
}

static void set_features(struct front_end *fe)
{
	for (unsigned int i = 0; i < fe->dev->num_queues; i++)
		fe->dev->queues[i].event_idx = fe->msg.payload.u64 & VU_BIT(VIRTIO_RING_F_EVENT_IDX);
}

static void get_protocol_features(struct front_end *fe)
{
	fe->msg.payload.u64 = PROTOCOL_FEATURES;
}

static void get_queue_num(struct front_end *fe)
{
	fe->msg.payload.u64 = fe->dev->num_queues;
}

static void get_config(struct front_end *fe)
{
	struct vu_config *config = &fe->msg.payload.config;

	if (config->offset > sizeof(fe->dev->config) || config->size > sizeof(fe->dev->config) - config->offset)
		errx(1, "GET_CONFIG of %u bytes at %u", config->size, config->offset);
	memcpy(config->region, (uint8_t *)&fe->dev->config + config->offset, config->size);
}

static void forget_memory(struct front_end *fe)
{
	struct queue *first = &fe->dev->queues[0];

	for (unsigned int i = 0; i < first->num_regions; i++)
		munmap(first->regions[i].base, first->regions[i].size);
	for (unsigned int i = 0; i < fe->dev->num_queues; i++)
		fe->dev->queues[i].num_regions = 0;
}

static void set_mem_table(struct front_end *fe)
{
	fe->memory = fe->msg.payload.memory;
	if (fe->memory.num_regions > VU_MAX_REGIONS || fe->memory.num_regions != fe->num_fds)
		errx(1, "%u regions with %u files", fe->memory.num_regions, fe->num_fds);
	for (unsigned int i = 0; i < fe->dev->num_queues; i++)
		queue_stop(&fe->dev->queues[i]);
	forget_memory(fe);
	for (unsigned int i = 0; i < fe->memory.num_regions; i++) {
		const struct vu_memory_region *region = &fe->memory.regions[i];
		void *base = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED, fe->fds[i],
				  region->mmap_offset);

		if (base == MAP_FAILED)
			err(1, "mapping region %u", i);
		for (unsigned int j = 0; j < fe->dev->num_queues; j++)
			queue_add_region(&fe->dev->queues[j], region->guest_addr, region->size, base);
	}
}

static void set_vring_num(struct front_end *fe)
{
	queue_of(fe, fe->msg.payload.state.index)->num = fe->msg.payload.state.num;
}

static void set_vring_base(struct front_end *fe)
{
	queue_of(fe, fe->msg.payload.state.index)->last_avail = fe->msg.payload.state.num;
}

static void *ring_at(struct front_end *fe, struct queue *q, uint64_t user_addr, uint64_t len)
{
	for (unsigned int i = 0; i < fe->memory.num_regions; i++) {
		const struct vu_memory_region *region = &fe->memory.regions[i];

		if (user_addr >= region->user_addr && user_addr - region->user_addr < region->size)
			return queue_at(q, user_addr - region->user_addr + region->guest_addr, len);
	}
	errx(1, "the ring at %#llx is in no region", (unsigned long long)user_addr);
}

static void set_vring_addr(struct front_end *fe)
{
	const struct vu_vring_addr *addr = &fe->msg.payload.addr;
	struct queue *q = queue_of(fe, addr->index);

	q->desc = ring_at(fe, q, addr->desc, sizeof(*q->desc) * q->num);
	q->avail = ring_at(fe, q, addr->avail, sizeof(*q->avail) + sizeof(uint16_t) * (q->num + 1));
	q->used = ring_at(fe, q, addr->used, sizeof(*q->used) + sizeof(*q->used->ring) * q->num + sizeof(uint16_t));
}

static void replace_fd(struct front_end *fe, int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = fe->num_fds ? fe->fds[0] : -1;
	fe->num_fds = 0;
}

/* Waiting is one read(), not poll() and read(). */
static void set_vring_kick(struct front_end *fe)
{
	struct queue *q = queue_of(fe, fe->msg.payload.u64 & VU_VRING_INDEX_MASK);

	queue_stop(q);
	replace_fd(fe, &q->kick);
	if (q->kick >= 0 && fcntl(q->kick, F_SETFL, 0) < 0)
		err(1, "the kick file of queue %u", q->index);
}

static void set_vring_call(struct front_end *fe)
{
	replace_fd(fe, &queue_of(fe, fe->msg.payload.u64 & VU_VRING_INDEX_MASK)->call);
}

static void set_vring_enable(struct front_end *fe)
{
	struct queue *q = queue_of(fe, fe->msg.payload.state.index);

	queue_stop(q);
	if (fe->msg.payload.state.num && q->kick >= 0 && q->used)
		queue_start(q);
}

static void stop(struct queue *q)
{
	queue_stop(q);
	q->used = NULL;
	if (q->kick >= 0)
		close(q->kick);
	if (q->call >= 0)
		close(q->call);
	q->kick = q->call = -1;
}

static void get_vring_base(struct front_end *fe)
{
	struct queue *q = queue_of(fe, fe->msg.payload.state.index);

	stop(q);
	fe->msg.payload.state.num = q->last_avail;
}

static void do_nothing(struct front_end *fe)
{
	(void)fe;
}

static const struct {
	void (*handle)(struct front_end *fe);
	bool replies;
} messages[] = {
	[VHOST_USER_GET_FEATURES] = { get_features, true },
	[VHOST_USER_SET_FEATURES] = { set_features },
	[VHOST_USER_SET_OWNER] = { do_nothing },
	[VHOST_USER_SET_MEM_TABLE] = { set_mem_table },
	[VHOST_USER_SET_VRING_NUM] = { set_vring_num },
	[VHOST_USER_SET_VRING_ADDR] = { set_vring_addr },
	[VHOST_USER_SET_VRING_BASE] = { set_vring_base },
	[VHOST_USER_GET_VRING_BASE] = { get_vring_base, true },
	[VHOST_USER_SET_VRING_KICK] = { set_vring_kick },
	[VHOST_USER_SET_VRING_CALL] = { set_vring_call },
	[VHOST_USER_GET_PROTOCOL_FEATURES] = { get_protocol_features, true },
	[VHOST_USER_SET_PROTOCOL_FEATURES] = { do_nothing },
	[VHOST_USER_GET_QUEUE_NUM] = { get_queue_num, true },
	[VHOST_USER_SET_VRING_ENABLE] = { set_vring_enable },
	[VHOST_USER_GET_CONFIG] = { get_config, true },
	[VHOST_USER_SET_CONFIG] = { do_nothing },
};

static void reply(struct front_end *fe, uint32_t size)
{
	struct iovec parts[] = { { &fe->msg.header, sizeof(fe->msg.header) }, { &fe->msg.payload, size } };
	struct msghdr out = { .msg_iov = parts, .msg_iovlen = 2 };

	fe->msg.header.flags = VU_FLAG_VERSION | VU_FLAG_REPLY;
	fe->msg.header.size = size;
	if (sendmsg(fe->socket, &out, MSG_NOSIGNAL) < 0)
		warn("reply");
}

static void dispatch(struct front_end *fe)
{
	uint32_t request = fe->msg.header.request, flags = fe->msg.header.flags;

	if (request >= sizeof(messages) / sizeof(messages[0]) || !messages[request].handle)
		errx(1, "message %u is not known here", request);
	messages[request].handle(fe);
	if (messages[request].replies) {
		reply(fe, fe->msg.header.size > sizeof(uint64_t) ? fe->msg.header.size : sizeof(uint64_t));
	} else if (flags & VU_FLAG_NEED_REPLY) {
		fe->msg.payload.u64 = 0;
		reply(fe, sizeof(uint64_t));
	}
	while (fe->num_fds)
		close(fe->fds[--fe->num_fds]);
}

/* ---- the socket -------------------------------------------------------------------- */

static void take_fds(struct front_end *fe, struct msghdr *in)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(in);

	fe->num_fds = 0;
	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
		return;
	fe->num_fds = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fe->fds, CMSG_DATA(control), fe->num_fds * sizeof(int));
}

/* The header, and with it the files; then the payload. False at the end of the connection. */
static bool receive(struct front_end *fe)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(fe->fds))];
	} control;
	struct iovec header = { &fe->msg.header, sizeof(fe->msg.header) };
	struct msghdr in = { .msg_iov = &header, .msg_iovlen = 1, .msg_control = &control,
			     .msg_controllen = sizeof(control) };

	if (recvmsg(fe->socket, &in, MSG_CMSG_CLOEXEC | MSG_WAITALL) != sizeof(fe->msg.header))
		return false;
	take_fds(fe, &in);
	if (fe->msg.header.size > sizeof(fe->msg.payload))
		errx(1, "message %u has %u bytes", fe->msg.header.request, fe->msg.header.size);
	return !fe->msg.header.size ||
	       recv(fe->socket, &fe->msg.payload, fe->msg.header.size, MSG_WAITALL) == fe->msg.header.size;
}

static void serve_front_end(struct device *dev, int socket)
{
	struct front_end fe = { .dev = dev, .socket = socket };

	while (receive(&fe))
		dispatch(&fe);
	for (unsigned int i = 0; i < dev->num_queues; i++)
		stop(&dev->queues[i]);
	forget_memory(&fe);
	close(socket);
}

void serve_vhost_user(struct device *dev, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0)
		err(1, "socket");
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= sizeof(address.sun_path))
		errx(1, "%s: too long", path);
	unlink(path);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1))
		err(1, "%s", path);
	for (unsigned int i = 0; i < dev->num_queues; i++)
		dev->queues[i].door = &door;
	for (;;) {
		int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (socket < 0)
			err(1, "accept");
		serve_front_end(dev, socket);
	}
}
