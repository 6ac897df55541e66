// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making tasks wait that write faster to a posted queue than its back-end takes.
 *
 * The driver cannot wait, and has no way to say that it is full. But the task for which it
 * works can: as task work, when it returns to user space and holds no lock. It looks as if
 * it had a signal until then, so that a long write returns early, with what it has done.
 * (The kernel makes writers wait in the same way when there are too many dirty pages.)
 *
 * Nobody waits for a back-end that makes no progress for longer than PATIENCE_MS, and who
 * comes after that does not wait at all until it does. Kernel threads never wait, and nobody
 * does where the kernel does not let modules add task work (before Linux 6.0).
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "device.h"
#include "queue.h"
#include "throttle.h"

#define PATIENCE_MS	10000

struct waiter {
	struct callback_head work;
	struct vlb_queue *queue;	/* holds a reference to its device */
};

/* task_work_add(), or NULL if it is not exported. */
static int (*add_task_work)(struct task_struct *task, struct callback_head *work,
			    enum task_work_notify_mode mode);

void vlb_throttle_init(struct vlb_throttle *throttle)
{
	init_waitqueue_head(&throttle->wait);
}

static bool wait_for_room(struct vlb_queue *queue)
{
	return wait_event_interruptible_timeout(queue->throttle.wait,
						!vlb_posted_is_crowded(queue->posted) ||
						READ_ONCE(queue->throttle.stuck),
						msecs_to_jiffies(PATIENCE_MS));
}

/* Process context, on the way to user space; several times, if a task wrote several pieces. */
static void wait_work(struct callback_head *work)
{
	struct waiter *waiter = container_of(work, struct waiter, work);
	struct vlb_queue *queue = waiter->queue;
	u64 before = READ_ONCE(queue->relay.completed);

	if (!wait_for_room(queue) && READ_ONCE(queue->relay.completed) == before)
		WRITE_ONCE(queue->throttle.stuck, true);
	put_device(&queue->dev->dev);
	kfree(waiter);
}

/* A driver may also send from its callback, in the context of a back-end that has called. */
static bool may_wait(const struct vlb_throttle *throttle)
{
	return add_task_work && !in_interrupt() && !(current->flags & PF_KTHREAD) &&
	       !READ_ONCE(throttle->stuck);
}

/**
 * vlb_throttle_current - the current task has written too much
 * @queue: the posted queue
 *
 * Any context; that of a callback or interrupt has bottom halves disabled.
 */
void vlb_throttle_current(struct vlb_queue *queue)
{
	struct waiter *waiter;

	if (!may_wait(&queue->throttle))
		return;
	waiter = kmalloc(sizeof(*waiter), GFP_ATOMIC | __GFP_NOWARN);
	if (!waiter)
		return;
	init_task_work(&waiter->work, wait_work);
	waiter->queue = queue;
	get_device(&queue->dev->dev);
	if (!add_task_work(current, &waiter->work, TWA_SIGNAL))
		return;
	put_device(&queue->dev->dev); /* it exits; not the last: its driver has the device */
	kfree(waiter);
}

/**
 * vlb_throttle_drain - let the back-end take what the driver believes it has
 * @queue: a posted queue that is about to lose its ring
 *
 * For as long as anybody would wait for it. Context: process, may sleep.
 */
void vlb_throttle_drain(struct vlb_queue *queue)
{
	if (!READ_ONCE(queue->throttle.stuck))
		wait_event_timeout(queue->throttle.wait,
				   vlb_posted_is_empty(queue->posted) ||
				   !rcu_access_pointer(queue->port),
				   msecs_to_jiffies(PATIENCE_MS));
}

/* The back-end has made progress. Context: as the driver's interrupt. */
void vlb_throttle_release(struct vlb_throttle *throttle)
{
	WRITE_ONCE(throttle->stuck, false);
	wake_up(&throttle->wait);
}

void vlb_throttles_init(void)
{
	add_task_work = symbol_get(task_work_add);
}

/* No device exists any more, but a task may still be about to leave wait_work(). */
void vlb_throttles_exit(void)
{
	synchronize_rcu_tasks();
	if (add_task_work)
		symbol_put(task_work_add);
}
