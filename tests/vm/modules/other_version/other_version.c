// SPDX-License-Identifier: GPL-2.0-only
/* A /dev/virtio-loopback/control of an interface version that does not exist yet. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#define GET_INFO_NR	0

static long other_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	u32 version = 4711;

	if (_IOC_NR(cmd) != GET_INFO_NR)
		return -ENOTTY;
	return copy_to_user((void __user *)arg, &version, sizeof(version)) ? -EFAULT : 0;
}

static const struct file_operations other_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = other_ioctl,
};

static struct miscdevice other_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "virtio-loopback",
	.nodename = "virtio-loopback/control",
	.fops = &other_fops,
};

module_misc_device(other_device);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("virtio-loopback of another version, for tests");
