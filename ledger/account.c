#include "account.h"

#include <assert.h>
#include <string.h>

#include "ledger_tables.h"

#define ACCOUNT_ROW_SIZE 42
#define POSTING_ROW_SIZE (1 + 8 + ACCOUNT_ROW_SIZE)
#define TRANSFER_ROW_SIZE (8 + 4 + TRANSFER_ID_SIZE)
#define PENDING_ROW_HEAD (8 + 8 + 1 + 2)
#define TRANSFER_FIELDS 9
#define FLAG_FROZEN 1
#define FLAG_CLOSED 2

struct transfer_id transfer_id_from(struct span cause, uint32_t index)
{
	static const uint8_t prefix[1] = {0x01};
	uint8_t number[4];
	struct transfer_id id;
	struct hash hash;

	be32_write(number, index);
	hash = hash_sha256_parts((const struct span[]){{prefix, 1}, cause, {number, 4}}, 3);
	memcpy(id.bytes, hash.bytes, TRANSFER_ID_SIZE);
	return id;
}

static struct span id_span(const struct transfer_id *id)
{
	return span_of(id->bytes, TRANSFER_ID_SIZE);
}

static bool ends_pending(enum transfer_kind kind)
{
	return kind == TRANSFER_POST || kind == TRANSFER_VOID || kind == TRANSFER_EXPIRE;
}

static void transfer_write(struct buffer *out, const struct transfer *transfer)
{
	codec_put_array(out, TRANSFER_FIELDS);
	codec_put_bytes(out, id_span(&transfer->id));
	codec_put_uint(out, (uint64_t)transfer->kind);
	codec_put_uint(out, (uint64_t)transfer->unit);
	codec_put_uint(out, (uint64_t)transfer->amount.value);
	codec_put_text(out, transfer->debit);
	codec_put_text(out, transfer->credit);
	if (ends_pending(transfer->kind))
		codec_put_bytes(out, id_span(&transfer->pending_id));
	else
		codec_put_null(out);
	codec_put_uint(out, (uint64_t)transfer->deadline_ms);
	codec_put_text(out, transfer->reference);
}

void transfers_write(struct buffer *out, const struct transfer *transfers, size_t count)
{
	codec_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		transfer_write(out, &transfers[i]);
}

static bool name_valid(struct span name)
{
	return name.size > 0 && name.size <= ACCOUNT_NAME_MAX && !memchr(name.data, 0, name.size);
}

/* What a transfer must be in itself, whatever the tables say. */
static bool transfer_valid(const struct transfer *transfer)
{
	return transfer->kind <= TRANSFER_EXPIRE && unit_name(transfer->unit) &&
	       transfer->amount.value > 0 && transfer->amount.value <= AMOUNT_MAX &&
	       name_valid(transfer->debit) && name_valid(transfer->credit) &&
	       !span_equal(transfer->debit, transfer->credit) && transfer->deadline_ms >= 0 &&
	       (transfer->kind == TRANSFER_PENDING || transfer->deadline_ms == 0) &&
	       transfer->reference.size <= REFERENCE_MAX &&
	       (transfer->reference.size == 0 ||
		   !memchr(transfer->reference.data, 0, transfer->reference.size));
}

static void transfer_read(struct codec_reader *reader, struct transfer *transfer)
{
	memset(transfer, 0, sizeof *transfer);
	codec_array_exact(reader, TRANSFER_FIELDS);
	codec_bytes_exact(reader, transfer->id.bytes, TRANSFER_ID_SIZE);
	transfer->kind = (enum transfer_kind)codec_uint_max(reader, TRANSFER_EXPIRE);
	transfer->unit = (enum unit)codec_uint_max(reader, UNIT_MIN);
	transfer->amount.value = (int64_t)codec_uint_max(reader, (uint64_t)AMOUNT_MAX);
	transfer->debit = codec_text(reader);
	transfer->credit = codec_text(reader);
	if (ends_pending(transfer->kind))
		codec_bytes_exact(reader, transfer->pending_id.bytes, TRANSFER_ID_SIZE);
	else if (!codec_null(reader))
		reader->failed = ERROR_MALFORMED;
	transfer->deadline_ms = (int64_t)codec_uint(reader);
	transfer->reference = codec_text(reader);
	if (!reader->failed && !transfer_valid(transfer))
		reader->failed = ERROR_MALFORMED;
}

enum error transfers_count(struct span bytes, size_t *count)
{
	struct codec_reader reader = codec_reader(bytes);
	struct transfer transfer;

	*count = codec_array(&reader);
	if (*count > ENTRY_TRANSFERS_MAX)
		return ERROR_TOO_LARGE;
	for (size_t i = 0; i < *count && !reader.failed; i++)
		transfer_read(&reader, &transfer);
	return codec_finish(&reader);
}

enum error transfers_read(struct span bytes, struct transfer *transfers, size_t count)
{
	struct codec_reader reader = codec_reader(bytes);

	codec_array_exact(&reader, count);
	for (size_t i = 0; i < count && !reader.failed; i++)
		transfer_read(&reader, &transfers[i]);
	return codec_finish(&reader);
}

const struct account_rule *account_rule_of(const struct account_rule *chart, struct span name)
{
	const struct account_rule *best = NULL;
	size_t best_size = 0;

	for (; chart->prefix; chart++) {
		struct span prefix = span_text(chart->prefix);
		if (span_starts_with(name, prefix) && (!best || prefix.size > best_size)) {
			best = chart;
			best_size = prefix.size;
		}
	}
	return best;
}

static void account_write(uint8_t row[ACCOUNT_ROW_SIZE], const struct account *account)
{
	row[0] = (uint8_t)account->unit;
	row[1] =
	    (uint8_t)((account->frozen ? FLAG_FROZEN : 0) | (account->closed ? FLAG_CLOSED : 0));
	be64_write(row + 2, (uint64_t)account->debits);
	be64_write(row + 10, (uint64_t)account->credits);
	be64_write(row + 18, (uint64_t)account->pending_debits);
	be64_write(row + 26, (uint64_t)account->pending_credits);
	be64_write(row + 34, account->opened_at);
}

static enum error account_read(struct span row, struct account *account)
{
	if (row.size != ACCOUNT_ROW_SIZE || !unit_name((enum unit)row.data[0]) ||
	    row.data[1] > (FLAG_FROZEN | FLAG_CLOSED))
		return ERROR_CORRUPT;
	account->unit = (enum unit)row.data[0];
	account->frozen = row.data[1] & FLAG_FROZEN;
	account->closed = row.data[1] & FLAG_CLOSED;
	account->debits = (int64_t)be64_read(row.data + 2);
	account->credits = (int64_t)be64_read(row.data + 10);
	account->pending_debits = (int64_t)be64_read(row.data + 18);
	account->pending_credits = (int64_t)be64_read(row.data + 26);
	account->opened_at = be64_read(row.data + 34);
	return ERROR_NONE;
}

enum error account_get(struct txn *txn, struct span name, struct account *account)
{
	struct span row;
	enum error error =
	    name_valid(name) ? store_get(txn, TABLE_ACCOUNT, name, &row) : ERROR_NOT_FOUND;

	return error ? error : account_read(row, account);
}

/* Amount on the normal side that is there and not held. */
static int64_t free_balance(enum account_side side, const struct account *account)
{
	return side == SIDE_CREDIT ? account->credits - account->debits - account->pending_debits
				   : account->debits - account->credits - account->pending_credits;
}

int64_t account_balance(
    const struct account_rule *chart, struct span name, const struct account *account)
{
	const struct account_rule *rule = account_rule_of(chart, name);

	return rule && rule->side == SIDE_CREDIT ? account->credits - account->debits
						 : account->debits - account->credits;
}

enum error account_available(
    struct txn *txn, const struct account_rule *chart, struct span name, struct amount *available)
{
	const struct account_rule *rule = account_rule_of(chart, name);
	struct account account;
	enum error error;

	available->value = 0;
	if (!rule)
		return ERROR_NOT_FOUND;
	if (rule->may_go_negative) {
		available->value = INT64_MAX;
		return ERROR_NONE;
	}
	error = account_get(txn, name, &account);
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (!error)
		available->value = free_balance(rule->side, &account);
	return error;
}

/* Key of a posting; returns its size. */
static size_t posting_key(
    uint8_t key[STORE_KEY_MAX], struct span name, uint64_t sequence, uint32_t index)
{
	memcpy(key, name.data, name.size);
	key[name.size] = 0;
	be64_write(key + name.size + 1, sequence);
	be32_write(key + name.size + 9, index);
	return name.size + 13;
}

/* Everything that one booking needs to know and change. */
struct booking {
	struct txn *txn;
	const struct account_rule *chart;
	uint64_t sequence;
	uint32_t index;
	const struct transfer *transfer;
	struct error_detail *detail;
	struct account debit, credit;
	/* Of the pending transfer that is made, posted or released: what stays pending. */
	int64_t left, deadline_ms;
};

static enum error load_account(
    const struct booking *booking, struct span name, struct account *account)
{
	enum error error = account_get(booking->txn, name, account);

	if (error == ERROR_NOT_FOUND) {
		memset(account, 0, sizeof *account);
		account->unit = booking->transfer->unit;
		account->opened_at = booking->sequence;
		error = ERROR_NONE;
	}
	if (error)
		return error;
	if (account->unit != booking->transfer->unit)
		return error_set(booking->detail, ERROR_MISMATCH,
		    "account %.*s: keeps another unit", (int)name.size, (const char *)name.data);
	if (account->closed)
		return error_set(booking->detail, ERROR_CLOSED, "account %.*s: closed",
		    (int)name.size, (const char *)name.data);
	if (account->frozen)
		return error_set(booking->detail, ERROR_FROZEN, "account %.*s: frozen",
		    (int)name.size, (const char *)name.data);
	return ERROR_NONE;
}

static enum error store_account(
    const struct booking *booking, struct span name, const struct account *account, bool is_debit)
{
	uint8_t row[POSTING_ROW_SIZE], key[STORE_KEY_MAX];
	size_t key_size = posting_key(key, name, booking->sequence, booking->index);
	enum error error;

	row[0] = (uint8_t)((is_debit ? 0x80 : 0) | booking->transfer->kind);
	be64_write(row + 1, (uint64_t)booking->transfer->amount.value);
	account_write(row + 9, account);
	error = store_put(booking->txn, TABLE_ACCOUNT, name, span_of(row + 9, ACCOUNT_ROW_SIZE));
	if (!error)
		error = store_insert(
		    booking->txn, TABLE_POSTING, span_of(key, key_size), span_of(row, sizeof row));
	return error;
}

/* S2: no account breaks its balance rule, what is pending counted. */
static enum error check_rule(
    const struct booking *booking, struct span name, const struct account *account)
{
	const struct account_rule *rule = account_rule_of(booking->chart, name);

	if (!rule)
		return error_set(booking->detail, ERROR_NOT_FOUND,
		    "account %.*s: not in the chart of accounts", (int)name.size,
		    (const char *)name.data);
	if (account->debits > AMOUNT_MAX || account->credits > AMOUNT_MAX ||
	    account->pending_debits > AMOUNT_MAX || account->pending_credits > AMOUNT_MAX)
		return error_set(booking->detail, ERROR_OVERFLOW,
		    "account %.*s: turnover too large", (int)name.size, (const char *)name.data);
	if (!rule->may_go_negative && free_balance(rule->side, account) < 0)
		return error_set(booking->detail, ERROR_BALANCE,
		    "account %.*s: would go %lld below zero", (int)name.size,
		    (const char *)name.data, -(long long)free_balance(rule->side, account));
	return ERROR_NONE;
}

static const struct transfer_id *pending_of(const struct transfer *transfer)
{
	return transfer->kind == TRANSFER_PENDING ? &transfer->id : &transfer->pending_id;
}

static enum error store_pending(const struct booking *booking)
{
	const struct transfer *transfer = booking->transfer;
	uint8_t row[PENDING_ROW_HEAD + 2 * ACCOUNT_NAME_MAX];

	be64_write(row, (uint64_t)booking->left);
	be64_write(row + 8, (uint64_t)booking->deadline_ms);
	row[16] = (uint8_t)transfer->unit;
	row[17] = (uint8_t)transfer->debit.size;
	row[18] = (uint8_t)transfer->credit.size;
	memcpy(row + PENDING_ROW_HEAD, transfer->debit.data, transfer->debit.size);
	memcpy(row + PENDING_ROW_HEAD + transfer->debit.size, transfer->credit.data,
	    transfer->credit.size);
	return store_put(booking->txn, TABLE_PENDING, id_span(pending_of(transfer)),
	    span_of(row, PENDING_ROW_HEAD + transfer->debit.size + transfer->credit.size));
}

/* What is left of the pending transfer that this one posts or releases; its accounts and unit must be repeated. */
static enum error load_pending(struct booking *booking, int64_t time_ms)
{
	const struct transfer *transfer = booking->transfer;
	struct span row;
	enum error error =
	    store_get(booking->txn, TABLE_PENDING, id_span(&transfer->pending_id), &row);

	if (error == ERROR_NOT_FOUND)
		return error_set(booking->detail, error, "the pending transfer is not known");
	if (error)
		return error;
	if (row.size < PENDING_ROW_HEAD ||
	    row.size != (size_t)PENDING_ROW_HEAD + row.data[17] + row.data[18])
		return ERROR_CORRUPT;
	if (row.data[16] != transfer->unit ||
	    !span_equal(span_of(row.data + PENDING_ROW_HEAD, row.data[17]), transfer->debit) ||
	    !span_equal(span_of(row.data + PENDING_ROW_HEAD + row.data[17], row.data[18]),
		transfer->credit))
		return error_set(booking->detail, ERROR_MISMATCH,
		    "the pending transfer has other accounts or another unit");
	booking->left = (int64_t)be64_read(row.data);
	booking->deadline_ms = (int64_t)be64_read(row.data + 8);
	if (booking->left < transfer->amount.value ||
	    (transfer->kind != TRANSFER_POST && booking->left != transfer->amount.value))
		return error_set(booking->detail, ERROR_STATE, "%lld is still pending",
		    (long long)booking->left);
	if (transfer->kind == TRANSFER_EXPIRE &&
	    (booking->deadline_ms == 0 || time_ms < booking->deadline_ms))
		return error_set(booking->detail, ERROR_STATE, "the deadline is not reached");
	booking->left -= transfer->amount.value;
	return ERROR_NONE;
}

/* Change the two accounts, and what is pending, in memory. */
static enum error move_amount(struct booking *booking, int64_t time_ms)
{
	const struct transfer *transfer = booking->transfer;
	int64_t amount = transfer->amount.value;
	enum error error = ERROR_NONE;

	switch (transfer->kind) {
	case TRANSFER_PLAIN:
		booking->debit.debits += amount;
		booking->credit.credits += amount;
		break;
	case TRANSFER_PENDING:
		booking->debit.pending_debits += amount;
		booking->credit.pending_credits += amount;
		booking->left = amount;
		booking->deadline_ms = transfer->deadline_ms;
		break;
	case TRANSFER_POST:
	case TRANSFER_VOID:
	case TRANSFER_EXPIRE:
		error = load_pending(booking, time_ms);
		if (error)
			break;
		booking->debit.pending_debits -= amount;
		booking->credit.pending_credits -= amount;
		if (transfer->kind == TRANSFER_POST) {
			booking->debit.debits += amount;
			booking->credit.credits += amount;
		}
		break;
	}
	return error;
}

/* Seen before? The row keeps a hash of the whole content, so that a repeat is told from a conflict. */
static enum error check_repeat(const struct booking *booking, const struct hash *content)
{
	struct span row;
	enum error error =
	    store_get(booking->txn, TABLE_TRANSFER, id_span(&booking->transfer->id), &row);

	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (error)
		return error;
	if (row.size != TRANSFER_ROW_SIZE)
		return ERROR_CORRUPT;
	if (memcmp(row.data + 12, content->bytes, TRANSFER_ID_SIZE) != 0)
		return error_set(booking->detail, ERROR_CONFLICT,
		    "the transfer id is booked with other content");
	return ERROR_REPEAT;
}

static enum error remember(const struct booking *booking, const struct hash *content)
{
	uint8_t row[TRANSFER_ROW_SIZE], key[STORE_KEY_MAX];
	struct span reference = booking->transfer->reference;
	enum error error;

	be64_write(row, booking->sequence);
	be32_write(row + 8, booking->index);
	memcpy(row + 12, content->bytes, TRANSFER_ID_SIZE);
	error = store_insert(booking->txn, TABLE_TRANSFER, id_span(&booking->transfer->id),
	    span_of(row, sizeof row));
	if (error || reference.size == 0)
		return error;
	return store_insert(booking->txn, TABLE_REFERENCE,
	    span_of(key, posting_key(key, reference, booking->sequence, booking->index)),
	    span_of("", 1));
}

enum error account_book(struct txn *txn, const struct account_rule *chart, uint64_t sequence,
    uint32_t index, int64_t time_ms, const struct transfer *transfer, struct error_detail *detail)
{
	struct booking booking = {.txn = txn,
	    .chart = chart,
	    .sequence = sequence,
	    .index = index,
	    .transfer = transfer,
	    .detail = detail};
	struct buffer bytes = {0};
	struct hash content;
	enum error error;

	assert(transfer_valid(transfer));
	transfer_write(&bytes, transfer);
	if (bytes.failed)
		return bytes.failed;
	content = hash_sha256(buffer_span(&bytes));
	buffer_free(&bytes);
	error = check_repeat(&booking, &content);
	if (!error)
		error = load_account(&booking, transfer->debit, &booking.debit);
	if (!error)
		error = load_account(&booking, transfer->credit, &booking.credit);
	if (!error)
		error = move_amount(&booking, time_ms);
	if (!error)
		error = check_rule(&booking, transfer->debit, &booking.debit);
	if (!error)
		error = check_rule(&booking, transfer->credit, &booking.credit);
	/* Nothing has been written so far: a refusal leaves no trace. */
	if (!error && transfer->kind != TRANSFER_PLAIN)
		error = store_pending(&booking);
	if (!error)
		error = store_account(&booking, transfer->debit, &booking.debit, true);
	if (!error)
		error = store_account(&booking, transfer->credit, &booking.credit, false);
	if (!error)
		error = remember(&booking, &content);
	return error;
}

static enum error posting_read(struct span key, struct span row, struct posting *posting)
{
	if (row.size != POSTING_ROW_SIZE || key.size < 13)
		return ERROR_CORRUPT;
	posting->sequence = be64_read(key.data + key.size - 12);
	posting->index = be32_read(key.data + key.size - 4);
	posting->is_debit = row.data[0] & 0x80;
	posting->kind = (enum transfer_kind)(row.data[0] & 0x7f);
	posting->amount = (int64_t)be64_read(row.data + 1);
	return account_read(span_of(row.data + 9, ACCOUNT_ROW_SIZE), &posting->after);
}

/* Does `key` belong to `name`'s rows in a table keyed name, 0, sequence, index? */
static bool key_is_of(struct span key, struct span name)
{
	return key.size == name.size + 13 && key.data[name.size] == 0 &&
	       span_starts_with(key, name);
}

enum error account_as_of(
    struct txn *txn, struct span name, uint64_t sequence, struct account *account)
{
	uint8_t wanted[STORE_KEY_MAX];
	struct cursor *cursor;
	struct span key, row;
	struct posting posting;
	enum error error;

	if (!name_valid(name))
		return ERROR_NOT_FOUND;
	error = cursor_open(txn, TABLE_POSTING, &cursor);
	if (error)
		return error;
	/* The last posting before (sequence + 1, 0). */
	if (sequence == UINT64_MAX)
		sequence--;
	error = cursor_seek(
	    cursor, span_of(wanted, posting_key(wanted, name, sequence + 1, 0)), &key, &row);
	error = error == ERROR_NOT_FOUND ? cursor_last(cursor, &key, &row)
		: error                  ? error
					 : cursor_previous(cursor, &key, &row);
	if (!error && !key_is_of(key, name))
		error = ERROR_NOT_FOUND;
	if (!error)
		error = posting_read(key, row, &posting);
	if (!error)
		*account = posting.after;
	cursor_close(cursor);
	return error;
}

enum error account_history(struct txn *txn, struct span name, uint64_t from_sequence,
    account_visit_posting *visit, void *context)
{
	uint8_t wanted[STORE_KEY_MAX];
	struct cursor *cursor;
	struct span key, row;
	struct posting posting;
	enum error error;

	if (!name_valid(name))
		return ERROR_NOT_FOUND;
	error = cursor_open(txn, TABLE_POSTING, &cursor);
	if (error)
		return error;
	error = cursor_seek(
	    cursor, span_of(wanted, posting_key(wanted, name, from_sequence, 0)), &key, &row);
	while (!error && key_is_of(key, name)) {
		error = posting_read(key, row, &posting);
		if (error || !visit(context, &posting))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error account_each(struct txn *txn, struct span prefix, account_visit *visit, void *context)
{
	struct cursor *cursor;
	struct span key, row;
	struct account account;
	enum error error = cursor_open(txn, TABLE_ACCOUNT, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, prefix, &key, &row);
	while (!error && span_starts_with(key, prefix)) {
		error = account_read(row, &account);
		if (error || !visit(context, key, &account))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error transfer_find(
    struct txn *txn, const struct transfer_id *id, uint64_t *sequence, uint32_t *index)
{
	struct span row;
	enum error error = store_get(txn, TABLE_TRANSFER, id_span(id), &row);

	if (error)
		return error;
	if (row.size != TRANSFER_ROW_SIZE)
		return ERROR_CORRUPT;
	*sequence = be64_read(row.data);
	*index = be32_read(row.data + 8);
	return ERROR_NONE;
}

enum error transfer_pending(
    struct txn *txn, const struct transfer_id *id, struct amount *left, int64_t *deadline_ms)
{
	struct span row;
	enum error error = store_get(txn, TABLE_PENDING, id_span(id), &row);

	if (error)
		return error;
	if (row.size < PENDING_ROW_HEAD)
		return ERROR_CORRUPT;
	left->value = (int64_t)be64_read(row.data);
	if (deadline_ms)
		*deadline_ms = (int64_t)be64_read(row.data + 8);
	return ERROR_NONE;
}

enum error transfer_by_reference(
    struct txn *txn, struct span reference, transfer_visit *visit, void *context)
{
	uint8_t wanted[STORE_KEY_MAX];
	struct cursor *cursor;
	struct span key, row;
	enum error error;

	if (reference.size == 0 || reference.size > REFERENCE_MAX ||
	    memchr(reference.data, 0, reference.size))
		return ERROR_NONE;
	error = cursor_open(txn, TABLE_REFERENCE, &cursor);
	if (error)
		return error;
	error =
	    cursor_seek(cursor, span_of(wanted, posting_key(wanted, reference, 0, 0)), &key, &row);
	while (!error && key_is_of(key, reference)) {
		if (!visit(context, be64_read(key.data + key.size - 12),
			be32_read(key.data + key.size - 4)))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error account_set_flags(struct txn *txn, struct span name, bool frozen, bool closed)
{
	uint8_t row[ACCOUNT_ROW_SIZE];
	struct account account;
	enum error error = account_get(txn, name, &account);

	if (error)
		return error;
	if (closed && (account.debits != account.credits || account.pending_debits ||
			  account.pending_credits))
		return ERROR_STATE;
	account.frozen = frozen;
	account.closed = closed;
	account_write(row, &account);
	return store_put(txn, TABLE_ACCOUNT, name, span_of(row, sizeof row));
}

/* Wide enough for the sum over any number of accounts. */
__extension__ typedef __int128 wide;

struct sums {
	wide difference[UNIT_MIN + 1], pending_difference[UNIT_MIN + 1];
};

static bool add_account(void *context, struct span name, const struct account *account)
{
	struct sums *sums = context;

	(void)name;
	sums->difference[account->unit] += (wide)account->debits - account->credits;
	sums->pending_difference[account->unit] +=
	    (wide)account->pending_debits - account->pending_credits;
	return true;
}

enum error account_check_sums(struct txn *txn, struct error_detail *detail)
{
	struct sums sums = {{0}, {0}};
	enum error error = account_each(txn, (struct span){NULL, 0}, add_account, &sums);

	if (error)
		return error;
	for (int unit = UNIT_CNY; unit <= UNIT_MIN; unit++) {
		if (sums.difference[unit] || sums.pending_difference[unit])
			return error_set(detail, ERROR_CORRUPT,
			    "S1: debits and credits differ in %s", unit_name((enum unit)unit));
	}
	return ERROR_NONE;
}
