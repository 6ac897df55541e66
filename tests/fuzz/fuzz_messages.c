// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: what a back-end may send, into the real front-end.
 *
 * The first byte says how many proper replies come before the fuzzer's bytes, so that it
 * gets past the handshake; the top bit chooses the back-end request channel instead. The
 * sending end is closed behind the input: no wait ever times out.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost_user/backend_requests.h"
#include "vhost_user/front_end.h"

#define PROTOCOL_FEATURES	0x2029u		/* MQ, REPLY_ACK, CONFIG, RESET_DEVICE */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the front-end asks for, in this order; each is answered by a u64. */
static const struct {
	uint32_t request;
	uint64_t value;
} replies[] = {
	{ VHOST_USER_GET_FEATURES, 0x140000002 },
	{ VHOST_USER_GET_PROTOCOL_FEATURES, PROTOCOL_FEATURES },
	{ VHOST_USER_GET_QUEUE_NUM, 4 },
	{ VHOST_USER_GET_FEATURES, 0x140000002 },
};

static void send_replies(int fd, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct vu_header header = {
			replies[i].request, VU_FLAG_VERSION | VU_FLAG_REPLY, 8,
		};

		assert(write(fd, &header, sizeof(header)) == sizeof(header));
		assert(write(fd, &replies[i].value, 8) == 8);
	}
}

static void talk(struct vu_front_end *fe)
{
	const struct vu_ring ring = { .size = 256, .kick_fd = 2, .call_fd = 2 };
	const struct vu_region region = { 4096, 4096, 2 };
	uint8_t config[60] = {};
	int ret;

	ret = vu_front_end_negotiate(fe, PROTOCOL_FEATURES);
	if (!ret)
		ret = vu_front_end_get_config(fe, config, sizeof(config));
	if (!ret)
		ret = vu_front_end_set_config(fe, 32, config, 1);
	if (!ret)
		ret = vu_front_end_set_features(fe, ~0ULL);
	if (!ret)
		ret = vu_front_end_set_memory(fe, &region, 1);
	if (!ret)
		ret = vu_front_end_ring_start(fe, &ring);
	if (!ret)
		ret = vu_front_end_ring_enable(fe, 0, true);
	if (!ret)
		ret = vu_front_end_ring_stop(fe, 0);
	if (!ret)
		ret = vu_front_end_reset_device(fe);
	if (!ret)
		ret = vu_front_end_unexpected(fe);
	/* Whatever was sent, only one of the documented errors comes out. */
	assert(!ret || ret == -EPROTO || ret == -EREMOTEIO || ret == -ECONNRESET);
	assert(!ret || fe->why[0]);
	assert(fe->max_queues <= 256);
}

static void listen_to_requests(struct vu_front_end *fe)
{
	int ret = 0;

	fe->protocol_features = PROTOCOL_FEATURES;
	while (!ret && fe->backend.fd >= 0)
		ret = vu_backend_requests_service(fe);
	assert(!ret || ret == -EPROTO || ret == -ECONNRESET);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vu_front_end fe;
	int fds[2];
	bool channel;

	if (!size || size > 4096 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return 0;
	channel = *data & 0x80;
	if (!channel)
		send_replies(fds[1], *data % 5);
	assert(write(fds[1], data + 1, size - 1) == (ssize_t)size - 1);
	shutdown(fds[1], SHUT_WR);
	vu_front_end_init(&fe, channel ? -1 : fds[0], 1000, NULL);
	if (channel) {
		vu_connection_open(&fe.backend, fds[0]);
		listen_to_requests(&fe);
	} else {
		talk(&fe);
	}
	vu_front_end_close(&fe);
	close(fds[1]);
	return 0;
}
