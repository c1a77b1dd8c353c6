#include "bundle.h"

#include <string.h>

#include "ledger.h"
#include "tables.h"

#define BUNDLE_VERSION 1
/* Region and entry: how the policy book keeps its rows. */
#define POLICY_KEY_SIZE 12

static enum error policy_put(
    struct txn *txn, struct buffer *out, uint32_t region, uint64_t sequence, struct span catalogue)
{
	struct entry_reader reader = {0};
	enum error error = ledger_read(txn, sequence, &reader);

	if (error == ERROR_NOT_FOUND || (!error && reader.entry.header.document_count == 0))
		error = ERROR_CORRUPT;
	if (!error) {
		codec_put_array(out, 3);
		codec_put_uint(out, region);
		codec_put_bytes(out, catalogue);
		codec_put_bytes(out, reader.entry.documents[0]);
	}
	entry_free(&reader);
	return error;
}

/* The last row of each region: its present catalogue. */
static enum error policies_put(struct txn *txn, struct buffer *out, size_t *count)
{
	struct cursor *cursor = NULL;
	struct span key, catalogue, last = {NULL, 0};
	uint32_t region = 0;
	uint64_t sequence = 0;
	enum error error = cursor_open(txn, TABLE_POLICY, &cursor);

	if (!error)
		error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &catalogue);
	while (!error) {
		if (key.size != POLICY_KEY_SIZE || *count == CITIES_MAX) {
			error = ERROR_CORRUPT;
			break;
		}
		if (last.size > 0 && be32_read(key.data) != region) {
			error = policy_put(txn, out, region, sequence, last);
			++*count;
		}
		region = be32_read(key.data);
		sequence = be64_read(key.data + 4);
		last = catalogue;
		if (!error)
			error = cursor_next(cursor, &key, &catalogue);
	}
	cursor_close(cursor);
	if (error != ERROR_NOT_FOUND || last.size == 0)
		return error;
	++*count;
	return policy_put(txn, out, region, sequence, last);
}

enum error bundle_write(struct txn *txn, struct buffer *out)
{
	struct buffer policies = {0};
	size_t count = 0;
	enum error error = policies_put(txn, &policies, &count);

	if (!error)
		error = policies.failed;
	if (!error && policies.size > BUNDLE_SIZE_MAX - 16)
		error = ERROR_TOO_LARGE;
	if (!error) {
		codec_put_array(out, 2);
		codec_put_uint(out, BUNDLE_VERSION);
		codec_put_array(out, count);
		buffer_append(out, buffer_span(&policies));
		error = out->failed;
	}
	buffer_free(&policies);
	return error;
}

static bool holds(struct span bytes, struct span part)
{
	return part.size > 0 && memmem(bytes.data, bytes.size, part.data, part.size) != NULL;
}

static enum error policy_check(const struct bundle_policy *policy, struct error_detail *detail)
{
	struct document document;
	struct hash hash = hash_sha256(policy->catalogue);
	enum error error = document_read(policy->document, &document);

	if (error)
		return error_set(detail, error, "the catalogue of %06u: its signed document: %s",
		    (unsigned)policy->region, error_text(error));
	if (!holds(document.payload, policy->catalogue) &&
	    !holds(document.payload, hash_span(&hash)))
		return error_set(detail, ERROR_MISMATCH,
		    "the catalogue of %06u is not the one that its city signed",
		    (unsigned)policy->region);
	return ERROR_NONE;
}

enum error bundle_read(
    struct span bytes, struct bundle_policy *policies, size_t *count, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(bytes);
	uint32_t before = 0;
	size_t items;
	enum error error;

	if (bytes.size > BUNDLE_SIZE_MAX)
		return error_set(detail, ERROR_TOO_LARGE, "more than %u bytes", BUNDLE_SIZE_MAX);
	codec_array_exact(&reader, 2);
	if (codec_uint(&reader) != BUNDLE_VERSION)
		return error_set(detail, ERROR_MALFORMED, "not a bundle of policies");
	items = codec_array(&reader);
	if (items > CITIES_MAX)
		return error_set(detail, ERROR_TOO_LARGE, "more than %u cities", CITIES_MAX);
	for (size_t i = 0; i < items; i++) {
		codec_array_exact(&reader, 3);
		policies[i].region = (uint32_t)codec_uint_max(&reader, 999999);
		policies[i].catalogue = codec_bytes(&reader);
		policies[i].document = codec_bytes(&reader);
		if (reader.failed || policies[i].region <= before)
			return error_set(detail, ERROR_MALFORMED, "not a bundle of policies");
		before = policies[i].region;
		error = policy_check(&policies[i], detail);
		if (error)
			return error;
	}
	error = codec_finish(&reader);
	if (error || items == 0)
		return error_set(detail, ERROR_MALFORMED, "not a bundle of policies");
	*count = items;
	return ERROR_NONE;
}
