/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: asking blobs about a module, and finding out why not.
 */
#ifndef MH_VERIFY_H
#define MH_VERIFY_H

#include <modhash/verify.h>

#include "core/core.h"
#include "hash.h"
#include "module.h"

/* A blob that is asked, with what it says of itself. */
struct mh_asked {
	const struct modhash_blob *blob;
	struct modhash_blob_info info;
	uint8_t root[MODHASH_MERKLE_HASH_LENGTH]; /* of a Merkle blob */
};

struct modhash_verifier {
	const struct modhash_ctx *ctx;
	struct mh_asked *asked;
	uint32_t count;
};

/* One worker's hashers, made when an algorithm is first wanted. */
#define MH_ALGORITHMS 32

struct mh_asker {
	uint32_t engine; /* the context's */
	const int *stop; /* a run's, or the context's; may be NULL */
	struct mh_hasher *hashers[MH_ALGORITHMS];
};

void mh_asker_fini(struct mh_asker *asker);


/* Digests that were taken beforehand, several modules' at once; none is needed. */
#define MH_FORESEEN_MAX 2

struct mh_foreseen {
	unsigned int count;
	struct modhash_digest digest[MH_FORESEEN_MAX];
	uint64_t place[MH_FORESEEN_MAX]; /* of a leaf its position, else the length hashed */
};

/* One module as the verifier looks at it. */
struct mh_question {
	const struct modhash_verifier *verifier;
	struct mh_asker *asker;
	const struct modhash_module *module;
	const char *name;		   /* or NULL */
	const struct modhash_proof *proof; /* not appended to the module; or NULL */
	int proof_status;		   /* such a proof is there, but malformed */
	struct modhash_error proof_error;
	struct modhash_identity identity;
	int identity_status;
	struct modhash_error identity_error;
	const struct mh_foreseen *foreseen; /* or NULL */
};

/*
 * Which SHA-256 digests will certainly be asked for: that of the first blob, and, unless
 * @position is UINT32_MAX, the leaf there.  @specs have room for MH_FORESEEN_MAX; how many
 * there are.
 */
unsigned int mh_verify_foresee(const struct mh_question *question, uint32_t position,
			       struct modhash_digest_spec *specs);

/* Ask every blob, then, if none knows it, find out why.  0 with a verdict, or a failure. */
int mh_verify_module(struct mh_question *question, struct modhash_verdict *verdict,
		     struct modhash_error *err);

/* Why blob @which, which was asked with @digest, does not know the module (verify-why.c). */
int mh_verify_why(struct mh_question *question, uint32_t which,
		  struct modhash_verdict *verdict, struct modhash_error *err);

/* The digest that blob @which would be asked with, over the first @length bytes. */
int mh_verify_digest_of(struct mh_question *question, uint32_t which, uint64_t length,
			struct modhash_digest *digest, struct modhash_error *err);

/* The module's Merkle leaf at @position. */
int mh_verify_leaf(struct mh_question *question, uint32_t position, struct modhash_digest *leaf,
		   struct modhash_error *err);

/* Look a proof up: appended outermost, or given.  1, 0, or MODHASH_E_PROOF / _E_TRAILER. */
int mh_verify_proof(const struct mh_question *question, struct modhash_proof *proof,
		    struct modhash_error *err);

/* The answer that follows from reading a file failing with @status. */
void mh_verdict_unreadable(struct modhash_verdict *verdict, int status,
			   const struct modhash_error *err);

void mh_verdict_set(struct modhash_verdict *verdict, uint32_t answer, uint32_t reason, int status,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The first word of a vermagic: the kernel's release.  Its length; 0 if there is none. */
size_t mh_release_length(const char *vermagic);

int mh_hasher_for(struct mh_asker *asker, int algorithm, struct mh_hasher **hasher,
		  struct modhash_error *err);

#endif /* MH_VERIFY_H */
