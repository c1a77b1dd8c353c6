/* Exactly once: a month between two cities in which every kind of document goes to and fro. Whatever the way does to them (every one comes
 * twice, late ones first, the receiver stops in between) the books are the same to the byte. */
#include "remote.h"

#define NAMES_MAX 32u

/* What the way does. */
struct way {
	bool twice, early, restart;
};

struct travelled {
	char names[NAMES_MAX][DOCUMENT_NAME_SIZE];
	size_t count;
};

static void note_name(struct travelled *travelled, const char *name)
{
	for (size_t i = 0; i < travelled->count; i++) {
		if (strcmp(travelled->names[i], name) == 0)
			return;
	}
	assert_true(travelled->count < NAMES_MAX);
	snprintf(travelled->names[travelled->count++], DOCUMENT_NAME_SIZE, "%s", name);
}

/* The letter is not taken, for this reason, and leaves nothing behind. */
static void expect_left_out(struct town *to, const struct town_letter *letter, enum error error)
{
	struct hash before, after;
	uint64_t size = desk_head(to, &before);
	enum error found =
	    town_submit(to, buffer_span(&letter->document), buffer_span(&letter->attachment));
	if (found != error)
		fail_msg("%s: %s, not %s: %s", letter->name, error_name(found), error_name(error),
		    to->detail.text);
	assert_int_equal(desk_head(to, &after), size);
	assert_true(hash_equal(&before, &after));
}

/* A letter of the same sender that must not come before the first one. */
static const struct town_letter *later_letter(const struct town_post *post)
{
	for (size_t i = 1; i < post->count; i++) {
		if (post->letters[i].to == post->letters[0].to)
			return &post->letters[i];
	}
	return NULL;
}

static void carry_all(struct pair *pair, const struct way *way, struct travelled *travelled)
{
	while (pair->post.count > 0) {
		struct town *to = pair->post.letters[0].to == CHENGDU ? &pair->home : &pair->host;
		const struct town_letter *later = later_letter(&pair->post);
		if (way->early && later)
			expect_left_out(to, later, ERROR_GAP);
		struct town_letter letter = pair->post.letters[0];
		memmove(pair->post.letters, pair->post.letters + 1,
		    --pair->post.count * sizeof(letter));
		if (way->restart)
			desk_restart(to);
		town_take(to, buffer_span(&letter.document), buffer_span(&letter.attachment));
		note_name(travelled, letter.name);
		if (way->restart)
			desk_restart(to);
		if (way->twice)
			expect_left_out(to, &letter, ERROR_REPEAT);
		buffer_free(&letter.document);
		buffer_free(&letter.attachment);
	}
}

/* --- the month ------------------------------------------------------------------------------------------------ */

static void catalogues(struct catalogue_text *home, struct catalogue_text *host, unsigned version)
{
	static const struct programme_text programmes[] = {
	    {.code = "care_subsidy", .needs_grant = "true", .needs_assessment = "true"},
	    {.code = "bed_subsidy", .need = "bed", .unit = "bed_month", .payer = "host"}};
	catalogue_of(home, CHENGDU, version, programmes, 2);
	catalogue_of(host, GUANGYUAN, version, programmes, 2);
}

static void assess_at_host(struct town *host, uint64_t person)
{
	const struct assessment assessment = {.person = person,
	    .level = 3,
	    .score = 40,
	    .from_day = day(2026, 6, 16),
	    .until_day = day(2027, 6, 15),
	    .assessor = GUANGYUAN};
	struct buffer line = {0};
	assessment_foreign_line_write(&line, &assessment);
	town_register(host, KIND_assessment, &line, REASON_registered);
}

static void give_order(struct town *town, enum kind kind, const uint64_t *numbers, size_t count)
{
	struct buffer parameters = {0};
	for (size_t i = 0; i < count; i++)
		codec_put_uint(&parameters, numbers[i]);
	if (count == 0)
		codec_put_null(&parameters);
	if (town_order(town, kind, &parameters, count ? count : 1, NULL, 0))
		fail_msg("kind %u: %s", (unsigned)kind, town->detail.text);
}

/* People, filings, grants, levels, stays. */
static void registers(struct pair *pair, const struct way *way, struct travelled *travelled)
{
	struct town *home = &pair->home, *host = &pair->host;
	uint64_t guests[3];
	town_house(host, HOUSE_A, GUANGYUAN, 10);
	desk_standing(host, HOUSE_A, INSTITUTION_SUSPEND, day(2026, 6, 1));
	desk_standing(host, HOUSE_A, INSTITUTION_RESTORE, day(2026, 6, 10));
	town_house(home, HOUSE_B, CHENGDU, 10);
	for (uint32_t i = 0; i < 3; i++) {
		guests[i] = town_person(home, 500 + i, day(1940, 1, 1), INCOME_LOW, 0);
		town_assess(home, guests[i], 2, day(2026, 1, 1), day(2026, 12, 31));
		town_grant(home, guests[i], "care_subsidy", day(2026, 1, 1), DAY_NEVER,
		    PAID_TO_INSTITUTION, GRANT_GIVEN);
		town_file(home, guests[i], GUANGYUAN, day(2026, 6, 1), DAY_NEVER);
	}
	carry_all(pair, way, travelled);
	/* The third one is at home that month: the host's stay is refused. */
	town_stay(home, HOUSE_B, guests[2], day(2026, 6, 1), DAY_NEVER);
	for (uint32_t i = 0; i < 3; i++)
		town_stay(host, HOUSE_A, guests[i], day(2026, 6, 10), DAY_NEVER);
	carry_all(pair, way, travelled);
	desk_leave(host, HOUSE_A, guests[1], day(2026, 6, 10), day(2026, 6, 24));
	assess_at_host(host, guests[0]);
	town_grant(home, guests[1], "care_subsidy", day(2026, 1, 1), day(2026, 6, 20),
	    PAID_TO_INSTITUTION, GRANT_STOPPED);
	carry_all(pair, way, travelled);
}

/* Claims, a reversal, the day's window and the month's clearing. */
static void money(struct pair *pair, const struct way *way, struct travelled *travelled)
{
	struct town *home = &pair->home, *host = &pair->host;
	const uint64_t a = person_code_make(CHENGDU, 500), b = person_code_make(CHENGDU, 501);
	const struct claim_line lines[] = {{a, "care_subsidy", 10, 30, 0, 0},
	    {b, "care_subsidy", 10, 20, 0, 0}, {b, "care_subsidy", 21, 21, 0, 0}};
	struct buffer line = {0};
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = desk_claim(host, HOUSE_A, CHENGDU, JUNE, lines, 3);
	carry_all(pair, way, travelled);
	/* 210.00 + 110.00; no grant on the 21st. */
	assert_int_equal(town_owes(home, GUANGYUAN, 1), 32000);
	assert_int_equal(town_is_owed(host, CHENGDU, 1), 32000);
	town_claim_one(host, HOUSE_A, GUANGYUAN, JUNE, "bed_subsidy", a, 10, 30);
	assert_int_equal(town_local(host, HOUSE_A), 21000);
	/* Found out: the second line was wrong. */
	struct txn *txn = desk_read(home);
	struct sheet_row row;
	assert_int_equal(sheet_row_get(txn, HOUSE_A, number, &row), ERROR_NONE);
	txn_abort(txn);
	reversal_line_write(&line, row.sequence, 1, span_text("was not there"));
	town_register(home, KIND_reversal, &line, REASON_reversed);
	carry_all(pair, way, travelled);
	assert_int_equal(town_owes(home, GUANGYUAN, 1), 21000);
	assert_int_equal(town_is_owed(host, CHENGDU, 1), 21000);
	pair_at(pair, day(2026, 7, 31));
	give_order(home, KIND_cut, NULL, 0);
	carry_all(pair, way, travelled);
	pair_at(pair, day(2026, 8, 21));
	give_order(home, KIND_clearing, (const uint64_t[]){202607, GUANGYUAN}, 2);
	carry_all(pair, way, travelled);
}

static void forget_one(struct pair *pair, const struct way *way, struct travelled *travelled)
{
	struct catalogue_text home, host;
	struct buffer line = {0};
	pair->home.forgets = pair->host.forgets = true;
	erase_line_write(&line, person_code_make(CHENGDU, 502));
	town_register(&pair->home, KIND_erase, &line, REASON_erased);
	catalogues(&home, &host, 2);
	assert_int_equal(town_policy(&pair->home, catalogue_span(&home)), ERROR_NONE);
	assert_int_equal(town_policy(&pair->host, catalogue_span(&host)), ERROR_NONE);
	carry_all(pair, way, travelled);
}

/* The heads of both cities' logs after the month. */
static void live(const struct way *way, struct hash heads[2], struct travelled *travelled)
{
	static struct pair pair;
	struct catalogue_text home, host;
	memset(&pair, 0, sizeof(pair));
	travelled->count = 0;
	catalogues(&home, &host, 1);
	town_open(&pair.home, CHENGDU, catalogue_span(&home), &pair.post);
	town_open(&pair.host, GUANGYUAN, catalogue_span(&host), &pair.post);
	struct town *const towns[] = {&pair.home, &pair.host};
	for (unsigned i = 0; i < 2; i++) {
		struct buffer descriptor = {0};
		town_descriptor(towns[1 - i], &descriptor);
		town_take(towns[i], buffer_span(&descriptor), (struct span){NULL, 0});
		buffer_free(&descriptor);
	}
	carry_all(&pair, way, travelled);
	town_fund(&pair.home, "fiscal", 100000000);
	town_fund(&pair.host, "fiscal", 100000000);
	registers(&pair, way, travelled);
	money(&pair, way, travelled);
	forget_one(&pair, way, travelled);
	desk_head(&pair.home, &heads[0]);
	desk_head(&pair.host, &heads[1]);
	pair_close(&pair);
}

static void whatever_the_way_does_the_books_are_the_same(void **state)
{
	static const struct way ways[] = {{.twice = true}, {.early = true}, {.restart = true},
	    {.twice = true, .early = true, .restart = true}};
	static const char *const names[] = {"policy_notice", "institution_notice",
	    "standing_notice", "filing", "grant", "grant_change", "assessment_notice",
	    "stay_opened", "stay_closed", "stay_accepted", "stay_refused", "endorsement",
	    "adjudication", "reversal", "window_statement", "agreement", "clearing_proposal",
	    "clearing"};
	struct hash once[2], heads[2];
	struct travelled travelled;
	(void)state;
	live(&(struct way){.twice = false}, once, &travelled);
	/* All of them were on the way. */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t k = 0;
		while (k < travelled.count && strcmp(travelled.names[k], names[i]) != 0)
			k++;
		if (k == travelled.count)
			fail_msg("no %s was sent", names[i]);
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		live(&ways[i], heads, &travelled);
		assert_true(hash_equal(&heads[0], &once[0]));
		assert_true(hash_equal(&heads[1], &once[1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_the_way_does_the_books_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
