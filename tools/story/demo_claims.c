/* demo_claims.c: what the institutions of the demo claim for a month: a line for each resident and programme, one payer a sheet. */
#include "demo_story.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SHEET_LINES_OF_DEMO 1000u

static enum error grow(void **rows, uint32_t *capacity, size_t size)
{
	uint32_t wanted = *capacity ? 2 * *capacity : 1024;
	void *grown = realloc(*rows, wanted * size);

	if (!grown)
		return ERROR_MEMORY;
	*rows = grown;
	*capacity = wanted;
	return ERROR_NONE;
}

enum error demo_line_add(struct demo_story *story, struct demo_line line)
{
	if (story->line_count == story->line_capacity) {
		void *rows = story->lines;
		TRY(grow(&rows, &story->line_capacity, sizeof *story->lines));
		story->lines = rows;
	}
	story->lines[story->line_count++] = line;
	return ERROR_NONE;
}

static int line_order(const void *a, const void *b)
{
	const struct demo_line *x = a, *y = b;
	int order;

	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	order = strcmp(x->programme, y->programme);
	if (order)
		return order;
	return x->first_day - y->first_day;
}

static bool same_line(const struct demo_line *a, const struct demo_line *b)
{
	return line_order(a, b) == 0;
}

enum error demo_sheet_add(struct demo_story *story, uint32_t house, uint32_t payer, uint32_t month,
    unsigned day, enum demo_signer signer, uint32_t first)
{
	struct demo_filed *sheet;

	if (first == story->line_count)
		return ERROR_NONE;
	if (story->sheet_count == story->sheet_capacity) {
		void *rows = story->sheets;
		TRY(grow(&rows, &story->sheet_capacity, sizeof *story->sheets));
		story->sheets = rows;
	}
	qsort(&story->lines[first], story->line_count - first, sizeof *story->lines, line_order);
	sheet = &story->sheets[story->sheet_count++];
	*sheet = (struct demo_filed){.house = house,
	    .payer = payer,
	    .month = month,
	    .day = day,
	    .signer = signer,
	    .first = first,
	    .count = story->line_count - first};
	sheet->number = house == UINT32_MAX ? 1 : story->model.institutions[house].next_sheet++;
	return ERROR_NONE;
}

/* Who pays a line: the city that the host's catalogue or the person's home says. */
static uint32_t payer_of(const struct demo_story *story, const struct sample_person *who,
    const struct sample_institution *house, const char *programme, int32_t day)
{
	const struct programme *at_host = policy_programme(story->policies[house->city],
	    programme_tag(span_text(programme)), day, house->district);

	if (who->city == house->city || (at_host && at_host->payer == PAYER_HOST))
		return house->region;
	return sample_regions[who->city];
}

/* Houses know for whom the payer gives a programme: the wrong lines of the demo are others (demo_faults.c). */
static bool is_for(const struct demo_story *story, const struct sample_person *who, uint32_t payer,
    const char *programme, int32_t day)
{
	const struct programme *given = policy_programme(
	    story->policies[demo_city_of(payer)], programme_tag(span_text(programme)), day, 0);

	if (!given)
		return true;
	if (given->income_mask && !(who->income_class & given->income_mask))
		return false;
	return given->age_or == 0 || (who->flags & given->flag_or) ||
	       age_on(who->birth_day, day) >= given->age_or;
}

struct gathering {
	struct demo_story *story;
	uint32_t house, payer, month;
	int32_t month_first, month_last;
	enum error error;
};

/* Nights from..until of a stay, if there are any, for one programme. */
static enum error add_nights(const struct gathering *work, const struct sample_person *who,
    const char *programme, int32_t from, int32_t until)
{
	int32_t suspended = demo_suspended_from(work->story, work->house);
	struct demo_line line = {.person = who->code, .programme = programme, .amount_fen = -1};

	if (from > until ||
	    payer_of(work->story, who, &work->story->model.institutions[work->house], programme,
		work->month_first) != work->payer ||
	    !is_for(work->story, who, work->payer, programme, work->month_first))
		return ERROR_NONE;
	/* A house that is suspended claims the nights before by themselves. */
	if (from < suspended && suspended <= until) {
		TRY(add_nights(work, who, programme, from, suspended - 1));
		from = suspended;
	}
	line.first_day = (uint8_t)(from - work->month_first + 1);
	line.last_day = (uint8_t)(until - work->month_first + 1);
	/* Some houses write their bill beside it, with odd fen. */
	if (who->serial % 5 == 0 && strcmp(programme, "service_subsidy") == 0)
		line.amount_fen = 9000 + (int64_t)(who->serial % 1000);
	return demo_line_add(work->story, line);
}

/* A stay of the month as the house sees it: who died unreported, or is one of those whom it forgets to strike out, counts on. */
static int32_t last_night_claimed(
    const struct gathering *work, const struct sample_stay *stay, const struct sample_person *who)
{
	int32_t last = stay->last_night;

	if (who->death_day != DAY_NEVER && who->serial % 4 == 0 &&
	    who->death_day >= work->month_first && who->died_known_day == who->death_day + 1)
		last = work->month_last;
	return last < work->month_last ? last : work->month_last;
}

static enum error add_stay(const struct gathering *work, const struct sample_stay *stay)
{
	const struct sample_person *who = &work->story->model.people[stay->person];
	int32_t from = stay->first_day > work->month_first ? stay->first_day : work->month_first;
	int32_t until = last_night_claimed(work, stay, who);
	const char *programmes[3] = {"bed_subsidy"};
	size_t count = 1;

	if (who->granted_service == PAID_TO_INSTITUTION)
		programmes[count++] = "service_subsidy";
	if (who->granted_care == PAID_TO_INSTITUTION)
		programmes[count++] = "nursing_subsidy";
	/* Nights in hospital are not claimed. */
	for (size_t i = 0; i < count; i++) {
		if (stay->gap_first >= from && stay->gap_first <= until) {
			TRY(add_nights(work, who, programmes[i], from, stay->gap_first - 1));
			TRY(add_nights(work, who, programmes[i], stay->gap_last + 1, until));
		} else {
			TRY(add_nights(work, who, programmes[i], from, until));
		}
	}
	return ERROR_NONE;
}

/* A house's sheets for one payer, each full or the last. */
static enum error gather_payer(struct gathering *work)
{
	struct demo_story *story = work->story;
	unsigned day = work->house % DEMO_FILING_DAYS;
	uint32_t first = story->line_count;

	for (uint32_t i = 0; i < story->model.stay_count; i++) {
		if (story->model.stays[i].institution != work->house)
			continue;
		TRY(add_stay(work, &story->model.stays[i]));
		if (story->line_count - first < SHEET_LINES_OF_DEMO)
			continue;
		TRY(demo_sheet_add(
		    story, work->house, work->payer, work->month, day, DEMO_INSTITUTION, first));
		first = story->line_count;
	}
	/* Now and then a line is written twice. */
	if (story->line_count > first + 8 && (work->house + work->month) % 3 == 0)
		TRY(demo_line_add(story, story->lines[first + 3]));
	return demo_sheet_add(
	    story, work->house, work->payer, work->month, day, DEMO_INSTITUTION, first);
}

/* Lines of nights after a death that is not known when they are claimed. */
static enum error note_late_lines(struct demo_story *story, uint32_t month)
{
	for (uint32_t s = 0; s < story->sheet_count; s++) {
		const struct demo_filed *sheet = &story->sheets[s];

		for (uint32_t i = 0; sheet->house != UINT32_MAX && i < sheet->count; i++) {
			const struct demo_line *line = &story->lines[sheet->first + i];
			uint32_t index = 0;

			for (uint32_t d = 0; d < story->death_count; d++) {
				const struct sample_person *who =
				    &story->model.people[story->deaths[d].person];
				bool late =
				    who->died_known_day > who->death_day + 1 &&
				    who->code == line->person &&
				    month_first_day(month) + line->last_day - 1 >= who->death_day;

				if (!late ||
				    (i > 0 && same_line(line, &story->lines[sheet->first + i - 1])))
					continue;
				index = story->deaths[d].person;
				if (story->late_count == story->late_capacity) {
					void *rows = story->late;
					TRY(grow(
					    &rows, &story->late_capacity, sizeof *story->late));
					story->late = rows;
				}
				story->late[story->late_count++] =
				    (struct demo_late_line){.person = index,
					.house = sheet->house,
					.payer = sheet->payer,
					.month = month,
					.line = i,
					.number = sheet->number,
					.programme = line->programme,
					.first_day = line->first_day};
			}
		}
	}
	return ERROR_NONE;
}

enum error demo_gather(struct demo_story *story, uint32_t month)
{
	struct gathering work = {.story = story,
	    .month = month,
	    .month_first = month_first_day(month),
	    .month_last = month_last_day(month)};

	story->line_count = story->sheet_count = 0;
	for (uint32_t house = 0; house < story->model.institution_count; house++) {
		work.house = house;
		for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
			work.payer = sample_regions[city];
			TRY(gather_payer(&work));
		}
	}
	for (unsigned city = 0; month == story->first_month && city < SAMPLE_CITIES; city++)
		TRY(demo_faults_sheets(story, city, month));
	return note_late_lines(story, month);
}

static enum error send(struct demo_story *story, const struct demo_filed *filed, unsigned city)
{
	struct demo_sheet sheet = {.city = city,
	    .signer = filed->signer,
	    .number = filed->number,
	    .payer = filed->payer,
	    .payer_forced = filed->payer_forced,
	    .forged = filed->forged,
	    .month = filed->month,
	    .lines = &story->lines[filed->first],
	    .count = filed->count};

	if (filed->house == UINT32_MAX) {
		/* A house that nobody has registered; on paper, entered by an officer. */
		memcpy(sheet.uscc, "52510100000009996F", USCC_SIZE);
	} else {
		memcpy(sheet.uscc, story->model.institutions[filed->house].uscc, USCC_SIZE);
		sheet.key_seed = story->model.institutions[filed->house].key_seed;
	}
	if (filed->forged)
		sheet.key_seed = hash_sha256(span_text("somebody else's key"));
	return story->actor->sheet(story->actor->context, &sheet);
}

/* The sheets of a day that houses of one city send to it for itself, or for the others. */
static enum error send_of_city(
    struct demo_story *story, unsigned day, unsigned city, bool for_others)
{
	for (uint32_t i = 0; i < story->sheet_count; i++) {
		struct demo_filed *filed = &story->sheets[i];
		unsigned host = filed->house == UINT32_MAX
				    ? demo_city_of(filed->payer)
				    : story->model.institutions[filed->house].city;

		if (filed->day != day || host != city ||
		    (filed->payer != sample_regions[city]) != for_others)
			continue;
		TRY(send(story, filed, city));
		filed->sent = true;
	}
	return ERROR_NONE;
}

/* First come, first served, where a programme may cost so much a month and no more: each payer has its own city's sheets first, then those of one
 * host after the other, so that it has them in the same order however long documents travel. */
enum error demo_claims(struct demo_story *story, unsigned day)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		TRY(send_of_city(story, day, city, false));
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		TRY(send_of_city(story, day, city, true));
		TRY(story->actor->deliver(story->actor->context));
	}
	return ERROR_NONE;
}

/* Or is it one of this month's that is still to be sent? */
static bool is_sent(const struct demo_story *story, const struct demo_late_line *late)
{
	for (uint32_t i = 0; i < story->sheet_count; i++) {
		const struct demo_filed *filed = &story->sheets[i];

		if (filed->house == late->house && filed->number == late->number)
			return filed->sent;
	}
	return true;
}

/* The nights before the death, once more: as a sheet of its own. */
static enum error claim_again(
    struct demo_story *story, const struct demo_late_line *late, int32_t death_day)
{
	struct sample_institution *house = &story->model.institutions[late->house];
	int32_t first = month_first_day(late->month);
	struct demo_line line = {.person = story->model.people[late->person].code,
	    .programme = late->programme,
	    .first_day = late->first_day,
	    .amount_fen = -1};
	struct demo_sheet sheet = {.city = house->city,
	    .signer = DEMO_INSTITUTION,
	    .payer = late->payer,
	    .month = late->month,
	    .lines = &line,
	    .count = 1,
	    .key_seed = house->key_seed};

	if (death_day <= first + late->first_day - 1)
		return ERROR_NONE;
	line.last_day = (uint8_t)(death_day - first);
	memcpy(sheet.uscc, house->uscc, USCC_SIZE);
	sheet.number = house->next_sheet++;
	return story->actor->sheet(story->actor->context, &sheet);
}

enum error demo_take_back(struct demo_story *story, const struct demo_death *death)
{
	struct sample_person *who = &story->model.people[death->person];
	struct stay_line stay = {.operation = STAY_CLOSE,
	    .person = who->code,
	    .first_day = death->first_day,
	    .last_night = who->death_day - 1};

	/* Whoever was reported in time needs nothing more. */
	if (who->died_known_day == who->death_day + 1)
		return ERROR_NONE;
	memcpy(stay.uscc, death->uscc, USCC_SIZE);
	TRY(story->actor->stays(story->actor->context, death->city, &stay, 1));
	if (who->stay)
		story->model.stays[who->stay - 1].last_night = who->death_day - 1;
	for (uint32_t i = 0; i < story->late_count; i++) {
		const struct demo_late_line *late = &story->late[i];

		/* What is not sent yet comes when the death is known: it is refused then. */
		if (late->person != death->person || !is_sent(story, late))
			continue;
		TRY(story->actor->reverse(story->actor->context, demo_city_of(late->payer),
		    story->model.institutions[late->house].uscc, late->number, late->line,
		    "died before"));
		TRY(claim_again(story, late, who->death_day));
	}
	return ERROR_NONE;
}

void demo_claims_free(struct demo_story *story)
{
	free(story->sheets);
	free(story->lines);
	free(story->late);
}
