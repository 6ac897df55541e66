// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and resume.
 *
 * A driver's freeze function waits for its requests, and user space, where the back-end
 * lives, is frozen before any device is suspended. So the virtio devices are frozen when
 * the kernel announces the suspend, while user space still runs, and restored when it
 * runs again. Both run as work, under the lock of the virtio device as the virtio core
 * wants it, and the freeze is waited for with a bound: a back-end that does not answer
 * makes the suspend fail, not hang. A freeze that ends late is undone at once.
 *
 *   idle -> running -> done -> undo -> idle     frozen in time, restored after the suspend
 *           running -> undo -> idle             too late, or another device was
 *           excluded -> idle                    see restart.c
 *
 * A removal waits until its device is idle, and a device that is being removed is left
 * alone.
 *
 * Tasks that wait for a frozen device cannot be frozen themselves, so the kernel may still
 * refuse to suspend under load. Hibernation is refused: the kernel syncs file systems
 * after the announcement, when the devices are frozen already.
 *
 * Context: process; may sleep. The notifier runs under the power management's own lock,
 * so there is one suspend at a time; it holds the registry's lock and never waits for a
 * driver without a bound.
 */
#include <linux/suspend.h>
#include <linux/virtio.h>
#include <linux/wait_bit.h>

#include "device.h"

#define FREEZE_TIMEOUT_MS	5000

#ifdef CONFIG_PM_SLEEP

/* vlb_device.freeze_state */
enum { FREEZE_IDLE, FREEZE_RUNNING, FREEZE_DONE, FREEZE_UNDO, FREEZE_EXCLUDED };

static unsigned long freeze_deadline; /* in jiffies; of all devices together */

static bool advance(struct vlb_device *dev, int from, int to)
{
	return atomic_cmpxchg(&dev->freeze_state, from, to) == from;
}

static void set_idle(struct vlb_device *dev)
{
	atomic_set(&dev->freeze_state, FREEZE_IDLE);
	smp_mb(); /* wake_up_var() looks for sleepers without a lock */
	wake_up_var(&dev->freeze_state);
}

static int freeze(struct vlb_device *dev)
{
	int err;

	flush_work(&dev->register_work); /* before that there is nothing to lock */
	if (!test_bit(VLB_REGISTERED, &dev->flags))
		return 0;
	device_lock(&dev->vdev.dev);
	err = virtio_device_freeze(&dev->vdev);
	device_unlock(&dev->vdev.dev);
	dev->frozen = !err;
	if (err)
		dev_err(&dev->dev, "its driver refuses to suspend (error %d)\n", err);
	return err;
}

static void undo(struct vlb_device *dev)
{
	int err;

	if (!dev->frozen)
		return;
	device_lock(&dev->vdev.dev);
	err = virtio_device_restore(&dev->vdev);
	device_unlock(&dev->vdev.dev);
	dev->frozen = false;
	if (err)
		dev_err(&dev->dev, "its driver does not come back after suspend (error %d)\n", err);
}

static void freeze_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, freeze_work);

	if (atomic_read(&dev->freeze_state) == FREEZE_RUNNING) {
		dev->freeze_err = freeze(dev);
		if (advance(dev, FREEZE_RUNNING, FREEZE_DONE)) {
			complete(&dev->freeze_done);
			return;
		}
	}
	undo(dev);
	set_idle(dev);
}

static bool is_active(const struct vlb_device *dev)
{
	return test_bit(VLB_REGISTERED, &dev->flags) && !test_bit(VLB_REMOVING, &dev->flags);
}

static int start_freeze(struct vlb_device *dev)
{
	if (!is_active(dev))
		return 0;
	if (!advance(dev, FREEZE_IDLE, FREEZE_RUNNING)) {
		dev_err(&dev->dev, "busy with its driver; not suspending\n");
		return -EBUSY;
	}
	if (!is_active(dev)) { /* the removal may have seen it idle just before */
		set_idle(dev);
		return 0;
	}
	reinit_completion(&dev->freeze_done);
	queue_work(vlb_wq, &dev->freeze_work);
	return 0;
}

static int wait_for_freeze(struct vlb_device *dev)
{
	long left = freeze_deadline - jiffies;
	int state = atomic_read(&dev->freeze_state);

	if (state == FREEZE_IDLE)
		return 0;
	if (state == FREEZE_EXCLUDED) /* new, and restarted already */
		return -EBUSY;
	if (!wait_for_completion_timeout(&dev->freeze_done, max(left, 1L)) &&
	    advance(dev, FREEZE_RUNNING, FREEZE_UNDO)) {
		dev_err(&dev->dev, "requests were not completed within %u ms; not suspending\n",
			FREEZE_TIMEOUT_MS);
		return -EBUSY;
	}
	return dev->freeze_err;
}

/* A freeze that still runs undoes itself when it ends. */
static int restore(struct vlb_device *dev)
{
	if (!advance(dev, FREEZE_RUNNING, FREEZE_UNDO) &&
	    advance(dev, FREEZE_DONE, FREEZE_UNDO))
		queue_work(vlb_wq, &dev->freeze_work);
	return 0;
}

static int freeze_all(void)
{
	int err;

	freeze_deadline = jiffies + msecs_to_jiffies(FREEZE_TIMEOUT_MS);
	err = vlb_device_for_each(start_freeze);
	if (!err)
		err = vlb_device_for_each(wait_for_freeze);
	if (err)
		vlb_device_for_each(restore);
	return err;
}

static int refuse(struct vlb_device *dev)
{
	if (!is_active(dev))
		return 0;
	dev_err(&dev->dev, "cannot hibernate with this device; detach it first\n");
	return -EBUSY;
}

static int notify(struct notifier_block *block, unsigned long event, void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
		return notifier_from_errno(freeze_all());
	case PM_HIBERNATION_PREPARE:
		return notifier_from_errno(vlb_device_for_each(refuse));
	case PM_POST_SUSPEND:
		vlb_device_for_each(restore);
	}
	return NOTIFY_DONE;
}

static struct notifier_block power_notifier = {
	.notifier_call = notify,
};

/* For the removal, after VLB_REMOVING is set: until no freeze or restore is going on. */
void vlb_power_wait_idle(struct vlb_device *dev)
{
	wait_var_event(&dev->freeze_state, atomic_read(&dev->freeze_state) == FREEZE_IDLE);
	flush_work(&dev->freeze_work); /* it may still be about to return */
}

/* Until vlb_power_include() the device is not frozen; a suspend fails instead. */
void vlb_power_exclude(struct vlb_device *dev)
{
	wait_var_event(&dev->freeze_state, advance(dev, FREEZE_IDLE, FREEZE_EXCLUDED));
}

void vlb_power_include(struct vlb_device *dev)
{
	set_idle(dev);
}

void vlb_power_init(struct vlb_device *dev)
{
	INIT_WORK(&dev->freeze_work, freeze_work);
	init_completion(&dev->freeze_done);
}

int vlb_power_register(void)
{
	return register_pm_notifier(&power_notifier);
}

void vlb_power_unregister(void)
{
	unregister_pm_notifier(&power_notifier);
}

#else

void vlb_power_wait_idle(struct vlb_device *dev)
{
}

void vlb_power_exclude(struct vlb_device *dev)
{
}

void vlb_power_include(struct vlb_device *dev)
{
}

void vlb_power_init(struct vlb_device *dev)
{
}

int vlb_power_register(void)
{
	return 0;
}

void vlb_power_unregister(void)
{
}

#endif
