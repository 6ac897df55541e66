/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SESSION_H
#define VLB_SESSION_H

#include "adapter.h"

/*
 * All functions that return int say 0 or -errno, with a sentence in @adapter->why.
 */

/* Connect, negotiate, read the configuration space. */
int vlb_session_open(struct vlb_adapter *adapter);
void vlb_session_close(struct vlb_adapter *adapter);

/* What the back-end said to GET_QUEUE_NUM; 0 if it cannot be asked. */
unsigned int vlb_session_back_end_queues(const struct vlb_adapter *adapter);

/* @adapter->config becomes what the driver sees. */
int vlb_session_get_config(struct vlb_adapter *adapter);

/* Can the back-end of this session serve the device that exists already? */
int vlb_session_check(struct vlb_adapter *adapter);

/* Give the module and (with the next start) the back-end a new pool. */
int vlb_session_set_pool(struct vlb_adapter *adapter);

/* The session is complete: listen to the back-end. */
int vlb_session_watch(struct vlb_adapter *adapter);

/* What the module asks for. Without a session, or when it fails: nothing but notes. */
int vlb_session_start(struct vlb_adapter *adapter);
int vlb_session_stop(struct vlb_adapter *adapter);
int vlb_session_start_queue(struct vlb_adapter *adapter, unsigned int index);
int vlb_session_stop_queue(struct vlb_adapter *adapter, unsigned int index);
/* The driver has enabled other queues than before. */
int vlb_session_enable_queues(struct vlb_adapter *adapter);
int vlb_session_write_config(struct vlb_adapter *adapter, const struct vlb_field *field);

/* The back-end says that its configuration space has changed. */
int vlb_session_config_changed(struct vlb_adapter *adapter);

/*
 * After @err, with the reason in @adapter->why: drop the back-end, keep the device, and
 * try again later.
 */
void vlb_session_lost(struct vlb_adapter *adapter, int err);

/* reconnect.c: the retry timer went off. */
void vlb_session_reconnect(struct vlb_adapter *adapter);

#endif
