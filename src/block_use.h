/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_BLOCK_USE_H
#define VLB_BLOCK_USE_H

#include <stddef.h>

/*
 * Is a block device below the virtio device at @virtio_path in use? 1: yes, and @how says
 * where, e.g. "/dev/vdb1 is mounted on /mnt". 0: not as far as anybody can see.
 */
int vlb_block_in_use(const char *virtio_path, char *how, size_t size);

#endif
