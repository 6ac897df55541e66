// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real tool, with its sandbox, between a pretended module (src_model.h) and a real
 * qemu-storage-daemon: sessions, failures, messages and exit codes.
 */
#include "src_model.h"
#include "src_peer.h"

#include <dirent.h>
#include <sys/prctl.h>

#define IMAGE_SIZE	(4u << 20)

struct model model;

struct process {
	pid_t pid;
	char output[96];	/* file with what it wrote */
	int status;		/* -1: still running */
};

static struct process daemon_process;
static char back_end_socket[96];
static char image[96];

/* ---- processes ------------------------------------------------------------------------ */

static struct process spawn(char *const argv[], const char *output_name, bool module)
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

static bool has_ended(struct process *process)
{
	int status;

	if (process->status < 0 && waitpid(process->pid, &status, WNOHANG) == process->pid)
		process->status = WIFEXITED(status) ? WEXITSTATUS(status) :
				  128 + WTERMSIG(status);
	return process->status >= 0;
}

static const char *output_of(const struct process *process)
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

static bool has_said(const struct process *process, const char *what)
{
	return strstr(output_of(process), what);
}

static void expect_status(struct process *process, int status)
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

static struct process tool_from(const char *output, bool module, const char *first, va_list args)
{
	char *argv[24] = { getenv("VLB_TOOL"), (char *)first };
	int argc = 2;

	while ((argv[argc] = va_arg(args, char *)))
		argc++;
	return spawn(argv, output, module);
}

static struct process tool(const char *first, ...)
{
	struct process process;
	va_list args;

	va_start(args, first);
	process = tool_from("tool", true, first, args);
	va_end(args);
	return process;
}

static struct process second_tool(const char *first, ...)
{
	struct process process;
	va_list args;

	va_start(args, first);
	process = tool_from("tool2", true, first, args);
	va_end(args);
	return process;
}

static struct process tool_without_module(const char *first, ...)
{
	struct process process;
	va_list args;

	va_start(args, first);
	process = tool_from("tool", false, first, args);
	va_end(args);
	return process;
}

static void end(struct process *process, int signal_number)
{
	kill(process->pid, signal_number);
	model_serve_until(has_ended(process));
}

/* ---- the back-end -------------------------------------------------------------------------- */

static bool can_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ret;

	strcpy(addr.sun_path, back_end_socket);
	ret = !connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
	return ret;
}

static void make_image(uint32_t size)
{
	FILE *out = fopen(image, "we");
	uint32_t i;

	assert_non_null(out);
	for (i = 0; i < size / sizeof(i); i++)
		fwrite(&i, sizeof(i), 1, out);
	fclose(out);
}

static void start_daemon_with(const char *num_queues, const char *writable)
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

static void start_daemon(void)
{
	start_daemon_with("2", "on");
	model_serve_until(has_ended(&daemon_process) || !access(back_end_socket, F_OK));
	/* A trial connection, which the daemon survives: it listens. */
	model_serve_until(can_connect());
}

static void kill_daemon(void)
{
	end(&daemon_process, SIGKILL);
	unlink(back_end_socket);
}

static bool daemon_installed(void)
{
	return !system("qemu-storage-daemon --version >/dev/null 2>&1");
}

#define NEED_DAEMON() do {							\
	if (!daemon_installed()) {						\
		fprintf(stderr, "no qemu-storage-daemon: ");			\
		skip();								\
	}									\
} while (0)

static int set_up(void **state)
{
	(void)state;
	model_open();
	memset(&daemon_process, 0, sizeof(daemon_process));
	snprintf(back_end_socket, sizeof(back_end_socket), "%s/vhost.sock", model.dir);
	snprintf(image, sizeof(image), "%s/image", model.dir);
	make_image(IMAGE_SIZE);
	return 0;
}

static int tear_down(void **state)
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
static void expect_data(unsigned int queue, uint64_t sector)
{
	uint32_t data[1024], i;

	model_read_sectors(queue, sector, sizeof(data), data);
	for (i = 0; i < 1024; i++)
		assert_int_equal(data[i], sector * 128 + i);
}

static struct process attach(void)
{
	struct process process = tool("attach", "blk", "--socket", back_end_socket, "--name",
				      "disk0", "--queues", "2", NULL);

	model_serve_until(model_running() || has_ended(&process));
	if (has_ended(&process))
		fail_msg("it said:\n%s", output_of(&process));
	return process;
}

/* ---- before there is a device ----------------------------------------------------------------- */

static void module_missing(void **state)
{
	struct process process;

	(void)state;
	process = tool_without_module("attach", "blk", "--socket", "/nowhere", NULL);
	expect_status(&process, 3);
	expect_said(&process, "modprobe virtio_loopback");
	process = tool_without_module("detach", "disk0", NULL);
	expect_status(&process, 3);
	assert_int_equal(rmdir(model.sysfs), 0);
	process = tool_without_module("list", NULL);
	expect_status(&process, 3);
	process = tool_without_module("show", "disk0", NULL);
	expect_status(&process, 3);
	process = tool_without_module("stat", NULL);
	expect_status(&process, 3);
}

static void module_of_another_version(void **state)
{
	struct process process;

	(void)state;
	model.api_version = 77;
	process = tool("attach", "blk", "--socket", "/nowhere", NULL);
	expect_status(&process, 3);
	expect_said(&process, "77");
	expect_said(&process, "same release");
}

static void bad_sockets(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct process process;
	char path[300];
	int fd;

	(void)state;
	process = tool("attach", "blk", "--socket", back_end_socket, NULL);
	expect_status(&process, 5);
	expect_said(&process, "no such socket");
	process = tool("attach", "blk", "--socket", image, NULL);
	expect_status(&process, 5);
	expect_said(&process, "not a socket");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(addr.sun_path, back_end_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	process = tool("attach", "blk", "--socket", back_end_socket, NULL);
	expect_status(&process, 5);
	expect_said(&process, "nobody listens");
	close(fd);
	memset(path, 'x', sizeof(path));
	path[120] = '\0';
	process = tool("attach", "blk", "--socket", path, NULL);
	expect_status(&process, 2);
	assert_int_equal(model.creates, 0);
}

static bool is_readable(int fd)
{
	struct pollfd fds = { .fd = fd, .events = POLLIN };

	return poll(&fds, 1, 0) == 1;
}

static int accept_one(int listen_fd)
{
	model_serve_until(is_readable(listen_fd));
	return accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
}

static void silent_and_leaving_peers(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct process process;
	int fd, conn;

	(void)state;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(addr.sun_path, back_end_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	process = tool("attach", "blk", "--socket", back_end_socket, "--reply-timeout", "0.2",
		       NULL);
	expect_status(&process, 7);
	expect_said(&process, "did not answer GET_FEATURES within 0.2 s");
	conn = accept_one(fd);
	close(conn);
	process = tool("attach", "blk", "--socket", back_end_socket, NULL);
	conn = accept_one(fd);
	close(conn);
	expect_status(&process, 7);
	expect_said(&process, "closed the connection");
	/* A signal ends the wait for somebody who does not answer. */
	process = tool("attach", "blk", "--socket", back_end_socket, NULL);
	conn = accept_one(fd);
	end(&process, SIGTERM);
	expect_status(&process, 1);
	close(conn);
	close(fd);
	assert_int_equal(model.creates, 0);
}

static void bad_usage(void **state)
{
	static const char *const bad[][4] = {
		{ "attach", NULL }, { "attach", "blk", NULL },
		{ "attach", "nonsense", "--socket=/x", NULL },
		{ "attach", "blk", "--queues=0", NULL }, { "attach", "blk", "--queues=65", NULL },
		{ "attach", "blk", "--queue-size=100", NULL },
		{ "attach", "blk", "--queue-size=2048", NULL },
		{ "attach", "blk", "--pool-size=1", NULL },
		{ "attach", "blk", "--memory=map", NULL },
		{ "attach", "blk", "--call=x", NULL }, { "attach", "blk", "--name=a/b", NULL },
		{ "attach", "blk", "blk", NULL }, { "run", "blk", NULL },
		{ "run", "blk", "--", NULL }, { "run", "--", "x{socket}", NULL },
		{ "list", "x", NULL }, { "list", "--plain", NULL }, { "show", NULL },
		{ "detach", NULL }, { "detach", "a", "b", NULL }, { "stat", "--count=x", NULL },
		{ "types", "x", NULL }, { "nonsense", NULL }, { "--nonsense", NULL },
	};
	struct process process;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		process = tool(bad[i][0], bad[i][1], bad[i][1] ? bad[i][2] : NULL,
			       bad[i][1] && bad[i][2] ? bad[i][3] : NULL, NULL);
		expect_status(&process, 2);
	}
	process = tool("run", "blk", "--", "sleep", "1", NULL);
	expect_status(&process, 2);
	expect_said(&process, "{socket}");
}

static void help_and_version(void **state)
{
	static const char *const commands[] = {
		"attach", "run", "list", "show", "stat", "detach", "types",
	};
	struct process process;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		process = tool_without_module(commands[i], "--help", NULL);
		expect_status(&process, 0);
		expect_said(&process, "Usage:");
	}
	process = tool_without_module("--help", NULL);
	expect_status(&process, 0);
	process = tool_without_module("--version", NULL);
	expect_status(&process, 0);
	process = tool_without_module("types", "--json", NULL);
	expect_status(&process, 0);
	expect_said(&process, "\"type\": \"blk\"");
}

/* ---- serving ------------------------------------------------------------------------------------ */

static void whole_life(void **state)
{
	struct process process;
	uint8_t *config = model.config;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	model_serve_until(has_said(&process, "disk0: /dev/vdtest ready\n"));
	assert_int_equal(model.desc.num_queues, 2);
	assert_int_equal(model.desc.queue[1].size, 256);
	assert_int_equal(model.desc.config_len, 60);
	assert_int_equal(((struct virtio_blk_config *)config)->capacity, IMAGE_SIZE / 512);
	assert_int_equal(((struct virtio_blk_config *)config)->num_queues, 2);
	assert_true(((struct virtio_blk_config *)config)->size_max >= 4096);
	assert_true(model.desc.features & MODEL_BIT(VIRTIO_BLK_F_FLUSH));
	expect_data(0, 0);
	expect_data(1, 100);
	/* The driver is unbound and bound again. */
	model_driver_reset();
	model_serve_for(50);
	assert_false(model_running());
	model_driver_start();
	model_serve_until(model_running());
	expect_data(1, 200);
	end(&process, SIGTERM);
	expect_status(&process, 0);
	assert_int_equal(model.removes, 1);
	assert_false(model.exists);
}

static void eventfd_call_and_masked_features(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = tool("attach", "blk", "--socket", back_end_socket, "--call=eventfd",
		       "--no-indirect", "--no-event-idx", "--read-only", "--queues=1",
		       "--queue-size=4", "--pool-size=1M", "--timeout=7", NULL);
	model_serve_until(model_running() || has_ended(&process));
	assert_string_equal(model.desc.name, "blk0");
	assert_int_equal(model.desc.timeout_ms, 7000);
	assert_int_equal(model.desc.queue[0].size, 4);
	assert_int_equal(model.pool_size, 1 << 20);
	assert_false(model.desc.features & MODEL_BIT(VIRTIO_RING_F_INDIRECT_DESC));
	assert_false(model.desc.features & MODEL_BIT(VIRTIO_RING_F_EVENT_IDX));
	assert_false(model.desc.features & MODEL_BIT(VIRTIO_BLK_F_MQ));
	assert_true(model.desc.features & MODEL_BIT(VIRTIO_BLK_F_RO));
	expect_data(0, 8);
	end(&process, SIGINT);
	expect_status(&process, 0);
}

static void too_much_asked(void **state)
{
	char command[256];
	char *shell[] = { (char *)"sh", (char *)"-c", command, NULL };
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = tool("attach", "blk", "--socket", back_end_socket, "--queues=3", NULL);
	expect_status(&process, 7);
	expect_said(&process, "--queues asks for 3, the back-end has 2");
	process = tool("attach", "blk", "--socket", back_end_socket, "--pool-size=1T", NULL);
	expect_status(&process, 1);
	expect_said(&process, "--pool-size");
	snprintf(command, sizeof(command), "ulimit -f 64; LD_PRELOAD=$VLB_SHIM exec $VLB_TOOL "
		 "attach blk --socket %s", back_end_socket);
	process = spawn(shell, "tool", true);
	expect_status(&process, 1);
	expect_said(&process, "RLIMIT_FSIZE");
	snprintf(command, sizeof(command), "ulimit -n 8; LD_PRELOAD=$VLB_SHIM exec $VLB_TOOL "
		 "attach blk --socket %s", back_end_socket);
	process = spawn(shell, "tool", true);
	expect_status(&process, 1);
	expect_said(&process, "Too many open files");
	model.fail_set_pool = ENOMEM;
	process = tool("attach", "blk", "--socket", back_end_socket, NULL);
	expect_status(&process, 1);
	expect_said(&process, "RLIMIT_MEMLOCK");
	model.fail_set_pool = 0;
	model.arena_size = 4096;
	process = tool("attach", "blk", "--socket", back_end_socket, NULL);
	expect_status(&process, 1);
	expect_said(&process, "use a larger --pool-size");
	model.arena_size = 0;
	assert_false(model.exists);
	process = tool("attach", "blk", "--socket", back_end_socket, "--no-indirect",
		       "--queue-size=2", NULL);
	expect_status(&process, 1);
	expect_said(&process, "--queue-size");
}

static bool status_line_is(pid_t pid, const char *line)
{
	char path[64], text[256];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	in = fopen(path, "re");
	assert_non_null(in);
	while (!found && fgets(text, sizeof(text), in)) {
		text[strcspn(text, "\n")] = '\0';
		found = !strcmp(text, line);
	}
	fclose(in);
	return found;
}

static void sandboxed(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	assert_true(status_line_is(process.pid, "Seccomp:\t2"));
	assert_true(status_line_is(process.pid, "NoNewPrivs:\t1"));
	assert_true(status_line_is(process.pid, "CapEff:\t0000000000000000"));
	assert_true(status_line_is(process.pid, "CapPrm:\t0000000000000000"));
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* Only then does the adapter keep a capability, and needs it to reconnect. */
static void socket_of_another_user(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	if (geteuid())
		skip();
	snprintf(back_end_socket, sizeof(back_end_socket), "%s/private", model.dir);
	assert_int_equal(mkdir(back_end_socket, 0700), 0);
	assert_int_equal(chown(back_end_socket, 65534, 65534), 0);
	snprintf(back_end_socket, sizeof(back_end_socket), "%s/private/socket", model.dir);
	start_daemon();
	process = attach();
	assert_true(status_line_is(process.pid, "CapEff:\t0000000000000002"));
	kill_daemon();
	model_serve_until(!model_running());
	start_daemon();
	model_serve_until(model_running());
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

static void no_driver(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	model.no_driver = true;
	process = tool("attach", "blk", "--socket", back_end_socket, NULL);
	model_serve_until(has_said(&process, "modprobe virtio_blk"));
	assert_false(has_said(&process, "ready"));
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* ---- failures of the back-end ---------------------------------------------------------------------- */

static void back_end_restarts(void **state)
{
	struct process process;
	unsigned int i;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	for (i = 0; i < 5; i++) {
		expect_data(i % 2, i * 8);
		kill_daemon();
		model_serve_until(!model_running());
		start_daemon();
		model_serve_until(model_running());
		assert_int_equal(model.pools, i + 2);
		assert_int_equal(model.creates, 1);
	}
	expect_data(0, 0);
	expect_said(&process, "requests wait");
	expect_said(&process, "is back");
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* What waited in the ring is served without anybody kicking again. */
static void waiting_request_is_served(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	kill_daemon();
	model_serve_until(model.stops >= 1);
	start_daemon();
	model_serve_until(model.queues[0].running);
	/* Between VLB_QUEUE_START and the kick: as the module's replay does. */
	model_submit_read(0, 0, 4096);
	model_serve_until(model_completed(0));
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

static void other_back_ends_are_refused(void **state)
{
	struct process process;
	unsigned int starts;
	const char *again;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	starts = model.starts;
	kill_daemon();
	make_image(IMAGE_SIZE / 2);
	start_daemon();
	model_serve_until(has_said(&process, "capacity 4096, the device has 8192"));
	kill_daemon();
	make_image(IMAGE_SIZE);
	start_daemon_with("1", "on");
	model_serve_until(has_said(&process, "fewer queues"));
	kill_daemon();
	start_daemon_with("2", "off");
	model_serve_until(has_said(&process, "device has not: RO (bit 5)"));
	/* Told once, though it is tried again and again. */
	model_serve_for(500);
	again = strstr(strstr(output_of(&process), "has not: RO") + 1, "has not: RO");
	assert_null(again);
	/* Another process of the same kind is told again. */
	kill_daemon();
	start_daemon_with("2", "off");
	model_serve_until(strstr(strstr(output_of(&process), "has not: RO") + 1, "has not: RO"));
	assert_int_equal(model.starts, starts);
	kill_daemon();
	start_daemon();
	model_serve_until(model_running());
	expect_data(0, 16);
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* ---- failures of the adapter ----------------------------------------------------------------------- */

static void take_over(void **state)
{
	struct process process, other;
	unsigned int i;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	for (i = 0; i < 5; i++) {
		end(&process, SIGKILL);
		model_serve_until(!model.owner);
		assert_true(model.exists);
		process = attach();
		assert_int_equal(model.adopts, i + 1);
		expect_data(0, i * 8);
	}
	model_serve_until(has_said(&process, "taken over"));
	other = second_tool("attach", "blk", "--socket", back_end_socket, "--name=disk0",
			    "--reply-timeout=0.5", NULL);
	expect_status(&other, 6);
	expect_said(&other, "disk0: the name is already in use");
	/* The daemon serves one front-end at a time: this one waits in vain. */
	other = second_tool("attach", "blk", "--socket", back_end_socket,
			    "--reply-timeout=0.5", NULL);
	expect_status(&other, 7);
	expect_said(&other, "is another front-end connected to it?");
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

static void name_in_use(void **state)
{
	struct process process, other;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	other = second_tool("run", "blk", "--name=disk0", "--", "qemu-storage-daemon",
			    "--blockdev", "driver=null-co,node-name=d,size=1048576", "--export",
			    "type=vhost-user-blk,id=e,node-name=d,addr.type=unix,"
			    "addr.path={socket}", NULL);
	expect_status(&other, 6);
	expect_said(&other, "already in use by a running adapter");
	expect_data(0, 0);
	end(&process, SIGKILL);
	model_serve_until(!model.owner);
	/* Taking over with the wrong back-end. */
	other = second_tool("run", "blk", "--name=disk0", "--", "qemu-storage-daemon",
			    "--blockdev", "driver=null-co,node-name=d,size=1048576", "--export",
			    "type=vhost-user-blk,id=e,node-name=d,addr.type=unix,"
			    "addr.path={socket}", NULL);
	expect_status(&other, 7);
	assert_true(model.exists);
}

static void second_signal_leaves_at_once(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	/* The module takes its time, and two signals of one kind could become one. */
	model.hold_remove = true;
	kill(process.pid, SIGTERM);
	kill(process.pid, SIGINT);
	expect_status(&process, 1);
	expect_said(&process, "leaving at once");
}

/* ---- the end of the device --------------------------------------------------------------------------- */

static void removed_by_the_module(void **state)
{
	static const struct {
		uint32_t reason;
		int status;
	} ends[] = {
		{ VLB_REMOVED_TIMEOUT, 8 }, { VLB_REMOVED_BROKEN, 9 },
		{ VLB_REMOVED_UNREGISTERED, 10 }, { VLB_REMOVED_REQUEST, 0 }, { 99, 1 },
	};
	struct process process;
	size_t i;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		process = attach();
		model_removed(ends[i].reason);
		expect_status(&process, ends[i].status);
	}
}

static void removed_while_the_back_end_is_lost(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	kill_daemon();
	model_serve_until(model.stops >= 1);
	model_serve_for(100);
	model_removed(VLB_REMOVED_TIMEOUT);
	expect_status(&process, 8);
	expect_said(&process, "--timeout");
}

static void detached(void **state)
{
	struct process process, other;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	other = second_tool("list", NULL);
	expect_status(&other, 0);
	expect_said(&other, "disk0            blk      running        2  /dev/vdtest");
	other = second_tool("list", "--json", NULL);
	expect_status(&other, 0);
	expect_said(&other, "[{\"name\": \"disk0\", \"type\": \"blk\", \"state\": \"running\", "
		    "\"queues\": 2, \"node\": \"/dev/vdtest\"}]");
	other = second_tool("show", "disk0", NULL);
	expect_status(&other, 0);
	expect_said(&other, "DISCARD (bit 13)");
	other = second_tool("show", "disk0", "--json", NULL);
	expect_status(&other, 0);
	other = second_tool("show", "disk1", NULL);
	expect_status(&other, 5);
	other = second_tool("detach", "disk1", NULL);
	expect_status(&other, 5);
	model.hold_remove = true;
	other = second_tool("detach", "disk0", "--wait=0.2", NULL);
	expect_status(&other, 6);
	expect_said(&other, "still there after 0.2 s");
	model.hold_remove = false;
	other = second_tool("detach", "disk0", NULL);
	expect_status(&other, 0);
	expect_status(&process, 0);
	other = second_tool("list", "--json", NULL);
	expect_status(&other, 0);
	expect_said(&other, "[]");
}

static void counted(void **state)
{
	struct process process, other;
	int64_t start;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	other = second_tool("stat", "disk0", "--interval=0.5", "--count=2", "--json", NULL);
	start = vlb_clock_ms();
	model_serve_until(has_said(&other, "}]\n"));
	assert_in_range(vlb_clock_ms() - start, 400, 5000);
	model_sysfs_stats(4000);
	expect_status(&other, 0);
	expect_said(&other, "\"kicks_per_request\": 0.500, \"calls_per_request\": 0.250");
	expect_said(&other, "\"in_flight\": 6, \"requests\": 8000, \"bytes\": 32768000");
	expect_said(&other, "\"p50_us\": 2.816, \"p99_us\": 3.067");
	other = second_tool("stat", "--interval=0.1", "--count=1", NULL);
	expect_status(&other, 0);
	expect_said(&other, "disk0                    0      0.00");
	other = second_tool("stat", "disk7", NULL);
	expect_status(&other, 5);
	/* Until it is interrupted, or the device goes. */
	other = second_tool("stat", "--interval=0.1", NULL);
	model_serve_until(has_said(&other, "disk0"));
	end(&other, SIGINT);
	expect_status(&other, 0);
	other = second_tool("stat", "disk0", "--interval=0.1", NULL);
	model_serve_until(has_said(&other, "disk0"));
	end(&process, SIGTERM);
	expect_status(&process, 0);
	expect_status(&other, 5);
}

static bool was_notified(int fd)
{
	char text[64];
	ssize_t len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[len < 0 ? 0 : len] = '\0';
	return !strcmp(text, "READY=1");
}

static void service_manager_is_told(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct process process;
	int fd;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/notify", model.dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setenv("NOTIFY_SOCKET", addr.sun_path, 1);
	process = attach();
	model_serve_until(was_notified(fd));
	end(&process, SIGTERM);
	expect_status(&process, 0);
	process = tool("run", "blk", "--", "qemu-storage-daemon", "--blockdev",
		       "driver=null-co,node-name=d,size=1048576", "--export",
		       "type=vhost-user-blk,id=e,node-name=d,addr.type=unix,addr.path={socket}",
		       NULL);
	model_serve_until(was_notified(fd));
	unsetenv("NOTIFY_SOCKET");
	end(&process, SIGTERM);
	expect_status(&process, 0);
	close(fd);
}

/* ---- changes ------------------------------------------------------------------------------------------- */

static void config_writes(void **state)
{
	struct vlb_msg msg = { .type = VLB_MSG_CONFIG_WRITE };
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = attach();
	/* The driver turns the write cache off, and then does nonsense. */
	msg.config.offset = 32;
	msg.config.len = 1;
	model.config[32] = 0;
	model_send(&msg);
	msg.config.offset = 0;
	msg.config.len = 8;
	model_send(&msg);
	model_serve_until(has_said(&process, "ignored"));
	expect_data(0, 0);
	/* A new back-end begins with the cache on, and is told. */
	kill_daemon();
	start_daemon();
	model_serve_until(model.pools == 2 && model_running());
	expect_data(0, 0);
	assert_null(strstr(output_of(&process), "refuse"));
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* ---- a back-end of our own, for what the daemon does not do ------------------------------- */

static int own_channel = -1;
static struct virtio_blk_config own_config;

static void own_answer(int fd, const struct vu_message *msg, int passed)
{
	struct vu_config config = { .size = sizeof(own_config) };
	uint32_t request = msg->header.request;

	if (request == VHOST_USER_SET_BACKEND_REQ_FD) {
		own_channel = passed;
	} else if (request == VHOST_USER_GET_CONFIG) {
		config.size = msg->payload.config.size;
		memcpy(config.region, &own_config, config.size);
		peer_send(fd, request, VU_FLAG_VERSION | VU_FLAG_REPLY, &config,
			  12 + config.size);
	} else if (request == VHOST_USER_GET_VRING_BASE) {
		peer_send(fd, request, VU_FLAG_VERSION | VU_FLAG_REPLY, &msg->payload.state, 8);
	} else if (request == VHOST_USER_GET_FEATURES) {
		peer_reply_u64(fd, request, MODEL_BIT(30) | MODEL_BIT(32));
	} else if (request == VHOST_USER_GET_PROTOCOL_FEATURES) {
		peer_reply_u64(fd, request, MODEL_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
			       MODEL_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ) |
			       MODEL_BIT(VHOST_USER_PROTOCOL_F_CONFIG));
	} else if (msg->header.flags & VU_FLAG_NEED_REPLY) {
		peer_reply_u64(fd, request, 0);
	}
}

/* Serve one connection until @done was asked for @times times, or it ends. */
static bool own_serve(int fd, uint32_t done, unsigned int times)
{
	struct vu_message msg;
	int passed;

	while (times) {
		if (!peer_receive(fd, &msg, &passed))
			return false;
		own_answer(fd, &msg, passed);
		times -= msg.header.request == done;
	}
	return true;
}

/* A process that listens like the daemon, and does what @script says with a connection. */
static void start_own(void (*script)(int fd))
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	own_config = (struct virtio_blk_config){ .capacity = 1000, .blk_size = 512 };
	strcpy(addr.sun_path, back_end_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	daemon_process = (struct process){ .status = -1, .pid = fork() };
	if (!daemon_process.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(60);
		for (;;) {
			int conn = accept(fd, NULL, NULL);

			script(conn);
			close(conn);
		}
	}
	close(fd);
}

static struct process attach_own(void)
{
	struct process process = tool("attach", "blk", "--socket", back_end_socket, "--name",
				      "disk0", NULL);

	model_serve_until(model_running() || has_ended(&process));
	return process;
}

static void grow(int fd)
{
	struct vu_message ack;

	if (!own_serve(fd, VHOST_USER_SET_VRING_ENABLE, 1))
		return;
	own_config.capacity = 2000;
	peer_send(own_channel, VHOST_USER_BACKEND_CONFIG_CHANGE_MSG,
		  VU_FLAG_VERSION | VU_FLAG_NEED_REPLY, NULL, 0);
	PEER_EXPECT(peer_receive(own_channel, &ack, NULL) && !ack.payload.u64);
	own_serve(fd, UINT32_MAX, 1);
}

static void resized(void **state)
{
	const struct virtio_blk_config *config = (void *)model.config;
	struct process process;
	uint32_t size_max;

	(void)state;
	start_own(grow);
	process = attach_own();
	size_max = config->size_max;
	assert_true(size_max >= 4096);
	model_serve_until(config->capacity == 2000);
	assert_int_equal(config->num_queues, 1);
	assert_int_equal(config->size_max, size_max);
	assert_int_equal(model.config_sets, 2);
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* After a start each connection does something else that it must not. */
static void misbehave(int fd)
{
	static unsigned int round;
	uint8_t bytes[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	if (!own_serve(fd, VHOST_USER_SET_VRING_ENABLE, 1))
		return;
	/* Not before the device is ready: this one is the test's sign. */
	while (access(image, F_OK))
		poll(NULL, 0, 5);
	switch (round++) {
	case 0:
		peer_send_raw(fd, bytes, sizeof(bytes), NULL, 0);
		break;
	case 1:
		peer_reply_u64(fd, VHOST_USER_GET_FEATURES, 0);
		break;
	case 2:
		peer_send_raw(own_channel, bytes, sizeof(bytes), NULL, 0);
		break;
	case 3:
		own_config.capacity = ~0ULL;
		peer_send(own_channel, VHOST_USER_BACKEND_CONFIG_CHANGE_MSG, VU_FLAG_VERSION,
			  NULL, 0);
		own_serve(fd, UINT32_MAX, 1);
		own_config.capacity = 1000;
		return;
	case 4:
		peer_send_raw(own_channel, bytes, 5, NULL, 0);
		close(own_channel);
		break;
	case 5:
		close(own_channel);
		/* That alone is no offence. */
		own_serve(fd, UINT32_MAX, 1);
		return;
	}
	own_serve(fd, UINT32_MAX, 1);
}

static void misbehaving_while_serving(void **state)
{
	struct process process;

	(void)state;
	unlink(image);
	start_own(misbehave);
	process = attach_own();
	model_serve_until(has_said(&process, "ready"));
	make_image(512);
	/* Five offences, five new sessions; the sixth session stays. */
	model_serve_until(model.pools == 6 && model_running());
	model_serve_for(300);
	assert_int_equal(model.pools, 6);
	assert_false(has_ended(&process));
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

static void refuse_memory(int fd)
{
	struct vu_message msg;
	int passed;

	while (peer_receive(fd, &msg, &passed)) {
		if (msg.header.request == VHOST_USER_SET_MEM_TABLE)
			peer_reply_u64(fd, VHOST_USER_SET_MEM_TABLE, 1);
		else
			own_answer(fd, &msg, passed);
	}
}

/* The driver has the device already, but nobody has used it. */
static void refused_before_it_was_ready(void **state)
{
	struct process process;

	(void)state;
	start_own(refuse_memory);
	process = attach_own();
	expect_status(&process, 7);
	expect_said(&process, "refused SET_MEM_TABLE (result 1); removing the device");
	assert_int_equal(model.removes, 1);
	assert_false(model.exists);
}

static void never_stops(int fd)
{
	struct vu_message msg;
	int passed;

	while (peer_receive(fd, &msg, &passed)) {
		if (msg.header.request == VHOST_USER_GET_VRING_BASE)
			continue;
		own_answer(fd, &msg, passed);
	}
}

/* A ring that cannot be stopped ends the session; the next start has a new pool. */
static void queues_that_do_not_stop(void **state)
{
	struct process process;

	(void)state;
	start_own(never_stops);
	process = tool("attach", "blk", "--socket", back_end_socket, "--name=disk0",
		       "--reply-timeout=0.2", NULL);
	model_serve_until(model_running() || has_ended(&process));
	model_driver_reset();
	model_driver_start();
	model_serve_until(model.pools == 2 && model_running());
	expect_said(&process, "did not answer GET_VRING_BASE");
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

static void other_type(int fd)
{
	own_config.blk_size = 513;
	own_serve(fd, UINT32_MAX, 1);
}

static void wrong_device_type(void **state)
{
	struct process process;

	(void)state;
	start_own(other_type);
	process = attach_own();
	expect_status(&process, 7);
	expect_said(&process, "no vhost-user-blk back-end");
	assert_int_equal(model.creates, 0);
}

/* ---- in the background, and under a supervisor ------------------------------------------------------------ */

static void daemonized(void **state)
{
	char command[512];
	char *shell[] = { (char *)"sh", (char *)"-c", command, NULL };
	struct process process;
	pid_t daemon_pid;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = tool("attach", "blk", "--socket", back_end_socket, "--name=disk0",
		       "--daemonize", NULL);
	expect_status(&process, 0);
	expect_said(&process, "disk0: /dev/vdtest ready");
	expect_data(0, 0);
	daemon_pid = model.owner;
	assert_true(daemon_pid && daemon_pid != process.pid);
	/* Messages to the system log do not upset the sandbox. */
	kill_daemon();
	model_serve_until(model.stops >= 1);
	start_daemon();
	model_serve_until(model_running());
	expect_data(0, 0);
	kill(daemon_pid, SIGTERM);
	model_serve_until(!model.exists);
	/* Nobody keeps the output open: the shell gets to its end. */
	snprintf(command, sizeof(command), "x=$(LD_PRELOAD=$VLB_SHIM $VLB_TOOL attach blk "
		 "--socket %s --name=disk0 --daemonize 2>&1); echo \"got $x\"", back_end_socket);
	process = spawn(shell, "tool", true);
	expect_status(&process, 0);
	expect_said(&process, "got disk0: /dev/vdtest ready");
	kill(model.owner, SIGTERM);
	model_serve_until(!model.exists);
	snprintf(command, sizeof(command), "x=$(LD_PRELOAD=$VLB_SHIM $VLB_TOOL run blk "
		 "--name=disk0 --daemonize -- qemu-storage-daemon --blockdev "
		 "driver=null-co,node-name=d,size=1048576 --export type=vhost-user-blk,"
		 "id=e,node-name=d,addr.type=unix,addr.path={socket} 2>&1); echo \"got $x\"");
	process = spawn(shell, "tool", true);
	expect_status(&process, 0);
	expect_said(&process, "got disk0: /dev/vdtest ready");
	kill(model.owner, SIGTERM);
	model_serve_until(!model.exists);
	process = tool("attach", "blk", "--socket", "/nowhere", "--daemonize", NULL);
	expect_status(&process, 5);
	expect_said(&process, "no such socket");
}

static bool left_behind(const char *prefix)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir(getuid() ? model.dir : "/run");

	while (dir && (entry = readdir(dir)))
		found |= !strncmp(entry->d_name, prefix, strlen(prefix));
	if (dir)
		closedir(dir);
	return found;
}

static pid_t child_of(pid_t parent, const char *name)
{
	char command[128];
	FILE *in;
	int pid = 0;

	snprintf(command, sizeof(command), "pgrep -P %d -x %s", parent, name);
	in = popen(command, "re");
	if (!in || fscanf(in, "%d", &pid) != 1)
		pid = 0;
	if (in)
		pclose(in);
	return pid;
}

static void run_and_restart(void **state)
{
	struct process process;
	char blockdev[160];
	unsigned int i;
	pid_t pid;

	(void)state;
	NEED_DAEMON();
	snprintf(blockdev, sizeof(blockdev), "driver=file,node-name=d,filename=%s", image);
	process = tool("run", "blk", "--name=disk0", "--queues=1", "--", "qemu-storage-daemon",
		       "--blockdev", blockdev, "--export",
		       "type=vhost-user-blk,id=e,node-name=d,addr.type=unix,addr.path={socket},"
		       "writable=on", NULL);
	for (i = 0; i < 3; i++) {
		model_serve_until(model.pools == i + 1 && model_running());
		expect_data(0, i * 8);
		pid = child_of(process.pid, "qemu-storage-da");
		assert_true(pid > 0);
		kill(pid, SIGKILL);
	}
	model_serve_until(model.pools == 4 && model_running());
	model_serve_until(has_said(&process, "ready"));
	expect_said(&process, "starting it again");
	end(&process, SIGINT);
	expect_status(&process, 0);
	assert_false(model.exists);
	assert_false(left_behind("virtio-loopback-"));
}

static void run_bad_back_ends(void **state)
{
	struct process process;

	(void)state;
	process = tool("run", "blk", "--", "/nowhere/back-end", "{socket}", NULL);
	expect_status(&process, 7);
	expect_said(&process, "cannot execute");
	process = tool("run", "blk", "--", "sh", "-c", "exit 3 {socket}", NULL);
	expect_status(&process, 7);
	expect_said(&process, "exited with status 3 before it listened");
	process = tool("run", "blk", "--wait=0.3", "--", "sh", "-c", "sleep 60 # {socket}", NULL);
	expect_status(&process, 5);
	assert_false(left_behind("virtio-loopback-"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(module_missing),
		TEST(module_of_another_version),
		TEST(bad_sockets),
		TEST(silent_and_leaving_peers),
		TEST(bad_usage),
		TEST(help_and_version),
		TEST(whole_life),
		TEST(eventfd_call_and_masked_features),
		TEST(too_much_asked),
		TEST(sandboxed),
		TEST(socket_of_another_user),
		TEST(no_driver),
		TEST(back_end_restarts),
		TEST(waiting_request_is_served),
		TEST(other_back_ends_are_refused),
		TEST(take_over),
		TEST(name_in_use),
		TEST(second_signal_leaves_at_once),
		TEST(removed_by_the_module),
		TEST(removed_while_the_back_end_is_lost),
		TEST(detached),
		TEST(counted),
		TEST(service_manager_is_told),
		TEST(config_writes),
		TEST(resized),
		TEST(misbehaving_while_serving),
		TEST(refused_before_it_was_ready),
		TEST(queues_that_do_not_stop),
		TEST(wrong_device_type),
		TEST(daemonized),
		TEST(run_and_restart),
		TEST(run_bad_back_ends),
	};

	if (!getenv("VLB_TOOL") || !getenv("VLB_SHIM")) {
		fprintf(stderr, "VLB_TOOL and VLB_SHIM must be set: use 'make unit'\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
