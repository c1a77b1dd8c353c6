#include "verdict.h"

#include <assert.h>

#define APPROVED_FIELDS 6
#define OTHER_FIELDS 2
#define REFUSED_FIELDS 4
#define PIECE_FIELDS 5
#define FUND_FIELDS 2
#define FACT_FIELDS 3
#define REDUCTION_FIELDS 5
#define HELD_FIELDS 2

#define MAJOR_UINT 0
#define MAJOR_NEGATIVE 1
#define MAJOR_ARRAY 4

/* Items of the longest verdict with these lists: each is at most a head, for there is nothing in it but integers and lists. */
static size_t items_most(const struct verdict *verdict)
{
	return 16 + PIECE_FIELDS * (size_t)verdict->piece_count +
	       FUND_FIELDS * (size_t)verdict->fund_count +
	       REDUCTION_FIELDS * (size_t)verdict->reduction_count;
}

static uint8_t *put_uint(uint8_t *at, uint64_t value)
{
	assert(value <= INT64_MAX);
	return codec_head_write(at, MAJOR_UINT, value);
}

static uint8_t *put_int(uint8_t *at, int64_t value)
{
	return value < 0 ? codec_head_write(at, MAJOR_NEGATIVE, (uint64_t)(-1 - value))
			 : put_uint(at, (uint64_t)value);
}

static uint8_t *put_array(uint8_t *at, size_t count)
{
	return codec_head_write(at, MAJOR_ARRAY, count);
}

/* One fund that pays all needs no amount. */
static uint8_t *put_funds(uint8_t *at, const struct verdict *verdict)
{
	if (verdict->fund_count == 1) {
		at = put_array(at, 1);
		return put_uint(at, verdict->funds[0].fund);
	}
	at = put_array(at, FUND_FIELDS * (size_t)verdict->fund_count);
	for (uint32_t i = 0; i < verdict->fund_count; i++) {
		at = put_uint(at, verdict->funds[i].fund);
		at = put_uint(at, (uint64_t)verdict->funds[i].amount_fen);
	}
	return at;
}

static uint8_t *put_pieces(uint8_t *at, const struct verdict *verdict)
{
	at = put_array(at, PIECE_FIELDS * (size_t)verdict->piece_count);
	for (uint32_t i = 0; i < verdict->piece_count; i++) {
		const struct verdict_piece *piece = &verdict->pieces[i];

		at = put_uint(at, piece->row);
		at = put_uint(at, piece->band);
		at = put_uint(at, piece->last_day);
		at = put_uint(at, (uint64_t)piece->monthly_fen);
		at = put_uint(at, piece->level_sequence);
	}
	return at;
}

static uint8_t *put_reductions(uint8_t *at, const struct verdict *verdict)
{
	at = put_array(at, REDUCTION_FIELDS * (size_t)verdict->reduction_count);
	for (uint32_t i = 0; i < verdict->reduction_count; i++) {
		const struct verdict_reduction *reduction = &verdict->reductions[i];

		at = put_uint(at, reduction->reason);
		at = put_uint(at, (uint64_t)reduction->before_fen);
		at = put_uint(at, (uint64_t)reduction->after_fen);
		at = put_int(at, reduction->limit);
		at = put_int(at, reduction->used);
	}
	return at;
}

/* In the place of the funds, which pay nothing yet. */
static uint8_t *put_held(uint8_t *at, const struct verdict *verdict)
{
	at = put_array(at, HELD_FIELDS);
	at = put_uint(at, (uint64_t)verdict->limit_fen);
	return put_uint(at, (uint64_t)verdict->unpaid_fen);
}

static uint8_t *put_approved(uint8_t *at, const struct verdict *verdict)
{
	bool held = verdict->reason == REASON_held_prefund;

	at = put_array(at, APPROVED_FIELDS + (verdict->reduction_count > 0));
	at = put_uint(at, verdict->reason);
	at = put_uint(at, (uint64_t)(held ? verdict->held_fen : verdict->amount_fen));
	at = put_uint(at, verdict->policy);
	at = put_pieces(at, verdict);
	at = held ? put_held(at, verdict) : put_funds(at, verdict);
	at = put_array(at, FACT_FIELDS);
	at = put_uint(at, verdict->facts_sequence);
	at = put_uint(at, verdict->grant_sequence);
	at = put_uint(at, verdict->filing_sequence);
	return verdict->reduction_count ? put_reductions(at, verdict) : at;
}

bool verdict_figure_is_entry(enum reason reason)
{
	return reason == REASON_level || reason == REASON_age || reason == REASON_income_class ||
	       reason == REASON_after_death;
}

bool verdict_takes_days(const struct verdict *verdict)
{
	return verdict->reason == REASON_approved || verdict->reason == REASON_held_prefund;
}

static void write_refused(struct buffer *out, const struct verdict *verdict)
{
	codec_put_array(out, verdict->policy ? REFUSED_FIELDS : OTHER_FIELDS);
	codec_put_uint(out, verdict->reason);
	if (verdict->has_figure)
		codec_put_int(out, verdict->figure);
	else
		codec_put_null(out);
	if (!verdict->policy)
		return;
	codec_put_uint(out, verdict->policy);
	if (verdict->has_row)
		codec_put_uint(out, verdict->row);
	else
		codec_put_null(out);
}

void verdict_write(struct buffer *out, const struct verdict *verdict)
{
	size_t most, size;
	uint8_t *start;

	if (!verdict_takes_days(verdict)) {
		write_refused(out, verdict);
		return;
	}
	/* Room for the longest at once: there is one of these for every line of every sheet. */
	most = CODEC_HEAD_MAX * items_most(verdict);
	start = buffer_extend(out, most);
	if (!start)
		return;
	size = (size_t)(put_approved(start, verdict) - start);
	assert(size <= most);
	out->size -= most - size;
}

static void fail(struct codec_reader *reader)
{
	if (!reader->failed)
		reader->failed = ERROR_MALFORMED;
}

/* Number of groups of `fields` elements in the list that comes; at most `max`. */
static uint32_t groups(struct codec_reader *reader, size_t fields, uint32_t max)
{
	size_t count = codec_array(reader);

	if (count % fields != 0 || count / fields > max) {
		fail(reader);
		return 0;
	}
	return (uint32_t)(count / fields);
}

static void take_pieces(struct codec_reader *reader, struct verdict *verdict)
{
	uint32_t last_day = 0;

	verdict->piece_count = groups(reader, PIECE_FIELDS, VERDICT_PIECES_MAX);
	for (uint32_t i = 0; i < verdict->piece_count; i++) {
		struct verdict_piece *piece = &verdict->pieces[i];

		piece->row = (uint32_t)codec_uint_max(reader, PROGRAMMES_MAX - 1);
		piece->band = (uint32_t)codec_uint_max(reader, BANDS_MAX - 1);
		piece->last_day = (uint32_t)codec_uint_max(reader, 31);
		piece->monthly_fen = (int64_t)codec_uint_max(reader, AMOUNT_MAX);
		piece->level_sequence = codec_uint(reader);
		if (piece->last_day <= last_day)
			fail(reader);
		last_day = piece->last_day;
	}
}

static void take_funds(struct codec_reader *reader, struct verdict *verdict)
{
	size_t count = codec_array(reader);
	int64_t sum = 0;

	if (count == 1) {
		verdict->fund_count = 1;
		verdict->funds[0].fund = (uint32_t)codec_uint_max(reader, FUNDS_MAX - 1);
		verdict->funds[0].amount_fen = verdict->amount_fen;
		return;
	}
	if (count % FUND_FIELDS != 0 || count > FUND_FIELDS * PROGRAMME_FUNDS_MAX ||
	    count == FUND_FIELDS) {
		fail(reader);
		return;
	}
	verdict->fund_count = (uint32_t)(count / FUND_FIELDS);
	for (uint32_t i = 0; i < verdict->fund_count; i++) {
		verdict->funds[i].fund = (uint32_t)codec_uint_max(reader, FUNDS_MAX - 1);
		verdict->funds[i].amount_fen = (int64_t)codec_uint_max(reader, AMOUNT_MAX);
		/* At most PROGRAMME_FUNDS_MAX times AMOUNT_MAX: fits. */
		sum += verdict->funds[i].amount_fen;
	}
	if (sum != verdict->amount_fen)
		fail(reader);
}

/* Whoever computes with them must not overflow: the verdict may be another city's. */
static bool figures_bounded(const struct verdict_reduction *reduction)
{
	int64_t most = reason_counts(reduction->reason) ? VERDICT_NIGHTS_MAX : AMOUNT_MAX;

	return reduction->limit >= -most && reduction->limit <= most && reduction->used >= -most &&
	       reduction->used <= most;
}

static void take_reductions(struct codec_reader *reader, struct verdict *verdict)
{
	unsigned last = 0;

	verdict->reduction_count = groups(reader, REDUCTION_FIELDS, VERDICT_REDUCTIONS_MAX);
	if (verdict->reduction_count == 0)
		fail(reader);
	for (uint32_t i = 0; i < verdict->reduction_count; i++) {
		struct verdict_reduction *reduction = &verdict->reductions[i];
		unsigned reason = (unsigned)codec_uint_max(reader, REASON_REDUCTION_LAST);

		reduction->reason = (enum reason)reason;
		reduction->before_fen = (int64_t)codec_uint_max(reader, AMOUNT_MAX);
		reduction->after_fen = (int64_t)codec_uint_max(reader, AMOUNT_MAX);
		reduction->limit = codec_int(reader);
		reduction->used = codec_int(reader);
		if (reason_reduction_place(reason) <= last ||
		    reduction->after_fen > reduction->before_fen || !figures_bounded(reduction))
			fail(reader);
		last = reason_reduction_place(reason);
	}
}

/* It is held because it went beyond what may be unpaid; it is paid nothing yet. */
static void take_held(struct codec_reader *reader, struct verdict *verdict)
{
	verdict->held_fen = verdict->amount_fen;
	verdict->amount_fen = 0;
	codec_array_exact(reader, HELD_FIELDS);
	verdict->limit_fen = (int64_t)codec_uint_max(reader, AMOUNT_MAX);
	verdict->unpaid_fen = (int64_t)codec_uint_max(reader, AMOUNT_MAX);
	if (verdict->held_fen == 0 || verdict->unpaid_fen + verdict->held_fen <= verdict->limit_fen)
		fail(reader);
}

static void take_approved(struct codec_reader *reader, size_t fields, struct verdict *verdict)
{
	if (fields != APPROVED_FIELDS && fields != APPROVED_FIELDS + 1) {
		fail(reader);
		return;
	}
	verdict->amount_fen = (int64_t)codec_uint_max(reader, AMOUNT_MAX);
	verdict->policy = codec_uint(reader);
	take_pieces(reader, verdict);
	if (verdict->reason == REASON_held_prefund)
		take_held(reader, verdict);
	else
		take_funds(reader, verdict);
	codec_array_exact(reader, FACT_FIELDS);
	verdict->facts_sequence = codec_uint(reader);
	verdict->grant_sequence = codec_uint(reader);
	verdict->filing_sequence = codec_uint(reader);
	if (fields == APPROVED_FIELDS + 1)
		take_reductions(reader, verdict);
}

static void take_refused(struct codec_reader *reader, size_t fields, struct verdict *verdict)
{
	if (fields != OTHER_FIELDS && fields != REFUSED_FIELDS) {
		fail(reader);
		return;
	}
	if (!codec_null(reader)) {
		verdict->has_figure = true;
		verdict->figure = codec_int(reader);
	}
	if (fields == OTHER_FIELDS)
		return;
	verdict->policy = codec_uint(reader);
	if (verdict->policy == 0)
		fail(reader);
	if (!codec_null(reader)) {
		verdict->has_row = true;
		verdict->row = (uint32_t)codec_uint_max(reader, PROGRAMMES_MAX - 1);
	}
}

void verdict_take(struct codec_reader *reader, struct verdict *verdict)
{
	size_t fields = codec_array(reader);
	unsigned reason = (unsigned)codec_uint_max(reader, UINT32_MAX);

	verdict->has_figure = verdict->has_row = false;
	verdict->figure = verdict->row = 0;
	verdict->amount_fen = 0;
	verdict->held_fen = verdict->limit_fen = verdict->unpaid_fen = 0;
	verdict->policy = 0;
	verdict->piece_count = verdict->fund_count = verdict->reduction_count = 0;
	verdict->facts_sequence = verdict->grant_sequence = verdict->filing_sequence = 0;
	verdict->reason = (enum reason)reason;
	if (reader->failed)
		return;
	if (!reason_name(reason)) {
		fail(reader);
	} else if (verdict_takes_days(verdict)) {
		take_approved(reader, fields, verdict);
	} else {
		take_refused(reader, fields, verdict);
	}
}

enum error verdict_parse(struct span bytes, struct verdict *verdict)
{
	struct codec_reader reader = codec_reader(bytes);

	verdict_take(&reader, verdict);
	return codec_finish(&reader);
}

const struct verdict_reduction *verdict_reduced(const struct verdict *verdict, enum reason reason)
{
	for (uint32_t i = 0; i < verdict->reduction_count; i++) {
		if (verdict->reductions[i].reason == reason)
			return &verdict->reductions[i];
	}
	return NULL;
}
