// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session: the time between connecting to a back-end and losing it.
 *
 * Theory of operation
 *
 * The device lives longer than any session. A session begins with the handshake and a new
 * pool (the process behind the last session may still write to the old one), starts the
 * queues if the driver is running, and ends with VLB_STOP: from then on requests wait, and
 * the module replays them into the next session. The driver notices nothing but time.
 *
 * Every failure ends the session; there is no half-working one. What the back-end is told
 * and what the module is told can therefore not drift apart.
 *
 * A back-end that comes back must be able to serve the device as it is: all features that
 * it offers to its driver, enough queues, the same configuration space. Otherwise it is
 * told off once, dropped, and tried again: somebody may be about to correct it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/virtio_config.h>

#include "clock.h"
#include "config_pages.h"
#include "connect.h"
#include "log.h"
#include "pool.h"
#include "session.h"
#include "shared_memory.h"

#define BIT(n)			(1ULL << (n))

/* @adapter->why = "the back-end at PATH <what the front-end saw>" */
static int back_end_failed(struct vlb_adapter *adapter, int err)
{
	snprintf(adapter->why, sizeof(adapter->why), "the back-end at %.100s %s",
		 adapter->options->socket, adapter->fe.why);
	return err;
}

static int module_failed(struct vlb_adapter *adapter, int err)
{
	snprintf(adapter->why, sizeof(adapter->why), "%s", adapter->device.why);
	return err;
}

static bool has_back_end_config(const struct vlb_adapter *adapter)
{
	return adapter->profile->config_owner == VLB_CONFIG_BACK_END && adapter->config_len;
}

static int read_config(struct vlb_adapter *adapter, uint8_t *config)
{
	const struct vlb_profile *profile = adapter->profile;
	struct vu_front_end *fe = &adapter->fe;
	int ret;

	ret = vu_front_end_get_config(fe, config, adapter->config_len);
	if (ret == -EREMOTEIO)
		snprintf(fe->why, sizeof(fe->why), "is no vhost-user-%s back-end: its "
			 "configuration space is shorter than %u bytes", profile->name,
			 adapter->config_len);
	if (!ret && profile->check_config)
		ret = profile->check_config(config, fe->why, sizeof(fe->why));
	return ret;
}

static int negotiate(struct vlb_adapter *adapter)
{
	const struct vlb_profile *profile = adapter->profile;
	struct vu_front_end *fe = &adapter->fe;
	int ret;

	ret = vu_front_end_negotiate(fe, profile->protocol_features |
				     VU_BIT(VHOST_USER_PROTOCOL_F_MQ) |
				     VU_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK));
	/* One that serves a single connection leaves the others unanswered. */
	if (ret == -ETIMEDOUT && !fe->features)
		snprintf(fe->why + strlen(fe->why), sizeof(fe->why) - strlen(fe->why),
			 "; is another front-end connected to it?");
	if (ret)
		return ret;
	if (!(fe->features & BIT(VIRTIO_F_VERSION_1))) {
		snprintf(fe->why, sizeof(fe->why),
			 "does not offer VIRTIO_F_VERSION_1: only legacy devices, which are not supported");
		return -EPROTO;
	}
	ret = vu_front_end_set_mtu(fe, adapter->options->type.mtu);
	if (!ret && has_back_end_config(adapter) && !profile->select_len)
		ret = read_config(adapter, adapter->raw_config);
	return ret;
}

static void close_front_end(struct vlb_adapter *adapter)
{
	adapter->left_open += vu_front_end_close(&adapter->fe);
	adapter->fe.left_open = 0;
}

int vlb_session_open(struct vlb_adapter *adapter)
{
	const struct vu_interrupt interrupt = adapter->fe.interrupt;
	int fd, ret;

	fd = vlb_connect(adapter->options->socket, adapter->why, sizeof(adapter->why));
	if (fd < 0)
		return fd;
	adapter->peer = vlb_connect_peer(fd);
	vu_front_end_init(&adapter->fe, fd, (unsigned int)adapter->options->reply_timeout_ms,
			  &interrupt);
	ret = negotiate(adapter);
	if (ret) {
		close_front_end(adapter);
		return back_end_failed(adapter, ret);
	}
	adapter->connected = true;
	adapter->connected_since_ms = vlb_clock_ms();
	return 0;
}

void vlb_session_close(struct vlb_adapter *adapter)
{
	vlb_loop_remove(&adapter->loop, &adapter->conn_watch);
	vlb_loop_remove(&adapter->loop, &adapter->backend_watch);
	close_front_end(adapter);
	if (adapter->pool_fd >= 0)
		close(adapter->pool_fd);
	if (adapter->window.fd >= 0)
		close(adapter->window.fd);
	adapter->pool_fd = -1;
	adapter->window.fd = -1;
	adapter->shared_size = 0;
	adapter->connected = false;
	adapter->started = 0;
	adapter->enabled = 0;
}

int vlb_session_watch(struct vlb_adapter *adapter)
{
	int ret;

	adapter->conn_watch.fd = adapter->fe.conn.fd;
	ret = vlb_loop_add(&adapter->loop, &adapter->conn_watch);
	if (!ret && adapter->fe.backend.fd >= 0) {
		adapter->backend_watch.fd = adapter->fe.backend.fd;
		ret = vlb_loop_add(&adapter->loop, &adapter->backend_watch);
	}
	if (ret)
		snprintf(adapter->why, sizeof(adapter->why), "cannot watch the back-end: %s",
			 strerror(-ret));
	return ret;
}

/* ---- does the back-end fit the device? --------------------------------------------- */

/* Another reason, behind those that @why has already. */
__attribute__((format(printf, 2, 3)))
static void add_reason(struct vu_front_end *fe, const char *format, ...)
{
	size_t used = strlen(fe->why);
	va_list args;

	if (used)
		used += (size_t)snprintf(fe->why + used, sizeof(fe->why) - used, "; it ");
	if (used >= sizeof(fe->why))
		return;
	va_start(args, format);
	vsnprintf(fe->why + used, sizeof(fe->why) - used, format, args);
	va_end(args);
}

unsigned int vlb_session_back_end_queues(const struct vlb_adapter *adapter)
{
	if (!(adapter->fe.protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_MQ)))
		return 0;
	return adapter->fe.max_queues;
}

static int check_queues(struct vlb_adapter *adapter)
{
	char why[80];
	int ret;

	ret = vlb_profile_check_queues(adapter->profile, vlb_session_back_end_queues(adapter),
				       adapter->desc.num_queues, why, sizeof(why));
	if (ret)
		add_reason(&adapter->fe, "%s", why);
	return ret;
}

static int check_features(struct vlb_adapter *adapter)
{
	const struct vlb_profile *profile = adapter->profile;
	const struct vlb_plan plan = {
		.options = &adapter->options->type,
		.num_queues = adapter->desc.num_queues,
		.back_end_features = adapter->fe.features,
	};
	uint64_t offered = vlb_profile_features(profile, &plan,
						adapter->device.info.ring_features);
	uint64_t missing = adapter->desc.features & ~offered & ~profile->own_features;
	uint64_t gained = adapter->fe.features & ~adapter->desc.features &
			  profile->fact_features;
	char names[160];

	if (missing) {
		vlb_profile_name_features(profile, missing, names, sizeof(names));
		add_reason(&adapter->fe, "lacks features of the device: %s", names);
	}
	if (gained) {
		vlb_profile_name_features(profile, gained, names, sizeof(names));
		add_reason(&adapter->fe, "has features that the device has not: %s", names);
	}
	return missing || gained ? -EPROTO : 0;
}

/* The driver's own writes may differ, and the back-end has to hear of them again. */
static int restore_config(struct vlb_adapter *adapter)
{
	const struct vlb_field *field;
	int ret;

	for (field = adapter->profile->fields; field && field->name; field++) {
		if (!field->writable || !memcmp(adapter->config + field->offset,
						adapter->raw_config + field->offset, field->len))
			continue;
		ret = vu_front_end_set_config(&adapter->fe, field->offset,
					      adapter->config + field->offset, field->len);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_config(struct vlb_adapter *adapter)
{
	const struct vlb_profile *profile = adapter->profile;
	struct vu_front_end *fe = &adapter->fe;
	int ret;

	if (profile->select_len)
		return vlb_config_pages_check(adapter);
	ret = vlb_profile_compare_config(profile, adapter->raw_config, adapter->config,
					 adapter->config_len, fe->why, sizeof(fe->why));
	if (!ret && profile->check_limits)
		ret = profile->check_limits(adapter->config, adapter->raw_config, fe->features,
					    fe->why, sizeof(fe->why));
	return ret ? ret : restore_config(adapter);
}

/* Fields that change by themselves: the new back-end's word counts. */
static int take_state(struct vlb_adapter *adapter)
{
	const struct vlb_field *field;
	bool changed = false;
	int ret;

	for (field = adapter->profile->fields; field && field->name; field++) {
		if (!field->state || !memcmp(adapter->config + field->offset,
					     adapter->raw_config + field->offset, field->len))
			continue;
		memcpy(adapter->config + field->offset, adapter->raw_config + field->offset,
		       field->len);
		changed = true;
	}
	if (!changed)
		return 0;
	ret = vlb_device_set_config(&adapter->device, adapter->config, adapter->config_len);
	return ret ? module_failed(adapter, ret) : 0;
}

int vlb_session_check(struct vlb_adapter *adapter)
{
	int ret, err;

	/* Both, because a person who has to correct one wants to know the other. */
	adapter->fe.why[0] = '\0';
	ret = check_queues(adapter);
	err = check_features(adapter);
	ret = ret ? ret : err;
	if (!ret && has_back_end_config(adapter))
		ret = check_config(adapter);
	if (ret)
		return back_end_failed(adapter, ret);
	return has_back_end_config(adapter) ? take_state(adapter) : 0;
}

static int open_window(struct vlb_adapter *adapter)
{
	struct vlb_open_window window = {
		.min_len = (uint32_t)adapter->options->map_min,
		.revoke_ms = (uint32_t)adapter->options->map_revoke_ms,
	};
	int ret;

	ret = vlb_device_open_window(&adapter->device, &window);
	if (ret)
		return module_failed(adapter, ret);
	adapter->window = window;
	return 0;
}

static int share_memory(struct vlb_adapter *adapter)
{
	int fd = adapter->options->shared_fd;
	uint64_t size;
	int ret;

	ret = vlb_shared_memory_size(fd, &size, adapter->why, sizeof(adapter->why));
	if (ret)
		return ret;
	ret = vlb_device_share_memory(&adapter->device, fd, size);
	if (ret)
		return module_failed(adapter, ret);
	adapter->shared_size = size;
	return 0;
}

int vlb_session_set_pool(struct vlb_adapter *adapter)
{
	__u64 arena_size;
	int ret;

	adapter->pool_fd = vlb_pool_create(adapter->pool_size, adapter->options->hugepages,
					   adapter->why, sizeof(adapter->why));
	if (adapter->pool_fd < 0)
		return adapter->pool_fd;
	ret = vlb_device_set_pool(&adapter->device, adapter->pool_fd, adapter->pool_size,
				  &arena_size);
	if (ret)
		return module_failed(adapter, ret);
	adapter->arena_size = arena_size;
	if (adapter->options->memory == VLB_MEMORY_MAP)
		ret = open_window(adapter);
	if (!ret && adapter->options->shared_fd >= 0)
		ret = share_memory(adapter);
	return ret;
}

/* ---- starting and stopping queues ---------------------------------------------------- */

/* The module's half of starting a queue: fills @ring. -ESTALE: another message follows. */
static int start_in_module(struct vlb_adapter *adapter, struct vu_ring *ring)
{
	bool use_eventfd = adapter->options->call == VLB_CALL_EVENTFD;
	struct vlb_queue_start start = {
		.index = ring->index,
		.generation = adapter->driver.generation[ring->index],
		.flags = use_eventfd ? VLB_QUEUE_CALL_EVENTFD : 0,
		.kick_fd = ring->kick_fd,
		.call_fd = ring->call_fd,
		.busy_poll_us = (uint32_t)adapter->options->busy_poll_us,
	};
	int ret;

	ret = vlb_device_queue_start(&adapter->device, &start);
	if (ret)
		return module_failed(adapter, ret);
	ring->call_fd = start.call_fd;
	ring->size = start.size;
	ring->desc = start.desc_iova;
	ring->avail = start.avail_iova;
	ring->used = start.used_iova;
	return 0;
}

static int open_eventfd(struct vlb_adapter *adapter, int *fd)
{
	*fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (*fd >= 0)
		return 0;
	snprintf(adapter->why, sizeof(adapter->why), "cannot make an eventfd: %s",
		 strerror(errno));
	return -errno;
}

static int start_ring(struct vlb_adapter *adapter, struct vu_ring *ring)
{
	int ret;

	ret = open_eventfd(adapter, &ring->kick_fd);
	if (!ret && adapter->options->call == VLB_CALL_EVENTFD)
		ret = open_eventfd(adapter, &ring->call_fd);
	if (!ret)
		ret = start_in_module(adapter, ring);
	if (ret)
		return ret;
	ret = vu_front_end_ring_start(&adapter->fe, ring);
	return ret ? back_end_failed(adapter, ret) : 0;
}

static void close_fds(const struct vu_ring *ring)
{
	if (ring->kick_fd >= 0)
		close(ring->kick_fd);
	if (ring->call_fd >= 0)
		close(ring->call_fd);
}

static int enable_ring(struct vlb_adapter *adapter, unsigned int index, bool enable)
{
	int ret = vu_front_end_ring_enable(&adapter->fe, index, enable);

	if (ret)
		return back_end_failed(adapter, ret);
	adapter->enabled &= ~BIT(index);
	adapter->enabled |= enable ? BIT(index) : 0;
	return 0;
}

/* Without acknowledgements the end of a series of requests needs a barrier. */
static int settle(struct vlb_adapter *adapter)
{
	int ret;

	if (adapter->fe.protocol_features & VU_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK))
		return 0;
	ret = vu_front_end_barrier(&adapter->fe);
	return ret ? back_end_failed(adapter, ret) : 0;
}

/* Describe the rings of @queues to the back-end; adapter->started says which. */
static int start_rings(struct vlb_adapter *adapter, uint64_t queues, struct vu_ring *rings)
{
	struct vu_ring *ring = rings;
	unsigned int i;
	int ret;

	for (i = 0; i < adapter->desc.num_queues; i++, ring++) {
		*ring = (struct vu_ring){ .index = i, .kick_fd = -1, .call_fd = -1 };
		if (!(queues & BIT(i)))
			continue;
		ret = start_ring(adapter, ring);
		if (ret == -ESTALE || ret == -ESHUTDOWN) {
			/* The driver was faster: another message says what is next. */
			adapter->driver.queues &= ~BIT(i);
			close_fds(ring);
			*ring = (struct vu_ring){ .index = i, .kick_fd = -1, .call_fd = -1 };
			continue;
		}
		if (ret)
			return ret;
		adapter->started |= BIT(i);
	}
	return 0;
}

/*
 * The kick makes the back-end look at what waits already, about which nobody else will
 * notify it. A back-end that is kicked before it has read that the ring is enabled forgets
 * it: the crates of rust-vmm handle kicks and messages in different threads.
 */
static int enable_and_kick(struct vlb_adapter *adapter, uint64_t queues,
			   const struct vu_ring *rings)
{
	unsigned int i;
	int ret;

	queues &= adapter->started;
	for (i = 0; i < adapter->desc.num_queues; i++) {
		if (!(queues & adapter->driver.enabled & BIT(i)))
			continue;
		ret = enable_ring(adapter, i, true);
		if (ret)
			return ret;
	}
	ret = settle(adapter);
	if (ret)
		return ret;
	for (i = 0; i < adapter->desc.num_queues; i++) {
		if (queues & BIT(i))
			eventfd_write(rings[i].kick_fd, 1);
	}
	return 0;
}

static int start_queues(struct vlb_adapter *adapter, uint64_t queues)
{
	struct vu_ring rings[VLB_MAX_QUEUES];
	unsigned int i;
	int ret;

	for (i = 0; i < VLB_MAX_QUEUES; i++)
		rings[i].kick_fd = rings[i].call_fd = -1;
	ret = start_rings(adapter, queues, rings);
	if (!ret)
		ret = enable_and_kick(adapter, queues, rings);
	for (i = 0; i < VLB_MAX_QUEUES; i++)
		close_fds(&rings[i]);
	return ret;
}

/* Its queues stay stopped; VLB_MSG_RESET and VLB_MSG_START follow. */
static int restart_driver(struct vlb_adapter *adapter)
{
	int ret;

	adapter->restart_due = false;
	ret = vlb_device_restart_driver(&adapter->device);
	if (ret == -ESHUTDOWN)
		return 0;
	if (ret)
		return module_failed(adapter, ret);
	adapter->restarting = true;
	vlb_notice("the driver starts over: the back-end knows nothing of what went before");
	return 0;
}

/* The user can give a back-end less that has too few slots, or dislikes what is in them. */
static void hint_at_regions(struct vu_front_end *fe, unsigned int count)
{
	size_t len = strlen(fe->why);

	snprintf(fe->why + len, sizeof(fe->why) - len, ", perhaps because there are %u regions: "
		 "leave out --shared-memory or --memory=map", count);
}

static int set_memory(struct vlb_adapter *adapter)
{
	struct vu_region regions[3] = {
		{ VLB_POOL_IOVA, adapter->pool_size, adapter->pool_fd },
	};
	unsigned int count = 1;
	int ret;

	if (adapter->window.fd >= 0)
		regions[count++] = (struct vu_region){
			VLB_WINDOW_IOVA, adapter->window.size, adapter->window.fd,
		};
	if (adapter->shared_size)
		regions[count++] = (struct vu_region){
			VLB_SHARED_IOVA, adapter->shared_size, adapter->options->shared_fd,
		};
	ret = vu_front_end_set_memory(&adapter->fe, regions, count);
	if (ret == -EREMOTEIO && count > 1)
		hint_at_regions(&adapter->fe, count);
	return ret;
}

int vlb_session_start(struct vlb_adapter *adapter)
{
	int ret;

	if (!adapter->connected)
		return 0;
	if (adapter->restart_due)
		return restart_driver(adapter);
	if (!adapter->driver.running)
		return 0;
	ret = vu_front_end_set_features(&adapter->fe, adapter->driver.features);
	if (!ret)
		ret = set_memory(adapter);
	if (ret)
		return back_end_failed(adapter, ret);
	return start_queues(adapter, adapter->driver.queues);
}

int vlb_session_enable_queues(struct vlb_adapter *adapter)
{
	uint64_t wanted = adapter->driver.enabled & adapter->started;
	unsigned int i;
	int ret;

	for (i = 0; i < adapter->desc.num_queues; i++) {
		if (!((wanted ^ adapter->enabled) & BIT(i)))
			continue;
		ret = enable_ring(adapter, i, wanted & BIT(i));
		if (ret)
			return ret;
	}
	return 0;
}

/* All rings are disabled before the first is drained. */
int vlb_session_stop(struct vlb_adapter *adapter)
{
	unsigned int i;
	int ret;

	for (i = 0; i < adapter->desc.num_queues; i++) {
		if (!(adapter->started & BIT(i)))
			continue;
		ret = enable_ring(adapter, i, false);
		if (ret)
			return ret;
	}
	for (i = 0; i < adapter->desc.num_queues; i++) {
		if (!(adapter->started & BIT(i)))
			continue;
		ret = vu_front_end_ring_stop(&adapter->fe, i);
		if (ret)
			return back_end_failed(adapter, ret);
		adapter->started &= ~BIT(i);
	}
	ret = adapter->connected ? vu_front_end_reset_device(&adapter->fe) : 0;
	return ret ? back_end_failed(adapter, ret) : 0;
}

int vlb_session_start_queue(struct vlb_adapter *adapter, unsigned int index)
{
	if (!adapter->connected || !adapter->driver.running)
		return 0;
	return start_queues(adapter, BIT(index));
}

int vlb_session_stop_queue(struct vlb_adapter *adapter, unsigned int index)
{
	int ret;

	if (!(adapter->started & BIT(index)))
		return 0;
	ret = enable_ring(adapter, index, false);
	if (ret)
		return ret;
	ret = vu_front_end_ring_stop(&adapter->fe, index);
	if (ret)
		return back_end_failed(adapter, ret);
	adapter->started &= ~BIT(index);
	return 0;
}

/* ---- configuration space ------------------------------------------------------------- */

int vlb_session_get_config(struct vlb_adapter *adapter)
{
	int ret;

	/* Pages are looked at one by one. */
	if (!adapter->config_len || adapter->profile->select_len)
		return 0;
	ret = vlb_device_get_config(&adapter->device, adapter->config, adapter->config_len);
	return ret ? module_failed(adapter, ret) : 0;
}

int vlb_session_write_config(struct vlb_adapter *adapter, const struct vlb_field *field)
{
	int ret;

	if (!adapter->connected)
		return 0;
	ret = vu_front_end_set_config(&adapter->fe, field->offset,
				      adapter->config + field->offset, field->len);
	if (ret == -EREMOTEIO) {
		vlb_warning("the back-end refuses the driver's change of %s", field->name);
		return 0;
	}
	return ret ? back_end_failed(adapter, ret) : 0;
}

int vlb_session_config_changed(struct vlb_adapter *adapter)
{
	const struct vlb_profile *profile = adapter->profile;
	unsigned int len = adapter->config_len;
	uint8_t config[VLB_CONFIG_SIZE];
	struct vu_front_end *fe = &adapter->fe;
	int ret;

	fe->config_changed = false;
	if (!adapter->connected || !has_back_end_config(adapter) || profile->select_len)
		return 0;
	ret = read_config(adapter, config);
	if (!ret && profile->check_limits)
		ret = profile->check_limits(adapter->config, config, fe->features, fe->why,
					    sizeof(fe->why));
	if (ret)
		return back_end_failed(adapter, ret);
	memcpy(adapter->raw_config, config, len);
	vlb_profile_merge_config(profile, config, adapter->config);
	if (!memcmp(config, adapter->config, len))
		return 0;
	ret = vlb_device_set_config(&adapter->device, config, len);
	if (ret)
		return module_failed(adapter, ret);
	memcpy(adapter->config, config, len);
	vlb_notice("the back-end has changed its configuration");
	return 0;
}
