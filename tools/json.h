/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --json: one document a run on stdout.  Arrays are written element by element, so that
 * memory stays bounded.  modhash-json(5) tells what is in it.
 */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <jansson.h>

#include "tool.h"

#define JSON_SCHEMA 1

struct json_writer *json_new(const char *verb);

/* The array that elements go to from now on. */
void json_array_begin(struct tool *tool, const char *key);

/* One element; the reference is the writer's from now on. */
void json_element(struct tool *tool, json_t *element);

/* A member of the document beside the arrays; likewise. */
void json_member(struct tool *tool, const char *key, json_t *value);

/* Collected up to a number, counted beyond it, and written at the end. */
void json_add_error(struct json_writer *writer, const char *path, const struct modhash_error *err);
void json_add_note(struct json_writer *writer, const char *text);

/* The end of the document.  False if it could not be made whole. */
bool json_finish(struct json_writer *writer, int exit_status);

/*
 * A string from a file: what is not UTF-8 becomes U+FFFD, and KEY_hex has the bytes.
 * NULL becomes null.
 */
void json_set_text(json_t *object, const char *key, const char *text);
void json_set_uint(json_t *object, const char *key, uint64_t value);
void json_set_bool(json_t *object, const char *key, bool value);
void json_set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t length);
void json_set_digest(json_t *object, const struct modhash_digest *digest);
json_t *json_error(const char *path, const struct modhash_error *err);

#endif /* TOOL_JSON_H */
