/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Never a wrong yes: see mutate.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"

unsigned long long failures;
bool quiet;
static const char *now; /* what is being done */

void wrong(const char *format, ...)
{
	va_list args;

	if (failures++ >= 20 || quiet)
		return;
	va_start(args, format);
	printf("WRONG: %s: ", now);
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "mutate: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(99);
}

/* --- one module after the other --- */

static struct counts modules[64][FORMATS];

static const char *answer(int known)
{
	return known ? "known" : "not known";
}

static void ask(struct question *question, size_t kind)
{
	int same = ask_oracle(question), core = ask_core(question);
	int library = question->broken > BROKEN_NOT && question->broken < BROKEN_PLANTED ?
		      core : ask_library(question);

	modules[kind][question->format].asked++;
	modules[kind][question->format].known += same;
	if (library != same || core != same)
		wrong("%s: %s by the format, the library says %s, lib/core %s",
		      format_names[question->format], answer(same), answer(library),
		      answer(core));
}

/* The canonical digest of a module: 0, or why there is none. */
static int canonical(const struct modhash_ctx *ctx, const struct module *module,
		     const uint8_t *data, size_t length, int policy,
		     struct modhash_digest *digest, bool *twins)
{
	struct modhash_canon_opts opts;
	struct modhash_canon_info info;
	struct modhash_module *file;
	int status = modhash_module_from_memory(ctx, data, length, &file, NULL);

	if (status)
		return status;
	MODHASH_INIT(opts);
	MODHASH_INIT(info);
	opts.form = 1;
	opts.policy = (uint32_t)policy;
	opts.base = policy == MODHASH_BTF_CANONICAL ? module->base : NULL;
	status = modhash_module_canonical(file, MODHASH_ALGO_SHA256, &opts, digest, &info, NULL);
	*twins = module->twins || (!status && info.duplicates);
	modhash_module_free(file);
	return status;
}

static struct counts canonicals[64][4];

/* Only what differs in nothing but where things lie has the same canonical digest. */
static void ask_canonical(const struct modhash_ctx *ctx, const struct module *module,
			  const struct gen_buf *file, size_t kind, bool other_order)
{
	struct modhash_digest before, after;
	long long payload = oracle_payload(file->data, file->length);
	bool twins, same, known;
	int policy;

	for (policy = MODHASH_BTF_CANONICAL; policy <= MODHASH_BTF_DROP; policy++) {
		if (canonical(ctx, module, module->plain.data, module->plain.length, policy,
			      &before, &twins))
			continue; /* made up too simply to have one */
		known = !canonical(ctx, module, file->data, file->length, policy, &after, &twins) &&
			modhash_digest_equal(&before, &after);
		canonicals[kind][policy].asked++;
		canonicals[kind][policy].known += known;
		same = payload >= 0 &&
		       oracle_same_module(module->plain.data, module->payload, file->data,
					  (size_t)payload, policy, twins);
		/* By construction, which the oracle can't see. */
		if (other_order)
			same = policy != MODHASH_BTF_RAW || !module->sibling.length;
		if (known && !same)
			wrong("canonical digest with policy %d: %s is another module, and has the "
			      "same", policy, module->name);
		/* The same bytes always have one; so does what is the same by construction. */
		if (!known && (other_order ? same && module->sibling.length > 0 :
			       payload == (long long)module->payload &&
			       !memcmp(module->plain.data, file->data, module->payload)))
			wrong("canonical digest with policy %d: %s is the same module, and has "
			      "another", policy, module->name);
	}
}

struct run {
	struct corpus *corpus;
	struct blobs *blobs;
	const struct modhash_ctx *ctx;
	struct random random;
	enum broken broken;
	unsigned long canonical_each;
};

/* Small modules more often, so that a large one does not take most of the time. */
static size_t choose_module(struct run *run)
{
	size_t a = random_below(&run->random, run->corpus->count);
	size_t b = random_below(&run->random, run->corpus->count);

	if (random_below(&run->random, 8) == 0)
		return a;
	return run->corpus->modules[a].plain.length < run->corpus->modules[b].plain.length ? a : b;
}

static void ask_all(struct run *run, const struct gen_buf *file,
		    const struct modhash_module *module, size_t kind)
{
	struct question question = {
		.file = file,
		.module = module,
		.corpus = run->corpus,
		.blobs = run->blobs,
		.broken = run->broken,
	};
	int format;

	for (format = 0; format < FORMATS; format++) {
		question.format = (enum format)format;
		/* Tables of the one scope and of the other take turns. */
		question.table = 2 * random_below(&run->random, run->blobs->tables_count / 2) +
				 (format == FORMAT_TABLE_FILE);
		ask(&question, kind);
	}
}

static void change_one(struct run *run, size_t kind, size_t which, struct gen_buf *file,
		       bool also_canonical)
{
	const struct change *change = &changes[kind];
	struct modhash_module_info info;
	struct modhash_module *module;
	int status;

	now = change->name;
	change->make(run->corpus, which, &run->random, file);
	status = modhash_module_from_memory(run->ctx, file->data, file->length, &module, NULL);
	if (status) {
		/* A change to something else can make a module of a compressed file. */
		if (status != MODHASH_E_UNPACK && status != MODHASH_E_NO_DECOMPRESSOR &&
		    status != MODHASH_E_LIMIT)
			wrong("a file can't be read: %d", status);
		modules[kind][FORMAT_LIST].asked++;
		return;
	}
	MODHASH_INIT(info);
	if (modhash_module_info(module, &info))
		die("no information on a module");
	if (info.compression != MODHASH_COMPRESSION_NONE) {
		struct gen_buf unpacked = { .data = NULL };

		gen_add(&unpacked, info.data, (size_t)info.length);
		ask_all(run, &unpacked, module, kind);
		gen_free(&unpacked);
	} else {
		ask_all(run, file, module, kind);
		if (also_canonical && (change->in_place || change->make == changes[28].make))
			ask_canonical(run->ctx, &run->corpus->modules[which], file, kind,
				      change->make == changes[28].make);
	}
	modhash_module_free(module);
}

static void change_modules(struct run *run, unsigned long count)
{
	struct gen_buf file = { .data = NULL };
	unsigned long long before = failures;
	unsigned long n;
	size_t i;

	memset(modules, 0, sizeof(modules));
	memset(canonicals, 0, sizeof(canonicals));
	/* Unchanged, each of them, to begin with. */
	for (i = 0; i < run->corpus->count; i++) {
		for (n = 0; n < 4; n++)
			change_one(run, 0, i, &file, run->canonical_each > 0);
	}
	for (n = 0; n < count && (!run->broken || failures == before); n++)
		change_one(run, 1 + n % (changes_count - 1), choose_module(run), &file,
			   run->canonical_each && n / changes_count % run->canonical_each == 0);
	gen_free(&file);
}

static void print_counts(void)
{
	struct counts total[FORMATS] = { { 0 } };
	size_t i;
	int k;

	printf("%-18s %21s %19s %19s %19s\n", "changed modules: ", "list", "table/file",
	       "table/payload", "merkle");
	printf("%-18s", "");
	for (k = 0; k < FORMATS; k++)
		printf(" %11s %7s", "asked", "same");
	printf("\n");
	for (i = 0; i < changes_count; i++) {
		printf("%-18s", changes[i].name);
		for (k = 0; k < FORMATS; k++) {
			total[k].asked += modules[i][k].asked;
			total[k].known += modules[i][k].known;
			printf(" %11llu %7llu", modules[i][k].asked, modules[i][k].known);
		}
		printf("\n");
	}
	printf("%-18s", "all");
	for (k = 0; k < FORMATS; k++)
		printf(" %11llu %7llu", total[k].asked, total[k].known);
	printf("\n\n%-18s %19s %19s %19s\n", "canonical digests:", "canonical", "raw", "drop");
	for (i = 0; i < changes_count; i++) {
		if (!canonicals[i][1].asked)
			continue;
		printf("%-18s", changes[i].name);
		for (k = 1; k < 4; k++)
			printf(" %11llu %7llu", canonicals[i][k].asked, canonicals[i][k].known);
		printf("\n");
	}
	printf("\n");
}

/* --- looking up made wrong: it has to be noticed --- */

/* So many changes find each of these, or it is not found. */
#define CONTROL_COUNT 20000

/* Changed, but with all trailers well-formed, so that every blob can take it. */
static void plant(struct run *run, struct gen_buf *planted)
{
	gen_add(planted, run->corpus->modules[0].plain.data, run->corpus->modules[0].plain.length);
	planted->data[run->corpus->modules[0].payload / 2] ^= 1;
}

static unsigned int controls(struct run *run, size_t others)
{
	struct gen_buf planted = { .data = NULL };
	unsigned int failed = 0;

	plant(run, &planted);
	quiet = true;
	for (int broken = BROKEN_NOT + 1; broken < BROKEN_WAYS; broken++) {
		unsigned long long before = failures;

		run->broken = (enum broken)broken;
		if (broken != BROKEN_PLANTED) {
			change_modules(run, CONTROL_COUNT);
		} else {
			struct blobs blobs, *good = run->blobs;
			struct modhash_module *module;

			blobs_make(&blobs, run->corpus, run->ctx, others, &run->random, &planted);
			run->blobs = &blobs;
			now = "planted";
			if (modhash_module_from_memory(run->ctx, planted.data, planted.length,
						       &module, NULL))
				die("no memory");
			ask_all(run, &planted, module, 0);
			modhash_module_free(module);
			run->blobs = good;
			blobs_free(&blobs);
		}
		printf("control: %s: %snoticed\n", broken_names[broken],
		       failures == before ? "WRONG: not " : "");
		failed += failures == before;
		failures = before;
	}
	quiet = false;
	run->broken = BROKEN_NOT;
	gen_free(&planted);
	return failed;
}

/* --- arguments --- */

static void read_file(struct gen_buf *out, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t buffer[65536];
	size_t got;

	if (!file)
		die("%s: %s", path, strerror(errno));
	while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		gen_add(out, buffer, got);
	if (ferror(file))
		die("%s: %s", path, strerror(errno));
	fclose(file);
}

static void add_base(struct corpus *corpus, const struct modhash_ctx *ctx, const char *path)
{
	struct modhash_btf_base *base;
	struct modhash_error err;

	if (corpus->bases_count == BASES_MAX)
		die("too many bases");
	if (modhash_btf_base_from_path(ctx, path, NULL, &base, &err))
		die("%s: %s", path, err.message);
	corpus->bases[corpus->bases_count++] = base;
}

static void add_file(struct corpus *corpus, const char *path)
{
	struct gen_buf bytes = { .data = NULL };
	struct module *module;

	read_file(&bytes, path);
	if (bytes.length < 1024 || memcmp(bytes.data, "\177ELF", 4) != 0)
		die("%s: no module, or a compressed one", path);
	module = corpus_add(corpus, path, &bytes);
	if (corpus->bases_count)
		module->base = corpus->bases[corpus->bases_count - 1];
	gen_free(&bytes);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text)
		die("%s is no number", text);
	return value;
}

static void usage(void)
{
	printf("Usage: mutate [--seed=N] [--count=N] [--blobs=N] [--bits-of=N]\n"
	       "              [[--base=VMLINUX] MODULE...]...\n"
	       "\n"
	       "Changes modules so many times, and blobs of them, and each bit of so many tables;\n"
	       "and asks every format about each.\n"
	       "Modules are files that are not compressed; without any they are made up.\n");
	exit(0);
}

int main(int argc, char **argv)
{
	struct corpus corpus = { .modules = NULL };
	unsigned long seed = 1, count = 6000, blob_count = 6000, bits_of = 2;
	struct modhash_ctx *ctx;
	struct blobs blobs;
	struct run run;
	unsigned int missed;
	size_t others;
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (modhash_ctx_new(NULL, &ctx, NULL))
		die("no context");
	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--seed=", 7))
			seed = number(argv[i] + 7);
		else if (!strncmp(argv[i], "--count=", 8))
			count = number(argv[i] + 8);
		else if (!strncmp(argv[i], "--blobs=", 8))
			blob_count = number(argv[i] + 8);
		else if (!strncmp(argv[i], "--bits-of=", 10))
			bits_of = number(argv[i] + 10);
		else if (!strncmp(argv[i], "--base=", 7))
			add_base(&corpus, ctx, argv[i] + 7);
		else if (argv[i][0] == '-')
			usage();
		else
			add_file(&corpus, argv[i]);
	}
	others = 40;
	if (!corpus.count)
		corpus_generate(&corpus, ctx);
	run = (struct run){ .corpus = &corpus, .blobs = &blobs, .ctx = ctx };
	run.random.state = seed;
	run.canonical_each = 4;
	printf("seed %lu, %zu modules, %lu changes of them, %lu of blobs\n\n", seed, corpus.count,
	       count, blob_count);
	blobs_make(&blobs, &corpus, ctx, others, &run.random, NULL);

	change_modules(&run, count);
	print_counts();
	now = "blobs";
	change_blobs(&corpus, &blobs, ctx, &run.random, blob_count, bits_of);
	printf("\n");
	run.canonical_each = 0;
	missed = controls(&run, others);

	printf("\n%llu wrong answers, %u controls missed\n", failures, missed);
	blobs_free(&blobs);
	corpus_free(&corpus);
	modhash_ctx_free(ctx);
	printf("%d passed, %d failed, 0 skipped\n", !failures + BROKEN_WAYS - 1 - (int)missed,
	       !!failures + (int)missed);
	return failures || missed;
}
