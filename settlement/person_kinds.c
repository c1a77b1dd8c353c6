/* person_kinds.c: the kinds `person` (facts, sealed) and `erase`. */
#include "person_internal.h"

#include <sodium.h>

#include "filing.h"
#include "register.h"
#include "settlement_internal.h"

/* Open the facts of a line with the key that the registry holds now. Fails with: ERROR_NOT_FOUND (no key), ... */
static enum error facts_open_registered(struct settlement *settlement, struct txn *txn,
    uint64_t code, struct span sealed, struct person_facts *facts)
{
	struct hash fact_key;
	enum error error = person_fact_key(settlement, txn, code, &fact_key);
	if (!error)
		error = person_facts_open(code, sealed, &fact_key, facts);
	sodium_memzero(&fact_key, sizeof(fact_key));
	return error;
}

/* A person may be registered who is not known yet; nobody comes back who was forgotten. */
static enum error person_line_decide(struct register_work *work, struct span line)
{
	uint64_t code = 0;
	struct span sealed;
	struct person_row row = {0};
	struct person_facts facts;
	enum reason reason;
	if (person_sealed_line_read(line, &code, &sealed) != ERROR_NONE)
		return register_malformed(work, "not [code, sealed facts]");
	enum error error = person_known(work->settlement, work->txn, code, &row, &reason);
	if (error)
		return error;
	if (person_code_valid(code) && person_is_own(work->settlement, code)) {
		if (reason == REASON_unknown_person)
			reason = REASON_approved;
		if (reason == REASON_approved && batch_find(work->batch, code) != BATCH_NONE)
			reason = REASON_duplicate;
		batch_add(work->batch, code);
	}
	if (reason == REASON_approved) {
		error = facts_open_registered(work->settlement, work->txn, code, sealed, &facts);
		if (error == ERROR_NOT_FOUND || (error && work->walk.replay))
			reason = REASON_erased;
		else if (error)
			return register_malformed(
			    work, "the facts do not open under the person's key");
	}
	(void)register_verdict(work, reason == REASON_approved ? REASON_registered : reason);
	return ERROR_NONE;
}

enum error person_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = person_line_decide,
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

static enum error person_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span line, unsigned reason)
{
	uint64_t code = 0;
	struct span sealed;
	struct person_facts facts;
	const struct person_row *found = NULL;
	if (reason != REASON_registered)
		return ERROR_NONE;
	enum error error = person_sealed_line_read(line, &code, &sealed);
	if (error)
		return ERROR_CORRUPT;
	error = person_get(txn, code, &found);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	struct person_row row = error ? person_row_new(code, 0) : *found;
	error = facts_open_registered(settlement, txn, code, sealed, &facts);
	if (error == ERROR_NONE)
		person_set_facts(&row, &facts, entry->header.sequence);
	else if (error == ERROR_NOT_FOUND || error == ERROR_MISMATCH || error == ERROR_CORRUPT)
		row.state |= PERSON_ERASED; /* forgotten since, or an auditor without keys */
	else
		return error;
	sodium_memzero(&facts, sizeof(facts));
	return person_put(txn, &row);
}

enum error person_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	return register_apply(person_line_apply, settlement, txn, entry, detail);
}

void erase_line_write(struct buffer *out, uint64_t code)
{
	codec_put_array(out, 1);
	codec_put_uint(out, code);
}

static enum error erase_line_read(struct span line, uint64_t *code)
{
	struct codec_reader reader = codec_reader(line);
	codec_array_exact(&reader, 1);
	*code = codec_uint(&reader);
	return codec_finish(&reader);
}

/* A row without facts may have been forgotten before, which is a repeat, or, in a replay, only now: then what was logged stands. */
static enum error erase_line_decide(struct register_work *work, struct span line)
{
	uint64_t code = 0;
	struct person_row row;
	enum reason reason;
	if (erase_line_read(line, &code) != ERROR_NONE)
		return register_malformed(work, "not [code]");
	enum error error = person_known(work->settlement, work->txn, code, &row, &reason);
	if (error)
		return error;
	bool known = reason != REASON_unknown_person;
	bool without_facts = reason == REASON_erased;
	if (known && batch_find(work->batch, code) != BATCH_NONE)
		reason = REASON_duplicate;
	else if (known)
		reason = without_facts && !work->walk.replay ? REASON_duplicate : REASON_erased;
	if (without_facts)
		reason = register_verdict(work, reason);
	else
		verdict_put(work->decision, reason);
	if (reason == REASON_erased) {
		batch_add(work->batch, code);
		filing_forget(work, &row);
	}
	return ERROR_NONE;
}

enum error erase_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = erase_line_decide,
	    .messages = {"filing"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

static enum error erase_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span line, unsigned reason)
{
	uint64_t code = 0;
	(void)settlement, (void)entry;
	if (reason != REASON_erased)
		return ERROR_NONE;
	return erase_line_read(line, &code) ? ERROR_CORRUPT : person_forget(txn, code, 0);
}

enum error erase_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	return register_apply(erase_line_apply, settlement, txn, entry, detail);
}
