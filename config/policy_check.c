#include "policy_check.h"

#include <stdio.h>
#include <string.h>

struct check {
	const struct policy *policy;
	const unsigned *lines;
	struct yaml_complaints *complaints;
};

static void complain(const struct check *check, size_t index, const char *field, const char *text)
{
	char path[64];

	snprintf(path, sizeof path, "programmes[%zu].%s", index, field);
	yaml_complain(check->complaints, check->lines[index], path, "%s", text);
}

static bool overlap(int32_t a_from, int32_t a_to, int32_t b_from, int32_t b_to)
{
	return a_from <= b_to && b_from <= a_to;
}

static void check_bands(const struct check *check, size_t index)
{
	const struct programme *programme = &check->policy->programmes[index];

	for (size_t a = 0; a < programme->band_count; a++) {
		for (size_t b = a + 1; b < programme->band_count; b++) {
			const struct band *x = &programme->bands[a], *y = &programme->bands[b];
			char text[128];

			if (!overlap(x->age_from, x->age_to, y->age_from, y->age_to) ||
			    !overlap(x->level_from, x->level_to, y->level_from, y->level_to))
				continue;
			snprintf(text, sizeof text, "amounts[%zu] and amounts[%zu] overlap", a, b);
			complain(check, index, "amounts", text);
		}
	}
}

/* Every level that may draw the programme has an amount at the least age at which it may be drawn, and above. */
static void check_covered(const struct check *check, size_t index)
{
	const struct programme *programme = &check->policy->programmes[index];

	for (int32_t level = programme->level_min; level <= programme->level_max; level++) {
		for (int32_t age = programme->age_min; age <= 150; age++) {
			size_t b = 0;

			while (b < programme->band_count &&
			       (age < programme->bands[b].age_from ||
				   age > programme->bands[b].age_to ||
				   level < programme->bands[b].level_from ||
				   level > programme->bands[b].level_to))
				b++;
			if (b < programme->band_count)
				continue;
			char text[128];
			snprintf(text, sizeof text, "no amount for level %d at age %d", (int)level,
			    (int)age);
			complain(check, index, "amounts", text);
			return;
		}
	}
}

static bool asks_facts(const struct programme *programme)
{
	bool by_age = programme->age_min > 0 || programme->age_or > 0;

	for (size_t i = 0; i < programme->band_count; i++)
		by_age = by_age || programme->bands[i].age_from > 0;
	return by_age || programme->income_mask != 0 || programme->flag_or != 0;
}

/* A month's amount is shared by days or paid whole, a day's by days, and pieces are counted. */
static void check_unit(const struct check *check, size_t index)
{
	const struct programme *programme = &check->policy->programmes[index];
	bool fits = programme->unit == UNIT_PERSON_MONTH || programme->unit == UNIT_BED_MONTH
			? programme->accrues != ACCRUES_PIECE
		    : programme->unit == UNIT_PERSON_DAY ? programme->accrues == ACCRUES_DAY
							 : programme->accrues == ACCRUES_PIECE;

	if (!fits)
		complain(check, index, "unit",
		    "months accrue by month or day, person_day by day, visits, meals and hours by "
		    "piece");
	if (programme->unit == UNIT_BED_MONTH && !programme->needs_stay)
		complain(check, index, "needs_stay", "must be true where a bed is paid");
	for (size_t i = 0; programme->unit >= UNIT_PERSON_DAY && i < programme->band_count; i++) {
		if (programme->bands[i].amount.value > PIECE_AMOUNT_MAX)
			complain(check, index, "amounts",
			    "a day or piece is worth at most 100000000.00");
	}
	if (programme->unit >= UNIT_PERSON_DAY && programme->price_ceiling.value > PIECE_AMOUNT_MAX)
		complain(
		    check, index, "price_ceiling", "a day or piece costs at most 100000000.00");
}

/* What is claimed without a stay, and what is counted by person. */
static void check_counted(const struct check *check, size_t index)
{
	const struct programme *programme = &check->policy->programmes[index];
	bool pieces = programme->accrues == ACCRUES_PIECE;

	if (pieces && programme->needs_stay)
		complain(
		    check, index, "needs_stay", "must be false for pieces: they are no nights");
	if (programme->paid_to == PAID_TO_EITHER && programme->unit > UNIT_BED_MONTH)
		complain(check, index, "unit", "what may go to the card is an amount of the month");
	if (programme->outside_stay &&
	    (programme->needs_stay || programme->paid_to == PAID_TO_CARD))
		complain(
		    check, index, "outside_stay", "is for what institutions claim without a stay");
	if (programme->outside_stay && programme->payer == PAYER_HOST)
		complain(check, index, "outside_stay",
		    "the host does not know where its guests sleep elsewhere: home must pay");
	if (!pieces && (programme->pieces_cap_day || programme->pieces_cap_month))
		complain(
		    check, index, "pieces_cap_day", "only pieces are counted by day and month");
	if (programme->accrues == ACCRUES_MONTH &&
	    (programme->cap_year || programme->share_percent))
		complain(check, index, "cap_year",
		    "cap_year and share_percent are for what institutions claim");
}

static void check_one(const struct check *check, size_t index)
{
	const struct programme *programme = &check->policy->programmes[index];

	if (programme->effective_until < programme->effective_from)
		complain(check, index, "effective_until", "is before effective_from");
	if (programme->level_min > programme->level_max)
		complain(check, index, "level_max", "is below level_min");
	if (programme->district && programme->district / 100 != check->policy->region / 100 &&
	    !(check->policy->region == 500000 && programme->district / 10000 == 50))
		complain(check, index, "district", "does not belong to the region");
	if (programme->region_count && !programme->portable)
		complain(check, index, "regions", "are listed, but the programme is not portable");
	if ((programme->age_or != 0) != (programme->flag_or != 0))
		complain(check, index, "age_or", "age_or and flag_or belong together");
	if (programme->payer == PAYER_HOST && asks_facts(programme))
		complain(check, index, "payer",
		    "the host pays for guests too, whose age, income and flags never leave home: "
		    "it may ask for ability levels only");
	if (programme->paid_to == PAID_TO_INSTITUTION && programme->accrues == ACCRUES_MONTH)
		complain(
		    check, index, "accrues", "what institutions claim accrues by day or piece");
	if (programme->paid_to == PAID_TO_CARD && programme->accrues != ACCRUES_MONTH)
		complain(check, index, "accrues", "what goes to the card accrues by month");
	if (programme->paid_to == PAID_TO_EITHER &&
	    (programme->accrues != ACCRUES_DAY || !programme->needs_grant))
		complain(check, index, "paid_to",
		    "either accrues by day and needs a grant, which says to whom it is paid");
	check_unit(check, index);
	check_counted(check, index);
	if (programme->takes_capacity &&
	    (programme->need != NEED_BED || programme->paid_to == PAID_TO_CARD))
		complain(
		    check, index, "takes_capacity", "only an occupied bed takes a night of one");
	if (programme->accrues != ACCRUES_DAY && programme->quantity_cap_days)
		complain(
		    check, index, "quantity_cap_days", "counts days: only of what accrues by day");
	if (programme->needs_assessment == false &&
	    (programme->level_min > 0 || programme->level_max < 4))
		complain(check, index, "needs_assessment", "must be true where levels are asked");
	check_bands(check, index);
	check_covered(check, index);
	if (programme->limits_illustrative && !programme->limits_clause[0])
		complain(check, index, "limits_illustrative", "there is no ceiling or cap");
	for (size_t a = 0; a < programme->fund_count; a++) {
		for (size_t b = a + 1; b < programme->fund_count; b++) {
			if (programme->funds[a] == programme->funds[b])
				complain(check, index, "funds", "name one fund twice");
		}
	}
	for (size_t e = 0; e < programme->exclude_count; e++) {
		if (!policy_knows(check->policy, programme->excludes[e]))
			complain(check, index, "excludes",
			    "names a programme that is not in this policy");
		if (programme->excludes[e] == programme->tag)
			complain(check, index, "excludes", "names the programme itself");
	}
}

/* May one line have days of both? */
static bool same_measure(const struct programme *x, const struct programme *y)
{
	return (x->unit <= UNIT_BED_MONTH && y->unit <= UNIT_BED_MONTH) || x->unit == y->unit;
}

static void check_pair(const struct check *check, size_t a, size_t b)
{
	const struct programme *x = &check->policy->programmes[a],
			       *y = &check->policy->programmes[b];
	bool same_time =
	    overlap(x->effective_from, x->effective_until, y->effective_from, y->effective_until);

	if (x->tag == y->tag && strcmp(x->code, y->code) != 0)
		complain(check, b, "code",
		    "cannot be told from another programme's: choose another code");
	if (x->tag == y->tag && x->district == y->district && same_time)
		complain(check, b, "effective_from",
		    "two versions of this programme are in force on one day");
	/* One need is paid once, by one city: who pays a day must not depend on who claims first. */
	if (x->need == y->need && x->payer != y->payer && same_time)
		complain(
		    check, b, "payer", "all programmes of one need must have one payer on a day");
	if (x->tag == y->tag && (x->need != y->need || x->accrues != y->accrues ||
				    x->needs_stay != y->needs_stay || !same_measure(x, y)))
		complain(check, b, "need",
		    "versions of one programme must have one need, accrual, needs_stay, and unit "
		    "(months of person or bed, days, pieces)");
	/* A day is claimed once, pieces are counted: of one need only one of the two can hold. */
	if (x->need == y->need && (x->accrues == ACCRUES_PIECE) != (y->accrues == ACCRUES_PIECE))
		complain(check, b, "accrues",
		    "all programmes of one need accrue by piece, or none does");
}

static void check_funds(const struct check *check)
{
	const struct policy *policy = check->policy;

	for (size_t a = 0; a < policy->fund_count; a++) {
		for (size_t b = a + 1; b < policy->fund_count; b++) {
			char path[48];

			if (strcmp(policy->funds[a].code, policy->funds[b].code) != 0)
				continue;
			snprintf(path, sizeof path, "funds[%zu].code", b);
			yaml_complain(
			    check->complaints, 1, path, "'%s' stands twice", policy->funds[b].code);
		}
	}
}

void policy_check(
    const struct policy *policy, const unsigned *lines, struct yaml_complaints *complaints)
{
	struct check check = {policy, lines, complaints};

	check_funds(&check);
	for (size_t a = 0; a < policy->programme_count; a++) {
		check_one(&check, a);
		for (size_t b = a + 1; b < policy->programme_count; b++)
			check_pair(&check, a, b);
	}
}
