/* payment_word.c: what the bank has said of a payment, out of the entry that logged it; under which name another city's payment stands. */
#include "payment.h"

#include <stdio.h>
#include <string.h>

#include "ledger.h"
#include "lines.h"

void payment_received_name(char name[PAYMENT_NAME_MAX + 1], uint32_t month, uint32_t payer)
{
	snprintf(name, PAYMENT_NAME_MAX + 1, "%06u<%06u", (unsigned)month, (unsigned)payer);
}

bool payment_is_received(const struct payment *payment)
{
	return strchr(payment->name, '<') != NULL;
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
		error = bank_line_read(item, &line) ? ERROR_CORRUPT : ERROR_NONE;
		if (!error && bank_changes_books((enum reason)reason) &&
		    strcmp(line.end_to_end, payment->end_to_end) == 0)
			*word = line;
	}
	if (!error)
		error = entry_walk_finish(&walk, NULL);
	entry_free(&reader);
	return error;
}
