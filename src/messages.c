// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of the module: what the driver did, and what the back-end has to hear of it.
 *
 * What a message says is noted first and passed on second: without a session, or when the
 * back-end fails on it, the note is what the next session starts with.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exit_status.h"
#include "log.h"
#include "messages.h"
#include "session.h"

#define BIT(n)			(1ULL << (n))
#define MESSAGES_AT_ONCE	8u

/* Before the driver says otherwise. */
static uint64_t queues_enabled_first(const struct vlb_adapter *adapter, uint64_t features)
{
	const struct vlb_profile *profile = adapter->profile;

	if (!profile->enables_units || !(features & profile->mq_features))
		return ~0ULL;
	return vlb_profile_queues_of_units(profile, 1);
}

static int handle_start(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	struct vlb_driver *driver = &adapter->driver;
	unsigned int i;
	int ret;

	driver->running = true;
	driver->started_alone = !adapter->connected;
	adapter->restarting = false;
	driver->features = msg->start.features;
	driver->queues = msg->start.queues &
			 ~vlb_profile_local_queues(adapter->profile, adapter->desc.num_queues);
	driver->enabled = queues_enabled_first(adapter, driver->features);
	for (i = 0; i < VLB_MAX_QUEUES; i++)
		driver->generation[i] = msg->generation;
	ret = vlb_session_stop(adapter);
	return ret ? ret : vlb_session_start(adapter);
}

static int handle_reset(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	(void)msg;
	adapter->driver.running = false;
	adapter->driver.queues = 0;
	adapter->restart_due = false;
	return vlb_session_stop(adapter);
}

static int check_queue(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	if (msg->queue < adapter->desc.num_queues)
		return 0;
	snprintf(adapter->why, sizeof(adapter->why), "the module speaks of queue %" PRIu32
		 ", which does not exist", msg->queue);
	return -VLB_E_MODULE;
}

static int handle_queue_reset(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	int ret = check_queue(adapter, msg);

	if (ret)
		return ret;
	adapter->driver.queues &= ~BIT(msg->queue);
	return vlb_session_stop_queue(adapter, msg->queue);
}

static int handle_queue_start(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	int ret = check_queue(adapter, msg);

	if (ret || BIT(msg->queue) &
	    vlb_profile_local_queues(adapter->profile, adapter->desc.num_queues))
		return ret;
	adapter->driver.queues |= BIT(msg->queue);
	adapter->driver.generation[msg->queue] = msg->generation;
	ret = vlb_session_stop_queue(adapter, msg->queue);
	return ret ? ret : vlb_session_start_queue(adapter, msg->queue);
}

/* The module has said yes already. */
static int handle_control(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	const struct vlb_profile *profile = adapter->profile;
	unsigned int units;

	if (!profile->enables_units || !profile->enables_units(&msg->control, &units))
		return 0;
	adapter->driver.enabled = vlb_profile_queues_of_units(profile, units);
	return vlb_session_enable_queues(adapter);
}

/* The fields of the profile that lie within what was written; the rest is ignored. */
static int handle_config_write(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	const struct vlb_config *write = &msg->config;
	const struct vlb_field *field;
	bool passed_on = false;
	int ret;

	if (write->len > sizeof(write->data) || write->offset > VLB_CONFIG_SIZE - write->len)
		return 0;
	memcpy(adapter->config + write->offset, write->data, write->len);
	for (field = adapter->profile->fields; field && field->name; field++) {
		if (!(field->writable || field->local) || field->offset < write->offset ||
		    field->offset + field->len > write->offset + write->len)
			continue;
		passed_on = true;
		if (field->local)
			continue;
		ret = vlb_session_write_config(adapter, field);
		if (ret)
			return ret;
	}
	if (!passed_on && !adapter->config_write_ignored) {
		adapter->config_write_ignored = true;
		vlb_warning("the driver writes %" PRIu32 " bytes at %" PRIu32 " of its "
			    "configuration space, where nothing is writable; ignored",
			    write->len, write->offset);
	}
	return 0;
}

/* As asked for; but was it as harmless as that sounds? */
static void removed_on_request(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	if (!msg->removed.failed) {
		vlb_notice("removed");
		vlb_adapter_finish(adapter, 0);
		return;
	}
	vlb_error("removed, but %" PRIu64 " requests had to be failed: the back-end did not finish them",
		  (uint64_t)msg->removed.failed);
	vlb_adapter_finish(adapter, -VLB_E_FAILED);
}

static int handle_removed(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	static const struct {
		int err;
		const char *sentence;
	} reasons[] = {
		[VLB_REMOVED_TIMEOUT] = { -VLB_E_TIMEOUT,
			"removed: no back-end within the --timeout; its requests have failed" },
		[VLB_REMOVED_BROKEN] = { -VLB_E_BROKEN,
			"removed: the back-end has broken the rules of the ring; see the kernel log" },
		[VLB_REMOVED_UNREGISTERED] = { -VLB_E_UNREGISTERED,
			"removed: the kernel did not register the device; see the kernel log" },
	};
	uint32_t reason = msg->removed.reason;

	adapter->registered = false;
	if (reason == VLB_REMOVED_REQUEST) {
		removed_on_request(adapter, msg);
	} else if (reason >= sizeof(reasons) / sizeof(reasons[0])) {
		vlb_error("removed for a reason that this tool does not know (%" PRIu32 ")",
			  reason);
		vlb_adapter_finish(adapter, -EIO);
	} else {
		vlb_error("%s", reasons[reason].sentence);
		vlb_adapter_finish(adapter, reasons[reason].err);
	}
	return 0;
}

static int (*const handlers[])(struct vlb_adapter *adapter, const struct vlb_msg *msg) = {
	[VLB_MSG_START] = handle_start,
	[VLB_MSG_RESET] = handle_reset,
	[VLB_MSG_QUEUE_RESET] = handle_queue_reset,
	[VLB_MSG_QUEUE_START] = handle_queue_start,
	[VLB_MSG_CONFIG_WRITE] = handle_config_write,
	[VLB_MSG_REMOVED] = handle_removed,
	[VLB_MSG_CONTROL] = handle_control,
};

static void handle_one(struct vlb_adapter *adapter, const struct vlb_msg *msg)
{
	int ret;

	if (msg->type >= sizeof(handlers) / sizeof(handlers[0]) || !handlers[msg->type]) {
		vlb_warning("the module sent message type %" PRIu32 ", which this tool does "
			    "not know; ignored", msg->type);
		return;
	}
	ret = handlers[msg->type](adapter, msg);
	if (ret)
		vlb_session_lost(adapter, ret);
}

void vlb_messages_handle(struct vlb_adapter *adapter)
{
	struct vlb_msg msgs[MESSAGES_AT_ONCE];
	int count, i;

	count = vlb_device_read(&adapter->device, msgs, MESSAGES_AT_ONCE);
	if (count < 0) {
		vlb_error("%s", adapter->device.why);
		vlb_adapter_finish(adapter, count);
		return;
	}
	for (i = 0; i < count && !adapter->done; i++)
		handle_one(adapter, &msgs[i]);
}
