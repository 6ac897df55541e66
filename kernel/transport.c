// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio transport: the device as the host kernel's virtio drivers see it.
 *
 * Nothing here waits for user space. What needs the back-end is left as a message, and
 * what the driver submits before the back-end is ready waits in the driver's ring. A
 * reset is complete when reset() returns, because no back-end ever touches the driver's
 * rings or buffers.
 *
 * Context: process, may sleep, unless stated otherwise. Probe, remove, freeze and restore
 * of one device are serialised by the lock of the virtio device (power.c takes it).
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_ring.h>

#include "device.h"

/* ---- features and status ---------------------------------------------------------- */

static u64 get_features(struct virtio_device *vdev)
{
	return vdev_to_vlb(vdev)->desc.features;
}

static int finalize_features(struct virtio_device *vdev)
{
	u64 reset = vdev->features & vlb_ring_reset_feature();

	vring_transport_features(vdev);
	/* The ring does not know of queue reset; the transport implements it. */
	vdev->features |= reset;
	if (!__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vdev->dev, "driver does not support virtio 1.0\n");
		return -EINVAL;
	}
	return 0;
}

/* Any context. */
static u8 get_status(struct virtio_device *vdev)
{
	const struct vlb_device *dev = vdev_to_vlb(vdev);

	return test_bit(VLB_LOOKS_RESET, &dev->flags) ? 0 : READ_ONCE(dev->status);
}

/* What could not be done before DRIVER_OK. */
static void driver_is_ready(struct vlb_device *dev)
{
	if (dev->config_news)
		virtio_config_changed(&dev->vdev);
	dev->config_news = false;
	vlb_device_requests_wait(dev);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	struct vlb_device *dev = vdev_to_vlb(vdev);

	/* What the core adds now is not to hide that the driver still runs. */
	if (test_bit(VLB_LOOKS_RESET, &dev->flags))
		return;
	mutex_lock(&dev->lock);
	if (status & ~dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		vlb_message_start(dev);
	WRITE_ONCE(dev->status, status);
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		driver_is_ready(dev);
	vlb_timeout_update(dev);
	mutex_unlock(&dev->lock);
}

/* The driver believes that the back-end has what was posted. */
static void drain(struct vlb_device *dev)
{
	u32 i;

	for (i = 0; i < dev->desc.num_queues; i++)
		if (dev->queue[i].posted)
			vlb_throttle_drain(&dev->queue[i]);
}

static void reset(struct virtio_device *vdev)
{
	struct vlb_device *dev = vdev_to_vlb(vdev);

	drain(dev);
	mutex_lock(&dev->lock);
	if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		vlb_message_reset(dev);
	WRITE_ONCE(dev->status, 0);
	clear_bit(VLB_LOOKS_RESET, &dev->flags);
	vlb_device_drop_ports(dev, ~0ULL);
	mutex_unlock(&dev->lock);
}

/* ---- virtqueues ------------------------------------------------------------------- */

static void attach_ring(struct vlb_queue *queue, struct virtqueue *vq)
{
	bool event_idx = virtio_has_feature(vq->vdev, VIRTIO_RING_F_EVENT_IDX);
	const struct vring *vring = virtqueue_get_vring(vq);

	lockdep_assert_held(&queue->dev->lock);
	if (queue->posted)
		vring = vlb_posted_attach(queue->posted, vring, event_idx);
	vlb_relay_reset(&queue->relay, vring, event_idx);
	queue->waiting = false;
	if (queue->local)
		vlb_local_reset(queue->local);
	smp_store_release(&queue->vq, vq); /* pairs with has_ring() */
}

static void detach_ring(struct vlb_queue *queue)
{
	lockdep_assert_held(&queue->dev->lock);
	vlb_device_drop_ports(queue->dev, BIT_ULL(queue->index));
	if (queue->posted)
		vlb_posted_detach(queue->posted);
	WRITE_ONCE(queue->vq, NULL);
	vlb_queue_quiesce(queue); /* the module itself may be serving it, or discarding */
}

static void del_vqs(struct virtio_device *vdev)
{
	struct vlb_device *dev = vdev_to_vlb(vdev);
	struct virtqueue *vq, *next;

	list_for_each_entry_safe(vq, next, &vdev->vqs, list) {
		mutex_lock(&dev->lock);
		detach_ring(vq->priv);
		mutex_unlock(&dev->lock);
		vring_del_virtqueue(vq);
	}
}

static struct virtqueue *create_vq(struct virtio_device *vdev, unsigned int index,
				   const struct vlb_vq_info *info)
{
	struct vlb_device *dev = vdev_to_vlb(vdev);
	struct virtqueue *vq;

	if (index >= dev->desc.num_queues)
		return ERR_PTR(-ENOENT);
	vq = vring_create_virtqueue(index, dev->desc.queue[index].size, SMP_CACHE_BYTES, vdev,
				    true, true, info->ctx, vlb_queue_notify, info->callback,
				    info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vlb_vq_set_num_max(vq, dev->desc.queue[index].size);
	vq->priv = &dev->queue[index];
	mutex_lock(&dev->lock);
	attach_ring(vq->priv, vq);
	mutex_unlock(&dev->lock);
	return vq;
}

static int find_vqs(struct virtio_device *vdev, unsigned int count, struct virtqueue *vqs[],
		    const struct vlb_vq_source *source)
{
	unsigned int i, index = 0;
	struct vlb_vq_info info;

	for (i = 0; i < count; i++) {
		vqs[i] = NULL;
		info = vlb_vq_info(source, i);
		if (!info.name)
			continue;
		vqs[i] = create_vq(vdev, index++, &info);
		if (IS_ERR(vqs[i])) {
			del_vqs(vdev);
			return PTR_ERR(vqs[i]);
		}
	}
	return 0;
}

VLB_DEFINE_FIND_VQS(find_vqs)

#ifdef VLB_HAVE_RING_RESET
static int disable_vq_and_reset(struct virtqueue *vq)
{
	struct vlb_queue *queue = vq->priv;

	if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;
	mutex_lock(&queue->dev->lock);
	detach_ring(queue);
	vlb_message_queue_reset(queue->dev, queue->index);
	mutex_unlock(&queue->dev->lock);
	vq->reset = true;
	return 0;
}

static int enable_vq_after_reset(struct virtqueue *vq)
{
	struct vlb_queue *queue = vq->priv;

	if (!vq->reset)
		return -EBUSY;
	vq->reset = false;
	mutex_lock(&queue->dev->lock); /* no start may come between the two */
	attach_ring(queue, vq);
	vlb_message_queue_start(queue->dev, queue->index);
	mutex_unlock(&queue->dev->lock);
	return 0;
}
#endif

/* Callbacks of the driver run inside rcu_read_lock(). */
#ifdef VLB_HAVE_SYNCHRONIZE_CBS
static void synchronize_cbs(struct virtio_device *vdev)
{
	synchronize_rcu();
}
#endif

/* Completions run where the back-end calls; only those left to a work item can move. */
static int set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask)
{
	struct vlb_queue *queue = vq->priv;
	unsigned int cpu = mask ? cpumask_any_and(mask, cpu_online_mask) : nr_cpu_ids;

	WRITE_ONCE(queue->cpu, cpu < nr_cpu_ids ? cpu : WORK_CPU_UNBOUND);
	return 0;
}

static const char *bus_name(struct virtio_device *vdev)
{
	return vdev_to_vlb(vdev)->desc.name;
}

static const struct virtio_config_ops config_ops = {
	.get = vlb_config_get,
	.set = vlb_config_set,
	.generation = vlb_config_generation,
	.get_status = get_status,
	.set_status = set_status,
	.reset = reset,
	.find_vqs = VLB_FIND_VQS,
	.del_vqs = del_vqs,
	.get_features = get_features,
	.finalize_features = finalize_features,
	.bus_name = bus_name,
	.set_vq_affinity = set_vq_affinity,
#ifdef VLB_HAVE_SYNCHRONIZE_CBS
	.synchronize_cbs = synchronize_cbs,
#endif
#ifdef VLB_HAVE_RING_RESET
	.disable_vq_and_reset = disable_vq_and_reset,
	.enable_vq_after_reset = enable_vq_after_reset,
#endif
};

static void vdev_release(struct device *dev)
{
	put_device(&vdev_to_vlb(dev_to_virtio(dev))->dev);
}

bool vlb_is_ours(const struct virtio_device *vdev)
{
	return vdev->config == &config_ops;
}

void vlb_transport_init(struct vlb_device *dev)
{
	dev->vdev.dev.parent = &dev->dev;
	dev->vdev.dev.release = vdev_release;
	dev->vdev.id.device = dev->desc.device_id;
	dev->vdev.id.vendor = dev->desc.vendor_id;
	dev->vdev.config = &config_ops;
}
