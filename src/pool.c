// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: the memory that the back-end sees, an ordinary memfd.
 *
 * Made by the adapter, pinned by the module, mapped by the back-end. Each connection to a
 * back-end gets a new one: the process behind an old connection may still write to the
 * old one. It is sealed, so that no one can make pages vanish under the other two.
 *
 * The checks come first because the kernel's own answers say too little: a pool that does
 * not fit would be noticed only while it is pinned, with the machine out of memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool.h"

/* Ring entries and the slot of one request, generously. */
#define QUEUE_ENTRY_SIZE	1024ULL

uint64_t vlb_pool_default_size(unsigned int num_queues, unsigned int queue_size,
			       uint64_t arena_size)
{
	uint64_t size = num_queues * (arena_size + queue_size * QUEUE_ENTRY_SIZE);

	return size < VLB_POOL_MAX ? size : VLB_POOL_MAX;
}

/* A line of /proc/meminfo in its own unit (kB, or a count); 0 if there is no such line. */
static uint64_t meminfo(const char *key)
{
	char text[4096];
	const char *line;
	ssize_t len;
	int fd;

	fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	line = strstr(text, key);
	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}

uint64_t vlb_pool_round_size(uint64_t size, bool hugepages)
{
	uint64_t unit = hugepages ? meminfo("Hugepagesize:") << 10 : 0;

	if (!unit)
		unit = (uint64_t)sysconf(_SC_PAGESIZE);
	return (size + unit - 1) / unit * unit;
}

static int check_memory(uint64_t size, bool hugepages, char *why, size_t why_size)
{
	uint64_t available_kb = meminfo("MemAvailable:");
	uint64_t page_kb = meminfo("Hugepagesize:");
	uint64_t pages;

	if (!hugepages) {
		if (!available_kb || size >> 10 <= available_kb)
			return 0;
		snprintf(why, why_size, "a pool of %" PRIu64 " MiB does not fit: %" PRIu64
			 " MiB of memory are available; use a smaller --pool-size",
			 size >> 20, available_kb >> 10);
		return -ENOMEM;
	}
	if (!page_kb) {
		snprintf(why, why_size, "this kernel has no huge pages: leave out --hugepages");
		return -ENOMEM;
	}
	pages = (size >> 10) / page_kb;
	if (meminfo("HugePages_Free:") >= pages)
		return 0;
	snprintf(why, why_size, "too few huge pages are free: %" PRIu64 " of %" PRIu64
		 " KiB are needed; raise vm.nr_hugepages, or leave out --hugepages",
		 pages, page_kb);
	return -ENOMEM;
}

static int set_size(int fd, uint64_t size, char *why, size_t why_size)
{
	if (!ftruncate(fd, (off_t)size))
		return 0;
	if (errno == EFBIG)
		snprintf(why, why_size, "a pool of %" PRIu64 " MiB exceeds the limit for file "
			 "sizes (RLIMIT_FSIZE, ulimit -f)", size >> 20);
	else
		snprintf(why, why_size, "cannot make a pool of %" PRIu64 " MiB: %s",
			 size >> 20, strerror(errno));
	return errno == EINVAL ? -ENOMEM : -errno;
}

int vlb_pool_create(uint64_t size, bool hugepages, char *why, size_t why_size)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int fd, ret;

	ret = check_memory(size, hugepages, why, why_size);
	if (ret)
		return ret;
	fd = memfd_create("virtio-loopback-pool", MFD_CLOEXEC | MFD_ALLOW_SEALING |
			  (hugepages ? MFD_HUGETLB : 0));
	if (fd < 0) {
		ret = -errno;
		snprintf(why, why_size, "cannot make the pool: %s", strerror(errno));
		return ret;
	}
	ret = set_size(fd, size, why, why_size);
	if (!ret && fcntl(fd, F_ADD_SEALS, seals) < 0) {
		ret = -errno;
		snprintf(why, why_size, "cannot seal the pool: %s", strerror(errno));
	}
	if (!ret)
		return fd;
	close(fd);
	return ret;
}
