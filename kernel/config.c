// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space. The driver is served from a copy in the kernel, so that no
 * access ever waits for user space; what it writes is recorded for the adapter to read.
 *
 * Context: any for the driver's side (config_changed callbacks run with interrupts
 * off), process for the adapter's. config_lock guards everything here.
 */
#include <linux/virtio_config.h>

#include "device.h"

static bool is_inside(const struct vlb_device *dev, u32 offset, u32 len)
{
	return offset <= dev->desc.config_len && len <= dev->desc.config_len - offset;
}

/* VLB_SET_CONFIG: what the back-end says. Returns 1 if it is news, 0 if not, or an error. */
int vlb_config_write(struct vlb_device *dev, const struct vlb_config *config)
{
	unsigned long flags;
	bool changed;

	if (dev->desc.select_len)
		return vlb_config_write_page(dev, config);
	if (!is_inside(dev, config->offset, config->len))
		return -EINVAL;
	spin_lock_irqsave(&dev->config_lock, flags);
	changed = memcmp(dev->config + config->offset, config->data, config->len);
	memcpy(dev->config + config->offset, config->data, config->len);
	dev->config_generation += changed;
	spin_unlock_irqrestore(&dev->config_lock, flags);
	return changed;
}

/* Tell the driver that its configuration space has changed; when it is ready, if not now. */
void vlb_device_config_changed(struct vlb_device *dev)
{
	mutex_lock(&dev->lock);
	if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		virtio_config_changed(&dev->vdev);
	else
		dev->config_news = test_bit(VLB_REGISTERED, &dev->flags);
	mutex_unlock(&dev->lock);
}

/* VLB_GET_CONFIG. */
int vlb_config_read(struct vlb_device *dev, struct vlb_config *config)
{
	unsigned long flags;

	if (dev->desc.select_len)
		return vlb_config_read_page(dev, config);
	if (!is_inside(dev, config->offset, config->len))
		return -EINVAL;
	spin_lock_irqsave(&dev->config_lock, flags);
	memcpy(config->data, dev->config + config->offset, config->len);
	spin_unlock_irqrestore(&dev->config_lock, flags);
	return 0;
}

void vlb_config_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	struct vlb_device *dev = vdev_to_vlb(vdev);
	unsigned long flags;

	/* Fields that this device does not have read as zero. */
	memset(buf, 0, len);
	if (!is_inside(dev, offset, len))
		return;
	spin_lock_irqsave(&dev->config_lock, flags);
	memcpy(buf, dev->config + offset, len);
	spin_unlock_irqrestore(&dev->config_lock, flags);
}

void vlb_config_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
		    unsigned int len)
{
	struct vlb_device *dev = vdev_to_vlb(vdev);
	unsigned long flags;

	if (!is_inside(dev, offset, len))
		return;
	spin_lock_irqsave(&dev->config_lock, flags);
	if (dev->desc.select_len) {
		vlb_config_select(dev, offset, buf, len);
	} else {
		memcpy(dev->config + offset, buf, len);
		bitmap_set(dev->config_written, offset, len);
		bitmap_set(dev->config_dirty, offset, len);
	}
	spin_unlock_irqrestore(&dev->config_lock, flags);
	wake_up_interruptible(&dev->wait);
}

u32 vlb_config_generation(struct virtio_device *vdev)
{
	return READ_ONCE(vdev_to_vlb(vdev)->config_generation);
}
