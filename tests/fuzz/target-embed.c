/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A blob, behind its length, into a vmlinux, and out of it again.  Nothing changes but its
 * section, and nothing at all if that fails; doing it twice is doing it once.
 */
#include "blobs.h"

static void check_unchanged(const uint8_t *a, const uint8_t *b, size_t length)
{
	MUST(!length || !memcmp(a, b, length));
}

/* What is in the section is the kernel's part of the blob, and zeroes. */
static void check_section(const uint8_t *vmlinux, const struct modhash_embed_info *done,
			  const uint8_t *blob)
{
	check_unchanged(vmlinux + done->offset, blob, done->length);
	for (uint64_t i = done->length; i < done->room; i++)
		MUST(!vmlinux[done->offset + i]);
}

static bool same_contents(const struct modhash_blob *a, const struct modhash_blob *b)
{
	struct modhash_blob_info first = fuzz_blob_info(a), second = fuzz_blob_info(b);

	return first.format == second.format && first.count == second.count &&
	       first.capacity == second.capacity && first.levels == second.levels &&
	       first.algorithm == second.algorithm && first.scope == second.scope &&
	       modhash_blob_diff(a, b, NULL, NULL, NULL) == 0;
}

/* Out of the image it is the blob that was put in. */
static void check_extracted(const uint8_t *vmlinux, size_t length, const struct modhash_blob *blob)
{
	struct modhash_image *image;
	struct modhash_blob *out;
	int rc = modhash_image_from_memory(fuzz_ctx(), vmlinux, length, &image, NULL);

	MUST(rc == 0);
	MUST(modhash_image_blob(image, &out, NULL) == 0);
	if (fuzz_blob_info(blob).flags & MODHASH_BLOB_FILLED)
		MUST(same_contents(blob, out));
	modhash_blob_free(out);
	modhash_image_free(image);
}

static void check(const struct modhash_blob *blob, const uint8_t *blob_bytes,
		  const uint8_t *vmlinux, size_t length, uint32_t flags)
{
	uint8_t *copy = fuzz_copy(vmlinux, length), *again;
	struct modhash_embed_info done;
	struct modhash_embed_opts opts;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(opts);
	opts.flags = flags;
	MODHASH_INIT(done);
	rc = modhash_image_embed(blob, copy, length, &opts, &done, &err);
	if (rc) {
		fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
		check_unchanged(copy, vmlinux, length);
		free(copy);
		return;
	}
	MUST(done.offset <= length && done.room <= length - done.offset);
	MUST(done.length <= done.room && done.length == fuzz_blob_info(blob).length);
	check_unchanged(copy, vmlinux, done.offset);
	check_unchanged(copy + done.offset + done.room, vmlinux + done.offset + done.room,
			length - (done.offset + done.room));
	MUST(done.changed == (length && memcmp(copy, vmlinux, length)));
	/* A blob that was in an image was copied out of it. */
	if (blob_bytes)
		check_section(copy, &done, blob_bytes);
	check_extracted(copy, length, blob);

	again = fuzz_copy(copy, length);
	MUST(modhash_image_embed(blob, again, length, &opts, &done, NULL) == 0);
	MUST(!done.changed);
	check_unchanged(again, copy, length);
	free(again);
	free(copy);
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length }, piece = fuzz_take_piece(&input);
	uint8_t *bytes = fuzz_copy(piece.data, piece.length);
	struct modhash_blob *blob;
	bool is_whole;

	fuzz_make_good(bytes, piece.length);
	blob = fuzz_read_blob(bytes, piece.length);
	if (!blob) {
		free(bytes);
		return;
	}
	is_whole = fuzz_blob_info(blob).total_length == piece.length;
	check(blob, is_whole ? bytes : NULL, input.data, input.length, 0);
	check(blob, is_whole ? bytes : NULL, input.data, input.length, MODHASH_EMBED_EMPTY);
	modhash_blob_free(blob);
	free(bytes);
}

extern const struct fuzz_target fuzz_embed;
const struct fuzz_target fuzz_embed = {
	.name = "embed",
	.run = run,
	.max_length = 16384,
	.covers = "lib/embed.c lib/image-elf.c",
};
