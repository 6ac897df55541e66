// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chance.h"

#define STREAM_SIZE	(1u << 20)

static u64 seed;
static __thread u64 state;
static u8 table[2 * STREAM_SIZE];

static u64 mix(u64 x)
{
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return x;
}

u64 chance_bits(void)
{
	state = mix(state);
	return state * 0x2545F4914F6CDD1DULL;
}

u32 chance_below(u32 bound)
{
	return bound ? (chance_bits() >> 32) * bound >> 32 : 0;
}

bool chance_one_in(u32 n)
{
	return !chance_below(n);
}

void chance_restart(void)
{
	state = (seed + 1) * 0x9E3779B97F4A7C15ULL ?: 1;
}

static void fill_table(void)
{
	u64 bits = 0x9E3779B97F4A7C15ULL;
	u32 i;

	for (i = 0; i < STREAM_SIZE; i++) {
		bits = mix(bits);
		table[i] = table[i + STREAM_SIZE] = bits >> 24;
	}
}

void chance_init(void)
{
	const char *given = getenv("VLB_SEED");

	seed = given ? strtoull(given, NULL, 0) :
		       (u64)time(NULL) * 1000003 + (u64)getpid();
	printf("# VLB_SEED=%" PRIu64 "\n", (uint64_t)seed);
	fflush(stdout);
	fill_table();
	chance_restart();
}

static const u32 boundaries[] = {
	0, 1, 15, 16, 17, 255, 256, 257, 384, 385, 511, 512, 513, 4095, 4096, 4097, 8192, 65536,
};

static u32 any_len(void)
{
	switch (chance_below(4)) {
	case 0:
		return boundaries[chance_below(sizeof(boundaries) / sizeof(*boundaries))];
	case 1:
		return chance_below(33);
	case 2:
		return chance_below(1025);
	default:
		return chance_below(65537);
	}
}

u32 chance_len(u32 max)
{
	u32 len = any_len();

	return len < max ? len : max;
}

static const u8 *stream_at(u32 stream, u32 pos)
{
	return &table[(stream + pos) % STREAM_SIZE];
}

void stream_write(u8 *to, u32 stream, u32 pos, u32 len)
{
	memcpy(to, stream_at(stream, pos), len);
}

bool stream_equal(const u8 *data, u32 stream, u32 pos, u32 len)
{
	return !memcmp(data, stream_at(stream, pos), len);
}
