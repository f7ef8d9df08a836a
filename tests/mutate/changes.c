/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways to change a module: at random, and where it could matter.
 */
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "source.h"

#define RECORD_LENGTH 12
#define MARKER_LENGTH 28
#define MARKER "~Module signature appended~\n"

/* --- what is random --- */

/* splitmix64 */
uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

size_t random_below(struct random *random, size_t bound)
{
	return (size_t)(random_next(random) % bound);
}

size_t random_length(struct random *random, size_t most)
{
	size_t bits = random_below(random, 13);

	if (!most)
		return 0;
	return 1 + random_below(random, ((size_t)1 << bits) < most ? (size_t)1 << bits : most);
}

/* --- bytes, whatever they are --- */

static void random_fill(struct random *random, uint8_t *data, size_t length)
{
	while (length--)
		*data++ = (uint8_t)random_next(random);
}

static void flip_bit(struct random *random, struct gen_buf *buf)
{
	buf->data[random_below(random, buf->length)] ^= (uint8_t)(1u << random_below(random, 8));
}

static void set_byte(struct random *random, struct gen_buf *buf)
{
	buf->data[random_below(random, buf->length)] = (uint8_t)random_next(random);
}

static void set_bytes(struct random *random, struct gen_buf *buf)
{
	size_t n = 2 + random_below(random, 15);

	while (n--)
		set_byte(random, buf);
}

/* A place for @length bytes, which are made fewer if there is no room. */
static size_t place(struct random *random, const struct gen_buf *buf, size_t *length)
{
	*length = random_length(random, buf->length);
	return random_below(random, buf->length - *length + 1);
}

static void fill_block(struct random *random, struct gen_buf *buf)
{
	static const uint8_t fillers[] = { 0, 0xff, 0x20 };
	size_t length, at = place(random, buf, &length);

	memset(buf->data + at, fillers[random_below(random, sizeof(fillers))], length);
}

static void random_block(struct random *random, struct gen_buf *buf)
{
	size_t length, at = place(random, buf, &length);

	random_fill(random, buf->data + at, length);
}

static void copy_block(struct random *random, struct gen_buf *buf)
{
	size_t length, from = place(random, buf, &length);

	memmove(buf->data + random_below(random, buf->length - length + 1), buf->data + from,
		length);
}

static void swap_blocks(struct random *random, struct gen_buf *buf)
{
	size_t length = random_length(random, buf->length / 2), i, a, b;

	if (!length)
		return;
	a = random_below(random, buf->length - 2 * length + 1);
	b = a + length + random_below(random, buf->length - 2 * length - a + 1);
	for (i = 0; i < length; i++) {
		uint8_t byte = buf->data[a + i];

		buf->data[a + i] = buf->data[b + i];
		buf->data[b + i] = byte;
	}
}

static void insert_at(struct gen_buf *buf, size_t at, const void *data, size_t length)
{
	gen_zeroes(buf, length);
	memmove(buf->data + at + length, buf->data + at, buf->length - length - at);
	if (data)
		memcpy(buf->data + at, data, length);
}

static void cut(struct gen_buf *buf, size_t at, size_t length)
{
	memmove(buf->data + at, buf->data + at + length, buf->length - at - length);
	buf->length -= length;
}

static void insert_bytes(struct random *random, struct gen_buf *buf)
{
	size_t length = random_length(random, 4096), at = random_below(random, buf->length + 1);

	insert_at(buf, at, NULL, length);
	if (random_below(random, 2))
		random_fill(random, buf->data + at, length);
}

static void delete_bytes(struct random *random, struct gen_buf *buf)
{
	size_t length, at = place(random, buf, &length);

	cut(buf, at, length);
}

static void truncate_bytes(struct random *random, struct gen_buf *buf)
{
	buf->length -= random_length(random, buf->length);
}

static void append_bytes(struct random *random, struct gen_buf *buf)
{
	size_t length = random_length(random, 4096);

	gen_zeroes(buf, length);
	if (random_below(random, 2))
		random_fill(random, buf->data + buf->length - length, length);
}

static void (*const scrambles[])(struct random *, struct gen_buf *) = {
	flip_bit,    set_byte,	    set_bytes,	  fill_block,	  random_block, copy_block,
	swap_blocks, insert_bytes, delete_bytes, truncate_bytes, append_bytes,
};

void scramble(struct random *random, struct gen_buf *buf)
{
	size_t count = sizeof(scrambles) / sizeof(scrambles[0]);

	if (buf->length)
		scrambles[random_below(random, count)](random, buf);
}

/* --- beginnings --- */

static void set(struct gen_buf *out, const struct gen_buf *from)
{
	out->length = 0;
	gen_add(out, from->data, from->length);
}

static void start(const struct corpus *corpus, size_t which, struct random *random,
		  struct gen_buf *out)
{
	const struct module *module = &corpus->modules[which];

	set(out, random_below(random, 2) ? &module->plain : &module->proved);
}

static void nothing(const struct corpus *corpus, size_t which, struct random *random,
		    struct gen_buf *out)
{
	start(corpus, which, random, out);
}

#define SCRAMBLED(name)                                                                 \
	static void change_##name(const struct corpus *corpus, size_t which,            \
				  struct random *random, struct gen_buf *out)           \
	{                                                                               \
		start(corpus, which, random, out);                                      \
		name(random, out);                                                      \
	}

SCRAMBLED(flip_bit)
SCRAMBLED(set_byte)
SCRAMBLED(set_bytes)
SCRAMBLED(fill_block)
SCRAMBLED(random_block)
SCRAMBLED(copy_block)
SCRAMBLED(swap_blocks)
SCRAMBLED(insert_bytes)
SCRAMBLED(delete_bytes)
SCRAMBLED(truncate_bytes)
SCRAMBLED(append_bytes)

static void splice(const struct corpus *corpus, size_t which, struct random *random,
		   struct gen_buf *out)
{
	const struct gen_buf *other =
		&corpus->modules[random_below(random, corpus->count)].proved;
	size_t from = random_below(random, other->length);

	start(corpus, which, random, out);
	out->length = 1 + random_below(random, out->length);
	gen_add(out, other->data + from, other->length - from);
}

/* --- ELF --- */

static void elf_header(const struct corpus *corpus, size_t which, struct random *random,
		       struct gen_buf *out)
{
	start(corpus, which, random, out);
	out->data[random_below(random, 64)] ^= (uint8_t)(1u << random_below(random, 8));
}

/* The header of a section at random, and how long it is. */
static size_t section_of(const struct gen_buf *out, struct random *random, size_t *length)
{
	size_t count = (size_t)elfgen_get_ehdr(out, ELFGEN_E_SHNUM);

	*length = (size_t)elfgen_get_ehdr(out, ELFGEN_E_SHENTSIZE);
	return elfgen_header(out, (unsigned int)random_below(random, count ? count : 1));
}

static void section_header(const struct corpus *corpus, size_t which, struct random *random,
			   struct gen_buf *out)
{
	size_t length, other, at;

	start(corpus, which, random, out);
	at = section_of(out, random, &length);
	other = section_of(out, random, &length);
	switch (random_below(random, 4)) {
	case 0: /* a word of another's */
		at += random_below(random, length / 4) * 4;
		other += (at - elfgen_header(out, 0)) % length / 4 * 4;
		memcpy(out->data + at, out->data + other, 4);
		break;
	case 1: /* all of another's */
		memcpy(out->data + at, out->data + other, length);
		break;
	case 2:
		out->data[at + random_below(random, length)]++;
		break;
	default:
		out->data[at + random_below(random, length)] ^=
			(uint8_t)(1u << random_below(random, 8));
		break;
	}
}

/* Of one section, so that small ones have their turn. */
static void section_byte(const struct corpus *corpus, size_t which, struct random *random,
			 struct gen_buf *out)
{
	size_t length, header, word, offset, size;
	bool is_64, big;

	start(corpus, which, random, out);
	header = section_of(out, random, &length);
	is_64 = length == 64;
	big = out->data[5] == 2;
	word = is_64 ? 8 : 4;
	offset = (size_t)gen_get(out, header + 8 + 2 * word, (unsigned int)word, big);
	size = (size_t)gen_get(out, header + 8 + 3 * word, (unsigned int)word, big);
	if (size && offset < out->length && size <= out->length - offset)
		out->data[offset + random_below(random, size)] ^=
			(uint8_t)(1u << random_below(random, 8));
	else
		flip_bit(random, out);
}

/* --- trailers --- */

static void add_made_up(struct gen_buf *out, struct random *random)
{
	static const uint8_t types[] = { 2, 2, 2, 3, 0, 1, 4, 255 };
	uint8_t data[200];
	size_t length = random_below(random, sizeof(data));

	random_fill(random, data, length);
	trailergen_add(out, types[random_below(random, sizeof(types))], data, length);
}

static void trailer_added(const struct corpus *corpus, size_t which, struct random *random,
			  struct gen_buf *out)
{
	start(corpus, which, random, out);
	add_made_up(out, random);
	if (!random_below(random, 4))
		add_made_up(out, random);
}

static void trailer_off(const struct corpus *corpus, size_t which, struct random *random,
			struct gen_buf *out)
{
	struct oracle_trailer trailer;
	int times = 1 + (int)random_below(random, 3);

	start(corpus, which, random, out);
	while (times-- && oracle_trailer(out->data, out->length, &trailer) == 1)
		out->length = trailer.before;
}

/* That of another module, in place of its own. */
static void trailer_other(const struct corpus *corpus, size_t which, struct random *random,
			  struct gen_buf *out)
{
	const struct gen_buf *other =
		&corpus->modules[random_below(random, corpus->count)].proved;
	struct oracle_trailer trailer;

	start(corpus, which, random, out);
	if (oracle_trailer(out->data, out->length, &trailer) == 1)
		out->length = trailer.before;
	if (oracle_trailer(other->data, other->length, &trailer) == 1)
		gen_add(out, other->data + trailer.before, other->length - trailer.before);
}

/* The two outermost change places. */
static void trailer_order(const struct corpus *corpus, size_t which, struct random *random,
			  struct gen_buf *out)
{
	struct oracle_trailer last, first;
	struct gen_buf whole = { .data = NULL };

	start(corpus, which, random, out);
	if (oracle_trailer(out->data, out->length, &last) != 1 ||
	    oracle_trailer(out->data, last.before, &first) != 1) {
		add_made_up(out, random);
		return;
	}
	set(&whole, out);
	out->length = first.before;
	gen_add(out, whole.data + last.before, whole.length - last.before);
	gen_add(out, whole.data + first.before, last.before - first.before);
	gen_free(&whole);
}

static void trailer_record(const struct corpus *corpus, size_t which, struct random *random,
			   struct gen_buf *out)
{
	static const int steps[] = { 1, -1, 4, -4, 32, -32, 256, -256, 12, 40 };
	struct oracle_trailer trailer;
	uint8_t *record;
	uint32_t length;

	set(out, &corpus->modules[which].proved);
	if (random_below(random, 2) && oracle_trailer(out->data, out->length, &trailer) == 1 &&
	    oracle_trailer(out->data, trailer.before, &trailer) == 1)
		set(out, &corpus->modules[which].plain);
	record = out->data + out->length - MARKER_LENGTH - RECORD_LENGTH;
	if (random_below(random, 3)) {
		record[random_below(random, RECORD_LENGTH)] = (uint8_t)random_below(random, 5);
		return;
	}
	length = (uint32_t)gen_get(out, (size_t)(record + 8 - out->data), 4, true) +
		 (uint32_t)steps[random_below(random, sizeof(steps) / sizeof(steps[0]))];
	gen_put(out, (size_t)(record + 8 - out->data), length, 4, true);
}

static void trailer_marker(const struct corpus *corpus, size_t which, struct random *random,
			   struct gen_buf *out)
{
	start(corpus, which, random, out);
	if (!random_below(random, 8))
		gen_text(out, MARKER);
	else
		out->data[out->length - MARKER_LENGTH + random_below(random, MARKER_LENGTH)] ^=
			(uint8_t)(1u << random_below(random, 8));
}

/* Bytes at the end of the payload. */
static void payload_end(const struct corpus *corpus, size_t which, struct random *random,
			struct gen_buf *out)
{
	size_t length = random_length(random, 64), end = corpus->modules[which].payload;

	start(corpus, which, random, out);
	if (random_below(random, 2)) {
		insert_at(out, end, NULL, length);
	} else {
		length = length < end ? length : end;
		cut(out, end - length, length);
	}
}

/* The payload alone is changed; what is behind it stays. */
static void payload_changed(const struct corpus *corpus, size_t which, struct random *random,
			    struct gen_buf *out)
{
	const struct module *module = &corpus->modules[which];
	struct gen_buf payload = { .data = NULL };

	gen_add(&payload, module->plain.data, module->payload);
	scramble(random, &payload);
	out->length = 0;
	gen_add(out, payload.data, payload.length);
	gen_add(out, module->proved.data + module->payload,
		module->proved.length - module->payload);
	gen_free(&payload);
}

/* --- proofs --- */

static size_t proof_levels(const struct module *module)
{
	return (module->proof.length - 4) / 32;
}

static void with_proof(const struct module *module, const struct gen_buf *proof,
		       struct gen_buf *out)
{
	set(out, &module->plain);
	trailergen_add(out, 3, proof->data, proof->length);
}

static void proof_position(const struct corpus *corpus, size_t which, struct random *random,
			   struct gen_buf *out)
{
	const struct module *module = &corpus->modules[which];
	struct gen_buf proof = { .data = NULL };
	uint32_t position;

	gen_add(&proof, module->proof.data, module->proof.length);
	position = (uint32_t)gen_get(&proof, 0, 4, true);
	switch (random_below(random, 4)) {
	case 0:
		position ^= (uint32_t)1 << random_below(random, 32);
		break;
	case 1: /* the same way to the root */
		position += (uint32_t)1 << (proof_levels(module) + random_below(random, 4));
		break;
	case 2:
		position = (uint32_t)random_below(random, corpus->count + 2);
		break;
	default:
		position = (uint32_t)random_next(random);
		break;
	}
	gen_put(&proof, 0, position, 4, true);
	with_proof(module, &proof, out);
	gen_free(&proof);
}

static void proof_siblings(const struct corpus *corpus, size_t which, struct random *random,
			   struct gen_buf *out)
{
	const struct module *module = &corpus->modules[which];
	struct gen_buf proof = { .data = NULL };
	size_t levels = proof_levels(module), at = 4 + 32 * random_below(random, levels);
	size_t other = 4 + 32 * random_below(random, levels);
	uint8_t sibling[32];

	gen_add(&proof, module->proof.data, module->proof.length);
	switch (random_below(random, 6)) {
	case 0:
		proof.data[at + random_below(random, 32)] ^= (uint8_t)(1u << random_below(random, 8));
		break;
	case 1:
		memcpy(sibling, proof.data + at, 32);
		memcpy(proof.data + at, proof.data + other, 32);
		memcpy(proof.data + other, sibling, 32);
		break;
	case 2: /* one fewer */
		cut(&proof, at, 32);
		break;
	case 3: /* one more */
		memcpy(sibling, proof.data + other, 32);
		insert_at(&proof, at, sibling, 32);
		break;
	case 4: /* one more behind them */
		random_fill(random, sibling, 32);
		gen_add(&proof, sibling, 32);
		break;
	default: /* no multiple of 32 */
		gen_zeroes(&proof, 1 + random_below(random, 31));
		break;
	}
	with_proof(module, &proof, out);
	gen_free(&proof);
}

static void proof_other(const struct corpus *corpus, size_t which, struct random *random,
			struct gen_buf *out)
{
	with_proof(&corpus->modules[which],
		   &corpus->modules[random_below(random, corpus->count)].proof, out);
}

/* A second one around it, or something signed around it. */
static void proof_twice(const struct corpus *corpus, size_t which, struct random *random,
			struct gen_buf *out)
{
	const struct module *module = &corpus->modules[which];

	with_proof(module, &module->proof, out);
	trailergen_add(out, random_below(random, 2) ? 3 : 2, module->proof.data,
		       module->proof.length);
}

/* --- other orders, and compression --- */

static void other_order(const struct corpus *corpus, size_t which, struct random *random,
			struct gen_buf *out)
{
	const struct module *module = &corpus->modules[which];

	if (!module->sibling.length) {
		flip_bit(random, (set(out, &module->plain), out));
		return;
	}
	set(out, &module->sibling);
	gen_add(out, module->plain.data + module->payload, module->plain.length - module->payload);
}

/* Packed once, and then changed. */
static void packed(const struct corpus *corpus, size_t which, struct random *random,
		   struct gen_buf *out)
{
	struct module *module = &corpus->modules[which];
	int compression = 1 + (int)random_below(random, 3);
	struct gen_buf *bytes = &module->packed[compression];
	struct mh_buf made = MH_BUF_EMPTY;

	if (!modhash_compression_supported(compression)) {
		start(corpus, which, random, out);
		flip_bit(random, out);
		return;
	}
	if (!bytes->length) {
		if (mh_pack(compression, module->plain.data, module->plain.length, &made, NULL))
			die("%s can't be packed", module->name);
		gen_add(bytes, made.data, made.length);
		mh_buf_free(&made);
	}
	set(out, bytes);
	scramble(random, out);
}

const struct change changes[] = {
	{ "nothing", nothing, true, false },
	{ "bit", change_flip_bit, true, false },
	{ "byte", change_set_byte, true, false },
	{ "bytes", change_set_bytes, true, false },
	{ "block filled", change_fill_block, true, false },
	{ "block random", change_random_block, true, false },
	{ "block copied", change_copy_block, true, false },
	{ "blocks swapped", change_swap_blocks, true, false },
	{ "inserted", change_insert_bytes, false, false },
	{ "deleted", change_delete_bytes, false, false },
	{ "truncated", change_truncate_bytes, false, false },
	{ "appended", change_append_bytes, false, false },
	{ "spliced", splice, false, false },
	{ "elf header", elf_header, true, false },
	{ "section header", section_header, true, false },
	{ "section byte", section_byte, true, false },
	{ "payload changed", payload_changed, false, false },
	{ "payload's end", payload_end, false, false },
	{ "trailer added", trailer_added, true, false },
	{ "trailer off", trailer_off, true, false },
	{ "trailer of other", trailer_other, true, false },
	{ "trailers swapped", trailer_order, true, false },
	{ "trailer's record", trailer_record, true, false },
	{ "trailer's marker", trailer_marker, true, false },
	{ "proof's position", proof_position, true, false },
	{ "proof's siblings", proof_siblings, true, false },
	{ "proof of other", proof_other, true, false },
	{ "proof twice", proof_twice, true, false },
	{ "another order", other_order, false, false },
	{ "packed", packed, false, true },
};
const size_t changes_count = sizeof(changes) / sizeof(changes[0]);
