/* grant.c: the kinds `grant` (at home) and `grant_notice` (at the host of a filing). */
#include "entitlement_internal.h"

#include <string.h>

#include "person_internal.h"
#include "settlement_internal.h"
#include "settlement_limits.h"

enum { MESSAGE_GRANT, MESSAGE_GRANT_CHANGE };

/* Grants of one person in one entry: more is a mistake, and would be slow. */

/* [person code, programme code, from day, until day or null, paid to, region, amount (null), state] */
void grant_line_write(struct buffer *out, const struct grant_line *line)
{
	codec_put_array(out, 8);
	codec_put_uint(out, line->person);
	codec_put_text(out, span_text(line->programme));
	day_put(out, line->from_day);
	day_or_never_put(out, line->until_day);
	codec_put_uint(out, line->paid_to);
	codec_put_uint(out, line->region);
	codec_put_null(out);
	codec_put_uint(out, line->state);
}

static enum error line_read(struct span item, struct grant_line *line)
{
	struct codec_reader reader = codec_reader(item);
	codec_array_exact(&reader, 8);
	line->person = codec_uint(&reader);
	codec_text_copy(&reader, line->programme, sizeof(line->programme));
	line->from_day = day_take(&reader);
	line->until_day = day_or_never_take(&reader);
	line->paid_to = (enum paid_to)codec_uint_max(&reader, PAID_TO_INSTITUTION);
	line->region = (uint32_t)codec_uint_max(&reader, 999999);
	bool no_amount = codec_null(&reader);
	line->state = (enum grant_state)codec_uint_max(&reader, GRANT_STOPPED);
	bool days = line->from_day >= 0 && line->until_day >= line->from_day - 1;
	if (!no_amount || !days || line->paid_to == 0 || line->state == 0 ||
	    (line->state == GRANT_STOPPED && line->until_day == DAY_NEVER))
		reader.failed = ERROR_MALFORMED;
	return codec_finish(&reader);
}

static struct grant_span span_of_line(const struct grant_line *line, uint64_t sequence)
{
	return (struct grant_span){
	    .sequence = sequence,
	    .tag = programme_tag(span_text(line->programme)),
	    .from_day = line->from_day,
	    .until_day = line->until_day,
	    .paid_to = line->paid_to,
	    .region = line->region,
	};
}

/* --- what stands already ----------------------------------------------------------------------------------- */

/* A grant as earlier lines of this entry leave it. */
struct planned_grant {
	uint32_t tag;
	int32_t from_day, until_day;
	bool given; /* by this entry: then it does not stop it */
};

/* The grants of one person and programme that are there: the one of the same begin, and whether another has days in common. */
struct standing_grants {
	const struct register_work *work;
	const struct grant_line *line;
	uint32_t tag;
	bool overlaps;
	bool same, same_given;
	int32_t same_until;
	unsigned planned; /* lines of this person in this entry */
};

static void standing_add(
    struct standing_grants *standing, int32_t from_day, int32_t until_day, bool given)
{
	const struct grant_line *line = standing->line;
	if (from_day == line->from_day) {
		standing->same = true;
		standing->same_given = given;
		standing->same_until = until_day;
		return;
	}
	if (from_day <= until_day && from_day <= line->until_day && line->from_day <= until_day)
		standing->overlaps = true;
}

static struct planned_grant *planned_grant(
    const struct register_work *work, uint64_t person, uint32_t tag, int32_t from_day)
{
	struct planned_grant *planned = work->planned;
	for (uint32_t i = batch_find(work->batch, person); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i))
		if (planned[i].tag == tag && planned[i].from_day == from_day)
			return &planned[i];
	return NULL;
}

static bool stored_add(void *context, const struct grant_row *row)
{
	struct standing_grants *standing = context;
	if (!planned_grant(standing->work, row->person, row->span.tag, row->span.from_day))
		standing_add(standing, row->span.from_day, row->span.until_day, false);
	return true;
}

static enum error standing_find(struct standing_grants *standing)
{
	const struct register_work *work = standing->work;
	const struct planned_grant *planned = work->planned;
	uint64_t person = standing->line->person;
	for (uint32_t i = batch_find(work->batch, person); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i)) {
		standing->planned++;
		if (planned[i].tag == standing->tag)
			standing_add(
			    standing, planned[i].from_day, planned[i].until_day, planned[i].given);
	}
	return grant_each_of_person(work->txn, standing->tag, person, stored_add, standing);
}

static void plan(struct register_work *work, const struct grant_line *line, uint32_t tag)
{
	struct planned_grant *planned = planned_grant(work, line->person, tag, line->from_day);
	if (!planned)
		planned =
		    (struct planned_grant *)work->planned + batch_add(work->batch, line->person);
	bool given = line->state == GRANT_GIVEN;
	*planned = (struct planned_grant){tag, line->from_day, line->until_day, given};
}

/* --- at home ----------------------------------------------------------------------------------------------- */

static bool drawn_in(const struct programme *programme, uint32_t region)
{
	for (size_t i = 0; i < programme->region_count; i++)
		if (programme->regions[i] == region)
			return true;
	return programme->portable && programme->region_count == 0;
}

/* What the versions of a programme that are in force on the grant's first day allow. */
struct versions_say {
	bool exists, portable, payable;
};

/* `host_pays`: only the versions by which the host pays count. A district's version holds for institutions there, so it is not drawn elsewhere. */
static struct versions_say versions_say(
    const struct policy *policy, const struct grant_line *line, uint32_t tag, bool host_pays)
{
	struct versions_say say = {false, false, false};

	for (size_t i = 0; policy && i < policy->programme_count; i++) {
		const struct programme *programme = &policy->programmes[i];

		if (programme->tag != tag || line->from_day < programme->effective_from ||
		    line->from_day > programme->effective_until ||
		    (host_pays && programme->payer != PAYER_HOST))
			continue;
		say.exists = true;
		say.portable = say.portable || (programme->district == 0 && programme->portable &&
						   drawn_in(programme, line->region));
		say.payable = say.payable || programme->paid_to == PAID_TO_EITHER ||
			      programme->paid_to == line->paid_to;
	}
	return say;
}

/* What the catalogues say: home's own, or, for a programme that the host pays, the host's. */
static enum reason catalogue_judge(
    const struct settlement *settlement, const struct grant_line *line, uint32_t tag)
{
	uint32_t own = settlement_region(settlement);
	bool elsewhere = line->region != 0 && line->region != own;
	struct versions_say say =
	    versions_say(settlement_policy(settlement, own), line, tag, false);

	if (say.exists && elsewhere && !say.portable)
		return REASON_not_portable;
	if (!say.exists && elsewhere)
		say = versions_say(settlement_policy(settlement, line->region), line, tag, true);
	if (!say.exists)
		return REASON_not_in_force;
	return say.payable ? REASON_approved : REASON_no_grant;
}

/* A stop shortens the grant that it names. */
static enum reason stop_judge(const struct standing_grants *standing, const struct grant_line *line)
{
	bool there = standing->same && !standing->same_given;
	return there && line->until_day <= standing->same_until ? REASON_registered
								: REASON_no_grant;
}

static enum reason give_judge(const struct register_work *work,
    const struct standing_grants *standing, const struct person_row *row)
{
	const struct grant_line *line = standing->line;
	bool there = standing->same && standing->same_until >= line->from_day;
	if (standing->overlaps || there)
		return REASON_duplicate;
	enum reason reason = catalogue_judge(work->settlement, line, standing->tag);
	if (reason == REASON_approved)
		reason = line->from_day > row->death_day ? REASON_after_death : REASON_registered;
	return reason;
}

/* Is there a filing on some day of the grant (of what is stopped: on or after its first day)? */
static bool filing_meets(const struct filing_span *filing, const struct grant_line *line)
{
	return filing->region != 0 && filing->from_day <= filing->until_day &&
	       line->from_day <= filing->until_day &&
	       (line->state == GRANT_STOPPED || filing->from_day <= line->until_day);
}

/* To each host with such a filing, once. */
static void tell_hosts(
    struct register_work *work, const struct person_row *row, const struct grant_line *line)
{
	struct grant_span grant = span_of_line(line, 1);
	unsigned message = line->state == GRANT_GIVEN ? MESSAGE_GRANT : MESSAGE_GRANT_CHANGE;
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		uint32_t host = row->filings[i].region;
		bool tell = filing_meets(&row->filings[i], line) && grant.paid_to != PAID_TO_CARD &&
			    (grant.region == 0 || grant.region == host);
		for (size_t j = 0; j < i; j++)
			if (row->filings[j].region == host && filing_meets(&row->filings[j], line))
				tell = false;
		struct buffer *out = tell ? dispatch_item(&work->messages[message], host) : NULL;
		if (out)
			grant_item_write(out, line->person, &grant);
	}
}

/* A stop names the grant by its begin; the rest is as it was granted. */
static enum error take_from_granted(
    struct register_work *work, uint32_t tag, struct grant_line *line)
{
	struct grant_row granted;
	enum error error = grant_get(work->txn, tag, line->person, line->from_day, &granted);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	line->paid_to = (enum paid_to)granted.span.paid_to;
	line->region = granted.span.region;
	return ERROR_NONE;
}

static enum error grant_line_decide(struct register_work *work, struct span item)
{
	struct grant_line line;
	struct person_row row;
	enum reason reason;
	if (line_read(item, &line) != ERROR_NONE)
		return register_malformed(work, "not the line of a grant");
	struct standing_grants standing = {
	    .work = work, .line = &line, .tag = programme_tag(span_text(line.programme))};
	enum error error = person_known(work->settlement, work->txn, line.person, &row, &reason);
	if (!error && reason == REASON_approved) {
		error = standing_find(&standing);
		reason = line.state == GRANT_STOPPED ? stop_judge(&standing, &line)
						     : give_judge(work, &standing, &row);
	}
	if (error)
		return error;
	if (standing.planned >= GRANT_LINES_OF_PERSON_MAX)
		return line_walk_error(&work->walk, ERROR_TOO_LARGE, work->detail,
		    "too many grants of one person in one entry");
	reason = register_verdict(work, reason);
	if (reason != REASON_registered)
		return ERROR_NONE;
	plan(work, &line, standing.tag);
	if (line.state == GRANT_STOPPED)
		error = take_from_granted(work, standing.tag, &line);
	tell_hosts(work, &row, &line);
	return error;
}

enum error grant_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = grant_line_decide,
	    .planned_size = sizeof(struct planned_grant),
	    .messages = {"grant", "grant_change"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

/* A stop keeps what was granted but for the last day. */
static enum error grant_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span item, unsigned reason)
{
	struct grant_line line;
	struct grant_row old;
	const struct person_row *found = NULL;
	(void)settlement;
	if (reason != REASON_registered)
		return ERROR_NONE;
	if (line_read(item, &line) != ERROR_NONE)
		return ERROR_CORRUPT;
	struct grant_span span = span_of_line(&line, entry->header.sequence);
	if (line.state == GRANT_STOPPED) {
		enum error error = grant_get(txn, span.tag, line.person, span.from_day, &old);
		if (error)
			return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
		span.paid_to = old.span.paid_to;
		span.region = old.span.region;
	}
	enum error error = person_get(txn, line.person, &found);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	struct person_row row = *found;
	person_add_grant(&row, &span);
	error = grant_put(txn, line.person, &span);
	return error ? error : person_put(txn, &row);
}

enum error grant_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	return register_apply(grant_line_apply, settlement, txn, entry, detail);
}

/* --- at the host ------------------------------------------------------------------------------------------- */

struct grant_item {
	uint64_t person;
	struct grant_span span;
};

static enum error item_read(struct span bytes, struct grant_item *item)
{
	struct codec_reader reader = codec_reader(bytes);
	*item = (struct grant_item){0};
	codec_array_exact(&reader, 6);
	item->person = codec_uint(&reader);
	item->span.tag = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	item->span.from_day = day_take(&reader);
	item->span.until_day = day_or_never_take(&reader);
	item->span.paid_to = (uint32_t)codec_uint_max(&reader, PAID_TO_EITHER);
	item->span.region = (uint32_t)codec_uint_max(&reader, 999999);
	if (item->span.from_day < 0 || item->span.until_day < item->span.from_day - 1 ||
	    item->span.paid_to == 0)
		reader.failed = ERROR_MALFORMED;
	return codec_finish(&reader);
}

enum error foreign_person_judge(struct register_work *work, uint64_t person, enum reason *reason)
{
	const struct person_row *row = NULL;
	enum error error = person_get(work->txn, person, &row);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!person_code_valid(person) || person_code_region(person) != work->sender)
		*reason = REASON_unknown_person;
	else if (error)
		*reason = REASON_not_filed;
	else
		*reason = row->state & PERSON_ERASED ? REASON_erased : REASON_registered;
	return ERROR_NONE;
}

static enum error notice_line_decide(struct register_work *work, struct span bytes)
{
	struct grant_item item;
	enum reason reason;
	if (item_read(bytes, &item) != ERROR_NONE)
		return register_malformed(work, "not the item of a grant");
	enum error error = foreign_person_judge(work, item.person, &reason);
	if (error)
		return error;
	register_line_as_is(work, bytes);
	verdict_put(work->decision, reason);
	return ERROR_NONE;
}

enum error grant_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {.line = notice_line_decide, .is_notice = true};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

static enum error notice_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span bytes, unsigned reason)
{
	struct grant_item item;
	const struct person_row *found = NULL;
	(void)settlement;
	if (reason != REASON_registered)
		return ERROR_NONE;
	if (item_read(bytes, &item) != ERROR_NONE)
		return ERROR_CORRUPT;
	enum error error = person_get(txn, item.person, &found);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	struct person_row row = *found;
	item.span.sequence = entry->header.sequence;
	person_add_grant(&row, &item.span);
	return person_put(txn, &row);
}

enum error grant_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(notice_line_apply, settlement, txn, entry, detail);
}
