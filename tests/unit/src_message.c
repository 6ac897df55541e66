// SPDX-License-Identifier: GPL-2.0-only
/* The message parser: vu_reply_check(), vu_header_check() and the stream below them. */
#include "src_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "clock.h"
#include "vhost_user/connection.h"

static char why[160];

static int check(uint32_t request, uint32_t asked, const struct vu_message *reply)
{
	struct vu_message msg = { .header.request = request };

	if (request == VHOST_USER_GET_CONFIG)
		msg.payload.config.size = asked;
	else
		msg.payload.state.index = asked;
	why[0] = '\0';
	return vu_reply_check(&msg, reply, why, sizeof(why));
}

static struct vu_message u64_reply(uint32_t request, uint64_t value)
{
	return (struct vu_message){
		.header = { request, VU_FLAG_VERSION | VU_FLAG_REPLY, 8 },
		.payload.u64 = value,
	};
}

static void good_replies(void **state)
{
	struct vu_message reply = u64_reply(VHOST_USER_GET_FEATURES, 5);

	(void)state;
	assert_int_equal(check(VHOST_USER_GET_FEATURES, 0, &reply), 0);
	/* libvhost-user leaves the flag of the request in its reply. */
	reply.header.flags |= VU_FLAG_NEED_REPLY;
	assert_int_equal(check(VHOST_USER_GET_FEATURES, 0, &reply), 0);
	reply = u64_reply(VHOST_USER_SET_MEM_TABLE, 0);
	assert_int_equal(check(VHOST_USER_SET_MEM_TABLE, 0, &reply), 0);
	reply.header.request = VHOST_USER_GET_VRING_BASE;
	reply.payload.state = (struct vu_vring_state){ 3, 77 };
	assert_int_equal(check(VHOST_USER_GET_VRING_BASE, 3, &reply), 0);
}

static void wrong_headers(void **state)
{
	struct vu_message reply = u64_reply(VHOST_USER_GET_QUEUE_NUM, 5);

	(void)state;
	assert_int_equal(check(VHOST_USER_GET_FEATURES, 0, &reply), -EPROTO);
	reply = u64_reply(VHOST_USER_GET_FEATURES, 5);
	reply.header.flags = VU_FLAG_VERSION;
	assert_int_equal(check(VHOST_USER_GET_FEATURES, 0, &reply), -EPROTO);
	reply.header.flags = VU_FLAG_VERSION | VU_FLAG_REPLY | 0x80;
	assert_int_equal(check(VHOST_USER_GET_FEATURES, 0, &reply), -EPROTO);
}

static void wrong_sizes(void **state)
{
	struct vu_message reply = u64_reply(VHOST_USER_GET_FEATURES, 5);
	uint32_t size;

	(void)state;
	for (size = 0; size < 64; size++) {
		reply.header.size = size;
		assert_int_equal(check(VHOST_USER_GET_FEATURES, 0, &reply),
				 size == 8 ? 0 : -EPROTO);
	}
}

static void wrong_queue(void **state)
{
	struct vu_message reply = u64_reply(VHOST_USER_GET_VRING_BASE, 0);

	(void)state;
	reply.payload.state.index = 1;
	assert_int_equal(check(VHOST_USER_GET_VRING_BASE, 0, &reply), -EPROTO);
}

static void refusals(void **state)
{
	struct vu_message reply = u64_reply(VHOST_USER_SET_MEM_TABLE, 1);

	(void)state;
	assert_int_equal(check(VHOST_USER_SET_MEM_TABLE, 0, &reply), -EREMOTEIO);
	assert_non_null(strstr(why, "SET_MEM_TABLE"));
	/* A u64 that was asked for may be anything. */
	reply = u64_reply(VHOST_USER_GET_FEATURES, 1);
	assert_int_equal(check(VHOST_USER_GET_FEATURES, 0, &reply), 0);
}

static void config_replies(void **state)
{
	struct vu_message reply = {
		.header = { VHOST_USER_GET_CONFIG, VU_FLAG_VERSION | VU_FLAG_REPLY, 12 + 60 },
		.payload.config.size = 60,
	};
	uint32_t size;

	(void)state;
	assert_int_equal(check(VHOST_USER_GET_CONFIG, 60, &reply), 0);
	reply.payload.config.offset = 1;
	assert_int_equal(check(VHOST_USER_GET_CONFIG, 60, &reply), -EPROTO);
	reply.payload.config.offset = 0;
	/* Shorter and longer, consistently or not. */
	for (size = 1; size <= 256; size++) {
		reply.header.size = 12 + size;
		reply.payload.config.size = size;
		assert_int_equal(check(VHOST_USER_GET_CONFIG, 60, &reply),
				 size == 60 ? 0 : -EPROTO);
		reply.payload.config.size = 60;
		assert_int_equal(check(VHOST_USER_GET_CONFIG, 60, &reply),
				 size == 60 ? 0 : -EPROTO);
	}
	for (size = 1; size < 12; size++) {
		reply.header.size = size;
		assert_int_equal(check(VHOST_USER_GET_CONFIG, 60, &reply), -EPROTO);
	}
	/* The two ways to say no. */
	reply.header.size = 0;
	assert_int_equal(check(VHOST_USER_GET_CONFIG, 60, &reply), -EREMOTEIO);
	reply.header.size = 12;
	reply.payload.config.size = 0;
	assert_int_equal(check(VHOST_USER_GET_CONFIG, 60, &reply), -EREMOTEIO);
}

static void header_limits(void **state)
{
	struct vu_header header = { 1, VU_FLAG_VERSION, sizeof(union vu_payload) };

	(void)state;
	assert_int_equal(vu_header_check(&header, why, sizeof(why)), 0);
	header.size++;
	assert_int_equal(vu_header_check(&header, why, sizeof(why)), -EPROTO);
	header.size = UINT32_MAX;
	assert_int_equal(vu_header_check(&header, why, sizeof(why)), -EPROTO);
	header.size = 8;
	header.flags = 2;
	assert_int_equal(vu_header_check(&header, why, sizeof(why)), -EPROTO);
	header.flags = 0;
	assert_int_equal(vu_header_check(&header, why, sizeof(why)), -EPROTO);
}

/* Requests that do not exist must not index anything. */
static void unknown_requests(void **state)
{
	static const uint32_t requests[] = { 0, 4, 6, 7, 14, 26, 35, 1000, UINT32_MAX };
	struct vu_message reply = {};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		assert_non_null(vu_request_name(requests[i]));
		assert_false(vu_request_has_reply(requests[i]));
		assert_false(vu_request_wants_ack(requests[i]));
		assert_int_equal(check(requests[i], 0, &reply), -EPROTO);
	}
}

/* ---- the stream ----------------------------------------------------------------------- */

static void open_pair(struct vu_connection *conn, int *peer)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(vu_connection_open(conn, fds[0]), 0);
	*peer = fds[1];
}

static unsigned int open_fds(void)
{
	unsigned int count = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void byte_by_byte(void **state)
{
	const struct vu_message msg = u64_reply(VHOST_USER_GET_FEATURES, 0x1122334455667788);
	struct vu_connection conn;
	uint8_t bytes[20];
	size_t i;
	int peer;

	(void)state;
	open_pair(&conn, &peer);
	memcpy(bytes, &msg.header, 12);
	memcpy(bytes + 12, &msg.payload, 8);
	assert_int_equal(vu_connection_receive(&conn), 0);
	for (i = 0; i < sizeof(bytes); i++) {
		peer_send_raw(peer, &bytes[i], 1, NULL, 0);
		assert_int_equal(vu_connection_receive(&conn), i == sizeof(bytes) - 1);
	}
	assert_int_equal(conn.in.payload.u64, 0x1122334455667788);
	/* The next message is not touched before this one is consumed. */
	peer_send_raw(peer, bytes, sizeof(bytes), NULL, 0);
	assert_int_equal(vu_connection_receive(&conn), 1);
	vu_connection_consume(&conn);
	assert_int_equal(vu_connection_receive(&conn), 1);
	vu_connection_close(&conn);
	close(peer);
}

static void end_at_every_byte(void **state)
{
	const struct vu_message msg = u64_reply(VHOST_USER_GET_FEATURES, 1);
	struct vu_connection conn;
	uint8_t bytes[20];
	size_t i;
	int peer;

	(void)state;
	memcpy(bytes, &msg.header, 12);
	memcpy(bytes + 12, &msg.payload, 8);
	for (i = 0; i < sizeof(bytes); i++) {
		open_pair(&conn, &peer);
		if (i)
			peer_send_raw(peer, bytes, i, NULL, 0);
		close(peer);
		assert_int_equal(vu_connection_receive(&conn), -ECONNRESET);
		assert_true(!i == !strstr(conn.why, "middle"));
		vu_connection_close(&conn);
	}
}

/*
 * A connected socket whose last close waits for 20 s: it lingers for bytes that nobody
 * reads. The reader's end goes to @unread.
 */
static int make_slow_file(int *unread)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 20 };
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(addr);
	char bytes[65536] = {};

	assert_int_equal(bind(listener, (struct sockaddr *)&addr, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, size), 0);
	*unread = accept(listener, NULL, NULL);
	assert_true(*unread >= 0);
	close(listener);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	return fd;
}

/* Neither taken nor closed, with the first byte or later, asked for or behind an error. */
static void fds_stay_where_they_are(void **state)
{
	static const size_t where[] = { 0, 5, 12, 20 };
	const struct vu_message msg = u64_reply(VHOST_USER_GET_FEATURES, 1);
	struct vu_connection conn;
	int peer, fd, unread, ret;
	unsigned int before;
	uint8_t bytes[40];
	int64_t start;
	size_t i;

	(void)state;
	memcpy(bytes, &msg.header, 12);
	memcpy(bytes + 12, &msg.payload, 8);
	memcpy(bytes + 20, bytes, 20);
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		open_pair(&conn, &peer);
		before = open_fds();
		if (where[i])
			peer_send_raw(peer, bytes, where[i], NULL, 0);
		fd = make_slow_file(&unread);
		peer_send_raw(peer, bytes + where[i], 20 - where[i] % 20, &fd, 1);
		start = vlb_clock_ms();
		close(fd); /* the last reference is on its way */
		ret = vu_connection_receive(&conn);
		/* A complete message before them may count: the kernel looks ahead or not. */
		assert_true(ret == -EPROTO || (ret == 1 && where[i] == 20));
		assert_int_equal(open_fds(), before + 1); /* and @unread */
		assert_false(vu_connection_close(&conn));
		assert_int_equal(open_fds(), before + 1);
		assert_true(vlb_clock_ms() - start < 5000);
		close(peer);
		close(unread);
	}
}

/*
 * Out-of-band bytes are ordinary ones: the kernel would hide them, with what they bring,
 * from who only looks, and throw them away when somebody reads or closes.
 */
static void fds_out_of_band(void **state)
{
	const struct vu_header header = { 1, VU_FLAG_VERSION | VU_FLAG_REPLY, 8 };
	struct vu_connection conn;
	int peer, fd, unread;
	int64_t start;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		open_pair(&conn, &peer);
		fd = make_slow_file(&unread);
		if (!peer_send_out_of_band(peer, fd)) {
			close(fd); /* a kernel without MSG_OOB on these sockets */
			skip();
		}
		if (i)
			peer_send_raw(peer, &header, sizeof(header), NULL, 0);
		start = vlb_clock_ms();
		close(fd);
		assert_int_equal(vu_connection_receive(&conn), -EPROTO);
		assert_false(vu_connection_close(&conn));
		assert_true(vlb_clock_ms() - start < 5000);
		close(peer);
		close(unread);
	}
}

/* What was not read is no reason to leave a socket open. */
static void unread_bytes(void **state)
{
	struct vu_connection conn;
	uint8_t bytes[10000] = {};
	unsigned int before;
	int peer;

	(void)state;
	before = open_fds();
	open_pair(&conn, &peer);
	peer_send_raw(peer, bytes, sizeof(bytes), NULL, 0);
	assert_true(vu_connection_close(&conn));
	close(peer);
	assert_int_equal(open_fds(), before);
}

static void oversized_message(void **state)
{
	const struct vu_header header = { 1, VU_FLAG_VERSION | VU_FLAG_REPLY, 0x7fffffff };
	struct vu_connection conn;
	int peer;

	(void)state;
	open_pair(&conn, &peer);
	peer_send_raw(peer, &header, sizeof(header), NULL, 0);
	assert_int_equal(vu_connection_receive(&conn), -EPROTO);
	vu_connection_close(&conn);
	close(peer);
}

static void full_socket(void **state)
{
	const struct vu_message msg = u64_reply(VHOST_USER_GET_FEATURES, 1);
	struct vu_connection conn;
	size_t sent;
	int peer, ret;
	unsigned int count = 0;

	(void)state;
	open_pair(&conn, &peer);
	do {
		sent = 0;
		ret = vu_connection_send(&conn, &msg, NULL, 0, &sent);
		count++;
	} while (ret == 1 && count < 1000000);
	assert_int_equal(ret, 0);
	close(peer);
	assert_int_equal(vu_connection_send(&conn, &msg, NULL, 0, &sent), -ECONNRESET);
	vu_connection_close(&conn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_replies),
		cmocka_unit_test(wrong_headers),
		cmocka_unit_test(wrong_sizes),
		cmocka_unit_test(wrong_queue),
		cmocka_unit_test(refusals),
		cmocka_unit_test(config_replies),
		cmocka_unit_test(header_limits),
		cmocka_unit_test(unknown_requests),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(end_at_every_byte),
		cmocka_unit_test(fds_stay_where_they_are),
		cmocka_unit_test(fds_out_of_band),
		cmocka_unit_test(unread_bytes),
		cmocka_unit_test(oversized_message),
		cmocka_unit_test(full_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
