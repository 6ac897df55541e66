// SPDX-License-Identifier: GPL-2.0-only
/* Option parsing: units, ranges, names, and every way to get them wrong. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"

struct values {
	struct {
		uint64_t wheels;
		bool sails;
	} only;
	bool flag;
	const char *text;
	const char *name;
	uint64_t number;
	uint64_t power;
	uint64_t size;
	uint64_t ms;
	unsigned int choice;
};

#define OFFSET(member) offsetof(struct values, member)

static const char *const choices[] = { "red", "green", NULL };

static const struct vlb_option table[] = {
	{ "flag", VLB_OPTION_FLAG, OFFSET(flag), 0, 0, NULL, NULL, "" },
	{ "text", VLB_OPTION_TEXT, OFFSET(text), 0, 0, NULL, "T", "" },
	{ "name", VLB_OPTION_NAME, OFFSET(name), 0, 0, NULL, "N", "" },
	{ "number", VLB_OPTION_NUMBER, OFFSET(number), 1, 64, NULL, "N", "" },
	{ "power", VLB_OPTION_POWER_OF_2, OFFSET(power), 1, 1024, NULL, "N", "" },
	{ "size", VLB_OPTION_SIZE, OFFSET(size), 65536, 1ULL << 40, NULL, "S", "" },
	{ "seconds", VLB_OPTION_SECONDS, OFFSET(ms), 0, 86400000, NULL, "S", "" },
	{ "choice", VLB_OPTION_CHOICE, OFFSET(choice), 0, 0, choices, "red|green", "" },
	{ .name = NULL },
};

static const struct vlb_option car_table[] = {
	{ "wheels", VLB_OPTION_NUMBER, 0, 1, 8, NULL, "N", "" },
	{ .name = NULL },
};

static const struct vlb_option boat_table[] = {
	{ "sails", VLB_OPTION_FLAG, OFFSET(only.sails) - OFFSET(only), 0, 0, NULL, NULL, "" },
	{ .name = NULL },
};

static const struct vlb_option_group *groups(void)
{
	static const struct vlb_option_group all[] = {
		{ "car", NULL, OFFSET(only), car_table },
		{ "sledge", "has none", OFFSET(only), NULL },
		{ "boat", NULL, OFFSET(only), boat_table },
		{ .word = NULL },
	};

	return all;
}

static const struct vlb_command command = {
	.name = "test", .operands = "WHAT", .summary = "", .options = table, .groups = groups,
};

static struct values values;
static char *argv[16];

/* What is said about wrong usage is not looked at here. */
static int parse_quietly(int argc)
{
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	int ret;

	fflush(stdout);
	dup2(null_fd, STDOUT_FILENO);
	dup2(null_fd, STDERR_FILENO);
	ret = vlb_options_parse(&command, argc, argv, &values);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(null_fd);
	close(out);
	close(err);
	return ret;
}

static int parse(const char *first, ...)
{
	static char words[16][128];
	const char *word;
	va_list args;
	int argc = 1;

	memset(&values, 0, sizeof(values));
	argv[0] = (char *)"test";
	va_start(args, first);
	for (word = first; word; word = va_arg(args, const char *)) {
		snprintf(words[argc], sizeof(words[argc]), "%s", word);
		argv[argc] = words[argc];
		argc++;
	}
	va_end(args);
	argv[argc] = NULL;
	return parse_quietly(argc);
}

static void both_spellings(void **state)
{
	(void)state;
	assert_int_equal(parse("--number", "7", "--size=1M", "op", NULL), 1);
	assert_int_equal(values.number, 7);
	assert_int_equal(values.size, 1 << 20);
	assert_string_equal(argv[0], "op");
	assert_int_equal(parse("a", "--flag", "b", NULL), 2);
	assert_true(values.flag);
	assert_string_equal(argv[1], "b");
	assert_int_equal(parse("--choice", "green", NULL), 0);
	assert_int_equal(values.choice, 1);
	assert_int_equal(parse("--text=a=b", NULL), 0);
	assert_string_equal(values.text, "a=b");
}

static void double_dash(void **state)
{
	(void)state;
	assert_int_equal(parse("blk", "--", "--flag", "x", NULL), 3);
	assert_false(values.flag);
	assert_int_equal(vlb_options_before_dashes(), 1);
	assert_string_equal(argv[1], "--flag");
	assert_null(argv[3]);
	assert_int_equal(parse("--", NULL), 0);
	assert_int_equal(parse("-", NULL), 1);
}

static void wrong_usage(void **state)
{
	(void)state;
	assert_int_equal(parse("--nonsense", NULL), -EINVAL);
	assert_int_equal(parse("-x", NULL), -EINVAL);
	assert_int_equal(parse("-flag", NULL), -EINVAL);
	assert_int_equal(parse("--fla", NULL), -EINVAL);
	assert_int_equal(parse("--flag=yes", NULL), -EINVAL);
	assert_int_equal(parse("--number", NULL), -EINVAL);
	assert_int_equal(parse("--number=", NULL), -EINVAL);
	assert_int_equal(parse("--text=", NULL), -EINVAL);
	assert_int_equal(parse("--choice=blue", NULL), -EINVAL);
	assert_int_equal(parse("--", NULL), 0);
	assert_int_equal(parse("--help", NULL), VLB_OPTIONS_HELP);
}

static void numbers(void **state)
{
	static const char *const bad[] = {
		"0", "65", "-1", "+1", " 1", "1 ", "0x1", "1.5", "1k", "", "abc",
		"18446744073709551616", "99999999999999999999999", "--flag",
	};
	size_t i;

	(void)state;
	assert_int_equal(parse("--number=1", NULL), 0);
	assert_int_equal(parse("--number=64", NULL), 0);
	assert_int_equal(values.number, 64);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse("--number", bad[i], NULL), -EINVAL);
}

static void powers_of_two(void **state)
{
	unsigned int i;
	char text[16];

	(void)state;
	for (i = 0; i <= 1100; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(parse("--power", text, NULL),
				 i && i <= 1024 && !(i & (i - 1)) ? 0 : -EINVAL);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "65536", 65536 }, { "64K", 65536 }, { "64k", 65536 }, { "3M", 3 << 20 },
		{ "2G", 2ULL << 30 }, { "1T", 1ULL << 40 },
	};
	static const char *const bad[] = {
		"1", "63K", "1025G", "2T", "16777216T", "18446744073709551615K", "1MB", "1Mi",
		"M", "-1M", "1.5M", "", "1 M", "1P",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse("--size", good[i].text, NULL), 0);
		assert_int_equal(values.size, good[i].bytes);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse("--size", bad[i], NULL), -EINVAL);
}

static void seconds(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
		{ "0", 0 }, { "1", 1000 }, { "1.5", 1500 }, { "0.25", 250 }, { "2.", 2000 },
		{ "0.001", 1 }, { "86400", 86400000 },
	};
	static const char *const bad[] = {
		"86401", "-1", "1s", ".5", "1.5s", "1.0001", "1e3", "", "inf",
		"18446744073709551615",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse("--seconds", good[i].text, NULL), 0);
		assert_int_equal(values.ms, good[i].ms);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse("--seconds", bad[i], NULL), -EINVAL);
}

static void options_of_one_word(void **state)
{
	(void)state;
	assert_int_equal(parse("car", "--wheels", "4", NULL), 1);
	assert_int_equal(values.only.wheels, 4);
	/* The word may come later, with others of its own and with common ones. */
	assert_int_equal(parse("--sails", "--number=7", "boat", "harbour", NULL), 2);
	assert_true(values.only.sails);
	assert_int_equal(values.number, 7);
	assert_int_equal(parse("boat", "--wheels", "4", NULL), -EINVAL);
	assert_int_equal(parse("--sails", "--wheels", "4", "boat", NULL), -EINVAL);
	assert_int_equal(parse("sledge", "--sails", NULL), -EINVAL);
	assert_int_equal(parse("car", "--wheels", "9", NULL), -EINVAL);
	/* Without a word it is missing, which is the command's to say. */
	assert_int_equal(parse("--sails", NULL), 0);
	assert_int_equal(parse("boat", "--help", NULL), VLB_OPTIONS_HELP);
	assert_int_equal(parse("--help", NULL), VLB_OPTIONS_HELP);
}

static void names(void **state)
{
	static const char *const good[] = {
		"a", "disk0", "A_b-c.9", "abcdefghijklmnopqrstuvwxyz01234", "_a",
	};
	static const char *const bad[] = {
		"", ".", "..", ".a", "-a", "control", "a/b", "a b", "\xc3\xa4", "a\n",
		"abcdefghijklmnopqrstuvwxyz012345",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(parse("--name", good[i], NULL), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse("--name", bad[i], NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_spellings),
		cmocka_unit_test(double_dash),
		cmocka_unit_test(wrong_usage),
		cmocka_unit_test(numbers),
		cmocka_unit_test(powers_of_two),
		cmocka_unit_test(sizes),
		cmocka_unit_test(seconds),
		cmocka_unit_test(names),
		cmocka_unit_test(options_of_one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
