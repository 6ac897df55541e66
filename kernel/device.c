// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device object and the registry of names.
 *
 * A device is made by VLB_CREATE and ends with removal.c. Its references: the class
 * device's own, held from creation to the end of the removal; one of the virtio device;
 * one of the open file that owns or owned it; one of every task that looks at it. The
 * module stays loaded as long as a device exists.
 *
 * Locks: vlb_devices_lock guards the registry; dev->lock the device, and is the inner
 * one where both are held.
 *
 * Context: process; may sleep.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/wait_bit.h>
#include <uapi/linux/virtio_ring.h>

#include "control.h"
#include "device.h"
#include "pool.h"
#include "window.h"

struct workqueue_struct *vlb_wq;
struct workqueue_struct *vlb_io_wq;
struct workqueue_struct *vlb_batch_wq;

static atomic_t num_devices = ATOMIC_INIT(0); /* allocated, also those that have gone */
static LIST_HEAD(devices);
static DEFINE_MUTEX(vlb_devices_lock); /* guards devices, and the use of each name */

static struct class device_class = {
	.name = "virtio-loopback",
	.dev_groups = vlb_device_groups,
};

static int create_workqueues(void)
{
	vlb_wq = alloc_workqueue("virtio-loopback", WQ_UNBOUND, 0);
	vlb_io_wq = alloc_workqueue("virtio-loopback-io",
				    WQ_HIGHPRI | WQ_MEM_RECLAIM | VLB_WQ_PERCPU, 0);
	vlb_batch_wq = alloc_workqueue("virtio-loopback-batch",
				       WQ_MEM_RECLAIM | VLB_WQ_PERCPU, 0);
	return vlb_wq && vlb_io_wq && vlb_batch_wq ? 0 : -ENOMEM;
}

/* The last removal may still be returning: its work comes last. */
static void destroy_workqueues(void)
{
	if (vlb_batch_wq)
		destroy_workqueue(vlb_batch_wq);
	if (vlb_io_wq)
		destroy_workqueue(vlb_io_wq);
	if (vlb_wq)
		destroy_workqueue(vlb_wq);
}

int vlb_devices_init(void)
{
	int err;

	err = create_workqueues();
	if (!err)
		err = class_register(&device_class);
	if (err)
		destroy_workqueues();
	return err;
}

void vlb_devices_exit(void)
{
	/* Somebody may still hold a reference to a device that has gone. */
	wait_var_event(&num_devices, !atomic_read(&num_devices));
	destroy_workqueues();
	class_unregister(&device_class);
}

/* The feature bits of the transport that a shadow ring can carry. */
u64 vlb_device_ring_features(void)
{
	return BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |
	       BIT_ULL(VIRTIO_RING_F_EVENT_IDX) |
	       BIT_ULL(VIRTIO_F_VERSION_1) |
	       vlb_ring_reset_feature();
}

#define QUEUE_FLAGS	(VLB_QUEUE_DESC_LOCAL | VLB_QUEUE_DESC_CLAMP_LEN | \
			 VLB_QUEUE_DESC_ONE_REQUEST | VLB_QUEUE_DESC_WHOLE_ANSWERS | \
			 VLB_QUEUE_DESC_FORGETFUL | VLB_QUEUE_DESC_WHOLE_TRANSFERS | \
			 VLB_QUEUE_DESC_POSTED | VLB_QUEUE_DESC_STREAM)

/* Bits that belong to the transport, in every version of the specification so far. */
#define VLB_TRANSPORT_FIRST	24
#define VLB_TRANSPORT_LAST	41

static bool name_is_valid(const char *name)
{
	size_t len = strnlen(name, VLB_NAME_SIZE);
	size_t i;

	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) && !strchr("_.-", name[i])))
			return false;
	return len && len < VLB_NAME_SIZE && *name != '.' && *name != '-';
}

static bool queues_are_valid(const struct vlb_device_desc *desc)
{
	u32 i;

	if (!desc->num_queues || desc->num_queues > VLB_MAX_QUEUES)
		return false;
	for (i = 0; i < desc->num_queues; i++)
		if (!is_power_of_2(desc->queue[i].size) ||
		    desc->queue[i].size > VLB_MAX_QUEUE_SIZE ||
		    desc->queue[i].lost > VLB_LOST_WAIT || desc->queue[i].flags & ~QUEUE_FLAGS)
			return false;
	return !memchr_inv(&desc->queue[i], 0, (VLB_MAX_QUEUES - i) * sizeof(desc->queue[0]));
}

static bool desc_is_valid(const struct vlb_device_desc *desc)
{
	u64 transport = GENMASK_ULL(VLB_TRANSPORT_LAST, VLB_TRANSPORT_FIRST);

	return name_is_valid(desc->name) && queues_are_valid(desc) &&
	       desc->device_id && desc->device_id <= U16_MAX &&
	       desc->config_len <= VLB_CONFIG_SIZE &&
	       desc->select_len <= min(desc->config_len, 2u) && !desc->reserved2 &&
	       desc->fail_where <= VLB_FAIL_AT_END && desc->fail_len <= VLB_FAIL_SIZE &&
	       desc->features & BIT_ULL(VIRTIO_F_VERSION_1) &&
	       !(desc->features & transport & ~vlb_device_ring_features()) &&
	       !memchr_inv(desc->reserved, 0, sizeof(desc->reserved));
}

static void device_release(struct device *dev)
{
	struct vlb_device *vlb = container_of(dev, struct vlb_device, dev);
	u32 i;

	synchronize_rcu(); /* a call by the last back-end may just be looking at its queue */
	for (i = 0; i < vlb->desc.num_queues; i++)
		vlb_queue_exit(&vlb->queue[i]);
	cancel_work_sync(&vlb->fail_work); /* a late submit_work may have queued it */
	vlb_pool_put(vlb->pool);
	vlb_window_put(vlb->window);
	vlb_shared_put(&vlb->shared);
	vlb_config_free_pages(vlb);
	kvfree(vlb);
	atomic_dec(&num_devices);
	smp_mb__after_atomic(); /* wake_up_var() looks for sleepers without a lock */
	wake_up_var(&num_devices);
}

static int init_queues(struct vlb_device *dev)
{
	u32 i;
	int err = 0;

	/* All of them, so that device_release() may undo all of them. */
	for (i = 0; i < dev->desc.num_queues; i++)
		err = vlb_queue_init(&dev->queue[i], dev, i) ?: err;
	return err;
}

static struct vlb_device *alloc_device(const struct vlb_device_desc *desc)
{
	struct vlb_device *dev;

	dev = kvzalloc(struct_size(dev, queue, desc->num_queues), GFP_KERNEL);
	if (!dev)
		return NULL;
	atomic_inc(&num_devices);
	dev->desc = *desc;
	mutex_init(&dev->lock);
	spin_lock_init(&dev->config_lock);
	INIT_LIST_HEAD(&dev->config_pages);
	init_waitqueue_head(&dev->wait);
	device_initialize(&dev->dev);
	dev->dev.class = &device_class;
	dev->dev.release = device_release;
	vlb_removal_init(dev);
	vlb_restart_init(dev);
	vlb_power_init(dev);
	vlb_transport_init(dev);
	vlb_attributes_init(dev);
	return dev;
}

static struct vlb_device *find_locked(const char *name)
{
	struct vlb_device *dev;

	lockdep_assert_held(&vlb_devices_lock);
	list_for_each_entry(dev, &devices, node)
		if (!strcmp(dev->desc.name, name))
			return dev;
	return NULL;
}

static int enlist(struct vlb_device *dev)
{
	int err;

	mutex_lock(&vlb_devices_lock);
	err = find_locked(dev->desc.name) ? -EEXIST : device_add(&dev->dev);
	if (!err)
		list_add_tail(&dev->node, &devices);
	mutex_unlock(&vlb_devices_lock);
	return err;
}

/**
 * vlb_device_create - make a device, not yet registered
 * @desc: what it is to be; checked here
 * @owner: the file that will own it
 *
 * Return: the device with a reference for the owner, or -EINVAL, -EEXIST, -ENOMEM.
 */
struct vlb_device *vlb_device_create(const struct vlb_device_desc *desc, struct vlb_file *owner)
{
	struct vlb_device *dev;
	int err;

	if (!desc_is_valid(desc))
		return ERR_PTR(-EINVAL);
	dev = alloc_device(desc);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->owner = owner;
	dev->owner_pid = task_tgid_nr(current);
	err = init_queues(dev) ?: dev_set_name(&dev->dev, "%s", desc->name);
	if (err)
		goto put;
	/* Both before it can be found, and removed. */
	get_device(&dev->dev); /* the owner's */
	__module_get(THIS_MODULE); /* until the end of the removal */
	err = enlist(dev);
	if (!err)
		return dev;
	module_put(THIS_MODULE);
	put_device(&dev->dev);
put:
	put_device(&dev->dev);
	return ERR_PTR(err);
}

/* The device of that name with a reference, or NULL. */
struct vlb_device *vlb_device_find(const char *name)
{
	struct vlb_device *dev;

	mutex_lock(&vlb_devices_lock);
	dev = find_locked(name);
	if (dev)
		get_device(&dev->dev);
	mutex_unlock(&vlb_devices_lock);
	return dev;
}

/* Call @fn for every device until one returns an error, which is returned. */
int vlb_device_for_each(int (*fn)(struct vlb_device *dev))
{
	struct vlb_device *dev;
	int err = 0;

	mutex_lock(&vlb_devices_lock);
	list_for_each_entry(dev, &devices, node) {
		err = fn(dev);
		if (err)
			break;
	}
	mutex_unlock(&vlb_devices_lock);
	return err;
}

/* The name is free again. */
void vlb_device_unlist(struct vlb_device *dev)
{
	mutex_lock(&vlb_devices_lock);
	list_del(&dev->node);
	device_del(&dev->dev);
	mutex_unlock(&vlb_devices_lock);
}

/**
 * vlb_device_adopt - take over a device whose owner has gone
 * @dev: the device
 * @owner: the new owner
 *
 * Return: 0, -EBUSY (it has an owner) or -ESHUTDOWN (it is being removed).
 */
int vlb_device_adopt(struct vlb_device *dev, struct vlb_file *owner)
{
	int err = 0;

	mutex_lock(&dev->lock);
	if (test_bit(VLB_REMOVING, &dev->flags))
		err = -ESHUTDOWN;
	else if (dev->owner)
		err = -EBUSY;
	if (!err) {
		dev->owner = owner;
		dev->owner_pid = task_tgid_nr(current);
		vlb_message_renew(dev);
		vlb_timeout_update(dev);
	}
	mutex_unlock(&dev->lock);
	return err;
}

/* The owner's file was closed. */
void vlb_device_disown(struct vlb_device *dev)
{
	vlb_device_stop(dev);
	mutex_lock(&dev->lock);
	dev->owner = NULL;
	dev->owner_pid = 0;
	vlb_timeout_update(dev);
	mutex_unlock(&dev->lock);
	if (!test_bit(VLB_REGISTERED, &dev->flags))
		vlb_device_remove(dev, VLB_REMOVED_REQUEST);
}
