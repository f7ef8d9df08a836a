/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing: files that are whole or not there, and modules with other trailers.
 */
#ifndef MODHASH_OUTPUT_H
#define MODHASH_OUTPUT_H

#include <modhash/attributes.h>
#include <modhash/context.h>
#include <modhash/error.h>
#include <modhash/module.h>

MODHASH_BEGIN_DECLS

/**
 * struct modhash_buffer - bytes that the library made
 * @data: the bytes; the caller frees them with modhash_buffer_clear()
 * @length: how many
 *
 * The size of this structure is fixed for good.
 *
 * Since: 0.1
 */
struct modhash_buffer {
	uint8_t *data;
	uint64_t length;
};

/**
 * modhash_buffer_clear() - free a buffer's bytes
 * @buffer: the buffer; zeroed afterwards
 *
 * Since: 0.1
 */
MODHASH_API void modhash_buffer_clear(struct modhash_buffer *buffer);

/**
 * modhash_write_file() - write a file, whole or not at all
 * @path: the file, made or replaced
 * @data: its bytes; may be NULL if @length is 0
 * @length: how many
 * @err: out, may be NULL
 *
 * The bytes are written to a new file beside @path, synced to the disk, and the file
 * is renamed; then the directory is synced.  A file that is replaced hands down its
 * mode, and its owner and extended attributes where that is permitted, but for
 * security.ima and security.evm, which are of the old contents.  If @path is a
 * symbolic link, the file that it leads to is replaced, or made.  After a failure the old
 * file is whole, and the new one gone; but if it is the directory that can't be
 * synced, which the message says then, the new file is in place.  A process that is killed
 * may leave the new file, whose name is ".modhash-" and 16 hex digits.
 *
 * In a directory with the sticky bit that everybody may write to, a link or a file that belongs
 * neither to the caller nor to who owns the directory is MODHASH_E_IO, with EACCES: it
 * may have been put there for others to write through, or to own what they wrote.
 *
 * Return: 0, MODHASH_E_IO, MODHASH_E_FILE_TYPE (@path is there and no regular file),
 * MODHASH_E_NOMEM, MODHASH_E_INVALID.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_write_file(const char *path, const void *data,
						      uint64_t length,
						      struct modhash_error *err);

/* struct modhash_write_opts: @flags */
#define MODHASH_WRITE_KEEP_TIME (1u << 0) /* the modification time of the file replaced */

/**
 * struct modhash_write_opts - how a file is written
 * @size: sizeof(struct modhash_write_opts)
 * @flags: MODHASH_WRITE_*
 * @below: a directory that the path begins with, or NULL.  What of the path is behind it must not
 *	lead through a symbolic link: who fills the directory does not choose where is written.
 *
 * Since: 0.1
 */
struct modhash_write_opts {
	uint32_t size;
	uint32_t flags;
	const char *below;
};

/**
 * modhash_write_file_opts() - write a file, whole or not at all, in a way of one's own
 * @path: the file, made or replaced
 * @data: its bytes; may be NULL if @length is 0
 * @length: how many
 * @opts: how, or NULL, which is as modhash_write_file()
 * @err: out, may be NULL
 *
 * With MODHASH_WRITE_KEEP_TIME, times are set before the file is in place: nobody sees
 * it with others.
 *
 * Return: as modhash_write_file().
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_write_file_opts(const char *path, const void *data, uint64_t length,
			const struct modhash_write_opts *opts, struct modhash_error *err);

/* struct modhash_rewrite_opts: @flags */
#define MODHASH_REWRITE_STRIP_MERKLE (1u << 0) /* take off an outermost Merkle trailer */
#define MODHASH_REWRITE_STRIP_ALL (1u << 1)    /* take off all trailers */

/**
 * struct modhash_rewrite_opts - what to do to a module's trailers
 * @size: sizeof(struct modhash_rewrite_opts)
 * @flags: MODHASH_REWRITE_*
 * @append: a trailer to append afterwards, or NULL
 * @append_length: bytes at @append
 *
 * Since: 0.1
 */
struct modhash_rewrite_opts {
	uint32_t size;
	uint32_t flags;
	const uint8_t *append;
	uint64_t append_length;
};

/**
 * modhash_module_rewrite() - a module with other trailers
 * @module: the module
 * @opts: what to do
 * @buffer: out: the new file, packed as the old one was; freed by the caller with
 *	modhash_buffer_clear()
 * @err: out, may be NULL
 *
 * What is packed is packed so that a kernel can read it: .xz with CRC32 and a
 * dictionary of 1 MiB.  If nothing changes, the bytes are those of the file that
 * was read, if it was not packed.
 *
 * Return: 0; MODHASH_E_TRAILER (a malformed one is in the way);
 * MODHASH_E_NO_DECOMPRESSOR; MODHASH_E_NOMEM; MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_module_rewrite(const struct modhash_module *module,
							  const struct modhash_rewrite_opts *opts,
							  struct modhash_buffer *buffer,
							  struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_OUTPUT_H */
