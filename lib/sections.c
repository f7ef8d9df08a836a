/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands behind a table for userland alone: the kernel's release, and what is
 * remembered of each module.
 */
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "builder.h"
#include "checked.h"
#include "fail.h"

/* --- reading --- */

/* A section that is being read: the file, and where in it the contents lie. */
struct section {
	const uint8_t *file;
	uint64_t offset; /* of the contents */
	uint64_t length;
	uint32_t type;
};

static int read_release(struct mh_sections *sections, const struct section *section,
			struct modhash_error *err)
{
	const uint8_t *contents = section->file + section->offset;

	if (sections->release)
		return mh_fail(err, MODHASH_E_BLOB, section->offset,
			       "found a second section with a kernel's release, expected one");
	if (memchr(contents, 0, (size_t)section->length))
		return mh_fail(err, MODHASH_E_BLOB, section->offset,
			       "found a NUL in the kernel's release, expected none");
	sections->release = malloc((size_t)section->length + 1);
	if (!sections->release)
		return mh_fail_nomem(err);
	memcpy(sections->release, contents, (size_t)section->length);
	sections->release[section->length] = '\0';
	return 0;
}

static const uint8_t *record_at(const struct mh_sections *sections, uint64_t index)
{
	return sections->modules + MODHASH_SECTION_MODULES_SIZE + index * sections->record_size;
}

static const char *name_of(const struct mh_sections *sections, uint64_t index, uint32_t *length)
{
	const uint8_t *record = record_at(sections, index);

	*length = mh_core_le32(record + MODHASH_SECTION_RECORD_NAME_LENGTH);
	return (const char *)sections->modules +
	       mh_core_le32(record + MODHASH_SECTION_RECORD_NAME_OFFSET);
}

/* Byte order, as strcmp() of unsigned bytes has it. */
static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	if (order)
		return order;
	return a_length < b_length ? -1 : a_length > b_length;
}

static int check_name(const struct mh_sections *sections, uint64_t index, uint64_t records_end,
		      const struct section *section, struct modhash_error *err)
{
	const uint8_t *record = record_at(sections, index);
	uint64_t at = (uint64_t)(record - section->file);
	uint64_t offset = mh_core_le32(record + MODHASH_SECTION_RECORD_NAME_OFFSET);
	uint64_t length = mh_core_le32(record + MODHASH_SECTION_RECORD_NAME_LENGTH);
	const uint8_t *name;

	if (!length || offset < records_end || !mh_in_range(offset, length + 1, section->length))
		return mh_fail(err, MODHASH_E_BLOB, at + MODHASH_SECTION_RECORD_NAME_OFFSET,
			       "found a name of %llu bytes at %llu in a section of %llu bytes, "
			       "expected it behind the records and within the section",
			       (unsigned long long)length, (unsigned long long)offset,
			       (unsigned long long)section->length);
	name = sections->modules + offset;
	if (memchr(name, 0, (size_t)length) || name[length])
		return mh_fail(err, MODHASH_E_BLOB, section->offset + offset,
			       "found a name that does not end where its record says, expected "
			       "the first NUL after %llu bytes",
			       (unsigned long long)length);
	return 0;
}

static int check_record(const struct mh_sections *sections, uint64_t index, uint32_t digests,
			const struct section *section, struct modhash_error *err)
{
	const uint8_t *record = record_at(sections, index);
	uint64_t at = (uint64_t)(record - section->file);
	uint32_t digest = mh_core_le32(record + MODHASH_SECTION_RECORD_DIGEST);
	uint32_t length = mh_core_le32(record + MODHASH_SECTION_RECORD_BUILD_ID_LENGTH);

	if (digest >= digests)
		return mh_fail(err, MODHASH_E_BLOB, at + MODHASH_SECTION_RECORD_DIGEST,
			       "found a module with digest %u, expected one below the count, %u",
			       digest, digests);
	if (length > MODHASH_SECTION_BUILD_ID_MAX)
		return mh_fail(err, MODHASH_E_BLOB, at + MODHASH_SECTION_RECORD_BUILD_ID_LENGTH,
			       "found a build id of %u bytes, expected %d at most", length,
			       MODHASH_SECTION_BUILD_ID_MAX);
	if (!mh_all_zero(record + MODHASH_SECTION_RECORD_BUILD_ID + length,
			 MODHASH_SECTION_BUILD_ID_MAX - length))
		return mh_fail(
			err, MODHASH_E_BLOB, at + MODHASH_SECTION_RECORD_BUILD_ID,
			"found a build id longer than its length, expected zeroes behind it");
	return 0;
}

static int check_order(const struct mh_sections *sections, uint64_t index,
		       const struct section *section, struct modhash_error *err)
{
	uint32_t length, before_length;
	const char *name = name_of(sections, index, &length);
	const char *before = name_of(sections, index - 1, &before_length);

	if (compare_names(before, before_length, name, length) > 0)
		return mh_fail(err, MODHASH_E_BLOB,
			       (uint64_t)(record_at(sections, index) - section->file),
			       "found a module out of order, expected names in byte order");
	return 0;
}

static int read_modules(struct mh_sections *sections, const struct section *section,
			uint32_t digests, struct modhash_error *err)
{
	uint64_t records_end, index;
	int rc = 0;

	if (sections->modules)
		return mh_fail(err, MODHASH_E_BLOB, section->offset,
			       "found a second section of modules, expected one");
	if (section->length < MODHASH_SECTION_MODULES_SIZE)
		return mh_fail(err, MODHASH_E_BLOB, section->offset,
			       "found a section of modules of %llu bytes, expected %d or more",
			       (unsigned long long)section->length, MODHASH_SECTION_MODULES_SIZE);
	sections->modules = section->file + section->offset;
	sections->count = mh_core_le32(sections->modules + MODHASH_SECTION_MODULES_COUNT);
	sections->record_size =
		mh_core_le32(sections->modules + MODHASH_SECTION_MODULES_RECORD_SIZE);
	if (sections->record_size < MODHASH_SECTION_RECORD_SIZE)
		return mh_fail(err, MODHASH_E_BLOB,
			       section->offset + MODHASH_SECTION_MODULES_RECORD_SIZE,
			       "found records of %u bytes, expected %d or more",
			       sections->record_size, MODHASH_SECTION_RECORD_SIZE);
	/* Two 32-bit numbers: neither product nor sum can wrap. */
	records_end =
		MODHASH_SECTION_MODULES_SIZE + (uint64_t)sections->count * sections->record_size;
	if (records_end > section->length)
		return mh_fail(err, MODHASH_E_BLOB, section->offset,
			       "found %u records in a section of %llu bytes, expected %llu bytes",
			       sections->count, (unsigned long long)section->length,
			       (unsigned long long)records_end);
	for (index = 0; !rc && index < sections->count; index++) {
		rc = check_name(sections, index, records_end, section, err);
		if (!rc)
			rc = check_record(sections, index, digests, section, err);
		if (!rc && index)
			rc = check_order(sections, index, section, err);
	}
	return rc;
}

/* The head of a section at @offset, which lies within the file. */
static int read_head(struct section *section, uint64_t offset, uint64_t end,
		     struct modhash_error *err)
{
	const uint8_t *head = section->file + offset;

	if (end - offset < MODHASH_SECTION_HEADER_SIZE)
		return mh_fail(err, MODHASH_E_BLOB, offset,
			       "found %llu bytes behind the table, expected a section's head of %d",
			       (unsigned long long)(end - offset), MODHASH_SECTION_HEADER_SIZE);
	if (mh_core_le32(head + MODHASH_SECTION_HEADER_MAGIC) != MODHASH_SECTION_MAGIC)
		return mh_fail(err, MODHASH_E_BLOB, offset,
			       "found %02x %02x %02x %02x behind the table, expected a section "
			       "(\"HSEC\"), zeroes, or nothing",
			       head[0], head[1], head[2], head[3]);
	if (mh_core_crc32(0, head, MODHASH_SECTION_HEADER_HEADER_CHECKSUM) !=
	    mh_core_le32(head + MODHASH_SECTION_HEADER_HEADER_CHECKSUM))
		return mh_fail(err, MODHASH_E_CHECKSUM,
			       offset + MODHASH_SECTION_HEADER_HEADER_CHECKSUM,
			       "the checksum of a section's head does not match: it is damaged");
	section->type = mh_core_le32(head + MODHASH_SECTION_HEADER_TYPE);
	section->length = mh_core_le64(head + MODHASH_SECTION_HEADER_LENGTH);
	section->offset = offset + MODHASH_SECTION_HEADER_SIZE;
	return 0;
}

/* Contents and padding, with *next behind them. */
static int check_contents(const struct section *section, uint64_t end, uint64_t *next,
			  struct modhash_error *err)
{
	const uint8_t *contents = section->file + section->offset;
	uint64_t checksum =
		section->offset - MODHASH_SECTION_HEADER_SIZE + MODHASH_SECTION_HEADER_CHECKSUM;
	uint64_t padded;

	if (!mh_align_u64(section->length, MODHASH_TABLE_ALIGNMENT, &padded) ||
	    !mh_in_range(section->offset, padded, end))
		return mh_fail(err, MODHASH_E_BLOB, section->offset,
			       "found %llu bytes, expected a section's %llu and padding to a "
			       "multiple of %d",
			       (unsigned long long)(end - section->offset),
			       (unsigned long long)section->length, MODHASH_TABLE_ALIGNMENT);
	if (mh_core_crc32(0, contents, section->length) != mh_core_le32(section->file + checksum))
		return mh_fail(err, MODHASH_E_CHECKSUM, checksum,
			       "the checksum of a section does not match: it is damaged");
	if (!mh_all_zero(contents + section->length, padded - section->length))
		return mh_fail(err, MODHASH_E_BLOB, section->offset + section->length,
			       "found padding of a section in use, expected zeroes");
	*next = section->offset + padded;
	return 0;
}

int mh_sections_read(struct mh_sections *sections, const uint8_t *data, uint64_t offset,
		     uint64_t length, uint32_t digests, struct modhash_error *err)
{
	uint64_t first = offset;
	int rc = 0;

	while (!rc && offset < length && !mh_all_zero(data + offset, length - offset)) {
		struct section section = { .file = data };
		uint64_t next = offset;

		rc = read_head(&section, offset, length, err);
		if (!rc)
			rc = check_contents(&section, length, &next, err);
		if (rc)
			break;
		if (section.type == MODHASH_SECTION_RELEASE)
			rc = read_release(sections, &section, err);
		else if (section.type == MODHASH_SECTION_MODULES)
			rc = read_modules(sections, &section, digests, err);
		offset = next;
	}
	sections->length = offset - first;
	return rc;
}

void mh_sections_fini(struct mh_sections *sections)
{
	free(sections->release);
	memset(sections, 0, sizeof(*sections));
}

void mh_blob_record(const struct modhash_blob *blob, uint64_t index,
		    struct modhash_blob_module *module)
{
	const uint8_t *record = record_at(&blob->sections, index);
	uint32_t length;

	module->flags = 0;
	if (mh_core_le32(record + MODHASH_SECTION_RECORD_FLAGS) & MODHASH_SECTION_MODULE_SIGNED)
		module->flags |= MODHASH_BLOB_MODULE_SIGNED;
	module->name = name_of(&blob->sections, index, &length);
	module->digest = mh_core_le32(record + MODHASH_SECTION_RECORD_DIGEST);
	module->position = mh_core_le32(record + MODHASH_SECTION_RECORD_POSITION);
	module->payload_length = mh_core_le64(record + MODHASH_SECTION_RECORD_PAYLOAD_LENGTH);
	module->build_id_length = mh_core_le32(record + MODHASH_SECTION_RECORD_BUILD_ID_LENGTH);
	module->build_id = module->build_id_length ? record + MODHASH_SECTION_RECORD_BUILD_ID :
						     NULL;
}

int mh_blob_record_named(const struct modhash_blob *blob, const char *name, size_t length,
			 uint64_t *index)
{
	uint64_t low = 0, high = blob->sections.count;
	const char *found;
	uint32_t found_length;

	while (low < high) { /* the first that is not below @name */
		uint64_t middle = low + (high - low) / 2;

		found = name_of(&blob->sections, middle, &found_length);
		if (compare_names(found, found_length, name, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == blob->sections.count)
		return MODHASH_E_NOT_FOUND;
	found = name_of(&blob->sections, low, &found_length);
	if (compare_names(found, found_length, name, length))
		return MODHASH_E_NOT_FOUND;
	if (low + 1 < blob->sections.count) {
		found = name_of(&blob->sections, low + 1, &found_length);
		if (!compare_names(found, found_length, name, length))
			return MODHASH_E_NOT_FOUND;
	}
	*index = low;
	return 0;
}

/* --- writing --- */

static const uint8_t zeroes[MODHASH_TABLE_ALIGNMENT];

static int append_section(struct mh_buf *out, uint32_t type, const uint8_t *contents,
			  uint64_t length, struct modhash_error *err)
{
	uint8_t head[MODHASH_SECTION_HEADER_SIZE];
	uint64_t behind = length % MODHASH_TABLE_ALIGNMENT;
	uint64_t padding = behind ? MODHASH_TABLE_ALIGNMENT - behind : 0;
	int rc;

	mh_put_le32(head + MODHASH_SECTION_HEADER_MAGIC, MODHASH_SECTION_MAGIC);
	mh_put_le32(head + MODHASH_SECTION_HEADER_TYPE, type);
	mh_put_le64(head + MODHASH_SECTION_HEADER_LENGTH, length);
	mh_put_le32(head + MODHASH_SECTION_HEADER_CHECKSUM, mh_core_crc32(0, contents, length));
	mh_put_le32(head + MODHASH_SECTION_HEADER_HEADER_CHECKSUM,
		    mh_core_crc32(0, head, MODHASH_SECTION_HEADER_HEADER_CHECKSUM));
	rc = mh_buf_append(out, head, sizeof(head), err);
	if (!rc)
		rc = mh_buf_append(out, contents, (size_t)length, err);
	return rc ? rc : mh_buf_append(out, zeroes, (size_t)padding, err);
}

/* A record on its way into the section. */
struct entry {
	const struct mh_record *record;
	const char *name;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *first = a, *second = b;
	int order = compare_names(first->name, first->record->name_length, second->name,
				  second->record->name_length);

	if (order)
		return order;
	return first->record->added < second->record->added ? -1 : 1;
}

static int append_record(struct mh_buf *out, const struct mh_record *record, uint32_t rank,
			 uint32_t name_offset, struct modhash_error *err)
{
	uint8_t bytes[MODHASH_SECTION_RECORD_SIZE];

	mh_put_le32(bytes + MODHASH_SECTION_RECORD_NAME_OFFSET, name_offset);
	mh_put_le32(bytes + MODHASH_SECTION_RECORD_NAME_LENGTH, record->name_length);
	mh_put_le32(bytes + MODHASH_SECTION_RECORD_DIGEST, rank);
	mh_put_le32(bytes + MODHASH_SECTION_RECORD_POSITION, record->added);
	mh_put_le64(bytes + MODHASH_SECTION_RECORD_PAYLOAD_LENGTH, record->payload_length);
	mh_put_le32(bytes + MODHASH_SECTION_RECORD_FLAGS, record->flags);
	mh_put_le32(bytes + MODHASH_SECTION_RECORD_BUILD_ID_LENGTH, record->build_id_length);
	memcpy(bytes + MODHASH_SECTION_RECORD_BUILD_ID, record->build_id,
	       MODHASH_SECTION_BUILD_ID_MAX);
	return mh_buf_append(out, bytes, sizeof(bytes), err);
}

/* Records, then names; the builder saw to it that offsets of names fit in 32 bits. */
static int fill_modules(const struct modhash_builder *builder, const struct entry *entries,
			const uint32_t *ranks, struct mh_buf *out, struct modhash_error *err)
{
	uint64_t i, count = mh_builder_records(builder);
	uint64_t name_offset = MODHASH_SECTION_MODULES_SIZE + count * MODHASH_SECTION_RECORD_SIZE;
	uint8_t head[MODHASH_SECTION_MODULES_SIZE];
	int rc;

	mh_put_le32(head + MODHASH_SECTION_MODULES_COUNT, (uint32_t)count);
	mh_put_le32(head + MODHASH_SECTION_MODULES_RECORD_SIZE, MODHASH_SECTION_RECORD_SIZE);
	rc = mh_buf_append(out, head, sizeof(head), err);
	for (i = 0; !rc && i < count; i++) {
		const struct mh_record *record = entries[i].record;

		rc = append_record(out, record, ranks[record->added], (uint32_t)name_offset, err);
		name_offset += record->name_length + 1;
	}
	for (i = 0; !rc && i < count; i++)
		rc = mh_buf_append(out, entries[i].name, entries[i].record->name_length + 1, err);
	return rc;
}

static int append_modules(const struct modhash_builder *builder, const uint32_t *ranks,
			  struct mh_buf *out, struct modhash_error *err)
{
	uint64_t i, count = mh_builder_records(builder);
	struct mh_buf contents = MH_BUF_EMPTY;
	struct entry *entries = calloc(count + 1, sizeof(*entries));
	int rc;

	if (!entries)
		return mh_fail_nomem(err);
	for (i = 0; i < count; i++) {
		entries[i].record = mh_builder_record(builder, i);
		entries[i].name =
			(const char *)builder->names.data + entries[i].record->name_offset;
	}
	if (count)
		qsort(entries, count, sizeof(*entries), compare_entries);
	rc = fill_modules(builder, entries, ranks, &contents, err);
	if (!rc)
		rc = append_section(out, MODHASH_SECTION_MODULES, contents.data, contents.length,
				    err);
	mh_buf_free(&contents);
	free(entries);
	return rc;
}

int mh_sections_write(const struct modhash_builder *builder, const uint32_t *ranks,
		      struct mh_buf *out, struct modhash_error *err)
{
	const char *release = builder->opts.release;
	int rc = 0;

	if (release)
		rc = append_section(out, MODHASH_SECTION_RELEASE, (const uint8_t *)release,
				    strlen(release), err);
	if (!rc && builder->opts.flags & MODHASH_BUILDER_NAMES)
		rc = append_modules(builder, ranks, out, err);
	return rc;
}
