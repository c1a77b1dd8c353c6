#include "reversal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adjudicate.h"
#include "allowance.h"
#include "appeal.h"
#include "batch.h"
#include "booked_line.h"
#include "claim.h"
#include "dispatch.h"
#include "dispute.h"
#include "held.h"
#include "lines.h"
#include "obligation.h"
#include "payment.h"

/* A verdict on a line of a reversal: [66, fen taken back, fen of it that the institution still had to get], or [reason]. */
#define REVERSED_FIELDS 3
/* An item to the host: [uscc, sheet number, line of the sheet, old entry, amount (negative), our entry, our line, window, grounds, leaf]. */
#define NOTICE_FIELDS 10

void reversal_line_write(struct buffer *out, uint64_t sequence, uint32_t line, struct span grounds)
{
	codec_put_array(out, 3);
	codec_put_uint(out, sequence);
	codec_put_uint(out, line);
	codec_put_text(out, grounds);
}

/* The line that is to be taken back: of a sheet, or of a run. */
struct target {
	uint64_t sequence;
	uint32_t line;
	struct span grounds;
	uint32_t place; /* in the sheet: `line`, unless it was held and decided later */
	bool of_run;
	struct allowance_line allowance; /* of_run; its verdict is below too */
	struct sheet_header header;
	struct sheet_line sheet_line;
	struct verdict verdict;
	struct verdict
	    before; /* of_review: the first one; where it approved, only what came on top is taken back */
	bool of_review;
	const struct policy
	    *policy; /* by which it was decided: its verdict names rows and funds in it */
};

static enum error read_line(struct span item, struct target *target)
{
	struct codec_reader reader = codec_reader(item);

	codec_array_exact(&reader, 3);
	target->sequence = codec_uint(&reader);
	target->line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	target->grounds = codec_text(&reader);
	if (target->grounds.size == 0 || target->grounds.size > GROUNDS_MAX)
		return ERROR_MALFORMED;
	return codec_finish(&reader);
}

/* Which of an entry's documents is the sheet that this city has adjudicated; -1 for other kinds. */
static int sheet_of(const struct entry *entry)
{
	if (entry->header.kind == KIND_claim)
		return 0;
	return entry->header.kind == KIND_claim_remote && entry->header.document_count > 1 ? 1 : -1;
}

static enum error read_target_line(const struct entry *entry, struct target *target)
{
	int index = sheet_of(entry);
	struct document document;
	struct sheet_header one;
	struct span line, verdict;
	bool sorted;
	enum error error;

	target->of_run = entry->header.kind == KIND_allowance;
	if (target->of_run) {
		error = allowance_line_read(entry, target->line, &target->allowance);
		target->verdict = target->allowance.verdict;
		return error;
	}
	if (index < 0 || target->line >= entry->header.count)
		return ERROR_NOT_FOUND;
	if (document_read(entry->documents[index], &document) ||
	    sheet_header_read(document.payload, &target->header))
		return ERROR_CORRUPT;
	target->place = target->line;
	if (entry_item(entry->lines, target->line, &line) ||
	    entry_item(entry->verdicts, target->line, &verdict))
		return ERROR_CORRUPT;
	one = target->header;
	one.count = 1;
	if (sheet_lines_read(&one, line, &target->sheet_line, &sorted, NULL) ||
	    verdict_parse(verdict, &target->verdict))
		return ERROR_CORRUPT;
	return ERROR_NONE;
}

/* The verdict's rows and funds are there: the catalogue is the one that it names. */
static bool names_known(const struct target *target)
{
	const struct verdict *verdict = &target->verdict;

	for (uint32_t i = 0; i < verdict->fund_count; i++) {
		if (verdict->funds[i].fund >= target->policy->fund_count)
			return false;
	}
	return verdict->piece_count > 0 && verdict->pieces[0].row < target->policy->programme_count;
}

/* A line that was held: sheet and line stand in the entry that held it, the verdict in the one that decided it. */
static enum error read_further_line(
    struct txn *txn, const struct entry *decided, struct target *target)
{
	const uint64_t sequence = target->sequence;
	const uint32_t line = target->line;
	struct entry_reader held = {0};
	struct span item, verdict;
	enum error error;

	if (line >= decided->header.count)
		return ERROR_NOT_FOUND;
	if (entry_item(decided->lines, line, &item) ||
	    entry_item(decided->verdicts, line, &verdict) ||
	    further_line_read(item, &target->sequence, &target->line))
		return ERROR_CORRUPT;
	error = ledger_read(txn, target->sequence, &held);
	if (!error)
		error = read_target_line(&held.entry, target);
	if (!error && verdict_parse(verdict, &target->verdict))
		error = ERROR_CORRUPT;
	entry_free(&held);
	target->sequence = sequence;
	target->line = line;
	return error;
}

/* What a second look has given: the sheet's line is named there. */
static enum error read_review_line(struct settlement *settlement, struct txn *txn,
    const struct entry *decided, struct target *target)
{
	struct review_line what;
	struct booked_line booked;
	enum error error;

	if (target->line >= decided->header.count)
		return ERROR_NOT_FOUND;
	if (review_line_read(decided->lines, &what) ||
	    verdict_parse(decided->verdicts, &target->verdict))
		return ERROR_CORRUPT;
	error = booked_line_find(settlement, txn, what.uscc, what.number, what.line, &booked);
	if (error)
		return error == ERROR_MEMORY ? error : ERROR_CORRUPT;
	target->of_review = true;
	target->place = what.line;
	target->header = booked.header;
	target->sheet_line = booked.line;
	target->before = booked.verdict;
	/* It may have said no more than that there is no more. */
	return review_changes(&target->before, &target->verdict) ? ERROR_NONE : ERROR_NOT_FOUND;
}

static enum error read_decided(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct target *target)
{
	target->of_run = target->of_review = false;
	switch (entry->header.kind) {
	case KIND_further:
		return read_further_line(txn, entry, target);
	case KIND_review:
		return read_review_line(settlement, txn, entry, target);
	default:
		return read_target_line(entry, target);
	}
}

/* Fails with: ERROR_NOT_FOUND (no such line of a claim or run, or not approved), and the store's. */
static enum error find_target(
    struct settlement *settlement, struct txn *txn, struct kept_policy *kept, struct target *target)
{
	struct entry_reader reader = {0};
	enum error error = ledger_read(txn, target->sequence, &reader);

	if (error)
		return error;
	error = read_decided(settlement, txn, &reader.entry, target);
	entry_free(&reader);
	if (!error && target->verdict.reason != REASON_approved)
		error = ERROR_NOT_FOUND;
	if (!error)
		error =
		    catalogue_at(settlement, txn, target->verdict.policy, kept, &target->policy);
	if (!error && !names_known(target))
		error = ERROR_CORRUPT;
	return error;
}

/* The line that a line of a reversal takes back, in its place. */
static enum error follow_reversal(struct txn *txn, struct target *target, bool *reversal)
{
	struct entry_reader reader = {0};
	struct span line;
	enum error error = ledger_read(txn, target->sequence, &reader);

	if (error)
		return error;
	*reversal = reader.entry.header.kind == KIND_reversal;
	if (*reversal &&
	    (target->line >= reader.entry.header.count ||
		entry_item(reader.entry.lines, target->line, &line) || read_line(line, target)))
		error = ERROR_NOT_FOUND;
	entry_free(&reader);
	return error;
}

enum error reversal_funds(struct settlement *settlement, struct txn *txn,
    const struct obligation_id *id, struct line_funds *funds)
{
	struct target target = {.sequence = id->sequence, .line = id->line};
	struct kept_policy kept = {0};
	bool reversal = false;
	enum error error = id->epoch == settlement_epoch(settlement)
			       ? follow_reversal(txn, &target, &reversal)
			       : ERROR_NOT_FOUND;

	memset(funds, 0, sizeof *funds);
	if (!error)
		error = find_target(settlement, txn, &kept, &target);
	if (!error && !target.of_run)
		memcpy(funds->uscc, target.header.uscc, sizeof funds->uscc);
	for (uint32_t i = 0; !error && i < target.verdict.fund_count; i++) {
		const struct verdict_fund *fund = &target.verdict.funds[i];

		memcpy(funds->funds[i].code, target.policy->funds[fund->fund].code,
		    sizeof funds->funds[i].code);
		funds->funds[i].amount_fen = reversal ? -fund->amount_fen : fund->amount_fen;
		funds->count = i + 1;
	}
	policy_free(kept.policy);
	return error;
}

static const char *fund_account(
    char text[ACCOUNT_TEXT_SIZE], const struct target *target, uint32_t index)
{
	return account_fund(text, target->policy->funds[target->verdict.funds[index].fund].code);
}

struct reversal_work {
	struct settlement *settlement;
	struct txn *txn;
	struct decision *decision;
	struct batch *batch;
	struct dispatch notices;
	const struct command *command;
	uint64_t sequence; /* of the entry that this becomes */
	struct kept_policy kept;
	struct line_walk walk;
};

static bool seen_before(struct reversal_work *work, const struct target *target)
{
	uint64_t key = target->sequence << 14 | target->line;

	if (batch_find(work->batch, key) != BATCH_NONE)
		return true;
	batch_add(work->batch, key);
	return false;
}

/* What of `fen` is not ordered to be paid yet. */
static enum error not_ordered(
    struct reversal_work *work, const char *payable, int64_t fen, int64_t *part)
{
	struct amount available;
	enum error error =
	    account_available(work->txn, settlement_chart, span_text(payable), &available);

	if (error)
		return error;
	/* Lines before this one have taken from it too. */
	for (size_t i = 0; i < work->decision->transfer_count; i++) {
		if (span_equal(work->decision->transfers[i].debit, span_text(payable)))
			available.value -= work->decision->transfers[i].amount.value;
	}
	*part = available.value < fen ? available.value : fen;
	if (*part < 0)
		*part = 0;
	return ERROR_NONE;
}

/* The funds get back `back` from what was still to be paid, the rest from who owes it now. */
static void book_back(struct reversal_work *work, const struct target *target, const char *payable,
    const char *receivable, int64_t back)
{
	char fund[ACCOUNT_TEXT_SIZE];

	for (uint32_t i = 0; i < target->verdict.fund_count; i++) {
		int64_t fen = target->verdict.funds[i].amount_fen, part = fen < back ? fen : back;

		fund_account(fund, target, i);
		decision_move(work->decision, UNIT_CNY, payable, fund, part);
		decision_move(work->decision, UNIT_CNY, receivable, fund, fen - part);
		back -= part;
	}
}

static enum error book_local(struct reversal_work *work, const struct target *target, int64_t *back)
{
	char payable[ACCOUNT_TEXT_SIZE], receivable[ACCOUNT_TEXT_SIZE];
	enum error error = not_ordered(work, account_payable_local(payable, target->header.uscc),
	    target->verdict.amount_fen, back);

	if (!error)
		book_back(work, target, payable,
		    account_receivable_institution(receivable, target->header.uscc), *back);
	return error;
}

/* A person's money is ordered whole or not at all; a payment that the bank has rejected is still to be made. */
static enum error book_run(struct reversal_work *work, const struct target *target, int64_t *back)
{
	char payable[ACCOUNT_TEXT_SIZE], receivable[ACCOUNT_TEXT_SIZE],
	    payee[PAYMENT_PAYEE_MAX + 1];
	struct payment payment;
	enum error error;

	snprintf(payee, sizeof payee, "%016llu", (unsigned long long)target->allowance.person);
	error = payment_last(work->txn, PAYMENT_RUN, target->allowance.run, payee, &payment);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	*back = error || payment.state == PAYMENT_REJECTED ? target->verdict.amount_fen : 0;
	book_back(work, target, account_payable_run(payable, target->allowance.run),
	    account_receivable_person(receivable, target->allowance.person), *back);
	return ERROR_NONE;
}

static struct hash leaf_of(
    const struct reversal_work *work, uint32_t index, struct span line, struct span verdict)
{
	struct hash salt, line_leaf;

	hash_line_salts(&work->command->secret, index, 1, &salt);
	line_leaf = hash_leaf_under(&salt, line);
	return hash_leaf_under(&line_leaf, verdict);
}

static void notify_host(struct reversal_work *work, const struct target *target, uint32_t window,
    struct span line, struct span verdict)
{
	struct buffer *item = dispatch_item(&work->notices, target->header.host);
	struct hash leaf = leaf_of(work, work->walk.next - 1, line, verdict);

	if (!item)
		return;
	codec_put_array(item, NOTICE_FIELDS);
	codec_put_text(item, span_text(target->header.uscc));
	codec_put_uint(item, target->header.number);
	codec_put_uint(item, target->place);
	codec_put_uint(item, target->sequence);
	codec_put_int(item, -target->verdict.amount_fen);
	codec_put_uint(item, work->sequence);
	codec_put_uint(item, work->walk.next - 1);
	codec_put_uint(item, window);
	codec_put_text(item, target->grounds);
	codec_put_bytes(item, hash_span(&leaf));
}

static enum error book_remote(
    struct reversal_work *work, const struct target *target, uint32_t *window)
{
	char payable[ACCOUNT_TEXT_SIZE], fund[ACCOUNT_TEXT_SIZE];
	enum error error = window_open_number(
	    work->txn, settlement_region(work->settlement), target->header.host, window);

	if (error)
		return error;
	account_payable_city(payable, target->header.host, *window);
	for (uint32_t i = 0; i < target->verdict.fund_count; i++)
		decision_move(work->decision, UNIT_CNY, payable, fund_account(fund, target, i),
		    target->verdict.funds[i].amount_fen);
	return ERROR_NONE;
}

static bool is_remote(const struct settlement *settlement, const struct target *target)
{
	return !target->of_run && target->header.host != settlement_region(settlement);
}

static enum error reverse(struct reversal_work *work, const struct target *target, struct span line)
{
	bool remote = is_remote(work->settlement, target);
	struct buffer *verdicts = &work->decision->verdicts;
	size_t start = verdicts->size;
	uint32_t window = 0;
	int64_t back = 0;
	enum error error = remote           ? book_remote(work, target, &window)
			   : target->of_run ? book_run(work, target, &back)
					    : book_local(work, target, &back);

	if (error)
		return error;
	codec_put_array(verdicts, REVERSED_FIELDS);
	codec_put_uint(verdicts, REASON_reversed);
	codec_put_uint(verdicts, (uint64_t)target->verdict.amount_fen);
	codec_put_uint(verdicts, (uint64_t)back);
	work->decision->count++;
	if (remote && !verdicts->failed)
		notify_host(work, target, window, line,
		    span_of(verdicts->data + start, verdicts->size - start));
	return ERROR_NONE;
}

/* Was it left out of what the cities have agreed on? Then it is not owed as it stands in our log. */
static enum error in_dispute(struct reversal_work *work, const struct target *target, bool *is)
{
	const struct obligation_id id = {
	    settlement_epoch(work->settlement), target->sequence, target->line};

	*is = false;
	return is_remote(work->settlement, target)
		   ? dispute_of_line(work->txn, settlement_region(work->settlement),
			 target->header.host, &id, is)
		   : ERROR_NONE;
}

/* What was added on second look is taken back first, so that nothing is paid on top of nothing. */
static enum error check_appeal(
    struct reversal_work *work, const struct target *target, struct error_detail *detail)
{
	uint64_t review = 0;
	char text[96];
	bool open = false;
	enum error error = target->of_run || target->of_review
			       ? ERROR_NONE
			       : appeal_stands(work->txn, target->header.uscc,
				     target->header.number, target->place, &review, &open);

	if (error)
		return error;
	if (open)
		return line_walk_error(&work->walk, ERROR_STATE, detail,
		    "an appeal of it is open: `suiren claim review` decides it first");
	if (review == 0)
		return ERROR_NONE;
	snprintf(text, sizeof text,
	    "entry %llu has added to it on second look: take that back first",
	    (unsigned long long)review);
	return line_walk_error(&work->walk, ERROR_STATE, detail, text);
}

static enum error decide_line(
    struct reversal_work *work, struct span line, struct error_detail *detail)
{
	struct target target;
	bool reversed = false, disputed = false;
	enum error error = read_line(line, &target);

	if (error)
		return line_walk_error(&work->walk, error, detail, "not [entry, line, grounds]");
	error = find_target(work->settlement, work->txn, &work->kept, &target);
	if (error == ERROR_NOT_FOUND)
		return line_walk_error(&work->walk, ERROR_NOT_FOUND, detail,
		    "no approved line of a claim or run is there");
	if (!error)
		error = reversed_get(work->txn, target.sequence, target.line, &reversed);
	if (!error)
		error = in_dispute(work, &target, &disputed);
	if (error)
		return error;
	if (disputed)
		return line_walk_error(&work->walk, ERROR_STATE, detail,
		    "the line is in dispute between the cities, or was: `suiren dispute end` ends "
		    "it");
	if (reversed || seen_before(work, &target))
		return line_walk_error(
		    &work->walk, ERROR_EXISTS, detail, "the line was reversed before");
	error = check_appeal(work, &target, detail);
	return error ? error : reverse(work, &target, line);
}

enum error reversal_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct reversal_work work = {.settlement = settlement,
	    .txn = txn,
	    .decision = decision,
	    .command = command,
	    .walk = line_walk(command)};
	struct span line;
	enum error error;

	(void)now_ms;
	if (command->count == 0)
		return error_set(detail, ERROR_MALFORMED, "nothing to reverse");
	error = ledger_head(txn, &work.sequence, NULL);
	if (!error)
		error = batch_create(command->count, &work.batch);
	while (!error && line_walk_next(&work.walk, &line))
		error = decide_line(&work, line, detail);
	if (!error)
		error = line_walk_finish(&work.walk, detail);
	if (!error)
		error = dispatch_send(&work.notices, settlement, txn, decision, "reversal");
	dispatch_free(&work.notices);
	batch_free(work.batch);
	policy_free(work.kept.policy);
	return error;
}

/* The days are free again, and what counted against caps. */
static enum error free_line(
    struct settlement *settlement, struct txn *txn, const struct target *target)
{
	struct sheet_standing standing = {.known = true, .barred_from = DAY_NEVER};
	struct adjudication adjudication;
	const struct programme *programme =
	    &target->policy->programmes[target->verdict.pieces[0].row];
	enum error error;

	if (target->of_run)
		return allowance_forget(
		    settlement, txn, &target->allowance, programme, target->sequence, target->line);
	error = claim_standing(txn, &target->header, &standing);
	if (error)
		return error;
	error = adjudication_begin(
	    &adjudication, settlement, txn, &target->header, &standing, 0, settlement->claims);
	if (is_remote(settlement, target))
		claim_state_nights_apart(settlement->claims);
	if (!error && target->of_review && target->before.reason == REASON_approved)
		error = line_take_more(&adjudication, &target->sheet_line, programme,
		    &target->verdict, &target->before, true);
	else if (!error)
		error =
		    line_give_back(&adjudication, &target->sheet_line, &target->verdict, programme);
	if (!error)
		error = claim_state_store(settlement->claims, txn);
	adjudication_end(&adjudication);
	return error;
}

static enum error apply_line(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, uint32_t index, struct span line, struct span verdict,
    struct kept_policy *kept)
{
	struct obligation obligation = {.payer = settlement_region(settlement),
	    .epoch = entry->header.epoch,
	    .sequence = entry->header.sequence,
	    .line = index,
	    .booked = entry->header.sequence};
	struct target target;
	struct hash salt;
	enum error error = read_line(line, &target);

	if (!error)
		error = find_target(settlement, txn, kept, &target);
	if (!error)
		error = reversed_put(txn, target.sequence, target.line, entry->header.sequence);
	if (!error)
		error = free_line(settlement, txn, &target);
	if (error || !is_remote(settlement, &target) || target.verdict.amount_fen == 0)
		return error;
	hash_line_salts(&entry->secret, index, 1, &salt);
	obligation.line_hash = hash_leaf_under(&salt, line);
	obligation.line_hash = hash_leaf_under(&obligation.line_hash, verdict);
	obligation.creditor = target.header.host;
	obligation.amount_fen = -target.verdict.amount_fen;
	error = window_open_number(txn, obligation.payer, obligation.creditor, &obligation.window);
	return error ? error : obligation_add(txn, &obligation);
}

enum error reversal_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	struct kept_policy kept = {0};
	enum error error = ERROR_NONE;

	(void)detail;
	settlement->claims_decided = false;
	if (!settlement->claims)
		error = claim_state_create(&settlement->claims);
	for (uint32_t i = 0; !error && i < entry->header.count; i++) {
		struct span line = codec_item(&lines), verdict = codec_item(&verdicts);

		error = apply_line(settlement, txn, entry, i, line, verdict, &kept);
	}
	policy_free(kept.policy);
	return error;
}
