// SPDX-License-Identifier: GPL-2.0-only
/*
 * keyboarddev: a vhost-user input device with LEDs (virtio specification 5.8), which no published back-end has: one key,
 * A, and the LEDs of a keyboard. What the driver writes to the status queue is printed, "17 1 1" (type, code, value), and
 * after a LED has changed the key is pressed or released.
 *
 *   keyboarddev --socket-path PATH
 *
 * It runs until a signal ends it.
 */
#include "back_end.h"

#include <endian.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/input-event-codes.h>
#include <linux/virtio_input.h>

enum { EVENTS, STATUS };

static struct virtio_input_config config;

static void set_bit(unsigned int bit)
{
	config.u.bitmap[bit / 8] |= 1u << bit % 8;
	if (config.size <= bit / 8)
		config.size = bit / 8 + 1;
}

/* The driver makes no device without events of its own. */
static void tell_codes(uint8_t type)
{
	switch (type) {
	case EV_KEY:
		set_bit(KEY_A);
		break;
	case EV_LED:
		set_bit(LED_NUML);
		set_bit(LED_CAPSL);
		set_bit(LED_SCROLLL);
		break;
	}
}

static void configure(uint32_t offset, const uint8_t *data, uint32_t size)
{
	if (offset || size != 2)
		errx(1, "expected the selector, not %u bytes at %u", size, offset);
	config = (struct virtio_input_config){ .select = data[0], .subsel = data[1] };
	if (config.select == VIRTIO_INPUT_CFG_ID_NAME)
		config.size = snprintf(config.u.string, sizeof(config.u.string), "keyboarddev");
	if (config.select == VIRTIO_INPUT_CFG_EV_BITS)
		tell_codes(config.subsel);
}

/* What finds no buffer is lost: the driver has none yet when it switches all LEDs off. */
static void push_event(uint16_t type, uint16_t code, int32_t value)
{
	struct queue *q = &queues[EVENTS];
	struct virtio_input_event *event;
	uint16_t head;

	if (!has_avail(q))
		return;
	head = next_avail(q);
	event = at(q->desc[head].addr, sizeof(*event));
	*event = (struct virtio_input_event){ htole16(type), htole16(code), htole32(value) };
	push_used(q, head, sizeof(*event));
}

static void drain(struct queue *q)
{
	const struct virtio_input_event *event;
	uint16_t head;

	if (q != &queues[STATUS])
		return;
	while (has_avail(q)) {
		head = next_avail(q);
		event = at(q->desc[head].addr, sizeof(*event));
		printf("%u %u %d\n", le16toh(event->type), le16toh(event->code), (int)le32toh(event->value));
		fflush(stdout);
		if (event->type == htole16(EV_LED)) {
			push_event(EV_KEY, KEY_A, le32toh(event->value));
			push_event(EV_SYN, SYN_REPORT, 0);
			call(&queues[EVENTS]);
		}
		push_used(q, head, 0);
		call(q);
	}
}

static const char *parse(int argc, char **argv)
{
	static const struct option longs[] = { { "socket-path", 1, NULL, 's' }, {} };
	const char *socket = NULL;

	while (getopt_long(argc, argv, "", longs, NULL) == 's')
		socket = optarg;
	if (!socket || optind != argc)
		errx(2, "usage: keyboarddev --socket-path PATH");
	return socket;
}

int main(int argc, char **argv)
{
	int listener = listen_on(parse(argc, argv));

	back_end.queues = 2;
	back_end.drain = drain;
	back_end.config = &config;
	back_end.config_len = sizeof(config);
	back_end.configure = configure;
	serve_connections(listener);
}
