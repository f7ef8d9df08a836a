/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command costs, without a shell around it.
 *
 *	bench-run [-C DIR] [-i FILE] [-n TIMES] [-t] COMMAND...
 *
 * Runs it in DIR, its input from FILE, its output thrown away; TIMES times, one after the
 * other.  -t: its standard error is a terminal, which somebody reads.  Prints the wall time
 * and that of the processors in nanoseconds, and the most memory in KB.  Exits 1 if the command fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct cost {
	double wall, processors;
	long memory;
};

static void die(const char *what)
{
	fprintf(stderr, "bench-run: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double nanoseconds(const struct timeval *t)
{
	return (double)t->tv_sec * 1e9 + (double)t->tv_usec * 1e3;
}

static void *read_terminal(void *arg)
{
	char buffer[4096];

	/* EIO: the last who had the other side is gone. */
	while (read(*(int *)arg, buffer, sizeof(buffer)) > 0)
		;
	return NULL;
}

/* Its two sides. */
static void open_terminal(int sides[2])
{
	sides[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (sides[0] < 0 || grantpt(sides[0]) || unlockpt(sides[0]))
		die("a terminal");
	sides[1] = open(ptsname(sides[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (sides[1] < 0)
		die("a terminal");
}

static int run(char **argv, const char *input, int error, struct cost *cost)
{
	double before = now();
	struct rusage usage;
	int status, in, out;
	pid_t child = vfork();

	if (child < 0)
		die("vfork");
	if (child == 0) {
		in = open(input, O_RDONLY);
		out = open("/dev/null", O_WRONLY);
		if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
		    (error >= 0 && dup2(error, 2) < 0))
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(child, &status, 0, &usage) != child)
		die("wait4");
	cost->wall += now() - before;
	cost->processors += nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime);
	if (usage.ru_maxrss > cost->memory)
		cost->memory = usage.ru_maxrss;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "bench-run: %s: status %d\n", argv[0], status);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *directory = ".", *input = "/dev/null";
	struct cost cost = { 0 };
	int terminal[2] = { -1, -1 };
	pthread_t reader;
	long times = 1;
	int option, ret = 0;

	while ((option = getopt(argc, argv, "+C:i:n:t")) != -1) {
		if (option == 'C')
			directory = optarg;
		else if (option == 'i')
			input = optarg;
		else if (option == 'n')
			times = atol(optarg);
		else if (option == 't')
			open_terminal(terminal);
		else
			return 2;
	}
	if (optind == argc)
		return 2;
	if (chdir(directory))
		die(directory);
	if (terminal[0] >= 0 && pthread_create(&reader, NULL, read_terminal, &terminal[0]))
		die("a thread");
	for (long i = 0; i < times && !ret; i++)
		ret = run(argv + optind, input, terminal[1], &cost);
	if (terminal[0] >= 0) {
		close(terminal[1]);
		pthread_join(reader, NULL);
	}
	printf("%.0f %.0f %ld\n", cost.wall, cost.processors, cost.memory);
	return ret;
}
