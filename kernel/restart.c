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

#include "device.h"

static void unbind(struct vlb_device *dev)
{
	queue_work(vlb_io_wq, &dev->fail_work);
	device_release_driver(&dev->vdev.dev);
	mutex_lock(&dev->lock); /* fail_work looks under it */
	clear_bit(VLB_UNBINDING, &dev->flags);
	mutex_unlock(&dev->lock);
}

static void restart_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, restart_work);
	int ret = 0;

	flush_work(&dev->register_work);
	if (!test_bit(VLB_REGISTERED, &dev->flags))
		return;
	vlb_power_exclude(dev);
	unbind(dev);
	if (!test_bit(VLB_REMOVING, &dev->flags))
		ret = device_attach(&dev->vdev.dev);
	vlb_power_include(dev);
	if (ret < 0)
		dev_err(&dev->dev, "its driver does not start again (error %d)\n", ret);
}

/* VLB_RESTART_DRIVER: 0, -EINVAL (not registered) or -ESHUTDOWN (being removed). */
int vlb_restart_driver(struct vlb_device *dev)
{
	int err = 0;

	mutex_lock(&dev->lock);
	if (!test_bit(VLB_REGISTERED, &dev->flags)) {
		err = -EINVAL;
	} else if (test_bit(VLB_REMOVING, &dev->flags)) {
		err = -ESHUTDOWN;
	} else {
		set_bit(VLB_UNBINDING, &dev->flags);
		queue_work(vlb_wq, &dev->restart_work);
	}
	mutex_unlock(&dev->lock);
	return err;
}

void vlb_restart_init(struct vlb_device *dev)
{
	INIT_WORK(&dev->restart_work, restart_work);
}
