// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that is read from /sys/class/virtio-loopback.
 *
 * Devices may vanish between two reads: each function then says -ENOENT, and a reader of
 * several files treats that as "no such device". Works inside the sandbox: nothing is
 * opened for writing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiles/profile.h"
#include "sysfs.h"

const char *vlb_sysfs_class = "/sys/class/virtio-loopback";

/* The contents of @class/@name/@file without the last newline. */
static int read_text(const char *name, const char *file, char *text, size_t size)
{
	char path[320];
	ssize_t len;
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s/%s", vlb_sysfs_class, name, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	err = errno;
	close(fd);
	if (len < 0)
		return err == ENODEV ? -ENOENT : -err;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int vlb_sysfs_read_number(const char *name, const char *attribute, uint64_t *value)
{
	char text[64];
	int ret;

	ret = read_text(name, attribute, text, sizeof(text));
	if (!ret)
		*value = strtoull(text, NULL, 0);
	return ret;
}

/* The first entry of @path whose name begins with @prefix. */
static int find_entry(const char *path, const char *prefix, char *out, size_t size)
{
	struct dirent *entry;
	int ret = -ENOENT;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return -errno;
	while (ret && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		if ((size_t)snprintf(out, size, "%s", entry->d_name) < size)
			ret = 0;
	}
	closedir(dir);
	return ret;
}

static int find_virtio(const char *name, char *out, size_t size)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", vlb_sysfs_class, name);
	return find_entry(path, "virtio", out, size);
}

int vlb_sysfs_virtio_path(const char *name, char *path, size_t size)
{
	char virtio[64];
	int ret;

	ret = find_virtio(name, virtio, sizeof(virtio));
	if (!ret)
		snprintf(path, size, "%s/%s/%s", vlb_sysfs_class, name, virtio);
	return ret;
}

static int descend(const char *path, const char *pattern, char *out, size_t size);

/* @entry of @path matches the first part of a pattern, of which @rest is left. */
static int enter(const char *path, const char *entry, const char *rest, char *out, size_t size)
{
	char below[512];

	if (!*rest)
		return (size_t)snprintf(out, size, "%s", entry) < size ? 0 : -ENOENT;
	if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, entry) >= sizeof(below))
		return -ENOENT;
	return descend(below, rest + 1, out, size);
}

/* The name of a directory below @path whose way there matches @pattern, part by part. */
static int descend(const char *path, const char *pattern, char *out, size_t size)
{
	size_t len = strcspn(pattern, "/");
	struct dirent *entry;
	int ret = -ENOENT;
	char part[32];
	DIR *dir;

	snprintf(part, sizeof(part), "%.*s", (int)len, pattern);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (ret && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && !fnmatch(part, entry->d_name, 0))
			ret = enter(path, entry->d_name, pattern + len, out, size);
	}
	closedir(dir);
	return ret;
}

int vlb_sysfs_node(const char *name, const struct vlb_node *nodes, char *node, size_t size)
{
	char path[448], entry[64];
	int ret;

	ret = vlb_sysfs_virtio_path(name, path, sizeof(path));
	if (ret)
		return ret;
	for (; nodes->pattern; nodes++) {
		ret = descend(path, nodes->pattern, entry, sizeof(entry));
		if (!ret) {
			snprintf(node, size, "%s%s", nodes->prefix ? nodes->prefix : "",
				 nodes->prefix ? entry : "");
			return 0;
		}
	}
	return -ENOENT;
}

static int read_numbers(struct vlb_sysfs_device *device)
{
	const struct {
		const char *attribute;
		uint64_t *value;
	} numbers[] = {
		{ "device_id", &device->device_id },
		{ "vendor_id", &device->vendor_id },
		{ "features", &device->features },
		{ "driver_features", &device->driver_features },
		{ "adapter", &device->adapter },
		{ "timeout_ms", &device->timeout_ms },
		{ "num_queues", &device->num_queues },
		{ "pool_size", &device->pool_size },
		{ "arena_size", &device->arena_size },
		{ "grants", &device->grants },
		{ "grant_faults", &device->grant_faults },
		{ "grants_revoked", &device->grants_revoked },
	};
	size_t i;
	int ret = 0;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && !ret; i++)
		ret = vlb_sysfs_read_number(device->name, numbers[i].attribute,
					    numbers[i].value);
	return ret;
}

/* What the driver has made of the device so far; all of it may be missing. */
static void read_driver(struct vlb_sysfs_device *device)
{
	const struct vlb_profile *profile = vlb_profile_find_id((uint32_t)device->device_id);
	char path[448], link[512], target[256];
	ssize_t len;

	if (find_virtio(device->name, device->virtio, sizeof(device->virtio)) ||
	    vlb_sysfs_virtio_path(device->name, path, sizeof(path)))
		return;
	snprintf(link, sizeof(link), "%s/driver", path);
	len = readlink(link, target, sizeof(target) - 1);
	if (len > 0) {
		target[len] = '\0';
		snprintf(device->driver, sizeof(device->driver), "%.63s",
			 strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
	}
	if (profile && profile->nodes)
		vlb_sysfs_node(device->name, profile->nodes, device->node, sizeof(device->node));
}

int vlb_sysfs_read(const char *name, struct vlb_sysfs_device *device)
{
	int ret;

	memset(device, 0, sizeof(*device));
	if (strlen(name) >= sizeof(device->name))
		return -ENOENT;
	snprintf(device->name, sizeof(device->name), "%s", name);
	ret = read_text(name, "state", device->state, sizeof(device->state));
	if (!ret)
		ret = read_numbers(device);
	if (!ret)
		read_driver(device);
	return ret;
}

/* Up to @max numbers in @text, separated by blanks; returns how many there are. */
static unsigned int parse_numbers(const char *text, uint64_t *numbers, unsigned int max)
{
	unsigned int count;
	char *end;

	for (count = 0; count < max; count++) {
		numbers[count] = strtoull(text, &end, 10);
		if (end == text)
			break;
		text = end;
	}
	return count;
}

int vlb_sysfs_read_stats(const char *name, unsigned int queue, struct vlb_queue_stats *stats)
{
	char file[32], text[4096];
	uint64_t numbers[11];
	int ret;

	snprintf(file, sizeof(file), "stats/%u", queue);
	ret = read_text(name, file, text, sizeof(text));
	if (ret)
		return ret;
	if (parse_numbers(text, numbers, 11) != 11)
		return -EPROTO;
	*stats = (struct vlb_queue_stats){
		.size = numbers[0], .requests = numbers[1], .bytes = numbers[2],
		.kicks = numbers[3], .calls = numbers[4], .in_flight = numbers[5],
		.replays = numbers[6], .errors = numbers[7], .granted = numbers[8],
		.shared = numbers[9], .copied = numbers[10],
	};
	snprintf(file, sizeof(file), "latency/%u", queue);
	ret = read_text(name, file, text, sizeof(text));
	if (!ret && parse_numbers(text, stats->latency, VLB_LATENCY_BUCKETS) !=
	    VLB_LATENCY_BUCKETS)
		ret = -EPROTO;
	return ret;
}

bool vlb_sysfs_exists(const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", vlb_sysfs_class, name);
	return !access(path, F_OK);
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int vlb_sysfs_names(char ***names, unsigned int *count)
{
	struct dirent **entries;
	int i, found;

	found = scandir(vlb_sysfs_class, &entries, is_name, versionsort);
	if (found < 0)
		return -errno;
	*names = calloc((size_t)found + 1, sizeof(**names));
	*count = 0;
	for (i = 0; i < found; i++) {
		if (*names)
			(*names)[(*count)++] = strdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return *names ? 0 : -ENOMEM;
}

void vlb_sysfs_free_names(char **names, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

bool vlb_sysfs_module_missing(void)
{
	return access(vlb_sysfs_class, F_OK) < 0;
}
