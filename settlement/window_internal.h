/* window_internal.h: what the kinds by which windows end and are reconciled share: the payer's statement as it stands in lines and
 * messages, and how a message of one item is read. docs/format.md, "Windows". Not thread-safe: belongs to the transaction. */
#ifndef SUIREN_WINDOW_INTERNAL_H
#define SUIREN_WINDOW_INTERNAL_H

#include "lines.h"
#include "settlement_internal.h"
#include "window.h"

#define STATEMENT_FIELDS 7
#define TOTALS_FIELDS 4
/* An agreement: the statement and its hash; after reconciling also the round and the hash of the rest that was offered. */
#define AGREEMENT_FIELDS (STATEMENT_FIELDS + 1)
#define RECONCILED_FIELDS (AGREEMENT_FIELDS + 2)

/* What a payer states about a window; the same fields stand in the line of a cut, in the statement and in the agreement. */
struct statement {
	uint32_t window;
	int32_t cut_day;
	uint32_t ordinal;
	struct window_totals totals;
};

void totals_put(struct buffer *out, const struct window_totals *totals);
/* Sums beyond AMOUNT_MAX or of the wrong sign fail the reader. */
void totals_take(struct codec_reader *reader, struct window_totals *totals);
void statement_put(struct buffer *out, const struct statement *statement);
void statement_take(struct codec_reader *reader, struct statement *statement);
struct statement statement_of(const struct window_row *window);
bool statement_equal(const struct statement *a, const struct statement *b);

/* The only item of the message that caused a command: an array of *fields. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error only_item_read(const struct command *command, struct notice *notice,
    struct codec_reader *item, size_t *fields, struct error_detail *detail);
/* The message that caused a command, of as many items as any message may have (notice_read takes fewer). Fails with: ERROR_MALFORMED,
 * ERROR_TOO_LARGE. */
MUST_CHECK enum error long_message_read(
    const struct command *command, struct message *message, struct error_detail *detail);

/* The window before this number. Fails with: ERROR_NOT_FOUND (it is the first). */
MUST_CHECK enum error window_before(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number, struct window_row *before);
/* The document behind `index` others of an entry. Fails with: ERROR_CORRUPT. */
MUST_CHECK enum error sent_hash(const struct entry *entry, uint32_t index, struct hash *hash);
/* A row that a message names must be there when it is applied: ERROR_NOT_FOUND becomes ERROR_CORRUPT. */
MUST_CHECK enum error window_get_logged(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number, struct window_row *window);

#endif
