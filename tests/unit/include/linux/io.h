/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests' descriptors hold pointers. */
#ifndef SHIM_LINUX_IO_H
#define SHIM_LINUX_IO_H

#include <stdint.h>

#define phys_to_virt(address)	((void *)(uintptr_t)(address))
#define virt_to_phys(address)	((uint64_t)(uintptr_t)(address))

#endif
