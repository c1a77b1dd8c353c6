/* rebuild.c: the same log once more in another store: entries are appended as they stand in the first one. */
#include "ledger_internal.h"

enum error ledger_append_logged(struct ledger *ledger, struct txn *txn, const struct entry *entry,
    struct span header, struct span body, struct error_detail *detail)
{
	const uint64_t sequence = ledger->frontier.size;
	enum error error;

	if (entry->header.sequence != sequence)
		return error_set(detail, ERROR_MISMATCH, "entry %llu comes where %llu must",
		    (unsigned long long)entry->header.sequence, (unsigned long long)sequence);
	error = ledger_write_rows(ledger, txn, sequence, header, body);
	if (!error)
		error = ledger_book(ledger, txn, sequence, entry->header.time_ms, entry->transfers,
		    entry->transfer_count, detail);
	if (!error && ledger->options.project)
		error =
		    ledger->options.project(ledger->options.project_context, txn, entry, detail);
	if (!error)
		error = ledger_head_write(txn, &ledger->frontier, entry->header.time_ms);
	if (!error)
		ledger->last_time_ms = entry->header.time_ms;
	return error;
}
