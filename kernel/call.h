/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_CALL_H
#define VLB_CALL_H

struct file;
struct vlb_call;
struct vlb_queue;

struct vlb_call *vlb_call_create(struct vlb_queue *queue);
struct vlb_call *vlb_call_create_eventfd(struct vlb_queue *queue, int fd);
struct file *vlb_call_open(struct vlb_call *call);
void vlb_call_disconnect(struct vlb_call *call);
void vlb_call_put(struct vlb_call *call);

#endif
