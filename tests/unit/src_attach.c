// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real tool, device types other than block devices: between the pretended module
 * (src_model.h) and a back-end that speaks vhost-user but serves no request.
 */
#include "src_model.h"
#include "src_peer.h"

#include <endian.h>
#include <sys/prctl.h>

#include <linux/virtio_fs.h>
#include <linux/virtio_input.h>
#include <linux/virtio_net.h>
#include <linux/virtio_scsi.h>

#include "vhost_user/protocol.h"

#define BIT(n)		(1ULL << (n))
#define BASIC_FEATURES	(BIT(VIRTIO_F_VERSION_1) | BIT(VHOST_USER_F_PROTOCOL_FEATURES))
#define F_MQ		BIT(VHOST_USER_PROTOCOL_F_MQ)
#define F_CONFIG	BIT(VHOST_USER_PROTOCOL_F_CONFIG)
#define F_REPLY_ACK	BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK)

struct model model;

/* What a back-end is, and, shared with it, what it was told. */
struct back_end {
	uint64_t features;
	uint64_t protocol_features;
	uint64_t num_queues;
	uint8_t config[256];
	unsigned int config_len;
	bool is_input;
	uint8_t name_initial;		/* of the input device */
	bool is_slow;			/* to enable its rings */
	/* told */
	unsigned int kicks;		/* bit per queue */
	unsigned int enabled;		/* bit per queue */
	unsigned int early_kicks;	/* of rings that were not enabled yet */
	unsigned int config_writes;
	uint64_t mtu;
};

static struct back_end *back_end;
static char back_end_socket[96];
static pid_t back_end_pid;
static int kick_fds[VLB_MAX_QUEUES];	/* the back-end's own */

struct process {
	pid_t pid;
	char output[96];
	int status;		/* -1: still running */
};

/* ---- the back-end -------------------------------------------------------------------------- */

static void ack(int fd, const struct vu_message *msg)
{
	if (msg->header.flags & VU_FLAG_NEED_REPLY)
		peer_reply_u64(fd, msg->header.request, 0);
}

/* As vhost-device-input: what it does not know is all zeros, the selector included. */
static void input_page(const uint8_t *selector, struct virtio_input_config *page)
{
	memset(page, 0, sizeof(*page));
	page->select = selector[0];
	switch (selector[0]) {
	case VIRTIO_INPUT_CFG_ID_NAME:
		page->size = 2;
		page->u.string[0] = (char)back_end->name_initial;
		page->u.string[1] = 'x';
		return;
	case VIRTIO_INPUT_CFG_EV_BITS:
		if (selector[1] != 3)
			break;
		page->subsel = 3;
		page->size = 1;
		page->u.bitmap[0] = 0x03; /* ABS_X, ABS_Y */
		return;
	case VIRTIO_INPUT_CFG_ABS_INFO:
		page->subsel = selector[1];
		page->size = sizeof(page->u.abs);
		page->u.abs.max = htole32(1000u + selector[1]);
		return;
	}
	memset(page, 0, sizeof(*page));
}

static void send_config(int fd, struct vu_message *msg, const uint8_t *selector)
{
	struct vu_config *config = &msg->payload.config;
	struct virtio_input_config page;

	PEER_EXPECT(config->offset == 0);
	PEER_EXPECT(config->size == (back_end->is_input ? sizeof(page) : back_end->config_len));
	memcpy(config->region, back_end->config, config->size);
	if (back_end->is_input) {
		input_page(selector, &page);
		memcpy(config->region, &page, sizeof(page));
	}
	peer_send(fd, VHOST_USER_GET_CONFIG, VU_FLAG_VERSION | VU_FLAG_REPLY, config,
		  VU_CONFIG_HEADER_SIZE + config->size);
}

/* As the Rust crates, whose thread that reads kicks is not the one that is told about rings. */
static void enable_slowly(const struct vu_vring_state *state)
{
	struct pollfd kick = { .fd = kick_fds[state->index], .events = POLLIN };

	if (state->num && poll(&kick, 1, 200) > 0)
		back_end->early_kicks++;
}

static void answer(int fd, struct vu_message *msg, int passed_fd, uint8_t *selector)
{
	switch (msg->header.request) {
	case VHOST_USER_GET_FEATURES:
		peer_reply_u64(fd, msg->header.request, back_end->features);
		break;
	case VHOST_USER_GET_PROTOCOL_FEATURES:
		peer_reply_u64(fd, msg->header.request, back_end->protocol_features);
		break;
	case VHOST_USER_GET_QUEUE_NUM:
		peer_reply_u64(fd, msg->header.request, back_end->num_queues);
		break;
	case VHOST_USER_GET_VRING_BASE:
		peer_send(fd, msg->header.request, VU_FLAG_VERSION | VU_FLAG_REPLY,
			  &msg->payload.state, sizeof(msg->payload.state));
		break;
	case VHOST_USER_GET_CONFIG:
		send_config(fd, msg, selector);
		break;
	case VHOST_USER_SET_CONFIG:
		back_end->config_writes++;
		memcpy(selector, msg->payload.config.region, 2);
		ack(fd, msg);
		break;
	case VHOST_USER_SET_VRING_KICK:
		back_end->kicks |= 1u << (msg->payload.u64 & VU_VRING_INDEX_MASK);
		kick_fds[msg->payload.u64 & VU_VRING_INDEX_MASK] = dup(passed_fd);
		ack(fd, msg);
		break;
	case VHOST_USER_SET_VRING_ENABLE:
		if (back_end->is_slow)
			enable_slowly(&msg->payload.state);
		back_end->enabled &= ~(1u << msg->payload.state.index);
		back_end->enabled |= msg->payload.state.num << msg->payload.state.index;
		ack(fd, msg);
		break;
	case VHOST_USER_NET_SET_MTU:
		back_end->mtu = msg->payload.u64;
		ack(fd, msg);
		break;
	default:
		ack(fd, msg);
	}
}

static void serve(int listen_fd)
{
	uint8_t selector[2] = {};
	struct vu_message msg;
	int fd, passed_fd;

	for (;;) {
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		while (memset(&msg, 0, sizeof(msg)), peer_receive(fd, &msg, &passed_fd)) {
			answer(fd, &msg, passed_fd, selector);
			close(passed_fd);
		}
		close(fd);
	}
}

static void start_back_end(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, back_end_socket);
	unlink(back_end_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	back_end_pid = fork();
	assert_true(back_end_pid >= 0);
	if (!back_end_pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
	}
	close(fd);
}

static void kill_back_end(void)
{
	if (back_end_pid <= 0)
		return;
	kill(back_end_pid, SIGKILL);
	waitpid(back_end_pid, NULL, 0);
	back_end_pid = 0;
}

/* ---- the tool --------------------------------------------------------------------------------- */

static struct process tool(const char *first, ...)
{
	char *argv[24] = { getenv("VLB_TOOL"), (char *)first };
	struct process process = { .status = -1 };
	va_list args;
	int argc = 2;
	int fd;

	va_start(args, first);
	while ((argv[argc] = va_arg(args, char *)))
		argc++;
	va_end(args);
	snprintf(process.output, sizeof(process.output), "%s/tool", model.dir);
	fd = open(process.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	process.pid = fork();
	assert_true(fd >= 0 && process.pid >= 0);
	if (process.pid) {
		close(fd);
		return process;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	setenv("VLB_SHIM_SYSFS", model.sysfs, 1);
	setenv("VLB_SHIM_SOCKET", model.socket, 1);
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

static void expect_status(struct process *process, int status, const char *said)
{
	model_serve_until(has_ended(process));
	if (process->status != status || !has_said(process, said))
		fail_msg("status %d, not %d with '%s'; it said:\n%s", process->status, status,
			 said, output_of(process));
}

/* Until it says so, with an end as a failure. */
static void expect_said(struct process *process, const char *what)
{
	model_serve_until(has_said(process, what) || has_ended(process));
	if (!has_said(process, what))
		fail_msg("not said: '%s', but:\n%s", what, output_of(process));
}

static void detach(struct process *process)
{
	kill(process->pid, SIGTERM);
	expect_status(process, 0, "removed");
}

static int set_up(void **state)
{
	(void)state;
	model_open();
	snprintf(back_end_socket, sizeof(back_end_socket), "%s/vhost.sock", model.dir);
	back_end = mmap(NULL, sizeof(*back_end), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(back_end, MAP_FAILED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill_back_end();
	munmap(back_end, sizeof(*back_end));
	model_close();
	return 0;
}

static void be_type(uint64_t features, uint64_t protocol_features, uint64_t num_queues)
{
	memset(back_end, 0, sizeof(*back_end));
	back_end->features = BASIC_FEATURES | features;
	back_end->protocol_features = protocol_features;
	back_end->num_queues = num_queues;
}

/* ---- types -------------------------------------------------------------------------------------- */

static void rng(void **state)
{
	struct process process;

	(void)state;
	/* Without REPLY_ACK and CONFIG, as vhost-device-rng. */
	be_type(0, F_MQ, 1);
	back_end->is_slow = true;
	start_back_end();
	process = tool("attach", "rng", "--socket", back_end_socket, NULL);
	expect_said(&process, "rng0: rng ready");
	assert_int_equal(model.desc.device_id, 4);
	assert_int_equal(model.desc.num_queues, 1);
	assert_int_equal(model.desc.queue[0].size, 16);
	assert_int_equal(model.desc.config_len, 0);
	assert_true(model.pool_size < 128 << 10);
	model_serve_until(back_end->enabled);
	assert_int_equal(back_end->early_kicks, 0);
	detach(&process);
}

static void net(void **state)
{
	static const uint8_t mac[] = { 2, 0, 0, 0, 0, 9 };
	struct virtio_net_config config;
	struct process process;

	(void)state;
	be_type(BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_CTRL_VQ),
		F_MQ | F_REPLY_ACK | BIT(VHOST_USER_PROTOCOL_F_NET_MTU), 1);
	start_back_end();
	process = tool("attach", "net", "--socket", back_end_socket, "--name", "lan", "--mac",
		       "02:00:00:00:00:09", "--mtu", "1400", NULL);
	model_serve_until(model_running() || has_ended(&process));
	model_sysfs_mkdir("virtio7/net");
	model_sysfs_mkdir("virtio7/net/eth9");
	expect_said(&process, "lan: eth9 ready");
	memcpy(&config, model.config, model.desc.config_len);
	assert_memory_equal(config.mac, mac, sizeof(mac));
	assert_int_equal(le16toh(config.mtu), 1400);
	assert_int_equal(back_end->mtu, 1400);
	assert_int_equal(model.desc.num_queues, 3);
	assert_int_equal(model.desc.queue[0].lost, VLB_LOST_REPLAY);
	assert_int_equal(model.desc.queue[1].lost, VLB_LOST_COMPLETE);
	assert_int_equal(model.desc.queue[1].served, VLB_SERVED_BY_BACK_END);
	assert_int_equal(model.desc.queue[2].served, VLB_SERVED_BY_MODULE);
	assert_int_equal(model.starts, 2);
	assert_true(model.desc.features & BIT(VIRTIO_NET_F_MAC));
	assert_true(model.desc.features & BIT(VIRTIO_NET_F_CTRL_VQ));
	assert_false(model.desc.features & BIT(VIRTIO_NET_F_MQ));
	/* The driver goes on with another back-end; features of our own are no obstacle. */
	kill_back_end();
	start_back_end();
	expect_said(&process, "is back");
	assert_int_equal(model.restarts, 0);
	detach(&process);
}

/* What the driver has asked of the module's own queue. */
static void use_pairs(uint8_t pairs)
{
	struct vlb_msg msg = {
		.type = VLB_MSG_CONTROL,
		.control = { .queue = 4, .len = 4, .data = { 4, 0, pairs } },
	};

	model_send(&msg);
}

static void net_pairs(void **state)
{
	struct process process;

	(void)state;
	be_type(BIT(VIRTIO_NET_F_MQ), F_MQ | F_REPLY_ACK, 8);
	start_back_end();
	process = tool("attach", "net", "--socket", back_end_socket, "--queues", "2", NULL);
	model_serve_until(model_running() || has_ended(&process));
	assert_int_equal(model.desc.num_queues, 5);
	assert_int_equal(model.desc.queue[4].served, VLB_SERVED_BY_MODULE);
	assert_true(model.desc.features & BIT(VIRTIO_NET_F_MQ));
	/* One pair until the driver asks for more. */
	model_serve_until(back_end->enabled == 0x3);
	use_pairs(2);
	model_serve_until(back_end->enabled == 0xf);
	/* Another back-end begins with what the driver has last said. */
	kill_back_end();
	back_end->enabled = 0;
	start_back_end();
	expect_said(&process, "is back");
	model_serve_until(back_end->enabled == 0xf);
	use_pairs(0);
	use_pairs(1);
	model_serve_until(back_end->enabled == 0x3);
	detach(&process);
}

static void net_taken_over(void **state)
{
	struct process process;
	uint8_t before[6];

	(void)state;
	be_type(0, 0, 0);
	start_back_end();
	process = tool("attach", "net", "--socket", back_end_socket, "--name", "lan", NULL);
	model_serve_until(model_running() || has_ended(&process));
	memcpy(before, model.config, sizeof(before));
	kill(process.pid, SIGKILL);
	model_serve_until(has_ended(&process) && !model.owner);
	process = tool("attach", "net", "--socket", back_end_socket, "--name", "lan", "--mac",
		       "02:00:00:00:00:09", NULL);
	expect_said(&process, "keeps its mac");
	model_serve_until(model_running() || has_ended(&process));
	assert_memory_equal(model.config, before, sizeof(before));
	detach(&process);
}

static void vsock_keeps_its_event_queue(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ | F_CONFIG, 2);
	back_end->config_len = 8;
	back_end->config[0] = 4;
	start_back_end();
	process = tool("attach", "vsock", "--socket", back_end_socket, NULL);
	expect_said(&process, "vsock0: vsock ready");
	assert_int_equal(model.desc.num_queues, 3);
	assert_int_equal(model.starts, 2);
	assert_int_equal(back_end->kicks, 3);
	detach(&process);
}

static void input_has_pages(void **state)
{
	const uint8_t abs_y[2] = { VIRTIO_INPUT_CFG_ABS_INFO, 1 };
	struct virtio_input_config config;
	struct process process;

	(void)state;
	be_type(0, F_MQ | F_CONFIG, 2);
	back_end->is_input = true;
	back_end->name_initial = 'a';
	start_back_end();
	process = tool("attach", "input", "--socket", back_end_socket, NULL);
	model_serve_until(model_running() || has_ended(&process));
	/* The name, the axes, and two of those. */
	assert_int_equal(model.desc.select_len, 2);
	assert_int_equal(model.num_pages, 4);
	assert_non_null(model_page(abs_y));
	memcpy(&config, model_page(abs_y), sizeof(config));
	assert_int_equal(le32toh(config.u.abs.max), 1001);
	assert_int_equal(config.select, VIRTIO_INPUT_CFG_ABS_INFO);
	kill_back_end();
	start_back_end();
	expect_said(&process, "is back");
	assert_int_equal(model.restarts, 0);
	/* Another device is not the same; nobody has opened this one yet, so it goes. */
	kill_back_end();
	back_end->name_initial = 'b';
	start_back_end();
	expect_status(&process, 7, "has a different configuration space (page 1, 0)");
}

static void input_of_another_type(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ | F_CONFIG, 2);
	back_end->config_len = 136;
	start_back_end();
	process = tool("attach", "input", "--socket", back_end_socket, NULL);
	expect_status(&process, 7, "is no vhost-user-input back-end");
	assert_false(model.exists);
}

static void fs_starts_over(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ | F_REPLY_ACK, 2);
	start_back_end();
	process = tool("attach", "fs", "--socket", back_end_socket, "--name", "share", "--tag",
		       "mytag", NULL);
	expect_said(&process, "share: fs ready");
	assert_memory_equal(model.config, "mytag\0", 6);
	assert_int_equal(model.desc.fail_data[4], 0xfb);
	assert_int_equal(model.restarts, 0);
	kill_back_end();
	start_back_end();
	expect_said(&process, "starts over");
	model_serve_until(model.restarts == 1 && model_running());
	/* Whoever takes over meets a new back-end, as it ended with the connection. */
	kill(process.pid, SIGKILL);
	model_serve_until(has_ended(&process) && !model.owner);
	process = tool("attach", "fs", "--socket", back_end_socket, "--name", "share", "--tag",
		       "mytag", NULL);
	model_serve_until(has_ended(&process) || (model.restarts == 2 && model_running()));
	expect_said(&process, "taken over");
	detach(&process);
}

/* Back-ends of these survive their front-end, and remember. */
static void can_is_taken_over_as_it_is(void **state)
{
	struct process process;

	(void)state;
	be_type(1, F_MQ | F_CONFIG, 3);
	back_end->config_len = 2;
	start_back_end();
	process = tool("attach", "can", "--socket", back_end_socket, "--name", "can", NULL);
	model_serve_until(has_ended(&process) || model_running());
	kill(process.pid, SIGKILL);
	model_serve_until(has_ended(&process) && !model.owner);
	/* Bus-off meanwhile: a state, of which the driver hears. */
	back_end->config[0] = 1;
	process = tool("attach", "can", "--socket", back_end_socket, "--name", "can", NULL);
	model_serve_until(has_ended(&process) || model_running());
	assert_int_equal(model.restarts, 0);
	assert_int_equal(model.config[0], 1);
	kill_back_end();
	start_back_end();
	model_serve_until(has_ended(&process) || (model.restarts == 1 && model_running()));
	detach(&process);
}

static void scsi_hears_of_no_write(void **state)
{
	struct vlb_msg msg = {
		.type = VLB_MSG_CONFIG_WRITE,
		.config = { .offset = offsetof(struct virtio_scsi_config, sense_size), .len = 4,
			    .data = { 96 } },
	};
	struct process process;

	(void)state;
	be_type(BIT(VIRTIO_SCSI_F_HOTPLUG), F_MQ | F_CONFIG, 3);
	start_back_end();
	process = tool("attach", "scsi", "--socket", back_end_socket, "--name", "disks", NULL);
	model_serve_until(has_ended(&process) || model_running());
	assert_int_equal(model.desc.num_queues, 3);
	model_send(&msg);
	model_serve_for(200);
	model_sysfs_mkdir("virtio7/host3");
	model_sysfs_mkdir("virtio7/host3/target3:0:0");
	model_sysfs_mkdir("virtio7/host3/target3:0:0/power");
	model_sysfs_mkdir("virtio7/host3/target3:0:0/3:0:0:0");
	model_sysfs_mkdir("virtio7/host3/target3:0:0/3:0:0:0/block");
	/* The only file that the pretended module can make in /dev. */
	model_sysfs_mkdir("virtio7/host3/target3:0:0/3:0:0:0/block/vdtest");
	expect_said(&process, "disks: /dev/vdtest ready");
	assert_int_equal(back_end->config_writes, 0);
	assert_false(has_said(&process, "ignored"));
	detach(&process);
}

static void generic(void **state)
{
	struct process process;

	(void)state;
	be_type(BIT(7) | BIT(55), F_CONFIG, 0);
	back_end->config_len = 24;
	back_end->config[23] = 9;
	start_back_end();
	process = tool("attach", "generic", "--socket", back_end_socket, "--device-id", "42",
		       "--queues", "3", "--config-size", "24", NULL);
	expect_said(&process, "generic0: generic ready");
	assert_int_equal(model.desc.device_id, 42);
	assert_int_equal(model.desc.num_queues, 3);
	assert_int_equal(model.desc.config_len, 24);
	assert_int_equal(model.config[23], 9);
	assert_true((model.desc.features & (BIT(7) | BIT(55))) == (BIT(7) | BIT(55)));
	detach(&process);
}

static void too_few_queues(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ | F_CONFIG, 2);
	back_end->config_len = 12;
	start_back_end();
	process = tool("attach", "sound", "--socket", back_end_socket, NULL);
	expect_status(&process, 7, "fewer queues than the device: 2, not 4");
}

static void too_small_a_pool(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ, 2);
	model.arena_size = 100 << 10;
	start_back_end();
	process = tool("attach", "fs", "--socket", back_end_socket, "--tag", "t", NULL);
	expect_status(&process, 1, "--pool-size");
	assert_false(model.exists);
}

static void wrong_usage(void **state)
{
	static const struct {
		const char *args[6];
		const char *said;
	} wrong[] = {
		{ { "net", "--tag", "x" }, "--tag goes with fs only, not with net" },
		{ { "--mac", "02:00:00:00:00:01", "rng" }, "--mac goes with net only, not with rng" },
		{ { "net", "--mac", "nonsense" }, "no hardware address" },
		{ { "rng", "--queues", "1" }, "fixed number" },
		{ { "rng", "--read-only" }, "--read-only goes with blk only" },
		{ { "fs" }, "--tag is missing" },
		{ { "generic", "--queues", "1" }, "--device-id is missing" },
		{ { "generic", "--device-id", "7" }, "--queues is missing" },
		{ { "sound", "--queue-size", "128" }, "at most 64" },
		{ { "generic", "--config-size", "257", "--device-id", "7" }, "out of range" },
	};
	struct process process;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const *args = wrong[i].args;

		process = tool("attach", "--socket", back_end_socket, args[0], args[1], args[2],
			       args[3], args[4], args[5], NULL);
		expect_status(&process, 2, wrong[i].said);
	}
}

static void types_are_listed(void **state)
{
	struct process process;

	(void)state;
	process = tool("types", NULL);
	expect_status(&process, 0, "vmw_vsock_virtio_transport");
	assert_true(has_said(&process, "--mac --mtu"));
	process = tool("types", "fs", NULL);
	expect_status(&process, 0, "restart: requests fail");
	process = tool("types", "--json", NULL);
	expect_status(&process, 0, "\"device_id\": null");
	process = tool("types", "nonsense", NULL);
	expect_status(&process, 2, "unknown TYPE");
	process = tool("attach", "net", "--help", NULL);
	expect_status(&process, 0, "--mac MAC");
	assert_false(has_said(&process, "--tag"));
	process = tool("attach", "--help", NULL);
	expect_status(&process, 0, "--tag TAG");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rng, set_up, tear_down),
		cmocka_unit_test_setup_teardown(net, set_up, tear_down),
		cmocka_unit_test_setup_teardown(net_pairs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(net_taken_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vsock_keeps_its_event_queue, set_up, tear_down),
		cmocka_unit_test_setup_teardown(input_has_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(input_of_another_type, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fs_starts_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(can_is_taken_over_as_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(scsi_hears_of_no_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(generic, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_few_queues, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_small_a_pool, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_usage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(types_are_listed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
