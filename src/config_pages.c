// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration spaces with pages: what the driver reads depends on a selector that it
 * has written before (virtio-input, virtio specification 5.8.4).
 *
 * The driver does not wait between the two, so the module must have every answer from
 * the beginning. All selectors that the profile lists are tried on the back-end; those
 * with an answer become pages of the module. An empty page needs no place there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_pages.h"

/* Returns 0 or -errno; @page is @adapter->config_len bytes, its selector included. */
typedef int (*page_visitor)(struct vlb_adapter *adapter, const uint8_t *page);

static bool is_empty(const struct vlb_adapter *adapter, const uint8_t *page)
{
	unsigned int i;

	for (i = adapter->profile->select_len; i < adapter->config_len; i++) {
		if (page[i])
			return false;
	}
	return true;
}

static int read_page(struct vlb_adapter *adapter, uint8_t select, uint8_t subsel, uint8_t *page)
{
	const uint8_t selector[2] = { select, subsel };
	unsigned int select_len = adapter->profile->select_len;
	int ret;

	memset(page, 0, adapter->config_len);
	ret = vu_front_end_set_config(&adapter->fe, 0, selector, select_len);
	if (!ret)
		ret = vu_front_end_get_config(&adapter->fe, page, adapter->config_len);
	/* A back-end may as well refuse what it does not have. */
	if (ret == -EREMOTEIO)
		ret = 0;
	/* For a selector that they do not know some answer with another one, or none. */
	memcpy(page, selector, select_len);
	return ret;
}

static int visit_range(struct vlb_adapter *adapter, const struct vlb_page_range *range,
		       page_visitor visit)
{
	uint8_t list[VLB_CONFIG_SIZE] = {}, page[VLB_CONFIG_SIZE];
	const uint8_t *bitmap = list + range->bitmap_offset;
	unsigned int subsel;
	int ret = 0;

	if (range->listed)
		ret = read_page(adapter, range->by_select, range->by_subsel, list);
	for (subsel = range->first; subsel <= range->last && !ret; subsel++) {
		if (range->listed && !(bitmap[subsel / 8] & 1u << subsel % 8))
			continue;
		ret = read_page(adapter, range->select, (uint8_t)subsel, page);
		if (!ret)
			ret = visit(adapter, page);
	}
	return ret;
}

static int visit_pages(struct vlb_adapter *adapter, page_visitor visit)
{
	const struct vlb_page_range *range;
	int ret = 0;

	for (range = adapter->profile->pages; range->select && !ret; range++)
		ret = visit_range(adapter, range, visit);
	return ret;
}

static int module_failed(struct vlb_adapter *adapter, int err)
{
	snprintf(adapter->fe.why, sizeof(adapter->fe.why), "cannot be passed on: %.200s",
		 adapter->device.why);
	return err;
}

static int load_page(struct vlb_adapter *adapter, const uint8_t *page)
{
	int ret;

	if (is_empty(adapter, page))
		return 0;
	adapter->num_pages++;
	ret = vlb_device_set_config(&adapter->device, page, adapter->config_len);
	return ret ? module_failed(adapter, ret) : 0;
}

int vlb_config_pages_load(struct vlb_adapter *adapter)
{
	int ret;

	adapter->num_pages = 0;
	ret = visit_pages(adapter, load_page);
	if (!ret && !adapter->num_pages) {
		snprintf(adapter->fe.why, sizeof(adapter->fe.why),
			 "is no vhost-user-%s back-end: its configuration space is empty",
			 adapter->profile->name);
		return -EPROTO;
	}
	return ret;
}

static int check_page(struct vlb_adapter *adapter, const uint8_t *page)
{
	uint8_t ours[VLB_CONFIG_SIZE];
	int ret;

	memcpy(ours, page, adapter->config_len);
	ret = vlb_device_get_config(&adapter->device, ours, adapter->config_len);
	if (ret)
		return module_failed(adapter, ret);
	if (!memcmp(ours, page, adapter->config_len))
		return 0;
	snprintf(adapter->fe.why, sizeof(adapter->fe.why),
		 "has a different configuration space (page %u, %u)", page[0], page[1]);
	return -EPROTO;
}

int vlb_config_pages_check(struct vlb_adapter *adapter)
{
	return visit_pages(adapter, check_page);
}
