// SPDX-License-Identifier: GPL-2.0-only
/*
 * stat: what devices do, live, in the manner of iostat.
 *
 * All numbers are differences between two readings of the module's counters, one interval
 * apart. Percentiles are interpolated within a bucket of the latency histogram (latency.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../clock.h"
#include "../latency.h"
#include "../log.h"
#include "commands.h"

struct stat_options {
	uint64_t interval_ms;
	uint64_t count;
	bool json;
};

static const struct vlb_option options_table[] = {
	{ "interval", VLB_OPTION_SECONDS, offsetof(struct stat_options, interval_ms), 10,
	  86400000, NULL, "SECONDS", "between two reports; default: 1" },
	{ "count", VLB_OPTION_NUMBER, offsetof(struct stat_options, count), 0, UINT32_MAX,
	  NULL, "N", "number of reports; default: 0, until interrupted" },
	{ "json", VLB_OPTION_FLAG, offsetof(struct stat_options, json), 0, 0, NULL, NULL,
	  "print a line of JSON for each report" },
	{ .name = NULL },
};

/* The counters of a device at one time, summed over its queues. */
struct sample {
	char name[VLB_NAME_SIZE];
	int64_t time_ms;
	struct vlb_queue_stats total;
};

struct samples {
	struct sample *sample;
	unsigned int count;
};

/* What happened between two samples. */
struct rates {
	double seconds;
	double iops;
	double mb_s;
	double kicks;			/* per request */
	double calls;
	struct vlb_queue_stats delta;
	uint64_t in_flight;
	double p50_us;
	double p99_us;
};

static void add_queue(struct vlb_queue_stats *total, const struct vlb_queue_stats *queue)
{
	unsigned int b;

	total->requests += queue->requests;
	total->bytes += queue->bytes;
	total->kicks += queue->kicks;
	total->calls += queue->calls;
	total->in_flight += queue->in_flight;
	total->replays += queue->replays;
	total->errors += queue->errors;
	for (b = 0; b < VLB_LATENCY_BUCKETS; b++)
		total->latency[b] += queue->latency[b];
}

static int take_sample(const char *name, struct sample *sample)
{
	struct vlb_queue_stats stats;
	uint64_t num_queues = 0;
	unsigned int i;
	int ret;

	memset(sample, 0, sizeof(*sample));
	snprintf(sample->name, sizeof(sample->name), "%s", name);
	ret = vlb_sysfs_read_number(name, "num_queues", &num_queues);
	for (i = 0; i < num_queues && !ret; i++) {
		ret = vlb_sysfs_read_stats(name, i, &stats);
		if (!ret)
			add_queue(&sample->total, &stats);
	}
	sample->time_ms = vlb_clock_ms();
	return ret;
}

/* The devices in @names; those that have gone are left out. */
static int take_samples(char **names, unsigned int count, struct samples *samples)
{
	unsigned int i;

	samples->count = 0;
	samples->sample = calloc(count + 1, sizeof(*samples->sample));
	if (!samples->sample)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (!take_sample(names[i], &samples->sample[samples->count]))
			samples->count++;
	}
	return 0;
}

static const struct sample *find_sample(const struct samples *samples, const char *name)
{
	unsigned int i;

	for (i = 0; i < samples->count; i++) {
		if (!strcmp(samples->sample[i].name, name))
			return &samples->sample[i];
	}
	return NULL;
}

/* A smaller counter belongs to another device of the same name: counted from zero. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

static void compute(const struct sample *now, const struct sample *before, struct rates *rates)
{
	struct vlb_queue_stats *delta = &rates->delta;
	double requests;
	unsigned int b;

	memset(rates, 0, sizeof(*rates));
	rates->seconds = (double)(now->time_ms - before->time_ms) / 1000;
	delta->requests = since(now->total.requests, before->total.requests);
	delta->bytes = since(now->total.bytes, before->total.bytes);
	delta->kicks = since(now->total.kicks, before->total.kicks);
	delta->calls = since(now->total.calls, before->total.calls);
	delta->replays = since(now->total.replays, before->total.replays);
	delta->errors = since(now->total.errors, before->total.errors);
	for (b = 0; b < VLB_LATENCY_BUCKETS; b++)
		delta->latency[b] = since(now->total.latency[b], before->total.latency[b]);
	rates->in_flight = now->total.in_flight;
	if (rates->seconds <= 0 || !delta->requests)
		return;
	requests = (double)delta->requests;
	rates->iops = requests / rates->seconds;
	rates->mb_s = (double)delta->bytes / rates->seconds / 1e6;
	rates->kicks = (double)delta->kicks / requests;
	rates->calls = (double)delta->calls / requests;
	rates->p50_us = vlb_latency_percentile(delta->latency, 50) / 1000;
	rates->p99_us = vlb_latency_percentile(delta->latency, 99) / 1000;
}

static void print_header(void)
{
	printf("%-16s %9s %9s %7s %7s %8s %7s %7s %9s %9s\n", "NAME", "IOPS", "MB/s",
	       "KICK/RQ", "CALL/RQ", "INFLIGHT", "REPLAYS", "ERRORS", "P50_US", "P99_US");
}

static void print_text(const struct sample *now, const struct rates *rates)
{
	printf("%-16s %9.0f %9.2f %7.2f %7.2f %8" PRIu64 " %7" PRIu64 " %7" PRIu64
	       " %9.1f %9.1f\n", now->name, rates->iops, rates->mb_s, rates->kicks,
	       rates->calls, rates->in_flight, rates->delta.replays, rates->delta.errors,
	       rates->p50_us, rates->p99_us);
}

static void print_json(struct vlb_json *json, const struct sample *now,
		       const struct rates *rates)
{
	vlb_json_object_open(json, NULL);
	vlb_json_string(json, "name", now->name);
	vlb_json_real(json, "seconds", rates->seconds);
	vlb_json_real(json, "iops", rates->iops);
	vlb_json_real(json, "mb_per_second", rates->mb_s);
	vlb_json_real(json, "kicks_per_request", rates->kicks);
	vlb_json_real(json, "calls_per_request", rates->calls);
	vlb_json_real(json, "p50_us", rates->p50_us);
	vlb_json_real(json, "p99_us", rates->p99_us);
	vlb_json_number(json, "in_flight", rates->in_flight);
	vlb_json_number(json, "requests", rates->delta.requests);
	vlb_json_number(json, "bytes", rates->delta.bytes);
	vlb_json_number(json, "kicks", rates->delta.kicks);
	vlb_json_number(json, "calls", rates->delta.calls);
	vlb_json_number(json, "replays", rates->delta.replays);
	vlb_json_number(json, "errors", rates->delta.errors);
	vlb_json_object_close(json);
}

/* A device that is new since @before is reported from the next time on. */
static void report(const struct samples *now, const struct samples *before, bool as_json)
{
	const struct sample *old;
	struct vlb_json json;
	struct rates rates;
	unsigned int i;

	vlb_json_init(&json, stdout);
	if (as_json)
		vlb_json_array_open(&json, NULL);
	else
		print_header();
	for (i = 0; i < now->count; i++) {
		old = find_sample(before, now->sample[i].name);
		if (!old)
			continue;
		compute(&now->sample[i], old, &rates);
		if (as_json)
			print_json(&json, &now->sample[i], &rates);
		else
			print_text(&now->sample[i], &rates);
	}
	if (as_json) {
		vlb_json_finish_array(&json);
	} else {
		putchar('\n');
		fflush(stdout);
	}
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/* Until an absolute time: reports do not drift. */
static void sleep_until(int64_t time_ms)
{
	const struct timespec when = {
		.tv_sec = time_ms / 1000, .tv_nsec = time_ms % 1000 * 1000000L,
	};

	while (!interrupted &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
		;
}

/* The devices asked for, or all that there are now. */
static int sample_devices(char **operands, unsigned int count, struct samples *samples)
{
	char **names;
	int ret;

	if (count)
		return take_samples(operands, count, samples);
	ret = vlb_device_names(&names, &count);
	if (ret)
		return ret;
	ret = take_samples(names, count, samples);
	vlb_sysfs_free_names(names, count);
	return ret;
}

static int report_repeatedly(const struct stat_options *options, char **operands,
			     unsigned int num_operands)
{
	int64_t next_ms = vlb_clock_ms();
	struct samples before = {}, now = {};
	uint64_t done;
	int ret;

	ret = sample_devices(operands, num_operands, &before);
	for (done = 0; !ret && (!options->count || done < options->count); done++) {
		next_ms += (int64_t)options->interval_ms;
		sleep_until(next_ms);
		if (interrupted)
			break;
		ret = sample_devices(operands, num_operands, &now);
		if (ret)
			break;
		report(&now, &before, options->json);
		free(before.sample);
		before = now;
		if (num_operands && !now.count) {
			vlb_error("none of the devices is left");
			ret = -ENOENT;
		}
		if (ferror(stdout))
			ret = -EIO;
	}
	free(before.sample);
	return ret;
}

static int stat_devices(const struct vlb_command *command, int argc, char **argv)
{
	const struct sigaction on_int = { .sa_handler = on_interrupt };
	struct stat_options options = { .interval_ms = 1000 };
	struct vlb_sysfs_device device;
	int count, i, ret;

	count = vlb_options_parse(command, argc, argv, &options);
	if (count < 0)
		return count == VLB_OPTIONS_HELP ? 0 : count;
	for (i = 0; i < count; i++) {
		ret = vlb_device_look_up(argv[i], &device);
		if (ret)
			return ret;
	}
	sigaction(SIGINT, &on_int, NULL);
	sigaction(SIGTERM, &on_int, NULL);
	return report_repeatedly(&options, argv, (unsigned int)count);
}

const struct vlb_command vlb_command_stat = {
	.name = "stat",
	.operands = "[NAME]...",
	.summary = "Report what devices do, every second.",
	.options = options_table,
	.run = stat_devices,
};
