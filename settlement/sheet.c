#include "sheet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "merkle.h"

#define SHEET_VERSION 1
#define SHEET_FIELDS 9
#define LINE_FIELDS 6
#define REGION_MAX 999999
/* Lines that are hashed with one call. */
#define LINES_AT_ONCE 64u

enum error sheet_header_read(struct span payload, struct sheet_header *header)
{
	struct codec_reader reader = codec_reader(payload);

	memset(header, 0, sizeof *header);
	codec_array_exact(&reader, SHEET_FIELDS);
	if (codec_uint(&reader) != SHEET_VERSION)
		return ERROR_MALFORMED;
	codec_text_copy(&reader, header->uscc, sizeof header->uscc);
	header->number = codec_uint(&reader);
	header->host = (uint32_t)codec_uint_max(&reader, REGION_MAX);
	header->payer = (uint32_t)codec_uint_max(&reader, REGION_MAX);
	header->month = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	header->programme_count = (uint32_t)codec_array(&reader);
	if (header->programme_count == 0 || header->programme_count > SHEET_PROGRAMMES_MAX)
		return ERROR_MALFORMED;
	for (uint32_t i = 0; i < header->programme_count; i++) {
		codec_text_copy(&reader, header->programme_codes[i], PROGRAMME_CODE_SIZE);
		header->programmes[i] = programme_tag(span_text(header->programme_codes[i]));
	}
	header->count = (uint32_t)codec_uint_max(&reader, SHEET_LINES_MAX);
	codec_bytes_exact(&reader, header->line_root.bytes, HASH_SIZE);
	if (header->count == 0 || !month_is_real(header->month) ||
	    strlen(header->uscc) != USCC_SIZE)
		return ERROR_MALFORMED;
	return codec_finish(&reader);
}

void sheet_header_write(struct buffer *out, const struct sheet_header *header)
{
	codec_put_array(out, SHEET_FIELDS);
	codec_put_uint(out, SHEET_VERSION);
	codec_put_text(out, span_text(header->uscc));
	codec_put_uint(out, header->number);
	codec_put_uint(out, header->host);
	codec_put_uint(out, header->payer);
	codec_put_uint(out, header->month);
	codec_put_array(out, header->programme_count);
	for (uint32_t i = 0; i < header->programme_count; i++)
		codec_put_text(out, span_text(header->programme_codes[i]));
	codec_put_uint(out, header->count);
	codec_put_bytes(out, hash_span(&header->line_root));
}

void sheet_line_write(struct buffer *out, uint64_t person, unsigned programme, unsigned first_day,
    unsigned last_day, int64_t amount_fen, struct span evidence, unsigned pieces)
{
	codec_put_array(out, LINE_FIELDS + (pieces != 0));
	codec_put_uint(out, person);
	codec_put_uint(out, programme);
	codec_put_uint(out, first_day);
	codec_put_uint(out, last_day);
	if (amount_fen < 0)
		codec_put_null(out);
	else
		codec_put_uint(out, (uint64_t)amount_fen);
	if (evidence.size)
		codec_put_bytes(out, evidence);
	else
		codec_put_null(out);
	if (pieces)
		codec_put_uint(out, pieces);
}

/* One line; what is wrong with it, or NULL. */
static const char *read_line(struct codec_reader *reader, const struct sheet_header *header,
    unsigned month_last, struct sheet_line *line)
{
	size_t fields = codec_array(reader);

	if (fields != LINE_FIELDS && fields != LINE_FIELDS + 1)
		return "not well-formed";
	line->person = codec_uint(reader);
	line->programme = (uint8_t)codec_uint_max(reader, SHEET_PROGRAMMES_MAX);
	line->first_day = (uint8_t)codec_uint_max(reader, 31);
	line->last_day = (uint8_t)codec_uint_max(reader, 31);
	line->amount_fen = codec_null(reader) ? -1 : (int64_t)codec_uint_max(reader, AMOUNT_MAX);
	if (!codec_null(reader)) {
		struct span evidence = codec_bytes(reader);
		line->has_evidence = 1;
		if (evidence.size == 0 || evidence.size > EVIDENCE_MAX)
			return "evidence of a wrong size";
	}
	if (fields > LINE_FIELDS) {
		line->pieces = (uint16_t)codec_uint_max(reader, PIECES_MAX);
		if (line->pieces == 0)
			return "without any piece";
	}
	if (reader->failed)
		return "not well-formed";
	if (line->programme >= header->programme_count)
		return "names a programme that the sheet does not list";
	if (line->first_day < 1 || line->first_day > line->last_day || line->last_day > month_last)
		return "days outside the month";
	return NULL;
}

enum error sheet_lines_read(const struct sheet_header *header, struct span bytes,
    struct sheet_line *lines, bool *sorted, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(bytes);
	unsigned month_last = (unsigned)month_days(header->month);
	uint64_t last_person = 0;

	*sorted = true;
	for (uint32_t i = 0; i < header->count; i++) {
		const uint8_t *start = reader.at;
		const char *wrong;

		memset(&lines[i], 0, sizeof lines[i]);
		wrong = read_line(&reader, header, month_last, &lines[i]);
		if (wrong)
			return error_set(
			    detail, ERROR_MALFORMED, "line %u: %s", (unsigned)i + 1, wrong);
		lines[i].offset = (uint32_t)(start - bytes.data);
		lines[i].size = (uint32_t)(reader.at - start);
		if (lines[i].person < last_person)
			*sorted = false;
		last_person = lines[i].person;
	}
	if (codec_finish(&reader))
		return error_set(
		    detail, ERROR_MALFORMED, "something follows line %u", (unsigned)header->count);
	return ERROR_NONE;
}

enum error sheet_sign(struct buffer *out, const struct sheet_header *header,
    const struct hash *secret, struct span lines, const struct secret_key *key)
{
	struct sheet_header signed_header = *header;
	struct hash *leaves = malloc((size_t)header->count * sizeof *leaves);
	struct buffer payload = {0}, document = {0};
	enum error error =
	    leaves ? entry_line_leaves(secret, lines, header->count, leaves) : ERROR_MEMORY;

	if (error)
		goto done;
	signed_header.line_root = merkle_root_in_place(leaves, header->count);
	sheet_header_write(&payload, &signed_header);
	document_sign(&document, "sheet", key, buffer_span(&payload));
	error = payload.failed ? payload.failed : document.failed;
	if (error)
		goto done;
	codec_put_array(out, 4);
	codec_put_bytes(out, buffer_span(&document));
	codec_put_bytes(out, hash_span(secret));
	codec_put_uint(out, header->count);
	codec_put_bytes(out, lines);
	error = out->failed;
done:
	buffer_free(&payload);
	buffer_free(&document);
	free(leaves);
	return error;
}

enum error sheet_file_read(struct span file, struct span *document, struct hash *secret,
    uint32_t *count, struct span *lines)
{
	struct codec_reader reader = codec_reader(file);

	if (file.size > ENTRY_BODY_MAX)
		return ERROR_TOO_LARGE;
	codec_array_exact(&reader, 4);
	*document = codec_bytes(&reader);
	codec_bytes_exact(&reader, secret->bytes, HASH_SIZE);
	*count = (uint32_t)codec_uint_max(&reader, SHEET_LINES_MAX);
	*lines = codec_bytes(&reader);
	return codec_finish(&reader);
}

/* The lines were read, which is stricter than to find where each ends: they need not be walked again. */
static void hash_lines(struct prepared_sheet *sheet)
{
	struct span lines[LINES_AT_ONCE];
	uint32_t count = sheet->header.count;

	/* The salts stand where the leaves will: each is read before it is written over. */
	hash_line_salts(&sheet->secret, 0, count, sheet->line_leaves);
	for (uint32_t at = 0; at < count; at += LINES_AT_ONCE) {
		uint32_t n = count - at < LINES_AT_ONCE ? count - at : LINES_AT_ONCE;
		struct hash *leaves = sheet->line_leaves + at;

		for (uint32_t i = 0; i < n; i++)
			lines[i] = span_of(sheet->line_bytes.data + sheet->lines[at + i].offset,
			    sheet->lines[at + i].size);
		hash_leaves_under(leaves, lines, n, leaves);
	}
}

static enum error prepare(struct prepared_sheet *sheet, struct span document, uint32_t count,
    const struct public_key *key, struct error_detail *detail)
{
	struct hash *scratch;
	struct hash root;
	enum error error = document_read(document, &sheet->document);

	if (!error && strcmp(sheet->document.name, "sheet") != 0)
		error = ERROR_MALFORMED;
	if (!error)
		error = sheet_header_read(sheet->document.payload, &sheet->header);
	if (error)
		return error_set(detail, error, "not a well-formed claim sheet");
	if (sheet->header.count != count)
		return error_set(detail, ERROR_MISMATCH,
		    "the sheet is signed over %u lines, %u came", (unsigned)sheet->header.count,
		    (unsigned)count);
	sheet->lines = malloc(count * sizeof *sheet->lines);
	sheet->line_leaves = malloc(2 * (size_t)count * sizeof *sheet->line_leaves);
	if (!sheet->lines || !sheet->line_leaves)
		return ERROR_MEMORY;
	error = sheet_lines_read(
	    &sheet->header, sheet->line_bytes, sheet->lines, &sheet->sorted, detail);
	if (error)
		return error;
	hash_lines(sheet);
	/* The second half of the array is scratch for the root. */
	scratch = sheet->line_leaves + count;
	memcpy(scratch, sheet->line_leaves, count * sizeof *scratch);
	root = merkle_root_in_place(scratch, count);
	if (!hash_equal(&root, &sheet->header.line_root))
		return error_set(
		    detail, ERROR_MISMATCH, "the lines are not those that were signed");
	if (key) {
		error = document_verify(&sheet->document, key);
		if (error)
			return error_set(detail, error, "sheet %llu of %s: %s",
			    (unsigned long long)sheet->header.number, sheet->header.uscc,
			    error_text(error));
		sheet->verified = true;
		sheet->key = *key;
	}
	return ERROR_NONE;
}

enum error sheet_prepare(struct span document, const struct hash *secret, uint32_t count,
    struct span lines, const struct public_key *key, struct prepared_sheet *sheet,
    struct error_detail *detail)
{
	enum error error;

	memset(sheet, 0, sizeof *sheet);
	sheet->secret = *secret;
	sheet->line_bytes = lines;
	if (count == 0 || count > SHEET_LINES_MAX)
		return error_set(
		    detail, ERROR_TOO_LARGE, "a sheet has 1 to %u lines", SHEET_LINES_MAX);
	error = prepare(sheet, document, count, key, detail);
	if (error)
		sheet_release(sheet);
	return error;
}

void sheet_release(struct prepared_sheet *sheet)
{
	free(sheet->lines);
	free(sheet->line_leaves);
	sheet->lines = NULL;
	sheet->line_leaves = NULL;
}
