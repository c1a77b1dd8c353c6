/* allowance.c: the kind `allowance`: a part of a run is decided and applied. */
#include "allowance.h"

#include <string.h>

#include "accounts.h"
#include "allowance_internal.h"
#include "calendar.h"
#include "claim_state.h"
#include "entitlement_internal.h"
#include "person.h"
#include "programme.h"
#include "stay.h"

struct allowance_work {
	struct settlement *settlement;
	struct txn *txn;
	const struct run_order *order;
	const struct policy *policy;
	const struct programme *programme; /* in force on the last day of the month */
	uint32_t row;
	uint64_t policy_sequence;
	bool claimable; /* institutions claim for the same need */
	uint32_t
	    rivals[PROGRAMMES_MAX]; /* tags of the programmes of which only one is paid to a card */
	size_t rival_count;
	struct decision *decision;
	/* Replay: the logged lines, in the same order of persons; the one that is next. */
	struct codec_reader logged_lines, logged_verdicts;
	uint64_t logged_person;
	struct span logged_verdict;
	uint64_t last_person; /* who has a line already */
	int64_t left[PROGRAMME_FUNDS_MAX], by_fund[PROGRAMME_FUNDS_MAX], total;
	bool full;
	uint64_t next_person;
	enum error error;
};

/* One need is paid once, by whichever programme: this one, or one that excludes it. */
static bool paid_before(struct allowance_work *work, uint64_t person)
{
	bool paid = false;

	work->error =
	    allowance_paid(work->txn, work->programme->tag, work->order->month, person, &paid);
	for (size_t i = 0; i < work->rival_count && !work->error && !paid; i++)
		work->error =
		    allowance_paid(work->txn, work->rivals[i], work->order->month, person, &paid);
	return paid;
}

struct granted_month {
	struct allowance_work *work;
	bool granted;
};

/* Does every version of the programme `tag` by which an institution can claim in the month exclude that of the run? */
static bool yields(const struct allowance_work *work, uint32_t tag)
{
	int32_t first = month_first_day(work->order->month),
		last = month_last_day(work->order->month);

	for (size_t i = 0; i < work->policy->programme_count; i++) {
		const struct programme *other = &work->policy->programmes[i];

		if (other->tag == tag && other->paid_to != PAID_TO_CARD &&
		    other->effective_from <= last && first <= other->effective_until &&
		    !programme_excludes(other, work->programme->tag))
			return false;
	}
	return true;
}

/* Does a grant to an institution hold on a day of the month? */
static bool holds_in_month(void *context, const struct grant_row *row)
{
	struct granted_month *month = context;
	uint32_t number = month->work->order->month;

	month->granted = row->span.paid_to == PAID_TO_INSTITUTION &&
			 row->span.from_day <= row->span.until_day &&
			 row->span.from_day <= month_last_day(number) &&
			 row->span.until_day >= month_first_day(number);
	return !month->granted;
}

/* Whoever has a grant of what the programme excludes does not get it: what goes to the card takes the whole month. Where the two exclude each
 * other, or serve one need, the card goes first: no institution may claim then. */
static bool excluded(struct allowance_work *work, uint64_t person)
{
	const struct programme *programme = work->programme;
	struct granted_month month = {.work = work};
	enum error error = ERROR_NONE;

	for (size_t i = 0; !error && !month.granted && i < work->policy->programme_count; i++) {
		const struct programme *other = &work->policy->programmes[i];

		if (programme_excludes(programme, other->tag) && other->need != programme->need &&
		    !yields(work, other->tag))
			error = grant_each_of_person(
			    work->txn, other->tag, person, holds_in_month, &month);
	}
	if (error)
		work->error = error;
	return month.granted;
}

struct claimed_month {
	struct allowance_work *work;
	uint64_t person;
	bool claimed;
};

static bool visit_stay(void *context, const struct stay_night_span *stay)
{
	struct claimed_month *month = context;
	struct allowance_work *work = month->work;
	int32_t last = month_last_day(work->order->month);
	const struct stay_row *row;

	if (stay->first_day > last)
		return false; /* in order of first day */
	work->error = stay_get(work->txn, stay->uscc, month->person, stay->first_day, &row);
	if (!work->error)
		work->error = claim_days_claimed(work->txn, stay->uscc, work->programme->need,
		    row->slot, month_first_day(work->order->month), last, &month->claimed);
	return !work->error && !month->claimed;
}

/* One need is paid once: has an institution claimed days of the month for it? */
static bool claimed_before(struct allowance_work *work, uint64_t person)
{
	struct claimed_month month = {.work = work, .person = person};
	enum error error = ERROR_NONE;

	if (work->claimable)
		error = stay_each(work->txn, person, visit_stay, &month);
	if (error)
		work->error = error;
	return month.claimed ||
	       (work->claimable &&
		   service_days_anywhere(claim_state_services(work->settlement->claims), person,
		       work->programme->need));
}

/* May institutions claim for the programme's need at all? */
static bool need_claimable(const struct allowance_work *work)
{
	for (size_t i = 0; i < work->policy->programme_count; i++) {
		const struct programme *other = &work->policy->programmes[i];

		if (other->need == work->programme->need && other->accrues == ACCRUES_DAY)
			return true;
	}
	return false;
}

/* What else goes to cards for the same need, or is excluded by this programme or excludes it, as runs of this month pay it. */
static void find_rivals(struct allowance_work *work)
{
	int32_t last = month_last_day(work->order->month);

	for (size_t i = 0; i < work->policy->programme_count; i++) {
		const struct programme *other = &work->policy->programmes[i];
		bool rival = other->need == work->programme->need ||
			     programme_excludes(work->programme, other->tag) ||
			     (programme_excludes(other, work->programme->tag) &&
				 policy_programme(work->policy, other->tag, last, 0) == other);

		for (size_t k = 0; k < work->rival_count; k++)
			rival = rival && work->rivals[k] != other->tag; /* another version */
		if (rival && other->tag != work->programme->tag &&
		    other->paid_to != PAID_TO_INSTITUTION)
			work->rivals[work->rival_count++] = other->tag;
	}
}

/* The month of death is paid whole, then none. */
static bool lives(const struct person_row *person, uint32_t month)
{
	return person->death_day >= month_first_day(month);
}

/* Age, level, income: what the programme asks of a person on the last day of the month. -1: nothing is due. */
static int due_band(
    const struct allowance_work *work, const struct person_row *person, uint64_t *level_sequence)
{
	const struct programme *programme = work->programme;
	int32_t last = month_last_day(work->order->month);
	int age = programme_age(programme, person->birth_day, last), level = 0;
	bool flagged = person->flags & programme->flag_or;

	*level_sequence = 0;
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++) {
		if (person->levels[i].sequence && person->levels[i].from_day <= last &&
		    last <= person->levels[i].until_day) {
			level = (int)person->levels[i].level;
			*level_sequence = person->levels[i].sequence;
		}
	}
	if ((programme->needs_assessment || programme_asks_level(programme)) &&
	    *level_sequence == 0)
		return -1;
	if (!programme_asks_level(programme))
		*level_sequence = 0;
	if (age < programme->age_min || level < programme->level_min ||
	    level > programme->level_max)
		return -1;
	if (programme->income_mask && !(person->income_class & programme->income_mask))
		return -1;
	if ((programme->age_or || programme->flag_or) && !flagged &&
	    (programme->age_or == 0 || age < programme->age_or))
		return -1;
	return programme_band(programme, age, level);
}

static void cut(struct verdict *verdict, enum reason reason, int64_t *fen, int64_t to,
    int64_t limit, int64_t used)
{
	if (to < 0)
		to = 0;
	if (to >= *fen)
		return;
	verdict->reductions[verdict->reduction_count++] = (struct verdict_reduction){
	    .reason = reason, .before_fen = *fen, .after_fen = to, .limit = limit, .used = used};
	*fen = to;
}

/* The caps in money hold for the card too; those in nights and days are for institutions. */
static int64_t under_caps(struct allowance_work *work, uint64_t person, struct verdict *verdict)
{
	const struct programme *programme = work->programme;
	struct claim_state *state = work->settlement->claims;
	int64_t fen = verdict->pieces[0].monthly_fen, used;

	if (programme->price_ceiling.value)
		cut(verdict, REASON_price_ceiling, &fen, programme->price_ceiling.value,
		    programme->price_ceiling.value, 0);
	if (programme->programme_cap.value) {
		used = claim_state_programme(state, programme->tag);
		cut(verdict, REASON_programme_cap, &fen, programme->programme_cap.value - used,
		    programme->programme_cap.value, used);
	}
	if (programme->person_month_cap.value) {
		used = claim_state_person(state, person);
		cut(verdict, REASON_person_month_cap, &fen,
		    programme->person_month_cap.value - used, programme->person_month_cap.value,
		    used);
	}
	return fen;
}
static void pay_from_funds(struct allowance_work *work, struct verdict *verdict, int64_t due)
{
	int64_t all = 0;

	verdict->amount_fen = 0;
	for (size_t i = 0; i < work->programme->fund_count; i++) {
		int64_t part = due - verdict->amount_fen;

		if (work->left[i] > 0)
			all = work->left[i] > AMOUNT_MAX - all ? AMOUNT_MAX : all + work->left[i];
		if (part > work->left[i])
			part = work->left[i];
		if (part <= 0)
			continue;
		verdict->funds[verdict->fund_count++] =
		    (struct verdict_fund){.fund = work->programme->funds[i], .amount_fen = part};
		verdict->amount_fen += part;
	}
	cut(verdict, REASON_fund_exhausted, &due, verdict->amount_fen, all, 0);
}

/* One more line. */
static void pay(struct allowance_work *work, uint64_t person, const struct verdict *verdict)
{
	for (uint32_t i = 0; i < verdict->fund_count; i++) {
		for (size_t k = 0; k < work->programme->fund_count; k++) {
			if (work->programme->funds[k] != verdict->funds[i].fund)
				continue;
			work->left[k] -= verdict->funds[i].amount_fen;
			work->by_fund[k] += verdict->funds[i].amount_fen;
		}
	}
	work->total += verdict->amount_fen;
	if (work->total > AMOUNT_MAX)
		work->error = ERROR_OVERFLOW;
	allowance_take_caps(work->settlement->claims, work->programme, person, verdict->amount_fen);
	if (!work->error)
		work->error = claim_state_failed(work->settlement->claims);
	codec_put_uint(&work->decision->lines, person);
	verdict_write(&work->decision->verdicts, verdict);
	work->decision->count++;
}

/* Can another line be taken into this part? If not, the next part begins with this person. */
static bool has_room(struct allowance_work *work, uint64_t person)
{
	work->full = work->decision->count == ALLOWANCE_PART_MAX;
	if (work->full)
		work->next_person = person;
	return !work->full;
}

static void next_logged(struct allowance_work *work)
{
	struct codec_reader line = codec_reader(codec_item(&work->logged_lines));

	work->logged_verdict = codec_item(&work->logged_verdicts);
	work->logged_person = codec_null(&line) ? 0 : codec_uint(&line);
}

/* A person whose facts are gone: what was decided stands. True if there was such a line. */
static bool take_over(struct allowance_work *work, uint64_t person)
{
	struct verdict verdict;

	while (work->logged_verdict.size && work->logged_person && work->logged_person < person)
		next_logged(work);
	if (!work->logged_verdict.size || work->logged_person != person)
		return false;
	/* The part's last line names who comes first in the next part. */
	if (codec_at_end(&work->logged_lines)) {
		work->full = true;
		work->next_person = person;
		return false;
	}
	if (verdict_parse(work->logged_verdict, &verdict) || verdict.reason != REASON_approved) {
		work->error = ERROR_MALFORMED;
		return false;
	}
	pay(work, person, &verdict);
	work->decision->not_rerun++;
	return true;
}

static bool consider(
    struct allowance_work *work, const struct person_row *person, uint64_t grant_sequence)
{
	struct verdict verdict = {.reason = REASON_approved,
	    .policy = work->policy_sequence,
	    .grant_sequence = grant_sequence};
	uint64_t level_sequence;
	int band;

	if (person->code == work->last_person || (person->state & PERSON_FOREIGN))
		return true;
	if (person->state & PERSON_ERASED) {
		if (work->logged_verdict.size && take_over(work, person->code))
			work->last_person = person->code;
		return !work->error && !work->full;
	}
	if (!(person->state & PERSON_HAS_FACTS) || !lives(person, work->order->month))
		return true;
	band = due_band(work, person, &level_sequence);
	if (band < 0 || paid_before(work, person->code) || work->error ||
	    excluded(work, person->code) || work->error || claimed_before(work, person->code))
		return !work->error;
	if (!has_room(work, person->code))
		return false;
	verdict.facts_sequence = person->facts_sequence;
	verdict.pieces[0] = (struct verdict_piece){.row = work->row,
	    .band = (uint32_t)band,
	    .last_day = (uint32_t)month_days(work->order->month),
	    .monthly_fen = work->programme->bands[band].amount.value,
	    .level_sequence = level_sequence};
	verdict.piece_count = 1;
	pay_from_funds(work, &verdict, under_caps(work, person->code, &verdict));
	pay(work, person->code, &verdict);
	work->last_person = person->code;
	return !work->error;
}

static bool visit_person(void *context, const struct person_row *person)
{
	struct allowance_work *work = context;

	if (person_code_region(person->code) != settlement_region(work->settlement))
		return false;
	return consider(work, person, 0);
}

static bool visit_grant(void *context, const struct grant_row *grant)
{
	struct allowance_work *work = context;
	int32_t first = month_first_day(work->order->month),
		last = month_last_day(work->order->month);
	const struct person_row *person;

	/* One that was stopped before it began has no day. */
	if (grant->span.paid_to != PAID_TO_CARD || grant->span.from_day > last ||
	    grant->span.until_day < first || grant->span.until_day < grant->span.from_day)
		return true;
	work->error = person_get(work->txn, grant->person, &person);
	return !work->error && consider(work, person, grant->span.sequence);
}

static enum error load_funds(struct allowance_work *work)
{
	char text[ACCOUNT_TEXT_SIZE];

	for (size_t i = 0; i < work->programme->fund_count; i++) {
		struct amount available;
		enum error error = account_available(work->txn, settlement_chart,
		    span_text(
			account_fund(text, work->policy->funds[work->programme->funds[i]].code)),
		    &available);

		if (error)
			return error;
		work->left[i] = available.value;
	}
	return ERROR_NONE;
}

/* Parts come in order, each where the one before it ended. */
static enum error check_part(
    struct txn *txn, const struct run_order *order, struct error_detail *detail)
{
	struct allowance_part before;
	enum error error = allowance_part_get(txn, order->run, order->part, &before);

	if (!error)
		return error_set(detail, ERROR_EXISTS, "run %s: part %u was ordered before",
		    order->run, (unsigned)order->part);
	if (error != ERROR_NOT_FOUND)
		return error;
	if (order->part == 1)
		return order->first_person == 0
			   ? ERROR_NONE
			   : error_set(detail, ERROR_MALFORMED,
				 "run %s: part 1 begins with the first person", order->run);
	error = order->part ? allowance_part_get(txn, order->run, order->part - 1, &before)
			    : ERROR_NOT_FOUND;
	if (error == ERROR_NOT_FOUND)
		return error_set(detail, ERROR_GAP, "run %s: part %u comes before part %u",
		    order->run, (unsigned)order->part, (unsigned)order->part - 1);
	if (error)
		return error;
	if (before.last || before.next_person != order->first_person ||
	    before.month != order->month || strcmp(before.programme, order->programme) != 0)
		return error_set(detail, ERROR_CONFLICT,
		    "run %s: part %u does not go on where part %u ended", order->run,
		    (unsigned)order->part, (unsigned)order->part - 1);
	return ERROR_NONE;
}

static enum error find_programme(struct allowance_work *work, struct error_detail *detail)
{
	const struct run_order *order = work->order;

	work->policy = settlement_policy(work->settlement, settlement_region(work->settlement));
	if (!work->policy)
		return ERROR_STATE;
	for (size_t i = 0; i < work->settlement->catalogue_count; i++) {
		if (work->settlement->catalogues[i].policy == work->policy)
			work->policy_sequence = work->settlement->catalogues[i].sequence;
	}
	work->programme = policy_programme(work->policy, programme_tag(span_text(order->programme)),
	    month_last_day(order->month), 0);
	if (!work->programme)
		return error_set(detail, ERROR_NOT_FOUND,
		    "no programme %s is in force at the end of the month", order->programme);
	/* What may go to either goes to the card by the month, to those whose grant says so. */
	if (work->programme->paid_to == PAID_TO_INSTITUTION ||
	    (work->programme->accrues != ACCRUES_MONTH &&
		work->programme->paid_to != PAID_TO_EITHER))
		return error_set(detail, ERROR_REFUSED,
		    "programme %s is not paid by the month to a card", order->programme);
	work->row = (uint32_t)(work->programme - work->policy->programmes);
	return load_funds(work);
}

static enum error prepare_claimed(struct allowance_work *work)
{
	work->claimable = need_claimable(work);
	find_rivals(work);
	return allowance_workspace(work->settlement, work->txn, work->order->month);
}

static enum error walk(struct allowance_work *work)
{
	enum error error;

	if (work->programme->needs_grant)
		error = grant_each(
		    work->txn, work->programme->tag, work->order->first_person, visit_grant, work);
	else
		error = person_each(work->txn,
		    work->order->first_person
			? work->order->first_person
			: person_code_make(settlement_region(work->settlement), 0) / 10 * 10,
		    visit_person, work);
	return error ? error : work->error;
}

/* The order's summary, as the last line of the entry: [next person or null]. */
static void finish(struct allowance_work *work)
{
	char fund[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];
	struct verdict verdict = {.reason = REASON_registered};

	account_payable_run(payable, work->order->run);
	for (size_t i = 0; i < work->programme->fund_count; i++)
		decision_move(work->decision, UNIT_CNY,
		    account_fund(fund, work->policy->funds[work->programme->funds[i]].code),
		    payable, work->by_fund[i]);
	if (work->full)
		codec_put_uint(&work->decision->lines, work->next_person);
	else
		codec_put_null(&work->decision->lines);
	verdict_write(&work->decision->verdicts, &verdict);
	work->decision->count++;
}

enum error allowance_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct run_order order;
	struct allowance_work work = {
	    .settlement = settlement, .txn = txn, .order = &order, .decision = decision};
	enum error error = allowance_order_read(command->documents[0], &order);

	if (error)
		return error_set(detail, error, "not a well-formed order of an allowance run");
	if (month_first_day(order.month) > day_of_time(now_ms))
		return error_set(detail, ERROR_STATE, "the month has not begun yet");
	error = check_part(txn, &order, detail);
	if (!error)
		error = find_programme(&work, detail);
	if (!error)
		error = prepare_claimed(&work);
	if (!error) {
		work.logged_lines = codec_reader(command->logged_lines);
		work.logged_verdicts = codec_reader(command->logged_verdicts);
		if (command->logged_verdicts.size)
			next_logged(&work);
		error = walk(&work);
	}
	if (error)
		return error_set(detail, error, "run %s: %s", order.run,
		    detail && detail->text[0] ? detail->text : error_text(error));
	finish(&work);
	return ERROR_NONE;
}
/* Applying. */

/* The programme of a line that the present catalogue decided; NULL if it has none such. */
static const struct programme *programme_of(
    const struct settlement *settlement, const struct verdict *verdict)
{
	const struct policy *policy = settlement_policy(settlement, settlement_region(settlement));

	return policy && verdict->piece_count == 1 &&
		       verdict->pieces[0].row < policy->programme_count
		   ? &policy->programmes[verdict->pieces[0].row]
		   : NULL;
}

static enum error apply_line(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct run_order *order, uint32_t line, struct span item,
    struct span bytes, struct run_row *row)
{
	const struct programme *programme;
	struct codec_reader reader = codec_reader(item);
	uint8_t key[PAID_KEY_SIZE], value[12];
	struct verdict verdict;
	uint64_t person;

	if (verdict_parse(bytes, &verdict))
		return ERROR_CORRUPT;
	if (verdict.reason == REASON_registered) {
		row->last = codec_null(&reader);
		row->next_person = row->last ? 0 : codec_uint(&reader);
		return reader.failed ? ERROR_CORRUPT : ERROR_NONE;
	}
	person = codec_uint(&reader);
	programme = programme_of(settlement, &verdict);
	if (!programme)
		return ERROR_CORRUPT;
	allowance_take_caps(settlement->claims, programme, person, verdict.amount_fen);
	row->count++;
	row->total_fen += verdict.amount_fen;
	allowance_paid_key(key, programme_tag(span_text(order->programme)), order->month, person);
	be64_write(value, entry->header.sequence);
	be32_write(value + 8, line);
	return store_put(
	    txn, TABLE_ALLOWANCE, span_of(key, sizeof key), span_of(value, sizeof value));
}

enum error allowance_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	struct run_order order;
	struct run_row row;
	uint8_t key[RUN_KEY_SIZE];
	enum error error;

	(void)detail;
	if (allowance_order_read(entry->documents[0], &order))
		return ERROR_CORRUPT;
	error = allowance_workspace(settlement, txn, order.month);
	memset(&row, 0, sizeof row);
	row.sequence = entry->header.sequence;
	row.month = order.month;
	row.part = order.part;
	memcpy(row.programme, order.programme, sizeof row.programme);
	for (uint32_t i = 0; !error && i < entry->header.count; i++) {
		struct span item = codec_item(&lines), verdict = codec_item(&verdicts);

		error = apply_line(settlement, txn, entry, &order, i, item, verdict, &row);
	}
	if (!error)
		error = claim_state_store(settlement->claims, txn);
	if (error)
		return error;
	allowance_run_key(key, order.run, order.part);
	return store_put(txn, TABLE_RUN, span_of(key, sizeof key), span_of(&row, sizeof row));
}
