/* A sheet counts once: handed in again, in another order, after a restart, it gets its first answer. And the same is booked whether it is
 * decided, checked before, or made again from the log. Figures are worked out by hand from the catalogue of Chengdu. */
#include "claim.h"
#include "refusal.h"

static struct claim_paper sheet_of(
    const char *uscc, uint64_t number, const struct claim_line *lines, uint32_t count)
{
	const struct secret_key key = town_house_key(uscc);
	struct claim_paper paper;
	paper_sign(&paper, &key, paper_header(uscc, number, CHENGDU, CHENGDU, JUNE), lines, count);
	return paper;
}

/* The sheet is refused with `error`, names the entry of the first one, and nothing is booked. */
static void expect_again(
    struct town *city, const struct claim_paper *paper, enum error error, uint64_t first)
{
	struct hash before, after;
	uint64_t size = desk_head(city, &before);
	assert_string_equal(error_name(paper_submit(city, paper)), error_name(error));
	assert_int_equal(city->sequence, first);
	assert_int_equal(desk_head(city, &after), size);
	assert_true(hash_equal(&before, &after));
}

static uint64_t book(struct town *city, const struct claim_paper *paper)
{
	if (paper_submit(city, paper))
		fail_msg("%s", city->detail.text);
	return city->sequence;
}

/* --- again ---------------------------------------------------------------------------------------------------- */

static void the_same_sheet_gets_its_first_answer(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t a = guest(&city), b = guest(&city);
	const struct claim_line first[] = {{a, BED, 1, 30, 0, 0}, {b, BED, 1, 15, 0, 0}},
				second[] = {{b, BED, 16, 30, 0, 0}};
	struct claim_paper one = sheet_of(HOUSE_A, 1, first, 2),
			   two = sheet_of(HOUSE_A, 2, second, 1);
	town_at(&city, day(2026, 7, 2));
	uint64_t entry = book(&city, &one);
	expect_again(&city, &one, ERROR_REPEAT, entry);
	uint64_t next = book(&city, &two);
	assert_int_equal(next, entry + 1);
	expect_again(&city, &one, ERROR_REPEAT, entry);
	desk_restart(&city);
	expect_again(&city, &one, ERROR_REPEAT, entry);
	expect_again(&city, &two, ERROR_REPEAT, next);
	/* Long after: the deadline is over, and it is still the same sheet. */
	town_at(&city, day(2027, 7, 2));
	expect_again(&city, &one, ERROR_REPEAT, entry);
	/* 100.00 + 50.00 + 50.00, once. */
	assert_int_equal(town_local(&city, HOUSE_A), 20000);
	paper_free(&one);
	paper_free(&two);
	town_close(&city);
}

/* What was signed is the same, whoever of the two that may sign has signed it now. */
static void signed_again_under_the_next_key_it_is_the_same_sheet(void **state)
{
	struct town city;
	struct buffer line = {0};
	(void)state;
	city_open(&city);
	const struct claim_line lines[] = {{guest(&city), BED, 1, 30, 0, 0}};
	struct claim_paper paper = sheet_of(HOUSE_A, 1, lines, 1), again;
	const struct secret_key next = town_house_key(HOUSE_B);
	struct institution_line change = {
	    .operation = INSTITUTION_KEY, .has_key = true, .key = next.public};
	town_at(&city, day(2026, 7, 2));
	uint64_t entry = book(&city, &paper);
	memcpy(change.uscc, HOUSE_A, USCC_SIZE);
	institution_line_write(&line, &change);
	town_register(&city, KIND_institution, &line, REASON_registered);
	paper_sign(&again, &next, paper_header(HOUSE_A, 1, CHENGDU, CHENGDU, JUNE), lines, 1);
	expect_again(&city, &again, ERROR_REPEAT, entry);
	/* The paper under the key that has ended is no sheet any more. */
	expect_again(&city, &paper, ERROR_UNKNOWN_KEY, 0);
	paper_free(&paper);
	paper_free(&again);
	town_close(&city);
}

static void the_same_number_with_other_content_is_refused(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	town_house(&city, HOUSE_B, CHENGDU, 10);
	uint64_t a = guest(&city), b = guest(&city);
	const struct claim_line lines[] = {{a, BED, 1, 30, 0, 0}},
				other_person[] = {{b, BED, 1, 30, 0, 0}},
				other_day[] = {{a, BED, 1, 29, 0, 0}},
				other_sum[] = {{a, BED, 1, 30, 9999, 0}},
				more[] = {{a, BED, 1, 30, 0, 0}, {b, BED, 1, 30, 0, 0}};
	const struct {
		const struct claim_line *lines;
		uint32_t count;
	} others[] = {{other_person, 1}, {other_day, 1}, {other_sum, 1}, {more, 2}};
	struct claim_paper paper = sheet_of(HOUSE_A, 1, lines, 1);
	town_at(&city, day(2026, 7, 2));
	uint64_t entry = book(&city, &paper);
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
			struct claim_paper other =
			    sheet_of(HOUSE_A, 1, others[i].lines, others[i].count);
			expect_again(&city, &other, ERROR_CONFLICT, entry);
			paper_free(&other);
		}
		desk_restart(&city);
	}
	/* Another payer, another month: other content too. */
	const struct secret_key key = town_house_key(HOUSE_A);
	const struct sheet_header headers[] = {paper_header(HOUSE_A, 1, CHENGDU, CHONGQING, JUNE),
	    paper_header(HOUSE_A, 1, CHENGDU, CHENGDU, 202607)};
	for (size_t i = 0; i < 2; i++) {
		struct claim_paper other;
		paper_sign(&other, &key, headers[i], lines, 1);
		expect_again(&city, &other, ERROR_CONFLICT, entry);
		paper_free(&other);
	}
	/* The same number of another house is another sheet. */
	struct claim_paper of_b = sheet_of(HOUSE_B, 1, other_person, 1);
	book(&city, &of_b);
	paper_free(&of_b);
	paper_free(&paper);
	town_close(&city);
}

/* --- in another order ------------------------------------------------------------------------------------------ */

#define SHEETS 6u

static void in_whatever_order_sheets_come_the_same_is_paid(void **state)
{
	static const unsigned orders[][SHEETS] = {
	    {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 0, 5, 1, 4, 3}};
	(void)state;
	for (size_t order = 0; order < sizeof(orders) / sizeof(*orders); order++) {
		struct town city;
		struct claim_paper papers[SHEETS];
		uint64_t entries[SHEETS];
		city_open(&city);
		uint64_t a = guest(&city), b = guest(&city);
		grant(&city, a, SERVICE);
		/* Pieces of both persons' June: 100.00 + 200.00 and 100.00 in all. */
		const struct claim_line lines[SHEETS] = {{a, BED, 1, 7, 0, 0},
		    {a, BED, 8, 30, 0, 0}, {a, SERVICE, 1, 30, 0, 0}, {b, BED, 1, 1, 0, 0},
		    {b, BED, 2, 29, 0, 0}, {b, BED, 30, 30, 0, 0}};
		town_at(&city, day(2026, 7, 2));
		for (unsigned i = 0; i < SHEETS; i++)
			papers[i] = sheet_of(HOUSE_A, i + 1, &lines[i], 1);
		for (unsigned i = 0; i < SHEETS; i++)
			entries[orders[order][i]] = book(&city, &papers[orders[order][i]]);
		assert_int_equal(town_local(&city, HOUSE_A), 40000);
		for (unsigned i = 0; i < SHEETS; i++) {
			expect_again(&city, &papers[i], ERROR_REPEAT, entries[i]);
			paper_free(&papers[i]);
		}
		assert_int_equal(town_local(&city, HOUSE_A), 40000);
		town_close(&city);
	}
}

/* --- the same from memory and from the log ---------------------------------------------------------------------- */

static void book_some(struct town *city, bool from_log)
{
	next_serial = 0;
	city_open(city);
	city->from_log = from_log;
	uint64_t a = guest(city), b = guest(city), c = guest(city);
	grant(city, a, SERVICE);
	grant(city, b, NURSING);
	town_at(city, day(2026, 7, 2));
	const struct claim_line lines[] = {{a, BED, 1, 20, 0, 0}, {a, SERVICE, 5, 30, 0, 0},
	    {b, BED, 1, 30, 0, 0}, {b, NURSING, 1, 30, 4000, 0}, {b, BED, 30, 30, 0, 0},
	    {c, BED, 2, 3, 0, 0}, {c, SERVICE, 2, 3, 0, 0}};
	town_claim_one(city, HOUSE_A, CHENGDU, 202605, BED, a, 1, 31);
	desk_claim(city, HOUSE_A, CHENGDU, JUNE, lines, 7);
	town_claim_one(city, HOUSE_A, CHENGDU, JUNE, BED, c, 3, 30);
	town_claim_one(city, HOUSE_A, CHENGDU, JUNE, BED, c, 4, 30);
}

static void tell(void *context, const struct ledger_finding *finding)
{
	(void)context;
	print_error("%s: %s\n", finding->table ? finding->table : "log", finding->text);
}

static void tables_made_from_the_log_are_those_that_deciding_made(void **state)
{
	struct town city, rebuilt;
	size_t count;
	const unsigned *tables = settlement_rebuilt_tables(&count);
	(void)state;
	book_some(&city, false);
	book_some(&rebuilt, true);
	assert_int_equal(desk_head(&city, NULL), desk_head(&rebuilt, NULL));
	if (ledger_compare(city.ledger, rebuilt.ledger, tables, count, tell, NULL))
		fail_msg("the log does not say what was decided");
	town_close(&rebuilt);
	town_close(&city);
}

/* --- a look before ---------------------------------------------------------------------------------------------- */

struct looked {
	struct verdict verdicts[8];
	uint32_t count;
};

static void look(
    void *context, uint32_t index, const struct sheet_line *line, const struct verdict *verdict)
{
	struct looked *looked = context;
	(void)line;
	assert_int_equal(index, looked->count);
	looked->verdicts[looked->count++] = *verdict;
}

static void a_look_before_books_nothing_and_tells_what_will_be_booked(void **state)
{
	struct town city;
	struct looked looked = {.count = 0};
	struct prepared_sheet sheet;
	struct span document, lines;
	struct hash secret, before, after;
	uint32_t count;
	(void)state;
	city_open(&city);
	uint64_t a = guest(&city), b = guest(&city);
	const struct claim_line claims[] = {{a, BED, 1, 30, 0, 0}, {a, BED, 30, 30, 0, 0},
	    {b, BED, 1, 15, 3000, 0}, {b, SERVICE, 1, 30, 0, 0}};
	struct claim_paper paper = sheet_of(HOUSE_A, 1, claims, 4);
	town_at(&city, day(2026, 7, 2));
	assert_int_equal(
	    sheet_file_read(buffer_span(&paper.file), &document, &secret, &count, &lines),
	    ERROR_NONE);
	assert_int_equal(
	    sheet_prepare(document, &secret, count, lines, NULL, &sheet, NULL), ERROR_NONE);
	uint64_t size = desk_head(&city, &before);
	struct txn *txn = desk_read(&city);
	assert_int_equal(
	    claim_check(city.settlement, txn, &sheet, city.now_ms, look, &looked, &city.detail),
	    ERROR_NONE);
	txn_abort(txn);
	sheet_release(&sheet);
	assert_int_equal(desk_head(&city, &after), size);
	assert_true(hash_equal(&before, &after));
	assert_int_equal(looked.count, 4);
	book(&city, &paper);
	for (uint32_t i = 0; i < 4; i++) {
		struct verdict booked = desk_verdict(&city, HOUSE_A, 1, i);
		struct buffer x = {0}, y = {0};
		verdict_write(&x, &booked);
		verdict_write(&y, &looked.verdicts[i]);
		assert_true(span_equal(buffer_span(&x), buffer_span(&y)));
		buffer_free(&x);
		buffer_free(&y);
	}
	expect_paid(looked.verdicts[0], 10000);
	expect_refused(looked.verdicts[1], REASON_duplicate, day(2026, 6, 30));
	expect_paid(looked.verdicts[2], 3000);
	expect_refused(looked.verdicts[3], REASON_no_grant, day(2026, 6, 1));
	paper_free(&paper);
	town_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_sheet_gets_its_first_answer),
	    cmocka_unit_test(signed_again_under_the_next_key_it_is_the_same_sheet),
	    cmocka_unit_test(the_same_number_with_other_content_is_refused),
	    cmocka_unit_test(in_whatever_order_sheets_come_the_same_is_paid),
	    cmocka_unit_test(tables_made_from_the_log_are_those_that_deciding_made),
	    cmocka_unit_test(a_look_before_books_nothing_and_tells_what_will_be_booked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
