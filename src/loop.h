/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_LOOP_H
#define VLB_LOOP_H

/*
 * The event loop. A watch belongs to its owner and stays where it is while it is added.
 * Events are delivered one at a time: a handler may close whatever it likes.
 */
struct vlb_watch {
	int fd;
	void (*handle)(void *context);
	void *context;
};

struct vlb_loop {
	int fd;
};

int vlb_loop_init(struct vlb_loop *loop);
int vlb_loop_add(struct vlb_loop *loop, struct vlb_watch *watch);
void vlb_loop_remove(struct vlb_loop *loop, struct vlb_watch *watch);

/* Wait for one event and handle it. */
int vlb_loop_run_once(struct vlb_loop *loop);

/* A timer is a watch on a timerfd: a new one, and when it goes off (0: never). */
int vlb_timer_open(void);
void vlb_timer_set(int fd, unsigned int after_ms);
void vlb_timer_clear(int fd);

#endif
