// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real tool, device types other than block devices: between the pretended module
 * (src_model.h) and a back-end that speaks vhost-user but serves no request.
 */
#include "src_tool.h"
#include "src_peer.h"

#include <endian.h>

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
	/* told */
	unsigned int kicks;		/* bit per queue */
	unsigned int enabled;		/* bit per queue */
	unsigned int config_writes;
	unsigned int early_kicks;
	uint64_t mtu;
};

static struct back_end *back_end;
static pid_t back_end_pid;

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

/* A kick that comes before the ring is known to be enabled would be lost. */
static void look_for_early_kick(int kick_fd)
{
	struct pollfd kick = { .fd = kick_fd, .events = POLLIN };

	if (poll(&kick, 1, 30) == 1)
		back_end->early_kicks++;
}

static void answer(int fd, struct vu_message *msg, uint8_t *selector, int kick_fd)
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
		ack(fd, msg);
		break;
	case VHOST_USER_SET_VRING_ENABLE:
		back_end->enabled &= ~(1u << msg->payload.state.index);
		back_end->enabled |= msg->payload.state.num << msg->payload.state.index;
		if (msg->payload.state.num)
			look_for_early_kick(kick_fd);
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
	int kick_fds[256];
	unsigned int i;
	int fd, passed;

	memset(kick_fds, -1, sizeof(kick_fds));
	for (;;) {
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		while (memset(&msg, 0, sizeof(msg)), peer_receive(fd, &msg, &passed)) {
			i = msg.payload.u64 & VU_VRING_INDEX_MASK;
			if (msg.header.request == VHOST_USER_SET_VRING_KICK) {
				close(kick_fds[i]);
				kick_fds[i] = passed;
			} else {
				close(passed);
			}
			answer(fd, &msg, selector, kick_fds[i]);
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

static void expect_end(struct process *process, int status, const char *said)
{
	expect_status(process, status);
	expect_said(process, said);
}

/* Until it says so, with an end as a failure. */
static void await_said(struct process *process, const char *what)
{
	model_serve_until(has_said(process, what) || has_ended(process));
	expect_said(process, what);
}

static void detach(struct process *process)
{
	kill(process->pid, SIGTERM);
	expect_end(process, 0, "removed");
}

static int attach_set_up(void **state)
{
	(void)state;
	model_open();
	snprintf(back_end_socket, sizeof(back_end_socket), "%s/vhost.sock", model.dir);
	back_end = mmap(NULL, sizeof(*back_end), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(back_end, MAP_FAILED);
	return 0;
}

static int attach_tear_down(void **state)
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
	start_back_end();
	process = tool("attach", "rng", "--socket", back_end_socket, NULL);
	await_said(&process, "rng0: rng ready");
	assert_int_equal(model.desc.device_id, 4);
	assert_int_equal(model.desc.num_queues, 1);
	assert_int_equal(model.desc.queue[0].size, 16);
	assert_int_equal(model.desc.config_len, 0);
	assert_true(model.pool_size < 128 << 10);
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
	await_said(&process, "lan: eth9 ready");
	memcpy(&config, model.config, model.desc.config_len);
	assert_memory_equal(config.mac, mac, sizeof(mac));
	assert_int_equal(le16toh(config.mtu), 1400);
	assert_int_equal(back_end->mtu, 1400);
	assert_int_equal(model.desc.num_queues, 3);
	assert_int_equal(model.desc.queue[0].lost, VLB_LOST_REPLAY);
	assert_int_equal(model.desc.queue[1].lost, VLB_LOST_COMPLETE);
	assert_int_equal(model.desc.queue[1].flags, 0);
	assert_int_equal(model.desc.queue[2].flags, VLB_QUEUE_DESC_LOCAL);
	assert_int_equal(model.starts, 2);
	assert_true(model.desc.features & BIT(VIRTIO_NET_F_MAC));
	assert_true(model.desc.features & BIT(VIRTIO_NET_F_CTRL_VQ));
	assert_false(model.desc.features & BIT(VIRTIO_NET_F_MQ));
	/* The driver goes on with another back-end; features of our own are no obstacle. */
	kill_back_end();
	start_back_end();
	await_said(&process, "is back");
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
	assert_int_equal(model.desc.queue[4].flags, VLB_QUEUE_DESC_LOCAL);
	assert_true(model.desc.features & BIT(VIRTIO_NET_F_MQ));
	/* One pair until the driver asks for more. */
	model_serve_until(back_end->enabled == 0x3);
	use_pairs(2);
	model_serve_until(back_end->enabled == 0xf);
	/* Another back-end begins with what the driver has last said. */
	kill_back_end();
	back_end->enabled = 0;
	start_back_end();
	await_said(&process, "is back");
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
	await_said(&process, "keeps its mac");
	model_serve_until(model_running() || has_ended(&process));
	assert_memory_equal(model.config, before, sizeof(before));
	detach(&process);
}

/* The interface is in another network namespace, and has no name here. */
static void net_taken_over_elsewhere(void **state)
{
	struct process process;

	(void)state;
	be_type(0, 0, 0);
	start_back_end();
	process = tool("attach", "net", "--socket", back_end_socket, "--name", "lan", "--mac",
		       "02:00:00:00:00:09", "--mtu", "1400", NULL);
	model_serve_until(model_running() || has_ended(&process));
	kill(process.pid, SIGKILL);
	model_serve_until(has_ended(&process) && !model.owner);
	model_sysfs_mkdir("virtio7/net");
	process = tool("attach", "net", "--socket", back_end_socket, "--name", "lan", NULL);
	await_said(&process, "lan: net ready");
	assert_null(strstr(output_of(&process), "keeps its"));
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
	await_said(&process, "vsock0: vsock ready");
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
	await_said(&process, "is back");
	assert_int_equal(model.restarts, 0);
	/* Another device is not the same; nobody has opened this one yet, so it goes. */
	kill_back_end();
	back_end->name_initial = 'b';
	start_back_end();
	expect_end(&process, 7, "has a different configuration space (page 1, 0)");
}

static void input_of_another_type(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ | F_CONFIG, 2);
	back_end->config_len = 136;
	start_back_end();
	process = tool("attach", "input", "--socket", back_end_socket, NULL);
	expect_end(&process, 7, "is no vhost-user-input back-end");
	model_serve_until(!model.exists);
}

static void fs_starts_over(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ | F_REPLY_ACK, 2);
	start_back_end();
	process = tool("attach", "fs", "--socket", back_end_socket, "--name", "share", "--tag",
		       "mytag", NULL);
	await_said(&process, "share: fs ready");
	assert_memory_equal(model.config, "mytag\0", 6);
	assert_int_equal(model.desc.fail_data[4], 0xfb);
	assert_int_equal(model.restarts, 0);
	kill_back_end();
	start_back_end();
	await_said(&process, "starts over");
	model_serve_until(model.restarts == 1 && model_running());
	/* Whoever takes over meets a new back-end, as it ended with the connection. */
	kill(process.pid, SIGKILL);
	model_serve_until(has_ended(&process) && !model.owner);
	process = tool("attach", "fs", "--socket", back_end_socket, "--name", "share", "--tag",
		       "mytag", NULL);
	model_serve_until(has_ended(&process) || (model.restarts == 2 && model_running()));
	await_said(&process, "taken over");
	detach(&process);
}

/* Back-ends of these survive their front-end, but begin anew with each connection. */
static void can_starts_over_when_taken_over(void **state)
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
	model_serve_until(has_ended(&process) || (model.restarts == 1 && model_running()));
	assert_int_equal(model.config[0], 1);
	kill_back_end();
	start_back_end();
	model_serve_until(has_ended(&process) || (model.restarts == 2 && model_running()));
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
	await_said(&process, "disks: /dev/vdtest ready");
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
	await_said(&process, "generic0: generic ready");
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
	expect_end(&process, 7, "fewer queues than the device: 2, not 4");
}

static void too_small_a_pool(void **state)
{
	struct process process;

	(void)state;
	be_type(0, F_MQ, 2);
	model.arena_size = 100 << 10;
	start_back_end();
	process = tool("attach", "fs", "--socket", back_end_socket, "--tag", "t", NULL);
	expect_end(&process, 1, "--pool-size");
	model_serve_until(!model.exists);
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
		expect_end(&process, 2, wrong[i].said);
	}
}

static void types_are_listed(void **state)
{
	struct process process;

	(void)state;
	process = tool("types", NULL);
	expect_end(&process, 0, "vmw_vsock_virtio_transport");
	assert_true(has_said(&process, "--mac --mtu"));
	process = tool("types", "fs", NULL);
	expect_end(&process, 0, "restart: requests fail");
	process = tool("types", "--json", NULL);
	expect_end(&process, 0, "\"device_id\": null");
	process = tool("types", "nonsense", NULL);
	expect_end(&process, 2, "unknown TYPE");
	process = tool("attach", "net", "--help", NULL);
	expect_end(&process, 0, "--mac MAC");
	assert_false(has_said(&process, "--tag"));
	process = tool("attach", "--help", NULL);
	expect_end(&process, 0, "--tag TAG");
}

#define ATTACH_TEST(function) \
	cmocka_unit_test_setup_teardown(function, attach_set_up, attach_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATTACH_TEST(rng),
		ATTACH_TEST(net),
		ATTACH_TEST(net_pairs),
		ATTACH_TEST(net_taken_over),
		ATTACH_TEST(net_taken_over_elsewhere),
		ATTACH_TEST(vsock_keeps_its_event_queue),
		ATTACH_TEST(input_has_pages),
		ATTACH_TEST(input_of_another_type),
		ATTACH_TEST(fs_starts_over),
		ATTACH_TEST(can_starts_over_when_taken_over),
		ATTACH_TEST(scsi_hears_of_no_write),
		ATTACH_TEST(generic),
		ATTACH_TEST(too_few_queues),
		ATTACH_TEST(too_small_a_pool),
		ATTACH_TEST(wrong_usage),
		ATTACH_TEST(types_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
