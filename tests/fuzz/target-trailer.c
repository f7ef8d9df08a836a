/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trailers, against a second search that is written here; and the round trip: trailers
 * off, one on, and off again.
 */
#include "core/core.h"
#include "fuzz.h"

#define MARKER "~Module signature appended~\n"
#define MARKER_LENGTH 28
#define RECORD_LENGTH 12

/* Of the trailer that ends at @length: 1, 0 if there is none, -1 if it is malformed. */
static int find_last(const uint8_t *data, uint64_t length, uint64_t *begin)
{
	const uint8_t *record;
	uint64_t claimed;

	if (length <= MARKER_LENGTH || memcmp(data + length - MARKER_LENGTH, MARKER, MARKER_LENGTH))
		return 0;
	length -= MARKER_LENGTH;
	if (length <= RECORD_LENGTH)
		return -1;
	length -= RECORD_LENGTH;
	record = data + length;
	claimed = (uint64_t)record[8] << 24 | record[9] << 16 | record[10] << 8 | record[11];
	if (record[2] < 2)
		claimed += record[3] + record[4];
	if (claimed >= length)
		return -1;
	if (record[2] == 2 && (record[0] || record[1] || record[3] || record[4] || record[5] ||
			       record[6] || record[7]))
		return -1;
	*begin = length - claimed;
	return 1;
}

static void check_trailer(const struct modhash_module *module, uint32_t index,
			  const struct modhash_module_info *info, uint64_t begin, uint64_t end)
{
	struct modhash_signature signature;
	struct modhash_trailer trailer;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(trailer);
	MUST(modhash_module_trailer(module, index, &trailer, &err) == 0);
	MUST(trailer.offset == begin && trailer.length == end - begin);
	MUST(trailer.data == info->data + begin);
	MUST(trailer.data_length == end - begin - MARKER_LENGTH - RECORD_LENGTH);
	MUST(trailer.kind == info->data[end - MARKER_LENGTH - RECORD_LENGTH + 2]);
	if (trailer.kind != MODHASH_TRAILER_PKCS7)
		return;
	MODHASH_INIT(signature);
	rc = modhash_trailer_signature(&trailer, &signature, &err);
	if (rc)
		fuzz_must_fail_well(rc, &err, end);
	modhash_signature_clear(&signature);
}

/* All of them, from the end; what is left. */
static uint64_t check_chain(const struct modhash_module *module,
			    const struct modhash_module_info *info)
{
	uint64_t begin = 0, end = info->length;
	struct modhash_trailer trailer;
	struct modhash_error err;
	uint32_t count = 0;
	int found, rc;

	while ((found = find_last(info->data, end, &begin)) == 1) {
		MUST(count < info->trailers);
		check_trailer(module, count++, info, begin, end);
		end = begin;
	}
	MUST(count == info->trailers);
	MUST(info->payload_length == end);
	MUST(info->trailer_status == (found < 0 ? MODHASH_E_TRAILER : 0));
	MODHASH_INIT(trailer);
	rc = modhash_module_trailer(module, count, &trailer, &err);
	MUST(rc == (found < 0 ? MODHASH_E_TRAILER : MODHASH_E_NOT_FOUND));
	fuzz_must_fail_well(rc, &err, info->length);
	return end;
}

static void check_digest(const struct modhash_module *module, uint32_t scope, const uint8_t *data,
			 uint64_t length, bool whole)
{
	struct modhash_digest_spec spec;
	struct modhash_digest digest, other;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = scope;
	rc = modhash_module_digest(module, &spec, &digest, &err);
	if (!whole) {
		MUST(rc == MODHASH_E_TRAILER);
		return;
	}
	MUST(rc == 0);
	other = fuzz_digest(MODHASH_ALGO_SHA256, (int)scope, data, length);
	MUST(modhash_digest_equal(&digest, &other));
}

/* Rewritten with @append behind it, it has one trailer more than @kept bytes had. */
static void check_appended(const struct modhash_module *module, uint64_t kept, uint32_t kind)
{
	uint8_t tail[8 + RECORD_LENGTH + MARKER_LENGTH] = "a proof";
	struct modhash_module_info info;
	struct modhash_rewrite_opts opts;
	struct modhash_module *again;
	struct modhash_buffer buffer;
	struct modhash_trailer trailer;

	tail[8 + 2] = (uint8_t)kind;
	tail[8 + 11] = 8;
	memcpy(tail + 8 + RECORD_LENGTH, MARKER, MARKER_LENGTH);
	MODHASH_INIT(opts);
	opts.flags = MODHASH_REWRITE_STRIP_ALL;
	opts.append = tail;
	opts.append_length = sizeof(tail);
	MUST(modhash_module_rewrite(module, &opts, &buffer, NULL) == 0);
	MUST(modhash_module_from_memory(fuzz_ctx(), buffer.data, buffer.length, &again, NULL) == 0);
	MODHASH_INIT(info);
	MUST(modhash_module_info(again, &info) == 0);
	MUST(info.length == kept + sizeof(tail));
	if (kept) { /* a trailer leaves a byte of the module at least */
		MODHASH_INIT(trailer);
		MUST(info.payload_length == kept && info.trailers == 1);
		MUST(modhash_module_trailer(again, 0, &trailer, NULL) == 0);
		MUST(trailer.kind == kind && trailer.data_length == 8);
	}
	modhash_module_free(again);
	modhash_buffer_clear(&buffer);
}

static void check_rewrite(const struct modhash_module *module,
			  const struct modhash_module_info *info, uint64_t kept)
{
	struct modhash_rewrite_opts opts;
	struct modhash_buffer buffer;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(opts);
	MUST(modhash_module_rewrite(module, &opts, &buffer, &err) == 0);
	MUST(buffer.length == info->length &&
	     (!buffer.length || !memcmp(buffer.data, info->data, buffer.length)));
	modhash_buffer_clear(&buffer);

	opts.flags = MODHASH_REWRITE_STRIP_ALL;
	rc = modhash_module_rewrite(module, &opts, &buffer, &err);
	if (info->trailer_status) {
		MUST(rc == MODHASH_E_TRAILER && !buffer.data);
		fuzz_must_fail_well(rc, &err, info->length);
		return;
	}
	MUST(rc == 0 && buffer.length == kept &&
	     (!kept || !memcmp(buffer.data, info->data, kept)));
	modhash_buffer_clear(&buffer);
	check_appended(module, kept, MODHASH_TRAILER_MERKLE);
	check_appended(module, kept, MODHASH_TRAILER_PKCS7);
}

/* What the kernel runs says the same. */
static void check_core(const uint8_t *data, size_t length)
{
	struct mh_core_trailer trailer;
	uint64_t begin = 0;
	int found = find_last(data, length, &begin);
	int status = mh_core_trailer_last(data, length, &trailer);

	MUST(status == (found < 0 ? MH_CORE_TRAILER : found));
	if (found == 1)
		MUST(trailer.offset == begin && trailer.length == length - begin);
	if (found < 0)
		MUST(trailer.fault < length);
}

static void run(const uint8_t *data, size_t length)
{
	struct modhash_module_info info;
	struct modhash_module *module;
	struct modhash_error err;
	uint64_t kept;
	int rc;

	check_core(data, length);
	rc = modhash_module_from_memory(fuzz_ctx(), data, length, &module, &err);
	if (rc) {
		fuzz_must_fail_well(rc, &err, length);
		return;
	}
	MODHASH_INIT(info);
	MUST(modhash_module_info(module, &info) == 0);
	kept = check_chain(module, &info);
	check_digest(module, MODHASH_SCOPE_FILE, info.data, info.length, true);
	check_digest(module, MODHASH_SCOPE_PAYLOAD, info.data, kept, !info.trailer_status);
	/* Packing is slow, and another target's. */
	if (info.compression == MODHASH_COMPRESSION_NONE)
		check_rewrite(module, &info, kept);
	modhash_module_free(module);
}

extern const struct fuzz_target fuzz_trailer;
const struct fuzz_target fuzz_trailer = {
	.name = "trailer",
	.run = run,
	.max_length = 4096,
	.covers = "lib/trailer.c lib/core/trailer.c lib/module.c lib/rewrite.c",
};
