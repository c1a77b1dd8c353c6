/* further.c: the kind `further`, at the payer: held lines of the sheet that was booked first decided again, in order, as far as the reserve
 * suffices. Each keeps the day on which its host booked it and the nights that it took; what it is refused or paid is a result of this
 * entry, in the window that is open now. */
#include <stdlib.h>
#include <string.h>

#include "adjudicate.h"
#include "claim.h"
#include "dispatch.h"
#include "held.h"
#include "lines.h"
#include "obligation.h"
#include "order.h"

/* One held line as it was booked. */
struct held_case {
	struct held_line held;
	struct span bytes; /* of the line, in the old entry */
	struct sheet_line line;
	struct verdict before;
	const struct programme *programme; /* of the version that it was held by */
};

struct further_work {
	struct settlement *settlement;
	struct txn *txn;
	struct entry_reader booked;
	struct sheet_header header;
	struct adjudication adjudication;
	bool begun;
	struct kept_policy kept;
};

static enum error read_host(struct span bytes, uint32_t *host)
{
	struct document document;
	struct order order;

	if (document_read(bytes, &document) || strcmp(document.name, "order") != 0 ||
	    order_read(document.payload, &order) || order.parameter_count != FURTHER_PARAMETERS)
		return ERROR_MALFORMED;
	*host = (uint32_t)codec_uint_max(&order.parameters, 999999);
	return order.parameters.failed ? ERROR_MALFORMED : ERROR_NONE;
}

static enum error work_begin(struct further_work *work, uint64_t sequence)
{
	struct settlement *settlement = work->settlement;
	struct sheet_standing standing;
	int32_t booked_day;
	enum error error = ledger_read(work->txn, sequence, &work->booked);

	settlement->claims_decided = false;
	if (!error && !settlement->claims)
		error = claim_state_create(&settlement->claims);
	if (!error)
		error =
		    claim_remote_read(&work->booked.entry, &work->header, &standing, &booked_day);
	if (error)
		return error == ERROR_MISMATCH || error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	work->begun = true;
	error = adjudication_begin(&work->adjudication, settlement, work->txn, &work->header,
	    &standing, booked_day, settlement->claims);
	claim_state_nights_apart(settlement->claims);
	return error;
}

static void work_end(struct further_work *work)
{
	if (work->begun)
		adjudication_end(&work->adjudication);
	entry_free(&work->booked);
	policy_free(work->kept.policy);
}

/* Its line, its verdict, and the programme by which it was held. */
static enum error find_case(
    struct further_work *work, const struct held_line *held, struct held_case *found)
{
	const struct entry *entry = &work->booked.entry;
	struct sheet_header one = work->header;
	const struct policy *policy;
	struct span verdict;
	bool sorted;
	enum error error;

	found->held = *held;
	one.count = 1;
	if (entry_item(entry->lines, held->line, &found->bytes) ||
	    entry_item(entry->verdicts, held->line, &verdict) ||
	    verdict_parse(verdict, &found->before) || found->before.reason != REASON_held_prefund ||
	    found->before.piece_count == 0 ||
	    sheet_lines_read(&one, found->bytes, &found->line, &sorted, NULL))
		return ERROR_CORRUPT;
	error =
	    catalogue_at(work->settlement, work->txn, found->before.policy, &work->kept, &policy);
	if (error)
		return error;
	if (found->before.pieces[0].row >= policy->programme_count)
		return ERROR_CORRUPT;
	found->programme = &policy->programmes[found->before.pieces[0].row];
	return ERROR_NONE;
}

/* What it had taken is as if it had not, and the nights of its house are those that it met. */
static enum error release(struct further_work *work, const struct held_case *found)
{
	struct adjudication *of = &work->adjudication;
	const struct verdict_reduction *capacity = verdict_reduced(&found->before, REASON_capacity);
	enum error error = line_give_back(of, &found->line, &found->before, found->programme);

	claim_state_take_nights(of->state, -claim_state_nights(of->state));
	of->standing.nights_used = capacity ? capacity->used : 0;
	of->standing.nights_limit = capacity ? capacity->limit : VERDICT_NIGHTS_MAX;
	return error ? error : claim_state_failed(of->state);
}

/* --- decide ----------------------------------------------------------------------------------------------------- */

struct further_decision {
	struct further_work work;
	const struct command *command;
	struct decision *decision;
	struct dispatch notices;
	struct codec_reader logged;
	bool replay;
	uint32_t host, window;
	uint64_t sequence, sheet; /* of the entry that this becomes; of the one with the sheet */
	int64_t by_fund[FUNDS_MAX];
	enum error error;
};

static void tell(struct further_decision *further, const struct held_case *found, struct span line,
    struct span verdict)
{
	struct buffer *out = dispatch_item(&further->notices, further->host);
	struct further_item item = {.number = further->work.header.number,
	    .sheet_line = found->held.line,
	    .old_sequence = found->held.sequence,
	    .sequence = further->sequence,
	    .line = further->decision->count,
	    .window = further->window,
	    .policy = further->work.adjudication.policy->hash,
	    .verdict = verdict};
	struct hash salt;

	if (!out)
		return;
	memcpy(item.uscc, further->work.header.uscc, sizeof item.uscc);
	hash_line_salts(&further->command->secret, item.line, 1, &salt);
	item.leaf = hash_leaf_under(&salt, line);
	item.leaf = hash_leaf_under(&item.leaf, verdict);
	further_item_put(out, &item);
}

static void write(
    struct further_decision *further, const struct held_case *found, const struct verdict *verdict)
{
	struct decision *decision = further->decision;
	size_t line = decision->lines.size, start = decision->verdicts.size;

	codec_put_array(&decision->lines, 2);
	codec_put_uint(&decision->lines, found->held.sequence);
	codec_put_uint(&decision->lines, found->held.line);
	verdict_write(&decision->verdicts, verdict);
	if (decision->lines.failed || decision->verdicts.failed)
		return;
	tell(further, found, span_of(decision->lines.data + line, decision->lines.size - line),
	    span_of(decision->verdicts.data + start, decision->verdicts.size - start));
	decision->count++;
}

/* Until the reserve does not suffice for one: nothing overtakes it. */
static bool decide_held(void *context, const struct held_line *held)
{
	struct further_decision *further = context;
	struct further_work *work = &further->work;
	struct span logged = {NULL, 0};
	struct verdict verdict;
	struct held_case found;
	bool taken_over = false;

	if (held->sequence != further->sheet)
		return false;
	if (!codec_at_end(&further->logged))
		logged = codec_item(&further->logged);
	further->error = find_case(work, held, &found);
	if (!further->error)
		further->error = release(work, &found);
	if (!further->error)
		further->error = adjudicate_line(
		    &work->adjudication, &found.line, logged, &verdict, &taken_over);
	if (further->error || verdict.reason == REASON_held_prefund)
		return false;
	/* In a replay: it was held then, and its person was forgotten since. */
	if (further->replay && !logged.size && verdict.reason == REASON_erased)
		return false;
	for (uint32_t i = 0; i < verdict.fund_count; i++)
		further->by_fund[verdict.funds[i].fund] += verdict.funds[i].amount_fen;
	write(further, &found, &verdict);
	further->decision->not_rerun += taken_over;
	return true;
}

static void book(struct further_decision *further)
{
	const struct policy *policy = further->work.adjudication.policy;
	char fund[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];

	account_payable_city(payable, further->host, further->window);
	for (size_t i = 0; i < policy->fund_count; i++) {
		if (further->by_fund[i])
			decision_move(further->decision, UNIT_CNY,
			    account_fund(fund, policy->funds[i].code), payable,
			    further->by_fund[i]);
	}
}

static enum error decide(struct further_decision *further, struct error_detail *detail)
{
	struct further_work *work = &further->work;
	struct held_line first;
	enum error error = held_first(work->txn, HELD_BY_US, further->host, &first);

	if (error == ERROR_NOT_FOUND)
		return error_set(
		    detail, ERROR_STATE, "no line for %06u is held", (unsigned)further->host);
	if (!error)
		error = ledger_head(work->txn, &further->sequence, NULL);
	if (!error)
		error = window_open_number(work->txn, settlement_region(work->settlement),
		    further->host, &further->window);
	further->sheet = first.sequence;
	if (!error)
		error = work_begin(work, first.sequence);
	if (!error)
		error = prefund_cap_find(
		    work->settlement, work->txn, further->host, &work->adjudication.cap);
	if (!error)
		error = held_each(
		    work->txn, HELD_BY_US, further->host, first.sequence, decide_held, further);
	if (!error)
		error = further->error;
	if (!error && further->decision->count == 0)
		return error_set(detail, ERROR_STATE,
		    "the reserve with %06u does not suffice for the first line that is held",
		    (unsigned)further->host);
	if (!error)
		book(further);
	return error;
}

enum error further_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct further_decision *further = calloc(1, sizeof *further);
	enum error error;

	(void)now_ms;
	if (!further)
		return ERROR_MEMORY;
	further->work.settlement = settlement;
	further->work.txn = txn;
	further->command = command;
	further->decision = decision;
	further->logged = codec_reader(command->logged_verdicts);
	further->replay = command->logged_verdicts.size > 0;
	error = read_host(command->documents[0], &further->host);
	if (error)
		error_set(detail, error, "not an order to decide held lines again");
	else
		error = decide(further, detail);
	if (!error)
		error = dispatch_send(
		    &further->notices, settlement, txn, decision, "adjudication_further");
	dispatch_free(&further->notices);
	work_end(&further->work);
	free(further);
	return error;
}

/* --- apply ------------------------------------------------------------------------------------------------------ */

/* First the days, while nothing is written; then the rows. */
static enum error apply_days(struct further_work *work, const struct entry *entry, uint32_t host)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; !error && i < entry->header.count; i++) {
		struct held_line held = {.side = HELD_BY_US, .city = host};
		struct held_case found;
		struct line_case line;
		struct verdict verdict;

		if (further_line_read(codec_item(&lines), &held.sequence, &held.line))
			return ERROR_CORRUPT;
		verdict_take(&verdicts, &verdict);
		if (verdicts.failed)
			return ERROR_CORRUPT;
		if (!work->begun)
			error = work_begin(work, held.sequence);
		if (!error)
			error = find_case(work, &held, &found);
		if (!error)
			error = release(work, &found);
		if (!error && verdict_takes_days(&verdict)) {
			error = line_case_find(&work->adjudication, &found.line, &line);
			if (!error)
				error = line_take(&line, &verdict, false);
		}
	}
	return error ? error : claim_state_store(work->settlement->claims, work->txn);
}

static enum error apply_rows(
    struct further_work *work, const struct entry *entry, uint32_t host, const struct hash *leaves)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	struct obligation obligation = {.payer = settlement_region(work->settlement),
	    .creditor = host,
	    .epoch = entry->header.epoch,
	    .sequence = entry->header.sequence,
	    .booked = entry->header.sequence};
	enum error error = window_open_number(
	    work->txn, obligation.payer, obligation.creditor, &obligation.window);

	for (uint32_t i = 0; !error && i < entry->header.count; i++) {
		const struct held_end end = {.sequence = entry->header.sequence,
		    .line = i,
		    .payers_sequence = entry->header.sequence,
		    .payers_line = i};
		struct verdict verdict;
		uint64_t sequence;
		uint32_t line;

		if (further_line_read(codec_item(&lines), &sequence, &line))
			return ERROR_CORRUPT;
		verdict_take(&verdicts, &verdict);
		error = held_decide(work->txn, HELD_BY_US, host, sequence, line, &end);
		if (error || verdict.reason != REASON_approved || verdict.amount_fen == 0)
			continue;
		obligation.line = i;
		obligation.amount_fen = verdict.amount_fen;
		obligation.line_hash = leaves[i];
		error = obligation_add(work->txn, &obligation);
	}
	return error;
}

enum error further_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	uint32_t count = entry->header.count, host;
	struct hash *leaves = malloc(2 * ((size_t)count + 1) * sizeof *leaves);
	struct further_work *work = calloc(1, sizeof *work);
	enum error error = leaves && work ? ERROR_NONE : ERROR_MEMORY;

	(void)detail;
	if (!error && read_host(entry->documents[0], &host))
		error = ERROR_CORRUPT;
	if (!error)
		error = entry_line_leaves(&entry->secret, entry->lines, count, leaves);
	if (!error)
		error = entry_result_leaves(leaves, entry->verdicts, count, leaves + count);
	if (!error) {
		work->settlement = settlement;
		work->txn = txn;
		error = apply_days(work, entry, host);
	}
	if (!error)
		error = apply_rows(work, entry, host, leaves + count);
	if (work)
		work_end(work);
	free(work);
	free(leaves);
	return error;
}
