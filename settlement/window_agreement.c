/* window_agreement.c: the creditor's agreement, back at the payer: to the statement, or to the rest of it that was offered. docs/format.md,
 * "Windows". */
#include <stdlib.h>
#include <string.h>

#include "dispute.h"
#include "window_internal.h"

/* What a creditor agrees to: the statement, or what was offered of it. */
struct agreement {
	struct statement statement;
	struct hash hash; /* of the signed statement */
	bool reconciled;
	uint32_t round;
	struct hash rest; /* of the signed offer */
};

static enum error read_agreement(const struct command *command, struct notice *notice,
    struct agreement *agreement, struct error_detail *detail)
{
	struct codec_reader item;
	size_t fields;
	enum error error = only_item_read(command, notice, &item, &fields, detail);

	if (error)
		return error;
	memset(agreement, 0, sizeof *agreement);
	statement_take(&item, &agreement->statement);
	codec_bytes_exact(&item, agreement->hash.bytes, HASH_SIZE);
	agreement->reconciled = fields == RECONCILED_FIELDS;
	if (agreement->reconciled) {
		agreement->round = (uint32_t)codec_uint_max(&item, WINDOW_ROUNDS_MAX);
		codec_bytes_exact(&item, agreement->rest.bytes, HASH_SIZE);
	}
	return codec_finish(&item) || (!agreement->reconciled && fields != AGREEMENT_FIELDS)
		   ? error_set(detail, ERROR_MALFORMED, "not a well-formed agreement")
		   : ERROR_NONE;
}

static enum error check_agreement(
    const struct window_row *window, const struct agreement *agreement, struct error_detail *detail)
{
	struct statement own = statement_of(window);

	if (window->state != WINDOW_CUT)
		return error_set(detail, ERROR_STATE, "window %u to %06u is agreed already",
		    (unsigned)window->number, (unsigned)window->creditor);
	/* Once the rest was offered, it is that or nothing. */
	if (!statement_equal(&agreement->statement, &own) ||
	    !hash_equal(&agreement->hash, &window->statement) ||
	    agreement->round != window->round || !hash_equal(&agreement->rest, &window->rest))
		return error_set(detail, ERROR_MISMATCH,
		    "%06u agrees to something else than the statement of window %u, or the rest of "
		    "it",
		    (unsigned)window->creditor, (unsigned)window->number);
	return ERROR_NONE;
}

/* What was left out goes to its own account. */
struct left_out {
	struct decision *decision;
	char payable[ACCOUNT_TEXT_SIZE], disputed[ACCOUNT_TEXT_SIZE];
};

static bool move_named(void *context, const struct dispute *dispute)
{
	struct left_out *left_out = context;

	if (dispute->state == DISPUTE_NAMED)
		decision_move(left_out->decision, UNIT_CNY, left_out->payable, left_out->disputed,
		    dispute->payers.amount_fen);
	return true;
}

enum error agreement_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct left_out left_out = {.decision = decision};
	struct agreement agreement;
	struct window_row window;
	struct notice notice;
	enum error error = read_agreement(command, &notice, &agreement, detail);

	(void)now_ms;
	if (error)
		return error;
	error = window_get(txn, settlement_region(settlement), notice.message.from,
	    agreement.statement.window, &window);
	if (error == ERROR_NOT_FOUND || (!error && window.state == WINDOW_OPEN))
		return error_set(detail, ERROR_MISMATCH,
		    "there is no statement of window %u to %06u",
		    (unsigned)agreement.statement.window, (unsigned)notice.message.from);
	if (!error)
		error = check_agreement(&window, &agreement, detail);
	if (error)
		return error;
	codec_put_array(&decision->lines, agreement.reconciled ? 4 : 3);
	codec_put_uint(&decision->lines, window.creditor);
	codec_put_uint(&decision->lines, window.number);
	codec_put_bytes(&decision->lines, hash_span(&agreement.hash));
	if (agreement.reconciled)
		codec_put_bytes(&decision->lines, hash_span(&agreement.rest));
	verdict_put(decision, REASON_agreed);
	account_payable_city(left_out.payable, window.creditor, window.number);
	account_payable_disputed(left_out.disputed, window.creditor);
	return agreement.reconciled ? dispute_each(txn, window.payer, window.creditor,
					  window.number, move_named, &left_out)
				    : ERROR_NONE;
}

/* The disputes that were only named are open from now on. */
static enum error open_named(struct txn *txn, const struct window_row *window, uint64_t sequence)
{
	struct dispute *list;
	size_t count;
	enum error error =
	    dispute_list_named(txn, window->payer, window->creditor, window->number, &list, &count);

	for (size_t i = 0; i < count && !error; i++) {
		list[i].state = DISPUTE_OPEN;
		list[i].left_out_sequence = sequence;
		error = dispute_put(txn, &list[i]);
	}
	free(list);
	return error;
}

enum error agreement_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(entry->lines);
	size_t fields = codec_array(&reader);
	struct window_row window;
	uint32_t creditor, number;
	struct hash hash, rest;
	enum error error;

	(void)detail;
	creditor = (uint32_t)codec_uint(&reader);
	number = (uint32_t)codec_uint(&reader);
	codec_bytes_exact(&reader, hash.bytes, HASH_SIZE);
	if (fields == 4)
		codec_bytes_exact(&reader, rest.bytes, HASH_SIZE);
	if (codec_finish(&reader) || fields < 3 || fields > 4)
		return ERROR_CORRUPT;
	error = window_get_logged(txn, settlement_region(settlement), creditor, number, &window);
	if (error)
		return error;
	if (window.state != WINDOW_CUT || !hash_equal(&hash, &window.statement) ||
	    (fields == 4 && !hash_equal(&rest, &window.rest)))
		return ERROR_CORRUPT;
	if (fields == 3)
		window.agreed = window.own;
	window.state = WINDOW_AGREED;
	window.agreed_sequence = entry->header.sequence;
	error = sent_hash(entry, 0, &window.agreement);
	if (!error)
		error = open_named(txn, &window, entry->header.sequence);
	return error ? error : window_put(txn, &window);
}
