#include "orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "allowance.h"
#include "draw.h"
#include "order.h"
#include "prefund.h"
#include "reversal.h"
#include "trust.h"
#include "window.h"

#define OFFICER_ADD 1

static enum error give(struct node *node, struct node_order *order, const struct buffer *parameters,
    size_t count, struct answer *answer)
{
	if (parameters->failed) {
		memset(answer, 0, sizeof *answer);
		return answer->error = parameters->failed;
	}
	order->parameters = buffer_span(parameters);
	order->parameter_count = count;
	return node_order(node, order, answer);
}

enum error order_officer(
    struct node *node, const char *name, const struct public_key *public, struct answer *answer)
{
	struct buffer line = {0}, none = {0};
	struct node_order order = {.kind = KIND_officer, .count = 1};
	enum error error;

	codec_put_array(&line, 3);
	codec_put_uint(&line, OFFICER_ADD);
	codec_put_text(&line, span_text(name));
	codec_put_bytes(&line, span_of(public->bytes, PUBLIC_KEY_SIZE));
	order.lines = buffer_span(&line);
	error = give(node, &order, line.failed ? &line : &none, 0, answer);
	buffer_free(&line);
	return error;
}

enum error order_policy(
    struct node *node, struct span yaml, const struct secret_key *key, struct answer *answer)
{
	const struct hash content = hash_sha256(yaml);
	struct node_order order = {.kind = KIND_policy, .content = &content, .key = key};
	struct buffer parameters = {0};
	enum error error;

	codec_put_bytes(&parameters, yaml);
	error = give(node, &order, &parameters, 1, answer);
	buffer_free(&parameters);
	return error;
}

struct opening {
	struct txn *txn;
	bool any;
};

/* A window with a city that is frozen is not cut. */
static bool note_open(void *context, const struct window_row *window)
{
	struct opening *opening = context;

	opening->any = opening->any ||
		       (window->state == WINDOW_OPEN &&
			   trust_check_frozen(opening->txn, window->creditor, NULL) == ERROR_NONE);
	return true;
}

/* Is there anything to cut, and after which entry? */
static enum error look(struct node *node, uint64_t *size, bool *any)
{
	struct opening opening = {.any = false};
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	*any = false;
	if (error)
		return error;
	opening.txn = txn;
	error = ledger_head(txn, size, NULL);
	if (!error)
		error = window_each_last(txn, node_region(node), note_open, &opening);
	*any = opening.any;
	txn_abort(txn);
	return error;
}

enum error order_cut(struct node *node, const int32_t *day, const struct secret_key *key, bool *any,
    struct answer *answer)
{
	struct node_order order = {.kind = KIND_cut, .key = key};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	uint64_t size;
	enum error error = look(node, &size, any);

	memset(answer, 0, sizeof *answer);
	if (error || !*any)
		return answer->error = error;
	/* A day has as many cuts as one likes: the id names the entry before it. */
	snprintf(id, sizeof id, "cut-%" PRIu64, size);
	order.id = span_text(id);
	if (day)
		codec_put_int(&parameters, *day);
	else
		codec_put_null(&parameters);
	error = give(node, &order, &parameters, 1, answer);
	buffer_free(&parameters);
	return error;
}

enum error order_clearing(struct node *node, uint32_t month, uint32_t peer, uint32_t attempt,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_clearing, .key = key};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	enum error error;

	snprintf(id, sizeof id, "clearing-%u-%06u-%u", (unsigned)month, (unsigned)peer,
	    (unsigned)attempt);
	order.id = span_text(id);
	codec_put_uint(&parameters, month);
	codec_put_uint(&parameters, peer);
	error = give(node, &order, &parameters, 2, answer);
	buffer_free(&parameters);
	return error;
}

/* Where the part begins: where the one before it ended. */
static enum error first_person(struct node *node, const char *run, uint32_t part, uint64_t *person)
{
	struct allowance_part before;
	struct txn *txn;
	enum error error;

	*person = 0;
	if (part == 1)
		return ERROR_NONE;
	error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	if (error)
		return error;
	error = allowance_part_get(txn, run, part - 1, &before);
	*person = before.next_person;
	txn_abort(txn);
	return error;
}

/* Is there another part after this one? */
static enum error look_for_more(struct node *node, const char *run, uint32_t part, bool *more)
{
	struct allowance_part booked;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = allowance_part_get(txn, run, part, &booked);
	*more = !error && !booked.last;
	txn_abort(txn);
	return error;
}

enum error order_allowance(struct node *node, uint32_t month, const char *programme,
    const char *run, uint32_t part, const struct secret_key *key, bool *more, struct answer *answer)
{
	struct node_order order = {.kind = KIND_allowance, .key = key};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	uint64_t person;
	enum error error = first_person(node, run, part, &person);

	memset(answer, 0, sizeof *answer);
	*more = false;
	if (error)
		return answer->error = error;
	snprintf(id, sizeof id, "run-%s-%u", run, (unsigned)part);
	order.id = span_text(id);
	allowance_parameters_write(&parameters, month, programme, run, part, person);
	error = give(node, &order, &parameters, ALLOWANCE_PARAMETERS, answer);
	buffer_free(&parameters);
	if (!error && (!answer->error || answer->error == ERROR_REPEAT))
		error = look_for_more(node, run, part, more);
	return error;
}

enum error order_reversal(struct node *node, uint64_t sequence, uint32_t line, const char *grounds,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_reversal, .key = key, .count = 1};
	struct buffer lines = {0}, none = {0};
	char id[ORDER_ID_MAX + 1];
	enum error error;

	snprintf(id, sizeof id, "reversal-%" PRIu64 "-%u", sequence, (unsigned)line);
	order.id = span_text(id);
	reversal_line_write(&lines, sequence, line, span_text(grounds));
	order.lines = buffer_span(&lines);
	error = give(node, &order, lines.failed ? &lines : &none, 0, answer);
	buffer_free(&lines);
	return error;
}

/* The entry of the appeal that the payer did not take; 0: none. */
static enum error refused_before(
    struct node *node, const struct appeal_line *line, uint64_t *sequence)
{
	struct appeal appeal;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	*sequence = 0;
	if (error)
		return error;
	error = appeal_get(txn, line->uscc, line->number, line->line, &appeal);
	txn_abort(txn);
	if (!error && appeal.state == APPEAL_REFUSED)
		*sequence = appeal.sequence;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error order_appeal(struct node *node, const struct appeal_line *line,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_appeal, .key = key, .count = 1};
	struct buffer lines = {0}, none = {0};
	char id[ORDER_ID_MAX + 1];
	struct hash content;
	uint64_t before;
	enum error error = refused_before(node, line, &before);

	memset(answer, 0, sizeof *answer);
	if (error)
		return answer->error = error;
	appeal_line_put(&lines, line);
	/* The line is named by a hash: its sheet's number may have any length. */
	content = hash_sha256(buffer_span(&lines));
	snprintf(id, sizeof id, "appeal-%016" PRIx64 "-%" PRIu64, be64_read(content.bytes), before);
	order.id = span_text(id);
	order.content = &content;
	order.lines = buffer_span(&lines);
	error = give(node, &order, lines.failed ? &lines : &none, 0, answer);
	buffer_free(&lines);
	return error;
}

enum error order_review(struct node *node, const struct review_line *line,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_review, .key = key, .count = 1};
	struct buffer lines = {0}, none = {0};
	enum error error;

	review_line_put(&lines, line);
	order.lines = buffer_span(&lines);
	error = give(node, &order, lines.failed ? &lines : &none, 0, answer);
	buffer_free(&lines);
	return error;
}

enum error order_dispute(struct node *node, const struct dispute_line *line,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_dispute, .key = key, .count = 1};
	struct buffer lines = {0}, none = {0};
	enum error error;

	dispute_line_write(&lines, line);
	order.lines = buffer_span(&lines);
	error = give(node, &order, lines.failed ? &lines : &none, 0, answer);
	buffer_free(&lines);
	return error;
}

static enum error find_next(struct node *node, uint64_t sequence, char next[PAYMENT_PAYEE_MAX + 1])
{
	struct entry_reader reader = {0};
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = ledger_read(txn, sequence, &reader);
	if (!error)
		error = payment_next(&reader.entry, next);
	entry_free(&reader);
	txn_abort(txn);
	return error;
}

static enum error log_size(struct node *node, uint64_t *size)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = ledger_head(txn, size, NULL);
	txn_abort(txn);
	return error;
}

enum error order_payments(struct node *node, enum payment_kind kind, const char *name,
    const char *first, const struct secret_key *key, char next[PAYMENT_PAYEE_MAX + 1],
    struct answer *answer)
{
	struct node_order order = {.kind = KIND_payment_order, .key = key};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	uint64_t size = 0;
	enum error error = log_size(node, &size);

	memset(answer, 0, sizeof *answer);
	next[0] = '\0';
	if (error)
		return answer->error = error;
	/* What was ordered before is not ordered again, so an order may be given as often as one likes: the id names the entry before it. */
	snprintf(id, sizeof id, "pay-%" PRIu64, size);
	order.id = span_text(id);
	payment_parameters_write(&parameters, kind, name, first);
	error = give(node, &order, &parameters, PAYMENT_PARAMETERS, answer);
	buffer_free(&parameters);
	return error || answer->error ? error : find_next(node, answer->sequence, next);
}

enum error order_prefund(struct node *node, const char *name, uint32_t host, int64_t amount_fen,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_payment_order, .key = key};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	uint64_t size = 0;
	enum error error = log_size(node, &size);

	memset(answer, 0, sizeof *answer);
	if (error)
		return answer->error = error;
	snprintf(id, sizeof id, "pay-%" PRIu64, size);
	order.id = span_text(id);
	prefund_parameters_write(&parameters, name, host, amount_fen);
	error = give(node, &order, &parameters, PREFUND_PARAMETERS, answer);
	buffer_free(&parameters);
	return error;
}

enum error order_draw(struct node *node, uint32_t month, uint32_t home,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_draw, .key = key};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	uint64_t size = 0;
	enum error error = log_size(node, &size);

	memset(answer, 0, sizeof *answer);
	if (error)
		return answer->error = error;
	/* What home has refused may be drawn again. */
	snprintf(id, sizeof id, "draw-%u-%06u-%" PRIu64, (unsigned)month, (unsigned)home, size);
	order.id = span_text(id);
	draw_parameters_write(&parameters, month, home);
	error = give(node, &order, &parameters, DRAW_PARAMETERS, answer);
	buffer_free(&parameters);
	return error;
}

/* The payments of a decision, and where the next part begins. */
static enum error tell_payments(const struct decision *decision, payment_visit *visit,
    void *context, char next[PAYMENT_PAYEE_MAX + 1])
{
	const struct entry entry = {
	    .header = {.kind = KIND_payment_order, .count = decision->count},
	    .lines = buffer_span(&decision->lines)};
	struct codec_reader lines = codec_reader(entry.lines);
	enum error error = payment_next(&entry, next);

	for (uint32_t i = 0; !error && i + 1 < decision->count; i++) {
		struct payment payment;

		error = payment_line_read(codec_item(&lines), &payment);
		if (!error && !visit(context, &payment))
			break;
	}
	return error;
}

enum error order_payments_preview(struct node *node, struct txn *txn, enum payment_kind kind,
    const char *name, const char *first, payment_visit *visit, void *context,
    char next[PAYMENT_PAYEE_MAX + 1], struct error_detail *detail)
{
	const struct hash zeros = {{0}};
	struct buffer parameters = {0}, document = {0};
	const struct secret_key *key = node_document_key(node);
	struct decision decision;
	enum error error;

	decision_init(&decision);
	next[0] = '\0';
	payment_parameters_write(&parameters, kind, name, first);
	error = !key ? error_set(detail, ERROR_PERMISSION, "the document key is not here")
		     : order_sign(&document, key, node_region(node), KIND_payment_order,
			   span_text("preview"), buffer_span(&parameters), PAYMENT_PARAMETERS,
			   &zeros, &zeros, (struct span){NULL, 0}, 0);
	if (!error) {
		const struct span documents[] = {buffer_span(&document)};
		const struct command command = {
		    .kind = KIND_payment_order, .documents = documents, .document_count = 1};

		error = settlement_decide(
		    node_settlement(node), txn, &command, node_now_ms(node), &decision, detail);
	}
	if (!error)
		error = tell_payments(&decision, visit, context, next);
	decision_free(&decision);
	buffer_free(&parameters);
	buffer_free(&document);
	return error;
}

enum error order_bank(struct node *node, const struct bank_line *facts, uint32_t count, bool anew,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_bank, .key = key, .count = count};
	struct buffer lines = {0}, none = {0};
	char id[ORDER_ID_MAX + 1];
	uint64_t size = 0;
	enum error error = anew ? log_size(node, &size) : ERROR_NONE;

	memset(answer, 0, sizeof *answer);
	if (error)
		return answer->error = error;
	snprintf(id, sizeof id, "bank-%" PRIu64, size);
	if (anew)
		order.id = span_text(id);

	for (uint32_t i = 0; i < count; i++)
		bank_line_write(&lines, &facts[i]);
	order.lines = buffer_span(&lines);
	error = give(node, &order, lines.failed ? &lines : &none, 0, answer);
	buffer_free(&lines);
	return error;
}

enum error order_unmatched_end(struct node *node, const struct ending_line *ending,
    const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_unmatched_end, .key = key, .count = 1};
	struct buffer line = {0}, none = {0};
	enum error error;

	ending_line_write(&line, ending);
	order.lines = buffer_span(&line);
	error = give(node, &order, line.failed ? &line : &none, 0, answer);
	buffer_free(&line);
	return error;
}

enum error order_unfreeze(struct node *node, uint32_t peer, const struct hash *evidence,
    const struct hash *proposal, const struct secret_key *key, struct answer *answer)
{
	struct node_order order = {.kind = KIND_unfreeze, .key = key};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	uint64_t size;
	enum error error = log_size(node, &size);

	memset(answer, 0, sizeof *answer);
	if (error)
		return answer->error = error;
	/* Each officer may propose, also once more: the id names the entry before it. */
	snprintf(id, sizeof id, "unfreeze-%06u-%" PRIu64, (unsigned)peer, size);
	order.id = span_text(id);
	codec_put_uint(&parameters, peer);
	codec_put_bytes(&parameters, hash_span(evidence));
	if (proposal)
		codec_put_bytes(&parameters, hash_span(proposal));
	else
		codec_put_null(&parameters);
	error = give(node, &order, &parameters, 3, answer);
	buffer_free(&parameters);
	return error;
}
