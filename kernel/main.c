// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-loopback: virtio devices for this kernel, served by vhost-user back-ends.
 *
 *   control     /dev/virtio-loopback/control: the adapter's ioctls and messages
 *   device      the device object, its name and owner
 *   session     a back-end comes and goes: pool, ports
 *   removal     registration, removal, failure of a device; timeout, restart, unbind
 *   transport   the device as the virtio drivers see it; config, config_pages, message
 *   queue       who runs the relay when, and how both ends are notified; port, call, local,
 *               posted, throttle
 *   relay       requests between driver_ring and shadow_ring; request, layout, arena, pool,
 *               grants, window, shared
 *   power       suspend and resume
 *   attributes  sysfs; tracepoints
 */
#include <linux/init.h>
#include <linux/module.h>
#include <xen/xen.h>

#include <vlb_version.h>

#include "control.h"
#include "device.h"
#include "throttle.h"

static int __init vlb_init(void)
{
	int err;

	if (xen_domain()) {
		pr_err("virtio-loopback: Xen guests are not supported: rings hold bus addresses\n");
		return -ENODEV;
	}
	vlb_throttles_init();
	err = vlb_devices_init();
	if (err)
		goto exit_throttles;
	err = vlb_power_register();
	if (err)
		goto exit_devices;
	err = vlb_control_register();
	if (err)
		goto unregister_power;
	return 0;

unregister_power:
	vlb_power_unregister();
exit_devices:
	vlb_devices_exit();
exit_throttles:
	vlb_throttles_exit();
	return err;
}

/* No device exists any more: each one holds a reference to the module. */
static void __exit vlb_exit(void)
{
	vlb_control_unregister();
	vlb_power_unregister();
	vlb_devices_exit();
	vlb_throttles_exit();
}

module_init(vlb_init);
module_exit(vlb_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("virtio-loopback contributors");
MODULE_DESCRIPTION("virtio devices served by vhost-user back-ends");
MODULE_VERSION(VLB_VERSION);
MODULE_ALIAS("devname:virtio-loopback");
