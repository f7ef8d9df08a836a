/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Merkle tree of the kernel patch series v4 and v5: the root that a kernel carries,
 * and the proofs that its modules do.
 */
#include <string.h>

#include "blob.h"
#include "builder.h"
#include "fail.h"
#include "hash.h"

#define HASH MODHASH_MERKLE_HASH_LENGTH

/* --- reading a root --- */

/*
 * The byte order is nowhere told, but a number of levels up to 32 is far above 32 when it
 * is read the wrong way round, unless it is 0.
 */
static int read_levels(struct modhash_blob *blob, struct modhash_error *err)
{
	const uint8_t *levels = blob->data + MODHASH_MERKLE_ROOT_LEVELS;
	uint32_t little = mh_core_le32(levels), big = mh_core_be32(levels);

	if (!little) {
		blob->byte_order = MODHASH_BYTE_ORDER_UNKNOWN;
		blob->levels = 0;
	} else if (little <= MODHASH_MERKLE_LEVELS_MAX) {
		blob->byte_order = MODHASH_BYTE_ORDER_LITTLE;
		blob->levels = little;
	} else if (big <= MODHASH_MERKLE_LEVELS_MAX) {
		blob->byte_order = MODHASH_BYTE_ORDER_BIG;
		blob->levels = big;
	} else {
		return mh_fail(err, MODHASH_E_BLOB, MODHASH_MERKLE_ROOT_LEVELS,
			       "found %02x %02x %02x %02x as the levels of a Merkle root, expected "
			       "0 to %d in either byte order",
			       levels[0], levels[1], levels[2], levels[3],
			       MODHASH_MERKLE_LEVELS_MAX);
	}
	return 0;
}

/*
 * No levels and a zero root: no modules, or a kernel that was not patched.  The format
 * can't tell the two apart.
 */
int mh_merkle_read(struct modhash_blob *blob, struct modhash_error *err)
{
	const uint8_t *root = blob->data + MODHASH_MERKLE_ROOT_HASH;
	int rc = read_levels(blob, err);

	if (rc)
		return rc;
	if (!blob->levels && !mh_all_zero(root, HASH))
		return mh_fail(
			err, MODHASH_E_BLOB, MODHASH_MERKLE_ROOT_HASH,
			"found a Merkle root that is not zero, expected zeroes with 0 levels");
	if (blob->levels && mh_all_zero(root, HASH))
		return mh_fail(err, MODHASH_E_BLOB, MODHASH_MERKLE_ROOT_HASH,
			       "found a Merkle root of zeroes with %u levels, expected a hash",
			       blob->levels);
	blob->format = MODHASH_FORMAT_MERKLE;
	blob->algorithm = MODHASH_ALGO_SHA256;
	blob->scope = MODHASH_SCOPE_LEAF;
	blob->digest_length = HASH;
	blob->kernel_length = blob->length;
	blob->filled = blob->levels != 0;
	return 0;
}

/* --- making a tree --- */

/* None for no leaves, one for one (it is paired with itself), else ceil(log2(leaves)). */
static uint32_t levels_of(uint64_t leaves)
{
	uint32_t levels = 0;

	if (leaves == 1)
		return 1;
	while (leaves > (uint64_t)1 << levels)
		levels++;
	return levels;
}

/* The nodes below @level: leaves below level 0. */
static const uint8_t *below(const struct modhash_builder *builder, uint32_t level, uint64_t *count)
{
	const struct mh_tree *tree = &builder->tree;

	if (!level) {
		*count = builder->count;
		return builder->digests.data;
	}
	*count = tree->count[level - 1];
	return tree->nodes.data + tree->offset[level - 1];
}

/* An odd node at the end is paired with itself. */
static int hash_level(struct modhash_builder *builder, uint32_t level, struct mh_hasher *hasher,
		      struct modhash_error *err)
{
	uint64_t count, i;
	const uint8_t *from = below(builder, level, &count);
	uint8_t *node = builder->tree.nodes.data + builder->tree.offset[level];

	for (i = 0; i < count; i += 2, node += HASH) {
		const uint8_t *left = from + i * HASH;
		const uint8_t *right = i + 1 < count ? left + HASH : left;

		if (mh_core_merkle_node(left, right, node, mh_hasher_core, hasher))
			return mh_hasher_fail_core(hasher, "a node of the tree", err);
	}
	return 0;
}

/* Where each level lies, and room for all of them. */
static int lay_out(struct modhash_builder *builder, struct modhash_error *err)
{
	struct mh_tree *tree = &builder->tree;
	uint64_t count = builder->count, total = 0;
	uint32_t level;

	tree->levels = levels_of(count);
	for (level = 0; level < tree->levels; level++) {
		count = (count + 1) / 2;
		tree->offset[level] = total;
		tree->count[level] = count;
		total += count * HASH; /* below the bytes of the leaves, which fit in memory */
	}
	if (mh_buf_reserve(&tree->nodes, total, err))
		return MODHASH_E_NOMEM;
	tree->nodes.length = total;
	return 0;
}

int mh_merkle_finish(struct modhash_builder *builder, struct modhash_error *err)
{
	struct mh_hasher *hasher;
	uint32_t level;
	int rc = lay_out(builder, err);

	if (rc)
		return rc;
	rc = mh_hasher_new(builder->hash_engine, MODHASH_ALGO_SHA256, &hasher, err);
	if (rc)
		return rc == MODHASH_E_NOMEM ? rc : MODHASH_E_CRYPTO;
	for (level = 0; !rc && level < builder->tree.levels; level++)
		rc = hash_level(builder, level, hasher, err);
	mh_hasher_free(hasher);
	return rc;
}

static void root_of(const struct modhash_builder *builder, uint8_t root[HASH])
{
	const struct mh_tree *tree = &builder->tree;

	memset(root, 0, HASH);
	if (tree->levels)
		memcpy(root, tree->nodes.data + tree->offset[tree->levels - 1], HASH);
}

/* --- writing --- */

int mh_merkle_write(const struct modhash_builder *builder, struct mh_buf *out,
		    struct modhash_error *err)
{
	uint8_t bytes[MODHASH_MERKLE_ROOT_SIZE];

	if (builder->opts.byte_order == MODHASH_BYTE_ORDER_BIG)
		mh_put_be32(bytes + MODHASH_MERKLE_ROOT_LEVELS, builder->tree.levels);
	else
		mh_put_le32(bytes + MODHASH_MERKLE_ROOT_LEVELS, builder->tree.levels);
	root_of(builder, bytes + MODHASH_MERKLE_ROOT_HASH);
	return mh_buf_append(out, bytes, sizeof(bytes), err);
}

/*
 * Byte for byte what scripts/modules-merkle-tree.c of v5 writes: levels as a number, so
 * that the compiler gives it the target's byte order, and the root, eight bytes a line.
 */
int mh_merkle_c_source(const struct modhash_builder *builder, struct mh_buf *out,
		       struct modhash_error *err)
{
	uint8_t root[HASH];
	unsigned int i;
	int rc;

	root_of(builder, root);
	rc = mh_buf_printf(out, err,
			   "#include <linux/module_hashes.h>\n\n"
			   "const struct\n"
			   "module_hashes_root module_hashes_root __module_hashes_section = {\n"
			   "\t.levels = %u,\n"
			   "\t.hash = {{",
			   builder->tree.levels);
	for (i = 0; !rc && i < HASH; i++)
		rc = mh_buf_printf(out, err, "%s0x%02x,", i % 8 ? " " : "\n\t\t", root[i]);
	return rc ? rc : mh_buf_printf(out, err, "\n\t}},\n};\n");
}

static int append_siblings(const struct modhash_builder *builder, uint32_t position,
			   struct mh_buf *out, struct modhash_error *err)
{
	uint32_t level;
	int rc = 0;

	for (level = 0; !rc && level < builder->tree.levels; level++, position >>= 1) {
		uint64_t count, sibling = position ^ 1;
		const uint8_t *nodes = below(builder, level, &count);

		if (sibling >= count)
			sibling = position;
		rc = mh_buf_append(out, nodes + sibling * HASH, HASH, err);
	}
	return rc;
}

int mh_merkle_proof(const struct modhash_builder *builder, uint32_t position, struct mh_buf *out,
		    struct modhash_error *err)
{
	uint8_t head[MODHASH_MERKLE_PROOF_SIZE];
	uint8_t signature[MODHASH_MODULE_SIGNATURE_SIZE] = { 0 };
	int rc;

	mh_put_be32(head + MODHASH_MERKLE_PROOF_POSITION, position);
	signature[MODHASH_MODULE_SIGNATURE_ID_TYPE] = MODHASH_TRAILER_MERKLE;
	mh_put_be32(signature + MODHASH_MODULE_SIGNATURE_SIG_LEN,
		    MODHASH_MERKLE_PROOF_SIZE + builder->tree.levels * HASH);

	rc = mh_buf_append(out, head, sizeof(head), err);
	if (!rc)
		rc = append_siblings(builder, position, out, err);
	if (!rc)
		rc = mh_buf_append(out, signature, sizeof(signature), err);
	if (!rc)
		rc = mh_buf_append(out, MODHASH_TRAILER_MARKER, MODHASH_TRAILER_MARKER_LENGTH, err);
	return rc;
}
