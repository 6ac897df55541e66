// SPDX-License-Identifier: GPL-2.0-only
/* The JSON writer, and the arithmetic of the latency histogram that it reports. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "latency.h"
#include "sysfs.h"

static char *text;
static size_t size;
static struct vlb_json json;

static void begin(void)
{
	vlb_json_init(&json, open_memstream(&text, &size));
}

static void expect(const char *expected)
{
	vlb_json_end(&json);
	fclose(json.out);
	assert_string_equal(text, expected);
	free(text);
}

static void nesting_and_commas(void **state)
{
	(void)state;
	begin();
	vlb_json_object_open(&json, NULL);
	vlb_json_number(&json, "a", UINT64_MAX);
	vlb_json_array_open(&json, "b");
	vlb_json_object_open(&json, NULL);
	vlb_json_object_close(&json);
	vlb_json_object_open(&json, NULL);
	vlb_json_null(&json, "c");
	vlb_json_object_close(&json);
	vlb_json_string(&json, NULL, "d");
	vlb_json_array_close(&json);
	vlb_json_real(&json, "e", 0.5);
	vlb_json_object_close(&json);
	expect("{\"a\": 18446744073709551615, \"b\": [{}, {\"c\": null}, \"d\"], "
	       "\"e\": 0.500}\n");
}

static void empty_array(void **state)
{
	(void)state;
	begin();
	vlb_json_array_open(&json, NULL);
	vlb_json_array_close(&json);
	expect("[]\n");
}

static void escapes(void **state)
{
	(void)state;
	begin();
	vlb_json_object_open(&json, NULL);
	vlb_json_string(&json, "k\"ey", "\"\\/\b\f\n\r\t\x01\x1f\x7f \xc3\xa4");
	vlb_json_object_close(&json);
	expect("{\"k\\\"ey\": \"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009\\u0001\\u001f"
	       "\\u007f \xc3\xa4\"}\n");
}

static void no_such_number(void **state)
{
	(void)state;
	begin();
	vlb_json_array_open(&json, NULL);
	vlb_json_real(&json, NULL, (double)NAN);
	vlb_json_real(&json, NULL, (double)INFINITY);
	vlb_json_array_close(&json);
	expect("[null, null]\n");
}

/* The module's rule, in its own words: 4 * floor(log2(v)) + the two bits below - 40. */
static unsigned int bucket_of(uint64_t ns)
{
	int log = 63 - __builtin_clzll(ns | 1);
	int bucket = log < 2 ? 0 : 4 * log + (int)(ns >> (log - 2) & 3) - 40;

	return bucket < 0 ? 0 : bucket > 95 ? 95 : (unsigned int)bucket;
}

static void buckets_match_the_module(void **state)
{
	unsigned int b;

	(void)state;
	for (b = 1; b < VLB_LATENCY_BUCKETS; b++) {
		assert_int_equal(bucket_of((uint64_t)vlb_latency_bucket_start(b)), b);
		assert_int_equal(bucket_of((uint64_t)vlb_latency_bucket_start(b) - 1), b - 1);
	}
}

static void percentiles(void **state)
{
	uint64_t buckets[VLB_LATENCY_BUCKETS] = {};
	double p50;

	(void)state;
	assert_true(vlb_latency_percentile(buckets, 50) == 0);
	buckets[20] = 99;
	buckets[60] = 1;
	p50 = vlb_latency_percentile(buckets, 50);
	assert_true(p50 > vlb_latency_bucket_start(20) && p50 < vlb_latency_bucket_start(21));
	assert_true(vlb_latency_percentile(buckets, 99) <= vlb_latency_bucket_start(21));
	assert_true(vlb_latency_percentile(buckets, 100) >= vlb_latency_bucket_start(60));
	buckets[20] = 0;
	buckets[60] = 0;
	buckets[95] = 3;
	assert_true(vlb_latency_percentile(buckets, 1) >= vlb_latency_bucket_start(95));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting_and_commas),
		cmocka_unit_test(empty_array),
		cmocka_unit_test(escapes),
		cmocka_unit_test(no_such_number),
		cmocka_unit_test(buckets_match_the_module),
		cmocka_unit_test(percentiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
