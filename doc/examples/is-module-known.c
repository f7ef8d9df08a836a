/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is a kernel module known to a blob, and if not, why not?
 *
 *	cc -o is-module-known is-module-known.c $(pkg-config --cflags --libs libmodhash)
 *	./is-module-known BLOB MODULE
 *
 * The exit status is 0 if it is, 1 if it is not, 2 if that could not be told.
 */
#include <stdio.h>

#include <modhash/modhash.h>

/* One line that says which file, where in it, and what was expected. */
static int complain(const struct modhash_error *err, const char *path)
{
	char line[1024];

	modhash_error_format(err, path, line, sizeof(line));
	fprintf(stderr, "%s\n", line);
	return MODHASH_ANSWER_NOT_TOLD;
}

static int judge(const struct modhash_verifier *verifier, const struct modhash_module *module,
		 const char *path)
{
	struct modhash_verdict verdict;
	struct modhash_error err;

	MODHASH_INIT(verdict);
	if (modhash_verifier_check(verifier, module, path, NULL, &verdict, &err) < 0)
		return complain(&err, path);

	printf("%s: %s\n", path, modhash_reason_text(verdict.reason));
	if (verdict.answer != MODHASH_ANSWER_YES && verdict.detail[0] != '\0')
		printf("%s\n", verdict.detail);
	return (int)verdict.answer;
}

static int ask(const struct modhash_ctx *ctx, const char *blob_path, const char *module_path)
{
	struct modhash_verifier *verifier = NULL;
	struct modhash_module *module = NULL;
	struct modhash_blob *blob = NULL;
	struct modhash_error err;
	int status;

	if (modhash_blob_from_path(ctx, blob_path, &blob, &err) < 0)
		status = complain(&err, blob_path);
	else if (modhash_module_from_path(ctx, module_path, &module, &err) < 0)
		status = complain(&err, module_path);
	else if (modhash_verifier_new(ctx, &verifier, &err) < 0 ||
		 modhash_verifier_add_blob(verifier, blob, &err) < 0)
		status = complain(&err, NULL);
	else
		status = judge(verifier, module, module_path);

	modhash_verifier_free(verifier);
	modhash_module_free(module);
	modhash_blob_free(blob);
	return status;
}

int main(int argc, char **argv)
{
	struct modhash_error err;
	struct modhash_ctx *ctx;
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: is-module-known BLOB MODULE\n");
		return MODHASH_ANSWER_NOT_TOLD;
	}
	if (modhash_ctx_new(NULL, &ctx, &err) < 0)
		return complain(&err, NULL);
	status = ask(ctx, argv[1], argv[2]);
	modhash_ctx_free(ctx);
	return status;
}
