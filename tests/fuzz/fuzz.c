/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "canon-lab.h"
#include "fuzz.h"

_Noreturn void fuzz_die(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* Bytes of the character at @text, or 0 (Unicode, table 3-7). */
static size_t character(const unsigned char *text)
{
	static const struct {
		unsigned char first, last, low, high, more;
	} rows[] = {
		{ 0x20, 0x7e, 0, 0, 0 },       { 0xc2, 0xc2, 0xa0, 0xbf, 1 },
		{ 0xc3, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 },
		{ 0xe1, 0xec, 0x80, 0xbf, 2 }, { 0xed, 0xed, 0x80, 0x9f, 2 },
		{ 0xee, 0xef, 0x80, 0xbf, 2 }, { 0xf0, 0xf0, 0x90, 0xbf, 3 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (text[0] < rows[i].first || text[0] > rows[i].last)
			continue;
		if (rows[i].more && (text[1] < rows[i].low || text[1] > rows[i].high))
			return 0;
		for (size_t j = 2; j <= rows[i].more; j++) {
			if ((text[j] & 0xc0) != 0x80)
				return 0;
		}
		return 1 + (size_t)rows[i].more;
	}
	return 0;
}

bool fuzz_is_plain(const char *text)
{
	while (*text) {
		size_t length = character((const unsigned char *)text);

		if (!length)
			return false;
		text += length;
	}
	return true;
}

void fuzz_must_fail_well(int rc, const struct modhash_error *err, uint64_t most)
{
	MUST(rc < 0);
	MUST(err->code == rc);
	MUST(memchr(err->message, 0, sizeof(err->message)));
	MUST(err->message[0]);
	MUST(fuzz_is_plain(err->message));
	if (err->offset != MODHASH_OFFSET_NONE && err->offset > most)
		fprintf(stderr, "offset %llu of %llu: %s\n", (unsigned long long)err->offset,
			(unsigned long long)most, err->message);
	MUST(err->offset == MODHASH_OFFSET_NONE || err->offset <= most);
	/* There is memory, and nobody asks for what can't be asked. */
	MUST(rc != MODHASH_E_INVALID);
}

const struct modhash_ctx *fuzz_ctx(void)
{
	static struct modhash_ctx *ctx;
	struct modhash_ctx_opts opts;

	if (ctx)
		return ctx;
	MODHASH_INIT(opts);
	opts.max_unpacked = FUZZ_LIMIT;
	MUST(modhash_ctx_new(&opts, &ctx, NULL) == 0);
	return ctx;
}

uint8_t fuzz_take8(struct fuzz_input *input)
{
	if (!input->length)
		return 0;
	input->length--;
	return *input->data++;
}

uint32_t fuzz_take32(struct fuzz_input *input)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < 4; i++)
		value |= (uint32_t)fuzz_take8(input) << (8 * i);
	return value;
}

struct fuzz_input fuzz_take_piece(struct fuzz_input *input)
{
	uint32_t length = fuzz_take32(input);
	struct fuzz_input piece = { input->data, length < input->length ? length : input->length };

	input->data += piece.length;
	input->length -= piece.length;
	return piece;
}

uint8_t *fuzz_copy(const void *data, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	MUST(copy);
	if (length)
		memcpy(copy, data, length);
	return copy;
}

int fuzz_file(const void *data, size_t length)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(!length || write(fd, data, length) == (ssize_t)length);
	return fd;
}

void fuzz_file_path(int fd, char path[64])
{
	snprintf(path, 64, "/proc/self/fd/%d", fd);
}

const struct modhash_btf_base *fuzz_lab_base(bool big_endian)
{
	static struct modhash_btf_base *bases[2];
	struct modhash_btf_base **base = &bases[big_endian];
	struct maker maker = { .is_64 = !big_endian, .big_endian = big_endian };
	uint8_t *bytes;
	size_t length;

	if (*base)
		return *base;
	bytes = make_base_btf(&maker, &length);
	MUST(modhash_btf_base_from_memory(fuzz_ctx(), bytes, length, base, NULL) == 0);
	free(bytes);
	return *base;
}

struct modhash_canon_opts fuzz_canon_opts(const struct modhash_module *module, uint32_t policy)
{
	struct modhash_module_info info;
	struct modhash_canon_opts opts;

	MODHASH_INIT(info);
	MUST(modhash_module_info(module, &info) == 0);
	MODHASH_INIT(opts);
	opts.form = MODHASH_CANON_FORM;
	opts.policy = policy;
	if (policy == MODHASH_BTF_CANONICAL)
		opts.base = fuzz_lab_base(info.length > 5 && info.data[5] == 2);
	return opts;
}

struct modhash_digest fuzz_digest(int algorithm, int scope, const void *data, size_t length)
{
	struct modhash_digest digest;

	MUST(modhash_digest_bytes(fuzz_ctx(), algorithm, scope, data, length, &digest, NULL) == 0);
	return digest;
}
