/* bank_sheet.h: the bank's sheet (银行付款清单) of a month: what a city has ordered, and has to order, from its bank, so that the sum can be
 * compared with the control sums of its files (pain.001) and with the bank's statement. It decides and books nothing. Each payment stands on
 * the sheet of one month: that of a clearing on that of its month, with it the guests' money that this clearing has brought; that of an
 * allowance run on that of the run's month; every other on that of the calendar month of its order. Not thread-safe: belongs to the
 * transaction. docs/settlement.md, "Settlement sheets".
 *
 * B1  Of each file: control = ordered + booked + rejected + returned. */
#ifndef SUIREN_BANK_SHEET_H
#define SUIREN_BANK_SHEET_H

#include "payment.h"

/* By the bank's last word: ordered (none yet), booked, rejected, returned. */
struct bank_sums {
	uint32_t count;
	int64_t control_fen, ordered_fen, booked_fen, rejected_fen, returned_fen;
};

/* One pain.001: what one entry has ordered. Parts of a kind and name are counted from 1 in the order of their entries. */
struct bank_file {
	enum payment_kind kind;
	char name[PAYMENT_NAME_MAX + 1];
	uint32_t part;
	char message[END_TO_END_SIZE]; /* its MsgId */
	uint64_t sequence;
	int32_t day;
	struct bank_sums sums;
};

/* Told one by one: what goes to cities, and to houses for their guests. `said`: the bank's last word; fact 0: none yet. */
struct bank_payment {
	struct payment payment;
	struct bank_line said;
};

/* To be paid and not ordered: of a clearing what no live order pays (with the id that the order will have); of an allowance run and of guests'
 * money what is left, in one sum (payee "", attempt 0). */
struct bank_due {
	enum payment_kind kind;
	char name[PAYMENT_NAME_MAX + 1], payee[PAYMENT_PAYEE_MAX + 1];
	uint32_t attempt;
	int64_t fen;
	int32_t due_day; /* of a clearing */
	char end_to_end[END_TO_END_SIZE];
};

struct bank_sheet {
	uint32_t self, month;
	struct bank_payment *payments; /* of kind clearing, then guests; by name, payee, attempt */
	size_t payment_count, payment_capacity;
	struct bank_due *dues; /* by kind */
	size_t due_count, due_capacity;
	int64_t due_fen;
	struct bank_file *files; /* by kind, name, part */
	size_t file_count, file_capacity;
	struct bank_sums clearing; /* the files of the clearing alone */
	struct bank_sums guests;
	struct bank_sums total; /* all files */
};

/* *sheet is freed by the caller. A month without any payment is no failure. Fails with: ERROR_TOO_LARGE (BANK_SHEET_FILES_MAX,
 * BANK_SHEET_PAYMENTS_MAX), ERROR_OVERFLOW, ERROR_CORRUPT, ERROR_MEMORY, the store's. */
MUST_CHECK enum error bank_sheet_read(
    struct txn *txn, uint32_t self, uint32_t month, struct bank_sheet **sheet);
void bank_sheet_free(struct bank_sheet *sheet); /* NULL is accepted */

#endif
