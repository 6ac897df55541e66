// SPDX-License-Identifier: GPL-2.0-only
/*
 * The remover: a child process that does nothing but VLB_REMOVE, once told to.
 *
 * It keeps the capability that VLB_REMOVE needs when the adapter gives up its own, so it
 * has a filter of its own that allows nothing else. It never has the adapter's file of
 * /dev/virtio-loopback/control: that would keep the device owned after the adapter died. Signals
 * for the whole process group are not for it; it ends with the adapter, by the end of
 * the file on its socket, or by SIGKILL while VLB_REMOVE still waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "remover.h"
#include "sandbox.h"

/* Nothing of the adapter's stays open, not even the terminal of a daemon. */
static void close_all_but(int fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	dup2(null_fd, STDERR_FILENO);
	if (fd > STDERR_FILENO + 1)
		syscall(SYS_close_range, STDERR_FILENO + 1, fd - 1, 0);
	syscall(SYS_close_range, fd + 1, ~0u, 0);
}

static void child(int fd, pid_t parent)
{
	struct vlb_name name;
	struct vlb_device dev;
	int32_t result;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return;
	close_all_but(fd);
	if (vlb_device_open(&dev) || vlb_sandbox_enter_remover())
		return;
	while (read(fd, &name, sizeof(name)) == sizeof(name)) {
		result = vlb_device_remove(&dev, name.name);
		if (write(fd, &result, sizeof(result)) != sizeof(result))
			return;
	}
}

int vlb_remover_start(struct vlb_remover *remover)
{
	pid_t parent = getpid();
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (!pid) {
		child(fds[1], parent);
		_exit(0);
	}
	close(fds[1]);
	remover->fd = fds[0];
	return 0;
}

int vlb_remover_remove(struct vlb_remover *remover, const char *name)
{
	struct vlb_name remove = {};

	snprintf(remove.name, sizeof(remove.name), "%s", name);
	if (send(remover->fd, &remove, sizeof(remove), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int vlb_remover_result(struct vlb_remover *remover)
{
	int32_t result;

	if (recv(remover->fd, &result, sizeof(result), MSG_DONTWAIT) != sizeof(result))
		return -EPIPE;
	return result;
}
