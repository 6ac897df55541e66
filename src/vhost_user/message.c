// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-user messages: what each request looks like and what may answer it.
 *
 * Pure functions over bytes that a peer sent. Nothing here trusts them: a field is
 * compared with what the request demands before anybody uses it. The table below is
 * the protocol as far as the front-end speaks it; the unit tests and the fuzzer run
 * exactly this code.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "message.h"

enum reply_kind {
	REPLY_NONE,		/* unless an acknowledgement was asked for */
	REPLY_U64,
	REPLY_VRING_STATE,
	REPLY_CONFIG,
};

struct request_spec {
	const char *name;
	enum reply_kind reply;
	bool wants_ack;
};

static const struct request_spec specs[] = {
	[VHOST_USER_GET_FEATURES] = { "GET_FEATURES", REPLY_U64 },
	[VHOST_USER_SET_FEATURES] = { "SET_FEATURES" },
	[VHOST_USER_SET_OWNER] = { "SET_OWNER" },
	[VHOST_USER_SET_MEM_TABLE] = { "SET_MEM_TABLE", .wants_ack = true },
	[VHOST_USER_SET_VRING_NUM] = { "SET_VRING_NUM" },
	[VHOST_USER_SET_VRING_ADDR] = { "SET_VRING_ADDR" },
	[VHOST_USER_SET_VRING_BASE] = { "SET_VRING_BASE" },
	[VHOST_USER_GET_VRING_BASE] = { "GET_VRING_BASE", REPLY_VRING_STATE },
	[VHOST_USER_SET_VRING_KICK] = { "SET_VRING_KICK" },
	[VHOST_USER_SET_VRING_CALL] = { "SET_VRING_CALL" },
	[VHOST_USER_GET_PROTOCOL_FEATURES] = { "GET_PROTOCOL_FEATURES", REPLY_U64 },
	[VHOST_USER_SET_PROTOCOL_FEATURES] = { "SET_PROTOCOL_FEATURES" },
	[VHOST_USER_GET_QUEUE_NUM] = { "GET_QUEUE_NUM", REPLY_U64 },
	[VHOST_USER_SET_VRING_ENABLE] = { "SET_VRING_ENABLE", .wants_ack = true },
	[VHOST_USER_NET_SET_MTU] = { "NET_SET_MTU", .wants_ack = true },
	[VHOST_USER_SET_BACKEND_REQ_FD] = { "SET_BACKEND_REQ_FD" },
	[VHOST_USER_GET_CONFIG] = { "GET_CONFIG", REPLY_CONFIG },
	[VHOST_USER_SET_CONFIG] = { "SET_CONFIG", .wants_ack = true },
	[VHOST_USER_RESET_DEVICE] = { "RESET_DEVICE", .wants_ack = true },
};

static const struct request_spec unknown_spec = { .name = "an unknown request" };

static const struct request_spec *spec_of(uint32_t request)
{
	if (request >= sizeof(specs) / sizeof(specs[0]) || !specs[request].name)
		return &unknown_spec;
	return &specs[request];
}

const char *vu_request_name(uint32_t request)
{
	return spec_of(request)->name;
}

bool vu_request_has_reply(uint32_t request)
{
	return spec_of(request)->reply != REPLY_NONE;
}

bool vu_request_wants_ack(uint32_t request)
{
	return spec_of(request)->wants_ack;
}

__attribute__((format(printf, 4, 5)))
static int fail(int err, char *why, size_t why_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, why_size, format, args);
	va_end(args);
	return err;
}

int vu_header_check(const struct vu_header *header, char *why, size_t why_size)
{
	if ((header->flags & VU_FLAG_VERSION_MASK) != VU_FLAG_VERSION)
		return fail(-EPROTO, why, why_size,
			    "sent a message of protocol version %u instead of 1",
			    header->flags & VU_FLAG_VERSION_MASK);
	if (header->size > sizeof(union vu_payload))
		return fail(-EPROTO, why, why_size,
			    "sent a message of %" PRIu32 " bytes, more than any may have",
			    header->size);
	return 0;
}

/* Bytes that the reply to @request has; acknowledgements are a u64 too. */
static uint32_t reply_size(const struct vu_message *request)
{
	static const uint32_t sizes[] = {
		[REPLY_NONE] = sizeof(uint64_t),
		[REPLY_U64] = sizeof(uint64_t),
		[REPLY_VRING_STATE] = sizeof(struct vu_vring_state),
		[REPLY_CONFIG] = VU_CONFIG_HEADER_SIZE,
	};
	enum reply_kind kind = spec_of(request->header.request)->reply;

	return sizes[kind] + (kind == REPLY_CONFIG ? request->payload.config.size : 0);
}

static int config_reply_check(const struct vu_message *request,
			      const struct vu_message *reply, char *why, size_t why_size)
{
	const struct vu_config *want = &request->payload.config;
	const struct vu_config *got = &reply->payload.config;

	/* Both mean "no": the specification's empty reply, and the Rust crates' way. */
	if (!reply->header.size ||
	    (reply->header.size == VU_CONFIG_HEADER_SIZE && !got->size))
		return fail(-EREMOTEIO, why, why_size,
			    "has no configuration space of %" PRIu32 " bytes", want->size);
	if (reply->header.size != reply_size(request) || got->size != want->size ||
	    got->offset != want->offset)
		return fail(-EPROTO, why, why_size,
			    "answered GET_CONFIG for %" PRIu32 " bytes with %" PRIu32,
			    want->size, reply->header.size < VU_CONFIG_HEADER_SIZE ? 0 :
			    reply->header.size - VU_CONFIG_HEADER_SIZE);
	return 0;
}

static int reply_header_check(const struct vu_message *request,
			      const struct vu_message *reply, char *why, size_t why_size)
{
	const uint32_t known = VU_FLAG_VERSION_MASK | VU_FLAG_REPLY | VU_FLAG_NEED_REPLY;
	const char *name = vu_request_name(request->header.request);

	if (reply->header.request != request->header.request)
		return fail(-EPROTO, why, why_size,
			    "answered %s with message type %" PRIu32, name,
			    reply->header.request);
	if (!(reply->header.flags & VU_FLAG_REPLY) || reply->header.flags & ~known)
		return fail(-EPROTO, why, why_size,
			    "answered %s with a message that is no reply (flags 0x%" PRIx32 ")",
			    name, reply->header.flags);
	return 0;
}

static int reply_payload_check(const struct vu_message *request,
			       const struct vu_message *reply, char *why, size_t why_size)
{
	const struct request_spec *spec = spec_of(request->header.request);

	if (spec->reply == REPLY_CONFIG)
		return config_reply_check(request, reply, why, why_size);
	if (reply->header.size != reply_size(request))
		return fail(-EPROTO, why, why_size,
			    "answered %s with %" PRIu32 " bytes instead of %" PRIu32,
			    spec->name, reply->header.size, reply_size(request));
	if (spec->reply == REPLY_VRING_STATE &&
	    reply->payload.state.index != request->payload.state.index)
		return fail(-EPROTO, why, why_size,
			    "answered %s for queue %" PRIu32 " with queue %" PRIu32,
			    spec->name, request->payload.state.index,
			    reply->payload.state.index);
	if (spec->reply == REPLY_NONE && reply->payload.u64)
		return fail(-EREMOTEIO, why, why_size, "refused %s (result %" PRIu64 ")",
			    spec->name, reply->payload.u64);
	return 0;
}

int vu_reply_check(const struct vu_message *request, const struct vu_message *reply,
		   char *why, size_t why_size)
{
	int ret;

	ret = reply_header_check(request, reply, why, why_size);
	return ret ? ret : reply_payload_check(request, reply, why, why_size);
}
