/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include "shim.h"

#define WARN_ON_ONCE(condition) ({					\
	bool shim_condition = !!(condition);				\
	if (shim_condition)						\
		shim_warn(#condition, __FILE__, __LINE__);		\
	shim_condition;							\
})

#endif
