/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_ADAPTER_H
#define VLB_ADAPTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "device.h"
#include "loop.h"
#include "profiles/profile.h"
#include "remover.h"
#include "vhost_user/front_end.h"

enum vlb_call_mode {
	VLB_CALL_DIRECT,	/* the back-end's write completes requests */
	VLB_CALL_EVENTFD,
};

enum vlb_memory_mode {
	VLB_MEMORY_COPY,
	VLB_MEMORY_MAP,			/* whole pages stay where they are, see window.c */
};

/* What the user asked for; 0 or NULL: not said. */
struct vlb_attach_options {
	const struct vlb_profile *profile;
	const char *socket;
	const char *name;
	struct vlb_type_options type;
	uint64_t queues;
	uint64_t queue_size;
	uint64_t pool_size;
	uint64_t timeout_ms;
	uint64_t reply_timeout_ms;
	uint64_t wait_ms;
	unsigned int call;		/* enum vlb_call_mode */
	unsigned int memory;		/* enum vlb_memory_mode */
	uint64_t map_min;
	uint64_t map_revoke_ms;
	uint64_t busy_poll_us;
	const char *shared_memory;
	int shared_fd;			/* of shared_memory; -1 for none */
	bool hugepages;
	bool no_indirect;
	bool no_event_idx;
	bool daemonize;
	/* Where VLB_REPORT_* bytes go: a parent that waits; -1 for none. */
	int report_fd;
};

#define VLB_REPORT_CONNECTED	'c'
#define VLB_REPORT_READY	'r'

/* The driver of the device, as far as the module has told. */
struct vlb_driver {
	bool running;			/* DRIVER_OK */
	bool started_alone;		/* ... since a time when there was no back-end */
	uint64_t features;
	uint64_t queues;		/* those that the back-end serves: bit per queue */
	uint64_t enabled;		/* and those of them that it wants enabled */
	uint32_t generation[VLB_MAX_QUEUES];
};

/*
 * One adapter: one device, one back-end at a time. See adapter.c for the states.
 */
struct vlb_adapter {
	const struct vlb_attach_options *options;
	const struct vlb_profile *profile;
	struct vlb_device device;
	struct vlb_device_desc desc;
	bool adopted;
	bool registered;		/* the device outlives us */
	unsigned int config_len;
	unsigned int num_pages;		/* of a configuration space that has some */
	uint8_t config[VLB_CONFIG_SIZE];	/* as the driver sees it */
	struct vlb_driver driver;
	bool restart_due;		/* before its queues are started again */
	bool restarting;		/* it was told to, and has not started yet */

	/* The session: from vlb_session_open() to vlb_session_close(). */
	struct vu_front_end fe;
	bool connected;
	uint8_t raw_config[VLB_CONFIG_SIZE];	/* as the back-end says it */
	uint64_t pool_size;
	uint64_t arena_size;
	int pool_fd;
	struct vlb_open_window window;	/* fd -1 without --memory=map */
	uint64_t shared_size;		/* of what the back-end maps of shared_fd */
	uint64_t started;		/* queues that the back-end serves ... */
	uint64_t enabled;		/* ... and those of them that are enabled */
	int64_t connected_since_ms;
	unsigned int backoff_ms;
	unsigned int lost_sessions;	/* ever */
	int64_t lost_time_ms;		/* the last of them */
	unsigned int left_open;		/* sockets, see vu_connection_close() */
	char why[400];			/* after an error: a sentence */
	pid_t peer;			/* the back-end's process */
	char last_why[400];		/* what was told last, not to be repeated ... */
	pid_t last_peer;		/* ... about this process */
	bool config_write_ignored;	/* told once */

	bool removing;
	bool ready;
	int64_t register_time_ms;
	unsigned int looks_elsewhere;
	bool ready_hint_given;
	bool done;
	int result;			/* 0 or -errno, when done */

	struct vlb_loop loop;
	struct vlb_remover remover;
	struct vlb_watch device_watch;
	struct vlb_watch signal_watch;
	struct vlb_watch remover_watch;
	struct vlb_watch retry_watch;
	struct vlb_watch ready_watch;
	struct vlb_watch conn_watch;
	struct vlb_watch backend_watch;
	int notify_fd;
	int null_fd;			/* /dev/null, if daemonizing */
};

/* Run a device until it is gone. 0 or -errno, after a message. */
int vlb_adapter_run(const struct vlb_attach_options *options);

/* End the event loop with @result. */
void vlb_adapter_finish(struct vlb_adapter *adapter, int result);

/* Start to remove the device; it is gone when the module says so. */
void vlb_adapter_remove(struct vlb_adapter *adapter);

/*
 * A signal may have arrived (struct vu_interrupt): begins to remove the device, or ends
 * the adapter with -ECANCELED. @context is the adapter.
 */
int vlb_adapter_check_signal(void *context);

/* Tell the parent, if one waits. */
void vlb_adapter_report(const struct vlb_adapter *adapter, char what);

#endif
