/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtio_loopback

#if !defined(VLB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VLB_TRACE_H

#include <linux/tracepoint.h>
#include <linux/virtio_loopback.h>

TRACE_EVENT(vlb_submit,
	TP_PROTO(const char *device, u16 queue, u16 id, u32 readable, u32 writable),
	TP_ARGS(device, queue, id, readable, writable),
	TP_STRUCT__entry(
		__array(char, device, VLB_NAME_SIZE)
		__field(u16, queue)
		__field(u16, id)
		__field(u32, readable)
		__field(u32, writable)
	),
	TP_fast_assign(
		strscpy(__entry->device, device, VLB_NAME_SIZE);
		__entry->queue = queue;
		__entry->id = id;
		__entry->readable = readable;
		__entry->writable = writable;
	),
	TP_printk("device=%s queue=%u id=%u readable=%u writable=%u", __entry->device,
		  __entry->queue, __entry->id, __entry->readable, __entry->writable)
);

TRACE_EVENT(vlb_complete,
	TP_PROTO(const char *device, u16 queue, u16 id, u32 len, u64 latency_ns),
	TP_ARGS(device, queue, id, len, latency_ns),
	TP_STRUCT__entry(
		__array(char, device, VLB_NAME_SIZE)
		__field(u16, queue)
		__field(u16, id)
		__field(u32, len)
		__field(u64, latency_ns)
	),
	TP_fast_assign(
		strscpy(__entry->device, device, VLB_NAME_SIZE);
		__entry->queue = queue;
		__entry->id = id;
		__entry->len = len;
		__entry->latency_ns = latency_ns;
	),
	TP_printk("device=%s queue=%u id=%u len=%u latency_ns=%llu", __entry->device,
		  __entry->queue, __entry->id, __entry->len, __entry->latency_ns)
);

DECLARE_EVENT_CLASS(vlb_notification,
	TP_PROTO(const char *device, u16 queue),
	TP_ARGS(device, queue),
	TP_STRUCT__entry(
		__array(char, device, VLB_NAME_SIZE)
		__field(u16, queue)
	),
	TP_fast_assign(
		strscpy(__entry->device, device, VLB_NAME_SIZE);
		__entry->queue = queue;
	),
	TP_printk("device=%s queue=%u", __entry->device, __entry->queue)
);

/* The back-end is notified. */
DEFINE_EVENT(vlb_notification, vlb_kick,
	TP_PROTO(const char *device, u16 queue),
	TP_ARGS(device, queue)
);

/* The back-end notifies. */
DEFINE_EVENT(vlb_notification, vlb_call,
	TP_PROTO(const char *device, u16 queue),
	TP_ARGS(device, queue)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
