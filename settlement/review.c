/* review.c: the second look (28), at the payer, by one of its officers: the first verdict stands, or the rules decide the line again, by what is
 * known now. What comes out beyond what it had is a result of this entry, in the window that is open now; the first verdict is never
 * edited. docs/format.md, "Appeals". */
#include <stdlib.h>
#include <string.h>

#include "appeal.h"
#include "booked_line.h"
#include "calendar.h"
#include "dispute.h"
#include "held.h"
#include "lines.h"
#include "obligation.h"
#include "trust.h"

/* The line, what is known of it, and the rules over it. */
struct second_look {
	struct settlement *settlement;
	struct txn *txn;
	struct booked_line booked;
	struct sheet_standing standing;
	int32_t booked_day;
	struct adjudication adjudication;
	struct kept_policy kept;
	bool begun;
};

static bool is_own(const struct second_look *look)
{
	return look->booked.row.host == settlement_region(look->settlement);
}

static bool had_approval(const struct second_look *look)
{
	return look->booked.verdict.reason == REASON_approved;
}

/* The day on which the host has booked the sheet stays; what it says of the house is what it said when it appealed. */
static enum error find_standing(struct second_look *look, const struct appeal *appeal)
{
	struct appeal_item item;
	enum error error = booked_line_standing(
	    look->settlement, look->txn, &look->booked, &look->standing, &look->booked_day);

	if (error || is_own(look))
		return error;
	error = appeal_item_logged(look->txn, appeal->sequence, &item);
	look->standing = item.standing;
	return error;
}

static enum error look_begin(
    struct second_look *look, const struct review_line *what, const struct appeal *appeal)
{
	struct settlement *settlement = look->settlement;
	enum error error = booked_line_find(
	    settlement, look->txn, what->uscc, what->number, what->line, &look->booked);

	settlement->claims_decided = false;
	if (!error && !settlement->claims)
		error = claim_state_create(&settlement->claims);
	if (!error)
		error = find_standing(look, appeal);
	if (error)
		return error == ERROR_MEMORY ? error : ERROR_CORRUPT;
	look->begun = true;
	error = adjudication_begin(&look->adjudication, settlement, look->txn, &look->booked.header,
	    &look->standing, look->booked_day, settlement->claims);
	/* Of another city's house the host counts the nights. */
	if (!error && !is_own(look))
		claim_state_nights_apart(settlement->claims);
	return error;
}

static void look_end(struct second_look *look)
{
	if (look->begun)
		adjudication_end(&look->adjudication);
	policy_free(look->kept.policy);
}

/* --- decide ------------------------------------------------------------------------------------------------- */

/* What it has taken is as if it had not; only what comes on top of what it was paid is still to be paid. */
static enum error release(struct second_look *look)
{
	const struct verdict *before = &look->booked.verdict;
	struct adjudication *of = &look->adjudication;
	const struct policy *policy;
	enum error error;

	if (!had_approval(look))
		return ERROR_NONE;
	error = catalogue_at(look->settlement, look->txn, before->policy, &look->kept, &policy);
	if (error)
		return error;
	if (before->piece_count == 0 || before->pieces[0].row >= policy->programme_count)
		return ERROR_CORRUPT;
	error = line_give_back(
	    of, &look->booked.line, before, &policy->programmes[before->pieces[0].row]);
	if (!is_own(look))
		claim_state_take_nights(of->state, -claim_state_nights(of->state));
	of->approved_before = before->amount_fen;
	return error ? error : claim_state_failed(of->state);
}

static enum error run_rules(
    struct second_look *look, struct span logged, struct verdict *verdict, bool *taken_over)
{
	enum error error = release(look);

	if (!error && !is_own(look))
		error = prefund_cap_find(
		    look->settlement, look->txn, look->booked.row.host, &look->adjudication.cap);
	return error ? error
		     : adjudicate_line(
			   &look->adjudication, &look->booked.line, logged, verdict, taken_over);
}

static enum error refuse(
    const struct review_line *what, enum error error, struct error_detail *detail, const char *text)
{
	return error_set(detail, error, "line %u of sheet %llu of %s: %s", (unsigned)what->line,
	    (unsigned long long)what->number, what->uscc, text);
}

/* Somebody looks at it, not a clock and not the node. */
static enum error check_officer(struct txn *txn, struct span order, struct error_detail *detail)
{
	struct document document;
	struct keyring_key signer;
	enum error error = document_read(order, &document);

	if (!error)
		error = keyring_find(txn, &document.key_id, &signer);
	if (error)
		return error;
	return strncmp(signer.party, "officer/", 8) == 0
		   ? ERROR_NONE
		   : error_set(detail, ERROR_REFUSED,
			 "a second look is an officer's; this is signed by %s 复核须由经办人签署",
			 signer.party);
}

static enum error check_open(struct settlement *settlement, struct txn *txn,
    const struct review_line *what, struct appeal *appeal, struct error_detail *detail)
{
	struct sheet_row row;
	enum error error = appeal_get(txn, what->uscc, what->number, what->line, appeal);

	if (!error)
		error = sheet_row_get(txn, what->uscc, what->number, &row);
	if (error == ERROR_NOT_FOUND)
		return refuse(what, error, detail, "nobody has appealed it 无此申诉");
	if (error)
		return error;
	if (row.payer != settlement_region(settlement))
		return refuse(what, ERROR_MISMATCH, detail,
		    "another city has decided it, and looks at it again 应由支付方复核");
	if (appeal->state != APPEAL_OPEN)
		return refuse(what, ERROR_STATE, detail,
		    "its appeal has been decided; a second look is final 已复核");
	return row.host == row.payer ? ERROR_NONE : trust_check_frozen(txn, row.host, detail);
}

/* What the two cities hold differently is ended by them, not by a second look. */
static enum error check_dispute(
    const struct second_look *look, const struct review_line *what, struct error_detail *detail)
{
	const struct booked_line *booked = &look->booked;
	const struct obligation_id id = {
	    settlement_epoch(look->settlement), booked->sequence, booked->index};
	bool disputed = false;
	enum error error = is_own(look) ? ERROR_NONE
					: dispute_of_line(look->txn, booked->row.payer,
					      booked->row.host, &id, &disputed);

	return disputed ? refuse(what, ERROR_STATE, detail,
			      "it is in dispute between the cities, or was")
			: error;
}

struct review_decision {
	struct second_look look;
	const struct command *command;
	struct decision *decision;
	struct review_line what;
	uint64_t sequence; /* of the entry that this becomes */
	uint32_t window;
	struct verdict verdict;
};

static void book(struct review_decision *review)
{
	const struct booked_line *booked = &review->look.booked;
	const struct policy *policy = review->look.adjudication.policy;
	const struct verdict *verdict = &review->verdict;
	char fund[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];

	if (verdict->reason != REASON_approved)
		return;
	if (is_own(&review->look))
		account_payable_local(payable, booked->header.uscc);
	else
		account_payable_city(payable, booked->row.host, review->window);
	for (uint32_t i = 0; i < verdict->fund_count; i++)
		decision_move(review->decision, UNIT_CNY,
		    account_fund(fund, policy->funds[verdict->funds[i].fund].code), payable,
		    verdict->funds[i].amount_fen);
}

static void tell(struct review_decision *review)
{
	const struct booked_line *booked = &review->look.booked;
	const struct span verdict = buffer_span(&review->decision->verdicts);
	struct buffer *payload = message_begin(review->look.settlement, review->look.txn,
	    review->decision, booked->row.host, "review", 1);
	struct further_item item = {.number = booked->header.number,
	    .sheet_line = review->what.line,
	    .old_sequence = booked->sequence,
	    .sequence = review->sequence,
	    .line = 0,
	    .window = review->window,
	    .policy = review->look.adjudication.policy->hash,
	    .verdict = verdict};
	struct hash salt;

	if (!payload)
		return;
	memcpy(item.uscc, booked->header.uscc, sizeof item.uscc);
	hash_line_salts(&review->command->secret, 0, 1, &salt);
	item.leaf = hash_leaf_under(&salt, review->command->lines);
	item.leaf = hash_leaf_under(&item.leaf, verdict);
	further_item_put(payload, &item);
}

static enum error decide(struct review_decision *review, struct error_detail *detail)
{
	const struct review_line *what = &review->what;
	struct verdict *verdict = &review->verdict;
	bool taken_over = false;
	enum error error = ERROR_NONE;

	if (what->uphold)
		*verdict = (struct verdict){
		    .reason = REASON_upheld, .has_figure = true, .figure = what->uphold};
	else
		error = run_rules(
		    &review->look, review->command->logged_verdicts, verdict, &taken_over);
	if (error)
		return error;
	if (verdict->reason == REASON_held_prefund)
		return refuse(what, ERROR_STATE, detail,
		    "the reserve does not suffice for what it comes to; the appeal stays open "
		    "预付金不足，待补足后复核");
	verdict_write(&review->decision->verdicts, verdict);
	review->decision->count = 1;
	review->decision->not_rerun = taken_over;
	return review->decision->verdicts.failed;
}

enum error review_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct review_decision *review = calloc(1, sizeof *review);
	struct review_line *what;
	struct appeal appeal;
	enum error error;

	(void)now_ms;
	if (!review)
		return ERROR_MEMORY;
	review->look.settlement = settlement;
	review->look.txn = txn;
	review->command = command;
	review->decision = decision;
	what = &review->what;
	error = command->count != 1 || review_line_read(command->lines, what)
		    ? error_set(detail, ERROR_MALFORMED, "not one well-formed second look")
		    : check_officer(txn, command->documents[0], detail);
	if (!error)
		error = check_open(settlement, txn, what, &appeal, detail);
	if (!error)
		error = ledger_head(txn, &review->sequence, NULL);
	if (!error)
		error = look_begin(&review->look, what, &appeal);
	if (!error)
		error = check_dispute(&review->look, what, detail);
	if (!error && !is_own(&review->look))
		error = window_open_number(txn, settlement_region(settlement),
		    review->look.booked.row.host, &review->window);
	if (!error)
		error = decide(review, detail);
	if (!error)
		book(review);
	if (!error && !is_own(&review->look))
		tell(review);
	look_end(&review->look);
	free(review);
	return error;
}

/* --- apply -------------------------------------------------------------------------------------------------- */

/* Days, nights and caps that it takes now, beside what it had. */
static enum error take(struct second_look *look, const struct verdict *verdict)
{
	struct line_case line;
	enum error error;

	if (!review_changes(&look->booked.verdict, verdict))
		return ERROR_NONE;
	error = line_case_find(&look->adjudication, &look->booked.line, &line);
	if (error)
		return error;
	if (!had_approval(look))
		error = line_take(&line, verdict, false);
	else if (line.first)
		error = line_take_more(&look->adjudication, &look->booked.line,
		    line.first->programme, verdict, &look->booked.verdict, false);
	else
		error = ERROR_CORRUPT;
	return error ? error : claim_state_store(look->settlement->claims, look->txn);
}

static enum error owe(
    const struct second_look *look, const struct entry *entry, const struct verdict *verdict)
{
	struct obligation obligation = {.payer = look->booked.row.payer,
	    .creditor = look->booked.row.host,
	    .epoch = entry->header.epoch,
	    .sequence = entry->header.sequence,
	    .amount_fen = verdict->amount_fen,
	    .booked = entry->header.sequence};
	struct hash salt;
	enum error error;

	if (is_own(look) || verdict->reason != REASON_approved || verdict->amount_fen == 0)
		return ERROR_NONE;
	hash_line_salts(&entry->secret, 0, 1, &salt);
	obligation.line_hash = hash_leaf_under(&salt, entry->lines);
	obligation.line_hash = hash_leaf_under(&obligation.line_hash, entry->verdicts);
	error = window_open_number(
	    look->txn, obligation.payer, obligation.creditor, &obligation.window);
	return error ? error : obligation_add(look->txn, &obligation);
}

enum error review_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct second_look *look = calloc(1, sizeof *look);
	struct review_line what;
	struct verdict verdict;
	struct appeal appeal;
	enum error error = look ? ERROR_NONE : ERROR_MEMORY;

	(void)detail;
	if (!error &&
	    (review_line_read(entry->lines, &what) || verdict_parse(entry->verdicts, &verdict) ||
		appeal_get(txn, what.uscc, what.number, what.line, &appeal)))
		error = ERROR_CORRUPT;
	if (!error) {
		look->settlement = settlement;
		look->txn = txn;
		error = look_begin(look, &what, &appeal);
	}
	if (!error)
		error = take(look, &verdict);
	if (!error)
		error = owe(look, entry, &verdict);
	if (!error) {
		appeal.state = review_changes(&look->booked.verdict, &verdict) ? APPEAL_CHANGED
									       : APPEAL_UPHELD;
		appeal.review = appeal.payers_review = entry->header.sequence;
		error = appeal_put(txn, &appeal);
	}
	if (look)
		look_end(look);
	free(look);
	return error;
}
