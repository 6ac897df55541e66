/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scripted vhost-user back-end: the other end of a socketpair, in a child process.
 *
 * The child runs one function with its socket and must reach the function's end: peer_end()
 * fails the test otherwise. So neither side can hang or lie unnoticed.
 */
#ifndef VLB_TEST_SRC_PEER_H
#define VLB_TEST_SRC_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vhost_user/front_end.h"
#include "vhost_user/message.h"

struct peer {
	int fd;			/* ours */
	pid_t pid;
};

/* In the child: a failed expectation ends it with a message and status 1. */
#define PEER_EXPECT(condition) do {						\
	if (!(condition)) {							\
		fprintf(stderr, "peer: %s:%d: %s\n", __FILE__, __LINE__, #condition); \
		_exit(1);							\
	}									\
} while (0)

static inline struct peer peer_begin(void (*script)(int fd))
{
	struct peer peer;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	peer.pid = fork();
	assert_true(peer.pid >= 0);
	if (!peer.pid) {
		close(fds[0]);
		alarm(20);
		script(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	peer.fd = fds[0];
	return peer;
}

static inline void peer_end(const struct peer *peer)
{
	int status;

	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* @fds go with the first byte. Returns whether it was sent. */
static inline bool peer_send_flags(int fd, const void *data, size_t size, const int *fds,
				   unsigned int num_fds, int flags)
{
	union {
		char space[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (num_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, num_fds * sizeof(int));
	}
	/* The front-end may have had enough of us already. */
	return sendmsg(fd, &msg, MSG_NOSIGNAL | flags) == (ssize_t)size;
}

static inline void peer_send_raw(int fd, const void *data, size_t size, const int *fds,
				 unsigned int num_fds)
{
	peer_send_flags(fd, data, size, fds, num_fds, 0);
}

static inline bool peer_send_out_of_band(int fd, int passed)
{
	static const uint8_t byte = 1;

	return peer_send_flags(fd, &byte, 1, &passed, 1, MSG_OOB);
}

static inline void peer_send(int fd, uint32_t request, uint32_t flags, const void *payload,
			     uint32_t size)
{
	uint8_t bytes[1024];
	struct vu_header header = { request, flags, size };

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), payload ? payload : bytes, payload ? size : 0);
	peer_send_raw(fd, bytes, sizeof(header) + size, NULL, 0);
}

static inline void peer_reply_u64(int fd, uint32_t request, uint64_t value)
{
	peer_send(fd, request, VU_FLAG_VERSION | VU_FLAG_REPLY, &value, sizeof(value));
}

/* The next message, and at most one fd; false when the front-end has closed. */
static inline bool peer_receive(int fd, struct vu_message *msg, int *passed_fd)
{
	union {
		char space[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = &msg->header, .iov_len = sizeof(msg->header) };
	struct msghdr in = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int got = -1;

	if (recvmsg(fd, &in, MSG_WAITALL | MSG_CMSG_CLOEXEC) != sizeof(msg->header))
		return false;
	cmsg = CMSG_FIRSTHDR(&in);
	if (cmsg)
		memcpy(&got, CMSG_DATA(cmsg), sizeof(int));
	PEER_EXPECT(msg->header.size <= sizeof(msg->payload));
	if (msg->header.size &&
	    recv(fd, &msg->payload, msg->header.size, MSG_WAITALL) != (ssize_t)msg->header.size)
		return false;
	if (passed_fd)
		*passed_fd = got;
	else if (got >= 0)
		close(got);
	return true;
}

static inline struct vu_message peer_expect(int fd, uint32_t request)
{
	struct vu_message msg = {};

	PEER_EXPECT(peer_receive(fd, &msg, NULL));
	if (msg.header.request != request) {
		fprintf(stderr, "peer: got %s, expected %s\n",
			vu_request_name(msg.header.request), vu_request_name(request));
		_exit(1);
	}
	PEER_EXPECT((msg.header.flags & VU_FLAG_VERSION_MASK) == VU_FLAG_VERSION);
	return msg;
}

#endif
