/* sheet.h: claim sheets (申报表): the signed header and its lines, written at the institution and read everywhere. One
 * institution, one payer, one month a sheet; lines sorted by person. docs/format.md, "Sheets". Pure and thread-safe.
 *
 *   header payload = [1, uscc, sheet number, host region, payer region, month, [programme code...], count, line root(32)]   (name "sheet")
 *   line           = [person code, programme index, first day of month, last day of month, amount fen or null, evidence bytes or null]
 *                    and, if pieces are given, with one element more: pieces
 *   file           = [header COSE, secret(32), count, lines]
 */
#ifndef SUIREN_SHEET_H
#define SUIREN_SHEET_H

#include "accounts.h"
#include "decision.h"
#include "policy.h"

struct sheet_header {
	char uscc[USCC_SIZE + 1];
	uint64_t number;
	uint32_t host, payer, month;
	uint32_t programme_count;
	uint32_t programmes[SHEET_PROGRAMMES_MAX]; /* tags, in the header's order */
	char programme_codes[SHEET_PROGRAMMES_MAX][PROGRAMME_CODE_SIZE];
	uint32_t count;
	struct hash line_root;
};

/* A line decoded; 40 bytes. */
struct sheet_line {
	uint64_t person;
	int64_t amount_fen;          /* asked for; -1: what the policy gives */
	uint32_t offset, size;       /* of the CBOR item in `lines` */
	uint8_t programme;           /* index in the header */
	uint8_t first_day, last_day; /* of the month, 1..31, inclusive */
	uint8_t has_evidence;
	uint16_t pieces; /* visits, meals, hours on the day; 0: not given */
	uint8_t spare[2];
};

/* A sheet that a worker has decoded, hashed and verified before the queue: nothing here depends on the tables but the key. */
struct prepared_sheet {
	struct document document;
	struct sheet_header header;
	struct sheet_line *lines; /* header.count */
	struct hash *line_leaves; /* header.count */
	struct hash secret;
	struct span line_bytes;
	bool sorted; /* ascending by person */
	bool
	    verified; /* its signature, under `key`: whether the key may sign it is seen when it is admitted */
	struct public_key key;
};

MUST_CHECK enum error sheet_header_read(struct span payload, struct sheet_header *header);
void sheet_header_write(struct buffer *out, const struct sheet_header *header);
/* pieces 0: not given. */
void sheet_line_write(struct buffer *out, uint64_t person, unsigned programme, unsigned first_day,
    unsigned last_day, int64_t amount_fen, struct span evidence, unsigned pieces);
/* Decode `count` lines strictly: days within the month, index within the programmes, person code's check digit is not an error of form (it is the verdict `unknown
 * person`). `detail` names the line. */
MUST_CHECK enum error sheet_lines_read(const struct sheet_header *header, struct span bytes,
    struct sheet_line *lines, bool *sorted, struct error_detail *detail);
/* Write a whole signed sheet file. */
MUST_CHECK enum error sheet_sign(struct buffer *out, const struct sheet_header *header,
    const struct hash *secret, struct span lines, const struct secret_key *key);
/* Split a sheet file into the COSE header, and [secret, count, lines] for prepare. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE. */
MUST_CHECK enum error sheet_file_read(struct span file, struct span *document, struct hash *secret,
    uint32_t *count, struct span *lines);
/* All work on a sheet that needs no tables: decode, hash the lines, compare the line root, verify the signature under `key` (NULL: leave it to whoever admits it). Allocates; sheet_release when done. */
MUST_CHECK enum error sheet_prepare(struct span document, const struct hash *secret, uint32_t count,
    struct span lines, const struct public_key *key, struct prepared_sheet *sheet,
    struct error_detail *detail);
void sheet_release(struct prepared_sheet *sheet);

#endif
