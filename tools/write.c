/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inputs.h"

int write_fail(struct modhash_error *err, int sys_errno, const char *message)
{
	memset(err, 0, sizeof(*err));
	err->code = MODHASH_E_IO;
	err->sys_errno = sys_errno;
	err->offset = MODHASH_OFFSET_NONE;
	snprintf(err->message, sizeof(err->message), "%s", message);
	return err->code;
}

static int check_directory(const char *path, struct modhash_error *err)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? tool_printf("%.*s.", (int)(slash - path + 1), path)
				: tool_strdup(".");
	int rc = 0;

	/* A new file is made there, even where an old one is replaced. */
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS))
		rc = write_fail(err, errno, "can't write to the file's directory");
	free(directory);
	return rc;
}

int write_check(const char *path, struct modhash_error *err)
{
	struct stat status;

	if (inputs_is_dash(path))
		return 0;
	if (!stat(path, &status) && !S_ISREG(status.st_mode)) {
		write_fail(err, 0, S_ISDIR(status.st_mode) ?
			   "a directory, where a regular file was expected" :
			   "a device, FIFO or socket, where a regular file was expected");
		err->code = MODHASH_E_FILE_TYPE;
		return err->code;
	}
	/* What a symbolic link leads to is somewhere else. */
	if (!lstat(path, &status) && S_ISLNK(status.st_mode))
		return 0;
	return check_directory(path, err);
}

int write_below(const char *root, const char *path, const struct modhash_buffer *buffer,
		struct modhash_error *err)
{
	struct modhash_write_opts opts;

	MODHASH_INIT(opts);
	opts.below = root;
	return modhash_write_file_opts(path, buffer->data, buffer->length, &opts, err);
}

int write_beside(const char *root, const char *path, const struct modhash_buffer *buffer,
		 struct modhash_error *err)
{
	const char *slash = strrchr(path, '/');
	char *whole = tool_printf("%s%s", root || slash ? "" : "./", path);
	char *directory = root ? tool_strdup(root) :
		slash ? tool_printf("%.*s", (int)(slash - path + 1), path) : tool_strdup(".");
	int rc = write_below(directory, whole, buffer, err);

	free(directory);
	free(whole);
	return rc;
}

/* What was lost is told here, and not once more when standard output is closed. */
static int fail_stdout(struct modhash_error *err)
{
	int rc = write_fail(err, errno, "standard output could not be written");

	__fpurge(stdout);
	clearerr(stdout);
	return rc;
}

int write_output(const char *path, const void *data, uint64_t length, struct modhash_error *err)
{
	if (!inputs_is_dash(path))
		return modhash_write_file(path, data, length, err);
	if (length && fwrite(data, 1, (size_t)length, stdout) != length)
		return fail_stdout(err);
	return fflush(stdout) ? fail_stdout(err) : 0;
}
