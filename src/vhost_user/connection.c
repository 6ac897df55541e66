// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stream of vhost-user messages over an AF_UNIX socket.
 *
 * Owned by a front-end, which has two: its own to the back-end, and the back-end
 * request channel. Everything is non-blocking and resumable at any byte, so that a peer
 * that sends half a message costs nothing but its own deadline. There is one buffer for
 * one message: what a peer can make us store is bounded by its size.
 *
 * File descriptors are sent, never received: nothing that a front-end negotiates here
 * brings any. One that comes nevertheless is not taken out of the socket, and not dropped
 * with it either, because whoever drops the last reference to a file may wait for as long
 * as whoever made it likes (SO_LINGER, for one). So bytes are looked at before they are
 * taken, and a socket that holds file descriptors when it is to be closed is left open,
 * shut down, until the process ends.
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
	const int one = 1;
	int flags;

	memset(conn, 0, sizeof(*conn));
	conn->fd = fd;
	if (fd < 0)
		return 0;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	/* Nothing may be passed over when we look, and be thrown away when we read. */
	if (setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one)) < 0)
		return -errno;
	return 0;
}

void vu_connection_consume(struct vu_connection *conn)
{
	conn->received = 0;
}

/* recv(), without waiting, that says whether file descriptors came or would come along. */
static ssize_t receive(int fd, void *to, size_t len, int flags, bool *has_fds)
{
	struct iovec iov = { .iov_base = to, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t count;

	do {
		count = recvmsg(fd, &msg, MSG_DONTWAIT | flags);
	} while (count < 0 && errno == EINTR);
	/* There is no room for control messages, and these are the only ones. */
	*has_fds = count > 0 && msg.msg_flags & MSG_CTRUNC;
	return count;
}

/* Nothing can arrive any more: empty the socket up to the first file descriptor. */
static bool holds_fds(int fd)
{
	char bytes[4096];
	ssize_t count;
	bool has_fds;

	shutdown(fd, SHUT_RDWR);
	for (;;) {
		count = receive(fd, bytes, sizeof(bytes), MSG_PEEK, &has_fds);
		if (has_fds)
			return true;
		if (count <= 0 || receive(fd, bytes, (size_t)count, 0, &has_fds) != count)
			return false;
	}
}

bool vu_connection_close(struct vu_connection *conn)
{
	bool closed = true;

	vu_connection_consume(conn);
	if (conn->fd >= 0) {
		closed = !holds_fds(conn->fd);
		if (closed)
			close(conn->fd);
	}
	conn->fd = -1;
	return closed;
}

static int fail(struct vu_connection *conn, int err, const char *why)
{
	snprintf(conn->why, sizeof(conn->why), "%s", why);
	return err;
}

/* At most @len bytes, if there are any and nothing else. 0: nothing there now. */
static ssize_t receive_some(struct vu_connection *conn, void *to, size_t len)
{
	ssize_t count;
	bool has_fds;

	count = receive(conn->fd, to, len, MSG_PEEK, &has_fds);
	if (has_fds)
		return fail(conn, -EPROTO, "sent file descriptors, which nobody asked for");
	if (count > 0)
		count = receive(conn->fd, to, (size_t)count, 0, &has_fds);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (count <= 0 && conn->received)
		return fail(conn, -ECONNRESET,
			    "closed the connection in the middle of a message");
	if (count <= 0)
		return fail(conn, -ECONNRESET, "closed the connection");
	return count;
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
