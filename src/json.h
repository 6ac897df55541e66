/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_JSON_H
#define VLB_JSON_H

#include <stdint.h>
#include <stdio.h>

/*
 * Writes JSON to a stream. Keys are given inside objects and NULL inside arrays; commas
 * and escapes are the writer's business. The depth is what open/close pairs make it.
 */
struct vlb_json {
	FILE *out;
	unsigned int depth;
	uint32_t has_members;	/* bit per level: a comma is due */
};

void vlb_json_init(struct vlb_json *json, FILE *out);
void vlb_json_object_open(struct vlb_json *json, const char *key);
void vlb_json_object_close(struct vlb_json *json);
void vlb_json_array_open(struct vlb_json *json, const char *key);
void vlb_json_array_close(struct vlb_json *json);
void vlb_json_string(struct vlb_json *json, const char *key, const char *value);
/* null for a @value that is empty or NULL. */
void vlb_json_string_or_null(struct vlb_json *json, const char *key, const char *value);
void vlb_json_number(struct vlb_json *json, const char *key, uint64_t value);
void vlb_json_real(struct vlb_json *json, const char *key, double value);
void vlb_json_null(struct vlb_json *json, const char *key);

/* Ends the text with a newline. */
void vlb_json_end(struct vlb_json *json);

#endif
