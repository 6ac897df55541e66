/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_LOG_H
#define VLB_LOG_H

/*
 * Messages for people. Each is one line, "virtio-loopback: NAME: text", written by a
 * single write(), without memory allocation: they work inside the sandbox.
 */

/* The device (or subcommand) that all further messages name; @name is copied. */
void vlb_log_set_name(const char *name);

/* From now on messages go to the system log, and nothing to standard error. */
void vlb_log_to_syslog(void);

/* To be called before the sandbox, so that vlb_log_to_syslog() works within. */
void vlb_log_prepare_syslog(void);

void vlb_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vlb_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vlb_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To standard output, without a prefix. */
void vlb_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
