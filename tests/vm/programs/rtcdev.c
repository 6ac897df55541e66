// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtcdev: a vhost-user device of type clock (virtio specification 1.4, section 5.23), for want of a published one: the
 * clocks of this machine, UTC, TAI and monotonic, and an alarm of the first. No cross-timestamps.
 *
 *   rtcdev --socket-path PATH [--no-tai] [--no-monotonic]
 *
 * It runs until a signal ends it.
 */
#include "back_end.h"

#include <getopt.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>

/* <linux/virtio_rtc.h> is newer than the headers of most. */
enum { F_ALARM = 0 };
enum { REQ_READ = 1, REQ_CFG = 0x1000, REQ_CLOCK_CAP, REQ_CROSS_CAP, REQ_READ_ALARM, REQ_SET_ALARM,
       REQ_SET_ALARM_ENABLED, NOTIF_ALARM = 0x2000 };
enum { S_OK, S_EOPNOTSUPP = 2, S_ENODEV, S_EINVAL };
enum { CLOCK_IS_TAI = 1, CLOCK_IS_MONOTONIC, CLOCK_IS_UTC_SMEARED };
enum { FLAG_ALARM_CAP = 1, FLAG_ALARM_ENABLED = 1 };

struct request {
	uint16_t type, reserved[3];
	union {
		uint16_t clock;
		struct { uint64_t time; uint16_t clock; uint8_t flags; } alarm;
		struct { uint16_t clock; uint8_t flags; } enable;
	};
};

struct response {
	uint8_t status, reserved[7];
	union {
		uint64_t reading;
		uint16_t num_clocks;
		struct { uint8_t type, smearing, flags; } clock;
		struct { uint64_t time; uint8_t flags; } alarm;
	};
};

struct notification {
	uint16_t type, reserved[3], clock, reserved2[3];
};

/* Linux makes an RTC of a UTC that is smeared, not of one that may step. */
static struct clock { uint8_t type; clockid_t id; } clocks[3] = { { CLOCK_IS_UTC_SMEARED, CLOCK_REALTIME } };
static uint16_t num_clocks = 1;
static struct { uint64_t time; uint8_t flags; bool due; } the_alarm;

/* ---- the alarm ----------------------------------------------------------------------- */

static void set_timer(void)
{
	struct itimerspec at = {
		.it_value = { .tv_sec = the_alarm.time / 1000000000, .tv_nsec = the_alarm.time % 1000000000 },
	};

	if (!(the_alarm.flags & FLAG_ALARM_ENABLED))
		at.it_value = (struct timespec){};
	if (timerfd_settime(back_end.extra_fd, TFD_TIMER_ABSTIME, &at, NULL))
		err(1, "timerfd_settime");
}

/* Tell the driver, as soon as there is a buffer. */
static void notify(struct queue *q)
{
	struct notification *notification;
	uint16_t head;

	if (!the_alarm.due || !has_avail(q))
		return;
	the_alarm.due = false;
	head = next_avail(q);
	notification = at(q->desc[head].addr, sizeof(*notification));
	*notification = (struct notification){ .type = NOTIF_ALARM };
	push_used(q, head, sizeof(*notification));
	call(q);
}

static void alarm_is_due(void)
{
	uint64_t count;

	if (read(back_end.extra_fd, &count, sizeof(count)) != sizeof(count))
		return;
	the_alarm.due = true;
	notify(&queues[1]);
}

/* ---- requests ------------------------------------------------------------------------ */

static uint8_t read_clock(const struct request *req, struct response *resp)
{
	struct timespec now;

	if (req->clock >= num_clocks)
		return S_ENODEV;
	if (clock_gettime(clocks[req->clock].id, &now))
		err(1, "clock_gettime");
	resp->reading = now.tv_sec * 1000000000ULL + now.tv_nsec;
	return S_OK;
}

static uint8_t tell_number(const struct request *req, struct response *resp)
{
	(void)req;
	resp->num_clocks = num_clocks;
	return S_OK;
}

static uint8_t tell_clock(const struct request *req, struct response *resp)
{
	if (req->clock >= num_clocks)
		return S_ENODEV;
	resp->clock.type = clocks[req->clock].type;
	resp->clock.flags = req->clock == 0 ? FLAG_ALARM_CAP : 0;
	return S_OK;
}

/* That there are none. */
static uint8_t tell_cross(const struct request *req, struct response *resp)
{
	(void)resp;
	return req->clock < num_clocks ? S_OK : S_ENODEV;
}

static uint8_t read_alarm(const struct request *req, struct response *resp)
{
	if (req->clock)
		return req->clock < num_clocks ? S_EOPNOTSUPP : S_ENODEV;
	resp->alarm.time = the_alarm.time;
	resp->alarm.flags = the_alarm.flags;
	return S_OK;
}

static uint8_t set_alarm(const struct request *req, struct response *resp)
{
	(void)resp;
	if (req->alarm.clock)
		return req->alarm.clock < num_clocks ? S_EOPNOTSUPP : S_ENODEV;
	the_alarm.time = req->alarm.time;
	the_alarm.flags = req->alarm.flags;
	set_timer();
	return S_OK;
}

static uint8_t enable_alarm(const struct request *req, struct response *resp)
{
	(void)resp;
	if (req->enable.clock)
		return req->enable.clock < num_clocks ? S_EOPNOTSUPP : S_ENODEV;
	the_alarm.flags = req->enable.flags;
	set_timer();
	return S_OK;
}

/* The driver wants all bytes of the response, whatever the status. */
static const struct kind {
	uint16_t type;
	uint32_t request_len, response_len;
	uint8_t (*serve)(const struct request *req, struct response *resp);
} kinds[] = {
	{ REQ_READ, 16, 16, read_clock },
	{ REQ_CFG, 8, 16, tell_number },
	{ REQ_CLOCK_CAP, 16, 16, tell_clock },
	{ REQ_CROSS_CAP, 16, 16, tell_cross },
	{ REQ_READ_ALARM, 16, 24, read_alarm },
	{ REQ_SET_ALARM, 24, 8, set_alarm },
	{ REQ_SET_ALARM_ENABLED, 16, 8, enable_alarm },
};

static const struct kind *kind_of(uint16_t type)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

/* A request is one buffer, its response another. */
static uint32_t serve(const struct vring_desc *in, const struct vring_desc *out)
{
	struct response resp = { .status = S_EOPNOTSUPP };
	uint32_t len = out->len < sizeof(resp) ? out->len : sizeof(resp);
	struct request req = {};
	const struct kind *kind;

	memcpy(&req, at(in->addr, in->len), in->len < sizeof(req) ? in->len : sizeof(req));
	kind = kind_of(req.type);
	if (kind && (in->len != kind->request_len || out->len != kind->response_len))
		resp.status = S_EINVAL;
	else if (kind)
		resp.status = kind->serve(&req, &resp);
	memcpy(at(out->addr, len), &resp, len);
	return len;
}

static void drain(struct queue *q)
{
	uint16_t head;

	if (q == &queues[1]) {
		notify(q);
		return;
	}
	while (has_avail(q)) {
		head = next_avail(q);
		push_used(q, head, serve(&q->desc[head], &q->desc[q->desc[head].next % q->num]));
		call(q);
	}
}

/* ---- the program --------------------------------------------------------------------- */

static const char *parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "socket-path", 1, NULL, 's' }, { "no-tai", 0, NULL, 't' }, { "no-monotonic", 0, NULL, 'm' }, {}
	};
	bool tai = true, monotonic = true;
	const char *socket = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's': socket = optarg; break;
		case 't': tai = false; break;
		case 'm': monotonic = false; break;
		default: exit(2);
		}
	}
	if (!socket)
		errx(2, "usage: rtcdev --socket-path PATH [--no-tai] [--no-monotonic]");
	if (tai)
		clocks[num_clocks++] = (struct clock){ CLOCK_IS_TAI, CLOCK_TAI };
	if (monotonic)
		clocks[num_clocks++] = (struct clock){ CLOCK_IS_MONOTONIC, CLOCK_MONOTONIC };
	return socket;
}

int main(int argc, char **argv)
{
	int listener = listen_on(parse(argc, argv));

	back_end.features |= 1ULL << F_ALARM;
	back_end.queues = 2;
	back_end.drain = drain;
	back_end.extra = alarm_is_due;
	back_end.extra_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (back_end.extra_fd < 0)
		err(1, "timerfd_create");
	serve_connections(listener);
}
