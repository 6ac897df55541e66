// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a device may be without a back-end: the device's timeout_ms.
 *
 * The time runs while the device is lost: registered, without a port, and with somebody
 * who waits for one. It ends with the removal of the device. A back-end that comes only to
 * go again stops the clock, but does not set it back: that takes one which completed a
 * request, which left none behind, or which stayed for the whole time.
 *
 * Context: process; may sleep, never for I/O.
 */
#include <linux/jiffies.h>
#include <linux/virtio_config.h>

#include "device.h"

#define LOOK_AGAIN	(3600 * HZ)

/* No back-end, and somebody who waits for one. */
static bool is_lost(const struct vlb_device *dev)
{
	return test_bit(VLB_REGISTERED, &dev->flags) &&
	       !test_bit(VLB_REMOVING, &dev->flags) && !dev->num_ports &&
	       (!dev->owner || dev->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Was what has just ended more than a visit? */
static bool was_served(const struct vlb_device *dev)
{
	unsigned long timeout = msecs_to_jiffies(dev->desc.timeout_ms);

	return vlb_device_replies(dev) != dev->lost_replies || !vlb_device_is_busy(dev) ||
	       time_after_eq(jiffies, dev->served_since + timeout);
}

static unsigned long time_left(const struct vlb_device *dev)
{
	unsigned long end = dev->lost_since + msecs_to_jiffies(dev->desc.timeout_ms);

	return time_after(end, jiffies) ? end - jiffies : 0;
}

/* Timers for many days go off early, so that it looks again now and then. */
static void wait_on(struct vlb_device *dev)
{
	queue_delayed_work(vlb_io_wq, &dev->timeout_work,
			   min_t(unsigned long, time_left(dev), LOOK_AGAIN));
}

static void lose(struct vlb_device *dev)
{
	if (was_served(dev)) {
		dev->lost_for = 0;
		dev->lost_replies = vlb_device_replies(dev);
	}
	dev->lost_since = jiffies - dev->lost_for;
	wait_on(dev);
}

/* After any change of owner, status or ports. */
void vlb_timeout_update(struct vlb_device *dev)
{
	bool lost = is_lost(dev);

	lockdep_assert_held(&dev->lock);
	if (!dev->desc.timeout_ms || lost == dev->lost)
		return;
	dev->lost = lost;
	if (lost) {
		lose(dev);
	} else {
		dev->served_since = jiffies;
		dev->lost_for = jiffies - dev->lost_since;
		cancel_delayed_work(&dev->timeout_work);
	}
}

static void time_is_over(struct vlb_device *dev)
{
	dev_err(&dev->dev, "no back-end for %u ms; its requests fail and the device is removed\n",
		dev->desc.timeout_ms);
	vlb_device_remove(dev, VLB_REMOVED_TIMEOUT);
}

static void timeout_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, timeout_work.work);

	mutex_lock(&dev->lock);
	/* A back-end may have come just now, and even gone again. */
	if (is_lost(dev) && time_left(dev))
		wait_on(dev);
	else if (is_lost(dev))
		time_is_over(dev);
	mutex_unlock(&dev->lock);
}

void vlb_timeout_init(struct vlb_device *dev)
{
	INIT_DELAYED_WORK(&dev->timeout_work, timeout_work);
}

/* For the removal, after VLB_REMOVING is set. */
void vlb_timeout_stop(struct vlb_device *dev)
{
	cancel_delayed_work_sync(&dev->timeout_work);
}
