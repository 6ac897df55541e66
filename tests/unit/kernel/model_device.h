/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A back-end: the device's half of a split virtqueue, on the shadow ring and the pool
 * and nothing else. It asks the driver's model what a request must contain.
 */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include <linux/types.h>
#include <linux/virtio_ring.h>

#include "model_driver.h"

struct device_segment {
	u64 iova;
	u32 len;
	u16 index;
	bool write;
};

/* The segments of a request as the device sees them. */
struct device_chain {
	u16 head;
	bool indirect;
	u32 count;
	struct device_segment seg[DRIVER_MAX_NUM];
};

/**
 * struct device - a back-end of one queue
 * @grants: what the window shows, or NULL
 * @held: requests taken and not yet answered
 * @awake: it was kicked and looks at its ring
 */
struct device {
	struct vring vring;
	bool event_idx;
	u8 *pool;
	u32 pool_size;
	struct driver *driver;
	struct vlb_grants *grants;
	u16 last_avail;
	u16 used_idx;
	u16 signalled;
	u16 held[DRIVER_MAX_NUM];
	u32 num_held;
	bool awake;
};

void device_init(struct device *device, const struct vring *vring, bool event_idx, u8 *pool,
		 u32 pool_size, struct driver *driver, u16 start);
bool device_take(struct device *device);
void device_answer(struct device *device, u32 which, u32 len);
void device_use(struct device *device, u32 which, u32 len);
void device_publish(struct device *device);
bool device_need_call(struct device *device);
void device_disable_kicks(struct device *device);
bool device_enable_kicks(struct device *device);
void device_read_chain(const struct device *device, u16 head, struct device_chain *chain);

#endif
