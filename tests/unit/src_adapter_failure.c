// SPDX-License-Identifier: GPL-2.0-only
/* The adapter when its back-end or another adapter fails it. */
#include "src_tool.h"
#include "src_peer.h"

struct model model;

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
	model_serve_until(has_said(&process, "ready"));
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

/* Which may be because it can map one region only. */
static void refused_with_shared_memory(void **state)
{
	struct process process;
	char path[64];
	int fd;

	(void)state;
	fd = memfd_create("buffers", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	start_own(refuse_memory);
	process = tool("attach", "blk", "--socket", back_end_socket, "--shared-memory", path, NULL);
	model_serve_until(has_ended(&process));
	expect_status(&process, 7);
	expect_said(&process, "perhaps because there are 2 regions: leave out --shared-memory");
	close(fd);
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
	model_serve_until(!model.exists);
}

static void leave_early(int fd)
{
	own_serve(fd, VHOST_USER_SET_VRING_KICK, 1);
}

static void fall_silent(int fd)
{
	struct vu_message msg;

	own_serve(fd, VHOST_USER_SET_FEATURES, 1);
	while (peer_receive(fd, &msg, NULL))
		;
}

static void expect_given_up(void (*script)(int fd), const char *why)
{
	struct process process;

	start_own(script);
	process = tool("attach", "blk", "--socket", back_end_socket, "--name=disk0",
		       "--reply-timeout=0.1", NULL);
	expect_status(&process, 7);
	expect_said(&process, why);
	expect_said(&process, "removing the device");
	model_serve_until(!model.exists);
}

/* A back-end that never lets the device become ready is not waited for for ever. */
static void leaving_before_it_was_ready(void **state)
{
	(void)state;
	expect_given_up(leave_early, "closed the connection");
}

static void silent_before_it_was_ready(void **state)
{
	(void)state;
	expect_given_up(fall_silent, "did not answer");
}

/* Well behaved, but for a file descriptor once the device is ready; and so again and again. */
static void pass_fds(int fd)
{
	static const uint8_t byte = 1;
	const int passed = STDERR_FILENO;

	if (!own_serve(fd, VHOST_USER_SET_VRING_ENABLE, 1))
		return;
	while (access(image, F_OK))
		poll(NULL, 0, 5);
	peer_send_raw(fd, &byte, 1, &passed, 1);
	own_serve(fd, UINT32_MAX, 1);
}

/* Each costs a descriptor of ours, so that there is an end to it. */
static void file_descriptors_without_end(void **state)
{
	struct process process;

	(void)state;
	unlink(image);
	start_own(pass_fds);
	process = attach_own();
	model_serve_until(has_said(&process, "ready"));
	make_image(512);
	expect_status(&process, 7);
	expect_said(&process, "sent file descriptors, which nobody asked for");
	expect_said(&process, "; removing the device");
	model_serve_until(!model.exists);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(back_end_restarts),
		TEST(waiting_request_is_served),
		TEST(other_back_ends_are_refused),
		TEST(take_over),
		TEST(name_in_use),
		TEST(second_signal_leaves_at_once),
		TEST(resized),
		TEST(misbehaving_while_serving),
		TEST(refused_before_it_was_ready),
		TEST(refused_with_shared_memory),
		TEST(leaving_before_it_was_ready),
		TEST(silent_before_it_was_ready),
		TEST(file_descriptors_without_end),
		TEST(queues_that_do_not_stop),
		TEST(wrong_device_type),
	};

	if (!environment_is_set())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
