/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests: trailers, and the DER of PKCS#7 messages in them (RFC 5652, X.690).
 */
#include <string.h>

#include "elfgen.h"

#define MARKER "~Module signature appended~\n"

void trailergen_add_raw(struct gen_buf *file, const struct trailergen *trailer, const void *data,
			size_t length)
{
	const uint8_t head[8] = {
		trailer->algo, trailer->hash, trailer->id_type, trailer->signer_len,
		trailer->key_id_len, trailer->pad[0], trailer->pad[1], trailer->pad[2],
	};

	gen_add(file, data, length);
	gen_add(file, head, sizeof(head));
	gen_number(file, trailer->sig_len, 4, true);
	gen_text(file, MARKER);
}

void trailergen_add(struct gen_buf *file, uint8_t id_type, const void *data, size_t length)
{
	struct trailergen trailer = { .id_type = id_type, .sig_len = (uint32_t)length };

	trailergen_add_raw(file, &trailer, data, length);
}

void trailergen_proof(struct gen_buf *out, uint32_t position, unsigned int levels)
{
	uint8_t sibling[32];
	unsigned int i;

	out->length = 0;
	gen_number(out, position, 4, true);
	for (i = 0; i < levels; i++) {
		memset(sibling, (int)(0xa0 + i), sizeof(sibling));
		gen_add(out, sibling, sizeof(sibling));
	}
}

/* --- DER --- */

#define INTEGER 0x02
#define OCTET_STRING 0x04
#define OID 0x06
#define UTF8_STRING 0x0c
#define T61_STRING 0x14
#define BMP_STRING 0x1e
#define SEQUENCE 0x30
#define SET 0x31
#define CONTEXT_0 0x80
#define EXPLICIT_0 0xa0

/* Put a tag and a length before what was written since @begin. */
static void wrap(struct gen_buf *out, size_t begin, uint8_t tag)
{
	size_t length = out->length - begin, head = 2;
	uint8_t bytes[4] = { tag, (uint8_t)length };

	if (length >= 0x80) {
		bytes[1] = 0x82;
		bytes[2] = (uint8_t)(length >> 8);
		bytes[3] = (uint8_t)length;
		head = 4;
	}
	gen_zeroes(out, head);
	memmove(out->data + begin + head, out->data + begin, length);
	memcpy(out->data + begin, bytes, head);
}

static void add(struct gen_buf *out, uint8_t tag, const void *data, size_t length)
{
	size_t begin = out->length;

	gen_add(out, data, length);
	wrap(out, begin, tag);
}

/* 2.16.840.1.101.3.4.2.@hash, without parameters */
static void add_hash(struct gen_buf *out, unsigned int hash)
{
	uint8_t oid[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, (uint8_t)hash };
	size_t begin = out->length;

	add(out, OID, oid, sizeof(oid));
	wrap(out, begin, SEQUENCE);
}

static void add_issuer(struct gen_buf *out, const struct pkcs7gen *message)
{
	static const uint8_t common_name[] = { 0x55, 4, 3 }, organisation[] = { 0x55, 4, 10 };
	uint8_t tag = message->flags & PKCS7GEN_BMP_NAME ? BMP_STRING :
		      message->flags & PKCS7GEN_LATIN1_NAME ? T61_STRING : UTF8_STRING;
	const void *name = message->name ? message->name : "Test key";
	size_t length = message->name ? message->name_length : strlen("Test key");
	size_t begin = out->length, entry;

	entry = out->length;
	add(out, OID, organisation, sizeof(organisation));
	add(out, UTF8_STRING, "Nobody", strlen("Nobody"));
	wrap(out, entry, SEQUENCE);
	wrap(out, entry, SET);
	if (!(message->flags & PKCS7GEN_NO_CN)) {
		entry = out->length;
		add(out, OID, common_name, sizeof(common_name));
		add(out, tag, name, length);
		wrap(out, entry, SEQUENCE);
		wrap(out, entry, SET);
	}
	wrap(out, begin, SEQUENCE);
}

static void add_signer(struct gen_buf *out, const struct pkcs7gen *message)
{
	static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 };
	bool by_key = message->flags & PKCS7GEN_KEY_ID;
	uint8_t signature[PKCS7GEN_SIGNATURE_LENGTH];
	size_t begin = out->length, inner;

	memset(signature, 0x5a, sizeof(signature));
	add(out, INTEGER, by_key ? "\3" : "\1", 1);
	inner = out->length;
	if (by_key) {
		add(out, CONTEXT_0, PKCS7GEN_KEY_ID_VALUE, strlen(PKCS7GEN_KEY_ID_VALUE));
	} else {
		add_issuer(out, message);
		add(out, INTEGER, PKCS7GEN_SERIAL, PKCS7GEN_SERIAL_LENGTH);
		wrap(out, inner, SEQUENCE);
	}
	add_hash(out, message->hash ? message->hash : 1);
	inner = out->length;
	add(out, OID, rsa, sizeof(rsa));
	wrap(out, inner, SEQUENCE);
	add(out, OCTET_STRING, signature, sizeof(signature));
	wrap(out, begin, SEQUENCE);
}

void pkcs7gen(struct gen_buf *out, const struct pkcs7gen *message)
{
	static const uint8_t data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1 };
	static const uint8_t signed_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2 };
	size_t content, inner;

	out->length = 0;
	add(out, OID, signed_data, sizeof(signed_data));
	content = out->length;
	add(out, INTEGER, message->flags & PKCS7GEN_KEY_ID ? "\3" : "\1", 1);
	inner = out->length;
	add_hash(out, message->hash ? message->hash : 1);
	wrap(out, inner, SET);
	inner = out->length;
	add(out, OID, data, sizeof(data));
	wrap(out, inner, SEQUENCE);
	inner = out->length;
	if (!(message->flags & PKCS7GEN_NO_SIGNER))
		add_signer(out, message);
	wrap(out, inner, SET);
	wrap(out, content, SEQUENCE);
	wrap(out, content, EXPLICIT_0);
	wrap(out, 0, SEQUENCE);
}
