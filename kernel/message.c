// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to the adapter.
 *
 * Pending messages are state, not a list: a bit for each thing that the adapter has to
 * do, worked out into a record when it is read. So they take no memory, none is lost
 * however slow the adapter is (unless it reads into memory that it does not have), and
 * what was overtaken is never read.
 *
 * Context: process, dev->lock held, unless stated otherwise.
 */
#include <linux/bitops.h>
#include <linux/virtio_config.h>

#include "device.h"

/* Any context, without a lock: a hint to sleepers, who then look properly. */
bool vlb_message_pending(struct vlb_device *dev)
{
	return READ_ONCE(dev->pending) || READ_ONCE(dev->pending_queue_reset) ||
	       READ_ONCE(dev->pending_queue_start) ||
	       !bitmap_empty(dev->config_dirty, VLB_CONFIG_SIZE);
}

/* The driver has set DRIVER_OK. */
void vlb_message_start(struct vlb_device *dev)
{
	u32 i;

	lockdep_assert_held(&dev->lock);
	dev->generation++;
	for (i = 0; i < dev->desc.num_queues; i++)
		dev->queue[i].generation = dev->generation;
	set_bit(VLB_PENDING_START, &dev->pending);
	wake_up_interruptible(&dev->wait);
}

/* The driver, which had set DRIVER_OK, has reset the device. */
void vlb_message_reset(struct vlb_device *dev)
{
	lockdep_assert_held(&dev->lock);
	dev->pending_queue_reset = 0;
	dev->pending_queue_start = 0;
	if (!test_and_clear_bit(VLB_PENDING_START, &dev->pending))
		set_bit(VLB_PENDING_RESET, &dev->pending);
	wake_up_interruptible(&dev->wait);
}

/* A start that is not read yet will say what is right then. */
void vlb_message_queue_reset(struct vlb_device *dev, u16 index)
{
	lockdep_assert_held(&dev->lock);
	if (test_bit(VLB_PENDING_START, &dev->pending))
		return;
	if (dev->pending_queue_start & BIT_ULL(index))
		dev->pending_queue_start &= ~BIT_ULL(index);
	else
		dev->pending_queue_reset |= BIT_ULL(index);
	wake_up_interruptible(&dev->wait);
}

void vlb_message_queue_start(struct vlb_device *dev, u16 index)
{
	lockdep_assert_held(&dev->lock);
	if (test_bit(VLB_PENDING_START, &dev->pending))
		return;
	dev->queue[index].generation = ++dev->generation;
	dev->pending_queue_start |= BIT_ULL(index);
	wake_up_interruptible(&dev->wait);
}

/* The last message. */
void vlb_message_removed(struct vlb_device *dev)
{
	unsigned long flags;

	lockdep_assert_held(&dev->lock);
	dev->pending_queue_reset = 0;
	dev->pending_queue_start = 0;
	dev->pending = BIT(VLB_PENDING_REMOVED);
	spin_lock_irqsave(&dev->config_lock, flags);
	bitmap_zero(dev->config_dirty, VLB_CONFIG_SIZE);
	spin_unlock_irqrestore(&dev->config_lock, flags);
	wake_up_interruptible(&dev->wait);
}

/* Any context: a queue that the module serves has something to report. */
void vlb_message_control(struct vlb_device *dev)
{
	set_bit(VLB_PENDING_CONTROL, &dev->pending);
	wake_up_interruptible(&dev->wait);
}

static void renew_control(struct vlb_device *dev)
{
	u32 i;

	for (i = 0; i < dev->desc.num_queues; i++)
		if (dev->queue[i].local)
			vlb_local_renew(dev->queue[i].local);
	set_bit(VLB_PENDING_CONTROL, &dev->pending);
}

/* A new owner has to be told everything that still holds. */
void vlb_message_renew(struct vlb_device *dev)
{
	unsigned long flags;

	lockdep_assert_held(&dev->lock);
	dev->pending = 0;
	dev->pending_queue_reset = 0;
	dev->pending_queue_start = 0;
	spin_lock_irqsave(&dev->config_lock, flags);
	bitmap_copy(dev->config_dirty, dev->config_written, VLB_CONFIG_SIZE);
	spin_unlock_irqrestore(&dev->config_lock, flags);
	if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK) {
		vlb_message_start(dev);
		renew_control(dev);
	}
}

static u64 enabled_queues(const struct vlb_device *dev)
{
	u64 queues = 0;
	u32 i;

	for (i = 0; i < dev->desc.num_queues; i++)
		if (dev->queue[i].vq)
			queues |= BIT_ULL(i);
	return queues;
}

static bool take_queue(u64 *pending, struct vlb_msg *msg, u32 type)
{
	if (!*pending)
		return false;
	msg->type = type;
	msg->queue = __ffs64(*pending);
	*pending &= *pending - 1;
	return true;
}

static bool take_control(struct vlb_device *dev, struct vlb_msg *msg)
{
	u32 i;

	if (!test_and_clear_bit(VLB_PENDING_CONTROL, &dev->pending))
		return false;
	for (i = 0; i < dev->desc.num_queues; i++) {
		if (!dev->queue[i].local || !vlb_local_next(dev->queue[i].local, &msg->control))
			continue;
		msg->type = VLB_MSG_CONTROL;
		set_bit(VLB_PENDING_CONTROL, &dev->pending); /* there may be more */
		return true;
	}
	return false;
}

static bool take_config(struct vlb_device *dev, struct vlb_msg *msg)
{
	unsigned long first, end, flags;

	spin_lock_irqsave(&dev->config_lock, flags);
	first = find_first_bit(dev->config_dirty, VLB_CONFIG_SIZE);
	end = find_next_zero_bit(dev->config_dirty, VLB_CONFIG_SIZE, first);
	if (first < VLB_CONFIG_SIZE) {
		msg->type = VLB_MSG_CONFIG_WRITE;
		msg->config.offset = first;
		msg->config.len = end - first;
		memcpy(msg->config.data, dev->config + first, end - first);
		bitmap_clear(dev->config_dirty, first, end - first);
	}
	spin_unlock_irqrestore(&dev->config_lock, flags);
	return first < VLB_CONFIG_SIZE;
}

/**
 * vlb_message_next - take the next message
 * @dev: the device, locked
 * @msg: out: zeroed by the caller
 *
 * What ends something comes before what starts something.
 */
bool vlb_message_next(struct vlb_device *dev, struct vlb_msg *msg)
{
	lockdep_assert_held(&dev->lock);
	if (test_and_clear_bit(VLB_PENDING_REMOVED, &dev->pending)) {
		msg->type = VLB_MSG_REMOVED;
		msg->removed.reason = dev->removed_reason;
		msg->removed.failed = vlb_device_failed(dev);
		return true;
	}
	if (test_and_clear_bit(VLB_PENDING_RESET, &dev->pending)) {
		msg->type = VLB_MSG_RESET;
		return true;
	}
	if (take_queue(&dev->pending_queue_reset, msg, VLB_MSG_QUEUE_RESET))
		return true;
	if (test_and_clear_bit(VLB_PENDING_START, &dev->pending)) {
		msg->type = VLB_MSG_START;
		msg->generation = dev->generation;
		msg->start.features = dev->vdev.features;
		msg->start.queues = enabled_queues(dev);
		return true;
	}
	if (take_queue(&dev->pending_queue_start, msg, VLB_MSG_QUEUE_START)) {
		msg->generation = dev->queue[msg->queue].generation;
		return true;
	}
	return take_control(dev, msg) || take_config(dev, msg);
}
