// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session: the time during which a back-end serves a device. It begins with
 * VLB_SET_POOL and VLB_QUEUE_START and ends with VLB_STOP, the owner's close, a reset by
 * the driver, or the failure of the device. The driver notices none of it: what is in
 * flight stays in flight, and what it submits waits in its ring.
 *
 * Context: process; may sleep, never for user space.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/virtio_config.h>

#include "call.h"
#include "device.h"
#include "pool.h"
#include "window.h"

/* There are no ports, so all grants of the last window have ended: its counts are final. */
static void replace_window(struct vlb_device *dev, struct vlb_window **window)
{
	lockdep_assert_held(&dev->lock);
	if (dev->window) {
		dev->past_faults += atomic64_read(&dev->window->faults);
		dev->past_revoked += atomic64_read(&dev->window->revoked);
	}
	swap(*window, dev->window);
}

/**
 * vlb_device_set_pool - the memory for the ports to come
 * @dev: the device
 * @pool: in and out as for VLB_SET_POOL
 * @unlimited: RLIMIT_MEMLOCK does not apply
 *
 * Arenas never become smaller, so that whatever is in flight can be replayed.
 */
int vlb_device_set_pool(struct vlb_device *dev, struct vlb_pool *pool, bool unlimited)
{
	struct vlb_pool_map *map = vlb_pool_create(pool, &dev->desc, unlimited);
	struct vlb_window *window = NULL;
	struct vlb_shared shared = {};
	int err = 0;

	if (IS_ERR(map))
		return PTR_ERR(map);
	pool->arena_size = map->arena_size;
	mutex_lock(&dev->lock);
	if (dev->num_ports)
		err = -EBUSY;
	else if (dev->pool && map->arena_size < dev->pool->arena_size)
		err = -ENOSPC;
	if (!err) {
		swap(map, dev->pool);
		replace_window(dev, &window);
		swap(shared, dev->shared);
	}
	mutex_unlock(&dev->lock);
	vlb_pool_put(map);
	vlb_window_put(window);
	vlb_shared_put(&shared);
	return err;
}

/* Whether what belongs to a pool may be added now. */
static int check_addition(const struct vlb_device *dev)
{
	lockdep_assert_held(&dev->lock);
	if (dev->num_ports)
		return -EBUSY;
	return dev->pool ? 0 : -EINVAL;
}

/**
 * vlb_device_open_window - show buffers in place to the ports to come
 * @dev: the device
 * @open: as for VLB_OPEN_WINDOW
 * @file: out: the window
 *
 * Return: 0 or an error as VLB_OPEN_WINDOW has it; *file is then not to be used.
 */
int vlb_device_open_window(struct vlb_device *dev, const struct vlb_open_window *open,
			   struct file **file)
{
	struct vlb_window *window = vlb_window_create(open, file);
	int err;

	if (IS_ERR(window))
		return PTR_ERR(window);
	mutex_lock(&dev->lock);
	err = check_addition(dev);
	if (!err)
		replace_window(dev, &window);
	mutex_unlock(&dev->lock);
	vlb_window_put(window);
	if (err)
		fput(*file);
	return err;
}

/**
 * vlb_device_share_memory - name buffers by their place in a file, for the ports to come
 * @dev: the device
 * @share: as for VLB_SHARE_MEMORY
 *
 * Return: 0 or an error as VLB_SHARE_MEMORY has it.
 */
int vlb_device_share_memory(struct vlb_device *dev, const struct vlb_share_memory *share)
{
	struct vlb_shared shared;
	int err = vlb_shared_open(&shared, share);

	if (err)
		return err;
	mutex_lock(&dev->lock);
	err = check_addition(dev);
	if (!err)
		swap(shared, dev->shared);
	mutex_unlock(&dev->lock);
	vlb_shared_put(&shared);
	return err;
}

static int check_start(const struct vlb_device *dev, const struct vlb_queue_start *start)
{
	const struct vlb_queue *queue;

	if (start->flags & ~VLB_QUEUE_CALL_EVENTFD || start->reserved ||
	    start->busy_poll_us > VLB_MAX_BUSY_POLL_US || start->index >= dev->desc.num_queues)
		return -EINVAL;
	queue = &dev->queue[start->index];
	if (queue->local)
		return -EINVAL;
	if (test_bit(VLB_FAILING, &dev->flags))
		return -ESHUTDOWN;
	if (!dev->pool)
		return -EINVAL;
	if (test_bit(VLB_UNBINDING, &dev->flags) ||
	    !(dev->status & VIRTIO_CONFIG_S_DRIVER_OK) || !queue->vq ||
	    start->generation != queue->generation)
		return -ESTALE;
	return rcu_access_pointer(queue->port) ? -EALREADY : 0;
}

static int start_locked(struct vlb_device *dev, struct vlb_queue_start *start,
			struct file **call_file)
{
	struct vlb_queue *queue;
	struct vlb_port *port;
	int err;

	err = check_start(dev, start);
	if (err)
		return err;
	queue = &dev->queue[start->index];
	port = vlb_port_create(queue, start);
	if (IS_ERR(port))
		return PTR_ERR(port);
	if (!(start->flags & VLB_QUEUE_CALL_EVENTFD)) {
		*call_file = vlb_call_open(port->call);
		if (IS_ERR(*call_file)) {
			vlb_call_disconnect(port->call);
			vlb_port_destroy(port);
			return PTR_ERR(*call_file);
		}
	}
	dev->num_ports++;
	vlb_busy_poll_start(&queue->busy_poll, start->busy_poll_us);
	vlb_queue_start(queue, port);
	vlb_timeout_update(dev);
	return 0;
}

/**
 * vlb_device_start_queue - let the back-end serve a queue
 * @dev: the device
 * @start: in and out as for VLB_QUEUE_START
 * @call_file: out: for the back-end to write to, unless VLB_QUEUE_CALL_EVENTFD
 *
 * Return: 0 or an error as VLB_QUEUE_START has it; *call_file is then not to be used.
 */
int vlb_device_start_queue(struct vlb_device *dev, struct vlb_queue_start *start,
			   struct file **call_file)
{
	int err;

	mutex_lock(&dev->lock);
	err = start_locked(dev, start, call_file);
	mutex_unlock(&dev->lock);
	return err;
}

/* Take the ports away; returns how many there were. */
static u32 unpublish(struct vlb_device *dev, u64 queues, struct vlb_port **ports)
{
	u32 i, count = 0;

	for (i = 0; i < dev->desc.num_queues; i++) {
		ports[i] = queues & BIT_ULL(i) ? vlb_queue_unpublish(&dev->queue[i]) : NULL;
		count += !!ports[i];
	}
	return count;
}

/* @settle: the driver still waits for its requests */
static void end_ports(struct vlb_device *dev, u64 queues, bool settle)
{
	struct vlb_port *ports[VLB_MAX_QUEUES];
	u32 i, count;

	lockdep_assert_held(&dev->lock);
	count = unpublish(dev, queues, ports);
	for (i = 0; i < dev->desc.num_queues; i++) {
		if (!ports[i])
			continue;
		vlb_queue_quiesce(&dev->queue[i]);
		if (settle)
			vlb_queue_settle(&dev->queue[i], ports[i]);
		vlb_port_destroy(ports[i]);
		if (settle)
			vlb_queue_lose_requests(&dev->queue[i]);
	}
	dev->num_ports -= count;
	vlb_timeout_update(dev);
}

/* As vlb_device_stop(), for who holds the lock. */
void vlb_device_stop_locked(struct vlb_device *dev)
{
	end_ports(dev, ~0ULL, true);
}

/* The back-end has gone: keep what is in flight, for the next one if there can be one. */
void vlb_device_stop(struct vlb_device *dev)
{
	mutex_lock(&dev->lock);
	vlb_device_stop_locked(dev);
	if (test_bit(VLB_REMOVING, &dev->flags) && !test_bit(VLB_GONE, &dev->flags))
		vlb_device_fail(dev);
	mutex_unlock(&dev->lock);
}

/* The driver has reset queues (bit n: queue n): forget what was in flight. */
void vlb_device_drop_ports(struct vlb_device *dev, u64 queues)
{
	end_ports(dev, queues, false);
}
