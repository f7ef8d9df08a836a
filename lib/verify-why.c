// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Why a module is not known: what can be told from the module and one blob alone.
 * Each finder looks for one cause; the first that finds something speaks.
 */
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "verify.h"

/* Trailers that are taken off, one by one, to see whether what is left is known. */
#define PEEL_MAX 8

#define NO MODHASH_ANSWER_NO

/* A finder: 1 it spoke, 0 it did not, negative a failure that is not the module's. */
typedef int (*finder)(struct mh_question *question, uint32_t which,
		      struct modhash_verdict *verdict, struct modhash_error *err);

size_t mh_release_length(const char *vermagic)
{
	return vermagic ? strcspn(vermagic, " ") : 0;
}

static const struct mh_asked *asked_of(const struct mh_question *question, uint32_t which)
{
	return &question->verifier->asked[which];
}

static int not_filled(struct mh_question *question, uint32_t which,
		      struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct modhash_blob_info *info = &asked_of(question, which)->info;

	(void)err;
	if (info->flags & MODHASH_BLOB_FILLED)
		return 0;
	mh_verdict_set(verdict, NO, MODHASH_REASON_BLOB_NOT_FILLED, MODHASH_E_NOT_FILLED,
		       "the %s is empty or all zeroes: it knows no module",
		       info->format == MODHASH_FORMAT_MERKLE ? "root" :
		       modhash_format_name((int)info->format));
	return 1;
}

/*
 * The kernel takes a malformed trailer for an error of its own (-EBADMSG), before it
 * looks for a hash; a list alone is asked about the bytes as they are.
 */
static int malformed_trailer(struct mh_question *question, uint32_t which,
			     struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct modhash_module *module = question->module;
	struct modhash_trailer trailer;
	struct modhash_error why;

	(void)which;
	(void)err;
	if (!module->trailer_status)
		return 0;
	MODHASH_INIT(trailer);
	memset(&why, 0, sizeof(why));
	if (modhash_module_trailer(module, module->trailers, &trailer, &why) != MODHASH_E_TRAILER)
		return 0;
	mh_verdict_set(verdict, NO, MODHASH_REASON_TRAILER_MALFORMED, MODHASH_E_TRAILER, "%s", "");
	modhash_error_format(&why, NULL, verdict->detail, sizeof(verdict->detail));
	return 1;
}

/* Signed after its hash was taken: what is under the trailers is known to a list. */
static int signed_after(struct mh_question *question, uint32_t which,
			struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct mh_asked *asked = asked_of(question, which);
	const struct modhash_module *module = question->module;

	if (asked->info.format == MODHASH_FORMAT_MERKLE ||
	    asked->info.scope != MODHASH_SCOPE_FILE)
		return 0;
	for (uint32_t i = 0; i < module->trailers && i < PEEL_MAX; i++) {
		struct modhash_trailer trailer;
		struct modhash_digest digest;
		uint64_t entry;
		int rc;

		MODHASH_INIT(trailer);
		rc = modhash_module_trailer(module, i, &trailer, err);
		if (rc)
			return rc;
		rc = mh_verify_digest_of(question, which, trailer.offset, &digest, err);
		if (rc)
			return rc;
		if (modhash_blob_contains(asked->blob, &digest, &entry) != 1)
			continue;
		mh_verdict_set(verdict, NO, MODHASH_REASON_RESIGNED, 0,
			       "it is known without its last %s: take that off, or make the blob "
			       "anew",
			       i ? "trailers" : "trailer");
		return 1;
	}
	return 0;
}

/* The proof is there, under a trailer that came later; a kernel looks at the last alone. */
static int proof_covered(struct mh_question *question, uint32_t which,
			 struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct modhash_module *module = question->module;

	(void)which;
	for (uint32_t i = 1; i < module->trailers && i < PEEL_MAX; i++) {
		struct modhash_trailer trailer;
		int rc;

		MODHASH_INIT(trailer);
		rc = modhash_module_trailer(module, i, &trailer, err);
		if (rc)
			return rc;
		if (trailer.kind != MODHASH_TRAILER_MERKLE)
			continue;
		mh_verdict_set(verdict, NO, MODHASH_REASON_RESIGNED, 0,
			       "its proof lies under a signature that was appended later, and "
			       "a kernel looks at the last trailer alone");
		return 1;
	}
	return 0;
}

static int proof_trouble(struct mh_question *question, uint32_t which,
			 struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct mh_asked *asked = asked_of(question, which);
	struct modhash_proof proof;
	struct modhash_error why;
	int rc;

	if (asked->info.format != MODHASH_FORMAT_MERKLE)
		return 0;
	memset(&why, 0, sizeof(why));
	rc = mh_verify_proof(question, &proof, &why);
	if (rc == MODHASH_E_PROOF || question->proof_status) {
		if (rc == MODHASH_E_PROOF)
			mh_verdict_set(verdict, NO, MODHASH_REASON_PROOF_MALFORMED, rc, "%s", "");
		else
			mh_verdict_set(verdict, MODHASH_ANSWER_NOT_TOLD,
				       MODHASH_REASON_UNREADABLE, rc, "%s", "");
		modhash_error_format(&why, question->proof_status ? "its .merkle file" : NULL,
				     verdict->detail, sizeof(verdict->detail));
		return 1;
	}
	if (rc < 0)
		return 0; /* a malformed trailer: another finder's */
	if (rc == 0)
		return proof_covered(question, which, verdict, err);
	if (proof.levels != asked->info.levels) {
		mh_verdict_set(verdict, NO, MODHASH_REASON_PROOF_OTHER_TREE, MODHASH_E_PROOF,
			       "its proof has %u levels, the root has %u", proof.levels,
			       asked->info.levels);
		return 1;
	}
	mh_verdict_set(verdict, NO, MODHASH_REASON_PROOF_FAILS, 0,
		       "the module was altered, or the proof (position %u) is of another tree",
		       proof.position);
	return 1;
}

static int not_a_module(struct mh_question *question, uint32_t which,
			struct modhash_verdict *verdict, struct modhash_error *err)
{
	(void)which;
	(void)err;
	if (!question->identity_status) {
		if (question->identity.flags & MODHASH_IDENTITY_MODULE)
			return 0;
		mh_verdict_set(verdict, NO, MODHASH_REASON_NOT_MODULE, MODHASH_E_NOT_MODULE,
			       "an ELF file, but none with a .modinfo section that can be loaded");
		return 1;
	}
	mh_verdict_set(verdict, NO, MODHASH_REASON_NOT_MODULE, question->identity_status, "%s",
		       "");
	modhash_error_format(&question->identity_error, NULL, verdict->detail,
			     sizeof(verdict->detail));
	return 1;
}

/* The end of the last marker in the bytes from @from on; 0 if there is none. */
static uint64_t marker_end(const struct modhash_module *module, uint64_t from)
{
	uint64_t end = module->length;

	for (; end >= from + MODHASH_TRAILER_MARKER_LENGTH; end--)
		if (!memcmp(module->data + end - MODHASH_TRAILER_MARKER_LENGTH,
			    MODHASH_TRAILER_MARKER, MODHASH_TRAILER_MARKER_LENGTH))
			return end;
	return 0;
}

/* PKCS#7 is a DER SEQUENCE of some length; a proof begins with a position. */
static bool begins_trailer(const uint8_t *data, uint64_t length)
{
	return length >= 4 && ((data[0] == 0x30 && data[1] >= 0x80) || data[0] == 0);
}

/* Bytes behind the ELF image that are no trailer: of one that was cut, or just added. */
static int bytes_behind(struct mh_question *question, uint32_t which,
			struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct mh_asked *asked = asked_of(question, which);
	const struct modhash_module *module = question->module;
	uint64_t image = question->identity.image_length;
	const char *also = "";
	struct modhash_digest digest;
	uint64_t entry, end;
	bool cut;
	int rc;

	if (question->identity_status || module->trailers || image >= module->length)
		return 0;
	if (asked->info.format != MODHASH_FORMAT_MERKLE) {
		rc = mh_verify_digest_of(question, which, image, &digest, err);
		if (rc)
			return rc;
		if (modhash_blob_contains(asked->blob, &digest, &entry) == 1)
			also = "; the image itself is known";
	}
	end = marker_end(module, image);
	cut = begins_trailer(module->data + (end ? end : image),
			     module->length - (end ? end : image));
	mh_verdict_set(verdict, NO,
		       cut ? MODHASH_REASON_TRAILER_TRUNCATED : MODHASH_REASON_ALTERED,
		       cut ? MODHASH_E_TRAILER : 0,
		       "behind the %s, which ends at offset %llu, the file goes on for %llu bytes "
		       "and has no trailer's marker at its end%s",
		       end ? "last trailer" : "ELF image", (unsigned long long)(end ? end : image),
		       (unsigned long long)(module->length - (end ? end : image)), also);
	return 1;
}

static bool has_build_id(const uint8_t *id, uint64_t length)
{
	return id && length;
}

static bool other_build_id(const struct modhash_identity *identity,
			   const struct modhash_blob_module *record)
{
	if (!has_build_id(identity->build_id, identity->build_id_length) ||
	    !has_build_id(record->build_id, record->build_id_length))
		return false;
	return identity->build_id_length != record->build_id_length ||
	       memcmp(identity->build_id, record->build_id, record->build_id_length) != 0;
}

static bool was_stripped(const struct mh_question *question,
			 const struct modhash_blob_module *record)
{
	if (question->identity.flags & MODHASH_IDENTITY_STRIPPED)
		return true;
	return (record->flags & MODHASH_BLOB_MODULE_SIGNED) && !question->module->trailers;
}

static void damaged(const struct mh_question *question, struct modhash_verdict *verdict)
{
	mh_verdict_set(verdict, NO, MODHASH_REASON_ALTERED, question->identity_status, "%s", "");
	modhash_error_format(&question->identity_error, NULL, verdict->detail,
			     sizeof(verdict->detail));
}

/* A table remembers what the module of this name should be. */
static int remembered(struct mh_question *question, uint32_t which,
		      struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct mh_asked *asked = asked_of(question, which);
	const struct modhash_identity *identity = &question->identity;
	struct modhash_blob_module record;

	(void)err;
	if (!(asked->info.flags & MODHASH_BLOB_NAMES) || !question->name)
		return 0;
	MODHASH_INIT(record);
	if (modhash_blob_find_module(asked->blob, question->name, &record))
		return 0;
	verdict->position = (uint32_t)record.position;
	verdict->entry = record.digest;
	if (question->identity_status)
		damaged(question, verdict);
	else if (other_build_id(identity, &record))
		mh_verdict_set(verdict, NO, MODHASH_REASON_OTHER_BUILD, 0,
			       "its build id is not the one that the blob has for this name");
	else if (was_stripped(question, &record))
		mh_verdict_set(verdict, NO, MODHASH_REASON_STRIPPED, 0,
			       "it was signed and had %llu bytes without its trailers; now it has "
			       "%llu, and no trailer: strip and objcopy drop it",
			       (unsigned long long)record.payload_length,
			       (unsigned long long)question->module->length);
	else if (record.payload_length != question->module->payload_length)
		mh_verdict_set(verdict, NO, MODHASH_REASON_ALTERED, 0,
			       "the blob has %llu bytes for it without trailers, the file %llu",
			       (unsigned long long)record.payload_length,
			       (unsigned long long)question->module->payload_length);
	else
		mh_verdict_set(verdict, NO, MODHASH_REASON_ALTERED, 0,
			       "its length is right, its contents are not");
	return 1;
}

static int no_symbols(struct mh_question *question, uint32_t which,
		      struct modhash_verdict *verdict, struct modhash_error *err)
{
	(void)which;
	(void)err;
	if (question->identity_status || !(question->identity.flags & MODHASH_IDENTITY_MODULE) ||
	    !(question->identity.flags & MODHASH_IDENTITY_STRIPPED))
		return 0;
	mh_verdict_set(verdict, NO, MODHASH_REASON_STRIPPED, 0,
		       "it has no symbol table: no kernel loads it");
	return 1;
}

/* Made for another kernel than the blob says that it is for. */
static int other_release(struct mh_question *question, uint32_t which,
			 struct modhash_verdict *verdict, struct modhash_error *err)
{
	const char *release = asked_of(question, which)->info.release;
	const char *vermagic = question->identity.vermagic;
	size_t length = mh_release_length(vermagic);
	char escaped[2][96];

	(void)err;
	if (!release || !length)
		return 0;
	if (strlen(release) == length && !memcmp(release, vermagic, length))
		return 0;
	mh_escape(escaped[0], sizeof(escaped[0]), vermagic, length);
	mh_escape(escaped[1], sizeof(escaped[1]), release, strlen(release));
	mh_verdict_set(verdict, NO, MODHASH_REASON_OTHER_BUILD, 0,
		       "made for kernel %s; the blob is for %s", escaped[0], escaped[1]);
	return 1;
}

static int nameless(struct mh_question *question, uint32_t which,
		    struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct mh_asked *asked = asked_of(question, which);

	(void)err;
	if (asked->info.format == MODHASH_FORMAT_MERKLE) {
		mh_verdict_set(verdict, NO, MODHASH_REASON_PROOF_MISSING, 0,
			       question->module->trailers
				       ? "its last trailer is a signature, and no proof"
				       : "no trailer is appended: a build tree's file, or strip or "
					 "objcopy dropped it");
		return 1;
	}
	if ((asked->info.flags & MODHASH_BLOB_NAMES) && question->name) {
		mh_verdict_set(verdict, NO, MODHASH_REASON_EXTRA, 0,
			       "the blob has no module of this name");
		return 1;
	}
	return 0;
}

int mh_verify_why(struct mh_question *question, uint32_t which, struct modhash_verdict *verdict,
		  struct modhash_error *err)
{
	static const finder finders[] = {
		not_filled,    malformed_trailer, signed_after, bytes_behind,  no_symbols,
		proof_trouble, remembered,	  not_a_module, other_release, nameless,
	};

	for (size_t i = 0; i < sizeof(finders) / sizeof(*finders); i++) {
		int rc = finders[i](question, which, verdict, err);

		if (rc)
			return rc < 0 ? rc : 0;
	}
	mh_verdict_set(verdict, NO, MODHASH_REASON_UNKNOWN, 0, "%s", "");
	return 0;
}
