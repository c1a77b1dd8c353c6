/* claim.h: claim sheets once they are booked, and what the claim kinds share. A sheet is booked by its own city (kind `claim`), or
 * by its host for another payer (`claim_forward`), which adjudicates it (`claim_remote`) and answers (`adjudication`). */
#ifndef SUIREN_CLAIM_H
#define SUIREN_CLAIM_H

#include "sheet.h"

struct adjudication;
struct sheet_standing;
struct verdict;

/* Was a sheet with this number booked before? ERROR_NONE (no), ERROR_REPEAT (the same one; `sequence` is its entry),
 * ERROR_CONFLICT (another one). */
MUST_CHECK enum error sheet_expected(
    struct txn *txn, const struct sheet_header *header, uint64_t *sequence);

/* The sheet of a command: prepared by a worker, or read here. sheet_release when `own` is set. */
struct claim_sheet {
	struct prepared_sheet read;
	const struct prepared_sheet *sheet;
	bool own;
};
MUST_CHECK enum error claim_sheet_open(const struct command *command, size_t document,
    struct claim_sheet *sheet, struct error_detail *detail);
void claim_sheet_close(struct claim_sheet *sheet);

/* Verdicts on all lines of a sheet, and the money by fund. Used by the payer, whether host or home. */
struct claim_sums {
	int64_t by_fund[FUNDS_MAX];
	int64_t total;
};
MUST_CHECK enum error claim_adjudicate(struct adjudication *adjudication,
    const struct prepared_sheet *sheet, const struct command *command, struct decision *decision,
    struct claim_sums *sums, struct error_detail *detail);
/* Bring the tables of what is used up up to date with the verdicts of a logged sheet, and write its row. */
MUST_CHECK enum error claim_project(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, size_t document, const struct sheet_standing *standing,
    struct error_detail *detail);
/* What the city's own tables say of an institution. */
MUST_CHECK enum error claim_standing(
    struct txn *txn, const struct sheet_header *header, struct sheet_standing *standing);

/* The same as a host tells it to the payer: six items. The reader fails on what is not well-formed. */
void standing_put(struct buffer *out, const struct sheet_standing *standing);
void standing_take(struct codec_reader *reader, struct sheet_standing *standing);

/* Which of a forwarded sheet's programmes count bed nights, by the payer's catalogue as this city knows it. */
void claim_takes_capacity(const struct settlement *settlement, const struct sheet_header *header,
    bool takes[SHEET_PROGRAMMES_MAX]);
/* Line `index` of a forwarded sheet, as entry `booked` has it, and whether it counts bed nights. Fails with: ERROR_CORRUPT. */
MUST_CHECK enum error claim_forwarded_line(const struct settlement *settlement,
    const struct entry *booked, uint32_t index, struct sheet_line *line, bool *takes_capacity);

/* The payer has refused what entry `sequence` has sent it: if that was a sheet, it waits no longer, and the bed nights that it has taken are
 * free again. Called by refused_apply. */
MUST_CHECK enum error claim_refused(
    struct settlement *settlement, struct txn *txn, uint64_t sequence);

/* What a logged claim_remote entry was decided by: its sheet's header, what the host said of the house, and when it booked the sheet. Fails
 * with: ERROR_MISMATCH (an entry of another kind), ERROR_CORRUPT. */
struct entry;
MUST_CHECK enum error claim_remote_read(const struct entry *entry, struct sheet_header *header,
    struct sheet_standing *standing, int32_t *booked_day);

/* One obligation for each approved line worth something, in order; `obligation` holds what they have in common. `lines` and
 * `verdicts` are those of the payer's entry under the sheet's secret: they make the hashes. Only while an entry is applied. */
struct obligation;
MUST_CHECK enum error claim_obligations(struct txn *txn, struct obligation *obligation,
    const struct hash *secret, struct span lines, struct span verdicts, uint32_t count);

/* SHA-256 of the catalogue that the payer says it has adjudicated by. `document`: an adjudication. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error adjudication_policy(struct span document, struct hash *policy);

/* Decide as a dry run over a sheet that is not booked: `claim check`. Calls `visit` for each line with its verdict. */
typedef void claim_check_visit(
    void *context, uint32_t index, const struct sheet_line *line, const struct verdict *verdict);
MUST_CHECK enum error claim_check(struct settlement *settlement, struct txn *txn,
    const struct prepared_sheet *sheet, int64_t now_ms, claim_check_visit *visit, void *context,
    struct error_detail *detail);

#endif
