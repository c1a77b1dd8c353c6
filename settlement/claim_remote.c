/* claim_remote.c: sheets between cities. The host books a sheet of its institution for another payer (claim_forward) and endorses it;
 * the payer, the persons' home, adjudicates it (claim_remote) and answers with the verdicts. Layout of the endorsement:
 * docs/format.md, "Claims". */
#include "claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adjudicate.h"
#include "calendar.h"
#include "held.h"
#include "lines.h"
#include "obligation.h"
#include "signatures.h"
#include "stated_day.h"
#include "trust.h"

#define ENDORSEMENT_FIELDS 10
#define ADJUDICATION_HEAD_FIELDS 6
/* What the sheet takes comes on top. */
#define ENDORSED_NIGHTS_MAX (VERDICT_NIGHTS_MAX / 2)

_Static_assert(31 * SHEET_LINES_MAX <= VERDICT_NIGHTS_MAX / 2, "a verdict can tell all nights");

/* The one item of an endorsement. */
struct endorsement {
	struct hash sheet; /* of the document */
	uint64_t sequence; /* the host's entry */
	int32_t booked_day;
	struct sheet_standing standing;
	bool entered; /* by an officer of the host, with this key */
	struct public_key officer;
};

void standing_put(struct buffer *out, const struct sheet_standing *standing)
{
	bool barred = standing->barred_from <= standing->barred_until;

	codec_put_bool(out, standing->known);
	codec_put_uint(out, standing->district);
	/* Never barred: from never on. */
	day_or_never_put(out, barred ? standing->barred_from : DAY_NEVER);
	day_or_never_put(out, barred ? standing->barred_until : DAY_NEVER);
	codec_put_uint(out, (uint64_t)standing->nights_limit);
	codec_put_uint(out, (uint64_t)standing->nights_used);
}

void standing_take(struct codec_reader *reader, struct sheet_standing *standing)
{
	standing->known = codec_bool(reader);
	standing->district = (uint32_t)codec_uint_max(reader, 999999);
	standing->barred_from = day_or_never_take(reader);
	standing->barred_until = day_or_never_take(reader);
	standing->nights_limit = (int64_t)codec_uint_max(reader, ENDORSED_NIGHTS_MAX);
	standing->nights_used = (int64_t)codec_uint_max(reader, ENDORSED_NIGHTS_MAX);
}

static void endorsement_write(struct buffer *out, const struct endorsement *endorsement)
{
	codec_put_array(out, ENDORSEMENT_FIELDS);
	codec_put_bytes(out, hash_span(&endorsement->sheet));
	codec_put_uint(out, endorsement->sequence);
	day_put(out, endorsement->booked_day);
	standing_put(out, &endorsement->standing);
	if (endorsement->entered)
		codec_put_bytes(out, span_of(endorsement->officer.bytes, PUBLIC_KEY_SIZE));
	else
		codec_put_null(out);
}

static void endorsement_take(struct codec_reader *reader, struct endorsement *endorsement)
{
	codec_array_exact(reader, ENDORSEMENT_FIELDS);
	codec_bytes_exact(reader, endorsement->sheet.bytes, HASH_SIZE);
	endorsement->sequence = codec_uint(reader);
	endorsement->booked_day = day_take(reader);
	standing_take(reader, &endorsement->standing);
	endorsement->entered = !codec_null(reader);
	if (endorsement->entered)
		codec_bytes_exact(reader, endorsement->officer.bytes, PUBLIC_KEY_SIZE);
}

/* At the host. */

void claim_takes_capacity(const struct settlement *settlement, const struct sheet_header *header,
    bool takes[SHEET_PROGRAMMES_MAX])
{
	const struct policy *policy = settlement_policy(settlement, header->payer);

	for (uint32_t i = 0; i < header->programme_count; i++) {
		struct programme_month month;

		programme_month_find(policy, header->programmes[i], header->month, 0, &month);
		takes[i] = month.span_count > 0 && month.spans[0].programme->takes_capacity;
	}
}

enum error claim_forwarded_line(const struct settlement *settlement, const struct entry *booked,
    uint32_t index, struct sheet_line *line, bool *takes_capacity)
{
	bool takes[SHEET_PROGRAMMES_MAX], sorted;
	struct document document;
	struct sheet_header header;
	struct span bytes;

	if (document_read(booked->documents[0], &document) ||
	    sheet_header_read(document.payload, &header) ||
	    entry_item(booked->lines, index, &bytes))
		return ERROR_CORRUPT;
	claim_takes_capacity(settlement, &header, takes);
	header.count = 1;
	if (sheet_lines_read(&header, bytes, line, &sorted, NULL))
		return ERROR_CORRUPT;
	*takes_capacity = takes[line->programme];
	return ERROR_NONE;
}

/* Bed nights that the sheet asks for. */
static int64_t nights_asked(const struct settlement *settlement, const struct prepared_sheet *sheet)
{
	bool takes[SHEET_PROGRAMMES_MAX];
	int64_t nights = 0;

	claim_takes_capacity(settlement, &sheet->header, takes);
	for (uint32_t i = 0; i < sheet->header.count; i++) {
		if (takes[sheet->lines[i].programme])
			nights += sheet->lines[i].last_day - sheet->lines[i].first_day + 1;
	}
	return nights;
}

/* Who signed it: the institution, or one of our officers in its place. */
static enum error find_signer(const struct settlement *settlement, struct txn *txn,
    const struct command *command, const struct document *document, uint64_t size,
    struct endorsement *endorsement)
{
	struct keyring_key signer;
	enum error error = signer_find(settlement, txn, command, document, size, &signer);

	endorsement->entered = !error && strncmp(signer.party, "institution/", 12) != 0;
	endorsement->officer = signer.key;
	return error;
}

static enum error forward(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, const struct prepared_sheet *sheet,
    struct decision *decision, struct error_detail *detail)
{
	struct endorsement endorsement = {
	    .sheet = document_hash(command->documents[0]), .booked_day = day_of_time(now_ms)};
	struct peer_row peer;
	struct verdict verdict = {.reason = REASON_registered};
	struct buffer *payload;
	enum error error = peer_get(txn, sheet->header.payer, &peer);

	if (error == ERROR_NOT_FOUND)
		return error_set(detail, error,
		    "sheet %llu of %s: the payer %06u is not a peer of this city",
		    (unsigned long long)sheet->header.number, sheet->header.uscc,
		    (unsigned)sheet->header.payer);
	if (!error)
		error = ledger_head(txn, &endorsement.sequence, NULL);
	if (!error)
		error = find_signer(
		    settlement, txn, command, &sheet->document, endorsement.sequence, &endorsement);
	if (!error)
		error = claim_standing(txn, &sheet->header, &endorsement.standing);
	if (error)
		return error;
	claim_state_begin(settlement->claims, txn, sheet->header.uscc, sheet->header.month, 0);
	endorsement.standing.nights_used = claim_state_nights(settlement->claims);
	if (!endorsement.standing.known)
		verdict.reason = REASON_unknown_institution;
	for (uint32_t i = 0; i < sheet->header.count; i++)
		verdict_write(&decision->verdicts, &verdict);
	decision->count = sheet->header.count;
	/* What nobody has registered is not sent on. */
	if (endorsement.standing.known) {
		payload =
		    message_begin(settlement, txn, decision, sheet->header.payer, "endorsement", 1);
		if (payload)
			endorsement_write(payload, &endorsement);
	}
	return claim_state_failed(settlement->claims);
}

static enum error workspace(struct settlement *settlement)
{
	settlement->claims_decided = false;
	return settlement->claims ? ERROR_NONE : claim_state_create(&settlement->claims);
}

/* What waits for a city that takes nothing must not grow without end. A sheet that was booked was booked below the limit of its day, so a
 * replay, which has none, decides the same. */
static enum error check_reachable(
    struct settlement *settlement, struct txn *txn, uint32_t payer, struct error_detail *detail)
{
	uint32_t limit = settlement->options.outbox_limit;
	uint64_t waiting = 0;
	enum error error = trust_check_frozen(txn, payer, detail);

	if (!error && limit)
		error = outbox_waiting(txn, payer, &waiting);

	if (error || !limit || waiting < limit)
		return error;
	return error_set(detail, ERROR_PEER_UNREACHABLE,
	    "%06u: %llu documents wait for it already; nothing is lost: claim again when it "
	    "answers "
	    "对方城市暂时无法联系，待恢复后重报",
	    (unsigned)payer, (unsigned long long)waiting);
}

enum error claim_forward_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct claim_sheet sheet;
	enum error error = claim_sheet_open(command, 0, &sheet, detail);

	if (error)
		return error;
	error = check_reachable(settlement, txn, sheet.sheet->header.payer, detail);
	if (!error)
		error = workspace(settlement);
	if (!error)
		error = forward(settlement, txn, command, now_ms, sheet.sheet, decision, detail);
	claim_sheet_close(&sheet);
	return error;
}

static enum error project_forward(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct prepared_sheet *sheet)
{
	struct claim_state *state = settlement->claims;
	int64_t nights = nights_asked(settlement, sheet), left;
	struct sheet_standing standing;
	struct sheet_row row;
	struct verdict first;
	struct span verdict;
	enum error error = claim_standing(txn, &sheet->header, &standing);

	if (!error)
		error = entry_item(entry->verdicts, 0, &verdict);
	if (!error)
		error = verdict_parse(verdict, &first);
	if (error)
		return error;
	claim_state_begin(state, txn, sheet->header.uscc, sheet->header.month, 0);
	left = standing.nights_limit - claim_state_nights(state);
	if (nights > left)
		nights = left > 0 ? left : 0;
	memset(&row, 0, sizeof row);
	row.sequence = entry->header.sequence;
	row.payer = sheet->header.payer;
	row.host = sheet->header.host;
	row.month = sheet->header.month;
	row.count = sheet->header.count;
	row.state = SHEET_FORWARDED;
	if (first.reason == REASON_unknown_institution)
		row.state = SHEET_ADJUDICATED;
	else
		row.nights = (uint32_t)nights;
	if (row.nights)
		claim_state_take_nights(state, row.nights);
	row.header = hash_sha256(sheet->document.payload);
	error = claim_state_store(state, txn);
	return error ? error : sheet_row_put(txn, sheet->header.uscc, sheet->header.number, &row);
}

enum error claim_forward_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct prepared_sheet sheet;
	enum error error = workspace(settlement);

	if (!error)
		error = sheet_prepare(entry->documents[0], &entry->secret, entry->header.count,
		    entry->lines, NULL, &sheet, detail);
	if (error)
		return error;
	error = project_forward(settlement, txn, entry, &sheet);
	sheet_release(&sheet);
	return error;
}

static enum error free_sheet(
    struct settlement *settlement, struct txn *txn, const struct sheet_header *header)
{
	struct claim_state *state = settlement->claims;
	struct sheet_row row;
	enum error error = sheet_row_get(txn, header->uscc, header->number, &row);

	if (error || row.state != SHEET_FORWARDED)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	claim_state_begin(state, txn, header->uscc, header->month, 0);
	if (row.nights)
		claim_state_take_nights(state, -(int64_t)row.nights);
	error = claim_state_store(state, txn);
	row.nights = 0;
	row.state = SHEET_REFUSED;
	return error ? error : sheet_row_put(txn, header->uscc, header->number, &row);
}

enum error claim_refused(struct settlement *settlement, struct txn *txn, uint64_t sequence)
{
	struct entry_reader reader = {0};
	struct sheet_header header;
	struct document document;
	enum error error = ledger_read(txn, sequence, &reader);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (reader.entry.header.kind == KIND_claim_forward) {
		if (document_read(reader.entry.documents[0], &document) ||
		    sheet_header_read(document.payload, &header))
			error = ERROR_CORRUPT;
		if (!error)
			error = workspace(settlement);
		if (!error)
			error = free_sheet(settlement, txn, &header);
	}
	entry_free(&reader);
	return error;
}

/* At the payer. */

static enum error read_endorsement(
    struct span bytes, struct message *message, struct endorsement *endorsement)
{
	struct document document;
	enum error error = document_read(bytes, &document);

	if (!error)
		error = message_read(document.payload, message);
	if (error)
		return error;
	if (message->item_count != 1)
		return ERROR_MALFORMED;
	endorsement_take(&message->items, endorsement);
	return codec_finish(&message->items);
}

enum error claim_remote_read(const struct entry *entry, struct sheet_header *header,
    struct sheet_standing *standing, int32_t *booked_day)
{
	struct endorsement endorsement;
	struct message message;
	struct document sheet;

	if (entry->header.kind != KIND_claim_remote || entry->header.document_count < 2)
		return ERROR_MISMATCH;
	if (read_endorsement(entry->documents[0], &message, &endorsement) ||
	    document_read(entry->documents[1], &sheet) || sheet_header_read(sheet.payload, header))
		return ERROR_CORRUPT;
	*standing = endorsement.standing;
	*booked_day = endorsement.booked_day;
	return ERROR_NONE;
}

/* Under which the key of another city's officer stands here. */
static void officer_party(
    char party[KEYRING_PARTY_SIZE], uint32_t from, const struct endorsement *endorsement)
{
	char id[2 * KEY_ID_SIZE + 1];
	struct key_id key = key_id(&endorsement->officer);

	hex_write(span_of(key.bytes, sizeof key.bytes), id);
	snprintf(party, KEYRING_PARTY_SIZE, "entered/%06u/%s", (unsigned)from, id);
}

/* A key belongs to one party for ever: one that is known here as somebody else's has entered nothing. */
static enum error check_officer(
    struct txn *txn, uint32_t from, const struct endorsement *endorsement)
{
	char party[KEYRING_PARTY_SIZE];
	struct key_id id = key_id(&endorsement->officer);
	struct keyring_key known;
	enum error error = keyring_find(txn, &id, &known);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	officer_party(party, from, endorsement);
	return strcmp(known.party, party) == 0 && known.until_sequence == KEYRING_NEVER
		   ? ERROR_NONE
		   : ERROR_UNKNOWN_KEY;
}

/* The institution's signature under the key that its city has announced, or the officer's whom the city names. */
static enum error check_signature(const struct settlement *settlement, struct txn *txn,
    const struct command *command, const struct prepared_sheet *sheet,
    const struct endorsement *endorsement)
{
	const struct signature_check *check = signatures_of(command->signatures, &sheet->document);
	struct keyring_key signer;
	char party[KEYRING_PARTY_SIZE];
	uint64_t size;
	enum error error;

	if (endorsement->entered) {
		error = signature_check_holds(check, &sheet->document, &endorsement->officer)
			    ? ERROR_NONE
			    : document_verify(&sheet->document, &endorsement->officer);
		return error ? error : check_officer(txn, sheet->header.host, endorsement);
	}
	error = ledger_head(txn, &size, NULL);
	if (!error)
		error = signer_find(settlement, txn, command, &sheet->document, size, &signer);
	snprintf(party, sizeof party, "institution/%s", sheet->header.uscc);
	if (!error && strcmp(signer.party, party) != 0)
		error = ERROR_UNKNOWN_KEY;
	return error;
}

/* Nights in a house are claimed by the city that it is in. */
static enum error check_host(
    struct txn *txn, const struct sheet_header *header, struct error_detail *detail)
{
	const struct institution_row *row;
	enum error error = institution_get(txn, header->uscc, &row);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	return row->host == header->host
		   ? ERROR_NONE
		   : error_set(detail, ERROR_MISMATCH, "%s is not an institution of %06u",
			 header->uscc, (unsigned)header->host);
}

static enum error check_endorsement(struct settlement *settlement, struct txn *txn,
    const struct command *command, const struct prepared_sheet *sheet,
    const struct message *message, const struct endorsement *endorsement,
    struct error_detail *detail)
{
	struct hash hash = document_hash(command->documents[1]);
	uint64_t sequence;
	enum error error;

	if (!hash_equal(&hash, &endorsement->sheet))
		return error_set(detail, ERROR_MISMATCH, "the endorsement is of another sheet");
	if (sheet->header.host != message->from ||
	    sheet->header.payer != settlement_region(settlement))
		return error_set(detail, ERROR_MISMATCH, "the sheet is of host %06u for payer %06u",
		    (unsigned)sheet->header.host, (unsigned)sheet->header.payer);
	error = check_host(txn, &sheet->header, detail);
	if (error)
		return error;
	error = sheet_expected(txn, &sheet->header, &sequence);
	if (error == ERROR_REPEAT || error == ERROR_CONFLICT)
		return error_set(detail, ERROR_CONFLICT, "sheet %llu of %s was booked before",
		    (unsigned long long)sheet->header.number, sheet->header.uscc);
	if (!error)
		error = check_signature(settlement, txn, command, sheet, endorsement);
	if (error)
		return error_set(detail, error, "sheet %llu of %s: %s",
		    (unsigned long long)sheet->header.number, sheet->header.uscc,
		    error_text(error));
	return ERROR_NONE;
}

/* [sheet hash, uscc, number, the payer's entry, window, policy hash], then the verdicts. */
static void send_verdicts(struct settlement *settlement, struct txn *txn,
    const struct prepared_sheet *sheet, const struct endorsement *endorsement,
    const struct policy *policy, uint64_t sequence, uint32_t window, struct decision *decision)
{
	struct buffer *payload = message_begin(settlement, txn, decision, sheet->header.host,
	    "adjudication", 1 + (size_t)sheet->header.count);

	if (!payload)
		return;
	codec_put_array(payload, ADJUDICATION_HEAD_FIELDS);
	codec_put_bytes(payload, hash_span(&endorsement->sheet));
	codec_put_text(payload, span_text(sheet->header.uscc));
	codec_put_uint(payload, sheet->header.number);
	codec_put_uint(payload, sequence);
	codec_put_uint(payload, window);
	codec_put_bytes(payload, hash_span(&policy->hash));
	buffer_append(payload, buffer_span(&decision->verdicts));
}

static enum error decide_remote(struct settlement *settlement, struct txn *txn,
    const struct command *command, const struct prepared_sheet *sheet,
    const struct endorsement *endorsement, struct decision *decision, struct error_detail *detail)
{
	uint32_t self = settlement_region(settlement), host = sheet->header.host, window;
	char fund[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];
	struct adjudication adjudication;
	struct claim_sums sums;
	uint64_t sequence;
	enum error error = ledger_head(txn, &sequence, NULL);

	if (!error)
		error = window_open_number(txn, self, host, &window);
	if (error)
		return error;
	error = adjudication_begin(&adjudication, settlement, txn, &sheet->header,
	    &endorsement->standing, endorsement->booked_day, settlement->claims);
	claim_state_nights_apart(settlement->claims);
	if (!error)
		error = prefund_cap_find(settlement, txn, host, &adjudication.cap);
	if (!error)
		error = claim_adjudicate(&adjudication, sheet, command, decision, &sums, detail);
	if (!error) {
		account_payable_city(payable, host, window);
		for (size_t i = 0; i < adjudication.policy->fund_count; i++) {
			if (sums.by_fund[i])
				decision_move(decision, UNIT_CNY,
				    account_fund(fund, adjudication.policy->funds[i].code), payable,
				    sums.by_fund[i]);
		}
		send_verdicts(settlement, txn, sheet, endorsement, adjudication.policy, sequence,
		    window, decision);
	}
	adjudication_end(&adjudication);
	return error;
}

enum error claim_remote_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct endorsement endorsement;
	struct message message;
	struct claim_sheet sheet;
	enum error error;

	if (command->document_count != 2 ||
	    read_endorsement(command->documents[0], &message, &endorsement))
		return error_set(detail, ERROR_MALFORMED, "not a well-formed endorsement");
	error = claim_sheet_open(command, 1, &sheet, detail);
	if (error)
		return error;
	error = workspace(settlement);
	if (!error)
		error = check_endorsement(
		    settlement, txn, command, sheet.sheet, &message, &endorsement, detail);
	/* By this day the sheet is in time or too late. */
	if (!error)
		error = stated_day_check(settlement, txn, message.from, endorsement.booked_day,
		    now_ms, "a sheet's booking", detail);
	if (!error)
		error = decide_remote(
		    settlement, txn, command, sheet.sheet, &endorsement, decision, detail);
	claim_sheet_close(&sheet);
	return error;
}

/* One obligation for each line that is worth something. `leaves` are the result leaves of the payer's entry. */
static enum error add_obligations(struct txn *txn, struct obligation *obligation,
    struct span verdicts, uint32_t count, const struct hash *leaves)
{
	struct codec_reader reader = codec_reader(verdicts);
	struct verdict verdict;

	for (uint32_t i = 0; i < count; i++) {
		enum error error;

		verdict_take(&reader, &verdict);
		if (reader.failed)
			return ERROR_CORRUPT;
		if (verdict.reason != REASON_approved || verdict.amount_fen == 0)
			continue;
		obligation->line = i;
		obligation->amount_fen = verdict.amount_fen;
		obligation->line_hash = leaves[i];
		error = obligation_add(txn, obligation);
		if (error)
			return error;
	}
	return ERROR_NONE;
}

enum error claim_obligations(struct txn *txn, struct obligation *obligation,
    const struct hash *secret, struct span lines, struct span verdicts, uint32_t count)
{
	struct hash *leaves = malloc(2 * (size_t)count * sizeof *leaves);
	enum error error = leaves ? entry_line_leaves(secret, lines, count, leaves) : ERROR_MEMORY;

	if (!error)
		error = entry_result_leaves(leaves, verdicts, count, leaves + count);
	if (!error)
		error = add_obligations(txn, obligation, verdicts, count, leaves + count);
	free(leaves);
	return error;
}

/* So that the sheet can be verified for ever; a party of this name can sign nothing else here. */
static enum error add_officer(struct txn *txn, const struct entry *entry, uint32_t from,
    const struct endorsement *endorsement)
{
	char party[KEYRING_PARTY_SIZE];

	if (!endorsement->entered)
		return ERROR_NONE;
	officer_party(party, from, endorsement);
	return keyring_add(txn, party, "officer", &endorsement->officer, entry->header.sequence);
}

enum error claim_remote_key_apply(struct txn *txn, const struct entry *entry)
{
	struct endorsement endorsement;
	struct message message;

	if (entry->header.document_count < 2 ||
	    read_endorsement(entry->documents[0], &message, &endorsement))
		return ERROR_CORRUPT;
	return add_officer(txn, entry, message.from, &endorsement);
}

enum error claim_remote_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct obligation obligation = {.payer = settlement_region(settlement),
	    .epoch = entry->header.epoch,
	    .sequence = entry->header.sequence,
	    .booked = entry->header.sequence};
	struct endorsement endorsement;
	struct message message;
	enum error error = workspace(settlement);

	if (error)
		return error;
	if (entry->header.document_count < 2 ||
	    read_endorsement(entry->documents[0], &message, &endorsement))
		return ERROR_CORRUPT;
	obligation.creditor = message.from;
	error = claim_project(settlement, txn, entry, 1, &endorsement.standing, detail);
	if (!error)
		error = add_officer(txn, entry, message.from, &endorsement);
	if (!error)
		error = held_note(txn, HELD_BY_US, message.from, entry->header.sequence,
		    entry->verdicts, entry->header.count);
	if (!error)
		error = stated_day_put(txn, message.from, endorsement.booked_day);
	if (!error)
		error = window_open_number(
		    txn, obligation.payer, obligation.creditor, &obligation.window);
	return error ? error
		     : claim_obligations(txn, &obligation, &entry->secret, entry->lines,
			   entry->verdicts, entry->header.count);
}
