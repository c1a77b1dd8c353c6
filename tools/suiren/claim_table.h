/* claim_table.h: an institution's table of claims into signed sheets: one payer and month a sheet, lines in order of person. Pure but for the files
 * that it is given. */
#ifndef SUIREN_CLAIM_TABLE_H
#define SUIREN_CLAIM_TABLE_H

#include "fields.h"
#include "sheet.h"

/* A row of the table. */
struct claim_row {
	char uscc[USCC_SIZE + 1];
	uint64_t person;
	const char *programme;
	int32_t first_day, last_day; /* of one month */
	int64_t amount_fen;          /* -1: what the policy gives */
	uint8_t evidence[EVIDENCE_MAX];
	size_t evidence_size;
	uint32_t pieces; /* 0: not given */
	/* found out from the catalogues: */
	uint32_t payer;
};

/* For rows_read. */
extern const struct rows_kind claim_rows_kind;

/* Catalogues by region, as a node or a bundle has them. */
struct claim_policies {
	const struct policy *policies[CITIES_MAX];
	size_t count;
};

/* Signed sheet files, one after the other. */
struct claim_sheets {
	struct claim_sheet_file {
		struct sheet_header header;
		struct buffer file;
	} * sheets;
	size_t count;
};

/* Split and sign. `host` 0: from the credit code. `payer` 0: as the catalogues say. Sheet numbers go on from `number`; 0: the first follows from the content, so that the same table
 * signed twice is the same sheet. `seed` of the key also makes the secret of the line salts. Wrong rows are noted in `rows`. Fails with:
 * ERROR_MALFORMED (rows are wrong: rows_tell_wrong), ERROR_MEMORY. */
MUST_CHECK enum error claim_table_sign(struct rows *rows, const struct claim_policies *policies,
    uint32_t host, uint32_t payer, uint64_t number, const struct secret_key *key,
    const struct hash *seed, struct claim_sheets *out, struct error_detail *detail);
void claim_sheets_free(struct claim_sheets *sheets);

#endif
