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

/* No back-end, and somebody who waits for one. */
static bool is_lost(const struct vlb_device *dev)
{
	return test_bit(VLB_REGISTERED, &dev->flags) &&
	       !test_bit(VLB_REMOVING, &dev->flags) && !dev->num_ports &&
	       (!dev->owner || dev->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Was what has just ended more than a visit? */
static bool was_served(const struct vlb_device *dev, unsigned long timeout)
{
	return vlb_device_completed(dev) != dev->lost_completed || !vlb_device_is_busy(dev) ||
	       time_after_eq(jiffies, dev->served_since + timeout);
}

static void lose(struct vlb_device *dev)
{
	unsigned long timeout = msecs_to_jiffies(dev->desc.timeout_ms);
	unsigned long end;

	if (was_served(dev, timeout)) {
		dev->lost_since = jiffies;
		dev->lost_completed = vlb_device_completed(dev);
	}
	end = dev->lost_since + timeout;
	queue_delayed_work(vlb_io_wq, &dev->timeout_work,
			   time_after(end, jiffies) ? end - jiffies : 0);
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
		cancel_delayed_work(&dev->timeout_work);
	}
}

static void timeout_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, timeout_work.work);
	bool lost;

	mutex_lock(&dev->lock);
	lost = is_lost(dev); /* a back-end may have come just now */
	mutex_unlock(&dev->lock);
	if (!lost)
		return;
	dev_err(&dev->dev, "no back-end for %u ms; its requests fail and the device is removed\n",
		dev->desc.timeout_ms);
	vlb_device_remove(dev, VLB_REMOVED_TIMEOUT);
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
