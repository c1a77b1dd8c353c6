/* entitlement_test.c: assessments, filings and grants: what home decides, and what the host of a filing learns of it. */
#include "city.h"

/* --- levels (GB/T 42195-2022), by hand ----------------------------------------------------------------------- */

static void scores_give_the_levels_of_the_standard(void **state)
{
	static const struct {
		unsigned score, flags, level;
	} cases[] = {
	    {90, 0, 0},
	    {89, 0, 1},
	    {66, 0, 1},
	    {65, 0, 2},
	    {46, 0, 2},
	    {45, 0, 3},
	    {30, 0, 3},
	    {29, 0, 4},
	    {0, 0, 4},
	    {65, ASSESSMENT_DEMENTIA, 3},
	    {90, ASSESSMENT_DEMENTIA, 1},
	    {65, ASSESSMENT_ACCIDENTS, 3},
	    {65, ASSESSMENT_DEMENTIA | ASSESSMENT_ACCIDENTS, 3}, /* one worse, once */
	    {29, ASSESSMENT_DEMENTIA, 4},
	    {90, ASSESSMENT_COMA, 4},
	    {90, ASSESSMENT_COMA | ASSESSMENT_DEMENTIA, 4},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(level_from_score(cases[i].score, cases[i].flags), cases[i].level);
}

/* --- two cities ---------------------------------------------------------------------------------------------- */

/* Chengdu, home; Chongqing, host. service: home pays, drawn in Chongqing and Nanchong; card: to the card only; bed: paid by
 * Chongqing; aged: paid by Chongqing, by age. */
struct two {
	struct city home, host;
	struct policy home_catalogues[2], host_catalogues[2];
	struct programme home_programmes[2], host_programmes[2];
	uint64_t person;
};

static struct programme programme_of(const char *code, enum payer payer, enum paid_to paid_to)
{
	struct programme programme = {.effective_from = day(2026, 1, 1),
	    .effective_until = DAY_NEVER,
	    .payer = payer,
	    .paid_to = paid_to,
	    .tag = programme_tag(span_text(code))};
	snprintf(programme.code, sizeof(programme.code), "%s", code);
	return programme;
}

static void catalogue_programmes(struct policy *policy, struct programme *programmes, size_t count)
{
	policy->programmes = programmes;
	policy->programme_count = count;
}

static void two_open(struct two *two, bool host_asks_age)
{
	memset(two, 0, sizeof(*two));
	city_open(&two->home, CHENGDU);
	city_open(&two->host, CHONGQING);
	two->home_programmes[0] = programme_of("service", PAYER_HOME, PAID_TO_EITHER);
	two->home_programmes[0].portable = true;
	two->home_programmes[0].regions[0] = CHONGQING;
	two->home_programmes[0].regions[1] = NANCHONG;
	two->home_programmes[0].region_count = 2;
	two->home_programmes[1] = programme_of("card", PAYER_HOME, PAID_TO_CARD);
	two->host_programmes[0] = programme_of("bed", PAYER_HOST, PAID_TO_INSTITUTION);
	two->host_programmes[1] = programme_of("aged", PAYER_HOST, PAID_TO_INSTITUTION);
	two->host_programmes[1].age_min = host_asks_age ? 80 : 0;
	for (int at = 0; at < 2; at++) {
		struct policy *catalogues = at ? two->host_catalogues : two->home_catalogues;
		catalogue_programmes(&catalogues[0], two->host_programmes, 2);
		catalogue_programmes(&catalogues[1], two->home_programmes, 2);
		city_knows(at ? &two->host : &two->home, CHONGQING, &catalogues[0]);
		city_knows(at ? &two->host : &two->home, CHENGDU, &catalogues[1]);
	}
	two->person = city_person(&two->home, 1);
}

static void two_close(struct two *two)
{
	city_close(&two->home);
	city_close(&two->host);
}

static size_t to_host(struct two *two, const char *name, struct kind_functions kind)
{
	return city_deliver(&two->home, &two->host, name, kind);
}
#define FILING_NOTICE KIND_OF(filing_notice, true)
#define GRANT_NOTICE KIND_OF(grant_notice, true)
#define ASSESSMENT_NOTICE KIND_OF(assessment_notice, true)

static unsigned book_filing(
    struct city *city, uint64_t person, uint32_t host, int32_t from, int32_t until)
{
	struct buffer lines = {0};
	const struct filing_line line = {.person = person,
	    .host = host,
	    .from_day = from,
	    .until_day = until,
	    .consent = {{0xC0}}};
	filing_line_write(&lines, &line);
	assert_int_equal(city_order(city, KIND_OF(filing, false), &lines, 1), ERROR_NONE);
	return city_reason(city, 0);
}

static struct grant_line grant_of(
    uint64_t person, const char *programme, int32_t from, int32_t until)
{
	struct grant_line line = {.person = person,
	    .from_day = from,
	    .until_day = until,
	    .paid_to = PAID_TO_INSTITUTION,
	    .state = GRANT_GIVEN};
	snprintf(line.programme, sizeof(line.programme), "%s", programme);
	return line;
}

static unsigned book_grant(struct city *city, const struct grant_line *line)
{
	struct buffer lines = {0};
	grant_line_write(&lines, line);
	assert_int_equal(city_order(city, KIND_OF(grant, false), &lines, 1), ERROR_NONE);
	return city_reason(city, 0);
}

static unsigned book_assessment(struct city *city, const struct assessment *assessment)
{
	struct buffer lines = {0};
	uint8_t nonce[SEAL_NONCE_SIZE];
	const struct hash key = person_test_key(assessment->person);
	if (person_is_own(&city->settlement, assessment->person))
		assessment_line_write(&lines, assessment, &key, city_nonce(city, nonce));
	else
		assessment_foreign_line_write(&lines, assessment);
	assert_int_equal(city_order(city, KIND_OF(assessment, false), &lines, 1), ERROR_NONE);
	return city_reason(city, 0);
}

static struct assessment assessment_of(uint64_t person, int score, unsigned level)
{
	return (struct assessment){.person = person,
	    .level = level,
	    .score = score,
	    .from_day = day(2026, 10, 1),
	    .until_day = day(2027, 9, 30),
	    .assessor = CHENGDU};
}

/* The level that counts on a day; -1: none. */
static int level_on(struct city *city, uint64_t person, int32_t on)
{
	const struct person_row *row = city_row(city, person);
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++)
		if (row->levels[i].sequence != 0 && row->levels[i].from_day <= on &&
		    on <= row->levels[i].until_day)
			return (int)row->levels[i].level;
	return -1;
}

/* --- assessments --------------------------------------------------------------------------------------------- */

static void a_level_that_its_score_does_not_give_is_refused(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	struct assessment assessment = assessment_of(two.person, 65, 3);
	assert_int_equal(book_assessment(&two.home, &assessment), REASON_level);
	assert_int_equal(level_on(&two.home, two.person, day(2026, 10, 15)), -1);
	assessment.flags = ASSESSMENT_DEMENTIA;
	assert_int_equal(book_assessment(&two.home, &assessment), REASON_registered);
	assert_int_equal(level_on(&two.home, two.person, day(2026, 10, 1)), 3);
	assert_int_equal(level_on(&two.home, two.person, day(2027, 9, 30)), 3);
	assert_int_equal(level_on(&two.home, two.person, day(2027, 10, 1)), -1);
	two_close(&two);
}

static void a_later_level_replaces_the_earlier_from_its_first_day(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	struct assessment assessment = assessment_of(two.person, 65, 2);
	assert_int_equal(book_assessment(&two.home, &assessment), REASON_registered);
	assessment = assessment_of(two.person, 29, 4);
	assessment.from_day = day(2026, 12, 1);
	assessment.until_day = day(2027, 11, 30);
	assert_int_equal(book_assessment(&two.home, &assessment), REASON_registered);
	assert_int_equal(level_on(&two.home, two.person, day(2026, 11, 30)), 2);
	assert_int_equal(level_on(&two.home, two.person, day(2026, 12, 1)), 4);
	two_close(&two);
}

/* Five levels go into four slots: the one that ends first is forgotten. */
static void the_oldest_level_makes_room(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	for (int i = 0; i < 5; i++) {
		struct assessment assessment =
		    assessment_of(two.person, ASSESSMENT_NO_SCORE, (unsigned)i);
		assessment.from_day = day(2026, 1 + i, 1);
		assessment.until_day = day(2026, 1 + i, 28);
		assert_int_equal(book_assessment(&two.home, &assessment), REASON_registered);
	}
	assert_int_equal(level_on(&two.home, two.person, day(2026, 1, 5)), -1);
	for (int i = 1; i < 5; i++)
		assert_int_equal(level_on(&two.home, two.person, day(2026, 1 + i, 5)), i);
	two_close(&two);
}

/* Assessed where the person lives; home recognises it. */
static void a_host_assesses_who_is_filed_there_and_home_recognises_it(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	struct assessment assessment = assessment_of(two.person, 45, 3);
	assessment.assessor = CHONGQING;
	assert_int_equal(book_assessment(&two.host, &assessment), REASON_unknown_person);
	book_filing(&two.home, two.person, CHONGQING, day(2026, 10, 5), DAY_NEVER);
	to_host(&two, "filing", FILING_NOTICE);
	assert_int_equal(book_assessment(&two.host, &assessment), REASON_not_filed);
	assessment.from_day = day(2026, 10, 5);
	assert_int_equal(book_assessment(&two.host, &assessment), REASON_registered);
	assert_int_equal(
	    city_deliver(&two.host, &two.home, "assessment_notice", ASSESSMENT_NOTICE), 1);
	assert_int_equal(city_reason(&two.home, 0), REASON_registered);
	assert_int_equal(level_on(&two.home, two.person, day(2026, 10, 5)), 3);
	assert_int_equal(two.home.decision.outgoing_count, 0); /* not sent back to who told it */
	two_close(&two);
}

static void sealed_and_open_lines_are_not_mixed_up(void **state)
{
	struct two two;
	struct buffer lines = {0};
	(void)state;
	two_open(&two, false);
	const struct assessment assessment = assessment_of(two.person, 65, 2);
	assessment_foreign_line_write(&lines, &assessment);
	assert_int_equal(
	    city_order(&two.home, KIND_OF(assessment, false), &lines, 1), ERROR_MALFORMED);
	assert_non_null(strstr(two.home.detail.text, "line 1: sealed"));
	two_close(&two);
}

/* --- filings ------------------------------------------------------------------------------------------------- */

static void a_filing_brings_what_the_host_must_know_and_no_more(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	struct assessment assessment = assessment_of(two.person, 65, 2);
	struct grant_line grant =
	    grant_of(two.person, "service", day(2026, 10, 1), day(2027, 9, 30));
	assert_int_equal(book_assessment(&two.home, &assessment), REASON_registered);
	assert_int_equal(two.home.decision.outgoing_count, 0);
	assert_int_equal(book_grant(&two.home, &grant), REASON_registered);
	grant = grant_of(two.person, "card", day(2026, 10, 1), DAY_NEVER);
	grant.paid_to = PAID_TO_CARD;
	assert_int_equal(book_grant(&two.home, &grant), REASON_registered);
	assert_int_equal(book_filing(&two.home, two.person, CHONGQING, day(2026, 10, 5), DAY_NEVER),
	    REASON_registered);
	assert_int_equal(to_host(&two, "filing", FILING_NOTICE), 1);
	assert_int_equal(to_host(&two, "grant", GRANT_NOTICE), 1);
	assert_int_equal(two.host.decision.count, 1); /* the card's grant stays at home */
	assert_int_equal(to_host(&two, "assessment_notice", ASSESSMENT_NOTICE), 1);
	const struct person_row *row = city_row(&two.host, two.person);
	assert_int_equal(row->state, PERSON_FOREIGN);
	assert_int_equal(row->birth_day, 0);
	assert_int_equal(row->income_class, 0);
	assert_true(person_filed(row, CHONGQING, day(2026, 10, 5)));
	assert_false(person_filed(row, CHONGQING, day(2026, 10, 4)));
	assert_int_equal(row->grants[0].tag, programme_tag(span_text("service")));
	assert_int_equal(row->grants[0].until_day, day(2027, 9, 30));
	assert_int_equal(row->grants[1].sequence, 0);
	assert_int_equal(level_on(&two.host, two.person, day(2026, 10, 15)), 2);
	two_close(&two);
}

/* Whatever the host's catalogue would ask for. */
static void facts_of_persons_never_leave_home(void **state)
{
	struct two two;
	struct buffer lines = {0};
	(void)state;
	two_open(&two, true);
	book_filing(&two.home, two.person, CHONGQING, day(2026, 10, 5), DAY_NEVER);
	to_host(&two, "filing", FILING_NOTICE);
	const struct person_row *row = city_row(&two.host, two.person);
	assert_int_equal(row->state, PERSON_FOREIGN);
	assert_int_equal(row->birth_day, 0);
	/* nor does a death that home learns of later */
	const struct person_facts facts = {.code = two.person,
	    .birth_day = day(1943, 2, 28),
	    .death_day = day(2026, 10, 9),
	    .income_class = INCOME_MINIMUM};
	city_person_line(&two.home, &lines, &facts);
	assert_int_equal(city_order(&two.home, KIND_OF(person, false), &lines, 1), ERROR_NONE);
	assert_int_equal(two.home.decision.outgoing_count, 0);
	two_close(&two);
}

static void filings_with_one_host_do_not_overlap(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	const uint64_t person = two.person;
	assert_int_equal(book_filing(&two.home, person, CHONGQING, day(2026, 10, 5), DAY_NEVER),
	    REASON_registered);
	assert_int_equal(book_filing(&two.home, person, CHONGQING, day(2026, 12, 1), DAY_NEVER),
	    REASON_duplicate);
	/* the same begin again changes the end, and then there is room */
	assert_int_equal(
	    book_filing(&two.home, person, CHONGQING, day(2026, 10, 5), day(2026, 11, 30)),
	    REASON_registered);
	assert_int_equal(book_filing(&two.home, person, CHONGQING, day(2026, 11, 30), DAY_NEVER),
	    REASON_duplicate); /* its last day is taken */
	assert_int_equal(
	    book_filing(&two.home, person, CHONGQING, day(2026, 10, 1), day(2026, 10, 5)),
	    REASON_duplicate); /* and its first */
	assert_int_equal(book_filing(&two.home, person, CHONGQING, day(2026, 12, 1), DAY_NEVER),
	    REASON_registered);
	assert_true(person_filed(city_row(&two.home, person), CHONGQING, day(2026, 11, 30)));
	assert_int_equal(book_filing(&two.home, person, NANCHONG, day(2026, 10, 5), DAY_NEVER),
	    REASON_not_portable); /* a city that is not known here */
	assert_int_equal(book_filing(&two.home, person, CHENGDU, day(2026, 10, 5), DAY_NEVER),
	    REASON_not_portable); /* home itself */
	assert_int_equal(book_filing(&two.home, person_code_make(CHENGDU, 9), CHONGQING,
			     day(2026, 10, 5), DAY_NEVER),
	    REASON_unknown_person);
	two_close(&two);
}

/* --- grants -------------------------------------------------------------------------------------------------- */

static void the_catalogue_decides_what_may_be_granted(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	const int32_t from = day(2026, 10, 1), until = day(2026, 12, 31);
	struct grant_line line = grant_of(two.person, "nothing", from, until);
	assert_int_equal(book_grant(&two.home, &line), REASON_not_in_force);
	line = grant_of(two.person, "service", day(2025, 12, 31), until);
	assert_int_equal(book_grant(&two.home, &line), REASON_not_in_force);
	line = grant_of(two.person, "card", from, until);
	assert_int_equal(book_grant(&two.home, &line), REASON_no_grant); /* not to an institution */
	line = grant_of(two.person, "service", from, until);
	line.region = GUANGYUAN;
	assert_int_equal(book_grant(&two.home, &line), REASON_not_portable);
	line.region = CHONGQING;
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	line = grant_of(two.person, "bed", from, until); /* the host's programme needs its region */
	assert_int_equal(book_grant(&two.home, &line), REASON_not_in_force);
	line.region = CHONGQING;
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	two_close(&two);
}

static void grants_of_a_programme_do_not_overlap(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	struct grant_line line =
	    grant_of(two.person, "service", day(2026, 10, 1), day(2026, 12, 31));
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	assert_int_equal(book_grant(&two.home, &line), REASON_duplicate);
	line.from_day = day(2026, 12, 31);
	line.until_day = DAY_NEVER;
	assert_int_equal(book_grant(&two.home, &line), REASON_duplicate);
	line.from_day = day(2027, 1, 1);
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	line = grant_of(two.person, "card", day(2026, 10, 1), DAY_NEVER);
	line.paid_to = PAID_TO_CARD;
	assert_int_equal(book_grant(&two.home, &line), REASON_registered); /* another programme */
	two_close(&two);
}

static void a_stop_shortens_and_the_host_learns_of_it(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	book_filing(&two.home, two.person, CHONGQING, day(2026, 10, 5), DAY_NEVER);
	to_host(&two, "filing", FILING_NOTICE);
	struct grant_line line =
	    grant_of(two.person, "service", day(2026, 10, 1), day(2026, 12, 31));
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	assert_int_equal(to_host(&two, "grant", GRANT_NOTICE), 1);
	line.state = GRANT_STOPPED;
	line.until_day = day(2027, 1, 1);
	assert_int_equal(book_grant(&two.home, &line), REASON_no_grant); /* longer than granted */
	line.until_day = day(2026, 10, 20);
	line.from_day = day(2026, 10, 2);
	assert_int_equal(book_grant(&two.home, &line), REASON_no_grant); /* no such begin */
	line.from_day = day(2026, 10, 1);
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	assert_int_equal(to_host(&two, "grant_change", GRANT_NOTICE), 1);
	assert_int_equal(city_row(&two.host, two.person)->grants[0].until_day, day(2026, 10, 20));
	assert_int_equal(city_row(&two.host, two.person)->grants[0].paid_to, PAID_TO_INSTITUTION);
	two_close(&two);
}

static void grant_after_death(struct two *two)
{
	struct buffer lines = {0};
	const struct person_facts facts = {.code = two->person,
	    .birth_day = day(1943, 2, 28),
	    .death_day = day(2026, 10, 9),
	    .income_class = INCOME_MINIMUM};
	city_person_line(&two->home, &lines, &facts);
	assert_int_equal(city_order(&two->home, KIND_OF(person, false), &lines, 1), ERROR_NONE);
}

static void nothing_is_granted_or_filed_after_death(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	grant_after_death(&two);
	struct grant_line line = grant_of(two.person, "service", day(2026, 10, 10), DAY_NEVER);
	assert_int_equal(book_grant(&two.home, &line), REASON_after_death);
	assert_int_equal(
	    book_filing(&two.home, two.person, CHONGQING, day(2026, 10, 10), DAY_NEVER),
	    REASON_after_death);
	line.from_day = day(2026, 10, 9); /* the day of death is still a day */
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	two_close(&two);
}

static bool list_person(void *context, const struct grant_row *row)
{
	struct buffer *text = context;
	buffer_append_format(text, "%llu/%d ", (unsigned long long)row->person, row->span.from_day);
	return true;
}

static void a_run_sees_the_grants_of_its_programme_in_order(void **state)
{
	struct two two;
	struct buffer lines = {0}, text = {0}, expected = {0};
	(void)state;
	two_open(&two, false);
	uint64_t second = city_person(&two.home, 2);
	const uint32_t tag = programme_tag(span_text("service"));
	struct grant_line line = grant_of(second, "service", day(2026, 10, 1), DAY_NEVER);
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	line = grant_of(two.person, "service", day(2026, 11, 1), DAY_NEVER);
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	line = grant_of(two.person, "service", day(2026, 10, 1), day(2026, 10, 31));
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	line = grant_of(two.person, "card", day(2026, 10, 1), day(2026, 10, 31));
	line.paid_to = PAID_TO_CARD;
	assert_int_equal(book_grant(&two.home, &line), REASON_registered);
	assert_int_equal(grant_each(two.home.txn, tag, 0, list_person, &text), ERROR_NONE);
	buffer_append_format(&expected, "%llu/%d %llu/%d %llu/%d ", (unsigned long long)two.person,
	    day(2026, 10, 1), (unsigned long long)two.person, day(2026, 11, 1),
	    (unsigned long long)second, day(2026, 10, 1));
	assert_true(span_equal(buffer_span(&text), buffer_span(&expected)));
	buffer_free(&expected);
	/* who is forgotten is not in it any more */
	assert_int_equal(
	    registry_erase(two.home.txn, &two.home.registry_key, two.person), ERROR_NONE);
	erase_line_write(&lines, two.person);
	assert_int_equal(city_order(&two.home, KIND_OF(erase, false), &lines, 1), ERROR_NONE);
	buffer_clear(&text);
	assert_int_equal(grant_each(two.home.txn, tag, 0, list_person, &text), ERROR_NONE);
	buffer_append_format(&expected, "%llu/%d ", (unsigned long long)second, day(2026, 10, 1));
	assert_true(span_equal(buffer_span(&text), buffer_span(&expected)));
	buffer_free(&text);
	buffer_free(&expected);
	two_close(&two);
}

/* --- forgetting ---------------------------------------------------------------------------------------------- */

static void the_host_forgets_with_home(void **state)
{
	struct two two;
	struct buffer lines = {0};
	(void)state;
	two_open(&two, true);
	struct assessment assessment = assessment_of(two.person, 65, 2);
	assert_int_equal(book_assessment(&two.home, &assessment), REASON_registered);
	book_filing(&two.home, two.person, CHONGQING, day(2026, 10, 5), DAY_NEVER);
	to_host(&two, "filing", FILING_NOTICE);
	to_host(&two, "assessment_notice", ASSESSMENT_NOTICE);
	assert_int_equal(
	    registry_erase(two.home.txn, &two.home.registry_key, two.person), ERROR_NONE);
	erase_line_write(&lines, two.person);
	assert_int_equal(city_order(&two.home, KIND_OF(erase, false), &lines, 1), ERROR_NONE);
	assert_int_equal(to_host(&two, "filing", FILING_NOTICE), 1);
	assert_int_equal(city_reason(&two.host, 0), REASON_erased);
	const struct person_row empty = {
	    .code = two.person, .state = PERSON_FOREIGN | PERSON_ERASED, .death_day = DAY_NEVER};
	assert_memory_equal(city_row(&two.host, two.person), &empty, sizeof(empty));
	two_close(&two);
}

static void a_stranger_cannot_be_filed_by_another_city(void **state)
{
	struct two two;
	(void)state;
	two_open(&two, false);
	struct city guangyuan;
	city_open(&guangyuan, GUANGYUAN);
	/* Chongqing sends Guangyuan a filing for a person of Chengdu */
	struct buffer payload = {0}, document = {0};
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, CHONGQING);
	codec_put_uint(&payload, GUANGYUAN);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, 1);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, 4);
	codec_put_uint(&payload, two.person);
	codec_put_int(&payload, day(2026, 10, 1));
	codec_put_null(&payload);
	codec_put_null(&payload);
	document_sign(&document, "filing", &two.host.key, buffer_span(&payload));
	assert_int_equal(city_receive(&guangyuan, FILING_NOTICE, &document), ERROR_NONE);
	assert_int_equal(city_reason(&guangyuan, 0), REASON_unknown_person);
	const struct person_row *row = NULL;
	assert_int_equal(person_get(guangyuan.txn, two.person, &row), ERROR_NOT_FOUND);
	buffer_free(&payload);
	buffer_free(&document);
	city_close(&guangyuan);
	two_close(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scores_give_the_levels_of_the_standard),
	    cmocka_unit_test(a_level_that_its_score_does_not_give_is_refused),
	    cmocka_unit_test(a_later_level_replaces_the_earlier_from_its_first_day),
	    cmocka_unit_test(the_oldest_level_makes_room),
	    cmocka_unit_test(a_host_assesses_who_is_filed_there_and_home_recognises_it),
	    cmocka_unit_test(sealed_and_open_lines_are_not_mixed_up),
	    cmocka_unit_test(a_filing_brings_what_the_host_must_know_and_no_more),
	    cmocka_unit_test(facts_of_persons_never_leave_home),
	    cmocka_unit_test(filings_with_one_host_do_not_overlap),
	    cmocka_unit_test(the_catalogue_decides_what_may_be_granted),
	    cmocka_unit_test(grants_of_a_programme_do_not_overlap),
	    cmocka_unit_test(a_stop_shortens_and_the_host_learns_of_it),
	    cmocka_unit_test(nothing_is_granted_or_filed_after_death),
	    cmocka_unit_test(a_run_sees_the_grants_of_its_programme_in_order),
	    cmocka_unit_test(the_host_forgets_with_home),
	    cmocka_unit_test(a_stranger_cannot_be_filed_by_another_city),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
