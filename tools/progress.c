/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

static uint64_t now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time))
		return 0;
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

void progress_start(struct progress *progress, bool quiet)
{
	progress->enabled = !quiet && isatty(STDERR_FILENO);
	progress->width = 0;
	progress->started = now();
	progress->last = 0;
}

void progress_update(void *user, uint64_t files, uint64_t files_total, uint64_t bytes)
{
	struct progress *progress = user;
	unsigned int width = progress->width;
	uint64_t time;
	int length;

	if (!progress->enabled)
		return;
	time = now();
	if (time - progress->started < SECOND || time - progress->last < SECOND / 10)
		return;
	progress->last = time;
	length = fprintf(stderr, "\r%llu of %llu modules, %llu MiB",
			 (unsigned long long)files, (unsigned long long)files_total,
			 (unsigned long long)(bytes >> 20));
	if (length <= 0)
		return;
	progress->width = (unsigned int)length - 1;
	if (width > progress->width)
		fprintf(stderr, "%*s", (int)(width - progress->width), "");
	fflush(stderr);
}

void progress_clear(struct progress *progress)
{
	if (!progress->width)
		return;
	fprintf(stderr, "\r%*s\r", (int)progress->width, "");
	fflush(stderr);
	progress->width = 0;
}
