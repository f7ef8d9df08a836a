/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree of modules, made and asked: each proof leads from its module to the root, and from no
 * other module; appended or not.  The input: how many modules (a byte), the byte order (another),
 * and bytes that they are made of.
 */
#include "blobs.h"

#define MODULES_MAX 20

struct leaf {
	struct modhash_module *module;
	uint8_t bytes[8];
	size_t length;
};

static struct leaf leaves[MODULES_MAX];

static void make_leaf(struct leaf *leaf, struct fuzz_input *input)
{
	leaf->length = fuzz_take8(input) % (sizeof(leaf->bytes) + 1);
	for (size_t i = 0; i < leaf->length; i++)
		leaf->bytes[i] = fuzz_take8(input) | 0x80; /* nothing that is packed begins so */
	MUST(modhash_module_from_memory(fuzz_ctx(), leaf->bytes, leaf->length, &leaf->module,
					NULL) == 0);
}

static bool same(const struct leaf *a, const struct leaf *b)
{
	return a->length == b->length && !memcmp(a->bytes, b->bytes, a->length);
}

static struct modhash_builder *build(unsigned int count, uint32_t byte_order)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_digest_spec spec;
	struct modhash_digest digest;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_MERKLE;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_LEAF;
	opts.byte_order = byte_order;
	MUST(modhash_builder_new(fuzz_ctx(), &opts, &builder, NULL) == 0);
	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_LEAF;
	for (unsigned int i = 0; i < count; i++) {
		spec.position = i;
		MUST(modhash_module_digest(leaves[i].module, &spec, &digest, NULL) == 0);
		MUST(modhash_builder_add(builder, &digest, NULL, NULL) == 0);
	}
	return builder;
}

/* With the proof behind it, a verifier needs nothing else. */
static void check_appended(const struct leaf *leaf, const struct modhash_buffer *proof,
			   const struct modhash_verifier *verifier, uint32_t position)
{
	struct modhash_rewrite_opts opts;
	struct modhash_module *module;
	struct modhash_buffer buffer;
	struct modhash_verdict verdict;

	MODHASH_INIT(opts);
	opts.append = proof->data;
	opts.append_length = proof->length;
	MUST(modhash_module_rewrite(leaf->module, &opts, &buffer, NULL) == 0);
	MUST(modhash_module_from_memory(fuzz_ctx(), buffer.data, buffer.length, &module, NULL) == 0);
	MODHASH_INIT(verdict);
	MUST(modhash_verifier_check(verifier, module, NULL, NULL, &verdict, NULL) == 0);
	/* Of no bytes no trailer can be taken off. */
	MUST((verdict.answer == MODHASH_ANSWER_YES) == (leaf->length != 0));
	if (leaf->length)
		MUST(verdict.position == position);
	modhash_module_free(module);
	/* Changed, it is known no more. */
	if (leaf->length) {
		buffer.data[0] ^= 0x01;
		MUST(modhash_module_from_memory(fuzz_ctx(), buffer.data, buffer.length, &module,
						NULL) == 0);
		MUST(modhash_verifier_check(verifier, module, NULL, NULL, &verdict, NULL) == 0);
		MUST(verdict.answer != MODHASH_ANSWER_YES);
		modhash_module_free(module);
	}
	modhash_buffer_clear(&buffer);
}

static void check_proof(const struct modhash_builder *builder, const struct modhash_blob *root,
			const struct modhash_verifier *verifier, unsigned int i,
			unsigned int count)
{
	struct modhash_buffer buffer;
	struct modhash_proof proof;

	MUST(modhash_builder_proof(builder, i, &buffer, NULL) == 0);
	MODHASH_INIT(proof);
	MUST(modhash_proof_parse(buffer.data, buffer.length, &proof, NULL) == 0);
	MUST(proof.position == i);
	for (unsigned int j = i & ~3u; j < count && j <= (i | 3); j++)
		MUST(modhash_proof_check(leaves[j].module, &proof, root, NULL) ==
		     same(&leaves[i], &leaves[j]));
	check_appended(&leaves[i], &buffer, verifier, i);
	modhash_buffer_clear(&buffer);
}

static unsigned int levels_of(unsigned int count)
{
	unsigned int levels = count == 1;

	while (1u << levels < count)
		levels++;
	return levels;
}

static void check_tree(struct modhash_builder *builder, unsigned int count, uint32_t byte_order)
{
	struct modhash_verifier *verifier;
	struct modhash_blob_info info;
	struct modhash_buffer buffer;
	struct modhash_blob *root;

	MUST(modhash_builder_finish(builder, &buffer, NULL) == 0);
	MUST(buffer.length == MODHASH_MERKLE_ROOT_SIZE);
	root = fuzz_read_blob(buffer.data, buffer.length);
	MUST(root);
	fuzz_check_blob(root);
	info = fuzz_blob_info(root);
	MUST(info.format == MODHASH_FORMAT_MERKLE && info.levels == levels_of(count));
	MUST(!count || info.byte_order == byte_order);
	MUST(modhash_verifier_new(fuzz_ctx(), &verifier, NULL) == 0);
	MUST(modhash_verifier_add_blob(verifier, root, NULL) == 0);
	for (unsigned int i = 0; i < count; i++)
		check_proof(builder, root, verifier, i, count);
	modhash_verifier_free(verifier);
	modhash_blob_free(root);
	modhash_buffer_clear(&buffer);
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length };
	unsigned int count = fuzz_take8(&input) % (MODULES_MAX + 1);
	uint32_t byte_order = fuzz_take8(&input) % 2 ? MODHASH_BYTE_ORDER_BIG :
						       MODHASH_BYTE_ORDER_LITTLE;
	struct modhash_builder *builder;

	for (unsigned int i = 0; i < count; i++)
		make_leaf(&leaves[i], &input);
	builder = build(count, byte_order);
	check_tree(builder, count, byte_order);
	modhash_builder_free(builder);
	for (unsigned int i = 0; i < count; i++)
		modhash_module_free(leaves[i].module);
}

extern const struct fuzz_target fuzz_merkle_tree;
const struct fuzz_target fuzz_merkle_tree = {
	.name = "merkle-tree",
	.run = run,
	.max_length = 512,
	.covers = "lib/format-merkle.c lib/builder.c lib/proof.c lib/core/merkle.c",
};
