// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who would be hurt if a block device went away: file systems, swap, device mapper and
 * the like. Partitions count as well as the whole disk.
 *
 * Names are looked for first, because a person needs them. Opening the disk exclusively
 * then finds all other holders, such as mounts of other mount namespaces.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "block_use.h"

/* A disk or a partition. */
struct block {
	char path[512];		/* in sysfs */
	char name[64];		/* vdb1 */
};

/* Space-separated field @index of @line (from 0). */
static bool get_field(const char *line, unsigned int index, char *out, size_t size)
{
	size_t len;

	while (index--) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t");
	}
	len = strcspn(line, " \t\n");
	if (!len || len >= size)
		return false;
	memcpy(out, line, len);
	out[len] = '\0';
	return true;
}

/* The value of @field in the first line of @file whose field @key is @value. */
static bool look_up(const char *file, unsigned int key, const char *value, unsigned int field,
		    char *out, size_t size)
{
	char line[2048], found[256];
	FILE *in = fopen(file, "re");
	bool ret = false;

	if (!in)
		return false;
	while (!ret && fgets(line, sizeof(line), in)) {
		if (get_field(line, key, found, sizeof(found)) && !strcmp(found, value))
			ret = get_field(line, field, out, size);
	}
	fclose(in);
	return ret;
}

static bool read_dev(const struct block *block, char *dev, size_t size)
{
	char path[560];
	FILE *in;
	bool ret;

	snprintf(path, sizeof(path), "%s/dev", block->path);
	in = fopen(path, "re");
	if (!in)
		return false;
	ret = fgets(dev, (int)size, in);
	fclose(in);
	if (ret)
		dev[strcspn(dev, "\n")] = '\0';
	return ret;
}

static bool is_mounted(const struct block *block, char *how, size_t size)
{
	char dev[32], where[256];

	/* mountinfo: id parent major:minor root mount-point ... */
	if (!read_dev(block, dev, sizeof(dev)) ||
	    !look_up("/proc/self/mountinfo", 2, dev, 4, where, sizeof(where)))
		return false;
	snprintf(how, size, "/dev/%s is mounted on %s", block->name, where);
	return true;
}

static bool is_swap(const struct block *block, char *how, size_t size)
{
	char node[80], type[32];

	snprintf(node, sizeof(node), "/dev/%s", block->name);
	if (!look_up("/proc/swaps", 0, node, 1, type, sizeof(type)))
		return false;
	snprintf(how, size, "%s is in use as swap", node);
	return true;
}

static bool is_held(const struct block *block, char *how, size_t size)
{
	struct dirent *entry;
	char path[560];
	bool ret = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/holders", block->path);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!ret && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(how, size, "/dev/%s is in use by /dev/%s", block->name,
			 entry->d_name);
		ret = true;
	}
	closedir(dir);
	return ret;
}

static bool is_used(const struct block *block, char *how, size_t size)
{
	return is_mounted(block, how, size) || is_swap(block, how, size) ||
	       is_held(block, how, size);
}

static bool is_claimed(const struct block *disk, char *how, size_t size)
{
	char node[80];
	int fd;

	snprintf(node, sizeof(node), "/dev/%s", disk->name);
	fd = open(node, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno != EBUSY)
		return false;
	snprintf(how, size, "%s is in use by another process", node);
	return true;
}

static bool is_partition(const struct block *block)
{
	char path[560];

	snprintf(path, sizeof(path), "%s/partition", block->path);
	return !access(path, F_OK);
}

static bool disk_in_use(const struct block *disk, char *how, size_t size)
{
	struct dirent *entry;
	struct block part;
	bool ret = is_used(disk, how, size);
	DIR *dir = opendir(disk->path);

	while (!ret && dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (size_t)snprintf(part.path, sizeof(part.path), "%s/%s", disk->path,
				     entry->d_name) >= sizeof(part.path))
			continue;
		snprintf(part.name, sizeof(part.name), "%.63s", entry->d_name);
		ret = is_partition(&part) && is_used(&part, how, size);
	}
	if (dir)
		closedir(dir);
	return ret || is_claimed(disk, how, size);
}

int vlb_block_in_use(const char *virtio_path, char *how, size_t size)
{
	struct dirent *entry;
	struct block disk;
	char path[480];
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/block", virtio_path);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!ret && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (size_t)snprintf(disk.path, sizeof(disk.path), "%s/%s", path,
				     entry->d_name) >= sizeof(disk.path))
			continue;
		snprintf(disk.name, sizeof(disk.name), "%.63s", entry->d_name);
		ret = disk_in_use(&disk, how, size);
	}
	closedir(dir);
	return ret;
}
