// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a device is registered and how it goes.
 *
 *   created --VLB_REGISTER--> registered --remove()--> removing --> gone
 *
 * Both ways run as work, because a driver's probe and remove functions wait for I/O,
 * which waits for the back-end, which waits for the adapter, which must not wait in an
 * ioctl. A removal ends even without a back-end: requests fail (fail_work) when there is
 * none, when there is one that makes no progress, or when it broke the rules.
 *
 * The work items need no reference of their own: remove_work, which holds the device's,
 * waits for all of them but fail_work, for which the release of the device waits.
 */
#include <linux/module.h>
#include <linux/virtio_config.h>

#include "device.h"

/* A back-end that completes nothing for so long during a removal is given up. */
#define GRACE_MS	10000

static void register_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, register_work);
	int err = register_virtio_device(&dev->vdev);

	if (!err)
		return;
	dev_err(&dev->dev, "cannot register the virtio device (error %d)\n", err);
	vlb_device_remove(dev, VLB_REMOVED_UNREGISTERED); /* it waits for this to return */
	clear_bit(VLB_REGISTERED, &dev->flags);
	put_device(&dev->vdev.dev);
}

/* VLB_REGISTER: 0, -EALREADY or -ESHUTDOWN. */
int vlb_device_register(struct vlb_device *dev)
{
	int err = 0;

	mutex_lock(&dev->lock); /* remove_work takes it before it flushes register_work */
	if (test_bit(VLB_REMOVING, &dev->flags)) {
		err = -ESHUTDOWN;
	} else if (test_and_set_bit(VLB_REGISTERED, &dev->flags)) {
		err = -EALREADY;
	} else {
		get_device(&dev->dev); /* the virtio device's, put by its release */
		queue_work(vlb_wq, &dev->register_work);
	}
	mutex_unlock(&dev->lock);
	return err;
}

static bool must_fail(const struct vlb_device *dev)
{
	return test_bit(VLB_FAILING, &dev->flags) || test_bit(VLB_UNBINDING, &dev->flags);
}

/* Fail all requests from now on. */
void vlb_device_fail(struct vlb_device *dev)
{
	set_bit(VLB_FAILING, &dev->flags);
	queue_work(vlb_io_wq, &dev->fail_work);
}

/*
 * A driver has submitted requests and there is no port. Any context. The notification
 * came with a full barrier, as does queueing work: either fail_work sees the request or
 * this sees why.
 */
void vlb_device_requests_wait(struct vlb_device *dev)
{
	if (must_fail(dev))
		queue_work(vlb_io_wq, &dev->fail_work);
}

static void fail_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, fail_work);
	u32 i;

	mutex_lock(&dev->lock);
	if (!must_fail(dev))
		goto unlock;
	vlb_device_stop_locked(dev);
	/* After a reset the driver takes its buffers back itself. */
	if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		for (i = 0; i < dev->desc.num_queues; i++)
			vlb_queue_fail_all(&dev->queue[i]);
unlock:
	mutex_unlock(&dev->lock);
}

bool vlb_device_is_busy(const struct vlb_device *dev)
{
	u32 i;

	for (i = 0; i < dev->desc.num_queues; i++)
		if (vlb_relay_in_flight(&dev->queue[i].relay))
			return true;
	return false;
}

/* Requests that back-ends have ever served. */
u64 vlb_device_replies(const struct vlb_device *dev)
{
	u64 sum = 0;
	u32 i, way;

	for (i = 0; i < dev->desc.num_queues; i++)
		for (way = 0; way < VLB_NUM_WAYS; way++)
			sum += READ_ONCE(dev->queue[i].relay.by_way[way]);
	return sum;
}

static u64 errors(const struct vlb_device *dev)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < dev->desc.num_queues; i++)
		sum += READ_ONCE(dev->queue[i].relay.errors);
	return sum;
}

/* Requests that have failed because of the removal. */
u64 vlb_device_failed(const struct vlb_device *dev)
{
	return errors(dev) - dev->failed_before;
}

static void grace_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, grace_work.work);
	u64 now = vlb_device_replies(dev);

	if (now == dev->grace_replies && vlb_device_is_busy(dev)) {
		dev_err(&dev->dev, "no progress for %u ms while being removed; requests fail\n",
			GRACE_MS);
		vlb_device_fail(dev);
		return;
	}
	dev->grace_replies = now;
	queue_delayed_work(vlb_io_wq, &dev->grace_work, msecs_to_jiffies(GRACE_MS));
}

/* The back-end may finish what it has, if there is one and nobody has given it up. */
static void fail_or_grant_grace(struct vlb_device *dev)
{
	mutex_lock(&dev->lock);
	if (!dev->num_ports || dev->removed_reason != VLB_REMOVED_REQUEST) {
		vlb_device_fail(dev);
	} else {
		dev->grace_replies = vlb_device_replies(dev);
		queue_delayed_work(vlb_io_wq, &dev->grace_work, msecs_to_jiffies(GRACE_MS));
	}
	mutex_unlock(&dev->lock);
}

static void remove_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, remove_work);

	fail_or_grant_grace(dev);
	/* Both are queued under the lock, which this has just had, unless VLB_REMOVING is set. */
	flush_work(&dev->register_work);
	flush_work(&dev->restart_work);
	vlb_power_wait_idle(dev);
	if (test_bit(VLB_REGISTERED, &dev->flags))
		vlb_unbind(dev, unregister_virtio_device);
	vlb_timeout_stop(dev);
	cancel_delayed_work_sync(&dev->grace_work);
	vlb_device_unlist(dev);

	mutex_lock(&dev->lock);
	vlb_device_stop_locked(dev);
	set_bit(VLB_GONE, &dev->flags);
	vlb_message_removed(dev);
	mutex_unlock(&dev->lock);
	complete_all(&dev->gone);
	put_device(&dev->dev);
	module_put(THIS_MODULE); /* vlb_devices_exit() waits for this work to return */
}

/**
 * vlb_device_remove - begin to take the device away
 * @dev: the device
 * @reason: VLB_REMOVED_*; the first one counts
 *
 * Any context.
 */
void vlb_device_remove(struct vlb_device *dev, u32 reason)
{
	u64 failed = errors(dev); /* before anybody can see that requests are to fail */

	if (test_and_set_bit(VLB_REMOVING, &dev->flags))
		return;
	dev->removed_reason = reason;
	dev->failed_before = failed;
	queue_work(vlb_wq, &dev->remove_work);
}

/**
 * vlb_device_break - the back-end broke the rules of the ring
 * @dev: the device
 * @queue: where; relay.violation says how
 *
 * Any context. One line in the log, however often it happens.
 */
void vlb_device_break(struct vlb_device *dev, const struct vlb_queue *queue)
{
	const struct vlb_violation *violation = &queue->relay.violation;
	char what[80];

	if (test_and_set_bit(VLB_BROKEN, &dev->flags))
		return;
	snprintf(what, sizeof(what), violation->what, violation->id, violation->len);
	dev_err(&dev->dev,
		"queue %u: %s; the back-end is faulty, requests fail and the device is removed\n",
		queue->index, what);
	vlb_device_remove(dev, VLB_REMOVED_BROKEN);
	vlb_device_fail(dev); /* counted as failed by the removal */
}

void vlb_removal_init(struct vlb_device *dev)
{
	INIT_WORK(&dev->register_work, register_work);
	INIT_WORK(&dev->remove_work, remove_work);
	INIT_WORK(&dev->fail_work, fail_work);
	vlb_timeout_init(dev);
	INIT_DELAYED_WORK(&dev->grace_work, grace_work);
	init_completion(&dev->gone);
}
