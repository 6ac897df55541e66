/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * virtio-loopback: the interface between the kernel module and the adapter.
 *
 * The module makes virtio devices for the host kernel's own virtio drivers. The
 * device behind each is a vhost-user back-end, a user-space process. The adapter
 * is the vhost-user front-end between the two; it only ever handles control.
 *
 * Files
 *
 *   One open file of /dev/virtio-loopback/control owns at most one device, from
 *   VLB_CREATE or VLB_ADOPT until it is closed. The device outlives the file:
 *   after a close the driver's requests wait in its ring until another file
 *   adopts the device by name, or until the device's timeout removes it. Only a
 *   device that was never registered goes away with its file.
 *
 * Life of a device
 *
 *   VLB_CREATE     names and describes the device
 *   VLB_SET_POOL   hands over the memory that the back-end will see
 *   VLB_SET_CONFIG gives the configuration space its contents
 *   VLB_REGISTER   offers the device to the virtio drivers; returns at once
 *   VLB_MSG_START  is read when the driver has set DRIVER_OK
 *   VLB_QUEUE_START, for each enabled queue: the module writes the shadow
 *                  virtqueue into the pool, with every request that waits, and
 *                  says where it is; the adapter tells the back-end
 *   VLB_MSG_RESET  is read when the driver has reset the device: no shadow
 *                  virtqueue is alive any more, the back-end must be stopped
 *   VLB_REMOVE     takes the device away; VLB_MSG_REMOVED is the last message
 *
 * When the back-end goes away
 *
 *   VLB_STOP ends all shadow virtqueues. Requests in flight are kept. Once a
 *   back-end is there again the adapter hands over a new pool (the old back-end
 *   may still write to the old one) and starts the queues again: requests that
 *   were in flight are handed out first, in the order of their submission.
 *   VLB_ADOPT implies VLB_STOP, and queues VLB_MSG_START if the driver is
 *   running, so that taking over from a dead adapter is the same procedure.
 *
 * The pool
 *
 *   An ordinary memfd (hugetlb or not). The module pins and maps it. The back-end
 *   sees the addresses VLB_POOL_IOVA to VLB_POOL_IOVA + size - 1 and nothing else:
 *   shadow virtqueues, request slots and, for each queue, an arena for the data of
 *   requests in flight. A request that finds its arena full waits in the driver's
 *   ring. A request larger than an arena can never be served; VLB_SET_POOL says
 *   how large an arena is, so that the configuration space can forbid such
 *   requests before VLB_REGISTER.
 *
 * The window
 *
 *   Optional. A file through which the back-end touches whole pages of the driver's
 *   buffers where they are, while requests need them and for a short time after. For
 *   back-ends that are trusted with that, and that use the CPU or buffered I/O on the
 *   data: get_user_pages() fails on the window. Everything else goes through the pool.
 *
 * Shared memory
 *
 *   Optional. A file of tmpfs in which applications keep their buffers on purpose. The
 *   back-end has all of it mapped, all the time. The data of a request that lies there is
 *   not copied: its address is VLB_SHARED_IOVA and its place in the file. The module holds
 *   none of the file's pages; who shortens the file, or makes holes, while requests are in
 *   flight gets wrong data, and may cost the back-end a SIGBUS. A seal (F_SEAL_SHRINK)
 *   rules that out.
 *
 * Notifications
 *
 *   kick  the module signals the eventfd given to VLB_QUEUE_START
 *   call  the back-end writes 8 bytes to the file that VLB_QUEUE_START returned;
 *         the requests complete inside that write. With VLB_QUEUE_CALL_EVENTFD an
 *         eventfd made by the adapter is used instead, and a work item completes.
 *
 *   Both can be done without where both sides look for what the other has done: a back-end
 *   that polls asks for no kicks, and with busy_poll_us the module looks for a while, in the
 *   task that has made a request, before that sleeps.
 *
 * Messages
 *
 *   read() returns whole struct vlb_msg records, as many as fit and are pending; it
 *   blocks unless O_NONBLOCK is set, and poll() reports POLLIN. Messages state what
 *   is to be done now: a START that a later RESET has overtaken is never read. After
 *   VLB_MSG_REMOVED read() returns 0 and poll() reports POLLHUP.
 *
 * All reserved fields and unknown flags must be zero (EINVAL). Multi-byte fields
 * are in native byte order; contents of the configuration space are little-endian,
 * as virtio 1.x has them. An ioctl that needs a device fails with ENXIO on a file that
 * never had one, and with ESHUTDOWN when its device has gone.
 */
#ifndef _UAPI_LINUX_VIRTIO_LOOPBACK_H
#define _UAPI_LINUX_VIRTIO_LOOPBACK_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Changes whenever an older adapter could misunderstand the module. */
#define VLB_API_VERSION		4

#define VLB_NAME_SIZE		32	/* with the final NUL: [A-Za-z0-9_][A-Za-z0-9_.-]{0,30} */
#define VLB_MAX_QUEUES		64
#define VLB_MAX_QUEUE_SIZE	1024	/* a power of two, 1 to this */
#define VLB_MAX_POOL_SIZE	(2ULL << 30)
#define VLB_CONFIG_SIZE		256	/* the most that vhost-user carries */
#define VLB_MAX_CONFIG_PAGES	256	/* of a device with select_len */
#define VLB_FAIL_SIZE		16

/* Where the back-end sees the first byte of the pool. */
#define VLB_POOL_IOVA		0x100000000ULL

/* Where it sees the first byte of the window: of memory, by physical address. */
#define VLB_WINDOW_IOVA		0x400000000000ULL

/* Where it sees the first byte of shared memory. */
#define VLB_SHARED_IOVA		0x200000000000ULL

/**
 * struct vlb_info - what this module is (VLB_GET_INFO)
 * @api_version: VLB_API_VERSION of the module
 * @max_queues: most queues of a device
 * @max_queue_size: most descriptors of a queue
 * @reserved: zero
 * @ring_features: the transport feature bits (24 to 41) that may be offered to
 *	drivers; any other bit in that range makes VLB_CREATE fail
 */
struct vlb_info {
	__u32 api_version;
	__u32 max_queues;
	__u32 max_queue_size;
	__u32 reserved;
	__u64 ring_features;
};

/*
 * LOCAL: the module serves the queue. For drivers that insist on one which back-ends do not
 * have, such as virtio-net's for control: each request is completed at once, its
 * device-writable part all zeros, and reported as VLB_MSG_CONTROL. Its driver has to poll
 * for completions. Such a queue is never started.
 *
 * POSTED, for drivers that spin until a request is done, with whatever disabled: each is
 * completed as soon as the module has a copy. Its device-writable part, if any, stays as it
 * is. Up to a page for each descriptor waits for the back-end, also for the next one; what
 * comes beyond that is dropped and counted as an error, but a task that has filled half of it
 * waits, before it returns to user space, for up to ten seconds without progress.
 * STREAM: of such a queue the boundaries of requests mean nothing. Without it none is larger
 * than it was.
 *
 * Allowances for back-ends that break the specification; otherwise their devices would
 * break too. CLAMP_LEN: a used length larger than the device-writable part means that
 * part. WHOLE_ANSWERS, for drivers that take no notice of used lengths: a request comes
 * back with all that it can take, whatever the length, and has the fail response unless
 * the back-end has written there. ONE_REQUEST: the back-end never has more than one
 * request, and of the used elements that it writes before it calls only the last counts.
 * FORGETFUL: of the requests that it takes from the ring it uses some before it asks for
 * kicks again, and forgets the others; they are handed out again. That shows in
 * avail_event, so it takes VIRTIO_F_EVENT_IDX. WHOLE_TRANSFERS, for drivers that submit the
 * requests of one transfer with one notification, and the next transfer when these have come
 * back: the back-end takes what it finds for one transfer. So it sees the requests all at
 * once, they come back when all are used, and the next back-end gets all of them or none.
 */
#define VLB_QUEUE_DESC_LOCAL		(1u << 0)
#define VLB_QUEUE_DESC_CLAMP_LEN	(1u << 1)
#define VLB_QUEUE_DESC_ONE_REQUEST	(1u << 2)
#define VLB_QUEUE_DESC_WHOLE_ANSWERS	(1u << 3)
#define VLB_QUEUE_DESC_FORGETFUL	(1u << 4)
#define VLB_QUEUE_DESC_WHOLE_TRANSFERS	(1u << 5)
#define VLB_QUEUE_DESC_POSTED		(1u << 6)
#define VLB_QUEUE_DESC_STREAM		(1u << 7)

#define VLB_CONTROL_SIZE	16	/* bytes of a request that are reported */
#define VLB_CONTROL_KINDS	16	/* of a queue; further kinds are not reported */

/* What becomes of requests in flight when the back-end is lost. */
#define VLB_LOST_REPLAY		0	/* hand them to the next back-end */
#define VLB_LOST_COMPLETE	1	/* complete them with the fail response */
#define VLB_LOST_DISCARD	2	/* and all others, until there is a back-end again */
#define VLB_LOST_WAIT		3	/* as REPLAY, and never complete them: they ask for events */

/**
 * struct vlb_queue_desc - one queue of a device
 * @size: number of descriptors: a power of two, 1 to VLB_MAX_QUEUE_SIZE
 * @lost: VLB_LOST_*
 * @flags: VLB_QUEUE_DESC_*
 */
struct vlb_queue_desc {
	__u16 size;
	__u8 lost;
	__u8 flags;
};

/* Where the fail response goes in the device-writable part of a request. */
#define VLB_FAIL_EMPTY		0	/* nowhere: used length 0 */
#define VLB_FAIL_AT_START	1
#define VLB_FAIL_AT_END		2

/**
 * struct vlb_device_desc - a device (VLB_CREATE in, VLB_ADOPT out)
 * @name: unique name, also that of /sys/class/virtio-loopback/NAME
 * @device_id: virtio device type, 1 to 65535 (virtio spec section 5)
 * @vendor_id: virtio vendor id, reported to drivers
 * @features: feature bits offered to the driver; VIRTIO_F_VERSION_1 is required
 * @num_queues: 1 to VLB_MAX_QUEUES
 * @config_len: bytes of configuration space, 0 to VLB_CONFIG_SIZE
 * @timeout_ms: fail all requests and remove the device after so many milliseconds
 *	without a running back-end; 0: wait for ever
 * @fail_where: VLB_FAIL_*: how a request is completed that no back-end will serve
 * @fail_len: bytes of @fail_data, 0 to VLB_FAIL_SIZE
 * @fail_data: the response of this device type that means "I/O error"
 * @select_len: first bytes of the configuration space, 0 to 2, by which the driver
 *	selects what the rest shows: VLB_SET_CONFIG of the whole space then adds or
 *	replaces the page of its selector (the first @select_len bytes of its data); a
 *	selector without a page reads as zeros behind the selector
 * @reserved2: zero
 * @reserved: zero
 * @queue: the first @num_queues entries are used, the others zero
 */
struct vlb_device_desc {
	char name[VLB_NAME_SIZE];
	__u32 device_id;
	__u32 vendor_id;
	__u64 features;
	__u32 num_queues;
	__u32 config_len;
	__u32 timeout_ms;
	__u16 fail_where;
	__u16 fail_len;
	__u8 fail_data[VLB_FAIL_SIZE];
	__u32 select_len;
	__u32 reserved2;
	__u64 reserved[3];
	struct vlb_queue_desc queue[VLB_MAX_QUEUES];
};

/**
 * struct vlb_pool - VLB_SET_POOL
 * @fd: memfd of @size bytes, writable
 * @flags: zero
 * @size: bytes, a multiple of the page size, at most VLB_MAX_POOL_SIZE
 * @arena_size: out: bytes that one request of any queue may need at most
 * @reserved: zero
 */
struct vlb_pool {
	__s32 fd;
	__u32 flags;
	__u64 size;
	__u64 arena_size;
	__u64 reserved;
};

#define VLB_MAX_REVOKE_MS	1000

/**
 * struct vlb_open_window - VLB_OPEN_WINDOW
 * @fd: out: the window
 * @flags: zero
 * @min_len: bytes; requests with less data are copied. Of others all pages are granted, or
 *	the request is copied as well
 * @revoke_ms: milliseconds, 1 to VLB_MAX_REVOKE_MS: about that long after the last request
 *	that needed a page the back-end cannot reach it any more; not less than two
 *	ticks of the kernel's clock
 * @size: out: bytes of the window, all of which the back-end has to map
 * @reserved: zero
 *
 * A page that is not granted is SIGBUS for who touches it.
 */
struct vlb_open_window {
	__s32 fd;
	__u32 flags;
	__u32 min_len;
	__u32 revoke_ms;
	__u64 size;
	__u64 reserved[3];
};

#define VLB_MAX_SHARED_SIZE	(1ULL << 40)

/**
 * struct vlb_share_memory - VLB_SHARE_MEMORY
 * @fd: a file of tmpfs, for example a memfd that is not of huge pages, open for reading and
 *	writing
 * @flags: zero
 * @size: bytes from its beginning that the back-end has mapped: a multiple of the page size,
 *	at most VLB_MAX_SHARED_SIZE and what the file has
 * @reserved: zero
 *
 * The data of a request is all its parts of 512 bytes and more. All of it lies in the file,
 * each part in one piece, or the request takes another way.
 */
struct vlb_share_memory {
	__s32 fd;
	__u32 flags;
	__u64 size;
	__u64 reserved[2];
};

/**
 * struct vlb_config - VLB_SET_CONFIG, VLB_GET_CONFIG
 * @offset: first byte
 * @len: number of bytes; @offset + @len is at most the device's config_len
 * @data: contents
 *
 * With select_len @offset is 0 and @len is config_len. VLB_GET_CONFIG takes the selector
 * in the first select_len bytes of @data and returns that page. The driver can write to the
 * selector only; the module serves that, and it never becomes VLB_MSG_CONFIG_WRITE.
 */
struct vlb_config {
	__u32 offset;
	__u32 len;
	__u8 data[VLB_CONFIG_SIZE];
};

#define VLB_QUEUE_CALL_EVENTFD	(1u << 0)

#define VLB_MAX_BUSY_POLL_US	1000

/**
 * struct vlb_queue_start - VLB_QUEUE_START
 * @index: queue
 * @generation: from the VLB_MSG_START or VLB_MSG_QUEUE_START acted upon
 * @flags: VLB_QUEUE_*
 * @kick_fd: eventfd that the module signals for the back-end
 * @call_fd: the eventfd (VLB_QUEUE_CALL_EVENTFD), else out: a new file descriptor
 * @size: out: number of descriptors
 * @desc_iova: out: descriptor table, as the back-end sees it
 * @avail_iova: out: available ring
 * @used_iova: out: used ring
 * @busy_poll_us: microseconds, 0 to VLB_MAX_BUSY_POLL_US: after making the only request in
 *	flight the driver's task looks for so long whether it is done
 * @reserved: zero
 *
 * The first index that the back-end finds in the available ring is 0.
 */
struct vlb_queue_start {
	__u32 index;
	__u32 generation;
	__u32 flags;
	__s32 kick_fd;
	__s32 call_fd;
	__u32 size;
	__u64 desc_iova;
	__u64 avail_iova;
	__u64 used_iova;
	__u32 busy_poll_us;
	__u32 reserved;
};

/**
 * struct vlb_name - VLB_ADOPT (in), VLB_REMOVE
 * @name: the device
 */
struct vlb_name {
	char name[VLB_NAME_SIZE];
};

/**
 * union vlb_adopt - VLB_ADOPT
 * @name: in
 * @desc: out, as given to VLB_CREATE
 */
union vlb_adopt {
	struct vlb_name name;
	struct vlb_device_desc desc;
};

enum vlb_msg_type {
	/* The driver runs; start the queues of @start.queues. */
	VLB_MSG_START = 1,
	/* The driver has reset the device; stop the back-end. */
	VLB_MSG_RESET = 2,
	/* The driver has reset one queue; stop it in the back-end. */
	VLB_MSG_QUEUE_RESET = 3,
	/* The driver has enabled one queue again; start it. */
	VLB_MSG_QUEUE_START = 4,
	/* The driver has written to the configuration space. */
	VLB_MSG_CONFIG_WRITE = 5,
	/* The device is gone. The last message. */
	VLB_MSG_REMOVED = 6,
	/* The driver has made a request to a queue that the module serves. */
	VLB_MSG_CONTROL = 7,
};

/**
 * struct vlb_control - VLB_MSG_CONTROL
 * @queue: index
 * @len: bytes of @data
 * @data: the beginning of the device-readable part
 *
 * Requests with the same first two bytes (of virtio-net: class and command) are of one
 * kind: the last of each kind since the driver's reset is reported, once, and again to a
 * new owner.
 */
struct vlb_control {
	__u32 queue;
	__u32 len;
	__u8 data[VLB_CONTROL_SIZE];
};

/* Why a device was removed. */
#define VLB_REMOVED_REQUEST	0	/* VLB_REMOVE */
#define VLB_REMOVED_TIMEOUT	1	/* no back-end for timeout_ms */
#define VLB_REMOVED_BROKEN	2	/* the back-end broke the rules of the ring */
#define VLB_REMOVED_UNREGISTERED 3	/* registration failed; see the kernel log */

/**
 * struct vlb_msg - a record of read()
 * @type: enum vlb_msg_type
 * @generation: for VLB_MSG_START and VLB_MSG_QUEUE_START: to be given back
 * @start.features: what the driver accepted
 * @start.queues: bit n: queue n is enabled
 * @queue: VLB_MSG_QUEUE_*: index
 * @config: VLB_MSG_CONFIG_WRITE: bytes written; neighbouring and repeated writes
 *	that were not read yet are merged
 * @control: VLB_MSG_CONTROL
 * @removed.failed: requests that had to be failed in order to remove the device, without
 *	buffers that the back-end had only to fill
 * @removed.reason: VLB_REMOVED_*
 * @removed.reserved: zero
 */
struct vlb_msg {
	__u32 type;
	__u32 generation;
	union {
		struct {
			__u64 features;
			__u64 queues;
		} start;
		__u32 queue;
		struct vlb_config config;
		struct vlb_control control;
		struct {
			__u64 failed;
			__u32 reason;
			__u32 reserved;
		} removed;
	};
};

#define VLB_IOC_MAGIC	0xB7

/* Any file. */
#define VLB_GET_INFO	_IOR(VLB_IOC_MAGIC, 0x00, struct vlb_info)

/*
 * Take ownership; needs CAP_SYS_ADMIN. EINVAL: an impossible description; ENOMEM; EBUSY: the file owns a device already, or
 * (ADOPT) another file owns that one. EEXIST: the name is taken; if its adapter
 * died, use VLB_ADOPT. ENOENT: no such device. ESHUTDOWN: it is being removed.
 */
#define VLB_CREATE	_IOW(VLB_IOC_MAGIC, 0x01, struct vlb_device_desc)
#define VLB_ADOPT	_IOWR(VLB_IOC_MAGIC, 0x02, union vlb_adopt)

/*
 * Owner only. SET_POOL: EBUSY while a queue runs; EBADF; EINVAL: no file of tmpfs or
 * hugetlbfs of that size, or an impossible size; ENOSPC: too small for the rings, or an arena would be smaller than of
 * the last pool; ENOMEM: more than half of all memory, or over RLIMIT_MEMLOCK.
 * QUEUE_START: ESTALE: the driver has reset device or queue since; EALREADY: runs;
 * EINVAL: there is no pool or no such queue, or the module serves it; ESHUTDOWN: requests
 * fail. SET_CONFIG, GET_CONFIG: EINVAL: beyond config_len, or with select_len not the whole;
 * ENOMEM; ENOSPC: too many pages. REGISTER: EALREADY.
 */
#define VLB_SET_POOL	_IOWR(VLB_IOC_MAGIC, 0x03, struct vlb_pool)
#define VLB_SET_CONFIG	_IOW(VLB_IOC_MAGIC, 0x04, struct vlb_config)
#define VLB_REGISTER	_IO(VLB_IOC_MAGIC, 0x05)
#define VLB_QUEUE_START	_IOWR(VLB_IOC_MAGIC, 0x06, struct vlb_queue_start)
#define VLB_STOP	_IO(VLB_IOC_MAGIC, 0x07)
#define VLB_GET_CONFIG	_IOWR(VLB_IOC_MAGIC, 0x08, struct vlb_config)

/*
 * Any file; needs CAP_SYS_ADMIN. Waits (interruptibly; call again to wait on) until
 * the device is gone. Requests in flight are finished by the back-end if it runs and
 * makes progress, and fail otherwise. ENOENT: no such device, or it has gone since an
 * earlier call was interrupted. EIO: it is gone, but requests had to be failed.
 */
#define VLB_REMOVE	_IOW(VLB_IOC_MAGIC, 0x09, struct vlb_name)

/*
 * Owner only. The driver is unbound and bound again, also one that somebody has unbound by
 * hand. Returns at once; requests that wait fail, and queues cannot be started (ESTALE)
 * until the driver is unbound. VLB_MSG_START follows when it runs again. For types whose
 * drivers cannot go on with a back-end that has forgotten everything. EINVAL: not
 * registered; EBUSY: a queue runs.
 */
#define VLB_RESTART_DRIVER _IO(VLB_IOC_MAGIC, 0x0A)

/*
 * Owner only. For queues started from now on; to be done between VLB_SET_POOL, which ends
 * an earlier window, and VLB_QUEUE_START. EBUSY while a queue runs; EINVAL: no pool.
 */
#define VLB_OPEN_WINDOW	_IOWR(VLB_IOC_MAGIC, 0x0B, struct vlb_open_window)

/*
 * Owner only. As VLB_OPEN_WINDOW, and beside it. EBADF; EINVAL: no pool, no such file, or an
 * impossible size.
 */
#define VLB_SHARE_MEMORY _IOW(VLB_IOC_MAGIC, 0x0C, struct vlb_share_memory)

#endif /* _UAPI_LINUX_VIRTIO_LOOPBACK_H */
