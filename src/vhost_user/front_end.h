/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VU_FRONT_END_H
#define VU_FRONT_END_H

#include <stdbool.h>

#include "connection.h"

/*
 * What may end a wait for the back-end early: when @fd is readable, @check is called and
 * says 0 (go on waiting) or -errno.
 */
struct vu_interrupt {
	int fd;
	int (*check)(void *context);
	void *context;
};

/* The front-end's end of one connection to a back-end. */
struct vu_front_end {
	struct vu_connection conn;
	struct vu_connection backend;	/* the back-end request channel */
	struct vu_interrupt interrupt;
	unsigned int reply_timeout_ms;

	uint64_t features;		/* offered, without bit 30 */
	bool has_protocol_features;	/* bit 30 was offered */
	uint64_t protocol_features;	/* negotiated */
	unsigned int max_queues;
	bool config_changed;		/* CONFIG_CHANGE arrived; the owner clears it */
	unsigned int left_open;		/* sockets that vu_connection_close() could not close */

	char why[256];			/* after an error: what the back-end did */
};

/* Memory for the back-end to map, @size bytes from the start of @fd. */
struct vu_region {
	uint64_t addr;			/* as the back-end sees it in rings */
	uint64_t size;
	int fd;
};

/* One ring for the back-end to serve, with addresses as the back-end sees them. */
struct vu_ring {
	unsigned int index;
	unsigned int size;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
	int kick_fd;
	int call_fd;
};

/*
 * All functions return 0 or
 *	-EPROTO		the back-end broke the protocol
 *	-EREMOTEIO	the back-end refused the request
 *	-ETIMEDOUT	the back-end did not answer within reply_timeout_ms
 *	-ECONNRESET	the back-end has closed the connection
 *	or what the interrupt's check said
 * and leave the end of a sentence that begins with the back-end in @fe->why. After any
 * of them but -EREMOTEIO the only thing to do is vu_front_end_close().
 */

/* Takes the connected socket @fd, -1 for none. */
void vu_front_end_init(struct vu_front_end *fe, int fd, unsigned int reply_timeout_ms,
		       const struct vu_interrupt *interrupt);
/* Returns how many sockets are left open, see vu_connection_close(). */
unsigned int vu_front_end_close(struct vu_front_end *fe);

/* Everything before the first look at the configuration space; fills the fields. */
int vu_front_end_negotiate(struct vu_front_end *fe, uint64_t protocol_features);

int vu_front_end_get_config(struct vu_front_end *fe, void *config, unsigned int len);
int vu_front_end_set_config(struct vu_front_end *fe, unsigned int offset, const void *data,
			    unsigned int len);
/* Does nothing unless @mtu is given and the back-end wants to know. */
int vu_front_end_set_mtu(struct vu_front_end *fe, uint64_t mtu);
int vu_front_end_set_features(struct vu_front_end *fe, uint64_t features);
int vu_front_end_set_memory(struct vu_front_end *fe, const struct vu_region *regions,
			    unsigned int count);
int vu_front_end_ring_start(struct vu_front_end *fe, const struct vu_ring *ring);
int vu_front_end_ring_stop(struct vu_front_end *fe, unsigned int index);
int vu_front_end_ring_enable(struct vu_front_end *fe, unsigned int index, bool enable);
int vu_front_end_reset_device(struct vu_front_end *fe);

/* Returns once the back-end has read everything that was sent. */
int vu_front_end_barrier(struct vu_front_end *fe);

/* The socket is readable although nothing was asked: never a good sign. */
int vu_front_end_unexpected(struct vu_front_end *fe);

#endif
