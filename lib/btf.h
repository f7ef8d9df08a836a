/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: BTF, read, hashed and put in order.  doc/btf.md says what the
 * canonical form is and why.
 */
#ifndef MH_BTF_H
#define MH_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <modhash/error.h>

#include "buf.h"
#include "hash.h"

#define MH_BTF_HASH 32 /* every inner hash is a SHA-256 */

enum mh_btf_kind {
	MH_BTF_INT = 1,
	MH_BTF_PTR,
	MH_BTF_ARRAY,
	MH_BTF_STRUCT,
	MH_BTF_UNION,
	MH_BTF_ENUM,
	MH_BTF_FWD,
	MH_BTF_TYPEDEF,
	MH_BTF_VOLATILE,
	MH_BTF_CONST,
	MH_BTF_RESTRICT,
	MH_BTF_FUNC,
	MH_BTF_FUNC_PROTO,
	MH_BTF_VAR,
	MH_BTF_DATASEC,
	MH_BTF_FLOAT,
	MH_BTF_DECL_TAG,
	MH_BTF_TYPE_TAG,
	MH_BTF_ENUM64,
	MH_BTF_KINDS
};

/* What one word of a type is. */
enum mh_btf_slot {
	MH_BTF_VALUE, /* a number: size, offset, count, flags */
	MH_BTF_ZERO,  /* not used, and 0 */
	MH_BTF_NAME,  /* an offset into the strings */
	MH_BTF_ID     /* a type */
};

/*
 * The words of a type of one kind: three of every type, then @fixed words, then
 * @each words as often as vlen says.
 */
struct mh_btf_layout {
	const char *name;
	uint8_t third; /* enum mh_btf_slot */
	uint8_t fixed;
	uint8_t fixed_ids; /* bit i: fixed word i is a type */
	uint8_t each;
	uint8_t each_names; /* bit i: word i of each entry is a name */
	uint8_t each_ids;
};

extern const struct mh_btf_layout mh_btf_layouts[MH_BTF_KINDS];

static inline uint32_t mh_btf_info_kind(uint32_t info)
{
	return info >> 24 & 0x7f;
}

static inline uint32_t mh_btf_info_vlen(uint32_t info)
{
	return info & 0xffffff;
}

static inline bool mh_btf_info_kflag(uint32_t info)
{
	return info >> 31;
}

/* What word @index of a type of this layout is. */
static inline enum mh_btf_slot mh_btf_slot(const struct mh_btf_layout *layout, uint32_t index)
{
	if (index == 0)
		return MH_BTF_NAME;
	if (index == 1)
		return MH_BTF_VALUE;
	if (index == 2)
		return (enum mh_btf_slot)layout->third;
	index -= 3;
	if (index < layout->fixed)
		return layout->fixed_ids >> index & 1 ? MH_BTF_ID : MH_BTF_VALUE;
	index = layout->each == 2 ? (index - layout->fixed) % 2 : (index - layout->fixed) % 3;
	if (layout->each_names >> index & 1)
		return MH_BTF_NAME;
	return layout->each_ids >> index & 1 ? MH_BTF_ID : MH_BTF_VALUE;
}

/*
 * What a module's BTF needs to know of the BTF that it continues: from BTF that was
 * read and hashed, or from a cache file.  It never changes: threads share it.
 */
struct mh_btf_base {
	uint32_t end_id;	  /* ids 0 to end_id - 1; 0 is void */
	uint32_t strings_length;
	const char *strings;
	const uint8_t *hashes;	  /* MH_BTF_HASH bytes for each of the ids from 1 */
	const uint8_t *kinds;	  /* a byte for each of the ids from 1 */
	const uint32_t *names;	  /* their names' offsets */
	bool big_endian;
	bool duplicates;	  /* two of its types have equal hashes */
	uint8_t sha256[32];	  /* of the BTF bytes */
	uint32_t hash_engine;	  /* a context's, of one that was handed out: btf-door.c */
	void *storage;		  /* what the pointers lead into: opaque */
	void (*storage_free)(void *storage);
};

/* BTF that was read: a copy of its types in our byte order, a view of its strings. */
struct mh_btf {
	const struct mh_btf_base *base; /* or NULL */
	const uint8_t *data;
	size_t length;
	uint64_t offset;	  /* of @data in its file, for error messages */
	bool big_endian;
	uint32_t first_id;	  /* 1, or the base's end_id */
	uint32_t count;		  /* of own types */
	uint32_t end_id;	  /* first_id + count */
	uint32_t *words;	  /* of all own types */
	uint32_t *start;	  /* own type i: words start[i] to start[i + 1] - 1 */
	size_t types_offset;	  /* of the types and the strings in @data */
	size_t strings_offset;
	const char *strings;	  /* own ones */
	uint32_t strings_length;
	uint32_t first_string;	  /* offset of the first own one: the base's strings_length */
	uint64_t names_left;	  /* bytes of names that may still be read */
	struct mh_budget *budget; /* or NULL */
	uint64_t taken;		  /* from it */
};

/*
 * Read BTF.  @base: what it continues, or NULL if it stands alone; it must outlive @btf,
 * and so must @data.  @offset: where @data are in their file.
 *
 * MODHASH_E_BTF (malformed), MODHASH_E_UNSUPPORTED (a kind or version of later days),
 * MODHASH_E_NO_BASE (without @base: it continues another), MODHASH_E_WRONG_BASE (it refers
 * to what @base can't have been), MODHASH_E_TOO_COMPLEX, MODHASH_E_NOMEM; MODHASH_E_LIMIT if
 * it has more types than @budget says, which may be NULL, or that does not have the memory.
 */
int mh_btf_open_in(struct mh_btf *btf, struct mh_budget *budget, const uint8_t *data,
		   size_t length, uint64_t offset, const struct mh_btf_base *base,
		   struct modhash_error *err);
void mh_btf_close(struct mh_btf *btf);

/* Without a limit. */
static inline int mh_btf_open(struct mh_btf *btf, const uint8_t *data, size_t length,
			      uint64_t offset, const struct mh_btf_base *base,
			      struct modhash_error *err)
{
	return mh_btf_open_in(btf, NULL, data, length, offset, base, err);
}

/* What it takes, for each type, word and byte of strings, of a BTF that is worked on. */
static inline uint64_t mh_btf_memory(const struct mh_btf *btf, uint32_t each_type,
				     uint32_t each_word, uint32_t each_byte)
{
	return ((uint64_t)btf->count + 2) * each_type +
	       ((uint64_t)btf->start[btf->count] + 2) * each_word +
	       ((uint64_t)btf->strings_length + 2) * each_byte;
}

/* The string at @offset, the base's or an own one; @offset was checked by mh_btf_open(). */
const char *mh_btf_string(const struct mh_btf *btf, uint32_t offset);

/* The name of a type, own or base; "" for none and for void. */
const char *mh_btf_name(const struct mh_btf *btf, uint32_t id);

/* Its kind; 0 for void. */
uint32_t mh_btf_kind(const struct mh_btf *btf, uint32_t id);

static inline const uint32_t *mh_btf_type(const struct mh_btf *btf, uint32_t index)
{
	return btf->words + btf->start[index];
}

static inline uint32_t mh_btf_type_words(const struct mh_btf *btf, uint32_t index)
{
	return btf->start[index + 1] - btf->start[index];
}

/* --- btf-hash.c --- */

/* The types' hashes, and what was seen on the way. */
struct mh_btf_hashes {
	uint8_t *hashes;	/* MH_BTF_HASH bytes for each own type */
	uint32_t *sorted;	/* own types' indices in the order of their hashes */
	uint32_t largest;	/* types in the largest component */
	uint32_t rounds;	/* of refinement, the most that one took */
	uint32_t duplicates;	/* types whose hash another has, too */
	struct mh_budget *budget; /* the BTF's */
	uint64_t taken;		/* from it */
};

/* Hash all own types.  MODHASH_E_TOO_COMPLEX if refining takes too long. */
int mh_btf_hash(const struct mh_btf *btf, struct mh_hasher *sha256,
		struct mh_btf_hashes *hashes, struct modhash_error *err);
void mh_btf_hashes_free(struct mh_btf_hashes *hashes);

/* The hash of a type: own, base, or zeroes for void. */
const uint8_t *mh_btf_hash_of(const struct mh_btf *btf, const uint8_t *hashes, uint32_t id);

/*
 * Append what the canonical digest is over: the number of types, their hashes in
 * order, and the strings that nothing refers to.  @also refers to strings of @btf as
 * well (a module to its distilled base), or is NULL.
 */
int mh_btf_digest_message(const struct mh_btf *btf, const struct mh_btf *also,
			  const struct mh_btf_hashes *hashes, struct mh_buf *message,
			  struct modhash_error *err);

/* --- btf-base.c --- */

static inline const uint8_t *mh_btf_base_hash(const struct mh_btf_base *base, uint32_t id)
{
	return base->hashes + (size_t)(id - 1) * MH_BTF_HASH;
}

/* Read and hash BTF that others continue.  @data is copied. */
int mh_btf_base_new_in(struct mh_budget *budget, const uint8_t *data, size_t length,
		       uint64_t offset, struct mh_hasher *sha256, struct mh_btf_base **base,
		       struct modhash_error *err);

/* Without a limit. */
static inline int mh_btf_base_new(const uint8_t *data, size_t length, uint64_t offset,
				  struct mh_hasher *sha256, struct mh_btf_base **base,
				  struct modhash_error *err)
{
	return mh_btf_base_new_in(NULL, data, length, offset, sha256, base, err);
}

/* The same over BTF that is read and hashed already; views of both. */
int mh_btf_base_view(const struct mh_btf *btf, const struct mh_btf_hashes *hashes,
		     struct mh_hasher *sha256, struct mh_btf_base **base,
		     struct modhash_error *err);
void mh_btf_base_free(struct mh_btf_base *base);

/* The cache: a base with its hashes as a file. */
int mh_btf_base_save(const struct mh_btf_base *base, struct mh_hasher *sha256,
		     struct mh_buf *out, struct modhash_error *err);

bool mh_btf_is_cache(const uint8_t *data, size_t length);

/*
 * From a cache: all of it is checked.  @data is copied.  @expected: SHA-256 of the BTF
 * that it must be of, or NULL.  MODHASH_E_BLOB, MODHASH_E_UNSUPPORTED (another version),
 * MODHASH_E_CHECKSUM, MODHASH_E_STALE (of other BTF).
 */
int mh_btf_base_load_in(struct mh_budget *budget, const uint8_t *data, size_t length,
			const uint8_t *expected, struct mh_hasher *sha256,
			struct mh_btf_base **base, struct modhash_error *err);

static inline int mh_btf_base_load(const uint8_t *data, size_t length, const uint8_t *expected,
				   struct mh_hasher *sha256, struct mh_btf_base **base,
				   struct modhash_error *err)
{
	return mh_btf_base_load_in(NULL, data, length, expected, sha256, base, err);
}

#endif /* MH_BTF_H */
