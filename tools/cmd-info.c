/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash info: what a module is, as modinfo names it where modinfo has a name.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "inputs.h"
#include "json.h"
#include "machine.h"
#include "report.h"

struct info {
	const char *path;
	struct modhash_module *module;
	struct modhash_module_info info;
	json_t *json; /* NULL for text */
};

static const char *trailer_name(uint32_t kind)
{
	switch (kind) {
	case MODHASH_TRAILER_PGP:
		return "pgp";
	case MODHASH_TRAILER_X509:
		return "x509";
	case MODHASH_TRAILER_PKCS7:
		return "pkcs7";
	case MODHASH_TRAILER_MERKLE:
		return "merkle";
	default:
		return "unknown";
	}
}

/* The name that modinfo has for it. */
static const char *trailer_text(uint32_t kind)
{
	switch (kind) {
	case MODHASH_TRAILER_PGP:
		return "PGP";
	case MODHASH_TRAILER_X509:
		return "X509";
	case MODHASH_TRAILER_PKCS7:
		return "PKCS#7";
	case MODHASH_TRAILER_MERKLE:
		return "Merkle proof";
	default:
		return "unknown";
	}
}

/* Something of the module is malformed: told, and the rest goes on. */
static void wrong(struct tool *tool, struct info *info, const struct modhash_error *err)
{
	report_error(tool, info->path, err, report_status(err->code));
	if (info->json) {
		json_t *errors = json_object_get(info->json, "errors");

		json_array_append_new(errors, json_error(NULL, err));
	}
}

static void hex_field(struct tool *tool, const char *label, const uint8_t *bytes, size_t length)
{
	char *hex = report_hex(bytes, length, ':', true);

	report_field(tool, label, "%s", hex);
	free(hex);
}

static void signature_text(struct tool *tool, const struct modhash_signature *signature)
{
	report_field(tool, "signer", "%s", signature->signer);
	hex_field(tool, "sig_key", signature->key_id, signature->key_id_length);
	report_field(tool, "sig_hashalgo", "%s",
		     signature->hash_name ? signature->hash_name : "unknown");
	if (tool->verbose)
		hex_field(tool, "signature", signature->signature, signature->signature_length);
}

static void signature_json(json_t *object, const struct modhash_signature *signature)
{
	char *key_id = report_hex(signature->key_id, signature->key_id_length, ':', true);

	json_set_text(object, "signer", signature->signer);
	json_set_text(object, "key_id", key_id);
	json_set_text(object, "hash", signature->hash_name);
	json_set_hex(object, "signature", signature->signature, signature->signature_length);
	free(key_id);
}

static void signature(struct tool *tool, struct info *info, const struct modhash_trailer *trailer,
		      json_t *object)
{
	struct modhash_signature signature;
	struct modhash_error err;

	MODHASH_INIT(signature);
	if (modhash_trailer_signature(trailer, &signature, &err)) {
		wrong(tool, info, &err);
		return;
	}
	if (object)
		signature_json(object, &signature);
	else
		signature_text(tool, &signature);
	modhash_signature_clear(&signature);
}

static void proof(struct tool *tool, struct info *info, const struct modhash_trailer *trailer,
		  json_t *object)
{
	struct modhash_proof proof;
	struct modhash_error err;

	MODHASH_INIT(proof);
	if (modhash_proof_parse(trailer->data, trailer->data_length, &proof, &err)) {
		if (err.offset == MODHASH_OFFSET_NONE)
			err.offset = trailer->offset;
		wrong(tool, info, &err);
		return;
	}
	if (object) {
		json_set_uint(object, "position", proof.position);
		json_set_uint(object, "levels", proof.levels);
		return;
	}
	report_field(tool, "position", "%lu", (unsigned long)proof.position);
	report_field(tool, "levels", "%lu", (unsigned long)proof.levels);
}

static void trailer(struct tool *tool, struct info *info, const struct modhash_trailer *trailer)
{
	json_t *object = NULL;

	if (info->json) {
		object = json_object();
		json_set_text(object, "kind", trailer_name(trailer->kind));
		json_set_uint(object, "id_type", trailer->kind);
		json_set_uint(object, "offset", trailer->offset);
		json_set_uint(object, "size", trailer->length);
		json_array_append_new(json_object_get(info->json, "trailers"), object);
	} else {
		report_field(tool, "trailer", "%s, %llu bytes at %llu", trailer_text(trailer->kind),
			     (unsigned long long)trailer->length,
			     (unsigned long long)trailer->offset);
	}
	if (trailer->kind == MODHASH_TRAILER_PKCS7)
		signature(tool, info, trailer, object);
	else if (trailer->kind == MODHASH_TRAILER_MERKLE)
		proof(tool, info, trailer, object);
}

/*
 * More than these nobody appends, but a file that is made to can hold one every 40 bytes: they
 * are counted, and not shown.
 */
#define TRAILERS_SHOWN 64

static void trailers(struct tool *tool, struct info *info)
{
	struct modhash_module_info about;
	struct modhash_trailer view;
	struct modhash_error err;
	uint32_t i;
	int rc;

	MODHASH_INIT(about);
	modhash_module_info(info->module, &about);
	if (tool->json)
		json_set_uint(info->json, "trailers_count", about.trailers);
	if (about.trailers > TRAILERS_SHOWN && !tool->json)
		report_field(tool, "trailers", "%u, of which the last %d are shown",
			     about.trailers, TRAILERS_SHOWN);
	for (i = 0;; i++) {
		if (i == TRAILERS_SHOWN && i < about.trailers)
			i = about.trailers;
		MODHASH_INIT(view);
		rc = modhash_module_trailer(info->module, i, &view, &err);
		if (rc == MODHASH_E_NOT_FOUND)
			return;
		if (rc) {
			wrong(tool, info, &err);
			return;
		}
		trailer(tool, info, &view);
	}
}

static void identity_text(struct tool *tool, const struct modhash_identity *identity)
{
	const char *machine = machine_name(identity->machine);
	char *build_id;

	if (machine)
		report_field(tool, "elf", "%d-bit, %s-endian, %s", identity->elf_class,
			     blob_byte_order_name(identity->byte_order), machine);
	else
		report_field(tool, "elf", "%d-bit, %s-endian, machine %d", identity->elf_class,
			     blob_byte_order_name(identity->byte_order), identity->machine);
	if (identity->name)
		report_field(tool, "name", "%s", identity->name);
	if (identity->vermagic)
		report_field(tool, "vermagic", "%s", identity->vermagic);
	if (identity->srcversion)
		report_field(tool, "srcversion", "%s", identity->srcversion);
	if (identity->build_id) {
		build_id = report_hex(identity->build_id, identity->build_id_length, 0, false);
		report_field(tool, "build_id", "%s", build_id);
		free(build_id);
	}
	report_field(tool, "btf", "%s%s%s%s",
		     identity->flags & MODHASH_IDENTITY_BTF ? ".BTF" : "none",
		     identity->flags & MODHASH_IDENTITY_BTF_BASE ? " .BTF.base" : "",
		     identity->flags & MODHASH_IDENTITY_BTF_IDS ? " .BTF_ids" : "",
		     identity->flags & MODHASH_IDENTITY_DEBUG ? ", and debug information" : "");
	report_field(tool, "module", "%s", identity->flags & MODHASH_IDENTITY_MODULE ?
		     "yes" : "no: not a relocatable file with .modinfo");
	report_field(tool, "stripped", "%s", identity->flags & MODHASH_IDENTITY_STRIPPED ?
		     "yes: no symbol table, no kernel loads it" : "no");
}

static void identity_json(json_t *object, const struct modhash_identity *identity)
{
	json_t *elf = json_object();

	json_set_uint(elf, "class", identity->elf_class);
	json_set_text(elf, "byte_order", blob_byte_order_name(identity->byte_order));
	json_set_uint(elf, "machine", identity->machine);
	json_set_text(elf, "machine_name", machine_name(identity->machine));
	json_set_bool(elf, "module", identity->flags & MODHASH_IDENTITY_MODULE);
	json_set_bool(elf, "stripped", identity->flags & MODHASH_IDENTITY_STRIPPED);
	json_set_bool(elf, "btf", identity->flags & MODHASH_IDENTITY_BTF);
	json_set_bool(elf, "btf_base", identity->flags & MODHASH_IDENTITY_BTF_BASE);
	json_set_bool(elf, "btf_ids", identity->flags & MODHASH_IDENTITY_BTF_IDS);
	json_set_bool(elf, "debug", identity->flags & MODHASH_IDENTITY_DEBUG);
	json_set_text(elf, "name", identity->name);
	json_set_text(elf, "vermagic", identity->vermagic);
	json_set_text(elf, "srcversion", identity->srcversion);
	json_set_hex(elf, "build_id", identity->build_id, identity->build_id_length);
	json_set_uint(elf, "image_size", identity->image_length);
	json_object_set_new(object, "elf", elf);
}

static void identity(struct tool *tool, struct info *info)
{
	struct modhash_identity identity;
	struct modhash_error err;

	MODHASH_INIT(identity);
	if (modhash_module_identity(info->module, &identity, &err)) {
		if (info->json)
			json_object_set_new(info->json, "elf", json_null());
		wrong(tool, info, &err);
		return;
	}
	if (!(identity.flags & MODHASH_IDENTITY_MODULE))
		tool_status(tool, TOOL_NO);
	if (info->json)
		identity_json(info->json, &identity);
	else
		identity_text(tool, &identity);
}

static void sizes(struct tool *tool, struct info *info)
{
	const struct modhash_module_info *view = &info->info;
	const char *compression = modhash_compression_name((int)view->compression);

	if (info->json) {
		json_set_text(info->json, "compression", compression);
		json_set_uint(info->json, "file_size", view->file_length);
		json_set_uint(info->json, "unpacked_size", view->length);
		json_set_uint(info->json, "payload_size", view->payload_length);
		return;
	}
	report_field(tool, "compression", "%s", compression);
	report_field(tool, "size", "%llu", (unsigned long long)view->file_length);
	if (view->compression != MODHASH_COMPRESSION_NONE)
		report_field(tool, "unpacked", "%llu", (unsigned long long)view->length);
	if (view->payload_length != view->length)
		report_field(tool, "payload", "%llu", (unsigned long long)view->payload_length);
}

static int info_one(struct tool *tool, const char *path, void *user)
{
	uint64_t *shown = user;
	struct info info;
	struct modhash_error err;

	memset(&info, 0, sizeof(info));
	info.path = path;
	if (tool->json) {
		info.json = json_object();
		json_set_text(info.json, "path", path);
		json_object_set_new(info.json, "errors", json_array());
	}
	if (modhash_module_from_path(tool->ctx, path, &info.module, &err)) {
		wrong(tool, &info, &err);
	} else {
		MODHASH_INIT(info.info);
		modhash_module_info(info.module, &info.info);
		if (info.json)
			json_object_set_new(info.json, "trailers", json_array());
		else
			printf("%s", *shown ? "\n" : "");
		if (!info.json)
			report_field(tool, "filename", "%s", path);
		sizes(tool, &info);
		identity(tool, &info);
		trailers(tool, &info);
		modhash_module_free(info.module);
		++*shown;
	}
	if (info.json)
		json_element(tool, info.json);
	return 0;
}

void cmd_info(struct tool *tool)
{
	uint64_t shown = 0;

	if (tool->json)
		json_array_begin(tool, "files");
	inputs_each(tool, info_one, &shown);
	if (tool->json) {
		json_t *summary = json_object();

		json_set_uint(summary, "files", shown);
		json_member(tool, "summary", summary);
	}
}
