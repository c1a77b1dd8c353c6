#include "city.h"

#include "programme.h"

#define ANKANG "52510100000000019C"   /* Chengdu */
#define LONGQUAN "525101000000000277" /* Chengdu */
#define YUBEI "91500000000000027W"    /* Chongqing */
#define LIZHOU "525108000000000431"   /* Guangyuan */

static struct kind_functions stay_kind(void)
{
	return KIND_OF(stay, false);
}

static struct kind_functions notice_kind(void)
{
	return KIND_OF(stay_notice, true);
}

static struct kind_functions answer_kind(void)
{
	return KIND_OF(stay_answer, true);
}

static struct stay_line line_of(enum stay_operation operation, const char *uscc, uint64_t person,
    int32_t first_day, int32_t last_night)
{
	struct stay_line line = {.operation = operation,
	    .person = person,
	    .first_day = first_day,
	    .last_night = last_night};
	memcpy(line.uscc, uscc, USCC_SIZE);
	return line;
}

static void put(struct buffer *lines, enum stay_operation operation, const char *uscc,
    uint64_t person, int32_t first_day, int32_t last_night)
{
	const struct stay_line line = line_of(operation, uscc, person, first_day, last_night);
	stay_line_write(lines, &line);
}

/* One line as one order; its reason. */
static unsigned book(struct city *city, enum stay_operation operation, const char *uscc,
    uint64_t person, int32_t first_day, int32_t last_night)
{
	struct buffer lines = {0};
	put(&lines, operation, uscc, person, first_day, last_night);
	assert_int_equal(city_order(city, stay_kind(), &lines, 1), ERROR_NONE);
	return city_reason(city, 0);
}

static unsigned open_stay(
    struct city *city, const char *uscc, uint64_t person, int32_t first, int32_t last)
{
	return book(city, STAY_OPEN, uscc, person, first, last);
}

/* The night that a verdict names. */
static int32_t verdict_day(const struct city *city, uint32_t line)
{
	struct span item;
	assert_int_equal(
	    entry_item(buffer_span(&city->decision.verdicts), line, &item), ERROR_NONE);
	struct codec_reader reader = codec_reader(item);
	codec_array_exact(&reader, 2);
	codec_uint(&reader);
	int32_t found = (int32_t)codec_int(&reader);
	assert_int_equal(codec_finish(&reader), ERROR_NONE);
	return found;
}

/* --- nights at each institution, as claims look at them ----------------------------------------------------- */

struct nights {
	const char *uscc;
	int32_t first, last; /* of the month asked about */
	unsigned count;
	int32_t from, until; /* the nights found */
};

static bool count_nights(void *context, const struct stay_night_span *stay)
{
	struct nights *nights = context;
	if (stay->state != STAY_ACCEPTED || memcmp(stay->uscc, nights->uscc, USCC_SIZE) != 0)
		return true;
	for (int32_t at = nights->first; at <= nights->last; at++)
		if (stay->first_day <= at && at <= stay->last_night) {
			if (nights->count++ == 0)
				nights->from = at;
			nights->until = at;
		}
	return true;
}

static struct nights nights_of(
    struct city *city, const char *uscc, uint64_t person, int32_t first, int32_t last)
{
	struct nights nights = {.uscc = uscc, .first = first, .last = last};
	assert_int_equal(stay_each(city->txn, person, count_nights, &nights), ERROR_NONE);
	return nights;
}

/* June, 50.00 a month, moved on the 12th: the first has the nights 1-11, 18.33; the second 12-30, 31.67. */
static void the_night_of_the_day_of_a_move_is_the_receivers(void **state)
{
	struct city city;
	struct buffer lines = {0};
	const int32_t first = day(2026, 6, 1), last = day(2026, 6, 30), moves = day(2026, 6, 12);
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, LONGQUAN, CHENGDU, 510112);
	uint64_t person = city_person(&city, 1);
	assert_int_equal(
	    open_stay(&city, ANKANG, person, day(2026, 3, 4), DAY_NEVER), REASON_registered);
	put(&lines, STAY_CLOSE, ANKANG, person, day(2026, 3, 4), moves - 1);
	put(&lines, STAY_OPEN, LONGQUAN, person, moves, DAY_NEVER);
	assert_int_equal(city_order(&city, stay_kind(), &lines, 2), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_registered);
	assert_int_equal(city_reason(&city, 1), REASON_registered);
	struct nights giver = nights_of(&city, ANKANG, person, first, last);
	struct nights receiver = nights_of(&city, LONGQUAN, person, first, last);
	assert_int_equal(giver.count, 11);
	assert_int_equal(giver.until, day(2026, 6, 11));
	assert_int_equal(receiver.count, 19);
	assert_int_equal(receiver.from, day(2026, 6, 12));
	assert_int_equal(programme_share(5000, 30, 1, 11), 1833);
	assert_int_equal(programme_share(5000, 30, 12, 30), 3167);
	city_close(&city);
}

/* The entry day counts, the leaving day does not: in on the 5th, out on the 9th are the nights 5-8. */
static void the_leaving_day_is_no_night(void **state)
{
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, LONGQUAN, CHENGDU, 510112);
	uint64_t person = city_person(&city, 1);
	assert_int_equal(open_stay(&city, ANKANG, person, day(2026, 10, 5), day(2026, 10, 8)),
	    REASON_registered);
	struct nights nights =
	    nights_of(&city, ANKANG, person, day(2026, 10, 1), day(2026, 10, 31));
	assert_int_equal(nights.count, 4);
	assert_int_equal(
	    open_stay(&city, LONGQUAN, person, day(2026, 10, 9), DAY_NEVER), REASON_registered);
	city_close(&city);
}

/* --- one city ---------------------------------------------------------------------------------------------- */

static void overlapping_nights_are_refused_with_the_first_common_one(void **state)
{
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, LONGQUAN, CHENGDU, 510112);
	uint64_t person = city_person(&city, 1);
	assert_int_equal(open_stay(&city, ANKANG, person, day(2026, 10, 5), day(2026, 10, 20)),
	    REASON_registered);
	assert_int_equal(
	    open_stay(&city, LONGQUAN, person, day(2026, 10, 1), DAY_NEVER), REASON_overlap);
	assert_int_equal(verdict_day(&city, 0), day(2026, 10, 5));
	assert_int_equal(
	    open_stay(&city, LONGQUAN, person, day(2026, 10, 20), DAY_NEVER), REASON_overlap);
	assert_int_equal(verdict_day(&city, 0), day(2026, 10, 20));
	assert_int_equal(open_stay(&city, LONGQUAN, person, day(2026, 10, 1), day(2026, 10, 4)),
	    REASON_registered);
	assert_int_equal(
	    open_stay(&city, LONGQUAN, person, day(2026, 10, 21), DAY_NEVER), REASON_registered);
	/* another person's bed is another matter */
	assert_int_equal(
	    open_stay(&city, ANKANG, city_person(&city, 2), day(2026, 10, 5), day(2026, 10, 20)),
	    REASON_registered);
	city_close(&city);
}

/* Of several nights that are taken, stored ones and those of the same order, the first is told. */
static void of_many_common_nights_the_first_is_told(void **state)
{
	struct city city;
	struct buffer lines = {0};
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, LONGQUAN, CHENGDU, 510112);
	uint64_t person = city_person(&city, 1);
	open_stay(&city, ANKANG, person, day(2026, 10, 20), day(2026, 10, 22));
	open_stay(&city, ANKANG, person, day(2026, 10, 9), day(2026, 10, 12));
	assert_int_equal(
	    open_stay(&city, LONGQUAN, person, day(2026, 10, 1), DAY_NEVER), REASON_overlap);
	assert_int_equal(verdict_day(&city, 0), day(2026, 10, 9));
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 10, 4), day(2026, 10, 5));
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 10, 14), day(2026, 10, 15));
	put(&lines, STAY_OPEN, LONGQUAN, person, day(2026, 10, 1), DAY_NEVER);
	assert_int_equal(city_order(&city, stay_kind(), &lines, 3), ERROR_NONE);
	assert_int_equal(city_reason(&city, 2), REASON_overlap);
	assert_int_equal(verdict_day(&city, 2), day(2026, 10, 4));
	city_close(&city);
}

static void lines_of_one_order_see_each_other(void **state)
{
	struct city city;
	struct buffer lines = {0};
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, LONGQUAN, CHENGDU, 510112);
	uint64_t person = city_person(&city, 1);
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 10, 5), day(2026, 10, 9));  /* 0 */
	put(&lines, STAY_OPEN, LONGQUAN, person, day(2026, 10, 9), DAY_NEVER);       /* 1 */
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 10, 5), day(2026, 10, 9));  /* 2 */
	put(&lines, STAY_CLOSE, ANKANG, person, day(2026, 10, 5), day(2026, 10, 7)); /* 3 */
	put(&lines, STAY_OPEN, LONGQUAN, person, day(2026, 10, 10), DAY_NEVER);      /* 4 */
	assert_int_equal(city_order(&city, stay_kind(), &lines, 5), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_registered);
	assert_int_equal(city_reason(&city, 1), REASON_overlap);
	assert_int_equal(verdict_day(&city, 1), day(2026, 10, 9));
	assert_int_equal(city_reason(&city, 2), REASON_duplicate);
	assert_int_equal(city_reason(&city, 3), REASON_no_stay); /* opened by this order */
	assert_int_equal(city_reason(&city, 4), REASON_registered);
	city_close(&city);
}

static void a_stay_is_only_ever_shortened(void **state)
{
	struct city city;
	const struct stay_row *row = NULL;
	const int32_t first = day(2026, 10, 5);
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	uint64_t person = city_person(&city, 1);
	assert_int_equal(open_stay(&city, ANKANG, person, first, DAY_NEVER), REASON_registered);
	assert_int_equal(
	    book(&city, STAY_CLOSE, ANKANG, person, first, first + 20), REASON_registered);
	assert_int_equal(
	    book(&city, STAY_CLOSE, ANKANG, person, first, first + 21), REASON_no_stay);
	assert_int_equal(
	    book(&city, STAY_CLOSE, ANKANG, person, first + 1, first + 5), REASON_no_stay);
	assert_int_equal(
	    book(&city, STAY_CLOSE, ANKANG, person, first, first - 1), REASON_registered);
	assert_int_equal(stay_get(city.txn, ANKANG, person, first, &row), ERROR_NONE);
	assert_int_equal(row->last_night, first - 1);
	/* a stay without nights stands in nobody's way, and keeps its key */
	assert_int_equal(open_stay(&city, ANKANG, person, first + 1, DAY_NEVER), REASON_registered);
	assert_int_equal(open_stay(&city, ANKANG, person, first, first), REASON_duplicate);
	city_close(&city);
}

static void nobody_enters_who_is_unknown_dead_or_barred_out(void **state)
{
	struct city city;
	struct buffer lines = {0};
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, YUBEI, CHONGQING, 500112);
	uint64_t person = city_person(&city, 1), dead = city_person(&city, 2);
	struct person_facts facts = {.code = dead,
	    .birth_day = day(1943, 2, 28),
	    .death_day = day(2026, 10, 4),
	    .income_class = INCOME_MINIMUM};
	city_person_line(&city, &lines, &facts);
	assert_int_equal(city_order(&city, KIND_OF(person, false), &lines, 1), ERROR_NONE);
	struct institution_line bar = {
	    .operation = INSTITUTION_SUSPEND, .from_day = day(2026, 11, 1)};
	memcpy(bar.uscc, ANKANG, USCC_SIZE);
	institution_line_write(&lines, &bar);
	assert_int_equal(city_order(&city, KIND_OF(institution, false), &lines, 1), ERROR_NONE);

	put(&lines, STAY_OPEN, ANKANG, person_code_make(CHENGDU, 77), day(2026, 10, 1), DAY_NEVER);
	put(&lines, STAY_OPEN, ANKANG, person + 1, day(2026, 10, 1), DAY_NEVER);
	put(&lines, STAY_OPEN, YUBEI, person, day(2026, 10, 1), DAY_NEVER);
	put(&lines, STAY_OPEN, LIZHOU, person, day(2026, 10, 1), DAY_NEVER);
	put(&lines, STAY_OPEN, ANKANG, dead, day(2026, 10, 5), DAY_NEVER);
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 11, 1), DAY_NEVER);
	put(&lines, STAY_OPEN, ANKANG, person_code_make(GUANGYUAN, 1), day(2026, 10, 1), DAY_NEVER);
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 10, 31), day(2026, 10, 31));
	assert_int_equal(city_order(&city, stay_kind(), &lines, 8), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_unknown_person);
	assert_int_equal(city_reason(&city, 1), REASON_unknown_person);
	assert_int_equal(city_reason(&city, 2), REASON_unknown_institution); /* another host's */
	assert_int_equal(city_reason(&city, 3), REASON_unknown_institution);
	assert_int_equal(city_reason(&city, 4), REASON_after_death);
	assert_int_equal(city_reason(&city, 5), REASON_suspended);
	assert_int_equal(city_reason(&city, 6), REASON_unknown_person); /* a city not known here */
	assert_int_equal(city_reason(&city, 7), REASON_registered);
	city_close(&city);
}

static void a_line_that_is_no_stay_refuses_the_whole_order(void **state)
{
	struct city city;
	struct buffer lines = {0};
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	uint64_t person = city_person(&city, 1);
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 10, 5), DAY_NEVER);
	put(&lines, STAY_OPEN, ANKANG, person, day(2026, 10, 5), day(2026, 10, 3));
	assert_int_equal(city_order(&city, stay_kind(), &lines, 2), ERROR_MALFORMED);
	assert_string_equal(city.detail.text, "line 2: not the line of a stay");
	put(&lines, STAY_CLOSE, ANKANG, person, day(2026, 10, 5), DAY_NEVER);
	assert_int_equal(city_order(&city, stay_kind(), &lines, 1), ERROR_MALFORMED);
	put(&lines, STAY_OPEN, ANKANG, person, -1, 5);
	assert_int_equal(city_order(&city, stay_kind(), &lines, 1), ERROR_MALFORMED);
	city_close(&city);
}

/* --- over all cities --------------------------------------------------------------------------------------- */

/* A home, Chengdu, and two hosts that know it and are known to it; one person filed with both. */
struct region_of_three {
	struct city home, chongqing, guangyuan;
	struct policy catalogues[3][3];
	uint64_t person;
};

static void all_catalogues(struct city *city, struct policy catalogues[3])
{
	city_knows(city, CHONGQING, &catalogues[0]);
	city_knows(city, CHENGDU, &catalogues[1]);
	city_knows(city, GUANGYUAN, &catalogues[2]);
}

static void file_with(struct region_of_three *three, uint32_t host, int32_t from, int32_t until)
{
	struct buffer lines = {0};
	const struct filing_line line = {
	    .person = three->person, .host = host, .from_day = from, .until_day = until};
	filing_line_write(&lines, &line);
	assert_int_equal(city_order(&three->home, KIND_OF(filing, false), &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(&three->home, 0), REASON_registered);
}

static void three_open(struct region_of_three *three)
{
	memset(three, 0, sizeof(*three));
	city_open(&three->home, CHENGDU);
	city_open(&three->chongqing, CHONGQING);
	city_open(&three->guangyuan, GUANGYUAN);
	all_catalogues(&three->home, three->catalogues[0]);
	all_catalogues(&three->chongqing, three->catalogues[1]);
	all_catalogues(&three->guangyuan, three->catalogues[2]);
	city_institution(&three->home, ANKANG, CHENGDU, 510104);
	city_institution(&three->home, YUBEI, CHONGQING, 500112);
	city_institution(&three->home, LIZHOU, GUANGYUAN, 510802);
	city_institution(&three->chongqing, YUBEI, CHONGQING, 500112);
	city_institution(&three->guangyuan, LIZHOU, GUANGYUAN, 510802);
	three->person = city_person(&three->home, 1);
	file_with(three, CHONGQING, day(2026, 10, 1), DAY_NEVER);
	file_with(three, GUANGYUAN, day(2026, 10, 1), DAY_NEVER);
}

static void three_close(struct region_of_three *three)
{
	city_close(&three->home);
	city_close(&three->chongqing);
	city_close(&three->guangyuan);
}

static enum stay_state state_at(
    struct city *city, const char *uscc, uint64_t person, int32_t first_day)
{
	const struct stay_row *row = NULL;
	assert_int_equal(stay_get(city->txn, uscc, person, first_day, &row), ERROR_NONE);
	return (enum stay_state)row->state;
}

/* The host orders, home decides, the host learns. */
static void ask_home(struct region_of_three *three, struct city *host)
{
	assert_int_equal(city_deliver(host, &three->home, "stay_opened", notice_kind()), 1);
	city_deliver(&three->home, host, "stay_accepted", answer_kind());
	city_deliver(&three->home, host, "stay_refused", answer_kind());
}

static void a_stay_elsewhere_waits_for_home(void **state)
{
	struct region_of_three three;
	const int32_t first = day(2026, 10, 5);
	(void)state;
	three_open(&three);
	assert_int_equal(open_stay(&three.chongqing, YUBEI, three.person, first, DAY_NEVER),
	    REASON_pending_home);
	assert_int_equal(state_at(&three.chongqing, YUBEI, three.person, first), STAY_PENDING);
	ask_home(&three, &three.chongqing);
	assert_int_equal(state_at(&three.chongqing, YUBEI, three.person, first), STAY_ACCEPTED);
	assert_int_equal(state_at(&three.home, YUBEI, three.person, first), STAY_ACCEPTED);
	three_close(&three);
}

/* Two hosts want the same nights at the same time; neither knows of the other. Home's log order decides. */
static void of_two_cities_the_first_that_home_has_logged_stands(void **state)
{
	struct region_of_three three;
	const int32_t first = day(2026, 10, 5), second = day(2026, 10, 9);
	(void)state;
	three_open(&three);
	assert_int_equal(open_stay(&three.guangyuan, LIZHOU, three.person, second, DAY_NEVER),
	    REASON_pending_home);
	assert_int_equal(open_stay(&three.chongqing, YUBEI, three.person, first, DAY_NEVER),
	    REASON_pending_home);
	ask_home(&three, &three.chongqing);
	ask_home(&three, &three.guangyuan);
	assert_int_equal(state_at(&three.chongqing, YUBEI, three.person, first), STAY_ACCEPTED);
	assert_int_equal(state_at(&three.guangyuan, LIZHOU, three.person, second), STAY_REFUSED);
	const struct stay_row *row = NULL;
	assert_int_equal(
	    stay_get(three.guangyuan.txn, LIZHOU, three.person, second, &row), ERROR_NONE);
	assert_int_equal(row->reason, REASON_overlap);
	three_close(&three);
}

/* Who is refused learns the person's code and a date, never where the person sleeps. */
static void the_loser_learns_code_and_date_only(void **state)
{
	struct region_of_three three;
	(void)state;
	three_open(&three);
	assert_int_equal(open_stay(&three.home, ANKANG, three.person, day(2026, 10, 7), DAY_NEVER),
	    REASON_registered);
	assert_int_equal(
	    open_stay(&three.chongqing, YUBEI, three.person, day(2026, 10, 5), DAY_NEVER),
	    REASON_pending_home);
	assert_int_equal(
	    city_deliver(&three.chongqing, &three.home, "stay_opened", notice_kind()), 1);
	assert_int_equal(city_reason(&three.home, 0), REASON_overlap);
	assert_int_equal(verdict_day(&three.home, 0), day(2026, 10, 7));
	assert_int_equal(three.home.decision.outgoing_count, 1);
	const struct buffer *payload = &three.home.decision.outgoing[0].payload;
	struct buffer expected = {0};
	codec_put_array(&expected, 5);
	codec_put_text(&expected, span_text(YUBEI));
	codec_put_uint(&expected, three.person);
	codec_put_int(&expected, day(2026, 10, 5));
	codec_put_uint(&expected, REASON_overlap);
	codec_put_int(&expected, day(2026, 10, 7));
	assert_true(payload->size > expected.size);
	assert_memory_equal(payload->data + payload->size - expected.size, expected.data,
	    expected.size); /* one item, and the head of the message before it */
	buffer_free(&expected);
	three_close(&three);
}

static void home_refuses_who_is_not_filed_there(void **state)
{
	struct region_of_three three;
	(void)state;
	three_open(&three);
	assert_int_equal(
	    open_stay(&three.chongqing, YUBEI, three.person, day(2026, 9, 30), day(2026, 9, 30)),
	    REASON_pending_home);
	ask_home(&three, &three.chongqing);
	assert_int_equal(
	    state_at(&three.chongqing, YUBEI, three.person, day(2026, 9, 30)), STAY_REFUSED);
	assert_int_equal(
	    open_stay(&three.chongqing, YUBEI, three.person, day(2026, 10, 1), day(2026, 10, 1)),
	    REASON_pending_home);
	ask_home(&three, &three.chongqing);
	assert_int_equal(
	    state_at(&three.chongqing, YUBEI, three.person, day(2026, 10, 1)), STAY_ACCEPTED);
	three_close(&three);
}

/* Closed at one host on the day of the move, the nights are free for the next one. */
static void a_move_between_cities_is_the_receivers_night_too(void **state)
{
	struct region_of_three three;
	const int32_t first = day(2026, 10, 5), moves = day(2026, 10, 12);
	(void)state;
	three_open(&three);
	open_stay(&three.chongqing, YUBEI, three.person, first, DAY_NEVER);
	ask_home(&three, &three.chongqing);
	assert_int_equal(book(&three.chongqing, STAY_CLOSE, YUBEI, three.person, first, moves - 1),
	    REASON_registered);
	assert_int_equal(
	    city_deliver(&three.chongqing, &three.home, "stay_closed", notice_kind()), 1);
	assert_int_equal(city_reason(&three.home, 0), REASON_registered);
	open_stay(&three.guangyuan, LIZHOU, three.person, moves, DAY_NEVER);
	ask_home(&three, &three.guangyuan);
	assert_int_equal(state_at(&three.guangyuan, LIZHOU, three.person, moves), STAY_ACCEPTED);
	struct nights there =
	    nights_of(&three.home, YUBEI, three.person, day(2026, 10, 1), day(2026, 10, 31));
	struct nights here =
	    nights_of(&three.home, LIZHOU, three.person, day(2026, 10, 1), day(2026, 10, 31));
	assert_int_equal(there.count, 7); /* 5-11 */
	assert_int_equal(here.count, 20); /* 12-31 */
	three_close(&three);
}

static void a_host_speaks_of_its_own_institutions_and_homes_of_their_own_persons(void **state)
{
	struct region_of_three three;
	const int32_t first = day(2026, 10, 5);
	(void)state;
	three_open(&three);
	/* Guangyuan claims to host Chongqing's institution */
	city_institution(&three.guangyuan, YUBEI, CHONGQING, 500112);
	open_stay(&three.chongqing, YUBEI, three.person, first, DAY_NEVER);
	struct buffer payload = {0}, document = {0};
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, GUANGYUAN);
	codec_put_uint(&payload, CHENGDU);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, 1);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, 4);
	codec_put_text(&payload, span_text(YUBEI));
	codec_put_uint(&payload, three.person);
	codec_put_int(&payload, first);
	codec_put_null(&payload);
	document_sign(&document, "stay_opened", &three.guangyuan.key, buffer_span(&payload));
	assert_int_equal(city_receive(&three.home, notice_kind(), &document), ERROR_NONE);
	assert_int_equal(city_reason(&three.home, 0), REASON_unknown_institution);
	/* the answer to Guangyuan does not touch the stay that waits at Chongqing */
	buffer_clear(&document);
	city_sign(&three.home, 0, &document);
	assert_int_equal(city_receive(&three.guangyuan, answer_kind(), &document), ERROR_NONE);
	assert_int_equal(city_reason(&three.guangyuan, 0), REASON_no_stay);
	assert_int_equal(state_at(&three.chongqing, YUBEI, three.person, first), STAY_PENDING);
	buffer_free(&payload);
	buffer_free(&document);
	three_close(&three);
}

/* --- property: nights are disjoint, whoever asks in whatever order ------------------------------------------ */

static uint64_t random_step(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

struct occupancy {
	int32_t from;
	unsigned nights[64];
};

static bool mark(void *context, const struct stay_night_span *stay)
{
	struct occupancy *occupancy = context;
	for (int32_t i = 0; i < 64; i++)
		occupancy->nights[i] += stay->state == STAY_ACCEPTED &&
					stay->first_day <= occupancy->from + i &&
					occupancy->from + i <= stay->last_night;
	return true;
}

/* Hosts and home open and close at random, answers arrive late and mixed; at home no night is ever taken twice. */
static void accepted_nights_are_disjoint_over_all_cities(void **state)
{
	uint64_t seed = 20261016;
	unsigned accepted = 0;
	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	struct region_of_three three;
	three_open(&three);
	struct city *const hosts[] = {&three.home, &three.chongqing, &three.guangyuan};
	static const char *const codes[] = {ANKANG, YUBEI, LIZHOU};
	for (unsigned step = 0; step < 200; step++) {
		unsigned at = (unsigned)(random_step(&seed) % 3);
		int32_t first = day(2026, 10, 1) + (int32_t)(random_step(&seed) % 60);
		int32_t last = first + (int32_t)(random_step(&seed) % 6) - 1;
		if (random_step(&seed) % 3 == 0) {
			book(hosts[at], STAY_CLOSE, codes[at], three.person, first, last);
			city_deliver(hosts[at], &three.home, "stay_closed", notice_kind());
			continue;
		}
		open_stay(hosts[at], codes[at], three.person, first, last);
		if (at == 0)
			continue;
		city_deliver(hosts[at], &three.home, "stay_opened", notice_kind());
		city_deliver(&three.home, hosts[at], "stay_accepted", answer_kind());
		city_deliver(&three.home, hosts[at], "stay_refused", answer_kind());
		struct occupancy occupancy = {.from = day(2026, 10, 1)};
		assert_int_equal(
		    stay_each(three.home.txn, three.person, mark, &occupancy), ERROR_NONE);
		for (unsigned i = 0; i < 64; i++) {
			assert_true(occupancy.nights[i] <= 1);
			accepted += occupancy.nights[i];
		}
	}
	assert_true(accepted > 0);
	three_close(&three);
}

/* --- copies and the cursor --------------------------------------------------------------------------------- */

static void the_copies_of_a_persons_row_are_kept_equal(void **state)
{
	struct city city;
	struct buffer lines = {0};
	const struct stay_row *row = NULL;
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	uint64_t person = city_person(&city, 1);
	open_stay(&city, ANKANG, person, day(2026, 10, 5), day(2026, 10, 8));
	open_stay(&city, ANKANG, person, day(2026, 10, 9), DAY_NEVER);
	const struct person_facts facts = {.code = person,
	    .birth_day = day(1943, 2, 28),
	    .death_day = day(2026, 10, 14),
	    .income_class = INCOME_LOW};
	city_person_line(&city, &lines, &facts);
	assert_int_equal(city_order(&city, KIND_OF(person, false), &lines, 1), ERROR_NONE);
	const int32_t begins[] = {day(2026, 10, 5), day(2026, 10, 9)};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(stay_get(city.txn, ANKANG, person, begins[i], &row), ERROR_NONE);
		assert_int_equal(row->slot, i);
		assert_memory_equal(
		    &row->person, city_row(&city, person), sizeof(struct person_row));
	}
	city_close(&city);
}

/* However often and in whatever order it is asked, the cursor gives what is there. */
static void the_cursor_finds_what_a_search_finds(void **state)
{
	struct city city;
	struct stay_cursor *cursor = NULL;
	uint64_t persons[12], seed = 20261017;
	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	city_open(&city, CHENGDU);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, LONGQUAN, CHENGDU, 510112);
	for (uint32_t i = 0; i < 12; i++) {
		persons[i] = city_person(&city, i);
		if (i % 3 != 0) /* every third has no stay here */
			for (uint32_t j = 0; j < i % 3; j++)
				open_stay(&city, ANKANG, persons[i],
				    day(2026, 10, 1) + (int32_t)(10 * j),
				    day(2026, 10, 1) + (int32_t)(10 * j + 5));
		open_stay(&city, LONGQUAN, persons[i], day(2026, 12, 1), DAY_NEVER);
	}
	assert_int_equal(stay_cursor_open(city.txn, ANKANG, &cursor), ERROR_NONE);
	for (unsigned step = 0; step < 300; step++) {
		uint32_t i = step < 12 ? step : (uint32_t)(random_step(&seed) % 12);
		int32_t first_day = 0;
		const struct stay_row *row = NULL;
		enum error error = stay_cursor_person(cursor, persons[i], &first_day, &row);
		for (uint32_t j = 0; j < i % 3; j++) {
			assert_int_equal(error, ERROR_NONE);
			assert_true(row->person.code == persons[i]);
			assert_int_equal(first_day, day(2026, 10, 1) + (int32_t)(10 * j));
			if (step % 5 == 0 && j == 0)
				break; /* not all are read */
			error = stay_cursor_next(cursor, &first_day, &row);
		}
		if (i % 3 == 0 || step % 5 != 0)
			assert_int_equal(error, ERROR_NOT_FOUND);
	}
	stay_cursor_close(cursor);
	city_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_night_of_the_day_of_a_move_is_the_receivers),
	    cmocka_unit_test(the_leaving_day_is_no_night),
	    cmocka_unit_test(overlapping_nights_are_refused_with_the_first_common_one),
	    cmocka_unit_test(of_many_common_nights_the_first_is_told),
	    cmocka_unit_test(lines_of_one_order_see_each_other),
	    cmocka_unit_test(a_stay_is_only_ever_shortened),
	    cmocka_unit_test(nobody_enters_who_is_unknown_dead_or_barred_out),
	    cmocka_unit_test(a_line_that_is_no_stay_refuses_the_whole_order),
	    cmocka_unit_test(a_stay_elsewhere_waits_for_home),
	    cmocka_unit_test(of_two_cities_the_first_that_home_has_logged_stands),
	    cmocka_unit_test(the_loser_learns_code_and_date_only),
	    cmocka_unit_test(home_refuses_who_is_not_filed_there),
	    cmocka_unit_test(a_move_between_cities_is_the_receivers_night_too),
	    cmocka_unit_test(a_host_speaks_of_its_own_institutions_and_homes_of_their_own_persons),
	    cmocka_unit_test(accepted_nights_are_disjoint_over_all_cities),
	    cmocka_unit_test(the_copies_of_a_persons_row_are_kept_equal),
	    cmocka_unit_test(the_cursor_finds_what_a_search_finds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
