// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"

static char name_prefix[64];
static bool use_syslog;

void vlb_log_set_name(const char *name)
{
	snprintf(name_prefix, sizeof(name_prefix), "%s: ", name);
}

void vlb_log_prepare_syslog(void)
{
	openlog("virtio-loopback", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void vlb_log_to_syslog(void)
{
	use_syslog = true;
}

static void write_line(int fd, char *line, size_t size, int len)
{
	size_t rest;
	ssize_t done;

	if (len < 0)
		return;
	rest = (size_t)len < size - 1 ? (size_t)len : size - 2;
	line[rest++] = '\n';
	while (rest) {
		done = write(fd, line, rest);
		if (done <= 0)
			return;
		line += done;
		rest -= (size_t)done;
	}
}

static void message(int priority, const char *format, va_list args)
{
	char text[640];
	char line[768];
	int len;

	vsnprintf(text, sizeof(text), format, args);
	if (use_syslog) {
		syslog(priority, "%s%s", name_prefix, text);
		return;
	}
	len = snprintf(line, sizeof(line), "virtio-loopback: %s%s", name_prefix, text);
	write_line(STDERR_FILENO, line, sizeof(line), len);
}

void vlb_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(LOG_ERR, format, args);
	va_end(args);
}

void vlb_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(LOG_WARNING, format, args);
	va_end(args);
}

void vlb_notice(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(LOG_NOTICE, format, args);
	va_end(args);
}

void vlb_print(const char *format, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(STDOUT_FILENO, line, sizeof(line), len);
}
