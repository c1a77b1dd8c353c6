/* institution_kinds.c: the kinds `institution` (the host registers, changes, suspends) and `institution_notice` (the same, as
 * another host tells it). A notice's items are the order's lines without account and bank. */
#include "institution_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "keyring.h"
#include "region.h"
#include "register.h"
#include "settlement_internal.h"

/* What this entry has registered so far, by institution and by key. */
struct planned_institution {
	char uscc[USCC_SIZE];
	struct key_id key_id;
	bool is_key;
};

/* --- lines ------------------------------------------------------------------------------------------------- */

static void line_write(struct buffer *out, const struct institution_line *line, bool for_peers)
{
	bool described =
	    line->operation == INSTITUTION_REGISTER || line->operation == INSTITUTION_UPDATE;
	codec_put_array(out, described ? 10 : line->operation == INSTITUTION_KEY ? 3 : 4);
	codec_put_uint(out, line->operation);
	codec_put_text(out, span_of(line->uscc, USCC_SIZE));
	if (described) {
		codec_put_text(out, line->name);
		codec_put_uint(out, line->kind);
		codec_put_uint(out, line->district);
		codec_put_uint(out, line->beds);
		codec_put_uint(out, line->star);
		text_or_null_put(out, for_peers ? (struct span){0} : line->account);
		text_or_null_put(out, for_peers ? (struct span){0} : line->bank);
	}
	if (line->operation == INSTITUTION_KEY || (described && line->has_key))
		codec_put_bytes(out, span_of(line->key.bytes, PUBLIC_KEY_SIZE));
	else if (described)
		codec_put_null(out);
	if (line->operation >= INSTITUTION_SUSPEND) {
		day_put(out, line->from_day);
		text_or_null_put(out, line->grounds);
	}
}

void institution_line_write(struct buffer *out, const struct institution_line *line)
{
	line_write(out, line, false);
}

static bool all_digits(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

static void description_read(struct codec_reader *reader, struct institution_line *line)
{
	line->name = codec_text(reader);
	line->kind = (enum institution_kind)codec_uint_max(reader, INSTITUTION_PUBLIC);
	line->district = (uint32_t)codec_uint_max(reader, 999999);
	line->beds = (uint32_t)codec_uint_max(reader, INSTITUTION_BEDS_MAX);
	line->star = (uint32_t)codec_uint_max(reader, INSTITUTION_STAR_MAX);
	line->account = text_or_null_take(reader, INSTITUTION_ACCOUNT_MAX);
	line->bank = text_or_null_take(reader, INSTITUTION_BANK_SIZE);
	line->has_key = !codec_null(reader);
	if (line->has_key)
		codec_bytes_exact(reader, line->key.bytes, PUBLIC_KEY_SIZE);
	bool bank_right = line->bank.size == 0 ||
			  (line->bank.size == INSTITUTION_BANK_SIZE && all_digits(line->bank));
	if (line->name.size == 0 || line->name.size > INSTITUTION_TEXT_MAX || line->kind == 0 ||
	    !bank_right || (line->operation == INSTITUTION_UPDATE && line->has_key))
		reader->failed = ERROR_MALFORMED;
}

static enum error line_read(struct span item, struct institution_line *line)
{
	struct codec_reader reader = codec_reader(item);
	size_t fields = codec_array(&reader);
	*line = (struct institution_line){0};
	line->operation = (enum institution_operation)codec_uint_max(&reader, INSTITUTION_REDLIST);
	struct span uscc = codec_text(&reader);
	if (uscc.size != USCC_SIZE)
		return ERROR_MALFORMED;
	memcpy(line->uscc, uscc.data, USCC_SIZE);
	switch (line->operation) {
	case INSTITUTION_REGISTER:
	case INSTITUTION_UPDATE:
		description_read(&reader, line);
		return fields == 10 ? codec_finish(&reader) : ERROR_MALFORMED;
	case INSTITUTION_KEY:
		line->has_key = true;
		codec_bytes_exact(&reader, line->key.bytes, PUBLIC_KEY_SIZE);
		return fields == 3 ? codec_finish(&reader) : ERROR_MALFORMED;
	case INSTITUTION_SUSPEND:
	case INSTITUTION_BLACKLIST:
	case INSTITUTION_RESTORE:
	case INSTITUTION_REDLIST:
		line->from_day = day_take(&reader);
		line->grounds = text_or_null_take(&reader, INSTITUTION_TEXT_MAX);
		return fields == 4 ? codec_finish(&reader) : ERROR_MALFORMED;
	}
	return ERROR_MALFORMED; /* operation 0 */
}

/* --- decide ------------------------------------------------------------------------------------------------ */

static void party_write(char party[KEYRING_PARTY_SIZE], const char *uscc)
{
	snprintf(party, KEYRING_PARTY_SIZE, "institution/%.*s", USCC_SIZE, uscc);
}

/* The organisation number is what differs between institutions of a region. */
static uint64_t batch_key_of(const char *uscc)
{
	return be64_read((const uint8_t *)uscc + 9);
}

static bool planned_institution(const struct register_work *work, const char *uscc)
{
	const struct planned_institution *planned = work->planned;
	for (uint32_t i = batch_find(work->batch, batch_key_of(uscc)); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i))
		if (!planned[i].is_key && memcmp(planned[i].uscc, uscc, USCC_SIZE) == 0)
			return true;
	return false;
}

static bool planned_key(const struct register_work *work, const struct key_id *id)
{
	const struct planned_institution *planned = work->planned;
	for (uint32_t i = batch_find(work->batch, be64_read(id->bytes)); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i))
		if (planned[i].is_key && key_id_equal(&planned[i].key_id, id))
			return true;
	return false;
}

static void plan(struct register_work *work, const struct institution_line *line)
{
	struct planned_institution *planned = work->planned;
	uint32_t at = batch_add(work->batch, batch_key_of(line->uscc));
	memcpy(planned[at].uscc, line->uscc, USCC_SIZE);
	if (line->has_key) {
		struct key_id id = key_id(&line->key);
		at = batch_add(work->batch, be64_read(id.bytes));
		planned[at] = (struct planned_institution){.key_id = id, .is_key = true};
	}
}

/* May the institution take this key? A key belongs to one party for ever, and is not taken up again once it has ended. Told
 * again by its host, the present key changes nothing. */
static enum error key_is_free(
    struct register_work *work, const struct institution_line *line, bool *is_free)
{
	char party[KEYRING_PARTY_SIZE];
	struct keyring_key known;
	struct key_id id = key_id(&line->key);
	*is_free = !planned_key(work, &id);
	enum error error = keyring_find(work->txn, &id, &known);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	party_write(party, line->uscc);
	*is_free = *is_free && work->sender != 0 && strcmp(known.party, party) == 0 &&
		   known.until_sequence == KEYRING_NEVER;
	return ERROR_NONE;
}

/* The verdict on a line of the city `host`. */
static enum error line_judge(struct register_work *work, const struct institution_line *line,
    uint32_t host, enum reason *reason)
{
	const struct institution_row *row = NULL;
	bool key_free = true;
	*reason = REASON_unknown_institution;
	if (uscc_check(span_of(line->uscc, USCC_SIZE)) != ERROR_NONE)
		return ERROR_NONE;
	enum error error = institution_get(work->txn, line->uscc, &row);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	bool planned = planned_institution(work, line->uscc);
	bool here = planned || (row && row->host == host);
	*reason = REASON_registered;
	if (line->operation == INSTITUTION_REGISTER)
		*reason = planned || (row && (work->sender == 0 || row->host != host))
			      ? REASON_duplicate
			      : REASON_registered;
	else if (!here)
		*reason = REASON_unknown_institution;
	if (*reason != REASON_registered || !line->has_key)
		return ERROR_NONE;
	error = key_is_free(work, line, &key_free);
	if (!key_free)
		*reason = REASON_duplicate;
	return error;
}

static enum error line_check(
    struct register_work *work, struct span item, uint32_t host, struct institution_line *line)
{
	if (line_read(item, line) != ERROR_NONE)
		return register_malformed(work, "not the line of an institution");
	bool described =
	    line->operation == INSTITUTION_REGISTER || line->operation == INSTITUTION_UPDATE;
	if (described && region_city(line->district, work->today) != host)
		return register_malformed(work, "the district does not belong to the city");
	return ERROR_NONE;
}

struct peer_news {
	struct register_work *work;
	const struct institution_line *line;
};

static bool tell_peer(void *context, const struct peer_row *peer)
{
	struct peer_news *news = context;
	bool standing = news->line->operation >= INSTITUTION_SUSPEND;
	/* The city's own descriptor is among the peers' rows. */
	if (peer->region == settlement_region(news->work->settlement))
		return true;
	struct buffer *out = dispatch_item(&news->work->messages[standing ? 1 : 0], peer->region);
	if (out)
		line_write(out, news->line, true);
	return true;
}

static enum error institution_line_decide(struct register_work *work, struct span item)
{
	uint32_t own = settlement_region(work->settlement);
	struct institution_line line;
	struct peer_news news = {.work = work, .line = &line};
	enum reason reason;
	enum error error = line_check(work, item, own, &line);
	if (!error)
		error = line_judge(work, &line, own, &reason);
	if (error)
		return error;
	verdict_put(work->decision, reason);
	if (reason != REASON_registered)
		return ERROR_NONE;
	plan(work, &line);
	return peer_each(work->txn, tell_peer, &news);
}

enum error institution_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = institution_line_decide,
	    .planned_size = sizeof(struct planned_institution),
	    .messages = {"institution_notice", "standing_notice"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

/* The line made is [host, item]. */
static enum error notice_line_decide(struct register_work *work, struct span item)
{
	struct institution_line line;
	enum reason reason;
	enum error error = line_check(work, item, work->sender, &line);
	if (!error)
		error = line_judge(work, &line, work->sender, &reason);
	if (error)
		return error;
	if (reason == REASON_registered)
		plan(work, &line);
	codec_put_array(&work->decision->lines, 2);
	codec_put_uint(&work->decision->lines, work->sender);
	register_line_as_is(work, item);
	verdict_put(work->decision, reason);
	return ERROR_NONE;
}

enum error institution_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = notice_line_decide,
	    .is_notice = true,
	    .planned_size = sizeof(struct planned_institution),
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

/* --- apply ------------------------------------------------------------------------------------------------- */

static enum error profile_change(struct txn *txn, const struct institution_line *line)
{
	struct institution_profile profile = {0};
	enum error error = institution_profile(txn, line->uscc, &profile);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (line->operation == INSTITUTION_KEY)
		return ERROR_NONE;
	if (line->operation >= INSTITUTION_SUSPEND) {
		profile.grounds = line->grounds;
	} else {
		profile.name = line->name;
		profile.account = line->account;
		profile.bank = line->bank;
	}
	return institution_profile_put(txn, line->uscc, &profile);
}

static enum error line_project(
    struct txn *txn, const struct entry *entry, struct span item, uint32_t host)
{
	char party[KEYRING_PARTY_SIZE];
	struct institution_line line;
	const struct institution_row *found = NULL;
	if (line_read(item, &line) != ERROR_NONE)
		return ERROR_CORRUPT;
	enum error error = institution_get(txn, line.uscc, &found);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	struct institution_row row =
	    error ? institution_row_new(
			line.uscc, host, day_of_time(entry->header.time_ms), entry->header.sequence)
		  : *found;
	institution_row_change(&row, &line);
	error = institution_put(txn, &row);
	if (!error)
		error = profile_change(txn, &line);
	if (error || !line.has_key)
		return error;
	party_write(party, line.uscc);
	return keyring_add(txn, party, "institution", &line.key, entry->header.sequence);
}

static enum error institution_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span line, unsigned reason)
{
	return reason == REASON_registered
		   ? line_project(txn, entry, line, settlement_region(settlement))
		   : ERROR_NONE;
}

enum error institution_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(institution_line_apply, settlement, txn, entry, detail);
}

static enum error notice_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span line, unsigned reason)
{
	struct codec_reader reader = codec_reader(line);
	(void)settlement;
	codec_array_exact(&reader, 2);
	uint32_t host = (uint32_t)codec_uint_max(&reader, 999999);
	struct span item = codec_item(&reader);
	if (codec_finish(&reader) != ERROR_NONE)
		return ERROR_CORRUPT;
	return reason == REASON_registered ? line_project(txn, entry, item, host) : ERROR_NONE;
}

enum error institution_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(notice_line_apply, settlement, txn, entry, detail);
}

/* --- announce ---------------------------------------------------------------------------------------------- */

struct announcement {
	struct txn *txn;
	struct dispatch descriptions, standings;
	uint32_t host, to;
	enum error error;
};

static void announce_line(struct announcement *announcement, const struct institution_line *line)
{
	bool standing = line->operation >= INSTITUTION_SUSPEND;
	struct buffer *out = dispatch_item(
	    standing ? &announcement->standings : &announcement->descriptions, announcement->to);
	if (out)
		line_write(out, line, true);
}

/* The operations that bring a fresh row to where this one stands. */
static void announce_standing(struct announcement *announcement, const struct institution_row *row,
    struct institution_line *line)
{
	bool barred = row->barred_from <= row->barred_until;
	if (barred) {
		line->operation =
		    row->standing == STANDING_BLACK ? INSTITUTION_BLACKLIST : INSTITUTION_SUSPEND;
		line->from_day = row->barred_from;
		announce_line(announcement, line);
	}
	if (row->standing == STANDING_GOOD || row->standing == STANDING_RED) {
		if (!barred && row->standing == STANDING_GOOD)
			return;
		line->operation =
		    row->standing == STANDING_RED ? INSTITUTION_REDLIST : INSTITUTION_RESTORE;
		line->from_day = barred ? row->barred_until + 1 : row->standing_from;
		announce_line(announcement, line);
	}
}

static bool announce_row(void *context, const struct institution_row *row)
{
	struct announcement *announcement = context;
	char party[KEYRING_PARTY_SIZE];
	struct institution_profile profile;
	struct keyring_key key;
	struct institution_line line = {.operation = INSTITUTION_REGISTER};
	if (row->host != announcement->host)
		return true;
	party_write(party, row->uscc);
	memcpy(line.uscc, row->uscc, USCC_SIZE);
	announcement->error = institution_profile(announcement->txn, row->uscc, &profile);
	if (announcement->error)
		return false;
	enum error error = keyring_current(announcement->txn, party, "institution", &key);
	if (error && error != ERROR_NOT_FOUND) {
		announcement->error = error;
		return false;
	}
	line.name = profile.name;
	line.grounds = profile.grounds;
	line.kind = (enum institution_kind)row->kind;
	line.district = row->district;
	line.beds = row->licensed_beds;
	line.star = row->star;
	line.has_key = !error;
	if (line.has_key)
		line.key = key.key;
	announce_line(announcement, &line);
	announce_standing(announcement, row, &line);
	return true;
}

enum error institution_announce(
    struct settlement *settlement, struct txn *txn, struct decision *decision, uint32_t to)
{
	struct announcement announcement = {
	    .txn = txn, .host = settlement_region(settlement), .to = to};
	enum error error = institution_each(txn, announce_row, &announcement);
	if (!error)
		error = announcement.error;
	if (!error)
		error = dispatch_send(
		    &announcement.descriptions, settlement, txn, decision, "institution_notice");
	if (!error)
		error = dispatch_send(
		    &announcement.standings, settlement, txn, decision, "standing_notice");
	dispatch_free(&announcement.descriptions);
	dispatch_free(&announcement.standings);
	return error;
}
