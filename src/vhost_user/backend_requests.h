/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VU_BACKEND_REQUESTS_H
#define VU_BACKEND_REQUESTS_H

#include "front_end.h"

/* Give the back-end its end of a new back-end request channel. */
int vu_backend_requests_open(struct vu_front_end *fe, int *peer_fd);

/*
 * Handle at most one message of the channel; call again while it is readable. The same
 * errors as the front-end's functions. A channel that the back-end has closed is closed
 * here too, which is no error.
 */
int vu_backend_requests_service(struct vu_front_end *fe);

#endif
