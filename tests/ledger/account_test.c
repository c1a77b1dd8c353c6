/* Accounts and transfers: each rule by an example worked by hand, then long lives against a naive model that keeps nothing but the
 * list of what was booked and adds it up anew for every question. */
#include "scratch.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS (INT64_C(20000) * DAY_MS)

/* --- a store with this floor's tables ---------------------------------------------------------------------- */

struct desk {
	struct scratch scratch;
	struct txn *txn;   /* the scratch store's */
	uint64_t sequence; /* of the next booking */
	struct error_detail detail;
};

/* bank: assets, may go negative. cash: assets, may not. fund, person, hours: owed, may not; but a fund in advance may. */
static const struct account_rule chart[] = {{"bank", SIDE_DEBIT, true}, {"cash", SIDE_DEBIT, false},
    {"fund/", SIDE_CREDIT, false}, {"fund/advance/", SIDE_CREDIT, true},
    {"person/", SIDE_CREDIT, false}, {"hours/", SIDE_CREDIT, true}, {NULL, SIDE_DEBIT, false}};

static int desk_open(void **state)
{
	static struct desk desk;

	memset(&desk, 0, sizeof desk);
	scratch_open(&desk.scratch);
	desk.txn = desk.scratch.txn;
	*state = &desk;
	return 0;
}

static int desk_close(void **state)
{
	struct desk *desk = *state;

	scratch_close(&desk->scratch);
	return 0;
}

static struct transfer_id id_of(uint32_t number)
{
	return transfer_id_from(span_text("test"), number);
}

static struct transfer transfer_of(
    uint32_t number, enum transfer_kind kind, int64_t amount, const char *debit, const char *credit)
{
	return (struct transfer){.id = id_of(number),
	    .kind = kind,
	    .unit = UNIT_CNY,
	    .amount = {amount},
	    .debit = span_text(debit),
	    .credit = span_text(credit)};
}

static enum error book_at(struct desk *desk, const struct transfer *transfer, int64_t time_ms)
{
	enum error error =
	    account_book(desk->txn, chart, desk->sequence, 0, time_ms, transfer, &desk->detail);

	desk->sequence += !error;
	return error;
}

static enum error book(struct desk *desk, const struct transfer *transfer)
{
	return book_at(desk, transfer, NOW_MS);
}

static enum error plain(
    struct desk *desk, uint32_t number, int64_t amount, const char *debit, const char *credit)
{
	struct transfer transfer = transfer_of(number, TRANSFER_PLAIN, amount, debit, credit);

	return book(desk, &transfer);
}

static enum error pending(
    struct desk *desk, uint32_t number, int64_t amount, const char *debit, const char *credit)
{
	struct transfer transfer = transfer_of(number, TRANSFER_PENDING, amount, debit, credit);

	return book(desk, &transfer);
}

static enum error end_pending(struct desk *desk, uint32_t number, enum transfer_kind kind,
    uint32_t of, int64_t amount, const char *debit, const char *credit)
{
	struct transfer transfer = transfer_of(number, kind, amount, debit, credit);

	transfer.pending_id = id_of(of);
	return book(desk, &transfer);
}

static int64_t available(struct desk *desk, const char *name)
{
	struct amount amount;

	assert_good(account_available(desk->txn, chart, span_text(name), &amount));
	return amount.value;
}

static int64_t balance(struct desk *desk, const char *name)
{
	struct account account;

	assert_good(account_get(desk->txn, span_text(name), &account));
	return account_balance(chart, span_text(name), &account);
}

static int64_t still_pending(struct desk *desk, uint32_t number)
{
	struct amount left;

	assert_good(
	    transfer_pending(desk->txn, (struct transfer_id[]){id_of(number)}, &left, NULL));
	return left.value;
}

#define assert_refused(desk, call, wanted)                             \
	do {                                                           \
		struct hash before = scratch_digest(&(desk)->scratch); \
		struct hash after;                                     \
		assert_error(call, wanted);                            \
		after = scratch_digest(&(desk)->scratch);              \
		assert_true(hash_equal(&before, &after));              \
	} while (0)

/* --- by hand ----------------------------------------------------------------------------------------------- */

static void a_plain_transfer_moves_its_amount_from_debit_to_credit(void **state)
{
	struct desk *desk = *state;
	struct account account;

	assert_error(account_get(desk->txn, span_text("bank"), &account), ERROR_NOT_FOUND);
	assert_good(plain(desk, 1, 100000, "bank", "fund/a"));
	assert_good(plain(desk, 2, 30000, "fund/a", "person/1"));
	assert_int_equal(balance(desk, "bank"), 100000);
	assert_int_equal(balance(desk, "fund/a"), 70000);
	assert_int_equal(balance(desk, "person/1"), 30000);
	assert_good(account_get(desk->txn, span_text("fund/a"), &account));
	assert_int_equal(account.debits, 30000);
	assert_int_equal(account.credits, 100000);
	assert_int_equal(account.opened_at, 0);
	assert_int_equal(account.unit, UNIT_CNY);
	assert_good(account_check_sums(desk->txn, &desk->detail));
}

static void what_may_be_taken_is_the_balance_less_what_is_held(void **state)
{
	struct desk *desk = *state;
	struct amount amount;

	assert_int_equal(available(desk, "fund/a"), 0); /* never used */
	assert_true(available(desk, "bank") == INT64_MAX);
	assert_error(
	    account_available(desk->txn, chart, span_text("nowhere"), &amount), ERROR_NOT_FOUND);
	assert_good(plain(desk, 1, 1000, "bank", "fund/a"));
	assert_good(pending(desk, 2, 400, "fund/a", "person/1"));
	assert_int_equal(available(desk, "fund/a"), 600);
	assert_int_equal(balance(desk, "fund/a"), 1000);
	/* What is only promised to the person cannot be taken from the person. */
	assert_int_equal(available(desk, "person/1"), 0);
	assert_refused(desk, plain(desk, 3, 601, "fund/a", "person/2"), ERROR_BALANCE);
	assert_refused(desk, plain(desk, 3, 1, "person/1", "fund/a"), ERROR_BALANCE);
	assert_refused(desk, pending(desk, 3, 601, "fund/a", "person/2"), ERROR_BALANCE);
	assert_non_null(strstr(desk->detail.text, "fund/a: would go 1 below zero"));
	assert_good(plain(desk, 3, 600, "fund/a", "person/2"));
	assert_int_equal(available(desk, "fund/a"), 0);
}

static void the_rule_holds_on_the_accounts_normal_side(void **state)
{
	struct desk *desk = *state;

	/* Cash is an asset: it falls by credits. */
	assert_refused(desk, plain(desk, 1, 1, "bank", "cash"), ERROR_BALANCE);
	assert_good(plain(desk, 1, 500, "cash", "fund/a"));
	assert_good(pending(desk, 2, 200, "bank", "cash"));
	assert_int_equal(available(desk, "cash"), 300);
	assert_refused(desk, plain(desk, 3, 301, "bank", "cash"), ERROR_BALANCE);
	assert_good(plain(desk, 3, 300, "bank", "cash"));
	/* The longest prefix rules: a fund in advance may be overdrawn, a fund may not. */
	assert_good(plain(desk, 4, 900, "fund/advance/b", "person/1"));
	assert_int_equal(balance(desk, "fund/advance/b"), -900);
	assert_refused(desk, plain(desk, 5, 900, "fund/b", "person/1"), ERROR_BALANCE);
	assert_ptr_equal(account_rule_of(chart, span_text("fund/advance/b")), &chart[3]);
	assert_ptr_equal(account_rule_of(chart, span_text("fund/advance")), &chart[2]);
	assert_null(account_rule_of(chart, span_text("fun")));
	assert_refused(desk, plain(desk, 5, 1, "bank", "nowhere"), ERROR_NOT_FOUND);
}

static void a_pending_transfer_is_posted_in_parts_and_the_rest_released(void **state)
{
	struct desk *desk = *state;
	struct account account;

	assert_good(plain(desk, 1, 1000, "bank", "fund/a"));
	assert_good(pending(desk, 2, 1000, "fund/a", "person/1"));
	assert_int_equal(still_pending(desk, 2), 1000);
	assert_int_equal(balance(desk, "person/1"), 0);
	assert_good(end_pending(desk, 3, TRANSFER_POST, 2, 250, "fund/a", "person/1"));
	assert_good(end_pending(desk, 4, TRANSFER_POST, 2, 350, "fund/a", "person/1"));
	assert_int_equal(still_pending(desk, 2), 400);
	assert_int_equal(balance(desk, "person/1"), 600);
	assert_int_equal(available(desk, "person/1"), 600);
	assert_int_equal(available(desk, "fund/a"), 0);
	assert_refused(
	    desk, end_pending(desk, 5, TRANSFER_POST, 2, 401, "fund/a", "person/1"), ERROR_STATE);
	/* A release is of the whole rest. */
	assert_refused(
	    desk, end_pending(desk, 5, TRANSFER_VOID, 2, 399, "fund/a", "person/1"), ERROR_STATE);
	assert_non_null(strstr(desk->detail.text, "400 is still pending"));
	assert_good(end_pending(desk, 5, TRANSFER_VOID, 2, 400, "fund/a", "person/1"));
	assert_int_equal(still_pending(desk, 2), 0);
	assert_int_equal(available(desk, "fund/a"), 400);
	assert_good(account_get(desk->txn, span_text("fund/a"), &account));
	assert_int_equal(account.pending_debits, 0);
	assert_int_equal(account.debits, 600);
	/* It has ended. */
	assert_refused(
	    desk, end_pending(desk, 6, TRANSFER_POST, 2, 1, "fund/a", "person/1"), ERROR_STATE);
	assert_refused(
	    desk, end_pending(desk, 6, TRANSFER_VOID, 2, 1, "fund/a", "person/1"), ERROR_STATE);
}

static void a_post_names_the_pending_transfer_and_repeats_its_accounts_and_unit(void **state)
{
	struct desk *desk = *state;
	struct transfer transfer;

	assert_good(plain(desk, 1, 1000, "bank", "fund/a"));
	assert_good(plain(desk, 2, 1000, "bank", "fund/b"));
	assert_good(pending(desk, 3, 500, "fund/a", "person/1"));
	assert_refused(desk, end_pending(desk, 4, TRANSFER_POST, 99, 500, "fund/a", "person/1"),
	    ERROR_NOT_FOUND);
	assert_refused(desk, end_pending(desk, 4, TRANSFER_POST, 1, 500, "bank", "fund/a"),
	    ERROR_NOT_FOUND); /* a plain one */
	assert_refused(desk, end_pending(desk, 4, TRANSFER_POST, 3, 500, "fund/b", "person/1"),
	    ERROR_MISMATCH);
	assert_refused(desk, end_pending(desk, 4, TRANSFER_POST, 3, 500, "fund/a", "person/2"),
	    ERROR_MISMATCH);
	assert_refused(desk, end_pending(desk, 4, TRANSFER_POST, 3, 500, "person/1", "fund/a"),
	    ERROR_MISMATCH);
	transfer = transfer_of(4, TRANSFER_POST, 500, "fund/a", "person/1");
	transfer.pending_id = id_of(3);
	transfer.unit = UNIT_MIN;
	assert_refused(desk, book(desk, &transfer), ERROR_MISMATCH);
	assert_good(end_pending(desk, 4, TRANSFER_POST, 3, 500, "fund/a", "person/1"));
}

static void a_pending_transfer_expires_only_at_its_deadline_and_only_by_an_entry(void **state)
{
	struct desk *desk = *state;
	struct transfer held = transfer_of(2, TRANSFER_PENDING, 500, "fund/a", "person/1");
	struct transfer expire = transfer_of(3, TRANSFER_EXPIRE, 500, "fund/a", "person/1");
	struct transfer post = transfer_of(4, TRANSFER_POST, 100, "fund/a", "person/1");
	struct amount left;
	int64_t deadline_ms;

	assert_good(plain(desk, 1, 1000, "bank", "fund/a"));
	held.deadline_ms = NOW_MS + DAY_MS;
	expire.pending_id = post.pending_id = held.id;
	assert_good(book(desk, &held));
	assert_good(transfer_pending(desk->txn, &held.id, &left, &deadline_ms));
	assert_int_equal(left.value, 500);
	assert_int_equal(deadline_ms, NOW_MS + DAY_MS);
	assert_refused(desk, book_at(desk, &expire, NOW_MS + DAY_MS - 1), ERROR_STATE);
	/* Long after the deadline it still stands until an entry ends it. */
	assert_good(book_at(desk, &post, NOW_MS + 9 * DAY_MS));
	assert_refused(desk, book_at(desk, &expire, NOW_MS + 9 * DAY_MS), ERROR_STATE);
	expire.amount.value = 400;
	assert_good(book_at(desk, &expire, NOW_MS + DAY_MS));
	assert_int_equal(available(desk, "fund/a"), 900);
	assert_int_equal(balance(desk, "person/1"), 100);
	/* One without a deadline never expires. */
	assert_good(pending(desk, 5, 10, "fund/a", "person/1"));
	expire = transfer_of(6, TRANSFER_EXPIRE, 10, "fund/a", "person/1");
	expire.pending_id = id_of(5);
	assert_refused(desk, book_at(desk, &expire, INT64_MAX), ERROR_STATE);
}

static void the_same_transfer_again_is_a_repeat_and_another_under_its_id_a_conflict(void **state)
{
	struct desk *desk = *state;
	struct transfer first = transfer_of(1, TRANSFER_PLAIN, 1000, "bank", "fund/a"), changed;
	uint64_t sequence;
	uint32_t index;

	first.reference = span_text("2026-07");
	assert_good(book(desk, &first));
	desk->sequence = 50;
	assert_refused(desk, book_at(desk, &first, NOW_MS + DAY_MS), ERROR_REPEAT);
	/* The answer to a repeat: where it was booked the first time. */
	assert_good(transfer_find(desk->txn, &first.id, &sequence, &index));
	assert_int_equal(sequence, 0);
	assert_int_equal(index, 0);
	for (int i = 0; i < 6; i++) {
		changed = first;
		if (i == 0)
			changed.amount.value++;
		else if (i == 1)
			changed.debit = span_text("bank2");
		else if (i == 2)
			changed.credit = span_text("fund/b");
		else if (i == 3)
			changed.kind = TRANSFER_PENDING;
		else if (i == 4)
			changed.reference = span_text("2026-08");
		else
			changed.unit = UNIT_MIN;
		assert_refused(desk, book(desk, &changed), ERROR_CONFLICT);
	}
	/* A repeat is a repeat also when the account could not pay a second time, or is closed by now. */
	assert_good(plain(desk, 2, 1000, "fund/a", "person/1"));
	assert_refused(desk, plain(desk, 2, 1000, "fund/a", "person/1"), ERROR_REPEAT);
	assert_good(account_set_flags(desk->txn, span_text("fund/a"), true, false));
	assert_refused(desk, plain(desk, 2, 1000, "fund/a", "person/1"), ERROR_REPEAT);
	assert_error(transfer_find(desk->txn, (struct transfer_id[]){id_of(77)}, &sequence, &index),
	    ERROR_NOT_FOUND);
}

/* By hand: SHA-256 of 01, the cause and the number, as `printf '\1cause\0\0\0\7' | sha256sum` gives it. */
static void an_id_follows_from_its_cause_and_number(void **state)
{
	struct transfer_id id = transfer_id_from(span_text("cause"), 7);
	struct transfer_id other = transfer_id_from(span_text("cause"), 8);
	char hex[2 * TRANSFER_ID_SIZE + 1];

	(void)state;
	hex_write(span_of(id.bytes, TRANSFER_ID_SIZE), hex);
	assert_string_equal(hex, "f04c895c9b9bad9438c92fc67f186682");
	assert_memory_not_equal(&id, &other, sizeof id);
}

static void a_frozen_account_neither_gives_nor_takes_until_it_is_freed(void **state)
{
	struct desk *desk = *state;
	struct account account;

	assert_error(
	    account_set_flags(desk->txn, span_text("fund/a"), true, false), ERROR_NOT_FOUND);
	assert_good(plain(desk, 1, 1000, "bank", "fund/a"));
	assert_good(pending(desk, 2, 500, "fund/a", "person/1"));
	assert_good(account_set_flags(desk->txn, span_text("fund/a"), true, false));
	assert_good(account_get(desk->txn, span_text("fund/a"), &account));
	assert_true(account.frozen && !account.closed);
	assert_refused(desk, plain(desk, 3, 1, "fund/a", "person/1"), ERROR_FROZEN);
	assert_refused(desk, plain(desk, 3, 1, "bank", "fund/a"), ERROR_FROZEN);
	assert_refused(
	    desk, end_pending(desk, 3, TRANSFER_POST, 2, 1, "fund/a", "person/1"), ERROR_FROZEN);
	assert_good(account_set_flags(desk->txn, span_text("fund/a"), false, false));
	assert_good(end_pending(desk, 3, TRANSFER_POST, 2, 500, "fund/a", "person/1"));
	assert_int_equal(balance(desk, "fund/a"), 500);
}

static void an_account_closes_only_when_nothing_is_on_it_and_nothing_held(void **state)
{
	struct desk *desk = *state;

	assert_good(plain(desk, 1, 1000, "bank", "fund/a"));
	assert_refused(
	    desk, account_set_flags(desk->txn, span_text("fund/a"), false, true), ERROR_STATE);
	assert_good(pending(desk, 2, 1000, "fund/a", "person/1"));
	assert_refused(
	    desk, account_set_flags(desk->txn, span_text("person/1"), false, true), ERROR_STATE);
	assert_good(end_pending(desk, 3, TRANSFER_POST, 2, 1000, "fund/a", "person/1"));
	assert_good(account_set_flags(desk->txn, span_text("fund/a"), false, true));
	assert_refused(desk, plain(desk, 4, 1, "bank", "fund/a"), ERROR_CLOSED);
	assert_refused(desk, plain(desk, 4, 1, "fund/a", "bank"), ERROR_CLOSED);
	assert_good(plain(desk, 4, 1000, "person/1", "bank"));
}

static void an_account_keeps_one_unit_for_ever(void **state)
{
	struct desk *desk = *state;
	struct transfer hours = transfer_of(2, TRANSFER_PLAIN, 90, "hours/a", "hours/b");

	assert_good(plain(desk, 1, 1000, "bank", "fund/a"));
	hours.unit = UNIT_MIN;
	assert_good(book(desk, &hours));
	assert_int_equal(balance(desk, "hours/b"), 90);
	hours = transfer_of(3, TRANSFER_PLAIN, 90, "hours/a", "fund/a");
	hours.unit = UNIT_MIN;
	assert_refused(desk, book(desk, &hours), ERROR_MISMATCH);
	assert_refused(desk, plain(desk, 3, 5, "bank", "hours/b"), ERROR_MISMATCH);
	assert_good(account_check_sums(desk->txn, &desk->detail));
}

static void turnover_ends_at_2_60_and_says_so(void **state)
{
	struct desk *desk = *state;
	struct account account;

	assert_good(plain(desk, 1, AMOUNT_MAX, "bank", "fund/a"));
	assert_refused(desk, plain(desk, 2, 1, "bank", "fund/b"), ERROR_OVERFLOW);
	assert_refused(desk, plain(desk, 2, AMOUNT_MAX, "bank", "fund/b"), ERROR_OVERFLOW);
	assert_refused(desk, plain(desk, 2, 1, "hours/x", "fund/a"), ERROR_OVERFLOW);
	assert_good(pending(desk, 2, AMOUNT_MAX, "fund/a", "person/1"));
	assert_refused(desk, pending(desk, 3, 1, "bank", "person/1"), ERROR_OVERFLOW);
	assert_good(end_pending(desk, 3, TRANSFER_POST, 2, AMOUNT_MAX, "fund/a", "person/1"));
	assert_good(account_get(desk->txn, span_text("person/1"), &account));
	assert_true(account.credits == AMOUNT_MAX);
	/* What is held has the same bound, on either side. */
	assert_good(pending(desk, 4, AMOUNT_MAX, "fund/advance/b", "person/2"));
	assert_refused(desk, pending(desk, 5, 1, "fund/advance/b", "person/3"), ERROR_OVERFLOW);
	assert_refused(desk, pending(desk, 5, 1, "fund/advance/c", "person/2"), ERROR_OVERFLOW);
	assert_good(account_check_sums(desk->txn, &desk->detail));
}

/* --- searches ---------------------------------------------------------------------------------------------- */

struct found {
	uint64_t sequences[8];
	uint32_t indexes[8];
	size_t count, stop_after;
};

static bool collect(void *context, uint64_t sequence, uint32_t index)
{
	struct found *found = context;

	assert_true(found->count < 8);
	found->sequences[found->count] = sequence;
	found->indexes[found->count++] = index;
	return found->count != found->stop_after;
}

static void transfers_are_found_by_their_outside_reference_in_booking_order(void **state)
{
	/* References that are heads of one another, and one booked between the others. */
	static const char *const references[] = {"RUN", "RUN-1", "RUN-1", "RUN-10", "RUN-1", ""};
	struct desk *desk = *state;
	struct found found = {.count = 0};

	for (uint32_t i = 0; i < 6; i++) {
		struct transfer transfer = transfer_of(i, TRANSFER_PLAIN, 1 + i, "bank", "fund/a");

		transfer.reference = span_text(references[i]);
		assert_good(account_book(
		    desk->txn, chart, i < 3 ? 300 : 70000, i, NOW_MS, &transfer, &desk->detail));
	}
	assert_good(transfer_by_reference(desk->txn, span_text("RUN-1"), collect, &found));
	assert_int_equal(found.count, 3);
	assert_int_equal(found.sequences[0], 300);
	assert_int_equal(found.indexes[0], 1);
	assert_int_equal(found.indexes[1], 2);
	assert_int_equal(found.sequences[2], 70000);
	assert_int_equal(found.indexes[2], 4);
	found = (struct found){.stop_after = 2};
	assert_good(transfer_by_reference(desk->txn, span_text("RUN-1"), collect, &found));
	assert_int_equal(found.count, 2);
	found = (struct found){.count = 0};
	assert_good(transfer_by_reference(desk->txn, span_text("RU"), collect, &found));
	assert_good(transfer_by_reference(desk->txn, span_text(""), collect, &found));
	assert_good(transfer_by_reference(desk->txn, span_of("RUN\0", 4), collect, &found));
	assert_int_equal(found.count, 0);
	assert_good(transfer_by_reference(desk->txn, span_text("RUN"), collect, &found));
	assert_int_equal(found.count, 1);
}

struct walk {
	struct posting postings[16];
	size_t count, stop_after;
};

static bool collect_posting(void *context, const struct posting *posting)
{
	struct walk *walk = context;

	assert_true(walk->count < 16);
	walk->postings[walk->count++] = *posting;
	return walk->count != walk->stop_after;
}

static void an_account_is_shown_as_of_any_past_entry_with_its_history(void **state)
{
	static const uint64_t entries[] = {3, 3, 9, 300};
	static const int64_t amounts[] = {1000, 500, -200, 50}; /* of fund/a */
	struct desk *desk = *state;
	struct walk walk = {.count = 0};
	struct account account;
	int64_t sum = 0;

	for (uint32_t i = 0; i < 4; i++) {
		int64_t amount = amounts[i];
		struct transfer transfer =
		    transfer_of(i, TRANSFER_PLAIN, amount < 0 ? -amount : amount,
			amount < 0 ? "fund/a" : "bank", amount < 0 ? "person/1" : "fund/a");

		assert_good(account_book(
		    desk->txn, chart, entries[i], i, NOW_MS, &transfer, &desk->detail));
	}
	/* An account whose name begins with the other's must not show in it. */
	assert_good(plain(desk, 9, 7, "bank", "fund/a2"));
	assert_error(account_as_of(desk->txn, span_text("fund/a"), 2, &account), ERROR_NOT_FOUND);
	for (uint64_t sequence = 3; sequence < 305; sequence++) {
		int64_t wanted = sequence < 9 ? 1500 : sequence < 300 ? 1300 : 1350;

		assert_good(account_as_of(desk->txn, span_text("fund/a"), sequence, &account));
		assert_int_equal(account.credits - account.debits, wanted);
	}
	assert_good(account_as_of(desk->txn, span_text("fund/a"), UINT64_MAX, &account));
	assert_int_equal(account.credits - account.debits, 1350);
	assert_error(
	    account_as_of(desk->txn, span_text("fund"), UINT64_MAX, &account), ERROR_NOT_FOUND);
	assert_error(account_as_of(desk->txn, span_text(""), 5, &account), ERROR_NOT_FOUND);
	/* The last account of the table: there is no row behind its rows. */
	assert_good(account_as_of(desk->txn, span_text("person/1"), UINT64_MAX, &account));
	assert_int_equal(account.credits, 200);

	assert_good(account_history(desk->txn, span_text("fund/a"), 0, collect_posting, &walk));
	assert_int_equal(walk.count, 4);
	for (size_t i = 0; i < 4; i++) {
		sum += amounts[i];
		assert_int_equal(walk.postings[i].sequence, entries[i]);
		assert_int_equal(walk.postings[i].index, i);
		assert_int_equal(walk.postings[i].is_debit, amounts[i] < 0);
		assert_int_equal(walk.postings[i].kind, TRANSFER_PLAIN);
		assert_int_equal(
		    walk.postings[i].amount, amounts[i] < 0 ? -amounts[i] : amounts[i]);
		assert_int_equal(
		    walk.postings[i].after.credits - walk.postings[i].after.debits, sum);
	}
	walk = (struct walk){.stop_after = 1};
	assert_good(account_history(desk->txn, span_text("fund/a"), 4, collect_posting, &walk));
	assert_int_equal(walk.count, 1);
	assert_int_equal(walk.postings[0].sequence, 9);
	walk = (struct walk){.count = 0};
	assert_good(account_history(desk->txn, span_text("fund/a"), 301, collect_posting, &walk));
	assert_int_equal(walk.count, 0);
}

struct names {
	char text[200];
	size_t stop_after, count;
};

static bool collect_name(void *context, struct span name, const struct account *account)
{
	struct names *names = context;

	(void)account;
	snprintf(names->text + strlen(names->text), sizeof names->text - strlen(names->text),
	    "%.*s ", (int)name.size, (const char *)name.data);
	return ++names->count != names->stop_after;
}

static void accounts_are_listed_by_prefix_in_order_of_name(void **state)
{
	struct desk *desk = *state;
	struct names names = {.count = 0};

	assert_good(plain(desk, 1, 10, "bank", "fund/b"));
	assert_good(plain(desk, 2, 10, "bank", "person/1"));
	assert_good(plain(desk, 3, 10, "bank", "fund/a"));
	assert_good(account_each(desk->txn, span_text("fund/"), collect_name, &names));
	assert_string_equal(names.text, "fund/a fund/b ");
	names = (struct names){.stop_after = 3};
	assert_good(account_each(desk->txn, (struct span){NULL, 0}, collect_name, &names));
	assert_string_equal(names.text, "bank fund/a fund/b ");
	names = (struct names){.count = 0};
	assert_good(account_each(desk->txn, span_text("z"), collect_name, &names));
	assert_string_equal(names.text, "");
}

static void books_that_do_not_add_up_are_found(void **state)
{
	struct desk *desk = *state;
	uint8_t row[42];
	struct span value;

	assert_good(plain(desk, 1, 10, "bank", "fund/b"));
	assert_good(account_check_sums(desk->txn, &desk->detail));
	assert_good(store_get(desk->txn, TABLE_ACCOUNT, span_text("bank"), &value));
	assert_int_equal(value.size, sizeof row);
	memcpy(row, value.data, sizeof row);
	for (size_t at = 9; at < 34;
	     at += 8) { /* last bytes of debits, credits, and both pendings */
		row[at] ^= 1;
		assert_good(store_put(
		    desk->txn, TABLE_ACCOUNT, span_text("bank"), span_of(row, sizeof row)));
		assert_error(account_check_sums(desk->txn, &desk->detail), ERROR_CORRUPT);
		row[at] ^= 1;
	}
	row[0] = 3; /* no unit */
	assert_good(
	    store_put(desk->txn, TABLE_ACCOUNT, span_text("bank"), span_of(row, sizeof row)));
	assert_error(account_check_sums(desk->txn, &desk->detail), ERROR_CORRUPT);
}

/* --- transfers as bytes ------------------------------------------------------------------------------------ */

static void transfers_come_back_from_their_bytes(void **state)
{
	struct transfer transfers[4], read[4];
	struct buffer bytes = {0};
	size_t count;

	(void)state;
	transfers[0] = transfer_of(1, TRANSFER_PLAIN, 1, "bank", "fund/a");
	transfers[0].reference = span_text("文号 1");
	transfers[1] = transfer_of(2, TRANSFER_PENDING, AMOUNT_MAX, "bank", "fund/a");
	transfers[1].deadline_ms = INT64_MAX;
	transfers[2] = transfer_of(3, TRANSFER_POST, 5, "bank", "fund/a");
	transfers[2].pending_id = id_of(2);
	transfers[3] = transfer_of(4, TRANSFER_EXPIRE, 5, "hours/a", "hours/b");
	transfers[3].pending_id = id_of(2);
	transfers[3].unit = UNIT_MIN;
	transfers_write(&bytes, transfers, 4);
	assert_good(codec_check(buffer_span(&bytes)));
	assert_good(transfers_count(buffer_span(&bytes), &count));
	assert_int_equal(count, 4);
	assert_good(transfers_read(buffer_span(&bytes), read, 4));
	for (size_t i = 0; i < 4; i++) {
		struct buffer again = {0}, first = {0};

		transfers_write(&first, &transfers[i], 1);
		transfers_write(&again, &read[i], 1);
		assert_true(span_equal(buffer_span(&again), buffer_span(&first)));
		buffer_free(&first);
		buffer_free(&again);
	}
	assert_error(transfers_read(buffer_span(&bytes), read, 3), ERROR_MALFORMED);
	buffer_free(&bytes);
}

/* [id, kind, unit, amount, debit, credit, pending id or null, deadline, reference] with one thing wrong. */
static struct buffer wrong_transfer(int what)
{
	char longest[ACCOUNT_NAME_MAX + 1];
	struct transfer_id id = id_of(1);
	struct buffer out = {0};
	bool post = what == 8 || what == 9;

	memset(longest, 'n', sizeof longest);
	codec_put_array(&out, 1);
	codec_put_array(&out, what == 1 ? 8 : 9);
	codec_put_bytes(&out, span_of(id.bytes, what == 2 ? 15 : TRANSFER_ID_SIZE));
	codec_put_uint(&out, what == 3 ? 5 : post ? TRANSFER_POST : what == 10 ? 0 : 1);
	codec_put_uint(&out, what == 4 ? 3 : what == 5 ? 0 : 1);
	codec_put_int(&out, what == 6 ? 0 : what == 7 ? AMOUNT_MAX + 1 : what == 11 ? -5 : 5);
	codec_put_text(&out, what == 12   ? span_text("")
			     : what == 13 ? span_text("fund/a")
			     : what == 14 ? span_of(longest, sizeof longest)
			     : what == 15 ? span_of("ba\0nk", 5)
					  : span_text("bank"));
	codec_put_text(&out, span_text("fund/a"));
	if ((post && what != 8) || what == 16)
		codec_put_bytes(&out, span_of(id.bytes, TRANSFER_ID_SIZE));
	else
		codec_put_null(&out);
	codec_put_int(&out, what == 9 || what == 10 ? 7 : what == 17 ? -1 : 0);
	if (what != 1)
		codec_put_text(&out, what == 18   ? span_of(longest, REFERENCE_MAX + 1)
				     : what == 19 ? span_of("a\0", 2)
						  : span_text("r"));
	if (what == 20)
		codec_put_null(&out);
	return out;
}

static void transfers_with_anything_wrong_are_refused(void **state)
{
	struct buffer many = {0};
	size_t count;

	(void)state;
	for (int what = 0; what <= 20; what++) {
		struct buffer bytes = wrong_transfer(what);
		enum error error = transfers_count(buffer_span(&bytes), &count);

		if (error != (what ? ERROR_MALFORMED : ERROR_NONE))
			fail_msg("case %d: %s", what, error_name(error));
		buffer_free(&bytes);
	}
	codec_put_array(&many, ENTRY_TRANSFERS_MAX + 1);
	for (size_t i = 0; i <= ENTRY_TRANSFERS_MAX; i++)
		codec_put_null(&many);
	assert_error(transfers_count(buffer_span(&many), &count), ERROR_TOO_LARGE);
	buffer_free(&many);
}

/* --- a naive model ----------------------------------------------------------------------------------------- */

#define STEPS 1500u
#define NAMES 8u
#define ERRORS(code) (UINT64_C(1) << (code))

static const char *const model_names[NAMES] = {
    "bank", "cash", "fund/a", "fund/advance/b", "person/1", "person/2", "hours/1", "hours/2"};

struct model {
	struct transfer booked[STEPS];
	uint64_t sequence[STEPS];
	uint32_t count;
	bool frozen[NAMES], closed[NAMES];
	uint64_t seen[ERROR_COUNT]; /* how often each answer came */
};

struct sums {
	int64_t debits, credits, pending_debits, pending_credits;
};

static bool is_named(struct span name, unsigned account)
{
	return span_equal(name, span_text(model_names[account]));
}

/* Everything booked up to entry `until`, added up anew. */
static struct sums add_up(const struct model *model, unsigned account, uint64_t until)
{
	struct sums sums = {0};

	for (uint32_t i = 0; i < model->count && model->sequence[i] <= until; i++) {
		const struct transfer *t = &model->booked[i];
		bool moves = t->kind == TRANSFER_PLAIN || t->kind == TRANSFER_POST;
		int64_t held = t->kind == TRANSFER_PLAIN     ? 0
			       : t->kind == TRANSFER_PENDING ? t->amount.value
							     : -t->amount.value;

		if (is_named(t->debit, account)) {
			sums.debits += moves ? t->amount.value : 0;
			sums.pending_debits += held;
		}
		if (is_named(t->credit, account)) {
			sums.credits += moves ? t->amount.value : 0;
			sums.pending_credits += held;
		}
	}
	return sums;
}

static bool same_id(const struct transfer_id *a, const struct transfer_id *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static const struct transfer *find_booked(const struct model *model, const struct transfer_id *id)
{
	for (uint32_t i = 0; i < model->count; i++)
		if (same_id(&model->booked[i].id, id))
			return &model->booked[i];
	return NULL;
}

static int64_t left_of(const struct model *model, const struct transfer *held)
{
	int64_t left = held->amount.value;

	for (uint32_t i = 0; i < model->count; i++)
		if (model->booked[i].kind >= TRANSFER_POST &&
		    same_id(&model->booked[i].pending_id, &held->id))
			left -= model->booked[i].amount.value;
	return left;
}

static unsigned account_of(struct span name)
{
	for (unsigned i = 0; i < NAMES; i++)
		if (is_named(name, i))
			return i;
	fail_msg("no such account");
	return 0;
}

static enum unit unit_of(unsigned account)
{
	return account >= 6 ? UNIT_MIN : UNIT_CNY;
}

/* May what is free on the account fall below zero, and does it after the transfer? Written out from the rules of the chart. */
static bool breaks_rule(const struct model *model, unsigned account, const struct transfer *t)
{
	struct sums sums = add_up(model, account, UINT64_MAX);
	bool debit = is_named(t->debit, account), owed = account != 0 && account != 1;
	int64_t moved = t->kind == TRANSFER_PLAIN || t->kind == TRANSFER_POST ? t->amount.value : 0;
	int64_t held = t->kind == TRANSFER_PLAIN     ? 0
		       : t->kind == TRANSFER_PENDING ? t->amount.value
						     : -t->amount.value;

	if (account == 0 || account == 3 || account >= 6) /* may go negative */
		return false;
	if (owed)
		return sums.credits + (debit ? 0 : moved) - sums.debits - (debit ? moved : 0) -
			   sums.pending_debits - (debit ? held : 0) <
		       0;
	return sums.debits + (debit ? moved : 0) - sums.credits - (debit ? 0 : moved) -
		   sums.pending_credits - (debit ? 0 : held) <
	       0;
}

static uint64_t pending_faults(const struct model *model, const struct transfer *t, int64_t time_ms)
{
	const struct transfer *held = find_booked(model, &t->pending_id);
	uint64_t faults = 0;
	int64_t left;

	if (!held || held->kind != TRANSFER_PENDING)
		return ERRORS(ERROR_NOT_FOUND);
	if (!span_equal(held->debit, t->debit) || !span_equal(held->credit, t->credit) ||
	    held->unit != t->unit)
		faults |= ERRORS(ERROR_MISMATCH);
	left = left_of(model, held);
	if (t->kind == TRANSFER_POST ? t->amount.value > left : t->amount.value != left)
		faults |= ERRORS(ERROR_STATE);
	if (t->kind == TRANSFER_EXPIRE && (held->deadline_ms == 0 || time_ms < held->deadline_ms))
		faults |= ERRORS(ERROR_STATE);
	return faults;
}

/* All rules that the transfer would break; 0: it must be booked. */
static uint64_t faults_of(const struct model *model, const struct transfer *t, int64_t time_ms)
{
	const struct transfer *before = find_booked(model, &t->id);
	const unsigned accounts[] = {account_of(t->debit), account_of(t->credit)};
	uint64_t faults = 0;

	if (before) {
		bool same =
		    before->kind == t->kind && before->unit == t->unit &&
		    before->amount.value == t->amount.value &&
		    span_equal(before->debit, t->debit) && span_equal(before->credit, t->credit) &&
		    span_equal(before->reference, t->reference) &&
		    before->deadline_ms == t->deadline_ms &&
		    (t->kind < TRANSFER_POST || same_id(&before->pending_id, &t->pending_id));
		return ERRORS(same ? ERROR_REPEAT : ERROR_CONFLICT);
	}
	for (int i = 0; i < 2; i++) {
		if (unit_of(accounts[i]) != t->unit)
			faults |= ERRORS(ERROR_MISMATCH);
		if (model->frozen[accounts[i]])
			faults |= ERRORS(ERROR_FROZEN);
		if (model->closed[accounts[i]])
			faults |= ERRORS(ERROR_CLOSED);
		if (breaks_rule(model, accounts[i], t))
			faults |= ERRORS(ERROR_BALANCE);
	}
	if (t->kind >= TRANSFER_POST)
		faults |= pending_faults(model, t, time_ms);
	return faults;
}

static struct transfer draw_new(uint64_t *random, uint32_t number)
{
	bool hours = chance_below(random, 8) == 0;
	unsigned a = hours ? 6 : (unsigned)chance_below(random, 6);
	unsigned b = hours ? 7 : (a + 1 + (unsigned)chance_below(random, 5)) % 6;
	struct transfer t =
	    transfer_of(number, chance_below(random, 3) ? TRANSFER_PLAIN : TRANSFER_PENDING,
		1 + (int64_t)chance_below(random, 1000), model_names[a], model_names[b]);

	t.unit = unit_of(a);
	if (t.kind == TRANSFER_PENDING && chance_below(random, 2))
		t.deadline_ms = NOW_MS + (int64_t)chance_below(random, STEPS) * 1000;
	if (chance_below(random, 2))
		t.reference = span_text(chance_below(random, 2) ? "REF" : "REF-2");
	return t;
}

/* Ends a pending transfer, mostly rightly. */
static struct transfer draw_end(const struct model *model, uint64_t *random, uint32_t number)
{
	const struct transfer *held = &model->booked[chance_below(random, model->count)];
	struct transfer t = *held;
	int64_t left = held->kind == TRANSFER_PENDING ? left_of(model, held) : held->amount.value;

	t.id = id_of(number);
	t.kind = (enum transfer_kind)(TRANSFER_POST + chance_below(random, 3));
	t.pending_id = held->id;
	t.deadline_ms = 0;
	t.amount.value = t.kind == TRANSFER_POST && left > 1 && chance_below(random, 2)
			     ? 1 + (int64_t)chance_below(random, (uint64_t)left)
			 : left > 0 ? left
				    : 1;
	if (chance_below(random, 10) == 0)
		t.amount.value++;
	if (chance_below(random, 20) == 0)
		t.credit = span_text("person/2");
	if (span_equal(t.debit, t.credit))
		t.credit = span_text("fund/a");
	if (span_equal(t.debit, t.credit))
		t.debit = span_text("bank");
	return t;
}

static struct transfer draw(const struct model *model, uint64_t *random, uint32_t number)
{
	struct transfer t;

	switch (model->count ? chance_below(random, 10) : 0) {
	case 0:
	case 1:
	case 2:
	case 3:
		return draw_new(random, number);
	case 4: /* the very same again */
		return model->booked[chance_below(random, model->count)];
	case 5: /* another one under its id */
		t = draw_new(random, number);
		t.id = model->booked[chance_below(random, model->count)].id;
		return t;
	default:
		return draw_end(model, random, number);
	}
}

static void compare_with_model(struct desk *desk, const struct model *model, uint64_t until)
{
	for (unsigned i = 0; i < NAMES; i++) {
		struct sums sums = add_up(model, i, until);
		struct account account = {0};
		enum error error =
		    until == UINT64_MAX
			? account_get(desk->txn, span_text(model_names[i]), &account)
			: account_as_of(desk->txn, span_text(model_names[i]), until, &account);
		int64_t free = account.credits - account.debits - account.pending_debits;

		assert_true(!error || error == ERROR_NOT_FOUND);
		if (account.debits != sums.debits || account.credits != sums.credits ||
		    account.pending_debits != sums.pending_debits ||
		    account.pending_credits != sums.pending_credits)
			fail_msg(
			    "%s as of %llu differs", model_names[i], (unsigned long long)until);
		if (until != UINT64_MAX)
			continue;
		assert_int_equal(account.frozen, model->frozen[i]);
		assert_int_equal(account.closed, model->closed[i]);
		/* S2 */
		if (i == 2 || i == 4 || i == 5)
			assert_true(free >= 0);
		if (i == 1)
			assert_true(
			    account.debits - account.credits - account.pending_credits >= 0);
	}
}

static void change_flags(struct desk *desk, struct model *model, uint64_t *random)
{
	unsigned i = (unsigned)chance_below(random, NAMES);
	struct sums sums = add_up(model, i, UINT64_MAX);
	bool frozen = chance_below(random, 3) == 0, closed = chance_below(random, 2), known = false;
	enum error error, wanted;

	for (uint32_t n = 0; n < model->count; n++)
		known = known || is_named(model->booked[n].debit, i) ||
			is_named(model->booked[n].credit, i);
	wanted =
	    !known ? ERROR_NOT_FOUND
	    : closed && (sums.debits != sums.credits || sums.pending_debits || sums.pending_credits)
		? ERROR_STATE
		: ERROR_NONE;
	error = account_set_flags(desk->txn, span_text(model_names[i]), frozen, closed);
	assert_error(error, wanted);
	if (error)
		return;
	model->frozen[i] = frozen;
	model->closed[i] = closed;
}

static void step(struct desk *desk, struct model *model, uint64_t *random, uint32_t number)
{
	int64_t time_ms = NOW_MS + (int64_t)number * 1000;
	struct transfer t = draw(model, random, number);
	uint64_t faults = faults_of(model, &t, time_ms);
	enum error error =
	    account_book(desk->txn, chart, desk->sequence, number % 3, time_ms, &t, &desk->detail);

	if (faults ? !(faults >> error & 1) || error == ERROR_NONE : error != ERROR_NONE)
		fail_msg("step %u, kind %d, %lld: %s (%s), faults %llx", number, (int)t.kind,
		    (long long)t.amount.value, error_name(error), desk->detail.text,
		    (unsigned long long)faults);
	model->seen[error]++;
	if (error)
		return;
	model->booked[model->count] = t;
	model->sequence[model->count++] = desk->sequence;
	desk->sequence += 1 + chance_below(random, 2); /* not every entry touches an account */
}

static void any_life_of_the_books_agrees_with_a_naive_model(void **state)
{
	static const enum error answers[] = {ERROR_NONE, ERROR_REPEAT, ERROR_CONFLICT,
	    ERROR_BALANCE, ERROR_FROZEN, ERROR_NOT_FOUND, ERROR_STATE, ERROR_MISMATCH};
	struct desk *desk = *state;
	uint64_t random = chance_seed("accounts");
	static struct model model;

	memset(&model, 0, sizeof model);
	for (uint32_t number = 0; number < STEPS; number++) {
		step(desk, &model, &random, number);
		if (chance_below(&random, 25) == 0)
			change_flags(desk, &model, &random);
		assert_good(account_check_sums(desk->txn, &desk->detail)); /* S1 */
		compare_with_model(desk, &model, UINT64_MAX);
		if (number % 40 == 0)
			compare_with_model(desk, &model, chance_below(&random, desk->sequence + 1));
		if (number % 100 == 99) { /* and in another transaction */
			scratch_commit(&desk->scratch);
			desk->txn = desk->scratch.txn;
		}
	}
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		assert_true(model.seen[answers[i]] > 0);
	print_message("%u of %u booked\n", model.count, STEPS);
}

int main(void)
{
#define ON_A_DESK(test) cmocka_unit_test_setup_teardown(test, desk_open, desk_close)
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(a_plain_transfer_moves_its_amount_from_debit_to_credit),
	    ON_A_DESK(what_may_be_taken_is_the_balance_less_what_is_held),
	    ON_A_DESK(the_rule_holds_on_the_accounts_normal_side),
	    ON_A_DESK(a_pending_transfer_is_posted_in_parts_and_the_rest_released),
	    ON_A_DESK(a_post_names_the_pending_transfer_and_repeats_its_accounts_and_unit),
	    ON_A_DESK(a_pending_transfer_expires_only_at_its_deadline_and_only_by_an_entry),
	    ON_A_DESK(the_same_transfer_again_is_a_repeat_and_another_under_its_id_a_conflict),
	    cmocka_unit_test(an_id_follows_from_its_cause_and_number),
	    ON_A_DESK(a_frozen_account_neither_gives_nor_takes_until_it_is_freed),
	    ON_A_DESK(an_account_closes_only_when_nothing_is_on_it_and_nothing_held),
	    ON_A_DESK(an_account_keeps_one_unit_for_ever),
	    ON_A_DESK(turnover_ends_at_2_60_and_says_so),
	    ON_A_DESK(transfers_are_found_by_their_outside_reference_in_booking_order),
	    ON_A_DESK(an_account_is_shown_as_of_any_past_entry_with_its_history),
	    ON_A_DESK(accounts_are_listed_by_prefix_in_order_of_name),
	    ON_A_DESK(books_that_do_not_add_up_are_found),
	    cmocka_unit_test(transfers_come_back_from_their_bytes),
	    cmocka_unit_test(transfers_with_anything_wrong_are_refused),
	    ON_A_DESK(any_life_of_the_books_agrees_with_a_naive_model),
	};

	return cmocka_run_group_tests_name("ledger/account", tests, NULL, NULL);
}
