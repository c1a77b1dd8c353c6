/* demo_faults.c: a few persons in each city who stand for one wrong claim each, and wrong sheets. Whoever reads the report sees every
 * reason with its lines. */
#include "demo_story.h"

#include <stdio.h>
#include <string.h>

uint32_t demo_house(const struct demo_story *story, unsigned city, unsigned number)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < story->model.institution_count; i++) {
		if (story->model.institutions[i].city != city)
			continue;
		last = i;
		if (number-- == 0)
			break;
	}
	return last;
}

/* Nanchong's third house, from the 20th of the first month. */
int32_t demo_suspended_from(const struct demo_story *story, uint32_t house)
{
	return house == demo_house(story, 3, 2) ? month_first_day(story->first_month) + 19
						: DAY_NEVER;
}

/* Someone who lives at home and is of the right age; nobody else will take them. */
static uint32_t pick(struct demo_story *story, unsigned city, bool old)
{
	struct sample_model *model = &story->model;
	int32_t day = month_first_day(story->first_month);

	for (uint32_t i = model->city_first[city]; i < model->city_first[city + 1]; i++) {
		struct sample_person *who = &model->people[i];
		int age = age_on(who->birth_day, day);

		if (who->stay || who->granted_service || who->granted_care ||
		    (old ? age < 84 : age > 75) || (who->flags & PERSON_DISABLED) ||
		    who->serial % 10 == 0)
			continue;
		who->stay = UINT32_MAX;
		return i;
	}
	return FAULT_NOBODY;
}

void demo_faults_pick(struct demo_story *story)
{
	int32_t assessed = month_first_day(story->first_month) - 60;

	for (unsigned i = 0; i < DEMO_CROWD; i++) {
		story->crowd[i] = pick(story, DEMO_CROWD_CITY, true);
		if (story->crowd[i] == FAULT_NOBODY)
			continue;
		story->model.people[story->crowd[i]].income_class = INCOME_MINIMUM;
		story->model.people[story->crowd[i]].level = 2;
		story->model.people[story->crowd[i]].assessed_day = assessed;
	}
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		for (unsigned fault = 0; fault < FAULT_COUNT; fault++) {
			uint32_t index = pick(story, city, fault != FAULT_AGE);
			struct sample_person *who;

			story->faults[city][fault] = index;
			if (index == FAULT_NOBODY)
				continue;
			who = &story->model.people[index];
			who->income_class = fault == FAULT_INCOME ? INCOME_OTHER : INCOME_MINIMUM;
			who->level = fault == FAULT_LEVEL ? 1 : 3;
			who->assessed_day = fault == FAULT_NO_ASSESSMENT || fault == FAULT_LATE
						? DAY_NEVER
						: assessed;
			if (fault == FAULT_EXCLUDED)
				who->flags |= PERSON_SEVERELY_DISABLED;
		}
		/* The second house has fewer licensed beds than residents. */
		story->model.institutions[demo_house(story, city, 1)].beds =
		    story->model.institutions[demo_house(story, city, 1)].beds * 3 / 10 + 1;
	}
}

/* The city whose persons are guests in this one's house. */
static unsigned guests_of(unsigned city)
{
	return (city + SAMPLE_CITIES - 1) % SAMPLE_CITIES;
}

/* Is the city large enough for all these? */
static bool has_faults(const struct demo_story *story, unsigned city)
{
	for (unsigned fault = 0; fault < FAULT_COUNT; fault++) {
		if (story->faults[city][fault] == FAULT_NOBODY)
			return false;
	}
	return true;
}

/* ... and for the crowd? */
static bool has_crowd(const struct demo_story *story, unsigned city)
{
	return city == DEMO_CROWD_CITY && story->crowd[DEMO_CROWD - 1] != FAULT_NOBODY;
}

static uint64_t crowd_code(const struct demo_story *story, unsigned number)
{
	return story->model.people[story->crowd[number]].code;
}

static uint64_t code_of(const struct demo_story *story, unsigned city, enum demo_fault fault)
{
	return story->model.people[story->faults[city][fault]].code;
}

enum error demo_faults_registers(struct demo_story *story, unsigned city)
{
	const struct demo_actor *actor = story->actor;
	struct grant_line rows[FAULT_COUNT + DEMO_CROWD];
	struct institution_line suspended = {
	    .operation = INSTITUTION_SUSPEND, .grounds = span_text("抽查不合格 inspection failed")};
	struct filing_line filings[2];
	uint32_t count = 0, other = sample_regions[(city + 1) % SAMPLE_CITIES],
		 third = sample_regions[(city + 2) % SAMPLE_CITIES];
	uint32_t house = demo_house(story, city, 2);

	if (!has_faults(story, city))
		return ERROR_NONE;
	rows[count++] = demo_grant(code_of(story, city, FAULT_NOT_PORTABLE), "service_subsidy",
	    PAID_TO_INSTITUTION, third);
	rows[count++] = demo_grant(
	    code_of(story, city, FAULT_LEVEL), "nursing_subsidy", PAID_TO_INSTITUTION, 0);
	rows[count++] =
	    demo_grant(code_of(story, city, FAULT_AGE), "service_subsidy", PAID_TO_INSTITUTION, 0);
	rows[count++] = demo_grant(
	    code_of(story, city, FAULT_INCOME), "service_subsidy", PAID_TO_INSTITUTION, 0);
	rows[count++] = demo_grant(
	    code_of(story, city, FAULT_EXCLUDED), "nursing_subsidy", PAID_TO_INSTITUTION, 0);
	rows[count++] = demo_grant(
	    code_of(story, city, FAULT_EXCLUDED), "disabled_nursing_allowance", PAID_TO_CARD, 0);
	rows[count++] = demo_grant(
	    code_of(story, city, FAULT_CEILING), "service_subsidy", PAID_TO_INSTITUTION, 0);
	rows[count++] = demo_grant(
	    code_of(story, city, FAULT_NOT_FILED), "service_subsidy", PAID_TO_INSTITUTION, 0);
	rows[count++] =
	    demo_grant(code_of(story, city, FAULT_LATE), "nursing_subsidy", PAID_TO_INSTITUTION, 0);
	for (unsigned i = 0; has_crowd(story, city) && i < DEMO_CROWD; i++)
		rows[count++] =
		    demo_grant(crowd_code(story, i), "service_subsidy", PAID_TO_INSTITUTION, 0);
	TRY(actor->grants(actor->context, city, rows, count));
	filings[0] =
	    demo_filing(code_of(story, city, FAULT_NOT_PORTABLE), other, day_of(2026, 1, 1));
	filings[1] = demo_filing(code_of(story, city, FAULT_LATE), other, day_of(2026, 1, 1));
	TRY(actor->filings(actor->context, city, filings, 2));
	/* Dead before the month, but still in the house's books. */
	TRY(actor->facts(actor->context, city, code_of(story, city, FAULT_DEAD),
	    month_first_day(story->first_month) - 20));
	if (demo_suspended_from(story, house) == DAY_NEVER)
		return ERROR_NONE;
	memcpy(suspended.uscc, story->model.institutions[house].uscc, USCC_SIZE);
	suspended.from_day = demo_suspended_from(story, house);
	return actor->institutions(actor->context, city, &suspended, 1);
}

static struct stay_line open_stay(const struct demo_story *story, uint32_t house, uint64_t person)
{
	struct stay_line row = {.operation = STAY_OPEN,
	    .person = person,
	    .first_day = month_first_day(story->first_month) - 100,
	    .last_night = DAY_NEVER};

	memcpy(row.uscc, story->model.institutions[house].uscc, USCC_SIZE);
	return row;
}

enum error demo_faults_stays(struct demo_story *story, unsigned city)
{
	const struct demo_actor *actor = story->actor;
	uint32_t house = demo_house(story, city, 0), second = demo_house(story, city, 1);
	struct stay_line rows[FAULT_COUNT + DEMO_CROWD + 2];
	uint32_t count = 0;
	unsigned home = guests_of(city);

	if (!has_faults(story, city) || !has_faults(story, home))
		return ERROR_NONE;
	for (unsigned fault = 0; fault < FAULT_COUNT; fault++) {
		if (fault != FAULT_NO_STAY && fault != FAULT_NOT_PORTABLE &&
		    fault != FAULT_NOT_FILED && fault != FAULT_LATE)
			rows[count++] =
			    open_stay(story, house, code_of(story, city, (enum demo_fault)fault));
	}
	for (unsigned i = 0; has_crowd(story, city) && i < DEMO_CROWD; i++)
		rows[count++] = open_stay(story, house, crowd_code(story, i));
	/* Guests; and one who is said to sleep in two houses. */
	rows[count++] = open_stay(story, house, code_of(story, home, FAULT_NOT_PORTABLE));
	rows[count++] = open_stay(story, house, code_of(story, home, FAULT_NOT_FILED));
	rows[count++] = open_stay(story, house, code_of(story, home, FAULT_LATE));
	TRY(actor->stays(actor->context, city, rows, count));
	rows[0] = open_stay(story, second, code_of(story, city, FAULT_NO_GRANT));
	return actor->stays(actor->context, city, rows, 1);
}

static struct demo_line line_of(uint64_t person, const char *programme)
{
	return (struct demo_line){.person = person,
	    .programme = programme,
	    .first_day = 1,
	    .last_day = 30,
	    .amount_fen = -1};
}

/* Whose line is this of the sheet that was added last? False: they have none there. */
static bool find_line(
    const struct demo_story *story, uint64_t person, uint64_t *sheet_number, uint32_t *line)
{
	const struct demo_filed *sheet = &story->sheets[story->sheet_count - 1];

	for (uint32_t i = 0; i < sheet->count; i++) {
		if (story->lines[sheet->first + i].person != person)
			continue;
		*sheet_number = sheet->number;
		*line = i;
		return true;
	}
	return false;
}

/* The line with the price above the ceiling. */
static void note_mistake(struct demo_story *story, unsigned city)
{
	find_line(story, code_of(story, city, FAULT_CEILING), &story->mistakes[city].sheet,
	    &story->mistakes[city].line);
}

/* The line of the guest whose assessment is late. */
static void note_appeal(struct demo_story *story, unsigned city, unsigned home)
{
	find_line(story, code_of(story, home, FAULT_LATE), &story->appeals[city].sheet,
	    &story->appeals[city].line);
}

enum error demo_faults_take_back(struct demo_story *story, unsigned city)
{
	const struct sample_institution *house =
	    &story->model.institutions[demo_house(story, city, 0)];

	if (story->mistakes[city].sheet == 0)
		return ERROR_NONE;
	return story->actor->reverse(story->actor->context, city, house->uscc,
	    story->mistakes[city].sheet, story->mistakes[city].line, "not served 未提供服务");
}

enum error demo_faults_mend(struct demo_story *story, unsigned city)
{
	struct sample_person *who;
	struct assessment row;

	if (story->appeals[(city + 1) % SAMPLE_CITIES].sheet == 0)
		return ERROR_NONE;
	who = &story->model.people[story->faults[city][FAULT_LATE]];
	who->assessed_day = month_first_day(story->first_month) - 60;
	row = demo_assessment(who);
	return story->actor->assessments(story->actor->context, city, &row, 1);
}

enum error demo_faults_appeal(struct demo_story *story, unsigned city)
{
	const struct sample_institution *house =
	    &story->model.institutions[demo_house(story, city, 0)];

	if (story->appeals[city].sheet == 0)
		return ERROR_NONE;
	return story->actor->appeal(story->actor->context, city, house->uscc,
	    story->appeals[city].sheet, story->appeals[city].line, "assessment");
}

enum error demo_faults_review(struct demo_story *story, unsigned city)
{
	const struct sample_institution *house =
	    &story->model.institutions[demo_house(story, city, 0)];

	if (story->appeals[city].sheet == 0)
		return ERROR_NONE;
	return story->actor->review(story->actor->context, guests_of(city), house->uscc,
	    story->appeals[city].sheet, story->appeals[city].line);
}

/* Lines of the city's own persons in its first house. */
static enum error own_lines(struct demo_story *story, unsigned city)
{
	struct demo_line ceiling = line_of(code_of(story, city, FAULT_CEILING), "service_subsidy");

	ceiling.amount_fen = 123456;
	TRY(demo_line_add(story, ceiling));
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_NO_GRANT), "service_subsidy")));
	TRY(demo_line_add(
	    story, line_of(code_of(story, city, FAULT_NO_ASSESSMENT), "bed_subsidy")));
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_LEVEL), "nursing_subsidy")));
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_AGE), "service_subsidy")));
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_INCOME), "service_subsidy")));
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_EXCLUDED), "nursing_subsidy")));
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_NO_STAY), "bed_subsidy")));
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_DEAD), "bed_subsidy")));
	TRY(demo_line_add(story,
	    line_of(code_of(story, city, FAULT_NO_GRANT), "meal_subsidy"))); /* no such programme */
	return demo_line_add(
	    story, line_of(person_code_make(sample_regions[city], 900000001), "bed_subsidy"));
}

/* A sheet of a house that nobody has registered, on paper; and one that somebody else has signed in a house's name. */
static enum error strangers_sheets(struct demo_story *story, uint32_t house, uint32_t month)
{
	uint32_t first = story->line_count;

	TRY(demo_line_add(story, line_of(code_of(story, 0, FAULT_LEVEL), "bed_subsidy")));
	TRY(demo_sheet_add(story, UINT32_MAX, sample_regions[0], month, 3, DEMO_OFFICER, first));
	first = story->line_count;
	TRY(demo_line_add(story, line_of(code_of(story, 0, FAULT_INCOME), "bed_subsidy")));
	TRY(demo_sheet_add(story, house, sample_regions[0], month, 3, DEMO_INSTITUTION, first));
	story->sheets[story->sheet_count - 1].forged = true;
	return ERROR_NONE;
}

enum error demo_faults_sheets(struct demo_story *story, unsigned city, uint32_t month)
{
	uint32_t house = demo_house(story, city, 0), self = sample_regions[city],
		 first = story->line_count;
	unsigned home = guests_of(city);

	if (!has_faults(story, city) || !has_faults(story, home))
		return ERROR_NONE;
	TRY(own_lines(story, city));
	/* A guest's line that the guest's own city would have to pay. */
	TRY(demo_line_add(
	    story, line_of(code_of(story, home, FAULT_NOT_PORTABLE), "service_subsidy")));
	TRY(demo_sheet_add(story, house, self, month, 0, DEMO_INSTITUTION, first));
	story->sheets[story->sheet_count - 1].payer_forced = true;
	note_mistake(story, city);
	first = story->line_count;
	/* To a city that has never heard of the person, and a guest whose grant holds for a third city only. */
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_CEILING), "bed_subsidy")));
	TRY(demo_line_add(
	    story, line_of(code_of(story, home, FAULT_NOT_PORTABLE), "service_subsidy")));
	TRY(demo_line_add(
	    story, line_of(code_of(story, home, FAULT_NOT_FILED), "service_subsidy")));
	TRY(demo_line_add(story, line_of(code_of(story, home, FAULT_LATE), "nursing_subsidy")));
	TRY(demo_sheet_add(story, house, sample_regions[home], month, 1, DEMO_INSTITUTION, first));
	story->sheets[story->sheet_count - 1].payer_forced = true;
	note_appeal(story, city, home);
	first = story->line_count;
	/* Of a month that is long over; on paper. */
	TRY(demo_line_add(story, line_of(code_of(story, city, FAULT_CEILING), "bed_subsidy")));
	TRY(demo_sheet_add(
	    story, house, self, month % 100 > 4 ? month - 4 : month - 92, 2, DEMO_OFFICER, first));
	first = story->line_count;
	for (unsigned i = 0; has_crowd(story, city) && i < DEMO_CROWD; i++)
		TRY(demo_line_add(story, line_of(crowd_code(story, i), "service_subsidy")));
	TRY(demo_sheet_add(story, house, self, month, 3, DEMO_INSTITUTION, first));
	return city == 0 ? strangers_sheets(story, house, month) : ERROR_NONE;
}
