/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The real tool, with its sandbox, between a pretended module (src_model.h) and a real
 * qemu-storage-daemon: what the tests in src_adapter_*.c share.
 */
#ifndef VLB_TEST_SRC_TOOL_H
#define VLB_TEST_SRC_TOOL_H

#include "src_model.h"

#include <sys/prctl.h>

#define IMAGE_SIZE	(4u << 20)

struct process {
	pid_t pid;
	char output[96];	/* file with what it wrote */
	int status;		/* -1: still running */
};

static struct process daemon_process;
static char back_end_socket[96];
static char image[96];

/* ---- processes ------------------------------------------------------------------------ */

static inline struct process spawn(char *const argv[], const char *output_name, bool module)
{
	struct process process = { .status = -1 };
	int fd;

	snprintf(process.output, sizeof(process.output), "%s/%s", model.dir, output_name);
	fd = open(process.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	process.pid = fork();
	assert_true(process.pid >= 0);
	if (process.pid) {
		close(fd);
		return process;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	setenv("VLB_SHIM_SYSFS", model.sysfs, 1);
	setenv("XDG_RUNTIME_DIR", model.dir, 1);
	if (module)
		setenv("VLB_SHIM_SOCKET", model.socket, 1);
	if (strstr(argv[0], "virtio-loopback"))
		setenv("LD_PRELOAD", getenv("VLB_SHIM"), 1);
	execvp(argv[0], argv);
	_exit(126);
}

static inline bool has_ended(struct process *process)
{
	int status;

	if (process->status < 0 && waitpid(process->pid, &status, WNOHANG) == process->pid)
		process->status = WIFEXITED(status) ? WEXITSTATUS(status) :
				  128 + WTERMSIG(status);
	return process->status >= 0;
}

static inline const char *output_of(const struct process *process)
{
	static char text[8192];
	FILE *in = fopen(process->output, "re");
	size_t len;

	assert_non_null(in);
	len = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[len] = '\0';
	return text;
}

static inline bool has_said(const struct process *process, const char *what)
{
	return strstr(output_of(process), what);
}

static inline void expect_status(struct process *process, int status)
{
	model_serve_until(has_ended(process));
	if (process->status != status)
		fail_msg("status %d, not %d; it said:\n%s", process->status, status,
			 output_of(process));
}

#define expect_said(process, what) do {						\
	if (!has_said(process, what))						\
		fail_msg("not said: '%s', but:\n%s", what, output_of(process));	\
} while (0)

/* @args: without the program's name, NULL at the end. */
static inline struct process start_tool(const char *output, bool module, const char *const *args)
{
	char *argv[24] = { getenv("VLB_TOOL") };
	int argc = 0;

	while (args[argc]) {
		argv[argc + 1] = (char *)args[argc];
		argc++;
	}
	return spawn(argv, output, module);
}

#define TOOL_ARGS(...)			((const char *const []){ __VA_ARGS__ })
#define tool(...)			start_tool("tool", true, TOOL_ARGS(__VA_ARGS__))
#define second_tool(...)		start_tool("tool2", true, TOOL_ARGS(__VA_ARGS__))
#define tool_without_module(...)	start_tool("tool", false, TOOL_ARGS(__VA_ARGS__))

static inline void end(struct process *process, int signal_number)
{
	kill(process->pid, signal_number);
	model_serve_until(has_ended(process));
}

/* ---- the back-end -------------------------------------------------------------------------- */

static inline bool can_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ret;

	strcpy(addr.sun_path, back_end_socket);
	ret = !connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
	return ret;
}

static inline void make_image(uint32_t size)
{
	FILE *out = fopen(image, "we");
	uint32_t i;

	assert_non_null(out);
	for (i = 0; i < size / sizeof(i); i++)
		fwrite(&i, sizeof(i), 1, out);
	fclose(out);
}

static inline void start_daemon_with(const char *num_queues, const char *writable)
{
	char blockdev[160], export[256];
	char *argv[] = {
		(char *)"qemu-storage-daemon", (char *)"--blockdev", blockdev,
		(char *)"--export", export, NULL,
	};

	snprintf(blockdev, sizeof(blockdev),
		 "driver=file,node-name=d,discard=unmap,filename=%s", image);
	snprintf(export, sizeof(export), "type=vhost-user-blk,id=e,node-name=d,addr.type=unix,"
		 "addr.path=%s,writable=%s,num-queues=%s", back_end_socket, writable, num_queues);
	daemon_process = spawn(argv, "daemon", false);
}

static inline void start_daemon(void)
{
	start_daemon_with("2", "on");
	model_serve_until(has_ended(&daemon_process) || !access(back_end_socket, F_OK));
	/* A trial connection, which the daemon survives: it listens. */
	model_serve_until(can_connect());
}

static inline void kill_daemon(void)
{
	end(&daemon_process, SIGKILL);
	unlink(back_end_socket);
}

static inline bool daemon_installed(void)
{
	return !system("qemu-storage-daemon --version >/dev/null 2>&1");
}

#define NEED_DAEMON() do {							\
	if (!daemon_installed()) {						\
		fprintf(stderr, "no qemu-storage-daemon: ");			\
		skip();								\
	}									\
} while (0)

static inline int set_up(void **state)
{
	(void)state;
	model_open();
	memset(&daemon_process, 0, sizeof(daemon_process));
	snprintf(back_end_socket, sizeof(back_end_socket), "%s/vhost.sock", model.dir);
	snprintf(image, sizeof(image), "%s/image", model.dir);
	make_image(IMAGE_SIZE);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	if (daemon_process.pid && daemon_process.status < 0) {
		kill(daemon_process.pid, SIGKILL);
		waitpid(daemon_process.pid, NULL, 0);
	}
	model_close();
	return 0;
}

/* The data that @sector has since make_image(). */
static inline void expect_data(unsigned int queue, uint64_t sector)
{
	uint32_t data[1024], i;

	model_read_sectors(queue, sector, sizeof(data), data);
	for (i = 0; i < 1024; i++)
		assert_int_equal(data[i], sector * 128 + i);
}

static inline struct process attach(void)
{
	struct process process = tool("attach", "blk", "--socket", back_end_socket, "--name",
				      "disk0", "--queues", "2", NULL);

	model_serve_until(model_running() || has_ended(&process));
	if (has_ended(&process))
		fail_msg("it said:\n%s", output_of(&process));
	return process;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static inline bool environment_is_set(void)
{
	if (getenv("VLB_TOOL") && getenv("VLB_SHIM"))
		return true;
	fprintf(stderr, "VLB_TOOL and VLB_SHIM must be set: use 'make unit'\n");
	return false;
}

#endif
