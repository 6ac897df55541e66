// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front door for VDUSE: /dev/vduse/NAME, a vDPA device once `vdpa dev add name NAME mgmtdev vduse` was told of it.
 *
 * The driver's status decides: DRIVER_OK starts the queues, a reset stops them. Memory is mapped when a queue first
 * meets an address.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vduse.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "door.h"

static int dev_fd;

static void call(struct queue *q)
{
	if (ioctl(dev_fd, VDUSE_VQ_INJECT_IRQ, &q->index))
		warn("VDUSE_VQ_INJECT_IRQ");
}

static void map(struct queue *q, uint64_t iova)
{
	static const int protection[] = {
		[VDUSE_ACCESS_RO] = PROT_READ, [VDUSE_ACCESS_WO] = PROT_WRITE,
		[VDUSE_ACCESS_RW] = PROT_READ | PROT_WRITE,
	};
	struct vduse_iotlb_entry entry = { .start = iova, .last = iova };
	int fd = ioctl(dev_fd, VDUSE_IOTLB_GET_FD, &entry);
	void *base;

	if (fd < 0)
		err(1, "queue %u: address %#llx", q->index, (unsigned long long)iova);
	base = mmap(NULL, entry.last - entry.start + 1, protection[entry.perm & VDUSE_ACCESS_RW], MAP_SHARED, fd,
		    entry.offset);
	if (base == MAP_FAILED)
		err(1, "mapping %#llx", (unsigned long long)entry.start);
	close(fd);
	queue_add_region(q, entry.start, entry.last - entry.start + 1, base);
}

static const struct door door = { .call = call, .map = map };

static void start(struct queue *q, bool event_idx)
{
	struct vduse_vq_info info = { .index = q->index };
	struct vduse_vq_eventfd kick = { .index = q->index, .fd = q->kick };

	if (ioctl(dev_fd, VDUSE_VQ_GET_INFO, &info))
		err(1, "VDUSE_VQ_GET_INFO");
	if (!info.ready || q->running)
		return;
	q->num = info.num;
	q->last_avail = info.split.avail_index;
	q->event_idx = event_idx;
	q->desc = queue_at(q, info.desc_addr, sizeof(*q->desc) * q->num);
	q->avail = queue_at(q, info.driver_addr, sizeof(*q->avail) + sizeof(uint16_t) * (q->num + 1));
	q->used = queue_at(q, info.device_addr,
			   sizeof(*q->used) + sizeof(*q->used->ring) * q->num + sizeof(uint16_t));
	/* The kernel has forgotten it with the last reset. */
	if (ioctl(dev_fd, VDUSE_VQ_SETUP_KICKFD, &kick))
		err(1, "VDUSE_VQ_SETUP_KICKFD");
	queue_start(q);
}

static void start_all(struct device *dev)
{
	uint64_t features;

	if (ioctl(dev_fd, VDUSE_DEV_GET_FEATURES, &features))
		err(1, "VDUSE_DEV_GET_FEATURES");
	for (unsigned int i = 0; i < dev->num_queues; i++)
		start(&dev->queues[i], features & 1ULL << VIRTIO_RING_F_EVENT_IDX);
}

static void forget_memory(struct queue *q)
{
	while (q->num_regions) {
		const struct region *region = &q->regions[--q->num_regions];

		munmap(region->base, region->size);
	}
}

static void stop_all(struct device *dev)
{
	for (unsigned int i = 0; i < dev->num_queues; i++) {
		queue_stop(&dev->queues[i]);
		forget_memory(&dev->queues[i]);
	}
}

/* ---- requests of the kernel -------------------------------------------------------- */

static void get_vq_state(struct device *dev, const struct vduse_dev_request *req, struct vduse_dev_response *resp)
{
	if (req->vq_state.index >= dev->num_queues)
		errx(1, "there is no queue %u", req->vq_state.index);
	resp->vq_state = req->vq_state;
	resp->vq_state.split.avail_index = dev->queues[req->vq_state.index].last_avail;
}

static void set_status(struct device *dev, const struct vduse_dev_request *req, struct vduse_dev_response *resp)
{
	(void)resp;
	if (req->s.status & VIRTIO_CONFIG_S_DRIVER_OK)
		start_all(dev);
	else
		stop_all(dev);
}

/* All of it is mapped again when it is needed. */
static void update_iotlb(struct device *dev, const struct vduse_dev_request *req, struct vduse_dev_response *resp)
{
	(void)req;
	(void)resp;
	stop_all(dev);
	start_all(dev);
}

static void (*const requests[])(struct device *dev, const struct vduse_dev_request *req,
				struct vduse_dev_response *resp) = {
	[VDUSE_GET_VQ_STATE] = get_vq_state,
	[VDUSE_SET_STATUS] = set_status,
	[VDUSE_UPDATE_IOTLB] = update_iotlb,
};

static void serve_request(struct device *dev)
{
	struct vduse_dev_response resp = {};
	struct vduse_dev_request req;

	if (read(dev_fd, &req, sizeof(req)) != sizeof(req))
		err(1, "reading a request");
	if (req.type >= sizeof(requests) / sizeof(requests[0]))
		errx(1, "request %u is not known here", req.type);
	resp.request_id = req.request_id;
	requests[req.type](dev, &req, &resp);
	if (write(dev_fd, &resp, sizeof(resp)) != sizeof(resp))
		err(1, "answering a request");
}

/* ---- the device -------------------------------------------------------------------- */

static void create(const struct device *dev, const char *name)
{
	struct vduse_dev_config *config = calloc(1, sizeof(*config) + sizeof(dev->config));
	uint64_t version = VDUSE_API_VERSION;
	int control = open("/dev/vduse/control", O_RDWR | O_CLOEXEC);

	if (!config)
		err(1, "memory");
	if (control < 0)
		err(1, "/dev/vduse/control");
	if ((size_t)snprintf(config->name, sizeof(config->name), "%s", name) >= sizeof(config->name))
		errx(1, "%s: too long", name);
	config->device_id = VIRTIO_ID_BLOCK;
	config->features = dev->features | 1ULL << VIRTIO_F_ACCESS_PLATFORM;
	config->vq_num = dev->num_queues;
	config->vq_align = 4096;
	config->config_size = sizeof(dev->config);
	memcpy(config->config, &dev->config, sizeof(dev->config));
	if (ioctl(control, VDUSE_SET_API_VERSION, &version) || ioctl(control, VDUSE_CREATE_DEV, config))
		err(1, "creating the VDUSE device %s", name);
	close(control);
	free(config);
}

static void set_up_queue(struct queue *q)
{
	struct vduse_vq_config config = { .index = q->index, .max_size = QUEUE_SIZE };

	q->door = &door;
	q->kick = eventfd(0, EFD_CLOEXEC);
	if (q->kick < 0)
		err(1, "eventfd");
	if (ioctl(dev_fd, VDUSE_VQ_SETUP, &config))
		err(1, "setting up queue %u", q->index);
}

void serve_vduse(struct device *dev, const char *name)
{
	char path[300];

	create(dev, name);
	snprintf(path, sizeof(path), "/dev/vduse/%s", name);
	dev_fd = open(path, O_RDWR | O_CLOEXEC);
	if (dev_fd < 0)
		err(1, "%s", path);
	for (unsigned int i = 0; i < dev->num_queues; i++)
		set_up_queue(&dev->queues[i]);
	for (;;)
		serve_request(dev);
}
