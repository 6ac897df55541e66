// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sandbox: what the adapter can still do when a back-end has taken control of it.
 *
 * Two steps, because creating a device needs CAP_SYS_ADMIN but the back-end is listened
 * to before that. First, before the back-end's first byte: no new privileges, no core
 * dumps, bounded resources, and a seccomp filter that kills the process for any system
 * call it does not need. The file system can only be read, sockets are AF_UNIX, ioctls
 * are the module's, no memory becomes executable, nothing can be executed or signalled.
 * What is left to an adapter that runs as root is what root's files and sockets allow
 * without any capability: it can read, and connect to the sockets of other services.
 * Second, once the device is owned: capabilities go. (The module checks later calls
 * against those of whoever opened its file.)
 *
 * The list names system calls of all architectures; those that one lacks are skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/virtio_loopback.h>

#include "log.h"
#include "sandbox.h"

#define MAX_FILES	512	/* two a queue, and a few */

static const char *const plain_calls[] = {
	/* files and sockets that are open already */
	"read", "readv", "pread64", "write", "writev", "close", "lseek", "fstat",
	"dup2", "dup3", "ftruncate", "fallocate",
	"sendmsg", "sendto", "recvmsg", "recvfrom", "shutdown",
	"getdents64",
	/* looking */
	"newfstatat", "fstatat64", "stat", "statx", "access", "faccessat", "faccessat2",
	"getsockopt", "connect",
	/* waiting */
	"poll", "ppoll", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
	"timerfd_settime", "clock_gettime", "gettimeofday", "time", "nanosleep",
	"clock_nanosleep", "restart_syscall", "futex",
	/* making */
	"eventfd2", "memfd_create",
	/* memory and self */
	"brk", "munmap", "mremap", "madvise", "getrandom", "getpid", "gettid", "getuid",
	"geteuid", "getppid", "getrlimit", "sched_getaffinity", "sysinfo",
	"uname", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
	"capget", "capset", "exit", "exit_group",
	NULL,
};

/* Allowed when (argument & mask) == value. */
static const struct {
	const char *call;
	unsigned int argument;
	uint64_t mask;
	uint64_t value;
} checked_calls[] = {
	{ "openat", 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ "open", 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ "socket", 0, ~0ULL, AF_UNIX },
	{ "socketpair", 0, ~0ULL, AF_UNIX },
	{ "ioctl", 1, _IOC_TYPEMASK << _IOC_TYPESHIFT, VLB_IOC_MAGIC << _IOC_TYPESHIFT },
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_EXEC, 0 },
	{ "mprotect", 2, PROT_EXEC, 0 },
	{ "setsockopt", 2, UINT32_MAX, SO_OOBINLINE },
	/* Not F_SETOWN and F_SETSIG: they would send signals to others. */
	{ "fcntl", 1, UINT32_MAX, F_GETFD },
	{ "fcntl", 1, UINT32_MAX, F_SETFD },
	{ "fcntl", 1, UINT32_MAX, F_GETFL },
	{ "fcntl", 1, UINT32_MAX, F_SETFL },
	{ "fcntl", 1, UINT32_MAX, F_ADD_SEALS },
	/* Of this process only. */
	{ "prlimit64", 0, UINT32_MAX, 0 },
	{ "prctl", 0, ~0ULL, PR_CAPBSET_DROP },
	{ "prctl", 0, ~0ULL, PR_CAP_AMBIENT },
};

static int allow_plain(scmp_filter_ctx filter, const char *const *calls)
{
	int number, ret = 0;

	for (; *calls && !ret; calls++) {
		number = seccomp_syscall_resolve_name(*calls);
		/* Negative: not a system call of this architecture. */
		if (number >= 0)
			ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return ret;
}

static int allow_checked(scmp_filter_ctx filter)
{
	int number, ret = 0;
	size_t i;

	for (i = 0; i < sizeof(checked_calls) / sizeof(checked_calls[0]) && !ret; i++) {
		number = seccomp_syscall_resolve_name(checked_calls[i].call);
		if (number < 0)
			continue;
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
				       SCMP_CMP(checked_calls[i].argument, SCMP_CMP_MASKED_EQ,
						checked_calls[i].mask, checked_calls[i].value));
	}
	return ret;
}

static int set_limits(void)
{
	/* Nothing is allocated in proportion to what a back-end says. */
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit data = { 64 << 20, 64 << 20 };
	struct rlimit files;

	if (prctl(PR_SET_DUMPABLE, 0) || setrlimit(RLIMIT_CORE, &no_core) ||
	    setrlimit(RLIMIT_DATA, &data))
		return -errno;
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_max > MAX_FILES) {
		files.rlim_cur = files.rlim_max = MAX_FILES;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

static int load_filter(int (*allow)(scmp_filter_ctx filter))
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int ret;

	if (!filter)
		return -ENOMEM;
	ret = allow(filter);
	if (!ret)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	return ret;
}

static int allow_adapter(scmp_filter_ctx filter)
{
	int ret = allow_plain(filter, plain_calls);

	return ret ? ret : allow_checked(filter);
}

static int allow_remover(scmp_filter_ctx filter)
{
	static const char *const calls[] = {
		"read", "write", "exit_group", "rt_sigreturn", "brk", NULL,
	};
	int ret = allow_plain(filter, calls);

	if (ret)
		return ret;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				SCMP_CMP(1, SCMP_CMP_MASKED_EQ, UINT32_MAX, VLB_REMOVE));
}

static int enter(int (*allow)(scmp_filter_ctx filter))
{
	int ret = set_limits();

	if (!ret)
		ret = load_filter(allow);
	if (ret)
		vlb_error("cannot enter the sandbox (seccomp): %s", strerror(-ret));
	return ret;
}

int vlb_sandbox_enter(void)
{
	return enter(allow_adapter);
}

int vlb_sandbox_enter_remover(void)
{
	return enter(allow_remover);
}

static int set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct now[2] = {};
	unsigned int i;

	if (syscall(SYS_capget, &header, now) < 0)
		return -errno;
	for (i = 0; i < 2; i++) {
		now[i].permitted &= (uint32_t)(keep >> (32 * i));
		now[i].effective = now[i].permitted;
		now[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, now) < 0 ? -errno : 0;
}

/* Would connect() work if only file permissions counted? Effective set: none for now. */
static bool needs_dac_override(const char *socket_path)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct all[2] = {}, none[2];
	bool denied;

	if (syscall(SYS_capget, &header, all) < 0)
		return false;
	memcpy(none, all, sizeof(none));
	none[0].effective = 0;
	none[1].effective = 0;
	if (syscall(SYS_capset, &header, none) < 0)
		return false;
	/* -1: the kernel, or the C library's emulation, checks effective rights. */
	denied = faccessat(AT_FDCWD, socket_path, W_OK, AT_EACCESS) < 0 && errno == EACCES;
	syscall(SYS_capset, &header, all);
	return denied;
}

int vlb_sandbox_drop_capabilities(const char *socket_path)
{
	uint64_t keep = 0;
	unsigned int cap;
	int ret;

	if (needs_dac_override(socket_path))
		keep = 1ULL << CAP_DAC_OVERRIDE;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Ends with EINVAL behind the last one; EPERM when there is no CAP_SETPCAP. */
	for (cap = 0; cap < 64 && !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); cap++)
		;
	ret = set_capabilities(keep);
	if (ret)
		vlb_error("cannot drop capabilities: %s", strerror(-ret));
	return ret;
}
