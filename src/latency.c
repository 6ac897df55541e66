// SPDX-License-Identifier: GPL-2.0-only
#include "latency.h"
#include "sysfs.h"

double vlb_latency_bucket_start(unsigned int bucket)
{
	if (!bucket)
		return 0;
	return (double)((4ULL + bucket % 4) << (bucket / 4 + 8));
}

double vlb_latency_percentile(const uint64_t *buckets, unsigned int percent)
{
	uint64_t total = 0, below = 0;
	double wanted, start, end;
	unsigned int b;

	for (b = 0; b < VLB_LATENCY_BUCKETS; b++)
		total += buckets[b];
	if (!total)
		return 0;
	wanted = (double)total * percent / 100;
	for (b = 0; b < VLB_LATENCY_BUCKETS - 1; b++) {
		if (buckets[b] && (double)(below + buckets[b]) >= wanted)
			break;
		below += buckets[b];
	}
	start = vlb_latency_bucket_start(b);
	end = vlb_latency_bucket_start(b + 1);
	if (!buckets[b])
		return start;
	return start + (end - start) * (wanted - (double)below) / (double)buckets[b];
}
