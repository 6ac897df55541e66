// SPDX-License-Identifier: GPL-2.0-only
/*
 * canstream FROM TO COUNT classic|fd TAG [WINDOW]: send numbered CAN frames on one interface, receive
 * them on another, compare everything. Fails at the first that is lost, repeated, reordered or changed, or
 * if nothing arrives for 20 seconds.
 *
 * Standard and extended identifiers take turns, lengths and data follow from the number. TAG (0 to 3)
 * is in the two highest bits of each identifier: only frames with it are received, so that those of an
 * earlier run, of which some may still be on their way back, do no harm.
 *
 * Flow control: ENOBUFS is tried again; and at most WINDOW frames, 32 by default, are on their way, because
 * a socket that somebody else reads too slowly loses frames.
 */
#include <errno.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS	20000

struct stream {
	const char *from, *to;
	uint32_t count, window;
	bool fd;
	unsigned int tag;
	int tx, rx;
	uint32_t sent, received;
	unsigned long full;	/* ENOBUFS */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_can(const char *name, const struct can_filter *filters, size_t count)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	int on = 1, size = 1 << 20;
	int fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &on, sizeof(on)))
		die("CAN_RAW_FD_FRAMES");
	if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, filters, count * sizeof(*filters)))
		die("CAN_RAW_FILTER");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		die("SO_RCVBUFFORCE");
	address.can_ifindex = if_nametoindex(name);
	if (!address.can_ifindex)
		die(name);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die(name);
	return fd;
}

static void open_both(struct stream *stream)
{
	const struct can_filter filters[] = {
		{ stream->tag << 9, 0x600 | CAN_EFF_FLAG },
		{ stream->tag << 27 | CAN_EFF_FLAG, 0x18000000 | CAN_EFF_FLAG },
	};

	stream->tx = open_can(stream->from, NULL, 0);
	stream->rx = open_can(stream->to, filters, 2);
}

/* Every length that the format has, and room for the number. */
static unsigned int frame_len(bool fd, uint32_t number)
{
	static const unsigned int lengths[] = { 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64 };

	return lengths[number % (fd ? 12 : 5)];
}

static size_t make_frame(const struct stream *stream, uint32_t number, struct canfd_frame *frame)
{
	unsigned int i;

	memset(frame, 0, sizeof(*frame));
	frame->can_id = number & 1 ? (stream->tag << 27 | number | CAN_EFF_FLAG) :
				     (stream->tag << 9 | (number & 0x1ff));
	frame->len = frame_len(stream->fd, number);
	memcpy(frame->data, &number, sizeof(number));
	for (i = sizeof(number); i < frame->len; i++)
		frame->data[i] = number * 7 + i;
	return stream->fd ? CANFD_MTU : CAN_MTU;
}

static void send_some(struct stream *stream)
{
	struct canfd_frame frame;
	size_t len;

	while (stream->sent < stream->count && stream->sent - stream->received < stream->window) {
		len = make_frame(stream, stream->sent, &frame);
		if (write(stream->tx, &frame, len) != (ssize_t)len) {
			if (errno != ENOBUFS)
				die("write");
			stream->full++;
			return;
		}
		stream->sent++;
	}
}

static void check(const struct stream *stream, const struct canfd_frame *frame, ssize_t len)
{
	struct canfd_frame expected;
	ssize_t expected_len = make_frame(stream, stream->received, &expected);
	uint32_t number;

	if (len == expected_len && frame->can_id == expected.can_id && frame->len == expected.len &&
	    !memcmp(frame->data, expected.data, frame->len))
		return;
	memcpy(&number, frame->data, sizeof(number));
	fprintf(stderr, "instead of frame %u (id %x, length %u, size %zd) came id %x, length %u, size %zd, number %u\n",
		stream->received, expected.can_id, expected.len, expected_len, frame->can_id,
		frame->len, len, number);
	exit(1);
}

static void receive_some(struct stream *stream, int timeout_ms)
{
	struct pollfd pollfd = { .fd = stream->rx, .events = POLLIN };
	struct canfd_frame frame;
	ssize_t len;

	if (poll(&pollfd, 1, timeout_ms) < 0)
		die("poll");
	while ((len = recv(stream->rx, &frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		check(stream, &frame, len);
		stream->received++;
	}
	if (len < 0 && errno != EAGAIN)
		die("recv");
}

static void run(struct stream *stream)
{
	bool may_send;
	uint32_t before;

	while (stream->received < stream->count) {
		send_some(stream);
		/* If there is room in the window, it was ENOBUFS that stopped the sender. */
		may_send = stream->sent < stream->count &&
			   stream->sent - stream->received < stream->window;
		before = stream->received;
		receive_some(stream, may_send ? 1 : PATIENCE_MS);
		if (stream->received == before && !may_send) {
			fprintf(stderr, "of %u frames sent %u have arrived, and no more come\n",
				stream->sent, stream->received);
			exit(1);
		}
	}
	receive_some(stream, 100); /* one too many is an error as well */
}

int main(int argc, char **argv)
{
	struct stream stream = { .window = 32 };

	if (argc != 6 && argc != 7) {
		fprintf(stderr, "usage: canstream FROM TO COUNT classic|fd TAG [WINDOW]\n");
		return 2;
	}
	stream.from = argv[1];
	stream.to = argv[2];
	stream.count = strtoul(argv[3], NULL, 0);
	stream.fd = !strcmp(argv[4], "fd");
	stream.tag = strtoul(argv[5], NULL, 0) & 3;
	if (argc == 7)
		stream.window = strtoul(argv[6], NULL, 0);
	open_both(&stream);
	run(&stream);
	printf("%u %s frames from %s to %s, none lost (%lu times ENOBUFS)\n", stream.received, argv[4],
	       stream.from, stream.to, stream.full);
	return 0;
}
