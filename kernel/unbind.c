// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unbinding a driver that has no remove function.
 *
 * The virtio core calls drv->remove without looking whether there is one, and spi-virtio
 * (6.18 to 7.3 at least) has none: its probe leaves everything to managed resources, the
 * last of which resets the device. So such a driver is lent a function for as long as it
 * is being unbound. It does nothing, since requests must go on being served until the
 * managed resources are released; but the core wants to see that the device was reset, and
 * so it looks like that (VLB_LOOKS_RESET) until it is.
 *
 * Who unbinds such a driver by hand crashes the kernel, with any transport.
 *
 * Context: process; may wait for the driver, and so for I/O.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/virtio.h>

#include "device.h"

static DEFINE_MUTEX(lending); /* guards the remove of drivers that have none of their own */

static void lent_remove(struct virtio_device *vdev)
{
	if (vlb_is_ours(vdev))
		set_bit(VLB_LOOKS_RESET, &vdev_to_vlb(vdev)->flags);
}

/* The driver that is bound and has no remove function, with its module held; or NULL. */
static struct virtio_driver *get_driver_without_remove(struct vlb_device *dev)
{
	struct virtio_driver *drv = NULL;

	device_lock(&dev->vdev.dev);
	if (dev->vdev.dev.driver)
		drv = container_of(dev->vdev.dev.driver, struct virtio_driver, driver);
	if (drv && ((drv->remove && drv->remove != lent_remove) ||
		    !try_module_get(drv->driver.owner)))
		drv = NULL;
	device_unlock(&dev->vdev.dev);
	return drv;
}

/**
 * vlb_unbind - call a function that unbinds the driver of a device
 * @dev: the device, registered
 * @unbind: unregister_virtio_device() or the like
 */
void vlb_unbind(struct vlb_device *dev, void (*unbind)(struct virtio_device *vdev))
{
	struct virtio_driver *drv = get_driver_without_remove(dev);
	struct module *owner;

	if (!drv) {
		unbind(&dev->vdev);
		return;
	}
	owner = drv->driver.owner;
	mutex_lock(&lending);
	drv->remove = lent_remove;
	unbind(&dev->vdev);
	drv->remove = NULL;
	mutex_unlock(&lending);
	module_put(owner);
}
