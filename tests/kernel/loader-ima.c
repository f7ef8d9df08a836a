// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the test's init needs for IMA: a keyring with a key in it, a policy, and files with an
 * owner, by which rules are told apart, and with what IMA keeps beside a file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "loader.h"

static int write_file(const char *path, int flags, const void *data, long length)
{
	int fd = open(path, flags | O_WRONLY | O_CLOEXEC, 0644);
	const char *from = data;
	int error = 0;

	if (fd < 0)
		return errno;
	/* IMA takes a rule at a time. */
	while (length && !error) {
		ssize_t done = write(fd, from, (size_t)length);

		error = done < 0 ? errno : !done ? EIO : 0;
		from += done;
		length -= done;
	}
	/* A policy is taken over when its file is closed. */
	if (close(fd) && !error)
		error = errno;
	return error;
}

int ima_policy(const char *policy)
{
	long length;
	unsigned char *text = read_file(policy, &length);
	int error;

	if (!text)
		return errno;
	error = write_file("/sys/kernel/security/ima/policy", 0, text, length);
	free(text);
	return error;
}

/* Without CONFIG_INTEGRITY_TRUSTED_KEYRING it is a keyring of whoever loads a module. */
int ima_key(const char *certificate)
{
	long length, keyring;
	unsigned char *data = read_file(certificate, &length);
	int error = 0;

	if (!data)
		return errno;
	keyring = syscall(SYS_add_key, "keyring", "_ima", NULL, 0, KEY_SPEC_PROCESS_KEYRING);
	if (keyring < 0 ||
	    syscall(SYS_add_key, "asymmetric", NULL, data, length, keyring) < 0)
		error = errno;
	free(data);
	return error;
}

static int beside(const char *path, const char *seal)
{
	long length;
	unsigned char *data = read_file(seal, &length);
	int error = 0;

	if (!data)
		return errno;
	if (setxattr(path, "security.ima", data, (size_t)length, 0))
		error = errno;
	free(data);
	return error;
}

/* The initramfs need not have extended attributes. */
static int make_place(void)
{
	if (!mkdir("/ima", 0755) && mount("tmpfs", "/ima", "tmpfs", 0, NULL))
		return errno;
	return 0;
}

int ima_place(const char *file, const char *owner, const char *path)
{
	char seal[256];
	long length;
	unsigned char *data = read_file(file, &length);
	int error = data ? make_place() : errno;

	if (!error)
		error = write_file(path, O_CREAT | O_EXCL, data, length);
	if (!error && chown(path, (uid_t)atoi(owner), 0))
		error = errno;
	snprintf(seal, sizeof(seal), "%s.ima", file);
	if (!error && !access(seal, F_OK))
		error = beside(path, seal);
	free(data);
	return error;
}
