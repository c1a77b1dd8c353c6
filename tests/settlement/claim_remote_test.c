/* Sheets between cities: the bytes of endorsement and adjudication, and what either city refuses of the other's. Each document is signed by
 * that city and has its turn, so only the rules can refuse it. docs/format.md, "Claims". */
#include "hexes.h"
#include "remote.h"
#include "settlement_internal.h"
#include "trust.h"

static const struct programme_text care = {.code = "care_subsidy"};

/* Chengdu's person 101 in Guangyuan's house for all of June 2026, and a sheet about it that is not handed in yet. */
struct desk {
	struct pair pair;
	uint64_t person;
	struct claim_paper paper;
};

static void desk_open(struct desk *desk)
{
	const struct secret_key key = town_house_key(HOUSE_D);
	memset(desk, 0, sizeof(*desk));
	pair_open(&desk->pair, &care, 1, &care, 1);
	desk->person =
	    traveller(&desk->pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	pair_at(&desk->pair, day(2026, 7, 2));
	const struct claim_line line = {
	    .person = desk->person, .programme = "care_subsidy", .first = 1, .last = 30};
	paper_sign(
	    &desk->paper, &key, paper_header(HOUSE_D, 7, GUANGYUAN, CHENGDU, JUNE), &line, 1);
}

static void desk_close(struct desk *desk)
{
	paper_free(&desk->paper);
	pair_close(&desk->pair);
}

/* A document of `from` with the next number. */
static enum error say(struct town *from, struct town *to, const char *name, struct span items,
    size_t count, struct span attachment)
{
	struct buffer document = {0};
	struct decision decision;
	struct txn *txn = desk_read(from);
	decision_init(&decision);
	decision_clear(&decision);
	struct buffer *payload =
	    message_begin(from->settlement, txn, &decision, to->region, name, count);
	txn_abort(txn);
	assert_non_null(payload);
	buffer_append(payload, items);
	document_sign(&document, name, &from->document_key, buffer_span(payload));
	enum error error = town_submit(to, buffer_span(&document), attachment);
	buffer_free(&document);
	decision_free(&decision);
	return error;
}

static void expect_said(struct town *from, struct town *to, const char *name, struct span items,
    size_t count, struct span attachment, enum error error)
{
	struct hash before, after;
	uint64_t size = desk_head(to, &before);
	enum error found = say(from, to, name, items, count, attachment);
	if (found != error)
		fail_msg("%s: %s, not %s: %s", name, error_name(found), error_name(error),
		    to->detail.text);
	if (error) {
		assert_int_equal(desk_head(to, &after), size);
		assert_true(hash_equal(&before, &after));
	}
}

/* --- the bytes ------------------------------------------------------------------------------------------------ */

static void put_hash(char text[2 * HASH_SIZE + 1], const struct hash *hash)
{
	hex_write(hash_span(hash), text);
}

/* The items of a letter, as they stand. */
static struct buffer items_of(const struct town_letter *letter)
{
	struct document document;
	struct message message;
	struct buffer items = {0};
	assert_int_equal(document_read(buffer_span(&letter->document), &document), ERROR_NONE);
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	buffer_append(
	    &items, span_of(message.items.at, (size_t)(message.items.end - message.items.at)));
	return items;
}

static void an_endorsement_says_when_and_how_the_house_stands(void **state)
{
	static struct desk desk;
	char hash[2 * HASH_SIZE + 1], wanted[400];
	(void)state;
	desk_open(&desk);
	desk_standing(&desk.pair.host, HOUSE_D, INSTITUTION_SUSPEND, day(2026, 7, 1));
	carry(&desk.pair);
	assert_int_equal(paper_submit(&desk.pair.host, &desk.paper), ERROR_NONE);
	const struct hash sheet = document_hash(desk.paper.document);
	put_hash(hash, &sheet);
	assert_in_range(desk.pair.host.sequence, 0, 23); /* one byte of CBOR */
	/* Booked on 2026-07-02 (20636); known, district 510800, barred from 2026-07-01 (20635) on; 100 beds x 30 nights, none taken; signed
	 * by the institution. */
	snprintf(wanted, sizeof(wanted),
	    "8a 5820%s %02x 19509c f5 1a0007cb50 19509b f6 190bb8 00 f6", hash,
	    (unsigned)desk.pair.host.sequence);
	assert_int_equal(desk.pair.post.count, 1);
	struct buffer items = items_of(&desk.pair.post.letters[0]);
	expect_hex(&items, wanted);
	desk_close(&desk);
}

static void an_adjudication_names_the_sheet_the_window_and_the_catalogue(void **state)
{
	static struct desk desk;
	char hash[2 * HASH_SIZE + 1], catalogue[2 * HASH_SIZE + 1], wanted[600];
	struct catalogue_text text;
	(void)state;
	desk_open(&desk);
	assert_int_equal(paper_submit(&desk.pair.host, &desk.paper), ERROR_NONE);
	struct town *const towns[] = {&desk.pair.home, &desk.pair.host};
	town_carry_one(towns, 2, &desk.pair.post);
	const struct hash sheet = document_hash(desk.paper.document);
	catalogue_of(&text, CHENGDU, 1, &care, 1);
	const struct hash policy = hash_sha256(catalogue_span(&text));
	put_hash(hash, &sheet);
	put_hash(catalogue, &policy);
	assert_in_range(desk.pair.home.sequence, 0, 23);
	/* uscc, sheet 7, the payer's entry, window 1; then the verdict: 300.00 by entry 1's row 0, band 0, to day 30, from fund 0, filed by the
	 * entry after the person's. */
	snprintf(wanted, sizeof(wanted),
	    "86 5820%s 72%s 07 %02x 01 5820%s 86 00 197530 01 85 00 00 181e 197530 00 81 00 83 00 "
	    "00 "
	    "%02x",
	    hash, "393135303030303030303030303030323757", (unsigned)desk.pair.home.sequence,
	    catalogue, (unsigned)desk_verdict(&desk.pair.home, HOUSE_D, 7, 0).filing_sequence);
	assert_int_equal(desk.pair.post.count, 1);
	struct buffer items = items_of(&desk.pair.post.letters[0]);
	expect_hex(&items, wanted);
	desk_close(&desk);
}

/* --- what the payer refuses ----------------------------------------------------------------------------------- */

static void attach(struct buffer *out, const struct claim_paper *paper)
{
	struct span document, lines;
	struct hash secret;
	uint32_t count;
	assert_int_equal(
	    sheet_file_read(buffer_span(&paper->file), &document, &secret, &count, &lines),
	    ERROR_NONE);
	codec_put_array(out, 4);
	codec_put_bytes(out, document);
	codec_put_bytes(out, hash_span(&secret));
	codec_put_uint(out, count);
	codec_put_bytes(out, lines);
}

/* The endorsement that a host would give to this paper; `officer` may be NULL. */
static void endorse(
    struct buffer *out, const struct claim_paper *paper, const struct public_key *officer)
{
	const struct hash sheet = document_hash(paper->document);
	codec_put_array(out, 10);
	codec_put_bytes(out, hash_span(&sheet));
	codec_put_uint(out, 9);
	codec_put_int(out, day(2026, 7, 2));
	codec_put_bool(out, true);
	codec_put_uint(out, GUANGYUAN);
	codec_put_null(out);
	codec_put_null(out);
	codec_put_uint(out, 3000);
	codec_put_uint(out, 0);
	if (officer)
		codec_put_bytes(out, span_of(officer->bytes, PUBLIC_KEY_SIZE));
	else
		codec_put_null(out);
}

static void expect_endorsed(struct desk *desk, const struct claim_paper *endorsed,
    const struct claim_paper *attached, const struct public_key *officer, enum error error)
{
	struct buffer items = {0}, attachment = {0};
	endorse(&items, endorsed, officer);
	attach(&attachment, attached);
	expect_said(&desk->pair.host, &desk->pair.home, "endorsement", buffer_span(&items), 1,
	    buffer_span(&attachment), error);
	buffer_free(&items);
	buffer_free(&attachment);
}

static struct claim_paper signed_by(
    struct desk *desk, const struct secret_key *key, uint64_t number, uint32_t host, uint32_t payer)
{
	const struct claim_line line = {
	    .person = desk->person, .programme = "care_subsidy", .first = 1, .last = 30};
	struct claim_paper paper;
	paper_sign(&paper, key, paper_header(HOUSE_D, number, host, payer, JUNE), &line, 1);
	return paper;
}

/* A host cannot make a claim in its institution's name. */
static void a_sheet_that_the_institution_has_not_signed_is_refused_by_the_payer(void **state)
{
	static struct desk desk;
	const struct secret_key stranger = town_house_key(HOUSE_C), own = town_house_key(HOUSE_D);
	(void)state;
	desk_open(&desk);
	struct claim_paper forged = signed_by(&desk, &stranger, 7, GUANGYUAN, CHENGDU),
			   by_host = signed_by(
			       &desk, &desk.pair.host.document_key, 7, GUANGYUAN, CHENGDU);
	expect_endorsed(&desk, &forged, &forged, NULL, ERROR_UNKNOWN_KEY);
	expect_endorsed(&desk, &by_host, &by_host, NULL, ERROR_UNKNOWN_KEY);
	/* Nor does an officer's key that is not the one. */
	expect_endorsed(&desk, &forged, &forged, &own.public, ERROR_UNKNOWN_KEY);
	uint8_t *last =
	    (uint8_t *)(uintptr_t)desk.paper.document.data + desk.paper.document.size - 1;
	*last ^= 1;
	expect_endorsed(&desk, &desk.paper, &desk.paper, NULL, ERROR_SIGNATURE);
	*last ^= 1;
	expect_endorsed(&desk, &desk.paper, &desk.paper, NULL, ERROR_NONE);
	expect_paid(desk_verdict(&desk.pair.home, HOUSE_D, 7, 0), 30000);
	paper_free(&forged);
	paper_free(&by_host);
	desk_close(&desk);
}

static void an_endorsement_is_of_one_sheet_of_that_host_for_this_payer(void **state)
{
	static struct desk desk;
	const struct secret_key own = town_house_key(HOUSE_D);
	(void)state;
	desk_open(&desk);
	struct claim_paper other = signed_by(&desk, &own, 8, GUANGYUAN, CHENGDU),
			   other_host = signed_by(&desk, &own, 7, NANCHONG, CHENGDU),
			   other_payer = signed_by(&desk, &own, 7, GUANGYUAN, CHONGQING);
	expect_endorsed(&desk, &other, &desk.paper, NULL, ERROR_MISMATCH);
	expect_endorsed(&desk, &other_host, &other_host, NULL, ERROR_MISMATCH);
	expect_endorsed(&desk, &other_payer, &other_payer, NULL, ERROR_MISMATCH);
	expect_endorsed(&desk, &desk.paper, &desk.paper, NULL, ERROR_NONE);
	paper_free(&other);
	paper_free(&other_host);
	paper_free(&other_payer);
	desk_close(&desk);
}

/* Under a new number of the host's it is another document, but the same sheet. */
static void a_sheet_is_adjudicated_once(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	assert_int_equal(paper_submit(&desk.pair.host, &desk.paper), ERROR_NONE);
	carry(&desk.pair);
	assert_int_equal(town_owes(&desk.pair.home, GUANGYUAN, 1), 30000);
	for (unsigned round = 0; round < 2; round++) {
		expect_endorsed(&desk, &desk.paper, &desk.paper, NULL, ERROR_CONFLICT);
		desk_restart(&desk.pair.home);
	}
	assert_int_equal(town_owes(&desk.pair.home, GUANGYUAN, 1), 30000);
	/* At the host's counter it is a repeat, and nothing is sent. */
	assert_int_equal(paper_submit(&desk.pair.host, &desk.paper), ERROR_REPEAT);
	assert_int_equal(desk.pair.post.count, 0);
	desk_close(&desk);
}

/* --- what the host refuses ------------------------------------------------------------------------------------ */

/* [sheet, uscc, number, entry, window, policy], and `verdicts`. */
static void expect_answered(struct desk *desk, const struct hash *sheet, uint64_t number,
    const char *verdicts, size_t count, enum error error)
{
	struct buffer items = {0}, bytes = hexes(verdicts);
	codec_put_array(&items, 6);
	codec_put_bytes(&items, hash_span(sheet));
	codec_put_text(&items, span_of(HOUSE_D, USCC_SIZE));
	codec_put_uint(&items, number);
	codec_put_uint(&items, 20);
	codec_put_uint(&items, 1);
	codec_put_bytes(&items, hash_span(sheet));
	buffer_append(&items, buffer_span(&bytes));
	expect_said(&desk->pair.home, &desk->pair.host, "adjudication", buffer_span(&items),
	    1 + count, (struct span){NULL, 0}, error);
	buffer_free(&items);
	buffer_free(&bytes);
}

#define PAID_300 "86 00 197530 01 85 00 00 181e 197530 00 81 00 83 00 00 00"
#define REFUSED "84 07 19507d 01 00"

static void verdicts_are_on_a_sheet_that_waits_for_them(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	const struct hash sheet = document_hash(desk.paper.document), other = {{1}};
	expect_answered(&desk, &sheet, 7, PAID_300, 1, ERROR_NOT_FOUND);
	assert_int_equal(paper_submit(&desk.pair.host, &desk.paper), ERROR_NONE);
	town_post_free(&desk.pair.post); /* the real answer never comes */
	expect_answered(&desk, &sheet, 8, PAID_300, 1, ERROR_NOT_FOUND);
	expect_answered(&desk, &other, 7, PAID_300, 1, ERROR_MISMATCH);
	expect_answered(&desk, &sheet, 7, PAID_300 REFUSED, 2, ERROR_MISMATCH);
	expect_answered(&desk, &sheet, 7, "", 0, ERROR_MALFORMED);
	expect_answered(&desk, &sheet, 7, "80", 1, ERROR_MALFORMED);
	expect_answered(&desk, &sheet, 7, "8100", 1, ERROR_MALFORMED);
	assert_int_equal(town_remote(&desk.pair.host, HOUSE_D), 0);
	expect_answered(&desk, &sheet, 7, PAID_300, 1, ERROR_NONE);
	assert_int_equal(town_remote(&desk.pair.host, HOUSE_D), 30000);
	assert_int_equal(town_is_owed(&desk.pair.host, CHENGDU, 1), 30000);
	desk_close(&desk);
}

/* Under a new number, other verdicts on what was answered: the first answer stands. */
static void a_sheet_is_answered_once(void **state)
{
	static struct desk desk;
	(void)state;
	desk_open(&desk);
	const struct hash sheet = document_hash(desk.paper.document);
	assert_int_equal(paper_submit(&desk.pair.host, &desk.paper), ERROR_NONE);
	carry(&desk.pair);
	for (unsigned round = 0; round < 2; round++) {
		expect_answered(&desk, &sheet, 7, PAID_300, 1, ERROR_STATE);
		expect_answered(&desk, &sheet, 7, REFUSED, 1, ERROR_STATE);
		desk_restart(&desk.pair.host);
	}
	expect_paid(desk_verdict(&desk.pair.host, HOUSE_D, 7, 0), 30000);
	assert_int_equal(town_remote(&desk.pair.host, HOUSE_D), 30000);
	desk_close(&desk);
}

static uint64_t waiting(struct town *host)
{
	struct txn *txn = desk_read(host);
	uint64_t count;
	assert_int_equal(outbox_waiting(txn, CHENGDU, &count), ERROR_NONE);
	txn_abort(txn);
	return count;
}

/* Chengdu has the first of what waits for it. */
static void acknowledge_one(struct town *host)
{
	struct txn *txn;
	uint64_t number;
	assert_int_equal(txn_begin_write(ledger_store(host->ledger), &txn), ERROR_NONE);
	assert_int_equal(outbox_acknowledged(txn, CHENGDU, &number), ERROR_NONE);
	assert_int_equal(outbox_acknowledge(txn, CHENGDU, number + 1), ERROR_NONE);
	assert_int_equal(txn_commit(txn), ERROR_NONE);
}

/* At the limit of what may wait for a city its claims are refused; what was taken is kept, local claims go on, and it is taken again when the
 * city has taken what waits. A replay has no limit. */
static void claims_for_a_city_that_takes_nothing_are_refused_at_the_limit(void **state)
{
	const struct secret_key key = town_house_key(HOUSE_D);
	struct desk desk;
	struct claim_paper papers[4];
	const enum error expected[] = {ERROR_NONE, ERROR_NONE, ERROR_PEER_UNREACHABLE, ERROR_NONE};
	struct hash before, after;
	(void)state;
	desk_open(&desk);
	desk.pair.host.settlement->options.outbox_limit = (uint32_t)waiting(&desk.pair.host) + 2;
	for (unsigned i = 0; i < 4; i++) {
		const struct claim_line line = {.person = desk.person,
		    .programme = "care_subsidy",
		    .first = i + 1,
		    .last = i + 1};
		uint64_t size = desk_head(&desk.pair.host, &before);
		paper_sign(&papers[i], &key,
		    paper_header(HOUSE_D, 7 + i, GUANGYUAN, i == 3 ? GUANGYUAN : CHENGDU, JUNE),
		    &line, 1);
		assert_int_equal(paper_submit(&desk.pair.host, &papers[i]), expected[i]);
		if (expected[i]) {
			assert_int_equal(desk_head(&desk.pair.host, &after), size);
			assert_ptr_equal(strstr(desk.pair.host.detail.text, "510100: "),
			    desk.pair.host.detail.text);
		}
	}
	acknowledge_one(&desk.pair.host);
	assert_int_equal(paper_submit(&desk.pair.host, &papers[2]), ERROR_NONE);
	for (unsigned i = 0; i < 4; i++)
		paper_free(&papers[i]);
	desk_close(&desk);
}

/* A city that is frozen would have to pay, and is not asked to: its claims are refused to whoever hands them in; local ones go on. */
static void claims_for_a_city_that_is_frozen_are_refused(void **state)
{
	const struct secret_key key = town_house_key(HOUSE_D);
	const struct trust_state frozen = {
	    .frozen = true, .kind = EVIDENCE_FORK, .frozen_sequence = 1};
	struct desk desk;
	struct txn *txn;
	(void)state;
	desk_open(&desk);
	assert_int_equal(txn_begin_write(ledger_store(desk.pair.host.ledger), &txn), ERROR_NONE);
	assert_int_equal(trust_state_put(txn, CHENGDU, &frozen), ERROR_NONE);
	assert_int_equal(txn_commit(txn), ERROR_NONE);
	for (unsigned i = 0; i < 2; i++) {
		const struct claim_line line = {.person = desk.person,
		    .programme = "care_subsidy",
		    .first = i + 1,
		    .last = i + 1};
		struct claim_paper paper;
		paper_sign(&paper, &key,
		    paper_header(HOUSE_D, 7 + i, GUANGYUAN, i == 1 ? GUANGYUAN : CHENGDU, JUNE),
		    &line, 1);
		assert_int_equal(
		    paper_submit(&desk.pair.host, &paper), i == 1 ? ERROR_NONE : ERROR_PEER_FROZEN);
		paper_free(&paper);
	}
	desk_close(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_endorsement_says_when_and_how_the_house_stands),
	    cmocka_unit_test(an_adjudication_names_the_sheet_the_window_and_the_catalogue),
	    cmocka_unit_test(a_sheet_that_the_institution_has_not_signed_is_refused_by_the_payer),
	    cmocka_unit_test(an_endorsement_is_of_one_sheet_of_that_host_for_this_payer),
	    cmocka_unit_test(a_sheet_is_adjudicated_once),
	    cmocka_unit_test(verdicts_are_on_a_sheet_that_waits_for_them),
	    cmocka_unit_test(a_sheet_is_answered_once),
	    cmocka_unit_test(claims_for_a_city_that_takes_nothing_are_refused_at_the_limit),
	    cmocka_unit_test(claims_for_a_city_that_is_frozen_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
