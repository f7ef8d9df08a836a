/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reader of tables that was written from modhash-table(5) alone: it includes nothing
 * of this project, and no number in it is from anywhere else.
 */
#ifndef READER_H
#define READER_H

#include <stddef.h>

struct reader {
	const unsigned char *data;
	unsigned long long count, capacity, digest_length, index_bits, digests, total_size;
	unsigned long long algorithm, scope, filled;
	unsigned long long modules; /* records */
	char release[64];
};

/* Why not, in the words of the page; NULL if it can be read. */
const char *reader_open(struct reader *reader, const unsigned char *data, size_t length);

/* Which digest it is, or -1. */
long long reader_find(const struct reader *reader, const unsigned char *digest);

/* The record of a module: its name, or NULL if there are no more. */
const char *reader_module(const struct reader *reader, unsigned long long record,
			  unsigned long long *digest, unsigned long long *position,
			  unsigned long long *payload_length, unsigned long long *is_signed);

#endif /* READER_H */
