/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_OPTIONS_H
#define VLB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vlb_option_kind {
	VLB_OPTION_FLAG,	/* bool; takes no value */
	VLB_OPTION_TEXT,	/* const char * */
	VLB_OPTION_NAME,	/* const char *: a device name */
	VLB_OPTION_NUMBER,	/* uint64_t in [min, max] */
	VLB_OPTION_POWER_OF_2,	/* uint64_t in [min, max] */
	VLB_OPTION_SIZE,	/* uint64_t bytes in [min, max]; K, M, G, T */
	VLB_OPTION_SECONDS,	/* uint64_t milliseconds in [min, max]; 1.5 is allowed */
	VLB_OPTION_CHOICE,	/* unsigned int: index into choices */
};

struct vlb_option {
	const char *name;		/* without the dashes */
	enum vlb_option_kind kind;
	size_t offset;			/* of the value in the command's options */
	uint64_t min;
	uint64_t max;
	const char *const *choices;	/* NULL at the end */
	const char *value;		/* for the help: "SIZE" */
	const char *help;
};

/* Options that go with one word only, which is the first operand. */
struct vlb_option_group {
	const char *word;		/* NULL: the end of a table */
	const char *note;		/* a line for the help, or NULL */
	size_t base;			/* their offsets start there */
	const struct vlb_option *options;	/* NULL name at the end; NULL: none */
};

struct vlb_command {
	const char *name;
	const char *operands;		/* for the help: "TYPE" */
	const char *summary;
	const struct vlb_option *options;	/* NULL name at the end */
	const struct vlb_option_group *(*groups)(void);	/* or NULL */
	int (*run)(const struct vlb_command *command, int argc, char **argv);
};

/*
 * Read the options in @argv (argv[0] is the command's name) into @values, moving the
 * operands to the front. Everything behind "--" is an operand. Returns the number of
 * operands; -EINVAL after a message; or VLB_OPTIONS_HELP when --help was printed.
 */
#define VLB_OPTIONS_HELP	(-1000)
int vlb_options_parse(const struct vlb_command *command, int argc, char **argv, void *values);

/* How many of the operands that vlb_options_parse() found came before "--". */
int vlb_options_before_dashes(void);

/* @word: the first operand, or NULL: then the options of all groups are shown. */
void vlb_options_help(const struct vlb_command *command, const char *word);

/* -EINVAL, after a message that names @command and points to its --help. */
int vlb_options_error(const struct vlb_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The parsers behind the kinds: 0 or -EINVAL (not a number) or -ERANGE. */
int vlb_parse_number(const char *text, uint64_t *value);
int vlb_parse_size(const char *text, uint64_t *value);
int vlb_parse_seconds(const char *text, uint64_t *value_ms);
bool vlb_name_is_valid(const char *name);

#endif
