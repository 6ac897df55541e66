// SPDX-License-Identifier: GPL-2.0-only
/*
 * The back-end request channel: requests that the back-end makes.
 *
 * A back-end may make one while it owes us a reply, and may not answer us before we have
 * acknowledged its own, so the channel is serviced both by the event loop and by every
 * wait for a reply. Handlers therefore only note what happened; the event loop acts.
 *
 * An acknowledgement is 20 bytes and fits the socket buffer unless the back-end floods
 * us without reading: then it is cut off instead of being waited for.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend_requests.h"
#include "message.h"

struct handler {
	uint32_t size;				/* of the payload */
	void (*handle)(struct vu_front_end *fe);
};

static void config_change(struct vu_front_end *fe)
{
	fe->config_changed = true;
}

static const struct handler handlers[] = {
	[VHOST_USER_BACKEND_CONFIG_CHANGE_MSG] = { 0, config_change },
};

static const struct handler *handler_of(uint32_t request)
{
	if (request >= sizeof(handlers) / sizeof(handlers[0]) || !handlers[request].handle)
		return NULL;
	return &handlers[request];
}

int vu_backend_requests_open(struct vu_front_end *fe, int *peer_fd)
{
	int fds[2];
	int ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	ret = vu_connection_open(&fe->backend, fds[0]);
	if (ret) {
		vu_connection_close(&fe->backend);
		close(fds[1]);
		return ret;
	}
	*peer_fd = fds[1];
	return 0;
}

static int acknowledge(struct vu_front_end *fe, const struct vu_header *header, uint64_t result)
{
	struct vu_message ack = {
		.header = {
			.request = header->request,
			.flags = VU_FLAG_VERSION | VU_FLAG_REPLY,
			.size = sizeof(uint64_t),
		},
		.payload.u64 = result,
	};
	size_t sent = 0;
	int ret;

	ret = vu_connection_send(&fe->backend, &ack, NULL, 0, &sent);
	if (ret == 1)
		return 0;
	if (ret == -ECONNRESET) {
		fe->left_open += !vu_connection_close(&fe->backend);
		return 0;
	}
	snprintf(fe->why, sizeof(fe->why),
		 "does not read the answers to the requests it makes");
	return -EPROTO;
}

/* @fe->backend.in is complete. Unknown requests are refused, malformed ones not forgiven. */
static int dispatch(struct vu_front_end *fe)
{
	const struct vu_header header = fe->backend.in.header;
	const struct handler *handler = handler_of(header.request);

	vu_connection_consume(&fe->backend);
	if (header.flags & VU_FLAG_REPLY) {
		snprintf(fe->why, sizeof(fe->why),
			 "sent a reply where only requests are expected");
		return -EPROTO;
	}
	if (handler && header.size != handler->size) {
		snprintf(fe->why, sizeof(fe->why), "made request %u with %u bytes",
			 header.request, header.size);
		return -EPROTO;
	}
	if (handler)
		handler->handle(fe);
	if (!(header.flags & VU_FLAG_NEED_REPLY) ||
	    !(fe->protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK)))
		return 0;
	return acknowledge(fe, &header, handler ? 0 : 1);
}

int vu_backend_requests_service(struct vu_front_end *fe)
{
	int ret;

	ret = vu_connection_receive(&fe->backend);
	if (ret == 1)
		return dispatch(fe);
	if (ret == -ECONNRESET && !fe->backend.received) {
		fe->left_open += !vu_connection_close(&fe->backend);
		return 0;
	}
	if (ret < 0)
		snprintf(fe->why, sizeof(fe->why), "%s (back-end request channel)",
			 fe->backend.why);
	return ret;
}
