// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of the subcommands, described by tables.
 *
 * One table entry says how an option is spelt, checked, stored and documented, so that
 * parser, range checks, error messages and --help cannot disagree. All options are long;
 * "--name VALUE" and "--name=VALUE" are the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/virtio_loopback.h>

#include "options.h"

static int operands_before_dashes;

int vlb_options_before_dashes(void)
{
	return operands_before_dashes;
}

int vlb_options_error(const struct vlb_command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "virtio-loopback %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; see 'virtio-loopback %s --help'\n", command->name);
	return -EINVAL;
}

int vlb_parse_number(const char *text, uint64_t *value)
{
	char *end;

	/* strtoull takes signs and blanks, and negates silently. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	if (*end)
		return -EINVAL;
	return errno ? -ERANGE : 0;
}

int vlb_parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	unsigned int shift;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (!*end)
		return 0;
	suffix = strchr(suffixes, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
	if (!suffix || end[1])
		return -EINVAL;
	shift = 10 * (unsigned int)(suffix - suffixes + 1);
	if (*value > UINT64_MAX >> shift)
		return -ERANGE;
	*value <<= shift;
	return 0;
}

int vlb_parse_seconds(const char *text, uint64_t *value_ms)
{
	uint64_t unit_ms = 1000;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value_ms = strtoull(text, &end, 10);
	if (errno || *value_ms > UINT64_MAX / 1000 - 1)
		return -ERANGE;
	*value_ms *= 1000;
	if (*end == '.') {
		for (end++; *end >= '0' && *end <= '9' && unit_ms > 1; end++) {
			unit_ms /= 10;
			*value_ms += (uint64_t)(*end - '0') * unit_ms;
		}
	}
	return *end ? -EINVAL : 0;
}

/* "control" would hide the module's own file from the links below /dev/virtio-loopback. */
bool vlb_name_is_valid(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_.-");

	/* A leading dot would hide it, a leading dash would be an option. */
	return len && !name[len] && len < VLB_NAME_SIZE && *name != '.' && *name != '-' &&
	       strcmp(name, "control");
}

static void print_size(char *out, size_t size, uint64_t bytes)
{
	static const char suffixes[] = "\0KMGT";
	unsigned int i = 0;

	while (i < 4 && bytes && !(bytes % 1024)) {
		bytes /= 1024;
		i++;
	}
	snprintf(out, size, "%" PRIu64 "%.1s", bytes, &suffixes[i]);
}

/* The range of @option for people, in the unit that they type. */
static void print_range(const struct vlb_option *option, char *out, size_t size)
{
	char min[32], max[32];

	if (option->kind == VLB_OPTION_SIZE) {
		print_size(min, sizeof(min), option->min);
		print_size(max, sizeof(max), option->max);
	} else if (option->kind == VLB_OPTION_SECONDS) {
		snprintf(min, sizeof(min), "%g", (double)option->min / 1000);
		snprintf(max, sizeof(max), "%.10g", (double)option->max / 1000);
	} else {
		snprintf(min, sizeof(min), "%" PRIu64, option->min);
		snprintf(max, sizeof(max), "%" PRIu64, option->max);
	}
	snprintf(out, size, "%s to %s", min, max);
}

static int out_of_range(const struct vlb_command *command, const struct vlb_option *option,
			const char *text)
{
	char range[80];

	print_range(option, range, sizeof(range));
	return vlb_options_error(command, "--%s: '%s' is out of range (%s)", option->name,
				 text, range);
}

static int set_integer(const struct vlb_command *command, const struct vlb_option *option,
		       const char *text, void *to)
{
	static int (*const parsers[])(const char *, uint64_t *) = {
		[VLB_OPTION_NUMBER] = vlb_parse_number,
		[VLB_OPTION_POWER_OF_2] = vlb_parse_number,
		[VLB_OPTION_SIZE] = vlb_parse_size,
		[VLB_OPTION_SECONDS] = vlb_parse_seconds,
	};
	static const char *const what[] = {
		[VLB_OPTION_NUMBER] = "a number",
		[VLB_OPTION_POWER_OF_2] = "a number",
		[VLB_OPTION_SIZE] = "a size (a number with K, M, G or T)",
		[VLB_OPTION_SECONDS] = "a number of seconds",
	};
	uint64_t value;
	int ret;

	ret = parsers[option->kind](text, &value);
	if (ret == -EINVAL)
		return vlb_options_error(command, "--%s: '%s' is not %s", option->name, text,
					 what[option->kind]);
	if (ret || value < option->min || value > option->max)
		return out_of_range(command, option, text);
	if (option->kind == VLB_OPTION_POWER_OF_2 && value & (value - 1))
		return vlb_options_error(command, "--%s: %s is not a power of two",
					 option->name, text);
	*(uint64_t *)to = value;
	return 0;
}

static int set_text(const struct vlb_command *command, const struct vlb_option *option,
		    const char *text, void *to)
{
	if (!*text)
		return vlb_options_error(command, "--%s needs a value", option->name);
	if (option->kind == VLB_OPTION_NAME && !vlb_name_is_valid(text))
		return vlb_options_error(command, "--%s: '%s' is no device name (1 to %d of "
					 "A-Z a-z 0-9 _ . -, not 'control', not beginning with . or -)", option->name, text,
					 VLB_NAME_SIZE - 1);
	*(const char **)to = text;
	return 0;
}

static int set_choice(const struct vlb_command *command, const struct vlb_option *option,
		      const char *text, void *to)
{
	unsigned int i;

	for (i = 0; option->choices[i]; i++) {
		if (!strcmp(option->choices[i], text)) {
			*(unsigned int *)to = i;
			return 0;
		}
	}
	return vlb_options_error(command, "--%s: '%s' is none of %s", option->name, text,
				 option->value);
}

static int set_value(const struct vlb_command *command, const struct vlb_option *option,
		     const char *text, void *to)
{
	static int (*const setters[])(const struct vlb_command *, const struct vlb_option *,
				      const char *, void *) = {
		[VLB_OPTION_TEXT] = set_text,
		[VLB_OPTION_NAME] = set_text,
		[VLB_OPTION_NUMBER] = set_integer,
		[VLB_OPTION_POWER_OF_2] = set_integer,
		[VLB_OPTION_SIZE] = set_integer,
		[VLB_OPTION_SECONDS] = set_integer,
		[VLB_OPTION_CHOICE] = set_choice,
	};

	return setters[option->kind](command, option, text, to);
}

static const struct vlb_option *find_in(const struct vlb_option *options, const char *name,
					size_t len)
{
	for (; options && options->name; options++) {
		if (strlen(options->name) == len && !memcmp(options->name, name, len))
			return options;
	}
	return NULL;
}

/* Where a command line's option was found; @group is NULL for one of the command itself. */
struct found {
	const struct vlb_option *option;
	const struct vlb_option_group *group;
};

static struct found find_option(const struct vlb_command *command, const char *name, size_t len)
{
	const struct vlb_option_group *group = command->groups ? command->groups() : NULL;
	struct found found = { find_in(command->options, name, len), NULL };

	for (; !found.option && group && group->word; group++) {
		found.option = find_in(group->options, name, len);
		found.group = group;
	}
	return found;
}

/* The option at argv[*index], which advances over its value. */
static int parse_one(const struct vlb_command *command, char **argv, int argc, int *index,
		     void *values, struct found *found)
{
	const char *name = argv[*index] + 2;
	size_t len = strcspn(name, "=");
	const char *text = name[len] ? name + len + 1 : NULL;
	const struct vlb_option *option;
	char *to;

	*found = (struct found){};
	if (argv[*index][1] == '-')
		*found = find_option(command, name, len);
	option = found->option;
	if (!option)
		return vlb_options_error(command, "unknown option '%s'", argv[*index]);
	to = (char *)values + (found->group ? found->group->base : 0) + option->offset;
	if (option->kind == VLB_OPTION_FLAG) {
		if (text)
			return vlb_options_error(command, "--%s takes no value", option->name);
		*(bool *)to = true;
		return 0;
	}
	if (!text) {
		if (*index + 1 >= argc)
			return vlb_options_error(command, "--%s needs a value (%s)",
						 option->name, option->value);
		text = argv[++*index];
	}
	return set_value(command, option, text, to);
}

/* An option of a group needs its word, which may come later than the option. */
static int check_word(const struct vlb_command *command, const struct found *grouped,
		      const char *word)
{
	if (!grouped->option || !word || !strcmp(grouped->group->word, word))
		return 0;
	return vlb_options_error(command, "--%s goes with %s only, not with %s",
				 grouped->option->name, grouped->group->word, word);
}

int vlb_options_parse(const struct vlb_command *command, int argc, char **argv, void *values)
{
	struct found found, grouped = {};
	int operands = 0;
	int i, ret;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--"))
			break;
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			vlb_options_help(command, operands ? argv[0] : NULL);
			return VLB_OPTIONS_HELP;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			argv[operands++] = argv[i];
			continue;
		}
		ret = parse_one(command, argv, argc, &i, values, &found);
		if (ret)
			return ret;
		if (!found.group)
			continue;
		/* Two of different words: one of them is wrong, whatever the operand is. */
		ret = check_word(command, &grouped, found.group->word);
		if (ret)
			return ret;
		grouped = found;
	}
	operands_before_dashes = operands;
	for (i++; i < argc; i++)
		argv[operands++] = argv[i];
	argv[operands] = NULL;
	ret = check_word(command, &grouped, argv[0]);
	return ret ? ret : operands;
}

static void print_options(const struct vlb_option *option)
{
	char left[64], range[80];

	for (; option && option->name; option++) {
		snprintf(left, sizeof(left), "--%s%s%s", option->name,
			 option->value ? " " : "", option->value ? option->value : "");
		printf("  %-26s %s", left, option->help);
		if (option->max) {
			print_range(option, range, sizeof(range));
			printf(" (%s)", range);
		}
		putchar('\n');
	}
}

static void print_groups(const struct vlb_option_group *group, const char *word)
{
	for (; group->word; group++) {
		if (word ? strcmp(group->word, word) : !group->options)
			continue;
		printf("\nWith %s:\n", group->word);
		print_options(group->options);
		if (word && group->note)
			printf("  %s\n", group->note);
	}
}

void vlb_options_help(const struct vlb_command *command, const char *word)
{
	printf("Usage: virtio-loopback %s [OPTION]...%s%s\n%s\n\n", command->name,
	       *command->operands ? " " : "", command->operands, command->summary);
	print_options(command->options);
	printf("  %-26s %s\n", "--help", command->groups ?
	       "print this, behind a TYPE only what goes with it, and exit" :
	       "print this and exit");
	if (command->groups)
		print_groups(command->groups(), word);
}
