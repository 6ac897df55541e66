/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_LATENCY_H
#define VLB_LATENCY_H

#include <stdint.h>

/*
 * The module's latency histogram: four buckets for each power of two, from
 * (4 + b % 4) << (b / 4 + 8) ns on. Bucket 0 also has everything faster, the last one
 * everything slower.
 */

/* The least latency in bucket @bucket, in ns; 0 for the first. */
double vlb_latency_bucket_start(unsigned int bucket);

/* In ns: @percent % of the requests in @buckets were at least as fast; 0 without any. */
double vlb_latency_percentile(const uint64_t *buckets, unsigned int percent);

#endif
