/* allowance_lines.c: what is stored of runs: their parts, who is paid for what, and lines that are read or taken back. */
#include <string.h>

#include "allowance_internal.h"

#include "accounts.h"
#include "calendar.h"
#include "claim_state.h"
#include "document.h"
#include "ledger.h"
#include "order.h"

void allowance_parameters_write(struct buffer *out, uint32_t month, const char *programme,
    const char *run, uint32_t part, uint64_t first_person)
{
	codec_put_uint(out, month);
	codec_put_text(out, span_text(programme));
	codec_put_text(out, span_text(run));
	codec_put_uint(out, part);
	codec_put_uint(out, first_person);
}

/* Lower-case letters, digits, '-', '_' and '.': the name stands in account names. */
bool run_name_valid(const char *run)
{
	size_t size = strlen(run);

	return size > 0 && size <= RUN_NAME_MAX &&
	       strspn(run, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == size;
}

enum error allowance_order_read(struct span bytes, struct run_order *out)
{
	struct document document;
	struct order order;

	if (document_read(bytes, &document) || strcmp(document.name, "order") != 0 ||
	    order_read(document.payload, &order))
		return ERROR_MALFORMED;
	if (order.parameter_count != ALLOWANCE_PARAMETERS)
		return ERROR_MALFORMED;
	out->month = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	codec_text_copy(&order.parameters, out->programme, sizeof out->programme);
	codec_text_copy(&order.parameters, out->run, sizeof out->run);
	out->part = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	out->first_person = codec_uint(&order.parameters);
	return order.parameters.failed || !month_is_real(out->month) || !run_name_valid(out->run)
		   ? ERROR_MALFORMED
		   : ERROR_NONE;
}

void allowance_run_key(uint8_t key[RUN_KEY_SIZE], const char *run, uint32_t part)
{
	memset(key, 0, RUN_KEY_SIZE);
	memcpy(key, run, strlen(run));
	be32_write(key + RUN_NAME_MAX, part);
}

void allowance_paid_key(uint8_t key[PAID_KEY_SIZE], uint32_t tag, uint32_t month, uint64_t person)
{
	be32_write(key, tag);
	be32_write(key + 4, month);
	be64_write(key + 8, person);
}

static enum error part_of(struct span value, struct allowance_part *out)
{
	struct run_row row;

	if (value.size != sizeof row)
		return ERROR_CORRUPT;
	memcpy(&row, value.data, sizeof row);
	*out = (struct allowance_part){.month = row.month,
	    .part = row.part,
	    .sequence = row.sequence,
	    .next_person = row.next_person,
	    .count = row.count,
	    .last = row.last != 0,
	    .total_fen = row.total_fen};
	memcpy(out->programme, row.programme, sizeof out->programme);
	return ERROR_NONE;
}

enum error allowance_part_get(
    struct txn *txn, const char *run, uint32_t part, struct allowance_part *out)
{
	uint8_t key[RUN_KEY_SIZE];
	struct span value;
	enum error error;

	if (!run_name_valid(run))
		return ERROR_NOT_FOUND;
	allowance_run_key(key, run, part);
	error = store_get(txn, TABLE_RUN, span_of(key, sizeof key), &value);
	return error ? error : part_of(value, out);
}

enum error allowance_parts_each(struct txn *txn, allowance_part_visit *visit, void *context)
{
	struct cursor *cursor;
	struct span key, value;
	enum error error = cursor_open(txn, TABLE_RUN, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value);
	while (!error) {
		char run[RUN_NAME_MAX + 1] = {0};
		struct allowance_part part;

		error = key.size == RUN_KEY_SIZE ? part_of(value, &part) : ERROR_CORRUPT;
		if (error)
			break;
		memcpy(run, key.data, RUN_NAME_MAX);
		if (!visit(context, run, &part))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}
enum error allowance_paid(
    struct txn *txn, uint32_t tag, uint32_t month, uint64_t person, bool *paid)
{
	uint8_t key[PAID_KEY_SIZE];
	struct span value;
	enum error error;

	allowance_paid_key(key, tag, month, person);
	error = store_get(txn, TABLE_ALLOWANCE, span_of(key, sizeof key), &value);
	*paid = !error;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error allowance_month_paid(struct txn *txn, uint32_t tag, uint32_t month, bool *paid)
{
	uint8_t first[PAID_KEY_SIZE];
	struct cursor *cursor;
	struct span key, value;
	enum error error = cursor_open(txn, TABLE_ALLOWANCE, &cursor);

	*paid = false;
	if (error)
		return error;
	allowance_paid_key(first, tag, month, 0);
	error = cursor_seek(cursor, span_of(first, sizeof first), &key, &value);
	if (!error)
		*paid = key.size == PAID_KEY_SIZE && memcmp(key.data, first, 8) == 0;
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error allowance_workspace(struct settlement *settlement, struct txn *txn, uint32_t month)
{
	static const char no_institution[USCC_SIZE + 1] = "000000000000000000";
	enum error error = ERROR_NONE;

	settlement->claims_decided = false;
	if (!settlement->claims)
		error = claim_state_create(&settlement->claims);
	if (!error)
		claim_state_begin(settlement->claims, txn, no_institution, month, 0);
	return error;
}

void allowance_take_caps(
    struct claim_state *state, const struct programme *programme, uint64_t person, int64_t fen)
{
	if (programme->programme_cap.value)
		claim_state_take_programme(state, programme->tag, fen);
	if (programme->person_month_cap.value)
		claim_state_take_person(state, person, fen);
}
/* Taking a line back. */

enum error allowance_line_read(const struct entry *entry, uint32_t line, struct allowance_line *out)
{
	struct codec_reader reader;
	struct span item, verdict;
	struct run_order order;

	if (entry->header.kind != KIND_allowance || line >= entry->header.count)
		return ERROR_NOT_FOUND;
	if (allowance_order_read(entry->documents[0], &order) ||
	    entry_item(entry->lines, line, &item) || entry_item(entry->verdicts, line, &verdict) ||
	    verdict_parse(verdict, &out->verdict))
		return ERROR_CORRUPT;
	if (out->verdict.reason != REASON_approved)
		return ERROR_NOT_FOUND;
	reader = codec_reader(item);
	out->person = codec_uint(&reader);
	out->month = order.month;
	memcpy(out->programme, order.programme, sizeof out->programme);
	memcpy(out->run, order.run, sizeof out->run);
	return codec_finish(&reader) ? ERROR_CORRUPT : ERROR_NONE;
}

enum error allowance_forget(struct settlement *settlement, struct txn *txn,
    const struct allowance_line *line, const struct programme *programme, uint64_t sequence,
    uint32_t number)
{
	uint8_t key[PAID_KEY_SIZE];
	struct span value;
	enum error error = allowance_workspace(settlement, txn, line->month);

	if (error)
		return error;
	allowance_take_caps(settlement->claims, programme, line->person, -line->verdict.amount_fen);
	error = claim_state_store(settlement->claims, txn);
	if (error)
		return error;
	allowance_paid_key(
	    key, programme_tag(span_text(line->programme)), line->month, line->person);
	error = store_get(txn, TABLE_ALLOWANCE, span_of(key, sizeof key), &value);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (value.size != 12 || be64_read(value.data) != sequence ||
	    be32_read(value.data + 8) != number)
		return ERROR_CORRUPT;
	return store_delete(txn, TABLE_ALLOWANCE, span_of(key, sizeof key));
}
/* Reading a run. */

static enum error each_of_part(struct txn *txn, uint64_t sequence, uint64_t from,
    allowance_visit *visit, void *context, bool *stopped)
{
	struct entry_reader reader = {0};
	struct codec_reader lines, verdicts;
	enum error error = ledger_read(txn, sequence, &reader);

	if (error)
		return error;
	lines = codec_reader(reader.entry.lines);
	verdicts = codec_reader(reader.entry.verdicts);
	for (uint32_t i = 0; i < reader.entry.header.count && !*stopped; i++) {
		struct codec_reader line = codec_reader(codec_item(&lines));
		uint64_t person = codec_null(&line) ? 0 : codec_uint(&line);
		struct verdict verdict;
		bool reversed;

		verdict_take(&verdicts, &verdict);
		if (verdict.reason != REASON_approved || verdict.amount_fen == 0 || person < from)
			continue;
		error = reversed_get(txn, sequence, i, &reversed);
		if (error)
			break;
		if (!reversed)
			*stopped = !visit(context, person, verdict.amount_fen);
	}
	if (!error && (lines.failed || verdicts.failed))
		error = ERROR_CORRUPT;
	entry_free(&reader);
	return error;
}

enum error allowance_each(
    struct txn *txn, const char *run, uint64_t from, allowance_visit *visit, void *context)
{
	bool stopped = false;

	for (uint32_t number = 1; !stopped; number++) {
		struct allowance_part part;
		enum error error = allowance_part_get(txn, run, number, &part);

		if (error == ERROR_NOT_FOUND && number > 1)
			break;
		if (!error)
			error = each_of_part(txn, part.sequence, from, visit, context, &stopped);
		if (error)
			return error;
		if (part.last)
			break;
	}
	return ERROR_NONE;
}
