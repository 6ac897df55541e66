// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vhost-user front-end: one function for each thing that a back-end is told.
 *
 * Theory of operation
 *
 * Requests are synchronous: send, then wait for the reply if there is one. Each wait has
 * a deadline, keeps servicing the back-end request channel (the back-end may be waiting
 * for us there), and can be interrupted by the owner, for signals. Nothing is retried
 * here: after an error the owner drops the connection and starts afresh.
 *
 * Only what was negotiated is ever sent; back-ends exist that die of anything else. An
 * acknowledgement (REPLY_ACK) is asked for where the answer tells something: a result of
 * 0 is no proof (libvhost-user acknowledges before it drops the connection), but any
 * other result is a refusal.
 *
 * A ring is described completely, with its call file descriptor before the kick one: the
 * kick starts the ring, and libvhost-user panics if it finds a request and has no call.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../clock.h"
#include "backend_requests.h"
#include "message.h"

void vu_front_end_init(struct vu_front_end *fe, int fd, unsigned int reply_timeout_ms,
		       const struct vu_interrupt *interrupt)
{
	memset(fe, 0, sizeof(*fe));
	vu_connection_open(&fe->conn, fd);
	vu_connection_open(&fe->backend, -1);
	fe->reply_timeout_ms = reply_timeout_ms;
	fe->interrupt.fd = -1;
	if (interrupt)
		fe->interrupt = *interrupt;
}

unsigned int vu_front_end_close(struct vu_front_end *fe)
{
	fe->left_open += !vu_connection_close(&fe->conn);
	fe->left_open += !vu_connection_close(&fe->backend);
	return fe->left_open;
}

static int timed_out(struct vu_front_end *fe, uint32_t request)
{
	snprintf(fe->why, sizeof(fe->why), "did not answer %s within %u.%u s",
		 vu_request_name(request), fe->reply_timeout_ms / 1000,
		 fe->reply_timeout_ms % 1000 / 100);
	return -ETIMEDOUT;
}

/* What the connection said, and what we were about when it said so. */
static int connection_failed(struct vu_front_end *fe, int err, uint32_t request)
{
	snprintf(fe->why, sizeof(fe->why), "%s (during %s)", fe->conn.why,
		 vu_request_name(request));
	return err;
}

/* Wait for @events; 0 means that something may have changed. */
static int wait_for(struct vu_front_end *fe, short events, int64_t deadline, uint32_t request)
{
	struct pollfd fds[] = {
		{ .fd = fe->conn.fd, .events = events },
		{ .fd = fe->backend.fd, .events = POLLIN },
		{ .fd = fe->interrupt.fd, .events = POLLIN },
	};
	int64_t left = deadline - vlb_clock_ms();
	int ret;

	if (left <= 0)
		return timed_out(fe, request);
	if (poll(fds, 3, (int)left) < 0) {
		ret = -errno;
		snprintf(fe->why, sizeof(fe->why), "cannot be waited for: %s", strerror(-ret));
		return ret == -EINTR ? 0 : ret;
	}
	if (fds[2].revents) {
		ret = fe->interrupt.check(fe->interrupt.context);
		if (ret) {
			snprintf(fe->why, sizeof(fe->why), "was interrupted (during %s)",
				 vu_request_name(request));
			return ret;
		}
	}
	if (fds[1].revents)
		return vu_backend_requests_service(fe);
	return 0;
}

static int send_all(struct vu_front_end *fe, const struct vu_message *msg, const int *fds,
		    unsigned int num_fds, int64_t deadline)
{
	size_t sent = 0;
	int ret;

	for (;;) {
		ret = vu_connection_send(&fe->conn, msg, fds, num_fds, &sent);
		if (ret == 1)
			return 0;
		if (ret < 0)
			return connection_failed(fe, ret, msg->header.request);
		ret = wait_for(fe, POLLOUT, deadline, msg->header.request);
		if (ret)
			return ret;
	}
}

/* Wait for the reply to @msg and put its payload there. */
static int await_reply(struct vu_front_end *fe, struct vu_message *msg, int64_t deadline)
{
	int ret;

	for (;;) {
		ret = vu_connection_receive(&fe->conn);
		if (ret == 1)
			break;
		if (ret < 0)
			return connection_failed(fe, ret, msg->header.request);
		ret = wait_for(fe, POLLIN, deadline, msg->header.request);
		if (ret)
			return ret;
	}
	ret = vu_reply_check(msg, &fe->conn.in, fe->why, sizeof(fe->why));
	if (!ret)
		msg->payload = fe->conn.in.payload;
	vu_connection_consume(&fe->conn);
	return ret;
}

/* Send @msg, whose request and payload size are set, and get the reply if there is one. */
static int transact(struct vu_front_end *fe, struct vu_message *msg, const int *fds,
		    unsigned int num_fds)
{
	int64_t deadline = vlb_clock_ms() + fe->reply_timeout_ms;
	bool ack = vu_request_wants_ack(msg->header.request) &&
		   fe->protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK);
	int ret;

	msg->header.flags = VU_FLAG_VERSION | (ack ? VU_FLAG_NEED_REPLY : 0);
	ret = send_all(fe, msg, fds, num_fds, deadline);
	if (ret || !(ack || vu_request_has_reply(msg->header.request)))
		return ret;
	return await_reply(fe, msg, deadline);
}

static int request_plain(struct vu_front_end *fe, enum vu_request request)
{
	struct vu_message msg = { .header.request = request };

	return transact(fe, &msg, NULL, 0);
}

static int get_u64(struct vu_front_end *fe, enum vu_request request, uint64_t *value)
{
	struct vu_message msg = { .header.request = request };
	int ret;

	ret = transact(fe, &msg, NULL, 0);
	if (!ret)
		*value = msg.payload.u64;
	return ret;
}

static int set_u64(struct vu_front_end *fe, enum vu_request request, uint64_t value,
		   const int *fd)
{
	struct vu_message msg = {
		.header = { .request = request, .size = sizeof(uint64_t) },
		.payload.u64 = value,
	};

	return transact(fe, &msg, fd, fd ? 1 : 0);
}

static int vring_state(struct vu_front_end *fe, enum vu_request request, unsigned int index,
		       unsigned int num)
{
	struct vu_message msg = {
		.header = { .request = request, .size = sizeof(struct vu_vring_state) },
		.payload.state = { .index = index, .num = num },
	};

	return transact(fe, &msg, NULL, 0);
}

static int negotiate_features(struct vu_front_end *fe, uint64_t protocol_features)
{
	uint64_t offered;
	int ret;

	ret = get_u64(fe, VHOST_USER_GET_FEATURES, &fe->features);
	if (ret)
		return ret;
	fe->has_protocol_features = fe->features & VU_BIT(VHOST_USER_F_PROTOCOL_FEATURES);
	if (!fe->has_protocol_features)
		return 0;
	ret = get_u64(fe, VHOST_USER_GET_PROTOCOL_FEATURES, &offered);
	if (ret)
		return ret;
	/* Configuration changes are of no use without the requests that fetch them. */
	if (!(offered & VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG)))
		offered &= ~VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ);
	offered &= protocol_features;
	ret = set_u64(fe, VHOST_USER_SET_PROTOCOL_FEATURES, offered, NULL);
	if (!ret)
		fe->protocol_features = offered;
	return ret;
}

static int negotiate_queues(struct vu_front_end *fe)
{
	uint64_t count;
	int ret;

	fe->max_queues = 1;
	if (!(fe->protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_MQ)))
		return 0;
	ret = get_u64(fe, VHOST_USER_GET_QUEUE_NUM, &count);
	if (ret)
		return ret;
	if (!count) {
		snprintf(fe->why, sizeof(fe->why), "has no queues (GET_QUEUE_NUM says 0)");
		return -EPROTO;
	}
	fe->max_queues = count > VU_VRING_INDEX_MASK ? VU_VRING_INDEX_MASK + 1 : count;
	return 0;
}

static int negotiate_backend_channel(struct vu_front_end *fe)
{
	int peer_fd;
	int ret;

	if (!(fe->protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ)))
		return 0;
	ret = vu_backend_requests_open(fe, &peer_fd);
	if (ret) {
		snprintf(fe->why, sizeof(fe->why), "gets no request channel: %s",
			 strerror(-ret));
		return ret;
	}
	struct vu_message msg = { .header.request = VHOST_USER_SET_BACKEND_REQ_FD };

	ret = transact(fe, &msg, &peer_fd, 1);
	close(peer_fd);
	return ret;
}

int vu_front_end_negotiate(struct vu_front_end *fe, uint64_t protocol_features)
{
	int ret;

	ret = negotiate_features(fe, protocol_features);
	if (ret)
		return ret;
	ret = negotiate_queues(fe);
	if (ret)
		return ret;
	ret = negotiate_backend_channel(fe);
	if (ret)
		return ret;
	ret = request_plain(fe, VHOST_USER_SET_OWNER);
	if (ret)
		return ret;
	/* Again, as QEMU does: the final word, and a barrier behind all of the above. */
	ret = get_u64(fe, VHOST_USER_GET_FEATURES, &fe->features);
	fe->features &= ~VU_BIT(VHOST_USER_F_PROTOCOL_FEATURES);
	return ret;
}

static int need_config(struct vu_front_end *fe, unsigned int offset, unsigned int len)
{
	if (!(fe->protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG))) {
		snprintf(fe->why, sizeof(fe->why),
			 "does not offer its configuration space (protocol feature CONFIG)");
		return -EPROTO;
	}
	return len > VU_CONFIG_SIZE || offset > VU_CONFIG_SIZE - len ? -EINVAL : 0;
}

int vu_front_end_get_config(struct vu_front_end *fe, void *config, unsigned int len)
{
	/* The region is sent too: the Rust crates insist on it. */
	struct vu_message msg = {
		.header = {
			.request = VHOST_USER_GET_CONFIG,
			.size = VU_CONFIG_HEADER_SIZE + len,
		},
		.payload.config = { .size = len },
	};
	int ret;

	ret = need_config(fe, 0, len);
	if (ret)
		return ret;
	ret = transact(fe, &msg, NULL, 0);
	if (!ret)
		memcpy(config, msg.payload.config.region, len);
	return ret;
}

int vu_front_end_set_config(struct vu_front_end *fe, unsigned int offset, const void *data,
			    unsigned int len)
{
	struct vu_message msg = {
		.header = {
			.request = VHOST_USER_SET_CONFIG,
			.size = VU_CONFIG_HEADER_SIZE + len,
		},
		.payload.config = { .offset = offset, .size = len },
	};
	int ret;

	ret = need_config(fe, offset, len);
	if (ret)
		return ret;
	memcpy(msg.payload.config.region, data, len);
	return transact(fe, &msg, NULL, 0);
}

int vu_front_end_set_mtu(struct vu_front_end *fe, uint64_t mtu)
{
	if (!mtu || !(fe->protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_NET_MTU)))
		return 0;
	return set_u64(fe, VHOST_USER_NET_SET_MTU, mtu, NULL);
}

int vu_front_end_set_features(struct vu_front_end *fe, uint64_t features)
{
	features &= fe->features;
	/* Without bit 30 the Rust crates take SET_VRING_ENABLE for an offence. */
	if (fe->has_protocol_features)
		features |= VU_BIT(VHOST_USER_F_PROTOCOL_FEATURES);
	return set_u64(fe, VHOST_USER_SET_FEATURES, features, NULL);
}

int vu_front_end_set_memory(struct vu_front_end *fe, const struct vu_region *regions,
			    unsigned int count)
{
	struct vu_message msg = {
		.header = {
			.request = VHOST_USER_SET_MEM_TABLE,
			.size = (uint32_t)offsetof(struct vu_memory, regions[count]),
		},
		.payload.memory.num_regions = count,
	};
	int fds[VU_MAX_REGIONS];
	unsigned int i;

	for (i = 0; i < count; i++) {
		msg.payload.memory.regions[i] = (struct vu_memory_region){
			.guest_addr = regions[i].addr, .user_addr = regions[i].addr,
			.size = regions[i].size,
		};
		fds[i] = regions[i].fd;
	}
	return transact(fe, &msg, fds, count);
}

static int vring_addr(struct vu_front_end *fe, const struct vu_ring *ring)
{
	struct vu_message msg = {
		.header = {
			.request = VHOST_USER_SET_VRING_ADDR,
			.size = sizeof(struct vu_vring_addr),
		},
		.payload.addr = {
			.index = ring->index,
			.desc = ring->desc,
			.avail = ring->avail,
			.used = ring->used,
		},
	};

	return transact(fe, &msg, NULL, 0);
}

int vu_front_end_ring_start(struct vu_front_end *fe, const struct vu_ring *ring)
{
	int ret;

	ret = vring_state(fe, VHOST_USER_SET_VRING_NUM, ring->index, ring->size);
	if (ret)
		return ret;
	ret = vring_state(fe, VHOST_USER_SET_VRING_BASE, ring->index, 0);
	if (ret)
		return ret;
	ret = vring_addr(fe, ring);
	if (ret)
		return ret;
	ret = set_u64(fe, VHOST_USER_SET_VRING_CALL, ring->index, &ring->call_fd);
	if (ret)
		return ret;
	return set_u64(fe, VHOST_USER_SET_VRING_KICK, ring->index, &ring->kick_fd);
}

int vu_front_end_ring_stop(struct vu_front_end *fe, unsigned int index)
{
	return vring_state(fe, VHOST_USER_GET_VRING_BASE, index, 0);
}

int vu_front_end_ring_enable(struct vu_front_end *fe, unsigned int index, bool enable)
{
	/* Without protocol features rings are enabled from the start. */
	if (!fe->has_protocol_features)
		return 0;
	return vring_state(fe, VHOST_USER_SET_VRING_ENABLE, index, enable);
}

int vu_front_end_reset_device(struct vu_front_end *fe)
{
	if (!(fe->protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_RESET_DEVICE)))
		return 0;
	return request_plain(fe, VHOST_USER_RESET_DEVICE);
}

int vu_front_end_barrier(struct vu_front_end *fe)
{
	uint64_t features;

	return get_u64(fe, VHOST_USER_GET_FEATURES, &features);
}

int vu_front_end_unexpected(struct vu_front_end *fe)
{
	int ret;

	ret = vu_connection_receive(&fe->conn);
	if (ret < 0) {
		snprintf(fe->why, sizeof(fe->why), "%s", fe->conn.why);
		return ret;
	}
	if (!ret && !fe->conn.received)
		return 0;
	snprintf(fe->why, sizeof(fe->why), "sent a message that nobody asked for");
	return -EPROTO;
}
