/* payment_word.c: what the bank has said of a payment, out of the entry that logged it; under which name another city's payment stands. */
#include "payment.h"

#include <stdio.h>
#include <string.h>

#include "ledger.h"
#include "lines.h"
#include "unmatched.h"

void payment_received_name(char name[PAYMENT_NAME_MAX + 1], uint32_t month, uint32_t payer)
{
	snprintf(name, PAYMENT_NAME_MAX + 1, "%06u<%06u", (unsigned)month, (unsigned)payer);
}

bool payment_is_received(const struct payment *payment)
{
	return strchr(payment->name, '<') != NULL;
}

/* A line of the bank; or an officer's word on which payment one was, with that payment's name and amount. */
static enum error read_word(const struct entry *entry, const struct payment *payment,
    struct span item, struct bank_line *line)
{
	struct ending_line ending;
	enum error error;

	if (entry->header.kind != KIND_unmatched_end)
		return bank_line_read(item, line);
	error = ending_line_read(item, &ending);
	*line = ending.line;
	memcpy(line->end_to_end, ending.of, sizeof line->end_to_end);
	line->amount_fen = payment->amount_fen;
	return error;
}

/* Lines that changed nothing, because the bank had said it before, are no word of it. */
enum error payment_word(struct txn *txn, const struct payment *payment, struct bank_line *word)
{
	struct entry_reader reader = {0};
	struct entry_walk walk;
	struct bank_line line;
	struct span item;
	unsigned reason;
	enum error error;

	memset(word, 0, sizeof *word);
	if (payment->said == 0)
		return ERROR_NONE;
	error = ledger_read(txn, payment->said, &reader);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	walk = entry_walk(&reader.entry);
	while (!error && entry_walk_next(&walk, &item, &reason)) {
		error = read_word(&reader.entry, payment, item, &line) ? ERROR_CORRUPT : ERROR_NONE;
		if (!error && bank_changes_books((enum reason)reason) &&
		    strcmp(line.end_to_end, payment->end_to_end) == 0)
			*word = line;
	}
	if (!error)
		error = entry_walk_finish(&walk, NULL);
	entry_free(&reader);
	return error;
}
