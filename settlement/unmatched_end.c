/* unmatched_end.c: the kind `unmatched_end`: an officer says what a line of the bank was that matches no payment. docs/format.md, "Payments". */
#include <stdio.h>
#include <string.h>

#include "bank_internal.h"
#include "calendar.h"
#include "keyring.h"
#include "lines.h"
#include "prefund.h"
#include "settlement_internal.h"
#include "unmatched.h"

#define LINE_FIELDS 8

void ending_line_write(struct buffer *out, const struct ending_line *ending)
{
	codec_put_array(out, LINE_FIELDS);
	codec_put_uint(out, ending->line.fact);
	codec_put_text(out, span_text(ending->line.end_to_end));
	codec_put_uint(out, (uint64_t)ending->line.amount_fen);
	codec_put_text(out, span_text(ending->line.reference));
	day_put(out, ending->line.day);
	codec_put_uint(out, ending->ending);
	codec_put_text(out, span_text(ending->of));
	codec_put_text(out, ending->grounds);
}

/* A suspense account is named as a reserve is; a payment by its EndToEndId. */
static bool of_is_valid(const struct ending_line *ending)
{
	if (ending->ending == ENDING_SUSPENSE)
		return prefund_name_valid(ending->of);
	if (ending->ending == ENDING_PAYMENT)
		return strlen(ending->of) == END_TO_END_SIZE - 1;
	return !ending->of[0];
}

enum error ending_line_read(struct span item, struct ending_line *ending)
{
	struct codec_reader reader = codec_reader(item);

	memset(ending, 0, sizeof *ending);
	codec_array_exact(&reader, LINE_FIELDS);
	ending->line.fact = (enum bank_fact)codec_uint_max(&reader, BANK_TAKEN_BACK);
	codec_text_copy(&reader, ending->line.end_to_end, sizeof ending->line.end_to_end);
	ending->line.amount_fen = (int64_t)codec_uint_max(&reader, AMOUNT_MAX);
	codec_text_copy(&reader, ending->line.reference, sizeof ending->line.reference);
	ending->line.day = day_take(&reader);
	ending->ending = (enum ending)codec_uint_max(&reader, ENDING_LAST);
	codec_text_copy(&reader, ending->of, sizeof ending->of);
	ending->grounds = codec_text(&reader);
	if (codec_finish(&reader) || ending->line.fact == 0 || ending->ending == 0 ||
	    !of_is_valid(ending) || ending->grounds.size == 0 || ending->grounds.size > GROUNDS_MAX)
		return ERROR_MALFORMED;
	return ERROR_NONE;
}

const char *ending_name(enum ending ending)
{
	static const char *const names[] = {
	    "", "duplicate", "corrected", "not-ours", "suspense", "payment"};

	return ending >= 1 && ending <= ENDING_LAST ? names[ending] : "unknown";
}

const char *ending_chinese(enum ending ending)
{
	static const char *const names[] = {
	    "", "重复流水", "银行已更正", "与本市无关", "挂账", "认定"};

	return ending >= 1 && ending <= ENDING_LAST ? names[ending] : "未知";
}

/* What the node could say by itself it has said: this is for a person to answer for. */
static enum error check_officer(
    struct txn *txn, const struct command *command, struct error_detail *detail)
{
	struct keyring_key signer;
	struct document document;
	enum error error = document_read(command->documents[0], &document);

	if (!error)
		error = keyring_find(txn, &document.key_id, &signer);
	if (error)
		return error;
	return strncmp(signer.party, "officer/", 8) == 0
		   ? ERROR_NONE
		   : error_set(detail, ERROR_REFUSED,
			 "an officer says what it was, under the own key; this is signed by %s",
			 signer.party);
}

static enum error check_waiting(
    struct txn *txn, const struct ending_line *ending, struct error_detail *detail)
{
	struct unmatched unmatched;
	enum error error = unmatched_get(txn, &ending->line, &unmatched);

	if (error == ERROR_NOT_FOUND)
		return error_set(detail, error,
		    "the bank has said no such thing that matches no payment: `suiren payment "
		    "unmatched` lists what it has");
	if (!error && unmatched.ended)
		error = error_set(detail, ERROR_STATE, "it was ended by entry %llu",
		    (unsigned long long)unmatched.ended);
	if (!error && unmatched.line.day != ending->line.day)
		error = error_set(detail, ERROR_MISMATCH, "the bank has said it of another day");
	return error;
}

static bool comes_in(enum bank_fact fact)
{
	return fact == BANK_CREDITED || fact == BANK_RETURNED;
}

/* So much of what the bank has moved belongs to nobody yet. Negative: the other way. */
static enum error move_suspense(struct bank_work *work, const struct bank_line *line,
    const char *name, int64_t fen, struct error_detail *detail)
{
	char suspense[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE];
	bool in = comes_in(line->fact) == (fen > 0);
	int64_t amount = fen < 0 ? -fen : fen, cash = 0;
	enum error error = bank_left_of(work, account_treasury(treasury), true, &cash);

	account_suspense(suspense, name);
	if (error || amount == 0)
		return error;
	if (!in && cash < amount)
		return error_set(detail, ERROR_BALANCE, "the treasury does not hold so much");
	decision_move(
	    work->decision, UNIT_CNY, in ? treasury : suspense, in ? suspense : treasury, amount);
	return ERROR_NONE;
}

/* As if the bank had named the payment, and its amount; what it has moved beside that is in suspense under the payment's name. */
static enum error judge_as(struct bank_work *work, const struct ending_line *ending,
    struct bank_line *as, enum reason *reason, struct error_detail *detail)
{
	enum error error;

	*as = ending->line;
	memcpy(as->end_to_end, ending->of, sizeof as->end_to_end);
	error = bank_expected(work->settlement, work->txn, ending->of, &as->amount_fen);
	if (error == ERROR_NOT_FOUND)
		return error_set(detail, error, "there is no payment %s", ending->of);
	if (!error)
		error = bank_judge(work, as, reason);
	if (!error && !bank_changes_books(*reason))
		error = error_set(detail, ERROR_STATE, "payment %s: %s %s", ending->of,
		    reason_english(*reason), reason_chinese(*reason));
	return error;
}

static enum error judge_ending(struct bank_work *work, const struct ending_line *ending,
    enum reason *reason, struct error_detail *detail)
{
	bool moves = ending->line.fact != BANK_REJECTED;
	struct bank_line as;
	enum error error;

	switch (ending->ending) {
	case ENDING_SUSPENSE:
		*reason = REASON_suspense;
		return moves ? move_suspense(
				   work, &ending->line, ending->of, ending->line.amount_fen, detail)
			     : error_set(detail, ERROR_STATE,
				   "a rejection moves no money: nothing is to be held");
	case ENDING_PAYMENT:
		error = judge_as(work, ending, &as, reason, detail);
		return error || !moves ? error
				       : move_suspense(work, &ending->line, ending->of,
					     ending->line.amount_fen - as.amount_fen, detail);
	default:
		*reason = REASON_explained;
		return ERROR_NONE;
	}
}

enum error unmatched_end_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct ending_line ending;
	struct bank_work work;
	enum reason reason = REASON_explained;
	enum error error =
	    command->count == 1 ? ending_line_read(command->lines, &ending) : ERROR_MALFORMED;

	(void)now_ms;
	if (error)
		return error_set(detail, error, "not a well-formed end of what matched nothing");
	error = check_officer(txn, command, detail);
	if (!error)
		error = check_waiting(txn, &ending, detail);
	if (error)
		return error;
	error = bank_work_begin(&work, settlement, txn, decision, 1);
	work.officer = true;
	if (!error)
		error = judge_ending(&work, &ending, &reason, detail);
	if (!error)
		error = bank_work_send(&work);
	bank_work_free(&work);
	codec_put_array(&decision->verdicts, 1);
	codec_put_uint(&decision->verdicts, reason);
	decision->count++;
	return error;
}

enum error unmatched_end_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct ending_line ending;
	struct bank_line as;
	struct span item;
	unsigned reason;
	enum error error;

	if (!entry_walk_next(&walk, &item, &reason) || ending_line_read(item, &ending))
		return ERROR_CORRUPT;
	/* First: what has changed the books forgets what waits of the same. */
	error = unmatched_end(txn, &ending.line, (enum reason)reason, entry->header.sequence);
	if (!error && ending.ending == ENDING_PAYMENT) {
		as = ending.line;
		memcpy(as.end_to_end, ending.of, sizeof as.end_to_end);
		error = bank_expected(settlement, txn, ending.of, &as.amount_fen);
		if (!error)
			error = bank_line_apply(settlement, txn, entry, &as, (enum reason)reason);
		if (!error)
			error =
			    unmatched_note(txn, &as, (enum reason)reason, entry->header.sequence);
	}
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	return entry_walk_finish(&walk, detail);
}
