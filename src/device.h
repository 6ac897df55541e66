/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_DEVICE_H
#define VLB_DEVICE_H

#include <linux/virtio_loopback.h>

/* An open file of /dev/virtio-loopback/control. */
struct vlb_device {
	int fd;				/* non-blocking */
	struct vlb_info info;
	char why[320];			/* after an error: a whole sentence */
};

/*
 * All functions return 0 or -errno (exit_status.h has the ones of our own), with a
 * sentence for people in @dev->why.
 */
int vlb_device_open(struct vlb_device *dev);
void vlb_device_close(struct vlb_device *dev);

int vlb_device_create(struct vlb_device *dev, const struct vlb_device_desc *desc);
int vlb_device_adopt(struct vlb_device *dev, const char *name, struct vlb_device_desc *desc);
int vlb_device_set_pool(struct vlb_device *dev, int fd, __u64 size, __u64 *arena_size);
/* @window: in and out as for VLB_OPEN_WINDOW */
int vlb_device_share_memory(struct vlb_device *dev, int fd, __u64 size);
int vlb_device_open_window(struct vlb_device *dev, struct vlb_open_window *window);
int vlb_device_set_config(struct vlb_device *dev, const void *config, unsigned int len);
/* Of a space with pages: the selector is in @config, which becomes its page. */
int vlb_device_get_config(struct vlb_device *dev, void *config, unsigned int len);
int vlb_device_register(struct vlb_device *dev);
int vlb_device_queue_start(struct vlb_device *dev, struct vlb_queue_start *start);
int vlb_device_stop(struct vlb_device *dev);
int vlb_device_restart_driver(struct vlb_device *dev);

/* Blocks until @name is gone; -EINTR when a signal came first. */
int vlb_device_remove(struct vlb_device *dev, const char *name);

/* Number of messages read, 0 if there are none now, or -errno. */
int vlb_device_read(struct vlb_device *dev, struct vlb_msg *msgs, unsigned int count);

#endif
