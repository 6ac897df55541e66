// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and resume.
 *
 * A driver's freeze function waits for its requests, and user space, where the back-end
 * lives, is frozen before any device is suspended. So the virtio devices are frozen when
 * the kernel announces the suspend, while user space still runs, and restored when it
 * runs again. The freeze runs as work and is waited for with a bound: a back-end that
 * does not answer makes the suspend fail, not hang. A freeze that ends late is undone at
 * once. A removal waits until its device is idle again, and a device that is being
 * removed is left alone.
 *
 *   idle -> running -> done -> idle          frozen in time, restored after the suspend
 *           running -> abandoned -> idle     too late, restored by the work itself
 *
 * Context: process; the notifier runs under the power management's own lock, so there
 * is one suspend at a time.
 */
#include <linux/suspend.h>
#include <linux/virtio.h>
#include <linux/wait_bit.h>

#include "device.h"

#define FREEZE_TIMEOUT_MS	5000

#ifdef CONFIG_PM_SLEEP

/* vlb_device.freeze_state */
enum { FREEZE_IDLE, FREEZE_RUNNING, FREEZE_DONE, FREEZE_ABANDONED };

static void set_idle(struct vlb_device *dev)
{
	atomic_set(&dev->freeze_state, FREEZE_IDLE);
	wake_up_var(&dev->freeze_state);
}

static void freeze_work(struct work_struct *work)
{
	struct vlb_device *dev = container_of(work, struct vlb_device, freeze_work);

	dev->freeze_err = virtio_device_freeze(&dev->vdev);
	if (atomic_cmpxchg(&dev->freeze_state, FREEZE_RUNNING, FREEZE_DONE) == FREEZE_RUNNING) {
		complete(&dev->freeze_done);
		return;
	}
	if (!dev->freeze_err)
		virtio_device_restore(&dev->vdev);
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
	if (atomic_cmpxchg(&dev->freeze_state, FREEZE_IDLE, FREEZE_RUNNING) != FREEZE_IDLE)
		return -EBUSY;
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
	if (atomic_read(&dev->freeze_state) == FREEZE_IDLE)
		return 0;
	if (!wait_for_completion_timeout(&dev->freeze_done, msecs_to_jiffies(FREEZE_TIMEOUT_MS)) &&
	    atomic_cmpxchg(&dev->freeze_state, FREEZE_RUNNING, FREEZE_ABANDONED) ==
	    FREEZE_RUNNING) {
		dev_err(&dev->dev, "requests were not completed within %u ms; not suspending\n",
			FREEZE_TIMEOUT_MS);
		return -EBUSY;
	}
	return dev->freeze_err;
}

static int restore(struct vlb_device *dev)
{
	int err = 0;

	if (atomic_read(&dev->freeze_state) != FREEZE_DONE)
		return 0;
	if (!dev->freeze_err)
		err = virtio_device_restore(&dev->vdev);
	if (err)
		dev_err(&dev->dev, "the driver does not come back after suspend (error %d)\n", err);
	set_idle(dev);
	return 0;
}

/* All at once, so that the bound holds for all of them together. */
static int freeze_all(void)
{
	int err = vlb_device_for_each(start_freeze) ?: vlb_device_for_each(wait_for_freeze);

	if (err)
		vlb_device_for_each(restore);
	return err;
}

static int notify(struct notifier_block *block, unsigned long event, void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		return notifier_from_errno(freeze_all());
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
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
