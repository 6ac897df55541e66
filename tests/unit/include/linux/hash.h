/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_HASH_H
#define SHIM_LINUX_HASH_H

/* Any function will do; one with collisions is best. */
#define hash_long(value, bits)	((unsigned long)(value) & ((1ul << (bits)) - 1) & 7ul)

#endif
