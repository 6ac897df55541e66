// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <math.h>

#include "json.h"

void vlb_json_init(struct vlb_json *json, FILE *out)
{
	json->out = out;
	json->depth = 0;
	json->has_members = 0;
}

/* Strings are UTF-8 or what a file name happens to be; bytes >= 0x80 pass unchanged. */
static void put_string(FILE *out, const char *text)
{
	const unsigned char *c;

	putc('"', out);
	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < 0x20 || *c == 0x7f)
			fprintf(out, "\\u%04x", *c);
		else
			putc(*c, out);
	}
	putc('"', out);
}

static void begin(struct vlb_json *json, const char *key)
{
	uint32_t bit = 1u << json->depth;

	if (json->has_members & bit)
		fputs(", ", json->out);
	json->has_members |= bit;
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
}

static void open_level(struct vlb_json *json, const char *key, char bracket)
{
	begin(json, key);
	putc(bracket, json->out);
	json->depth++;
	json->has_members &= ~(1u << json->depth);
}

static void close_level(struct vlb_json *json, char bracket)
{
	json->depth--;
	putc(bracket, json->out);
}

void vlb_json_object_open(struct vlb_json *json, const char *key)
{
	open_level(json, key, '{');
}

void vlb_json_object_close(struct vlb_json *json)
{
	close_level(json, '}');
}

void vlb_json_array_open(struct vlb_json *json, const char *key)
{
	open_level(json, key, '[');
}

void vlb_json_array_close(struct vlb_json *json)
{
	close_level(json, ']');
}

void vlb_json_string(struct vlb_json *json, const char *key, const char *value)
{
	begin(json, key);
	put_string(json->out, value);
}

void vlb_json_string_or_null(struct vlb_json *json, const char *key, const char *value)
{
	if (value && *value)
		vlb_json_string(json, key, value);
	else
		vlb_json_null(json, key);
}

void vlb_json_number(struct vlb_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void vlb_json_real(struct vlb_json *json, const char *key, double value)
{
	if (!isfinite(value)) {
		vlb_json_null(json, key);
		return;
	}
	begin(json, key);
	fprintf(json->out, "%.3f", value);
}

void vlb_json_null(struct vlb_json *json, const char *key)
{
	begin(json, key);
	fputs("null", json->out);
}

void vlb_json_end(struct vlb_json *json)
{
	putc('\n', json->out);
	json->has_members = 0;
	fflush(json->out);
}
