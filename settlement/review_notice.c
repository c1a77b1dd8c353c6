/* review_notice.c: what came of an appeal, at the host (29): what the second look gives becomes receivable from the payer and payable to the
 * house; of the nights that were kept for the line those are free that it is not granted. docs/format.md, "Appeals". */
#include <string.h>

#include "appeal.h"
#include "booked_line.h"
#include "held.h"
#include "lines.h"
#include "obligation.h"
#include "payment.h"

struct review_answer {
	struct further_item item;
	struct verdict verdict;
	struct booked_line booked;
	struct appeal appeal;
};

/* Fails with: ERROR_MISMATCH (no appeal to that city waits for this), and the store's. */
static enum error find(
    struct settlement *settlement, struct txn *txn, uint32_t payer, struct review_answer *answer)
{
	const struct further_item *item = &answer->item;
	enum error error = booked_line_find(
	    settlement, txn, item->uscc, item->number, item->sheet_line, &answer->booked);

	if (error == ERROR_RANGE || error == ERROR_STATE)
		error = ERROR_NOT_FOUND;
	if (!error)
		error =
		    appeal_get(txn, item->uscc, item->number, item->sheet_line, &answer->appeal);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_MISMATCH : error;
	return answer->appeal.state == APPEAL_OPEN && answer->booked.row.answered &&
		       answer->booked.row.payer == payer &&
		       answer->booked.payers_sequence == item->old_sequence
		   ? ERROR_NONE
		   : ERROR_MISMATCH;
}

static struct obligation obligation_of(
    const struct message *message, const struct review_answer *answer, uint64_t booked)
{
	return (struct obligation){.payer = message->from,
	    .creditor = message->to,
	    .window = answer->item.window,
	    .epoch = message->epoch,
	    .sequence = answer->item.sequence,
	    .line = answer->item.line,
	    .amount_fen = answer->verdict.amount_fen,
	    .line_hash = answer->item.leaf,
	    .booked = booked};
}

static bool is_worth(const struct verdict *verdict)
{
	return verdict->reason == REASON_approved && verdict->amount_fen > 0;
}

/* Only what a second look can come to: it tells what was approved before, or it upholds. */
static bool is_second_look(const struct review_answer *answer)
{
	const struct verdict *before = &answer->booked.verdict, *now = &answer->verdict;
	const struct verdict_reduction *reduction = verdict_reduced(now, REASON_approved_before);

	if (now->reason == REASON_held_prefund || answer->item.line != 0)
		return false;
	if (!is_worth(now) || before->reason != REASON_approved || before->amount_fen == 0)
		return !is_worth(now) || !reduction;
	return reduction && reduction->used == before->amount_fen;
}

enum error review_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	char receivable[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];
	struct obligation obligation;
	struct review_answer answer;
	struct notice notice;
	struct span bytes;
	enum error error = notice_read(command, &notice, detail);

	(void)now_ms;
	if (error)
		return error;
	if (notice.walk.count != 1 || !line_walk_next(&notice.walk, &bytes) ||
	    further_item_read(bytes, &answer.item) ||
	    verdict_parse(answer.item.verdict, &answer.verdict))
		return error_set(detail, ERROR_MALFORMED, "not one well-formed second look");
	error = find(settlement, txn, notice.message.from, &answer);
	if (!error && !is_second_look(&answer))
		error = ERROR_MISMATCH;
	if (error)
		return error_set(detail, error,
		    "a second look at line %u of sheet %llu of %s by %06u, of which no such appeal "
		    "is "
		    "open",
		    (unsigned)answer.item.sheet_line, (unsigned long long)answer.item.number,
		    answer.item.uscc, (unsigned)notice.message.from);
	buffer_append(&decision->lines, bytes);
	buffer_append(&decision->verdicts, answer.item.verdict);
	decision->count = 1;
	if (is_worth(&answer.verdict)) {
		obligation = obligation_of(&notice.message, &answer, 0);
		error = obligation_expected(txn, &obligation, detail);
	}
	if (!error && is_worth(&answer.verdict))
		decision_move(decision, UNIT_CNY,
		    account_receivable_city(receivable, obligation.payer, obligation.window),
		    account_payable_remote(payable, answer.item.uscc), obligation.amount_fen);
	return error ? error : line_walk_finish(&notice.walk, detail);
}

/* Of the nights that were kept for it those that it has. */
static enum error keep_nights(
    struct settlement *settlement, struct txn *txn, struct review_answer *answer)
{
	struct claim_state *state = settlement->claims;
	struct booked_line *booked = &answer->booked;
	int64_t more = review_changes(&booked->verdict, &answer->verdict)
			   ? line_more_nights(&booked->line, &answer->verdict, &booked->verdict)
			   : 0;
	uint32_t kept = answer->appeal.nights, free_again;
	enum error error;

	answer->appeal.nights = more < kept ? (uint32_t)more : kept;
	free_again = kept - answer->appeal.nights;
	if (free_again == 0)
		return ERROR_NONE;
	claim_state_begin(state, txn, booked->header.uscc, booked->row.month, 0);
	claim_state_take_nights(state, -(int64_t)free_again);
	error = claim_state_store(state, txn);
	booked->row.nights -= free_again;
	return error ? error
		     : sheet_row_put(txn, booked->header.uscc, booked->header.number, &booked->row);
}

enum error review_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct obligation obligation;
	struct review_answer answer;
	struct document document;
	struct message message;
	enum error error = ERROR_NONE;

	(void)detail;
	settlement->claims_decided = false;
	if (!settlement->claims)
		error = claim_state_create(&settlement->claims);
	if (error)
		return error;
	if (document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message) ||
	    further_item_read(entry->lines, &answer.item) ||
	    verdict_parse(answer.item.verdict, &answer.verdict) ||
	    find(settlement, txn, message.from, &answer))
		return ERROR_CORRUPT;
	error = keep_nights(settlement, txn, &answer);
	answer.appeal.state = review_changes(&answer.booked.verdict, &answer.verdict)
				  ? APPEAL_CHANGED
				  : APPEAL_UPHELD;
	answer.appeal.review = entry->header.sequence;
	answer.appeal.payers_review = answer.item.sequence;
	if (!error)
		error = appeal_put(txn, &answer.appeal);
	if (error || !is_worth(&answer.verdict))
		return error;
	obligation = obligation_of(&message, &answer, entry->header.sequence);
	error = obligation_add(txn, &obligation);
	return error ? error
		     : guest_due_add(txn, message.from, answer.item.window, answer.item.uscc,
			   answer.verdict.amount_fen);
}
