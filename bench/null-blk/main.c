// SPDX-License-Identifier: GPL-2.0-only
/*
 * null-blk: a block device that does nothing, as thin as possible, behind two front doors.
 *
 * It takes the storage daemon out of a comparison of vhost-user and VDUSE: what is left is the transport.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/virtio_config.h>

#include "door.h"

#define SECTOR_SHIFT	9

static const char usage[] =
	"usage: null-blk --socket PATH | --vduse NAME [OPTION...]\n"
	"  --queues N        queues (1)\n"
	"  --size BYTES      of the device (1 GiB)\n"
	"  --poll USEC       look for requests so long before sleeping (0)\n"
	"  --touch           read or write every byte of the data once\n"
	"  --counters FILE   keep requests, wake-ups and calls there: three 64-bit numbers a queue\n";

struct options {
	const char *socket;
	const char *vduse;
	const char *counters;
	unsigned long queues;
	unsigned long long size;
};

static struct options parse(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "socket", required_argument, NULL, 's' }, { "vduse", required_argument, NULL, 'v' },
		{ "queues", required_argument, NULL, 'q' }, { "size", required_argument, NULL, 'b' },
		{ "counters", required_argument, NULL, 'c' }, { "touch", no_argument, NULL, 't' },
		{ "poll", required_argument, NULL, 'p' }, {},
	};
	struct options options = { .queues = 1, .size = 1ULL << 30 };
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 's': options.socket = optarg; break;
		case 'v': options.vduse = optarg; break;
		case 'q': options.queues = strtoul(optarg, NULL, 0); break;
		case 'b': options.size = strtoull(optarg, NULL, 0); break;
		case 'c': options.counters = optarg; break;
		case 't': touch_data = true; break;
		case 'p': poll_ns = strtoull(optarg, NULL, 0) * 1000; break;
		default: errx(2, "%s", usage);
		}
	}
	if (!options.socket == !options.vduse || optind < argc || options.queues < 1 || options.queues > MAX_QUEUES)
		errx(2, "%s", usage);
	return options;
}

static struct counters *make_counters(const char *path)
{
	size_t size = MAX_QUEUES * sizeof(struct counters);
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	void *counters;

	if (path && (fd < 0 || ftruncate(fd, size)))
		err(1, "%s", path);
	counters = mmap(NULL, size, PROT_READ | PROT_WRITE, path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (counters == MAP_FAILED)
		err(1, "mapping the counters");
	return counters;
}

int main(int argc, char **argv)
{
	static struct device dev;
	struct options options = parse(argc, argv);
	struct counters *counters = make_counters(options.counters);

	dev.num_queues = options.queues;
	dev.config.capacity = options.size >> SECTOR_SHIFT;
	dev.config.seg_max = QUEUE_SIZE - 2;	/* all but header and status, as the storage daemon has it */
	dev.config.blk_size = 1 << SECTOR_SHIFT;
	dev.config.num_queues = options.queues;
	dev.features = 1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_RING_F_INDIRECT_DESC |
		       1ULL << VIRTIO_RING_F_EVENT_IDX | 1ULL << VIRTIO_BLK_F_SEG_MAX |
		       1ULL << VIRTIO_BLK_F_BLK_SIZE | 1ULL << VIRTIO_BLK_F_MQ;
	for (unsigned int i = 0; i < dev.num_queues; i++) {
		dev.queues[i].index = i;
		dev.queues[i].kick = dev.queues[i].call = -1;
		dev.queues[i].counters = &counters[i];
	}
	if (options.socket)
		serve_vhost_user(&dev, options.socket);
	else
		serve_vduse(&dev, options.vduse);
	return 0;
}
