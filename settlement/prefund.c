/* prefund.c: what the reserve bounds, and the kind `prefund_notice`: at the host, a reserve that is on its way. */
#include "prefund.h"

#include <string.h>

#include "clearing.h"
#include "lines.h"
#include "settlement_internal.h"
#include "tables.h"
#include "window.h"

/* [name, attempt, EndToEndId, amount, bank reference, day] */
#define ITEM_FIELDS 6
#define ROW_SIZE (4 + 4 + 8 + 8 + PREFUND_NAME_MAX)

static enum error balance(struct txn *txn, const char *name, bool debit, int64_t *fen)
{
	struct account account;
	enum error error = account_get(txn, span_text(name), &account);

	*fen = 0;
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	*fen = debit ? account.debits - account.credits : account.credits - account.debits;
	return ERROR_NONE;
}

enum error prefund_lodged(struct txn *txn, uint32_t host, int64_t *fen)
{
	char name[ACCOUNT_TEXT_SIZE];

	return balance(txn, account_prefund_lodged(name, host), true, fen);
}

enum error prefund_held(struct txn *txn, uint32_t home, int64_t *fen)
{
	char name[ACCOUNT_TEXT_SIZE];

	return balance(txn, account_prefund_held(name, home), false, fen);
}

struct unpaid_sum {
	struct txn *txn;
	uint32_t month; /* of the clearing that was looked up last; 0: none */
	bool month_paid;
	struct amount sum;
	enum error error;
};

/* In order of number, windows of one clearing mostly stand together. */
static enum error look_up_clearing(struct unpaid_sum *sum, const struct window_row *window)
{
	struct clearing_row clearing;
	enum error error;

	if (sum->month == window->cleared_month)
		return ERROR_NONE;
	error = clearing_get(
	    sum->txn, window->cleared_month, window->payer, window->creditor, &clearing);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	sum->month = window->cleared_month;
	sum->month_paid =
	    clearing.state == CLEARING_SETTLED ||
	    (clearing.state == CLEARING_NETTED && (clearing_pays(&clearing, window->payer) == 0 ||
						      clearing_is_paid(&clearing, window->payer)));
	return ERROR_NONE;
}

static bool add_window(void *context, const struct window_row *window)
{
	struct unpaid_sum *sum = context;
	const struct window_totals *totals =
	    window->state == WINDOW_AGREED ? &window->agreed : &window->own;

	if (window->cleared_month) {
		sum->error = look_up_clearing(sum, window);
		if (sum->error || sum->month_paid)
			return !sum->error;
	}
	sum->error = amount_add(sum->sum, (struct amount){totals->positive_fen}, &sum->sum);
	return !sum->error;
}

enum error prefund_unpaid(struct txn *txn, uint32_t payer, uint32_t host, int64_t *unpaid_fen)
{
	struct unpaid_sum sum = {.txn = txn};
	enum error error = window_each(txn, payer, host, add_window, &sum);

	*unpaid_fen = sum.sum.value;
	return error ? error : sum.error;
}

/* reserve x percent / 100, rounded down; no more than an amount can be. */
static int64_t limit_of(int64_t reserve_fen, uint32_t percent)
{
	int64_t whole = reserve_fen / 100, rest = reserve_fen % 100;

	if (whole > AMOUNT_MAX / (int64_t)percent)
		return AMOUNT_MAX;
	return whole * (int64_t)percent + rest * (int64_t)percent / 100;
}

enum error prefund_cap_find(
    struct settlement *settlement, struct txn *txn, uint32_t host, struct prefund_cap *cap)
{
	const uint32_t self = settlement_region(settlement);
	const struct policy *policy = settlement_policy(settlement, self);
	uint32_t percent = policy ? policy_prefund_percent(policy, host) : 0;
	int64_t reserve;
	enum error error;

	memset(cap, 0, sizeof *cap);
	if (percent == 0)
		return ERROR_NONE;
	error = prefund_lodged(txn, host, &reserve);
	if (!error)
		error = prefund_unpaid(txn, self, host, &cap->unpaid_fen);
	cap->is = true;
	cap->limit_fen = limit_of(reserve, percent);
	return error;
}

bool prefund_cap_takes(const struct prefund_cap *cap, int64_t fen)
{
	return !cap->is ||
	       (cap->unpaid_fen <= cap->limit_fen && fen <= cap->limit_fen - cap->unpaid_fen);
}

void prefund_parameters_write(
    struct buffer *out, const char *name, uint32_t host, int64_t amount_fen)
{
	codec_put_uint(out, PAYMENT_PREFUND);
	codec_put_text(out, span_text(name));
	codec_put_uint(out, host);
	codec_put_uint(out, (uint64_t)amount_fen);
}

bool prefund_name_valid(const char *name)
{
	for (const char *at = name; *at; at++) {
		if (*at <= ' ' || *at > '~' || *at == '<')
			return false;
	}
	return name[0] && strlen(name) <= PREFUND_NAME_MAX;
}

/* --- at the host: announced ------------------------------------------------------------------------------------- */

void prefund_item_put(
    struct buffer *out, const struct payment *payment, const struct bank_line *line)
{
	codec_put_array(out, ITEM_FIELDS);
	codec_put_text(out, span_text(payment->name));
	codec_put_uint(out, payment->attempt);
	codec_put_text(out, span_text(payment->end_to_end));
	codec_put_uint(out, (uint64_t)payment->amount_fen);
	codec_put_text(out, span_text(line->reference));
	day_put(out, line->day);
}

static enum error read_item(
    struct span item, struct prefund_announced *out, char end_to_end[END_TO_END_SIZE])
{
	struct codec_reader reader = codec_reader(item);
	char reference[BANK_REFERENCE_MAX + 1];

	memset(out, 0, sizeof *out);
	codec_array_exact(&reader, ITEM_FIELDS);
	codec_text_copy(&reader, out->name, sizeof out->name);
	out->attempt = (uint32_t)codec_uint_max(&reader, PAYMENT_ATTEMPTS_MAX);
	codec_text_copy(&reader, end_to_end, END_TO_END_SIZE);
	out->amount_fen = (int64_t)codec_uint_max(&reader, AMOUNT_MAX);
	codec_text_copy(&reader, reference, sizeof reference);
	day_take(&reader);
	if (out->attempt == 0 || out->amount_fen == 0 || !prefund_name_valid(out->name))
		return ERROR_MALFORMED;
	return codec_finish(&reader);
}

/* Only its own payment to us can be announced: the EndToEndId says whose it is. */
static bool is_theirs(const struct settlement *settlement, const struct prefund_announced *item,
    const char *end_to_end)
{
	char payee[PAYMENT_PAYEE_MAX + 1], id[END_TO_END_SIZE];

	payment_city(payee, settlement_region(settlement));
	payment_end_to_end(item->home, PAYMENT_PREFUND, item->name, payee, item->attempt, id);
	return strcmp(id, end_to_end) == 0;
}

enum error prefund_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct notice notice;
	struct span bytes;
	enum error error = notice_read(command, &notice, detail);

	(void)now_ms, (void)txn;
	while (!error && line_walk_next(&notice.walk, &bytes)) {
		struct prefund_announced item;
		char end_to_end[END_TO_END_SIZE];

		if (read_item(bytes, &item, end_to_end))
			return line_walk_error(&notice.walk, ERROR_MALFORMED, detail,
			    "not [name, attempt, EndToEndId, amount, reference, day]");
		item.home = notice.message.from;
		if (!is_theirs(settlement, &item, end_to_end))
			return line_walk_error(&notice.walk, ERROR_MISMATCH, detail,
			    "the EndToEndId is not that of such a payment of the sender to this "
			    "city");
		buffer_append(&decision->lines, bytes);
		verdict_put(decision, REASON_registered);
	}
	return error ? error : line_walk_finish(&notice.walk, detail);
}

static enum error put(struct txn *txn, const struct prefund_announced *item, const char *end_to_end)
{
	uint8_t row[ROW_SIZE] = {0};

	be32_write(row, item->home);
	be32_write(row + 4, item->attempt);
	be64_write(row + 8, (uint64_t)item->amount_fen);
	be64_write(row + 16, item->sequence);
	memcpy(row + 24, item->name, strlen(item->name));
	return store_put(txn, TABLE_PREFUND, span_text(end_to_end), span_of(row, sizeof row));
}

enum error prefund_announced_get(
    struct txn *txn, const char *end_to_end, struct prefund_announced *announced)
{
	struct span row;
	enum error error = store_get(txn, TABLE_PREFUND, span_text(end_to_end), &row);

	memset(announced, 0, sizeof *announced);
	if (error)
		return error;
	if (row.size != ROW_SIZE)
		return ERROR_CORRUPT;
	announced->home = be32_read(row.data);
	announced->attempt = be32_read(row.data + 4);
	announced->amount_fen = (int64_t)be64_read(row.data + 8);
	announced->sequence = be64_read(row.data + 16);
	memcpy(announced->name, row.data + 24, PREFUND_NAME_MAX);
	return ERROR_NONE;
}

enum error prefund_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct document document;
	struct message message;
	struct span bytes;
	unsigned reason;
	enum error error = ERROR_NONE;

	(void)settlement;
	if (document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message))
		return ERROR_CORRUPT;
	while (!error && entry_walk_next(&walk, &bytes, &reason)) {
		struct prefund_announced item;
		char end_to_end[END_TO_END_SIZE];

		if (read_item(bytes, &item, end_to_end))
			return ERROR_CORRUPT;
		item.home = message.from;
		item.sequence = entry->header.sequence;
		error = put(txn, &item, end_to_end);
	}
	return error ? error : entry_walk_finish(&walk, detail);
}
