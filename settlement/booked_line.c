#include "booked_line.h"

#include <string.h>

#include "calendar.h"
#include "claim.h"
#include "difference.h"
#include "held.h"

/* Header and line, from the entry that booked the sheet. */
static enum error read_line(struct settlement *settlement, const struct entry *entry,
    uint32_t index, struct booked_line *out)
{
	uint32_t sheet = entry->header.kind == KIND_claim_remote ? 1 : 0;
	struct document document;
	struct sheet_header one;
	struct span line;
	bool sorted;

	if (sheet >= entry->header.document_count ||
	    document_read(entry->documents[sheet], &document) ||
	    sheet_header_read(document.payload, &out->header))
		return ERROR_CORRUPT;
	if (entry->header.kind == KIND_claim_forward)
		return claim_forwarded_line(
		    settlement, entry, index, &out->line, &out->takes_capacity);
	one = out->header;
	one.count = 1;
	return entry_item(entry->lines, index, &line) ||
		       sheet_lines_read(&one, line, &out->line, &sorted, NULL)
		   ? ERROR_CORRUPT
		   : ERROR_NONE;
}

/* At the host of a sheet that another city pays, that city's entry stands in its document. */
static enum error read_payers(const struct entry *entry, struct booked_line *out)
{
	struct codec_reader verdicts;
	struct owed_item owed;
	size_t count;

	out->payers_sequence = out->sequence;
	out->payers_index = out->index;
	if (entry->header.kind != KIND_adjudication)
		return ERROR_NONE;
	if (adjudication_read(entry->documents[0], &owed, &verdicts, &count))
		return ERROR_CORRUPT;
	out->payers_sequence = owed.id.sequence;
	return ERROR_NONE;
}

static enum error read_verdict(
    struct txn *txn, uint64_t sequence, uint32_t index, struct booked_line *out)
{
	struct entry_reader reader = {0};
	struct span verdict;
	enum error error = ledger_read(txn, sequence, &reader);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	out->sequence = sequence;
	out->index = index;
	out->time_ms = reader.entry.header.time_ms;
	if (entry_item(reader.entry.verdicts, index, &verdict) ||
	    verdict_parse(verdict, &out->verdict))
		error = ERROR_CORRUPT;
	if (!error)
		error = read_payers(&reader.entry, out);
	entry_free(&reader);
	return error;
}

/* A line that was held: what came of it, if that is known. */
static enum error follow_held(struct txn *txn, uint32_t index, struct booked_line *out)
{
	bool ours = out->row.answered == 0;
	struct held_end end;
	enum error error = held_decided(txn, ours ? HELD_BY_US : HELD_BY_THEM,
	    ours ? out->row.host : out->row.payer, out->sequence, index, &end);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	error = read_verdict(txn, end.sequence, end.line, out);
	out->payers_sequence = end.payers_sequence;
	out->payers_index = end.payers_line;
	return error;
}

enum error booked_line_find(struct settlement *settlement, struct txn *txn, const char *uscc,
    uint64_t number, uint32_t index, struct booked_line *out)
{
	const uint32_t self = settlement_region(settlement);
	struct entry_reader booked = {0};
	enum error error;

	memset(out, 0, sizeof *out);
	error = sheet_row_get(txn, uscc, number, &out->row);
	if (error)
		return error;
	if (index >= out->row.count)
		return ERROR_RANGE;
	if (out->row.state != SHEET_ADJUDICATED || (out->row.payer != self && !out->row.answered))
		return ERROR_STATE;
	error = ledger_read(txn, out->row.sequence, &booked);
	if (!error)
		error = read_line(settlement, &booked.entry, index, out);
	entry_free(&booked);
	if (!error)
		error = read_verdict(
		    txn, out->row.answered ? out->row.answered : out->row.sequence, index, out);
	if (!error && out->verdict.reason == REASON_held_prefund)
		error = follow_held(txn, index, out);
	return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
}

enum error booked_line_standing(struct settlement *settlement, struct txn *txn,
    const struct booked_line *booked, struct sheet_standing *standing, int32_t *booked_day)
{
	struct entry_reader reader = {0};
	struct sheet_header header;
	enum error error = ledger_read(txn, booked->row.sequence, &reader);

	if (!error && booked->row.host == settlement_region(settlement)) {
		*booked_day = day_of_time(reader.entry.header.time_ms);
		error = claim_standing(txn, &booked->header, standing);
	} else if (!error) {
		error = claim_remote_read(&reader.entry, &header, standing, booked_day);
	}
	entry_free(&reader);
	return error == ERROR_NOT_FOUND || error == ERROR_MISMATCH ? ERROR_CORRUPT : error;
}
