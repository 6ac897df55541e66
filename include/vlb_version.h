/* SPDX-License-Identifier: GPL-2.0-only */
/* The release; module and tool have the same one. */
#define VLB_VERSION "0.1.0"
