/* Windows that differ between two cities with real sheets, verdicts and logs: what is lacking goes out again, what the payer has
 * signed is shown to it, and disputes are ended either way and paid once. Chengdu pays for its persons in Guangyuan's house; care is 300.00
 * yuan a month. */
#include "hexes.h"
#include "remote.h"

#include "clearing.h"
#include "difference.h"
#include "dispute_order.h"
#include "exchange.h"

/* --- the log again -------------------------------------------------------------------------------------------- */

static void tell_table(void *context, const struct ledger_finding *finding)
{
	(void)context;
	print_error("table %s is not the same\n", finding->table);
}

/* Every cause admitted again, every rule run again, and all tables made anew from the log: they are the same, bit for bit. */
static void rebuilt_alike(struct town *town)
{
	struct txn *from, *to;
	struct settlement *again;
	struct ledger *scratch;
	struct ledger_options ledger_options = town->ledger_options;
	struct error_detail detail = {""};
	uint64_t size;
	size_t count;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &from), ERROR_NONE);
	const struct settlement_options options = {.region = town->region,
	    .epoch = 1,
	    .demo = true,
	    .has_registry_key = true,
	    .registry_key = town->registry_key,
	    .registry = from};
	assert_int_equal(settlement_create(&options, &again), ERROR_NONE);
	ledger_options.log_key = NULL;
	ledger_options.project_context = again;
	assert_int_equal(ledger_open_scratch(&ledger_options, &scratch, &detail), ERROR_NONE);
	assert_int_equal(ledger_head(from, &size, NULL), ERROR_NONE);
	assert_int_equal(ledger_begin(scratch, &to), ERROR_NONE);
	for (uint64_t i = 0; i < size; i++) {
		struct entry_reader entry;
		struct span header, body;
		uint32_t not_rerun;
		assert_int_equal(ledger_get(from, i, &header, &body), ERROR_NONE);
		assert_int_equal(entry_read(header, body, &entry), ERROR_NONE);
		if (settlement_readmit(again, to, &entry.entry, &detail) ||
		    settlement_replay(again, to, &entry.entry, &not_rerun, &detail) ||
		    ledger_append_logged(scratch, to, &entry.entry, header, body, &detail))
			fail_msg(
			    "%06u, entry %u: %s", (unsigned)town->region, (unsigned)i, detail.text);
		entry_free(&entry);
	}
	assert_int_equal(ledger_commit(scratch, to), ERROR_NONE);
	txn_abort(from);
	const unsigned *tables = settlement_rebuilt_tables(&count);
	assert_int_equal(
	    ledger_compare(town->ledger, scratch, tables, count, tell_table, NULL), ERROR_NONE);
	ledger_close(scratch);
	settlement_free(again);
}

static const struct programme_text care = {.code = "care_subsidy"};

#define MONTHLY 30000

struct desk {
	struct pair pair;
	uint64_t persons[3];
	uint64_t sheet, entry; /* of the last sheet; the payer's entry about it */
};

static void desk_open(struct desk *desk)
{
	memset(desk, 0, sizeof(*desk));
	pair_open(&desk->pair, &care, 1, &care, 1);
	for (int i = 0; i < 3; i++)
		desk->persons[i] =
		    traveller(&desk->pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	pair_at(&desk->pair, day(2026, 7, 2));
}

/* Whatever has happened, both logs give the same verdicts and the same tables again. */
static void desk_close(struct desk *desk)
{
	rebuilt_alike(&desk->pair.home);
	rebuilt_alike(&desk->pair.host);
	pair_close(&desk->pair);
}

/* June of all three in one sheet; the payer's verdicts wait in the post. */
static void hand_in(struct desk *desk)
{
	struct claim_line lines[3];
	struct town *const towns[] = {&desk->pair.home, &desk->pair.host};
	for (int i = 0; i < 3; i++)
		lines[i] = (struct claim_line){.person = desk->persons[i],
		    .programme = "care_subsidy",
		    .first = 1,
		    .last = 30};
	desk->sheet = desk_claim(&desk->pair.host, HOUSE_D, CHENGDU, JUNE, lines, 3);
	town_carry_one(towns, 2, &desk->pair.post);
	desk->entry = desk->pair.home.sequence;
	assert_int_equal(desk->pair.post.count, 1);
	assert_string_equal(desk->pair.post.letters[0].name, "adjudication");
}

/* In place of the letter that waits: the same with `more` fen on one line, signed by the payer; its own log does not know of it. */
static void forge_verdict(struct desk *desk, uint32_t line, int64_t more)
{
	struct town_letter *letter = &desk->pair.post.letters[0];
	struct buffer payload = {0}, document = {0};
	struct document read;
	struct message message;
	assert_int_equal(document_read(buffer_span(&letter->document), &read), ERROR_NONE);
	assert_int_equal(message_read(read.payload, &message), ERROR_NONE);
	struct codec_reader items = message.items;
	codec_item(&items);
	buffer_append(&payload, span_of(read.payload.data, (size_t)(items.at - read.payload.data)));
	for (uint32_t i = 0; i + 1 < message.item_count; i++) {
		struct verdict verdict;
		verdict_take(&items, &verdict);
		if (i == line) {
			verdict.amount_fen += more;
			verdict.funds[0].amount_fen += more;
			/* The same amount, for another reason: another line behind it. */
			verdict.filing_sequence += more == 0;
		}
		verdict_write(&payload, &verdict);
	}
	assert_int_equal(items.failed, ERROR_NONE);
	document_sign(
	    &document, "adjudication", &desk->pair.home.document_key, buffer_span(&payload));
	buffer_free(&letter->document);
	buffer_free(&payload);
	letter->document = document;
}

/* The host refuses the letter that waits, as its node would log it; the refusal goes back. */
static void refuse_letter(struct desk *desk)
{
	struct town *host = &desk->pair.host;
	struct town_letter letter = desk->pair.post.letters[0];
	const struct span documents[] = {buffer_span(&letter.document)};
	const struct hash hash = document_hash(documents[0]);
	struct buffer line = {0};
	struct document document;
	struct message message;
	struct txn *txn;
	assert_int_equal(document_read(documents[0], &document), ERROR_NONE);
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	codec_put_array(&line, 3);
	codec_put_bytes(&line, hash_span(&hash));
	codec_put_uint(&line, message.number);
	codec_put_text(&line, span_text("state"));
	const struct command command = {.kind = KIND_refusal,
	    .documents = documents,
	    .document_count = 1,
	    .lines = buffer_span(&line),
	    .count = 1};
	assert_int_equal(ledger_begin(host->ledger, &txn), ERROR_NONE);
	assert_int_equal(settlement_decide(host->settlement, txn, &command, host->now_ms,
			     &host->decision, &host->detail),
	    ERROR_NONE);
	memmove(desk->pair.post.letters, desk->pair.post.letters + 1,
	    --desk->pair.post.count * sizeof(letter));
	town_append(host, txn, &command);
	buffer_free(&letter.document);
	buffer_free(&letter.attachment);
	buffer_free(&line);
}

static void cut(struct desk *desk)
{
	struct buffer parameter = {0};
	codec_put_null(&parameter);
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_cut, &parameter, 1, NULL, 0), ERROR_NONE);
	carry(&desk->pair);
}

static struct window_row window_of(struct town *town, uint32_t number)
{
	struct window_row row;
	struct txn *txn = desk_read(town);
	assert_int_equal(window_get(txn, CHENGDU, GUANGYUAN, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row;
}

/* The host finds out what differs and says so; what comes of it waits in the post. */
static void say_difference(struct desk *desk, uint32_t window)
{
	struct txn *host = desk_read(&desk->pair.host), *home = desk_read(&desk->pair.home);
	struct buffer parameters = {0}, lines = {0};
	uint32_t count;
	enum error error =
	    exchange_window(host, home, CHENGDU, GUANGYUAN, window, &parameters, &lines, &count);
	txn_abort(host);
	txn_abort(home);
	assert_int_equal(error, ERROR_NONE);
	if (town_order(&desk->pair.host, KIND_difference, &parameters, 3, &lines, count))
		fail_msg("%s", desk->pair.host.detail.text);
}

static int64_t disputed(struct town *town)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town->region == CHENGDU
		   ? town_credit(town, account_payable_disputed(name, GUANGYUAN))
		   : -town_credit(town, account_receivable_disputed(name, CHENGDU));
}

static struct dispute dispute_of(struct town *town, uint32_t window, uint64_t entry, uint32_t line)
{
	const struct obligation_id id = {1, entry, line};
	struct dispute dispute;
	struct txn *txn = desk_read(town);
	assert_int_equal(dispute_get(txn, CHENGDU, GUANGYUAN, window, &id, &dispute), ERROR_NONE);
	txn_abort(txn);
	return dispute;
}

static int64_t due(struct town *host, uint32_t window)
{
	int64_t fen;
	struct txn *txn = desk_read(host);
	assert_int_equal(guest_due_get(txn, CHENGDU, window, HOUSE_D, &fen), ERROR_NONE);
	txn_abort(txn);
	return fen;
}

static int64_t house(struct town *host)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town_credit(host, account_payable_remote(name, HOUSE_D));
}

static int64_t house_owes(struct town *host)
{
	char name[ACCOUNT_TEXT_SIZE];
	return -town_credit(host, account_receivable_institution(name, HOUSE_D));
}

/* Agreed by both with this much, which stands on both sides' accounts. */
static void expect_agreed(struct desk *desk, uint32_t number, int64_t fen, uint32_t left_out)
{
	struct window_row home = window_of(&desk->pair.home, number),
			  host = window_of(&desk->pair.host, number);
	assert_int_equal(home.state, WINDOW_AGREED);
	assert_int_equal(host.state, WINDOW_AGREED);
	assert_true(window_totals_equal(&home.agreed, &host.agreed));
	assert_int_equal(window_net(&home.agreed), fen);
	assert_int_equal(home.left_out, left_out);
	assert_int_equal(host.left_out, left_out);
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, number), fen);
	assert_int_equal(town_is_owed(&desk->pair.host, CHENGDU, number), fen);
}

/* --- two that are quarrelling --------------------------------------------------------------------------------- */

/* Line 1 is 310.00 by what the payer has signed, 300.00 in its log; both see it, and that its signature was shown. */
static void quarrel(struct desk *desk)
{
	desk_open(desk);
	hand_in(desk);
	forge_verdict(desk, 1, 1000);
	carry(&desk->pair);
	assert_int_equal(due(&desk->pair.host, 1), 3 * MONTHLY + 1000);
	cut(desk);
	say_difference(desk, 1);
	assert_int_equal(town_reason(&desk->pair.host, 0), REASON_differs);
	carry(&desk->pair);
	expect_agreed(desk, 1, 2 * MONTHLY, 1);
	assert_int_equal(disputed(&desk->pair.home), MONTHLY);
	assert_int_equal(disputed(&desk->pair.host), MONTHLY + 1000);
	assert_int_equal(due(&desk->pair.host, 1), 2 * MONTHLY);
	assert_int_equal(house(&desk->pair.host), 3 * MONTHLY + 1000);
	struct town *const towns[] = {&desk->pair.home, &desk->pair.host};
	for (int i = 0; i < 2; i++) {
		struct dispute dispute = dispute_of(towns[i], 1, desk->entry, 1);
		assert_int_equal(dispute.state, DISPUTE_OPEN);
		assert_int_equal(dispute.payers.amount_fen, MONTHLY);
		assert_int_equal(dispute.creditors.amount_fen, MONTHLY + 1000);
		assert_int_equal(dispute.shown_sequence != 0, i == 0);
	}
	assert_int_equal(dispute_of(&desk->pair.host, 1, desk->entry, 1).held_fen, MONTHLY + 1000);
}

static enum error end_with(
    struct desk *desk, uint32_t window, uint32_t line, int64_t fen, const char *fund)
{
	struct buffer lines = {0};
	const struct dispute_line end = {.creditor = GUANGYUAN,
	    .window = window,
	    .id = {1, desk->entry, line},
	    .amount_fen = fen,
	    .fund = span_text(fund),
	    .grounds = span_text("looked at together")};
	dispute_line_write(&lines, &end);
	return town_order(&desk->pair.home, KIND_dispute, NULL, 0, &lines, 1);
}

/* --- lacking -------------------------------------------------------------------------------------------------- */

/* The host has refused the verdicts, by a fault that is mended since: they come again, into the window that was cut. */
static void a_missing_adjudication_is_sent_again_and_booked_into_its_window(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	refuse_letter(&desk);
	carry(&desk.pair);
	cut(&desk);
	assert_int_equal(window_of(&desk.pair.host, 1).state, WINDOW_DIFFERS);
	assert_int_equal(window_of(&desk.pair.host, 1).own.count, 0);
	say_difference(&desk, 1);
	assert_int_equal(desk.pair.host.decision.count, 1); /* the whole entry in one line */
	assert_int_equal(town_reason(&desk.pair.host, 0), REASON_missing);
	struct town *const towns[] = {&desk.pair.home, &desk.pair.host};
	town_carry_one(towns, 2, &desk.pair.post);
	assert_int_equal(desk.pair.post.count, 2);
	assert_string_equal(desk.pair.post.letters[0].name, "adjudication");
	assert_string_equal(desk.pair.post.letters[1].name, "window_rest");
	carry(&desk.pair);
	expect_agreed(&desk, 1, 3 * MONTHLY, 0);
	assert_int_equal(house(&desk.pair.host), 3 * MONTHLY);
	assert_int_equal(due(&desk.pair.host, 1), 3 * MONTHLY);
	expect_paid(desk_verdict(&desk.pair.host, HOUSE_D, desk.sheet, 2), MONTHLY);
	struct window_row host = window_of(&desk.pair.host, 1);
	assert_true(window_totals_equal(&host.own, &host.stated));
	desk_close(&desk);
}

/* The next window is agreed before: its obligations come behind, and are found by their ids ever after. */
static void what_is_lacking_is_booked_though_later_windows_are_agreed(void **state)
{
	static struct desk desk;
	struct obligation found;
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	uint64_t first = desk.entry;
	refuse_letter(&desk);
	carry(&desk.pair);
	cut(&desk);
	/* July of one of them, in the next window. */
	pair_at(&desk.pair, day(2026, 8, 2));
	const struct claim_line july = {
	    .person = desk.persons[0], .programme = "care_subsidy", .first = 1, .last = 31};
	desk_claim(&desk.pair.host, HOUSE_D, CHENGDU, 202607, &july, 1);
	carry(&desk.pair);
	cut(&desk);
	expect_agreed(&desk, 2, MONTHLY, 0);
	say_difference(&desk, 1);
	carry(&desk.pair);
	expect_agreed(&desk, 1, 3 * MONTHLY, 0);
	struct txn *txn = desk_read(&desk.pair.host);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(
		    obligation_find(txn, CHENGDU, GUANGYUAN, 1, first, i, &found), ERROR_NONE);
		assert_int_equal(found.window, 1);
	}
	/* So is the one of the window behind. */
	const struct obligation_id later = window_of(&desk.pair.home, 2).last;
	assert_int_equal(
	    obligation_find(txn, CHENGDU, GUANGYUAN, 1, later.sequence, later.line, &found),
	    ERROR_NONE);
	assert_int_equal(found.window, 2);
	txn_abort(txn);
	desk_close(&desk);
}

/* A month of one person in a window of its own, which the host lacks. */
static uint64_t lack_month(struct desk *desk, uint32_t month, unsigned days)
{
	struct town *const towns[] = {&desk->pair.home, &desk->pair.host};
	const struct claim_line line = {
	    .person = desk->persons[0], .programme = "care_subsidy", .first = 1, .last = days};
	pair_at(&desk->pair, month_last_day(month) + 2);
	desk_claim(&desk->pair.host, HOUSE_D, CHENGDU, month, &line, 1);
	town_carry_one(towns, 2, &desk->pair.post);
	uint64_t entry = desk->pair.home.sequence;
	refuse_letter(desk);
	carry(&desk->pair);
	cut(desk);
	return entry;
}

/* Three windows of which the host has nothing, repaired out of their order: each obligation is found in its own. */
static void windows_of_which_nothing_was_there_are_repaired_in_any_order(void **state)
{
	static struct desk desk;
	static const uint32_t order[] = {1, 3, 2};
	uint64_t entries[3];
	(void)state;
	desk_open(&desk);
	entries[0] = lack_month(&desk, 202606, 30);
	entries[1] = lack_month(&desk, 202607, 31);
	entries[2] = lack_month(&desk, 202608, 31);
	for (unsigned i = 0; i < 3; i++) {
		say_difference(&desk, order[i]);
		carry(&desk.pair);
		expect_agreed(&desk, order[i], MONTHLY, 0);
		struct txn *txn = desk_read(&desk.pair.host);
		for (unsigned k = 0; k <= i; k++) {
			struct obligation found;
			assert_int_equal(obligation_find(txn, CHENGDU, GUANGYUAN, 1,
					     entries[order[k] - 1], 0, &found),
			    ERROR_NONE);
			assert_int_equal(found.window, order[k]);
		}
		txn_abort(txn);
	}
	desk_close(&desk);
}

/* Sent again once; what is refused again is left out, and given to the house when the dispute is ended for it. */
static void what_is_refused_again_is_left_out_and_can_be_ended_for_the_host(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	refuse_letter(&desk);
	carry(&desk.pair);
	cut(&desk);
	say_difference(&desk, 1);
	struct town *const towns[] = {&desk.pair.home, &desk.pair.host};
	town_carry_one(towns, 2, &desk.pair.post);
	refuse_letter(&desk);
	carry(&desk.pair);
	assert_int_equal(window_of(&desk.pair.host, 1).state, WINDOW_DIFFERS);
	say_difference(&desk, 1);
	carry(&desk.pair);
	expect_agreed(&desk, 1, 0, 3);
	assert_int_equal(disputed(&desk.pair.home), 3 * MONTHLY);
	assert_int_equal(disputed(&desk.pair.host), 0);
	assert_false(dispute_of(&desk.pair.host, 1, desk.entry, 1).creditors.is);
	/* One for the host, one against, in one order. */
	struct buffer lines = {0};
	for (uint32_t i = 0; i < 2; i++) {
		const struct dispute_line line = {.creditor = GUANGYUAN,
		    .window = 1,
		    .id = {1, desk.entry, i},
		    .amount_fen = i == 0 ? MONTHLY : 0,
		    .grounds = span_text("looked at together")};
		dispute_line_write(&lines, &line);
	}
	int64_t fund = town_fund_left(&desk.pair.home, "fiscal");
	assert_int_equal(town_order(&desk.pair.home, KIND_dispute, NULL, 0, &lines, 2), ERROR_NONE);
	carry(&desk.pair);
	assert_int_equal(town_fund_left(&desk.pair.home, "fiscal"), fund + MONTHLY);
	assert_int_equal(disputed(&desk.pair.home), MONTHLY);
	assert_int_equal(town_owes(&desk.pair.home, GUANGYUAN, 2), MONTHLY);
	assert_int_equal(town_is_owed(&desk.pair.host, CHENGDU, 2), MONTHLY);
	assert_int_equal(house(&desk.pair.host), MONTHLY);
	assert_int_equal(due(&desk.pair.host, 2), MONTHLY);
	cut(&desk);
	expect_agreed(&desk, 2, MONTHLY, 0);
	desk_close(&desk);
}

/* Line 0 is taken back before the window is cut, and the host refuses to hear of it, by a fault that is mended since. */
static void a_missing_reversal_is_sent_again_and_booked_into_its_window(void **state)
{
	static struct desk desk;
	struct buffer line = {0};
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	carry(&desk.pair);
	reversal_line_write(&line, desk.entry, 0, span_text("paid before"));
	assert_int_equal(town_order(&desk.pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_NONE);
	refuse_letter(&desk);
	carry(&desk.pair);
	cut(&desk);
	assert_int_equal(window_of(&desk.pair.host, 1).own.count, 3);
	say_difference(&desk, 1);
	carry(&desk.pair);
	expect_agreed(&desk, 1, 2 * MONTHLY, 0);
	assert_int_equal(house(&desk.pair.host), 2 * MONTHLY);
	assert_int_equal(due(&desk.pair.host, 1), 2 * MONTHLY);
	desk_close(&desk);
}

/* Refused again, the reversal is left out: -300.00 in dispute at the payer. Ended for the payer (the host holds nothing) it is owed back in the
 * next window; against it the fund gives the money back that it had got. */
static void a_reversal_in_dispute_is_ended_either_way(void **state)
{
	static struct desk desk;
	(void)state;
	for (int way = 0; way < 2; way++) {
		struct buffer line = {0};
		desk_open(&desk);
		hand_in(&desk);
		carry(&desk.pair);
		reversal_line_write(&line, desk.entry, 0, span_text("paid before"));
		assert_int_equal(
		    town_order(&desk.pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_NONE);
		uint64_t reversal = desk.pair.home.sequence;
		refuse_letter(&desk);
		carry(&desk.pair);
		cut(&desk);
		say_difference(&desk, 1);
		struct town *const towns[] = {&desk.pair.home, &desk.pair.host};
		town_carry_one(towns, 2, &desk.pair.post);
		refuse_letter(&desk);
		carry(&desk.pair);
		say_difference(&desk, 1);
		carry(&desk.pair);
		expect_agreed(&desk, 1, 3 * MONTHLY, 1);
		assert_int_equal(disputed(&desk.pair.home), -MONTHLY);
		assert_int_equal(disputed(&desk.pair.host), 0);
		/* The other line of the quarrel, the approval, was agreed; it can't be ended. */
		assert_int_equal(end_with(&desk, 1, 0, MONTHLY, ""), ERROR_NOT_FOUND);
		int64_t fund = town_fund_left(&desk.pair.home, "fiscal");
		desk.entry = reversal;
		assert_int_equal(end_with(&desk, 1, 0, way ? 0 : -MONTHLY, ""), ERROR_NONE);
		carry(&desk.pair);
		assert_int_equal(disputed(&desk.pair.home), 0);
		assert_int_equal(
		    town_fund_left(&desk.pair.home, "fiscal"), way ? fund - MONTHLY : fund);
		assert_int_equal(town_owes(&desk.pair.home, GUANGYUAN, 2), way ? 0 : -MONTHLY);
		assert_int_equal(town_is_owed(&desk.pair.host, CHENGDU, 2), way ? 0 : -MONTHLY);
		/* What nothing was withheld of is owed by the house, not taken from what it is to get. */
		assert_int_equal(house(&desk.pair.host), 3 * MONTHLY);
		assert_int_equal(house_owes(&desk.pair.host), way ? 0 : MONTHLY);
		if (!way) {
			cut(&desk);
			expect_agreed(&desk, 2, -MONTHLY, 0);
		}
		desk_close(&desk);
	}
}

/* The end of a dispute is an obligation like any other: the host has refused it, and gets it again with its window. */
static void the_end_of_a_dispute_that_is_missing_is_sent_again(void **state)
{
	static struct desk desk;
	(void)state;
	quarrel(&desk);
	assert_int_equal(end_with(&desk, 1, 1, MONTHLY, ""), ERROR_NONE);
	assert_string_equal(desk.pair.post.letters[0].name, "dispute_ended");
	refuse_letter(&desk);
	carry(&desk.pair);
	cut(&desk);
	assert_int_equal(window_of(&desk.pair.host, 2).state, WINDOW_DIFFERS);
	say_difference(&desk, 2);
	carry(&desk.pair);
	expect_agreed(&desk, 2, MONTHLY, 0);
	assert_int_equal(dispute_of(&desk.pair.host, 1, desk.entry, 1).state, DISPUTE_ENDED);
	assert_int_equal(disputed(&desk.pair.host), 0);
	desk_close(&desk);
}

/* A payer may not put anything into a window that the host has not asked for. */
static void a_window_that_differs_takes_only_what_was_asked_for(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	forge_verdict(&desk, 1, 1000);
	carry(&desk.pair);
	cut(&desk);
	assert_int_equal(window_of(&desk.pair.host, 1).state, WINDOW_DIFFERS);
	struct obligation late = {.payer = CHENGDU,
	    .creditor = GUANGYUAN,
	    .window = 1,
	    .epoch = 1,
	    .sequence = desk.entry + 1,
	    .amount_fen = 5};
	struct txn *txn = desk_read(&desk.pair.host);
	assert_int_equal(obligation_expected(txn, &late, &desk.pair.host.detail), ERROR_MISMATCH);
	txn_abort(txn);
	desk_close(&desk);
}

/* --- held differently ------------------------------------------------------------------------------------------ */

static enum error pay(struct town *town, enum payment_kind kind, const char *name)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, kind, name, "");
	return town_order(town, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, NULL, 0);
}

static struct payment payment_of(
    struct town *town, enum payment_kind kind, const char *name, const char *payee)
{
	struct payment payment;
	struct txn *txn = desk_read(town);
	assert_int_equal(payment_last(txn, kind, name, payee, &payment), ERROR_NONE);
	txn_abort(txn);
	return payment;
}

static void bank_says(struct town *town, enum bank_fact fact, const struct payment *payment)
{
	struct bank_line line = {.fact = fact,
	    .amount_fen = payment->amount_fen,
	    .reference = "B-1",
	    .day = day(2026, 8, 24)};
	struct buffer lines = {0};
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", payment->end_to_end);
	bank_line_write(&lines, &line);
	if (town_order(town, KIND_bank, NULL, 0, &lines, 1))
		fail_msg("%s", town->detail.text);
}

/* The month is paid between the cities, then by the host to the house: this much, and no second time. */
static void expect_paid_once(struct desk *desk, int64_t fen)
{
	struct town *home = &desk->pair.home, *host = &desk->pair.host;
	assert_int_equal(pay(home, PAYMENT_CLEARING, "202607"), ERROR_NONE);
	const struct payment clearing = payment_of(home, PAYMENT_CLEARING, "202607", "510800");
	assert_int_equal(clearing.amount_fen, fen);
	bank_says(home, BANK_BOOKED, &clearing);
	bank_says(host, BANK_CREDITED, &clearing);
	carry(&desk->pair);
	assert_int_equal(pay(host, PAYMENT_GUESTS, "202607-510100"), ERROR_NONE);
	const struct payment guests = payment_of(host, PAYMENT_GUESTS, "202607-510100", HOUSE_D);
	assert_int_equal(guests.amount_fen, fen);
	bank_says(host, BANK_BOOKED, &guests);
	assert_int_equal(house(host), 0);
	assert_int_equal(pay(home, PAYMENT_CLEARING, "202607"), ERROR_STATE);
	assert_int_equal(pay(host, PAYMENT_GUESTS, "202607-510100"), ERROR_STATE);
}

/* With what the dispute was ended, and where the money is then: nothing is left in dispute, and the new obligation is agreed and cleared
 * with the month, once. */
static void ended(struct desk *desk, int64_t fen)
{
	int64_t fund = town_fund_left(&desk->pair.home, "fiscal");
	assert_int_equal(end_with(desk, 1, 1, fen, ""), ERROR_NONE);
	carry(&desk->pair);
	assert_int_equal(disputed(&desk->pair.home), 0);
	assert_int_equal(disputed(&desk->pair.host), 0);
	assert_int_equal(town_fund_left(&desk->pair.home, "fiscal"), fund + MONTHLY - fen);
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, 2), fen);
	assert_int_equal(town_is_owed(&desk->pair.host, CHENGDU, 2), fen);
	assert_int_equal(house(&desk->pair.host), 2 * MONTHLY + fen);
	assert_int_equal(house_owes(&desk->pair.host), 0);
	assert_int_equal(due(&desk->pair.host, 1), 2 * MONTHLY);
	assert_int_equal(due(&desk->pair.host, 2), fen);
	struct town *const towns[] = {&desk->pair.home, &desk->pair.host};
	for (int i = 0; i < 2; i++) {
		struct dispute dispute = dispute_of(towns[i], 1, desk->entry, 1);
		assert_int_equal(dispute.state, DISPUTE_ENDED);
		assert_int_equal(dispute.ended_fen, fen);
		assert_int_equal(dispute.new_window, fen ? 2 : 0);
	}
	/* It has ended: not twice. */
	assert_int_equal(end_with(desk, 1, 1, fen, ""), ERROR_STATE);
	if (fen) {
		cut(desk);
		expect_agreed(desk, 2, fen, 0);
	}
	pair_at(&desk->pair, day(2026, 8, 21));
	struct buffer parameters = {0};
	struct clearing_row clearing;
	codec_put_uint(&parameters, 202607);
	codec_put_uint(&parameters, GUANGYUAN);
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_clearing, &parameters, 2, NULL, 0), ERROR_NONE);
	carry(&desk->pair);
	for (int i = 0; i < 2; i++) {
		struct txn *txn = desk_read(towns[i]);
		assert_int_equal(
		    clearing_get(txn, 202607, CHENGDU, GUANGYUAN, &clearing), ERROR_NONE);
		txn_abort(txn);
		assert_int_equal(clearing.low_pays_fen, 2 * MONTHLY + fen);
		assert_int_equal(clearing.high_pays_fen, 0);
	}
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, 1), 0);
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, 2), 0);
	assert_int_equal(town_is_owed(&desk->pair.host, CHENGDU, 2), 0);
	expect_paid_once(desk, 2 * MONTHLY + fen);
	desk_close(desk);
}

static void a_dispute_ended_for_the_host_is_paid_with_what_it_was_promised(void **state)
{
	static struct desk desk;
	(void)state;
	quarrel(&desk);
	ended(&desk, MONTHLY + 1000);
}

static void a_dispute_ended_against_the_host_gives_the_fund_its_money_back(void **state)
{
	static struct desk desk;
	(void)state;
	quarrel(&desk);
	ended(&desk, 0);
}

static void a_dispute_may_be_ended_with_any_amount_between(void **state)
{
	static struct desk desk;
	(void)state;
	quarrel(&desk);
	ended(&desk, MONTHLY);
	quarrel(&desk);
	ended(&desk, 12345);
}

static void a_dispute_is_not_ended_with_more_than_either_holds_nor_out_of_nowhere(void **state)
{
	static struct desk desk;
	(void)state;
	quarrel(&desk);
	assert_int_equal(end_with(&desk, 1, 1, MONTHLY + 1001, ""), ERROR_RANGE);
	assert_int_equal(end_with(&desk, 1, 1, -1, ""), ERROR_RANGE);
	assert_int_equal(end_with(&desk, 1, 0, MONTHLY, ""), ERROR_NOT_FOUND);
	assert_int_equal(end_with(&desk, 2, 1, MONTHLY, ""), ERROR_NOT_FOUND);
	assert_int_equal(end_with(&desk, 1, 1, 0, "lotto"), ERROR_NOT_FOUND);
	/* Nor is the line taken back by itself, while it is in dispute and after. */
	for (int i = 0; i < 2; i++) {
		struct buffer line = {0};
		reversal_line_write(&line, desk.entry, 1, span_text("twice"));
		assert_int_equal(
		    town_order(&desk.pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_STATE);
		if (i == 0)
			assert_int_equal(end_with(&desk, 1, 1, MONTHLY, "fiscal"), ERROR_NONE);
	}
	carry(&desk.pair);
	desk_close(&desk);
}

/* Whose signature is under what the host shows? It must be the payer's, and whole. */
static void a_proof_that_the_payer_has_not_signed_proves_nothing(void **state)
{
	static struct desk desk;
	(void)state;
	for (int spoilt = 0; spoilt < 2; spoilt++) {
		struct document read;
		struct buffer payload = {0}, document = {0};
		desk_open(&desk);
		hand_in(&desk);
		forge_verdict(&desk, 1, 1000);
		carry(&desk.pair);
		cut(&desk);
		say_difference(&desk, 1);
		/* The proof stands last, and in it the signature. */
		struct town_letter *letter = &desk.pair.post.letters[0];
		assert_string_equal(letter->name, "window_difference");
		assert_int_equal(document_read(buffer_span(&letter->document), &read), ERROR_NONE);
		buffer_append(&payload, read.payload);
		payload.data[payload.size - 1 - 40] ^= (uint8_t)spoilt;
		document_sign(&document, "window_difference", &desk.pair.host.document_key,
		    buffer_span(&payload));
		buffer_free(&letter->document);
		buffer_free(&payload);
		letter->document = document;
		carry(&desk.pair);
		expect_agreed(&desk, 1, 2 * MONTHLY, 1);
		assert_int_equal(
		    dispute_of(&desk.pair.home, 1, desk.entry, 1).shown_sequence != 0, !spoilt);
		pair_close(&desk.pair); /* the host's log does not know of what was spoilt */
	}
}

/* Line 1 is worth the same to both, on other grounds, and taken back before the window is cut. */
static void a_line_that_was_taken_back_is_ended_with_its_own_amount_only(void **state)
{
	static struct desk desk;
	struct buffer line = {0};
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	forge_verdict(&desk, 1, 0);
	carry(&desk.pair);
	reversal_line_write(&line, desk.entry, 1, span_text("paid before"));
	assert_int_equal(town_order(&desk.pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_NONE);
	carry(&desk.pair);
	cut(&desk);
	say_difference(&desk, 1);
	carry(&desk.pair);
	/* Two lines and the reversal. */
	expect_agreed(&desk, 1, MONTHLY, 1);
	assert_int_equal(end_with(&desk, 1, 1, 0, ""), ERROR_STATE);
	assert_int_equal(end_with(&desk, 1, 1, MONTHLY, ""), ERROR_NONE);
	carry(&desk.pair);
	cut(&desk);
	expect_agreed(&desk, 2, MONTHLY, 0);
	assert_int_equal(house(&desk.pair.host), 2 * MONTHLY);
	assert_int_equal(disputed(&desk.pair.host), 0);
	desk_close(&desk);
}

/* What a fund does not hold it does not pay; and what stands twice in one order ends nothing. */
static void a_fund_that_holds_less_ends_no_dispute_and_no_order_ends_one_twice(void **state)
{
	static struct desk desk;
	struct buffer lines = {0};
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	forge_verdict(&desk, 1, 200000000);
	carry(&desk.pair);
	cut(&desk);
	say_difference(&desk, 1);
	carry(&desk.pair);
	assert_int_equal(end_with(&desk, 1, 1, MONTHLY + 200000000, ""), ERROR_BALANCE);
	const struct dispute_line line = {.creditor = GUANGYUAN,
	    .window = 1,
	    .id = {1, desk.entry, 1},
	    .amount_fen = MONTHLY,
	    .grounds = span_text("twice")};
	dispute_line_write(&lines, &line);
	dispute_line_write(&lines, &line);
	assert_int_equal(
	    town_order(&desk.pair.home, KIND_dispute, NULL, 0, &lines, 2), ERROR_STATE);
	assert_int_equal(disputed(&desk.pair.home), MONTHLY);
	/* Nor without grounds. */
	const struct dispute_line groundless = {
	    .creditor = GUANGYUAN, .window = 1, .id = {1, desk.entry, 1}};
	dispute_line_write(&lines, &groundless);
	assert_int_equal(
	    town_order(&desk.pair.home, KIND_dispute, NULL, 0, &lines, 1), ERROR_MALFORMED);
	desk_close(&desk);
}

/* The letter that waits, a dispute_ended of one item, with this in place of a field, signed by the payer. */
static enum error submit_ended(struct desk *desk, unsigned field, int64_t value)
{
	struct town_letter *letter = &desk->pair.post.letters[0];
	struct buffer payload = {0}, document = {0};
	struct document read;
	struct message message;
	assert_string_equal(letter->name, "dispute_ended");
	assert_int_equal(document_read(buffer_span(&letter->document), &read), ERROR_NONE);
	assert_int_equal(message_read(read.payload, &message), ERROR_NONE);
	struct codec_reader item = message.items;
	codec_array_exact(&item, 11);
	buffer_append(&payload, span_of(read.payload.data, (size_t)(item.at - read.payload.data)));
	for (unsigned i = 0; i < 11; i++) {
		struct span as_it_is = codec_item(&item);
		if (i == field)
			codec_put_int(&payload, value);
		else
			buffer_append(&payload, as_it_is);
	}
	document_sign(
	    &document, "dispute_ended", &desk->pair.home.document_key, buffer_span(&payload));
	enum error error =
	    town_submit(&desk->pair.host, buffer_span(&document), (struct span){NULL, 0});
	buffer_free(&payload);
	buffer_free(&document);
	return error;
}

/* The payer cannot end with more than either holds, nor what is no dispute, nor into another window than its open one. */
static void the_host_refuses_an_end_that_is_not_between_or_out_of_place(void **state)
{
	static struct desk desk;
	(void)state;
	quarrel(&desk);
	assert_int_equal(end_with(&desk, 1, 1, MONTHLY, ""), ERROR_NONE);
	static const struct {
		unsigned field;
		int64_t value;
	} cases[] = {
	    {4, MONTHLY + 1001}, {4, -1}, /* amount */
	    {0, 2}, {3, 0},               /* another window, another line */
	    {7, 1}, {7, 3},               /* the new window */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
		    submit_ended(&desk, cases[i].field, cases[i].value), ERROR_MISMATCH);
	assert_int_equal(disputed(&desk.pair.host), MONTHLY + 1000);
	carry(&desk.pair);
	assert_int_equal(disputed(&desk.pair.host), 0);
	desk_close(&desk);
}

/* A host that may pay its houses out of the float; and does, all that is due. */
static void allow_float(struct desk *desk)
{
	struct catalogue_text text;
	catalogue_of(&text, GUANGYUAN, 2, &care, 1);
	char *switch_at = strstr(text.text, "pays_from_float: false");
	assert_non_null(switch_at);
	memcpy(switch_at, "pays_from_float: true ", 22);
	assert_int_equal(town_policy(&desk->pair.host, catalogue_span(&text)), ERROR_NONE);
	carry(&desk->pair);
	town_fund(&desk->pair.host, NULL, 10000000);
}

static void advance_all(struct desk *desk, const char *name)
{
	if (pay(&desk->pair.host, PAYMENT_ADVANCE, name))
		fail_msg("%s", desk->pair.host.detail.text);
	const struct payment payment = payment_of(&desk->pair.host, PAYMENT_ADVANCE, name, HOUSE_D);
	bank_says(&desk->pair.host, BANK_BOOKED, &payment);
}

/* The host has advanced the money: what the dispute takes back, the house owes. */
static void what_a_house_was_paid_already_it_owes_when_the_dispute_ends_against_it(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	allow_float(&desk);
	hand_in(&desk);
	forge_verdict(&desk, 1, 1000);
	carry(&desk.pair);
	cut(&desk);
	advance_all(&desk, "advance-1");
	assert_int_equal(due(&desk.pair.host, 1), 0);
	say_difference(&desk, 1);
	carry(&desk.pair);
	expect_agreed(&desk, 1, 2 * MONTHLY, 1);
	assert_int_equal(dispute_of(&desk.pair.host, 1, desk.entry, 1).held_fen, 0);
	assert_int_equal(end_with(&desk, 1, 1, 0, ""), ERROR_NONE);
	carry(&desk.pair);
	assert_int_equal(house_owes(&desk.pair.host), MONTHLY + 1000);
	assert_int_equal(disputed(&desk.pair.host), 0);
	assert_int_equal(due(&desk.pair.host, 2), 0);
	desk_close(&desk);
}

/* Two lines in dispute, of which one was paid: only what is still to be paid is withheld, once. */
static void no_more_is_withheld_than_is_still_to_be_paid(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	allow_float(&desk);
	hand_in(&desk);
	forge_verdict(&desk, 1, 1000);
	carry(&desk.pair);
	uint64_t first = desk.entry;
	advance_all(&desk, "advance-1");
	/* July of one of them, in the same window: 10.00 more than the payer holds, too. */
	struct town *const towns[] = {&desk.pair.home, &desk.pair.host};
	const struct claim_line july = {
	    .person = desk.persons[0], .programme = "care_subsidy", .first = 1, .last = 31};
	pair_at(&desk.pair, day(2026, 8, 2));
	desk_claim(&desk.pair.host, HOUSE_D, CHENGDU, 202607, &july, 1);
	town_carry_one(towns, 2, &desk.pair.post);
	uint64_t second = desk.pair.home.sequence;
	forge_verdict(&desk, 0, 1000);
	carry(&desk.pair);
	cut(&desk);
	assert_int_equal(due(&desk.pair.host, 1), MONTHLY + 1000);
	say_difference(&desk, 1);
	carry(&desk.pair);
	expect_agreed(&desk, 1, 2 * MONTHLY, 2);
	assert_int_equal(due(&desk.pair.host, 1), 0);
	assert_int_equal(dispute_of(&desk.pair.host, 1, first, 1).held_fen +
			     dispute_of(&desk.pair.host, 1, second, 0).held_fen,
	    MONTHLY + 1000);
	desk_close(&desk);
}

/* What was withheld is gone to a reversal that found nothing else to take from: the house owes the rest. */
static void what_is_no_longer_there_the_house_owes(void **state)
{
	static struct desk desk;
	struct buffer line = {0};
	(void)state;
	desk_open(&desk);
	allow_float(&desk);
	hand_in(&desk);
	forge_verdict(&desk, 1, 1000);
	carry(&desk.pair);
	cut(&desk);
	say_difference(&desk, 1);
	carry(&desk.pair);
	advance_all(&desk, "advance-1");
	assert_int_equal(house(&desk.pair.host), MONTHLY + 1000);
	reversal_line_write(&line, desk.entry, 0, span_text("paid before"));
	assert_int_equal(town_order(&desk.pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_NONE);
	carry(&desk.pair);
	assert_int_equal(house(&desk.pair.host), 1000);
	assert_int_equal(end_with(&desk, 1, 1, 0, ""), ERROR_NONE);
	carry(&desk.pair);
	assert_int_equal(house(&desk.pair.host), 0);
	assert_int_equal(house_owes(&desk.pair.host), MONTHLY);
	assert_int_equal(due(&desk.pair.host, 1) + due(&desk.pair.host, 2), 0);
	desk_close(&desk);
}

/* What the two have signed against each other stands in both logs, and after a restart everything is as it was. */
static void a_restart_at_every_step_changes_nothing(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	hand_in(&desk);
	forge_verdict(&desk, 1, 1000);
	carry(&desk.pair);
	cut(&desk);
	desk_restart(&desk.pair.host);
	say_difference(&desk, 1);
	struct town *const towns[] = {&desk.pair.home, &desk.pair.host};
	while (desk.pair.post.count) {
		desk_restart(&desk.pair.home);
		desk_restart(&desk.pair.host);
		town_carry_one(towns, 2, &desk.pair.post);
	}
	expect_agreed(&desk, 1, 2 * MONTHLY, 1);
	desk_restart(&desk.pair.home);
	ended(&desk, MONTHLY + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_missing_adjudication_is_sent_again_and_booked_into_its_window),
	    cmocka_unit_test(what_is_lacking_is_booked_though_later_windows_are_agreed),
	    cmocka_unit_test(windows_of_which_nothing_was_there_are_repaired_in_any_order),
	    cmocka_unit_test(what_is_refused_again_is_left_out_and_can_be_ended_for_the_host),
	    cmocka_unit_test(a_missing_reversal_is_sent_again_and_booked_into_its_window),
	    cmocka_unit_test(a_reversal_in_dispute_is_ended_either_way),
	    cmocka_unit_test(the_end_of_a_dispute_that_is_missing_is_sent_again),
	    cmocka_unit_test(a_window_that_differs_takes_only_what_was_asked_for),
	    cmocka_unit_test(a_dispute_ended_for_the_host_is_paid_with_what_it_was_promised),
	    cmocka_unit_test(a_dispute_ended_against_the_host_gives_the_fund_its_money_back),
	    cmocka_unit_test(a_dispute_may_be_ended_with_any_amount_between),
	    cmocka_unit_test(a_dispute_is_not_ended_with_more_than_either_holds_nor_out_of_nowhere),
	    cmocka_unit_test(
		what_a_house_was_paid_already_it_owes_when_the_dispute_ends_against_it),
	    cmocka_unit_test(a_fund_that_holds_less_ends_no_dispute_and_no_order_ends_one_twice),
	    cmocka_unit_test(the_host_refuses_an_end_that_is_not_between_or_out_of_place),
	    cmocka_unit_test(no_more_is_withheld_than_is_still_to_be_paid),
	    cmocka_unit_test(what_is_no_longer_there_the_house_owes),
	    cmocka_unit_test(a_proof_that_the_payer_has_not_signed_proves_nothing),
	    cmocka_unit_test(a_line_that_was_taken_back_is_ended_with_its_own_amount_only),
	    cmocka_unit_test(a_restart_at_every_step_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
