/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "write.h"

#define TOO_LARGE "larger than the limit, which --max-size sets"
#define UNSIZED_ROOM 4096

int read_whole(int fd, uint64_t length, struct modhash_buffer *buffer, struct modhash_error *err)
{
	uint64_t done = 0;

	buffer->data = tool_alloc(length, 1);
	buffer->length = length;
	while (done < length) {
		ssize_t got = pread(fd, buffer->data + done, (size_t)(length - done), (off_t)done);

		if (got < 0 && errno == EINTR && !tool_stopped())
			continue;
		if (got <= 0) {
			modhash_buffer_clear(buffer);
			return write_fail(err, got ? errno : 0, got ?
					  "could not be read again" :
					  "became shorter while it was being read");
		}
		done += (uint64_t)got;
	}
	return 0;
}

static int fail(struct modhash_error *err, int code, const char *message)
{
	write_fail(err, 0, message);
	err->code = code;
	return code;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A file that does not say how long it is, as in securityfs: to its end, or a byte past @limit. */
static int read_unsized(int fd, uint64_t limit, struct modhash_buffer *buffer,
			struct modhash_error *err)
{
	uint64_t room = 0;

	buffer->data = NULL;
	buffer->length = 0;
	while (buffer->length <= limit) {
		ssize_t got;

		if (buffer->length == room) {
			room = room ? 2 * room : UNSIZED_ROOM;
			buffer->data = tool_grow(buffer->data, (size_t)room, 1);
		}
		got = pread(fd, buffer->data + buffer->length, (size_t)(room - buffer->length),
			    (off_t)buffer->length);
		if (got < 0 && errno == EINTR && !tool_stopped())
			continue;
		if (got < 0) {
			modhash_buffer_clear(buffer);
			return write_fail(err, errno, "can't read the file");
		}
		if (!got)
			return 0;
		buffer->length += (uint64_t)got;
	}
	modhash_buffer_clear(buffer);
	return fail(err, MODHASH_E_LIMIT, TOO_LARGE);
}

static int read_fd(struct tool *tool, int fd, struct modhash_buffer *buffer,
		   struct modhash_error *err)
{
	uint64_t limit = tool->options->max_size;
	struct stat before, after;
	int rc;

	if (!limit)
		limit = MODHASH_MAX_UNPACKED_DEFAULT;
	if (fstat(fd, &before))
		return write_fail(err, errno, "can't get the file's status");
	if (!S_ISREG(before.st_mode))
		return fail(err, MODHASH_E_FILE_TYPE, "not a regular file, which was expected");
	if ((uint64_t)before.st_size > limit)
		return fail(err, MODHASH_E_LIMIT, TOO_LARGE);
	rc = before.st_size ? read_whole(fd, (uint64_t)before.st_size, buffer, err) :
			      read_unsized(fd, limit, buffer, err);
	if (rc)
		return rc;
	if (!fstat(fd, &after) && unchanged(&before, &after))
		return 0;
	modhash_buffer_clear(buffer);
	return fail(err, MODHASH_E_CHANGED, "the file changed while it was being read");
}

int read_open(const char *path)
{
	int fd;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	} while (fd < 0 && errno == EINTR && !tool_stopped());
	return fd;
}

int read_file(struct tool *tool, const char *path, struct modhash_buffer *buffer,
	      struct modhash_error *err)
{
	int fd = read_open(path);
	int rc;

	buffer->data = NULL;
	buffer->length = 0;
	if (fd < 0)
		return write_fail(err, errno, "can't open the file");
	rc = read_fd(tool, fd, buffer, err);
	close(fd);
	return rc;
}
