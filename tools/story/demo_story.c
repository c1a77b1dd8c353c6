/* demo_story.c: the story of the demo: registers, then months of stays, deaths, claims, allowances, windows, clearings and payments. */
#include "demo_story.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embedded.h"

#define HOUR_MS INT64_C(3600000)

static enum error at(struct demo_story *story, int32_t day, int hour)
{
	return story->actor->at(story->actor->context, day_start_ms(day) + hour * HOUR_MS);
}

static enum error deliver(struct demo_story *story)
{
	return story->actor->deliver(story->actor->context);
}

unsigned demo_city_of(uint32_t region)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (sample_regions[city] == region)
			return city;
	}
	assert(!"a region of the demo");
	return 0;
}

/* Rows for one city, gathered and handed on. */
#define ROWS_MAX IMPORT_ROWS_MAX

/* Setting up. */

static enum error appropriate(struct demo_story *story, unsigned city)
{
	const struct policy *policy = story->policies[city];
	struct appropriation_line rows[FUNDS_MAX + 1];
	char references[FUNDS_MAX + 1][REFERENCE_MAX];
	uint32_t count = 0;

	for (size_t i = 0; i < policy->fund_count; i++) {
		const struct fund *fund = &policy->funds[i];
		/* A district has little: its fund will not do for the whole time. */
		int64_t yuan = fund->owner % 100 != 0           ? 10
			       : fund->source == SOURCE_LOTTERY ? 3000
								: 200000;
		struct appropriation_line *row = &rows[count];

		if (fund->source == SOURCE_INSURANCE)
			continue;
		*row = (struct appropriation_line){.kind = APPROPRIATION_FUND,
		    .amount = {
			yuan * 100 * (int64_t)(story->residents / 2000 + 1) * story->months}};
		snprintf(row->fund, sizeof row->fund, "%s", fund->code);
		snprintf(references[count], REFERENCE_MAX, "appropriation %06u/%s/%u",
		    (unsigned)sample_regions[city], fund->code, (unsigned)DEMO_FIRST_MONTH);
		row->reference = span_text(references[count]);
		count++;
	}
	rows[count] =
	    (struct appropriation_line){.kind = APPROPRIATION_FLOAT, .amount = {INT64_C(2000000)}};
	snprintf(references[count], REFERENCE_MAX, "float %06u/%u", (unsigned)sample_regions[city],
	    (unsigned)DEMO_FIRST_MONTH);
	rows[count].reference = span_text(references[count]);
	return story->actor->appropriations(story->actor->context, city, rows, count + 1);
}

static enum error register_houses(struct demo_story *story, unsigned city)
{
	const struct sample_model *model = &story->model;
	struct institution_line *rows = calloc(model->institution_count, sizeof *rows);
	char(*accounts)[24] = calloc(model->institution_count, sizeof *accounts);
	uint32_t count = 0;
	enum error error = rows && accounts ? ERROR_NONE : ERROR_MEMORY;

	for (uint32_t i = 0; !error && i < model->institution_count; i++) {
		const struct sample_institution *house = &model->institutions[i];
		struct institution_line *row = &rows[count];
		struct secret_key key;

		if (house->city != city)
			continue;
		memset(row, 0, sizeof *row);
		row->operation = INSTITUTION_REGISTER;
		memcpy(row->uscc, house->uscc, USCC_SIZE);
		row->name = span_text(house->name);
		row->kind = (enum institution_kind)house->kind;
		row->district = house->district ? house->district : house->region;
		row->beds = house->beds;
		row->star = house->star;
		snprintf(accounts[count], sizeof accounts[count], "6217%015u", (unsigned)(i + 1));
		row->account = span_text(accounts[count]);
		row->bank = span_text("102651000000");
		key_from_seed(&house->key_seed, &key);
		row->has_key = true;
		row->key = key.public;
		key_wipe(&key);
		count++;
	}
	if (!error && count)
		error = story->actor->institutions(story->actor->context, city, rows, count);
	free(rows);
	free(accounts);
	return error;
}

static enum error register_people(struct demo_story *story, unsigned city)
{
	const struct sample_model *model = &story->model;
	struct texts {
		char name[SAMPLE_NAME_SIZE], id[19], card[20];
	} *texts = calloc(ROWS_MAX, sizeof *texts);
	struct import_person *rows = calloc(ROWS_MAX, sizeof *rows);
	enum error error = texts && rows ? ERROR_NONE : ERROR_MEMORY;

	for (uint32_t first = model->city_first[city];
	     !error && first < model->city_first[city + 1]; first += ROWS_MAX) {
		uint32_t count = model->city_first[city + 1] - first;

		count = count < ROWS_MAX ? count : ROWS_MAX;
		for (uint32_t i = 0; i < count; i++) {
			const struct sample_person *who = &model->people[first + i];

			sample_person_name(model, who, texts[i].name);
			sample_person_id(who, texts[i].id);
			sample_person_card(who, texts[i].card);
			rows[i] = (struct import_person){.name = texts[i].name,
			    .id_number = texts[i].id,
			    .card = texts[i].card,
			    .bank = "103651000000",
			    .income_class = who->income_class,
			    .flags = who->flags};
		}
		error = story->actor->persons(
		    story->actor->context, city, rows, count, model->people[first].code);
	}
	free(texts);
	free(rows);
	return error;
}

struct assessment demo_assessment(const struct sample_person *who)
{
	return (struct assessment){.person = who->code,
	    .level = who->level,
	    .score = ASSESSMENT_NO_SCORE,
	    .from_day = who->assessed_day,
	    .until_day = who->assessed_day + 364,
	    .assessor = sample_regions[who->city]};
}

static enum error assess_people(struct demo_story *story, unsigned city)
{
	const struct sample_model *model = &story->model;
	struct assessment *rows = calloc(ROWS_MAX, sizeof *rows);
	uint32_t count = 0;
	enum error error = rows ? ERROR_NONE : ERROR_MEMORY;

	for (uint32_t i = model->city_first[city]; !error && i < model->city_first[city + 1]; i++) {
		if (model->people[i].assessed_day == DAY_NEVER)
			continue;
		rows[count++] = demo_assessment(&model->people[i]);
		if (count == ROWS_MAX) {
			error = story->actor->assessments(story->actor->context, city, rows, count);
			count = 0;
		}
	}
	if (!error && count)
		error = story->actor->assessments(story->actor->context, city, rows, count);
	free(rows);
	return error;
}

struct grant_line demo_grant(
    uint64_t person, const char *programme, unsigned paid_to, uint32_t region)
{
	struct grant_line row = {.person = person,
	    .from_day = day_of(2026, 1, 1),
	    .until_day = DAY_NEVER,
	    .paid_to = (enum paid_to)paid_to,
	    .region = region,
	    .state = GRANT_GIVEN};

	snprintf(row.programme, sizeof row.programme, "%s", programme);
	return row;
}

static enum error grant_people(struct demo_story *story, unsigned city)
{
	const struct sample_model *model = &story->model;
	struct grant_line *rows = calloc(ROWS_MAX, sizeof *rows);
	uint32_t count = 0;
	enum error error = rows ? ERROR_NONE : ERROR_MEMORY;

	for (uint32_t i = model->city_first[city]; !error && i < model->city_first[city + 1]; i++) {
		const struct sample_person *who = &model->people[i];

		if (who->granted_service)
			rows[count++] =
			    demo_grant(who->code, "service_subsidy", who->granted_service, 0);
		if (who->granted_care)
			rows[count++] =
			    demo_grant(who->code, "nursing_subsidy", who->granted_care, 0);
		if (count >= ROWS_MAX - 1) {
			error = story->actor->grants(story->actor->context, city, rows, count);
			count = 0;
		}
	}
	if (!error && count)
		error = story->actor->grants(story->actor->context, city, rows, count);
	free(rows);
	return error;
}

struct filing_line demo_filing(uint64_t person, uint32_t host, int32_t from_day)
{
	struct filing_line row = {
	    .person = person, .host = host, .from_day = from_day, .until_day = DAY_NEVER};

	row.consent = hash_sha256(span_of(&row.person, sizeof row.person));
	return row;
}

static enum error file_people(struct demo_story *story, unsigned city)
{
	const struct sample_model *model = &story->model;
	struct filing_line *rows = calloc(model->stay_count + 1, sizeof *rows);
	uint32_t count = 0;
	enum error error = rows ? ERROR_NONE : ERROR_MEMORY;

	for (uint32_t i = 0; !error && i < model->stay_count && count < ROWS_MAX; i++) {
		const struct sample_stay *stay = &model->stays[i];
		const struct sample_person *who = &model->people[stay->person];

		/* One in ten has forgotten to file: its lines will be refused. */
		if (stay->cross && who->city == city && who->serial % 10 != 0)
			rows[count++] = demo_filing(who->code,
			    model->institutions[stay->institution].region, day_of(2025, 1, 1));
	}
	if (!error && count)
		error = story->actor->filings(story->actor->context, city, rows, count);
	free(rows);
	return error;
}

static struct stay_line stay_row(
    const struct demo_story *story, const struct sample_stay *stay, enum stay_operation operation)
{
	struct stay_line row = {.operation = operation,
	    .person = story->model.people[stay->person].code,
	    .first_day = stay->first_day,
	    .last_night = operation == STAY_OPEN ? DAY_NEVER : stay->last_night};

	memcpy(row.uscc, story->model.institutions[stay->institution].uscc, USCC_SIZE);
	return row;
}

static enum error open_stays(struct demo_story *story, unsigned city)
{
	const struct sample_model *model = &story->model;
	struct stay_line *rows = calloc(ROWS_MAX, sizeof *rows);
	uint32_t count = 0;
	enum error error = rows ? ERROR_NONE : ERROR_MEMORY;

	for (uint32_t i = 0; !error && i < model->stay_count; i++) {
		const struct sample_stay *stay = &model->stays[i];

		if (model->institutions[stay->institution].city != city)
			continue;
		rows[count++] = stay_row(story, stay, STAY_OPEN);
		if (count == ROWS_MAX) {
			error = story->actor->stays(story->actor->context, city, rows, count);
			count = 0;
		}
	}
	if (!error && count)
		error = story->actor->stays(story->actor->context, city, rows, count);
	free(rows);
	return error;
}

typedef enum error city_step(struct demo_story *story, unsigned city);

static enum error in_all_cities(struct demo_story *story, city_step *step)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		TRY(step(story, city));
	return ERROR_NONE;
}

static enum error add_officer(struct demo_story *story, unsigned city)
{
	uint8_t text[12];
	struct hash seed;

	be64_write(text, story->model.seed);
	be32_write(text + 8, sample_regions[city]);
	seed = hash_sha256(span_of(text, sizeof text));
	return story->actor->officer(story->actor->context, city, DEMO_OFFICER_NAME, &seed);
}

static enum error set_up(struct demo_story *story)
{
	int32_t day = month_first_day(story->first_month) - 12;

	TRY(at(story, day, 9));
	TRY(in_all_cities(story, add_officer));
	TRY(in_all_cities(story, appropriate));
	TRY(in_all_cities(story, register_houses));
	TRY(deliver(story));
	TRY(at(story, day + 1, 9));
	TRY(in_all_cities(story, register_people));
	TRY(at(story, day + 2, 9));
	TRY(in_all_cities(story, assess_people));
	TRY(in_all_cities(story, grant_people));
	TRY(in_all_cities(story, demo_faults_registers));
	TRY(in_all_cities(story, file_people));
	TRY(deliver(story));
	TRY(at(story, day + 3, 9));
	TRY(in_all_cities(story, open_stays));
	TRY(in_all_cities(story, demo_faults_stays));
	return deliver(story);
}

/* What happens in a month. */

static enum error one_stay(
    struct demo_story *story, const struct sample_stay *stay, enum stay_operation operation)
{
	struct stay_line row = stay_row(story, stay, operation);

	return story->actor->stays(
	    story->actor->context, story->model.institutions[stay->institution].city, &row, 1);
}

/* Who comes to another city files first; who is new to an institution was assessed. */
static enum error arrive(struct demo_story *story, const struct sample_stay *stay, bool assessed)
{
	const struct sample_person *who = &story->model.people[stay->person];

	if (assessed) {
		struct assessment row = demo_assessment(who);
		TRY(story->actor->assessments(story->actor->context, who->city, &row, 1));
	}
	if (stay->cross && who->serial % 10 != 0) {
		struct filing_line row = demo_filing(who->code,
		    story->model.institutions[stay->institution].region, stay->first_day);
		TRY(story->actor->filings(story->actor->context, who->city, &row, 1));
	}
	TRY(deliver(story));
	return one_stay(story, stay, STAY_OPEN);
}

static enum error play_event(struct demo_story *story, const struct sample_event *event)
{
	const struct sample_model *model = &story->model;
	const struct sample_stay *old = event->stay ? &model->stays[event->stay - 1] : NULL;
	const struct sample_stay *new = event->new_stay ? &model->stays[event->new_stay - 1] : NULL;

	switch (event->kind) {
	case SAMPLE_ENTERS:
		return arrive(story, new, true);
	case SAMPLE_LEAVES:
		return one_stay(story, old, STAY_CLOSE);
	case SAMPLE_TRANSFERS:
		TRY(one_stay(story, old, STAY_CLOSE));
		/* Home must know that the old stay is over before it accepts the new one. */
		TRY(deliver(story));
		return arrive(story, new, false);
	case SAMPLE_DIES:
		/* In the institution's books at once, unless nobody tells, or the house forgets to strike the name out. */
		return old->last_night == DAY_NEVER || model->people[event->person].serial % 4 == 0
			   ? ERROR_NONE
			   : one_stay(story, old, STAY_CLOSE);
	}
	return ERROR_NONE;
}

/* The cities learn of deaths on their days. */
static enum error report_deaths(struct demo_story *story, int32_t day)
{
	for (uint32_t i = 0; i < story->death_count; i++) {
		const struct sample_person *who = &story->model.people[story->deaths[i].person];

		if (who->died_known_day != day)
			continue;
		TRY(story->actor->facts(
		    story->actor->context, who->city, who->code, who->death_day));
		TRY(demo_take_back(story, &story->deaths[i]));
	}
	return ERROR_NONE;
}

static enum error note_deaths(struct demo_story *story)
{
	for (uint32_t i = 0; i < story->month.event_count; i++) {
		const struct sample_event *event = &story->month.events[i];
		const struct sample_stay *stay =
		    event->stay ? &story->model.stays[event->stay - 1] : NULL;
		struct demo_death *grown;

		if (event->kind != SAMPLE_DIES)
			continue;
		grown = realloc(story->deaths, (story->death_count + 1) * sizeof *grown);
		if (!grown)
			return ERROR_MEMORY;
		story->deaths = grown;
		grown[story->death_count] =
		    (struct demo_death){.person = event->person, .first_day = stay->first_day};
		memcpy(grown[story->death_count].uscc,
		    story->model.institutions[stay->institution].uscc, USCC_SIZE);
		grown[story->death_count++].city =
		    story->model.institutions[stay->institution].city;
	}
	return ERROR_NONE;
}

static enum error play_day(struct demo_story *story, int32_t day)
{
	bool any = false;

	TRY(at(story, day, 9));
	for (uint32_t i = 0; i < story->month.event_count; i++) {
		if (story->month.events[i].day != day)
			continue;
		any = true;
		TRY(play_event(story, &story->month.events[i]));
	}
	for (uint32_t i = 0; i < story->death_count; i++)
		any |= story->model.people[story->deaths[i].person].died_known_day == day;
	if (!any)
		return ERROR_NONE;
	TRY(report_deaths(story, day));
	return deliver(story);
}

static enum error cut(struct demo_story *story, unsigned city)
{
	return story->actor->cut(story->actor->context, city);
}

static enum error pay_institutions(struct demo_story *story, unsigned city)
{
	char batch[16];

	snprintf(batch, sizeof batch, "%u", (unsigned)story->claim_month);
	return story->actor->order_payments(
	    story->actor->context, city, PAYMENT_INSTITUTION, batch);
}

/* What guests have brought: out of the float at once, or when the clearing of the month with that city is settled. */
static enum error pay_for_guests(struct demo_story *story, unsigned city)
{
	char name[16];

	for (unsigned other = 0; other < SAMPLE_CITIES; other++) {
		if (other == city || story->policies[city]->pays_from_float)
			continue;
		snprintf(name, sizeof name, "%u-%06u", (unsigned)story->clearing_month,
		    (unsigned)sample_regions[other]);
		TRY(story->actor->order_payments(
		    story->actor->context, city, PAYMENT_GUESTS, name));
	}
	return ERROR_NONE;
}

static enum error advance(struct demo_story *story, unsigned city)
{
	char batch[16];

	if (!story->policies[city]->pays_from_float)
		return ERROR_NONE;
	snprintf(batch, sizeof batch, "%u", (unsigned)story->claim_month);
	return story->actor->order_payments(story->actor->context, city, PAYMENT_ADVANCE, batch);
}

static enum error run_allowances(struct demo_story *story, unsigned city)
{
	static const char *const programmes[] = {"old_age_allowance", "disabled_nursing_allowance"};
	char run[40];

	for (size_t i = 0; i < 2; i++) {
		snprintf(run, sizeof run, "%s-%u", i == 0 ? "old-age" : "disabled",
		    (unsigned)story->claim_month);
		TRY(story->actor->allowance(
		    story->actor->context, city, story->claim_month, programmes[i], run));
	}
	return ERROR_NONE;
}

static enum error pay_allowances(struct demo_story *story, unsigned city)
{
	char run[40];

	for (size_t i = 0; i < 2; i++) {
		snprintf(run, sizeof run, "%s-%u", i == 0 ? "old-age" : "disabled",
		    (unsigned)story->claim_month);
		TRY(story->actor->order_payments(story->actor->context, city, PAYMENT_RUN, run));
	}
	return ERROR_NONE;
}

static enum error propose(struct demo_story *story, unsigned city)
{
	return story->actor->clearing(story->actor->context, city, story->clearing_month);
}

static enum error pay_clearing(struct demo_story *story, unsigned city)
{
	char name[16];

	snprintf(name, sizeof name, "%u", (unsigned)story->clearing_month);
	return story->actor->order_payments(story->actor->context, city, PAYMENT_CLEARING, name);
}

/* The days of a calendar month on which offices do something about the month before, and the one before that. */
static enum error office_day(
    struct demo_story *story, int32_t day, unsigned number, bool claims, bool clearing)
{
	if (claims && number >= 2 && number <= 5) {
		TRY(at(story, day, 10));
		TRY(demo_claims(story, number - 2));
		TRY(deliver(story));
		TRY(at(story, day, 17));
		TRY(in_all_cities(story, cut));
		TRY(deliver(story));
	}
	if (claims && number == 8) {
		TRY(at(story, day, 10));
		TRY(in_all_cities(story, run_allowances));
	}
	if (claims && number == 10) {
		TRY(at(story, day, 10));
		TRY(in_all_cities(story, pay_institutions));
		TRY(in_all_cities(story, advance));
		TRY(in_all_cities(story, pay_allowances));
	}
	if (claims && number == 12) {
		TRY(at(story, day, 10));
		TRY(story->actor->bank(story->actor->context));
	}
	if (claims && number == 15 && story->claim_month == story->first_month) {
		TRY(at(story, day, 10));
		TRY(in_all_cities(story, demo_faults_take_back));
		TRY(in_all_cities(story, demo_faults_mend));
		TRY(in_all_cities(story, demo_faults_appeal));
		TRY(deliver(story));
		TRY(in_all_cities(story, demo_faults_review));
		TRY(deliver(story));
	}
	if (clearing && number == 21) {
		TRY(at(story, day, 10));
		TRY(in_all_cities(story, propose));
		TRY(deliver(story));
		TRY(in_all_cities(story, pay_clearing));
	}
	if (clearing && (number == 23 || number == 25)) {
		/* On the 23rd the cities' banks; the institutions' money for guests is ordered then, and booked on the 25th. */
		TRY(at(story, day, 10));
		TRY(story->actor->bank(story->actor->context));
		TRY(deliver(story));
		if (number == 23)
			TRY(in_all_cities(story, pay_for_guests));
	}
	return ERROR_NONE;
}

/* One calendar month. Number 0 is the first of the story. */
static enum error play_month(
    struct demo_story *story, uint32_t month, uint32_t before, unsigned index)
{
	bool claims = index >= 1 && index <= story->months, clearing = index >= 2;
	int32_t first = month_first_day(month);

	story->claim_month = before;
	story->clearing_month = before;
	for (int32_t day = first; day < first + month_days(month); day++) {
		unsigned number = (unsigned)(day - first) + 1;

		TRY(play_day(story, day));
		TRY(office_day(story, day, number, claims, clearing));
		/* What was taken back since goes into a last window of the month. */
		if (number == (unsigned)month_days(month) && index >= 1 && index <= story->months) {
			TRY(at(story, day, 18));
			TRY(in_all_cities(story, cut));
			TRY(deliver(story));
		}
	}
	return ERROR_NONE;
}

static enum error tell(struct demo_story *story)
{
	uint32_t month = story->first_month, before = 0;

	TRY(set_up(story));
	for (unsigned index = 0; index < story->months + 2; index++) {
		/* The claims of the month before are made out of the stays as that month left them: they are gathered before the next is drawn. */
		if (index < story->months) {
			if (index > 0)
				TRY(demo_gather(story, before));
			TRY(sample_month_draw(&story->model, month, &story->month));
			TRY(note_deaths(story));
		} else {
			if (index == story->months)
				TRY(demo_gather(story, before));
			story->month.event_count = 0;
		}
		TRY(play_month(story, month, before, index));
		before = month;
		month = month_next(month);
	}
	return ERROR_NONE;
}

/* The catalogues that are built in have been checked. */
static void no_complaint(
    void *context, const char *file, unsigned line, const char *field, const char *text)
{
	(void)context, (void)file, (void)line, (void)field, (void)text;
}

static enum error load_policies(struct demo_story *story)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		TRY(policy_load("policy", policy_embedded(sample_regions[city]), no_complaint, NULL,
		    &story->policies[city]));
	return ERROR_NONE;
}

enum error demo_tell(const struct demo_actor *actor, uint64_t seed, uint32_t residents,
    uint32_t first_month, unsigned months)
{
	struct demo_story *story = calloc(1, sizeof *story);
	enum error error;

	if (!story)
		return ERROR_MEMORY;
	story->actor = actor;
	story->residents = residents;
	story->first_month = first_month;
	story->months = months;
	error = load_policies(story);
	if (!error)
		error = sample_model_create(seed, residents, first_month, &story->model);
	if (!error) {
		demo_faults_pick(story);
		error = tell(story);
	}
	sample_model_free(&story->model);
	sample_month_free(&story->month);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		policy_free(story->policies[city]);
	demo_claims_free(story);
	free(story->deaths);
	free(story);
	return error;
}
