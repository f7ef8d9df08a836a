/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 by every engine that this processor has, and by what another processor would get
 * of them, against libcrypto and against what NIST published.  An engine that is not here is
 * said to be not tested.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <sys/mman.h>

#include <modhash/modhash.h>

#include "checked.h"
#include "core/core.h"
#include "hash.h"
#include "scratch.h"
#include "sha256/sha256.h"

#define LENGTH 32
#define MESSAGES_MAX 300
#define PARTS_MAX 6

static const uint32_t engines[] = {
	MODHASH_ENGINE_EVP, MODHASH_ENGINE_SHANI_1, MODHASH_ENGINE_SHANI_2, MODHASH_ENGINE_SHANI_4,
	MODHASH_ENGINE_SHANI_1 | MH_ENGINE_NO_AVX, MODHASH_ENGINE_SHANI_2 | MH_ENGINE_NO_AVX,
};

#define ENGINES ((int)(sizeof(engines) / sizeof(engines[0])))

static struct mh_hasher *hasher; /* NULL: this engine is not here */
static uint8_t *bytes;
static uint64_t seed;

#define BYTES ((size_t)1 << 20)

MH_WRAPS static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

static void setup(void)
{
	seed = 88172645463325252u;
	bytes = malloc(BYTES);
	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)draw(256);
}

static void teardown(void)
{
	mh_hasher_free(hasher);
	free(bytes);
}

static bool is_here(uint32_t engine)
{
	return engine == MODHASH_ENGINE_EVP || mh_sha256_engine(engine);
}

/* Nothing is tested, and main() said so, of an engine that is not here. */
static bool have(int engine)
{
	if (!is_here(engines[engine]))
		return false;
	ck_assert_int_eq(mh_hasher_new(engines[engine], MODHASH_ALGO_SHA256, &hasher, NULL), 0);
	return true;
}

static void expect(const void *data, size_t length, uint8_t out[LENGTH])
{
	ck_assert_int_eq(EVP_Digest(data, length, out, NULL, EVP_sha256(), NULL), 1);
}

static void expect_parts(const struct mh_part *parts, size_t count, uint8_t out[LENGTH])
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();

	ck_assert_int_eq(EVP_DigestInit_ex(state, EVP_sha256(), NULL), 1);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(EVP_DigestUpdate(state, parts[i].data, parts[i].length), 1);
	ck_assert_int_eq(EVP_DigestFinal_ex(state, out, NULL), 1);
	EVP_MD_CTX_free(state);
}

/* --- what NIST published --- */

/* FIPS 180-2, appendix B, and two that are short. */

static const struct {
	const char *hex; /* of the message, or NULL: text */
	const char *text;
	const char *digest;
} published[] = {
	{ NULL, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ NULL, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ NULL, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ NULL,
	  "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	{ "d3", NULL, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1" },
	{ "11af", NULL, "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98" },
};

#define PUBLISHED (sizeof(published) / sizeof(published[0]))

static void from_hex(const char *hex, uint8_t *out, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned int byte;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
}

static void check_digest(const uint8_t *found, const char *digest)
{
	uint8_t expected[LENGTH];

	from_hex(digest, expected, LENGTH);
	ck_assert_mem_eq(found, expected, LENGTH);
}

START_TEST(test_published)
{
	struct mh_message messages[PUBLISHED];
	struct mh_part parts[PUBLISHED];
	uint8_t out[PUBLISHED][LENGTH], message[PUBLISHED][8];

	if (!have(_i))
		return;
	for (size_t i = 0; i < PUBLISHED; i++) {
		parts[i] = (struct mh_part){ published[i].text, 0 };
		if (published[i].text) {
			parts[i].length = strlen(published[i].text);
		} else {
			parts[i].length = strlen(published[i].hex) / 2;
			from_hex(published[i].hex, message[i], parts[i].length);
			parts[i].data = message[i];
		}
		messages[i] = (struct mh_message){ &parts[i], 1, out[i] };
		ck_assert_int_eq(mh_hasher_parts(hasher, &parts[i], 1, out[i], NULL), 0);
		check_digest(out[i], published[i].digest);
	}
	memset(out, 0, sizeof(out));
	ck_assert_int_eq(mh_hasher_many(hasher, messages, PUBLISHED, NULL), 0);
	for (size_t i = 0; i < PUBLISHED; i++)
		check_digest(out[i], published[i].digest);
}
END_TEST

/* A million times "a", in one stream and in as many as there are. */
START_TEST(test_million)
{
	static const char digest[] =
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
	const struct mh_part part = { bytes, 1000000 };
	struct mh_message messages[5];
	uint8_t out[5][LENGTH];

	if (!have(_i))
		return;
	memset(bytes, 'a', part.length);
	for (int i = 0; i < 5; i++)
		messages[i] = (struct mh_message){ &part, 1, out[i] };
	ck_assert_int_eq(mh_hasher_parts(hasher, &part, 1, out[0], NULL), 0);
	check_digest(out[0], digest);
	ck_assert_int_eq(mh_hasher_many(hasher, messages, 5, NULL), 0);
	for (int i = 0; i < 5; i++)
		check_digest(out[i], digest);
}
END_TEST

/* tests/vectors/sha256-nist.txt, which says itself what is in it. */
#define NIST_LINE_MAX 16384
#define NIST_MESSAGES (65 + 64)
#define NIST_ROUNDS 100

static struct {
	struct mh_part part[NIST_MESSAGES];
	char digest[NIST_MESSAGES][2 * LENGTH + 1];
	char seed[2 * LENGTH + 1];
	char round[NIST_ROUNDS][2 * LENGTH + 1];
	size_t messages, rounds;
} nist;

static void keep_message(const char *hex, const char *digest)
{
	struct mh_part *part = &nist.part[nist.messages];
	uint8_t *message;

	ck_assert_uint_lt(nist.messages, NIST_MESSAGES);
	part->length = strcmp(hex, "-") ? strlen(hex) / 2 : 0;
	message = malloc(part->length + 1);
	ck_assert_ptr_nonnull(message);
	from_hex(hex, message, part->length);
	part->data = message;
	ck_assert_uint_eq(strlen(digest), 2 * LENGTH);
	memcpy(nist.digest[nist.messages++], digest, sizeof(nist.digest[0]));
}

static void keep_line(const char *line)
{
	static char what[16], first[NIST_LINE_MAX], second[2 * LENGTH + 2];
	int words = sscanf(line, "%15s %16383s %65s", what, first, second);

	if (words <= 0 || what[0] == '#')
		return;
	if (words == 3 && !strcmp(what, "message")) {
		keep_message(first, second);
		return;
	}
	ck_assert_int_eq(words, 2);
	ck_assert_uint_eq(strlen(first), 2 * LENGTH);
	if (!strcmp(what, "seed")) {
		memcpy(nist.seed, first, sizeof(nist.seed));
		return;
	}
	ck_assert_str_eq(what, "round");
	ck_assert_uint_lt(nist.rounds, NIST_ROUNDS);
	memcpy(nist.round[nist.rounds++], first, sizeof(nist.round[0]));
}

static void read_nist(void)
{
	const char *srcdir = getenv("srcdir");
	static char path[4096], line[NIST_LINE_MAX];
	FILE *file;

	memset(&nist, 0, sizeof(nist));
	snprintf(path, sizeof(path), "%s/tests/vectors/sha256-nist.txt", srcdir ? srcdir : ".");
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		ck_assert_ptr_nonnull(strchr(line, '\n'));
		keep_line(line);
	}
	fclose(file);
	ck_assert_uint_eq(nist.messages, NIST_MESSAGES);
	ck_assert_uint_eq(nist.rounds, NIST_ROUNDS);
}

static void forget_nist(void)
{
	for (size_t i = 0; i < nist.messages; i++)
		free((void *)(uintptr_t)nist.part[i].data);
}

/* Short and long ones: each alone, and all of them, in so many streams. */
START_TEST(test_nist)
{
	static struct mh_message messages[NIST_MESSAGES];
	static uint8_t out[NIST_MESSAGES][LENGTH];

	if (!have(_i))
		return;
	read_nist();
	for (size_t i = 0; i < NIST_MESSAGES; i++) {
		ck_assert_int_eq(mh_hasher_parts(hasher, &nist.part[i], 1, out[i], NULL), 0);
		check_digest(out[i], nist.digest[i]);
		messages[i] = (struct mh_message){ &nist.part[i], 1, out[i] };
	}
	memset(out, 0, sizeof(out));
	ck_assert_int_eq(mh_hasher_many(hasher, messages, NIST_MESSAGES, NULL), 0);
	for (size_t i = 0; i < NIST_MESSAGES; i++)
		check_digest(out[i], nist.digest[i]);
	forget_nist();
}
END_TEST

/*
 * The Monte Carlo test: a thousand digests, each of the three before it, a hundred times over;
 * each of the streams carries the chain.
 */
START_TEST(test_monte_carlo)
{
	struct mh_message messages[4];
	struct mh_part parts[4];
	uint8_t last[3 * LENGTH], out[4][LENGTH];
	unsigned int streams;

	if (!have(_i))
		return;
	read_nist();
	streams = mh_hasher_streams(hasher);
	for (unsigned int i = 0; i < streams; i++) {
		parts[i] = (struct mh_part){ last, sizeof(last) };
		messages[i] = (struct mh_message){ &parts[i], 1, out[i] };
	}
	from_hex(nist.seed, out[0], LENGTH);
	for (size_t i = 0; i < NIST_ROUNDS; i++) {
		memcpy(last, out[0], LENGTH);
		memcpy(last + LENGTH, out[0], LENGTH);
		memcpy(last + 2 * LENGTH, out[0], LENGTH);
		for (int j = 0; j < 1000; j++) {
			ck_assert_int_eq(mh_hasher_many(hasher, messages, streams, NULL), 0);
			for (unsigned int k = 1; k < streams; k++)
				ck_assert(!memcmp(out[k], out[0], LENGTH));
			memmove(last, last + LENGTH, 2 * LENGTH);
			memcpy(last + 2 * LENGTH, out[0], LENGTH);
		}
		check_digest(out[0], nist.round[i]);
	}
	forget_nist();
}
END_TEST

/* --- against libcrypto --- */

/* Cut @length bytes at @data at random places, empty parts among them; how many there are. */
static size_t cut(const uint8_t *data, size_t length, struct mh_part parts[PARTS_MAX])
{
	size_t count = 1 + (size_t)draw(PARTS_MAX), at = 0;

	for (size_t i = 0; i < count; i++) {
		size_t taken = i + 1 < count ? (size_t)draw(length - at + 1) : length - at;

		parts[i] = (struct mh_part){ taken ? data + at : NULL, taken };
		at += taken;
	}
	return count;
}

/* Every length, in every number of messages at once; whole and in pieces; from any address. */
START_TEST(test_lengths)
{
	struct mh_message messages[5];
	struct mh_part parts[5][PARTS_MAX];
	uint8_t out[5][LENGTH], expected[5][LENGTH];

	if (!have(_i))
		return;
	for (size_t length = 0; length <= 4096; length++) {
		for (unsigned int i = 0; i < 5; i++) {
			const uint8_t *data = bytes + draw(BYTES - length);

			expect(data, length, expected[i]);
			messages[i].parts = parts[i];
			messages[i].count = cut(data, length, parts[i]);
			messages[i].out = out[i];
			ck_assert_int_eq(mh_hasher_parts(hasher, parts[i], messages[i].count,
							 out[i], NULL), 0);
			ck_assert_mem_eq(out[i], expected[i], LENGTH);
		}
		for (unsigned int count = 1; count <= 5; count++) {
			memset(out, 0, sizeof(out));
			ck_assert_int_eq(mh_hasher_many(hasher, messages, count, NULL), 0);
			ck_assert_mem_eq(out, expected, count * LENGTH);
		}
	}
}
END_TEST

/* Long and short ones mixed: lanes that end take the next message, or another lane's place. */
START_TEST(test_refill)
{
	static struct mh_message messages[MESSAGES_MAX];
	static struct mh_part parts[MESSAGES_MAX][PARTS_MAX];
	static uint8_t out[MESSAGES_MAX][LENGTH];
	uint8_t expected[LENGTH];

	if (!have(_i))
		return;
	for (int round = 0; round < 40; round++) {
		size_t count = (size_t)draw(MESSAGES_MAX + 1);

		for (size_t i = 0; i < count; i++) {
			size_t length = (size_t)draw((uint64_t)1 << (1 + draw(15)));

			messages[i].parts = parts[i];
			messages[i].count = cut(bytes + draw(BYTES - length), length, parts[i]);
			messages[i].out = out[i];
		}
		ck_assert_int_eq(mh_hasher_many(hasher, messages, count, NULL), 0);
		for (size_t i = 0; i < count; i++) {
			expect_parts(parts[i], messages[i].count, expected);
			ck_assert_mem_eq(out[i], expected, LENGTH);
		}
	}
}
END_TEST

/* Not one byte behind a message is read, nor one before it. */
START_TEST(test_bounds)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map, *data;
	struct mh_message messages[4];
	struct mh_part parts[4];
	uint8_t out[4][LENGTH], expected[LENGTH];

	if (!have(_i))
		return;
	map = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	data = map + page;
	ck_assert_int_eq(mprotect(data, page, PROT_READ | PROT_WRITE), 0);
	memcpy(data, bytes, page);
	for (size_t length = 0; length <= 300; length++) {
		for (int i = 0; i < 4; i++) {
			parts[i] = (struct mh_part){ i & 1 ? data : data + page - length, length };
			messages[i] = (struct mh_message){ &parts[i], 1, out[i] };
		}
		ck_assert_int_eq(mh_hasher_many(hasher, messages, 4, NULL), 0);
		for (int i = 0; i < 4; i++) {
			expect(parts[i].data, length, expected);
			ck_assert_mem_eq(out[i], expected, LENGTH);
		}
	}
	munmap(map, 3 * page);
}
END_TEST

/* --- messages as they come --- */

struct feed {
	const struct mh_part *part;
	struct mh_message message[8];
	uint8_t out[8][LENGTH];
	bool lent[8];
	int given, total, done, end;
	int *stop;
};

static int feed_next(void *user, const struct mh_message **message)
{
	struct feed *feed = user;
	int i = 0;

	if (feed->given == feed->total)
		return feed->end;
	while (feed->lent[i])
		i++;
	ck_assert_uint_lt((unsigned int)i, mh_hasher_streams(hasher));
	feed->lent[i] = true;
	memset(feed->out[i], 0, LENGTH);
	feed->message[i] = (struct mh_message){ feed->part, 1, feed->out[i] };
	feed->given++;
	*message = &feed->message[i];
	return 1;
}

static void feed_done(void *user, const struct mh_message *message, int status,
		      const struct modhash_error *err)
{
	struct feed *feed = user;
	long i = message - feed->message;
	uint8_t expected[LENGTH];

	(void)err;
	ck_assert_int_eq(status, 0);
	ck_assert(feed->lent[i]);
	feed->lent[i] = false;
	feed->done++;
	expect(feed->part->data, feed->part->length, expected);
	ck_assert_mem_eq(message->out, expected, LENGTH);
	if (feed->stop && feed->done == 3)
		*feed->stop = 1;
}

/* Short messages in one buffer: every length, and nothing but their room is written to. */
START_TEST(test_packed)
{
	static struct mh_packed messages[MESSAGES_MAX];
	static uint8_t out[MESSAGES_MAX][LENGTH];
	uint8_t expected[LENGTH], *buffer;

	if (!have(_i))
		return;
	for (size_t count = 0; count <= MESSAGES_MAX; count += count < 8 ? 1 : 73) {
		size_t at = 0;

		for (size_t i = 0; i < count; i++) {
			messages[i] = (struct mh_packed){ at, count < 8 ? draw(400) : i, out[i] };
			at += messages[i].length + MH_PACKED_ROOM;
		}
		buffer = malloc(at + 1);
		ck_assert_ptr_nonnull(buffer);
		memcpy(buffer, bytes, at);
		buffer[at] = 0x5a;
		ck_assert_int_eq(mh_hasher_packed(hasher, buffer, messages, count, NULL), 0);
		ck_assert_uint_eq(buffer[at], 0x5a);
		for (size_t i = 0; i < count; i++) {
			ck_assert_mem_eq(buffer + messages[i].at, bytes + messages[i].at,
					 messages[i].length);
			expect(bytes + messages[i].at, messages[i].length, expected);
			ck_assert_mem_eq(out[i], expected, LENGTH);
		}
		free(buffer);
	}
}
END_TEST

/* What is lent comes back before more is asked for than there are streams; all of it. */
START_TEST(test_source)
{
	const struct mh_part part = { bytes, 1000 };
	struct feed feed = { .part = &part, .total = 50 };
	const struct mh_message_source source = { feed_next, feed_done, &feed };

	if (!have(_i))
		return;
	ck_assert_int_eq(mh_hasher_flow(hasher, &source, NULL), 0);
	ck_assert_int_eq(feed.done, 50);
}
END_TEST

/* A source that fails: what was begun is done first. */
START_TEST(test_source_fails)
{
	const struct mh_part part = { bytes, 1000 };
	struct feed feed = { .part = &part, .total = 6, .end = MODHASH_E_IO };
	const struct mh_message_source source = { feed_next, feed_done, &feed };

	if (!have(_i))
		return;
	ck_assert_int_eq(mh_hasher_flow(hasher, &source, NULL), MODHASH_E_IO);
	ck_assert_int_eq(feed.done, 6);
}
END_TEST

START_TEST(test_stop)
{
	const struct mh_part part = { bytes, BYTES };
	int stop = 0;
	struct feed feed = { .part = &part, .total = 1000, .stop = &stop };
	const struct mh_message_source source = { feed_next, feed_done, &feed };
	const struct mh_core_part whole = { bytes, BYTES };
	struct modhash_error err;
	uint8_t out[LENGTH];

	if (!have(_i))
		return;
	mh_hasher_set_stop(hasher, &stop);
	ck_assert_int_eq(mh_hasher_flow(hasher, &source, &err), MODHASH_E_STOPPED);
	ck_assert_int_eq(err.code, MODHASH_E_STOPPED);
	ck_assert_int_lt(feed.done, 9);
	/* One alone, too; through the core, which does not know why it failed. */
	ck_assert_int_eq(mh_hasher_parts(hasher, &part, 1, out, &err), MODHASH_E_STOPPED);
	ck_assert_int_eq(err.code, MODHASH_E_STOPPED);
	ck_assert_int_ne(mh_hasher_core(hasher, &whole, 1, out), 0);
	ck_assert_int_eq(mh_hasher_fail_core(hasher, "a node", &err), MODHASH_E_STOPPED);
	ck_assert_int_eq(err.code, MODHASH_E_STOPPED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sha256");
	TCase *tcase = tcase_create("sha256");

	for (int i = 0; i < ENGINES; i++) {
		if (!is_here(engines[i]))
			printf("%s%s: not here, NOT TESTED\n",
			       modhash_engine_name(engines[i] & ~MH_ENGINE_NO_AVX),
			       engines[i] & MH_ENGINE_NO_AVX ? ", without AVX" : "");
	}
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_published, 0, ENGINES);
	tcase_add_loop_test(tcase, test_million, 0, ENGINES);
	tcase_add_loop_test(tcase, test_nist, 0, ENGINES);
	tcase_add_loop_test(tcase, test_monte_carlo, 0, ENGINES);
	tcase_add_loop_test(tcase, test_lengths, 0, ENGINES);
	tcase_add_loop_test(tcase, test_refill, 0, ENGINES);
	tcase_add_loop_test(tcase, test_bounds, 0, ENGINES);
	tcase_add_loop_test(tcase, test_packed, 0, ENGINES);
	tcase_add_loop_test(tcase, test_source, 0, ENGINES);
	tcase_add_loop_test(tcase, test_source_fails, 0, ENGINES);
	tcase_add_loop_test(tcase, test_stop, 0, ENGINES);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
