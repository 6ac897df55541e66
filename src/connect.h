/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_CONNECT_H
#define VLB_CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Can @path be the address of a socket at all? */
bool vlb_socket_path_fits(const char *path);

/*
 * Connect to the back-end at @path, without waiting. The file descriptor, or -errno with
 * a sentence in @why. Worth another try later: -ENOENT, -ECONNREFUSED, -EAGAIN.
 */
int vlb_connect(const char *path, char *why, size_t why_size);

/* The process that listens at the other end of @fd; 0 if that cannot be known. */
pid_t vlb_connect_peer(int fd);

#endif
