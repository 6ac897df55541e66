// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pretended module, to be preloaded into the real tool.
 *
 * /dev/virtio-loopback/control becomes two sockets to the test that listens on $VLB_SHIM_SOCKET:
 * one for messages, which the tool reads and polls as if it were the device file, and one
 * that carries each ioctl there and back. Without the variable there is no module.
 * /sys/class/virtio-loopback becomes $VLB_SHIM_SYSFS.
 *
 * Only system calls that the tool's own sandbox allows are used, so that the sandbox is
 * tested too; the remover's allows read and write alone.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/virtio_loopback.h>

#include "shim_protocol.h"

#define DEVICE	"/dev/virtio-loopback/control"
#define SYSFS	"/sys/class/virtio-loopback"
#define NODE	"/dev/vdtest"	/* always there */

int open(const char *path, int flags, ...);
int ioctl(int fd, unsigned long request, ...);
int access(const char *path, int mode);
DIR *opendir(const char *path);
ssize_t readlink(const char *path, char *buf, size_t size);
int scandir(const char *dir, struct dirent ***list, int (*filter)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **));

static int device_fd = -1, call_fd = -1;
static ino_t device_inode;

static const char *redirect(const char *path, char *buf, size_t size)
{
	const char *sysfs = getenv("VLB_SHIM_SYSFS");

	if (!sysfs || strncmp(path, SYSFS, strlen(SYSFS)))
		return path;
	snprintf(buf, size, "%s%s", sysfs, path + strlen(SYSFS));
	return buf;
}

static int connect_as(int kind)
{
	const struct shim_hello hello = { kind, getpid() };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", getenv("VLB_SHIM_SOCKET"));
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    write(fd, &hello, sizeof(hello)) != sizeof(hello))
		return -1;
	return fd;
}

static int open_device(void)
{
	struct stat st;

	if (!getenv("VLB_SHIM_SOCKET")) {
		errno = ENOENT;
		return -1;
	}
	call_fd = connect_as(SHIM_CALLS);
	device_fd = connect_as(SHIM_MESSAGES);
	fcntl(device_fd, F_SETFL, O_NONBLOCK);
	if (!fstat(device_fd, &st))
		device_inode = st.st_ino;
	return device_fd;
}

int open(const char *path, int flags, ...)
{
	char buf[512];
	va_list args;
	int mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0;
	va_end(args);
	if (!strcmp(path, DEVICE))
		return open_device();
	return (int)syscall(SYS_openat, AT_FDCWD, redirect(path, buf, sizeof(buf)), flags, mode);
}

static void send_call(const struct shim_call *call, const int *fds, unsigned int num_fds)
{
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { (void *)call, sizeof(*call) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (!num_fds) {
		(void)!write(call_fd, call, sizeof(*call));
		return;
	}
	msg.msg_control = &control;
	msg.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, num_fds * sizeof(int));
	sendmsg(call_fd, &msg, 0);
}

/* The answer, and a file descriptor if one comes with it. */
static int receive_answer(struct shim_call *call, int want_fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { call, sizeof(*call) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd = -1;

	if (!want_fd) {
		if (read(call_fd, call, sizeof(*call)) != sizeof(*call))
			call->ret = errno == EINTR ? -EINTR : -EIO;
		return -1;
	}
	if (recvmsg(call_fd, &msg, MSG_CMSG_CLOEXEC) != sizeof(*call)) {
		call->ret = -EIO;
		return -1;
	}
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Whatever its number: the adapter may have duplicated it. */
static int is_device(int fd)
{
	struct stat st;

	/* The remover, which does not, is not even allowed to fstat(). */
	if (fd >= 0 && fd == device_fd)
		return 1;
	return device_inode && !fstat(fd, &st) && st.st_ino == device_inode;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct shim_call call = { .request = (uint32_t)request };
	size_t size = request >> 16 & 0x3fff;
	struct vlb_queue_start *start;
	unsigned int num_fds = 0;
	int fds[2], got;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!is_device(fd))
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (arg)
		memcpy(call.arg, arg, size);
	start = arg;
	if (request == VLB_SET_POOL)
		fds[num_fds++] = ((struct vlb_pool *)arg)->fd;
	if (request == VLB_SHARE_MEMORY)
		fds[num_fds++] = ((struct vlb_share_memory *)arg)->fd;
	if (request == VLB_QUEUE_START) {
		fds[num_fds++] = start->kick_fd;
		if (start->flags & VLB_QUEUE_CALL_EVENTFD)
			fds[num_fds++] = start->call_fd;
	}
	send_call(&call, fds, num_fds);
	got = receive_answer(&call, request == VLB_QUEUE_START || request == VLB_OPEN_WINDOW);
	if (call.ret) {
		errno = -call.ret;
		return -1;
	}
	if (arg)
		memcpy(arg, call.arg, size);
	if (request == VLB_OPEN_WINDOW)
		((struct vlb_open_window *)arg)->fd = got;
	else if (got >= 0)
		start->call_fd = got;
	return 0;
}

int access(const char *path, int mode)
{
	char buf[512];

	if (!strcmp(path, NODE))
		return 0;
	return (int)syscall(SYS_faccessat, AT_FDCWD, redirect(path, buf, sizeof(buf)), mode);
}

ssize_t readlink(const char *path, char *out, size_t size)
{
	char buf[512];

	return syscall(SYS_readlinkat, AT_FDCWD, redirect(path, buf, sizeof(buf)), out, size);
}

DIR *opendir(const char *path)
{
	static DIR *(*real)(const char *);
	char buf[512];

	if (!real)
		real = (DIR *(*)(const char *))dlsym(RTLD_NEXT, "opendir");
	return real(redirect(path, buf, sizeof(buf)));
}

int scandir(const char *dir, struct dirent ***list, int (*filter)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **))
{
	static int (*real)(const char *, struct dirent ***, int (*)(const struct dirent *),
			   int (*)(const struct dirent **, const struct dirent **));
	char buf[512];

	if (!real)
		real = (int (*)(const char *, struct dirent ***, int (*)(const struct dirent *),
				int (*)(const struct dirent **, const struct dirent **)))
			dlsym(RTLD_NEXT, "scandir");
	return real(redirect(dir, buf, sizeof(buf)), list, filter, compare);
}

/* Resolve before the sandbox forbids what the dynamic linker may want to do. */
__attribute__((constructor)) static void resolve_early(void)
{
	DIR *dir = opendir("/");

	if (dir)
		closedir(dir);
}
