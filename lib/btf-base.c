/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BTF that others continue, with its hashes: made once, kept in a file, shared by threads.
 *
 * The cache file, little-endian:
 *
 *	  0  u8[8]   magic
 *	  8  u32     version of this layout
 *	 12  u32     version of the canonical form, which the hashes are of
 *	 16  u32     flags: 1 big-endian BTF, 2 with duplicates
 *	 20  u32     number of types
 *	 24  u32     bytes of strings
 *	 28  u32     0
 *	 32  u8[32]  SHA-256 of the BTF
 *	 64  u8[32]  SHA-256 of the whole file, this field taken as 0
 *	 96          hashes, 32 bytes a type; names' offsets, u32 a type; kinds, u8 a type;
 *		     the strings
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"
#include "checked.h"
#include "fail.h"

#define CACHE_MAGIC "\x8aMHBTFC\n"
#define CACHE_VERSION 1
#define CACHE_FORM 1
#define CACHE_HEADER 96
#define CACHE_CHECKSUM 64
#define CACHE_BIG_ENDIAN 1u
#define CACHE_DUPLICATES 2u

struct storage {
	struct mh_btf btf;
	struct mh_btf_hashes hashes;
	struct mh_buf data;
	uint8_t *kinds;
	uint32_t *names;
	uint64_t taken; /* of the budget of @data, for these two */
};

static void storage_free(void *opaque)
{
	struct storage *storage = opaque;

	mh_btf_close(&storage->btf);
	mh_btf_hashes_free(&storage->hashes);
	mh_buf_free(&storage->data);
	free(storage->kinds);
	free(storage->names);
	mh_budget_give(storage->data.budget, storage->taken);
	free(storage);
}

void mh_btf_base_free(struct mh_btf_base *base)
{
	if (!base)
		return;
	if (base->storage)
		base->storage_free(base->storage);
	free(base);
}

static struct mh_btf_base *base_alloc(struct storage **storage)
{
	struct mh_btf_base *base = calloc(1, sizeof(*base));

	*storage = calloc(1, sizeof(**storage));
	if (!base || !*storage) {
		free(base);
		free(*storage);
		return NULL;
	}
	base->storage = *storage;
	base->storage_free = storage_free;
	return base;
}

static int alloc_types(struct storage *storage, uint32_t count, struct modhash_error *err)
{
	uint64_t needed = 5 * ((uint64_t)count + 1);
	int ret = mh_budget_take(storage->data.budget, needed, err);

	if (ret)
		return ret;
	storage->taken = needed;
	storage->kinds = malloc((size_t)count + 1);
	storage->names = malloc(((size_t)count + 1) * sizeof(*storage->names));
	return storage->kinds && storage->names ? 0 : mh_fail_nomem(err);
}

static int fill_base(struct mh_btf_base *base, struct storage *storage, const struct mh_btf *btf,
		     const struct mh_btf_hashes *hashes, struct mh_hasher *sha256,
		     struct modhash_error *err)
{
	struct mh_part part = { btf->data, btf->length };
	int ret;

	storage->data.budget = btf->budget;
	ret = alloc_types(storage, btf->count, err);
	if (ret)
		return ret;
	for (uint32_t i = 0; i < btf->count; i++) {
		storage->kinds[i] = (uint8_t)mh_btf_info_kind(mh_btf_type(btf, i)[1]);
		storage->names[i] = mh_btf_type(btf, i)[0];
	}
	base->end_id = btf->end_id;
	base->strings = btf->strings;
	base->strings_length = btf->strings_length;
	base->hashes = hashes->hashes;
	base->kinds = storage->kinds;
	base->names = storage->names;
	base->big_endian = btf->big_endian;
	base->duplicates = hashes->duplicates != 0;
	return mh_hasher_parts(sha256, &part, 1, base->sha256, err);
}

int mh_btf_base_view(const struct mh_btf *btf, const struct mh_btf_hashes *hashes,
		     struct mh_hasher *sha256, struct mh_btf_base **base,
		     struct modhash_error *err)
{
	struct storage *storage;
	int ret;

	*base = base_alloc(&storage);
	if (!*base)
		return mh_fail_nomem(err);
	ret = fill_base(*base, storage, btf, hashes, sha256, err);
	if (ret < 0) {
		mh_btf_base_free(*base);
		*base = NULL;
	}
	return ret;
}

static int read_base(struct mh_btf_base *base, struct storage *storage, const uint8_t *data,
		     size_t length, uint64_t offset, struct mh_hasher *sha256,
		     struct modhash_error *err)
{
	int ret = mh_buf_append(&storage->data, data, length, err);

	if (ret == 0)
		ret = mh_btf_open_in(&storage->btf, storage->data.budget, storage->data.data, length,
				     offset, NULL, err);
	if (ret == 0)
		ret = mh_btf_hash(&storage->btf, sha256, &storage->hashes, err);
	if (ret == 0)
		ret = fill_base(base, storage, &storage->btf, &storage->hashes, sha256, err);
	return ret;
}

int mh_btf_base_new_in(struct mh_budget *budget, const uint8_t *data, size_t length,
		       uint64_t offset, struct mh_hasher *sha256, struct mh_btf_base **base,
		       struct modhash_error *err)
{
	struct storage *storage;
	int ret;

	*base = base_alloc(&storage);
	if (!*base)
		return mh_fail_nomem(err);
	storage->data.budget = budget;
	ret = read_base(*base, storage, data, length, offset, sha256, err);
	if (ret < 0) {
		mh_btf_base_free(*base);
		*base = NULL;
	}
	return ret;
}

/* --- the cache --- */

static void put32(uint8_t *p, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static int checksum(const uint8_t *data, size_t length, struct mh_hasher *sha256, uint8_t *out,
		    struct modhash_error *err)
{
	static const uint8_t zero[32];
	struct mh_part parts[] = {
		{ data, CACHE_CHECKSUM },
		{ zero, sizeof(zero) },
		{ data + CACHE_HEADER, length - CACHE_HEADER },
	};

	return mh_hasher_parts(sha256, parts, 3, out, err);
}

int mh_btf_base_save(const struct mh_btf_base *base, struct mh_hasher *sha256,
		     struct mh_buf *out, struct modhash_error *err)
{
	uint8_t header[CACHE_HEADER] = CACHE_MAGIC;
	uint32_t count = base->end_id - 1;
	int ret;

	put32(header + 8, CACHE_VERSION);
	put32(header + 12, CACHE_FORM);
	put32(header + 16, (base->big_endian ? CACHE_BIG_ENDIAN : 0) |
				   (base->duplicates ? CACHE_DUPLICATES : 0));
	put32(header + 20, count);
	put32(header + 24, base->strings_length);
	memcpy(header + 32, base->sha256, 32);

	out->length = 0;
	ret = mh_buf_append(out, header, sizeof(header), err);
	if (ret == 0)
		ret = mh_buf_append(out, base->hashes, (size_t)count * MH_BTF_HASH, err);
	for (uint32_t i = 0; ret == 0 && i < count; i++) {
		uint8_t name[4];

		put32(name, base->names[i]);
		ret = mh_buf_append(out, name, sizeof(name), err);
	}
	if (ret == 0)
		ret = mh_buf_append(out, base->kinds, count, err);
	if (ret == 0)
		ret = mh_buf_append(out, base->strings, base->strings_length, err);
	if (ret == 0)
		ret = checksum(out->data, out->length, sha256, out->data + CACHE_CHECKSUM, err);
	return ret;
}

bool mh_btf_is_cache(const uint8_t *data, size_t length)
{
	return length >= 8 && !memcmp(data, CACHE_MAGIC, 8);
}

static int check_header(const uint8_t *data, size_t length, const uint8_t *expected,
			struct modhash_error *err)
{
	uint64_t whole;

	if (length < CACHE_HEADER || !mh_btf_is_cache(data, length))
		return mh_fail(err, MODHASH_E_BLOB, 0, "no cache of a BTF's hashes");
	if (get32(data + 8) != CACHE_VERSION || get32(data + 12) != CACHE_FORM)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, 8,
			       "cache of version %" PRIu32 " and form %" PRIu32
			       ", expected %d and %d",
			       get32(data + 8), get32(data + 12), CACHE_VERSION, CACHE_FORM);
	if (get32(data + 16) > (CACHE_BIG_ENDIAN | CACHE_DUPLICATES))
		return mh_fail(err, MODHASH_E_UNSUPPORTED, 16, "cache with flags 0x%" PRIx32,
			       get32(data + 16));
	if (get32(data + 28))
		return mh_fail(err, MODHASH_E_BLOB, 28, "cache with 0x%" PRIx32
			       " where nothing is told, expected 0", get32(data + 28));
	whole = CACHE_HEADER + (uint64_t)get32(data + 20) * (MH_BTF_HASH + 4 + 1) +
		get32(data + 24);
	if (length != whole)
		return mh_fail(err, MODHASH_E_BLOB, 20, "cache of %zu bytes, expected %" PRIu64,
			       length, whole);
	if (expected && memcmp(data + 32, expected, 32))
		return mh_fail(err, MODHASH_E_STALE, 32, "the cache is of another BTF");
	return 0;
}

static int check_types(const struct mh_btf_base *base, size_t kinds_at, struct modhash_error *err)
{
	uint32_t last = base->strings_length - 1;

	if (!base->strings_length || base->strings[0] || base->strings[last])
		return mh_fail(err, MODHASH_E_BLOB, 24, "the cache's strings have no end");
	for (uint32_t i = 0; i + 1 < base->end_id; i++) {
		if (base->kinds[i] == 0 || base->kinds[i] >= MH_BTF_KINDS ||
		    base->names[i] >= base->strings_length)
			return mh_fail(err, MODHASH_E_BLOB, kinds_at + i,
				       "type %" PRIu32 " in the cache can't be", i + 1);
	}
	return 0;
}

static int load_base(struct mh_btf_base *base, struct storage *storage, const uint8_t *expected,
		     struct mh_hasher *sha256, struct modhash_error *err)
{
	const uint8_t *data = storage->data.data, *p;
	size_t length = storage->data.length;
	uint8_t sum[32];
	int ret = check_header(data, length, expected, err);

	if (ret == 0)
		ret = checksum(data, length, sha256, sum, err);
	if (ret < 0)
		return ret;
	if (memcmp(sum, data + CACHE_CHECKSUM, sizeof(sum)))
		return mh_fail(err, MODHASH_E_CHECKSUM, CACHE_CHECKSUM,
			       "the cache is damaged: its checksum does not match");
	if (storage->data.budget && get32(data + 20) > storage->data.budget->max_types)
		return mh_fail(err, MODHASH_E_LIMIT, 20,
			       "%" PRIu32 " BTF types, and the limit is %" PRIu32,
			       get32(data + 20), storage->data.budget->max_types);
	base->end_id = get32(data + 20) + 1;
	base->strings_length = get32(data + 24);
	base->big_endian = get32(data + 16) & CACHE_BIG_ENDIAN;
	base->duplicates = get32(data + 16) & CACHE_DUPLICATES;
	memcpy(base->sha256, data + 32, 32);

	ret = alloc_types(storage, base->end_id - 1, err);
	if (ret < 0)
		return ret;
	base->hashes = data + CACHE_HEADER;
	p = base->hashes + (size_t)(base->end_id - 1) * MH_BTF_HASH;
	for (uint32_t i = 0; i + 1 < base->end_id; i++, p += 4)
		storage->names[i] = get32(p);
	base->names = storage->names;
	base->kinds = p;
	base->strings = (const char *)p + (base->end_id - 1);
	return check_types(base, (size_t)(p - data), err);
}

int mh_btf_base_load_in(struct mh_budget *budget, const uint8_t *data, size_t length,
			const uint8_t *expected, struct mh_hasher *sha256,
			struct mh_btf_base **base, struct modhash_error *err)
{
	struct storage *storage;
	int ret;

	*base = base_alloc(&storage);
	if (!*base)
		return mh_fail_nomem(err);
	storage->data.budget = budget;
	ret = mh_buf_append(&storage->data, data, length, err);
	if (ret == 0)
		ret = load_base(*base, storage, expected, sha256, err);
	if (ret < 0) {
		mh_btf_base_free(*base);
		*base = NULL;
	}
	return ret;
}
