// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readiness: a device is ready when its queues run and its driver's node exists.
 *
 * Nothing tells us about the node without netlink and root, so a timer looks in sysfs:
 * often in the beginning, and once a second after a hint was given.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "exit_status.h"
#include "log.h"
#include "notify_ready.h"
#include "readiness.h"
#include "sysfs.h"

#define LOOK_EVERY_MS		20u
#define LOOK_SELDOM_MS		1000u
#define LOOKS_ELSEWHERE		10u
#define HINT_AFTER_MS		10000
#define GIVE_UP_AFTER_MS	30000

void vlb_readiness_begin(struct vlb_adapter *adapter)
{
	adapter->register_time_ms = vlb_clock_ms();
	vlb_timer_set(adapter->ready_watch.fd, 1);
}

static void detach_from_terminal(int null_fd)
{
	vlb_log_to_syslog();
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	dup2(null_fd, STDERR_FILENO);
}

static void become_ready(struct vlb_adapter *adapter, const char *node)
{
	adapter->ready = true;
	vlb_print("%s: %s ready", adapter->desc.name, *node ? node : adapter->profile->name);
	vlb_notify_send(adapter->notify_fd, "READY=1");
	if (adapter->options->daemonize)
		detach_from_terminal(adapter->null_fd);
	vlb_adapter_report(adapter, VLB_REPORT_READY);
}

static void give_hint(struct vlb_adapter *adapter)
{
	adapter->ready_hint_given = true;
	if (!adapter->driver.running && !adapter->profile->driver)
		vlb_warning("no driver has taken the device yet: is one for virtio id %u loaded?",
			    adapter->desc.device_id);
	else if (!adapter->driver.running)
		vlb_warning("no driver has taken the device yet: try 'modprobe %s'",
			    adapter->profile->driver);
	else
		vlb_warning("the driver has made no device node yet; see the kernel log");
}

/*
 * A parent that waits for a daemon gets an answer, and so does who waits for a back-end
 * that was there and is not any more. (Without a driver there may be one tomorrow.)
 */
static bool has_waited_enough(const struct vlb_adapter *adapter, int64_t now_ms)
{
	if (adapter->removing)
		return false;
	if (adapter->options->daemonize)
		return now_ms - adapter->register_time_ms >= GIVE_UP_AFTER_MS;
	return adapter->lost_sessions && !adapter->connected && !adapter->adopted &&
	       now_ms - adapter->lost_time_ms >= GIVE_UP_AFTER_MS;
}

static void give_up(struct vlb_adapter *adapter)
{
	int result = adapter->lost_sessions ? -VLB_E_BACK_END : -EIO;

	/* What has been in use may be used again. */
	if (adapter->adopted) {
		vlb_error("not ready after %d s: leaving; the device waits for another adapter",
			  GIVE_UP_AFTER_MS / 1000);
		vlb_adapter_finish(adapter, result);
		return;
	}
	vlb_error("not ready after %d s: removing the device", GIVE_UP_AFTER_MS / 1000);
	adapter->result = result;
	vlb_adapter_remove(adapter);
}

static void wait_on(struct vlb_adapter *adapter)
{
	int64_t now_ms = vlb_clock_ms();
	int64_t waited_ms = now_ms - adapter->register_time_ms;

	if (!adapter->ready_hint_given && waited_ms >= HINT_AFTER_MS && adapter->connected)
		give_hint(adapter);
	if (has_waited_enough(adapter, now_ms))
		give_up(adapter);
	vlb_timer_set(adapter->ready_watch.fd,
		      adapter->ready_hint_given ? LOOK_SELDOM_MS : LOOK_EVERY_MS);
}

/*
 * In sysfs the node appears an instant before the file in /dev does. One that has been moved
 * out of sight, as an interface to another network namespace, looks for an instant like one
 * that is just being made.
 */
static bool find_node(struct vlb_adapter *adapter, char *node, size_t size)
{
	const struct vlb_node *nodes = adapter->profile->nodes;

	*node = '\0';
	if (!nodes)
		return true;
	if (vlb_sysfs_node(adapter->desc.name, nodes, node, size))
		return false;
	if (!*node)
		return ++adapter->looks_elsewhere >= LOOKS_ELSEWHERE;
	/* Names that are no path, such as those of network interfaces, are all there is. */
	return *node != '/' || !access(node, F_OK);
}

void vlb_readiness_look(struct vlb_adapter *adapter)
{
	char node[80];

	if (adapter->ready)
		return;
	if (adapter->started && adapter->started == adapter->driver.queues &&
	    find_node(adapter, node, sizeof(node)))
		become_ready(adapter, node);
	else
		wait_on(adapter);
}
