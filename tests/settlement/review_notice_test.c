/* Whatever befalls appealed lines in whatever order, with documents that cross each other on the way: both cities end with the same, every fen
 * is accounted for, and days, nights and caps are exactly those of the lines that stand. What stands is added up here from the verdicts, by no
 * rule of the program. The seed is printed. */
#include "appealing.h"
#include "testing.h"

#define PERSONS 8u
#define SHEETS_MAX 64u
#define STEPS 150u
#define ROUNDS 8u
#define ROUNDS_MAX 64u
#define PROGRAMME "care_subsidy"

struct world {
	struct pair pair;
	uint64_t state; /* of the random numbers */
	unsigned version;
	int64_t cap_fen;
	uint32_t beds;
	int32_t today;
	uint64_t persons[PERSONS];
	struct {
		uint64_t number;
		unsigned person, first, last;
	} sheets[SHEETS_MAX];
	unsigned sheet_count, next[PERSONS];
	uint64_t appealed; /* the number of the sheet that was appealed last */
	unsigned changed, upheld, added, refused_documents, taken_back;
};

static unsigned roll(struct world *world, unsigned below)
{
	return (unsigned)chance_below(&world->state, below);
}

/* --- the cities ------------------------------------------------------------------------------------------------- */

static struct span catalogue(struct world *world, uint32_t region)
{
	static struct catalogue_text text;
	char more[128];
	snprintf(more, sizeof(more),
	    "    takes_capacity: true\n    programme_cap: %lld.00\n    limits_clause: a\n",
	    (long long)(world->cap_fen / 100));
	const struct programme_text programme = {
	    .code = PROGRAMME, .need = "bed", .needs_assessment = "true", .more = more};
	catalogue_of(&text, region, world->version, &programme, 1);
	return catalogue_span(&text);
}

/* What a node does with a document that its rules refuse: the refusal is an entry, and goes back. */
static void refuse(struct town *town, struct span document, enum error error)
{
	const struct hash hash = document_hash(document);
	struct buffer line = {0};
	struct document read;
	struct message message;
	struct txn *txn;
	assert_int_equal(document_read(document, &read), ERROR_NONE);
	assert_int_equal(message_read(read.payload, &message), ERROR_NONE);
	codec_put_array(&line, 3);
	codec_put_bytes(&line, hash_span(&hash));
	codec_put_uint(&line, message.number);
	codec_put_text(&line, span_text(error_name(error)));
	const struct command command = {.kind = KIND_refusal,
	    .documents = &document,
	    .document_count = 1,
	    .secret = hash,
	    .lines = buffer_span(&line),
	    .count = 1};
	assert_int_equal(ledger_begin(town->ledger, &txn), ERROR_NONE);
	assert_int_equal(settlement_decide(town->settlement, txn, &command, town->now_ms,
			     &town->decision, &town->detail),
	    ERROR_NONE);
	town_append(town, txn, &command);
	buffer_free(&line);
}

/* The first letter arrives. Only an appeal may be refused: of a line that was taken back while it was on its way. */
static void arrive(struct world *world)
{
	struct pair *pair = &world->pair;
	struct town_letter letter = pair->post.letters[0];
	struct town *to = letter.to == CHENGDU ? &pair->home : &pair->host;
	memmove(pair->post.letters, pair->post.letters + 1,
	    --pair->post.count * sizeof(*pair->post.letters));
	enum error error =
	    town_submit(to, buffer_span(&letter.document), buffer_span(&letter.attachment));
	if (error && (strcmp(letter.name, "appeal") != 0 || error != ERROR_STATE))
		fail_msg("%s: %s", letter.name, to->detail.text);
	if (error) {
		refuse(to, buffer_span(&letter.document), error);
		world->refused_documents++;
	}
	buffer_free(&letter.document);
	buffer_free(&letter.attachment);
}

static void all_arrive(struct world *world)
{
	while (world->pair.post.count)
		arrive(world);
}

static void set_beds(struct world *world)
{
	struct institution_line institution = {.operation = INSTITUTION_UPDATE,
	    .name = span_text("安康养老院"),
	    .account = span_text("51050140866300000042"),
	    .bank = span_text("105651000013"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = GUANGYUAN,
	    .beds = world->beds,
	    .star = 3};
	struct buffer line = {0};
	memcpy(institution.uscc, HOUSE_D, USCC_SIZE);
	institution_line_write(&line, &institution);
	town_register(&world->pair.host, KIND_institution, &line, REASON_registered);
}

static void begin(struct world *world, uint64_t seed, bool from_log)
{
	memset(world, 0, sizeof(*world));
	world->state = seed;
	world->version = 1;
	world->cap_fen = 4000;
	world->beds = 2;
	world->today = day(2026, 7, 2);
	struct pair *pair = &world->pair;
	town_open(&pair->home, CHENGDU, catalogue(world, CHENGDU), &pair->post);
	town_open(&pair->host, GUANGYUAN, catalogue(world, GUANGYUAN), &pair->post);
	struct town *const towns[] = {&pair->home, &pair->host};
	town_introduce(towns, 2, &pair->post);
	town_house(&pair->host, HOUSE_D, GUANGYUAN, world->beds);
	town_fund(&pair->home, "fiscal", 30000);
	town_officer(&pair->home);
	carry(pair);
	for (unsigned i = 0; i < PERSONS; i++)
		world->persons[i] =
		    traveller(pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	/* The others are refused until somebody assesses them. */
	for (unsigned i = 0; i < PERSONS / 2; i++)
		town_assess(&pair->home, world->persons[i], 2, day(2026, 6, 1), day(2027, 5, 31));
	pair_at(pair, world->today);
	pair->home.from_log = pair->host.from_log = from_log;
}

/* --- what may happen ---------------------------------------------------------------------------------------------- */

static void may_claim(struct world *world)
{
	unsigned i = world->sheet_count, person = roll(world, PERSONS);
	/* Mostly the days behind those that were claimed last, else any. */
	unsigned first = 1 + (roll(world, 4) ? world->next[person] : roll(world, 28));
	if (i == SHEETS_MAX)
		return;
	world->sheets[i].person = person;
	world->sheets[i].first = first;
	world->sheets[i].last = first + roll(world, 5) % (31 - first);
	world->sheets[i].number = claim(&world->pair, CHENGDU,
	    world->persons[world->sheets[i].person], PROGRAMME, first, world->sheets[i].last);
	world->next[person] = world->sheets[i].last % 28;
	world->sheet_count++;
}

static void may_assess(struct world *world)
{
	town_assess(&world->pair.home, world->persons[roll(world, PERSONS)], 2,
	    day(2026, 6, roll(world, 2) ? 1 : 1 + (int)roll(world, 28)), day(2027, 5, 31));
}

/* Mostly one that something has just happened to. */
static uint64_t some_sheet(struct world *world)
{
	return world->appealed && roll(world, 3)
		   ? world->appealed
		   : world->sheets[roll(world, world->sheet_count)].number;
}

static void may_appeal(struct world *world)
{
	if (world->sheet_count == 0)
		return;
	uint64_t number = world->sheets[roll(world, world->sheet_count)].number;
	enum error error = appeal_for(&world->pair.host, HOUSE_D, number, 0, "other");
	if (!error)
		world->appealed = number;
	if (error && error != ERROR_STATE && error != ERROR_EXISTS)
		fail_msg("%s: %s", error_name(error), world->pair.host.detail.text);
}

static void may_review(struct world *world)
{
	if (world->sheet_count == 0)
		return;
	enum error error = review_for(&world->pair.home, HOUSE_D, some_sheet(world), 0,
	    roll(world, 8) == 0 ? "withdrawn" : NULL);
	if (error && error != ERROR_STATE && error != ERROR_NOT_FOUND)
		fail_msg("%s: %s", error_name(error), world->pair.home.detail.text);
}

static bool is_booked(struct town *town, uint64_t number, struct sheet_row *row)
{
	struct txn *txn = desk_read(town);
	enum error error = sheet_row_get(txn, HOUSE_D, number, row);
	txn_abort(txn);
	return !error;
}

static bool find_appeal(struct town *town, uint64_t number, struct appeal *appeal)
{
	struct txn *txn = desk_read(town);
	enum error error = appeal_get(txn, HOUSE_D, number, 0, appeal);
	txn_abort(txn);
	return !error;
}

static void may_take_back(struct world *world)
{
	struct town *home = &world->pair.home;
	struct appeal appeal;
	struct sheet_row row;
	if (world->sheet_count == 0)
		return;
	uint64_t number = some_sheet(world);
	if (!is_booked(home, number, &row))
		return;
	uint64_t entry = row.sequence;
	if (roll(world, 2) && find_appeal(home, number, &appeal) && appeal.review)
		entry = appeal.review;
	enum error error = take_back(home, entry, 0);
	if (error && error != ERROR_STATE && error != ERROR_NOT_FOUND && error != ERROR_EXISTS)
		fail_msg("%s: %s", error_name(error), home->detail.text);
	world->taken_back += !error;
}

static void may_raise(struct world *world)
{
	switch (roll(world, 3)) {
	case 0:
		world->version++;
		world->cap_fen += 5000;
		if (town_policy(&world->pair.home, catalogue(world, CHENGDU)))
			fail_msg("%s", world->pair.home.detail.text);
		break;
	case 1:
		world->beds++;
		set_beds(world);
		break;
	default:
		town_fund(&world->pair.home, "fiscal", 5000);
	}
}

static void may_pass(struct world *world)
{
	struct buffer parameter = {0};
	switch (roll(world, 4)) {
	case 0:
		desk_restart(roll(world, 2) ? &world->pair.home : &world->pair.host);
		break;
	case 1:
		pair_at(&world->pair, ++world->today);
		break;
	case 2:
		codec_put_null(&parameter);
		town_order(&world->pair.home, KIND_cut, &parameter, 1, NULL, 0);
		break;
	default:
		all_arrive(world);
	}
}

static void step(struct world *world)
{
	static void (*const deeds[])(struct world *) = {may_claim, may_claim, may_claim, may_assess,
	    may_appeal, may_appeal, may_appeal, may_appeal, may_review, may_review, may_review,
	    may_take_back, may_raise, may_raise, may_pass};
	deeds[roll(world, sizeof(deeds) / sizeof(*deeds))](world);
	for (unsigned i = roll(world, 2); i && world->pair.post.count; i--)
		arrive(world);
}

/* --- what must be so then ------------------------------------------------------------------------------------------- */

static bool is_reversed(struct town *town, uint64_t sequence)
{
	struct txn *txn = desk_read(town);
	bool reversed;
	assert_int_equal(reversed_get(txn, sequence, 0, &reversed), ERROR_NONE);
	txn_abort(txn);
	return reversed;
}

/* Nights that stand of a verdict on these days: all, or as many as its reduction says fitted. */
static int64_t nights_of(const struct verdict *verdict, int64_t days)
{
	const struct verdict_reduction *reduction = verdict_reduced(verdict, REASON_capacity);
	int64_t fit = reduction ? reduction->limit - reduction->used : days;
	return fit < 0 ? 0 : fit < days ? fit : days;
}

struct standing_line {
	int64_t fen, nights;
	bool days;
};

/* What stands of a sheet's line at the payer, by its verdicts and what was taken back. */
static struct standing_line standing_at_home(struct world *world, unsigned i)
{
	struct town *home = &world->pair.home;
	const int64_t days = world->sheets[i].last - world->sheets[i].first + 1;
	struct standing_line standing = {0};
	struct appeal appeal;
	struct sheet_row row;
	assert_true(is_booked(home, world->sheets[i].number, &row));
	const struct verdict first = town_verdict(home, row.sequence, 0);
	if (first.reason == REASON_approved && !is_reversed(home, row.sequence)) {
		standing.fen += first.amount_fen;
		standing.nights = nights_of(&first, days);
		standing.days = true;
	}
	if (!find_appeal(home, world->sheets[i].number, &appeal) || !appeal.review)
		return standing;
	world->changed += appeal.state == APPEAL_CHANGED;
	world->added += appeal.state == APPEAL_CHANGED && first.reason == REASON_approved;
	world->upheld += appeal.state == APPEAL_UPHELD;
	if (appeal.state != APPEAL_CHANGED || is_reversed(home, appeal.review))
		return standing;
	const struct verdict second = town_verdict(home, appeal.review, 0);
	assert_string_equal(reason_name(second.reason), "approved");
	/* What came on top stands on what was there before. */
	assert_true(first.reason != REASON_approved || standing.days);
	standing.fen += second.amount_fen;
	standing.days = true;
	if (nights_of(&second, days) > standing.nights)
		standing.nights = nights_of(&second, days);
	return standing;
}

static uint32_t claimed_days(struct town *home, uint64_t person)
{
	struct txn *txn = desk_read(home);
	const struct institution_row *house;
	struct claim_state *state;
	struct stay_cursor *stays;
	const struct stay_row *row;
	int32_t first_day;
	uint32_t days = 0;
	assert_int_equal(institution_get(txn, HOUSE_D, &house), ERROR_NONE);
	assert_int_equal(claim_state_create(&state), ERROR_NONE);
	claim_state_begin(state, txn, HOUSE_D, JUNE, house->next_slot);
	assert_int_equal(stay_cursor_open(txn, HOUSE_D, &stays), ERROR_NONE);
	enum error error = stay_cursor_person(stays, person, &first_day, &row);
	for (; !error; error = stay_cursor_next(stays, &first_day, &row))
		days |= claim_state_days(state, NEED_BED, row->slot);
	assert_int_equal(claim_state_failed(state), ERROR_NONE);
	stay_cursor_close(stays);
	claim_state_free(state);
	txn_abort(txn);
	return days;
}

static int64_t counted(struct town *town, bool nights)
{
	struct txn *txn = desk_read(town);
	struct claim_state *state;
	assert_int_equal(claim_state_create(&state), ERROR_NONE);
	claim_state_begin(state, txn, HOUSE_D, JUNE, 0);
	int64_t found = nights ? claim_state_nights(state)
			       : claim_state_programme(state, programme_tag(span_text(PROGRAMME)));
	assert_int_equal(claim_state_failed(state), ERROR_NONE);
	claim_state_free(state);
	txn_abort(txn);
	return found;
}

static void check_money(struct world *world, int64_t standing_fen)
{
	struct town *home = &world->pair.home, *host = &world->pair.host;
	int64_t owed = 0;
	for (uint32_t window = 1; window < 40; window++) {
		assert_int_equal(
		    town_owes(home, GUANGYUAN, window), town_is_owed(host, CHENGDU, window));
		owed += town_owes(home, GUANGYUAN, window);
	}
	assert_int_equal(owed, standing_fen);
	assert_int_equal(town_remote(host, HOUSE_D) - town_recoverable(host, HOUSE_D), owed);
	assert_int_equal(town_fund_left(home, "fiscal") + owed, -town_credit(home, "treasury"));
	assert_int_equal(counted(home, false), standing_fen);
}

static void check(struct world *world)
{
	uint32_t days[PERSONS] = {0};
	int64_t fen = 0, nights = 0;
	bool waits = false;
	all_arrive(world);
	world->changed = world->upheld = world->added = 0;
	for (unsigned i = 0; i < world->sheet_count; i++) {
		const struct standing_line standing = standing_at_home(world, i);
		struct appeal here, there;
		bool at_home = find_appeal(&world->pair.home, world->sheets[i].number, &here);
		bool at_host = find_appeal(&world->pair.host, world->sheets[i].number, &there);
		fen += standing.fen;
		nights += standing.nights;
		if (standing.days) {
			uint32_t bits = night_bits(world->sheets[i].first, world->sheets[i].last);
			/* No day twice. */
			assert_int_equal(days[world->sheets[i].person] & bits, 0);
			days[world->sheets[i].person] |= bits;
		}
		assert_int_equal(at_home, at_host && there.state != APPEAL_REFUSED);
		if (at_home) {
			assert_int_equal(here.state, there.state);
			assert_int_equal(here.payers_review, there.payers_review);
			waits = waits || here.state == APPEAL_OPEN;
		}
	}
	check_money(world, fen);
	for (unsigned i = 0; i < PERSONS; i++)
		assert_int_equal(claimed_days(&world->pair.home, world->persons[i]), days[i]);
	/* While an appeal is open the host keeps what it may come to. */
	if (waits)
		assert_true(counted(&world->pair.host, true) >= nights);
	else
		assert_int_equal(counted(&world->pair.host, true), nights);
}

static void both_cities_account_for_every_fen_day_and_night_in_whatever_order(void **state)
{
	uint64_t seed = chance_seed("appeals");
	unsigned changed = 0, upheld = 0, added = 0, refused = 0, taken_back = 0;
	static struct world world;
	(void)state;
	/* On until each thing has happened. */
	for (unsigned round = 0;
	     round < ROUNDS || (round < ROUNDS_MAX && !(added && changed > added && upheld));
	     round++) {
		begin(&world, seed + round, round % 2);
		for (unsigned i = 0; i < STEPS; i++) {
			step(&world);
			if (i % 15 == 14)
				check(&world);
		}
		changed += world.changed;
		upheld += world.upheld;
		added += world.added;
		refused += world.refused_documents;
		taken_back += world.taken_back;
		pair_close(&world.pair);
	}
	print_message(
	    "%u changed, %u of them on top, %u upheld, %u documents refused, %u taken back\n",
	    changed, added, upheld, refused, taken_back);
	assert_true(added > 0 && changed > added && upheld > 0 && taken_back > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_cities_account_for_every_fen_day_and_night_in_whatever_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
