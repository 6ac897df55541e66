// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port exists from VLB_QUEUE_START until the queue is stopped. Who owns a side of the
 * queue (queue.c) may use the port that it finds in queue->port.
 *
 * Context: process; may sleep.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/slab.h>

#include "call.h"
#include "device.h"
#include "pool.h"
#include "port.h"
#include "queue.h"
#include "shared.h"
#include "window.h"

static int init_shadow(struct vlb_port *port, struct vlb_queue *queue)
{
	const struct vlb_device_desc *desc = &queue->dev->desc;
	u32 num = queue->relay.ring.vring.num;
	struct vlb_pool_map *pool = port->pool;
	u32 offset = vlb_pool_ring_offset(desc, queue->index);

	port->shadow.pool = pool->vaddr;
	port->shadow.slots = vlb_pool_slots_offset(desc, queue->index);
	vlb_shadow_ring_init(&port->shadow.ring, pool->vaddr + offset, num,
			     queue->relay.ring.event_idx);
	return vlb_arena_init(&port->shadow.arena,
			      pool->arena_offset + queue->index * pool->arena_size,
			      pool->arena_size);
}

static void fill_answer(const struct vlb_queue *queue, struct vlb_queue_start *start)
{
	u32 num = queue->relay.ring.vring.num;
	u64 iova = VLB_POOL_IOVA + vlb_pool_ring_offset(&queue->dev->desc, queue->index);

	start->size = num;
	start->desc_iova = iova;
	start->avail_iova = iova + vlb_shadow_ring_avail_offset(num);
	start->used_iova = iova + vlb_shadow_ring_used_offset(num);
}

/**
 * vlb_port_create - make a port with an empty shadow, not yet published
 * @queue: the queue; its device is locked and has a pool
 * @start: in and out as for VLB_QUEUE_START
 *
 * Return: the port or an ERR_PTR.
 */
struct vlb_port *vlb_port_create(struct vlb_queue *queue, struct vlb_queue_start *start)
{
	struct vlb_port *port = kzalloc(sizeof(*port), GFP_KERNEL);
	int err;

	if (!port)
		return ERR_PTR(-ENOMEM);
	port->pool = vlb_pool_get(queue->dev->pool);
	port->shadow.grants = vlb_window_join(queue->dev->window);
	if (IS_ERR(port->shadow.grants)) {
		err = PTR_ERR(port->shadow.grants);
		goto put_pool;
	}
	port->shadow.shared = vlb_shared_get(&queue->dev->shared);
	err = init_shadow(port, queue);
	if (err)
		goto put_shared;
	port->kick = eventfd_ctx_fdget(start->kick_fd);
	if (IS_ERR(port->kick)) {
		err = PTR_ERR(port->kick);
		goto exit_arena;
	}
	port->call = start->flags & VLB_QUEUE_CALL_EVENTFD ?
		     vlb_call_create_eventfd(queue, start->call_fd) :
		     vlb_call_create(queue);
	if (IS_ERR(port->call)) {
		err = PTR_ERR(port->call);
		goto put_kick;
	}
	fill_answer(queue, start);
	return port;
put_kick:
	eventfd_ctx_put(port->kick);
exit_arena:
	vlb_arena_exit(&port->shadow.arena);
put_shared:
	vlb_shared_put(&port->shadow.shared);
	vlb_window_leave(port->shadow.grants);
put_pool:
	vlb_pool_put(port->pool);
	kfree(port);
	return ERR_PTR(err);
}

/* The port is unpublished, its call disconnected, and the queue quiesced. */
void vlb_port_destroy(struct vlb_port *port)
{
	vlb_call_put(port->call);
	eventfd_ctx_put(port->kick);
	vlb_arena_exit(&port->shadow.arena);
	vlb_shared_put(&port->shadow.shared);
	vlb_window_leave(port->shadow.grants);
	vlb_pool_put(port->pool);
	kfree(port);
}
