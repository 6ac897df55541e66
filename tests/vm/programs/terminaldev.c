// SPDX-License-Identifier: GPL-2.0-only
/*
 * terminaldev: a vhost-user console (virtio specification 5.3) whose window has a size, which no published back-end
 * tells. Each line "COLUMNS ROWS" of standard input is a new one. Output comes back as input.
 *
 *   terminaldev --socket-path PATH --size "COLUMNS ROWS"
 *
 * It runs until a signal ends it.
 */
#include "back_end.h"

#include <endian.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/virtio_console.h>

enum { INPUT, OUTPUT };

static struct virtio_console_config config;

static void resize(const char *size)
{
	unsigned int cols, rows;

	if (sscanf(size, "%u %u", &cols, &rows) != 2)
		errx(2, "a size is \"COLUMNS ROWS\", not \"%s\"", size);
	config.cols = htole16(cols);
	config.rows = htole16(rows);
}

static void line_of_input(void)
{
	char line[64] = {};

	if (read(STDIN_FILENO, line, sizeof(line) - 1) <= 0)
		errx(1, "the end of standard input");
	resize(line);
	tell_config_change();
}

/* As much of @text as a buffer takes; more is lost, as on a line without flow control. */
static void input(const uint8_t *text, uint32_t len)
{
	struct queue *q = &queues[INPUT];
	uint16_t head;

	if (!has_avail(q))
		return;
	head = next_avail(q);
	if (len > q->desc[head].len)
		len = q->desc[head].len;
	memcpy(at(q->desc[head].addr, len), text, len);
	push_used(q, head, len);
	call(q);
}

static void drain(struct queue *q)
{
	uint16_t head;

	if (q != &queues[OUTPUT])
		return;
	while (has_avail(q)) {
		head = next_avail(q);
		input(at(q->desc[head].addr, q->desc[head].len), q->desc[head].len);
		push_used(q, head, 0);
		call(q);
	}
}

static const char *parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "socket-path", 1, NULL, 's' }, { "size", 1, NULL, 'z' }, {}
	};
	const char *socket = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's': socket = optarg; break;
		case 'z': resize(optarg); break;
		default: exit(2);
		}
	}
	if (!socket || !config.cols)
		errx(2, "usage: terminaldev --socket-path PATH --size \"COLUMNS ROWS\"");
	return socket;
}

int main(int argc, char **argv)
{
	int listener = listen_on(parse(argc, argv));

	back_end.features |= 1ULL << VIRTIO_CONSOLE_F_SIZE;
	back_end.queues = 2;
	back_end.drain = drain;
	back_end.config = &config;
	back_end.config_len = sizeof(config);
	back_end.extra_fd = STDIN_FILENO;
	back_end.extra = line_of_input;
	serve_connections(listener);
}
