// SPDX-License-Identifier: GPL-2.0-only
/*
 * Setting up an adapter: from the command line to a device that its driver can see.
 *
 * The order is what matters. Everything that the sandbox forbids is opened first; the
 * sandbox is entered before the back-end has said a byte; the device is created (or taken
 * over, if its adapter died) once it is known what the back-end offers; and it is offered
 * to the driver last, without any privilege left. Up to then a failure leaves nothing
 * behind: a device that was never registered goes away with its file.
 *
 * Each step says itself what went wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <linux/virtio_ring.h>

#include "clock.h"
#include "config_pages.h"
#include "exit_status.h"
#include "log.h"
#include "notify_ready.h"
#include "pool.h"
#include "readiness.h"
#include "sandbox.h"
#include "session.h"
#include "set_up.h"
#include "sysfs.h"

#define BIT(n)			(1ULL << (n))
#define VENDOR_ID		0x1af4u		/* what QEMU's devices say */
#define CONNECT_EVERY_MS	20
#define TAKE_OVER_MS		30000u
#define HIGH_FD			384	/* below the sandbox's RLIMIT_NOFILE */
#define MAX_AUTO_NAMES		1000u

/* A set-up step has failed; only being interrupted has said so already. */
static int failed(const struct vlb_adapter *adapter, int err)
{
	if (err != -ECANCELED)
		vlb_error("%s", adapter->why);
	return err;
}

static int device_failed(const struct vlb_adapter *adapter, int err)
{
	vlb_error("%s", adapter->device.why);
	return err;
}

static int open_signals(struct vlb_adapter *adapter)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Beyond RLIMIT_FSIZE and on a closed pipe: an error is enough. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	adapter->signal_watch.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return adapter->signal_watch.fd < 0 ? -errno : 0;
}

static int open_events(struct vlb_adapter *adapter)
{
	struct vlb_watch *const watches[] = {
		&adapter->signal_watch, &adapter->retry_watch, &adapter->ready_watch,
		&adapter->remover_watch,
	};
	unsigned int i;
	int ret;

	ret = vlb_loop_init(&adapter->loop);
	if (!ret)
		ret = open_signals(adapter);
	adapter->retry_watch.fd = vlb_timer_open();
	adapter->ready_watch.fd = vlb_timer_open();
	adapter->remover_watch.fd = adapter->remover.fd;
	for (i = 0; i < sizeof(watches) / sizeof(watches[0]) && !ret; i++)
		ret = watches[i]->fd < 0 ? watches[i]->fd :
		      vlb_loop_add(&adapter->loop, watches[i]);
	if (ret)
		vlb_error("cannot set up the event loop: %s", strerror(-ret));
	adapter->fe.interrupt = (struct vu_interrupt){
		.fd = adapter->signal_watch.fd,
		.check = vlb_adapter_check_signal,
		.context = adapter,
	};
	return ret;
}

/*
 * A device that is served already is not worth asking its back-end, which may well be the
 * same one and busy. VLB_ADOPT has the last word.
 */
static int check_name(const struct vlb_adapter *adapter)
{
	const char *name = adapter->options->name;
	uint64_t owner;

	if (!name || vlb_sysfs_read_number(name, "adapter", &owner) || !owner)
		return 0;
	vlb_error("the name is already in use by a running adapter (process %" PRIu64 "): "
		  "choose another --name, or detach it first", owner);
	return -EBUSY;
}

/*
 * The files of a process that is killed are released from the highest descriptor down. The
 * module's has to be among the first: when it is released kicks end, and a back-end that
 * is still kicked when its connection ends may not stand that. (qemu-storage-daemon 10.0
 * aborts: vhost_user_server_inc_in_flight: Assertion `!server->wait_idle' failed.)
 */
static void move_up(int *fd)
{
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (high < 0)
		return; /* a low limit: it works as well, but for that */
	close(*fd);
	*fd = high;
}

/* Everything that the sandbox would forbid. */
static int open_everything(struct vlb_adapter *adapter)
{
	int ret;

	ret = vlb_remover_start(&adapter->remover);
	if (ret) {
		vlb_error("cannot start a process: %s", strerror(-ret));
		return ret;
	}
	ret = vlb_device_open(&adapter->device);
	if (ret)
		return device_failed(adapter, ret);
	move_up(&adapter->device.fd);
	ret = open_events(adapter);
	if (ret)
		return ret;
	adapter->notify_fd = vlb_notify_open();
	if (adapter->options->daemonize) {
		adapter->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		vlb_log_prepare_syslog();
	}
	return 0;
}

/* How long to try again when the connection is refused with @err. */
static uint64_t patience_ms(const struct vlb_attach_options *options, int err)
{
	uint64_t patience = options->wait_ms;

	/* Somebody listens, but is busy: as good as a late reply. */
	if (err == -EAGAIN && patience < options->reply_timeout_ms)
		patience = options->reply_timeout_ms;
	/* To take over: the back-end may still be finishing what the last adapter left. */
	if (options->name && vlb_sysfs_exists(options->name) && patience < TAKE_OVER_MS)
		patience = TAKE_OVER_MS;
	return patience;
}

static int open_session(struct vlb_adapter *adapter)
{
	const struct vlb_attach_options *options = adapter->options;
	struct pollfd signals = { .fd = adapter->signal_watch.fd, .events = POLLIN };
	int64_t start = vlb_clock_ms();
	int ret;

	for (;;) {
		ret = vlb_session_open(adapter);
		if (ret != -ENOENT && ret != -ECONNREFUSED && ret != -EAGAIN)
			break;
		if ((uint64_t)(vlb_clock_ms() - start) >= patience_ms(options, ret))
			break;
		if (poll(&signals, 1, CONNECT_EVERY_MS) > 0 && vlb_adapter_check_signal(adapter))
			return -ECANCELED;
	}
	if (ret)
		return failed(adapter, ret);
	vlb_adapter_report(adapter, VLB_REPORT_CONNECTED);
	return 0;
}

static int choose_queues(struct vlb_adapter *adapter, struct vlb_plan *plan)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct vlb_queue_wish wish = {
		.units = (unsigned int)adapter->options->queues,
		.cpus = cpus < 1 ? 0 : (unsigned int)cpus,
		.max_queues = adapter->device.info.max_queues,
	};

	plan->back_end_queues = vlb_session_back_end_queues(adapter);
	return vlb_profile_plan_queues(adapter->profile, plan, &wish, adapter->why,
				       sizeof(adapter->why));
}

static uint64_t ring_features(const struct vlb_adapter *adapter)
{
	uint64_t features = adapter->device.info.ring_features;

	if (adapter->options->no_indirect)
		features &= ~BIT(VIRTIO_RING_F_INDIRECT_DESC);
	if (adapter->options->no_event_idx)
		features &= ~BIT(VIRTIO_RING_F_EVENT_IDX);
	return features;
}

static int make_plan(struct vlb_adapter *adapter, struct vlb_plan *plan)
{
	const struct vlb_attach_options *options = adapter->options;
	int ret;

	memset(plan, 0, sizeof(*plan));
	plan->options = &options->type;
	plan->back_end_features = adapter->fe.features;
	ret = choose_queues(adapter, plan);
	if (ret)
		return failed(adapter, ret);
	plan->queue_size = options->queue_size ? (unsigned int)options->queue_size :
			   vlb_profile_queue_size(adapter->profile);
	plan->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	plan->features = vlb_profile_features(adapter->profile, plan, ring_features(adapter));
	return 0;
}

static void describe(struct vlb_adapter *adapter, const struct vlb_plan *plan)
{
	const struct vlb_profile *profile = adapter->profile;
	struct vlb_device_desc *desc = &adapter->desc;
	unsigned int i;

	desc->device_id = vlb_profile_device_id(profile, &adapter->options->type);
	desc->vendor_id = VENDOR_ID;
	desc->features = plan->features;
	desc->num_queues = plan->num_queues;
	desc->config_len = adapter->config_len;
	desc->select_len = profile->select_len;
	desc->timeout_ms = (uint32_t)adapter->options->timeout_ms;
	desc->fail_where = profile->fail_where;
	desc->fail_len = profile->fail_len;
	memcpy(desc->fail_data, profile->fail_data, sizeof(desc->fail_data));
	for (i = 0; i < plan->num_queues; i++) {
		desc->queue[i].size = (uint16_t)plan->queue_size;
		desc->queue[i].lost = vlb_profile_lost(profile, i);
		desc->queue[i].flags = vlb_profile_queue_flags(profile, i, plan->num_queues);
	}
}

/* Is the device that was taken over what the user has asked for? */
static int check_adopted(struct vlb_adapter *adapter)
{
	const struct vlb_profile *profile = adapter->profile;
	const struct vlb_attach_options *options = adapter->options;
	const struct vlb_device_desc *desc = &adapter->desc;
	unsigned int wanted = vlb_profile_num_queues(profile, desc->features,
						     (unsigned int)options->queues);

	if (desc->device_id != vlb_profile_device_id(profile, &options->type)) {
		vlb_error("the name is in use by a device of another type (virtio id %" PRIu32
			  "): choose another --name", desc->device_id);
		return -EEXIST;
	}
	if (desc->config_len != adapter->config_len || desc->select_len != profile->select_len) {
		vlb_error("the existing device is from another release of this tool: detach it first");
		return -VLB_E_MODULE;
	}
	if ((options->queues && wanted != desc->num_queues) ||
	    (options->queue_size && options->queue_size != desc->queue[0].size))
		vlb_warning("the existing device keeps its %" PRIu32 " queues of %u",
			    desc->num_queues, desc->queue[0].size);
	return 0;
}

static int adopt(struct vlb_adapter *adapter, const char *name)
{
	int ret;

	ret = vlb_device_adopt(&adapter->device, name, &adapter->desc);
	if (ret)
		return ret;
	adapter->adopted = true;
	adapter->registered = true;
	return 0;
}

static int claim_name(struct vlb_adapter *adapter, const char *name)
{
	unsigned int tries;
	int ret = -EEXIST;

	/* The device may go away between the two questions. */
	for (tries = 0; tries < 3; tries++) {
		snprintf(adapter->desc.name, sizeof(adapter->desc.name), "%s", name);
		ret = vlb_device_create(&adapter->device, &adapter->desc);
		if (ret != -EEXIST)
			return ret;
		ret = adopt(adapter, name);
		if (ret != -ENOENT)
			return ret;
	}
	return ret;
}

static int claim_free_name(struct vlb_adapter *adapter)
{
	struct vlb_device_desc *desc = &adapter->desc;
	unsigned int i;
	int ret = -EEXIST;

	for (i = 0; i < MAX_AUTO_NAMES && ret == -EEXIST; i++) {
		snprintf(desc->name, sizeof(desc->name), "%s%u", adapter->profile->name, i);
		if (!vlb_sysfs_exists(desc->name))
			ret = vlb_device_create(&adapter->device, desc);
	}
	return ret;
}

static int claim(struct vlb_adapter *adapter)
{
	const char *name = adapter->options->name;
	int ret;

	ret = name ? claim_name(adapter, name) : claim_free_name(adapter);
	if (ret)
		return device_failed(adapter, ret);
	vlb_log_set_name(adapter->desc.name);
	return adapter->adopted ? check_adopted(adapter) : 0;
}

static uint64_t choose_pool_size(const struct vlb_adapter *adapter, const struct vlb_plan *plan)
{
	const struct vlb_device_desc *desc = &adapter->desc;
	uint64_t size = adapter->options->pool_size;
	uint64_t present;

	if (!size)
		size = vlb_pool_default_size(desc->num_queues, desc->queue[0].size,
					     vlb_profile_arena(adapter->profile, plan));
	/* Requests in flight were accepted with the arenas of that pool. */
	if (adapter->adopted && !vlb_sysfs_read_number(desc->name, "pool_size", &present) &&
	    present > size)
		size = present;
	return vlb_pool_round_size(size, adapter->options->hugepages);
}

static int check_arena(const struct vlb_adapter *adapter, const struct vlb_plan *plan)
{
	uint64_t min = vlb_profile_min_arena(adapter->profile, plan);

	if (plan->arena_size >= min)
		return 0;
	vlb_error("the device would have only %" PRIu64 " bytes of pool for a request, at least %"
		  PRIu64 " are needed: use a larger --pool-size", plan->arena_size, min);
	return -ENOSPC;
}

static int load_pages(struct vlb_adapter *adapter)
{
	int ret = vlb_config_pages_load(adapter);

	if (ret)
		vlb_error("the back-end at %s %s", adapter->options->socket, adapter->fe.why);
	return ret;
}

static int configure_new(struct vlb_adapter *adapter, struct vlb_plan *plan)
{
	const struct vlb_profile *profile = adapter->profile;
	char why[200];
	int ret;

	ret = check_arena(adapter, plan);
	if (ret || !adapter->config_len)
		return ret;
	if (profile->select_len)
		return load_pages(adapter);
	memcpy(adapter->config, adapter->raw_config, sizeof(adapter->config));
	if (profile->adjust_config) {
		ret = profile->adjust_config(plan, adapter->config, why, sizeof(why));
		if (ret) {
			vlb_error("the device %s", why);
			return ret;
		}
	}
	ret = vlb_device_set_config(&adapter->device, adapter->config, adapter->config_len);
	return ret ? device_failed(adapter, ret) : 0;
}

static int configure_adopted(struct vlb_adapter *adapter)
{
	int ret;

	ret = vlb_session_get_config(adapter);
	if (!ret)
		ret = vlb_session_check(adapter);
	return ret ? failed(adapter, ret) : 0;
}

/* Has the user said something about this field? */
static bool is_chosen(const struct vlb_adapter *adapter, const char *name)
{
	const char *base = (const char *)&adapter->options->type;
	const struct vlb_option *option = adapter->profile->options;

	while (option->name && strcmp(option->name, name))
		option++;
	if (option->kind == VLB_OPTION_TEXT)
		return *(const char *const *)(base + option->offset);
	return option->name && *(const uint64_t *)(base + option->offset);
}

/* Of a configuration space made up here the back-end knows nothing, but the user may. */
static void warn_if_configured_otherwise(const struct vlb_adapter *adapter,
					 const struct vlb_plan *plan)
{
	const struct vlb_profile *profile = adapter->profile;
	uint8_t config[VLB_CONFIG_SIZE] = {};
	const struct vlb_field *field;
	char why[200];

	if (profile->config_owner != VLB_CONFIG_FRONT_END ||
	    profile->adjust_config(plan, config, why, sizeof(why)))
		return;
	for (field = profile->fields; field && field->name; field++) {
		if (field->option && is_chosen(adapter, field->name) &&
		    memcmp(config + field->offset, adapter->config + field->offset, field->len))
			vlb_warning("the existing device keeps its %s: to change it, detach "
				    "it first", field->name);
	}
}

/* The device exists, is ours, and matches the back-end. */
static int own_device(struct vlb_adapter *adapter)
{
	struct vlb_plan plan;
	int ret;

	ret = make_plan(adapter, &plan);
	if (ret)
		return ret;
	describe(adapter, &plan);
	ret = claim(adapter);
	if (ret)
		return ret;
	if (adapter->adopted) {
		ret = configure_adopted(adapter);
		if (ret)
			return ret;
	}
	plan.name = adapter->desc.name;
	plan.queue_size = adapter->desc.queue[0].size;
	adapter->pool_size = choose_pool_size(adapter, &plan);
	ret = vlb_session_set_pool(adapter);
	if (ret)
		return failed(adapter, ret);
	plan.arena_size = adapter->arena_size;
	if (!adapter->adopted)
		return configure_new(adapter, &plan);
	warn_if_configured_otherwise(adapter, &plan);
	return 0;
}

static int start_serving(struct vlb_adapter *adapter)
{
	int ret;

	ret = vlb_session_watch(adapter);
	if (ret)
		return failed(adapter, ret);
	adapter->device_watch.fd = adapter->device.fd;
	ret = vlb_loop_add(&adapter->loop, &adapter->device_watch);
	if (ret) {
		vlb_error("cannot watch the module: %s", strerror(-ret));
		return ret;
	}
	if (adapter->adopted) {
		adapter->restart_due = adapter->profile->restart_driver;
		vlb_notice("taken over");
	} else {
		ret = vlb_device_register(&adapter->device);
		if (ret)
			return device_failed(adapter, ret);
		adapter->registered = true;
	}
	vlb_readiness_begin(adapter);
	return 0;
}

int vlb_set_up(struct vlb_adapter *adapter)
{
	int ret;

	ret = open_everything(adapter);
	if (ret)
		return ret;
	ret = check_name(adapter);
	if (ret)
		return ret;
	ret = vlb_sandbox_enter();
	if (ret)
		return ret;
	ret = open_session(adapter);
	if (ret)
		return ret;
	ret = own_device(adapter);
	if (ret)
		return ret;
	ret = vlb_sandbox_drop_capabilities(adapter->options->socket);
	if (ret)
		return ret;
	return start_serving(adapter);
}
