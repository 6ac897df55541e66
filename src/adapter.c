// SPDX-License-Identifier: GPL-2.0-only
/*
 * The adapter: one process that drives one device.
 *
 * Theory of operation
 *
 *   set-up     see set_up.c
 *   serving    an event loop. What the driver does arrives as messages of the module
 *              (messages.c), what the back-end does on its socket and on its request
 *              channel (session.c). Data never passes through here.
 *   removing   after a signal or "detach": goes on serving until the module says that the
 *              device is gone. VLB_REMOVE blocks, so a child waits in it (remover.c).
 *
 * The back-end may be lost and found any number of times while serving and removing. If
 * this process dies instead, the device waits for the next adapter of the same name.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "adapter.h"
#include "exit_status.h"
#include "log.h"
#include "messages.h"
#include "readiness.h"
#include "session.h"
#include "set_up.h"
#include "vhost_user/backend_requests.h"

void vlb_adapter_finish(struct vlb_adapter *adapter, int result)
{
	adapter->done = true;
	if (!adapter->result)
		adapter->result = result;
}

void vlb_adapter_report(const struct vlb_adapter *adapter, char what)
{
	if (adapter->options->report_fd >= 0)
		(void)!write(adapter->options->report_fd, &what, 1);
}

void vlb_adapter_remove(struct vlb_adapter *adapter)
{
	int ret;

	adapter->removing = true;
	ret = vlb_remover_remove(&adapter->remover, adapter->desc.name);
	if (ret)
		vlb_error("cannot remove the device (%s): use 'virtio-loopback detach %s'",
			  strerror(-ret), adapter->desc.name);
}

/* ---- events ------------------------------------------------------------------------- */

int vlb_adapter_check_signal(void *context)
{
	struct vlb_adapter *adapter = context;
	struct signalfd_siginfo info;

	if (read(adapter->signal_watch.fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (adapter->registered && !adapter->removing) {
		vlb_notice("%s: removing the device; it must not be in use any more",
			   strsignal((int)info.ssi_signo));
		vlb_adapter_remove(adapter);
		return 0;
	}
	if (adapter->registered)
		vlb_warning("%s again: leaving at once; what the back-end has not finished fails "
			    "and the device goes", strsignal((int)info.ssi_signo));
	else
		vlb_error("%s before the device was ready", strsignal((int)info.ssi_signo));
	vlb_adapter_finish(adapter, -EINTR);
	return -ECANCELED;
}

static void handle_signal(void *context)
{
	vlb_adapter_check_signal(context);
}

static void handle_device(void *context)
{
	vlb_messages_handle(context);
}

static void handle_remover(void *context)
{
	struct vlb_adapter *adapter = context;
	int ret = vlb_remover_result(&adapter->remover);

	/* The end of the device is the module's to tell, and whether requests failed. */
	if (!ret || ret == -VLB_E_FAILED)
		return;
	if (adapter->removing) {
		vlb_error("cannot remove the device (%s): use 'virtio-loopback detach %s'",
			  strerror(-ret), adapter->desc.name);
		vlb_adapter_finish(adapter, ret);
	}
	if (ret == -EPIPE)
		vlb_loop_remove(&adapter->loop, &adapter->remover_watch);
}

static void handle_retry(void *context)
{
	struct vlb_adapter *adapter = context;

	vlb_timer_clear(adapter->retry_watch.fd);
	if (!adapter->connected)
		vlb_session_reconnect(adapter);
}

static void handle_ready(void *context)
{
	struct vlb_adapter *adapter = context;

	vlb_timer_clear(adapter->ready_watch.fd);
	vlb_readiness_look(adapter);
}

static void lost(struct vlb_adapter *adapter, int err)
{
	snprintf(adapter->why, sizeof(adapter->why), "the back-end at %.100s %s",
		 adapter->options->socket, adapter->fe.why);
	vlb_session_lost(adapter, err);
}

static void handle_conn(void *context)
{
	struct vlb_adapter *adapter = context;
	int ret = vu_front_end_unexpected(&adapter->fe);

	if (ret)
		lost(adapter, ret);
}

static void handle_backend(void *context)
{
	struct vlb_adapter *adapter = context;
	int ret = vu_backend_requests_service(&adapter->fe);

	if (ret)
		lost(adapter, ret);
}

static int run_loop(struct vlb_adapter *adapter)
{
	int ret;

	while (!adapter->done) {
		ret = vlb_loop_run_once(&adapter->loop);
		if (ret) {
			vlb_error("cannot wait for events: %s", strerror(-ret));
			return ret;
		}
		/* The back-end may have closed its channel, and with it our end. */
		if (adapter->fe.backend.fd < 0)
			adapter->backend_watch.fd = -1;
		if (adapter->connected && adapter->fe.config_changed) {
			ret = vlb_session_config_changed(adapter);
			if (ret)
				vlb_session_lost(adapter, ret);
		}
	}
	return adapter->result;
}

static void init_watch(struct vlb_watch *watch, void (*handle)(void *), void *context)
{
	watch->fd = -1;
	watch->handle = handle;
	watch->context = context;
}

static void init(struct vlb_adapter *adapter, const struct vlb_attach_options *options)
{
	memset(adapter, 0, sizeof(*adapter));
	adapter->options = options;
	adapter->profile = options->profile;
	adapter->config_len = vlb_profile_config_len(options->profile, &options->type);
	adapter->device.fd = -1;
	adapter->loop.fd = -1;
	adapter->pool_fd = -1;
	adapter->window.fd = -1;
	adapter->notify_fd = -1;
	adapter->null_fd = -1;
	adapter->remover.fd = -1;
	vu_front_end_init(&adapter->fe, -1, 0, NULL);
	init_watch(&adapter->device_watch, handle_device, adapter);
	init_watch(&adapter->signal_watch, handle_signal, adapter);
	init_watch(&adapter->remover_watch, handle_remover, adapter);
	init_watch(&adapter->retry_watch, handle_retry, adapter);
	init_watch(&adapter->ready_watch, handle_ready, adapter);
	init_watch(&adapter->conn_watch, handle_conn, adapter);
	init_watch(&adapter->backend_watch, handle_backend, adapter);
}

int vlb_adapter_run(const struct vlb_attach_options *options)
{
	struct vlb_adapter adapter;
	int ret;

	init(&adapter, options);
	vlb_log_set_name(options->name ? options->name : options->profile->name);
	ret = vlb_set_up(&adapter);
	if (!ret)
		ret = run_loop(&adapter);
	/* The rest is the kernel's to close: the process ends. */
	vlb_session_close(&adapter);
	vlb_device_close(&adapter.device);
	return ret;
}
