// SPDX-License-Identifier: GPL-2.0-only
/* The adapter in the background, and under the supervisor of "run". */
#include "src_tool.h"

#include <dirent.h>

struct model model;

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
	model_serve_until(!model.exists);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(daemonized),
		TEST(run_and_restart),
		TEST(run_bad_back_ends),
	};

	if (!environment_is_set())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
