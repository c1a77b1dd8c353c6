/* reduction.c: what a line that is not refused is worth, and what its caps take away: all of them, in their order, with figures. */
#include "adjudicate.h"

#include <assert.h>

/* What is decided so far about the amount. */
struct amount_work {
	struct line_case *line;
	struct verdict *verdict;
	int64_t fen;
	const struct programme *programme; /* the version of the line's first day: its caps count */
};

static unsigned day_of_month(const struct line_case *line, int32_t day)
{
	return (unsigned)(day - line->of->month_first) + 1;
}

static int level_of(const struct line_case *line, int32_t day, const struct level_span **found)
{
	*found = line_level_on(line->person, day);
	return *found ? (int)(*found)->level : 0;
}

/* The band of a day; the line was not refused, so there is one. */
static int band_on(const struct line_case *line, const struct programme_span *span, int32_t day,
    const struct level_span **level)
{
	int level_number = level_of(line, day, level);
	int age = span->asks_age ? programme_age_in(span->programme, &line->of->ages, day) : 0;

	return programme_band(span->programme, age, level_number);
}

/* Pieces of one version, band and level, each worth its share. */
static int64_t write_pieces(struct line_case *line, struct verdict *verdict)
{
	int32_t day = line->from_day, birthday = line->of->ages.birthday;
	int64_t fen = 0;

	verdict->piece_count = 0;
	while (day <= line->until_day) {
		const struct programme_span *span = programme_month_on(line->programme, day);
		const struct level_span *level, *other;
		int band = band_on(line, span, day, &level);
		int32_t end = span->until_day < line->until_day ? span->until_day : line->until_day;
		struct verdict_piece *piece = &verdict->pieces[verdict->piece_count++];

		assert(band >= 0 && verdict->piece_count <= VERDICT_PIECES_MAX);
		if (level && span->asks_level && level->until_day < end)
			end = level->until_day;
		if (span->asks_age && day < birthday && birthday <= end &&
		    band_on(line, span, birthday, &other) != band)
			end = birthday - 1;
		*piece = (struct verdict_piece){.row = span->row,
		    .band = (uint32_t)band,
		    .last_day = day_of_month(line, end),
		    .monthly_fen = span->programme->bands[band].amount.value,
		    .level_sequence = level && span->asks_level ? level->sequence : 0};
		fen += programme_worth(span->programme->unit, piece->monthly_fen,
		    line->of->month_days, day_of_month(line, day), piece->last_day, line->pieces);
		day = end + 1;
	}
	return fen;
}

/* What the line's days up to `last`, or so many pieces on one, are worth by the verdict's pieces of the month. */
static int64_t worth_until(
    const struct line_case *line, const struct verdict *verdict, unsigned last, unsigned pieces)
{
	unsigned first = line->line->first_day;
	int64_t fen = 0;

	for (uint32_t i = 0; i < verdict->piece_count && first <= last; i++) {
		unsigned end =
		    verdict->pieces[i].last_day < last ? verdict->pieces[i].last_day : last;

		if (end >= first)
			fen += programme_worth(line->first->programme->unit,
			    verdict->pieces[i].monthly_fen, line->of->month_days, first, end,
			    pieces);
		first = verdict->pieces[i].last_day + 1;
	}
	return fen;
}

static void reduce(
    struct amount_work *work, enum reason reason, int64_t to, int64_t limit, int64_t used)
{
	struct verdict *verdict = work->verdict;

	if (to < 0)
		to = 0;
	if (to >= work->fen)
		return;
	assert(verdict->reduction_count < VERDICT_REDUCTIONS_MAX);
	verdict->reductions[verdict->reduction_count++] =
	    (struct verdict_reduction){.reason = reason,
		.before_fen = work->fen,
		.after_fen = to,
		.limit = limit,
		.used = used};
	work->fen = to;
}

/* The most that the line's days up to `last`, or so many pieces, may cost: their worth, and no more than what each version's ceiling comes to in its
 * days; where a version has none, what its days are worth. */
static int64_t under_ceiling(
    const struct amount_work *work, int64_t worth, unsigned last, unsigned pieces)
{
	const struct line_case *line = work->line;
	const struct verdict *verdict = work->verdict;
	unsigned first = line->line->first_day;
	int64_t most = 0;

	for (uint32_t i = 0; i < verdict->piece_count && first <= last; i++) {
		const struct verdict_piece *piece = &verdict->pieces[i];
		const struct programme *programme = &line->of->policy->programmes[piece->row];
		int64_t ceiling = programme->price_ceiling.value;
		unsigned end = piece->last_day < last ? piece->last_day : last;

		most += programme_worth(programme->unit, ceiling ? ceiling : piece->monthly_fen,
		    line->of->month_days, first, end, pieces);
		first = piece->last_day + 1;
	}
	return most < worth ? most : worth;
}

/* Of a bill the person pays a part: half a fen and more of the city's share is a fen. A bill is at most AMOUNT_MAX: nothing overflows. */
static void co_payment(struct amount_work *work)
{
	int64_t percent = work->programme->share_percent, whole = work->fen / 100,
		rest = work->fen % 100;

	if (percent)
		reduce(work, REASON_co_payment, whole * percent + (rest * percent + 50) / 100,
		    percent, 0);
}

/* What a line asks for is cut to the most that it may cost. */
static void price_ceiling(struct amount_work *work)
{
	const struct line_case *line = work->line;
	int64_t limit = under_ceiling(work, work->fen, line->line->last_day, line->pieces);

	if (line->line->amount_fen >= 0)
		work->fen = line->line->amount_fen;
	co_payment(work);
	reduce(work, REASON_price_ceiling, limit, limit, 0);
}

static bool by_piece(const struct amount_work *work)
{
	return work->programme->accrues == ACCRUES_PIECE;
}

/* How many days or pieces the line asks for. */
static int64_t units_of(const struct amount_work *work)
{
	const struct sheet_line *line = work->line->line;

	return by_piece(work) ? (int64_t)work->line->pieces : line->last_day - line->first_day + 1;
}

/* What the first so many days or pieces may cost, but never more than what is left. */
static int64_t first_units(const struct amount_work *work, int64_t units)
{
	unsigned last = work->line->line->first_day, pieces = work->line->pieces;
	int64_t fen;

	if (units <= 0)
		return 0;
	if (by_piece(work))
		pieces = (unsigned)units;
	else
		last += (unsigned)units - 1;
	fen =
	    under_ceiling(work, worth_until(work->line, work->verdict, last, pieces), last, pieces);
	return fen < work->fen ? fen : work->fen;
}

/* A line below the full worth may keep its amount although a night falls: the reduction is still told, with the same figure after it. */
static void reduce_to_units(
    struct amount_work *work, enum reason reason, int64_t units, int64_t limit, int64_t used)
{
	struct verdict *verdict = work->verdict;
	int64_t to = first_units(work, units);

	verdict->reductions[verdict->reduction_count++] =
	    (struct verdict_reduction){.reason = reason,
		.before_fen = work->fen,
		.after_fen = to,
		.limit = limit,
		.used = used};
	work->fen = to;
}

static void capacity(struct amount_work *work)
{
	struct adjudication *of = work->line->of;
	int64_t days = work->line->line->last_day - work->line->line->first_day + 1;
	int64_t used = of->standing.nights_used + claim_state_nights(of->state),
		left = of->standing.nights_limit - used;

	if (work->programme->takes_capacity && days > left)
		reduce_to_units(work, REASON_capacity, left, of->standing.nights_limit, used);
}

/* Days of the month that are claimed for a person in all stays, wherever they are. */
struct days_count {
	struct line_case *line;
	enum need need;
	int64_t days;
	enum error error;
};

static bool count_days(void *context, const struct stay_night_span *stay)
{
	struct days_count *count = context;
	struct adjudication *of = count->line->of;
	uint32_t slot;

	if ((stay->last_night < of->month_first &&
		!(count->line->person->state & PERSON_SHORTENED)) ||
	    stay->first_day >= of->month_first + (int32_t)of->month_days)
		return true;
	count->error = line_stay_slot(count->line, stay, &slot);
	if (!count->error)
		count->days += __builtin_popcount(
		    claim_state_days_at(of->state, stay->uscc, count->need, slot));
	return !count->error;
}

/* Whoever sleeps in this house all month and never had a stay cut short has claimed no day elsewhere: nights are disjoint. */
static bool all_days_are_here(const struct line_case *line)
{
	const struct adjudication *of = line->of;
	uint32_t nights = 0;

	for (size_t i = 0; i < of->person_stay_count; i++) {
		const struct month_stay *stay = &of->person_stays[i];

		if (stay->state == STAY_ACCEPTED)
			nights |= night_bits(stay->from, stay->until);
	}
	return nights == night_bits(1, of->month_days) && !(line->person->state & PERSON_SHORTENED);
}

static enum error count_days_claimed(struct days_count *count)
{
	struct adjudication *of = count->line->of;
	enum error error;

	if (count->line->programme->asks & ASKS_SERVICES) {
		/* A day is claimed once, in a stay or by itself, or in both rows of one claim. */
		count->days =
		    __builtin_popcount(line_days_anywhere(count->line, count->need) |
				       service_days_anywhere(claim_state_services(of->state),
					   count->line->line->person, count->need));
		return ERROR_NONE;
	}
	if (!all_days_are_here(count->line)) {
		error = stay_each(of->txn, count->line->line->person, count_days, count);
		return error ? error : count->error;
	}
	for (size_t i = 0; i < of->person_stay_count; i++)
		count->days += __builtin_popcount(
		    claim_state_days(of->state, count->need, of->person_stays[i].slot));
	return ERROR_NONE;
}

static enum error quantity_cap(struct amount_work *work)
{
	struct days_count count = {.line = work->line, .need = work->programme->need};
	int64_t cap = work->programme->quantity_cap_days;
	int64_t days = units_of(work);
	enum error error;

	if (cap == 0)
		return ERROR_NONE;
	error = count_days_claimed(&count);
	if (!error && days > cap - count.days)
		reduce_to_units(work, REASON_quantity_cap, cap - count.days, cap, count.days);
	return error;
}

static void unit_cap(struct amount_work *work, enum reason reason, int64_t cap, int64_t used)
{
	if (cap && units_of(work) > cap - used)
		reduce_to_units(work, reason, cap - used, cap, used);
}

/* What a person may have of pieces on a day and in a month, and of pieces or days in a year. */
static enum error unit_caps(struct amount_work *work)
{
	const struct programme *programme = work->programme;
	struct service_units used = {0, 0, 0};
	enum error error = ERROR_NONE;

	if (programme->pieces_cap_day || programme->pieces_cap_month || programme->cap_year)
		used = service_days_units(claim_state_services(work->line->of->state),
		    work->line->line->person, programme->need, work->line->line->first_day);
	unit_cap(work, REASON_day_cap, programme->pieces_cap_day, used.day);
	unit_cap(work, REASON_quantity_cap, programme->pieces_cap_month, used.month);
	if (programme->quantity_cap_days)
		error = quantity_cap(work);
	unit_cap(work, REASON_year_cap, programme->cap_year, used.year);
	return error;
}

static void programme_cap(struct amount_work *work)
{
	int64_t cap = work->programme->programme_cap.value, used;

	if (cap == 0)
		return;
	used = claim_state_programme(work->line->of->state, work->programme->tag);
	reduce(work, REASON_programme_cap, cap - used, cap, used);
}

static void person_month_cap(struct amount_work *work)
{
	int64_t cap = work->programme->person_month_cap.value, used;

	if (cap == 0)
		return;
	used = claim_state_person(work->line->of->state, work->line->line->person);
	reduce(work, REASON_person_month_cap, cap - used, cap, used);
}

/* On second look only what comes on top is still to be paid. */
static void approved_before(struct amount_work *work)
{
	int64_t before = work->line->of->approved_before;

	if (before)
		reduce(work, REASON_approved_before, work->fen - before, work->fen, before);
}

/* What is left of a fund, counting the lines before this one. */
static enum error fund_left(struct adjudication *of, uint32_t fund, int64_t *left)
{
	char text[ACCOUNT_TEXT_SIZE];
	struct amount available;
	enum error error;

	if (!of->funds[fund].loaded) {
		account_fund(text, of->policy->funds[fund].code);
		error = account_available(of->txn, settlement_chart, span_text(text), &available);
		if (error)
			return error;
		of->funds[fund].loaded = true;
		of->funds[fund].left = available.value;
	}
	*left = of->funds[fund].left;
	return ERROR_NONE;
}

/* The funds pay in their order; a line may be split over them. */
static enum error pay_from_funds(struct amount_work *work)
{
	struct verdict *verdict = work->verdict;
	int64_t sum = 0, all = 0, left;

	verdict->fund_count = 0;
	for (size_t i = 0; i < work->programme->fund_count; i++) {
		uint32_t fund = work->programme->funds[i];
		enum error error = fund_left(work->line->of, fund, &left);

		if (error)
			return error;
		if (left > 0)
			all = left > AMOUNT_MAX - all ? AMOUNT_MAX : all + left;
		if (left > work->fen - sum)
			left = work->fen - sum;
		if (left <= 0)
			continue;
		verdict->funds[verdict->fund_count++] =
		    (struct verdict_fund){.fund = fund, .amount_fen = left};
		sum += left;
	}
	reduce(work, REASON_fund_exhausted, sum, all, 0);
	return ERROR_NONE;
}

enum error line_amount(struct line_case *line, struct verdict *verdict)
{
	struct amount_work work = {.line = line, .verdict = verdict};
	enum error error;

	work.programme = line->first->programme;
	verdict->policy = line->of->policy_sequence;
	verdict->reduction_count = 0;
	work.fen = write_pieces(line, verdict);
	price_ceiling(&work);
	capacity(&work);
	error = unit_caps(&work);
	if (error)
		return error;
	programme_cap(&work);
	person_month_cap(&work);
	approved_before(&work);
	error = pay_from_funds(&work);
	verdict->amount_fen = work.fen;
	return error ? error : claim_state_failed(line->of->state);
}

int64_t line_units(const struct sheet_line *line, const struct verdict *verdict)
{
	int64_t units = line->pieces ? line->pieces : line->last_day - line->first_day + 1;

	for (uint32_t i = 0; i < verdict->reduction_count; i++) {
		const struct verdict_reduction *reduction = &verdict->reductions[i];
		int64_t left = reduction->limit - reduction->used;

		if (reduction->reason != REASON_co_payment && reason_counts(reduction->reason) &&
		    left < units)
			units = left < 0 ? 0 : left;
	}
	return units;
}

int64_t line_nights(const struct sheet_line *line, const struct verdict *verdict)
{
	int64_t days = line->last_day - line->first_day + 1;
	const struct verdict_reduction *reduction = verdict_reduced(verdict, REASON_capacity);
	int64_t left;

	if (!reduction)
		return days;
	left = reduction->limit - reduction->used;
	return left < 0 ? 0 : left < days ? left : days;
}

enum error line_take(struct line_case *line, const struct verdict *verdict, bool funds)
{
	struct adjudication *of = line->of;
	const struct programme *programme;

	if (!verdict_takes_days(verdict))
		return ERROR_NONE;
	programme = line->first->programme;
	if (programme->needs_stay)
		claim_state_take_days(of->state, programme->need, line->nights, line->night_count);
	if (programme_counts(programme))
		service_days_take(claim_state_services(of->state), line->line->person,
		    programme->need, line->line->first_day, line->line->last_day,
		    line_units(line->line, verdict), programme->accrues == ACCRUES_PIECE);
	if (programme->takes_capacity)
		claim_state_take_nights(of->state, line_nights(line->line, verdict));
	if (programme->programme_cap.value)
		claim_state_take_programme(of->state, programme->tag, verdict->amount_fen);
	if (programme->person_month_cap.value)
		claim_state_take_person(of->state, line->line->person, verdict->amount_fen);
	for (uint32_t i = 0; funds && i < verdict->fund_count; i++) {
		uint32_t fund = verdict->funds[i].fund;
		int64_t left;
		enum error error = fund_left(of, fund, &left);

		if (error)
			return error;
		of->funds[fund].left = left - verdict->funds[i].amount_fen;
	}
	return claim_state_failed(of->state);
}

static enum error free_days(struct adjudication *of, const struct sheet_line *line, enum need need)
{
	const struct stay_row *row;
	int32_t first_day;
	enum error error = stay_cursor_person(of->stays, line->person, &first_day, &row);

	while (!error) {
		const struct night_piece days = {
		    .slot = row->slot, .from = line->first_day, .until = line->last_day};

		claim_state_free_days(of->state, need, &days, 1);
		error = stay_cursor_next(of->stays, &first_day, &row);
	}
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error line_give_back(struct adjudication *of, const struct sheet_line *line,
    const struct verdict *verdict, const struct programme *programme)
{
	struct claim_state *state = of->state;
	enum error error =
	    programme->needs_stay ? free_days(of, line, programme->need) : ERROR_NONE;

	if (error)
		return error;
	if (programme_counts(programme))
		service_days_give_back(claim_state_services(state), line->person, programme->need,
		    line->first_day, line->last_day, line_units(line, verdict),
		    programme->accrues == ACCRUES_PIECE);
	if (programme->takes_capacity)
		claim_state_take_nights(state, -line_nights(line, verdict));
	if (programme->programme_cap.value)
		claim_state_take_programme(state, programme->tag, -verdict->amount_fen);
	if (programme->person_month_cap.value)
		claim_state_take_person(state, line->person, -verdict->amount_fen);
	return claim_state_failed(state);
}

int64_t line_more_nights(
    const struct sheet_line *line, const struct verdict *verdict, const struct verdict *before)
{
	int64_t had = verdict_takes_days(before) ? line_nights(line, before) : 0;
	int64_t has = verdict_takes_days(verdict) ? line_nights(line, verdict) : 0;

	return has > had ? has - had : 0;
}

enum error line_take_more(struct adjudication *of, const struct sheet_line *line,
    const struct programme *programme, const struct verdict *verdict, const struct verdict *before,
    bool back)
{
	struct claim_state *state = of->state;
	int64_t sign = back ? -1 : 1;
	int64_t had = line_units(line, before), has = line_units(line, verdict);

	if (programme_counts(programme))
		service_days_change(claim_state_services(state), line->person, programme->need,
		    line->first_day, line->last_day, back ? has : had, back ? had : has,
		    programme->accrues == ACCRUES_PIECE);
	if (programme->takes_capacity)
		claim_state_take_nights(state, sign * line_more_nights(line, verdict, before));
	if (programme->programme_cap.value)
		claim_state_take_programme(state, programme->tag, sign * verdict->amount_fen);
	if (programme->person_month_cap.value)
		claim_state_take_person(state, line->person, sign * verdict->amount_fen);
	return claim_state_failed(state);
}
