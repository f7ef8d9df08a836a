/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verdicts: a small tree of generated modules, what can happen to one of them, and
 * the reason that each format must give, by hand.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "../gen/elfgen.h"
#include "blob-help.h"
#include "scratch.h"

#define MODULES 6
#define VICTIM 2

static const char *const names[MODULES] = {
	"kernel/a.ko", "kernel/b.ko", "kernel/c.ko", "kernel/d.ko", "kernel/e.ko", "kernel/f.ko",
};

enum { LIST, TABLE, TABLE_NAMELESS, ROOT, FORMATS };

static const char *const format_words[] = { "list", "table", "nameless table", "root" };

/* --- a tree, and the four blobs that know it --- */

struct scene {
	struct modhash_ctx *ctx;
	struct gen_buf modules[MODULES];
	struct modhash_buffer bytes[FORMATS];
	struct modhash_blob *blobs[FORMATS];
	struct gen_buf proofs[MODULES];
};

static void sign(struct gen_buf *file, const char *name)
{
	const struct pkcs7gen message = { .name = name, .name_length = name ? strlen(name) : 0 };
	struct gen_buf der = { 0 };

	pkcs7gen(&der, &message);
	trailergen_add(file, MODHASH_TRAILER_PKCS7, der.data, der.length);
	gen_free(&der);
}

static void generate(struct gen_buf *out, const char *name, const char *seed)
{
	const struct elfgen elf = { .bits = 64, .name = name, .seed = seed };

	elfgen_module(out, &elf);
}

static void record_of(const struct gen_buf *file, const struct modhash_ctx *ctx, const char *name,
		      struct modhash_blob_module *record, struct modhash_module **module)
{
	static struct modhash_identity identity;
	struct modhash_module_info info;

	ck_assert_int_eq(modhash_module_from_memory(ctx, file->data, file->length, module, NULL),
			 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_module_info(*module, &info), 0);
	MODHASH_INIT(identity);
	ck_assert_int_eq(modhash_module_identity(*module, &identity, NULL), 0);
	MODHASH_INIT(*record);
	record->name = name;
	record->payload_length = info.payload_length;
	record->build_id = identity.build_id;
	record->build_id_length = identity.build_id_length;
	record->flags = info.trailers ? MODHASH_BLOB_MODULE_SIGNED : 0;
}

static void build(struct scene *scene, int format, const struct modhash_builder_opts *opts)
{
	struct modhash_builder *builder = new_builder(scene->ctx, opts);

	for (uint32_t i = 0; i < MODULES; i++) {
		struct modhash_digest_spec spec;
		struct modhash_blob_module record;
		struct modhash_module *module;
		struct modhash_digest digest;

		record_of(&scene->modules[i], scene->ctx, names[i], &record, &module);
		MODHASH_INIT(spec);
		spec.algorithm = MODHASH_ALGO_SHA256;
		spec.scope = opts->scope;
		spec.position = opts->scope == MODHASH_SCOPE_LEAF ? i : 0;
		ck_assert_int_eq(modhash_module_digest(module, &spec, &digest, NULL), 0);
		ck_assert_int_eq(modhash_builder_add(builder, &digest,
						     format == TABLE ? &record : NULL, NULL), 0);
		modhash_module_free(module);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &scene->bytes[format], NULL), 0);
	for (uint32_t i = 0; format == ROOT && i < MODULES; i++) {
		struct modhash_buffer proof;

		ck_assert_int_eq(modhash_builder_proof(builder, i, &proof, NULL), 0);
		gen_add(&scene->proofs[i], proof.data, proof.length);
		modhash_buffer_clear(&proof);
	}
	modhash_builder_free(builder);
	ck_assert_int_eq(modhash_blob_from_memory(scene->ctx, scene->bytes[format].data,
						  scene->bytes[format].length,
						  &scene->blobs[format], NULL), 0);
}

/* The tree on disk, as it should be; with proofs appended for a root. */
static void write_tree(const struct scene *scene, int format)
{
	for (int i = 0; i < MODULES; i++) {
		struct gen_buf file = { 0 };

		gen_add(&file, scene->modules[i].data, scene->modules[i].length);
		if (format == ROOT)
			gen_add(&file, scene->proofs[i].data, scene->proofs[i].length);
		scratch_file(names[i], file.data, file.length);
		gen_free(&file);
	}
}

static void scene_open(struct scene *scene)
{
	struct modhash_builder_opts opts;
	struct gen_buf order = { 0 };

	memset(scene, 0, sizeof(*scene));
	scratch_make();
	scene->ctx = new_ctx();
	for (int i = 0; i < MODULES; i++) {
		char seed[2] = { (char)('a' + i), 0 };

		generate(&scene->modules[i], seed, seed);
		sign(&scene->modules[i], NULL);
		gen_text(&order, names[i]);
		gen_text(&order, "\n");
	}
	scratch_file("modules.order", order.data, order.length);
	gen_free(&order);

	opts = list_opts();
	build(scene, LIST, &opts);
	opts = table_opts(MODHASH_INDEX_SMALL);
	build(scene, TABLE_NAMELESS, &opts);
	opts.flags = MODHASH_BUILDER_NAMES;
	build(scene, TABLE, &opts);
	opts = root_opts(MODHASH_BYTE_ORDER_LITTLE);
	build(scene, ROOT, &opts);
}

static void scene_close(struct scene *scene)
{
	for (int i = 0; i < FORMATS; i++) {
		modhash_blob_free(scene->blobs[i]);
		modhash_buffer_clear(&scene->bytes[i]);
	}
	for (int i = 0; i < MODULES; i++) {
		gen_free(&scene->modules[i]);
		gen_free(&scene->proofs[i]);
	}
	modhash_ctx_free(scene->ctx);
	scratch_remove();
}

/* --- a run, and what it told --- */

struct told {
	unsigned int count;
	unsigned int missing;
	uint32_t answers[MODULES + 4];
	uint32_t reasons[MODULES + 4];
	char details[MODULES + 4][480];
	struct modhash_verify_summary summary;
};

static int tell(void *user, const struct modhash_verify_result *result)
{
	struct told *told = user;
	unsigned int at = told->count++;

	ck_assert_uint_lt(at, MODULES + 4);
	if (result->index == UINT64_MAX)
		told->missing++;
	else
		ck_assert_uint_eq(result->index, at);
	told->answers[at] = result->verdict->answer;
	told->reasons[at] = result->verdict->reason;
	snprintf(told->details[at], sizeof(told->details[at]), "%s", result->verdict->detail);
	return 0;
}

static void run(const struct scene *scene, const struct modhash_blob *const *blobs,
		unsigned int count, bool ordered, uint32_t threads, struct told *told)
{
	struct modhash_verifier *verifier;
	struct modhash_run_opts opts;
	struct modhash_files *files;

	memset(told, 0, sizeof(*told));
	ck_assert_int_eq(modhash_verifier_new(scene->ctx, &verifier, NULL), 0);
	for (unsigned int i = 0; i < count; i++)
		ck_assert_int_eq(modhash_verifier_add_blob(verifier, blobs[i], NULL), 0);
	ck_assert_int_eq(modhash_files_new(scene->ctx, &files, NULL), 0);
	ck_assert_int_eq(modhash_files_add(files, scratch_path, NULL, NULL, NULL), 0);
	if (ordered)
		ck_assert_int_eq(modhash_files_order(files, NULL, NULL, NULL), 0);
	MODHASH_INIT(opts);
	opts.threads = threads;
	MODHASH_INIT(told->summary);
	ck_assert_int_eq(modhash_verifier_run(verifier, files, MODHASH_VERIFY_COMPLETE, &opts, tell,
					      told, &told->summary, NULL), 0);
	modhash_files_free(files);
	modhash_verifier_free(verifier);
}

static void run_one(const struct scene *scene, int format, struct told *told)
{
	const struct modhash_blob *blob = scene->blobs[format];

	run(scene, &blob, 1, true, 1, told);
}

START_TEST(all_known)
{
	struct scene scene;
	struct told told;

	scene_open(&scene);
	for (int format = 0; format < FORMATS; format++) {
		write_tree(&scene, format);
		for (uint32_t threads = 1; threads < 4; threads++) {
			const struct modhash_blob *blob = scene.blobs[format];

			run(&scene, &blob, 1, threads % 2, threads, &told);
			ck_assert_uint_eq(told.summary.known, MODULES);
			ck_assert_uint_eq(told.summary.unknown + told.summary.missing +
					  told.summary.not_told, 0);
			ck_assert_uint_eq(told.summary.root, format == ROOT ?
					  MODHASH_ROOT_SAME : MODHASH_ROOT_NOT_TRIED);
		}
	}
	scene_close(&scene);
}
END_TEST

/* --- what happens to one module --- */

typedef void (*accident)(const struct scene *scene, struct gen_buf *file);

static void alter(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	file->data[elfgen_get(file, ELFGEN_SECTION_TEXT, ELFGEN_SH_OFFSET)] ^= 1;
}

static void break_header(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	file->data[0] ^= 1;
}

/* As strip does: nothing behind the image. */
static void drop_trailers(const struct scene *scene, struct gen_buf *file)
{
	struct modhash_identity identity;
	struct modhash_module *module;

	ck_assert_int_eq(modhash_module_from_memory(scene->ctx, file->data, file->length, &module,
						    NULL), 0);
	MODHASH_INIT(identity);
	ck_assert_int_eq(modhash_module_identity(module, &identity, NULL), 0);
	file->length = identity.image_length;
	modhash_module_free(module);
}

static void drop_and_alter(const struct scene *scene, struct gen_buf *file)
{
	drop_trailers(scene, file);
	alter(scene, file);
}

static void drop_symbols(const struct scene *scene, struct gen_buf *file)
{
	const struct elfgen elf = { .bits = 64, .name = "c", .seed = "c", .flags = ELFGEN_STRIPPED };

	(void)scene;
	file->length = 0;
	elfgen_module(file, &elf);
}

static void cut(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	file->length -= 5;
}

static void add_byte(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	gen_text(file, "x");
}

static void sign_again(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	sign(file, "Somebody else");
}

static void lie(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	gen_put(file, file->length - MODHASH_TRAILER_MARKER_LENGTH - 4, file->length, 4, true);
}

static void other_build(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	file->length = 0;
	generate(file, "c", "another build");
	sign(file, NULL);
}

static void other_kernel(const struct scene *scene, struct gen_buf *file)
{
	char *vermagic;

	other_build(scene, file);
	vermagic = memmem(file->data, file->length, "vermagic=", 9);
	ck_assert_ptr_nonnull(vermagic);
	vermagic[9] = '5';
}

static void not_elf(const struct scene *scene, struct gen_buf *file)
{
	(void)scene;
	file->length = 0;
	gen_text(file, "#!/bin/sh\n");
}

#define K(reason) MODHASH_REASON_##reason

static const struct {
	const char *what;
	accident happens;
	uint32_t reasons[FORMATS]; /* list, table, table without names, root */
} accidents[] = {
	{ "altered", alter,
	  { K(ALTERED), K(ALTERED), K(UNKNOWN), K(ALTERED) } },
	{ "no ELF header any more", break_header,
	  { K(ALTERED), K(ALTERED), K(NOT_MODULE), K(ALTERED) } },
	{ "all trailers gone", drop_trailers,
	  { K(STRIPPED), K(KNOWN), K(KNOWN), K(STRIPPED) } },
	{ "trailers gone, contents altered", drop_and_alter,
	  { K(STRIPPED), K(STRIPPED), K(STRIPPED), K(STRIPPED) } },
	{ "no symbol table", drop_symbols,
	  { K(STRIPPED), K(STRIPPED), K(STRIPPED), K(STRIPPED) } },
	{ "cut", cut,
	  { K(TRAILER_TRUNCATED), K(TRAILER_TRUNCATED), K(TRAILER_TRUNCATED),
	    K(TRAILER_TRUNCATED) } },
	{ "a byte added", add_byte,
	  { K(ALTERED), K(ALTERED), K(ALTERED), K(ALTERED) } },
	{ "signed again", sign_again,
	  { K(RESIGNED), K(KNOWN), K(KNOWN), K(RESIGNED) } },
	{ "a trailer that lies", lie,
	  { K(TRAILER_MALFORMED), K(TRAILER_MALFORMED), K(TRAILER_MALFORMED),
	    K(TRAILER_MALFORMED) } },
	{ "another build", other_build,
	  { K(ALTERED), K(OTHER_BUILD), K(UNKNOWN), K(PROOF_MISSING) } },
	{ "another kernel's", other_kernel,
	  { K(OTHER_BUILD), K(OTHER_BUILD), K(OTHER_BUILD), K(OTHER_BUILD) } },
	{ "no module", not_elf,
	  { K(ALTERED), K(ALTERED), K(NOT_MODULE), K(NOT_MODULE) } },
};

START_TEST(one_accident)
{
	struct scene scene;
	struct told told;

	scene_open(&scene);
	for (int format = 0; format < FORMATS; format++) {
		uint32_t reason = accidents[_i].reasons[format];
		struct gen_buf file = { 0 };

		write_tree(&scene, format);
		gen_add(&file, scene.modules[VICTIM].data, scene.modules[VICTIM].length);
		if (format == ROOT)
			gen_add(&file, scene.proofs[VICTIM].data, scene.proofs[VICTIM].length);
		accidents[_i].happens(&scene, &file);
		scratch_file(names[VICTIM], file.data, file.length);
		gen_free(&file);

		run_one(&scene, format, &told);
		ck_assert_msg(told.reasons[VICTIM] == reason, "%s, %s: %s (%s), expected %s",
			      accidents[_i].what, format_words[format],
			      modhash_reason_name(told.reasons[VICTIM]), told.details[VICTIM],
			      modhash_reason_name(reason));
		ck_assert_uint_eq(told.answers[VICTIM],
				  reason == MODHASH_REASON_KNOWN ? MODHASH_ANSWER_YES :
								   MODHASH_ANSWER_NO);
		ck_assert_uint_eq(told.summary.known,
				  MODULES - (reason != MODHASH_REASON_KNOWN));
		if (format == ROOT)
			ck_assert_uint_ne(told.summary.root, MODHASH_ROOT_SAME);
	}
	scene_close(&scene);
}
END_TEST

/* --- proofs --- */

START_TEST(proofs_beside)
{
	struct gen_buf liar = { 0 };
	struct scene scene;
	struct told told;

	scene_open(&scene);
	write_tree(&scene, LIST);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.summary.known, 0);
	ck_assert_uint_eq(told.summary.root, MODHASH_ROOT_SAME);
	ck_assert_uint_eq(told.reasons[0], MODHASH_REASON_PROOF_MISSING);
	ck_assert_ptr_nonnull(strstr(told.details[0], "root was made from"));

	for (int i = 0; i < MODULES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "kernel/%c.merkle", 'a' + i);
		scratch_file(name, scene.proofs[i].data, scene.proofs[i].length);
	}
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.summary.known, MODULES);

	/* One whose trailer lies has no leaf that its proof could be of, and ends nothing. */
	gen_add(&liar, scene.modules[VICTIM].data, scene.modules[VICTIM].length);
	lie(&scene, &liar);
	scratch_file(names[VICTIM], liar.data, liar.length);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.reasons[VICTIM], MODHASH_REASON_TRAILER_MALFORMED);
	ck_assert_uint_eq(told.answers[VICTIM], MODHASH_ANSWER_NO);
	ck_assert_uint_eq(told.summary.known, MODULES - 1);
	scratch_file(names[VICTIM], scene.modules[VICTIM].data, scene.modules[VICTIM].length);
	gen_free(&liar);

	scratch_file("kernel/c.merkle", scene.proofs[VICTIM].data,
	    scene.proofs[VICTIM].length - 1);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.reasons[VICTIM], MODHASH_REASON_PROOF_MALFORMED);
	ck_assert_uint_eq(told.summary.known, MODULES - 1);

	/* Too long for any proof, or no file at all: that is not "no proof". */
	scratch_file("kernel/c.merkle", scene.modules[0].data, scene.modules[0].length);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.reasons[VICTIM], MODHASH_REASON_PROOF_MALFORMED);
	ck_assert_int_eq(unlink("kernel/c.merkle"), 0);
	ck_assert_int_eq(mkdir("kernel/c.merkle", 0700), 0);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.reasons[VICTIM], MODHASH_REASON_UNREADABLE);
	ck_assert_uint_eq(told.answers[VICTIM], MODHASH_ANSWER_NOT_TOLD);
	ck_assert_uint_eq(told.summary.not_told, 1);
	ck_assert_ptr_nonnull(strstr(told.details[VICTIM], ".merkle"));
	scene_close(&scene);
}
END_TEST

static void append_proof(const struct scene *scene, int module, const struct gen_buf *proof)
{
	struct gen_buf file = { 0 };

	gen_add(&file, scene->modules[module].data, scene->modules[module].length);
	gen_add(&file, proof->data, proof->length);
	scratch_file(names[module], file.data, file.length);
	gen_free(&file);
}

START_TEST(proof_of_another_tree)
{
	struct gen_buf data = { 0 }, proof = { 0 };
	struct scene scene;
	struct told told;

	scene_open(&scene);
	write_tree(&scene, ROOT);
	trailergen_proof(&data, VICTIM, 3);
	trailergen_add(&proof, MODHASH_TRAILER_MERKLE, data.data, data.length);
	append_proof(&scene, VICTIM, &proof);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.reasons[VICTIM], MODHASH_REASON_PROOF_OTHER_TREE);

	proof.length = data.length = 0;
	trailergen_proof(&data, VICTIM, 5);
	trailergen_add(&proof, MODHASH_TRAILER_MERKLE, data.data, data.length);
	append_proof(&scene, VICTIM, &proof);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.reasons[VICTIM], MODHASH_REASON_PROOF_OTHER_TREE);
	ck_assert_ptr_nonnull(strstr(told.details[VICTIM], "5 levels"));

	proof.length = 0;
	trailergen_add(&proof, MODHASH_TRAILER_MERKLE, data.data, 7);
	append_proof(&scene, VICTIM, &proof);
	run_one(&scene, ROOT, &told);
	ck_assert_uint_eq(told.reasons[VICTIM], MODHASH_REASON_PROOF_MALFORMED);
	gen_free(&data);
	gen_free(&proof);
	scene_close(&scene);
}
END_TEST

START_TEST(order_and_files)
{
	static const char other_order[] =
		"kernel/b.ko\nkernel/a.ko\nkernel/c.ko\nkernel/d.ko\nkernel/e.o\nkernel/z.ko\n";
	struct scene scene;
	struct told told;

	scene_open(&scene);
	write_tree(&scene, ROOT);
	scratch_file("modules.order", other_order, strlen(other_order));
	run_one(&scene, ROOT, &told);
	/* b, a, c, d, e, then f, which is extra, then z, which is missing */
	ck_assert_uint_eq(told.count, MODULES + 1);
	ck_assert_uint_eq(told.reasons[0], MODHASH_REASON_OUT_OF_ORDER);
	ck_assert_uint_eq(told.reasons[1], MODHASH_REASON_OUT_OF_ORDER);
	ck_assert_uint_eq(told.answers[0], MODHASH_ANSWER_NO);
	ck_assert_uint_eq(told.reasons[2], MODHASH_REASON_KNOWN);
	ck_assert_uint_eq(told.reasons[MODULES], MODHASH_REASON_MISSING);
	ck_assert_uint_eq(told.missing, 1);
	ck_assert_uint_eq(told.summary.missing, 1);
	ck_assert_uint_eq(told.summary.root, MODHASH_ROOT_NOT_TRIED);

	write_tree(&scene, LIST);
	run_one(&scene, LIST, &told);
	ck_assert_uint_eq(told.summary.known, MODULES);
	ck_assert_uint_eq(told.missing, 1);
	scene_close(&scene);
}
END_TEST

START_TEST(table_names_what_is_missing)
{
	const struct modhash_blob *blob;
	struct scene scene;
	struct told told;

	scene_open(&scene);
	write_tree(&scene, TABLE);
	ck_assert_int_eq(unlink(names[VICTIM]), 0);
	blob = scene.blobs[TABLE];
	run(&scene, &blob, 1, false, 1, &told);
	ck_assert_uint_eq(told.summary.missing, 1);
	ck_assert_uint_eq(told.reasons[MODULES - 1], MODHASH_REASON_MISSING);
	scene_close(&scene);
}
END_TEST

/* --- several blobs, and none that is any good --- */

START_TEST(union_of_blobs)
{
	struct gen_buf extra = { 0 };
	struct modhash_builder *builder;
	struct modhash_builder_opts opts = list_opts();
	const struct modhash_blob *blobs[2];
	struct modhash_buffer bytes;
	struct modhash_digest digest;
	struct modhash_blob *list;
	struct scene scene;
	struct told told;

	scene_open(&scene);
	write_tree(&scene, TABLE);
	generate(&extra, "dkms", "dkms");
	scratch_file("kernel/g.ko", extra.data, extra.length);
	run_one(&scene, TABLE, &told);
	ck_assert_uint_eq(told.summary.known, MODULES);
	ck_assert_uint_eq(told.reasons[MODULES], MODHASH_REASON_EXTRA);

	builder = new_builder(scene.ctx, &opts);
	ck_assert_int_eq(modhash_digest_bytes(scene.ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE,
					      extra.data, extra.length, &digest, NULL), 0);
	add_named(builder, &digest, NULL);
	ck_assert_int_eq(modhash_builder_finish(builder, &bytes, NULL), 0);
	ck_assert_int_eq(modhash_blob_from_memory(scene.ctx, bytes.data, bytes.length, &list,
						  NULL), 0);
	blobs[0] = scene.blobs[TABLE];
	blobs[1] = list;
	for (uint32_t threads = 1; threads < 9; threads++) {
		run(&scene, blobs, 2, true, threads, &told);
		ck_assert_uint_eq(told.summary.known, MODULES + 1);
	}
	modhash_blob_free(list);
	modhash_buffer_clear(&bytes);
	modhash_builder_free(builder);
	gen_free(&extra);
	scene_close(&scene);
}
END_TEST

START_TEST(not_filled)
{
	static const uint8_t zeroes[64];
	static const size_t lengths[] = { 0, 36, 64 };
	struct scene scene;
	struct told told;

	scene_open(&scene);
	write_tree(&scene, LIST);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		const struct modhash_blob *asked;
		struct modhash_blob *blob;

		ck_assert_int_eq(modhash_blob_from_memory(scene.ctx, zeroes, lengths[i], &blob,
							  NULL), 0);
		asked = blob;
		run(&scene, &asked, 1, true, 1, &told);
		ck_assert_uint_eq(told.summary.known, 0);
		for (int j = 0; j < MODULES; j++)
			ck_assert_uint_eq(told.reasons[j], MODHASH_REASON_BLOB_NOT_FILLED);
		modhash_blob_free(blob);
	}
	scene_close(&scene);
}
END_TEST

START_TEST(unreadable)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 'x' };
	struct scene scene;
	struct told told;

	scene_open(&scene);
	write_tree(&scene, TABLE);
	scratch_file(names[0], gzip, sizeof(gzip));
	run_one(&scene, TABLE, &told);
	if (modhash_compression_supported(MODHASH_COMPRESSION_GZIP)) {
		ck_assert_uint_eq(told.reasons[0], MODHASH_REASON_CORRUPT);
		ck_assert_uint_eq(told.answers[0], MODHASH_ANSWER_NO);
	} else {
		ck_assert_uint_eq(told.reasons[0], MODHASH_REASON_NO_DECOMPRESSOR);
		ck_assert_uint_eq(told.answers[0], MODHASH_ANSWER_NOT_TOLD);
		ck_assert_uint_eq(told.summary.not_told, 1);
	}
	ck_assert_int_eq(truncate(names[0], 0), 0);
	run_one(&scene, TABLE, &told);
	ck_assert_uint_eq(told.reasons[0], MODHASH_REASON_ALTERED);
	scene_close(&scene);
}
END_TEST

/* --- one module, one digest --- */

START_TEST(one_module_alone)
{
	struct modhash_verifier *verifier;
	struct modhash_verdict verdict;
	struct modhash_module *module;
	struct modhash_proof proof;
	struct scene scene;

	scene_open(&scene);
	ck_assert_int_eq(modhash_verifier_new(scene.ctx, &verifier, NULL), 0);
	ck_assert_int_eq(modhash_verifier_add_blob(verifier, scene.blobs[ROOT], NULL), 0);
	ck_assert_int_eq(modhash_module_from_memory(scene.ctx, scene.modules[1].data,
						    scene.modules[1].length, &module, NULL), 0);
	MODHASH_INIT(verdict);
	ck_assert_int_eq(modhash_verifier_check(verifier, module, NULL, NULL, &verdict, NULL), 0);
	ck_assert_uint_eq(verdict.reason, MODHASH_REASON_PROOF_MISSING);

	MODHASH_INIT(proof);
	ck_assert_int_eq(modhash_proof_parse(scene.proofs[1].data, scene.proofs[1].length, &proof,
					     NULL), 0);
	MODHASH_INIT(verdict);
	ck_assert_int_eq(modhash_verifier_check(verifier, module, NULL, &proof, &verdict, NULL), 0);
	ck_assert_uint_eq(verdict.answer, MODHASH_ANSWER_YES);
	ck_assert_uint_eq(verdict.position, 1);
	ck_assert_uint_eq(verdict.digest.scope, MODHASH_SCOPE_LEAF);

	MODHASH_INIT(proof);
	ck_assert_int_eq(modhash_proof_parse(scene.proofs[2].data, scene.proofs[2].length, &proof,
					     NULL), 0);
	MODHASH_INIT(verdict);
	ck_assert_int_eq(modhash_verifier_check(verifier, module, NULL, &proof, &verdict, NULL), 0);
	ck_assert_uint_eq(verdict.reason, MODHASH_REASON_PROOF_FAILS);

	verdict.size = 2;
	ck_assert_int_eq(modhash_verifier_check(verifier, module, NULL, NULL, &verdict, NULL),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_verifier_check(NULL, module, NULL, NULL, &verdict, NULL),
			 MODHASH_E_INVALID);
	modhash_module_free(module);
	modhash_verifier_free(verifier);
	modhash_verifier_free(NULL);
	scene_close(&scene);
}
END_TEST

START_TEST(one_digest)
{
	struct modhash_verifier *verifier;
	struct modhash_verdict verdict;
	struct modhash_digest digest;
	struct scene scene;

	scene_open(&scene);
	ck_assert_int_eq(modhash_verifier_new(scene.ctx, &verifier, NULL), 0);
	ck_assert_int_eq(modhash_blob_digest(scene.blobs[TABLE], 3, &digest), 0);
	MODHASH_INIT(verdict);
	ck_assert_int_eq(modhash_verifier_digest(verifier, &digest, &verdict, NULL),
			 MODHASH_E_SCOPE);
	ck_assert_int_eq(modhash_verifier_add_blob(verifier, scene.blobs[LIST], NULL), 0);
	ck_assert_int_eq(modhash_verifier_digest(verifier, &digest, &verdict, NULL),
			 MODHASH_E_SCOPE);
	ck_assert_int_eq(modhash_verifier_add_blob(verifier, scene.blobs[TABLE], NULL), 0);
	ck_assert_int_eq(modhash_verifier_digest(verifier, &digest, &verdict, NULL), 0);
	ck_assert_uint_eq(verdict.answer, MODHASH_ANSWER_YES);
	ck_assert_uint_eq(verdict.blob, 1);
	ck_assert_uint_eq(verdict.entry, 3);
	digest.bytes[31] ^= 1;
	ck_assert_int_eq(modhash_verifier_digest(verifier, &digest, &verdict, NULL), 0);
	ck_assert_uint_eq(verdict.answer, MODHASH_ANSWER_NO);
	ck_assert_uint_eq(verdict.reason, MODHASH_REASON_UNKNOWN);
	modhash_verifier_free(verifier);
	scene_close(&scene);
}
END_TEST

static int end_at_second(void *user, const struct modhash_verify_result *result)
{
	(void)result;
	return ++*(int *)user == 2 ? 77 : 0;
}

struct stopping {
	int stop;
	int calls;
};

static int stop_at_second(void *user, const struct modhash_verify_result *result)
{
	struct stopping *stopping = user;

	(void)result;
	stopping->stop = ++stopping->calls == 2;
	return 0;
}

START_TEST(ended_and_stopped)
{
	struct modhash_verifier *verifier;
	struct modhash_run_opts opts;
	struct modhash_files *files;
	struct scene scene;
	struct stopping stopping = { 0 };
	struct modhash_error err;
	int calls = 0, stop = 1;

	scene_open(&scene);
	write_tree(&scene, TABLE);
	ck_assert_int_eq(modhash_verifier_new(scene.ctx, &verifier, NULL), 0);
	ck_assert_int_eq(modhash_verifier_add_blob(verifier, scene.blobs[TABLE], NULL), 0);
	ck_assert_int_eq(modhash_files_new(scene.ctx, &files, NULL), 0);
	ck_assert_int_eq(modhash_files_add(files, scratch_path, NULL, NULL, NULL), 0);
	ck_assert_int_eq(modhash_verifier_run(verifier, files, 0, NULL, end_at_second, &calls, NULL,
					      NULL), 77);
	ck_assert_int_eq(calls, 2);
	MODHASH_INIT(opts);
	opts.stop = &stop;
	ck_assert_int_eq(modhash_verifier_run(verifier, files, 0, &opts, end_at_second, &calls, NULL,
					      NULL), MODHASH_E_STOPPED);
	ck_assert_int_eq(calls, 2);
	/* Nor are verdicts told that were there already. */
	opts.stop = &stopping.stop;
	ck_assert_int_eq(modhash_verifier_run(verifier, files, 0, &opts, stop_at_second, &stopping,
					      NULL, &err), MODHASH_E_STOPPED);
	ck_assert_int_eq(err.code, MODHASH_E_STOPPED);
	ck_assert_int_eq(stopping.calls, 2);
	ck_assert_int_eq(modhash_verifier_run(verifier, files, 2, NULL, NULL, NULL, NULL, NULL),
			 MODHASH_E_INVALID);
	modhash_files_free(files);
	modhash_verifier_free(verifier);
	scene_close(&scene);
}
END_TEST

START_TEST(reasons_have_words)
{
	for (uint32_t reason = 0; reason <= MODHASH_REASON_NO_DECOMPRESSOR; reason++) {
		ck_assert_ptr_nonnull(modhash_reason_name(reason));
		ck_assert_str_ne(modhash_reason_text(reason), "unknown reason");
	}
	ck_assert_ptr_null(modhash_reason_name(100000));
	ck_assert_str_eq(modhash_reason_text(100000), "unknown reason");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tcase = tcase_create("verify");

	tcase_add_test(tcase, all_known);
	tcase_add_loop_test(tcase, one_accident, 0, sizeof(accidents) / sizeof(*accidents));
	tcase_add_test(tcase, proofs_beside);
	tcase_add_test(tcase, proof_of_another_tree);
	tcase_add_test(tcase, order_and_files);
	tcase_add_test(tcase, table_names_what_is_missing);
	tcase_add_test(tcase, union_of_blobs);
	tcase_add_test(tcase, not_filled);
	tcase_add_test(tcase, unreadable);
	tcase_add_test(tcase, one_module_alone);
	tcase_add_test(tcase, one_digest);
	tcase_add_test(tcase, ended_and_stopped);
	tcase_add_test(tcase, reasons_have_words);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
