// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter.h"
#include "daemonize.h"
#include "exit_status.h"
#include "log.h"

/* The read end closes when the child ends, whatever the reason. */
static int await_child(int fd, pid_t pid)
{
	int status;
	char what;

	while (read(fd, &what, 1) == 1) {
		if (what == VLB_REPORT_READY)
			return VLB_EXIT_OK;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status) ? WEXITSTATUS(status) : VLB_EXIT_FAILURE;
	vlb_error("the adapter was killed by signal %d", WTERMSIG(status));
	return VLB_EXIT_FAILURE;
}

int vlb_daemonize(int *report_fd, int *status)
{
	int fds[2];
	pid_t pid;
	int ret;

	ret = pipe2(fds, O_CLOEXEC);
	pid = ret ? -1 : fork();
	if (pid < 0) {
		ret = -errno;
		vlb_error("cannot go to the background: %s", strerror(errno));
		return ret;
	}
	if (!pid) {
		close(fds[0]);
		setsid();
		*report_fd = fds[1];
		return chdir("/") < 0 ? -errno : 0;
	}
	close(fds[1]);
	*status = await_child(fds[0], pid);
	return 1;
}
