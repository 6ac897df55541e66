// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restarting the driver of a device, for types whose back-ends keep state that they lose
 * with their process, and whose drivers cannot be told: VLB_RESTART_DRIVER.
 *
 * The driver is unbound and bound again, as through sysfs. It runs as work, because the
 * driver's functions wait for I/O. While it is being unbound nobody serves the device and
 * requests fail; from then on they wait for the adapter to start the queues, which it does
 * when it reads the message that the new driver's DRIVER_OK causes.
 *
 * Suspend finds the device busy meanwhile, and a removal waits.
 */
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "device.h"

/* Under dev->lock. */
static void fail_requests(struct vlb_device *dev)
{
	set_bit(VLB_UNBINDING, &dev->flags);
	queue_work(vlb_io_wq, &dev->fail_work);
}

static void release_driver(struct virtio_device *vdev)
{
	device_release_driver(&vdev->dev);
}

static void unbind(struct vlb_device *dev)
{
	mutex_lock(&dev->lock);
	fail_requests(dev); /* again, should another restart have ended meanwhile */
	mutex_unlock(&dev->lock);
	/* Now, because drivers give up what is in flight when they are removed: virtio_snd. */
	flush_work(&dev->fail_work);
	vlb_unbind(dev, release_driver);
	mutex_lock(&dev->lock); /* fail_work looks under it */
	clear_bit(VLB_UNBINDING, &dev->flags);
	/* Somebody has bound a driver already, in vain so far. */
	if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		vlb_message_start(dev);
	mutex_unlock(&dev->lock);
}

static void restart_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, restart_work);
	int bound = 1;

	flush_work(&dev->register_work);
	if (!test_bit(VLB_REGISTERED, &dev->flags))
		return;
	vlb_power_exclude(dev);
	unbind(dev);
	if (!test_bit(VLB_REMOVING, &dev->flags))
		bound = device_attach(&dev->vdev.dev);
	vlb_power_include(dev);
	if (bound <= 0)
		dev_err(&dev->dev, "its driver does not start again (%d); unbind and bind it by hand\n",
			bound);
}

/*
 * VLB_RESTART_DRIVER: 0, -EINVAL (not registered), -EBUSY (a queue runs) or -ESHUTDOWN
 * (being removed). Requests fail at once: what the work has to wait for first, a probe or
 * a freeze, may be waiting for them.
 */
int vlb_restart_driver(struct vlb_device *dev)
{
	int err = 0;

	mutex_lock(&dev->lock);
	if (!test_bit(VLB_REGISTERED, &dev->flags)) {
		err = -EINVAL;
	} else if (test_bit(VLB_REMOVING, &dev->flags)) {
		err = -ESHUTDOWN;
	} else if (dev->num_ports) {
		err = -EBUSY;
	} else {
		fail_requests(dev);
		queue_work(vlb_wq, &dev->restart_work);
	}
	mutex_unlock(&dev->lock);
	return err;
}

void vlb_restart_init(struct vlb_device *dev)
{
	INIT_WORK(&dev->restart_work, restart_work);
}
