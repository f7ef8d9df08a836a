/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The digests of many files: the same with any number of threads, in the order asked
 * for, and one bad file is no end to it.
 */
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

#include <modhash/modhash.h>

#include "files.h"
#include "scratch.h"

#define FILES 120
#define CONTENT_MAX 40000

static const uint32_t thread_counts[] = { 1, 2, 3, 8, 0 };

#define THREAD_COUNTS ((int)(sizeof(thread_counts) / sizeof(thread_counts[0])))

static struct modhash_ctx *ctx;
static struct modhash_files *files;
static struct modhash_error err;
static uint8_t content[CONTENT_MAX];

static void setup(void)
{
	scratch_make();
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	ck_assert_int_eq(modhash_files_new(ctx, &files, NULL), 0);
}

static void teardown(void)
{
	modhash_files_free(files);
	modhash_ctx_free(ctx);
	scratch_remove();
}

static void add(const char *path)
{
	ck_assert_int_eq(modhash_files_add(files, path, NULL, NULL, &err), 0);
}

/* Contents of their own for file @number, of very different lengths; how many bytes. */
static size_t fill(int number)
{
	size_t length = (size_t)(number * 7919 % CONTENT_MAX);

	for (size_t i = 0; i < length; i++)
		content[i] = (uint8_t)(number + (int)(i * 31 >> 3));
	return length;
}

/* Append a trailer with @data_length bytes of data; the new length. */
static size_t append_trailer(size_t length, uint8_t id_type, size_t data_length)
{
	memset(content + length, 0x5a, data_length);
	length += data_length;
	memset(content + length, 0, 12);
	content[length + 2] = id_type;
	content[length + 10] = (uint8_t)(data_length >> 8);
	content[length + 11] = (uint8_t)data_length;
	length += 12;
	memcpy(content + length, MODHASH_TRAILER_MARKER, MODHASH_TRAILER_MARKER_LENGTH);
	return length + MODHASH_TRAILER_MARKER_LENGTH;
}

static void file_name(int number, char *name, size_t size)
{
	snprintf(name, size, "d/%03d.ko", number);
}

static void make_files(void)
{
	char name[32];

	for (int i = 0; i < FILES; i++) {
		size_t length = fill(i);

		file_name(i, name, sizeof(name));
		scratch_file(name, content, length);
	}
}

static struct modhash_digest_spec spec_of(uint32_t algorithm, uint32_t scope)
{
	struct modhash_digest_spec spec;

	MODHASH_INIT(spec);
	spec.algorithm = algorithm;
	spec.scope = scope;
	return spec;
}

static struct modhash_run_opts options(uint32_t threads)
{
	struct modhash_run_opts opts;

	MODHASH_INIT(opts);
	opts.threads = threads;
	return opts;
}

/* --- in order, and the same for any number of threads --- */

struct seen {
	pthread_t caller;
	uint64_t count;
	uint64_t end_at;
	struct modhash_digest digests[FILES];
};

static int see(void *user, const struct modhash_file_result *result)
{
	struct seen *seen = user;

	ck_assert(pthread_equal(pthread_self(), seen->caller));
	ck_assert_uint_eq(result->size, sizeof(*result));
	ck_assert_uint_eq(result->index, seen->count);
	ck_assert_int_eq(result->status, 0);
	ck_assert_ptr_null(result->error);
	ck_assert_ptr_nonnull(result->info);
	ck_assert_ptr_null(result->info->data);
	ck_assert_ptr_null(result->identity);
	seen->digests[seen->count++] = *result->digest;
	return seen->count == seen->end_at ? 55 : 0;
}

static int digest_all(const struct modhash_digest_spec *spec, uint32_t threads, struct seen *seen)
{
	struct modhash_run_opts opts = options(threads);

	seen->caller = pthread_self();
	seen->count = 0;
	return modhash_digest_files(ctx, files, spec, 0, &opts, see, seen, &err);
}

START_TEST(test_all_the_same)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA384, MODHASH_SCOPE_FILE);
	static struct seen seen;

	make_files();
	/* Shuffled: 101 does not divide the number of files. */
	for (int i = 0; i < FILES; i++) {
		char name[32];

		file_name(i * 101 % FILES, name, sizeof(name));
		add(name);
	}
	ck_assert_int_eq(digest_all(&spec, thread_counts[_i], &seen), 0);
	ck_assert_uint_eq(seen.count, FILES);
	for (int i = 0; i < FILES; i++) {
		struct modhash_digest expected;

		ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA384, MODHASH_SCOPE_FILE,
						      content, fill(i * 101 % FILES), &expected,
						      NULL),
				 0);
		ck_assert(modhash_digest_equal(&seen.digests[i], &expected));
	}
}
END_TEST

/* SHA-256 by each engine that is here: streams that mix files yield what each alone does. */
START_TEST(test_engines)
{
	static const uint32_t engines[] = {
		MODHASH_ENGINE_EVP, MODHASH_ENGINE_SHANI_1, MODHASH_ENGINE_SHANI_2,
		MODHASH_ENGINE_SHANI_4,
	};
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	struct modhash_ctx *usual = ctx;
	static struct seen seen;

	make_files();
	for (int i = 0; i < FILES; i++) {
		char name[32];

		file_name(i * 101 % FILES, name, sizeof(name));
		add(name);
	}
	for (size_t engine = 0; engine < sizeof(engines) / sizeof(engines[0]); engine++) {
		struct modhash_ctx_opts opts;

		if (!modhash_engine_supported(engines[engine]))
			continue;
		MODHASH_INIT(opts);
		opts.hash_engine = engines[engine];
		ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
		ck_assert_int_eq(digest_all(&spec, thread_counts[_i], &seen), 0);
		modhash_ctx_free(ctx);
		ck_assert_uint_eq(seen.count, FILES);
		for (int i = 0; i < FILES; i++) {
			struct modhash_digest expected;

			ck_assert_int_eq(modhash_digest_bytes(usual, MODHASH_ALGO_SHA256,
							      MODHASH_SCOPE_FILE, content,
							      fill(i * 101 % FILES), &expected,
							      NULL), 0);
			ck_assert(modhash_digest_equal(&seen.digests[i], &expected));
		}
	}
	ctx = usual;
}
END_TEST

/* Large files are begun before the others, and told of in their place. */
START_TEST(test_large_files)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	static uint8_t zeroes[400000];
	static struct seen seen;
	char name[32];

	for (int i = 0; i < 40; i++) {
		file_name(i, name, sizeof(name));
		scratch_text(name, "");
		ck_assert_int_eq(truncate(name, i % 7 ? i : 300000 + i * 2000), 0);
	}
	add("d");
	ck_assert_int_eq(digest_all(&spec, thread_counts[_i], &seen), 0);
	ck_assert_uint_eq(seen.count, 40);
	for (int i = 0; i < 40; i++) {
		size_t length = (size_t)(i % 7 ? i : 300000 + i * 2000);
		struct modhash_digest expected;

		ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE,
						      zeroes, length, &expected, NULL),
				 0);
		ck_assert(modhash_digest_equal(&seen.digests[i], &expected));
	}
}
END_TEST

/* The largest first, the others as they stand; with one thread, no order is made. */
START_TEST(test_largest_first)
{
	static const struct {
		const char *name;
		off_t length;
	} made[] = {
		{ "d/a.ko", 10 },      { "d/b.ko", MH_LARGE_FILE + 1 }, { "d/c.ko", MH_LARGE_FILE },
		{ "d/d.ko", 9000000 }, { "d/e.ko", MH_LARGE_FILE + 1 }, { "d/f.ko", 0 },
	};
	static const uint64_t expected[] = { 3, 1, 4, 0, 2, 5, 6 };
	struct modhash_run_opts opts;
	uint64_t *order;

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		scratch_text(made[i].name, "");
		ck_assert_int_eq(truncate(made[i].name, made[i].length), 0);
	}
	add("d");
	ck_assert_int_eq(modhash_files_add(files, "d/missing.ko", NULL, NULL, NULL), 0);
	MODHASH_INIT(opts);
	opts.threads = 2;
	ck_assert_int_eq(mh_files_largest_first(files, &opts, &order, &err), 0);
	ck_assert_ptr_nonnull(order);
	ck_assert_mem_eq(order, expected, sizeof(expected));
	free(order);
	opts.threads = 1;
	ck_assert_int_eq(mh_files_largest_first(files, &opts, &order, &err), 0);
	ck_assert_ptr_null(order);
}
END_TEST

START_TEST(test_result_ends_it)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	static struct seen seen;

	make_files();
	add("d");
	seen.end_at = 17;
	ck_assert_int_eq(digest_all(&spec, thread_counts[_i], &seen), 55);
	ck_assert_uint_eq(seen.count, 17);
}
END_TEST

START_TEST(test_no_files)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	static struct seen seen;

	ck_assert_int_eq(digest_all(&spec, thread_counts[_i], &seen), 0);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

START_TEST(test_leaves)
{
	struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF);
	static struct seen seen;

	make_files();
	add("d");
	spec.position = 1000;
	ck_assert_int_eq(digest_all(&spec, thread_counts[_i], &seen), 0);
	for (int i = 0; i < FILES; i++) {
		struct modhash_digest_spec one = spec;
		struct modhash_digest expected;
		struct modhash_module *module;

		one.position = 1000 + (uint32_t)i;
		ck_assert_int_eq(modhash_module_from_memory(ctx, content, fill(i), &module, NULL),
				 0);
		ck_assert_int_eq(modhash_module_digest(module, &one, &expected, NULL), 0);
		ck_assert(modhash_digest_equal(&seen.digests[i], &expected));
		modhash_module_free(module);
	}
}
END_TEST

/* --- what becomes of each --- */

struct told {
	int status;
	int32_t trailer_status;
	bool has_digest, has_info, is_signed;
	uint32_t trailers;
	uint64_t offset;
	int sys_errno;
	uint64_t length, payload_length;
};

static int tell(void *user, const struct modhash_file_result *result)
{
	struct told *told = (struct told *)user + result->index;

	told->status = result->status;
	told->has_digest = result->digest;
	told->has_info = result->info;
	told->is_signed = result->signed_pkcs7;
	ck_assert_int_eq(result->status != 0, result->error != NULL);
	if (result->error) {
		ck_assert_int_eq(result->error->code, result->status);
		ck_assert_str_ne(result->error->message, "");
		told->offset = result->error->offset;
		told->sys_errno = result->error->sys_errno;
	}
	if (result->info) {
		told->trailers = result->info->trailers;
		told->trailer_status = result->info->trailer_status;
		told->length = result->info->length;
		told->payload_length = result->info->payload_length;
	}
	return 0;
}

/* Whole ones at both ends, and between them whatever can be wrong. */
static void make_bad_files(void)
{
	size_t length;

	memset(content, 'm', 100);
	scratch_file("good.ko", content, 100);
	length = append_trailer(100, MODHASH_TRAILER_PKCS7, 300);
	scratch_file("signed.ko", content, length);
	length = append_trailer(length, MODHASH_TRAILER_MERKLE, 36);
	scratch_file("both.ko", content, length);
	/* A signature that claims more than there is. */
	content[100 + 300 + 9] = 1;
	scratch_file("overlong.ko", content, 100 + 300 + 40);
	scratch_file("corrupt.ko.xz",
		     "\xfd"
		     "7zXZ\0 and no more",
		     19);
	ck_assert_int_eq(mkfifo("fifo.ko", 0600), 0);
	ck_assert_int_eq(symlink("loop.ko", "loop.ko"), 0);
}

static const char *const bad_files[] = {
	"good.ko", "signed.ko", "both.ko", "overlong.ko", "corrupt.ko.xz",
	"gone.ko", "fifo.ko",	"loop.ko", "good.ko",
};

#define BAD_FILES ((int)(sizeof(bad_files) / sizeof(bad_files[0])))

static void tell_all(const struct modhash_digest_spec *spec, uint32_t threads, struct told *told)
{
	struct modhash_run_opts opts = options(threads);

	make_bad_files();
	for (int i = 0; i < BAD_FILES; i++)
		add(bad_files[i]);
	ck_assert_int_eq(modhash_digest_files(ctx, files, spec, 0, &opts, tell, told, &err), 0);
}

START_TEST(test_bad_files)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
	struct told told[BAD_FILES];

	tell_all(&spec, thread_counts[_i], told);
	for (int i = 0; i < BAD_FILES; i++)
		ck_assert_int_eq(told[i].has_digest, told[i].status == 0);

	ck_assert_int_eq(told[0].status, 0);
	ck_assert(!told[0].is_signed);
	ck_assert_int_eq(told[1].status, 0);
	ck_assert(told[1].is_signed);
	ck_assert_uint_eq(told[1].trailers, 1);
	ck_assert_uint_eq(told[1].payload_length, 100);
	ck_assert_uint_eq(told[1].length, 100 + 300 + 40);
	ck_assert_int_eq(told[2].status, 0);
	ck_assert(told[2].is_signed);
	ck_assert_uint_eq(told[2].trailers, 2);

	ck_assert_int_eq(told[3].status, MODHASH_E_TRAILER);
	ck_assert_uint_ne(told[3].offset, MODHASH_OFFSET_NONE);
	ck_assert(told[3].has_info);
	ck_assert_int_eq(told[3].trailer_status, MODHASH_E_TRAILER);
	ck_assert(!told[3].is_signed);
	ck_assert(told[4].status == MODHASH_E_UNPACK ||
		  told[4].status == MODHASH_E_NO_DECOMPRESSOR);
	ck_assert(!told[4].has_info);
	ck_assert_int_eq(told[5].status, MODHASH_E_IO);
	ck_assert_int_eq(told[5].sys_errno, ENOENT);
	ck_assert_int_eq(told[6].status, MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(told[7].status, MODHASH_E_IO);
	ck_assert_int_eq(told[7].sys_errno, ELOOP);
	ck_assert_int_eq(told[8].status, 0);
}
END_TEST

/* The same trailer does not matter to who hashes all of the file. */
START_TEST(test_bad_trailer_in_file_scope)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	struct told told[BAD_FILES];

	tell_all(&spec, thread_counts[_i], told);
	ck_assert_int_eq(told[3].status, 0);
	ck_assert_int_eq(told[3].trailer_status, MODHASH_E_TRAILER);
}
END_TEST

START_TEST(test_limit)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	struct modhash_ctx_opts opts;
	struct modhash_ctx *small;
	struct told told[2];

	scratch_file("small.ko", content, 64);
	scratch_file("large.ko", content, 65);
	add("small.ko");
	add("large.ko");
	MODHASH_INIT(opts);
	opts.max_unpacked = 64;
	ck_assert_int_eq(modhash_ctx_new(&opts, &small, NULL), 0);
	ck_assert_int_eq(modhash_digest_files(small, files, &spec, 0, NULL, tell, told, &err), 0);
	ck_assert_int_eq(told[0].status, 0);
	ck_assert_int_eq(told[1].status, MODHASH_E_LIMIT);
	modhash_ctx_free(small);
}
END_TEST

/* --- identity --- */

#define SECTIONS 4

struct small_elf {
	Elf64_Ehdr header;
	char modinfo[64];
	struct {
		Elf64_Nhdr header;
		char owner[4];
		uint8_t id[20];
	} note;
	char names[64];
	Elf64_Shdr sections[SECTIONS];
};

#define SET_SECTION(elf, number, name_at, kind, member)                                 \
	do {                                                                            \
		(elf)->sections[number].sh_name = name_at;                              \
		(elf)->sections[number].sh_type = kind;                                 \
		(elf)->sections[number].sh_offset = offsetof(struct small_elf, member); \
		(elf)->sections[number].sh_size = sizeof((elf)->member);                \
		(elf)->sections[number].sh_addralign = 1;                               \
	} while (0)

/* A module of 64 bits, in the byte order of this machine. */
static void make_elf(struct small_elf *elf, uint8_t id)
{
	const uint16_t one = 1;

	memset(elf, 0, sizeof(*elf));
	memcpy(elf->header.e_ident, ELFMAG, SELFMAG);
	elf->header.e_ident[EI_CLASS] = ELFCLASS64;
	elf->header.e_ident[EI_DATA] = *(const uint8_t *)&one ? ELFDATA2LSB : ELFDATA2MSB;
	elf->header.e_ident[EI_VERSION] = EV_CURRENT;
	elf->header.e_type = ET_REL;
	elf->header.e_machine = EM_X86_64;
	elf->header.e_version = EV_CURRENT;
	elf->header.e_shoff = offsetof(struct small_elf, sections);
	elf->header.e_ehsize = sizeof(Elf64_Ehdr);
	elf->header.e_shentsize = sizeof(Elf64_Shdr);
	elf->header.e_shnum = SECTIONS;
	elf->header.e_shstrndx = 3;
	snprintf(elf->modinfo, sizeof(elf->modinfo), "name=m%03d%cvermagic=6.1 SMP", id, 0);
	elf->note.header.n_namesz = 4;
	elf->note.header.n_descsz = sizeof(elf->note.id);
	elf->note.header.n_type = NT_GNU_BUILD_ID;
	memcpy(elf->note.owner, "GNU", 4);
	memset(elf->note.id, id, sizeof(elf->note.id));
	memcpy(elf->names, "\0.modinfo\0.note.gnu.build-id\0.shstrtab", 39);
	SET_SECTION(elf, 1, 1, SHT_PROGBITS, modinfo);
	SET_SECTION(elf, 2, 10, SHT_NOTE, note);
	elf->sections[2].sh_addralign = 4;
	SET_SECTION(elf, 3, 29, SHT_STRTAB, names);
}

static int identify(void *user, const struct modhash_file_result *result)
{
	const struct modhash_identity *identity = result->identity;
	uint8_t expected[20];
	char name[32];

	++*(int *)user;
	if (result->index == 0) {
		ck_assert_ptr_null(identity);
		ck_assert_int_eq(result->status, 0);
		ck_assert_int_eq(result->identity_status, MODHASH_E_NOT_ELF);
		return 0;
	}
	if (result->index == 1) {
		ck_assert_ptr_null(identity);
		ck_assert_int_eq(result->status, MODHASH_E_IO);
		ck_assert_int_eq(result->identity_status, MODHASH_E_IO);
		return 0;
	}
	ck_assert_int_eq(result->identity_status, 0);
	ck_assert_ptr_nonnull(identity);
	snprintf(name, sizeof(name), "m%03d", (int)result->index - 2);
	ck_assert_str_eq(identity->name, name);
	ck_assert_str_eq(identity->vermagic, "6.1 SMP");
	ck_assert_ptr_null(identity->srcversion);
	ck_assert_uint_eq(identity->build_id_length, 20);
	memset(expected, (int)result->index - 2, sizeof(expected));
	ck_assert_mem_eq(identity->build_id, expected, sizeof(expected));
	ck_assert_uint_eq(identity->elf_class, 64);
	ck_assert(identity->flags & MODHASH_IDENTITY_MODULE);
	return 0;
}

START_TEST(test_identity)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
	struct modhash_run_opts opts = options(thread_counts[_i]);
	struct small_elf elf;
	int seen = 0;

	scratch_text("text.ko", "no ELF file");
	add("text.ko");
	add("gone.ko");
	for (int i = 0; i < 60; i++) {
		char name[32];

		file_name(i, name, sizeof(name));
		make_elf(&elf, (uint8_t)i);
		scratch_file(name, &elf, sizeof(elf));
	}
	add("d");
	ck_assert_int_eq(modhash_digest_files(ctx, files, &spec, MODHASH_DIGEST_IDENTITY, &opts,
					      identify, &seen, &err),
			 0);
	ck_assert_int_eq(seen, 62);
}
END_TEST

/* --- what is refused, and being stopped --- */

static int never(void *user, const struct modhash_file_result *result)
{
	(void)user;
	ck_abort_msg("a result for file %d", (int)result->index);
	return 0;
}

static void refused(const struct modhash_digest_spec *spec, uint32_t flags, int code)
{
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(modhash_digest_files(ctx, files, spec, flags, NULL, never, NULL, &err),
			 code);
	ck_assert_int_eq(err.code, code);
}

START_TEST(test_refused)
{
	struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);

	add("a.ko");
	add("b.ko");
	refused(&spec, 2, MODHASH_E_INVALID);
	refused(NULL, 0, MODHASH_E_INVALID);
	spec.algorithm = 2;
	refused(&spec, 0, MODHASH_E_ALGORITHM);
	spec = spec_of(MODHASH_ALGO_SHA256, 99);
	refused(&spec, 0, MODHASH_E_SCOPE);
	spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_CANONICAL);
	spec.version = 1;
	refused(&spec, 0, MODHASH_E_UNSUPPORTED);
	spec = spec_of(MODHASH_ALGO_SHA512, MODHASH_SCOPE_LEAF);
	refused(&spec, 0, MODHASH_E_ALGORITHM);
	spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF);
	spec.position = UINT32_MAX;
	refused(&spec, 0, MODHASH_E_INVALID);
	spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	spec.size = 0;
	refused(&spec, 0, MODHASH_E_INVALID);
	spec.size = sizeof(spec);
	ck_assert_int_eq(modhash_digest_files(NULL, files, &spec, 0, NULL, never, NULL, NULL),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_files(ctx, NULL, &spec, 0, NULL, never, NULL, NULL),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_files(ctx, files, &spec, 0, NULL, NULL, NULL, NULL),
			 MODHASH_E_INVALID);
}
END_TEST

START_TEST(test_last_position)
{
	struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF);
	struct told told[2];

	scratch_text("a.ko", "a");
	add("a.ko");
	add("a.ko");
	spec.position = UINT32_MAX - 1;
	ck_assert_int_eq(modhash_digest_files(ctx, files, &spec, 0, NULL, tell, told, &err), 0);
	ck_assert(told[1].has_digest);
}
END_TEST

START_TEST(test_stopped)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	struct modhash_run_opts opts = options(thread_counts[_i]);
	const int stop = 1;

	make_files();
	add("d");
	opts.stop = &stop;
	ck_assert_int_eq(modhash_digest_files(ctx, files, &spec, 0, &opts, never, NULL, &err),
			 MODHASH_E_STOPPED);
	ck_assert_int_eq(err.code, MODHASH_E_STOPPED);
}
END_TEST

struct stopping {
	int stop;
	int seen;
};

static int stop_at_ten(void *user, const struct modhash_file_result *result)
{
	struct stopping *stopping = user;

	(void)result;
	if (++stopping->seen == 10)
		__atomic_store_n(&stopping->stop, 1, __ATOMIC_RELAXED);
	return 0;
}

START_TEST(test_stopped_between_results)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	struct modhash_run_opts opts = options(thread_counts[_i]);
	struct stopping stopping = { 0 };

	make_files();
	add("d");
	opts.stop = &stopping.stop;
	ck_assert_int_eq(
		modhash_digest_files(ctx, files, &spec, 0, &opts, stop_at_ten, &stopping, &err),
		MODHASH_E_STOPPED);
	ck_assert_int_eq(stopping.seen, 10);
}
END_TEST

/* With one thread, large files are postponed: what ends a run ends it before them, too. */
START_TEST(test_ended_before_large)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	struct modhash_run_opts opts = options(thread_counts[_i]);
	struct stopping stopping = { 0 };
	static struct seen seen;
	char name[32];

	for (int i = 0; i < 40; i++) {
		file_name(i, name, sizeof(name));
		scratch_text(name, "");
		ck_assert_int_eq(truncate(name, i < 20 ? i : 300000 + i), 0);
	}
	add("d");
	opts.stop = &stopping.stop;
	ck_assert_int_eq(
		modhash_digest_files(ctx, files, &spec, 0, &opts, stop_at_ten, &stopping, &err),
		MODHASH_E_STOPPED);
	ck_assert_int_eq(stopping.seen, 10);
	seen.end_at = 10;
	ck_assert_int_eq(digest_all(&spec, thread_counts[_i], &seen), 55);
	ck_assert_uint_eq(seen.count, 10);
}
END_TEST

struct bytes {
	uint64_t read;
	uint64_t files;
};

static void count_bytes(void *user, uint64_t done, uint64_t total, uint64_t read)
{
	struct bytes *bytes = user;

	ck_assert_uint_le(done, total);
	bytes->read = read;
	bytes->files = done;
}

START_TEST(test_bytes_read)
{
	const struct modhash_digest_spec spec = spec_of(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	struct modhash_run_opts opts = options(thread_counts[_i]);
	struct bytes bytes = { 0 };
	struct told told[FILES];
	uint64_t expected = 0;

	make_files();
	for (int i = 0; i < FILES; i++)
		expected += fill(i);
	add("d");
	opts.progress = count_bytes;
	opts.user = &bytes;
	ck_assert_int_eq(modhash_digest_files(ctx, files, &spec, 0, &opts, tell, told, &err), 0);
	ck_assert_uint_eq(bytes.files, FILES);
	ck_assert_uint_eq(bytes.read, expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("batch");
	TCase *tcase = tcase_create("batch");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_all_the_same, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_engines, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_large_files, 0, THREAD_COUNTS);
	tcase_add_test(tcase, test_largest_first);
	tcase_add_loop_test(tcase, test_result_ends_it, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_no_files, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_leaves, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_bad_files, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_bad_trailer_in_file_scope, 0, THREAD_COUNTS);
	tcase_add_test(tcase, test_limit);
	tcase_add_loop_test(tcase, test_identity, 0, THREAD_COUNTS);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_last_position);
	tcase_add_loop_test(tcase, test_stopped, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_stopped_between_results, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_ended_before_large, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_bytes_read, 0, THREAD_COUNTS);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
