/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the module and of a block driver, for the real tool with module_shim.so.
 *
 * It runs in the test's process, single-threaded: model_serve() answers the tool's ioctls
 * until a condition holds or time is up. One device at most. Each queue's ring lies in the
 * pool at a fixed place; model_read_sectors() is a driver that reads through queue 0.
 */
#ifndef VLB_TEST_SRC_MODEL_H
#define VLB_TEST_SRC_MODEL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>

#include "clock.h"
#include "src_shim/shim_protocol.h"

#define MODEL_BIT(n)		(1ULL << (n))
#define MODEL_MAX_FILES		8
#define MODEL_MAX_PAGES		128
#define MODEL_WINDOW_SIZE	(1ULL << 30)
#define MODEL_RING_SPACE	(256u << 10)	/* per queue, at most; data in the second half */

struct model_file {
	int call_fd;
	int msg_fd;
	pid_t pid;
};

struct model_queue {
	bool running;
	int kick_fd;
	int call_fd;
	struct vring vring;
	uint16_t next;
};

struct model {
	char dir[64];
	char socket[96];
	char sysfs[96];
	int listen_fd;
	struct model_file files[MODEL_MAX_FILES];
	/* what it pretends */
	uint32_t api_version;
	uint64_t arena_size;		/* 0: what the pool has room for */
	bool no_driver;
	bool hold_remove;		/* VLB_REMOVE is not answered */
	int fail_set_pool;		/* errno */
	uint64_t removal_fails;		/* requests, when the device is removed */
	/* the device */
	bool exists;
	bool registered;
	pid_t owner;
	struct vlb_device_desc desc;
	uint8_t config[VLB_CONFIG_SIZE];
	uint8_t pages[MODEL_MAX_PAGES][VLB_CONFIG_SIZE];	/* with select_len */
	unsigned int num_pages;
	uint32_t generation;
	uint64_t pool_size;
	uint8_t *pool;
	ino_t pool_inode;
	unsigned int windows;
	struct vlb_open_window window;	/* as asked for */
	unsigned int shares;
	struct vlb_share_memory share;	/* as asked for */
	ino_t shared_inode;
	unsigned int busy_poll_us;	/* as asked for last */
	struct model_queue queues[VLB_MAX_QUEUES];
	/* what has happened */
	unsigned int creates, adopts, pools, starts, stops, config_sets, removes, restarts;
};

extern struct model model;

static inline void model_open(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memset(&model, 0, sizeof(model));
	strcpy(model.dir, "/tmp/vlb-test-XXXXXX");
	assert_non_null(mkdtemp(model.dir));
	snprintf(model.socket, sizeof(model.socket), "%s/module", model.dir);
	snprintf(model.sysfs, sizeof(model.sysfs), "%s/sysfs", model.dir);
	assert_int_equal(mkdir(model.sysfs, 0755), 0);
	model.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	strcpy(addr.sun_path, model.socket);
	assert_int_equal(bind(model.listen_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(model.listen_fd, 16), 0);
	model.api_version = VLB_API_VERSION;
}

static inline void model_end_queue(struct model_queue *queue)
{
	if (queue->running) {
		close(queue->kick_fd);
		close(queue->call_fd);
	}
	memset(queue, 0, sizeof(*queue));
}

static inline void model_end_queues(void)
{
	unsigned int i;

	for (i = 0; i < VLB_MAX_QUEUES; i++)
		model_end_queue(&model.queues[i]);
}

static inline void model_drop_pool(void)
{
	if (model.pool)
		munmap(model.pool, model.pool_size);
	model.pool = NULL;
}

static inline void model_close(void)
{
	char command[128];
	unsigned int i;

	model_end_queues();
	model_drop_pool();
	for (i = 0; i < MODEL_MAX_FILES; i++) {
		if (model.files[i].pid) {
			close(model.files[i].call_fd);
			close(model.files[i].msg_fd);
		}
	}
	close(model.listen_fd);
	snprintf(command, sizeof(command), "rm -rf %s", model.dir);
	assert_int_equal(system(command), 0);
}

/* ---- the pretended sysfs --------------------------------------------------------------- */

static inline void model_sysfs_write(const char *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline void model_sysfs_write(const char *file, const char *format, ...)
{
	char path[256];
	va_list args;
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s/%s", model.sysfs, model.desc.name, file);
	out = fopen(path, "we");
	assert_non_null(out);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fclose(out);
}

static inline void model_sysfs_mkdir(const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", model.sysfs, model.desc.name, dir);
	(void)!mkdir(path, 0755);
}

/* Each queue has done @requests requests of 4 KiB, all within 2.56 to 3.07 us. */
static inline void model_sysfs_stats(unsigned int requests)
{
	char file[32];
	unsigned int i, b;

	model_sysfs_mkdir("stats");
	model_sysfs_mkdir("latency");
	for (i = 0; i < model.desc.num_queues; i++) {
		char text[512] = "";

		snprintf(file, sizeof(file), "stats/%u", i);
		model_sysfs_write(file, "256 %u %u %u %u 3 1 0 0 0 %u\n", requests, requests * 4096,
				  requests / 2, requests / 4, requests);
		for (b = 0; b < 96; b++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ",
				 b == 5 ? requests : 0);
		snprintf(file, sizeof(file), "latency/%u", i);
		model_sysfs_write(file, "%s\n", text);
	}
}

static inline void model_sysfs_add(void)
{
	model_sysfs_mkdir("");
	model_sysfs_write("state", "running\n");
	model_sysfs_write("device_id", "%u\n", model.desc.device_id);
	model_sysfs_write("vendor_id", "0x%08x\n", model.desc.vendor_id);
	model_sysfs_write("features", "0x%016llx\n", model.desc.features);
	model_sysfs_write("driver_features", "0x%016llx\n", model.desc.features);
	model_sysfs_write("adapter", "%d\n", model.owner);
	model_sysfs_write("timeout_ms", "%u\n", model.desc.timeout_ms);
	model_sysfs_write("num_queues", "%u\n", model.desc.num_queues);
	model_sysfs_write("pool_size", "%llu\n", (unsigned long long)model.pool_size);
	model_sysfs_write("arena_size", "%llu\n", (unsigned long long)model.arena_size);
	model_sysfs_write("grants", "0\n");
	model_sysfs_write("grant_faults", "0\n");
	model_sysfs_write("grants_revoked", "0\n");
	model_sysfs_stats(0);
	if (model.no_driver)
		return;
	model_sysfs_mkdir("virtio7");
	model_sysfs_mkdir("virtio7/block");
	model_sysfs_mkdir("virtio7/block/vdtest");
}

static inline void model_sysfs_remove(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s/%s", model.sysfs, model.desc.name);
	assert_int_equal(system(command), 0);
}

/* ---- messages ---------------------------------------------------------------------------- */

static inline void model_send(const struct vlb_msg *msg)
{
	unsigned int i;

	for (i = 0; i < MODEL_MAX_FILES; i++) {
		if (model.files[i].pid == model.owner && model.owner)
			assert_int_equal(send(model.files[i].msg_fd, msg, sizeof(*msg),
					      MSG_NOSIGNAL), sizeof(*msg));
	}
}

static inline void model_driver_start(void)
{
	struct vlb_msg msg = { .type = VLB_MSG_START, .generation = ++model.generation };

	msg.start.features = model.desc.features;
	msg.start.queues = model.desc.num_queues == 64 ? ~0ULL :
			   MODEL_BIT(model.desc.num_queues) - 1;
	model_send(&msg);
}

static inline void model_driver_reset(void)
{
	const struct vlb_msg msg = { .type = VLB_MSG_RESET };

	model.generation++;
	model_end_queues();
	model_send(&msg);
}

static inline void model_removed(uint32_t reason)
{
	const struct vlb_msg msg = {
		.type = VLB_MSG_REMOVED,
		.removed = { .reason = reason, .failed = model.removal_fails },
	};

	model_end_queues();
	model_send(&msg);
	model_sysfs_remove();
	model.exists = model.registered = false;
	model.owner = 0;
}

/* ---- ioctls -------------------------------------------------------------------------------- */

static inline int model_get_info(void *arg, struct model_file *file, const int *fds)
{
	struct vlb_info *info = arg;

	(void)file;
	(void)fds;
	info->api_version = model.api_version;
	info->max_queues = VLB_MAX_QUEUES;
	info->max_queue_size = VLB_MAX_QUEUE_SIZE;
	info->ring_features = MODEL_BIT(VIRTIO_F_VERSION_1) | MODEL_BIT(40) |
			      MODEL_BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			      MODEL_BIT(VIRTIO_RING_F_EVENT_IDX);
	return 0;
}

static inline int model_create(void *arg, struct model_file *file, const int *fds)
{
	(void)fds;
	if (model.exists)
		return -EEXIST;
	model.desc = *(struct vlb_device_desc *)arg;
	model.exists = true;
	model.owner = file->pid;
	model.creates++;
	return 0;
}

static inline int model_adopt(void *arg, struct model_file *file, const int *fds)
{
	union vlb_adopt *adopt = arg;

	(void)fds;
	if (!model.exists || strcmp(adopt->name.name, model.desc.name))
		return -ENOENT;
	if (model.owner)
		return -EBUSY;
	model.owner = file->pid;
	model_end_queues();
	adopt->desc = model.desc;
	model.adopts++;
	model_sysfs_write("adapter", "%d\n", model.owner);
	model_driver_start();
	return 0;
}

static inline int model_set_pool(void *arg, struct model_file *file, const int *fds)
{
	struct vlb_pool *pool = arg;
	struct stat st;

	(void)file;
	model.pools++;
	if (model.fail_set_pool)
		return -model.fail_set_pool;
	assert_int_equal(fcntl(fds[0], F_GET_SEALS),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	assert_int_equal(fstat(fds[0], &st), 0);
	assert_int_equal(st.st_size, pool->size);
	/* Never the same one twice: an old back-end may still write to it. */
	assert_int_not_equal(st.st_ino, model.pool_inode);
	model.pool_inode = st.st_ino;
	model_drop_pool();
	model.pool_size = pool->size;
	model.pool = mmap(NULL, pool->size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	assert_ptr_not_equal(model.pool, MAP_FAILED);
	pool->arena_size = model.arena_size ? model.arena_size :
			   pool->size / model.desc.num_queues;
	return 0;
}

/* The page of the selector in @data, or NULL. */
static inline uint8_t *model_page(const uint8_t *data)
{
	unsigned int i;

	for (i = 0; i < model.num_pages; i++) {
		if (!memcmp(model.pages[i], data, model.desc.select_len))
			return model.pages[i];
	}
	return NULL;
}

static inline int model_set_page(const struct vlb_config *config)
{
	uint8_t *page = model_page(config->data);

	assert_int_equal(config->offset, 0);
	assert_int_equal(config->len, model.desc.config_len);
	if (!page) {
		assert_true(model.num_pages < MODEL_MAX_PAGES);
		page = model.pages[model.num_pages++];
	}
	memcpy(page, config->data, config->len);
	return 0;
}

static inline void model_get_page(struct vlb_config *config)
{
	const uint8_t *page = model_page(config->data);
	unsigned int select_len = model.desc.select_len;

	assert_int_equal(config->offset, 0);
	assert_int_equal(config->len, model.desc.config_len);
	if (page)
		memcpy(config->data, page, config->len);
	else
		memset(config->data + select_len, 0, config->len - select_len);
}

static inline int model_set_config(void *arg, struct model_file *file, const int *fds)
{
	const struct vlb_config *config = arg;

	(void)file;
	(void)fds;
	model.config_sets++;
	if (model.desc.select_len)
		return model_set_page(config);
	memcpy(model.config + config->offset, config->data, config->len);
	return 0;
}

static inline int model_get_config(void *arg, struct model_file *file, const int *fds)
{
	struct vlb_config *config = arg;

	(void)file;
	(void)fds;
	if (model.desc.select_len)
		model_get_page(config);
	else
		memcpy(config->data, model.config + config->offset, config->len);
	return 0;
}

static inline int model_register(void *arg, struct model_file *file, const int *fds)
{
	(void)arg;
	(void)file;
	(void)fds;
	assert_non_null(model.pool);
	model.registered = true;
	model_sysfs_add();
	if (!model.no_driver)
		model_driver_start();
	return 0;
}

static inline size_t model_ring_space(void)
{
	size_t space = model.pool_size / model.desc.num_queues / 4096 * 4096;

	return space < MODEL_RING_SPACE ? space : MODEL_RING_SPACE;
}

static inline int model_queue_start(void *arg, struct model_file *file, const int *fds)
{
	struct vlb_queue_start *start = arg;
	struct model_queue *queue = &model.queues[start->index];
	uint8_t *base = model.pool + (size_t)start->index * model_ring_space();
	uint64_t iova = VLB_POOL_IOVA + (uint64_t)start->index * model_ring_space();

	(void)file;
	assert_true(start->index < model.desc.num_queues);
	if (start->generation != model.generation)
		return -ESTALE;
	if (queue->running)
		return -EALREADY;
	start->size = model.desc.queue[start->index].size;
	memset(base, 0, model_ring_space());
	vring_init(&queue->vring, start->size, base, 4096);
	queue->next = 0;
	queue->running = true;
	queue->kick_fd = dup(fds[0]);
	queue->call_fd = start->flags & VLB_QUEUE_CALL_EVENTFD ? dup(fds[1]) :
			 eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	start->call_fd = queue->call_fd;
	model.busy_poll_us = start->busy_poll_us;
	start->desc_iova = iova;
	start->avail_iova = iova + (uint64_t)((uint8_t *)queue->vring.avail - base);
	start->used_iova = iova + (uint64_t)((uint8_t *)queue->vring.used - base);
	model.starts++;
	return 0;
}

static inline int model_stop(void *arg, struct model_file *file, const int *fds)
{
	(void)arg;
	(void)file;
	(void)fds;
	model_end_queues();
	model.stops++;
	return 0;
}

static inline int model_open_window(void *arg, struct model_file *file, const int *fds)
{
	struct vlb_open_window *window = arg;

	(void)file;
	(void)fds;
	if (!model.pool)
		return -EINVAL;
	model.windows++;
	model.window = *window;
	window->size = MODEL_WINDOW_SIZE;
	window->fd = memfd_create("window", MFD_CLOEXEC);
	assert_true(window->fd >= 0);
	assert_int_equal(ftruncate(window->fd, (off_t)window->size), 0);
	return 0;
}

static inline int model_share_memory(void *arg, struct model_file *file, const int *fds)
{
	struct stat st;

	(void)file;
	if (!model.pool)
		return -EINVAL;
	assert_int_equal(fstat(fds[0], &st), 0);
	model.shared_inode = st.st_ino;
	model.shares++;
	model.share = *(struct vlb_share_memory *)arg;
	return 0;
}

static inline int model_restart_driver(void *arg, struct model_file *file, const int *fds)
{
	unsigned int i;

	(void)arg;
	(void)file;
	(void)fds;
	/* Otherwise the new back-end would have seen what the driver is to forget. */
	for (i = 0; i < VLB_MAX_QUEUES; i++)
		assert_false(model.queues[i].running);
	model.restarts++;
	model_driver_reset();
	model_driver_start();
	return 0;
}

static inline int model_remove(void *arg, struct model_file *file, const int *fds)
{
	(void)file;
	(void)fds;
	if (!model.exists || strcmp(((struct vlb_name *)arg)->name, model.desc.name))
		return -ENOENT;
	model.removes++;
	if (model.hold_remove)
		return 0;
	model_driver_reset();
	model_removed(VLB_REMOVED_REQUEST);
	return model.removal_fails ? -EIO : 0;
}

static const struct {
	unsigned long request;
	int (*handle)(void *arg, struct model_file *file, const int *fds);
} model_ioctls[] = {
	{ VLB_GET_INFO, model_get_info },
	{ VLB_CREATE, model_create },
	{ VLB_ADOPT, model_adopt },
	{ VLB_SET_POOL, model_set_pool },
	{ VLB_OPEN_WINDOW, model_open_window },
	{ VLB_SHARE_MEMORY, model_share_memory },
	{ VLB_SET_CONFIG, model_set_config },
	{ VLB_GET_CONFIG, model_get_config },
	{ VLB_REGISTER, model_register },
	{ VLB_QUEUE_START, model_queue_start },
	{ VLB_STOP, model_stop },
	{ VLB_RESTART_DRIVER, model_restart_driver },
	{ VLB_REMOVE, model_remove },
};

static inline void model_answer(struct model_file *file, struct shim_call *call, int pass_fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { call, sizeof(*call) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (pass_fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &pass_fd, sizeof(int));
	}
	sendmsg(file->call_fd, &msg, MSG_NOSIGNAL);
}

static inline void model_handle_call(struct model_file *file, struct shim_call *call,
				     const int *fds)
{
	size_t i;
	int fd = -1;

	call->ret = -ENOTTY;
	for (i = 0; i < sizeof(model_ioctls) / sizeof(model_ioctls[0]); i++) {
		if ((uint32_t)model_ioctls[i].request == call->request)
			call->ret = model_ioctls[i].handle(call->arg, file, fds);
	}
	if (model.hold_remove && call->request == (uint32_t)VLB_REMOVE)
		return;
	if (!call->ret && call->request == (uint32_t)VLB_QUEUE_START)
		fd = ((struct vlb_queue_start *)call->arg)->call_fd;
	if (!call->ret && call->request == (uint32_t)VLB_OPEN_WINDOW)
		fd = ((struct vlb_open_window *)call->arg)->fd;
	model_answer(file, call, fd);
	if (call->request == (uint32_t)VLB_OPEN_WINDOW && fd >= 0)
		close(fd);
}

/* The tool has closed its file, or is gone. */
static inline void model_release(struct model_file *file)
{
	bool owned = model.owner && model.owner == file->pid;

	close(file->call_fd);
	if (file->msg_fd >= 0)
		close(file->msg_fd);
	memset(file, 0, sizeof(*file));
	if (!owned)
		return;
	model.owner = 0;
	model_end_queues();
	if (model.registered)
		model_sysfs_write("adapter", "0\n");
	else
		model.exists = false;
}

static inline void model_receive_call(struct model_file *file)
{
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct shim_call call;
	struct iovec iov = { &call, sizeof(call) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fds[2] = { -1, -1 };

	if (recvmsg(file->call_fd, &msg, MSG_CMSG_CLOEXEC) != sizeof(call)) {
		model_release(file);
		return;
	}
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg)
		memcpy(fds, CMSG_DATA(cmsg), cmsg->cmsg_len - CMSG_LEN(0));
	model_handle_call(file, &call, fds);
	close(fds[0]);
	close(fds[1]);
}

static inline void model_accept(void)
{
	struct shim_hello hello;
	struct model_file *file = NULL;
	unsigned int i;
	int fd = accept4(model.listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (recv(fd, &hello, sizeof(hello), 0) != sizeof(hello)) {
		close(fd);
		return;
	}
	for (i = 0; i < MODEL_MAX_FILES; i++) {
		if (model.files[i].pid == hello.pid)
			file = &model.files[i];
	}
	for (i = 0; i < MODEL_MAX_FILES && !file; i++) {
		if (!model.files[i].pid)
			file = &model.files[i];
	}
	assert_non_null(file);
	if (!file->pid)
		*file = (struct model_file){ -1, -1, hello.pid };
	*(hello.kind == SHIM_CALLS ? &file->call_fd : &file->msg_fd) = fd;
}

static inline void model_serve_once(int timeout_ms)
{
	struct pollfd fds[MODEL_MAX_FILES + 1];
	unsigned int i;

	fds[0] = (struct pollfd){ .fd = model.listen_fd, .events = POLLIN };
	for (i = 0; i < MODEL_MAX_FILES; i++)
		fds[i + 1] = (struct pollfd){
			.fd = model.files[i].pid ? model.files[i].call_fd : -1, .events = POLLIN,
		};
	poll(fds, MODEL_MAX_FILES + 1, timeout_ms);
	for (i = 0; i < MODEL_MAX_FILES; i++) {
		if (fds[i + 1].revents)
			model_receive_call(&model.files[i]);
	}
	if (fds[0].revents)
		model_accept();
}

/* Until the expression holds; fails the test after 20 seconds. */
#define model_serve_until(condition) do {					\
	int64_t deadline_ms_ = vlb_clock_ms() + 20000;				\
	while (!(condition)) {							\
		if (vlb_clock_ms() > deadline_ms_)				\
			fail_msg("this never happened: %s", #condition);	\
		model_serve_once(20);						\
	}									\
} while (0)

static inline void model_serve_for(int64_t ms)
{
	int64_t end = vlb_clock_ms() + ms;

	while (vlb_clock_ms() < end)
		model_serve_once(10);
}

/* All queues run: as many starts as the device has queues. */
static inline bool model_running(void)
{
	unsigned int i;

	for (i = 0; i < model.desc.num_queues; i++) {
		if (!model.queues[i].running &&
		    !(model.desc.queue[i].flags & VLB_QUEUE_DESC_LOCAL))
			return false;
	}
	return model.registered;
}

/* ---- a block driver --------------------------------------------------------------------------- */

/* Put a read of @len bytes from @sector into queue @index; @len at most 64 KiB. */
static inline void model_submit_read(unsigned int index, uint64_t sector, uint32_t len)
{
	struct model_queue *queue = &model.queues[index];
	uint64_t area = (uint64_t)index * model_ring_space() + model_ring_space() / 2;
	struct virtio_blk_outhdr *header = (void *)(model.pool + area);
	struct vring *vring = &queue->vring;

	*header = (struct virtio_blk_outhdr){ .type = VIRTIO_BLK_T_IN, .sector = sector };
	model.pool[area + 512] = 0xff;
	memset(model.pool + area + 4096, 0xee, len);
	vring->desc[0] = (struct vring_desc){ VLB_POOL_IOVA + area, sizeof(*header),
					      VRING_DESC_F_NEXT, 1 };
	vring->desc[1] = (struct vring_desc){ VLB_POOL_IOVA + area + 4096, len,
					      VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2 };
	vring->desc[2] = (struct vring_desc){ VLB_POOL_IOVA + area + 512, 1,
					      VRING_DESC_F_WRITE, 0 };
	vring->avail->ring[queue->next % vring->num] = 0;
	queue->next++;
	__atomic_store_n(&vring->avail->idx, queue->next, __ATOMIC_SEQ_CST);
}

/* The back-end has completed everything and has said so. */
static inline bool model_completed(unsigned int index)
{
	const struct model_queue *queue = &model.queues[index];
	struct pollfd call = { .fd = queue->call_fd, .events = POLLIN };
	uint64_t count;

	if (!queue->running || poll(&call, 1, 0) != 1 ||
	    read(queue->call_fd, &count, sizeof(count)) != sizeof(count))
		return false;
	return __atomic_load_n(&queue->vring.used->idx, __ATOMIC_SEQ_CST) == queue->next;
}

static inline void model_read_sectors(unsigned int index, uint64_t sector, uint32_t len,
				      void *data)
{
	uint64_t area = (uint64_t)index * model_ring_space() + model_ring_space() / 2;
	const uint64_t one = 1;

	model_submit_read(index, sector, len);
	assert_int_equal(write(model.queues[index].kick_fd, &one, sizeof(one)), sizeof(one));
	model_serve_until(model_completed(index));
	assert_int_equal(model.pool[area + 512], VIRTIO_BLK_S_OK);
	memcpy(data, model.pool + area + 4096, len);
}

#endif
