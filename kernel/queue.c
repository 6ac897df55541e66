// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue ties a relay to the kernel: who may run it when, and how each side is
 * notified.
 *
 * Each side of the relay runs on one CPU at a time without a lock. A notification adds
 * one to the side's counter; who finds it at zero becomes the owner and runs the relay
 * until it has taken everything off again, so a notification that meets an owner is
 * never lost and never waits. The owner stays preemptible and keeps interrupts on; when
 * others keep it busy for long it leaves the rest to a work item.
 *
 * Contexts
 *   notify     any: drivers kick under their locks, with interrupts off or on
 *   called     process context of the back-end
 *   works      process context
 *   the rest   process context, dev->lock held
 *
 * The driver's callback never runs from within notify: the driver may hold its lock there.
 */
#include <linux/bottom_half.h>
#include <linux/eventfd.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>

#include "call.h"
#include "device.h"
#include "queue.h"
#include "trace.h"

static void kick(struct vlb_queue *queue, struct vlb_port *port)
{
	trace_vlb_kick(queue->relay.name, queue->index);
	if (eventfd_signal_allowed())
		vlb_eventfd_signal(port->kick);
	else
		queue_work(vlb_io_wq, &queue->kick_work);
}

static void kick_work(struct work_struct *work)
{
	struct vlb_queue *queue = container_of(work, struct vlb_queue, kick_work);
	struct vlb_port *port;

	rcu_read_lock();
	port = rcu_dereference(queue->port);
	if (port)
		vlb_eventfd_signal(port->kick);
	rcu_read_unlock();
}

/*
 * The driver's callback, in the context that a threaded interrupt handler would give it.
 * Soft interrupts that it raises run when bottom halves are enabled again.
 */
static void interrupt(struct vlb_queue *queue)
{
	rcu_read_lock(); /* for synchronize_cbs() */
	local_bh_disable();
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_disable();
	vring_interrupt(0, queue->vq);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_enable();
	local_bh_enable();
	rcu_read_unlock();
}

void vlb_queue_complete_later(struct vlb_queue *queue)
{
	queue_work_on(READ_ONCE(queue->cpu), vlb_io_wq, &queue->complete_work);
}

/*
 * How often an owner runs its side before it leaves the rest to a work item. Whoever
 * notifies meanwhile keeps the owner busy, which may be a task with something else to do.
 */
#define OWNER_ROUNDS	64

/*
 * Take back what was seen of a side's counter. Returns what came meanwhile, for which the
 * caller still owns the side; 0: it does not own it any more. With @give_up it never
 * does: then the work item, or whoever notifies next, becomes the owner.
 */
static int leave(atomic_t *counter, int seen, bool give_up, struct work_struct *work, int cpu)
{
	if (!give_up)
		return atomic_sub_return(seen, counter);
	atomic_set_release(counter, 0);
	queue_work_on(cpu, vlb_io_wq, work);
	return 0;
}

/* Under rcu_read_lock(). Returns whether there is more than one run should do. */
static bool submit_port(struct vlb_queue *queue, struct vlb_port *port)
{
	unsigned int todo = vlb_relay_submit(&queue->relay, &port->shadow);

	if (todo & VLB_RELAY_KICK)
		kick(queue, port);
	if (todo & VLB_RELAY_COMPLETE)
		vlb_queue_complete_later(queue);
	return todo & VLB_RELAY_AGAIN;
}

/* Under rcu_read_lock(). A late submit_work may find that the ring has gone. */
static void serve_locally(struct vlb_queue *queue)
{
	if (!smp_load_acquire(&queue->vq)) /* pairs with attach_ring() */
		return;
	vlb_local_serve(queue->local, &queue->relay);
	vlb_message_control(queue->dev);
}

/* Under rcu_read_lock(). */
static void run_submit(struct vlb_queue *queue)
{
	int seen = 1, rounds = OWNER_ROUNDS;
	struct vlb_port *port;
	bool again;

	if (atomic_inc_return(&queue->submits) > 1)
		return;
	do {
		again = false;
		port = rcu_dereference(queue->port);
		if (queue->local)
			serve_locally(queue);
		else if (port)
			again = submit_port(queue, port);
		else
			vlb_device_requests_wait(queue->dev);
		seen = leave(&queue->submits, seen, again || !--rounds, &queue->submit_work,
			     WORK_CPU_UNBOUND);
	} while (seen);
}

static void submit_work(struct work_struct *work)
{
	struct vlb_queue *queue = container_of(work, struct vlb_queue, submit_work);

	rcu_read_lock();
	run_submit(queue);
	rcu_read_unlock();
}

/* Under rcu_read_lock(). Returns whether there is more than one run should do. */
static bool complete_port(struct vlb_queue *queue, struct vlb_port *port)
{
	int todo = vlb_relay_complete(&queue->relay, &port->shadow);

	if (todo < 0) {
		vlb_device_break(queue->dev, queue);
		return false;
	}
	if (todo & VLB_RELAY_INTERRUPT)
		interrupt(queue);
	if (todo & VLB_RELAY_SUBMIT)
		run_submit(queue);
	return todo & VLB_RELAY_AGAIN;
}

/* Under rcu_read_lock(), not from within notify. */
static void run_complete(struct vlb_queue *queue)
{
	int seen = 1, rounds = OWNER_ROUNDS;
	struct vlb_port *port;
	bool again;

	if (atomic_inc_return(&queue->completes) > 1)
		return;
	do {
		again = false;
		queue->relay.calls += seen;
		port = rcu_dereference(queue->port);
		if (port && !vlb_device_is_broken(queue->dev))
			again = complete_port(queue, port);
		seen = leave(&queue->completes, seen, again || !--rounds,
			     &queue->complete_work, READ_ONCE(queue->cpu));
	} while (seen);
}

static void complete_work(struct work_struct *work)
{
	struct vlb_queue *queue = container_of(work, struct vlb_queue, complete_work);

	rcu_read_lock();
	run_complete(queue);
	rcu_read_unlock();
}

/* The driver has made requests available: virtqueue_notify(). Never fails. */
bool vlb_queue_notify(struct virtqueue *vq)
{
	rcu_read_lock();
	run_submit(vq->priv);
	rcu_read_unlock();
	return true;
}

/* The back-end has used requests. Under rcu_read_lock(). */
void vlb_queue_called(struct vlb_queue *queue)
{
	trace_vlb_call(queue->relay.name, queue->index);
	run_complete(queue);
}

/**
 * vlb_queue_start - let a back-end serve the queue
 * @queue: the queue, without a port
 * @port: a port with an empty shadow
 *
 * Requests that were in flight go first, then what has been waiting.
 */
void vlb_queue_start(struct vlb_queue *queue, struct vlb_port *port)
{
	lockdep_assert_held(&queue->dev->lock);
	vlb_relay_replay(&queue->relay, &port->shadow);
	rcu_assign_pointer(queue->port, port);
	rcu_read_lock();
	run_submit(queue);
	rcu_read_unlock();
	/* The last port may have gone before it gave failed requests back. */
	vlb_queue_complete_later(queue);
}

/**
 * vlb_queue_unpublish - take the port away from both sides
 * @queue: the queue
 *
 * Return: the port or NULL; in use until a grace period has passed.
 */
struct vlb_port *vlb_queue_unpublish(struct vlb_queue *queue)
{
	struct vlb_port *port;

	port = rcu_replace_pointer(queue->port, NULL, lockdep_is_held(&queue->dev->lock));
	if (port)
		vlb_call_disconnect(port->call);
	return port;
}

/**
 * vlb_queue_settle - take the last replies from a back-end that has gone
 * @queue: the queue, its driver still there
 * @port: its last port, after a grace period
 */
void vlb_queue_settle(struct vlb_queue *queue, struct vlb_port *port)
{
	lockdep_assert_held(&queue->dev->lock);
	rcu_read_lock();
	while (!vlb_device_is_broken(queue->dev) && complete_port(queue, port))
		; /* ends: nothing is submitted to a port that is not published */
	rcu_read_unlock();
	if (queue->dev->desc.queue[queue->index].lost == VLB_LOST_COMPLETE &&
	    vlb_relay_fail_active(&queue->relay))
		interrupt(queue);
}

/* Complete all that waits with the fail response; there is no port. */
void vlb_queue_fail_all(struct vlb_queue *queue)
{
	lockdep_assert_held(&queue->dev->lock);
	if (queue->vq && !queue->local && vlb_relay_fail_all(&queue->relay))
		interrupt(queue);
}

int vlb_queue_init(struct vlb_queue *queue, struct vlb_device *dev, u16 index)
{
	queue->dev = dev;
	queue->index = index;
	queue->cpu = WORK_CPU_UNBOUND;
	queue->relay.name = dev->desc.name;
	queue->relay.index = index;
	queue->relay.fail = (struct vlb_fail_response){
		.where = dev->desc.fail_where, .len = dev->desc.fail_len,
	};
	memcpy(queue->relay.fail.data, dev->desc.fail_data, VLB_FAIL_SIZE);
	queue->relay.whole_answers = dev->desc.flags & VLB_DEVICE_WHOLE_ANSWERS;
	INIT_WORK(&queue->kick_work, kick_work);
	INIT_WORK(&queue->submit_work, submit_work);
	INIT_WORK(&queue->complete_work, complete_work);
	if (dev->desc.queue[index].served == VLB_SERVED_BY_MODULE) {
		queue->local = vlb_local_create();
		if (!queue->local)
			return -ENOMEM;
	}
	return vlb_relay_init(&queue->relay, dev->desc.queue[index].size);
}

/* After the last port and a grace period. */
void vlb_queue_exit(struct vlb_queue *queue)
{
	cancel_work_sync(&queue->kick_work);
	cancel_work_sync(&queue->submit_work);
	cancel_work_sync(&queue->complete_work);
	vlb_relay_exit(&queue->relay);
	kfree(queue->local);
}
