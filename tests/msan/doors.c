/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For MemorySanitizer, which sees what our code writes, and nothing of what a library does that
 * was built without it.  Linked in by --wrap, in front of each door to such a library and of the
 * assembly: what goes in is looked at, and what comes out counts as written.
 *
 * Memory is poisoned here, and not by the sanitizer's malloc() (MSAN_OPTIONS=poison_in_malloc=0):
 * that of other libraries would be, too, and each of their strings a finding.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <libdeflate.h>
#include <lz4.h>
#include <lzma.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <sanitizer/msan_interface.h>
#include <zlib.h>
#include <zstd.h>

/* Weak: not every program has every library, and some tests have wrappers of their own. */
#pragma weak EVP_MD_CTX_get0_md
#pragma weak EVP_MD_get_size
#pragma weak ZSTD_isError
#define WRAP(type, name, ...) \
	extern type __real_##name(__VA_ARGS__) __attribute__((weak)); \
	extern type __wrap_##name(__VA_ARGS__) __attribute__((weak)); \
	type __wrap_##name(__VA_ARGS__)

/* --- memory --- */

WRAP(void *, malloc, size_t size)
{
	void *memory = __real_malloc(size);

	if (memory)
		__msan_allocated_memory(memory, size);
	return memory;
}

WRAP(void, free, void *memory)
{
	if (memory)
		__msan_unpoison(memory, malloc_usable_size(memory));
	__real_free(memory);
}

WRAP(void *, realloc, void *memory, size_t size)
{
	size_t old = memory ? malloc_usable_size(memory) : 0;
	char *grown = __real_realloc(memory, size);

	if (grown && size > old)
		__msan_allocated_memory(grown + old, size - old);
	return grown;
}

WRAP(void *, reallocarray, void *memory, size_t count, size_t size)
{
	size_t length;

	if (__builtin_mul_overflow(count, size, &length)) {
		errno = ENOMEM;
		return NULL;
	}
	return __wrap_realloc(memory, length);
}

WRAP(int, posix_memalign, void **memory, size_t alignment, size_t size)
{
	int ret = __real_posix_memalign(memory, alignment, size);

	if (!ret)
		__msan_allocated_memory(*memory, size);
	return ret;
}

/* --- files: functions of glibc 2.33 that clang's sanitizer does not know yet --- */

static int seen(int ret, struct stat64 *st)
{
	if (!ret)
		__msan_unpoison(st, sizeof(*st));
	return ret;
}

WRAP(int, stat64, const char *path, struct stat64 *st)
{
	return seen(__real_stat64(path, st), st);
}

WRAP(int, lstat64, const char *path, struct stat64 *st)
{
	return seen(__real_lstat64(path, st), st);
}

WRAP(int, fstat64, int fd, struct stat64 *st)
{
	return seen(__real_fstat64(fd, st), st);
}

WRAP(int, fstatat64, int fd, const char *path, struct stat64 *st, int flags)
{
	return seen(__real_fstatat64(fd, path, st, flags), st);
}

/* --- libcrypto --- */

/* What our frames left below counts as written: libcrypto measures strings in its own there. */
static void __attribute__((noinline)) clean_stack(void)
{
	char below[64 << 10];

	__msan_unpoison(below, sizeof(below));
	__asm__ volatile("" : : "r"(below) : "memory");
}

WRAP(EVP_MD *, EVP_MD_fetch, OSSL_LIB_CTX *ctx, const char *algorithm, const char *properties)
{
	clean_stack();
	return __real_EVP_MD_fetch(ctx, algorithm, properties);
}

WRAP(int, EVP_DigestInit_ex, EVP_MD_CTX *state, const EVP_MD *method, ENGINE *engine)
{
	clean_stack();
	return __real_EVP_DigestInit_ex(state, method, engine);
}

WRAP(int, EVP_DigestUpdate, EVP_MD_CTX *state, const void *data, size_t length)
{
	__msan_check_mem_is_initialized(data, length);
	return __real_EVP_DigestUpdate(state, data, length);
}

WRAP(int, EVP_DigestFinal_ex, EVP_MD_CTX *state, unsigned char *digest, unsigned int *length)
{
	int ret = __real_EVP_DigestFinal_ex(state, digest, length);

	if (ret == 1)
		__msan_unpoison(digest, (size_t)EVP_MD_CTX_get_size(state));
	return ret;
}

WRAP(int, EVP_Digest, const void *data, size_t length, unsigned char *digest, unsigned int *written,
     const EVP_MD *method, ENGINE *engine)
{
	int ret;

	__msan_check_mem_is_initialized(data, length);
	clean_stack();
	ret = __real_EVP_Digest(data, length, digest, written, method, engine);
	if (ret == 1)
		__msan_unpoison(digest, (size_t)EVP_MD_get_size(method));
	return ret;
}

WRAP(int, OBJ_obj2txt, char *text, int room, const ASN1_OBJECT *object, int no_name)
{
	int ret;

	clean_stack();
	ret = __real_OBJ_obj2txt(text, room, object, no_name);
	if (room > 0)
		__msan_unpoison(text, (size_t)(ret < 0 ? 0 : ret < room ? ret : room - 1) + 1);
	return ret;
}

WRAP(int, BN_bn2bin, const BIGNUM *number, unsigned char *to)
{
	int ret = __real_BN_bn2bin(number, to);

	if (ret > 0)
		__msan_unpoison(to, (size_t)ret);
	return ret;
}

/* --- what unpacks and packs --- */

WRAP(int, inflate, z_stream *z, int flush)
{
	unsigned char *begin = z->next_out;
	int ret;

	__msan_check_mem_is_initialized(z->next_in, z->avail_in);
	ret = __real_inflate(z, flush);
	__msan_unpoison(begin, (size_t)(z->next_out - begin));
	return ret;
}

WRAP(int, deflate, z_stream *z, int flush)
{
	unsigned char *begin = z->next_out;
	int ret;

	__msan_check_mem_is_initialized(z->next_in, z->avail_in);
	ret = __real_deflate(z, flush);
	__msan_unpoison(begin, (size_t)(z->next_out - begin));
	return ret;
}

WRAP(enum libdeflate_result, libdeflate_gzip_decompress_ex,
     struct libdeflate_decompressor *decompressor, const void *in, size_t in_length, void *out,
     size_t room, size_t *used, size_t *unpacked)
{
	enum libdeflate_result ret;

	__msan_check_mem_is_initialized(in, in_length);
	ret = __real_libdeflate_gzip_decompress_ex(decompressor, in, in_length, out, room, used,
						   unpacked);
	if (ret == LIBDEFLATE_SUCCESS) {
		__msan_unpoison(used, sizeof(*used));
		__msan_unpoison(unpacked, sizeof(*unpacked));
		__msan_unpoison(out, *unpacked);
	}
	return ret;
}

WRAP(lzma_ret, lzma_code, lzma_stream *xz, lzma_action action)
{
	uint8_t *begin = xz->next_out;
	lzma_ret ret;

	__msan_check_mem_is_initialized(xz->next_in, xz->avail_in);
	ret = __real_lzma_code(xz, action);
	__msan_unpoison(begin, (size_t)(xz->next_out - begin));
	return ret;
}

WRAP(lzma_ret, lzma_stream_footer_decode, lzma_stream_flags *flags, const uint8_t *in)
{
	lzma_ret ret;

	__msan_check_mem_is_initialized(in, LZMA_STREAM_HEADER_SIZE);
	ret = __real_lzma_stream_footer_decode(flags, in);
	if (ret == LZMA_OK) {
		__msan_unpoison(&flags->version, sizeof(flags->version));
		__msan_unpoison(&flags->backward_size, sizeof(flags->backward_size));
		__msan_unpoison(&flags->check, sizeof(flags->check));
	}
	return ret;
}

WRAP(lzma_ret, lzma_vli_decode, lzma_vli *vli, size_t *vli_at, const uint8_t *in, size_t *at,
     size_t length)
{
	lzma_ret ret = __real_lzma_vli_decode(vli, vli_at, in, at, length);

	if (ret == LZMA_OK)
		__msan_unpoison(vli, sizeof(*vli));
	return ret;
}

WRAP(lzma_bool, lzma_lzma_preset, lzma_options_lzma *options, uint32_t preset)
{
	lzma_bool ret = __real_lzma_lzma_preset(options, preset);

	__msan_unpoison(options, sizeof(*options));
	return ret;
}

WRAP(size_t, ZSTD_decompressStream, ZSTD_DStream *stream, ZSTD_outBuffer *out, ZSTD_inBuffer *in)
{
	size_t begin = out->pos, ret;

	__msan_check_mem_is_initialized(in->src, in->size);
	ret = __real_ZSTD_decompressStream(stream, out, in);
	__msan_unpoison((char *)out->dst + begin, out->pos - begin);
	return ret;
}

WRAP(size_t, ZSTD_compress2, ZSTD_CCtx *cctx, void *to, size_t room, const void *from,
     size_t length)
{
	size_t ret;

	__msan_check_mem_is_initialized(from, length);
	ret = __real_ZSTD_compress2(cctx, to, room, from, length);
	if (!ZSTD_isError(ret))
		__msan_unpoison(to, ret);
	return ret;
}

WRAP(int, LZ4_decompress_safe, const char *from, char *to, int length, int room)
{
	int ret;

	__msan_check_mem_is_initialized(from, (size_t)length);
	ret = __real_LZ4_decompress_safe(from, to, length, room);
	if (ret > 0)
		__msan_unpoison(to, (size_t)ret);
	return ret;
}

/* --- assembly: lib/sha256/shani.c --- */

static void look_at(const uint8_t *const *data, size_t streams, size_t blocks)
{
	for (size_t i = 0; i < streams; i++)
		__msan_check_mem_is_initialized(data[i], blocks * 64);
}

/* Not weak: the linker would not look for them in the archive. */
#define WRAP_SHANI(name, streams) \
	extern void __real_##name(uint32_t (*)[8], const uint8_t *const *, size_t); \
	extern void __wrap_##name(uint32_t (*)[8], const uint8_t *const *, size_t); \
	void __wrap_##name(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks) \
	{ \
		__msan_check_mem_is_initialized(state, (streams) * sizeof(*state)); \
		look_at(data, streams, blocks); \
		__real_##name(state, data, blocks); \
	}

WRAP_SHANI(mh_shani_1, 1)
WRAP_SHANI(mh_shani_2, 2)
WRAP_SHANI(mh_shani_avx_1, 1)
WRAP_SHANI(mh_shani_avx_2, 2)
WRAP_SHANI(mh_shani_avx512_3, 3)
WRAP_SHANI(mh_shani_avx512_4, 4)
