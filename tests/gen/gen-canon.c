/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gen-canon DIR: write modules with BTF, and what it continues, into DIR, which is there.
 *
 * The file's name tells in what it differs from module.ko.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canon-lab.h"

static void write_file(const char *dir, const char *name, const uint8_t *data, size_t length)
{
	char path[4096];
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		exit(2);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, length, file) != length || fclose(file)) {
		fprintf(stderr, "gen-canon: %s: %s\n", path, strerror(errno));
		exit(2);
	}
}

static const struct {
	const char *name;
	struct maker maker;
} modules[] = {
	{ "module.ko", { .is_64 = true } },
	{ "permuted.ko", { .is_64 = true, .permute = 3 } },
	{ "permuted-both.ko", { .is_64 = true, .permute = 4, .permute_base = 5 } },
	{ "layout.ko", { .is_64 = true, .padding = 8, .backwards = true } },
	{ "section.ko", { .is_64 = true, .swapped = true } },
	{ "member.ko", { .is_64 = true, .member = "handle" } },
	{ "rotated.ko", { .is_64 = true, .rotated = true } },
	{ "without.ko", { .is_64 = true, .no_btf = true } },
	{ "twins.ko", { .is_64 = true, .twins = true } },
	{ "unresolved.ko", { .is_64 = true, .permute = 3, .unresolved = true } },
	{ "distilled.ko", { .is_64 = true, .distilled = true } },
	{ "distilled-permuted.ko",
	  { .is_64 = true, .distilled = true, .permute = 3, .permute_base = 5 } },
	{ "be32.ko", { .big_endian = true } },
	{ "be32-permuted.ko", { .big_endian = true, .permute = 3 } },
};

static const struct {
	const char *name;
	struct maker maker;
} bases[] = {
	{ "base", { .is_64 = true } },
	{ "base-permuted", { .is_64 = true, .permute_base = 5 } },
	{ "base-be", { .big_endian = true } },
};

int main(int argc, char **argv)
{
	static struct file file;
	uint8_t *bytes;
	size_t length;

	if (argc != 2) {
		fprintf(stderr, "usage: gen-canon DIR\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		make(&modules[i].maker, &file);
		write_file(argv[1], modules[i].name, file.data, file.length);
	}
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		bytes = make_base_btf(&bases[i].maker, &length);
		write_file(argv[1], bases[i].name, bytes, length);
		free(bytes);
	}
	return 0;
}
