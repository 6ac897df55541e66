// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stream of vhost-user messages over an AF_UNIX socket.
 *
 * Owned by a front-end, which has two: its own to the back-end, and the back-end
 * request channel. Everything is non-blocking and resumable at any byte, so that a peer
 * that sends half a message costs nothing but its own deadline. There is one buffer for
 * one message: what a peer can make us store is bounded by its size, and by VU_MAX_FDS.
 *
 * File descriptors arrive with the first byte of their message and are read together
 * with the header: no read ever crosses the border between two messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "connection.h"
#include "message.h"

int vu_connection_open(struct vu_connection *conn, int fd)
{
	int flags;

	memset(conn, 0, sizeof(*conn));
	conn->fd = fd;
	if (fd < 0)
		return 0;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

void vu_connection_consume(struct vu_connection *conn)
{
	unsigned int i;

	for (i = 0; i < conn->num_fds; i++) {
		if (conn->fds[i] >= 0)
			close(conn->fds[i]);
	}
	conn->num_fds = 0;
	conn->received = 0;
}

void vu_connection_close(struct vu_connection *conn)
{
	vu_connection_consume(conn);
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
}

static int fail(struct vu_connection *conn, int err, const char *why)
{
	snprintf(conn->why, sizeof(conn->why), "%s", why);
	return err;
}

/* Keep the descriptors of one control message; those beyond VU_MAX_FDS are closed. */
static int take_fds(struct vu_connection *conn, const struct cmsghdr *cmsg)
{
	size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	bool overflow = false;
	size_t i;
	int fd;

	for (i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
		if (conn->num_fds < VU_MAX_FDS) {
			conn->fds[conn->num_fds++] = fd;
		} else {
			close(fd);
			overflow = true;
		}
	}
	if (overflow)
		return fail(conn, -EPROTO, "sent too many file descriptors");
	return 0;
}

static int take_control(struct vu_connection *conn, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	int ret = 0;
	int err;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		err = take_fds(conn, cmsg);
		ret = ret ? ret : err;
	}
	if (!ret && msg->msg_flags & MSG_CTRUNC)
		ret = fail(conn, -EPROTO, "sent too many file descriptors");
	return ret;
}

/* One recvmsg() of at most @len bytes. 0: nothing there now. */
static ssize_t receive_some(struct vu_connection *conn, void *to, size_t len)
{
	union {
		char space[CMSG_SPACE(VU_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = to, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t count;
	int ret;

	do {
		count = recvmsg(conn->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (count < 0 && errno == EINTR);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (count <= 0 && conn->received)
		return fail(conn, -ECONNRESET,
			    "closed the connection in the middle of a message");
	if (count <= 0)
		return fail(conn, -ECONNRESET, "closed the connection");
	ret = take_control(conn, &msg);
	return ret ? ret : count;
}

int vu_connection_receive(struct vu_connection *conn)
{
	const size_t header_size = sizeof(conn->in.header);
	struct vu_message *in = &conn->in;
	size_t end = header_size;
	ssize_t count;
	uint8_t *to;
	int ret;

	for (;;) {
		if (conn->received >= header_size) {
			end = header_size + in->header.size;
			if (conn->received == end)
				return 1;
			to = (uint8_t *)&in->payload + (conn->received - header_size);
		} else {
			to = (uint8_t *)&in->header + conn->received;
		}
		count = receive_some(conn, to, end - conn->received);
		if (count <= 0)
			return (int)count;
		conn->received += (size_t)count;
		if (conn->received == header_size) {
			/* Not yet known to fit: a bad size must not outlive this. */
			ret = vu_header_check(&in->header, conn->why, sizeof(conn->why));
			if (ret) {
				in->header.size = 0;
				return ret;
			}
		}
	}
}

static void control_set_fds(struct msghdr *msg, void *space, const int *fds,
			    unsigned int num_fds)
{
	struct cmsghdr *cmsg;

	msg->msg_control = space;
	msg->msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, num_fds * sizeof(int));
}

/* The part of @msg from byte @sent on; returns the number of vectors. */
static unsigned int rest_of(const struct vu_message *msg, size_t sent, struct iovec iov[2])
{
	const size_t header_size = sizeof(msg->header);
	const uint8_t *header = (const uint8_t *)&msg->header;
	const uint8_t *payload = (const uint8_t *)&msg->payload;
	unsigned int count = 0;

	if (sent < header_size) {
		iov[count].iov_base = (void *)(header + sent);
		iov[count++].iov_len = header_size - sent;
		sent = header_size;
	}
	if (sent - header_size < msg->header.size) {
		iov[count].iov_base = (void *)(payload + (sent - header_size));
		iov[count++].iov_len = msg->header.size - (sent - header_size);
	}
	return count;
}

int vu_connection_send(struct vu_connection *conn, const struct vu_message *msg,
		       const int *fds, unsigned int num_fds, size_t *sent)
{
	union {
		char space[CMSG_SPACE(VU_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov[2];
	ssize_t count;

	if (num_fds > VU_MAX_FDS)
		return -E2BIG;
	while (*sent < sizeof(msg->header) + msg->header.size) {
		struct msghdr out = { .msg_iov = iov };

		out.msg_iovlen = rest_of(msg, *sent, iov);
		if (!*sent && num_fds)
			control_set_fds(&out, &control, fds, num_fds);
		count = sendmsg(conn->fd, &out, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (count < 0)
			return fail(conn, -ECONNRESET, "closed the connection");
		*sent += (size_t)count;
	}
	return 1;
}
