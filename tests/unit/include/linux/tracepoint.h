/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints that do nothing. */
#ifndef SHIM_LINUX_TRACEPOINT_H
#define SHIM_LINUX_TRACEPOINT_H

#include <linux/types.h>

#define TP_PROTO(...)	__VA_ARGS__
#define TP_ARGS(...)	__VA_ARGS__

#define SHIM_EVENT(name, proto)						\
	_Pragma("GCC diagnostic push")					\
	_Pragma("GCC diagnostic ignored \"-Wunused-parameter\"")	\
	static inline void trace_##name(proto) {}			\
	_Pragma("GCC diagnostic pop")

#define TRACE_EVENT(name, proto, args, entry, assign, print)	SHIM_EVENT(name, TP_PROTO(proto))
#define DECLARE_EVENT_CLASS(name, proto, args, entry, assign, print)
#define DEFINE_EVENT(template, name, proto, args)		SHIM_EVENT(name, TP_PROTO(proto))

#endif
