/* One table of what can become of a payment: every kind of order (rows of `kinds`) through everything that a bank can say of it (rows of `cases`).
 * Each case tells what the books hold in the end, worked by hand from the table of accounts in docs/settlement.md, in amounts of the payment: what is
 * owed, in the bank, ordered, back from the bank and waiting, in suspense; and what has come in at the other city, if there is one. Whatever the bank
 * says, what was owed is paid once, and what has left or reached the account beyond that stands in suspense when an officer has looked at it. */
#include "clearing.h"
#include "payment.h"
#include "prefund.h"
#include "remote.h"
#include "unmatched.h"
#include "window.h"

#define AMOUNT 30000
#define ODD 50 /* fen by which a bank may be wrong */
#define FLOAT 50000
#define ATTEMPTS 4
#define REFERENCE "found" /* names the suspense account */

static const struct programme_text at_home[] = {
    {.code = "care_subsidy"},
    {.code = "old_age", .need = "old_age", .accrues = "month", .paid_to = "card"},
};
static const struct programme_text at_host[] = {{.code = "care_subsidy"}};

/* --- the two cities ------------------------------------------------------------------------------------------- */

struct desk {
	struct pair pair;
	struct secret_key officer;
	/* the case that is played */
	const struct kind_case *kind;
	char ids[ATTEMPTS][END_TO_END_SIZE], name[PAYMENT_NAME_MAX + 1];
	char payee[PAYMENT_PAYEE_MAX + 1];
	enum payment_kind form; /* how the last attempt was ordered, and by which name */
	char form_name[PAYMENT_NAME_MAX + 1];
	unsigned attempts;
	unsigned booked[ATTEMPTS], returned[ATTEMPTS]; /* by the bank, whatever the books say */
	int64_t odd[ATTEMPTS];                         /* more than was ordered */
};

static void add_officer(struct desk *desk, struct town *town)
{
	struct buffer line = {0};
	desk->officer = town_key(CHENGDU, 77);
	codec_put_array(&line, 3);
	codec_put_uint(&line, 1);
	codec_put_text(&line, span_text("Li"));
	codec_put_bytes(&line, span_of(desk->officer.public.bytes, PUBLIC_KEY_SIZE));
	town_register(town, KIND_officer, &line, REASON_registered);
}

static int set_up(void **state)
{
	static struct catalogue_text text;
	struct desk *desk = calloc(1, sizeof(*desk));
	assert_non_null(desk);
	pair_open(&desk->pair, at_home, 2, at_host, 1);
	catalogue_of(&text, GUANGYUAN, 2, at_host, 1);
	/* "pays_from_float: false" becomes true; the length stays. */
	char *at = strstr(text.text, "float: false");
	assert_non_null(at);
	memcpy(at, "float: true ", 12);
	assert_int_equal(town_policy(&desk->pair.host, catalogue_span(&text)), ERROR_NONE);
	town_fund(&desk->pair.host, NULL, FLOAT);
	add_officer(desk, &desk->pair.home);
	add_officer(desk, &desk->pair.host);
	carry(&desk->pair);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;
	pair_close(&desk->pair);
	free(desk);
	return 0;
}

static enum reason says(struct town *town, const struct bank_line *line)
{
	struct buffer lines = {0};
	bank_line_write(&lines, line);
	if (town_order(town, KIND_bank, NULL, 0, &lines, 1))
		fail_msg("%s", town->detail.text);
	return town_reason(town, 0);
}

static struct bank_line fact_of(
    struct town *town, enum bank_fact fact, const char *id, int64_t fen, const char *reference)
{
	struct bank_line line = {.fact = fact, .amount_fen = fen};
	line.day = day_of_time(town->now_ms);
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", id);
	snprintf(line.reference, sizeof(line.reference), "%s", reference);
	return line;
}

/* What waits in sight; `last` may be NULL. */
struct waiting {
	unsigned count;
	struct unmatched last;
};

static bool count_waiting(void *context, const struct unmatched *unmatched)
{
	struct waiting *waiting = context;
	if (!unmatched->ended) {
		waiting->count++;
		waiting->last = *unmatched;
	}
	return true;
}

static struct waiting waiting_at(struct town *town)
{
	struct txn *txn = desk_read(town);
	struct waiting waiting = {.count = 0};
	assert_int_equal(unmatched_each(txn, count_waiting, &waiting), ERROR_NONE);
	txn_abort(txn);
	return waiting;
}

/* What the node does by itself after each of its own entries: what matches now is said again. */
static bool take_first(void *context, const struct unmatched *unmatched)
{
	struct unmatched *first = context;
	if (unmatched->ended || unmatched->sequence <= first->sequence)
		return true;
	*first = *unmatched;
	return false;
}

static void offer_waiting(struct town *town)
{
	struct unmatched one = {.sequence = 0};
	for (unsigned i = 0; i < 8; i++) {
		struct txn *txn = desk_read(town);
		enum reason reason = REASON_unmatched;
		uint64_t seen = one.sequence;
		assert_int_equal(unmatched_each(txn, take_first, &one), ERROR_NONE);
		if (one.sequence != seen)
			assert_int_equal(
			    bank_reason(town->settlement, txn, &one.line, &reason), ERROR_NONE);
		txn_abort(txn);
		if (bank_changes_books(reason))
			assert_int_equal(says(town, &one.line), reason);
	}
}

/* The officer ends the one line that waits. */
static enum error ends(struct desk *desk, struct town *town, enum ending ending, const char *of)
{
	const struct waiting waiting = waiting_at(town);
	struct ending_line line = {.line = waiting.last.line,
	    .ending = ending,
	    .grounds = span_text("as the bank has told by telephone")};
	struct buffer lines = {0};
	char id[32];
	assert_int_equal(waiting.count, 1);
	snprintf(line.of, sizeof(line.of), "%s", of);
	ending_line_write(&lines, &line);
	snprintf(id, sizeof(id), "end-%u", (unsigned)++town->numbers);
	return town_order_by(town, &desk->officer, id, KIND_unmatched_end, NULL, 0, &lines, 1);
}

/* --- the kinds -------------------------------------------------------------------------------------------------- */

/* Where the money of a payment goes that came back: to where it was owed, or it waits to be paid by an order of its own. */
enum back { TO_OWED, TO_WAIT };

struct kind_case {
	enum payment_kind kind;
	bool at_host; /* Guangyuan pays; else Chengdu */
	enum back back;
	const char *name, *payee, *owed; /* NULL: made by `prepare` */
	const char *other;               /* the account at the other city that it comes into */
	void (*prepare)(struct desk *desk);
};

static struct town *payer_of(struct desk *desk)
{
	return desk->kind->at_host ? &desk->pair.host : &desk->pair.home;
}

static struct town *other_of(struct desk *desk)
{
	return desk->kind->at_host ? &desk->pair.home : &desk->pair.host;
}

/* 300.00 that Chengdu owes Guangyuan's house for its guest in June: 30 nights. */
static void owe_for_a_guest(struct desk *desk)
{
	uint64_t person =
	    traveller(&desk->pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	pair_at(&desk->pair, day(2026, 7, 2));
	expect_paid(judge(&desk->pair, CHENGDU, person, "care_subsidy", 1, 30), AMOUNT);
}

static void clear_july(struct desk *desk)
{
	struct buffer parameters = {0};
	owe_for_a_guest(desk);
	pair_at(&desk->pair, day(2026, 7, 3));
	codec_put_null(&parameters);
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_cut, &parameters, 1, NULL, 0), ERROR_NONE);
	carry(&desk->pair);
	pair_at(&desk->pair, day(2026, 8, 21));
	codec_put_uint(&parameters, 202607);
	codec_put_uint(&parameters, GUANGYUAN);
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_clearing, &parameters, 2, NULL, 0), ERROR_NONE);
	carry(&desk->pair);
}

static enum error order(
    struct town *town, enum payment_kind kind, const char *name, const char *first)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, kind, name, first);
	return town_order(town, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, NULL, 0);
}

static void settle_july(struct desk *desk)
{
	struct bank_line line;
	char id[END_TO_END_SIZE];
	clear_july(desk);
	payment_end_to_end(CHENGDU, PAYMENT_CLEARING, "202607", "510800", 1, id);
	assert_int_equal(order(&desk->pair.home, PAYMENT_CLEARING, "202607", ""), ERROR_NONE);
	line = fact_of(&desk->pair.home, BANK_BOOKED, id, AMOUNT, "B0");
	assert_int_equal(says(&desk->pair.home, &line), REASON_booked);
	line = fact_of(&desk->pair.host, BANK_CREDITED, id, AMOUNT, "C0");
	assert_int_equal(says(&desk->pair.host, &line), REASON_received);
	carry(&desk->pair);
}

/* A person of Guangyuan's own in its house. */
static void owe_for_an_own_person(struct desk *desk)
{
	struct town *host = &desk->pair.host;
	uint64_t person = town_person(host, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	town_stay(host, HOUSE_D, person, day(2026, 6, 1), DAY_NEVER);
	pair_at(&desk->pair, day(2026, 7, 2));
	const struct claim_line line = {
	    .person = person, .programme = "care_subsidy", .first = 1, .last = 30};
	desk_claim(host, HOUSE_D, GUANGYUAN, JUNE, &line, 1);
	assert_int_equal(town_local(host, HOUSE_D), AMOUNT);
}

/* Two persons: the money of the other one, who is not ordered to be paid, stands in the same account all the time. */
static void owe_a_run(struct desk *desk)
{
	struct town *home = &desk->pair.home;
	struct buffer parameters = {0};
	town_person(home, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	uint64_t person = town_person(home, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	snprintf(desk->payee, sizeof(desk->payee), "%016llu", (unsigned long long)person);
	pair_at(&desk->pair, day(2026, 6, 25));
	allowance_parameters_write(&parameters, 202606, "old_age", "june", 1, 0);
	assert_int_equal(
	    town_order(home, KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0),
	    ERROR_NONE);
	assert_int_equal(town_credit(home, "payable/run/june"), 2 * AMOUNT);
}

/* What the house was paid, and what came back. */
static void owe_again(struct desk *desk)
{
	struct town *host = &desk->pair.host;
	struct bank_line line;
	char id[END_TO_END_SIZE];
	owe_for_an_own_person(desk);
	payment_end_to_end(GUANGYUAN, PAYMENT_INSTITUTION, "july", HOUSE_D, 1, id);
	assert_int_equal(order(host, PAYMENT_INSTITUTION, "july", ""), ERROR_NONE);
	line = fact_of(host, BANK_BOOKED, id, AMOUNT, "B0");
	assert_int_equal(says(host, &line), REASON_booked);
	line = fact_of(host, BANK_RETURNED, id, AMOUNT, "T0");
	assert_int_equal(says(host, &line), REASON_returned);
	snprintf(desk->name, sizeof(desk->name), "%s", id);
}

/* Money that came in without a word, and that an officer has put in suspense. It turns out to be Guangyuan's. */
static void owe_what_was_found(struct desk *desk)
{
	struct town *home = &desk->pair.home;
	const struct bank_line line = fact_of(home, BANK_CREDITED, "INVOICE 7", AMOUNT, "C0");
	assert_int_equal(says(home, &line), REASON_unmatched);
	assert_int_equal(ends(desk, home, ENDING_SUSPENSE, "stranger"), ERROR_NONE);
	assert_int_equal(town_credit(home, "suspense/stranger"), AMOUNT);
}

static void owe_nothing(struct desk *desk)
{
	(void)desk;
}

static const struct kind_case kinds[] = {
    {PAYMENT_CLEARING, false, TO_OWED, "202607", "510800", "clearing/2026-07/510800",
	"clearing/2026-07/510100", clear_july},
    {PAYMENT_RUN, false, TO_WAIT, "june", NULL, "payable/run/june", NULL, owe_a_run},
    {PAYMENT_INSTITUTION, true, TO_WAIT, "july", HOUSE_D, "payable/institution/" HOUSE_D "/local",
	NULL, owe_for_an_own_person},
    {PAYMENT_GUESTS, true, TO_WAIT, "202607-510100", HOUSE_D,
	"payable/institution/" HOUSE_D "/remote", NULL, settle_july},
    {PAYMENT_ADVANCE, true, TO_WAIT, "july", HOUSE_D, "payable/institution/" HOUSE_D "/remote",
	NULL, owe_for_a_guest},
    {PAYMENT_AGAIN, true, TO_WAIT, NULL, HOUSE_D, NULL, NULL, owe_again},
    {PAYMENT_PREFUND, false, TO_OWED, "2026", "510800", "prefund_lodged/510800",
	"prefund_held/510100", owe_nothing},
    {PAYMENT_SUSPENSE, false, TO_WAIT, "stranger", "510800", "suspense/stranger", NULL,
	owe_what_was_found},
};

/* --- what happens ------------------------------------------------------------------------------------------------ */

enum act {
	DONE,
	ORDERED,  /* once more what is due: there is something */
	NOTHING,  /* ... and there is nothing */
	BOOKED,   /* the bank has booked attempt `number`, under `reference` */
	REJECTED, /* ... rejected it */
	RETURNED, /* ... returned it */
	LATER,    /* two months go by */
	RESTART,  /* the city's node is stopped and started */
	OFFERED,  /* what the node does by itself */
	SUSPENSE, /* the officer: money was moved, and nobody knows why */
	PAYMENT,  /* the officer: that was attempt `number` */
	EXPLAINED /* the officer: the bank was wrong, no money was moved */
};

struct step {
	enum act act;
	unsigned number;
	const char *reference;
	int64_t odd; /* fen more than was ordered */
	enum reason says;
};

/* Changes since before the first order, credits less debits, in amounts; `odd` in suspense, in ODDs. What left the bank account is +1 there, as
 * it is in an account of the debit side. */
struct figures {
	int owed, bank, ordered, waits, suspense, odd;
};

#define UNHEARD (-9)

struct case_row {
	const char *name;
	struct step steps[14];
	struct figures to_owed, to_wait; /* by where money goes that came back */
	unsigned in_sight;               /* lines that match nothing, in the end */
	int arrived; /* at the other city, in its account for it; UNHEARD: its bank has not spoken */
	int over;    /* ... and beyond that, in suspense there when its officer has looked */
};

static const struct case_row cases[] = {
    {"ordered, and not answered", {{.act = ORDERED}, {.act = NOTHING}}, {0, 0, 1, 0, 0, 0},
	{0, 0, 1, 0, 0, 0}, 0, 0, 0},
    {"ordered twice, across a restart, and booked",
	{{.act = ORDERED}, {.act = NOTHING}, {.act = RESTART}, {.act = NOTHING},
	    {BOOKED, 1, "B1", 0, REASON_booked}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"rejected", {{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected}}, {0, 0, 0, 0, 0, 0},
	{0, 0, 0, 0, 0, 0}, 0, 0, 0},
    {"rejected, then paid by a second attempt",
	{{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected}, {.act = ORDERED},
	    {REJECTED, 1, "J1", 0, REASON_said_before}, {BOOKED, 2, "B2", 0, REASON_booked},
	    {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"rejected twice, paid by the third",
	{{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected}, {.act = ORDERED},
	    {.act = RESTART}, {REJECTED, 2, "J2", 0, REASON_rejected}, {.act = ORDERED},
	    {BOOKED, 3, "B3", 0, REASON_booked}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"booked late: after the due day and the next export",
	{{.act = ORDERED}, {.act = LATER}, {.act = NOTHING}, {.act = LATER}, {.act = NOTHING},
	    {BOOKED, 1, "B1", 0, REASON_booked}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"returned after booking 退汇",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {RETURNED, 1, "T1", 0, REASON_returned}},
	{0, 0, 0, 0, 0, 0}, {-1, 0, 0, 1, 0, 0}, 0, 0, 0},
    {"returned, then paid by a second attempt",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {RETURNED, 1, "T1", 0, REASON_returned}, {.act = RESTART}, {.act = ORDERED},
	    {.act = NOTHING}, {BOOKED, 2, "B2", 0, REASON_booked}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"returned, the second returned, paid by the third",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {RETURNED, 1, "T1", 0, REASON_returned}, {.act = ORDERED},
	    {BOOKED, 2, "B2", 0, REASON_booked}, {RETURNED, 2, "T2", 0, REASON_returned},
	    {.act = ORDERED}, {BOOKED, 3, "B3", 0, REASON_booked}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"returned, the second rejected, paid by the third",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {RETURNED, 1, "T1", 0, REASON_returned}, {.act = ORDERED},
	    {REJECTED, 2, "J2", 0, REASON_rejected}, {.act = ORDERED},
	    {BOOKED, 3, "B3", 0, REASON_booked}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"rejected, and booked all the same: the statement counts",
	{{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected},
	    {BOOKED, 1, "B1", 0, REASON_booked}, {.act = NOTHING},
	    {BOOKED, 1, "B1", 0, REASON_said_before}, {.act = RESTART}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"rejected, booked all the same, and returned",
	{{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected},
	    {BOOKED, 1, "B1", 0, REASON_booked}, {RETURNED, 1, "T1", 0, REASON_returned}},
	{0, 0, 0, 0, 0, 0}, {-1, 0, 0, 1, 0, 0}, 0, 0, 0},
    {"rejected, booked all the same when the second attempt is out: in sight",
	{{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected}, {.act = ORDERED},
	    {BOOKED, 1, "B1", 0, REASON_contradicts}, {BOOKED, 2, "B2", 0, REASON_booked},
	    {.act = OFFERED}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 1, 1, 1},
    {"... and when an officer has looked, what was paid too much is to be got back",
	{{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected}, {.act = ORDERED},
	    {BOOKED, 1, "B1", 0, REASON_contradicts}, {.act = SUSPENSE},
	    {BOOKED, 1, "B1", 0, REASON_said_before}, {BOOKED, 2, "B2", 0, REASON_booked},
	    {.act = NOTHING}},
	{-1, 2, 0, 0, -1, 0}, {-1, 2, 0, 0, -1, 0}, 0, 1, 1},
    {"... when the second attempt is rejected, nothing is paid before the officer has looked",
	{{.act = ORDERED}, {REJECTED, 1, "J1", 0, REASON_rejected}, {.act = ORDERED},
	    {BOOKED, 1, "B1", 0, REASON_contradicts}, {REJECTED, 2, "J2", 0, REASON_rejected},
	    {.act = NOTHING}, {.act = EXPLAINED}, {BOOKED, 1, "B1", 0, REASON_said_before},
	    {.act = ORDERED}, {BOOKED, 3, "B3", 0, REASON_booked}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"booked, then called rejected: in sight, nothing moves",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {REJECTED, 1, "J1", 0, REASON_contradicts}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 1, 1, 0},
    {"booked, called rejected, and returned: that was meant",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {REJECTED, 1, "J1", 0, REASON_contradicts}, {RETURNED, 1, "T1", 0, REASON_returned}},
	{0, 0, 0, 0, 0, 0}, {-1, 0, 0, 1, 0, 0}, 0, 0, 0},
    {"told twice",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {BOOKED, 1, "B1", 0, REASON_said_before}, {.act = RESTART},
	    {BOOKED, 1, "", 0, REASON_said_before}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"booking and return told twice",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {RETURNED, 1, "T1", 0, REASON_returned}, {BOOKED, 1, "B1", 0, REASON_said_before},
	    {RETURNED, 1, "T1", 0, REASON_said_before}, {REJECTED, 1, "J1", 0, REASON_said_before}},
	{0, 0, 0, 0, 0, 0}, {-1, 0, 0, 1, 0, 0}, 0, 0, 0},
    {"in the other order: the return before the booking",
	{{.act = ORDERED}, {RETURNED, 1, "T1", 0, REASON_unmatched}, {.act = RESTART},
	    {.act = NOTHING}, {BOOKED, 1, "B1", 0, REASON_booked}, {.act = OFFERED},
	    {RETURNED, 1, "T1", 0, REASON_said_before}},
	{0, 0, 0, 0, 0, 0}, {-1, 0, 0, 1, 0, 0}, 0, 0, 0},
    {"in the other order: the booking and its return before the rejection",
	{{.act = ORDERED}, {RETURNED, 1, "T1", 0, REASON_unmatched},
	    {REJECTED, 1, "J1", 0, REASON_rejected}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {.act = OFFERED}},
	{0, 0, 0, 0, 0, 0}, {-1, 0, 0, 1, 0, 0}, 0, 0, 0},
    {"booked with another amount: still ordered, in sight",
	{{.act = ORDERED}, {BOOKED, 1, "B1", ODD, REASON_other_amount}, {.act = OFFERED},
	    {.act = NOTHING}},
	{0, 0, 1, 0, 0, 0}, {0, 0, 1, 0, 0, 0}, 1, UNHEARD, 0},
    {"booked with more: the officer says that it is the payment",
	{{.act = ORDERED}, {BOOKED, 1, "B1", ODD, REASON_other_amount}, {PAYMENT, 1, NULL, 0, 0},
	    {BOOKED, 1, "B1", ODD, REASON_said_before}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, -1}, {-1, 1, 0, 0, 0, -1}, 0, 1, 0},
    {"booked with less: the officer says that it is the payment",
	{{.act = ORDERED}, {BOOKED, 1, "B1", -ODD, REASON_other_amount}, {PAYMENT, 1, NULL, 0, 0},
	    {.act = RESTART}, {BOOKED, 1, "B1", -ODD, REASON_said_before}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 1}, {-1, 1, 0, 0, 0, 1}, 0, 1, 0},
    {"booked twice under two references: in sight",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {BOOKED, 1, "B2", 0, REASON_contradicts}, {.act = OFFERED}, {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 1, 1, 1},
    {"booked twice: the officer has looked, one is to be got back",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {BOOKED, 1, "B2", 0, REASON_contradicts}, {.act = SUSPENSE}, {.act = NOTHING},
	    {BOOKED, 1, "B2", 0, REASON_said_before}},
	{-1, 2, 0, 0, -1, 0}, {-1, 2, 0, 0, -1, 0}, 0, 1, 1},
    {"booked twice and one returned: which, the officer says",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {BOOKED, 1, "B2", 0, REASON_contradicts}, {.act = SUSPENSE},
	    {RETURNED, 1, "T1", 0, REASON_contradicts}, {.act = OFFERED}, {.act = SUSPENSE},
	    {.act = NOTHING}},
	{-1, 1, 0, 0, 0, 0}, {-1, 1, 0, 0, 0, 0}, 0, 1, 0},
    {"returned twice under two references: one is not the city's to keep",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {RETURNED, 1, "T1", 0, REASON_returned}, {RETURNED, 1, "T2", 0, REASON_contradicts},
	    {.act = SUSPENSE}},
	{0, -1, 0, 0, 1, 0}, {-1, -1, 0, 1, 1, 0}, 0, 0, -1},
    {"the bank tells of a second booking that it has taken back itself",
	{{.act = ORDERED}, {BOOKED, 1, "B1", 0, REASON_booked},
	    {BOOKED, 1, "B2", 0, REASON_contradicts}, {.act = EXPLAINED}, {.act = OFFERED},
	    {BOOKED, 1, "B2", 0, REASON_said_before}, {RETURNED, 1, "T1", 0, REASON_returned}},
	{0, 0, 0, 0, 0, 0}, {-1, 0, 0, 1, 0, 0}, 0, 0, 0},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- playing ------------------------------------------------------------------------------------------------------ */

/* What is due, ordered: as the first time, or, if the last attempt came back and waits, by an order of its own. */
static enum error order_due(struct desk *desk)
{
	struct town *town = payer_of(desk);
	struct buffer parameters = {0};
	unsigned last = desk->attempts - 1;
	if (desk->attempts && desk->returned[last] && desk->kind->back == TO_WAIT) {
		desk->form = PAYMENT_AGAIN;
		snprintf(desk->form_name, sizeof(desk->form_name), "%s", desk->ids[last]);
	}
	if (desk->form == PAYMENT_PREFUND && desk->attempts == 0) {
		prefund_parameters_write(&parameters, desk->form_name, GUANGYUAN, AMOUNT);
		return town_order(
		    town, KIND_payment_order, &parameters, PREFUND_PARAMETERS, NULL, 0);
	}
	return order(town, desk->form, desk->form_name,
	    desk->form == PAYMENT_SUSPENSE || desk->form == PAYMENT_RUN ? desk->payee : "");
}

static void order_next(struct desk *desk)
{
	struct town *town = payer_of(desk);
	struct payment payment;
	if (order_due(desk))
		fail_msg("%s", town->detail.text);
	assert_true(desk->attempts < ATTEMPTS);
	struct txn *txn = desk_read(town);
	assert_int_equal(
	    payment_last(txn, desk->form, desk->form_name, desk->payee, &payment), ERROR_NONE);
	txn_abort(txn);
	assert_int_equal(payment.state, PAYMENT_ORDERED);
	assert_int_equal(payment.amount_fen, AMOUNT);
	for (unsigned i = 0; i < desk->attempts; i++)
		assert_string_not_equal(desk->ids[i], payment.end_to_end);
	memcpy(desk->ids[desk->attempts++], payment.end_to_end, END_TO_END_SIZE);
}

static void tell(struct desk *desk, const struct step *step)
{
	static const enum bank_fact facts[] = {
	    [BOOKED] = BANK_BOOKED, [REJECTED] = BANK_REJECTED, [RETURNED] = BANK_RETURNED};
	struct town *town = payer_of(desk);
	unsigned at = step->number - 1;
	assert_true(at < desk->attempts);
	const struct bank_line line =
	    fact_of(town, facts[step->act], desk->ids[at], AMOUNT + step->odd, step->reference);
	struct txn *txn = desk_read(town);
	enum reason told;
	assert_int_equal(bank_reason(town->settlement, txn, &line, &told), ERROR_NONE);
	txn_abort(txn);
	assert_string_equal(reason_name(told), reason_name(step->says));
	assert_string_equal(reason_name(says(town, &line)), reason_name(step->says));
	if (step->says == REASON_said_before)
		return;
	desk->booked[at] += step->act == BOOKED;
	desk->returned[at] += step->act == RETURNED;
	desk->odd[at] += step->odd;
}

static void play(struct desk *desk, const struct step *step)
{
	struct town *town = payer_of(desk);
	switch (step->act) {
	case ORDERED:
		order_next(desk);
		break;
	case NOTHING:
		assert_string_equal(error_name(order_due(desk)), "state");
		break;
	case LATER:
		desk->pair.home.now_ms += INT64_C(61) * 86400000;
		desk->pair.host.now_ms = desk->pair.home.now_ms;
		break;
	case RESTART:
		desk_restart(town);
		break;
	case OFFERED:
		offer_waiting(town);
		break;
	case SUSPENSE:
		assert_int_equal(ends(desk, town, ENDING_SUSPENSE, REFERENCE), ERROR_NONE);
		break;
	case PAYMENT:
		assert_int_equal(
		    ends(desk, town, ENDING_PAYMENT, desk->ids[step->number - 1]), ERROR_NONE);
		break;
	case EXPLAINED:
		/* Of money that was moved after all there would be no such word. */
		desk->booked[0]--;
		assert_int_equal(ends(desk, town, ENDING_CORRECTED, ""), ERROR_NONE);
		break;
	default:
		tell(desk, step);
	}
}

/* --- what the books hold ------------------------------------------------------------------------------------------ */

struct books {
	int64_t owed, bank, ordered, waits, suspense;
};

static const char *owed_account(struct desk *desk, char text[ACCOUNT_TEXT_SIZE])
{
	if (!desk->kind->owed)
		return account_payable_returned(text, desk->name);
	snprintf(text, ACCOUNT_TEXT_SIZE, "%s", desk->kind->owed);
	return text;
}

static int64_t held_of(struct town *town, const char *name)
{
	struct txn *txn = desk_read(town);
	struct account account = {0};
	enum error error = account_get(txn, span_text(name), &account);
	txn_abort(txn);
	assert_true(error == ERROR_NONE || error == ERROR_NOT_FOUND);
	return account.pending_credits;
}

static struct books books_of(struct desk *desk)
{
	struct town *town = payer_of(desk);
	char text[ACCOUNT_TEXT_SIZE];
	struct books books = {.owed = town_credit(town, owed_account(desk, text)),
	    .bank = town_credit(town, "treasury") + town_credit(town, "float"),
	    .ordered = held_of(town, "treasury") + held_of(town, "float"),
	    .suspense = town_credit(town, "suspense/" REFERENCE)};
	for (unsigned i = 0; i < desk->attempts; i++) {
		books.waits += town_credit(town, account_payable_returned(text, desk->ids[i]));
		books.suspense += town_credit(town, account_suspense(text, desk->ids[i]));
	}
	return books;
}

/* The other city's bank shows what has reached it, in every case before it hears of it from the payer; its officer looks at what is left. */
static void arrive(struct desk *desk)
{
	struct town *other = other_of(desk);
	for (unsigned i = 0; i < desk->attempts; i++) {
		char reference[32];
		struct bank_line line;
		for (unsigned n = 0; n < desk->booked[i]; n++) {
			snprintf(reference, sizeof(reference), "C%u%u", i, n);
			line = fact_of(
			    other, BANK_CREDITED, desk->ids[i], AMOUNT + desk->odd[i], reference);
			says(other, &line);
		}
		carry(&desk->pair);
		offer_waiting(other);
		for (unsigned n = 0; n < desk->returned[i]; n++) {
			snprintf(reference, sizeof(reference), "K%u%u", i, n);
			line = fact_of(other, BANK_TAKEN_BACK, desk->ids[i], AMOUNT, reference);
			says(other, &line);
			offer_waiting(other);
		}
	}
	carry(&desk->pair);
}

/* Lines at the other city that its officer has to look at, one after the other. */
static void look_over(struct desk *desk)
{
	struct town *other = other_of(desk);
	for (unsigned i = 0; i < 4 && waiting_at(other).count; i++) {
		const struct waiting waiting = waiting_at(other);
		struct ending_line line = {
		    .line = waiting.last.line, .grounds = span_text("looked at")};
		struct txn *txn = desk_read(other);
		enum reason reason;
		assert_int_equal(
		    bank_reason(other->settlement, txn, &line.line, &reason), ERROR_NONE);
		txn_abort(txn);
		line.ending = reason == REASON_other_amount ? ENDING_PAYMENT : ENDING_SUSPENSE;
		struct buffer lines = {0};
		char id[32];
		snprintf(line.of, sizeof(line.of), "%s",
		    line.ending == ENDING_PAYMENT ? line.line.end_to_end : REFERENCE);
		ending_line_write(&lines, &line);
		snprintf(id, sizeof(id), "look-%u", i);
		if (town_order_by(
			other, &desk->officer, id, KIND_unmatched_end, NULL, 0, &lines, 1))
			fail_msg("%s", other->detail.text);
		carry(&desk->pair);
	}
	assert_int_equal(waiting_at(other).count, 0);
}

static void expect_other(struct desk *desk, const struct case_row *row, int64_t before)
{
	struct town *other = other_of(desk);
	char text[ACCOUNT_TEXT_SIZE];
	int64_t suspense = town_credit(other, "suspense/" REFERENCE), odd = 0;
	for (unsigned i = 0; i < desk->attempts; i++) {
		suspense += town_credit(other, account_suspense(text, desk->ids[i]));
		odd += desk->odd[i];
	}
	if (!row->arrived)
		odd = 0;
	/* A clearing is owed to the other city before: -1 until it has come in. */
	assert_int_equal(town_credit(other, desk->kind->other),
	    AMOUNT * row->arrived - (desk->kind->kind == PAYMENT_CLEARING ? AMOUNT : 0));
	assert_int_equal(suspense, AMOUNT * row->over + odd);
	assert_int_equal(
	    -town_credit(other, "treasury") - before, AMOUNT * (row->arrived + row->over) + odd);
}

static void expect_clearing(struct desk *desk, const struct case_row *row)
{
	struct town *const towns[] = {&desk->pair.home, &desk->pair.host};
	for (size_t i = 0; i < 2; i++) {
		struct txn *txn = desk_read(towns[i]);
		struct clearing_row clearing;
		assert_int_equal(
		    clearing_get(txn, 202607, CHENGDU, GUANGYUAN, &clearing), ERROR_NONE);
		txn_abort(txn);
		assert_int_equal(clearing.state, row->arrived ? CLEARING_SETTLED : CLEARING_NETTED);
	}
}

static void expect_books(struct desk *desk, const struct case_row *row, const struct books *before)
{
	const struct figures *figures = desk->kind->back == TO_OWED ? &row->to_owed : &row->to_wait;
	const struct books after = books_of(desk);
	int64_t odd = figures->odd * (int64_t)ODD;
	assert_int_equal(after.owed - before->owed, figures->owed * AMOUNT);
	assert_int_equal(after.bank - before->bank, figures->bank * AMOUNT - odd);
	assert_int_equal(after.ordered - before->ordered, figures->ordered * AMOUNT);
	assert_int_equal(after.waits - before->waits, figures->waits * AMOUNT);
	assert_int_equal(after.suspense - before->suspense, figures->suspense * AMOUNT + odd);
	/* S1: what left one account is in another. */
	assert_int_equal(after.owed + after.bank + after.waits + after.suspense,
	    before->owed + before->bank + before->waits + before->suspense);
	assert_int_equal(waiting_at(payer_of(desk)).count, row->in_sight);
}

static void begin(struct desk *desk, const struct kind_case *kind)
{
	desk->kind = kind;
	desk->attempts = 0;
	if (kind->name)
		snprintf(desk->name, sizeof(desk->name), "%s", kind->name);
	if (kind->payee)
		snprintf(desk->payee, sizeof(desk->payee), "%s", kind->payee);
	kind->prepare(desk);
	desk->form = kind->kind;
	memcpy(desk->form_name, desk->name, sizeof(desk->form_name));
}

static void play_case(const struct kind_case *kind, const struct case_row *row)
{
	void *state;
	set_up(&state);
	struct desk *desk = state;
	begin(desk, kind);
	const struct books before = books_of(desk);
	int64_t other_before = -town_credit(other_of(desk), "treasury");
	for (const struct step *step = row->steps; step->act != DONE; step++)
		play(desk, step);
	expect_books(desk, row, &before);
	if (kind->other && row->arrived != UNHEARD) {
		arrive(desk);
		look_over(desk);
		expect_other(desk, row, other_before);
	}
	if (kind->kind == PAYMENT_CLEARING && row->arrived != UNHEARD)
		expect_clearing(desk, row);
	tear_down(&state);
}

static void play_kind(enum payment_kind wanted)
{
	for (size_t k = 0; k < KINDS; k++) {
		if (kinds[k].kind != wanted)
			continue;
		for (size_t c = 0; c < CASES; c++) {
			print_message("%s: %s\n", payment_kind_name(wanted), cases[c].name);
			play_case(&kinds[k], &cases[c]);
		}
		return;
	}
	fail_msg("kind %u is not in the table", (unsigned)wanted);
}

#define PLAY(name, kind)               \
	static void name(void **state) \
	{                              \
		(void)state;           \
		play_kind(kind);       \
	}

PLAY(a_clearing_is_paid_once_whatever_the_bank_says, PAYMENT_CLEARING)
PLAY(an_allowance_is_paid_once_whatever_the_bank_says, PAYMENT_RUN)
PLAY(an_institution_is_paid_once_whatever_the_bank_says, PAYMENT_INSTITUTION)
PLAY(guests_money_is_paid_once_whatever_the_bank_says, PAYMENT_GUESTS)
PLAY(an_advance_is_paid_once_whatever_the_bank_says, PAYMENT_ADVANCE)
PLAY(what_came_back_is_paid_once_whatever_the_bank_says, PAYMENT_AGAIN)
PLAY(a_reserve_is_lodged_once_whatever_the_bank_says, PAYMENT_PREFUND)
PLAY(what_was_found_is_passed_on_once_whatever_the_bank_says, PAYMENT_SUSPENSE)

static void every_kind_of_order_is_in_the_table(void **state)
{
	(void)state;
	assert_int_equal(KINDS, PAYMENT_KIND_LAST);
	for (unsigned kind = 1; kind <= PAYMENT_KIND_LAST; kind++)
		assert_int_equal(kinds[kind - 1].kind, kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_order_is_in_the_table),
	    cmocka_unit_test(a_clearing_is_paid_once_whatever_the_bank_says),
	    cmocka_unit_test(an_allowance_is_paid_once_whatever_the_bank_says),
	    cmocka_unit_test(an_institution_is_paid_once_whatever_the_bank_says),
	    cmocka_unit_test(guests_money_is_paid_once_whatever_the_bank_says),
	    cmocka_unit_test(an_advance_is_paid_once_whatever_the_bank_says),
	    cmocka_unit_test(what_came_back_is_paid_once_whatever_the_bank_says),
	    cmocka_unit_test(a_reserve_is_lodged_once_whatever_the_bank_says),
	    cmocka_unit_test(what_was_found_is_passed_on_once_whatever_the_bank_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
