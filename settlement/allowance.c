#include "allowance.h"

#include <stdio.h>
#include <string.h>

#include "accounts.h"
#include "calendar.h"
#include "claim_state.h"
#include "document.h"
#include "entitlement.h"
#include "ledger.h"
#include "order.h"
#include "person.h"
#include "programme.h"
#include "settlement_internal.h"
#include "stay.h"
#include "verdict.h"

/* A run's rows: name, filled with zeros, then the part. Paid: tag BE32 || month BE32 || person BE64 -> entry BE64, line BE32. */
#define RUN_KEY_SIZE (RUN_NAME_MAX + 4)
#define PAID_KEY_SIZE 16

struct run_row {
	uint64_t sequence, next_person;
	int64_t total_fen;
	uint32_t month, count;
	uint32_t part, last;
	char programme[PROGRAMME_CODE_SIZE];
};
_Static_assert(sizeof(struct run_row) == 40 + PROGRAMME_CODE_SIZE, "no padding");

/* What an order asks for. */
struct run_order {
	uint32_t month, part;
	char programme[PROGRAMME_CODE_SIZE], run[RUN_NAME_MAX + 1];
	uint64_t first_person;
};

void allowance_parameters_write(struct buffer *out, uint32_t month, const char *programme,
    const char *run, uint32_t part, uint64_t first_person)
{
	codec_put_uint(out, month);
	codec_put_text(out, span_text(programme));
	codec_put_text(out, span_text(run));
	codec_put_uint(out, part);
	codec_put_uint(out, first_person);
}

/* Lower-case letters, digits, '-', '_' and '.': the name stands in account names. */
static bool run_name_valid(const char *run)
{
	size_t size = strlen(run);

	return size > 0 && size <= RUN_NAME_MAX &&
	       strspn(run, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == size;
}

static enum error read_order(struct span bytes, struct run_order *out)
{
	struct document document;
	struct order order;

	if (document_read(bytes, &document) || strcmp(document.name, "order") != 0 ||
	    order_read(document.payload, &order))
		return ERROR_MALFORMED;
	if (order.parameter_count != ALLOWANCE_PARAMETERS)
		return ERROR_MALFORMED;
	out->month = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	codec_text_copy(&order.parameters, out->programme, sizeof out->programme);
	codec_text_copy(&order.parameters, out->run, sizeof out->run);
	out->part = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	out->first_person = codec_uint(&order.parameters);
	return order.parameters.failed || !month_is_real(out->month) || !run_name_valid(out->run)
		   ? ERROR_MALFORMED
		   : ERROR_NONE;
}

static void run_key(uint8_t key[RUN_KEY_SIZE], const char *run, uint32_t part)
{
	memset(key, 0, RUN_KEY_SIZE);
	memcpy(key, run, strlen(run));
	be32_write(key + RUN_NAME_MAX, part);
}

static void paid_key(uint8_t key[PAID_KEY_SIZE], uint32_t tag, uint32_t month, uint64_t person)
{
	be32_write(key, tag);
	be32_write(key + 4, month);
	be64_write(key + 8, person);
}

static enum error part_of(struct span value, struct allowance_part *out)
{
	struct run_row row;

	if (value.size != sizeof row)
		return ERROR_CORRUPT;
	memcpy(&row, value.data, sizeof row);
	*out = (struct allowance_part){.month = row.month,
	    .part = row.part,
	    .sequence = row.sequence,
	    .next_person = row.next_person,
	    .count = row.count,
	    .last = row.last != 0,
	    .total_fen = row.total_fen};
	memcpy(out->programme, row.programme, sizeof out->programme);
	return ERROR_NONE;
}

enum error allowance_part_get(
    struct txn *txn, const char *run, uint32_t part, struct allowance_part *out)
{
	uint8_t key[RUN_KEY_SIZE];
	struct span value;
	enum error error;

	if (!run_name_valid(run))
		return ERROR_NOT_FOUND;
	run_key(key, run, part);
	error = store_get(txn, TABLE_RUN, span_of(key, sizeof key), &value);
	return error ? error : part_of(value, out);
}

enum error allowance_parts_each(struct txn *txn, allowance_part_visit *visit, void *context)
{
	struct cursor *cursor;
	struct span key, value;
	enum error error = cursor_open(txn, TABLE_RUN, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value);
	while (!error) {
		char run[RUN_NAME_MAX + 1] = {0};
		struct allowance_part part;

		error = key.size == RUN_KEY_SIZE ? part_of(value, &part) : ERROR_CORRUPT;
		if (error)
			break;
		memcpy(run, key.data, RUN_NAME_MAX);
		if (!visit(context, run, &part))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Deciding. */

struct allowance_work {
	struct settlement *settlement;
	struct txn *txn;
	const struct run_order *order;
	const struct policy *policy;
	const struct programme *programme; /* in force on the last day of the month */
	uint32_t row;
	uint64_t policy_sequence;
	bool need_is_claimed; /* institutions may claim for the same need */
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

static bool paid_before(struct allowance_work *work, uint64_t person)
{
	uint8_t key[PAID_KEY_SIZE];
	struct span value;
	enum error error;

	paid_key(key, work->programme->tag, work->order->month, person);
	error = store_get(work->txn, TABLE_ALLOWANCE, span_of(key, sizeof key), &value);
	if (error && error != ERROR_NOT_FOUND)
		work->error = error;
	return !error;
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

	if (work->need_is_claimed)
		error = stay_each(work->txn, person, visit_stay, &month);
	if (error)
		work->error = error;
	return month.claimed;
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
	if (verdict->amount_fen < due)
		verdict->reductions[verdict->reduction_count++] =
		    (struct verdict_reduction){.reason = REASON_fund_exhausted,
			.before_fen = due,
			.after_fen = verdict->amount_fen,
			.limit = all};
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
		return !work->error;
	}
	if (!(person->state & PERSON_HAS_FACTS) || !lives(person, work->order->month))
		return true;
	band = due_band(work, person, &level_sequence);
	if (band < 0 || paid_before(work, person->code) || claimed_before(work, person->code))
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
	pay_from_funds(work, &verdict, verdict.pieces[0].monthly_fen);
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

	if (grant->span.paid_to != PAID_TO_CARD || grant->span.from_day > last ||
	    grant->span.until_day < first)
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
	enum error error;

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
	/* What is paid to either accrues by the day for an institution and by the month for the card; the grant says which it is. */
	if (work->programme->paid_to == PAID_TO_INSTITUTION ||
	    (work->programme->paid_to == PAID_TO_CARD &&
		work->programme->accrues != ACCRUES_MONTH) ||
	    (work->programme->paid_to == PAID_TO_EITHER && !work->programme->needs_grant))
		return error_set(detail, ERROR_REFUSED,
		    "programme %s is not paid by the month to a card", order->programme);
	work->row = (uint32_t)(work->programme - work->policy->programmes);
	for (size_t i = 0; i < work->policy->programme_count; i++)
		work->need_is_claimed |=
		    work->policy->programmes[i].need == work->programme->need &&
		    work->policy->programmes[i].paid_to != PAID_TO_CARD;
	return load_funds(work);
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
	enum error error = read_order(command->documents[0], &order);

	if (error)
		return error_set(detail, error, "not a well-formed order of an allowance run");
	if (month_first_day(order.month) > day_of_time(now_ms))
		return error_set(detail, ERROR_STATE, "the month has not begun yet");
	error = check_part(txn, &order, detail);
	if (!error)
		error = find_programme(&work, detail);
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

static enum error apply_line(struct txn *txn, const struct entry *entry,
    const struct run_order *order, uint32_t line, struct span item, struct span bytes,
    struct run_row *row)
{
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
	row->count++;
	row->total_fen += verdict.amount_fen;
	paid_key(key, programme_tag(span_text(order->programme)), order->month, person);
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

	(void)settlement;
	(void)detail;
	if (read_order(entry->documents[0], &order))
		return ERROR_CORRUPT;
	memset(&row, 0, sizeof row);
	row.sequence = entry->header.sequence;
	row.month = order.month;
	row.part = order.part;
	memcpy(row.programme, order.programme, sizeof row.programme);
	for (uint32_t i = 0; i < entry->header.count; i++) {
		struct span item = codec_item(&lines), verdict = codec_item(&verdicts);
		enum error error = apply_line(txn, entry, &order, i, item, verdict, &row);

		if (error)
			return error;
	}
	run_key(key, order.run, order.part);
	return store_put(txn, TABLE_RUN, span_of(key, sizeof key), span_of(&row, sizeof row));
}

/* Reading a run. */

static enum error each_of_part(struct txn *txn, uint64_t sequence, uint64_t from,
    allowance_visit *visit, void *context, bool *stopped)
{
	struct entry_reader reader = {0};
	struct codec_reader lines, verdicts;
	enum error error = ledger_read(txn, sequence, &reader);

	if (error)
		return error;
	lines = codec_reader(reader.entry.lines);
	verdicts = codec_reader(reader.entry.verdicts);
	for (uint32_t i = 0; i < reader.entry.header.count && !*stopped; i++) {
		struct codec_reader line = codec_reader(codec_item(&lines));
		uint64_t person = codec_null(&line) ? 0 : codec_uint(&line);
		struct verdict verdict;

		verdict_take(&verdicts, &verdict);
		if (verdict.reason == REASON_approved && verdict.amount_fen > 0 && person >= from)
			*stopped = !visit(context, person, verdict.amount_fen);
	}
	if (lines.failed || verdicts.failed)
		error = ERROR_CORRUPT;
	entry_free(&reader);
	return error;
}

enum error allowance_each(
    struct txn *txn, const char *run, uint64_t from, allowance_visit *visit, void *context)
{
	bool stopped = false;

	for (uint32_t number = 1; !stopped; number++) {
		struct allowance_part part;
		enum error error = allowance_part_get(txn, run, number, &part);

		if (error == ERROR_NOT_FOUND && number > 1)
			break;
		if (!error)
			error = each_of_part(txn, part.sequence, from, visit, context, &stopped);
		if (error)
			return error;
		if (part.last)
			break;
	}
	return ERROR_NONE;
}
