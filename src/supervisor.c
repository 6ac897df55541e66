// SPDX-License-Identifier: GPL-2.0-only
/*
 * The supervisor of "run": a back-end and an adapter as children, ended together.
 *
 * Theory of operation
 *
 * The supervisor makes a private directory for the socket, starts both children, and then
 * only waits: for signals, for children that end, for the adapter's reports. Whether the
 * back-end listens is the adapter's to find out (with --wait): a trial connection would
 * end those back-ends that serve a single one.
 *
 * A back-end that dies before the adapter has connected is a failure of the command. One
 * that dies later is started again; the adapter reconnects and requests are replayed.
 * Signals go to the adapter, which removes the device while the back-end still serves it;
 * the back-end is ended after the adapter.
 *
 * Children are in process groups of their own, so that Ctrl-C reaches only the
 * supervisor, and end with it (PR_SET_PDEATHSIG) should it be killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "device.h"
#include "exit_status.h"
#include "log.h"
#include "notify_ready.h"
#include "supervisor.h"

#define RESTART_MIN_MS		10
#define RESTART_MAX_MS		5000
#define STOP_BACK_END_MS	5000
#define EXIT_CANNOT_EXECUTE	127

struct supervisor {
	const struct vlb_attach_options *options;
	char dir[64];
	char socket[96];
	char **command;
	pid_t back_end;			/* 0: not running */
	pid_t adapter;
	int64_t started_ms;		/* the back-end */
	int64_t restart_at_ms;		/* 0: not due */
	int64_t backoff_ms;
	bool connected;
	int signal_fd;
	int report_fd;			/* from the adapter; -1: closed */
	int notify_fd;
	int status;			/* -1: not yet known */
};

/* ---- the command and its socket ------------------------------------------------------ */

/* @text with every placeholder replaced; to be freed. */
static char *substitute(const char *text, const char *socket)
{
	const size_t placeholder = strlen(VLB_SOCKET_PLACEHOLDER);
	const char *next;
	char *out = NULL;
	size_t size;
	FILE *stream = open_memstream(&out, &size);

	if (!stream)
		return NULL;
	while ((next = strstr(text, VLB_SOCKET_PLACEHOLDER))) {
		fprintf(stream, "%.*s%s", (int)(next - text), text, socket);
		text = next + placeholder;
	}
	fputs(text, stream);
	return fclose(stream) ? NULL : out;
}

static void free_command(char **command)
{
	char **arg;

	for (arg = command; arg && *arg; arg++)
		free(*arg);
	free(command);
}

static char **substitute_all(char **command, const char *socket)
{
	size_t count = 0, i;
	char **out;

	while (command[count])
		count++;
	out = calloc(count + 1, sizeof(*out));
	for (i = 0; out && i < count; i++) {
		out[i] = substitute(command[i], socket);
		if (!out[i]) {
			free_command(out);
			return NULL;
		}
	}
	return out;
}

static int make_dir(struct supervisor *sup)
{
	const char *base = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;

	if ((size_t)snprintf(sup->dir, sizeof(sup->dir), "%s/virtio-loopback-XXXXXX",
			     base ? base : "/run") >= sizeof(sup->dir) || !mkdtemp(sup->dir)) {
		vlb_error("cannot make a directory for the socket in %s: %s; run as root, or "
			  "set XDG_RUNTIME_DIR", base ? base : "/run", strerror(errno));
		return errno ? -errno : -ENAMETOOLONG;
	}
	snprintf(sup->socket, sizeof(sup->socket), "%s/socket", sup->dir);
	return 0;
}

/* Back-ends may leave more than the socket there, such as PID files. */
static void remove_dir(struct supervisor *sup)
{
	unlink(sup->socket);
	if (rmdir(sup->dir) < 0)
		vlb_warning("%s is left behind: %s", sup->dir, strerror(errno));
}

/* ---- children ------------------------------------------------------------------------ */

/* In a child: undo what only the supervisor needs. */
static void become_child(const struct supervisor *sup, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(VLB_EXIT_FAILURE);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("NOTIFY_SOCKET");
	close(sup->signal_fd);
}

/* Standard input comes from nowhere; output goes nowhere too if @output. */
static void redirect_to_null(bool output)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	if (output) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	if (fd > STDERR_FILENO)
		close(fd);
}

static void exec_back_end(const struct supervisor *sup)
{
	redirect_to_null(sup->options->daemonize);
	execvp(sup->command[0], sup->command);
	vlb_error("cannot execute '%s': %s", sup->command[0], strerror(errno));
	_exit(EXIT_CANNOT_EXECUTE);
}

static int start_back_end(struct supervisor *sup)
{
	pid_t parent = getpid();
	pid_t pid;

	/* A socket left by its predecessor would let the adapter connect to nobody. */
	unlink(sup->socket);
	sup->restart_at_ms = 0;
	sup->started_ms = vlb_clock_ms();
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		become_child(sup, parent);
		exec_back_end(sup);
	}
	sup->back_end = pid;
	return 0;
}

static void run_adapter(const struct supervisor *sup, int report_fd)
{
	struct vlb_attach_options options = *sup->options;
	int ret;

	options.socket = sup->socket;
	options.report_fd = report_fd;
	ret = vlb_adapter_run(&options);
	_exit(ret < 0 ? (int)vlb_exit_status(ret) : ret);
}

static int start_adapter(struct supervisor *sup)
{
	pid_t parent = getpid();
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (!pid) {
		become_child(sup, parent);
		close(fds[0]);
		run_adapter(sup, fds[1]);
	}
	close(fds[1]);
	sup->report_fd = fds[0];
	sup->adapter = pid;
	return 0;
}

/* "exited with status 1", "was killed by signal 9" */
static const char *ending(int status, char *buf, size_t size)
{
	if (WIFEXITED(status))
		snprintf(buf, size, "exited with status %d", WEXITSTATUS(status));
	else
		snprintf(buf, size, "was killed by signal %d", WTERMSIG(status));
	return buf;
}

static void schedule_restart(struct supervisor *sup)
{
	int64_t now_ms = vlb_clock_ms();

	if (now_ms - sup->started_ms >= RESTART_MAX_MS)
		sup->backoff_ms = RESTART_MIN_MS;
	sup->restart_at_ms = now_ms + sup->backoff_ms;
	sup->backoff_ms *= 2;
	if (sup->backoff_ms > RESTART_MAX_MS)
		sup->backoff_ms = RESTART_MAX_MS;
}

static void back_end_ended(struct supervisor *sup, int status)
{
	char how[48];

	sup->back_end = 0;
	if (sup->connected) {
		vlb_warning("the back-end '%s' %s; starting it again", sup->command[0],
			    ending(status, how, sizeof(how)));
		schedule_restart(sup);
		return;
	}
	/* exec_back_end() has said why. */
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_CANNOT_EXECUTE)
		vlb_error("the back-end '%s' %s before it listened on %s%s", sup->command[0],
			  ending(status, how, sizeof(how)), sup->socket, status ? "" :
			  "; it must stay in the foreground (no --daemonize of its own)");
	sup->status = VLB_EXIT_BACK_END;
	kill(sup->adapter, SIGTERM);
}

static void adapter_ended(struct supervisor *sup, int status)
{
	sup->adapter = 0;
	/* The back-end's failure came first, and is the one to report. */
	if (sup->status >= 0)
		return;
	if (WIFEXITED(status)) {
		sup->status = WEXITSTATUS(status);
		return;
	}
	vlb_error("the adapter was killed by signal %d; the device stays: take it over with "
		  "the same --name, or detach it", WTERMSIG(status));
	sup->status = VLB_EXIT_FAILURE;
}

static void reap(struct supervisor *sup)
{
	int status;

	/* Reports that were written before the end come before the end. */
	if (sup->adapter && waitpid(sup->adapter, &status, WNOHANG) == sup->adapter)
		adapter_ended(sup, status);
	if (sup->back_end && waitpid(sup->back_end, &status, WNOHANG) == sup->back_end)
		back_end_ended(sup, status);
}

/* ---- events -------------------------------------------------------------------------- */

static void read_reports(struct supervisor *sup)
{
	char what;

	if (read(sup->report_fd, &what, 1) != 1) {
		close(sup->report_fd);
		sup->report_fd = -1;
		return;
	}
	if (what == VLB_REPORT_CONNECTED)
		sup->connected = true;
	if (what != VLB_REPORT_READY)
		return;
	vlb_notify_send(sup->notify_fd, "READY=1");
	if (sup->options->daemonize) {
		vlb_log_to_syslog();
		redirect_to_null(true);
	}
	if (sup->options->report_fd >= 0)
		(void)!write(sup->options->report_fd, &what, 1);
}

static void read_signal(struct supervisor *sup)
{
	struct signalfd_siginfo info;

	if (read(sup->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap(sup);
	else if (sup->adapter)
		kill(sup->adapter, SIGTERM);
}

static int poll_timeout(const struct supervisor *sup)
{
	int64_t left_ms;

	if (!sup->restart_at_ms)
		return -1;
	left_ms = sup->restart_at_ms - vlb_clock_ms();
	return left_ms < 0 ? 0 : (int)left_ms;
}

static int wait_for_events(struct supervisor *sup)
{
	struct pollfd fds[] = {
		{ .fd = sup->report_fd, .events = POLLIN },
		{ .fd = sup->signal_fd, .events = POLLIN },
	};

	if (poll(fds, 2, poll_timeout(sup)) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		read_reports(sup);
	else if (fds[1].revents)
		read_signal(sup);
	if (sup->restart_at_ms && vlb_clock_ms() >= sup->restart_at_ms && sup->adapter)
		return start_back_end(sup);
	return 0;
}

/* The adapter has ended: nothing depends on the back-end any more. */
static void stop_back_end(struct supervisor *sup)
{
	struct pollfd fds = { .fd = sup->signal_fd, .events = POLLIN };
	int64_t deadline = vlb_clock_ms() + STOP_BACK_END_MS;
	struct signalfd_siginfo info;

	if (!sup->back_end)
		return;
	kill(sup->back_end, SIGTERM);
	while (waitpid(sup->back_end, NULL, WNOHANG) == 0) {
		if (vlb_clock_ms() >= deadline) {
			vlb_warning("the back-end '%s' does not end: killed", sup->command[0]);
			kill(sup->back_end, SIGKILL);
			waitpid(sup->back_end, NULL, 0);
			break;
		}
		poll(&fds, 1, 20);
		(void)!read(sup->signal_fd, &info, sizeof(info));
	}
	sup->back_end = 0;
}

static int open_signals(struct supervisor *sup)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sup->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return sup->signal_fd < 0 ? -errno : 0;
}

static int supervise(struct supervisor *sup)
{
	int ret;

	ret = start_back_end(sup);
	if (!ret)
		ret = start_adapter(sup);
	while (!ret && sup->adapter)
		ret = wait_for_events(sup);
	if (ret)
		vlb_error("cannot run the back-end and its adapter: %s", strerror(-ret));
	if (sup->adapter) {
		kill(sup->adapter, SIGTERM);
		waitpid(sup->adapter, NULL, 0);
	}
	stop_back_end(sup);
	return ret ? ret : sup->status;
}

/* Before anything is started for nothing. */
static int check_module(void)
{
	struct vlb_device device;
	int ret;

	ret = vlb_device_open(&device);
	if (ret)
		vlb_error("%s", device.why);
	else
		vlb_device_close(&device);
	return ret;
}

int vlb_supervisor_run(const struct vlb_attach_options *options, char **command)
{
	struct supervisor sup = {
		.options = options, .backoff_ms = RESTART_MIN_MS, .report_fd = -1, .status = -1,
	};
	int ret;

	vlb_log_set_name(options->name ? options->name : options->profile->name);
	ret = check_module();
	if (ret)
		return ret;
	if (options->daemonize)
		vlb_log_prepare_syslog();
	sup.notify_fd = vlb_notify_open();
	ret = open_signals(&sup);
	if (ret) {
		vlb_error("cannot receive signals: %s", strerror(-ret));
		return ret;
	}
	ret = make_dir(&sup);
	if (ret)
		return ret;
	sup.command = substitute_all(command, sup.socket);
	ret = sup.command ? supervise(&sup) : -ENOMEM;
	remove_dir(&sup);
	free_command(sup.command);
	return ret;
}
