#include "payment_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refill.h"
#include "settlement_internal.h"
#include "window.h"

/* kind || name, filled with zeros || payee, filled with zeros || attempt BE32 */
#define NAME_AT 1
#define PAYEE_AT (NAME_AT + PAYMENT_NAME_MAX)
#define ATTEMPT_AT (PAYEE_AT + PAYMENT_PAYEE_MAX)
#define KEY_SIZE (ATTEMPT_AT + 4)

struct row {
	int64_t amount_fen;
	uint64_t sequence, said;
	uint32_t state;
	int32_t day;
	char end_to_end[32];
	char booked_reference[36], returned_reference[36];
};
_Static_assert(sizeof(struct row) == 136, "no padding");

static void id_of(const struct buffer *content, char out[END_TO_END_SIZE])
{
	struct hash hash = hash_sha256(buffer_span(content));
	char text[64];

	/* 19 bytes give 31 characters; the first 30 hold 150 bits. */
	base32_write(span_of(hash.bytes, 19), text);
	memcpy(out, text, END_TO_END_SIZE - 1);
	out[END_TO_END_SIZE - 1] = '\0';
}

void payment_end_to_end(uint32_t city, enum payment_kind kind, const char *name, const char *payee,
    uint32_t attempt, char out[END_TO_END_SIZE])
{
	struct buffer content = {0};

	codec_put_array(&content, 5);
	codec_put_uint(&content, city);
	codec_put_uint(&content, kind);
	codec_put_text(&content, span_text(name));
	codec_put_text(&content, span_text(payee));
	codec_put_uint(&content, attempt);
	id_of(&content, out);
	buffer_free(&content);
}

void payment_own_id(struct span end_to_end, struct span reference, struct span day,
    int64_t amount_fen, char out[END_TO_END_SIZE])
{
	struct buffer content = {0};
	char id[END_TO_END_SIZE];

	codec_put_array(&content, 4);
	codec_put_text(&content, end_to_end);
	codec_put_text(&content, reference);
	codec_put_text(&content, day);
	codec_put_int(&content, amount_fen);
	id_of(&content, id);
	buffer_free(&content);
	out[0] = '?';
	memcpy(out + 1, id, END_TO_END_SIZE - 2);
	out[END_TO_END_SIZE - 1] = '\0';
}

void payment_city(char payee[PAYMENT_PAYEE_MAX + 1], uint32_t city)
{
	snprintf(payee, PAYMENT_PAYEE_MAX + 1, "%06u", (unsigned)city);
}

void payment_message_id(uint32_t city, enum payment_kind kind, const char *name, uint32_t part,
    char out[END_TO_END_SIZE])
{
	struct buffer content = {0};

	codec_put_array(&content, 4);
	codec_put_uint(&content, city);
	codec_put_uint(&content, kind);
	codec_put_text(&content, span_text(name));
	codec_put_uint(&content, part);
	id_of(&content, out);
	buffer_free(&content);
}

static void key_write(uint8_t key[KEY_SIZE], enum payment_kind kind, const char *name,
    const char *payee, uint32_t attempt)
{
	memset(key, 0, KEY_SIZE);
	key[0] = (uint8_t)kind;
	memcpy(key + NAME_AT, name, strnlen(name, PAYMENT_NAME_MAX));
	memcpy(key + PAYEE_AT, payee, strnlen(payee, PAYMENT_PAYEE_MAX));
	be32_write(key + ATTEMPT_AT, attempt);
}

static enum error row_read(struct span key, struct span value, struct payment *payment)
{
	struct row row;

	if (key.size != KEY_SIZE || value.size != sizeof row)
		return ERROR_CORRUPT;
	memcpy(&row, value.data, sizeof row);
	memset(payment, 0, sizeof *payment);
	payment->kind = (enum payment_kind)key.data[0];
	memcpy(payment->name, key.data + NAME_AT, PAYMENT_NAME_MAX);
	memcpy(payment->payee, key.data + PAYEE_AT, PAYMENT_PAYEE_MAX);
	payment->attempt = be32_read(key.data + ATTEMPT_AT);
	payment->amount_fen = row.amount_fen;
	payment->sequence = row.sequence;
	payment->said = row.said;
	payment->state = (enum payment_state)row.state;
	payment->day = row.day;
	memcpy(payment->end_to_end, row.end_to_end, END_TO_END_SIZE - 1);
	memcpy(payment->booked_reference, row.booked_reference, BANK_REFERENCE_MAX);
	memcpy(payment->returned_reference, row.returned_reference, BANK_REFERENCE_MAX);
	return ERROR_NONE;
}

enum error payment_put(struct txn *txn, const struct payment *payment)
{
	struct row row = {.amount_fen = payment->amount_fen,
	    .sequence = payment->sequence,
	    .said = payment->said,
	    .state = payment->state,
	    .day = payment->day};
	uint8_t key[KEY_SIZE];
	enum error error;

	memcpy(row.end_to_end, payment->end_to_end, END_TO_END_SIZE);
	memcpy(row.booked_reference, payment->booked_reference, strlen(payment->booked_reference));
	memcpy(row.returned_reference, payment->returned_reference,
	    strlen(payment->returned_reference));
	key_write(key, payment->kind, payment->name, payment->payee, payment->attempt);
	error = store_put(txn, TABLE_PAYMENT, span_of(key, sizeof key), span_of(&row, sizeof row));
	return error ? error
		     : store_put(txn, TABLE_PAYMENT_INDEX, span_text(payment->end_to_end),
			   span_of(key, sizeof key));
}

enum error payment_find(struct txn *txn, const char *end_to_end, struct payment *payment)
{
	uint8_t copy[KEY_SIZE];
	struct span key, value;
	enum error error = store_get(txn, TABLE_PAYMENT_INDEX, span_text(end_to_end), &key);

	if (error)
		return error;
	if (key.size != KEY_SIZE)
		return ERROR_CORRUPT;
	memcpy(copy, key.data, KEY_SIZE);
	error = store_get(txn, TABLE_PAYMENT, span_of(copy, KEY_SIZE), &value);
	return error ? (error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error)
		     : row_read(span_of(copy, KEY_SIZE), value, payment);
}

enum error payment_last(struct txn *txn, enum payment_kind kind, const char *name,
    const char *payee, struct payment *payment)
{
	enum error error = ERROR_NOT_FOUND;

	for (uint32_t attempt = 1; attempt <= PAYMENT_ATTEMPTS_MAX; attempt++) {
		uint8_t key[KEY_SIZE];
		struct span value;
		enum error found;

		key_write(key, kind, name, payee, attempt);
		found = store_get(txn, TABLE_PAYMENT, span_of(key, sizeof key), &value);
		if (found)
			return found == ERROR_NOT_FOUND ? error : found;
		error = row_read(span_of(key, sizeof key), value, payment);
		if (error)
			return error;
	}
	return error;
}

enum error payment_each(
    struct txn *txn, enum payment_kind kind, const char *name, payment_visit *visit, void *context)
{
	uint8_t prefix[PAYEE_AT] = {0};
	size_t size = kind ? name ? PAYEE_AT : 1 : 0;
	struct cursor *cursor;
	struct span key, value;
	enum error error = cursor_open(txn, TABLE_PAYMENT, &cursor);

	if (error)
		return error;
	prefix[0] = (uint8_t)kind;
	if (name)
		memcpy(prefix + NAME_AT, name, strnlen(name, PAYMENT_NAME_MAX));
	error = cursor_seek(cursor, span_of(prefix, size), &key, &value);
	while (!error && span_starts_with(key, span_of(prefix, size))) {
		struct payment payment;

		error = row_read(key, value, &payment);
		if (error || !visit(context, &payment))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error payment_origin(struct txn *txn, const struct payment *payment, struct payment *origin)
{
	*origin = *payment;
	/* Each step goes to an earlier order. */
	for (uint32_t step = 0; origin->kind == PAYMENT_AGAIN && step < PAYMENT_ATTEMPTS_MAX;
	     step++) {
		char before[PAYMENT_NAME_MAX + 1];
		enum error error;

		memcpy(before, origin->name, sizeof before);
		error = payment_find(txn, before, origin);
		if (error)
			return error;
	}
	return ERROR_NONE;
}

uint32_t payment_number(const char *text)
{
	int64_t value;

	return decimal_read(span_text(text), &value) || value > UINT32_MAX ? 0 : (uint32_t)value;
}

void payment_accounts(
    const struct payment *payment, char debit[ACCOUNT_TEXT_SIZE], char credit[ACCOUNT_TEXT_SIZE])
{
	account_treasury(credit);
	switch (payment->kind) {
	case PAYMENT_CLEARING:
		account_clearing(
		    debit, payment_number(payment->name), payment_number(payment->payee));
		break;
	case PAYMENT_RUN:
		account_payable_run(debit, payment->name);
		break;
	case PAYMENT_INSTITUTION:
		account_payable_local(debit, payment->payee);
		break;
	case PAYMENT_GUESTS:
		account_payable_remote(debit, payment->payee);
		break;
	case PAYMENT_ADVANCE:
		account_payable_remote(debit, payment->payee);
		account_float(credit);
		break;
	case PAYMENT_AGAIN:
		account_payable_returned(debit, payment->name);
		break;
	case PAYMENT_PREFUND:
		account_prefund_lodged(debit, payment_number(payment->payee));
		break;
	case PAYMENT_SUSPENSE:
		account_suspense(debit, payment->name);
		break;
	}
}

/* Guests' money. Key: uscc || payer BE32 || window BE32. */

#define DUE_KEY_SIZE (USCC_SIZE + 8)

static uint32_t due_payer(struct span key)
{
	return be32_read(key.data + USCC_SIZE);
}

static uint32_t due_window(struct span key)
{
	return be32_read(key.data + USCC_SIZE + 4);
}

static void due_key(uint8_t key[DUE_KEY_SIZE], uint32_t payer, uint32_t window, const char *uscc)
{
	memcpy(key, uscc, USCC_SIZE);
	be32_write(key + USCC_SIZE, payer);
	be32_write(key + USCC_SIZE + 4, window);
}

enum error guest_due_get(
    struct txn *txn, uint32_t payer, uint32_t window, const char *uscc, int64_t *fen)
{
	uint8_t key[DUE_KEY_SIZE];
	struct span value;
	enum error error;

	*fen = 0;
	due_key(key, payer, window, uscc);
	error = store_get(txn, TABLE_GUEST_DUE, span_of(key, sizeof key), &value);
	if (!error && value.size != sizeof *fen)
		return ERROR_CORRUPT;
	if (!error)
		memcpy(fen, value.data, sizeof *fen);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error guest_due_add(
    struct txn *txn, uint32_t payer, uint32_t window, const char *uscc, int64_t fen)
{
	uint8_t key[DUE_KEY_SIZE];
	int64_t due;
	enum error error;

	if (fen == 0)
		return ERROR_NONE;
	error = guest_due_get(txn, payer, window, uscc, &due);
	if (error)
		return error;
	due_key(key, payer, window, uscc);
	due += fen;
	return store_put(txn, TABLE_GUEST_DUE, span_of(key, sizeof key), span_of(&due, sizeof due));
}

bool guest_picked(void *context, struct txn *txn, uint32_t payer, uint32_t window)
{
	const struct guest_pick *pick = context;
	struct window_row row;

	if (pick->payer == 0)
		return true;
	if (window == GUEST_WINDOW_AGAIN)
		return payer == pick->payer;
	/* Up to this clearing: what an earlier one left unpaid, because reversals outweighed it, is netted now. */
	return payer == pick->payer && !window_get(txn, payer, pick->self, window, &row) &&
	       row.cleared_month != 0 && row.cleared_month <= pick->month;
}

uint32_t guest_payer(const char *name)
{
	const char *dash = strchr(name, '-');

	return dash ? (uint32_t)strtoul(dash + 1, NULL, 10) : 0;
}

enum error guest_dues(struct txn *txn, guest_due_wanted *wanted, void *context,
    struct guest_due **dues, size_t *count)
{
	size_t capacity = 0;
	struct cursor *cursor;
	struct span key, value;
	enum error error = cursor_open(txn, TABLE_GUEST_DUE, &cursor);

	*dues = NULL;
	*count = 0;
	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value);
	for (; !error; error = cursor_next(cursor, &key, &value)) {
		struct guest_due *due;
		int64_t fen;

		if (key.size != DUE_KEY_SIZE || value.size != sizeof fen) {
			error = ERROR_CORRUPT;
			break;
		}
		if (!wanted(context, txn, due_payer(key), due_window(key)))
			continue;
		memcpy(&fen, value.data, sizeof fen);
		/* Rows of one institution stand together. */
		if (*count && memcmp((*dues)[*count - 1].uscc, key.data, USCC_SIZE) == 0) {
			(*dues)[*count - 1].fen += fen;
			continue;
		}
		if (*count == capacity) {
			size_t more = capacity ? 2 * capacity : 64;
			struct guest_due *grown = realloc(*dues, more * sizeof *grown);
			if (!grown) {
				error = ERROR_MEMORY;
				break;
			}
			*dues = grown;
			capacity = more;
		}
		due = &(*dues)[(*count)++];
		memset(due, 0, sizeof *due);
		memcpy(due->uscc, key.data, USCC_SIZE);
		due->fen = fen;
	}
	cursor_close(cursor);
	if (error != ERROR_NOT_FOUND) {
		free(*dues);
		*dues = NULL;
		return error;
	}
	return ERROR_NONE;
}

/* The first row of the institution behind `from` that `wanted` picks. Fails with: ERROR_NOT_FOUND. */
static enum error due_next(struct txn *txn, guest_due_wanted *wanted, void *context,
    const char *uscc, uint8_t from[DUE_KEY_SIZE], size_t from_size, int64_t *fen)
{
	struct cursor *cursor;
	struct span key, value;
	enum error error = cursor_open(txn, TABLE_GUEST_DUE, &cursor);

	if (error)
		return error;
	if (from_size == 0)
		memcpy(from, uscc, USCC_SIZE);
	error = cursor_seek(cursor, span_of(from, from_size ? from_size : USCC_SIZE), &key, &value);
	/* The row that `from` names was seen before, if it is still there. */
	if (!error && from_size && span_equal(key, span_of(from, from_size)))
		error = cursor_next(cursor, &key, &value);
	for (; !error; error = cursor_next(cursor, &key, &value)) {
		if (key.size != DUE_KEY_SIZE || value.size != sizeof *fen) {
			error = ERROR_CORRUPT;
			break;
		}
		if (memcmp(key.data, uscc, USCC_SIZE) != 0) {
			error = ERROR_NOT_FOUND;
			break;
		}
		if (!wanted(context, txn, due_payer(key), due_window(key)))
			continue;
		memcpy(from, key.data, DUE_KEY_SIZE);
		memcpy(fen, value.data, sizeof *fen);
		break;
	}
	cursor_close(cursor);
	return error;
}

enum error guest_due_sum(
    struct txn *txn, guest_due_wanted *wanted, void *context, const char *uscc, int64_t *sum)
{
	uint8_t at[DUE_KEY_SIZE] = {0};
	size_t size = 0;
	int64_t due;
	enum error error;

	*sum = 0;
	while (!(error = due_next(txn, wanted, context, uscc, at, size, &due))) {
		size = DUE_KEY_SIZE;
		*sum += due;
	}
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error guest_due_take(struct txn *txn, guest_due_wanted *wanted, void *context,
    const char *uscc, int64_t fen, const char *advance)
{
	uint8_t at[DUE_KEY_SIZE] = {0};
	size_t size = 0;
	int64_t sum, due;
	bool all;
	enum error error = guest_due_sum(txn, wanted, context, uscc, &sum);

	all = sum == fen;
	while (!error && (all || fen > 0)) {
		int64_t part;

		error = due_next(txn, wanted, context, uscc, at, size, &due);
		if (error)
			break;
		size = DUE_KEY_SIZE;
		/* All that is due: the rows of reversals go too. Else what is left stays where it is. */
		part = all || due < fen ? due : fen;
		if (!all && due <= 0)
			continue;
		fen -= all ? 0 : part;
		due -= part;
		error = due ? store_put(txn, TABLE_GUEST_DUE, span_of(at, size),
				  span_of(&due, sizeof due))
			    : store_delete(txn, TABLE_GUEST_DUE, span_of(at, size));
		if (!error && advance)
			error = advance_note(txn, advance, due_payer(span_of(at, size)),
			    due_window(span_of(at, size)), part);
	}
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

const char *payment_kind_name(enum payment_kind kind)
{
	static const char *const names[] = {"", "clearing", "run", "institution", "guests",
	    "advance", "again", "prefund", "suspense"};

	return kind >= 1 && kind <= PAYMENT_KIND_LAST ? names[kind] : "unknown";
}

const char *payment_state_name(enum payment_state state)
{
	static const char *const names[] = {
	    "", "ordered", "booked", "rejected", "returned", "received"};

	return state >= 1 && state <= PAYMENT_RECEIVED ? names[state] : "unknown";
}

const char *payment_state_chinese(enum payment_state state)
{
	static const char *const names[] = {"", "已发出", "已记账", "已拒付", "已退汇", "已到账"};

	return state >= 1 && state <= PAYMENT_RECEIVED ? names[state] : "未知";
}
