/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Comparing blobs.
 */
#include "blob-help.h"

#define ENTRIES 32

/* What a comparison told, as letters: s(ame), a(dded), r(emoved), c(hanged). */
struct told {
	char letters[ENTRIES + 1];
	char names[ENTRIES][16];
	uint64_t first[ENTRIES];
	uint64_t second[ENTRIES];
	int count;
	int stop_at;
};

static int take(void *user, const struct modhash_diff_entry *entry)
{
	struct told *told = user;

	ck_assert_int_lt(told->count, ENTRIES);
	ck_assert_uint_eq(entry->size, sizeof(*entry));
	told->letters[told->count] = "sarc"[entry->change];
	told->first[told->count] = entry->first;
	told->second[told->count] = entry->second;
	snprintf(told->names[told->count], 16, "%s", entry->name ? entry->name : "-");
	told->count++;
	return told->count == told->stop_at ? 12345 : 0;
}

/* A digest whose first byte says which: the order is plain to see. */
static struct modhash_digest digest_named(char letter, int scope)
{
	struct modhash_digest digest = { MODHASH_ALGO_SHA256, 32, (uint16_t)scope, 0, { 0 } };

	memset(digest.bytes, letter, 32);
	digest.bytes[31] = 0xff; /* or it would be text */
	digest.bytes[1] = 0xfe;
	return digest;
}

struct fixture {
	struct modhash_ctx *ctx;
	struct modhash_buffer buffers[2];
	struct modhash_blob *blobs[2];
	struct told told;
};

/* @digests: letters; @names: one letter each for the module's name, or NULL for none. */
static void make(struct fixture *fixture, int which, struct modhash_builder_opts opts,
		 const char *digests, const char *names)
{
	struct modhash_builder *builder;
	char name[] = "?.ko";

	if (names)
		opts.flags = MODHASH_BUILDER_NAMES;
	builder = new_builder(fixture->ctx, &opts);
	for (; *digests; digests++) {
		struct modhash_digest digest = digest_named(*digests, (int)opts.scope);

		if (names)
			name[0] = *names++;
		add_named(builder, &digest, names ? name : NULL);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &fixture->buffers[which], NULL), 0);
	ck_assert_int_eq(modhash_blob_from_memory(fixture->ctx, fixture->buffers[which].data,
						  (size_t)fixture->buffers[which].length,
						  &fixture->blobs[which], NULL),
			 0);
	modhash_builder_free(builder);
}

static void fixture_new(struct fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->ctx = new_ctx();
}

static int compare(struct fixture *fixture)
{
	memset(&fixture->told, 0, sizeof(fixture->told));
	return modhash_blob_diff(fixture->blobs[0], fixture->blobs[1], take, &fixture->told, NULL);
}

static void fixture_free(struct fixture *fixture)
{
	int i;

	for (i = 0; i < 2; i++) {
		modhash_blob_free(fixture->blobs[i]);
		modhash_buffer_clear(&fixture->buffers[i]);
	}
	modhash_ctx_free(fixture->ctx);
}

static void expect(struct modhash_builder_opts opts, const char *first, const char *first_names,
		   const char *second, const char *second_names, const char *letters,
		   const char *names)
{
	struct fixture fixture;
	int i, rc;

	fixture_new(&fixture);
	make(&fixture, 0, opts, first, first_names);
	make(&fixture, 1, opts, second, second_names);
	rc = compare(&fixture);
	ck_assert_str_eq(fixture.told.letters, letters);
	ck_assert_int_eq(rc, strspn(letters, "s") != strlen(letters));
	ck_assert_int_eq(modhash_blob_diff(fixture.blobs[0], fixture.blobs[1], NULL, NULL, NULL),
			 rc);
	for (i = 0; names && names[i]; i++)
		ck_assert_int_eq(fixture.told.names[i][0], names[i]);
	for (i = 0; i < fixture.told.count; i++) {
		ck_assert_int_eq(fixture.told.first[i] == UINT64_MAX, letters[i] == 'a');
		ck_assert_int_eq(fixture.told.second[i] == UINT64_MAX, letters[i] == 'r');
	}
	fixture_free(&fixture);
}

START_TEST(lists)
{
	expect(list_opts(), "", NULL, "", NULL, "", "");
	expect(list_opts(), "AB", NULL, "AB", NULL, "ss", "--");
	expect(list_opts(), "BA", NULL, "AB", NULL, "ss", "--"); /* a set, not a sequence */
	expect(list_opts(), "ABC", NULL, "ACD", NULL, "srsa", "----");
	expect(list_opts(), "", NULL, "BA", NULL, "aa", "--");
	expect(list_opts(), "BA", NULL, "", NULL, "rr", "--");
	expect(list_opts(), "AABB", NULL, "ABBB", NULL, "srssa", NULL); /* as often */
}
END_TEST

START_TEST(indices_are_those_of_the_blobs)
{
	struct fixture fixture;

	fixture_new(&fixture);
	make(&fixture, 0, list_opts(), "CBA", NULL);
	make(&fixture, 1, list_opts(), "DCB", NULL);
	ck_assert_int_eq(compare(&fixture), 1);
	ck_assert_str_eq(fixture.told.letters, "rssa");
	ck_assert_uint_eq(fixture.told.first[0], 2);
	ck_assert_uint_eq(fixture.told.first[1], 1);
	ck_assert_uint_eq(fixture.told.second[1], 2);
	ck_assert_uint_eq(fixture.told.first[2], 0);
	ck_assert_uint_eq(fixture.told.second[2], 1);
	ck_assert_uint_eq(fixture.told.second[3], 0);
	fixture_free(&fixture);
}
END_TEST

START_TEST(tables)
{
	struct modhash_builder_opts opts = table_opts(0);

	expect(opts, "ABC", NULL, "BCD", NULL, "rssa", "----");
	expect(opts, "ABC", "abc", "BCD", "bcd", "rssa", "abcd");
	/* names in one of them, of no use for changes but told */
	expect(opts, "ABC", "abc", "BCD", NULL, "rssa", "abc-");
	expect(opts, "ABC", NULL, "BCD", "bcd", "rssa", "-bcd");
	/* a changed one is told once, where the first has it */
	expect(opts, "ABC", "abc", "ABD", "abc", "ssc", "abc");
	expect(opts, "ABD", "abc", "ABC", "abc", "ssc", "abc");
	expect(opts, "MN", "mn", "AZ", "mn", "cc", "mn");
	expect(opts, "MN", "mn", "AZ", "xn", "arc", "xmn");
	/* two that were alike, and one of them is not any more, or both in their way */
	expect(opts, "AA", "xy", "AB", "xy", "sc", "xy");
	expect(opts, "AA", "xy", "BC", "xy", "cc", "xy");
	/* two that have become alike */
	expect(opts, "AB", "xy", "AA", "xy", "sc", "xy");
	expect(opts, "AB", "xy", "CC", "xy", "cc", "xy");
	/* names that changed places change nothing in the set */
	expect(opts, "AB", "xy", "AB", "yx", "ss", NULL);
}
END_TEST

START_TEST(changes_know_both_sides)
{
	struct fixture fixture;

	fixture_new(&fixture);
	make(&fixture, 0, table_opts(0), "ABM", "abm");
	make(&fixture, 1, table_opts(0), "ABC", "abm");
	ck_assert_int_eq(compare(&fixture), 1);
	ck_assert_str_eq(fixture.told.letters, "ssc");
	ck_assert_uint_eq(fixture.told.first[2], 2);
	ck_assert_uint_eq(fixture.told.second[2], 2);
	ck_assert_str_eq(fixture.told.names[2], "m.ko");
	fixture_free(&fixture);
}
END_TEST

START_TEST(callers_can_stop)
{
	struct fixture fixture;

	fixture_new(&fixture);
	make(&fixture, 0, list_opts(), "ABC", NULL);
	make(&fixture, 1, list_opts(), "ABC", NULL);
	memset(&fixture.told, 0, sizeof(fixture.told));
	fixture.told.stop_at = 2;
	ck_assert_int_eq(
		modhash_blob_diff(fixture.blobs[0], fixture.blobs[1], take, &fixture.told, NULL),
		12345);
	ck_assert_int_eq(fixture.told.count, 2);
	fixture_free(&fixture);
}
END_TEST

START_TEST(roots)
{
	struct fixture fixture;
	int other;

	for (other = 0; other < 2; other++) {
		fixture_new(&fixture);
		make(&fixture, 0, root_opts(MODHASH_BYTE_ORDER_LITTLE), "ABC", NULL);
		/* the byte order is the kernel's, not the root's */
		make(&fixture, 1, root_opts(MODHASH_BYTE_ORDER_BIG), other ? "ABB" : "ABC", NULL);
		ck_assert_int_eq(compare(&fixture), other);
		ck_assert_str_eq(fixture.told.letters, other ? "c" : "s");
		ck_assert_str_eq(fixture.told.names[0], "-");
		fixture.told.count = 0;
		fixture.told.stop_at = 1;
		ck_assert_int_eq(modhash_blob_diff(fixture.blobs[0], fixture.blobs[1], take,
						   &fixture.told, NULL),
				 12345);
		fixture_free(&fixture);
	}
}
END_TEST

START_TEST(different_kinds_can_not_be_compared)
{
	struct modhash_builder_opts kinds[4] = { list_opts(), root_opts(1), table_opts(0),
						 table_opts(0) };
	struct modhash_error err;
	struct fixture fixture;
	int i, j;

	kinds[3].scope = MODHASH_SCOPE_FILE;
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++) {
			bool same = i == j || i + j == 3; /* a list is over files, too */

			if (i + j == 3 && (i == 1 || i == 2))
				same = false;
			fixture_new(&fixture);
			make(&fixture, 0, kinds[i], "A", NULL);
			make(&fixture, 1, kinds[j], "A", NULL);
			memset(&err, 0, sizeof(err));
			ck_assert_int_eq(modhash_blob_diff(fixture.blobs[0], fixture.blobs[1], NULL,
							   NULL, &err),
					 same ? 0 : MODHASH_E_SCOPE);
			ck_assert_int_eq(err.code, same ? 0 : MODHASH_E_SCOPE);
			fixture_free(&fixture);
		}
	}
	fixture_new(&fixture);
	make(&fixture, 0, list_opts(), "A", NULL);
	ck_assert_int_eq(modhash_blob_diff(fixture.blobs[0], NULL, NULL, NULL, &err),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_diff(NULL, fixture.blobs[0], NULL, NULL, &err),
			 MODHASH_E_INVALID);
	fixture_free(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diff");
	TCase *tcase = tcase_create("diff");

	tcase_add_test(tcase, lists);
	tcase_add_test(tcase, indices_are_those_of_the_blobs);
	tcase_add_test(tcase, tables);
	tcase_add_test(tcase, changes_know_both_sides);
	tcase_add_test(tcase, callers_can_stop);
	tcase_add_test(tcase, roots);
	tcase_add_test(tcase, different_kinds_can_not_be_compared);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
