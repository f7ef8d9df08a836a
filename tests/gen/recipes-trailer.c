/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Modules with trailers behind them, well-formed and not.
 */
#include <string.h>

#include "recipes.h"

#define PGP 0
#define X509 1
#define PKCS7 2
#define MERKLE 3

static void sign_with(struct gen_buf *out, const struct pkcs7gen *message)
{
	struct gen_buf der = { .data = NULL };

	pkcs7gen(&der, message);
	trailergen_add(out, PKCS7, der.data, der.length);
	gen_free(&der);
}

static void sign(struct gen_buf *out, unsigned int flags)
{
	struct pkcs7gen message = { .flags = flags };

	sign_with(out, &message);
}

static void prove(struct gen_buf *out)
{
	struct gen_buf proof = { .data = NULL };

	trailergen_proof(&proof, 5, 3);
	trailergen_add(out, MERKLE, proof.data, proof.length);
	gen_free(&proof);
}

static void signed_module(struct gen_buf *out)
{
	recipe_module(out);
	sign(out, 0);
}

static void signed_key_id(struct gen_buf *out)
{
	recipe_module(out);
	sign(out, PKCS7GEN_KEY_ID);
}

static void signed_no_cn(struct gen_buf *out)
{
	recipe_module(out);
	sign(out, PKCS7GEN_NO_CN);
}

static void signed_named(struct gen_buf *out, unsigned int flags, const void *name, size_t length)
{
	struct pkcs7gen message = { .flags = flags, .name = name, .name_length = length };

	recipe_module(out);
	sign_with(out, &message);
}

static void signed_bmp(struct gen_buf *out)
{
	static const uint8_t name[] = { 0, 'K', 0, 0xe9, 0x20, 0xac }; /* K, e acute, euro */

	signed_named(out, PKCS7GEN_BMP_NAME, name, sizeof(name));
}

static void signed_latin1(struct gen_buf *out)
{
	signed_named(out, PKCS7GEN_LATIN1_NAME, "Cl\xe9", 3);
}

static void signed_control(struct gen_buf *out)
{
	signed_named(out, 0, "\33[31mred\n", 9);
}

static void signed_sha3(struct gen_buf *out)
{
	struct pkcs7gen message = { .hash = 10 };

	recipe_module(out);
	sign_with(out, &message);
}

static void signed_unknown_hash(struct gen_buf *out)
{
	struct pkcs7gen message = { .hash = 99 };

	recipe_module(out);
	sign_with(out, &message);
}

static void proven(struct gen_buf *out)
{
	recipe_module(out);
	prove(out);
}

static void signed_and_proven(struct gen_buf *out)
{
	signed_module(out);
	prove(out);
}

static void signed_twice(struct gen_buf *out)
{
	signed_and_proven(out);
	sign(out, 0);
}

static void many(struct gen_buf *out)
{
	unsigned int i;

	recipe_module(out);
	for (i = 0; i < 20000; i++)
		trailergen_add(out, MERKLE, NULL, 0);
}

/* Before PKCS#7, the signer's name and the key identifier stood before the signature. */
static void historic(struct gen_buf *out, uint8_t id_type)
{
	struct trailergen trailer = {
		.algo = 1, .hash = 4, .id_type = id_type, .signer_len = 6, .key_id_len = 4,
		.sig_len = 10,
	};

	recipe_module(out);
	trailergen_add_raw(out, &trailer, "signer" "key!" "signature.", 20);
}

static void pgp(struct gen_buf *out)
{
	historic(out, PGP);
}

static void x509(struct gen_buf *out)
{
	historic(out, X509);
}

static void unknown_kind(struct gen_buf *out)
{
	recipe_module(out);
	trailergen_add(out, 77, "data", 4);
}

static void marker_only(struct gen_buf *out)
{
	gen_text(out, "~Module signature appended~\n");
}

static void least(struct gen_buf *out)
{
	gen_text(out, "m");
	trailergen_add(out, MERKLE, NULL, 0);
}

static void cut(struct gen_buf *out)
{
	signed_module(out);
	out->length -= 10;
}

static void short_trailer(struct gen_buf *out)
{
	gen_text(out, "0123456789ab");
	marker_only(out);
}

static void claims(struct gen_buf *out, uint32_t sig_len)
{
	struct trailergen trailer = { .id_type = PKCS7, .sig_len = sig_len };

	recipe_module(out);
	trailergen_add_raw(out, &trailer, "data", 4);
}

static void claims_more(struct gen_buf *out)
{
	claims(out, 1 << 20);
}

static void claims_most(struct gen_buf *out)
{
	claims(out, UINT32_MAX);
}

static void claims_all(struct gen_buf *out)
{
	struct trailergen trailer = { .id_type = MERKLE };

	recipe_module(out);
	trailer.sig_len = (uint32_t)out->length;
	trailergen_add_raw(out, &trailer, NULL, 0);
}

static void historic_claims(struct gen_buf *out)
{
	struct trailergen trailer = { .id_type = X509, .signer_len = 255, .key_id_len = 255 };

	gen_text(out, "shorter than 510 bytes");
	trailergen_add_raw(out, &trailer, "", 0);
}

static void field(struct gen_buf *out, const struct trailergen *trailer)
{
	recipe_module(out);
	trailergen_add_raw(out, trailer, NULL, 0);
}

static void algo(struct gen_buf *out)
{
	field(out, &(struct trailergen){ .id_type = PKCS7, .algo = 1 });
}

static void key_id_len(struct gen_buf *out)
{
	field(out, &(struct trailergen){ .id_type = PKCS7, .key_id_len = 1 });
}

static void pad(struct gen_buf *out)
{
	field(out, &(struct trailergen){ .id_type = PKCS7, .pad = { 0, 0, 1 } });
}

static void malformed_inside(struct gen_buf *out)
{
	pad(out);
	prove(out);
}

static void pkcs7_bytes(struct gen_buf *out, const void *data, size_t length)
{
	recipe_module(out);
	trailergen_add(out, PKCS7, data, length);
}

static void pkcs7_none(struct gen_buf *out)
{
	pkcs7_bytes(out, NULL, 0);
}

static void pkcs7_garbage(struct gen_buf *out)
{
	pkcs7_bytes(out, "this is no DER", 14);
}

/* A message of which some bytes are cut off, or to which some are added. */
static void pkcs7_length(struct gen_buf *out, int change)
{
	struct gen_buf der = { .data = NULL };

	pkcs7gen(&der, &(struct pkcs7gen){ .flags = 0 });
	if (change > 0)
		gen_zeroes(&der, (size_t)change);
	else
		der.length -= (size_t)-change;
	pkcs7_bytes(out, der.data, der.length);
	gen_free(&der);
}

static void pkcs7_cut(struct gen_buf *out)
{
	pkcs7_length(out, -20);
}

static void pkcs7_trailing(struct gen_buf *out)
{
	pkcs7_length(out, 7);
}

static void pkcs7_no_signer(struct gen_buf *out)
{
	recipe_module(out);
	sign(out, PKCS7GEN_NO_SIGNER);
}

static void pkcs7_nul(struct gen_buf *out)
{
	signed_named(out, 0, "Trusted\0not", 11);
}

static void pkcs7_bmp(struct gen_buf *out)
{
	signed_named(out, PKCS7GEN_BMP_NAME, "odd", 3);
}

/* Sequences within sequences of indefinite length: food for a recursive parser. */
static void pkcs7_deep(struct gen_buf *out)
{
	struct gen_buf der = { .data = NULL };
	unsigned int i;

	for (i = 0; i < 100000; i++)
		gen_add(&der, "\x30\x80", 2);
	pkcs7_bytes(out, der.data, der.length);
	gen_free(&der);
}

/* The outermost length says 2^31 - 1 bytes. */
static void pkcs7_long(struct gen_buf *out)
{
	pkcs7_bytes(out, "\x30\x84\x7f\xff\xff\xff\x06\x00", 8);
}

#define FILE_OF(name, make, n, status, identity, signature, what) \
	{ name, make, "OK", n, status, identity, signature, what, RECIPE_FILE, NULL }
#define GOOD(name, make, n, signature, what) FILE_OF(name, make, n, "OK", "OK", signature, what)
#define TRAILER(name, make, what) FILE_OF(name, make, 0, "TRAILER", "OK", "-", what)
#define BAD_PKCS7(name, make, what) FILE_OF(name, make, 1, "OK", "OK", "PKCS7", what)

const struct recipe trailer_recipes[] = {
	GOOD("good-signed.ko", signed_module, 1, "OK", "a PKCS#7 trailer"),
	GOOD("good-signed-key-id.ko", signed_key_id, 1, "OK", "the signer by key identifier"),
	GOOD("good-signed-no-cn.ko", signed_no_cn, 1, "OK", "an issuer without a common name"),
	GOOD("good-signed-bmp.ko", signed_bmp, 1, "OK", "the signer's name in UTF-16"),
	GOOD("good-signed-latin1.ko", signed_latin1, 1, "OK", "the signer's name in ISO 8859-1"),
	GOOD("good-signed-control.ko", signed_control, 1, "OK",
	     "control characters in the signer's name: not for a terminal"),
	GOOD("good-signed-sha3.ko", signed_sha3, 1, "OK", "the hash algorithm is SHA3-512"),
	GOOD("good-signed-unknown-hash.ko", signed_unknown_hash, 1, "OK",
	     "a hash algorithm that nobody has a name for"),
	GOOD("good-merkle.ko", proven, 1, "-", "a proof of three levels"),
	GOOD("good-merkle-over-pkcs7.ko", signed_and_proven, 2, "-", "a proof, a signature under it"),
	GOOD("good-three-trailers.ko", signed_twice, 3, "OK", "signature over proof over signature"),
	GOOD("good-many-trailers.ko", many, 20000, "-", "20000 empty proofs"),
	GOOD("good-trailer-pgp.ko", pgp, 1, "-", "a historic trailer: PGP"),
	GOOD("good-trailer-x509.ko", x509, 1, "-", "a historic trailer: X.509"),
	GOOD("good-trailer-unknown.ko", unknown_kind, 1, "-", "a trailer of kind 77"),
	FILE_OF("good-trailer-least.ko", least, 1, "OK", "NOT_ELF", "-",
		"one byte and an empty trailer"),
	FILE_OF("bad-trailer-marker-only.ko", marker_only, 0, "OK", "NOT_ELF", "-",
		"the marker alone: no trailer, as there would be no module"),
	GOOD("bad-trailer-cut.ko", cut, 0, "-",
	     "the last ten bytes of a signed module are off: no trailer, and bytes behind the image"),
	FILE_OF("bad-trailer-short.ko", short_trailer, 0, "TRAILER", "NOT_ELF", "-",
		"before the marker no more than the structure"),
	TRAILER("bad-trailer-claims-more.ko", claims_more, "claims 1 MiB of data"),
	TRAILER("bad-trailer-claims-most.ko", claims_most, "claims 2^32 - 1 bytes of data"),
	TRAILER("bad-trailer-claims-all.ko", claims_all, "claims the module, to its first byte"),
	FILE_OF("bad-trailer-historic.ko", historic_claims, 0, "TRAILER", "NOT_ELF", "-",
		"names of 510 bytes where there are 22"),
	TRAILER("bad-trailer-algo.ko", algo, "PKCS#7 with an algorithm beside it"),
	TRAILER("bad-trailer-key-id.ko", key_id_len, "PKCS#7 with a key identifier beside it"),
	TRAILER("bad-trailer-pad.ko", pad, "padding that is not 0"),
	FILE_OF("bad-trailer-inside.ko", malformed_inside, 1, "TRAILER", "OK", "-",
		"a malformed trailer under a good one"),
	BAD_PKCS7("bad-pkcs7-none.ko", pkcs7_none, "no bytes of a message"),
	BAD_PKCS7("bad-pkcs7-garbage.ko", pkcs7_garbage, "no DER"),
	BAD_PKCS7("bad-pkcs7-cut.ko", pkcs7_cut, "20 bytes are missing"),
	BAD_PKCS7("bad-pkcs7-trailing.ko", pkcs7_trailing, "7 bytes behind the message"),
	BAD_PKCS7("bad-pkcs7-no-signer.ko", pkcs7_no_signer, "nobody signed"),
	BAD_PKCS7("bad-pkcs7-nul.ko", pkcs7_nul, "a NUL in the signer's name"),
	BAD_PKCS7("bad-pkcs7-bmp.ko", pkcs7_bmp, "a name in UTF-16 of three bytes"),
	BAD_PKCS7("bad-pkcs7-deep.ko", pkcs7_deep, "100000 sequences, one in the other"),
	BAD_PKCS7("bad-pkcs7-long.ko", pkcs7_long, "a length of 2^31 - 1 bytes"),
	{ .name = NULL },
};
