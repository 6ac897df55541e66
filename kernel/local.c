// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues that the module serves itself: VLB_QUEUE_DESC_LOCAL.
 *
 * A driver may spin until its control request is completed (virtio-net does), so that
 * nobody else can be asked: the module says yes to everything, inside the notification,
 * and the adapter hears of it afterwards. As with all messages that is state and not a
 * list: the last request of each kind.
 *
 * Context: any for vlb_local_serve(), one at a time (queue.c); process for the rest.
 */
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "local.h"
#include "relay.h"

#define KIND_LEN	2u	/* bytes that tell one kind from another */

struct vlb_local *vlb_local_create(void)
{
	struct vlb_local *local = kzalloc(sizeof(*local), GFP_KERNEL);

	if (local)
		spin_lock_init(&local->lock);
	return local;
}

/* The driver begins afresh. */
void vlb_local_reset(struct vlb_local *local)
{
	unsigned long flags;

	spin_lock_irqsave(&local->lock, flags);
	local->num_kinds = 0;
	local->unread = 0;
	spin_unlock_irqrestore(&local->lock, flags);
}

static void note(struct vlb_local *local, const struct vlb_control *control)
{
	unsigned long flags;
	u32 i;

	spin_lock_irqsave(&local->lock, flags);
	for (i = 0; i < local->num_kinds; i++)
		if (!memcmp(local->kinds[i].data, control->data, KIND_LEN))
			break;
	if (i < VLB_CONTROL_KINDS) {
		local->kinds[i] = *control;
		local->unread |= BIT(i);
		local->num_kinds = max_t(u32, local->num_kinds, i + 1);
	}
	spin_unlock_irqrestore(&local->lock, flags);
}

static void serve_one(struct vlb_local *local, struct vlb_relay *relay, u16 head)
{
	struct vlb_control control = { .queue = relay->index };
	struct vlb_segment seg;
	struct vlb_chain chain;
	u32 written = 0;
	u32 count;
	int ret;

	ret = vlb_chain_start(&chain, &relay->ring, head);
	while (!ret && vlb_chain_next(&chain, &seg) > 0) {
		if (seg.write) {
			memset(seg.data, 0, seg.len);
			written += seg.len;
			continue;
		}
		count = min_t(u32, seg.len, VLB_CONTROL_SIZE - control.len);
		memcpy(control.data + control.len, seg.data, count);
		control.len += count;
	}
	note(local, &control);
	relay->bytes += control.len + written;
	WRITE_ONCE(relay->submitted, relay->submitted + 1);
	WRITE_ONCE(relay->completed, relay->completed + 1);
	vlb_driver_ring_push_used(&relay->ring, head, written);
}

/**
 * vlb_local_serve - complete all requests that the driver has made available
 * @local: where to note them
 * @relay: the queue's, never with a shadow
 */
void vlb_local_serve(struct vlb_local *local, struct vlb_relay *relay)
{
	u16 head;

	do {
		while (vlb_driver_ring_peek(&relay->ring, &head)) {
			vlb_driver_ring_advance(&relay->ring);
			if (!WARN_ON_ONCE(head >= relay->ring.vring.num))
				serve_one(local, relay, head);
		}
	} while (vlb_driver_ring_enable_kicks(&relay->ring));
}

/* Take a request that has not been reported yet. */
bool vlb_local_next(struct vlb_local *local, struct vlb_control *control)
{
	unsigned long flags;
	bool found;
	u32 i;

	spin_lock_irqsave(&local->lock, flags);
	found = local->unread;
	if (found) {
		i = __ffs(local->unread);
		*control = local->kinds[i];
		local->unread &= ~BIT(i);
	}
	spin_unlock_irqrestore(&local->lock, flags);
	return found;
}

/* Somebody else has to be told everything. */
void vlb_local_renew(struct vlb_local *local)
{
	unsigned long flags;

	spin_lock_irqsave(&local->lock, flags);
	local->unread = BIT(local->num_kinds) - 1;
	spin_unlock_irqrestore(&local->lock, flags);
}
