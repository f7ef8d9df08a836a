/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See reader.h.  It is plain, not fast: the search is the one that the page leaves open.
 */
#include <string.h>

#include "reader.h"

typedef unsigned long long number;

static number le(const unsigned char *at, int bytes)
{
	number value = 0;

	while (bytes-- > 0)
		value = value * 256 + at[bytes];
	return value;
}

static number round_up(number value, number to)
{
	return (value + to - 1) / to * to;
}

static unsigned long crc32_of(unsigned long crc, const unsigned char *data, number length)
{
	int bit;

	crc ^= 0xffffffffUL;
	for (; length > 0; length--, data++) {
		crc ^= *data;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320UL : crc >> 1;
	}
	return (crc ^ 0xffffffffUL) & 0xffffffffUL;
}

static int zeroes(const unsigned char *data, number from, number to)
{
	for (; from < to; from++) {
		if (data[from])
			return 0;
	}
	return 1;
}

static const char *open_header(struct reader *reader, const unsigned char *data, size_t length)
{
	static const unsigned char magic[8] = { 0x8a, 0x4d, 0x4f, 0x44, 0x48, 0x53, 0x48, 0x0a };
	unsigned char header[4096];
	number header_size, expected;

	if (length < 96)
		return "fewer bytes than a header";
	if (memcmp(data, magic, 8))
		return "another magic";
	if (le(data + 8, 4) != 1)
		return "version";
	header_size = le(data + 12, 4);
	if (header_size < 96 || header_size > 4096 || header_size % 8 || header_size > length)
		return "header size";
	memcpy(header, data, (size_t)header_size);
	memset(header + 92, 0, 4);
	if (crc32_of(0, header, header_size) != le(data + 92, 4))
		return "header checksum";
	if (le(data + 32, 8))
		return "incompatible features";

	reader->data = data;
	reader->algorithm = le(data + 40, 4);
	reader->scope = le(data + 44, 4);
	reader->digest_length = le(data + 48, 4);
	reader->index_bits = le(data + 52, 4);
	reader->count = le(data + 56, 4);
	reader->capacity = le(data + 60, 4);
	reader->filled = le(data + 64, 4);
	switch (reader->algorithm) {
	case 4:
	case 20:
		expected = 32;
		break;
	case 5:
	case 21:
		expected = 48;
		break;
	case 6:
	case 22:
		expected = 64;
		break;
	default:
		return "algorithm";
	}
	if (reader->scope != 1 && reader->scope != 2)
		return "scope";
	if (reader->digest_length != expected)
		return "digest length";
	if (reader->index_bits > 24)
		return "index bits";
	if (reader->capacity > 268435456)
		return "capacity";
	if (reader->count > reader->capacity)
		return "count";
	if (reader->filled > 1)
		return "flags";
	if (!reader->filled && reader->count)
		return "count of a table that is not filled";
	if (!zeroes(data, 72, 92))
		return "reserved bytes";

	expected = header_size;
	if (reader->index_bits)
		expected += 4ULL << reader->index_bits;
	reader->digests = round_up(expected, 64);
	expected = round_up(reader->digests + reader->capacity * reader->digest_length, 8);
	reader->total_size = le(data + 16, 8);
	if (reader->total_size != expected || reader->total_size > length)
		return "total size";
	return NULL;
}

static number bucket(const struct reader *reader, number digest)
{
	const unsigned char *at = reader->data + reader->digests + digest * reader->digest_length;
	number value = 0, bit;

	for (bit = 0; bit < reader->index_bits; bit++)
		value = value * 2 + (at[bit / 8] >> (7 - bit % 8) & 1);
	return value;
}

static const char *check_body(const struct reader *reader)
{
	const unsigned char *data = reader->data;
	number header_size = le(data + 12, 4), entries, entry, digest = 0, i;

	if (crc32_of(0, data + header_size, reader->total_size - header_size) != le(data + 68, 4))
		return "body checksum";
	for (i = 1; i < reader->count; i++) {
		const unsigned char *at = data + reader->digests + i * reader->digest_length;

		if (memcmp(at - reader->digest_length, at, (size_t)reader->digest_length) >= 0)
			return "digests that do not ascend";
	}
	entries = reader->index_bits ? 1ULL << reader->index_bits : 0;
	for (entry = 0; entry < entries; entry++) {
		while (digest < reader->count && bucket(reader, digest) < entry)
			digest++;
		if (le(data + header_size + 4 * entry, 4) != digest)
			return "index";
	}
	if (!zeroes(data, header_size + 4 * entries, reader->digests) ||
	    !zeroes(data, reader->digests + reader->count * reader->digest_length,
		    reader->total_size))
		return "padding";
	return NULL;
}

static const unsigned char *modules_of(const struct reader *reader)
{
	const unsigned char *section = reader->data + reader->total_size;

	while (le(section + 4, 4) != 2)
		section += 24 + round_up(le(section + 8, 8), 8);
	return section + 24;
}

static const char *check_modules(struct reader *reader, const unsigned char *contents,
				 number length)
{
	number records, record_size, i;

	if (length < 8)
		return "section of modules";
	records = le(contents, 4);
	record_size = le(contents + 4, 4);
	if (record_size < 64 || 8 + records * record_size > length)
		return "records";
	for (i = 0; i < records; i++) {
		const unsigned char *record = contents + 8 + i * record_size;
		number name = le(record, 4), name_length = le(record + 4, 4);
		number build_id = le(record + 28, 4);

		if (!name_length || name < 8 + records * record_size ||
		    name + name_length >= length || contents[name + name_length] ||
		    memchr(contents + name, 0, (size_t)name_length))
			return "name";
		if (le(record + 8, 4) >= reader->count)
			return "digest of a record";
		if (build_id > 32 || !zeroes(record, 32 + build_id, 64))
			return "build id";
		if (i && strcmp((const char *)contents + le(record - record_size, 4),
				(const char *)contents + name) > 0)
			return "order of names";
	}
	reader->modules = records;
	return NULL;
}

static const char *check_sections(struct reader *reader, number length)
{
	const unsigned char *data = reader->data;
	number at = reader->total_size, contents_length, type;
	int seen[3] = { 0, 0, 0 };
	const char *why;

	while (at < length && !zeroes(data, at, length)) {
		if (length - at < 24 || memcmp(data + at, "HSEC", 4))
			return "neither a section nor zeroes";
		if (crc32_of(0, data + at, 20) != le(data + at + 20, 4))
			return "checksum of a section's head";
		type = le(data + at + 4, 4);
		contents_length = le(data + at + 8, 8);
		at += 24;
		if (contents_length > length - at || round_up(contents_length, 8) > length - at)
			return "length of a section";
		if (crc32_of(0, data + at, contents_length) != le(data + at - 8, 4))
			return "checksum of a section";
		if (!zeroes(data, at + contents_length, at + round_up(contents_length, 8)))
			return "padding of a section";
		if ((type == 1 || type == 2) && seen[type]++)
			return "second section";
		if (type == 1) {
			if (memchr(data + at, 0, (size_t)contents_length))
				return "release";
			if (contents_length < sizeof(reader->release))
				memcpy(reader->release, data + at, (size_t)contents_length);
		} else if (type == 2) {
			why = check_modules(reader, data + at, contents_length);
			if (why)
				return why;
		}
		at += round_up(contents_length, 8);
	}
	return NULL;
}

const char *reader_open(struct reader *reader, const unsigned char *data, size_t length)
{
	const char *why;

	memset(reader, 0, sizeof(*reader));
	why = open_header(reader, data, length);
	if (!why)
		why = check_body(reader);
	if (!why)
		why = check_sections(reader, length);
	return why;
}

long long reader_find(const struct reader *reader, const unsigned char *digest)
{
	const unsigned char *index = reader->data + le(reader->data + 12, 4);
	number first = 0, end = reader->count, b = 0, i;

	if (reader->index_bits) {
		for (i = 0; i < 4; i++)
			b = b * 256 + digest[i];
		b >>= 32 - reader->index_bits;
		first = le(index + 4 * b, 4);
		if (b + 1 < 1ULL << reader->index_bits)
			end = le(index + 4 * (b + 1), 4);
	}
	for (i = first; i < end; i++) {
		if (!memcmp(reader->data + reader->digests + i * reader->digest_length, digest,
			    (size_t)reader->digest_length))
			return (long long)i;
	}
	return -1;
}

const char *reader_module(const struct reader *reader, number record, number *digest,
			  number *position, number *payload_length, number *is_signed)
{
	const unsigned char *contents, *at;

	if (record >= reader->modules)
		return NULL;
	contents = modules_of(reader);
	at = contents + 8 + record * le(contents + 4, 4);
	*digest = le(at + 8, 4);
	*position = le(at + 12, 4);
	*payload_length = le(at + 16, 8);
	*is_signed = at[24] & 1;
	return (const char *)contents + le(at, 4);
}
