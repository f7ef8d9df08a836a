/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: what modules of one run have in common, and what follows from it.
 */
#ifndef MH_VERIFY_TREE_H
#define MH_VERIFY_TREE_H

#include <modhash/builder.h>

#include "verify.h"

/* What is kept of one file until it is told. */
struct mh_record {
	uint32_t answer;
	uint32_t reason;
	int32_t status;
	uint32_t blob;
	uint32_t position;
	uint32_t trailers; /* besides an outermost proof */
	uint64_t entry;
	struct modhash_digest digest;
	char *detail;
	bool has_leaf;
	uint8_t leaf[MODHASH_MERKLE_HASH_LENGTH]; /* at the file's place in the build */

	/* Of a module that is not known: */
	char *release;			 /* first word of its vermagic */
	char *signer;			 /* who signed it, and with which key */
	uint8_t top[MODHASH_MERKLE_HASH_LENGTH]; /* its proof's last sibling */
	uint32_t top_right;		 /* that one is the right child of the root */
};

struct mh_tree {
	const struct modhash_verifier *verifier;
	const struct modhash_files *files;
	struct mh_record *records;
	uint64_t count;
	uint64_t lines; /* of the order; 0 if there is none */
	uint64_t lines_missing;
	bool complete;
	bool root_asked;
	bool leaves_wanted;
	int (*result)(void *user, const struct modhash_verify_result *result);
	void *user;
	struct modhash_verify_summary summary;
	unsigned int in_hand; /* files of each worker, at most; 0: as its hasher has streams */
	const int *stop; /* of the run; may be NULL */
};

/* When the pool is through: MODHASH_E_STOPPED, if that is what the run was told. */
int mh_tree_check_stop(const struct mh_tree *tree, struct modhash_error *err);

/* The proof beside a module's file: memory that is used again for the next one. */
struct mh_proof_file {
	struct mh_buf path;
	struct mh_buf bytes;
	struct modhash_proof proof;
};

/*
 * NAME.merkle beside NAME.ko*, if it is there and the module has no proof of its own, becomes
 * the question's proof: a view of @file.
 */
int mh_proof_beside(struct mh_proof_file *file, const char *path, struct mh_question *question,
		    struct modhash_error *err);
void mh_proof_file_fini(struct mh_proof_file *file);

/* Keep of a module that is not known what a second pass compares. */
int mh_record_evidence(struct mh_record *record, const struct mh_question *question,
		       struct modhash_error *err);
void mh_record_fini(struct mh_record *record);

/* The second pass: reasons that only the tree as a whole can give. */
int mh_tree_refine(struct mh_tree *tree, struct modhash_error *err);

/* Modules that a table names and for which there is no file. */
int mh_tree_names_missing(struct mh_tree *tree,
			  int (*missing)(struct mh_tree *tree, const char *name, uint64_t line,
					 const char *where));

#endif /* MH_VERIFY_TREE_H */
