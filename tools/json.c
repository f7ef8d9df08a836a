/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "report.h"

/* What is collected up to the end stays in memory: from here on it is counted. */
#define COLLECTED_MAX 1000

struct collected {
	json_t *array;
	json_int_t left_out;
};

struct json_writer {
	struct collected errors;
	struct collected notes;
	bool in_array;
	bool first;  /* no element in the array so far */
	bool broken; /* out of memory */
};

/* What JSON lets pass, and a terminal may obey: DEL, and U+0080 to U+009F. */
static bool is_control(const char *text)
{
	unsigned char second = (unsigned char)text[1];

	return text[0] == '\x7f' || (text[0] == '\xc2' && second >= 0x80 && second < 0xa0);
}

static void put_text(const char *text)
{
	const char *at = text;

	for (; *at; at++) {
		if (!is_control(at))
			continue;
		fwrite(text, 1, (size_t)(at - text), stdout);
		if (*at != '\x7f')
			at++;
		printf("\\u%04x", (unsigned int)(unsigned char)*at);
		text = at + 1;
	}
	fwrite(text, 1, (size_t)(at - text), stdout);
}

static void put(struct json_writer *writer, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	if (text)
		put_text(text);
	else
		writer->broken = true;
	free(text);
	json_decref(value);
}

struct json_writer *json_new(const char *verb)
{
	struct json_writer *writer = tool_alloc(1, sizeof(*writer));

	writer->errors.array = json_array();
	writer->notes.array = json_array();
	printf("{\"schema\":%d,\"version\":", JSON_SCHEMA);
	put(writer, json_string(modhash_version()));
	fputs(",\"verb\":", stdout);
	put(writer, verb ? json_string(verb) : json_null());
	return writer;
}

static void array_end(struct json_writer *writer)
{
	if (writer->in_array)
		fputs(writer->first ? "]" : "\n]", stdout);
	writer->in_array = false;
}

void json_array_begin(struct tool *tool, const char *key)
{
	array_end(tool->json);
	printf(",\n\"%s\":[", key);
	tool->json->in_array = true;
	tool->json->first = true;
}

void json_element(struct tool *tool, json_t *element)
{
	progress_clear(&tool->progress);
	fputs(tool->json->first ? "\n" : ",\n", stdout);
	tool->json->first = false;
	put(tool->json, element);
}

static void member(struct json_writer *writer, const char *key, json_t *value)
{
	array_end(writer);
	printf(",\n\"%s\":", key);
	put(writer, value);
}

void json_member(struct tool *tool, const char *key, json_t *value)
{
	progress_clear(&tool->progress);
	member(tool->json, key, value);
}

static bool is_full(struct collected *collected)
{
	if (json_array_size(collected->array) < COLLECTED_MAX)
		return false;
	collected->left_out++;
	return true;
}

void json_add_error(struct json_writer *writer, const char *path, const struct modhash_error *err)
{
	if (!is_full(&writer->errors) &&
	    json_array_append_new(writer->errors.array, json_error(path, err)))
		writer->broken = true;
}

void json_add_note(struct json_writer *writer, const char *text)
{
	if (!is_full(&writer->notes) &&
	    json_array_append_new(writer->notes.array, json_string(text)))
		writer->broken = true;
}

bool json_finish(struct json_writer *writer, int exit_status)
{
	bool whole;

	member(writer, "errors", writer->errors.array);
	member(writer, "errors_left_out", json_integer(writer->errors.left_out));
	member(writer, "notes", writer->notes.array);
	member(writer, "notes_left_out", json_integer(writer->notes.left_out));
	member(writer, "exit", json_integer(exit_status));
	puts("}");
	whole = !writer->broken;
	free(writer);
	return whole;
}

/* A copy that is UTF-8; *clean tells whether it had to be changed. */
static char *replaced(const char *text, bool *clean)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *copy = tool_alloc(strlen(text) + 1, 3);
	char *out = copy;

	*clean = true;
	while (*text) {
		size_t length = report_utf8(text);

		if (length) {
			memcpy(out, text, length);
			out += length;
			text += length;
			continue;
		}
		*clean = false;
		memcpy(out, replacement, 3);
		out += 3;
		text++;
	}
	*out = '\0';
	return copy;
}

void json_set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t length)
{
	char *hex = bytes ? report_hex(bytes, length, 0, false) : NULL;

	json_object_set_new(object, key, hex ? json_string(hex) : json_null());
	free(hex);
}

void json_set_text(json_t *object, const char *key, const char *text)
{
	bool clean;
	char *copy;
	char *hex_key;

	if (!text) {
		json_object_set_new(object, key, json_null());
		return;
	}
	copy = replaced(text, &clean);
	json_object_set_new(object, key, json_string(copy));
	free(copy);
	if (clean)
		return;
	hex_key = tool_printf("%s_hex", key);
	json_set_hex(object, hex_key, (const uint8_t *)text, strlen(text));
	free(hex_key);
}

void json_set_uint(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

void json_set_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void json_set_digest(json_t *object, const struct modhash_digest *digest)
{
	json_set_text(object, "algorithm", modhash_algorithm_name(digest->algorithm));
	json_set_text(object, "scope", modhash_scope_name(digest->scope));
	if (digest->scope == MODHASH_SCOPE_CANONICAL)
		json_set_uint(object, "form", digest->version);
	json_set_hex(object, "digest", digest->bytes, digest->length);
}

json_t *json_error(const char *path, const struct modhash_error *err)
{
	json_t *object = json_object();

	if (path)
		json_set_text(object, "path", path);
	json_object_set_new(object, "code", json_integer(err->code));
	json_set_text(object, "text", modhash_strerror(err->code));
	json_set_text(object, "message", err->message);
	if (err->offset != MODHASH_OFFSET_NONE)
		json_set_uint(object, "offset", err->offset);
	if (err->sys_errno)
		json_object_set_new(object, "errno", json_integer(err->sys_errno));
	return object;
}
