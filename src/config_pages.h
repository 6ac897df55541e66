/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_CONFIG_PAGES_H
#define VLB_CONFIG_PAGES_H

#include "adapter.h"

/*
 * Both return 0 or -errno, with the end of a sentence that begins with the back-end in
 * @adapter->fe.why.
 */

/* Give the module all pages that the back-end has. */
int vlb_config_pages_load(struct vlb_adapter *adapter);

/* -EPROTO unless the back-end has the pages that the module has already. */
int vlb_config_pages_check(struct vlb_adapter *adapter);

#endif
