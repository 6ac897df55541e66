// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's side of the adapter: ioctls of /dev/virtio-loopback/control.
 *
 * Each failure becomes a sentence that says what to do. The sentences are in one table;
 * an errno that is not there gets the plain text of the C library. They are stored, not
 * printed: while reconnecting the same failure may come every second.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "exit_status.h"

#define DEVICE_FILE	"/dev/virtio-loopback/control"

static const struct {
	unsigned long request;		/* 0: open */
	int err;			/* what the kernel says */
	int our_err;
	const char *sentence;
} sentences[] = {
	{ 0, ENOENT, VLB_E_MODULE,
	  "there is no " DEVICE_FILE ": the module is not loaded; try 'modprobe virtio_loopback'" },
	{ 0, ENXIO, VLB_E_MODULE,
	  DEVICE_FILE " has no driver: the module is not loaded; try 'modprobe virtio_loopback'" },
	{ 0, ENODEV, VLB_E_MODULE,
	  DEVICE_FILE " has no driver: the module is not loaded; try 'modprobe virtio_loopback'" },
	{ 0, EACCES, EACCES, "no permission to open " DEVICE_FILE ": run as root" },
	{ 0, EPERM, EPERM, "no permission to open " DEVICE_FILE ": run as root" },
	{ VLB_GET_INFO, ENOTTY, VLB_E_MODULE,
	  DEVICE_FILE " has another interface version than this tool: module and tool must come from the same release" },
	{ VLB_CREATE, EPERM, EPERM, "creating devices needs CAP_SYS_ADMIN: run as root" },
	{ VLB_CREATE, EEXIST, EEXIST, "the name is in use" },
	{ VLB_CREATE, EINVAL, VLB_E_REFUSED,
	  "the module refuses the device's description; see the kernel log" },
	{ VLB_ADOPT, EPERM, EPERM, "taking over a device needs CAP_SYS_ADMIN: run as root" },
	{ VLB_ADOPT, EBUSY, EBUSY,
	  "the name is already in use by a running adapter: choose another --name, or detach it first" },
	{ VLB_ADOPT, ESHUTDOWN, EBUSY, "a device of this name is just being removed: try again" },
	{ VLB_ADOPT, ENOENT, ENOENT, "there is no such device" },
	{ VLB_SET_POOL, ENOSPC, ENOSPC,
	  "the pool is too small for the queues: use a larger --pool-size, fewer --queues or a smaller --queue-size" },
	{ VLB_SET_POOL, ENOMEM, ENOMEM,
	  "the pool does not fit into memory: it may have half of it at most, and RLIMIT_MEMLOCK (ulimit -l); use a smaller --pool-size" },
	{ VLB_SET_POOL, EINVAL, VLB_E_REFUSED, "the module refuses the pool: it is not of a size that it can use" },
	{ VLB_REMOVE, EPERM, EPERM, "removing a device needs CAP_SYS_ADMIN: run as root" },
	{ VLB_REMOVE, EIO, VLB_E_FAILED,
	  "the device is gone, but requests had to be failed: the back-end did not finish them" },
	{ VLB_REMOVE, ENOENT, ENOENT, "there is no such device; see 'virtio-loopback list'" },
};

static int explain(struct vlb_device *dev, unsigned long request, const char *what, int err)
{
	size_t i;

	for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (sentences[i].request == request && sentences[i].err == err) {
			snprintf(dev->why, sizeof(dev->why), "%s", sentences[i].sentence);
			return -sentences[i].our_err;
		}
	}
	snprintf(dev->why, sizeof(dev->why), "cannot %s: %s", what, strerror(err));
	/* EINVAL is the tool's word for wrong usage, and this is not the user's fault. */
	return err == EINVAL ? -VLB_E_REFUSED : -err;
}

static int call(struct vlb_device *dev, unsigned long request, void *arg, const char *what)
{
	if (ioctl(dev->fd, request, arg) < 0)
		return explain(dev, request, what, errno);
	return 0;
}

int vlb_device_open(struct vlb_device *dev)
{
	int ret;

	memset(dev, 0, sizeof(*dev));
	dev->fd = open(DEVICE_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (dev->fd < 0)
		return explain(dev, 0, "open " DEVICE_FILE, errno);
	ret = call(dev, VLB_GET_INFO, &dev->info, "ask the module for its version");
	if (!ret && dev->info.api_version != VLB_API_VERSION) {
		snprintf(dev->why, sizeof(dev->why),
			 "the module has interface version %" PRIu32 ", this tool %d: "
			 "both must come from the same release", dev->info.api_version,
			 VLB_API_VERSION);
		ret = -VLB_E_MODULE;
	}
	if (ret)
		vlb_device_close(dev);
	return ret;
}

void vlb_device_close(struct vlb_device *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
}

int vlb_device_create(struct vlb_device *dev, const struct vlb_device_desc *desc)
{
	return call(dev, VLB_CREATE, (void *)desc, "create the device");
}

int vlb_device_adopt(struct vlb_device *dev, const char *name, struct vlb_device_desc *desc)
{
	union vlb_adopt adopt = {};
	int ret;

	snprintf(adopt.name.name, sizeof(adopt.name.name), "%s", name);
	ret = call(dev, VLB_ADOPT, &adopt, "take over the device");
	if (!ret)
		*desc = adopt.desc;
	return ret;
}

int vlb_device_set_pool(struct vlb_device *dev, int fd, __u64 size, __u64 *arena_size)
{
	struct vlb_pool pool = { .fd = fd, .size = size };
	int ret;

	ret = call(dev, VLB_SET_POOL, &pool, "hand over the pool");
	if (!ret)
		*arena_size = pool.arena_size;
	return ret;
}

int vlb_device_open_window(struct vlb_device *dev, struct vlb_open_window *window)
{
	return call(dev, VLB_OPEN_WINDOW, window, "open a window to the driver's memory");
}

int vlb_device_share_memory(struct vlb_device *dev, int fd, __u64 size)
{
	struct vlb_share_memory share = { .fd = fd, .size = size };

	return call(dev, VLB_SHARE_MEMORY, &share, "share memory");
}

int vlb_device_set_config(struct vlb_device *dev, const void *config, unsigned int len)
{
	struct vlb_config set = { .len = len };

	if (len > sizeof(set.data))
		return -E2BIG;
	memcpy(set.data, config, len);
	return call(dev, VLB_SET_CONFIG, &set, "set the configuration space");
}

int vlb_device_get_config(struct vlb_device *dev, void *config, unsigned int len)
{
	struct vlb_config get = { .len = len };
	int ret;

	if (len > sizeof(get.data))
		return -E2BIG;
	memcpy(get.data, config, len);
	ret = call(dev, VLB_GET_CONFIG, &get, "read the configuration space");
	if (!ret)
		memcpy(config, get.data, len);
	return ret;
}

int vlb_device_register(struct vlb_device *dev)
{
	return call(dev, VLB_REGISTER, NULL, "offer the device to its driver");
}

int vlb_device_queue_start(struct vlb_device *dev, struct vlb_queue_start *start)
{
	return call(dev, VLB_QUEUE_START, start, "start a queue");
}

int vlb_device_stop(struct vlb_device *dev)
{
	return call(dev, VLB_STOP, NULL, "stop the queues");
}

int vlb_device_restart_driver(struct vlb_device *dev)
{
	return call(dev, VLB_RESTART_DRIVER, NULL, "let the driver start over");
}

int vlb_device_remove(struct vlb_device *dev, const char *name)
{
	struct vlb_name remove = {};

	snprintf(remove.name, sizeof(remove.name), "%s", name);
	return call(dev, VLB_REMOVE, &remove, "remove the device");
}

int vlb_device_read(struct vlb_device *dev, struct vlb_msg *msgs, unsigned int count)
{
	ssize_t size = read(dev->fd, msgs, count * sizeof(*msgs));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (size < 0)
		return explain(dev, ~0UL, "read the module's messages", errno);
	if (!size || (size_t)size % sizeof(*msgs)) {
		snprintf(dev->why, sizeof(dev->why),
			 "the module sent %zd bytes, which are no messages", size);
		return -VLB_E_MODULE;
	}
	return (int)((size_t)size / sizeof(*msgs));
}
