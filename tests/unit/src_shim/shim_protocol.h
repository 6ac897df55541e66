/* SPDX-License-Identifier: GPL-2.0-only */
/* Between module_shim.so (in the tool under test) and the model module (in the test). */
#ifndef VLB_TEST_SHIM_PROTOCOL_H
#define VLB_TEST_SHIM_PROTOCOL_H

#include <stdint.h>

#define SHIM_ARG_SIZE	1024

/* The first packet of each of the two connections that make up an open file. */
#define SHIM_MESSAGES	1	/* carries struct vlb_msg to the tool */
#define SHIM_CALLS	2	/* carries ioctls */

struct shim_hello {
	int32_t kind;
	int32_t pid;
};

/* File descriptors in the argument travel with the packet, in order. */
struct shim_call {
	uint32_t request;
	int32_t ret;		/* in the answer: 0 or -errno */
	uint8_t arg[SHIM_ARG_SIZE];
};

#endif
