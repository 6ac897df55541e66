// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "connect.h"

static const struct {
	int err;
	const char *sentence;
} sentences[] = {
	{ ENOENT, "there is no such socket: is the back-end running?" },
	{ ENOTDIR, "a part of the path is no directory" },
	{ ENOTSOCK, "that is not a socket" },
	{ ECONNREFUSED, "nobody listens there: is the back-end running?" },
	{ EAGAIN, "the back-end accepts no connection: is another front-end connected to it?" },
	{ EACCES, "no permission to connect: run as root, or change the socket's permissions" },
	{ EPERM, "no permission to connect: run as root, or change the socket's permissions" },
	{ EPROTOTYPE, "that socket is not of type stream" },
};

static int explain(const char *path, int err, char *why, size_t why_size)
{
	const char *sentence = strerror(err);
	size_t i;

	for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (sentences[i].err == err)
			sentence = sentences[i].sentence;
	}
	snprintf(why, why_size, "cannot connect to '%s': %s", path, sentence);
	return err == ENOTDIR || err == EPROTOTYPE ? -ENOTSOCK : -err;
}

bool vlb_socket_path_fits(const char *path)
{
	return strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path);
}

int vlb_connect(const char *path, char *why, size_t why_size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, err;

	/* To connect() anything that is not a socket is a refused connection. */
	if (stat(path, &st) < 0)
		return explain(path, errno, why, why_size);
	if (!S_ISSOCK(st.st_mode))
		return explain(path, ENOTSOCK, why, why_size);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return explain(path, errno, why, why_size);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = errno;
	close(fd);
	return explain(path, err, why, why_size);
}

pid_t vlb_connect_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? 0 : peer.pid;
}
