// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/virtio-loopback/NAME/. Readable by everybody: names and counters only.
 *
 * Context: process; may sleep. Counters are read while they change.
 */
#include <linux/device.h>
#include <linux/sysfs.h>
#include <linux/virtio_config.h>

#include "device.h"
#include "pool.h"
#include "window.h"

#define to_vlb(d) container_of(d, struct vlb_device, dev)

#define VLB_ATTRIBUTE(name, format, expression)						\
static ssize_t name##_show(struct device *d, struct device_attribute *attr, char *buf)	\
{											\
	struct vlb_device *dev = to_vlb(d);						\
	ssize_t len;									\
											\
	mutex_lock(&dev->lock);								\
	len = sysfs_emit(buf, format "\n", expression);					\
	mutex_unlock(&dev->lock);							\
	return len;									\
}											\
static DEVICE_ATTR_RO(name)

static const char *state_name(const struct vlb_device *dev)
{
	if (test_bit(VLB_REMOVING, &dev->flags))
		return "removing";
	if (!test_bit(VLB_REGISTERED, &dev->flags))
		return "created";
	if (dev->num_ports)
		return "running";
	if (!dev->owner || dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		return "lost";
	return "waiting";
}

VLB_ATTRIBUTE(device_id, "%u", dev->desc.device_id);
VLB_ATTRIBUTE(vendor_id, "0x%08x", dev->desc.vendor_id);
VLB_ATTRIBUTE(features, "0x%016llx", dev->desc.features);
VLB_ATTRIBUTE(driver_features, "0x%016llx",
	      dev->status & VIRTIO_CONFIG_S_FEATURES_OK ? (u64)dev->vdev.features : 0);
VLB_ATTRIBUTE(num_queues, "%u", dev->desc.num_queues);
VLB_ATTRIBUTE(timeout_ms, "%u", dev->desc.timeout_ms);
VLB_ATTRIBUTE(adapter, "%d", dev->owner_pid);
VLB_ATTRIBUTE(state, "%s", state_name(dev));
VLB_ATTRIBUTE(pool_size, "%lu", dev->pool ? dev->pool->num_pages << PAGE_SHIFT : 0);
VLB_ATTRIBUTE(arena_size, "%u", dev->pool ? dev->pool->arena_size : 0);
VLB_ATTRIBUTE(grants, "%u", dev->window ? vlb_window_live(dev->window) : 0);
VLB_ATTRIBUTE(grant_faults, "%llu",
	      dev->past_faults + (dev->window ? (u64)atomic64_read(&dev->window->faults) : 0));
VLB_ATTRIBUTE(grants_revoked, "%llu",
	      dev->past_revoked + (dev->window ? (u64)atomic64_read(&dev->window->revoked) : 0));

static struct attribute *device_attrs[] = {
	&dev_attr_device_id.attr,
	&dev_attr_vendor_id.attr,
	&dev_attr_features.attr,
	&dev_attr_driver_features.attr,
	&dev_attr_num_queues.attr,
	&dev_attr_timeout_ms.attr,
	&dev_attr_adapter.attr,
	&dev_attr_state.attr,
	&dev_attr_pool_size.attr,
	&dev_attr_arena_size.attr,
	&dev_attr_grants.attr,
	&dev_attr_grant_faults.attr,
	&dev_attr_grants_revoked.attr,
	NULL
};

static const struct attribute_group device_group = {
	.attrs = device_attrs,
};

const struct attribute_group *vlb_device_groups[] = {
	&device_group,
	NULL
};

/* ---- stats/N and latency/N: one file a queue --------------------------------------- */

/* size requests bytes kicks calls in_flight replays errors granted shared copied */
static ssize_t stats_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct vlb_queue_attributes *attrs = container_of(attr, struct vlb_queue_attributes, stats);
	struct vlb_queue *queue = container_of(attrs, struct vlb_queue, attributes);
	u64 dropped = queue->posted ? READ_ONCE(queue->posted->dropped) : 0;
	const struct vlb_relay *relay = &queue->relay;

	return sysfs_emit(buf, "%u %llu %llu %llu %llu %u %llu %llu %llu %llu %llu\n",
			  relay->ring.vring.num,
			  READ_ONCE(relay->completed), READ_ONCE(relay->bytes),
			  READ_ONCE(relay->kicks), READ_ONCE(relay->calls),
			  vlb_relay_in_flight(relay), READ_ONCE(relay->replays),
			  READ_ONCE(relay->errors) + dropped,
			  READ_ONCE(relay->by_way[VLB_WAY_GRANT]),
			  READ_ONCE(relay->by_way[VLB_WAY_SHARE]),
			  READ_ONCE(relay->by_way[VLB_WAY_COPY]));
}

/*
 * The count of each bucket. Bucket b counts requests that took at least
 * (4 + b % 4) << (b / 4 + 8) ns; bucket 0 also those that took less.
 */
static ssize_t latency_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct vlb_queue_attributes *attrs = container_of(attr, struct vlb_queue_attributes,
							  latency);
	const struct vlb_relay *relay = &container_of(attrs, struct vlb_queue, attributes)->relay;
	ssize_t len = 0;
	u32 b;

	for (b = 0; b < VLB_LATENCY_BUCKETS; b++)
		len += sysfs_emit_at(buf, len, "%u%c", READ_ONCE(relay->latency[b]),
				     b < VLB_LATENCY_BUCKETS - 1 ? ' ' : '\n');
	return len;
}

static void init_queue_attribute(struct device_attribute *attr, const char *name,
				 ssize_t (*show)(struct device *, struct device_attribute *,
						 char *))
{
	sysfs_attr_init(&attr->attr);
	attr->attr.name = name;
	attr->attr.mode = 0444;
	attr->show = show;
}

/**
 * vlb_attributes_init - give each queue of a device its files
 * @dev: the device, before device_add()
 */
void vlb_attributes_init(struct vlb_device *dev)
{
	struct vlb_queue_attributes *attrs;
	u32 i;

	for (i = 0; i < dev->desc.num_queues; i++) {
		attrs = &dev->queue[i].attributes;
		snprintf(attrs->name, sizeof(attrs->name), "%u", i);
		init_queue_attribute(&attrs->stats, attrs->name, stats_show);
		init_queue_attribute(&attrs->latency, attrs->name, latency_show);
		dev->stats_attrs[i] = &attrs->stats.attr;
		dev->latency_attrs[i] = &attrs->latency.attr;
	}
	dev->stats_group = (struct attribute_group){ .name = "stats", .attrs = dev->stats_attrs };
	dev->latency_group = (struct attribute_group){
		.name = "latency", .attrs = dev->latency_attrs,
	};
	dev->groups[0] = &dev->stats_group;
	dev->groups[1] = &dev->latency_group;
	dev->dev.groups = dev->groups;
}
