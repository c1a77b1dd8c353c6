#include "receipt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPT_VERSION 1
#define RECEIPT_FIELDS 10

static void write_path(struct buffer *out, const struct merkle_proof *path)
{
	codec_put_array(out, path->count);
	for (size_t i = 0; i < path->count; i++)
		codec_put_bytes(out, hash_span(&path->hashes[i]));
}

/* Both paths of one line: through the entry's results, and through the sheet's lines. */
static enum error prove_line(const struct entry *entry, uint32_t index,
    struct merkle_proof *results_path, struct merkle_proof *line_path)
{
	const uint32_t count = entry->header.count;
	struct hash *leaves = calloc(count, sizeof *leaves);
	enum error error = leaves ? ERROR_NONE : ERROR_MEMORY;

	if (!error)
		error = entry_line_leaves(&entry->secret, entry->lines, count, leaves);
	if (!error)
		error = merkle_prove_in_memory(leaves, count, index, line_path);
	if (!error)
		error = entry_result_leaves(leaves, entry->verdicts, count, leaves);
	if (!error)
		error = merkle_prove_in_memory(leaves, count, index, results_path);
	free(leaves);
	return error;
}

enum error receipt_write(struct buffer *out, const struct entry *entry, struct span header_bytes,
    uint32_t index, int sheet, const struct merkle_proof *inclusion, struct span checkpoint)
{
	struct merkle_proof results_path, line_path;
	struct buffer proof = {0};
	struct span line, verdict;
	struct hash salt;
	size_t start = out->size;
	enum error error;

	assert(sheet < 0 || (uint32_t)sheet < entry->header.document_count);
	if (index >= entry->header.count)
		return ERROR_RANGE;
	error = entry_item(entry->lines, index, &line);
	if (!error)
		error = entry_item(entry->verdicts, index, &verdict);
	if (!error)
		error = prove_line(entry, index, &results_path, &line_path);
	if (error)
		return error;
	if (sheet < 0)
		line_path.count = 0;
	hash_line_salts(&entry->secret, index, 1, &salt);
	tlog_proof_write(&proof, entry->header.sequence, inclusion, checkpoint);
	codec_put_array(out, RECEIPT_FIELDS);
	codec_put_uint(out, RECEIPT_VERSION);
	codec_put_bytes(out, header_bytes);
	codec_put_uint(out, index);
	codec_put_bytes(out, line);
	codec_put_bytes(out, hash_span(&salt));
	codec_put_bytes(out, verdict);
	write_path(out, &results_path);
	codec_put_text(out, buffer_span(&proof));
	if (sheet < 0)
		codec_put_null(out);
	else
		codec_put_bytes(out, entry->documents[sheet]);
	write_path(out, &line_path);
	error = proof.failed ? proof.failed : out->failed;
	buffer_free(&proof);
	if (!error && out->size - start > RECEIPT_SIZE_MAX)
		error = ERROR_TOO_LARGE;
	return error;
}

static void read_path(struct codec_reader *reader, struct merkle_proof *path)
{
	path->count = codec_array(reader);
	if (path->count > MERKLE_PROOF_MAX) {
		path->count = 0;
		reader->failed = ERROR_MALFORMED;
	}
	for (size_t i = 0; i < path->count; i++)
		codec_bytes_exact(reader, path->hashes[i].bytes, HASH_SIZE);
}

/* What stands inside the byte strings and the text. */
static enum error read_parts(struct receipt *receipt)
{
	struct tlog_proof proof;
	struct span text;
	enum error error = entry_header_read(receipt->header_bytes, &receipt->header);

	if (!error)
		error = codec_check(receipt->line);
	if (!error)
		error = codec_check(receipt->verdict);
	if (!error)
		error = tlog_proof_read(receipt->proof_text, &proof);
	if (!error)
		error = note_text(proof.note, &text);
	if (!error)
		error = checkpoint_read(text, &receipt->checkpoint);
	if (error)
		return error;
	receipt->leaf_index = proof.index;
	return receipt->index < receipt->header.count ? ERROR_NONE : ERROR_MALFORMED;
}

enum error receipt_read(struct span bytes, struct receipt *receipt)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(receipt, 0, sizeof *receipt);
	if (bytes.size > RECEIPT_SIZE_MAX)
		return ERROR_TOO_LARGE;
	codec_array_exact(&reader, RECEIPT_FIELDS);
	if (codec_uint(&reader) != RECEIPT_VERSION)
		return ERROR_MALFORMED;
	receipt->header_bytes = codec_bytes(&reader);
	receipt->index = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX - 1);
	receipt->line = codec_bytes(&reader);
	codec_bytes_exact(&reader, receipt->line_salt.bytes, HASH_SIZE);
	receipt->verdict = codec_bytes(&reader);
	read_path(&reader, &receipt->results_path);
	receipt->proof_text = codec_text(&reader);
	if (!codec_null(&reader)) {
		receipt->sheet = codec_bytes(&reader);
		if (receipt->sheet.size == 0)
			return ERROR_MALFORMED;
	}
	read_path(&reader, &receipt->line_path);
	if (codec_finish(&reader) || (receipt->sheet.size == 0 && receipt->line_path.count > 0))
		return ERROR_MALFORMED;
	return read_parts(receipt);
}

static bool names_document(const struct entry_header *header, struct span document)
{
	struct hash hash = document_hash(document);

	for (uint32_t i = 0; i < header->document_count; i++) {
		struct hash named = entry_document_hash(header, i);

		if (hash_equal(&hash, &named))
			return true;
	}
	return false;
}

/* The line in the sheet that the institution signed, and that sheet in the entry. */
static enum error verify_sheet(const struct receipt *receipt, const struct hash *line_leaf,
    uint32_t sheet_count, const struct hash *sheet_line_root, struct error_detail *detail)
{
	if (receipt->sheet.size == 0 && !sheet_line_root)
		return ERROR_NONE;
	if (receipt->sheet.size == 0 || !sheet_line_root)
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "the signed sheet and its line root do not come together");
	/* A sheet's tree and its entry's tree have one line at one place. */
	if (sheet_count != receipt->header.count)
		return error_set(detail, ERROR_NOT_VERIFIED, "the sheet has %u lines, the entry %u",
		    (unsigned)sheet_count, (unsigned)receipt->header.count);
	if (merkle_check_inclusion(receipt->index, sheet_count, line_leaf,
		receipt->line_path.hashes, receipt->line_path.count, sheet_line_root))
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "the line is not in the sheet that the institution signed");
	if (!names_document(&receipt->header, receipt->sheet))
		return error_set(
		    detail, ERROR_NOT_VERIFIED, "the sheet is not one of the entry's documents");
	return ERROR_NONE;
}

static enum error verify_entry(
    const struct receipt *receipt, const struct note_verifier *log, struct error_detail *detail)
{
	struct hash leaf = hash_leaf(receipt->header_bytes);
	struct checkpoint checkpoint;
	struct tlog_proof proof;
	enum error error = tlog_proof_read(receipt->proof_text, &proof);

	if (!error && proof.index != receipt->header.sequence)
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "the proof is of entry %llu, the receipt of entry %llu",
		    (unsigned long long)proof.index, (unsigned long long)receipt->header.sequence);
	if (!error)
		error = tlog_proof_verify(&proof, &leaf, log, &checkpoint);
	if (error == ERROR_MEMORY)
		return error;
	if (error == ERROR_NOT_VERIFIED)
		return error_set(
		    detail, error, "the entry is not in the log under this checkpoint");
	if (error)
		return error_set(
		    detail, ERROR_NOT_VERIFIED, "the checkpoint: %s", error_text(error));
	return ERROR_NONE;
}

enum error receipt_verify(const struct receipt *receipt, const struct note_verifier *log,
    uint32_t sheet_count, const struct hash *sheet_line_root, struct error_detail *detail)
{
	struct hash line_leaf = hash_leaf_under(&receipt->line_salt, receipt->line);
	struct hash leaf = hash_leaf_under(&line_leaf, receipt->verdict);
	enum error error = ERROR_NONE;

	if (merkle_check_inclusion(receipt->index, receipt->header.count, &leaf,
		receipt->results_path.hashes, receipt->results_path.count,
		&receipt->header.results_root))
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "line and verdict are not among the entry's results");
	error = verify_sheet(receipt, &line_leaf, sheet_count, sheet_line_root, detail);
	return error ? error : verify_entry(receipt, log, detail);
}
