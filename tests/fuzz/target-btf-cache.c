/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cache of a base's hashes: as it is, and with its checksum made right.  What is read is
 * written again, byte for byte.
 */
#include "btf.h"
#include "fuzz.h"

#define CHECKSUM 64
#define HEADER 96

static struct mh_hasher *sha256;

/* The input is BTF that continues this one: whatever comes of that, it stays in bounds. */
static void continue_it(const struct mh_btf_base *base)
{
	/* A pointer to the last type, and a typedef of it with the base's last name. */
	uint32_t words[] = { 0x0001eb9f, 24, 0, 24, 24, 1,
			     0, 2u << 24, base->end_id - 1,
			     base->end_id > 1 ? base->names[base->end_id - 2] : 1, 8u << 24,
			     base->end_id, 0 };
	struct mh_btf_hashes hashes;
	struct modhash_error err;
	struct mh_btf btf;
	int rc;

	if (base->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		return;
	rc = mh_btf_open(&btf, (const uint8_t *)words, sizeof(words) - 3, 0, base, &err);
	if (rc) {
		fuzz_must_fail_well(rc, &err, sizeof(words));
		return;
	}
	rc = mh_btf_hash(&btf, sha256, &hashes, &err);
	if (rc)
		fuzz_must_fail_well(rc, &err, sizeof(words));
	else
		mh_btf_hashes_free(&hashes);
	mh_btf_close(&btf);
}

static void check(const uint8_t *data, size_t length)
{
	struct mh_buf file = MH_BUF_EMPTY;
	struct mh_btf_base *base;
	struct modhash_error err;
	int rc = mh_btf_base_load(data, length, NULL, sha256, &base, &err);

	if (rc) {
		MUST(!base);
		fuzz_must_fail_well(rc, &err, length);
		return;
	}
	for (uint32_t id = 1; id < base->end_id; id++) {
		MUST(base->kinds[id - 1] && base->kinds[id - 1] < MH_BTF_KINDS);
		MUST(strlen(base->strings + base->names[id - 1]) < base->strings_length);
	}
	continue_it(base);
	MUST(mh_btf_base_save(base, sha256, &file, NULL) == 0);
	MUST(file.length == length && !memcmp(file.data, data, length));
	mh_buf_free(&file);
	mh_btf_base_free(base);
}

static void run(const uint8_t *data, size_t length)
{
	uint8_t *copy;

	if (!sha256)
		MUST(mh_hasher_new(MODHASH_ENGINE_AUTO, MODHASH_ALGO_SHA256, &sha256, NULL) == 0);
	check(data, length);
	if (length < HEADER)
		return;
	copy = fuzz_copy(data, length);
	memset(copy + CHECKSUM, 0, 32);
	memcpy(copy + CHECKSUM, fuzz_digest(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, copy,
					    length).bytes, 32);
	check(copy, length);
	free(copy);
}

extern const struct fuzz_target fuzz_btf_cache;
const struct fuzz_target fuzz_btf_cache = {
	.name = "btf-cache",
	.run = run,
	.max_length = 4096,
	.covers = "lib/btf-base.c",
};
