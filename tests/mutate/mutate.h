/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Never a wrong yes: modules and blobs are changed at random and on purpose, and whoever is
 * asked must say "known" of those alone that are the same by the words of the formats.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <modhash/modhash.h>

#include "../gen/elfgen.h"

/* --- what is random --- */

/* The same numbers on every machine, from the seed alone. */
struct random {
	uint64_t state;
};

uint64_t random_next(struct random *random);
/* Below @bound, which is not 0. */
size_t random_below(struct random *random, size_t bound);
/* Mostly small: of the lengths that things have. */
size_t random_length(struct random *random, size_t most);

/* --- what is the same: oracle.c, which knows nothing of the library --- */

/* What stands around the last trailer of a file. */
struct oracle_trailer {
	size_t before;	    /* bytes without it */
	unsigned int type;
	const uint8_t *data;
	size_t length;	    /* of the data */
};

/* 1 and the last trailer; 0 if there is none; -1 if there is half of one. */
int oracle_trailer(const uint8_t *file, size_t length, struct oracle_trailer *trailer);
/* Bytes of the payload, or -1 if a trailer is malformed. */
long long oracle_payload(const uint8_t *file, size_t length);
uint32_t oracle_crc32(const uint8_t *data, size_t length);

/*
 * Are two modules' payloads the same under a policy of the canonical form, given that nothing
 * in the one was moved from where it is in the other?  @twins: there are types that are alike,
 * so that one may stand for another.
 */
bool oracle_same_module(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
			int policy, bool twins);

/* --- what is changed --- */

struct module {
	const char *name;
	struct gen_buf plain;	 /* as it was built, and signed where it is */
	struct gen_buf proof;	 /* the data of its Merkle trailer */
	struct gen_buf proved;	 /* with that trailer */
	size_t payload;		 /* bytes */
	const struct modhash_btf_base *base;
	bool twins;		 /* types of it, or of its base, are alike */
	struct gen_buf sibling;	 /* the same module in another order, where there is one */
	struct gen_buf packed[4]; /* by MODHASH_COMPRESSION_*, once they are asked for */
};

#define BASES_MAX 8

struct corpus {
	struct module *modules;
	size_t count;
	struct modhash_btf_base *bases[BASES_MAX];
	size_t bases_count;
};

/* Made-up modules of every kind.  Bases are the corpus's from then on. */
void corpus_generate(struct corpus *corpus, const struct modhash_ctx *ctx);
struct module *corpus_add(struct corpus *corpus, const char *name, const struct gen_buf *plain);
void corpus_free(struct corpus *corpus);

/* One way to change a module: out of module @which, into @out. */
struct change {
	const char *name;
	void (*make)(const struct corpus *corpus, size_t which, struct random *random,
		     struct gen_buf *out);
	bool in_place; /* nothing moves */
	bool packed;   /* what comes out is compressed */
};

extern const struct change changes[];
extern const size_t changes_count;

/* Change bytes, whatever they are. */
void scramble(struct random *random, struct gen_buf *buf);

/* --- who is asked: ask.c --- */

#define TABLES_MAX 64

struct blobs {
	struct modhash_buffer list, root, tables[TABLES_MAX];
	size_t tables_count;
	struct modhash_blob *list_blob, *root_blob, *table_blobs[TABLES_MAX];
	struct modhash_verifier *list_verifier, *root_verifier, *table_verifiers[TABLES_MAX];
};

/* Looking up made wrong on purpose, so that the test can be seen to fail. */
enum broken {
	BROKEN_NOT,
	BROKEN_TAIL,	 /* the last bytes are not hashed */
	BROKEN_MIDDLE,	 /* nor are those in the middle */
	BROKEN_TABLE,	 /* the digest that is found is not compared to its end */
	BROKEN_INDEX,	 /* a bucket without its first digest */
	BROKEN_LIST,	 /* half a digest is enough, and it may be anywhere */
	BROKEN_POSITION, /* a proof's position is taken modulo the number of leaves */
	BROKEN_LEVELS,	 /* a proof may be longer */
	BROKEN_MARKER,	 /* the marker's end is not looked at */
	BROKEN_FIELDS,	 /* nor what must be zero in a signature's record */
	BROKEN_PLANTED,	 /* blobs know a module that is none of theirs */
	BROKEN_WAYS
};

extern const char *const broken_names[BROKEN_WAYS];

/* Of all modules; with one more that is not of the corpus, if @planted is not NULL. */
void blobs_make(struct blobs *blobs, struct corpus *corpus, const struct modhash_ctx *ctx,
		size_t others, struct random *random, const struct gen_buf *planted);
void blobs_free(struct blobs *blobs);

enum format { FORMAT_LIST, FORMAT_TABLE_FILE, FORMAT_TABLE_PAYLOAD, FORMAT_MERKLE, FORMATS };
extern const char *const format_names[FORMATS];

/* One question: a file, a format, and for tables which. */
struct question {
	const struct gen_buf *file;
	const struct modhash_module *module;
	enum format format;
	const struct corpus *corpus;
	const struct blobs *blobs;
	size_t table;
	enum broken broken;
};

/* 1 known, 0 not; with libmodhash's verdict, and with lib/core and libcrypto alone. */
int ask_library(const struct question *question);
int ask_core(const struct question *question);
/* By comparing bytes. */
int ask_oracle(const struct question *question);

void digest_by_libcrypto(int algorithm, const void *data, size_t length, uint8_t *digest);

/* --- counts --- */

struct counts {
	unsigned long long asked, known;
};

extern unsigned long long failures;
/* One line on a wrong answer; the first few are printed unless @quiet is set. */
extern bool quiet;
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Blobs changed: blobs.c.  Each bit of the list, of the root and of @bits_of tables; and
   @count changes at random. */
void change_blobs(const struct corpus *corpus, const struct blobs *blobs,
		  const struct modhash_ctx *ctx, struct random *random, unsigned long count,
		  size_t bits_of);

#endif /* MUTATE_H */
