// SPDX-License-Identifier: GPL-2.0-only
/* The adapter at work: from the command line to the end of its device. */
#include "src_tool.h"

struct model model;

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
		{ "attach", "blk", "--memory=share", NULL },
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
	model_serve_until(!model.exists);
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
	process = tool("attach", "blk", "--socket", back_end_socket, "--pool-size=3G", NULL);
	expect_status(&process, 2);
	expect_said(&process, "--pool-size: '3G' is out of range (64K to 2G)");
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
	model_serve_until(!model.exists);
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

static bool daemon_maps(const char *what)
{
	char path[64], text[512];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/maps", daemon_process.pid);
	in = fopen(path, "re");
	assert_non_null(in);
	while (!found && fgets(text, sizeof(text), in))
		found = strstr(text, what);
	fclose(in);
	return found;
}

/* 64 KiB and 50 ms: docs/performance.md tells why. */
static void shows_pages_by_default_as_measured(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = tool("attach", "blk", "--socket", back_end_socket, "--memory=map", NULL);
	model_serve_until(model_running() || has_ended(&process));
	assert_int_equal(model.windows, 1);
	assert_int_equal(model.window.min_len, 64 << 10);
	assert_int_equal(model.window.revoke_ms, 50);
	assert_int_equal(model.busy_poll_us, 0);
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* Pool and window; a new one for each session. */
static void shows_pages(void **state)
{
	struct process process;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = tool("attach", "blk", "--socket", back_end_socket, "--memory=map",
		       "--map-min=64K", "--map-revoke=0.02", "--busy-poll=50", NULL);
	model_serve_until(model_running() || has_ended(&process));
	assert_int_equal(model.windows, 1);
	assert_int_equal(model.window.min_len, 64 << 10);
	assert_int_equal(model.window.revoke_ms, 20);
	assert_int_equal(model.busy_poll_us, 50);
	assert_int_equal(model.window.flags, 0);
	assert_true(daemon_maps("memfd:window"));
	kill_daemon();
	model_serve_until(!model_running());
	start_daemon();
	model_serve_until(model_running() || has_ended(&process));
	assert_int_equal(model.windows, 2);
	assert_true(daemon_maps("memfd:window"));
	end(&process, SIGTERM);
	expect_status(&process, 0);
}

/* A third region; what the file has grown to is seen by the next back-end. */
static void shares_memory(void **state)
{
	struct process process;
	char path[64];
	struct stat st;
	int fd;

	(void)state;
	NEED_DAEMON();
	fd = memfd_create("buffers", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	assert_int_equal(fstat(fd, &st), 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	start_daemon();
	process = tool("attach", "blk", "--socket", back_end_socket, "--memory=map",
		       "--shared-memory", path, NULL);
	model_serve_until(model_running() || has_ended(&process));
	assert_int_equal(model.shares, 1);
	assert_int_equal(model.share.flags, 0);
	assert_int_equal(model.share.size, 1 << 20);
	assert_int_equal(model.shared_inode, st.st_ino);
	assert_true(daemon_maps("memfd:buffers"));
	assert_true(daemon_maps("memfd:window"));
	kill_daemon();
	model_serve_until(!model_running());
	assert_int_equal(ftruncate(fd, 2 << 20), 0);
	start_daemon();
	model_serve_until(model_running() || has_ended(&process));
	assert_int_equal(model.shares, 2);
	assert_int_equal(model.share.size, 2 << 20);
	assert_true(daemon_maps("memfd:buffers"));
	end(&process, SIGTERM);
	expect_status(&process, 0);
	close(fd);
}

static void shares_no_other_memory(void **state)
{
	struct process process;
	char path[64];
	int fd;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	process = tool("attach", "blk", "--socket", back_end_socket, "--shared-memory=/none", NULL);
	expect_status(&process, 5);
	expect_said(&process, "cannot open the shared memory /none: No such file");
	process = tool("attach", "blk", "--socket", back_end_socket, "--shared-memory=/proc/self/comm", NULL);
	expect_status(&process, 2);
	expect_said(&process, "/proc/self/comm cannot be shared memory: it has to be a file of tmpfs");
	fd = memfd_create("empty", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	process = tool("attach", "blk", "--socket", back_end_socket, "--shared-memory", path, NULL);
	model_serve_until(has_ended(&process));
	expect_status(&process, 1);
	expect_said(&process, "the shared memory has 0 bytes");
	assert_int_equal(model.shares, 0);
	close(fd);
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

/* On request, but not without loss: whoever asked is told, and so is who reads the status. */
static void removed_with_failed_requests(void **state)
{
	struct process process, other;

	(void)state;
	NEED_DAEMON();
	start_daemon();
	model.removal_fails = 3;
	process = attach();
	other = second_tool("detach", "disk0", NULL);
	expect_status(&other, 11);
	expect_said(&other, "the device is gone, but requests had to be failed");
	expect_status(&process, 11);
	expect_said(&process, "removed, but 3 requests had to be failed");
	process = attach();
	end(&process, SIGTERM);
	expect_status(&process, 11);
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
		TEST(shows_pages_by_default_as_measured),
		TEST(shows_pages),
		TEST(shares_memory),
		TEST(shares_no_other_memory),
		TEST(socket_of_another_user),
		TEST(no_driver),
		TEST(removed_by_the_module),
		TEST(removed_with_failed_requests),
		TEST(removed_while_the_back_end_is_lost),
		TEST(detached),
		TEST(counted),
		TEST(service_manager_is_told),
		TEST(config_writes),
	};

	if (!environment_is_set())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
