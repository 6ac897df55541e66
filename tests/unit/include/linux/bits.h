/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#define BIT(n)	(1UL << (n))
