// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interface in numbers. Whoever has to change one of them changes what older
 * adapters see: then VLB_API_VERSION is due as well.
 */
#include <linux/virtio_loopback.h>

#include "kernel/test.h"

#define expect_field(type, field, at, size)						\
	do {										\
		assert_int_equal(offsetof(type, field), at);				\
		assert_int_equal(sizeof(((type *)0)->field), size);			\
	} while (0)

static void constants_are_these(void **state)
{
	(void)state;
	assert_int_equal(VLB_API_VERSION, 4);
	assert_int_equal(VLB_NAME_SIZE, 32);
	assert_int_equal(VLB_MAX_QUEUES, 64);
	assert_int_equal(VLB_MAX_QUEUE_SIZE, 1024);
	assert_int_equal(VLB_CONFIG_SIZE, 256);
	assert_int_equal(VLB_FAIL_SIZE, 16);
	assert_int_equal(VLB_POOL_IOVA, 0x100000000);
	assert_int_equal(VLB_LOST_REPLAY, 0);
	assert_int_equal(VLB_LOST_COMPLETE, 1);
	assert_int_equal(VLB_LOST_DISCARD, 2);
	assert_int_equal(VLB_LOST_WAIT, 3);
	assert_int_equal(VLB_QUEUE_DESC_LOCAL, 1);
	assert_int_equal(VLB_QUEUE_DESC_CLAMP_LEN, 2);
	assert_int_equal(VLB_QUEUE_DESC_ONE_REQUEST, 4);
	assert_int_equal(VLB_QUEUE_DESC_WHOLE_ANSWERS, 8);
	assert_int_equal(VLB_QUEUE_DESC_FORGETFUL, 16);
	assert_int_equal(VLB_QUEUE_DESC_WHOLE_TRANSFERS, 32);
	assert_int_equal(VLB_QUEUE_DESC_POSTED, 64);
	assert_int_equal(VLB_QUEUE_DESC_STREAM, 128);
	assert_int_equal(VLB_MAX_CONFIG_PAGES, 256);
	assert_int_equal(VLB_CONTROL_SIZE, 16);
	assert_int_equal(VLB_CONTROL_KINDS, 16);
	assert_int_equal(VLB_FAIL_EMPTY, 0);
	assert_int_equal(VLB_FAIL_AT_START, 1);
	assert_int_equal(VLB_FAIL_AT_END, 2);
	assert_int_equal(VLB_QUEUE_CALL_EVENTFD, 1);
}

static void messages_are_these(void **state)
{
	(void)state;
	assert_int_equal(VLB_MSG_START, 1);
	assert_int_equal(VLB_MSG_RESET, 2);
	assert_int_equal(VLB_MSG_QUEUE_RESET, 3);
	assert_int_equal(VLB_MSG_QUEUE_START, 4);
	assert_int_equal(VLB_MSG_CONFIG_WRITE, 5);
	assert_int_equal(VLB_MSG_REMOVED, 6);
	assert_int_equal(VLB_REMOVED_REQUEST, 0);
	assert_int_equal(VLB_REMOVED_TIMEOUT, 1);
	assert_int_equal(VLB_REMOVED_BROKEN, 2);
	assert_int_equal(VLB_REMOVED_UNREGISTERED, 3);
}

static void info_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vlb_info), 24);
	expect_field(struct vlb_info, api_version, 0, 4);
	expect_field(struct vlb_info, max_queues, 4, 4);
	expect_field(struct vlb_info, max_queue_size, 8, 4);
	expect_field(struct vlb_info, reserved, 12, 4);
	expect_field(struct vlb_info, ring_features, 16, 8);
}

static void device_desc_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vlb_queue_desc), 4);
	expect_field(struct vlb_queue_desc, size, 0, 2);
	expect_field(struct vlb_queue_desc, lost, 2, 1);
	expect_field(struct vlb_queue_desc, flags, 3, 1);

	assert_int_equal(sizeof(struct vlb_device_desc), 368);
	expect_field(struct vlb_device_desc, name, 0, 32);
	expect_field(struct vlb_device_desc, device_id, 32, 4);
	expect_field(struct vlb_device_desc, vendor_id, 36, 4);
	expect_field(struct vlb_device_desc, features, 40, 8);
	expect_field(struct vlb_device_desc, num_queues, 48, 4);
	expect_field(struct vlb_device_desc, config_len, 52, 4);
	expect_field(struct vlb_device_desc, timeout_ms, 56, 4);
	expect_field(struct vlb_device_desc, fail_where, 60, 2);
	expect_field(struct vlb_device_desc, fail_len, 62, 2);
	expect_field(struct vlb_device_desc, fail_data, 64, 16);
	expect_field(struct vlb_device_desc, select_len, 80, 4);
	expect_field(struct vlb_device_desc, reserved2, 84, 4);
	expect_field(struct vlb_device_desc, reserved, 88, 24);
	expect_field(struct vlb_device_desc, queue, 112, 256);
}

static void pool_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vlb_pool), 32);
	expect_field(struct vlb_pool, fd, 0, 4);
	expect_field(struct vlb_pool, flags, 4, 4);
	expect_field(struct vlb_pool, size, 8, 8);
	expect_field(struct vlb_pool, arena_size, 16, 8);
	expect_field(struct vlb_pool, reserved, 24, 8);
}

static void window_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(VLB_WINDOW_IOVA, 0x400000000000);
	assert_int_equal(VLB_MAX_REVOKE_MS, 1000);
	assert_int_equal(sizeof(struct vlb_open_window), 48);
	expect_field(struct vlb_open_window, fd, 0, 4);
	expect_field(struct vlb_open_window, flags, 4, 4);
	expect_field(struct vlb_open_window, min_len, 8, 4);
	expect_field(struct vlb_open_window, revoke_ms, 12, 4);
	expect_field(struct vlb_open_window, size, 16, 8);
	expect_field(struct vlb_open_window, reserved, 24, 24);
}

static void shared_memory_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(VLB_SHARED_IOVA, 0x200000000000);
	assert_int_equal(VLB_MAX_SHARED_SIZE, 0x10000000000);
	assert_int_equal(sizeof(struct vlb_share_memory), 32);
	expect_field(struct vlb_share_memory, fd, 0, 4);
	expect_field(struct vlb_share_memory, flags, 4, 4);
	expect_field(struct vlb_share_memory, size, 8, 8);
	expect_field(struct vlb_share_memory, reserved, 16, 16);
}

static void config_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vlb_config), 264);
	expect_field(struct vlb_config, offset, 0, 4);
	expect_field(struct vlb_config, len, 4, 4);
	expect_field(struct vlb_config, data, 8, 256);
}

static void queue_start_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vlb_queue_start), 56);
	expect_field(struct vlb_queue_start, index, 0, 4);
	expect_field(struct vlb_queue_start, generation, 4, 4);
	expect_field(struct vlb_queue_start, flags, 8, 4);
	expect_field(struct vlb_queue_start, kick_fd, 12, 4);
	expect_field(struct vlb_queue_start, call_fd, 16, 4);
	expect_field(struct vlb_queue_start, size, 20, 4);
	expect_field(struct vlb_queue_start, desc_iova, 24, 8);
	expect_field(struct vlb_queue_start, avail_iova, 32, 8);
	expect_field(struct vlb_queue_start, used_iova, 40, 8);
	expect_field(struct vlb_queue_start, busy_poll_us, 48, 4);
	expect_field(struct vlb_queue_start, reserved, 52, 4);
	assert_int_equal(VLB_MAX_BUSY_POLL_US, 1000);
}

static void adopt_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vlb_name), 32);
	expect_field(struct vlb_name, name, 0, 32);
	assert_int_equal(sizeof(union vlb_adopt), 368);
	expect_field(union vlb_adopt, name, 0, 32);
	expect_field(union vlb_adopt, desc, 0, 368);
}

static void msg_has_this_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vlb_msg), 272);
	expect_field(struct vlb_msg, type, 0, 4);
	expect_field(struct vlb_msg, generation, 4, 4);
	expect_field(struct vlb_msg, start.features, 8, 8);
	expect_field(struct vlb_msg, start.queues, 16, 8);
	expect_field(struct vlb_msg, queue, 8, 4);
	expect_field(struct vlb_msg, config, 8, 264);
	expect_field(struct vlb_msg, control.queue, 8, 4);
	expect_field(struct vlb_msg, control.len, 12, 4);
	expect_field(struct vlb_msg, control.data, 16, 16);
	expect_field(struct vlb_msg, removed.failed, 8, 8);
	expect_field(struct vlb_msg, removed.reason, 16, 4);
}

/* Direction, size, type, number: the encoding of most architectures. */
static void ioctls_have_these_numbers(void **state)
{
	(void)state;
	assert_int_equal(VLB_IOC_MAGIC, 0xB7);
	assert_int_equal(VLB_GET_INFO, 0x8018B700);
	assert_int_equal(VLB_CREATE, 0x4170B701);
	assert_int_equal(VLB_ADOPT, 0xC170B702);
	assert_int_equal(VLB_SET_POOL, 0xC020B703);
	assert_int_equal(VLB_SET_CONFIG, 0x4108B704);
	assert_int_equal(VLB_REGISTER, 0xB705);
	assert_int_equal(VLB_QUEUE_START, 0xC038B706);
	assert_int_equal(VLB_STOP, 0xB707);
	assert_int_equal(VLB_GET_CONFIG, 0xC108B708);
	assert_int_equal(VLB_REMOVE, 0x4020B709);
	assert_int_equal(VLB_RESTART_DRIVER, 0xB70A);
	assert_int_equal(VLB_OPEN_WINDOW, 0xC030B70B);
	assert_int_equal(VLB_SHARE_MEMORY, 0x4020B70C);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(constants_are_these),
		test_case(messages_are_these),
		test_case(info_has_this_layout),
		test_case(device_desc_has_this_layout),
		test_case(pool_has_this_layout),
		test_case(window_has_this_layout),
		test_case(shared_memory_has_this_layout),
		test_case(config_has_this_layout),
		test_case(queue_start_has_this_layout),
		test_case(adopt_has_this_layout),
		test_case(msg_has_this_layout),
		test_case(ioctls_have_these_numbers),
	};

	return test_run(tests);
}
