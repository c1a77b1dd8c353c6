/* dispute_kinds.c: disputes end: by an order at the payer (53), and by its document at the creditor (54). What it was ended with is a new
 * obligation, which names the old one, in the window that is open at the payer then. docs/format.md, "Disputes". */
#include <stdlib.h>
#include <string.h>

#include "claim_state.h"
#include "difference.h"
#include "dispatch.h"
#include "dispute_order.h"
#include "institution.h"
#include "payment.h"
#include "reversal.h"

#define LINE_FIELDS 8
#define ITEM_FIELDS 11
#define PAYER_VERDICT_FIELDS 4
#define CREDITOR_VERDICT_FIELDS 2

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

static void id_take(struct codec_reader *reader, struct obligation_id *id)
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
	id_take(&reader, &line->id);
	line->amount_fen = codec_int(&reader);
	line->fund = text_or_null_take(&reader, FUND_CODE_SIZE - 1);
	line->grounds = codec_text(&reader);
	if (line->grounds.size == 0 || line->grounds.size > GROUNDS_MAX)
		return ERROR_MALFORMED;
	return codec_finish(&reader);
}

static int64_t amount_of(const struct dispute_side *side)
{
	return side->is ? side->amount_fen : 0;
}

/* Nothing, what one of the two holds, or between: never more than either says. */
static bool is_between(const struct dispute *dispute, int64_t fen)
{
	int64_t a = amount_of(&dispute->payers), b = amount_of(&dispute->creditors);
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return fen >= (low < 0 ? low : 0) && fen <= (high > 0 ? high : 0);
}

/* What of `held` stays when it ends with `fen`: both have one sign, or it is 0. */
static int64_t stays(int64_t held, int64_t fen)
{
	if (held > 0 && fen > 0)
		return held < fen ? held : fen;
	return held < 0 && fen < 0 ? (held > fen ? held : fen) : 0;
}

/* Payer. */

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
	if (!is_between(dispute, line->amount_fen))
		return refuse(
		    work, ERROR_RANGE, "the amount is not between 0 and what the two cities hold");
	error = reversed_get(work->txn, line->id.sequence, line->id.line, &reversed);
	if (!error && reversed && line->amount_fen != amount_of(&dispute->payers))
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
		funds->funds[0].amount_fen = amount_of(&dispute->payers);
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
		    i + 1 < funds->count ? stays(back, funds->funds[i].amount_fen) : back;

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
	codec_put_array(item, ITEM_FIELDS);
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
		error = window_open_number(work->txn, self, line.creditor, &window);
	if (error)
		return error;
	held = amount_of(&dispute.payers);
	kept = stays(held, line.amount_fen);
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
	codec_put_array(verdicts, PAYER_VERDICT_FIELDS);
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

/* The dispute's row, and what it was ended with as a new obligation. */
static enum error end_dispute(
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
			error = end_dispute(txn, &dispute, &ended, entry->header.sequence);
	}
	return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
}

/* Creditor. */

struct ended_item {
	uint32_t window; /* of the old one */
	struct obligation_id old;
	struct obligation ended;
	char uscc[USCC_SIZE + 1]; /* as the payer knows it; may be empty */
};

static enum error read_item(
    struct span bytes, uint32_t payer, uint32_t creditor, uint32_t epoch, struct ended_item *item)
{
	struct codec_reader reader = codec_reader(bytes);
	struct span uscc, grounds;

	memset(item, 0, sizeof *item);
	codec_array_exact(&reader, ITEM_FIELDS);
	item->window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	id_take(&reader, &item->old);
	item->ended.payer = payer;
	item->ended.creditor = creditor;
	item->ended.epoch = epoch;
	item->ended.amount_fen = codec_int(&reader);
	item->ended.sequence = codec_uint(&reader);
	item->ended.line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	item->ended.window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	uscc = text_or_null_take(&reader, USCC_SIZE);
	grounds = codec_text(&reader);
	codec_bytes_exact(&reader, item->ended.line_hash.bytes, HASH_SIZE);
	if (codec_finish(&reader) || (uscc.size && uscc.size != USCC_SIZE) || grounds.size == 0 ||
	    grounds.size > GROUNDS_MAX)
		return ERROR_MALFORMED;
	if (uscc.size)
		memcpy(item->uscc, uscc.data, USCC_SIZE);
	return ERROR_NONE;
}

enum error dispute_item_read(struct span bytes, uint32_t epoch, struct owed_item *owed)
{
	struct ended_item item;
	enum error error = read_item(bytes, 0, 0, epoch, &item);

	memset(owed, 0, sizeof *owed);
	if (error)
		return error;
	owed->id = (struct obligation_id){epoch, item.ended.sequence, item.ended.line};
	owed->window = item.ended.window;
	owed->amount_fen = item.ended.amount_fen;
	memcpy(owed->uscc, item.uscc, sizeof owed->uscc);
	return ERROR_NONE;
}

/* Whose money it is: the house that the mirror's obligation was about, or the one that the payer names. */
static enum error find_house(struct txn *txn, const struct dispute *dispute,
    const struct ended_item *item, char uscc[USCC_SIZE + 1])
{
	struct obligation old;
	const struct institution_row *row;
	enum error error;

	uscc[0] = '\0';
	if (!dispute->creditors.is) {
		memcpy(uscc, item->uscc, USCC_SIZE + 1);
		return item->ended.amount_fen ? institution_get(txn, uscc, &row) : ERROR_NONE;
	}
	error = obligation_get(
	    txn, dispute->payer, dispute->creditor, dispute->window, &dispute->id, &old);
	return error ? error : obligation_house(txn, &old, uscc);
}

struct creditor_work {
	struct txn *txn;
	struct decision *decision;
	struct error_detail *detail;
	uint32_t self;
	struct obligation before;
	struct obligation_id *ended;
	uint32_t *where;
	uint32_t count;
};

static enum error mismatch(
    struct creditor_work *work, const struct ended_item *item, const char *what)
{
	return error_set(work->detail, ERROR_MISMATCH,
	    "the end of the dispute about %u/%llu/%u of %06u: %s", (unsigned)item->old.epoch,
	    (unsigned long long)item->old.sequence, (unsigned)item->old.line,
	    (unsigned)item->ended.payer, what);
}

/* The new obligation has its place: behind the ones before, those of this document too. */
static enum error check_place(struct creditor_work *work, const struct obligation *ended)
{
	const struct obligation *before = &work->before;
	bool repaired;
	enum error error;

	if (ended->amount_fen == 0)
		return ERROR_NONE;
	error =
	    window_is_repaired(work->txn, ended->payer, ended->creditor, ended->window, &repaired);
	if (!error && (before->amount_fen == 0 || repaired))
		error = obligation_expected(work->txn, ended, work->detail);
	if (!error && before->amount_fen != 0 &&
	    (ended->window != before->window || ended->sequence != before->sequence ||
		ended->line <= before->line))
		error = error_set(work->detail, ERROR_MISMATCH,
		    "ends of disputes out of order, or of several entries, in one document");
	work->before = *ended;
	return error;
}

/* Take `fen` from the house: what was withheld from it first, the rest it owes. */
static enum error take_from_house(struct creditor_work *work, const char *uscc, int64_t fen,
    int64_t withheld, const char *credit, int64_t *from_payable)
{
	char payable[ACCOUNT_TEXT_SIZE], owed[ACCOUNT_TEXT_SIZE];
	struct amount available;
	int64_t part = fen < withheld ? fen : withheld;
	enum error error = account_available(work->txn, settlement_chart,
	    span_text(account_payable_remote(payable, uscc)), &available);

	if (error)
		return error;
	for (size_t i = 0; i < work->decision->transfer_count; i++) {
		if (span_equal(work->decision->transfers[i].debit, span_text(payable)))
			available.value -= work->decision->transfers[i].amount.value;
	}
	if (part > available.value)
		part = available.value > 0 ? available.value : 0;
	decision_move(work->decision, UNIT_CNY, payable, credit, part);
	decision_move(work->decision, UNIT_CNY, account_receivable_institution(owed, uscc), credit,
	    fen - part);
	*from_payable = part;
	return ERROR_NONE;
}

/* What it was ended with becomes receivable in its window; what the house was credited for the rest goes back, what it is still to get is
 * credited now. *due: what of it is to be paid to the house when that window is. */
static enum error book(struct creditor_work *work, const struct dispute *dispute, int64_t fen,
    uint32_t window, const char *uscc, int64_t *due)
{
	char receivable[ACCOUNT_TEXT_SIZE], disputed[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];
	int64_t held = amount_of(&dispute->creditors), kept = stays(held, fen);
	int64_t back = held - kept, more = fen - kept, part = 0;
	enum error error = ERROR_NONE;

	account_receivable_city(receivable, dispute->payer, window);
	account_receivable_disputed(disputed, dispute->payer);
	account_payable_remote(payable, uscc);
	decision_move(work->decision, UNIT_CNY, receivable, disputed, kept);
	/* Of an approval that was credited to the house, or of a reversal that was taken from it. */
	if (back > 0)
		error = take_from_house(work, uscc, back, dispute->held_fen, disputed, &part);
	else
		decision_move(work->decision, UNIT_CNY, payable, disputed, back);
	*due = back > 0 ? dispute->held_fen - part : dispute->held_fen - back;
	if (!error && more < 0) {
		error = take_from_house(work, uscc, -more, *due, receivable, &part);
		*due -= part;
	} else if (!error) {
		decision_move(work->decision, UNIT_CNY, receivable, payable, more);
		*due += more;
	}
	return error;
}

static enum error decide_item(
    struct creditor_work *work, const struct ended_item *item, int64_t *due)
{
	char uscc[USCC_SIZE + 1];
	struct dispute dispute;
	enum error error = dispute_get(
	    work->txn, item->ended.payer, work->self, item->window, &item->old, &dispute);

	if (error == ERROR_NOT_FOUND)
		return mismatch(work, item, "there is none");
	if (error)
		return error;
	for (uint32_t i = 0; i < work->count; i++) {
		if (obligation_id_compare(&work->ended[i], &item->old) == 0 &&
		    work->where[i] == item->window)
			return mismatch(work, item, "it stands there twice");
	}
	if (dispute.state != DISPUTE_OPEN)
		return mismatch(work, item, "it has ended");
	if (!is_between(&dispute, item->ended.amount_fen))
		return mismatch(
		    work, item, "the amount is not between 0 and what the two cities hold");
	error = find_house(work->txn, &dispute, item, uscc);
	if (error == ERROR_NOT_FOUND)
		return mismatch(work, item, "the institution is not known here");
	if (!error)
		error = check_place(work, &item->ended);
	*due = 0;
	if (!error && uscc[0])
		error = book(work, &dispute, item->ended.amount_fen, item->ended.window, uscc, due);
	work->ended[work->count] = item->old;
	work->where[work->count++] = item->window;
	return error;
}

static enum error decide_items(
    struct creditor_work *work, struct notice *notice, struct error_detail *detail)
{
	struct ended_item item;
	struct span bytes;
	enum error error = ERROR_NONE;

	while (!error && line_walk_next(&notice->walk, &bytes)) {
		int64_t due = 0;

		if (read_item(
			bytes, notice->message.from, work->self, notice->message.epoch, &item))
			return line_walk_error(&notice->walk, ERROR_MALFORMED, detail,
			    "not a well-formed end of a dispute");
		error = decide_item(work, &item, &due);
		buffer_append(&work->decision->lines, bytes);
		codec_put_array(&work->decision->verdicts, CREDITOR_VERDICT_FIELDS);
		codec_put_uint(&work->decision->verdicts, REASON_dispute_ended);
		codec_put_int(&work->decision->verdicts, due);
		work->decision->count++;
	}
	return error ? error : line_walk_finish(&notice->walk, detail);
}

enum error dispute_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct creditor_work work = {.txn = txn,
	    .decision = decision,
	    .detail = detail,
	    .self = settlement_region(settlement)};
	struct notice notice;
	enum error error = notice_read(command, &notice, detail);

	(void)now_ms;
	if (error)
		return error;
	work.ended = calloc(notice.walk.count, sizeof *work.ended);
	work.where = calloc(notice.walk.count, sizeof *work.where);
	error = work.ended && work.where ? decide_items(&work, &notice, detail) : ERROR_MEMORY;
	free(work.ended);
	free(work.where);
	return error;
}

static enum error apply_item(
    struct txn *txn, struct ended_item *item, uint64_t sequence, int64_t due)
{
	char uscc[USCC_SIZE + 1];
	struct dispute dispute;
	enum error error = dispute_get(
	    txn, item->ended.payer, item->ended.creditor, item->window, &item->old, &dispute);

	if (!error)
		error = find_house(txn, &dispute, item, uscc);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	item->ended.booked = sequence;
	error = end_dispute(txn, &dispute, &item->ended, sequence);
	return error || due == 0
		   ? error
		   : guest_due_add(txn, item->ended.payer, item->ended.window, uscc, due);
}

enum error dispute_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	struct document document;
	struct message message;
	enum error error = ERROR_NONE;

	(void)detail;
	if (document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message))
		return ERROR_CORRUPT;
	for (uint32_t i = 0; i < entry->header.count && !error; i++) {
		struct codec_reader verdict = codec_reader(codec_item(&verdicts));
		struct ended_item item;
		int64_t due;

		codec_array_exact(&verdict, CREDITOR_VERDICT_FIELDS);
		codec_uint(&verdict);
		due = codec_int(&verdict);
		if (codec_finish(&verdict) ||
		    read_item(codec_item(&lines), message.from, settlement_region(settlement),
			message.epoch, &item))
			return ERROR_CORRUPT;
		error = apply_item(txn, &item, entry->header.sequence, due);
	}
	return error;
}
