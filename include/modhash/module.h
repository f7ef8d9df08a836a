/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One kernel module: read, unpacked, its trailers parsed, its identity told.
 */
#ifndef MODHASH_MODULE_H
#define MODHASH_MODULE_H

#include <modhash/attributes.h>
#include <modhash/context.h>
#include <modhash/digest.h>
#include <modhash/error.h>

MODHASH_BEGIN_DECLS

/* How a file was packed; told from its first bytes, never from its name. */
#define MODHASH_COMPRESSION_NONE 0
#define MODHASH_COMPRESSION_GZIP 1
#define MODHASH_COMPRESSION_XZ 2
#define MODHASH_COMPRESSION_ZSTD 3
#define MODHASH_COMPRESSION_LZ4 4 /* of kernel images; no module is packed so */

#define MODHASH_BYTE_ORDER_UNKNOWN 0
#define MODHASH_BYTE_ORDER_LITTLE 1
#define MODHASH_BYTE_ORDER_BIG 2

struct modhash_module;

/**
 * modhash_compression_name() - the name of a compression
 * @compression: MODHASH_COMPRESSION_*
 *
 * Return: "none", "gzip", "xz", "zstd", "lz4", or NULL.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_compression_name(int compression);

/**
 * modhash_compression_supported() - was this library built with it?
 * @compression: MODHASH_COMPRESSION_*
 *
 * Return: true or false.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API bool modhash_compression_supported(int compression);

/**
 * modhash_module_from_memory() - read a module that is in memory
 * @ctx: context; must outlive the module
 * @data: the file's bytes.  Where they are not compressed, the module is a view of
 *	them: they must stay as they are until modhash_module_free().
 * @length: how many
 * @module: out
 * @err: out, may be NULL
 *
 * The bytes are unpacked, and the trailers parsed.  That the module has a malformed
 * trailer, or is not ELF, is no failure here: whoever asks for what can't be had
 * then is told.
 *
 * Return: 0, MODHASH_E_INVALID, MODHASH_E_NOMEM, MODHASH_E_LIMIT (longer than
 * the context's max_unpacked), MODHASH_E_UNPACK (corrupt or cut compressed data),
 * MODHASH_E_NO_DECOMPRESSOR, or MODHASH_E_STOPPED (by the context's @stop).
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_from_memory(const struct modhash_ctx *ctx,
							      const void *data, size_t length,
							      struct modhash_module **module,
							      struct modhash_error *err);

/**
 * modhash_module_from_fd() - read a module from a file descriptor
 * @ctx: context; must outlive the module
 * @fd: a regular file, open for reading.  It is read from its beginning, whatever
 *	its file position is, stays open, and need not stay as it is afterwards.
 * @module: out
 * @err: out, may be NULL
 *
 * Return: as modhash_module_from_memory(), and MODHASH_E_IO, MODHASH_E_FILE_TYPE
 * (a directory, FIFO or device), or MODHASH_E_CHANGED (the file changed while it
 * was being read).
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_from_fd(const struct modhash_ctx *ctx, int fd,
							  struct modhash_module **module,
							  struct modhash_error *err);

/**
 * modhash_module_from_path() - read a module from a file
 * @ctx: context; must outlive the module
 * @path: the file; symbolic links are followed; a FIFO does not block
 * @module: out
 * @err: out, may be NULL
 *
 * Return: as modhash_module_from_fd().
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_from_path(const struct modhash_ctx *ctx,
							    const char *path,
							    struct modhash_module **module,
							    struct modhash_error *err);

/**
 * modhash_module_free() - free a module and all views of it
 * @module: the module, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_module_free(struct modhash_module *module);

/**
 * struct modhash_module_info - what a module is made of
 * @size: sizeof(struct modhash_module_info)
 * @compression: MODHASH_COMPRESSION_*
 * @file_length: bytes of the file as it was read
 * @data: the unpacked file, trailers included: a view, valid as long as the module
 * @length: bytes at @data
 * @payload_length: bytes at @data with all trailers off; if @trailer_status is not
 *	0, what was left when the malformed one was met
 * @trailers: how many well-formed trailers there are, from the end of the file
 * @trailer_status: 0, or MODHASH_E_TRAILER if a malformed one follows these
 *
 * Since: 0.1
 */
struct modhash_module_info {
	uint32_t size;
	uint32_t compression;
	uint64_t file_length;
	const uint8_t *data;
	uint64_t length;
	uint64_t payload_length;
	uint32_t trailers;
	int32_t trailer_status;
};

/**
 * modhash_module_info() - what a module is made of
 * @module: the module
 * @info: in: its @size; out: the rest
 *
 * Return: 0 or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_module_info(const struct modhash_module *module,
				    struct modhash_module_info *info);

/**
 * struct modhash_trailer - one appended trailer
 * @size: sizeof(struct modhash_trailer)
 * @kind: its id_type: MODHASH_TRAILER_PGP, _X509, _PKCS7, _MERKLE, or another
 * @offset: where it begins in the unpacked file, in bytes
 * @length: bytes of all of it: data, 12-byte structure and 28-byte marker
 * @data: the signature or proof: a view, valid as long as the module
 * @data_length: bytes at @data
 * @algo: as found in struct module_signature, like the fields that follow
 * @hash: ...
 * @signer_len: ...
 * @key_id_len: ...
 *
 * Format: include/linux/module_signature.h of the kernel.
 *
 * Since: 0.1
 */
struct modhash_trailer {
	uint32_t size;
	uint32_t kind;
	uint64_t offset;
	uint64_t length;
	const uint8_t *data;
	uint64_t data_length;
	uint8_t algo;
	uint8_t hash;
	uint8_t signer_len;
	uint8_t key_id_len;
	uint8_t reserved[4];
};

/**
 * modhash_module_trailer() - one of a module's trailers
 * @module: the module
 * @index: 0 is the outermost: the last in the file, the one that a kernel looks at
 * @trailer: in: its @size; out: the rest
 * @err: out, may be NULL
 *
 * Return: 0; MODHASH_E_NOT_FOUND if there are no more; MODHASH_E_TRAILER if the one
 * at @index is malformed, with the offset and what was expected in @err;
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_trailer(const struct modhash_module *module,
							  uint32_t index,
							  struct modhash_trailer *trailer,
							  struct modhash_error *err);

/**
 * struct modhash_signature - what a PKCS#7 trailer says, unverified
 * @size: sizeof(struct modhash_signature)
 * @hash_algorithm: MODHASH_ALGO_* of the signature, or -1 if it has no number there
 * @signer: common name of the signing certificate's issuer, UTF-8; what comes last in
 *	the issuer's name if it has none, as in modinfo; "" if there is no name
 * @hash_name: name of the hash algorithm as modinfo shows it, such as "sha256"
 * @key_id: the key's identifier or the certificate's serial number, whichever the
 *	signature names
 * @key_id_length: bytes at @key_id
 * @signature: the signature value
 * @signature_length: bytes at @signature
 * @storage: the library's
 *
 * Nothing here is trusted: this library checks no signatures.
 *
 * Since: 0.1
 */
struct modhash_signature {
	uint32_t size;
	int32_t hash_algorithm;
	const char *signer;
	const char *hash_name;
	const uint8_t *key_id;
	uint64_t key_id_length;
	const uint8_t *signature;
	uint64_t signature_length;
	void *storage;
};

/**
 * modhash_trailer_signature() - parse a PKCS#7 trailer
 * @trailer: a trailer with kind MODHASH_TRAILER_PKCS7
 * @signature: in: its @size; out: the rest.  On success the caller frees what it
 *	points to with modhash_signature_clear(); it does not depend on @trailer.
 * @err: out, may be NULL; an offset in it is one of the unpacked file
 *
 * Return: 0, MODHASH_E_INVALID (not of that kind), MODHASH_E_PKCS7 (malformed,
 * or no signer in it), MODHASH_E_NOMEM.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_trailer_signature(const struct modhash_trailer *trailer,
			  struct modhash_signature *signature, struct modhash_error *err);

/**
 * modhash_signature_clear() - free what a signature points to
 * @signature: the signature; zeroed afterwards but for @size
 *
 * Since: 0.1
 */
MODHASH_API void modhash_signature_clear(struct modhash_signature *signature);

/* struct modhash_identity: @flags */
#define MODHASH_IDENTITY_MODULE (1u << 0)   /* a relocatable file with .modinfo */
#define MODHASH_IDENTITY_STRIPPED (1u << 1) /* no .symtab: no kernel loads it */
#define MODHASH_IDENTITY_BTF (1u << 2)	    /* has .BTF */
#define MODHASH_IDENTITY_BTF_BASE (1u << 3) /* has .BTF.base */
#define MODHASH_IDENTITY_BTF_IDS (1u << 4)  /* has .BTF_ids */
#define MODHASH_IDENTITY_DEBUG (1u << 5)    /* has .debug_info, or .zdebug_info */

/**
 * struct modhash_identity - what a module's ELF image says of itself
 * @size: sizeof(struct modhash_identity)
 * @flags: MODHASH_IDENTITY_*
 * @elf_class: 32 or 64
 * @byte_order: MODHASH_BYTE_ORDER_*
 * @machine: e_machine
 * @name: "name" of .modinfo, else the name in struct module (older kernels), else NULL
 * @vermagic: of .modinfo, or NULL
 * @srcversion: of .modinfo, or NULL
 * @build_id: NT_GNU_BUILD_ID, or NULL
 * @build_id_length: bytes at @build_id
 * @image_length: bytes from the beginning of the file to the end of what the ELF
 *	headers describe; what follows is not ELF
 *
 * Strings are NUL-terminated views, valid as long as the module, and can hold any
 * byte but NUL: escape them before you print them.
 *
 * Since: 0.1
 */
struct modhash_identity {
	uint32_t size;
	uint32_t flags;
	uint16_t elf_class;
	uint16_t byte_order;
	uint16_t machine;
	uint16_t reserved;
	const char *name;
	const char *vermagic;
	const char *srcversion;
	const uint8_t *build_id;
	uint64_t build_id_length;
	uint64_t image_length;
};

/**
 * modhash_module_identity() - what a module's ELF image says of itself
 * @module: the module
 * @identity: in: its @size; out: the rest
 * @err: out, may be NULL
 *
 * Parsed anew at each call; hashing never needs it.
 *
 * Return: 0; MODHASH_E_NOT_ELF; MODHASH_E_ELF (malformed); MODHASH_E_NOMEM;
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_identity(const struct modhash_module *module,
							   struct modhash_identity *identity,
							   struct modhash_error *err);

/**
 * modhash_module_modinfo() - the entries of a module's .modinfo
 * @module: the module
 * @cursor: in, out: 0 before the first call; moved on by each
 * @key: out: a view of the key, not NUL-terminated
 * @key_length: out: bytes at @key
 * @value: out: the value, NUL-terminated view
 * @err: out, may be NULL
 *
 * Return: 1 with an entry, 0 after the last, MODHASH_E_NOT_ELF, MODHASH_E_ELF,
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_modinfo(const struct modhash_module *module,
							  uint64_t *cursor, const char **key,
							  size_t *key_length, const char **value,
							  struct modhash_error *err);

/**
 * modhash_module_digest() - a digest of a module
 * @module: the module
 * @spec: which
 * @digest: out; zeroed on failure
 * @err: out, may be NULL
 *
 * Return: 0; MODHASH_E_ALGORITHM; MODHASH_E_SCOPE; MODHASH_E_UNSUPPORTED;
 * MODHASH_E_TRAILER if the scope needs trailers off and one is malformed;
 * MODHASH_E_CRYPTO; MODHASH_E_STOPPED (by the context's @stop); MODHASH_E_NOMEM;
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_digest(const struct modhash_module *module,
							 const struct modhash_digest_spec *spec,
							 struct modhash_digest *digest,
							 struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_MODULE_H */
