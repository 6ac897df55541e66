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
 *   hand-over  soft interrupt on the CPU of the submitter, a work item if it is the same
 *   works      process context
 *   the rest   process context, dev->lock held
 *
 * A request that is in flight alone completes within the back-end's call. If there are several,
 * the back-end goes on, and they complete where the driver has submitted them; on the same CPU
 * when the scheduler finds it time for that, or at once if the back-end has hardly more to serve.
 * What it uses meanwhile needs no further call. On the same CPU a single request, too, completes
 * in a work item if that is found to be quicker (handover.c).
 *
 * The driver's callback runs from within notify only when busy polling, and then only where a
 * hard interrupt could: elsewhere the driver may hold the lock that it takes.
 *
 * Ports are not waited for with RCU's grace periods. Drivers exist that spin until a
 * request is completed, with preemption or interrupts off, and no grace period ends before
 * they do; but they may be waiting for the very next port. So who takes a port away waits
 * until each side has been seen without an owner (vlb_queue_quiesce()): later owners find
 * no port. RCU protects callers that still have a pointer to the queue, and for them only
 * the release of the device waits.
 */
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/eventfd.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/timekeeping.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>

#include "call.h"
#include "device.h"
#include "queue.h"
#include "throttle.h"
#include "trace.h"

/* VLB_LOST_* */
static u8 lost_means(const struct vlb_queue *queue)
{
	return queue->dev->desc.queue[queue->index].lost;
}

static void kick(struct vlb_queue *queue, struct vlb_port *port)
{
	trace_vlb_kick(queue->relay.name, queue->index);
	if (eventfd_signal_allowed())
		vlb_eventfd_signal(port->kick);
	else
		queue_work(vlb_io_wq, &queue->kick_work);
}

/* Cancelled before the port goes. */
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

void vlb_queue_complete_later(struct vlb_queue *queue)
{
	queue_work_on(READ_ONCE(queue->cpu), vlb_io_wq, &queue->complete_work);
}

/*
 * How often an owner runs its side before it leaves the rest to a work item. Whoever
 * notifies meanwhile keeps the owner busy, which may be a task with something else to do.
 */
#define OWNER_ROUNDS	64
#define POLL_ROUNDS	4

/*
 * Take back what was seen of a side's counter. Returns what came meanwhile, for which the
 * caller still owns the side; 0: it does not own it any more. With @again, or if it is @tired
 * and something came, it never does: then the work item, or whoever notifies next, becomes the
 * owner.
 */
static int leave(atomic_t *counter, int seen, bool again, bool tired, struct work_struct *work,
		 int cpu)
{
	if (!again && !tired)
		return atomic_sub_return(seen, counter);
	if (!again && atomic_cmpxchg(counter, seen, 0) == seen)
		return 0; /* nothing came */
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

/*
 * Without a port only this says whether the driver's ring is there; for an owner, until it
 * leaves.
 */
static bool has_ring(const struct vlb_queue *queue)
{
	return smp_load_acquire(&queue->vq); /* pairs with attach_ring() */
}

/* Under rcu_read_lock(). */
static void serve_locally(struct vlb_queue *queue)
{
	if (!has_ring(queue))
		return;
	vlb_local_serve(queue->local, &queue->relay);
	vlb_message_control(queue->dev);
}

/*
 * Under rcu_read_lock(). Both sides are at rest but for this: discard is set after
 * vlb_queue_quiesce(). Drivers that spin see the result; others are interrupted by the
 * work item.
 */
static void discard_requests(struct vlb_queue *queue)
{
	if (has_ring(queue) && vlb_relay_fail_all(&queue->relay))
		vlb_queue_complete_later(queue);
}

/* Under rcu_read_lock(), the owner of the submitting side. */
static void requests_wait(struct vlb_queue *queue)
{
	queue->waiting = true;
	vlb_device_requests_wait(queue->dev);
}

/* Under rcu_read_lock(), the owner of the submitting side, which has @seen notifications. */
static void submit_as_owner(struct vlb_queue *queue, int seen)
{
	int rounds = OWNER_ROUNDS;
	struct vlb_port *port;
	bool again;

	while (seen) {
		again = false;
		port = rcu_dereference(queue->port);
		if (queue->local)
			serve_locally(queue);
		else if (port)
			again = submit_port(queue, port);
		else if (READ_ONCE(queue->discard))
			discard_requests(queue);
		else
			requests_wait(queue);
		seen = leave(&queue->submits, seen, again, !--rounds, &queue->submit_work,
			     WORK_CPU_UNBOUND);
	}
}

/* Under rcu_read_lock(). */
static void run_submit(struct vlb_queue *queue)
{
	if (atomic_inc_return(&queue->submits) == 1)
		submit_as_owner(queue, 1);
}

/* The driver may be adding a transfer, and has yet to notify of all of it. */
static bool must_not_look(const struct vlb_queue *queue)
{
	return queue->relay.flags & VLB_QUEUE_DESC_WHOLE_TRANSFERS && !queue->waiting &&
	       !queue->relay.starved;
}

/* Under rcu_read_lock(), there is a port again. An owner was notified: it will look, too. */
static void submit_what_waits(struct vlb_queue *queue)
{
	int seen = atomic_inc_return(&queue->submits);

	if (seen > 1)
		return;
	if (must_not_look(queue))
		seen = atomic_dec_return(&queue->submits);
	queue->waiting = false;
	submit_as_owner(queue, seen);
}

static void submit_work(struct work_struct *work)
{
	struct vlb_queue *queue = container_of(work, struct vlb_queue, submit_work);

	rcu_read_lock();
	run_submit(queue);
	rcu_read_unlock();
}

/*
 * The driver's callback, in the context that a threaded interrupt handler would give it.
 * Soft interrupts that it raises run when bottom halves are enabled again.
 */
static void interrupt_driver(struct vlb_queue *queue)
{
	local_bh_disable();
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_disable();
	vring_interrupt(0, queue->vq);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_enable();
	local_bh_enable();
}

/* The store is the relay's driver. */
static void interrupt_posted(struct vlb_queue *queue)
{
	bool more = vlb_posted_reclaim(queue->posted);

	vlb_throttle_release(&queue->throttle);
	if (more)
		run_submit(queue);
}

static void interrupt(struct vlb_queue *queue)
{
	rcu_read_lock(); /* for synchronize_cbs() and run_submit() */
	if (queue->posted)
		interrupt_posted(queue);
	else
		interrupt_driver(queue);
	rcu_read_unlock();
}

/*
 * Requests that the back-end may have forgotten (VLB_QUEUE_DESC_FORGETFUL). It forgets when it
 * is at work, of which its calls tell, but not at the same moment: so the looks begin soon
 * after each call, and become rarer. They go on, because it may have been interrupted.
 */
static bool is_forgetful(const struct vlb_queue *queue)
{
	return queue->relay.flags & VLB_QUEUE_DESC_FORGETFUL && queue->relay.ring.event_idx;
}

static void look_soon(struct vlb_queue *queue)
{
	if (is_forgetful(queue) && xchg(&queue->look_delay, 1) != 1)
		mod_delayed_work(vlb_io_wq, &queue->look_work, 1);
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
	look_soon(queue);
	return todo & VLB_RELAY_AGAIN;
}

/*
 * Under rcu_read_lock(), where the driver's callback may run; the owner of the completing side,
 * which has @seen notifications.
 */
static void complete_as_owner(struct vlb_queue *queue, int seen, int rounds)
{
	struct vlb_port *port;
	bool again;

	while (seen) {
		again = false;
		queue->relay.calls += seen;
		port = rcu_dereference(queue->port);
		if (port && !vlb_device_is_broken(queue->dev))
			again = complete_port(queue, port);
		else if (READ_ONCE(queue->discard) && has_ring(queue))
			interrupt(queue); /* discard_requests() does not say for which */
		seen = leave(&queue->completes, seen, again, !--rounds,
			     &queue->complete_work, READ_ONCE(queue->cpu));
	}
}

/* Under rcu_read_lock(), where the driver's callback may run. */
static void run_complete(struct vlb_queue *queue)
{
	if (atomic_inc_return(&queue->completes) == 1)
		complete_as_owner(queue, 1, OWNER_ROUNDS);
}

static void complete_work(struct work_struct *work)
{
	struct vlb_queue *queue = container_of(work, struct vlb_queue, complete_work);

	rcu_read_lock();
	run_complete(queue);
	rcu_read_unlock();
}

/* Under rcu_read_lock(), the owner of both sides. Returns whether there was something. */
static bool offer_again(struct vlb_queue *queue)
{
	struct vlb_port *port = rcu_dereference(queue->port);

	if (!port || vlb_device_is_broken(queue->dev) ||
	    !(vlb_relay_offer_again(&queue->relay, &port->shadow) & VLB_RELAY_KICK))
		return false;
	kick(queue, port);
	return true;
}

/* Under rcu_read_lock(). If one of the sides has an owner, there will be another look. */
static bool look(struct vlb_queue *queue)
{
	bool found = false;

	if (atomic_inc_return(&queue->completes) == 1) {
		if (atomic_inc_return(&queue->submits) == 1) {
			found = offer_again(queue);
			submit_as_owner(queue, atomic_dec_return(&queue->submits));
		}
		complete_as_owner(queue, atomic_dec_return(&queue->completes), OWNER_ROUNDS);
	}
	return found;
}

static void look_work(struct work_struct *work)
{
	struct vlb_queue *queue = container_of(work, struct vlb_queue, look_work.work);
	int delay = READ_ONCE(queue->look_delay), next;
	bool has_port;

	rcu_read_lock();
	next = look(queue) ? 1 : min(2 * delay, HZ);
	has_port = rcu_access_pointer(queue->port);
	rcu_read_unlock();
	if (cmpxchg(&queue->look_delay, delay, next) != delay)
		next = 1; /* a call came meanwhile */
	if (has_port)
		queue_delayed_work(vlb_io_wq, &queue->look_work, next);
}

/*
 * The driver's locks that its callback takes are held with interrupts or bottom halves off,
 * but for PREEMPT_RT; and no driver waits for what is posted.
 */
static bool may_poll(const struct vlb_queue *queue)
{
	return !in_interrupt() && !irqs_disabled() && !IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       !queue->posted;
}

static void look_for_answer(struct vlb_shadow_ring *ring, u64 ns)
{
	u64 end = ktime_get_ns() + ns;

	vlb_shadow_ring_disable_calls(ring);
	while (!vlb_shadow_ring_pending(ring) && !need_resched() && ktime_get_ns() < end)
		cpu_relax();
}

/*
 * Under rcu_read_lock(). A call that comes meanwhile meets an owner, and wakes nobody. The owner
 * may be a task of little importance, and others may wait for it: it is not to be preempted.
 */
static void poll_briefly(struct vlb_queue *queue)
{
	struct vlb_port *port;

	if (!vlb_busy_poll_pays(&queue->busy_poll, vlb_relay_in_flight(&queue->relay)) ||
	    !may_poll(queue))
		return;
	preempt_disable();
	if (atomic_cmpxchg(&queue->completes, 0, 1)) {
		preempt_enable();
		return;
	}
	port = rcu_dereference(queue->port);
	if (port)
		look_for_answer(&port->shadow.ring, queue->busy_poll.ns);
	queue->relay.calls--; /* nobody has called */
	complete_as_owner(queue, 1, POLL_ROUNDS);
	preempt_enable();
}

/* Not as an owner, who may be elsewhere and may have to wait for this CPU. */
static void take_posted(struct vlb_queue *queue)
{
	vlb_posted_take(queue->posted);
	if (vlb_posted_is_crowded(queue->posted))
		vlb_throttle_current(queue);
}

/*
 * Where the requests may complete that the driver submits now; -1: nowhere but in the back-end's
 * call. Who has disabled interrupts may be about to spin until they have; a real-time task would
 * wait for a work item of lower priority than its own.
 */
static void note_submitter(struct vlb_queue *queue)
{
	int cpu = irqs_disabled() ? -1 : raw_smp_processor_id();
	bool yields = preemptible() && current->prio >= MAX_RT_PRIO;

	if (READ_ONCE(queue->submit_cpu) != cpu)
		WRITE_ONCE(queue->submit_cpu, cpu);
	if (READ_ONCE(queue->submitter_yields) != yields)
		WRITE_ONCE(queue->submitter_yields, yields);
}

/* The driver has made requests available: virtqueue_notify(). Never fails. */
bool vlb_queue_notify(struct virtqueue *vq)
{
	struct vlb_queue *queue = vq->priv;

	note_submitter(queue);
	rcu_read_lock();
	if (queue->posted)
		take_posted(queue);
	run_submit(queue);
	poll_briefly(queue);
	rcu_read_unlock();
	return true;
}

/* ---- hand-over of the completing side to the submitter's CPU ----------------------- */

/* The owner of the completing side since vlb_queue_called(). */
static void complete_handed_over(struct vlb_queue *queue, int rounds)
{
	rcu_read_lock();
	complete_as_owner(queue, 1, rounds);
	rcu_read_unlock();
}

/* Soft interrupt. What comes meanwhile is left to a work item, which can be preempted. */
static void handover_tasklet(struct tasklet_struct *tasklet)
{
	complete_handed_over(container_of(tasklet, struct vlb_queue, handover_tasklet), 1);
}

/* On the back-end's own CPU. */
static void handover_work(struct work_struct *work)
{
	complete_handed_over(container_of(work, struct vlb_queue, handover_work), OWNER_ROUNDS);
}

/* Hard interrupt, on the submitter's CPU. */
static void handover_call(void *data)
{
	struct vlb_queue *queue = data;

	tasklet_hi_schedule(&queue->handover_tasklet);
}

/*
 * Whether a work item gets this CPU soon: not before a back-end of raised priority, nor before
 * who has submitted, if that cannot be preempted.
 */
static bool work_runs_soon(const struct vlb_queue *queue)
{
	return READ_ONCE(queue->submitter_yields) && current->prio >= DEFAULT_PRIO;
}

/*
 * The owner of the completing side. Returns whether somebody else owns it now. A back-end
 * that calls for nothing costs nobody but itself time. VLB_LOST_DISCARD says that there are
 * drivers which spin for a request of this queue, with interrupts or preemption off. No other
 * queue may have such submitters beside some that sleep: a work item for the request of one would
 * wait for the CPU on which the other spins.
 *
 * On the back-end's own CPU: one that has at most one more to serve is about to sleep, so the work
 * item runs first, with high priority; one that has more goes on. With two in flight, as of two
 * tasks, it need not wait for the second: there is a third by then.
 */
static bool hand_over(struct vlb_queue *queue)
{
	struct vlb_port *port = rcu_dereference(queue->port);
	int cpu = READ_ONCE(queue->submit_cpu);
	bool here = cpu == raw_smp_processor_id();
	u32 used, in_flight;

	if (cpu < 0 || !port || lost_means(queue) == VLB_LOST_DISCARD)
		return false;
	used = vlb_shadow_ring_pending(&port->shadow.ring);
	if (!used || (here && !work_runs_soon(queue)))
		return false;
	in_flight = vlb_relay_in_flight(&queue->relay);
	if (in_flight < 2)
		return here && vlb_handover_next(&queue->handover) &&
		       queue_work_on(cpu, vlb_io_wq, &queue->handover_work);
	vlb_handover_disturb(&queue->handover);
	if (here)
		return queue_work_on(cpu, used + 1 >= in_flight ? vlb_io_wq : vlb_batch_wq,
				     &queue->handover_work);
	return !smp_call_function_single_async(cpu, &queue->handover_call);
}

/* The back-end has used requests. Under rcu_read_lock(). */
void vlb_queue_called(struct vlb_queue *queue)
{
	trace_vlb_call(queue->relay.name, queue->index);
	if (atomic_inc_return(&queue->completes) == 1 && !hand_over(queue))
		complete_as_owner(queue, 1, OWNER_ROUNDS);
}

/* From now on whoever holds the device's lock has both sides to itself. */
static void end_discarding(struct vlb_queue *queue)
{
	if (!queue->discard)
		return;
	WRITE_ONCE(queue->discard, false);
	vlb_queue_quiesce(queue);
}

/**
 * vlb_queue_start - let a back-end serve the queue
 * @queue: the queue, without a port
 * @port: a port with an empty shadow
 *
 * Requests that were in flight go first, then what has been waiting. The adapter kicks the
 * back-end when that is set up.
 */
void vlb_queue_start(struct vlb_queue *queue, struct vlb_port *port)
{
	lockdep_assert_held(&queue->dev->lock);
	end_discarding(queue);
	cancel_delayed_work_sync(&queue->look_work); /* of the last port */
	queue->look_delay = 0;
	vlb_handover_disturb(&queue->handover);
	vlb_relay_replay(&queue->relay, &port->shadow);
	rcu_assign_pointer(queue->port, port);
	rcu_read_lock();
	submit_what_waits(queue);
	rcu_read_unlock();
	/* For what could not be replayed, and what the last port did not give back. */
	vlb_queue_complete_later(queue);
}

/**
 * vlb_queue_unpublish - take the port away from both sides
 * @queue: the queue
 *
 * Return: the port or NULL; in use until vlb_queue_quiesce().
 */
struct vlb_port *vlb_queue_unpublish(struct vlb_queue *queue)
{
	struct vlb_port *port;

	port = rcu_replace_pointer(queue->port, NULL, lockdep_is_held(&queue->dev->lock));
	if (port)
		vlb_call_disconnect(port->call);
	return port;
}

static void wait_for_owner(const atomic_t *counter)
{
	while (atomic_read(counter))
		usleep_range(10, 100);
	smp_rmb(); /* its last look before whatever comes next */
}

/*
 * The same for the completing side, which is taken back from a work item that has not begun: it
 * may have to wait for its CPU. What came meanwhile is left to the other one.
 */
static void wait_for_completing_owner(struct vlb_queue *queue)
{
	while (atomic_read(&queue->completes)) {
		if (cancel_work_sync(&queue->handover_work)) {
			atomic_set_release(&queue->completes, 0);
			vlb_queue_complete_later(queue);
		} else {
			usleep_range(10, 100);
		}
	}
	smp_rmb(); /* as above */
}

/**
 * vlb_queue_quiesce - wait until nobody uses what was there before
 * @queue: the queue; what owners look at (port, discard, vq) has just been changed
 *
 * An owner increments its counter before it looks, with a full barrier; here it is changed
 * before the counter is read. So an owner that is not seen sees the change.
 */
void vlb_queue_quiesce(struct vlb_queue *queue)
{
	lockdep_assert_held(&queue->dev->lock);
	smp_mb(); /* see above; pairs with atomic_inc_return() */
	wait_for_owner(&queue->submits);
	wait_for_completing_owner(queue);
	cancel_work_sync(&queue->kick_work);
}

/**
 * vlb_queue_settle - take the last replies from a back-end that has gone
 * @queue: the queue, its driver still there
 * @port: its last port, after vlb_queue_quiesce()
 */
void vlb_queue_settle(struct vlb_queue *queue, struct vlb_port *port)
{
	lockdep_assert_held(&queue->dev->lock);
	rcu_read_lock();
	while (!vlb_device_is_broken(queue->dev) && complete_port(queue, port))
		; /* ends: nothing is submitted to a port that is not published */
	rcu_read_unlock();
}

/*
 * The last port does not exist any more: it may have shown what the driver gets back now.
 * What comes while discard is not yet set waits until it is.
 */
void vlb_queue_lose_requests(struct vlb_queue *queue)
{
	u8 lost = lost_means(queue);

	lockdep_assert_held(&queue->dev->lock);
	if (lost == VLB_LOST_REPLAY || lost == VLB_LOST_WAIT)
		return;
	if (vlb_relay_fail_active(&queue->relay))
		interrupt(queue);
	if (lost != VLB_LOST_DISCARD)
		return;
	WRITE_ONCE(queue->discard, true);
	rcu_read_lock();
	run_submit(queue);
	rcu_read_unlock();
}

/*
 * Complete all that waits with the fail response; there is no port. A driver that was told of
 * an event would ask for the next one at once.
 */
void vlb_queue_fail_all(struct vlb_queue *queue)
{
	lockdep_assert_held(&queue->dev->lock);
	end_discarding(queue);
	if (queue->vq && !queue->local && lost_means(queue) != VLB_LOST_WAIT &&
	    vlb_relay_fail_all(&queue->relay))
		interrupt(queue);
}

int vlb_queue_init(struct vlb_queue *queue, struct vlb_device *dev, u16 index)
{
	queue->dev = dev;
	queue->index = index;
	queue->cpu = WORK_CPU_UNBOUND;
	queue->submit_cpu = -1;
	INIT_CSD(&queue->handover_call, handover_call, queue);
	tasklet_setup(&queue->handover_tasklet, handover_tasklet);
	queue->relay.name = dev->desc.name;
	queue->relay.index = index;
	queue->relay.flags = dev->desc.queue[index].flags;
	queue->relay.fail = (struct vlb_fail_response){
		.where = dev->desc.fail_where, .len = dev->desc.fail_len,
	};
	memcpy(queue->relay.fail.data, dev->desc.fail_data, VLB_FAIL_SIZE);
	INIT_WORK(&queue->kick_work, kick_work);
	INIT_WORK(&queue->submit_work, submit_work);
	INIT_WORK(&queue->complete_work, complete_work);
	/* Queued on two workqueues; who owns the side keeps it from running twice at a time. */
	INIT_WORK(&queue->handover_work, handover_work);
	INIT_DELAYED_WORK(&queue->look_work, look_work);
	vlb_throttle_init(&queue->throttle);
	if (queue->relay.flags & VLB_QUEUE_DESC_LOCAL) {
		queue->local = vlb_local_create();
		if (!queue->local)
			return -ENOMEM;
	}
	if (queue->relay.flags & VLB_QUEUE_DESC_POSTED) {
		queue->posted = vlb_posted_create(dev->desc.queue[index].size,
						  queue->relay.flags & VLB_QUEUE_DESC_STREAM);
		if (!queue->posted)
			return -ENOMEM;
	}
	return vlb_relay_init(&queue->relay, dev->desc.queue[index].size);
}

/* After the last port, and a grace period since anybody could have found the queue. */
void vlb_queue_exit(struct vlb_queue *queue)
{
	wait_for_completing_owner(queue); /* a late call may have been handed over */
	tasklet_kill(&queue->handover_tasklet);
	cancel_work_sync(&queue->kick_work);
	cancel_work_sync(&queue->submit_work);
	cancel_work_sync(&queue->complete_work);
	cancel_delayed_work_sync(&queue->look_work);
	vlb_relay_exit(&queue->relay);
	kfree(queue->local);
	vlb_posted_destroy(queue->posted);
}
