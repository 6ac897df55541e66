/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers and random data. Every test starts from the same seed: that of the
 * environment (VLB_SEED), else a new one; it is printed.
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <linux/types.h>

/* Print the seed; once, in main(). */
void chance_init(void);
/* Begin again from the seed. */
void chance_restart(void);

u64 chance_bits(void);
/* 0 to bound - 1; 0 if bound is 0 */
u32 chance_below(u32 bound);
/* true once in n */
bool chance_one_in(u32 n);
/* sizes of buffers, many at the boundaries that matter to the layout */
u32 chance_len(u32 max);

/*
 * A stream is named by its start, any number. So both ends of a transfer agree about
 * every byte of it without a copy.
 */
void stream_write(u8 *to, u32 stream, u32 pos, u32 len);
bool stream_equal(const u8 *data, u32 stream, u32 pos, u32 len);

#endif
