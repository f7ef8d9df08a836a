/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hash list of the kernel patch series v1 to v3: SHA-256 digests of files in the
 * order of the build, nothing else.
 */
#include "blob.h"
#include "builder.h"
#include "fail.h"

/*
 * There is nothing to validate but the length, which told that it is a list.  Zeroes are
 * what the link reserves for the list (scripts/link-vmlinux.sh of v3), and what is
 * left when the build step that fills it in did not run.
 */
int mh_list_read(struct modhash_blob *blob, struct modhash_error *err)
{
	(void)err;
	blob->format = MODHASH_FORMAT_LIST;
	blob->algorithm = MODHASH_ALGO_SHA256;
	blob->scope = MODHASH_SCOPE_FILE;
	blob->digest_length = MODHASH_LIST_DIGEST_LENGTH;
	blob->byte_order = MODHASH_BYTE_ORDER_UNKNOWN;
	blob->kernel_length = blob->length;
	blob->capacity = blob->length / MODHASH_LIST_DIGEST_LENGTH;
	blob->filled = !mh_all_zero(blob->data, blob->length);
	blob->count = blob->filled ? blob->capacity : 0;
	return 0;
}

int mh_list_write(const struct modhash_builder *builder, struct mh_buf *out,
		  struct modhash_error *err)
{
	return mh_buf_append(out, builder->digests.data, builder->digests.length, err);
}

/*
 * A name in a C comment: control characters are escaped, and a slash behind an asterisk,
 * which would end the comment.
 */
static int append_comment(struct mh_buf *out, const char *name, uint32_t length,
			  struct modhash_error *err)
{
	char escaped[16];
	uint32_t i;
	int rc = mh_buf_append(out, "\t/* ", 4, err);

	for (i = 0; !rc && i < length; i++) {
		if (name[i] == '/' && i && name[i - 1] == '*') {
			rc = mh_buf_append(out, "\\x2f", 4, err);
		} else if ((unsigned char)name[i] >= 0x80) { /* UTF-8, or not: as it is */
			rc = mh_buf_append(out, name + i, 1, err);
		} else {
			mh_escape(escaped, sizeof(escaped), name + i, 1);
			rc = mh_buf_printf(out, err, "%s", escaped);
		}
	}
	return rc ? rc : mh_buf_append(out, " */\n", 4, err);
}

static int append_entry(struct mh_buf *out, const uint8_t *digest, struct modhash_error *err)
{
	uint32_t i;
	int rc = mh_buf_append(out, "\t{ ", 3, err);

	for (i = 0; !rc && i < MODHASH_LIST_DIGEST_LENGTH; i++)
		rc = mh_buf_printf(out, err, "0x%02x, ", digest[i]);
	return rc ? rc : mh_buf_append(out, "},\n\n", 4, err);
}

/*
 * Byte for byte what scripts/module-hashes.sh of v3 writes: an include, the array, and for
 * each module its path in a comment, its digest on one line (with a blank behind the
 * last comma) and an empty line.
 */
int mh_list_c_source(const struct modhash_builder *builder, struct mh_buf *out,
		     struct modhash_error *err)
{
	uint64_t i, next = 0;
	int rc;

	rc = mh_buf_printf(out, err,
			   "#include <linux/module_hashes.h>\n\n"
			   "const u8 module_hashes[][MODULE_HASHES_HASH_SIZE] "
			   "__module_hashes_section = {\n");
	for (i = 0; !rc && i < builder->count; i++) {
		/* Records are in the order in which digests were added. */
		if (next < mh_builder_records(builder) &&
		    mh_builder_record(builder, next)->added == i) {
			const struct mh_record *record = mh_builder_record(builder, next++);

			rc = append_comment(out,
					    (const char *)builder->names.data + record->name_offset,
					    record->name_length, err);
		}
		if (!rc)
			rc = append_entry(out, mh_builder_digest(builder, i), err);
	}
	return rc ? rc : mh_buf_printf(out, err, "};\n");
}
