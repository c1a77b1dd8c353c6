/* dispute_kinds.c: disputes end, by an order at the payer (53). What one was ended with is a new obligation, which names the old one, in the
 * window that is open at the payer then. docs/format.md, "Disputes". */
#include <stdlib.h>
#include <string.h>

#include "claim_state.h"
#include "dispatch.h"
#include "dispute_internal.h"
#include "dispute_order.h"
#include "reversal.h"
#include "trust.h"

#define LINE_FIELDS 8
#define VERDICT_FIELDS 4

void dispute_line_write(struct buffer *out, const struct dispute_line *line)
{
	codec_put_array(out, LINE_FIELDS);
	codec_put_uint(out, line->creditor);
	codec_put_uint(out, line->window);
	codec_put_uint(out, line->id.epoch);
	codec_put_uint(out, line->id.sequence);
	codec_put_uint(out, line->id.line);
	codec_put_int(out, line->amount_fen);
	text_or_null_put(out, line->fund);
	codec_put_text(out, line->grounds);
}

void dispute_id_take(struct codec_reader *reader, struct obligation_id *id)
{
	id->epoch = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	id->sequence = codec_uint(reader);
	id->line = (uint32_t)codec_uint_max(reader, ENTRY_LINES_MAX);
}

enum error dispute_line_read(struct span bytes, struct dispute_line *line)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(line, 0, sizeof *line);
	codec_array_exact(&reader, LINE_FIELDS);
	line->creditor = (uint32_t)codec_uint_max(&reader, 999999);
	line->window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	dispute_id_take(&reader, &line->id);
	line->amount_fen = codec_int(&reader);
	line->fund = text_or_null_take(&reader, FUND_CODE_SIZE - 1);
	line->grounds = codec_text(&reader);
	if (line->grounds.size == 0 || line->grounds.size > GROUNDS_MAX)
		return ERROR_MALFORMED;
	return codec_finish(&reader);
}

int64_t dispute_amount(const struct dispute_side *side)
{
	return side->is ? side->amount_fen : 0;
}

bool dispute_is_between(const struct dispute *dispute, int64_t fen)
{
	int64_t a = dispute_amount(&dispute->payers), b = dispute_amount(&dispute->creditors);
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return fen >= (low < 0 ? low : 0) && fen <= (high > 0 ? high : 0);
}

int64_t dispute_stays(int64_t held, int64_t fen)
{
	if (held > 0 && fen > 0)
		return held < fen ? held : fen;
	return held < 0 && fen < 0 ? (held > fen ? held : fen) : 0;
}

struct dispute_work {
	struct settlement *settlement;
	struct txn *txn;
	const struct command *command;
	struct decision *decision;
	struct dispatch items;
	uint64_t sequence; /* of the entry that this becomes */
	struct line_walk walk;
	struct obligation_id *ended; /* by the lines before; and in which windows of whom */
	uint32_t (*where)[2];
	struct error_detail *detail;
};

static enum error refuse(struct dispute_work *work, enum error error, const char *text)
{
	return line_walk_error(&work->walk, error, work->detail, text);
}

static bool seen_before(const struct dispute_work *work, const struct dispute_line *line)
{
	for (uint32_t i = 0; i + 1 < work->walk.next; i++) {
		if (obligation_id_compare(&work->ended[i], &line->id) == 0 &&
		    work->where[i][0] == line->creditor && work->where[i][1] == line->window)
			return true;
	}
	return false;
}

static enum error find_dispute(
    struct dispute_work *work, const struct dispute_line *line, struct dispute *dispute)
{
	bool reversed = false;
	enum error error = dispute_get(work->txn, settlement_region(work->settlement),
	    line->creditor, line->window, &line->id, dispute);

	if (error == ERROR_NOT_FOUND)
		return refuse(work, error, "there is no such dispute");
	if (error)
		return error;
	if (dispute->state != DISPUTE_OPEN || seen_before(work, line))
		return refuse(work, ERROR_STATE,
		    dispute->state == DISPUTE_NAMED ? "the rest of the window is not agreed yet"
						    : "the dispute has ended");
	if (!dispute_is_between(dispute, line->amount_fen))
		return refuse(
		    work, ERROR_RANGE, "the amount is not between 0 and what the two cities hold");
	error = reversed_get(work->txn, line->id.sequence, line->id.line, &reversed);
	if (!error && reversed && line->amount_fen != dispute_amount(&dispute->payers))
		return refuse(work, ERROR_STATE,
		    "the line was taken back since: it can only be ended with its own amount");
	return error;
}

/* Which funds: the one that the order names, or those of the line. */
static enum error find_funds(struct dispute_work *work, const struct dispute_line *line,
    const struct dispute *dispute, struct line_funds *funds)
{
	const struct policy *policy =
	    settlement_policy(work->settlement, settlement_region(work->settlement));
	enum error error = dispute->payers.is
			       ? reversal_funds(work->settlement, work->txn, &line->id, funds)
			       : ERROR_NOT_FOUND;

	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (line->fund.size == 0)
		return error ? refuse(work, error,
				   "of what fund the line is, is not known here: name one")
			     : ERROR_NONE;
	for (uint32_t i = 0; policy && i < policy->fund_count; i++) {
		if (!span_equal(span_text(policy->funds[i].code), line->fund))
			continue;
		funds->count = 1;
		memcpy(funds->funds[0].code, policy->funds[i].code, sizeof funds->funds[0].code);
		funds->funds[0].amount_fen = dispute_amount(&dispute->payers);
		return ERROR_NONE;
	}
	return refuse(work, ERROR_NOT_FOUND, "the catalogue in force has no such fund");
}

/* Is there `fen` in the fund, after what this decision takes from it? */
static enum error fund_has(struct dispute_work *work, const char *fund, int64_t fen)
{
	struct amount available;
	enum error error =
	    account_available(work->txn, settlement_chart, span_text(fund), &available);

	if (error || fen <= 0)
		return error;
	for (size_t i = 0; i < work->decision->transfer_count; i++) {
		const struct transfer *transfer = &work->decision->transfers[i];

		/* Sums may still change their sides: what is negative now comes from the credit side. */
		if (span_equal(transfer->debit, span_text(fund)))
			available.value -= transfer->amount.value;
		if (span_equal(transfer->credit, span_text(fund)) && transfer->amount.value < 0)
			available.value += transfer->amount.value;
	}
	return available.value >= fen ? ERROR_NONE
				      : refuse(work, ERROR_BALANCE, "the fund holds less");
}

/* `back` of what is disputed goes to the funds, the first ones first; `more` is taken from the first one. */
static enum error book_funds(struct dispute_work *work, const struct line_funds *funds,
    const char *disputed, const char *payable, int64_t back, int64_t more)
{
	char account[ACCOUNT_TEXT_SIZE];
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; i < funds->count && back && !error; i++) {
		int64_t part =
		    i + 1 < funds->count ? dispute_stays(back, funds->funds[i].amount_fen) : back;

		account_fund(account, funds->funds[i].code);
		error = fund_has(work, account, -part);
		decision_move(work->decision, UNIT_CNY, disputed, account, part);
		back -= part;
	}
	if (error || more == 0)
		return error;
	account_fund(account, funds->funds[0].code);
	error = fund_has(work, account, more);
	decision_move(work->decision, UNIT_CNY, account, payable, more);
	return error;
}

static struct hash leaf_of(
    const struct hash *secret, uint32_t index, struct span line, struct span verdict)
{
	struct hash salt, line_leaf;

	hash_line_salts(secret, index, 1, &salt);
	line_leaf = hash_leaf_under(&salt, line);
	return hash_leaf_under(&line_leaf, verdict);
}

static void notify(struct dispute_work *work, const struct dispute_line *line, uint32_t window,
    const char *uscc, const struct hash *leaf)
{
	struct buffer *item = dispatch_item(&work->items, line->creditor);

	if (!item)
		return;
	codec_put_array(item, DISPUTE_ITEM_FIELDS);
	codec_put_uint(item, line->window);
	codec_put_uint(item, line->id.epoch);
	codec_put_uint(item, line->id.sequence);
	codec_put_uint(item, line->id.line);
	codec_put_int(item, line->amount_fen);
	codec_put_uint(item, work->sequence);
	codec_put_uint(item, work->walk.next - 1);
	codec_put_uint(item, window);
	text_or_null_put(item, span_text(uscc));
	codec_put_text(item, line->grounds);
	codec_put_bytes(item, hash_span(leaf));
}

static enum error decide_line(struct dispute_work *work, struct span bytes)
{
	uint32_t self = settlement_region(work->settlement), window, index = work->walk.next - 1;
	char payable[ACCOUNT_TEXT_SIZE], disputed[ACCOUNT_TEXT_SIZE];
	struct buffer *verdicts = &work->decision->verdicts;
	struct line_funds funds = {.count = 0};
	struct dispute_line line;
	struct dispute dispute;
	int64_t held, kept;
	size_t start;
	struct hash leaf;
	enum error error = dispute_line_read(bytes, &line);

	if (error)
		return refuse(work, error, "not a well-formed end of a dispute");
	error = find_dispute(work, &line, &dispute);
	if (!error)
		error = trust_check(
		    work->settlement, work->txn, line.creditor, line.amount_fen, work->detail);
	if (!error)
		error = window_open_number(work->txn, self, line.creditor, &window);
	if (error)
		return error;
	held = dispute_amount(&dispute.payers);
	kept = dispute_stays(held, line.amount_fen);
	account_payable_city(payable, line.creditor, window);
	account_payable_disputed(disputed, line.creditor);
	error = held != line.amount_fen || line.fund.size
		    ? find_funds(work, &line, &dispute, &funds)
		    : reversal_funds(work->settlement, work->txn, &line.id, &funds);
	if (error && (held != line.amount_fen || error != ERROR_NOT_FOUND))
		return error;
	decision_move(work->decision, UNIT_CNY, disputed, payable, kept);
	error = book_funds(work, &funds, disputed, payable, held - kept, line.amount_fen - kept);
	if (error)
		return error;
	start = verdicts->size;
	codec_put_array(verdicts, VERDICT_FIELDS);
	codec_put_uint(verdicts, REASON_dispute_ended);
	codec_put_int(verdicts, kept);
	codec_put_int(verdicts, held - kept);
	codec_put_int(verdicts, line.amount_fen - kept);
	work->decision->count++;
	if (verdicts->failed)
		return verdicts->failed;
	leaf = leaf_of(&work->command->secret, index, bytes,
	    span_of(verdicts->data + start, verdicts->size - start));
	notify(work, &line, window, funds.uscc, &leaf);
	work->ended[index] = line.id;
	work->where[index][0] = line.creditor;
	work->where[index][1] = line.window;
	return ERROR_NONE;
}

enum error dispute_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct dispute_work work = {.settlement = settlement,
	    .txn = txn,
	    .command = command,
	    .decision = decision,
	    .walk = line_walk(command),
	    .detail = detail};
	struct span line;
	enum error error;

	(void)now_ms;
	if (command->count == 0 || command->count > MESSAGE_ITEMS_MAX)
		return error_set(detail, ERROR_TOO_LARGE, "1 to %u disputes are ended at a time",
		    MESSAGE_ITEMS_MAX);
	work.ended = calloc(command->count, sizeof *work.ended);
	work.where = calloc(command->count, sizeof *work.where);
	error = work.ended && work.where ? ledger_head(txn, &work.sequence, NULL) : ERROR_MEMORY;
	while (!error && line_walk_next(&work.walk, &line))
		error = decide_line(&work, line);
	if (!error)
		error = line_walk_finish(&work.walk, detail);
	if (!error)
		error = dispatch_send(&work.items, settlement, txn, decision, "dispute_ended");
	dispatch_free(&work.items);
	free(work.ended);
	free(work.where);
	return error;
}

enum error dispute_end(
    struct txn *txn, struct dispute *dispute, const struct obligation *ended, uint64_t sequence)
{
	enum error error;

	if (dispute->state != DISPUTE_OPEN)
		return ERROR_CORRUPT;
	dispute->state = DISPUTE_ENDED;
	dispute->ended_sequence = sequence;
	dispute->ended_fen = ended->amount_fen;
	if (ended->amount_fen) {
		dispute->new_window = ended->window;
		dispute->new_id =
		    (struct obligation_id){ended->epoch, ended->sequence, ended->line};
	}
	error = dispute_put(txn, dispute);
	return error || ended->amount_fen == 0 ? error : obligation_add(txn, ended);
}

enum error dispute_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	uint32_t self = settlement_region(settlement);
	enum error error = ERROR_NONE;

	(void)detail;
	for (uint32_t i = 0; i < entry->header.count && !error; i++) {
		struct span bytes = codec_item(&lines), verdict = codec_item(&verdicts);
		struct obligation ended = {.payer = self,
		    .epoch = entry->header.epoch,
		    .sequence = entry->header.sequence,
		    .line = i,
		    .booked = entry->header.sequence};
		struct dispute_line line;
		struct dispute dispute;

		if (dispute_line_read(bytes, &line))
			return ERROR_CORRUPT;
		ended.creditor = line.creditor;
		ended.amount_fen = line.amount_fen;
		ended.line_hash = leaf_of(&entry->secret, i, bytes, verdict);
		error = dispute_get(txn, self, line.creditor, line.window, &line.id, &dispute);
		if (!error)
			error = window_open_number(txn, self, line.creditor, &ended.window);
		if (!error)
			error = dispute_end(txn, &dispute, &ended, entry->header.sequence);
	}
	return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
}
