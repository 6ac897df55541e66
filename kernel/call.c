// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call: how a back-end notifies the module.
 *
 * Direct: a file of the module's own. Its write() completes requests right there, in
 * the back-end's process context, so that the only wake-up is that of whoever waits for
 * the request. An eventfd could not do that: its wake-up callbacks run with interrupts
 * disabled, and notifications nested in them are dropped.
 *
 * Eventfd: for back-ends that hand the descriptor to the kernel. The callback only
 * drains the counter and queues the completion as work.
 *
 * Lifetime: the call is shared by the port and by the file, which lives as long as the
 * back-end keeps it open. vlb_call_disconnect() cuts it off from the queue; a write
 * after that succeeds and does nothing, since back-ends take an error for a bug of
 * their own.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "call.h"
#include "queue.h"

/**
 * struct vlb_call - see above
 * @ref: the port's and the file's
 * @queue: NULL once disconnected
 * @rcu: a reader may still hold a pointer to the call when the last reference goes
 * @eventfd: the adapter's eventfd, or NULL for a direct call
 * @wait: waits on @eventfd
 * @poll: queues @wait
 */
struct vlb_call {
	struct kref ref;
	struct vlb_queue __rcu *queue;
	struct rcu_head rcu;
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	poll_table poll;
};

static void call_release(struct kref *ref)
{
	struct vlb_call *call = container_of(ref, struct vlb_call, ref);

	kfree_rcu(call, rcu);
}

void vlb_call_put(struct vlb_call *call)
{
	kref_put(&call->ref, call_release);
}

static struct vlb_call *call_alloc(struct vlb_queue *queue)
{
	struct vlb_call *call = kzalloc(sizeof(*call), GFP_KERNEL);

	if (!call)
		return ERR_PTR(-ENOMEM);
	kref_init(&call->ref);
	rcu_assign_pointer(call->queue, queue);
	return call;
}

/* ---- direct --------------------------------------------------------------------- */

/* Process context of the back-end. */
static ssize_t call_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct vlb_call *call = file->private_data;
	struct vlb_queue *queue;

	if (len != sizeof(u64))
		return -EINVAL;
	rcu_read_lock();
	queue = rcu_dereference(call->queue);
	if (queue)
		vlb_queue_called(queue);
	rcu_read_unlock();
	return len;
}

static int call_file_release(struct inode *inode, struct file *file)
{
	vlb_call_put(file->private_data);
	return 0;
}

static const struct file_operations call_fops = {
	.owner = THIS_MODULE,
	.write = call_write,
	.release = call_file_release,
	.llseek = noop_llseek,
};

struct vlb_call *vlb_call_create(struct vlb_queue *queue)
{
	return call_alloc(queue);
}

/* A file for the back-end to write to. */
struct file *vlb_call_open(struct vlb_call *call)
{
	struct file *file;

	file = anon_inode_getfile("[virtio-loopback-call]", &call_fops, call, O_RDWR);
	if (!IS_ERR(file))
		kref_get(&call->ref);
	return file;
}

/* ---- eventfd -------------------------------------------------------------------- */

/* In the writer's context, interrupts off, the eventfd's wait queue locked. */
static int eventfd_woken(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct vlb_call *call = container_of(wait, struct vlb_call, wait);
	struct vlb_queue *queue;
	u64 count;

	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(call->eventfd, &count);
	rcu_read_lock();
	queue = rcu_dereference(call->queue);
	if (queue)
		vlb_queue_complete_later(queue);
	rcu_read_unlock();
	return 0;
}

static void eventfd_wait(struct file *file, wait_queue_head_t *wqh, poll_table *poll)
{
	add_wait_queue(wqh, &container_of(poll, struct vlb_call, poll)->wait);
}

struct vlb_call *vlb_call_create_eventfd(struct vlb_queue *queue, int fd)
{
	struct vlb_call *call = call_alloc(queue);
	struct file *file;

	if (IS_ERR(call))
		return call;
	file = eventfd_fget(fd);
	if (IS_ERR(file)) {
		kfree(call);
		return ERR_CAST(file);
	}
	call->eventfd = eventfd_ctx_fileget(file);
	init_waitqueue_func_entry(&call->wait, eventfd_woken);
	init_poll_funcptr(&call->poll, eventfd_wait);
	if (vfs_poll(file, &call->poll) & EPOLLIN)
		vlb_queue_complete_later(queue);
	fput(file);
	return call;
}

/* Calls may still be under way, until the next grace period; the queue is there so long. */
void vlb_call_disconnect(struct vlb_call *call)
{
	u64 count;

	RCU_INIT_POINTER(call->queue, NULL);
	if (!call->eventfd)
		return;
	eventfd_ctx_remove_wait_queue(call->eventfd, &call->wait, &count);
	eventfd_ctx_put(call->eventfd);
	call->eventfd = NULL;
}
