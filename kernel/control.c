// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/virtio-loopback/control. See include/uapi/linux/virtio_loopback.h for what it does.
 *
 * A file gets its device once and keeps the reference until it is closed, even when the
 * device has gone. One function an ioctl, dispatched from a table.
 *
 * Context: process; may sleep. Only read() and VLB_REMOVE wait, interruptibly.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "control.h"
#include "device.h"

/**
 * struct vlb_file - an open file
 * @lock: serialises VLB_CREATE and VLB_ADOPT
 * @dev: the device it owns or owned; set once
 */
struct vlb_file {
	struct mutex lock; /* see above */
	struct vlb_device *dev;
};

static struct vlb_device *file_device(struct vlb_file *file)
{
	return smp_load_acquire(&file->dev); /* pairs with file_set_device() */
}

static void file_set_device(struct vlb_file *file, struct vlb_device *dev)
{
	smp_store_release(&file->dev, dev); /* pairs with file_device() */
}

/* ---- any file -------------------------------------------------------------------- */

static long get_info(struct vlb_file *file, void __user *arg)
{
	struct vlb_info info = {
		.api_version = VLB_API_VERSION,
		.max_queues = VLB_MAX_QUEUES,
		.max_queue_size = VLB_MAX_QUEUE_SIZE,
		.ring_features = vlb_device_ring_features(),
	};

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static struct vlb_device *find(const void __user *arg)
{
	struct vlb_name name;

	if (copy_from_user(&name, arg, sizeof(name)))
		return ERR_PTR(-EFAULT);
	if (!memchr(name.name, 0, sizeof(name.name)))
		return ERR_PTR(-EINVAL);
	return vlb_device_find(name.name) ?: ERR_PTR(-ENOENT);
}

static long remove(struct vlb_file *file, void __user *arg)
{
	struct vlb_device *dev;
	long ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	dev = find(arg);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	vlb_device_remove(dev, VLB_REMOVED_REQUEST);
	ret = wait_for_completion_interruptible(&dev->gone);
	if (ret)
		ret = -EINTR; /* with -ERESTARTSYS the wait could not be given up */
	else if (vlb_device_failed(dev))
		ret = -EIO;
	put_device(&dev->dev);
	return ret;
}

/* ---- becoming the owner: a device with a reference for the file -------------------- */

static struct vlb_device *create(struct vlb_file *file, void __user *arg)
{
	struct vlb_device_desc *desc = memdup_user(arg, sizeof(*desc));
	struct vlb_device *dev;

	if (IS_ERR(desc))
		return ERR_CAST(desc);
	dev = vlb_device_create(desc, file);
	kfree(desc);
	return dev;
}

static struct vlb_device *adopt(struct vlb_file *file, void __user *arg)
{
	struct vlb_device *dev = find(arg);
	int err;

	if (IS_ERR(dev))
		return dev;
	/* It never changes, so that it may be told before. */
	err = copy_to_user(arg, &dev->desc, sizeof(dev->desc)) ? -EFAULT :
	      vlb_device_adopt(dev, file);
	if (!err)
		return dev;
	put_device(&dev->dev);
	return ERR_PTR(err);
}

static long become_owner(struct vlb_file *file, void __user *arg,
			 struct vlb_device *(*get)(struct vlb_file *file, void __user *arg))
{
	struct vlb_device *dev;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (mutex_lock_interruptible(&file->lock)) /* held while user memory is copied */
		return -EINTR;
	dev = file->dev ? ERR_PTR(-EBUSY) : get(file, arg);
	if (!IS_ERR(dev))
		file_set_device(file, dev);
	mutex_unlock(&file->lock);
	return PTR_ERR_OR_ZERO(dev);
}

/* ---- the owner ------------------------------------------------------------------- */

/* The limits are those of whoever opened the file; it may have dropped privileges since. */
static bool is_unlimited(struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_IPC_LOCK);
}

static long set_pool(struct file *file, struct vlb_device *dev, void __user *arg)
{
	struct vlb_pool pool;
	int err;

	if (copy_from_user(&pool, arg, sizeof(pool)))
		return -EFAULT;
	if (pool.flags || pool.reserved)
		return -EINVAL;
	err = vlb_device_set_pool(dev, &pool, is_unlimited(file));
	if (err)
		return err;
	return copy_to_user(arg, &pool, sizeof(pool)) ? -EFAULT : 0;
}

static long open_window(struct file *file, struct vlb_device *dev, void __user *arg)
{
	struct vlb_open_window open;
	struct file *window;
	int err, fd;

	if (copy_from_user(&open, arg, sizeof(open)))
		return -EFAULT;
	if (open.flags || memchr_inv(open.reserved, 0, sizeof(open.reserved)) ||
	    !open.revoke_ms || open.revoke_ms > VLB_MAX_REVOKE_MS)
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	err = vlb_device_open_window(dev, &open, &window);
	if (err) {
		put_unused_fd(fd);
		return err;
	}
	open.fd = fd;
	open.size = i_size_read(file_inode(window));
	if (copy_to_user(arg, &open, sizeof(open))) {
		fput(window);
		put_unused_fd(fd);
		return -EFAULT;
	}
	fd_install(fd, window);
	return 0;
}

static long share_memory(struct file *file, struct vlb_device *dev, void __user *arg)
{
	struct vlb_share_memory share;

	if (copy_from_user(&share, arg, sizeof(share)))
		return -EFAULT;
	if (share.flags || memchr_inv(share.reserved, 0, sizeof(share.reserved)))
		return -EINVAL;
	return vlb_device_share_memory(dev, &share);
}

static long set_config(struct file *file, struct vlb_device *dev, void __user *arg)
{
	struct vlb_config config;
	int changed;

	if (copy_from_user(&config, arg, sizeof(config)))
		return -EFAULT;
	if (config.len > sizeof(config.data))
		return -EINVAL;
	changed = vlb_config_write(dev, &config);
	if (changed > 0)
		vlb_device_config_changed(dev);
	return min(changed, 0);
}

static long get_config(struct file *file, struct vlb_device *dev, void __user *arg)
{
	struct vlb_config config;
	int err;

	if (copy_from_user(&config, arg, sizeof(config)))
		return -EFAULT;
	if (config.len > sizeof(config.data))
		return -EINVAL;
	err = vlb_config_read(dev, &config);
	if (err)
		return err;
	return copy_to_user(arg, &config, sizeof(config)) ? -EFAULT : 0;
}

static long register_device(struct file *file, struct vlb_device *dev, void __user *arg)
{
	return vlb_device_register(dev);
}

/* The file descriptor must exist before the queue starts: that cannot be undone. */
static long start_queue_with_fd(struct vlb_device *dev, struct vlb_queue_start *start)
{
	struct file *call_file = NULL;
	int fd = get_unused_fd_flags(O_CLOEXEC);
	int err;

	if (fd < 0)
		return fd;
	err = vlb_device_start_queue(dev, start, &call_file);
	if (err) {
		put_unused_fd(fd);
		return err;
	}
	fd_install(fd, call_file);
	start->call_fd = fd;
	return 0;
}

static long start_queue(struct file *file, struct vlb_device *dev, void __user *arg)
{
	struct vlb_queue_start start;
	int err;

	if (copy_from_user(&start, arg, sizeof(start)))
		return -EFAULT;
	err = start.flags & VLB_QUEUE_CALL_EVENTFD ?
	      vlb_device_start_queue(dev, &start, NULL) : start_queue_with_fd(dev, &start);
	if (err)
		return err;
	return copy_to_user(arg, &start, sizeof(start)) ? -EFAULT : 0;
}

static long restart_driver(struct file *file, struct vlb_device *dev, void __user *arg)
{
	return vlb_restart_driver(dev);
}

static long stop(struct file *file, struct vlb_device *dev, void __user *arg)
{
	vlb_device_stop(dev);
	return 0;
}

/* ---- file operations --------------------------------------------------------------- */

static const struct {
	unsigned int cmd;
	long (*any)(struct vlb_file *file, void __user *arg);
	struct vlb_device *(*get)(struct vlb_file *file, void __user *arg);
	long (*owner)(struct file *file, struct vlb_device *dev, void __user *arg);
} ioctls[] = {
	{ VLB_GET_INFO, .any = get_info },
	{ VLB_CREATE, .get = create },
	{ VLB_ADOPT, .get = adopt },
	{ VLB_REMOVE, .any = remove },
	{ VLB_SET_POOL, .owner = set_pool },
	{ VLB_OPEN_WINDOW, .owner = open_window },
	{ VLB_SHARE_MEMORY, .owner = share_memory },
	{ VLB_SET_CONFIG, .owner = set_config },
	{ VLB_GET_CONFIG, .owner = get_config },
	{ VLB_REGISTER, .owner = register_device },
	{ VLB_QUEUE_START, .owner = start_queue },
	{ VLB_STOP, .owner = stop },
	{ VLB_RESTART_DRIVER, .owner = restart_driver },
};

static long control_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vlb_file *vfile = file->private_data;
	struct vlb_device *dev = file_device(vfile);
	void __user *argp = (void __user *)arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ioctls); i++) {
		if (ioctls[i].cmd != cmd)
			continue;
		if (ioctls[i].any)
			return ioctls[i].any(vfile, argp);
		if (ioctls[i].get)
			return become_owner(vfile, argp, ioctls[i].get);
		if (!dev)
			return -ENXIO;
		if (test_bit(VLB_GONE, &dev->flags))
			return -ESHUTDOWN;
		return ioctls[i].owner(file, dev, argp);
	}
	return -ENOTTY;
}

static bool next_message(struct vlb_device *dev, struct vlb_msg *msg)
{
	bool found;

	memset(msg, 0, sizeof(*msg));
	mutex_lock(&dev->lock);
	found = vlb_message_next(dev, msg);
	mutex_unlock(&dev->lock);
	return found;
}

static ssize_t control_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct vlb_device *dev = file_device(file->private_data);
	struct vlb_msg msg;
	size_t done = 0;

	if (!dev)
		return -ENXIO;
	if (len < sizeof(msg))
		return -EINVAL;
	while (len - done >= sizeof(msg)) {
		if (next_message(dev, &msg)) {
			if (copy_to_user(buf + done, &msg, sizeof(msg)))
				return done ?: -EFAULT;
			done += sizeof(msg);
		} else if (done || test_bit(VLB_GONE, &dev->flags)) {
			break;
		} else if (file->f_flags & O_NONBLOCK) {
			return -EAGAIN;
		} else if (wait_event_interruptible(dev->wait, vlb_message_pending(dev))) {
			return -ERESTARTSYS;
		}
	}
	return done;
}

static __poll_t control_poll(struct file *file, poll_table *wait)
{
	struct vlb_device *dev = file_device(file->private_data);

	if (!dev)
		return EPOLLERR;
	poll_wait(file, &dev->wait, wait);
	if (vlb_message_pending(dev))
		return EPOLLIN | EPOLLRDNORM;
	return test_bit(VLB_GONE, &dev->flags) ? EPOLLHUP : 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	struct vlb_file *vfile = kzalloc(sizeof(*vfile), GFP_KERNEL);

	if (!vfile)
		return -ENOMEM;
	mutex_init(&vfile->lock);
	file->private_data = vfile;
	return nonseekable_open(inode, file);
}

static int control_release(struct inode *inode, struct file *file)
{
	struct vlb_file *vfile = file->private_data;

	if (vfile->dev) {
		vlb_device_disown(vfile->dev);
		put_device(&vfile->dev->dev);
	}
	kfree(vfile);
	return 0;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.read = control_read,
	.poll = control_poll,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "virtio-loopback",
	.nodename = "virtio-loopback/control", /* beside the links of the devices */
	.mode = 0600,
	.fops = &control_fops,
};

int vlb_control_register(void)
{
	return misc_register(&control_device);
}

void vlb_control_unregister(void)
{
	misc_deregister(&control_device);
}
