/* desk.h: beside town.h, what an institution does at its desk and what comes of it: sheets as signed paper that can be handed in twice
 * or spoilt, verdicts by the sheet's number, a city that is stopped and started. */
#ifndef SUIREN_TEST_DESK_H
#define SUIREN_TEST_DESK_H

#include "town.h"

static inline struct txn *desk_read(struct town *town)
{
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	return txn;
}

/* Number of entries, and the tree's root: has anything been booked? */
static inline uint64_t desk_head(struct town *town, struct hash *root)
{
	struct txn *txn = desk_read(town);
	uint64_t size;
	assert_int_equal(ledger_head(txn, &size, root), ERROR_NONE);
	txn_abort(txn);
	return size;
}

/* As after a stop or a crash: what is not in the store is gone. */
static inline void desk_restart(struct town *town)
{
	const struct settlement_options options = {.region = town->region,
	    .epoch = 1,
	    .demo = true,
	    .has_registry_key = true,
	    .registry_key = town->registry_key};
	ledger_close(town->ledger);
	settlement_free(town->settlement);
	assert_int_equal(settlement_create(&options, &town->settlement), ERROR_NONE);
	town_ledger(town);
	struct txn *txn = desk_read(town);
	assert_int_equal(settlement_reload(town->settlement, txn, &town->detail), ERROR_NONE);
	txn_abort(txn);
}

static inline void desk_standing(
    struct town *town, const char *uscc, enum institution_operation operation, int32_t from)
{
	struct institution_line institution = {.operation = operation, .from_day = from};
	struct buffer line = {0};
	memcpy(institution.uscc, uscc, USCC_SIZE);
	institution_line_write(&line, &institution);
	town_register(town, KIND_institution, &line, REASON_registered);
}

static inline void desk_stay_line(struct town *town, enum stay_operation operation,
    const char *uscc, uint64_t person, int32_t first, int32_t last, unsigned reason)
{
	struct stay_line stay = {
	    .operation = operation, .person = person, .first_day = first, .last_night = last};
	struct buffer line = {0};
	memcpy(stay.uscc, uscc, USCC_SIZE);
	stay_line_write(&line, &stay);
	town_register(town, KIND_stay, &line, reason);
}

/* The stay that began on `first` ends with the night `last`. */
static inline void desk_leave(
    struct town *town, const char *uscc, uint64_t person, int32_t first, int32_t last)
{
	desk_stay_line(town, STAY_CLOSE, uscc, person, first, last, REASON_registered);
}

/* --- sheets ------------------------------------------------------------------------------------------------- */

/* Days first..last of the sheet's month. */
struct claim_line {
	uint64_t person;
	const char *programme;
	unsigned first, last;
	int64_t amount_fen; /* asked for; 0: what the policy gives */
	unsigned pieces;    /* 0: not told */
};

struct claim_paper {
	struct buffer file, attachment;
	struct span document;
};

static inline void paper_free(struct claim_paper *paper)
{
	buffer_free(&paper->file);
	buffer_free(&paper->attachment);
}

/* Index of the programme in the header, which takes up new ones. */
static inline unsigned paper_programme(struct sheet_header *header, const char *code)
{
	unsigned i = 0;
	while (i < header->programme_count && strcmp(header->programme_codes[i], code) != 0)
		i++;
	if (i == header->programme_count) {
		assert_true(i < SHEET_PROGRAMMES_MAX);
		snprintf(header->programme_codes[i], PROGRAMME_CODE_SIZE, "%s", code);
		header->programmes[i] = programme_tag(span_text(code));
		header->programme_count++;
	}
	return i;
}

/* A sheet of `header`'s institution, number, host, payer and month, signed by whoever has `key`. */
static inline void paper_sign(struct claim_paper *paper, const struct secret_key *key,
    struct sheet_header header, const struct claim_line *claims, uint32_t count)
{
	struct hash secret = {{0x5e, (uint8_t)header.number}}, read_secret;
	struct buffer lines = {0};
	struct span read_lines;
	uint32_t read_count;
	memset(paper, 0, sizeof(*paper));
	header.count = count;
	for (uint32_t i = 0; i < count; i++)
		sheet_line_write(&lines, claims[i].person,
		    paper_programme(&header, claims[i].programme), claims[i].first, claims[i].last,
		    claims[i].amount_fen ? claims[i].amount_fen : AS_THE_POLICY_GIVES,
		    (struct span){NULL, 0}, claims[i].pieces);
	assert_int_equal(
	    sheet_sign(&paper->file, &header, &secret, buffer_span(&lines), key), ERROR_NONE);
	buffer_free(&lines);
	assert_int_equal(sheet_file_read(buffer_span(&paper->file), &paper->document, &read_secret,
			     &read_count, &read_lines),
	    ERROR_NONE);
	codec_put_array(&paper->attachment, 3);
	codec_put_bytes(&paper->attachment, hash_span(&read_secret));
	codec_put_uint(&paper->attachment, read_count);
	codec_put_bytes(&paper->attachment, read_lines);
}

static inline struct sheet_header paper_header(
    const char *uscc, uint64_t number, uint32_t host, uint32_t payer, uint32_t month)
{
	struct sheet_header header = {
	    .number = number, .host = host, .payer = payer, .month = month};
	memcpy(header.uscc, uscc, USCC_SIZE);
	return header;
}

static inline enum error paper_submit(struct town *town, const struct claim_paper *paper)
{
	return town_submit(town, paper->document, buffer_span(&paper->attachment));
}

/* Sign and book a sheet of the institution at its host; returns its number. */
static inline uint64_t desk_claim(struct town *host, const char *uscc, uint32_t payer,
    uint32_t month, const struct claim_line *claims, uint32_t count)
{
	const struct secret_key key = town_house_key(uscc);
	struct claim_paper paper;
	uint64_t number = ++host->numbers;
	paper_sign(
	    &paper, &key, paper_header(uscc, number, host->region, payer, month), claims, count);
	if (paper_submit(host, &paper))
		fail_msg("sheet %llu: %s", (unsigned long long)number, host->detail.text);
	paper_free(&paper);
	return number;
}

/* The verdict of this city, or the one that came to it from the payer, on a line of a booked sheet. */
static inline struct verdict desk_verdict(
    struct town *town, const char *uscc, uint64_t number, uint32_t line)
{
	struct txn *txn = desk_read(town);
	struct sheet_row row;
	assert_int_equal(sheet_row_get(txn, uscc, number, &row), ERROR_NONE);
	txn_abort(txn);
	return town_verdict(town, row.answered ? row.answered : row.sequence, line);
}

static inline void expect_refused(struct verdict verdict, enum reason reason, int64_t figure)
{
	assert_string_equal(reason_name(verdict.reason), reason_name(reason));
	assert_true(verdict.has_figure);
	assert_int_equal(verdict.figure, figure);
}

/* Refused, and there is no figure to tell. */
static inline void expect_bare(struct verdict verdict, enum reason reason)
{
	assert_string_equal(reason_name(verdict.reason), reason_name(reason));
	assert_false(verdict.has_figure);
}

static inline void expect_reason(struct verdict verdict, enum reason reason)
{
	assert_string_equal(reason_name(verdict.reason), reason_name(reason));
}

/* Approved, and nothing taken away. */
static inline void expect_paid(struct verdict verdict, int64_t fen)
{
	assert_string_equal(reason_name(verdict.reason), "approved");
	assert_int_equal(verdict.amount_fen, fen);
	assert_int_equal(verdict.reduction_count, 0);
}

#endif
