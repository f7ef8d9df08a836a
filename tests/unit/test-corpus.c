/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every file that tests/gen makes, read: what the manifest says must come of it, does.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/modhash.h>

#include "scratch.h"

#define LIMIT (16u << 20)

static const struct {
	const char *name;
	int code;
} codes[] = {
	{ "OK", 0 },
	{ "IO", MODHASH_E_IO },
	{ "FILE_TYPE", MODHASH_E_FILE_TYPE },
	{ "LIMIT", MODHASH_E_LIMIT },
	{ "UNPACK", MODHASH_E_UNPACK },
	{ "TRAILER", MODHASH_E_TRAILER },
	{ "PKCS7", MODHASH_E_PKCS7 },
	{ "NOT_ELF", MODHASH_E_NOT_ELF },
	{ "ELF", MODHASH_E_ELF },
};

/* One line of the manifest. */
struct line {
	char name[128];
	char open[32];
	unsigned int trailers;
	char trailer[32];
	char identity[32];
	char signature[32];
};

static char generator[4096];
static struct modhash_ctx *ctx;

static void setup(void)
{
	struct modhash_ctx_opts opts;
	pid_t child;
	int status;

	scratch_make();
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		execl(generator, generator, "corpus", (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(chdir("corpus"), 0);

	MODHASH_INIT(opts);
	opts.max_unpacked = LIMIT;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
}

static void teardown(void)
{
	modhash_ctx_free(ctx);
	scratch_remove();
}

static int code_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i].name, name) == 0)
			return codes[i].code;
	}
	ck_abort_msg("no code %s", name);
}

/* A failure says what it is: a code, a message of one line, the same code in both. */
static void check_outcome(const struct line *line, const char *what, const char *expected,
			  int found, const struct modhash_error *err)
{
	char text[1024] = "";

	if (found) /* else nobody has written to *err */
		modhash_error_format(err, line->name, text, sizeof(text));
	ck_assert_msg(found == code_of(expected), "%s of %s: expected %s, found %d (%s)", what,
		      line->name, expected, found, text);
	if (found == 0)
		return;
	ck_assert_int_eq(err->code, found);
	ck_assert_msg(strlen(err->message) > 8, "%s: \"%s\" says too little", line->name,
		      err->message);
	ck_assert_ptr_null(strpbrk(err->message, "\n\r\t\33"));
}

static void check_signature(const struct line *line, const struct modhash_trailer *trailer)
{
	struct modhash_signature signature;
	struct modhash_error err;
	int ret;

	MODHASH_INIT(signature);
	ret = modhash_trailer_signature(trailer, &signature, &err);
	check_outcome(line, "signature", line->signature, ret, &err);
	ck_assert((ret == 0) == (signature.storage != NULL));
	modhash_signature_clear(&signature);
	ck_assert_ptr_null(signature.storage);
}

/* Trailers follow one another without a gap, down to the payload. */
static void check_trailers(const struct line *line, const struct modhash_module *module)
{
	struct modhash_module_info info;
	struct modhash_trailer trailer;
	struct modhash_error err;
	uint64_t end;
	uint32_t i;
	int ret;

	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_module_info(module, &info), 0);
	ck_assert_msg(info.trailers == line->trailers, "%s: %u trailers", line->name, info.trailers);
	ck_assert_int_eq(info.trailer_status, code_of(line->trailer));
	end = info.length;
	for (i = 0; i < info.trailers; i++) {
		MODHASH_INIT(trailer);
		ck_assert_int_eq(modhash_module_trailer(module, i, &trailer, &err), 0);
		ck_assert_uint_eq(trailer.offset + trailer.length, end);
		ck_assert_ptr_eq(trailer.data, info.data + trailer.offset);
		ck_assert_uint_eq(trailer.data_length + 40, trailer.length);
		end = trailer.offset;
		if (i == 0 && strcmp(line->signature, "-"))
			check_signature(line, &trailer);
	}
	ck_assert_uint_eq(end, info.payload_length);
	MODHASH_INIT(trailer);
	ret = modhash_module_trailer(module, i, &trailer, &err);
	if (info.trailer_status)
		check_outcome(line, "trailer", line->trailer, ret, &err);
	else
		ck_assert_int_eq(ret, MODHASH_E_NOT_FOUND);
}

static void check_identity(const struct line *line, const struct modhash_module *module)
{
	struct modhash_identity identity;
	struct modhash_module_info info;
	struct modhash_error err;
	const char *key, *value;
	uint64_t cursor = 0;
	size_t length;
	int ret;

	MODHASH_INIT(identity);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_module_info(module, &info), 0);
	ret = modhash_module_identity(module, &identity, &err);
	check_outcome(line, "identity", line->identity, ret, &err);
	if (ret == 0) {
		ck_assert_uint_le(identity.image_length, info.payload_length);
		ck_assert(identity.elf_class == 32 || identity.elf_class == 64);
	} else {
		ck_assert_ptr_null(identity.name);
		ck_assert_uint_eq(identity.elf_class, 0);
	}
	/* Looks at less, and so may find less wrong; it ends, and stays within the file. */
	while ((ret = modhash_module_modinfo(module, &cursor, &key, &length, &value, &err)) == 1) {
		ck_assert(key >= (const char *)info.data);
		ck_assert(value + strlen(value) < (const char *)info.data + info.length);
	}
	ck_assert(ret == 0 || ret == MODHASH_E_NOT_ELF || ret == MODHASH_E_ELF);
}

static void check_digest(const struct line *line, const struct modhash_module *module)
{
	struct modhash_digest_spec spec;
	struct modhash_digest digest;
	struct modhash_error err;
	int ret;

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_FILE;
	ck_assert_int_eq(modhash_module_digest(module, &spec, &digest, &err), 0);
	ck_assert_uint_eq(digest.length, 32);
	spec.scope = MODHASH_SCOPE_PAYLOAD;
	ret = modhash_module_digest(module, &spec, &digest, &err);
	check_outcome(line, "payload digest", line->trailer, ret, &err);
	ck_assert_uint_eq(digest.length, ret ? 0 : 32);
}

static void check_file(const struct line *line)
{
	struct modhash_module *module = (struct modhash_module *)1;
	struct modhash_error err;
	int ret;

	ret = modhash_module_from_path(ctx, line->name, &module, &err);
	check_outcome(line, "open", line->open, ret, &err);
	ck_assert((ret == 0) == (module != NULL));
	if (!module)
		return;
	check_trailers(line, module);
	check_identity(line, module);
	check_digest(line, module);
	modhash_module_free(module);
}

START_TEST(test_manifest)
{
	FILE *manifest = fopen("MANIFEST", "r");
	unsigned int lines = 0;
	struct line line;

	ck_assert_ptr_nonnull(manifest);
	while (fscanf(manifest, "%127s %31s %u %31s %31s %31s", line.name, line.open,
		      &line.trailers, line.trailer, line.identity, line.signature) == 6) {
		check_file(&line);
		lines++;
	}
	ck_assert(feof(manifest));
	fclose(manifest);
	ck_assert_uint_gt(lines, 90);
}
END_TEST

/*
 * The bytes of small good files, each cut at every length: whatever comes of it, it is an
 * answer.
 */
static void cut_everywhere(const char *name)
{
	struct modhash_identity identity;
	struct modhash_module_info info;
	struct modhash_module *module;
	struct modhash_error err;
	static uint8_t bytes[1 << 16];
	FILE *file = fopen(name, "rb");
	size_t length, cut;
	uint8_t *copy;
	int ret;

	ck_assert_ptr_nonnull(file);
	length = fread(bytes, 1, sizeof(bytes), file);
	ck_assert(length > 0 && length < sizeof(bytes));
	fclose(file);
	for (cut = 0; cut < length; cut++) {
		/* Of its own, so that a sanitizer sees a read beyond. */
		copy = malloc(cut ? cut : 1);
		ck_assert_ptr_nonnull(copy);
		copy = memcpy(copy, bytes, cut);
		ret = modhash_module_from_memory(ctx, copy, cut, &module, &err);
		if (ret == 0) {
			MODHASH_INIT(identity);
			MODHASH_INIT(info);
			ck_assert_int_eq(modhash_module_info(module, &info), 0);
			if (modhash_module_identity(module, &identity, &err) == 0)
				ck_assert_uint_le(identity.image_length, info.length);
		}
		modhash_module_free(module);
		free(copy);
	}
}

START_TEST(test_cut)
{
	cut_everywhere("good-signed.ko");
	cut_everywhere("good-elf32-be.ko");
	if (modhash_compression_supported(MODHASH_COMPRESSION_GZIP))
		cut_everywhere("good-two.ko.gz");
	if (modhash_compression_supported(MODHASH_COMPRESSION_XZ))
		cut_everywhere("good-two.ko.xz");
	if (modhash_compression_supported(MODHASH_COMPRESSION_ZSTD))
		cut_everywhere("good-two.ko.zst");
}
END_TEST

/* Every byte of the ELF header and the section headers, turned over. */
START_TEST(test_flipped)
{
	struct modhash_identity identity;
	struct modhash_module *module;
	struct modhash_error err;
	static uint8_t bytes[1 << 16];
	FILE *file = fopen("good-signed.ko", "rb");
	size_t length, i;
	int ret;

	ck_assert_ptr_nonnull(file);
	length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (i = 0; i < length; i++) {
		bytes[i] ^= 0xff;
		ck_assert_int_eq(modhash_module_from_memory(ctx, bytes, length, &module, &err), 0);
		MODHASH_INIT(identity);
		ret = modhash_module_identity(module, &identity, &err);
		ck_assert(ret == 0 || ret == MODHASH_E_ELF || ret == MODHASH_E_NOT_ELF);
		modhash_module_free(module);
		bytes[i] ^= 0xff;
	}
}
END_TEST

int main(void)
{
	const char *named = getenv("GEN_MODULES");
	Suite *suite = suite_create("corpus");
	TCase *tcase = tcase_create("corpus");

	if (!realpath(named ? named : "tests/gen/gen-modules", generator)) {
		perror(named ? named : "tests/gen/gen-modules");
		return EXIT_FAILURE;
	}
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_manifest);
	tcase_add_test(tcase, test_cut);
	tcase_add_test(tcase, test_flipped);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
