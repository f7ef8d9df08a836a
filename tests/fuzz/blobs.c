/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blobs.h"
#include "builder.h"
#include "core/core.h"

/* Tables and lists of fuzzers are small; a bound for what is more than linear. */
#define PROBES_MAX 64

struct modhash_blob_info fuzz_blob_info(const struct modhash_blob *blob)
{
	struct modhash_blob_info info;

	MODHASH_INIT(info);
	MUST(modhash_blob_info(blob, &info) == 0);
	return info;
}

bool fuzz_is_there(const struct modhash_blob *blob, const struct modhash_digest *digest)
{
	struct modhash_blob_info info = fuzz_blob_info(blob);
	struct modhash_digest one;

	for (uint64_t i = 0; i < info.count; i++) {
		MUST(modhash_blob_digest(blob, i, &one) == 0);
		if (modhash_digest_equal(&one, digest))
			return true;
	}
	return false;
}

/* --- asking --- */

/* Is the answer what looking at all of them gives?  The index is right, too. */
static void check_answer(const struct modhash_blob *blob, const struct modhash_digest *digest)
{
	struct modhash_digest found;
	uint64_t index = UINT64_MAX;
	int answer = modhash_blob_contains(blob, digest, &index);

	MUST(answer == fuzz_is_there(blob, digest));
	if (!answer)
		return;
	MUST(modhash_blob_digest(blob, index, &found) == 0);
	MUST(modhash_digest_equal(&found, digest));
}

/* Those that are there, and those next to them. */
static void check_digests(const struct modhash_blob *blob, const struct modhash_blob_info *info)
{
	struct modhash_digest digest;
	int rc;

	for (uint64_t i = 0; i < info->count && i < PROBES_MAX; i++) {
		MUST(modhash_blob_digest(blob, i, &digest) == 0);
		MUST(digest.algorithm == info->algorithm);
		MUST(modhash_blob_contains(blob, &digest, NULL) == 1);
		check_answer(blob, &digest);
		digest.bytes[digest.length - 1] ^= 1;
		check_answer(blob, &digest);
		digest.bytes[i % digest.length] ^= 0x80;
		check_answer(blob, &digest);
		/* Of another kind it is no answer at all. */
		digest.scope = MODHASH_SCOPE_CANONICAL;
		MUST(modhash_blob_contains(blob, &digest, NULL) == MODHASH_E_SCOPE);
	}
	rc = modhash_blob_digest(blob, info->count, &digest);
	MUST(rc == MODHASH_E_NOT_FOUND && !digest.length);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

/* By its own name a module is found, unless another has it, too. */
static void check_found(const struct modhash_blob *blob, const char *name, bool alone)
{
	struct modhash_blob_module module;
	int rc;

	MODHASH_INIT(module);
	rc = modhash_blob_find_module(blob, name, &module);
	MUST(rc == 0 || rc == MODHASH_E_NOT_FOUND);
	/* These are not looked for as such. */
	if (ends_with(name, ".ko.gz") || ends_with(name, ".ko.xz") || ends_with(name, ".ko.zst"))
		return;
	MUST(alone == !rc);
	MUST(rc || !strcmp(module.name, name));
}

static struct modhash_blob_module module_at(const struct modhash_blob *blob, uint64_t index)
{
	struct modhash_blob_module module;

	MODHASH_INIT(module);
	MUST(modhash_blob_module(blob, index, &module) == 0);
	return module;
}

static void check_modules(const struct modhash_blob *blob, const struct modhash_blob_info *info)
{
	struct modhash_blob_module module, beside;

	for (uint32_t i = 0; i < info->modules; i++) {
		bool alone = true;

		module = module_at(blob, i);
		MUST(module.name && module.name[0]);
		MUST(module.digest < info->count);
		MUST(module.build_id_length <= MODHASH_SECTION_BUILD_ID_MAX);
		MUST(!module.build_id == !module.build_id_length);
		if (i) {
			beside = module_at(blob, i - 1);
			MUST(strcmp(beside.name, module.name) <= 0);
			alone = strcmp(beside.name, module.name);
		}
		if (alone && i + 1 < info->modules) {
			beside = module_at(blob, i + 1);
			alone = strcmp(beside.name, module.name);
		}
		if (i < PROBES_MAX)
			check_found(blob, module.name, alone);
	}
	MODHASH_INIT(module);
	MUST(modhash_blob_module(blob, info->modules, &module) == MODHASH_E_NOT_FOUND);
}

static int count_same(void *user, const struct modhash_diff_entry *entry)
{
	uint64_t *count = user;

	MUST(entry->change == MODHASH_DIFF_SAME);
	++*count;
	return 0;
}

static void check_root(const struct modhash_blob *blob, const struct modhash_blob_info *info)
{
	struct modhash_digest digest;

	MUST(info->levels <= MODHASH_MERKLE_LEVELS_MAX && !info->count);
	MUST(modhash_blob_digest(blob, 0, &digest) == 0);
	MUST(digest.scope == MODHASH_SCOPE_ROOT);
	MUST(modhash_blob_digest(blob, 1, &digest) == MODHASH_E_NOT_FOUND);
	digest = fuzz_digest(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, "", 0);
	MUST(modhash_blob_contains(blob, &digest, NULL) == MODHASH_E_SCOPE);
}

void fuzz_check_blob(const struct modhash_blob *blob)
{
	struct modhash_blob_info info = fuzz_blob_info(blob);
	struct modhash_digest digest;
	uint64_t same = 0;

	MUST(modhash_format_name((int)info.format));
	MUST(info.count <= info.capacity || info.format == MODHASH_FORMAT_MERKLE);
	MUST(info.length <= info.total_length);
	MUST(info.modules == 0 || info.flags & MODHASH_BLOB_NAMES);
	MUST(!info.release || strlen(info.release) <= FUZZ_LIMIT);
	MUST(modhash_blob_diff(blob, blob, count_same, &same, NULL) == 0);
	if (info.format == MODHASH_FORMAT_MERKLE) {
		MUST(same == 1);
		check_root(blob, &info);
		return;
	}
	MUST(same == info.count);
	if (!(info.flags & MODHASH_BLOB_FILLED))
		MUST(!info.count);
	check_digests(blob, &info);
	check_modules(blob, &info);
	digest = fuzz_digest((int)info.algorithm, (int)info.scope, "no module", 9);
	check_answer(blob, &digest);
}

struct modhash_blob *fuzz_read_blob(const uint8_t *data, size_t length)
{
	struct modhash_blob *blob;
	struct modhash_error err;
	int rc = modhash_blob_from_memory(fuzz_ctx(), data, length, &blob, &err);

	if (!rc)
		return blob;
	MUST(!blob);
	fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
	return NULL;
}

/* --- putting together again --- */

#define POSITIONS_MAX 4096

/* What has to be added, in order. */
struct plan {
	uint64_t count;
	uint64_t module[POSITIONS_MAX]; /* or UINT64_MAX */
	uint64_t digest[POSITIONS_MAX];
};

/* Modules at their positions; between and behind them the digests that no module has. */
static bool make_plan(const struct modhash_blob *blob, const struct modhash_blob_info *info,
		      struct plan *plan)
{
	static bool named[POSITIONS_MAX];
	uint64_t next = 0;

	if (info->count >= POSITIONS_MAX / 2 || info->modules >= POSITIONS_MAX / 2)
		return false;
	plan->count = 0;
	memset(named, 0, sizeof(named));
	memset(plan->module, 0xff, sizeof(plan->module));
	for (uint64_t i = 0; i < info->modules; i++) {
		struct modhash_blob_module module = module_at(blob, i);

		if (module.position >= POSITIONS_MAX ||
		    plan->module[module.position] != UINT64_MAX)
			return false;
		plan->module[module.position] = i;
		plan->digest[module.position] = module.digest;
		named[module.digest] = true;
		if (module.position >= plan->count)
			plan->count = module.position + 1;
	}
	for (uint64_t i = 0; i < plan->count; i++) {
		if (plan->module[i] != UINT64_MAX)
			continue;
		while (next < info->count && named[next])
			next++;
		plan->digest[i] = next < info->count ? next++ : 0;
	}
	for (; next < info->count; next++) {
		if (named[next])
			continue;
		if (plan->count == POSITIONS_MAX)
			return false;
		plan->digest[plan->count++] = next;
	}
	return true;
}

static struct modhash_builder *builder_like(const struct modhash_blob_info *info)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;

	MODHASH_INIT(opts);
	opts.format = info->format;
	opts.algorithm = info->algorithm;
	opts.scope = info->scope;
	if (info->format == MODHASH_FORMAT_TABLE) {
		opts.index_bits = info->index_bits;
		opts.capacity = info->capacity;
		if (!(info->flags & MODHASH_BLOB_FILLED))
			opts.flags |= MODHASH_BUILDER_RESERVE;
		else if (info->flags & MODHASH_BLOB_NAMES)
			opts.flags |= MODHASH_BUILDER_NAMES;
		if (info->flags & MODHASH_BLOB_FILLED)
			opts.release = info->release;
	}
	MUST(modhash_builder_new(fuzz_ctx(), &opts, &builder, NULL) == 0);
	return builder;
}

bool fuzz_rebuild(const struct modhash_blob *blob, struct modhash_buffer *out)
{
	static struct plan plan;
	struct modhash_blob_info info = fuzz_blob_info(blob);
	struct modhash_builder *builder;
	struct modhash_digest digest;

	if (!make_plan(blob, &info, &plan))
		return false;
	builder = builder_like(&info);
	for (uint64_t i = 0; i < plan.count; i++) {
		struct modhash_blob_module module;
		bool with_module = plan.module[i] != UINT64_MAX;

		if (with_module)
			module = module_at(blob, plan.module[i]);
		MUST(modhash_blob_digest(blob, plan.digest[i], &digest) == 0);
		MUST(modhash_builder_add(builder, &digest, with_module ? &module : NULL,
					 NULL) == 0);
	}
	MUST(modhash_builder_finish(builder, out, NULL) == 0);
	modhash_builder_free(builder);
	return true;
}

/* --- checksums --- */

static bool has_header(const uint8_t *table, size_t length, uint32_t *header_size)
{
	if (length < MODHASH_TABLE_HEADER_SIZE ||
	    memcmp(table, MODHASH_TABLE_MAGIC, MODHASH_TABLE_MAGIC_LENGTH))
		return false;
	*header_size = mh_core_le32(table + MODHASH_TABLE_HEADER_HEADER_SIZE);
	return *header_size >= MODHASH_TABLE_HEADER_SIZE && *header_size <= length &&
	       *header_size <= MODHASH_TABLE_HEADER_SIZE_MAX;
}

void fuzz_make_header_good(uint8_t *table, size_t length)
{
	uint32_t header_size;

	if (has_header(table, length, &header_size))
		mh_put_le32(table + MODHASH_TABLE_HEADER_HEADER_CHECKSUM,
			    mh_core_table_header_checksum(table, header_size));
}

static void make_sections_good(uint8_t *data, uint64_t at, size_t length)
{
	while (at <= length && length - at >= MODHASH_SECTION_HEADER_SIZE) {
		uint8_t *head = data + at;
		uint64_t contents = mh_core_le64(head + MODHASH_SECTION_HEADER_LENGTH);

		if (mh_core_le32(head + MODHASH_SECTION_HEADER_MAGIC) != MODHASH_SECTION_MAGIC)
			return;
		at += MODHASH_SECTION_HEADER_SIZE;
		if (contents <= length - at)
			mh_put_le32(head + MODHASH_SECTION_HEADER_CHECKSUM,
				    mh_core_crc32(0, data + at, contents));
		mh_put_le32(head + MODHASH_SECTION_HEADER_HEADER_CHECKSUM,
			    mh_core_crc32(0, head, MODHASH_SECTION_HEADER_HEADER_CHECKSUM));
		if (contents > length - at)
			return;
		at += (contents + MODHASH_TABLE_ALIGNMENT - 1) / MODHASH_TABLE_ALIGNMENT *
		      MODHASH_TABLE_ALIGNMENT;
	}
}

void fuzz_make_good(uint8_t *table, size_t length)
{
	uint32_t header_size;
	uint64_t total;

	if (!has_header(table, length, &header_size))
		return;
	total = mh_core_le64(table + MODHASH_TABLE_HEADER_TOTAL_SIZE);
	if (total >= header_size && total <= length) {
		mh_put_le32(table + MODHASH_TABLE_HEADER_BODY_CHECKSUM,
			    mh_core_crc32(0, table + header_size, total - header_size));
		make_sections_good(table, total, length);
	}
	fuzz_make_header_good(table, length);
}
