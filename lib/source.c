/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes from a file.  read, not mmap: a file that another process cuts short must
 * be an error, not a SIGBUS, and reading is faster when threads do it.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checked.h"
#include "fail.h"
#include "source.h"

/* First guess for files that do not say how long they are (sysfs, procfs). */
#define UNSIZED_CAPACITY 4096

/* Between two looks at the stop flag: a few milliseconds, unless the disk is slow. */
#define READ_MAX ((size_t)8 << 20)

static const char *type_name(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISCHR(mode))
		return "a character device";
	if (S_ISBLK(mode))
		return "a block device";
	if (S_ISSOCK(mode))
		return "a socket";
	return "of an unknown type";
}

static int fail_type(mode_t mode, struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_FILE_TYPE, MODHASH_OFFSET_NONE,
		       "%s, where a regular file was expected", type_name(mode));
}

static int fail_limit(uint64_t found, uint64_t limit, struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_LIMIT, MODHASH_OFFSET_NONE,
		       "%" PRIu64 " bytes or more, and the limit is %" PRIu64, found, limit);
}

static int read_status(int fd, struct stat *status, struct modhash_error *err)
{
	if (fstat(fd, status) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't get the file's status");
	return 0;
}

/*
 * Fill the buffer from the file's beginning to its end: after @size bytes, as the kernel has
 * it when it loads a module, or, if that is 0, where a read gives none.
 */
static int read_all(int fd, uint64_t size, uint64_t limit, const int *stop, struct mh_buf *buf,
		    struct modhash_error *err)
{
	while (!size || buf->length < size) {
		size_t room = buf->capacity - buf->length;
		ssize_t got;
		int ret;

		if (buf->length > limit)
			return fail_limit(buf->length, limit, err);
		if (stop && __atomic_load_n(stop, __ATOMIC_RELAXED))
			return mh_fail(err, MODHASH_E_STOPPED, MODHASH_OFFSET_NONE,
				       "stopped while reading");
		if (room == 0) {
			ret = mh_buf_reserve(buf, buf->capacity * 2, err);
			if (ret)
				return ret;
			continue;
		}
		got = pread(fd, buf->data + buf->length, room < READ_MAX ? room : READ_MAX,
			    (off_t)buf->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return mh_fail_errno(err, MODHASH_E_IO, errno, "can't read at byte %zu",
					     buf->length);
		if (got == 0)
			return 0;
		buf->length += (size_t)got;
	}
	return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* st_ctim as well: whoever sets the modification time back can't set that. */
static int check_unchanged(const struct stat *before, const struct stat *after, size_t length,
			   struct modhash_error *err)
{
	if (after->st_size != before->st_size)
		return mh_fail(err, MODHASH_E_CHANGED, MODHASH_OFFSET_NONE,
			       "%" PRIu64 " bytes before it was read, %" PRIu64 " after",
			       (uint64_t)before->st_size, (uint64_t)after->st_size);
	if (before->st_size != 0 && (uint64_t)before->st_size != length)
		return mh_fail(err, MODHASH_E_CHANGED, length,
			       "ends after %zu bytes, and should have %" PRIu64, length,
			       (uint64_t)before->st_size);
	if (after->st_ino != before->st_ino || after->st_dev != before->st_dev ||
	    !same_time(&after->st_mtim, &before->st_mtim) ||
	    !same_time(&after->st_ctim, &before->st_ctim))
		return mh_fail(err, MODHASH_E_CHANGED, MODHASH_OFFSET_NONE,
			       "the file changed while it was being read");
	return 0;
}

static int read_fd(int fd, uint64_t limit, uint64_t most, const int *stop, struct mh_buf *buf,
		   uint64_t *size, struct modhash_error *err)
{
	struct stat before, after;
	uint64_t capacity;
	int ret;

	buf->length = 0;
	ret = read_status(fd, &before, err);
	if (ret)
		return ret;
	if (!S_ISREG(before.st_mode))
		return fail_type(before.st_mode, err);
	if (before.st_size < 0 || (uint64_t)before.st_size > limit)
		return fail_limit((uint64_t)before.st_size, limit, err);
	*size = (uint64_t)before.st_size;
	if (*size > most)
		return MH_POSTPONED;

	/* A byte more than there should be: a read that yields it has found a change. */
	capacity = before.st_size ? (uint64_t)before.st_size + 1 : UNSIZED_CAPACITY;
	if (capacity > SIZE_MAX)
		return mh_fail_nomem(err);
	ret = mh_buf_reserve(buf, (size_t)capacity, err);
	if (!ret)
		ret = read_all(fd, (uint64_t)before.st_size, limit, stop, buf, err);
	if (!ret)
		ret = read_status(fd, &after, err);
	if (!ret)
		ret = check_unchanged(&before, &after, buf->length, err);
	if (ret)
		buf->length = 0;
	return ret;
}

int mh_source_read_fd(int fd, uint64_t limit, const int *stop, struct mh_buf *buf,
		      struct modhash_error *err)
{
	uint64_t size;

	return read_fd(fd, limit, UINT64_MAX, stop, buf, &size, err);
}

/* Sockets, and devices without a driver, can't be opened at all: say what they are. */
static int fail_open(const char *path, int sys_errno, struct modhash_error *err)
{
	struct stat status;

	if ((sys_errno == ENXIO || sys_errno == ENODEV) && stat(path, &status) == 0 &&
	    !S_ISREG(status.st_mode))
		return fail_type(status.st_mode, err);
	return mh_fail_errno(err, MODHASH_E_IO, sys_errno, "can't open the file");
}

int mh_source_read_small(const char *path, uint64_t limit, uint64_t most, const int *stop,
			 struct mh_buf *buf, uint64_t *size, struct modhash_error *err)
{
	int fd, ret;

	buf->length = 0;
	/* O_NONBLOCK: a FIFO without a writer must not stop us, nor a modem line. */
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return fail_open(path, errno, err);
	ret = read_fd(fd, limit, most, stop, buf, size, err);
	close(fd);
	return ret;
}

int mh_source_read_path(const char *path, uint64_t limit, const int *stop, struct mh_buf *buf,
			struct modhash_error *err)
{
	uint64_t size;

	return mh_source_read_small(path, limit, UINT64_MAX, stop, buf, &size, err);
}
