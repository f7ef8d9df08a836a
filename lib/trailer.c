/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module's trailers: found once, when it is read, and told of from then on.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <string.h>

#include "fail.h"
#include "module.h"
#include "options.h"

static uint64_t trailer_offset(const struct modhash_module *module, uint32_t index)
{
	uint64_t offset;

	memcpy(&offset, module->offsets.data + index * sizeof(offset), sizeof(offset));
	return offset;
}

int mh_module_find_trailers(struct modhash_module *module, struct modhash_error *err)
{
	struct mh_core_trailer found;
	int status, ret;

	module->offsets.length = 0;
	module->payload_length = module->length;
	module->trailers = 0;
	module->trailer_status = 0;
	module->trailer_fault = MODHASH_OFFSET_NONE;

	while ((status = mh_core_trailer_last(module->data, module->payload_length, &found)) == 1) {
		ret = mh_buf_append(&module->offsets, &found.offset, sizeof(found.offset), err);
		if (ret)
			return ret;
		module->payload_length = found.offset;
		module->trailers++;
	}
	if (status == MH_CORE_TRAILER) {
		module->trailer_status = MODHASH_E_TRAILER;
		module->trailer_fault = found.fault;
	}
	return 0;
}

int mh_module_fail_trailer(const struct modhash_module *module, struct modhash_error *err)
{
	const uint64_t outside = MODHASH_TRAILER_MARKER_LENGTH + MODHASH_MODULE_SIGNATURE_SIZE;
	uint64_t end = module->payload_length; /* of the malformed one */
	struct mh_core_trailer found = { 0 };
	uint64_t before;

	if (end <= outside)
		return mh_fail(err, MODHASH_E_TRAILER, module->trailer_fault,
			       "malformed trailer: %" PRIu64 " bytes before the marker, and "
			       "struct module_signature alone has %d",
			       end - MODHASH_TRAILER_MARKER_LENGTH, MODHASH_MODULE_SIGNATURE_SIZE);
	before = end - outside;
	if (module->trailer_fault != before + MODHASH_MODULE_SIGNATURE_SIG_LEN)
		return mh_fail(err, MODHASH_E_TRAILER, module->trailer_fault,
			       "malformed trailer: %#04x in struct module_signature, where a "
			       "PKCS#7 trailer has 0",
			       module->data[module->trailer_fault]);
	/* Of the historic kinds, more than sig_len. */
	mh_core_trailer_last(module->data, end, &found);
	return mh_fail(err, MODHASH_E_TRAILER, module->trailer_fault,
		       "malformed trailer: it claims %" PRIu64 " bytes of data, and the file has %"
		       PRIu64 " before it, a byte of which at least is the module's",
		       (uint64_t)found.data_length, before);
}

MODHASH_API int modhash_module_trailer(const struct modhash_module *module, uint32_t index,
				       struct modhash_trailer *trailer,
				       struct modhash_error *err)
{
	struct mh_core_trailer found;
	struct modhash_trailer ours;
	uint64_t end;

	if (!module || !trailer)
		return mh_fail_invalid(err, module ? "no place for the trailer" : "no module");
	if (index == module->trailers && module->trailer_status)
		return mh_module_fail_trailer(module, err);
	if (index >= module->trailers)
		return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			       "trailer %" PRIu32 " asked for, and there are %" PRIu32, index,
			       module->trailers);

	end = index ? trailer_offset(module, index - 1) : module->length;
	mh_core_trailer_last(module->data, end, &found);
	memset(&ours, 0, sizeof(ours));
	ours.kind = found.id_type;
	ours.offset = found.offset;
	ours.length = found.length;
	ours.data = module->data + found.offset;
	ours.data_length = found.data_length;
	ours.algo = found.algo;
	ours.hash = found.hash;
	ours.signer_len = found.signer_len;
	ours.key_id_len = found.key_id_len;
	if (mh_result_out(trailer, &ours, sizeof(ours)))
		return mh_fail_invalid(err, "a trailer whose size was not set");
	return 0;
}

int mh_module_leaf_length(const struct modhash_module *module, uint64_t *length,
			  struct modhash_error *err)
{
	struct mh_core_trailer outermost;

	*length = module->length;
	if (module->trailers == 0)
		return module->trailer_status ? mh_module_fail_trailer(module, err) : 0;
	mh_core_trailer_last(module->data, module->length, &outermost);
	if (outermost.id_type == MODHASH_TRAILER_MERKLE)
		*length = outermost.offset;
	return 0;
}
