/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VU_CONNECTION_H
#define VU_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol.h"

#define VU_MAX_FDS	8

/* One direction-less stream of messages: a non-blocking socket and what it holds. */
struct vu_connection {
	int fd;				/* -1: closed */
	size_t received;		/* bytes of @in so far, header first */
	struct vu_message in;
	char why[160];			/* after an error: what the peer did */
};

/* Takes @fd, which is made non-blocking; -1 for a connection that is not there. */
int vu_connection_open(struct vu_connection *conn, int fd);

/*
 * False: the peer had sent file descriptors, and the socket stays open until the process
 * ends. To be counted, because there are only so many.
 */
bool vu_connection_close(struct vu_connection *conn);

/*
 * Read until a message is complete. 1: @conn->in holds it until vu_connection_consume().
 * 0: more has to arrive first (poll for POLLIN). -ECONNRESET: the peer is gone.
 * -EPROTO: it breaks the protocol.
 */
int vu_connection_receive(struct vu_connection *conn);

/* Done with the message in @conn->in. */
void vu_connection_consume(struct vu_connection *conn);

/*
 * Send what is left of @msg from byte *@sent on, @fds with the first byte. 1: all of it
 * has gone. 0: the socket is full (poll for POLLOUT). -ECONNRESET: the peer is gone.
 */
int vu_connection_send(struct vu_connection *conn, const struct vu_message *msg,
		       const int *fds, unsigned int num_fds, size_t *sent);

#endif
