/* filing.c: the kinds `filing` (备案, at home) and `filing_notice` (at the host), and what hosts are told of persons. */
#include "filing.h"

#include "entitlement_internal.h"
#include "person_internal.h"
#include "settlement_internal.h"

enum { MESSAGE_FILING, MESSAGE_GRANT, MESSAGE_LEVEL };

/* --- lines and items --------------------------------------------------------------------------------------- */

/* [person code, host, from day, until day or null, consent hash] */
void filing_line_write(struct buffer *out, const struct filing_line *line)
{
	codec_put_array(out, 5);
	codec_put_uint(out, line->person);
	codec_put_uint(out, line->host);
	day_put(out, line->from_day);
	day_or_never_put(out, line->until_day);
	codec_put_bytes(out, hash_span(&line->consent));
}

static enum error line_read(struct span item, struct filing_line *line)
{
	struct codec_reader reader = codec_reader(item);
	codec_array_exact(&reader, 5);
	line->person = codec_uint(&reader);
	line->host = (uint32_t)codec_uint_max(&reader, 999999);
	line->from_day = day_take(&reader);
	line->until_day = day_or_never_take(&reader);
	codec_bytes_exact(&reader, line->consent.bytes, HASH_SIZE);
	if (line->from_day < 0 || line->until_day < line->from_day - 1)
		reader.failed = ERROR_MALFORMED;
	return codec_finish(&reader);
}

/* An item of "filing": [person code, from day, until day or null, consent hash or null]; when the person is forgotten all but the
 * code are null. Facts of persons never leave home. */
struct filing_item {
	uint64_t person;
	bool forgotten;
	int32_t from_day, until_day;
	bool has_consent;
	struct hash consent;
};

static void item_write(struct buffer *out, const struct filing_item *item)
{
	codec_put_array(out, 4);
	codec_put_uint(out, item->person);
	if (item->forgotten)
		codec_put_null(out);
	else
		day_put(out, item->from_day);
	day_or_never_put(out, item->forgotten ? DAY_NEVER : item->until_day);
	if (item->has_consent)
		codec_put_bytes(out, hash_span(&item->consent));
	else
		codec_put_null(out);
}

static enum error item_read(struct span bytes, struct filing_item *item)
{
	struct codec_reader reader = codec_reader(bytes);
	*item = (struct filing_item){0};
	codec_array_exact(&reader, 4);
	item->person = codec_uint(&reader);
	item->forgotten = codec_null(&reader);
	item->from_day = item->forgotten ? 0 : day_take(&reader);
	item->until_day = day_or_never_take(&reader);
	item->has_consent = !codec_null(&reader);
	if (item->has_consent)
		codec_bytes_exact(&reader, item->consent.bytes, HASH_SIZE);
	if (item->from_day < 0 || item->until_day < item->from_day - 1 ||
	    (item->forgotten && (item->until_day != DAY_NEVER || item->has_consent)))
		reader.failed = ERROR_MALFORMED;
	return codec_finish(&reader);
}

/* --- what hosts are told ----------------------------------------------------------------------------------- */

void filing_forget(struct register_work *work, const struct person_row *row)
{
	const struct filing_item item = {.person = row->code, .forgotten = true};
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		uint32_t host = row->filings[i].region;
		bool told = host == 0;
		for (size_t j = 0; j < i; j++)
			told = told || row->filings[j].region == host;
		struct buffer *out =
		    told ? NULL : dispatch_item(&work->messages[MESSAGE_FILING], host);
		if (out)
			item_write(out, &item);
	}
}

bool grant_concerns(const struct grant_span *grant, uint32_t host)
{
	return grant->sequence != 0 && grant->paid_to != PAID_TO_CARD &&
	       (grant->region == 0 || grant->region == host) && grant->from_day <= grant->until_day;
}

void grant_item_write(struct buffer *out, uint64_t person, const struct grant_span *grant)
{
	codec_put_array(out, 6);
	codec_put_uint(out, person);
	codec_put_uint(out, grant->tag);
	day_put(out, grant->from_day);
	day_or_never_put(out, grant->until_day);
	codec_put_uint(out, grant->paid_to);
	codec_put_uint(out, grant->region);
}

void level_item_write(struct buffer *out, uint64_t person, const struct level_span *level)
{
	codec_put_array(out, 4);
	codec_put_uint(out, person);
	codec_put_uint(out, level->level);
	day_put(out, level->from_day);
	day_put(out, level->until_day);
}

/* The filing itself, and what the host must know that came before it. */
static void tell_host(
    struct register_work *work, const struct person_row *row, const struct filing_line *line)
{
	struct filing_item item = {
	    .person = line->person,
	    .from_day = line->from_day,
	    .until_day = line->until_day,
	    .has_consent = true,
	    .consent = line->consent,
	};
	struct buffer *out = dispatch_item(&work->messages[MESSAGE_FILING], line->host);
	if (out)
		item_write(out, &item);
	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++) {
		const struct grant_span *grant = &row->grants[i];
		if (!grant_concerns(grant, line->host) || grant->until_day < line->from_day)
			continue;
		out = dispatch_item(&work->messages[MESSAGE_GRANT], line->host);
		if (out)
			grant_item_write(out, line->person, grant);
	}
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++) {
		const struct level_span *level = &row->levels[i];
		if (level->sequence == 0 || level->until_day < line->from_day)
			continue;
		out = dispatch_item(&work->messages[MESSAGE_LEVEL], line->host);
		if (out)
			level_item_write(out, line->person, level);
	}
}

/* --- at home ----------------------------------------------------------------------------------------------- */

/* What this entry has filed so far. */
struct planned_filing {
	uint32_t host;
	int32_t from_day, until_day;
};

/* Another filing with the same host, of another begin, that has days in common. */
static bool overlaps(const struct filing_line *line, uint32_t host, int32_t from, int32_t until)
{
	return host == line->host && from != line->from_day && from <= until &&
	       line->from_day <= line->until_day && from <= line->until_day &&
	       line->from_day <= until;
}

static bool overlaps_any(
    const struct register_work *work, const struct person_row *row, const struct filing_line *line)
{
	const struct planned_filing *planned = work->planned;
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		const struct filing_span *filing = &row->filings[i];
		if (overlaps(line, filing->region, filing->from_day, filing->until_day))
			return true;
	}
	for (uint32_t i = batch_find(work->batch, line->person); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i))
		if (overlaps(line, planned[i].host, planned[i].from_day, planned[i].until_day))
			return true;
	return false;
}

static enum error filing_line_decide(struct register_work *work, struct span bytes)
{
	struct planned_filing *planned = work->planned;
	struct filing_line line;
	struct person_row row;
	enum reason reason;
	if (line_read(bytes, &line) != ERROR_NONE)
		return register_malformed(work, "not the line of a filing");
	enum error error = person_known(work->settlement, work->txn, line.person, &row, &reason);
	if (error)
		return error;
	if (reason == REASON_approved) {
		bool known_host = line.host != settlement_region(work->settlement) &&
				  settlement_policy(work->settlement, line.host);
		if (overlaps_any(work, &row, &line))
			reason = REASON_duplicate;
		else if (!known_host)
			reason = REASON_not_portable;
		else if (line.from_day > row.death_day)
			reason = REASON_after_death;
		else
			reason = REASON_registered;
	}
	reason = register_verdict(work, reason);
	if (reason == REASON_registered) {
		planned[batch_add(work->batch, line.person)] =
		    (struct planned_filing){line.host, line.from_day, line.until_day};
		tell_host(work, &row, &line);
	}
	return ERROR_NONE;
}

enum error filing_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = filing_line_decide,
	    .planned_size = sizeof(struct planned_filing),
	    .messages = {"filing", "grant", "assessment_notice"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

static enum error filing_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span bytes, unsigned reason)
{
	struct filing_line line;
	const struct person_row *found = NULL;
	(void)settlement;
	if (reason != REASON_registered)
		return ERROR_NONE;
	if (line_read(bytes, &line) != ERROR_NONE)
		return ERROR_CORRUPT;
	enum error error = person_get(txn, line.person, &found);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	struct person_row row = *found;
	const struct filing_span filing = {
	    .sequence = entry->header.sequence,
	    .region = line.host,
	    .from_day = line.from_day,
	    .until_day = line.until_day,
	};
	person_add_filing(&row, &filing);
	return person_put(txn, &row);
}

enum error filing_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	return register_apply(filing_line_apply, settlement, txn, entry, detail);
}

/* --- at the host ------------------------------------------------------------------------------------------- */

static enum error notice_line_decide(struct register_work *work, struct span bytes)
{
	struct filing_item item;
	const struct person_row *row = NULL;
	enum reason reason = REASON_registered;
	if (item_read(bytes, &item) != ERROR_NONE)
		return register_malformed(work, "not the item of a filing");
	enum error error = person_get(work->txn, item.person, &row);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!person_code_valid(item.person) || person_code_region(item.person) != work->sender)
		reason = REASON_unknown_person;
	else if (row && (row->state & PERSON_ERASED))
		reason = item.forgotten ? REASON_duplicate : REASON_erased;
	else if (item.forgotten)
		reason = row ? REASON_erased : REASON_unknown_person;
	register_line_as_is(work, bytes);
	verdict_put(work->decision, reason);
	return ERROR_NONE;
}

enum error filing_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {.line = notice_line_decide, .is_notice = true};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

static enum error notice_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span bytes, unsigned reason)
{
	struct filing_item item;
	const struct person_row *found = NULL;
	if (item_read(bytes, &item) != ERROR_NONE)
		return ERROR_CORRUPT;
	if (reason == REASON_erased && item.forgotten)
		return person_forget(txn, item.person, PERSON_FOREIGN);
	if (reason != REASON_registered)
		return ERROR_NONE;
	enum error error = person_get(txn, item.person, &found);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	struct person_row row = error ? person_row_new(item.person, PERSON_FOREIGN) : *found;
	const struct filing_span filing = {
	    .sequence = entry->header.sequence,
	    .region = settlement_region(settlement),
	    .from_day = item.from_day,
	    .until_day = item.until_day,
	};
	person_add_filing(&row, &filing);
	return person_put(txn, &row);
}

enum error filing_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(notice_line_apply, settlement, txn, entry, detail);
}
