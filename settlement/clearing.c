#include "clearing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "tables.h"
#include "window.h"

#define CLEARING_KEY_SIZE 12
#define CLEARING_ROW_SIZE (4 + 4 + 8 + 32 + 8 + 4 + 16 + 3 * HASH_SIZE)
#define FLAG_GROSS 1u
#define FLAG_LOW_PAID 2u
#define FLAG_HIGH_PAID 4u
#define FLAG_LOW_DRAWN 8u
#define FLAG_HIGH_DRAWN 16u
#define FLAGS_ALL 31u

static void clearing_key(uint8_t key[CLEARING_KEY_SIZE], uint32_t month, uint32_t a, uint32_t b)
{
	be32_write(key, month);
	be32_write(key + 4, a < b ? a : b);
	be32_write(key + 8, a < b ? b : a);
}

static uint32_t flags_of(const struct clearing_row *clearing)
{
	return (clearing->gross ? FLAG_GROSS : 0) | (clearing->low_paid ? FLAG_LOW_PAID : 0) |
	       (clearing->high_paid ? FLAG_HIGH_PAID : 0) |
	       (clearing->low_drawn ? FLAG_LOW_DRAWN : 0) |
	       (clearing->high_drawn ? FLAG_HIGH_DRAWN : 0);
}

enum error clearing_put(struct txn *txn, const struct clearing_row *clearing)
{
	uint8_t key[CLEARING_KEY_SIZE], row[CLEARING_ROW_SIZE];

	/* A forged log that is replayed must not end the program: it is told. */
	if (!clearing_is_sound(clearing))
		return ERROR_CORRUPT;
	clearing_key(key, clearing->month, clearing->low, clearing->high);
	be32_write(row, (uint32_t)clearing->state);
	be32_write(row + 4, flags_of(clearing));
	be32_write(row + 8, clearing->low_windows);
	be32_write(row + 12, clearing->high_windows);
	be64_write(row + 16, (uint64_t)clearing->low_owes_fen);
	be64_write(row + 24, (uint64_t)clearing->high_owes_fen);
	be64_write(row + 32, (uint64_t)clearing->low_pays_fen);
	be64_write(row + 40, (uint64_t)clearing->high_pays_fen);
	be32_write(row + 48, (uint32_t)clearing->proposed_day);
	be32_write(row + 52, (uint32_t)clearing->due_day);
	be32_write(row + 56, clearing->attempt);
	be64_write(row + 60, clearing->proposed_sequence);
	be64_write(row + 68, clearing->booked_sequence);
	memcpy(row + 76, clearing->content.bytes, HASH_SIZE);
	memcpy(row + 108, clearing->proposal.bytes, HASH_SIZE);
	memcpy(row + 140, clearing->document.bytes, HASH_SIZE);
	_Static_assert(140 + HASH_SIZE == CLEARING_ROW_SIZE, "the fields fill the row");
	return store_put(txn, TABLE_CLEARING, span_of(key, sizeof key), span_of(row, sizeof row));
}

static enum error clearing_read(struct span key, struct span row, struct clearing_row *clearing)
{
	uint32_t flags;

	if (key.size != CLEARING_KEY_SIZE || row.size != CLEARING_ROW_SIZE)
		return ERROR_CORRUPT;
	flags = be32_read(row.data + 4);
	*clearing = (struct clearing_row){.month = be32_read(key.data),
	    .low = be32_read(key.data + 4),
	    .high = be32_read(key.data + 8),
	    .state = (enum clearing_state)be32_read(row.data),
	    .gross = flags & FLAG_GROSS,
	    .low_paid = flags & FLAG_LOW_PAID,
	    .high_paid = flags & FLAG_HIGH_PAID,
	    .low_drawn = flags & FLAG_LOW_DRAWN,
	    .high_drawn = flags & FLAG_HIGH_DRAWN,
	    .low_windows = be32_read(row.data + 8),
	    .high_windows = be32_read(row.data + 12),
	    .low_owes_fen = (int64_t)be64_read(row.data + 16),
	    .high_owes_fen = (int64_t)be64_read(row.data + 24),
	    .low_pays_fen = (int64_t)be64_read(row.data + 32),
	    .high_pays_fen = (int64_t)be64_read(row.data + 40),
	    .proposed_day = (int32_t)be32_read(row.data + 48),
	    .due_day = (int32_t)be32_read(row.data + 52),
	    .attempt = be32_read(row.data + 56),
	    .proposed_sequence = be64_read(row.data + 60),
	    .booked_sequence = be64_read(row.data + 68)};
	memcpy(clearing->content.bytes, row.data + 76, HASH_SIZE);
	memcpy(clearing->proposal.bytes, row.data + 108, HASH_SIZE);
	memcpy(clearing->document.bytes, row.data + 140, HASH_SIZE);
	return flags <= FLAGS_ALL && clearing_is_sound(clearing) ? ERROR_NONE : ERROR_CORRUPT;
}

enum error clearing_get(
    struct txn *txn, uint32_t month, uint32_t a, uint32_t b, struct clearing_row *clearing)
{
	uint8_t key[CLEARING_KEY_SIZE];
	struct span row;
	enum error error;

	clearing_key(key, month, a, b);
	error = store_get(txn, TABLE_CLEARING, span_of(key, sizeof key), &row);
	return error ? error : clearing_read(span_of(key, sizeof key), row, clearing);
}

enum error clearing_each(struct txn *txn, uint32_t month, clearing_visit *visit, void *context)
{
	uint8_t from[CLEARING_KEY_SIZE];
	struct clearing_row clearing;
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_CLEARING, &cursor);

	if (error)
		return error;
	clearing_key(from, month, 0, 0);
	error = cursor_seek(cursor, span_of(from, sizeof from), &key, &row);
	while (!error && (month == 0 || span_starts_with(key, span_of(from, 4)))) {
		error = clearing_read(key, row, &clearing);
		if (error || !visit(context, &clearing))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static bool is_booked(const struct clearing_row *clearing)
{
	return clearing->state == CLEARING_NETTED || clearing->state == CLEARING_SETTLED;
}

static bool is_settled(const struct clearing_row *clearing)
{
	return (clearing->low_pays_fen == 0 || clearing->low_paid) &&
	       (clearing->high_pays_fen == 0 || clearing->high_paid);
}

bool clearing_is_sound(const struct clearing_row *clearing)
{
	if (clearing->state < CLEARING_PROPOSED || clearing->state > CLEARING_REFUSED ||
	    clearing->low >= clearing->high || !month_is_real(clearing->month))
		return false;
	if (clearing->low_pays_fen < 0 || clearing->high_pays_fen < 0 ||
	    clearing->low_pays_fen - clearing->high_pays_fen !=
		clearing->low_owes_fen - clearing->high_owes_fen)
		return false;
	if (!clearing->gross && clearing->low_pays_fen && clearing->high_pays_fen)
		return false;
	if ((clearing->low_paid && !clearing->low_pays_fen) ||
	    (clearing->high_paid && !clearing->high_pays_fen))
		return false;
	if (is_booked(clearing))
		return (clearing->state == CLEARING_SETTLED) == is_settled(clearing);
	return !clearing->low_paid && !clearing->high_paid && clearing->booked_sequence == 0;
}

static int64_t positive_part(int64_t value)
{
	return value > 0 ? value : 0;
}

/* A direction whose reversals outweigh its approvals is owed back: it adds to what the other side pays. */
void clearing_net(struct clearing_row *clearing)
{
	int64_t low = clearing->low_owes_fen, high = clearing->high_owes_fen;

	if (clearing->gross) {
		clearing->low_pays_fen = positive_part(low) + positive_part(-high);
		clearing->high_pays_fen = positive_part(high) + positive_part(-low);
	} else {
		clearing->low_pays_fen = positive_part(low - high);
		clearing->high_pays_fen = positive_part(high - low);
	}
	assert(clearing->low_pays_fen - clearing->high_pays_fen == low - high);
}

int64_t clearing_pays(const struct clearing_row *clearing, uint32_t payer)
{
	assert(payer == clearing->low || payer == clearing->high);
	if (!is_booked(clearing))
		return 0;
	return payer == clearing->low ? clearing->low_pays_fen : clearing->high_pays_fen;
}

enum error clearing_payment_state(
    struct txn *txn, uint32_t month, uint32_t payer, uint32_t creditor, bool received)
{
	struct clearing_row clearing;
	enum error error = clearing_get(txn, month, payer, creditor, &clearing);

	if (error)
		return error;
	if (!is_booked(&clearing))
		return ERROR_STATE;
	if (clearing_pays(&clearing, payer) == 0)
		return ERROR_MISMATCH;
	if (payer == clearing.low)
		clearing.low_paid = received || clearing.low_drawn;
	else
		clearing.high_paid = received || clearing.high_drawn;
	clearing.state = is_settled(&clearing) ? CLEARING_SETTLED : CLEARING_NETTED;
	return clearing_put(txn, &clearing);
}

enum error clearing_draw(struct txn *txn, uint32_t month, uint32_t payer, uint32_t creditor)
{
	struct clearing_row clearing;
	enum error error = clearing_get(txn, month, payer, creditor, &clearing);

	if (error)
		return error;
	if (payer == clearing.low)
		clearing.low_drawn = true;
	else
		clearing.high_drawn = true;
	error = clearing_put(txn, &clearing);
	return error ? error : clearing_payment_state(txn, month, payer, creditor, true);
}

enum error clearing_undraw(
    struct txn *txn, uint32_t month, uint32_t payer, uint32_t creditor, bool received)
{
	struct clearing_row clearing;
	enum error error = clearing_get(txn, month, payer, creditor, &clearing);

	if (error)
		return error;
	if (!clearing_is_drawn(&clearing, payer))
		return ERROR_STATE;
	if (payer == clearing.low)
		clearing.low_drawn = false;
	else
		clearing.high_drawn = false;
	error = clearing_put(txn, &clearing);
	return error ? error : clearing_payment_state(txn, month, payer, creditor, received);
}

bool clearing_is_paid(const struct clearing_row *clearing, uint32_t payer)
{
	return payer == clearing->low ? clearing->low_paid : clearing->high_paid;
}

bool clearing_is_drawn(const struct clearing_row *clearing, uint32_t payer)
{
	return payer == clearing->low ? clearing->low_drawn : clearing->high_drawn;
}

/* The clearing that was proposed by the document with this hash; month 0: none. */
struct proposal_search {
	uint32_t high;
	const struct hash *proposal;
	struct clearing_row found;
};

static bool is_proposal(void *context, const struct clearing_row *clearing)
{
	struct proposal_search *search = context;

	if (clearing->state != CLEARING_PROPOSED || clearing->high != search->high ||
	    !hash_equal(&clearing->proposal, search->proposal))
		return true;
	search->found = *clearing;
	return false;
}

/* The windows of one direction that a clearing has taken. */
struct taken_windows {
	uint32_t month;
	struct window_row *rows;
	size_t count;
};

static bool collect_taken(void *context, const struct window_row *window)
{
	struct taken_windows *taken = context;

	if (window->cleared_month != taken->month)
		return true;
	if (taken->count == CLEARING_WINDOWS_MAX)
		return false;
	taken->rows[taken->count++] = *window;
	return true;
}

static enum error release_direction(
    struct txn *txn, uint32_t payer, uint32_t creditor, struct taken_windows *taken)
{
	enum error error;

	taken->count = 0;
	error = window_each(txn, payer, creditor, collect_taken, taken);
	for (size_t i = 0; i < taken->count && !error; i++) {
		taken->rows[i].cleared_month = 0;
		error = window_put(txn, &taken->rows[i]);
	}
	return error;
}

enum error clearing_refused(struct txn *txn, uint32_t by, const struct hash *document)
{
	struct proposal_search search = {.high = by, .proposal = document};
	struct taken_windows taken = {0};
	struct clearing_row *clearing = &search.found;
	enum error error = clearing_each(txn, 0, is_proposal, &search);

	if (error || clearing->month == 0)
		return error;
	taken.month = clearing->month;
	taken.rows = malloc(CLEARING_WINDOWS_MAX * sizeof *taken.rows);
	if (!taken.rows)
		return ERROR_MEMORY;
	error = release_direction(txn, clearing->low, clearing->high, &taken);
	if (!error)
		error = release_direction(txn, clearing->high, clearing->low, &taken);
	free(taken.rows);
	clearing->state = CLEARING_REFUSED;
	return error ? error : clearing_put(txn, clearing);
}

const char *clearing_state_name(enum clearing_state state)
{
	static const char *const names[] = {NULL, "proposed", "netted", "settled", "refused"};

	assert(state >= CLEARING_PROPOSED && state <= CLEARING_REFUSED);
	return names[state];
}

const char *clearing_state_chinese(enum clearing_state state)
{
	static const char *const names[] = {NULL, "已提出", "已轧差", "已结清", "被拒绝"};

	assert(state >= CLEARING_PROPOSED && state <= CLEARING_REFUSED);
	return names[state];
}
