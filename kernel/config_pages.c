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

/* The driver has written its selector: show that page. config_lock is held. */
void vlb_config_select(struct vlb_device *dev)
{
	const struct vlb_config_page *page = find_page(dev, dev->config);
	u32 select_len = dev->desc.select_len;
	u32 len = dev->desc.config_len - select_len;

	if (page)
		memcpy(dev->config + select_len, page->data + select_len, len);
	else
		memset(dev->config + select_len, 0, len);
}

static bool is_whole(const struct vlb_device *dev, const struct vlb_config *config)
{
	return !config->offset && config->len == dev->desc.config_len;
}

/* Add @new or copy it over the page that is there; the caller frees what is returned. */
static struct vlb_config_page *put_page_locked(struct vlb_device *dev,
					       struct vlb_config_page *new, bool *changed)
{
	struct vlb_config_page *page = find_page(dev, new->data);

	if (!page) {
		list_add_tail(&new->node, &dev->config_pages);
		*changed = true;
		new = NULL;
	} else {
		*changed = memcmp(page->data, new->data, dev->desc.config_len);
		memcpy(page->data, new->data, dev->desc.config_len);
	}
	vlb_config_select(dev);
	dev->config_generation += *changed;
	return new;
}

/* As vlb_config_write(), for one page. Returns -ENOMEM too. */
int vlb_config_write_page(struct vlb_device *dev, const struct vlb_config *config)
{
	struct vlb_config_page *page;
	unsigned long flags;
	bool changed;

	if (!is_whole(dev, config))
		return -EINVAL;
	page = kmalloc(struct_size(page, data, config->len), GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	memcpy(page->data, config->data, config->len);
	spin_lock_irqsave(&dev->config_lock, flags);
	page = put_page_locked(dev, page, &changed);
	spin_unlock_irqrestore(&dev->config_lock, flags);
	kfree(page);
	return changed;
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
