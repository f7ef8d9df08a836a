/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two blobs, the first behind its length: compared both ways round.  Each digest of both is told
 * of, and what is said of it is so.
 */
#include "blobs.h"

#define DIGESTS_MAX 512

struct told {
	const struct modhash_blob *first, *second;
	bool sets; /* two tables: nothing is there twice */
	uint64_t changes[4];
	bool of_first[DIGESTS_MAX], of_second[DIGESTS_MAX];
};

static struct modhash_digest at(const struct modhash_blob *blob, uint64_t index)
{
	struct modhash_digest digest;

	MUST(modhash_blob_digest(blob, index, &digest) == 0);
	return digest;
}

static void check_entry(const struct told *told, const struct modhash_diff_entry *entry)
{
	struct modhash_digest a, b;
	bool has_first = entry->first != UINT64_MAX, has_second = entry->second != UINT64_MAX;

	MUST(has_first == (entry->change != MODHASH_DIFF_ADDED));
	MUST(has_second == (entry->change != MODHASH_DIFF_REMOVED));
	if (has_first)
		a = at(told->first, entry->first);
	if (has_second)
		b = at(told->second, entry->second);
	if (entry->change == MODHASH_DIFF_SAME)
		MUST(modhash_digest_equal(&a, &b));
	if (entry->change == MODHASH_DIFF_CHANGED && told->sets)
		MUST(!fuzz_is_there(told->second, &a) || !fuzz_is_there(told->first, &b));
	if (entry->change == MODHASH_DIFF_REMOVED && told->sets)
		MUST(!fuzz_is_there(told->second, &a));
	if (entry->change == MODHASH_DIFF_ADDED && told->sets)
		MUST(!fuzz_is_there(told->first, &b));
}

static int tell(void *user, const struct modhash_diff_entry *entry)
{
	struct told *told = user;

	MUST(entry->change <= MODHASH_DIFF_CHANGED);
	told->changes[entry->change]++;
	if (fuzz_blob_info(told->first).format == MODHASH_FORMAT_MERKLE)
		return 0;
	check_entry(told, entry);
	if (entry->first < DIGESTS_MAX)
		told->of_first[entry->first] = true;
	if (entry->second < DIGESTS_MAX)
		told->of_second[entry->second] = true;
	return 0;
}

static int diff(const struct modhash_blob *first, const struct modhash_blob *second,
		struct told *told)
{
	struct modhash_error err;
	int rc;

	memset(told, 0, sizeof(*told));
	told->first = first;
	told->second = second;
	told->sets = fuzz_blob_info(first).format == MODHASH_FORMAT_TABLE &&
		     fuzz_blob_info(second).format == MODHASH_FORMAT_TABLE;
	rc = modhash_blob_diff(first, second, tell, told, &err);
	if (rc < 0) {
		MUST(rc == MODHASH_E_SCOPE);
		fuzz_must_fail_well(rc, &err, 0);
		return rc;
	}
	MUST(rc == (told->changes[MODHASH_DIFF_ADDED] || told->changes[MODHASH_DIFF_REMOVED] ||
		    told->changes[MODHASH_DIFF_CHANGED]));
	return rc;
}

static void check_all_told(const bool *seen, uint64_t count)
{
	for (uint64_t i = 0; i < count && i < DIGESTS_MAX; i++)
		MUST(seen[i]);
}

/*
 * What is an addition one way round need not be a removal the other: a name that one of the
 * blobs has twice leads nowhere in it, and from it to the other.
 */
static void check(const struct modhash_blob *a, const struct modhash_blob *b)
{
	static struct told there, back;
	int rc = diff(a, b, &there);

	MUST(diff(b, a, &back) == rc);
	if (rc < 0)
		return;
	MUST(there.changes[MODHASH_DIFF_SAME] == back.changes[MODHASH_DIFF_SAME]);
	check_all_told(there.of_first, fuzz_blob_info(a).count);
	check_all_told(there.of_second, fuzz_blob_info(b).count);
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length }, piece = fuzz_take_piece(&input);
	uint8_t *first = fuzz_copy(piece.data, piece.length);
	uint8_t *second = fuzz_copy(input.data, input.length);
	struct modhash_blob *a, *b;

	fuzz_make_good(first, piece.length);
	fuzz_make_good(second, input.length);
	a = fuzz_read_blob(first, piece.length);
	b = fuzz_read_blob(second, input.length);
	if (a && b)
		check(a, b);
	modhash_blob_free(a);
	modhash_blob_free(b);
	free(first);
	free(second);
}

extern const struct fuzz_target fuzz_diff;
const struct fuzz_target fuzz_diff = {
	.name = "diff",
	.run = run,
	.max_length = 4096,
	.covers = "lib/diff.c",
};
