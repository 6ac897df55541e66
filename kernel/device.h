/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_DEVICE_H
#define VLB_DEVICE_H

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/virtio_loopback.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "queue.h"

struct vlb_file;

/* Bits of vlb_device.flags; set once unless stated otherwise. */
enum {
	VLB_REGISTERED,	/* offered to the virtio drivers; cleared if that fails */
	VLB_REMOVING,	/* vlb_device_remove() was called */
	VLB_FAILING,	/* requests fail; no queue will start again */
	VLB_BROKEN,	/* the back-end broke the rules of the ring */
	VLB_GONE,	/* the virtio device does not exist any more */
	VLB_LOOKS_RESET, /* unbind.c shows no status; cleared by the reset */
	VLB_UNBINDING,	/* restart.c unbinds the driver: requests fail; cleared after that */
};

/* Bits of vlb_device.pending. */
enum {
	VLB_PENDING_RESET,
	VLB_PENDING_START,
	VLB_PENDING_REMOVED,
	VLB_PENDING_CONTROL,
};

/**
 * struct vlb_device - a device
 * @dev: /sys/class/virtio-loopback/NAME; counts references to all of this
 * @vdev: the virtio device, child of @dev; holds a reference to @dev
 * @node: in the registry
 * @desc: as created, never changed
 * @flags: VLB_REGISTERED and so on
 * @lock: guards what follows up to @config_lock, and the queues where they say so
 * @owner: the open file, or NULL
 * @owner_pid: its process
 * @status: virtio device status
 * @generation: number of the last VLB_MSG_START or VLB_MSG_QUEUE_START
 * @pool: memory of the next ports, or NULL
 * @window: where the next ports show buffers in place, or NULL
 * @past_faults: what earlier windows had counted
 * @past_revoked: likewise
 * @shared: memory that the next back-end has mapped already, if any
 * @num_ports: queues with a port
 * @pending: messages to be read: VLB_PENDING_*
 * @pending_queue_reset: bit n: VLB_MSG_QUEUE_RESET for queue n
 * @pending_queue_start: the same for VLB_MSG_QUEUE_START
 * @removed_reason: VLB_REMOVED_*
 * @failed_before: requests that had failed when the removal began
 * @lost: see timeout.c
 * @lost_since: see timeout.c
 * @lost_for: see timeout.c
 * @lost_replies: see timeout.c
 * @served_since: see timeout.c
 * @config_news: the configuration space changed while no driver could be told
 * @config_lock: guards what follows up to @wait; the driver may hold any lock
 * @config_generation: counts changes made by the back-end
 * @config: configuration space
 * @config_pages: see config_pages.c
 * @num_config_pages: their number
 * @config_written: bytes that the driver has ever written
 * @config_dirty: bytes to be read as VLB_MSG_CONFIG_WRITE
 * @wait: woken when a message is pending
 * @register_work: registers @vdev, which may wait for I/O
 * @remove_work: takes everything down
 * @restart_work: unbinds the driver and binds it again
 * @fail_work: fails all requests, while VLB_FAILING or VLB_UNBINDING
 * @timeout_work: see timeout.c
 * @grace_work: while VLB_REMOVING, looks whether the back-end makes progress
 * @grace_replies: requests served at the last look
 * @gone: completed with VLB_GONE
 * @freeze_work: see power.c
 * @freeze_done: see power.c
 * @freeze_err: see power.c
 * @freeze_state: see power.c
 * @frozen: see power.c
 * @stats_attrs: files of @stats_group
 * @latency_attrs: files of @latency_group
 * @stats_group: sysfs directory
 * @latency_group: sysfs directory
 * @groups: both
 * @queue: the queues
 */
struct vlb_device {
	struct device dev;
	struct virtio_device vdev;
	struct list_head node;
	struct vlb_device_desc desc;
	unsigned long flags;

	struct mutex lock; /* see above */
	struct vlb_file *owner;
	pid_t owner_pid;
	u8 status;
	u32 generation;
	struct vlb_pool_map *pool;
	struct vlb_window *window;
	u64 past_faults;
	u64 past_revoked;
	struct vlb_shared shared;
	u32 num_ports;
	unsigned long pending;
	u64 pending_queue_reset;
	u64 pending_queue_start;
	u32 removed_reason;
	u64 failed_before;
	bool lost;
	unsigned long lost_since;
	unsigned long lost_for;
	u64 lost_replies;
	unsigned long served_since;
	bool config_news;

	spinlock_t config_lock; /* see above */
	u32 config_generation;
	u8 config[VLB_CONFIG_SIZE];
	struct list_head config_pages;
	u32 num_config_pages;
	DECLARE_BITMAP(config_written, VLB_CONFIG_SIZE);
	DECLARE_BITMAP(config_dirty, VLB_CONFIG_SIZE);

	wait_queue_head_t wait;
	struct work_struct register_work;
	struct work_struct remove_work;
	struct work_struct restart_work;
	struct work_struct fail_work;
	struct delayed_work timeout_work;
	struct delayed_work grace_work;
	u64 grace_replies;
	struct completion gone;

	struct work_struct freeze_work;
	struct completion freeze_done;
	int freeze_err;
	atomic_t freeze_state;
	bool frozen;

	struct attribute *stats_attrs[VLB_MAX_QUEUES + 1];
	struct attribute *latency_attrs[VLB_MAX_QUEUES + 1];
	struct attribute_group stats_group;
	struct attribute_group latency_group;
	const struct attribute_group *groups[3];

	struct vlb_queue queue[];
};

static inline struct vlb_device *vdev_to_vlb(struct virtio_device *vdev)
{
	return container_of(vdev, struct vlb_device, vdev);
}

/* device.c: what a device is, and who owns it */
extern struct workqueue_struct *vlb_wq;	/* may wait for drivers, and so for I/O */
extern struct workqueue_struct *vlb_io_wq;	/* what I/O waits for */
extern struct workqueue_struct *vlb_batch_wq;	/* the same, when nobody else wants the CPU */
int vlb_devices_init(void);
void vlb_devices_exit(void);
struct vlb_device *vlb_device_create(const struct vlb_device_desc *desc, struct vlb_file *owner);
struct vlb_device *vlb_device_find(const char *name);
int vlb_device_for_each(int (*fn)(struct vlb_device *dev));
void vlb_device_unlist(struct vlb_device *dev);
int vlb_device_adopt(struct vlb_device *dev, struct vlb_file *owner);
void vlb_device_disown(struct vlb_device *dev);
u64 vlb_device_ring_features(void);

/* session.c: the back-end comes and goes */
int vlb_device_set_pool(struct vlb_device *dev, struct vlb_pool *pool, bool unlimited);
int vlb_device_open_window(struct vlb_device *dev, const struct vlb_open_window *open,
			   struct file **file);
int vlb_device_share_memory(struct vlb_device *dev, const struct vlb_share_memory *share);
int vlb_device_start_queue(struct vlb_device *dev, struct vlb_queue_start *start,
			   struct file **call_file);
void vlb_device_stop(struct vlb_device *dev);
void vlb_device_stop_locked(struct vlb_device *dev);
void vlb_device_drop_ports(struct vlb_device *dev, u64 queues);

/* timeout.c: how long it may be without a back-end */
void vlb_timeout_init(struct vlb_device *dev);
void vlb_timeout_update(struct vlb_device *dev);
void vlb_timeout_stop(struct vlb_device *dev);

/* removal.c: the device goes */
void vlb_removal_init(struct vlb_device *dev);
int vlb_device_register(struct vlb_device *dev);
void vlb_device_remove(struct vlb_device *dev, u32 reason);
void vlb_device_break(struct vlb_device *dev, const struct vlb_queue *queue);
void vlb_device_fail(struct vlb_device *dev);
void vlb_device_requests_wait(struct vlb_device *dev);
u64 vlb_device_replies(const struct vlb_device *dev);
bool vlb_device_is_busy(const struct vlb_device *dev);
u64 vlb_device_failed(const struct vlb_device *dev);
static inline bool vlb_device_is_broken(const struct vlb_device *dev)
{
	return test_bit(VLB_BROKEN, &dev->flags);
}

/* restart.c: the driver starts afresh */
void vlb_restart_init(struct vlb_device *dev);
int vlb_restart_driver(struct vlb_device *dev);

/* unbind.c: for drivers that have no remove function */
void vlb_unbind(struct vlb_device *dev, void (*unbind)(struct virtio_device *vdev));

/* transport.c: the device as the virtio drivers see it */
bool vlb_is_ours(const struct virtio_device *vdev);
void vlb_transport_init(struct vlb_device *dev);

/* config.c: the configuration space */
int vlb_config_write(struct vlb_device *dev, const struct vlb_config *config);
int vlb_config_read(struct vlb_device *dev, struct vlb_config *config);
void vlb_config_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len);
void vlb_config_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
		    unsigned int len);
u32 vlb_config_generation(struct virtio_device *vdev);
void vlb_device_config_changed(struct vlb_device *dev);

/* config_pages.c: the same with a selector */
int vlb_config_write_page(struct vlb_device *dev, const struct vlb_config *config);
int vlb_config_read_page(struct vlb_device *dev, struct vlb_config *config);
void vlb_config_select(struct vlb_device *dev, u32 offset, const void *buf, u32 len);
void vlb_config_free_pages(struct vlb_device *dev);

/* message.c: what the adapter reads */
bool vlb_message_pending(struct vlb_device *dev);
bool vlb_message_next(struct vlb_device *dev, struct vlb_msg *msg);
void vlb_message_start(struct vlb_device *dev);
void vlb_message_reset(struct vlb_device *dev);
void vlb_message_queue_reset(struct vlb_device *dev, u16 index);
void vlb_message_queue_start(struct vlb_device *dev, u16 index);
void vlb_message_removed(struct vlb_device *dev);
void vlb_message_control(struct vlb_device *dev);
void vlb_message_renew(struct vlb_device *dev);

/* power.c: suspend and resume */
void vlb_power_init(struct vlb_device *dev);
void vlb_power_wait_idle(struct vlb_device *dev);
void vlb_power_exclude(struct vlb_device *dev);
void vlb_power_include(struct vlb_device *dev);
int vlb_power_register(void);
void vlb_power_unregister(void);

/* attributes.c: sysfs */
extern const struct attribute_group *vlb_device_groups[];
void vlb_attributes_init(struct vlb_device *dev);

#endif
