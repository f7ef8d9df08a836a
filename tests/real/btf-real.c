/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real modules: btf-real VMLINUX < LIST
 *
 * VMLINUX is an ELF file, LIST the names of its modules.  Of each module: the canonical digest
 * stays when its types and strings are put in another order, and when those of the base
 * are, and the module follows; the rewrite is the same whatever the order was, loses
 * nothing, and twice is once; another base is noticed; policies never give equal digests.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <modhash/modhash.h>

#include "btf-lab.h"
#include "canon-rewrite.h"
#include "canon.h"
#include "elf-view.h"
#include "module.h"
#include "source.h"

struct state {
	struct mh_hasher *sha256;
	struct mh_btf_base *base;     /* as it is */
	struct mh_btf_base *permuted; /* in another order */
	uint32_t *base_ids, *base_names;
	uint64_t seed;
	unsigned int modules, with_btf, with_ids, failures, wrong_seen, duplicates, changed;
	double canonical_seconds, plain_seconds, slowest;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *need(void *memory)
{
	if (!memory)
		exit(2);
	return memory;
}

__attribute__((format(printf, 3, 4))) static bool fail(struct state *state, const char *name,
							 const char *format, ...)
{
	va_list args;

	state->failures++;
	printf("FAIL: %s: ", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return false;
}

static int digest(struct state *state, const uint8_t *data, size_t length,
		  enum mh_canon_policy policy, const struct mh_btf_base *base, uint8_t *out,
		  struct modhash_error *err)
{
	struct mh_canon_opts opts = { policy, base, false };
	struct mh_canon canon;
	int ret = mh_canon_open(&canon, data, length, &opts, state->sha256, err);

	if (ret < 0)
		return ret;
	ret = mh_canon_digest(&canon, state->sha256, out, err);
	mh_canon_close(&canon);
	return ret;
}

/*
 * A copy of the module with its own types and strings in another order, and, if @retarget,
 * over the permuted base.
 */
static uint8_t *permute(struct state *state, const struct mh_canon *canon, bool retarget)
{
	const struct mh_elf_section *section = &canon->view.sections[canon->btf_section];
	uint8_t *copy = need(malloc(canon->view.length)), *bytes;
	uint32_t first = canon->btf.first_id;
	uint32_t *ids = need(malloc((canon->btf.end_id + 1) * sizeof(*ids)));
	struct modhash_error err;
	struct lab lab;
	size_t length;

	memcpy(copy, canon->view.data, canon->view.length);
	lab_parse(&lab, section->data, section->size, first, canon->btf.first_string);
	for (uint32_t i = 1; i < first; i++)
		ids[i - 1] = retarget ? state->base_ids[i - 1] : i;
	lab_permute(&lab, &state->seed, ids + first - 1, NULL);
	if (retarget)
		lab_retarget(&lab, state->base_ids, state->base_names);
	bytes = need(lab_write(&lab, &length));
	if (length != section->size)
		exit(2);
	memcpy(copy + section->offset, bytes, length);
	if (canon->ids_section &&
	    mh_btf_ids_renumber(&canon->ids, 1, ids,
				copy + canon->view.sections[canon->ids_section].offset, &err) < 0)
		exit(2);
	free(bytes);
	free(ids);
	lab_free(&lab);
	return copy;
}

static uint8_t *rewrite(struct state *state, const uint8_t *data, size_t length,
			struct mh_canon_changes *changes, struct modhash_error *err)
{
	struct mh_canon_opts opts = { MH_CANON_CANONICAL, state->base, false };
	uint8_t *out = need(malloc(length));
	struct mh_canon canon;
	int ret = mh_canon_open(&canon, data, length, &opts, state->sha256, err);

	if (ret == 0) {
		ret = mh_canon_rewrite(&canon, out, changes, err);
		mh_canon_close(&canon);
	}
	if (ret < 0) {
		free(out);
		return NULL;
	}
	return out;
}

static bool check_rewrite(struct state *state, const char *name, const struct mh_canon *canon,
			  const uint8_t *permuted, const uint8_t *before)
{
	size_t length = canon->view.length;
	struct mh_canon_changes changes;
	struct modhash_error err;
	uint8_t *one = rewrite(state, canon->view.data, length, &changes, &err), *two, *again;
	uint8_t after[32];
	bool fine = true;

	if (!one)
		return fail(state, name, "rewrite: %s", err.message);
	state->changed += changes.btf;
	two = rewrite(state, permuted, length, &changes, &err);
	if (!two || memcmp(one, two, length))
		fine = fail(state, name, "rewrite depends on the order");
	again = rewrite(state, one, length, &changes, &err);
	if (!again || memcmp(one, again, length) || changes.btf || changes.ids || changes.moved)
		fine = fail(state, name, "rewrite is not idempotent");
	if (digest(state, one, length, MH_CANON_CANONICAL, state->base, after, &err) < 0 ||
	    memcmp(before, after, 32))
		fine = fail(state, name, "rewrite changes the canonical digest");
	free(one);
	free(two);
	free(again);
	return fine;
}

static void check_orders(struct state *state, const char *name, const struct mh_canon *canon,
			 const uint8_t *before)
{
	uint8_t *copy = permute(state, canon, false), after[32];
	size_t length = canon->view.length;
	struct modhash_error err;

	if (digest(state, copy, length, MH_CANON_CANONICAL, state->base, after, &err) < 0)
		fail(state, name, "permuted: %s", err.message);
	else if (memcmp(before, after, 32))
		fail(state, name, "the canonical digest depends on the order");
	check_rewrite(state, name, canon, copy, before);
	free(copy);

	copy = permute(state, canon, true);
	if (digest(state, copy, length, MH_CANON_CANONICAL, state->permuted, after, &err) < 0)
		fail(state, name, "over a permuted base: %s", err.message);
	else if (memcmp(before, after, 32))
		fail(state, name, "the canonical digest depends on the base's order");
	free(copy);
	if (digest(state, canon->view.data, length, MH_CANON_CANONICAL, state->permuted, after,
		   &err) < 0)
		state->wrong_seen++;
	else if (!memcmp(before, after, 32))
		fail(state, name, "another base gives the same digest");
}

static void check_payload(struct state *state, const char *name, const uint8_t *data,
			  size_t length)
{
	struct mh_canon_opts opts = { MH_CANON_CANONICAL, state->base, false };
	struct mh_part part = { data, length };
	uint8_t canonical[32], raw[32], drop[32], plain[32];
	struct modhash_error err;
	struct mh_canon canon;
	double begin = now(), taken;

	if (mh_hasher_parts(state->sha256, &part, 1, plain, &err) < 0)
		exit(2);
	state->plain_seconds += now() - begin;
	begin = now();
	if (digest(state, data, length, MH_CANON_CANONICAL, state->base, canonical, &err) < 0) {
		fail(state, name, "%d at %lld: %s", err.code, (long long)err.offset, err.message);
		return;
	}
	taken = now() - begin;
	state->canonical_seconds += taken;
	if (taken > state->slowest)
		state->slowest = taken;
	if (digest(state, data, length, MH_CANON_RAW, NULL, raw, &err) < 0 ||
	    digest(state, data, length, MH_CANON_DROP, NULL, drop, &err) < 0)
		fail(state, name, "policies: %s", err.message);
	else if (!memcmp(canonical, raw, 32) || !memcmp(canonical, drop, 32) ||
		 !memcmp(raw, drop, 32))
		fail(state, name, "two policies, one digest");

	if (mh_canon_open(&canon, data, length, &opts, state->sha256, &err) < 0)
		exit(2);
	state->with_btf += canon.has_btf;
	state->with_ids += canon.ids_section != 0;
	state->duplicates += canon.btf_hashes.duplicates != 0;
	if (canon.has_btf)
		check_orders(state, name, &canon, canonical);
	mh_canon_close(&canon);
}

/* The BTF of the vmlinux that @buf holds. */
static struct mh_part find_btf(const struct mh_buf *buf, const char *path)
{
	const struct mh_elf_section *section;
	struct modhash_error err;
	struct mh_elf_view view;
	struct mh_part btf;

	if (mh_elf_view_open(&view, buf->data, buf->length, &err) < 0) {
		printf("%s: %s\n", path, err.message);
		exit(2);
	}
	section = &view.sections[mh_elf_view_find(&view, ".BTF")];
	btf = (struct mh_part){ section->data, (size_t)section->size };
	mh_elf_view_close(&view);
	if (!btf.length) {
		printf("%s: no BTF\n", path);
		exit(2);
	}
	return btf;
}

static void read_base(struct state *state, const char *path)
{
	struct mh_buf buf = MH_BUF_EMPTY;
	struct mh_part btf;
	struct modhash_error err;
	struct lab lab;
	uint8_t *bytes;
	size_t length;
	double begin;

	if (mh_source_read_path(path, 1 << 30, NULL, &buf, &err) < 0) {
		printf("%s: %s\n", path, err.message);
		exit(2);
	}
	btf = find_btf(&buf, path);
	begin = now();
	if (mh_btf_base_new(btf.data, btf.length, 0, state->sha256, &state->base, &err) < 0) {
		printf("%s: %s\n", path, err.message);
		exit(2);
	}
	printf("base: %u types, %u bytes of strings, read and hashed in %.3f s%s\n",
	       state->base->end_id - 1, state->base->strings_length, now() - begin,
	       state->base->duplicates ? ", with duplicates" : "");
	lab_parse(&lab, btf.data, btf.length, 1, 0);
	state->base_ids = need(malloc(lab.count * sizeof(uint32_t)));
	state->base_names = need(malloc(lab.strings_length * sizeof(uint32_t)));
	lab_permute(&lab, &state->seed, state->base_ids, state->base_names);
	bytes = need(lab_write(&lab, &length));
	if (mh_btf_base_new(bytes, length, 0, state->sha256, &state->permuted, &err) < 0)
		fail(state, path, "permuted: %s", err.message);
	for (uint32_t i = 0; i < lab.count; i++) {
		if (memcmp(mh_btf_base_hash(state->base, i + 1),
			   mh_btf_base_hash(state->permuted, state->base_ids[i]), MH_BTF_HASH)) {
			fail(state, path, "type %u has another hash when permuted", i + 1);
			break;
		}
	}
	free(bytes);
	lab_free(&lab);
	mh_buf_free(&buf);
}

int main(int argc, char **argv)
{
	struct state state = { .seed = 1 };
	struct modhash_ctx *ctx;
	struct modhash_module module;
	struct modhash_error err;
	char name[4096];

	if (argc != 2 || modhash_ctx_new(NULL, &ctx, &err) < 0 ||
	    mh_hasher_new(MODHASH_ENGINE_AUTO, MODHASH_ALGO_SHA256, &state.sha256, &err) < 0)
		return 2;
	read_base(&state, argv[1]);
	mh_module_init(&module, ctx);
	while (fgets(name, sizeof(name), stdin)) {
		name[strcspn(name, "\n")] = '\0';
		state.modules++;
		if (mh_module_load_path(&module, name, &err) < 0)
			fail(&state, name, "%s", err.message);
		else
			check_payload(&state, name, module.data, (size_t)module.payload_length);
	}
	mh_module_fini(&module);
	printf("%u modules: %u with BTF, %u with .BTF_ids, %u with duplicates; %u failures; "
	       "rewrite changed %u; another base was noticed %u times\n",
	       state.modules, state.with_btf, state.with_ids, state.duplicates, state.failures,
	       state.changed, state.wrong_seen);
	printf("plain digests %.3f s, canonical %.3f s (%.2f times), slowest %.1f ms\n",
	       state.plain_seconds, state.canonical_seconds,
	       state.canonical_seconds / state.plain_seconds, state.slowest * 1e3);
	mh_btf_base_free(state.base);
	mh_btf_base_free(state.permuted);
	free(state.base_ids);
	free(state.base_names);
	mh_hasher_free(state.sha256);
	modhash_ctx_free(ctx);
	return state.failures || !state.modules ? 1 : 0;
}
