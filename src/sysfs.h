/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_SYSFS_H
#define VLB_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_loopback.h>

/* Where the devices are; a variable for the tests. */
extern const char *vlb_sysfs_class;

#define VLB_LATENCY_BUCKETS	96

struct vlb_queue_stats {
	uint64_t size;
	uint64_t requests;
	uint64_t bytes;
	uint64_t kicks;
	uint64_t calls;
	uint64_t in_flight;
	uint64_t replays;
	uint64_t errors;
	uint64_t granted;
	uint64_t shared;
	uint64_t copied;
	uint64_t latency[VLB_LATENCY_BUCKETS];
};

/* A snapshot of what the module says about a device. */
struct vlb_sysfs_device {
	char name[VLB_NAME_SIZE];
	char state[16];
	uint64_t device_id;
	uint64_t vendor_id;
	uint64_t features;
	uint64_t driver_features;
	uint64_t adapter;
	uint64_t timeout_ms;
	uint64_t num_queues;
	uint64_t pool_size;
	uint64_t arena_size;
	uint64_t grants;
	uint64_t grant_faults;
	uint64_t grants_revoked;
	char virtio[32];		/* "virtio5", or empty */
	char driver[64];		/* "virtio_blk", or empty */
	char node[80];			/* "/dev/vdb", or empty */
};

/* All 0 or -errno; -ENOENT: no such device, or it has just gone. */
int vlb_sysfs_read(const char *name, struct vlb_sysfs_device *device);
int vlb_sysfs_read_number(const char *name, const char *attribute, uint64_t *value);
int vlb_sysfs_read_stats(const char *name, unsigned int queue, struct vlb_queue_stats *stats);

bool vlb_sysfs_exists(const char *name);

/* The path of the virtio device below the device's directory. */
int vlb_sysfs_virtio_path(const char *name, char *path, size_t size);

/*
 * The driver's node, e.g. "/dev/vdb"; @nodes from the profile: the first that is there. Empty
 * if there is one that has no name here.
 */
struct vlb_node;
int vlb_sysfs_node(const char *name, const struct vlb_node *nodes, char *node, size_t size);

/* Sorted names of all devices; to be freed by vlb_sysfs_free_names(). */
int vlb_sysfs_names(char ***names, unsigned int *count);
void vlb_sysfs_free_names(char **names, unsigned int count);

/* The module is not there at all. */
bool vlb_sysfs_module_missing(void);

#endif
