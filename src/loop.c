// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "loop.h"

int vlb_loop_init(struct vlb_loop *loop)
{
	loop->fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->fd < 0 ? -errno : 0;
}

int vlb_loop_add(struct vlb_loop *loop, struct vlb_watch *watch)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

	return epoll_ctl(loop->fd, EPOLL_CTL_ADD, watch->fd, &event) < 0 ? -errno : 0;
}

void vlb_loop_remove(struct vlb_loop *loop, struct vlb_watch *watch)
{
	if (watch->fd >= 0)
		epoll_ctl(loop->fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
}

int vlb_loop_run_once(struct vlb_loop *loop)
{
	const struct vlb_watch *watch;
	struct epoll_event event;
	int count;

	count = epoll_wait(loop->fd, &event, 1, -1);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	if (count) {
		watch = event.data.ptr;
		watch->handle(watch->context);
	}
	return 0;
}

int vlb_timer_open(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void vlb_timer_set(int fd, unsigned int after_ms)
{
	const struct itimerspec when = {
		.it_value = {
			.tv_sec = after_ms / 1000,
			.tv_nsec = after_ms % 1000 * 1000000L,
		},
	};

	timerfd_settime(fd, 0, &when, NULL);
}

void vlb_timer_clear(int fd)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof(count));
}
