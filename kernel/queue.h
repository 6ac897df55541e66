/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_QUEUE_H
#define VLB_QUEUE_H

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "busy_poll.h"
#include "handover.h"
#include "local.h"
#include "port.h"
#include "posted.h"
#include "relay.h"
#include "throttle.h"

struct virtqueue;
struct vlb_device;

/**
 * struct vlb_queue_attributes - see attributes.c
 * @name: the queue's number
 * @stats: sysfs file stats/NAME
 * @latency: sysfs file latency/NAME
 */
struct vlb_queue_attributes {
	char name[11];
	struct device_attribute stats;
	struct device_attribute latency;
};

/**
 * struct vlb_queue - one queue of a device
 * @dev: the device; the queue is part of it
 * @index: the queue's number
 * @generation: what VLB_QUEUE_START must name; under dev->lock
 * @vq: the driver's virtqueue, NULL when it has none or has reset it; under dev->lock,
 *	and stable while @port is set
 * @relay: see relay.h
 * @local: if the module serves the queue; it never has a port
 * @posted: if the driver's requests are completed at once; @relay then serves its ring
 * @throttle: who has to wait for room in @posted
 * @discard: requests are completed with the fail response until there is a port again
 * @port: NULL without a back-end; changed under dev->lock, read under RCU
 * @waiting: the driver has notified when there was no port; the submitting side's
 * @submits: notifications by the driver that the submitting side has not finished
 * @completes: the same by the back-end, for the completing side
 * @kick_work: kicks where a direct kick is not allowed
 * @submit_work: submits what a busy owner has left
 * @complete_work: completes what a busy owner has left, and where nobody may complete
 *	in place
 * @look_work: hands out again what a forgetful back-end has forgotten
 * @look_delay: jiffies until the next look
 * @busy_poll: whether the submitter looks for its answer
 * @cpu: where @complete_work runs
 * @submit_cpu: where the driver has notified last, -1 if interrupts were off
 * @submitter_yields: whether a work item could preempt who did
 * @handover_call: takes the completing side to that CPU
 * @handover_tasklet: completes there
 * @handover_work: completes on the CPU that it runs on, later
 * @handover: whether that is to be done with single requests
 * @attributes: files in sysfs
 */
struct vlb_queue {
	struct vlb_device *dev;
	u16 index;
	u32 generation;
	struct virtqueue *vq;
	struct vlb_relay relay;
	struct vlb_local *local;
	struct vlb_posted *posted;
	struct vlb_throttle throttle;
	bool discard;
	struct vlb_port __rcu *port;
	bool waiting;
	atomic_t submits;
	atomic_t completes;
	struct work_struct kick_work;
	struct work_struct submit_work;
	struct work_struct complete_work;
	struct delayed_work look_work;
	int look_delay;
	struct vlb_busy_poll busy_poll;
	int cpu;
	int submit_cpu;
	bool submitter_yields;
	call_single_data_t handover_call;
	struct tasklet_struct handover_tasklet;
	struct work_struct handover_work;
	struct vlb_handover handover;
	struct vlb_queue_attributes attributes;
};

int vlb_queue_init(struct vlb_queue *queue, struct vlb_device *dev, u16 index);
void vlb_queue_exit(struct vlb_queue *queue);

bool vlb_queue_notify(struct virtqueue *vq);
void vlb_queue_called(struct vlb_queue *queue);
void vlb_queue_complete_later(struct vlb_queue *queue);

void vlb_queue_start(struct vlb_queue *queue, struct vlb_port *port);
struct vlb_port *vlb_queue_unpublish(struct vlb_queue *queue);
void vlb_queue_quiesce(struct vlb_queue *queue);
void vlb_queue_settle(struct vlb_queue *queue, struct vlb_port *port);
void vlb_queue_lose_requests(struct vlb_queue *queue);
void vlb_queue_fail_all(struct vlb_queue *queue);

#endif
