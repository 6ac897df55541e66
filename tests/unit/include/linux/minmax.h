/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#define max(a, b)	((a) > (b) ? (a) : (b))
#define min(a, b) ({							\
	__typeof__(a) shim_a = (a);					\
	__typeof__(b) shim_b = (b);					\
	(void)(&shim_a == &shim_b); /* one type */			\
	shim_a < shim_b ? shim_a : shim_b;				\
})

#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	(min_t(type, a, b) == (type)(a) ? (type)(b) : (type)(a))

#endif
