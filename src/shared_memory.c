// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory: a file of tmpfs in which applications keep their I/O buffers, so that the
 * back-end, which has it mapped, needs no copy of them.
 *
 * It is opened once, before the sandbox forbids that, and for as long as the adapter lives:
 * whoever gave it may have removed its name. Its size is that of the day: it may have
 * changed when the next back-end comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/virtio_loopback.h>

#include "shared_memory.h"

int vlb_shared_memory_open(const char *path, char *why, size_t why_size)
{
	struct statfs fs;
	struct stat st;
	int fd, ret;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		snprintf(why, why_size, "cannot open the shared memory %s: %s", path,
			 strerror(-ret));
		return ret;
	}
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !fstatfs(fd, &fs) &&
	    fs.f_type == TMPFS_MAGIC)
		return fd;
	close(fd);
	snprintf(why, why_size, "%s cannot be shared memory: it has to be a file of tmpfs, such "
		 "as in /dev/shm, or a memfd without huge pages", path);
	return -EINVAL;
}

int vlb_shared_memory_size(int fd, uint64_t *size, char *why, size_t why_size)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	struct stat st = {};

	fstat(fd, &st); /* of an open file of tmpfs: cannot fail */
	*size = (uint64_t)st.st_size / page_size * page_size;
	if (*size && *size <= VLB_MAX_SHARED_SIZE)
		return 0;
	snprintf(why, why_size, "the shared memory has %jd bytes: it needs a page at least, and "
		 "can have %llu GiB", (intmax_t)st.st_size, VLB_MAX_SHARED_SIZE >> 30);
	return -EFBIG;
}
