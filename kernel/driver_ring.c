// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver ring: the split virtqueue that the virtio driver made, used from the
 * device's side (virtio spec 2.7). It lies in private kernel memory; its other user is
 * the kernel's own virtio core, so its contents are trusted to be what the driver
 * meant, but not to be free of bugs: a bad chain is an error, not an oops.
 *
 * Two sides run at the same time. The submitting side owns last_avail and the
 * available ring, the completing side owns used_idx and the used ring. Descriptors of
 * a request belong to whoever holds it, from peek() to push_used().
 *
 * Context: any.
 */
#include <asm/barrier.h>
#include <linux/compiler.h>

#include "driver_ring.h"
#include "ring_access.h"

void vlb_driver_ring_init(struct vlb_driver_ring *ring, const struct vring *vring,
			  bool event_idx)
{
	*ring = (struct vlb_driver_ring){ .vring = *vring, .event_idx = event_idx };
}

/* Where the driver says when it wants an interrupt. */
static __virtio16 *used_event(const struct vlb_driver_ring *ring)
{
	return (__virtio16 *)&vring_used_event(&ring->vring);
}

/* Where the device says when it wants a kick. */
static __virtio16 *avail_event(const struct vlb_driver_ring *ring)
{
	return (__virtio16 *)&vring_avail_event(&ring->vring);
}

/**
 * vlb_driver_ring_enable_kicks - ask to be notified of the next request
 * @ring: the ring
 *
 * Return: whether a request came in the meantime, for which no kick may come.
 */
bool vlb_driver_ring_enable_kicks(struct vlb_driver_ring *ring)
{
	if (ring->event_idx)
		vlb_ring_put16(avail_event(ring), ring->last_avail);
	smp_mb(); /* the event before the index; pairs with the driver's kick */
	return vlb_ring_get16(&ring->vring.avail->idx) != ring->last_avail;
}

/* Does the driver want an interrupt for what was pushed since the last question? */
bool vlb_driver_ring_need_interrupt(struct vlb_driver_ring *ring)
{
	u16 old = ring->signalled;

	if (old == ring->used_idx)
		return false;
	ring->signalled = ring->used_idx;
	smp_mb(); /* the used index before the event; pairs with virtqueue_enable_cb */
	if (ring->event_idx)
		return vring_need_event(vlb_ring_get16(used_event(ring)),
					ring->used_idx, old);
	return !(vlb_ring_get16(&ring->vring.avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}
