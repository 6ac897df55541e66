// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration spaces with a selector, such as virtio-input's: the driver writes a few
 * bytes at the beginning and reads at once what they select. That leaves no time to ask
 * the back-end, so the adapter hands over all pages before. The driver sees the page of
 * the selector that it wrote, or zeros behind it.
 *
 * Context: any for vlb_config_select(), process for the rest. config_lock guards pages.
 */
#include <linux/slab.h>

#include "device.h"

struct vlb_config_page {
	struct list_head node;
	u8 data[]; /* config_len bytes, the selector first */
};

static struct vlb_config_page *find_page(const struct vlb_device *dev, const u8 *selector)
{
	struct vlb_config_page *page;

	lockdep_assert_held(&dev->config_lock);
	list_for_each_entry(page, &dev->config_pages, node)
		if (!memcmp(page->data, selector, dev->desc.select_len))
			return page;
	return NULL;
}

/* Show the page of the selector. */
static void show_page(struct vlb_device *dev)
{
	const struct vlb_config_page *page = find_page(dev, dev->config);
	u32 select_len = dev->desc.select_len;
	u32 len = dev->desc.config_len - select_len;

	if (page)
		memcpy(dev->config + select_len, page->data + select_len, len);
	else
		memset(dev->config + select_len, 0, len);
}

/* The driver writes; behind the selector that has no effect. config_lock is held. */
void vlb_config_select(struct vlb_device *dev, u32 offset, const void *buf, u32 len)
{
	if (offset >= dev->desc.select_len)
		return;
	memcpy(dev->config + offset, buf, min(dev->desc.select_len - offset, len));
	show_page(dev);
}

static bool is_whole(const struct vlb_device *dev, const struct vlb_config *config)
{
	return !config->offset && config->len == dev->desc.config_len;
}

/*
 * Take over *@new, or its contents; what is left there is for the caller to free. Returns
 * whether that changes anything, or -ENOSPC.
 */
static int put_page_locked(struct vlb_device *dev, struct vlb_config_page **new)
{
	struct vlb_config_page *page = find_page(dev, (*new)->data);
	int changed = 1;

	if (page) {
		changed = !!memcmp(page->data, (*new)->data, dev->desc.config_len);
		memcpy(page->data, (*new)->data, dev->desc.config_len);
	} else if (dev->num_config_pages < VLB_MAX_CONFIG_PAGES) {
		list_add_tail(&(*new)->node, &dev->config_pages);
		dev->num_config_pages++;
		*new = NULL;
	} else {
		return -ENOSPC;
	}
	show_page(dev);
	dev->config_generation += changed;
	return changed;
}

/* As vlb_config_write(), for one page. Returns -ENOMEM and -ENOSPC too. */
int vlb_config_write_page(struct vlb_device *dev, const struct vlb_config *config)
{
	struct vlb_config_page *page;
	unsigned long flags;
	int ret;

	if (!is_whole(dev, config))
		return -EINVAL;
	page = kmalloc(struct_size(page, data, config->len), GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	memcpy(page->data, config->data, config->len);
	spin_lock_irqsave(&dev->config_lock, flags);
	ret = put_page_locked(dev, &page);
	spin_unlock_irqrestore(&dev->config_lock, flags);
	kfree(page);
	return ret;
}

/* VLB_GET_CONFIG, for the page whose selector is in config->data. */
int vlb_config_read_page(struct vlb_device *dev, struct vlb_config *config)
{
	u32 select_len = dev->desc.select_len;
	struct vlb_config_page *page;
	unsigned long flags;

	if (!is_whole(dev, config))
		return -EINVAL;
	spin_lock_irqsave(&dev->config_lock, flags);
	page = find_page(dev, config->data);
	if (page)
		memcpy(config->data, page->data, config->len);
	else
		memset(config->data + select_len, 0, config->len - select_len);
	spin_unlock_irqrestore(&dev->config_lock, flags);
	return 0;
}

/* Nobody uses the device any more. */
void vlb_config_free_pages(struct vlb_device *dev)
{
	struct vlb_config_page *page, *next;

	list_for_each_entry_safe(page, next, &dev->config_pages, node)
		kfree(page);
}
