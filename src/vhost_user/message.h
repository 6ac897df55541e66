/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VU_MESSAGE_H
#define VU_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol.h"

/* For "GET_CONFIG failed"; never NULL. */
const char *vu_request_name(uint32_t request);

/* Does the back-end answer @request even if no acknowledgement is asked for? */
bool vu_request_has_reply(uint32_t request);

/* Is it worth a round trip to ask for an acknowledgement of @request? */
bool vu_request_wants_ack(uint32_t request);

/* The header of a message that arrived, before its payload is read. */
int vu_header_check(const struct vu_header *header, char *why, size_t why_size);

/*
 * Is @reply a proper and positive answer to @request? -EPROTO: it breaks the protocol;
 * -EREMOTEIO: the back-end refused. @why receives the end of a sentence that begins with
 * the back-end.
 */
int vu_reply_check(const struct vu_message *request, const struct vu_message *reply,
		   char *why, size_t why_size);

#endif
