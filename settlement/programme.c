#include "programme.h"

#include <assert.h>

int64_t programme_share(int64_t amount_fen, unsigned month_days, unsigned first, unsigned last)
{
	int64_t n = month_days, whole, rest, upto_last, before_first;

	assert(amount_fen >= 0 && 1 <= first && first <= last && last <= month_days);
	if (first == 1 && last == month_days)
		return amount_fen;
	whole = amount_fen / n;
	rest = amount_fen % n;
	/* With a = whole n + rest: floor((2 a x + n) / 2n) = whole x + floor((2 rest x + n) / 2n); nothing overflows. */
	upto_last = whole * last + (2 * rest * last + n) / (2 * n);
	before_first = whole * (first - 1) + (2 * rest * (first - 1) + n) / (2 * n);
	return upto_last - before_first;
}

int64_t programme_worth(enum programme_unit unit, int64_t rate_fen, unsigned month_days,
    unsigned first, unsigned last, unsigned pieces)
{
	if (unit == UNIT_PERSON_MONTH || unit == UNIT_BED_MONTH)
		return programme_share(rate_fen, month_days, first, last);
	assert(rate_fen >= 0 && rate_fen <= PIECE_AMOUNT_MAX && pieces <= PIECES_MAX);
	return rate_fen * (unit == UNIT_PERSON_DAY ? (int64_t)(last - first + 1) : (int64_t)pieces);
}

struct month_ages month_ages(int32_t birth_day, uint32_t month)
{
	int birth_year, birth_month, birth_day_of_month, days = month_days(month);
	int year = (int)(month / 100), month_of_year = (int)(month % 100);
	struct month_ages ages = {.birthday = DAY_NEVER};

	day_split(birth_day, &birth_year, &birth_month, &birth_day_of_month);
	ages.before = year - birth_year - (birth_month >= month_of_year);
	if (birth_month == month_of_year)
		ages.birthday = month_first_day(month) - 1 +
				(birth_day_of_month < days ? birth_day_of_month : days);
	return ages;
}

int programme_age(const struct programme *programme, int32_t birth_day, int32_t day)
{
	struct month_ages ages = month_ages(birth_day, month_of_day(day));

	return programme_age_in(programme, &ages, day);
}

static uint32_t asks_of(const struct programme *programme)
{
	bool level = programme_asks_level(programme);
	bool age = programme_asks_age(programme) || programme->age_or || programme->flag_or;

	return (programme->needs_grant ? ASKS_GRANT : 0) |
	       (programme->needs_assessment || level ? ASKS_ASSESSMENT : 0) |
	       (level ? ASKS_LEVEL : 0) | (age ? ASKS_AGE : 0) |
	       (programme->income_mask ? ASKS_INCOME : 0) |
	       (programme->exclude_count ? ASKS_OTHERS : 0);
}

/* Does any programme of the same need keep count of days by themselves? */
static uint32_t asks_of_need(const struct policy *policy, uint32_t tag)
{
	uint32_t counting = 0, need = 0;

	for (size_t i = 0; i < policy->programme_count; i++) {
		const struct programme *programme = &policy->programmes[i];

		if (programme_counts(programme))
			counting |= UINT32_C(1) << programme->need;
		if (programme->tag == tag)
			need = UINT32_C(1) << programme->need;
	}
	return counting & need ? ASKS_SERVICES : 0;
}

static void add_span(struct programme_month *out, const struct policy *policy,
    const struct programme *programme, int32_t from, int32_t until)
{
	assert(out->span_count < PROGRAMME_SPANS_MAX);
	out->asks |= asks_of(programme);
	out->spans[out->span_count++] = (struct programme_span){.programme = programme,
	    .row = (uint32_t)(programme - policy->programmes),
	    .from_day = from,
	    .until_day = until,
	    .asks_age = programme_asks_age(programme),
	    .asks_level = programme_asks_level(programme)};
}

/* The first day after `day` on which another version may be in force: one begins, or one has ended. */
static int32_t next_change(const struct policy *policy, uint32_t tag, int32_t day, int32_t last)
{
	int32_t next = last + 1;

	for (size_t i = 0; i < policy->programme_count; i++) {
		const struct programme *programme = &policy->programmes[i];

		if (programme->tag != tag)
			continue;
		if (programme->effective_from > day && programme->effective_from < next)
			next = programme->effective_from;
		if (programme->effective_until >= day && programme->effective_until < next - 1)
			next = programme->effective_until + 1;
	}
	return next;
}

void programme_month_find(const struct policy *policy, uint32_t tag, uint32_t month,
    uint32_t district, struct programme_month *out)
{
	int32_t first = month_first_day(month), last = first + month_days(month) - 1;
	const struct programme *present = NULL;
	int32_t since = first;

	out->tag = tag;
	out->asks = out->span_count = 0;
	if (!policy)
		return;
	out->asks = asks_of_need(policy, tag);
	for (int32_t day = first; day <= last; day = next_change(policy, tag, day, last)) {
		const struct programme *programme = policy_programme(policy, tag, day, district);

		if (day > first && programme == present)
			continue;
		if (present)
			add_span(out, policy, present, since, day - 1);
		present = programme;
		since = day;
	}
	if (present)
		add_span(out, policy, present, since, last);
}

const struct programme_span *programme_month_on(const struct programme_month *month, int32_t day)
{
	for (uint32_t i = 0; i < month->span_count; i++) {
		if (month->spans[i].from_day <= day && day <= month->spans[i].until_day)
			return &month->spans[i];
	}
	return NULL;
}

int programme_band(const struct programme *programme, int age, int level)
{
	for (size_t i = 0; i < programme->band_count; i++) {
		const struct band *band = &programme->bands[i];

		if (band->age_from <= age && age <= band->age_to && band->level_from <= level &&
		    level <= band->level_to)
			return (int)i;
	}
	return -1;
}

bool programme_asks_age(const struct programme *programme)
{
	for (size_t i = 0; i < programme->band_count; i++) {
		if (programme->bands[i].age_from > 0 || programme->bands[i].age_to < 150)
			return true;
	}
	return programme->age_min > 0;
}

bool programme_asks_level(const struct programme *programme)
{
	for (size_t i = 0; i < programme->band_count; i++) {
		if (programme->bands[i].level_from > 0 || programme->bands[i].level_to < 4)
			return true;
	}
	return programme->level_min > 0 || programme->level_max < 4;
}

bool programme_excludes(const struct programme *programme, uint32_t tag)
{
	for (size_t i = 0; i < programme->exclude_count; i++) {
		if (programme->excludes[i] == tag)
			return true;
	}
	return false;
}

bool programme_portable_to(const struct programme *programme, uint32_t region)
{
	if (!programme->portable)
		return false;
	for (size_t i = 0; i < programme->region_count; i++) {
		if (programme->regions[i] == region)
			return true;
	}
	return programme->region_count == 0;
}
