// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool-pages: what a copy through the pool costs on this machine, with ordinary and with huge pages in the pool.
 *
 * Counting instructions cannot tell: it knows no caches and no TLB. So this copies in user space what the module would
 * copy for so many requests in flight, between an application's buffers (ordinary pages, as malloc() has them) and
 * extents of a memfd:
 *
 *   hot    the same buffers and the same extents all the time: how the arena works (first fit), and fio
 *   fresh  the same extents, but buffers all over half a gigabyte: an application with a cache of its own
 *   cold   extents all over the pool, too
 *
 * Prints microseconds a copy: the median of rounds, in which both kinds of pages take turns.
 *
 *   make pool-pages && echo 16 >/proc/sys/vm/nr_hugepages && build/pool-pages; echo 0 >/proc/sys/vm/nr_hugepages
 */
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KIB		((size_t)1 << 10)
#define POOL_SIZE	(32768 * KIB)
#define BUFFERS_SIZE	(524288 * KIB)
#define ROUNDS		31
#define ROUND_BYTES	(8192 * KIB)

enum warmth { HOT, FRESH, COLD, WARMTHS };
static const char *const warmth_names[] = { "hot", "fresh", "cold" };

static uint8_t *pools[2]; /* ordinary and huge pages */
static uint8_t *buffers;

static uint8_t *map(size_t size, int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (base == MAP_FAILED)
		err(1, "%zu bytes of memory (are 16 huge pages free?)", size);
	if (fd < 0 && madvise(base, size, MADV_NOHUGEPAGE))
		err(1, "madvise");
	memset(base, 1, size);
	return base;
}

static uint8_t *make_pool(bool huge)
{
	int fd = memfd_create("pool", huge ? MFD_HUGETLB : 0);

	if (fd < 0 || ftruncate(fd, POOL_SIZE))
		err(1, "memfd");
	return map(POOL_SIZE, fd);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static size_t pick(bool any, size_t number, size_t depth, size_t size, size_t len)
{
	return (any ? (size_t)random() % (size / len) : number % depth) * len;
}

static double copy_round(uint8_t *pool, enum warmth warmth, size_t len, size_t depth, bool from_pool)
{
	size_t count = ROUND_BYTES / len, i;
	double begun = now_us();

	for (i = 0; i < count; i++) {
		uint8_t *extent = pool + pick(warmth == COLD, i, depth, POOL_SIZE, len);
		uint8_t *buffer = buffers + pick(warmth != HOT, i, depth, BUFFERS_SIZE, len);

		if (from_pool)
			memcpy(buffer, extent, len);
		else
			memcpy(extent, buffer, len);
	}
	return (now_us() - begun) / count;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(enum warmth warmth, size_t len, size_t depth, bool from_pool)
{
	double us[2][ROUNDS];
	unsigned int i, huge;

	for (i = 0; i < ROUNDS; i++)
		for (huge = 0; huge < 2; huge++)
			us[huge][i] = copy_round(pools[huge], warmth, len, depth, from_pool);
	for (huge = 0; huge < 2; huge++)
		qsort(us[huge], ROUNDS, sizeof(us[huge][0]), compare);
	printf("%s\t%zuk\tqd%zu\t%s\t%.3f\t%.3f\t%+.0f%%\n", warmth_names[warmth], len / KIB, depth,
	       from_pool ? "read" : "write", us[0][ROUNDS / 2], us[1][ROUNDS / 2],
	       100 * (us[1][ROUNDS / 2] / us[0][ROUNDS / 2] - 1));
}

int main(void)
{
	static const size_t sizes[] = { 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB }, depths[] = { 1, 32, 128 };
	unsigned int warmth, size, depth, from_pool;

	pools[0] = make_pool(false);
	pools[1] = make_pool(true);
	buffers = map(BUFFERS_SIZE, -1);
	printf("data\tsize\tdepth\tmode\tpages\thuge\t\n");
	for (warmth = 0; warmth < WARMTHS; warmth++)
		for (size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++)
			for (depth = 0; depth < sizeof(depths) / sizeof(depths[0]); depth++)
				for (from_pool = 0; from_pool < 2 && !(warmth == COLD && depth); from_pool++)
					measure(warmth, sizes[size], depths[depth], from_pool);
	return 0;
}
