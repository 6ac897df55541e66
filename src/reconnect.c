// SPDX-License-Identifier: GPL-2.0-only
/*
 * Losing back-ends and finding them again.
 *
 * A session that fails is dropped; the next attempt comes after a while that doubles with
 * each failure, without a limit to their number once somebody has used the device. Before
 * that there are limits, because whoever has typed the command waits for it.
 *
 * An attempt is a whole session: connect, compare, new pool, start (session.c). A driver
 * that has told the last back-end what this one has to know starts over before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "session.h"

#define BACKOFF_MIN_MS		10u
#define BACKOFF_MAX_MS		1000u
#define MAX_LOST_EARLY		5u	/* sessions, before the device was ever ready */
#define MAX_LEFT_OPEN		16u	/* sockets that could not be closed */

/* Say why, unless that is what was said last about this very process. */
static void tell(struct vlb_adapter *adapter, const char *consequence)
{
	if (!strcmp(adapter->why, adapter->last_why) && adapter->peer == adapter->last_peer)
		return;
	adapter->last_peer = adapter->peer;
	memcpy(adapter->last_why, adapter->why, sizeof(adapter->why));
	vlb_error("%s; %s", adapter->why, consequence);
}

static void retry_later(struct vlb_adapter *adapter)
{
	if (!adapter->backoff_ms)
		adapter->backoff_ms = BACKOFF_MIN_MS;
	vlb_timer_set(adapter->retry_watch.fd, adapter->backoff_ms);
	adapter->backoff_ms = adapter->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS :
			      adapter->backoff_ms * 2;
}

/*
 * A back-end that refuses to work from the beginning, or never stays, would go on like that
 * for ever: nobody has used the device yet, so it goes, and the command fails. One that
 * uses up what we have goes whenever it does.
 */
static bool is_hopeless(const struct vlb_adapter *adapter, int err)
{
	if (adapter->removing)
		return false;
	if (adapter->left_open >= MAX_LEFT_OPEN)
		return true;
	return !adapter->ready && !adapter->adopted &&
	       (err == -EREMOTEIO || err == -EPROTO ||
		adapter->lost_sessions >= MAX_LOST_EARLY);
}

/* Not something that is missing on our side, such as memory or permission. */
static bool is_back_ends_fault(int err)
{
	return err == -EPROTO || err == -EREMOTEIO || err == -ETIMEDOUT || err == -ECONNRESET;
}

/* A session has failed with @err, or could not be made complete; it is dropped already. */
static void try_again(struct vlb_adapter *adapter, int err, const char *consequence)
{
	adapter->lost_sessions += is_back_ends_fault(err);
	if (is_hopeless(adapter, err)) {
		vlb_error("%s; removing the device", adapter->why);
		adapter->result = err;
		vlb_adapter_remove(adapter);
		return;
	}
	tell(adapter, consequence);
	retry_later(adapter);
}

/*
 * The module does not use the pool any more. The back-end may keep the file for as long as
 * it likes, but not the memory: otherwise each reconnection could cost another pool.
 */
static void drop_session(struct vlb_adapter *adapter)
{
	vlb_device_stop(&adapter->device);
	if (adapter->pool_fd >= 0)
		fallocate(adapter->pool_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  (off_t)adapter->pool_size);
	vlb_session_close(adapter);
}

void vlb_session_lost(struct vlb_adapter *adapter, int err)
{
	/* A session that lasted earns a quick retry, and a message of its own. */
	if (vlb_clock_ms() - adapter->connected_since_ms >= BACKOFF_MAX_MS) {
		adapter->backoff_ms = BACKOFF_MIN_MS;
		adapter->last_why[0] = '\0';
	}
	drop_session(adapter);
	adapter->lost_time_ms = vlb_clock_ms();
	if (!adapter->done)
		try_again(adapter, err, "requests wait while it is reconnected");
}

/*
 * Has the driver told the last back-end, or nobody, what this one has to know? Or was it to
 * start over when the last back-end left, and has perhaps failed to?
 */
static bool must_restart_driver(const struct vlb_adapter *adapter)
{
	const struct vlb_profile *profile = adapter->profile;
	const struct vlb_driver *driver = &adapter->driver;

	return (profile->restart_driver && driver->running) || adapter->restarting ||
	       (profile->queues.discard && driver->running && driver->started_alone);
}

static int reopen(struct vlb_adapter *adapter)
{
	int ret;

	ret = vlb_session_open(adapter);
	if (ret)
		return ret;
	ret = vlb_session_get_config(adapter);
	if (ret)
		return ret;
	ret = vlb_session_check(adapter);
	if (!ret)
		ret = vlb_session_set_pool(adapter);
	if (!ret)
		ret = vlb_session_watch(adapter);
	adapter->restart_due = must_restart_driver(adapter);
	if (!ret)
		ret = vlb_session_start(adapter);
	return ret;
}

void vlb_session_reconnect(struct vlb_adapter *adapter)
{
	int ret;

	ret = reopen(adapter);
	if (!ret) {
		vlb_notice("the back-end at %s is back", adapter->options->socket);
		return;
	}
	/* Queues may have been started before it failed. */
	if (adapter->connected)
		drop_session(adapter);
	if (adapter->done)
		return;
	/*
	 * A back-end that is just not there yet was announced when it was lost, and a
	 * device that is being removed has a message of its own.
	 */
	if (ret == -ENOENT || ret == -ECONNREFUSED || ret == -EAGAIN || ret == -ESHUTDOWN)
		retry_later(adapter);
	else
		try_again(adapter, ret, "still trying");
}
