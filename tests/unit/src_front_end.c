// SPDX-License-Identifier: GPL-2.0-only
/* The front-end against a scripted back-end: what goes right, and what peers get wrong. */
#include "src_peer.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"

#define FEATURES	(VU_BIT(30) | VU_BIT(32) | 0x246)
#define PROTOCOL	(VU_BIT(VHOST_USER_PROTOCOL_F_MQ) |		\
			 VU_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |	\
			 VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ) |	\
			 VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG))
#define SHORT_MS	150
#define LONG_MS		5000

/* What the scripts answer; set before peer_begin(). */
static uint64_t offered_features = FEATURES;
static uint64_t offered_protocol = PROTOCOL | VU_BIT(40);
static uint64_t num_queues = 4;
static int backend_fd = -1;	/* in the peer: the back-end request channel */

static struct vu_front_end fe;

static void handshake(int fd)
{
	struct vu_message msg;
	uint64_t acked;

	peer_expect(fd, VHOST_USER_GET_FEATURES);
	peer_reply_u64(fd, VHOST_USER_GET_FEATURES, offered_features);
	if (offered_features & VU_BIT(30)) {
		peer_expect(fd, VHOST_USER_GET_PROTOCOL_FEATURES);
		peer_reply_u64(fd, VHOST_USER_GET_PROTOCOL_FEATURES, offered_protocol);
		msg = peer_expect(fd, VHOST_USER_SET_PROTOCOL_FEATURES);
		acked = msg.payload.u64;
		PEER_EXPECT(!(acked & ~(offered_protocol & PROTOCOL)));
		if (acked & VU_BIT(VHOST_USER_PROTOCOL_F_MQ)) {
			peer_expect(fd, VHOST_USER_GET_QUEUE_NUM);
			peer_reply_u64(fd, VHOST_USER_GET_QUEUE_NUM, num_queues);
		}
		if (acked & VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ)) {
			PEER_EXPECT(peer_receive(fd, &msg, &backend_fd));
			PEER_EXPECT(msg.header.request == VHOST_USER_SET_BACKEND_REQ_FD);
			PEER_EXPECT(backend_fd >= 0);
		}
	}
	peer_expect(fd, VHOST_USER_SET_OWNER);
	peer_expect(fd, VHOST_USER_GET_FEATURES);
	peer_reply_u64(fd, VHOST_USER_GET_FEATURES, offered_features);
}

static void expect_end(int fd)
{
	struct vu_message msg;

	PEER_EXPECT(!peer_receive(fd, &msg, NULL));
}

static struct peer begin(void (*script)(int fd), unsigned int timeout_ms)
{
	struct peer peer = peer_begin(script);

	vu_front_end_init(&fe, peer.fd, timeout_ms, NULL);
	return peer;
}

static void end(const struct peer *peer)
{
	vu_front_end_close(&fe);
	peer_end(peer);
}

static int reset_script(void **state)
{
	(void)state;
	offered_features = FEATURES;
	offered_protocol = PROTOCOL | VU_BIT(40);
	num_queues = 4;
	return 0;
}

/* ---- what goes right ------------------------------------------------------------------- */

static void whole_life(int fd)
{
	struct vu_message msg;
	struct vu_config config = { .size = 60 };
	struct vu_vring_state base = { .index = 1, .num = 9 };
	int passed;

	handshake(fd);
	msg = peer_expect(fd, VHOST_USER_GET_CONFIG);
	PEER_EXPECT(msg.header.size == 72 && msg.payload.config.size == 60);
	PEER_EXPECT(!msg.payload.config.offset);
	config.region[59] = 7;
	peer_send(fd, VHOST_USER_GET_CONFIG, VU_FLAG_VERSION | VU_FLAG_REPLY, &config, 72);
	msg = peer_expect(fd, VHOST_USER_SET_FEATURES);
	PEER_EXPECT(msg.payload.u64 == (VU_BIT(30) | VU_BIT(32) | 2));
	PEER_EXPECT(peer_receive(fd, &msg, &passed) && passed >= 0);
	PEER_EXPECT(msg.header.request == VHOST_USER_SET_MEM_TABLE);
	PEER_EXPECT(msg.header.size == 40 && msg.payload.memory.num_regions == 1);
	PEER_EXPECT(msg.header.flags & VU_FLAG_NEED_REPLY);
	peer_reply_u64(fd, VHOST_USER_SET_MEM_TABLE, 0);
	msg = peer_expect(fd, VHOST_USER_SET_VRING_NUM);
	PEER_EXPECT(msg.payload.state.index == 1 && msg.payload.state.num == 256);
	msg = peer_expect(fd, VHOST_USER_SET_VRING_BASE);
	PEER_EXPECT(msg.payload.state.num == 0);
	msg = peer_expect(fd, VHOST_USER_SET_VRING_ADDR);
	PEER_EXPECT(msg.payload.addr.desc == 0x1000 && msg.payload.addr.avail == 0x2000);
	PEER_EXPECT(msg.payload.addr.used == 0x3000 && !msg.payload.addr.flags);
	PEER_EXPECT(peer_receive(fd, &msg, &passed) && passed >= 0);
	PEER_EXPECT(msg.header.request == VHOST_USER_SET_VRING_CALL && msg.payload.u64 == 1);
	PEER_EXPECT(peer_receive(fd, &msg, &passed) && passed >= 0);
	PEER_EXPECT(msg.header.request == VHOST_USER_SET_VRING_KICK && msg.payload.u64 == 1);
	msg = peer_expect(fd, VHOST_USER_SET_VRING_ENABLE);
	PEER_EXPECT(msg.payload.state.num == 1 && msg.header.flags & VU_FLAG_NEED_REPLY);
	peer_reply_u64(fd, VHOST_USER_SET_VRING_ENABLE, 0);
	msg = peer_expect(fd, VHOST_USER_SET_VRING_ENABLE);
	PEER_EXPECT(msg.payload.state.num == 0);
	peer_reply_u64(fd, VHOST_USER_SET_VRING_ENABLE, 0);
	peer_expect(fd, VHOST_USER_GET_VRING_BASE);
	peer_send(fd, VHOST_USER_GET_VRING_BASE, VU_FLAG_VERSION | VU_FLAG_REPLY, &base, 8);
	expect_end(fd);
}

static int set_memory(uint64_t addr, uint64_t size)
{
	const struct vu_region region = { addr, size, STDERR_FILENO };

	return vu_front_end_set_memory(&fe, &region, 1);
}

static void happy_path(void **state)
{
	struct vu_ring ring = {
		.index = 1, .size = 256, .desc = 0x1000, .avail = 0x2000, .used = 0x3000,
		.kick_fd = STDERR_FILENO, .call_fd = STDERR_FILENO,
	};
	struct peer peer = begin(whole_life, LONG_MS);
	uint8_t config[60];

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_int_equal(fe.features, FEATURES & ~VU_BIT(30));
	assert_int_equal(fe.protocol_features, PROTOCOL);
	assert_int_equal(fe.max_queues, 4);
	assert_int_equal(vu_front_end_get_config(&fe, config, sizeof(config)), 0);
	assert_int_equal(config[59], 7);
	/* Neither bit 33 nor anything else that was not offered gets through. */
	assert_int_equal(vu_front_end_set_features(&fe, VU_BIT(33) | VU_BIT(32) | VU_BIT(40) | 3),
			 0);
	assert_int_equal(set_memory(1ULL << 32, 1 << 20), 0);
	assert_int_equal(vu_front_end_ring_start(&fe, &ring), 0);
	assert_int_equal(vu_front_end_ring_enable(&fe, 1, true), 0);
	assert_int_equal(vu_front_end_ring_enable(&fe, 1, false), 0);
	assert_int_equal(vu_front_end_ring_stop(&fe, 1), 0);
	end(&peer);
}

static void old_back_end(int fd)
{
	handshake(fd);
	/* No acknowledgements, no SET_VRING_ENABLE, no bit 30. */
	PEER_EXPECT(peer_expect(fd, VHOST_USER_SET_FEATURES).payload.u64 == VU_BIT(32));
	PEER_EXPECT(!(peer_expect(fd, VHOST_USER_SET_MEM_TABLE).header.flags &
		      VU_FLAG_NEED_REPLY));
	peer_expect(fd, VHOST_USER_GET_FEATURES);
	peer_reply_u64(fd, VHOST_USER_GET_FEATURES, offered_features);
	expect_end(fd);
}

static void without_protocol_features(void **state)
{
	struct peer peer;
	uint8_t config[60];

	(void)state;
	offered_features = VU_BIT(32);
	peer = begin(old_back_end, LONG_MS);
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_int_equal(fe.max_queues, 1);
	assert_int_equal(vu_front_end_get_config(&fe, config, sizeof(config)), -EPROTO);
	assert_int_equal(vu_front_end_set_config(&fe, 0, config, 1), -EPROTO);
	assert_int_equal(vu_front_end_set_features(&fe, ~0ULL), 0);
	assert_int_equal(set_memory(4096, 4096), 0);
	assert_int_equal(vu_front_end_ring_enable(&fe, 0, true), 0);
	assert_int_equal(vu_front_end_reset_device(&fe), 0);
	assert_int_equal(vu_front_end_barrier(&fe), 0);
	end(&peer);
}

/* Nothing that was not negotiated is sent, whatever is called. */
static void only_handshake(int fd)
{
	handshake(fd);
	expect_end(fd);
}

static void nothing_unnegotiated(void **state)
{
	struct peer peer;
	uint8_t byte = 0;

	(void)state;
	offered_protocol = VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ);
	peer = begin(only_handshake, LONG_MS);
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	/* Without CONFIG there is nothing that a back-end could tell us. */
	assert_int_equal(fe.protocol_features, 0);
	assert_int_equal(vu_front_end_get_config(&fe, &byte, 1), -EPROTO);
	assert_int_equal(vu_front_end_set_config(&fe, 0, &byte, 1), -EPROTO);
	assert_int_equal(vu_front_end_reset_device(&fe), 0);
	end(&peer);
}

static void bad_config_ranges(void **state)
{
	struct peer peer = begin(only_handshake, LONG_MS);
	uint8_t data[300] = {};

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_int_equal(vu_front_end_get_config(&fe, data, 257), -EINVAL);
	assert_int_equal(vu_front_end_set_config(&fe, 256, data, 1), -EINVAL);
	assert_int_equal(vu_front_end_set_config(&fe, 1, data, 256), -EINVAL);
	assert_int_equal(vu_front_end_set_config(&fe, UINT32_MAX, data, 2), -EINVAL);
	end(&peer);
}

/* ---- what goes wrong ------------------------------------------------------------------- */

static void silent(int fd)
{
	struct vu_message msg;

	while (peer_receive(fd, &msg, NULL))
		;
}

static void silent_peer(void **state)
{
	struct peer peer = begin(silent, SHORT_MS);
	int64_t start = vlb_clock_ms();

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), -ETIMEDOUT);
	assert_in_range(vlb_clock_ms() - start, SHORT_MS - 1, SHORT_MS + 2000);
	assert_non_null(strstr(fe.why, "GET_FEATURES"));
	end(&peer);
}

/* A byte now and then is no answer either. */
static void trickle(int fd)
{
	const uint8_t byte = 1;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		peer_send_raw(fd, &byte, 1, NULL, 0);
		poll(NULL, 0, SHORT_MS / 3);
	}
	silent(fd);
}

static void trickling_peer(void **state)
{
	struct peer peer = begin(trickle, SHORT_MS);
	int64_t start = vlb_clock_ms();

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), -ETIMEDOUT);
	assert_in_range(vlb_clock_ms() - start, SHORT_MS - 1, SHORT_MS + 2000);
	end(&peer);
}

static unsigned int stop_after;

/* Answers the first @stop_after requests that want an answer, then closes. */
static void early_end(int fd)
{
	struct vu_message msg;
	unsigned int answered = 0;

	while (answered < stop_after) {
		if (!peer_receive(fd, &msg, NULL))
			return;
		if (!vu_request_has_reply(msg.header.request))
			continue;
		answered++;
		peer_reply_u64(fd, msg.header.request, msg.header.request == 15 ? PROTOCOL :
			       FEATURES);
	}
}

static void end_in_every_state(void **state)
{
	struct peer peer;
	int ret;

	(void)state;
	for (stop_after = 0; stop_after < 5; stop_after++) {
		peer = begin(early_end, LONG_MS);
		ret = vu_front_end_negotiate(&fe, PROTOCOL);
		/* GET_FEATURES, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, GET_FEATURES */
		assert_int_equal(ret, stop_after < 4 ? -ECONNRESET : 0);
		end(&peer);
	}
}

static const void *raw;
static size_t raw_size;

static void answer_raw(int fd)
{
	peer_expect(fd, VHOST_USER_GET_FEATURES);
	peer_send_raw(fd, raw, raw_size, NULL, 0);
	silent(fd);
}

static int negotiate_with(const void *bytes, size_t size)
{
	struct peer peer;
	int ret;

	raw = bytes;
	raw_size = size;
	peer = begin(answer_raw, SHORT_MS);
	ret = vu_front_end_negotiate(&fe, PROTOCOL);
	end(&peer);
	return ret;
}

static void garbage(void **state)
{
	uint8_t bytes[512];
	unsigned int round, i;
	int ret;

	(void)state;
	for (round = 0; round < 50; round++) {
		srand(round);
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)rand();
		ret = negotiate_with(bytes, sizeof(bytes));
		assert_true(ret == -EPROTO || ret == -ETIMEDOUT);
	}
}

static void malformed_answers(void **state)
{
	static const struct {
		struct vu_header header;
		int expected;
	} answers[] = {
		{ { VHOST_USER_GET_QUEUE_NUM, 5, 8 }, -EPROTO },	/* wrong request */
		{ { VHOST_USER_GET_FEATURES, 1, 8 }, -EPROTO },		/* no reply flag */
		{ { VHOST_USER_GET_FEATURES, 6, 8 }, -EPROTO },		/* version 2 */
		{ { VHOST_USER_GET_FEATURES, 5, 0 }, -EPROTO },		/* empty */
		{ { VHOST_USER_GET_FEATURES, 5, 4 }, -EPROTO },		/* short */
		{ { VHOST_USER_GET_FEATURES, 5, 16 }, -EPROTO },	/* long */
		{ { VHOST_USER_GET_FEATURES, 5, 0x10000 }, -EPROTO },	/* oversized */
		{ { VHOST_USER_GET_FEATURES, 5, UINT32_MAX }, -EPROTO },
		{ { VHOST_USER_GET_FEATURES, 5, 200 }, -ETIMEDOUT },	/* never completed */
	};
	uint8_t bytes[12 + 16] = {};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		memcpy(bytes, &answers[i].header, 12);
		assert_int_equal(negotiate_with(bytes, sizeof(bytes)), answers[i].expected);
	}
}

static void answer_with_fd(int fd)
{
	struct {
		struct vu_header header;
		uint64_t value;
	} __attribute__((packed)) reply = { { VHOST_USER_GET_FEATURES, 5, 8 }, FEATURES };
	int extra = STDERR_FILENO;

	peer_expect(fd, VHOST_USER_GET_FEATURES);
	peer_send_raw(fd, &reply, sizeof(reply), &extra, 1);
	silent(fd);
}

static void unexpected_fd(void **state)
{
	struct peer peer = begin(answer_with_fd, LONG_MS);

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), -EPROTO);
	assert_non_null(strstr(fe.why, "file descriptor"));
	end(&peer);
}

static void without_queues(int fd)
{
	peer_expect(fd, VHOST_USER_GET_FEATURES);
	peer_reply_u64(fd, VHOST_USER_GET_FEATURES, FEATURES);
	peer_expect(fd, VHOST_USER_GET_PROTOCOL_FEATURES);
	peer_reply_u64(fd, VHOST_USER_GET_PROTOCOL_FEATURES, PROTOCOL);
	peer_expect(fd, VHOST_USER_SET_PROTOCOL_FEATURES);
	peer_expect(fd, VHOST_USER_GET_QUEUE_NUM);
	peer_reply_u64(fd, VHOST_USER_GET_QUEUE_NUM, 0);
	expect_end(fd);
}

static void no_queues(void **state)
{
	struct peer peer;

	(void)state;
	peer = begin(without_queues, LONG_MS);
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), -EPROTO);
	end(&peer);
}

static void many_queues(void **state)
{
	struct peer peer;

	(void)state;
	num_queues = UINT64_MAX;
	peer = begin(only_handshake, LONG_MS);
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_int_equal(fe.max_queues, 256);
	end(&peer);
}

static void refuse_memory(int fd)
{
	handshake(fd);
	peer_expect(fd, VHOST_USER_SET_MEM_TABLE);
	peer_reply_u64(fd, VHOST_USER_SET_MEM_TABLE, 1);
	expect_end(fd);
}

static void refused_request(void **state)
{
	struct peer peer = begin(refuse_memory, LONG_MS);

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_int_equal(set_memory(4096, 4096), -EREMOTEIO);
	end(&peer);
}

static uint32_t config_size, config_message_size;

static void answer_config(int fd)
{
	struct vu_config config = { .size = config_size };

	handshake(fd);
	peer_expect(fd, VHOST_USER_GET_CONFIG);
	peer_send(fd, VHOST_USER_GET_CONFIG, VU_FLAG_VERSION | VU_FLAG_REPLY, &config,
		  config_message_size);
	expect_end(fd);
}

static int config_with(uint32_t size, uint32_t message_size)
{
	struct peer peer;
	uint8_t config[60];
	int ret;

	config_size = size;
	config_message_size = message_size;
	peer = begin(answer_config, LONG_MS);
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	ret = vu_front_end_get_config(&fe, config, sizeof(config));
	end(&peer);
	return ret;
}

static void config_of_another_size(void **state)
{
	(void)state;
	assert_int_equal(config_with(60, 72), 0);
	assert_int_equal(config_with(12, 24), -EPROTO);
	assert_int_equal(config_with(60, 24), -EPROTO);
	assert_int_equal(config_with(256, 268), -EPROTO);
	assert_int_equal(config_with(UINT32_MAX, 72), -EPROTO);
	assert_int_equal(config_with(0, 0), -EREMOTEIO);
	assert_int_equal(config_with(0, 12), -EREMOTEIO);
}

/* ---- the back-end request channel -------------------------------------------------------- */

static void expect_ack(uint32_t request, uint64_t result)
{
	struct vu_message ack;

	PEER_EXPECT(peer_receive(backend_fd, &ack, NULL));
	PEER_EXPECT(ack.header.request == request && ack.header.size == 8);
	PEER_EXPECT(ack.header.flags == (VU_FLAG_VERSION | VU_FLAG_REPLY));
	PEER_EXPECT(ack.payload.u64 == result);
}

/* As libvhost-user: waits for the acknowledgement before it answers anything. */
static void change_before_answer(int fd)
{
	struct vu_config config = { .size = 60 };

	handshake(fd);
	peer_expect(fd, VHOST_USER_GET_CONFIG);
	peer_send(backend_fd, VHOST_USER_BACKEND_CONFIG_CHANGE_MSG,
		  VU_FLAG_VERSION | VU_FLAG_NEED_REPLY, NULL, 0);
	expect_ack(VHOST_USER_BACKEND_CONFIG_CHANGE_MSG, 0);
	peer_send(fd, VHOST_USER_GET_CONFIG, VU_FLAG_VERSION | VU_FLAG_REPLY, &config, 72);
	expect_end(fd);
}

static void config_change_during_request(void **state)
{
	struct peer peer = begin(change_before_answer, LONG_MS);
	uint8_t config[60];

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_false(fe.config_changed);
	assert_int_equal(vu_front_end_get_config(&fe, config, sizeof(config)), 0);
	assert_true(fe.config_changed);
	end(&peer);
}

static void unknown_backend_requests(int fd)
{
	struct vu_config config = { .size = 60 };
	uint8_t payload[40] = {};

	handshake(fd);
	peer_expect(fd, VHOST_USER_GET_CONFIG);
	peer_send(backend_fd, VHOST_USER_BACKEND_IOTLB_MSG, VU_FLAG_VERSION | VU_FLAG_NEED_REPLY,
		  payload, sizeof(payload));
	expect_ack(VHOST_USER_BACKEND_IOTLB_MSG, 1);
	peer_send(backend_fd, 99, VU_FLAG_VERSION, payload, sizeof(payload));
	/* The channel may go without the rest. */
	close(backend_fd);
	peer_send(fd, VHOST_USER_GET_CONFIG, VU_FLAG_VERSION | VU_FLAG_REPLY, &config, 72);
	expect_end(fd);
}

static void unknown_requests_are_refused(void **state)
{
	struct peer peer = begin(unknown_backend_requests, LONG_MS);
	uint8_t config[60];

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_int_equal(vu_front_end_get_config(&fe, config, sizeof(config)), 0);
	assert_false(fe.config_changed);
	end(&peer);
}

static struct vu_header bad_backend_header;

static void malformed_backend_request(int fd)
{
	uint8_t payload[40] = {};

	handshake(fd);
	peer_expect(fd, VHOST_USER_GET_CONFIG);
	peer_send(backend_fd, bad_backend_header.request, bad_backend_header.flags, payload,
		  bad_backend_header.size > 40 ? 0 : bad_backend_header.size);
	if (bad_backend_header.size > 40)
		peer_send_raw(backend_fd, &bad_backend_header, 12, NULL, 0);
	silent(fd);
}

static void malformed_requests_end_it(void **state)
{
	static const struct vu_header headers[] = {
		{ VHOST_USER_BACKEND_CONFIG_CHANGE_MSG, VU_FLAG_VERSION, 8 },
		{ VHOST_USER_BACKEND_CONFIG_CHANGE_MSG, VU_FLAG_VERSION | VU_FLAG_REPLY, 0 },
		{ VHOST_USER_BACKEND_CONFIG_CHANGE_MSG, 0, 0 },
		{ VHOST_USER_BACKEND_CONFIG_CHANGE_MSG, VU_FLAG_VERSION, UINT32_MAX },
	};
	struct peer peer;
	uint8_t config[60];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		bad_backend_header = headers[i];
		peer = begin(malformed_backend_request, LONG_MS);
		assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
		assert_int_equal(vu_front_end_get_config(&fe, config, sizeof(config)), -EPROTO);
		end(&peer);
	}
}

/* Thousands of requests, acknowledgements unread: cut off, not waited for. */
static void flood(int fd)
{
	unsigned int i;

	handshake(fd);
	peer_expect(fd, VHOST_USER_GET_CONFIG);
	for (i = 0; i < 100000; i++)
		peer_send(backend_fd, VHOST_USER_BACKEND_CONFIG_CHANGE_MSG,
			  VU_FLAG_VERSION | VU_FLAG_NEED_REPLY, NULL, 0);
	silent(fd);
}

static void flooding_peer(void **state)
{
	struct peer peer = begin(flood, LONG_MS);
	uint8_t config[60];

	(void)state;
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), 0);
	assert_int_equal(vu_front_end_get_config(&fe, config, sizeof(config)), -EPROTO);
	end(&peer);
}

/* ---- idle and interrupted ------------------------------------------------------------------ */

static void say_something(int fd)
{
	peer_reply_u64(fd, VHOST_USER_GET_FEATURES, 0);
	silent(fd);
}

static void unsolicited_message(void **state)
{
	struct peer peer = begin(say_something, LONG_MS);
	struct pollfd fds = { .fd = fe.conn.fd, .events = POLLIN };

	(void)state;
	assert_int_equal(poll(&fds, 1, LONG_MS), 1);
	assert_int_equal(vu_front_end_unexpected(&fe), -EPROTO);
	end(&peer);
}

static void leave(int fd)
{
	(void)fd;
}

static void idle_end(void **state)
{
	struct peer peer = begin(leave, LONG_MS);
	struct pollfd fds = { .fd = fe.conn.fd, .events = POLLIN };

	(void)state;
	assert_int_equal(poll(&fds, 1, LONG_MS), 1);
	assert_int_equal(vu_front_end_unexpected(&fe), -ECONNRESET);
	end(&peer);
}

static int interrupts;

static int count_and_give_up(void *context)
{
	char byte;

	assert_int_equal(read(*(int *)context, &byte, 1), 1);
	return ++interrupts == 2 ? -ECANCELED : 0;
}

static void interrupted_wait(void **state)
{
	int fds[2];
	struct vu_interrupt interrupt = { .check = count_and_give_up, .context = &fds[0] };
	struct peer peer;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "12", 2), 2);
	interrupt.fd = fds[0];
	interrupts = 0;
	peer = peer_begin(silent);
	vu_front_end_init(&fe, peer.fd, LONG_MS, &interrupt);
	assert_int_equal(vu_front_end_negotiate(&fe, PROTOCOL), -ECANCELED);
	assert_int_equal(interrupts, 2);
	/* The peer holds a copy of fds[1] until it sees the end of its socket. */
	end(&peer);
	close(fds[0]);
	close(fds[1]);
}

#define TEST(function) cmocka_unit_test_setup(function, reset_script)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(happy_path),
		TEST(without_protocol_features),
		TEST(nothing_unnegotiated),
		TEST(bad_config_ranges),
		TEST(silent_peer),
		TEST(trickling_peer),
		TEST(end_in_every_state),
		TEST(garbage),
		TEST(malformed_answers),
		TEST(unexpected_fd),
		TEST(no_queues),
		TEST(many_queues),
		TEST(refused_request),
		TEST(config_of_another_size),
		TEST(config_change_during_request),
		TEST(unknown_requests_are_refused),
		TEST(malformed_requests_end_it),
		TEST(flooding_peer),
		TEST(unsolicited_message),
		TEST(idle_end),
		TEST(interrupted_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
