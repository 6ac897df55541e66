/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_LOCAL_H
#define VLB_LOCAL_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio_loopback.h>

struct vlb_relay;

/**
 * struct vlb_local - what the driver has asked of a queue that the module serves
 * @lock: guards the rest
 * @num_kinds: entries of @kinds
 * @unread: bit n: kinds[n] is to be reported
 * @kinds: the last request of each kind
 */
struct vlb_local {
	spinlock_t lock; /* see above */
	u32 num_kinds;
	u32 unread;
	struct vlb_control kinds[VLB_CONTROL_KINDS];
};

struct vlb_local *vlb_local_create(void);
void vlb_local_reset(struct vlb_local *local);
void vlb_local_serve(struct vlb_local *local, struct vlb_relay *relay);
bool vlb_local_next(struct vlb_local *local, struct vlb_control *control);
void vlb_local_renew(struct vlb_local *local);

#endif
