/* Appeals and second looks as documents: their bytes, and what either city refuses of the other's. Each document is signed by that city and has
 * its turn, so that only the rules can refuse it. docs/format.md, "Appeals". */
#include "appealing.h"
#include "held.h"
#include "hexes.h"

static const struct programme_text needs_level = {
    .code = "care_subsidy", .needs_assessment = "true"};

/* Somebody in Guangyuan's house for all of June 2026, whose line was refused for want of an assessment on 2 July; another's was approved. */
struct desk {
	struct pair pair;
	uint64_t person, number, paid;
	struct appeal_item item; /* what the host would say */
};

static uint64_t payers_entry(struct town *town, uint64_t number)
{
	struct txn *txn = desk_read(town);
	struct sheet_row row;
	assert_int_equal(sheet_row_get(txn, HOUSE_D, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row.sequence;
}

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	assert_non_null(desk);
	struct pair *pair = &desk->pair;
	pair_open(pair, &needs_level, 1, &needs_level, 1);
	town_officer(&pair->home);
	desk->person = traveller(pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	uint64_t fine = traveller(pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	town_assess(&pair->home, fine, 2, day(2026, 6, 1), day(2027, 5, 31));
	pair_at(pair, day(2026, 7, 2));
	desk->number = claim(pair, CHENGDU, desk->person, "care_subsidy", 1, 30);
	desk->paid = claim(pair, CHENGDU, fine, "care_subsidy", 1, 30);
	carry(pair);
	desk->item = (struct appeal_item){.what = {.number = desk->number, .grounds = 1},
	    .payers_sequence = payers_entry(&pair->home, desk->number),
	    .day = day(2026, 7, 2),
	    .verdict_day = day(2026, 7, 2),
	    .standing = {.known = true,
		.district = GUANGYUAN,
		.barred_from = DAY_NEVER,
		.nights_limit = 3000}};
	memcpy(desk->item.what.uscc, HOUSE_D, sizeof(desk->item.what.uscc));
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

static void expect_item(struct desk *desk, const struct appeal_item *item, enum error error)
{
	struct buffer items = {0};
	appeal_item_put(&items, item);
	expect_answer(&desk->pair.host, &desk->pair.home, "appeal", &items, 1, error);
}

/* --- the bytes -------------------------------------------------------------------------------------------------- */

/* The items of a letter, as they stand. */
static struct buffer items_of(const struct town_letter *letter, const char *name)
{
	struct document document;
	struct message message;
	struct buffer items = {0};
	assert_int_equal(document_read(buffer_span(&letter->document), &document), ERROR_NONE);
	assert_string_equal(document.name, name);
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	assert_int_equal(message.item_count, 1);
	buffer_append(
	    &items, span_of(message.items.at, (size_t)(message.items.end - message.items.at)));
	return items;
}

#define USCC_HEX "72393135303030303030303030303030323757"

/* A small number as CBOR. */
static const char *number_hex(uint64_t number)
{
	static char texts[4][8];
	static unsigned next;
	char *text = texts[next++ % 4];
	assert_in_range(number, 0, 255);
	snprintf(text, sizeof(texts[0]), number < 24 ? "%02x" : "18%02x", (unsigned)number);
	return text;
}

static void an_appeal_names_the_verdict_and_says_how_the_house_stands(void **state)
{
	struct desk *desk = *state;
	struct pair *pair = &desk->pair;
	char wanted[400];
	desk_standing(&pair->host, HOUSE_D, INSTITUTION_SUSPEND, day(2026, 7, 1));
	carry(pair);
	town_at(&pair->host, day(2026, 7, 20));
	assert_int_equal(appeal_for(&pair->host, HOUSE_D, desk->number, 0, "stay"), ERROR_NONE);
	assert_int_equal(pair->post.count, 1);
	struct buffer items = items_of(&pair->post.letters[0], "appeal");
	/* Line 0, grounds 4, no paper; the payer's entry, line 0; booked on 2026-07-20 (20654), the verdict on 2026-07-02 (20636); known,
	 * district 510800, barred from 2026-07-01 (20635) on; 100 beds x 30 nights, none taken. */
	snprintf(wanted, sizeof(wanted),
	    "8f " USCC_HEX " %s 00 04 f6 %s 00 1950ae 19509c f5 1a0007cb50 19509b f6 190bb8 00",
	    number_hex(desk->number), number_hex(payers_entry(&pair->home, desk->number)));
	expect_hex(&items, wanted);
}

static void a_review_says_what_an_adjudication_of_held_lines_says(void **state)
{
	struct desk *desk = *state;
	struct pair *pair = &desk->pair;
	struct catalogue_text text;
	char catalogue[2 * HASH_SIZE + 1], leaf[2 * HASH_SIZE + 1], wanted[500];
	expect_item(desk, &desk->item, ERROR_NONE);
	assert_int_equal(
	    review_for(&pair->home, HOUSE_D, desk->number, 0, "wrong_line"), ERROR_NONE);
	catalogue_of(&text, CHENGDU, 1, &needs_level, 1);
	const struct hash policy = hash_sha256(catalogue_span(&text));
	hex_write(hash_span(&policy), catalogue);
	/* Under the entry's secret: the line [uscc, number, 0, 4], the verdict [50, 4]. */
	struct txn *txn = desk_read(&pair->home);
	struct entry_reader entry = {0};
	assert_int_equal(ledger_read(txn, pair->home.sequence, &entry), ERROR_NONE);
	snprintf(wanted, sizeof(wanted), "84 " USCC_HEX " %s 00 04", number_hex(desk->number));
	struct buffer line = hexes(wanted), verdict = hexes("82 1832 04");
	struct hash salt, hash;
	hash_line_salts(&entry.entry.secret, 0, 1, &salt);
	hash = hash_leaf_under(&salt, buffer_span(&line));
	hash = hash_leaf_under(&hash, buffer_span(&verdict));
	hex_write(hash_span(&hash), leaf);
	entry_free(&entry);
	txn_abort(txn);
	buffer_free(&line);
	buffer_free(&verdict);
	snprintf(wanted, sizeof(wanted),
	    "8a " USCC_HEX " %s 00 %s %s 00 01 5820%s 5820%s 82 1832 04", number_hex(desk->number),
	    number_hex(payers_entry(&pair->home, desk->number)), number_hex(pair->home.sequence),
	    catalogue, leaf);
	assert_int_equal(pair->post.count, 1);
	struct buffer items = items_of(&pair->post.letters[0], "review");
	expect_hex(&items, wanted);
}

/* --- what the payer refuses --------------------------------------------------------------------------------------- */

static void an_appeal_is_of_a_line_of_that_hosts_sheet_that_was_given_less(void **state)
{
	struct desk *desk = *state;
	struct appeal_item item = desk->item;
	item.what.number = 4711;
	expect_item(desk, &item, ERROR_NOT_FOUND);
	item = desk->item;
	memcpy(item.what.uscc, HOUSE_A, sizeof(item.what.uscc));
	expect_item(desk, &item, ERROR_NOT_FOUND);
	item = desk->item;
	item.what.line = 1;
	expect_item(desk, &item, ERROR_RANGE);
	item = desk->item;
	item.payers_sequence++;
	expect_item(desk, &item, ERROR_MISMATCH);
	item = desk->item;
	item.payers_line = 1;
	expect_item(desk, &item, ERROR_MISMATCH);
	/* Approved in full. */
	item = desk->item;
	item.what.number = desk->paid;
	item.payers_sequence = payers_entry(&desk->pair.home, desk->paid);
	expect_item(desk, &item, ERROR_STATE);
	expect_item(desk, &desk->item, ERROR_NONE);
}

static void a_city_appeals_for_its_own_houses_only(void **state)
{
	struct desk *desk = *state;
	struct buffer items = {0};
	/* Chengdu, which has decided it, appeals to Guangyuan, whose house it is. */
	appeal_item_put(&items, &desk->item);
	expect_answer(&desk->pair.home, &desk->pair.host, "appeal", &items, 1, ERROR_MISMATCH);
}

static void the_days_of_an_appeal_make_sense(void **state)
{
	struct desk *desk = *state;
	struct appeal_item item = desk->item;
	/* 60 days after 2 July is 31 August; today is 10 September. Demo clocks may differ by 62 days. */
	pair_at(&desk->pair, day(2026, 9, 10));
	item.day = day(2026, 9, 1);
	expect_item(desk, &item, ERROR_REFUSED);
	item.day = day(2026, 11, 12);
	item.verdict_day = day(2026, 11, 12);
	expect_item(desk, &item, ERROR_RANGE);
	/* Before the verdict; and a verdict from before it was given, by more than clocks differ. */
	item.day = day(2026, 7, 2);
	item.verdict_day = day(2026, 7, 3);
	expect_item(desk, &item, ERROR_REFUSED);
	item.day = day(2026, 7, 2);
	item.verdict_day = day(2026, 4, 30);
	expect_item(desk, &item, ERROR_RANGE);
	item.day = day(2026, 8, 31);
	item.verdict_day = day(2026, 7, 2);
	expect_item(desk, &item, ERROR_NONE);
}

/* It has booked a sheet on 2 July: no appeal of the 1st comes after that. */
static void a_day_before_one_that_the_host_has_stated_is_refused(void **state)
{
	struct desk *desk = *state;
	struct appeal_item item = desk->item;
	item.day = item.verdict_day = day(2026, 7, 1);
	expect_item(desk, &item, ERROR_RANGE);
}

static void an_appeal_that_is_not_well_formed_is_refused(void **state)
{
	struct desk *desk = *state;
	struct town *host = &desk->pair.host, *home = &desk->pair.home;
	struct appeal_item item = desk->item;
	struct buffer items = {0};
	item.what.grounds = 10;
	expect_item(desk, &item, ERROR_MALFORMED);
	item.what.grounds = 0;
	expect_item(desk, &item, ERROR_MALFORMED);
	appeal_item_put(&items, &desk->item);
	appeal_item_put(&items, &desk->item);
	expect_answer(host, home, "appeal", &items, 2, ERROR_MALFORMED);
	items = (struct buffer){0};
	expect_answer(host, home, "appeal", &items, 0, ERROR_MALFORMED);
	items = hexes("80");
	expect_answer(host, home, "appeal", &items, 1, ERROR_MALFORMED);
	appeal_line_put(&items, &desk->item.what);
	expect_answer(host, home, "appeal", &items, 1, ERROR_MALFORMED);
}

static void a_line_is_appealed_once_whatever_the_number_of_the_document(void **state)
{
	struct desk *desk = *state;
	struct appeal_item other = desk->item;
	other.what.grounds = 9;
	expect_item(desk, &desk->item, ERROR_NONE);
	for (unsigned round = 0; round < 2; round++) {
		expect_item(desk, &desk->item, ERROR_EXISTS);
		expect_item(desk, &other, ERROR_EXISTS);
		desk_restart(&desk->pair.home);
	}
	assert_int_equal(
	    appeal_at(&desk->pair.home, HOUSE_D, desk->number, 0).grounds, desk->item.what.grounds);
}

/* --- what the host refuses ------------------------------------------------------------------------------------------ */

#define FACTS "83 00 00 00"
#define PAID_300 "86 00 197530 01 85 00 00 181e 197530 00 81 00 " FACTS
#define HELD_300 "86 1831 197530 01 85 00 00 181e 197530 00 82 00 00 " FACTS
#define ON_TOP_300                                             \
	"87 00 197530 01 85 00 00 181e 19ea60 00 81 00 " FACTS \
	" 85 1826 19ea60 197530 19ea60 197530"
#define REFUSED "84 0d 19507d 01 00"

static void expect_review(struct desk *desk, uint64_t old_sequence, uint32_t line, uint32_t window,
    const char *verdict, enum error error)
{
	struct buffer bytes = hexes(verdict), items = {0};
	struct further_item item = {.number = desk->number,
	    .old_sequence = old_sequence,
	    .sequence = 90,
	    .line = line,
	    .window = window,
	    .verdict = buffer_span(&bytes)};
	memcpy(item.uscc, HOUSE_D, sizeof(item.uscc));
	further_item_put(&items, &item);
	expect_answer(&desk->pair.home, &desk->pair.host, "review", &items, 1, error);
	buffer_free(&bytes);
}

static void a_second_look_answers_an_open_appeal_and_that_once(void **state)
{
	struct desk *desk = *state;
	struct town *host = &desk->pair.host;
	const uint64_t entry = desk->item.payers_sequence;
	struct buffer items = hexes("80");
	expect_review(desk, entry, 0, 1, PAID_300, ERROR_MISMATCH); /* nobody has appealed */
	assert_int_equal(appeal_for(host, HOUSE_D, desk->number, 0, "assessment"), ERROR_NONE);
	town_post_free(&desk->pair.post); /* the real one never comes */
	expect_review(desk, entry + 1, 0, 1, PAID_300, ERROR_MISMATCH);
	expect_review(desk, entry, 1, 1, PAID_300, ERROR_MISMATCH);
	expect_review(desk, entry, 0, 1, HELD_300, ERROR_MISMATCH);
	/* On top of what? It was refused. */
	expect_review(desk, entry, 0, 1, ON_TOP_300, ERROR_MISMATCH);
	expect_review(desk, entry, 0, 2, PAID_300, ERROR_MISMATCH);
	expect_review(desk, entry, 0, 1, "8100", ERROR_MALFORMED);
	expect_answer(&desk->pair.home, host, "review", &items, 1, ERROR_MALFORMED);
	assert_int_equal(town_remote(host, HOUSE_D), 30000); /* the other one's */
	expect_review(desk, entry, 0, 1, PAID_300, ERROR_NONE);
	assert_int_equal(town_remote(host, HOUSE_D), 60000);
	for (unsigned round = 0; round < 2; round++) {
		expect_review(desk, entry, 0, 1, PAID_300, ERROR_MISMATCH);
		expect_review(desk, entry, 0, 1, REFUSED, ERROR_MISMATCH);
		desk_restart(host);
	}
	assert_int_equal(town_remote(host, HOUSE_D), 60000);
	assert_int_equal(town_is_owed(host, CHENGDU, 1), 60000);
}

static void a_stranger_to_the_line_does_not_answer_its_appeal(void **state)
{
	struct desk *desk = *state;
	struct buffer bytes = hexes(PAID_300), items = {0};
	struct further_item item = {.number = desk->number,
	    .old_sequence = desk->item.payers_sequence,
	    .sequence = 90,
	    .window = 1,
	    .verdict = buffer_span(&bytes)};
	expect_item(desk, &desk->item, ERROR_NONE);
	memcpy(item.uscc, HOUSE_D, sizeof(item.uscc));
	further_item_put(&items, &item);
	/* The host says to the payer that it has looked again. */
	expect_answer(&desk->pair.host, &desk->pair.home, "review", &items, 1, ERROR_MISMATCH);
	buffer_free(&bytes);
}

/* --- a document that the payer does not take -------------------------------------------------------------------------- */

/* Chengdu refuses the letter that came first, as its node would. */
static void refuse_first(struct pair *pair, const char *error)
{
	struct town_letter letter = pair->post.letters[0];
	struct document document;
	struct message message;
	struct buffer item = {0};
	assert_int_equal(document_read(buffer_span(&letter.document), &document), ERROR_NONE);
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	const struct hash hash = document_hash(buffer_span(&letter.document));
	codec_put_array(&item, 3);
	codec_put_bytes(&item, hash_span(&hash));
	codec_put_uint(&item, message.number);
	codec_put_text(&item, span_text(error));
	memmove(pair->post.letters, pair->post.letters + 1,
	    --pair->post.count * sizeof(*pair->post.letters));
	expect_answer(&pair->home, &pair->host, "refusal", &item, 1, ERROR_NONE);
	buffer_free(&letter.document);
}

static void what_the_payer_does_not_take_may_be_appealed_once_more(void **state)
{
	struct desk *desk = *state;
	struct pair *pair = &desk->pair;
	assert_int_equal(
	    appeal_for(&pair->host, HOUSE_D, desk->number, 0, "assessment"), ERROR_NONE);
	assert_int_equal(
	    appeal_for(&pair->host, HOUSE_D, desk->number, 0, "assessment"), ERROR_EXISTS);
	refuse_first(pair, "state");
	expect_appeal(&pair->host, HOUSE_D, desk->number, 0, APPEAL_REFUSED);
	desk_restart(&pair->host);
	/* What was refused is answered by nothing. */
	expect_review(desk, desk->item.payers_sequence, 0, 1, PAID_300, ERROR_MISMATCH);
	assert_int_equal(appeal_for(&pair->host, HOUSE_D, desk->number, 0, "other"), ERROR_NONE);
	expect_appeal(&pair->host, HOUSE_D, desk->number, 0, APPEAL_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		an_appeal_names_the_verdict_and_says_how_the_house_stands, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_review_says_what_an_adjudication_of_held_lines_says, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_appeal_is_of_a_line_of_that_hosts_sheet_that_was_given_less, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_city_appeals_for_its_own_houses_only, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_days_of_an_appeal_make_sense, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_day_before_one_that_the_host_has_stated_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_appeal_that_is_not_well_formed_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_line_is_appealed_once_whatever_the_number_of_the_document, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_second_look_answers_an_open_appeal_and_that_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_stranger_to_the_line_does_not_answer_its_appeal, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		what_the_payer_does_not_take_may_be_appealed_once_more, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
