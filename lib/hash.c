/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hashing: SHA-256 by the engine that was chosen (sha256/), and the one door to libcrypto's
 * digests for everything else.
 *
 * A digest is fetched once and its state is used again for every message: fetching
 * costs more than hashing a small module does.  What libcrypto complains about goes into
 * our error; its per-thread queue is left as the caller had it.
 */
#ifdef HAVE_CONFIG_H
#include <errno.h>
#include <config.h>
#endif

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include <modhash/context.h>
#include <modhash/format.h>

#include "core/core.h"
#include "fail.h"
#include "hash.h"
#include "sha256/sha256.h"

/* Between two looks at the stop flag. */
#define STEP_MAX ((size_t)1 << 20)

struct mh_hasher {
	const struct mh_sha256_engine *engine; /* or NULL: libcrypto */
	EVP_MD *md;
	EVP_MD_CTX *state;
	size_t length;
	const int *stop;
	int core_status; /* why mh_hasher_core() last failed */
};

/* What libcrypto calls the algorithms that we compute. */
static const char *libcrypto_name(int algorithm)
{
	switch (algorithm) {
	case MODHASH_ALGO_SHA256:
		return "SHA2-256";
	case MODHASH_ALGO_SHA384:
		return "SHA2-384";
	case MODHASH_ALGO_SHA512:
		return "SHA2-512";
	case MODHASH_ALGO_SHA3_256:
		return "SHA3-256";
	case MODHASH_ALGO_SHA3_384:
		return "SHA3-384";
	case MODHASH_ALGO_SHA3_512:
		return "SHA3-512";
	default:
		return NULL;
	}
}

/* Before libcrypto is called: what fails afterwards is told by its queue, and by errno. */
static void begin_crypto(void)
{
	ERR_set_mark();
	errno = 0;
}

/* What lacked memory deep inside is told by some other name further out; malloc() says so. */
static bool lacked_memory(void)
{
	return errno == ENOMEM;
}

/* Fail with what libcrypto's queue says since the mark that was set. */
static int fail_crypto(struct modhash_error *err)
{
	unsigned long last = ERR_peek_last_error();
	const char *reason = last ? ERR_reason_error_string(last) : NULL;

	if (lacked_memory())
		return mh_fail_nomem(err);
	return mh_fail(err, MODHASH_E_CRYPTO, MODHASH_OFFSET_NONE, "libcrypto can't hash: %s",
		       reason ? reason : "it gives no reason");
}

/*
 * An algorithm that this library knows but libcrypto will not give us (a FIPS
 * configuration, a build without it) is "not usable here".
 */
static int fetch(struct mh_hasher *hasher, int algorithm, struct modhash_error *err)
{
	hasher->md = EVP_MD_fetch(NULL, libcrypto_name(algorithm), NULL);
	if (!hasher->md && lacked_memory())
		return mh_fail_nomem(err);
	if (!hasher->md)
		return mh_fail(err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			       "libcrypto, as it is set up here, does not provide %s",
			       modhash_algorithm_name(algorithm));
	if (EVP_MD_get_size(hasher->md) != (int)hasher->length)
		return mh_fail(err, MODHASH_E_CRYPTO, MODHASH_OFFSET_NONE,
			       "libcrypto's %s has %d bytes, expected %zu",
			       modhash_algorithm_name(algorithm), EVP_MD_get_size(hasher->md),
			       hasher->length);
	hasher->state = EVP_MD_CTX_new();
	if (!hasher->state)
		return mh_fail_nomem(err);
	return 0;
}

int mh_hasher_new(uint32_t engine, int algorithm, struct mh_hasher **hasher,
		  struct modhash_error *err)
{
	int length = modhash_algorithm_length(algorithm);
	struct mh_hasher *made;
	int ret;

	*hasher = NULL;
	if (length < 0)
		return mh_fail(err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			       "hash algorithm %d is none that this library computes", algorithm);

	made = calloc(1, sizeof(*made));
	if (!made)
		return mh_fail_nomem(err);
	made->length = (size_t)length;
	if (algorithm == MODHASH_ALGO_SHA256)
		made->engine = mh_sha256_engine(engine == MODHASH_ENGINE_AUTO ?
							mh_sha256_fastest() : engine);
	*hasher = made;
	if (made->engine)
		return 0;

	begin_crypto();
	ret = fetch(made, algorithm, err);
	ERR_pop_to_mark();
	if (ret < 0) {
		mh_hasher_free(made);
		*hasher = NULL;
	}
	return ret;
}

void mh_hasher_free(struct mh_hasher *hasher)
{
	if (!hasher)
		return;
	EVP_MD_CTX_free(hasher->state);
	EVP_MD_free(hasher->md);
	free(hasher);
}

unsigned int mh_hasher_streams(const struct mh_hasher *hasher)
{
	return hasher->engine ? hasher->engine->streams : 1;
}

void mh_hasher_set_stop(struct mh_hasher *hasher, const int *stop)
{
	hasher->stop = stop;
}

static bool stopped(const struct mh_hasher *hasher)
{
	return hasher->stop && __atomic_load_n(hasher->stop, __ATOMIC_RELAXED);
}

static int fail_stopped(struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_STOPPED, MODHASH_OFFSET_NONE, "stopped while hashing");
}

static int update(struct mh_hasher *hasher, const struct mh_part *part, struct modhash_error *err)
{
	const uint8_t *data = part->data;
	size_t left = part->length;

	while (left) {
		size_t now = left < STEP_MAX ? left : STEP_MAX;

		if (stopped(hasher))
			return fail_stopped(err);
		if (EVP_DigestUpdate(hasher->state, data, now) != 1)
			return fail_crypto(err);
		data += now;
		left -= now;
	}
	return 0;
}

static int hash_parts(struct mh_hasher *hasher, const struct mh_part *parts, size_t count,
		      uint8_t *out, struct modhash_error *err)
{
	int ret = 0;

	if (EVP_DigestInit_ex2(hasher->state, hasher->md, NULL) != 1)
		return fail_crypto(err);
	for (size_t i = 0; !ret && i < count; i++)
		ret = update(hasher, &parts[i], err);
	if (!ret && EVP_DigestFinal_ex(hasher->state, out, NULL) != 1)
		ret = fail_crypto(err);
	return ret;
}

int mh_hasher_parts(struct mh_hasher *hasher, const struct mh_part *parts, size_t count,
		    uint8_t *out, struct modhash_error *err)
{
	int ret;

	if (hasher->engine) {
		ret = mh_sha256_one(hasher->engine, parts, count, out, hasher->stop);
		return ret ? fail_stopped(err) : 0;
	}
	begin_crypto();
	ret = hash_parts(hasher, parts, count, out, err);
	ERR_pop_to_mark();
	return ret;
}

/* One message after the other, for what can't do more at once. */
static int flow_singly(struct mh_hasher *hasher, const struct mh_message_source *source,
		       struct modhash_error *err)
{
	const struct mh_message *message;
	struct modhash_error why;
	int ret;

	while ((ret = source->next(source->user, &message)) > 0) {
		memset(&why, 0, sizeof(why));
		ret = mh_hasher_parts(hasher, message->parts, message->count, message->out, &why);
		if (ret == MODHASH_E_STOPPED)
			return fail_stopped(err);
		source->done(source->user, message, ret, &why);
	}
	return ret;
}

int mh_hasher_flow(struct mh_hasher *hasher, const struct mh_message_source *source,
		   struct modhash_error *err)
{
	int ret;

	if (!hasher->engine)
		return flow_singly(hasher, source, err);
	ret = mh_sha256_flow(hasher->engine, source, hasher->stop);
	return ret == MODHASH_E_STOPPED ? fail_stopped(err) : ret;
}

struct list {
	const struct mh_message *at;
	const struct mh_message *end;
	int status; /* of the first that failed */
	struct modhash_error *err;
};

static int next_of_list(void *user, const struct mh_message **message)
{
	struct list *list = user;

	if (list->at == list->end)
		return 0;
	*message = list->at++;
	return 1;
}

static void done_of_list(void *user, const struct mh_message *message, int status,
			 const struct modhash_error *err)
{
	struct list *list = user;

	(void)message;
	if (!status || list->status)
		return;
	list->status = status;
	if (list->err)
		*list->err = *err;
}

int mh_hasher_many(struct mh_hasher *hasher, const struct mh_message *messages, size_t count,
		   struct modhash_error *err)
{
	struct list list = { messages, messages + count, 0, err };
	const struct mh_message_source source = { next_of_list, done_of_list, &list };
	int ret = mh_hasher_flow(hasher, &source, err);

	return ret ? ret : list.status;
}

static int hash_packed(struct mh_hasher *hasher, const uint8_t *buffer,
		       const struct mh_packed *messages, size_t count, struct modhash_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (EVP_DigestInit_ex2(hasher->state, hasher->md, NULL) != 1 ||
		    EVP_DigestUpdate(hasher->state, buffer + messages[i].at,
				     messages[i].length) != 1 ||
		    EVP_DigestFinal_ex(hasher->state, messages[i].out, NULL) != 1)
			return fail_crypto(err);
	}
	return 0;
}

int mh_hasher_packed(struct mh_hasher *hasher, uint8_t *buffer, const struct mh_packed *messages,
		     size_t count, struct modhash_error *err)
{
	int ret;

	if (stopped(hasher))
		return fail_stopped(err);
	if (hasher->engine) {
		mh_sha256_packed(hasher->engine, buffer, messages, count);
		return 0;
	}
	begin_crypto();
	ret = hash_packed(hasher, buffer, messages, count, err);
	ERR_pop_to_mark();
	return ret;
}

/* A leaf and a node are the only messages that the core makes: three parts. */
#define CORE_PARTS_MAX 4

int mh_hasher_core(void *user, const struct mh_core_part *parts, unsigned int count,
		   uint8_t digest[32])
{
	struct mh_hasher *hasher = user;
	struct mh_part ours[CORE_PARTS_MAX];

	if (count > CORE_PARTS_MAX || hasher->length != 32)
		return MODHASH_E_INVALID;
	for (unsigned int i = 0; i < count; i++) {
		if (parts[i].length > SIZE_MAX)
			return MODHASH_E_INVALID;
		ours[i].data = parts[i].data;
		ours[i].length = (size_t)parts[i].length;
	}
	hasher->core_status = mh_hasher_parts(hasher, ours, count, digest, NULL);
	return hasher->core_status;
}

int mh_hasher_fail_core(const struct mh_hasher *hasher, const char *what,
			struct modhash_error *err)
{
	if (hasher->core_status == MODHASH_E_NOMEM)
		return mh_fail_nomem(err);
	if (hasher->core_status == MODHASH_E_STOPPED)
		return fail_stopped(err);
	return mh_fail(err, MODHASH_E_CRYPTO, MODHASH_OFFSET_NONE, "libcrypto failed to hash %s",
		       what);
}
