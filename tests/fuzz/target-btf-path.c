/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A base of BTF, whatever it is in: read from a file, and from memory.  A large ELF file is read in
 * parts; so that an ELF file is large, zeroes are put behind it.  What comes of both is the same.
 */
#include <unistd.h>

#include "fuzz.h"
#include "source.h"

#define LARGE (1u << 20)

/* As fuzz_ctx(), and a large file with something behind it is below the limit, too. */
static const struct modhash_ctx *large_ctx(void)
{
	static struct modhash_ctx *ctx;
	struct modhash_ctx_opts opts;

	if (ctx)
		return ctx;
	MODHASH_INIT(opts);
	opts.max_unpacked = 2 * LARGE;
	MUST(modhash_ctx_new(&opts, &ctx, NULL) == 0);
	return ctx;
}

static bool same(const struct modhash_btf_base *a, const struct modhash_btf_base *b)
{
	struct modhash_btf_base_info first, second;

	MODHASH_INIT(first);
	MODHASH_INIT(second);
	MUST(modhash_btf_base_info(a, &first) == 0 && modhash_btf_base_info(b, &second) == 0);
	return !memcmp(&first, &second, sizeof(first));
}

static void check(const uint8_t *data, size_t length)
{
	struct modhash_btf_base *from_memory, *from_path;
	struct modhash_error err, path_err;
	int fd = fuzz_file(data, length);
	char path[64];
	int rc, path_rc;

	fuzz_file_path(fd, path);
	rc = modhash_btf_base_from_memory(large_ctx(), data, length, &from_memory, &err);
	path_rc = modhash_btf_base_from_path(large_ctx(), path, NULL, &from_path, &path_err);
	close(fd);
	if (rc)
		fuzz_must_fail_well(rc, &err, 2 * LARGE);
	if (path_rc)
		fuzz_must_fail_well(path_rc, &path_err, 2 * LARGE);
	MUST(!rc == !!from_memory && !path_rc == !!from_path);
	/*
	 * From a file, what is packed as a module may be is unpacked as one; and of an ELF file
	 * that is read in parts, no other part can be wrong.
	 */
	if (!rc && mh_compression_detect(data, length) == MODHASH_COMPRESSION_NONE)
		MUST(path_rc == 0 && same(from_memory, from_path));
	modhash_btf_base_free(from_memory);
	modhash_btf_base_free(from_path);
}

static void run(const uint8_t *data, size_t length)
{
	uint8_t *large;

	check(data, length);
	if (length < 4 || length > LARGE || memcmp(data, "\177ELF", 4))
		return;
	large = calloc(1, LARGE);
	MUST(large);
	memcpy(large, data, length);
	check(large, LARGE);
	free(large);
}

extern const struct fuzz_target fuzz_btf_path;
const struct fuzz_target fuzz_btf_path = {
	.name = "btf-path",
	.run = run,
	.max_length = 16384,
	.covers = "lib/elf-sparse.c lib/btf-door.c lib/source.c",
};
