/* assessment.c: levels from scores, and the kinds `assessment` and `assessment_notice`. */
#include "assessment.h"

#include <assert.h>
#include <sodium.h>

#include "entitlement_internal.h"
#include "person_internal.h"
#include "settlement_internal.h"

#define FLAGS_ALL (ASSESSMENT_DEMENTIA | ASSESSMENT_COMA | ASSESSMENT_ACCIDENTS)

unsigned level_from_score(unsigned score, unsigned flags)
{
	assert(score <= ASSESSMENT_SCORE_MAX);
	unsigned level = score == 90 ? 0 : score >= 66 ? 1 : score >= 46 ? 2 : score >= 30 ? 3 : 4;
	if (flags & ASSESSMENT_COMA)
		return 4;
	if ((flags & (ASSESSMENT_DEMENTIA | ASSESSMENT_ACCIDENTS)) && level < ABILITY_LEVEL_MAX)
		level++;
	return level;
}

/* --- lines ------------------------------------------------------------------------------------------------- */

/* [level, score or null, from day, until day, assessor, flags] */
static void content_write(struct buffer *out, const struct assessment *assessment)
{
	codec_put_array(out, 6);
	codec_put_uint(out, assessment->level);
	if (assessment->score == ASSESSMENT_NO_SCORE)
		codec_put_null(out);
	else
		codec_put_uint(out, (uint64_t)assessment->score);
	day_put(out, assessment->from_day);
	day_put(out, assessment->until_day);
	codec_put_uint(out, assessment->assessor);
	codec_put_uint(out, assessment->flags);
}

static void content_take(struct codec_reader *reader, struct assessment *assessment)
{
	codec_array_exact(reader, 6);
	assessment->level = (uint32_t)codec_uint_max(reader, ABILITY_LEVEL_MAX);
	assessment->score = codec_null(reader)
				? ASSESSMENT_NO_SCORE
				: (int32_t)codec_uint_max(reader, ASSESSMENT_SCORE_MAX);
	assessment->from_day = day_take(reader);
	assessment->until_day = day_take(reader);
	assessment->assessor = (uint32_t)codec_uint_max(reader, 999999);
	assessment->flags = (uint32_t)codec_uint_max(reader, FLAGS_ALL);
	if (assessment->from_day < 0 || assessment->until_day < assessment->from_day)
		reader->failed = ERROR_MALFORMED;
}

void assessment_line_write(struct buffer *out, const struct assessment *assessment,
    const struct hash *fact_key, const uint8_t nonce[SEAL_NONCE_SIZE])
{
	struct buffer plain = {0};
	content_write(&plain, assessment);
	if (plain.failed)
		out->failed = plain.failed;
	else
		person_seal_line(
		    out, assessment->person, KIND_assessment, buffer_span(&plain), fact_key, nonce);
	if (plain.data)
		sodium_memzero(plain.data, plain.size);
	buffer_free(&plain);
}

void assessment_foreign_line_write(struct buffer *out, const struct assessment *assessment)
{
	codec_put_array(out, 2);
	codec_put_uint(out, assessment->person);
	content_write(out, assessment);
}

/* A line with its content still sealed, or in clear. */
struct assessment_line {
	struct assessment assessment; /* without content when sealed */
	bool is_sealed;
	struct span sealed;
};

static enum error line_read(struct span item, struct assessment_line *line)
{
	struct codec_reader reader = codec_reader(item);
	*line = (struct assessment_line){0};
	codec_array_exact(&reader, 2);
	line->assessment.person = codec_uint(&reader);
	line->is_sealed = codec_peek(&reader) == 2;
	if (line->is_sealed)
		line->sealed = codec_bytes(&reader);
	else
		content_take(&reader, &line->assessment);
	return codec_finish(&reader);
}

/* Open the content with the key that the registry holds now. Fails with: ERROR_NOT_FOUND (no key), ERROR_MISMATCH,
 * ERROR_MALFORMED, and the store's. */
static enum error line_open(
    struct settlement *settlement, struct txn *txn, struct assessment_line *line)
{
	struct hash fact_key;
	struct seal_plain plain = {.size = 0};
	uint64_t person = line->assessment.person;
	enum error error = person_fact_key(settlement, txn, person, &fact_key);
	if (!error)
		error =
		    person_open_sealed(person, KIND_assessment, line->sealed, &fact_key, &plain);
	if (!error) {
		struct codec_reader reader = codec_reader(span_of(plain.bytes, plain.size));
		content_take(&reader, &line->assessment);
		error = codec_finish(&reader);
	}
	seal_wipe(&plain);
	sodium_memzero(&fact_key, sizeof(fact_key));
	return error;
}

/* --- the row ----------------------------------------------------------------------------------------------- */

static struct level_span span_of_assessment(const struct assessment *assessment, uint64_t sequence)
{
	return (struct level_span){
	    .sequence = sequence,
	    .from_day = assessment->from_day,
	    .until_day = assessment->until_day,
	    .assessor = assessment->assessor,
	    .level = assessment->level,
	};
}

void person_add_level(struct person_row *row, const struct level_span *level)
{
	struct level_span *at = NULL;
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++) {
		struct level_span *slot = &row->levels[i];
		if (slot->sequence != 0 && slot->until_day >= level->from_day)
			slot->until_day = level->from_day - 1;
		if (slot->sequence != 0 && slot->until_day < slot->from_day)
			*slot = (struct level_span){0};
	}
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++) {
		struct level_span *slot = &row->levels[i];
		if (!at ||
		    (at->sequence != 0 && (slot->sequence == 0 || slot->until_day < at->until_day)))
			at = slot;
	}
	*at = *level;
}

/* --- at the city that books it ----------------------------------------------------------------------------- */

static void tell(struct register_work *work, uint32_t to, const struct assessment *assessment)
{
	struct level_span level = span_of_assessment(assessment, 1);
	struct buffer *out = dispatch_item(&work->messages[0], to);
	if (out)
		level_item_write(out, assessment->person, &level);
}

/* To every host where the person is filed on some day from its first on, but for `but`, who told it: also where it has ended by then, for it has
 * replaced what the host was told before. */
static void tell_hosts(struct register_work *work, const struct person_row *row,
    const struct assessment *assessment, uint32_t but)
{
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		uint32_t host = row->filings[i].region;
		bool tell_it = host != 0 && host != but;
		bool meets = false;
		for (size_t j = 0; j < PERSON_FILINGS_MAX; j++) {
			const struct filing_span *filing = &row->filings[j];
			if (filing->region != host)
				continue;
			tell_it = tell_it && j >= i;
			meets = meets || assessment->from_day <= filing->until_day;
		}
		if (tell_it && meets)
			tell(work, host, assessment);
	}
}

/* A score decides the level. */
static enum reason content_judge(const struct assessment *assessment)
{
	bool right =
	    assessment->score == ASSESSMENT_NO_SCORE ||
	    assessment->level == level_from_score((unsigned)assessment->score, assessment->flags);
	return right ? REASON_registered : REASON_level;
}

static enum error own_line_decide(struct register_work *work, struct assessment_line *line)
{
	struct person_row row;
	enum reason reason;
	enum error error =
	    person_known(work->settlement, work->txn, line->assessment.person, &row, &reason);
	if (error)
		return error;
	if (reason == REASON_approved) {
		error = line_open(work->settlement, work->txn, line);
		if (error == ERROR_NOT_FOUND || (error && work->walk.replay))
			reason = REASON_erased;
		else if (error)
			return register_malformed(
			    work, "the assessment does not open under the person's key");
		else
			reason = content_judge(&line->assessment);
	}
	bool opened = reason == REASON_registered;
	reason = register_verdict(work, reason);
	if (opened && reason == REASON_registered)
		tell_hosts(work, &row, &line->assessment, 0);
	return ERROR_NONE;
}

/* A person of another city, assessed here: filed here on the day; home is told. */
static enum error foreign_line_decide(
    struct register_work *work, const struct assessment_line *line)
{
	const struct assessment *assessment = &line->assessment;
	const struct person_row *row = NULL;
	enum reason reason = REASON_unknown_person;
	enum error error = person_get(work->txn, assessment->person, &row);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!error && (row->state & PERSON_ERASED))
		reason = REASON_erased;
	else if (!error)
		reason =
		    person_filed(row, settlement_region(work->settlement), assessment->from_day)
			? content_judge(assessment)
			: REASON_not_filed;
	verdict_put(work->decision, reason);
	if (reason == REASON_registered)
		tell(work, person_code_region(assessment->person), assessment);
	return ERROR_NONE;
}

static enum error assessment_line_decide(struct register_work *work, struct span item)
{
	struct assessment_line line;
	if (line_read(item, &line) != ERROR_NONE)
		return register_malformed(work, "not the line of an assessment");
	bool own = person_is_own(work->settlement, line.assessment.person);
	if (own != line.is_sealed)
		return register_malformed(
		    work, "sealed for persons of this city, in clear for those of others");
	return own ? own_line_decide(work, &line) : foreign_line_decide(work, &line);
}

enum error assessment_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = assessment_line_decide,
	    .messages = {"assessment_notice"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

static enum error level_project(
    struct txn *txn, const struct entry *entry, const struct assessment *assessment)
{
	const struct person_row *found = NULL;
	enum error error = person_get(txn, assessment->person, &found);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	struct person_row row = *found;
	struct level_span level = span_of_assessment(assessment, entry->header.sequence);
	person_add_level(&row, &level);
	return person_put(txn, &row);
}

/* Without the person's key there is nothing to project: forgotten since, or an auditor without keys. */
static enum error assessment_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span item, unsigned reason)
{
	struct assessment_line line;
	if (reason != REASON_registered)
		return ERROR_NONE;
	enum error error = line_read(item, &line);
	if (!error && line.is_sealed)
		error = line_open(settlement, txn, &line);
	if (line.is_sealed && (error == ERROR_NOT_FOUND || error == ERROR_MISMATCH))
		return ERROR_NONE;
	return error ? ERROR_CORRUPT : level_project(txn, entry, &line.assessment);
}

enum error assessment_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(assessment_line_apply, settlement, txn, entry, detail);
}

/* --- told by another city ---------------------------------------------------------------------------------- */

static enum error item_read(uint32_t sender, struct span bytes, struct assessment *assessment)
{
	struct codec_reader reader = codec_reader(bytes);
	*assessment = (struct assessment){.score = ASSESSMENT_NO_SCORE, .assessor = sender};
	codec_array_exact(&reader, 4);
	assessment->person = codec_uint(&reader);
	assessment->level = (uint32_t)codec_uint_max(&reader, ABILITY_LEVEL_MAX);
	assessment->from_day = day_take(&reader);
	assessment->until_day = day_take(&reader);
	if (assessment->from_day < 0 || assessment->until_day < assessment->from_day)
		reader.failed = ERROR_MALFORMED;
	return codec_finish(&reader);
}

/* At home a level is recognised that was assessed where the person is filed, and told to the other hosts. */
static enum error recognise(struct register_work *work, const struct assessment *assessment)
{
	struct person_row row;
	enum reason reason;
	enum error error =
	    person_known(work->settlement, work->txn, assessment->person, &row, &reason);
	if (error)
		return error;
	if (reason == REASON_approved)
		reason = person_filed(&row, work->sender, assessment->from_day) ? REASON_registered
										: REASON_not_filed;
	reason = register_verdict(work, reason);
	if (reason == REASON_registered)
		tell_hosts(work, &row, assessment, work->sender);
	return ERROR_NONE;
}

/* The line made: [person code, [level, null, from day, until day, assessor, 0]]. */
static enum error notice_line_decide(struct register_work *work, struct span bytes)
{
	struct assessment assessment;
	enum reason reason;
	if (item_read(work->sender, bytes, &assessment) != ERROR_NONE)
		return register_malformed(work, "not the item of an assessment");
	assessment_foreign_line_write(&work->decision->lines, &assessment);
	if (person_is_own(work->settlement, assessment.person))
		return recognise(work, &assessment);
	enum error error = foreign_person_judge(work, assessment.person, &reason);
	if (!error)
		verdict_put(work->decision, reason);
	return error;
}

enum error assessment_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = notice_line_decide,
	    .is_notice = true,
	    .messages = {"assessment_notice"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

enum error assessment_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(assessment_line_apply, settlement, txn, entry, detail);
}
