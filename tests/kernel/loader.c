// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The init process of the kernels that tests/kernel boots: does what /cells says, line by
 * line, and prints what came of it.  It knows nothing of what should come of it.
 *
 *   fd ID FLAGS FILE MODULE    finit_module(), with these flags
 *   mem ID FLAGS FILE MODULE   init_module(), after gunzip if it is compressed so
 *   kmod ID VERB FILE MODULE   kmod's insmod or modprobe; "-f" may be joined by a comma
 *   bpf ID FUNCTION FILE MODULE  loads it and calls FUNCTION(11) from a BPF program
 *   file ID PATH               a file, in hexadecimal
 *   policy ID FILE             IMA's policy
 *   key ID FILE                a certificate for IMA
 *   place ID OWNER FILE PATH   FILE, where IMA's rules for files of OWNER find it
 *
 * For each it prints "CELL ID KEY=VALUE..." and "LOG ID TEXT" for each line that the kernel
 * logged meanwhile, and at last "END N".  What was loaded is unloaded again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "loader.h"

#define CONSOLE_LEVEL 8
#define FIELDS 5
#define RECORD 8192
#define TIGHT 4096
#define MODULE_MAX (8 << 20)
#define NUMBER 11

static int kmsg = -1;

/* --- small things --- */

static const char *errno_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "0";

	return name ? name : "UNKNOWN";
}

unsigned char *read_file(const char *path, long *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *data = NULL;
	long room = 0, have = 0, got = 0;

	if (fd < 0)
		return NULL;
	do {
		if (room - have < TIGHT) {
			room = 2 * room + 2 * TIGHT;
			data = realloc(data, (size_t)room);
			if (!data)
				break;
		}
		got = read(fd, data + have, (size_t)(room - have));
		have += got > 0 ? got : 0;
	} while (got > 0);
	if (got < 0) {
		free(data);
		data = NULL;
	}
	close(fd);
	*length = have;
	return data;
}

static bool present(const char *directory, const char *module)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, module);
	return !access(path, F_OK);
}

/* The letters of a module's own taint, "-" for none. */
static void taint_of(const char *module, char *taint, size_t room)
{
	char path[256];
	unsigned char *data;
	long length;

	snprintf(path, sizeof(path), "/sys/module/%s/taint", module);
	data = read_file(path, &length);
	while (data && length > 0 && data[length - 1] == '\n')
		length--;
	if (!data || !length)
		snprintf(taint, room, "-");
	else
		snprintf(taint, room, "%.*s", (int)length, data);
	free(data);
}

/* --- the kernel's log --- */

/* One record's text without its prefix; NULL when there is none left. */
static char *next_record(char *record)
{
	char *text, *end;
	ssize_t got;

	do
		got = read(kmsg, record, RECORD - 1);
	while (got < 0 && (errno == EPIPE || errno == EINTR));
	if (got <= 0)
		return NULL;
	record[got] = '\0';
	text = strchr(record, ';');
	if (!text)
		return record;
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
	return text + 1;
}

static void mark(const char *what, const char *id)
{
	char line[512];
	/* Not dprintf(), which wants to know where in the file it is. */
	int length = snprintf(line, sizeof(line), "<6>modhash-test: %s %s\n", what, id);

	if (write(kmsg, line, (size_t)length) != length)
		printf("LOST %s %s: %s\n", what, id, strerror(errno));
}

/* Reads on to a marker; prints what is before it, unless @id is NULL. */
static void read_log(const char *what, const char *cell, const char *id)
{
	char record[RECORD], marker[512], *text;

	snprintf(marker, sizeof(marker), "modhash-test: %s %s", what, cell);
	while ((text = next_record(record))) {
		if (!strcmp(text, marker))
			return;
		if (id)
			printf("LOG %s %s\n", id, text);
	}
	printf("LOST %s %s\n", what, cell);
}

/* --- what a cell can be --- */

static int unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? errno : 0;
}

/* A BPF program that called it lets go of it some time after it is closed. */
static int unload_patiently(const char *module)
{
	struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	int error, tries = 500;

	while ((error = unload(module)) == EAGAIN && --tries)
		nanosleep(&moment, NULL);
	return error;
}

static int load_fd(const char *file, int flags)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0) {
		printf("MISSING %s\n", file);
		return ENOENT;
	}
	error = syscall(SYS_finit_module, fd, "", flags) ? errno : 0;
	close(fd);
	return error;
}

/* zlib hands on as it is what is not compressed. */
static unsigned char *unpack_file(const char *path, long *length)
{
	unsigned char *data = malloc(MODULE_MAX);
	gzFile file = gzopen(path, "rb");

	*length = file && data ? gzread(file, data, MODULE_MAX) : -1;
	if (file)
		gzclose(file);
	if (*length >= 0)
		return data;
	free(data);
	return NULL;
}

static int load_memory(const char *file)
{
	long length;
	unsigned char *data = unpack_file(file, &length);
	int error;

	if (!data) {
		printf("MISSING %s\n", file);
		return ENOENT;
	}
	error = syscall(SYS_init_module, data, length, "") ? errno : 0;
	free(data);
	return error;
}

/* kmod ends with the error's text; which errno is that? */
static int errno_of(const char *output)
{
	const char *text = strrchr(output, ':');
	int error;

	for (error = 1; text && error < 134; error++) {
		const char *known = strerror(error);

		if (!strncmp(text + 2, known, strlen(known)))
			return error;
	}
	printf("UNEXPECTED %s\n", output);
	return ECHILD;
}

static int run_kmod(char *verb, const char *file)
{
	char output[TIGHT] = "", *force = strchr(verb, ',');
	size_t have = 0;
	ssize_t got;
	int pipes[2], status;
	pid_t child;

	if (force)
		*force++ = '\0';
	if (pipe(pipes))
		return errno;
	child = fork();
	if (!child) {
		dup2(pipes[1], 1);
		dup2(pipes[1], 2);
		if (force)
			execl("/bin/kmod", verb, force, file, (char *)NULL);
		else
			execl("/bin/kmod", verb, file, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	while (have < sizeof(output) - 1 &&
	       (got = read(pipes[0], output + have, sizeof(output) - 1 - have)) > 0)
		have += (size_t)got;
	output[have] = '\0';
	close(pipes[0]);
	if (waitpid(child, &status, 0) < 0)
		return errno;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	return errno_of(output);
}

static void do_bpf(const char *id, const char *function, const char *file, const char *module)
{
	const char *where = "load";
	uint32_t answer = 0;
	int error = load_fd(file, 0), left = 0;

	if (!error) {
		error = call_kfunc(module, function, NUMBER, &answer, &where);
		left = unload_patiently(module);
	}
	/* What BPF answers need not be an errno that user space knows: 524 is ENOTSUPP. */
	printf("CELL %s errno=%s step=%s answer=%u left=%s\n", id,
	       error == 524 ? "ENOTSUPP" : errno_name(error), where, answer, errno_name(left));
}

static void do_file(const char *id, const char *path)
{
	struct stat status;
	unsigned char *data;
	long length, i;

	data = read_file(path, &length);
	if (!data) {
		printf("CELL %s errno=%s\n", id, errno_name(errno));
		return;
	}
	memset(&status, 0, sizeof(status));
	stat(path, &status);
	printf("CELL %s errno=0 mode=%o size=%lld hex=", id, status.st_mode & 07777,
	       (long long)status.st_size);
	for (i = 0; i < length; i++)
		printf("%02x", data[i]);
	printf("\n");
	free(data);
}

/* What only prepares, and must not fail. */
static bool do_prepare(char **field)
{
	const char *verb = field[0];
	int error;

	if (!strcmp(verb, "policy") && field[2])
		error = ima_policy(field[2]);
	else if (!strcmp(verb, "key") && field[2])
		error = ima_key(field[2]);
	else if (!strcmp(verb, "place") && field[4])
		error = ima_place(field[3], field[2], field[4]);
	else
		return false;
	if (error)
		printf("UNEXPECTED %s %s: %s\n", verb, field[1], strerror(error));
	return true;
}

static void do_load(char **field)
{
	const char *id = field[1], *file = field[3], *module = field[4];
	const char *btf = "no";
	char taint[64] = "-";
	int error, left = 0;

	if (!strcmp(field[0], "mem"))
		error = load_memory(file);
	else if (!strcmp(field[0], "kmod"))
		error = run_kmod(field[2], file);
	else
		error = load_fd(file, atoi(field[2]));
	if (!error) {
		taint_of(module, taint, sizeof(taint));
		if (present("/sys/kernel/btf", module))
			btf = "yes";
		left = unload(module);
	} else if (present("/sys/module", module)) {
		left = EEXIST;
	}
	printf("CELL %s errno=%s taint=%s btf=%s left=%s\n", id, errno_name(error), taint, btf,
	       errno_name(left));
}

static bool do_cell(char *line)
{
	char *field[FIELDS] = { 0 }, *save = NULL;
	int i;

	for (i = 0; i < FIELDS; i++)
		field[i] = strtok_r(i ? NULL : line, " \n", &save);
	if (!field[1])
		return false;
	mark("begin", field[1]);
	read_log("begin", field[1], "-");
	if (do_prepare(field))
		;
	else if (!strcmp(field[0], "file") && field[2])
		do_file(field[1], field[2]);
	else if (!strcmp(field[0], "bpf") && field[4])
		do_bpf(field[1], field[2], field[3], field[4]);
	else if (field[4])
		do_load(field);
	else
		printf("UNEXPECTED line of %s\n", field[1]);
	mark("end", field[1]);
	read_log("end", field[1], field[1]);
	return true;
}

/* --- a system to do it in --- */

static void set_up(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	mknod("/dev/kmsg", S_IFCHR | 0600, makedev(1, 11));
	kmsg = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		printf("LOST /dev/kmsg: %s\n", strerror(errno));
	/* What the kernel logs is printed by us, and must not be mixed into our lines. */
	if (klogctl(CONSOLE_LEVEL, NULL, 1))
		printf("LOST console: %s\n", strerror(errno));
}

int main(void)
{
	FILE *cells;
	char *line = NULL;
	size_t room = 0;
	unsigned int count = 0;
	bool reboots = getenv("modhash_end") && !strcmp(getenv("modhash_end"), "reboot");

	setvbuf(stdout, NULL, _IOLBF, RECORD);
	set_up();
	mark("begin", "boot");
	read_log("begin", "boot", "boot");
	cells = fopen("/cells", "re");
	while (cells && getline(&line, &room, cells) > 0)
		count += do_cell(line);
	printf("END %u\n", count);
	fflush(stdout);
	sync();
	reboot(reboots ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}
