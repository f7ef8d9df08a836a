/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file's length is mapped, without memory behind it, and what is wanted is read into its
 * place: so what looks at it is the code that looks at whole files.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checked.h"
#include "elf-sparse.h"
#include "elf-view.h"

/* Of both classes: the header is shorter in one of them, but no file is. */
#define HEADER_SIZE 64
/* As many section headers as there can be without saying so in the first of them. */
#define HEADERS_MAX ((uint64_t)64 << 16)
/* What is shorter is as well read whole. */
#define LENGTH_MIN (1 << 20)

static bool fetch(int fd, struct mh_sparse *sparse, uint64_t offset, uint64_t length)
{
	if (!mh_in_range(offset, length, sparse->length))
		return false;
	while (length) {
		ssize_t got = pread(fd, sparse->data + offset, (size_t)length, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		offset += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return true;
}

/* Section headers are at the end of what a linker wrote: no need to know how many. */
static bool fetch_headers(int fd, struct mh_sparse *sparse)
{
	const uint8_t *data = sparse->data;
	struct mh_elf_view view = { .is_64 = data[4] == 2, .big_endian = data[5] == 2 };
	uint64_t table = view.is_64 ? mh_elf_get64(&view, data + 40) :
				      mh_elf_get32(&view, data + 32);
	uint64_t length;

	if (table >= sparse->length)
		return false;
	length = sparse->length - table;
	return fetch(fd, sparse, table, length < HEADERS_MAX ? length : HEADERS_MAX);
}

/* Section @name, or the one that has the names of all. */
static bool fetch_section(int fd, struct mh_sparse *sparse, const char *name)
{
	struct mh_elf_view view;
	uint32_t index;
	bool done;

	if (mh_elf_view_open_in(&view, sparse->budget, sparse->data, sparse->length, NULL))
		return false;
	index = name ? mh_elf_view_find(&view, name) : view.names;
	done = index && view.sections[index].data &&
	       fetch(fd, sparse, view.sections[index].offset, view.sections[index].size);
	mh_elf_view_close(&view);
	return done;
}

static bool fetch_all(int fd, struct mh_sparse *sparse, const char *name)
{
	return fetch(fd, sparse, 0, HEADER_SIZE) && !memcmp(sparse->data, "\177ELF", 4) &&
	       fetch_headers(fd, sparse) && fetch_section(fd, sparse, NULL) &&
	       fetch_section(fd, sparse, name);
}

static bool read_fd(int fd, uint64_t limit, const char *name, struct mh_sparse *sparse)
{
	struct stat before, after;
	void *data;

	if (fstat(fd, &before) || !S_ISREG(before.st_mode) || before.st_size < LENGTH_MIN ||
	    (uint64_t)before.st_size > limit || (uint64_t)before.st_size > SIZE_MAX)
		return false;
	if (mh_budget_take(sparse->budget, (uint64_t)before.st_size, NULL))
		return false;
	sparse->taken = (uint64_t)before.st_size;
	data = mmap(NULL, (size_t)before.st_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data == MAP_FAILED)
		return false;
	sparse->data = data;
	sparse->length = (size_t)before.st_size;
	/* One that changes meanwhile is read whole, which says so if it goes on. */
	return fetch_all(fd, sparse, name) && !fstat(fd, &after) &&
	       after.st_size == before.st_size &&
	       after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
	       after.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
}

bool mh_elf_sparse_read_in(struct mh_budget *budget, const char *path, uint64_t limit,
			   const char *name, struct mh_sparse *sparse)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool done;

	*sparse = (struct mh_sparse)MH_SPARSE_EMPTY;
	sparse->budget = budget;
	if (fd < 0)
		return false;
	done = read_fd(fd, limit, name, sparse);
	close(fd);
	if (!done)
		mh_elf_sparse_free(sparse);
	return done;
}

void mh_elf_sparse_free(struct mh_sparse *sparse)
{
	if (sparse->data)
		munmap(sparse->data, sparse->length);
	mh_budget_give(sparse->budget, sparse->taken);
	*sparse = (struct mh_sparse)MH_SPARSE_EMPTY;
}
