/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_WINDOW_H
#define VLB_WINDOW_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct file;
struct inode;
struct vlb_grants;
struct vlb_open_window;

/**
 * struct vlb_window - what a back-end may see of the driver's memory
 * @ref: one for the device, one for each port, one for the file
 * @inode: of the file; its mapping has everything that maps the window
 * @size: bytes: the end of memory
 * @min_len: bytes of the smallest request that is granted
 * @age: jiffies after which an idle grant ends
 * @revoking: held by who takes grants away, from expiry to release
 * @lock: guards @grants; held for reading while frames are mapped, so that
 *	who has held it for writing knows that all are mapped or never will be
 * @grants: those of all ports
 * @work: ends idle grants
 * @faults: how often frames were mapped
 * @revoked: grants that have ended
 */
struct vlb_window {
	struct kref ref;
	struct inode *inode;
	u64 size;
	u32 min_len;
	unsigned long age;
	struct mutex revoking; /* see above */
	struct rw_semaphore lock; /* see above */
	struct list_head grants;
	struct delayed_work work;
	atomic64_t faults;
	atomic64_t revoked;
};

struct vlb_window *vlb_window_create(const struct vlb_open_window *open, struct file **file);
struct vlb_window *vlb_window_get(struct vlb_window *window);
void vlb_window_put(struct vlb_window *window);
struct vlb_grants *vlb_window_join(struct vlb_window *window);
void vlb_window_leave(struct vlb_grants *grants);
u32 vlb_window_live(struct vlb_window *window);

#endif
