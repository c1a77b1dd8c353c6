#include "signatures.h"

#include <assert.h>
#include <string.h>

static enum error find_one(
    struct txn *txn, const struct document *document, struct signatures *signatures)
{
	struct keyring_key key;
	enum error error = keyring_find(txn, &document->key_id, &key);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	assert(signatures->count < COMMAND_SIGNATURES_MAX);
	signatures->of[signatures->count++] =
	    (struct signature_check){.document = document->whole, .key = key.key};
	return ERROR_NONE;
}

enum error signatures_find(
    struct txn *txn, struct span bytes, struct span attachment, struct signatures *signatures)
{
	struct codec_reader reader = codec_reader(attachment);
	struct document document, sheet;
	struct span sheet_bytes;
	enum error error;

	memset(signatures, 0, sizeof *signatures);
	if (document_read(bytes, &document))
		return ERROR_NONE;
	error = find_one(txn, &document, signatures);
	if (error || strcmp(document.name, "endorsement") != 0)
		return error;
	/* [sheet COSE, secret(32), count, lines] */
	codec_array_exact(&reader, 4);
	sheet_bytes = codec_bytes(&reader);
	if (reader.failed || document_read(sheet_bytes, &sheet))
		return ERROR_NONE;
	return find_one(txn, &sheet, signatures);
}

void signatures_check(struct signatures *signatures)
{
	for (unsigned i = 0; i < signatures->count; i++) {
		struct signature_check *check = &signatures->of[i];
		struct document document;

		check->holds = !document_read(check->document, &document) &&
			       !document_verify(&document, &check->key);
	}
}

const struct signature_check *signatures_of(
    const struct signatures *signatures, const struct document *document)
{
	for (unsigned i = 0; signatures && i < signatures->count; i++) {
		if (span_equal(signatures->of[i].document, document->whole))
			return &signatures->of[i];
	}
	return NULL;
}
