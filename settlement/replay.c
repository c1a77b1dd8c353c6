/* replay.c: a logged entry admitted and decided once more, over the tables as they were before it, and compared with what was logged. */
#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "person.h"
#include "replay_outgoing.h"
#include "sheet.h"
#include "stay.h"

/* The disk or the memory has failed: it tells nothing of the log. */
static bool is_world(enum error error)
{
	return error == ERROR_MEMORY || error == ERROR_IO || error == ERROR_DISK_FULL ||
	       error == ERROR_MAP_FULL || error == ERROR_READERS || error == ERROR_CORRUPT;
}

/* A refusal now of what was accepted then. */
static enum error judge(enum error error, const char *what, struct error_detail *detail)
{
	struct error_detail found = {""};

	if (!error || is_world(error))
		return error;
	if (detail)
		found = *detail;
	return error_set(detail, ERROR_NOT_VERIFIED, "%s: %.200s", what,
	    found.text[0] ? found.text : error_text(error));
}

/* Is this document one of the entry's causes, not one that it sends? */
static bool is_cause(const struct settlement *settlement, struct span bytes)
{
	struct document document;
	struct message message;

	if (document_read(bytes, &document) || !message_is(&document) ||
	    strcmp(document.name, "node_descriptor") == 0)
		return true;
	return message_read(document.payload, &message) ||
	       message.from != settlement_region(settlement);
}

static size_t count_causes(const struct settlement *settlement, const struct entry *entry)
{
	size_t causes = 0;

	while (
	    causes < entry->header.document_count && is_cause(settlement, entry->documents[causes]))
		causes++;
	return causes;
}

/* What came with the first document when it was submitted. */
static enum error write_attachment(
    struct buffer *out, const struct kind_row *kind, const struct entry *entry, size_t causes)
{
	bool forwarded = kind->number == KIND_claim_remote;

	if (kind->lines_made)
		return ERROR_NONE;
	codec_put_array(out, forwarded ? 4 : 3);
	if (forwarded)
		codec_put_bytes(out, causes > 1 ? entry->documents[1] : (struct span){NULL, 0});
	codec_put_bytes(out, hash_span(&entry->secret));
	codec_put_uint(out, entry->header.count);
	codec_put_bytes(out, entry->lines);
	return out->failed;
}

static enum error compare_command(const struct entry *entry, size_t causes,
    const struct command *command, struct error_detail *detail)
{
	if (command->kind != entry->header.kind)
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "its cause makes an entry of kind %s, not %s", kind_name(command->kind),
		    kind_name(entry->header.kind));
	if (command->document_count != causes)
		return error_set(detail, ERROR_NOT_VERIFIED, "%zu causes, not %zu", causes,
		    command->document_count);
	return ERROR_NONE;
}

enum error settlement_readmit(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	/* The lines of a sheet are compared with what was signed when it is decided again. */
	const struct prepared_sheet compared_later = {.verified = false};
	const struct kind_row *kind = kind_find(entry->header.kind);
	const size_t causes = count_causes(settlement, entry);
	struct command command = {.sheet = &compared_later};
	struct command_storage *storage = NULL;
	struct buffer attachment = {0};
	uint64_t sequence = 0;
	enum error error;

	if (!kind || causes == 0)
		return error_set(detail, ERROR_NOT_VERIFIED,
		    kind ? "an entry without a cause" : "of an unknown kind");
	if (entry->header.kind == KIND_refusal)
		return ERROR_NONE;
	error = command_storage_create(&storage);
	if (!error)
		error = write_attachment(&attachment, kind, entry, causes);
	if (!error) {
		error = settlement_admit(settlement, txn, entry->documents[0],
		    buffer_span(&attachment), storage, &command, &sequence, detail);
		if (error == ERROR_REPEAT)
			error_set(detail, error, "booked before, as entry %llu",
			    (unsigned long long)sequence);
		error = judge(error, "its cause is not admitted", detail);
	}
	if (!error)
		error = compare_command(entry, causes, &command, detail);
	buffer_free(&attachment);
	command_storage_free(storage);
	return error;
}

static enum error compare_transfers(
    const struct entry *entry, const struct decision *decision, struct error_detail *detail)
{
	struct buffer logged = {0}, decided = {0};
	enum error error;

	transfers_write(&logged, entry->transfers, entry->transfer_count);
	transfers_write(&decided, decision->transfers, decision->transfer_count);
	error = logged.failed ? logged.failed : decided.failed;
	if (!error && !span_equal(buffer_span(&logged), buffer_span(&decided)))
		error = error_set(
		    detail, ERROR_NOT_VERIFIED, "the transfers are not those that the rules give");
	buffer_free(&logged);
	buffer_free(&decided);
	return error;
}

static const char *reason_of(struct span verdict)
{
	unsigned reason = 0;
	const char *name =
	    verdict_read(verdict, &reason) == ERROR_NONE ? reason_name(reason) : NULL;

	return name ? name : "nothing that is known";
}

static enum error compare_verdicts(
    const struct entry *entry, const struct decision *decision, struct error_detail *detail)
{
	struct codec_reader logged = codec_reader(entry->verdicts),
			    decided = codec_reader(buffer_span(&decision->verdicts));

	if (decision->count != entry->header.count)
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "%u lines were logged, the rules give %u", (unsigned)entry->header.count,
		    (unsigned)decision->count);
	/* As a whole first: which line it is matters only if one differs. */
	if (span_equal(entry->verdicts, buffer_span(&decision->verdicts)))
		return ERROR_NONE;
	for (uint32_t i = 0; i < decision->count; i++) {
		struct span a = codec_item(&logged), b = codec_item(&decided);
		const char *was = reason_of(a), *is = reason_of(b);

		if (span_equal(a, b))
			continue;
		return error_set(detail, ERROR_NOT_VERIFIED,
		    strcmp(was, is) == 0 ? "line %u: the verdict is %s, but not with the figures "
					   "that the rules give (%s)"
					 : "line %u: the verdict is %s, the rules give %s",
		    (unsigned)i, was, is);
	}
	return error_set(detail, ERROR_NOT_VERIFIED, "the verdicts are not well-formed");
}

static enum error compare(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    const struct kind_row *kind, size_t causes, const struct decision *decision,
    struct error_detail *detail)
{
	enum error error = compare_verdicts(entry, decision, detail);

	if (!error && kind->lines_made && !span_equal(entry->lines, buffer_span(&decision->lines)))
		error = error_set(
		    detail, ERROR_NOT_VERIFIED, "the lines are not those that the rules give");
	if (!error)
		error = compare_transfers(entry, decision, detail);
	if (!error)
		error = replay_compare_outgoing(settlement, txn, entry, causes, decision, detail);
	return error;
}

enum error settlement_replay(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, uint32_t *not_rerun, struct error_detail *detail)
{
	const struct kind_row *kind = kind_find(entry->header.kind);
	struct command command = {.kind = (enum kind)entry->header.kind,
	    .documents = entry->documents,
	    .document_count = count_causes(settlement, entry),
	    .secret = entry->secret,
	    .logged_verdicts = entry->verdicts};
	struct decision decision;
	enum error error;

	*not_rerun = 0;
	if (!kind || command.document_count == 0)
		return error_set(detail, ERROR_NOT_VERIFIED,
		    kind ? "an entry without a cause" : "of an unknown kind");
	if (kind->lines_made) {
		command.logged_lines = entry->lines;
	} else {
		command.lines = entry->lines;
		command.count = entry->header.count;
	}
	decision_init(&decision);
	error = judge(
	    settlement_decide(settlement, txn, &command, entry->header.time_ms, &decision, detail),
	    "the rules refuse it", detail);
	if (!error)
		error = compare(
		    settlement, txn, entry, kind, command.document_count, &decision, detail);
	*not_rerun = decision.not_rerun;
	decision_free(&decision);
	/* What was decided now is not what will be applied. */
	if (error)
		settlement->claims_decided = false;
	return error;
}

/* What a row tells of facts is cleared; the rest of it stays. */
static void clear_facts(struct person_row *row)
{
	row->facts_sequence = 0;
	row->birth_day = row->death_day = 0;
	row->income_class = row->flags = 0;
	row->state &= ~(PERSON_ERASED | PERSON_HAS_FACTS);
	memset(row->levels, 0, sizeof row->levels);
}

bool settlement_equal_but_facts(
    const struct settlement *settlement, unsigned table, struct span a, struct span b)
{
	struct stay_row rows[2];
	const size_t size = table == TABLE_PERSON ? sizeof rows[0].person : sizeof rows[0];

	if ((table != TABLE_PERSON && table != TABLE_STAY) || a.size != size || b.size != size)
		return span_equal(a, b);
	memset(rows, 0, sizeof rows);
	for (int i = 0; i < 2; i++) {
		const uint8_t *bytes = i ? b.data : a.data;

		if (table == TABLE_PERSON)
			memcpy(&rows[i].person, bytes, size);
		else
			memcpy(&rows[i], bytes, size);
		if (person_is_own(settlement, rows[i].person.code))
			clear_facts(&rows[i].person);
	}
	return memcmp(&rows[0], &rows[1], sizeof rows[0]) == 0;
}
