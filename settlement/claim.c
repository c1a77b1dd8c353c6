/* claim.c: sheets that their own city pays, and what is common to all payers. */
#include "claim.h"

#include <stdlib.h>
#include <string.h>

#include "adjudicate.h"
#include "calendar.h"

enum error claim_sheet_open(const struct command *command, size_t document,
    struct claim_sheet *sheet, struct error_detail *detail)
{
	sheet->own = !command->sheet;
	sheet->sheet = command->sheet;
	if (command->sheet)
		return ERROR_NONE;
	sheet->sheet = &sheet->read;
	return sheet_prepare(command->documents[document], &command->secret, command->count,
	    command->lines, NULL, &sheet->read, detail);
}

void claim_sheet_close(struct claim_sheet *sheet)
{
	if (sheet->own)
		sheet_release(&sheet->read);
}

enum error claim_standing(
    struct txn *txn, const struct sheet_header *header, struct sheet_standing *standing)
{
	const struct institution_row *row;
	enum error error = institution_get(txn, header->uscc, &row);

	*standing = (struct sheet_standing){.barred_from = DAY_NEVER, .barred_until = 0};
	if (error == ERROR_NOT_FOUND || (!error && row->host != header->host))
		return ERROR_NONE;
	if (error)
		return error;
	standing->known = true;
	standing->district = row->district;
	standing->barred_from = row->barred_from;
	standing->barred_until = row->barred_until;
	standing->nights_limit = (int64_t)row->licensed_beds * month_days(header->month);
	return ERROR_NONE;
}

/* The workspace is kept: a sheet needs no allocation. */
static enum error workspace(struct settlement *settlement, struct claim_state **state)
{
	enum error error = ERROR_NONE;

	settlement->claims_decided = false;
	if (!settlement->claims)
		error = claim_state_create(&settlement->claims);
	*state = settlement->claims;
	return error;
}

static void add_sums(const struct verdict *verdict, struct claim_sums *sums, enum error *failed)
{
	if (verdict->reason != REASON_approved)
		return;
	for (uint32_t i = 0; i < verdict->fund_count; i++)
		sums->by_fund[verdict->funds[i].fund] += verdict->funds[i].amount_fen;
	sums->total += verdict->amount_fen;
	/* 10,000 lines of at most AMOUNT_MAX could leave int64: stop long before. */
	if (sums->total > AMOUNT_MAX)
		*failed = ERROR_OVERFLOW;
}

static enum error adjudicate_lines(struct adjudication *adjudication,
    const struct prepared_sheet *sheet, const struct command *command, struct decision *decision,
    struct claim_sums *sums, struct error_detail *detail)
{
	struct codec_reader logged = codec_reader(command->logged_verdicts);
	struct verdict verdict;
	enum error failed = ERROR_NONE;

	for (uint32_t i = 0; i < sheet->header.count; i++) {
		struct span before =
		    command->logged_verdicts.size ? codec_item(&logged) : (struct span){NULL, 0};
		size_t start;
		bool taken_over;
		enum error error =
		    adjudicate_line(adjudication, &sheet->lines[i], before, &verdict, &taken_over);

		if (!error) {
			add_sums(&verdict, sums, &failed);
			error = failed;
		}
		if (error)
			return error_set(
			    detail, error, "line %u: %s", (unsigned)i + 1, error_text(error));
		decision_room(decision);
		start = decision->verdicts.size;
		verdict_write(&decision->verdicts, &verdict);
		if (command->line_leaves)
			decision_result(decision, &command->line_leaves[i], start);
		decision->count++;
		decision->not_rerun += taken_over;
	}
	return decision->verdicts.failed;
}

enum error claim_adjudicate(struct adjudication *adjudication, const struct prepared_sheet *sheet,
    const struct command *command, struct decision *decision, struct claim_sums *sums,
    struct error_detail *detail)
{
	enum error error;

	memset(sums, 0, sizeof *sums);
	if (command->line_leaves)
		decision_results_begin(decision, command->line_leaves, sheet->header.count);
	error = adjudicate_lines(adjudication, sheet, command, decision, sums, detail);
	decision_results_end(decision, !error);
	return error;
}

static void book_local(struct decision *decision, const struct policy *policy,
    const struct claim_sums *sums, const char *uscc)
{
	char fund[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];

	account_payable_local(payable, uscc);
	for (size_t i = 0; i < policy->fund_count; i++) {
		if (sums->by_fund[i])
			decision_move(decision, UNIT_CNY, account_fund(fund, policy->funds[i].code),
			    payable, sums->by_fund[i]);
	}
}

enum error claim_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct adjudication adjudication;
	struct sheet_standing standing;
	struct claim_state *state;
	struct claim_sheet sheet;
	struct claim_sums sums;
	uint64_t size;
	enum error error = claim_sheet_open(command, 0, &sheet, detail);

	if (error)
		return error;
	error = workspace(settlement, &state);
	if (!error)
		error = claim_standing(txn, &sheet.sheet->header, &standing);
	if (!error)
		error = ledger_head(txn, &size, NULL);
	if (error)
		goto close_sheet;
	error = adjudication_begin(&adjudication, settlement, txn, &sheet.sheet->header, &standing,
	    day_of_time(now_ms), state);
	if (!error)
		error =
		    claim_adjudicate(&adjudication, sheet.sheet, command, decision, &sums, detail);
	if (!error) {
		book_local(decision, adjudication.policy, &sums, sheet.sheet->header.uscc);
		/* If this very command is appended next, its effects are at hand. */
		settlement->claims_decided = true;
		settlement->claims_sequence = size;
		settlement->claims_document = document_hash(command->documents[0]);
	}
	adjudication_end(&adjudication);
close_sheet:
	claim_sheet_close(&sheet);
	return error;
}

/* Were the effects of this entry worked out just now, when it was decided? */
static bool decided_just_now(const struct settlement *settlement, const struct entry *entry)
{
	struct hash document;

	if (!settlement->claims_decided || settlement->claims_sequence != entry->header.sequence)
		return false;
	document = entry_document_hash(&entry->header, 0);
	return hash_equal(&document, &settlement->claims_document);
}

static enum error project_line(
    struct adjudication *adjudication, const struct sheet_line *line, struct codec_reader *verdicts)
{
	struct line_case found;
	struct verdict verdict;
	enum error error;

	verdict_take(verdicts, &verdict);
	if (verdicts->failed)
		return ERROR_CORRUPT;
	if (!verdict_takes_days(&verdict))
		return ERROR_NONE;
	error = line_case_find(adjudication, line, &found);
	return error ? error : line_take(&found, &verdict, false);
}

/* The same from what is logged: when a ledger is rebuilt, or another command came between. */
static enum error project_lines(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct sheet_header *header,
    const struct sheet_standing *standing, struct claim_state *state, struct error_detail *detail)
{
	struct codec_reader verdicts = codec_reader(entry->verdicts);
	struct sheet_line *lines = malloc(header->count * sizeof *lines);
	struct adjudication adjudication;
	bool sorted;
	enum error error;

	if (!lines)
		return ERROR_MEMORY;
	error = sheet_lines_read(header, entry->lines, lines, &sorted, detail);
	if (error) {
		free(lines);
		return ERROR_CORRUPT;
	}
	error = adjudication_begin(&adjudication, settlement, txn, header, standing, 0, state);
	if (header->host != settlement_region(settlement))
		claim_state_nights_apart(state);
	for (uint32_t i = 0; !error && i < header->count; i++)
		error = project_line(&adjudication, &lines[i], &verdicts);
	adjudication_end(&adjudication);
	free(lines);
	return error;
}

enum error claim_project(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    size_t index, const struct sheet_standing *standing, struct error_detail *detail)
{
	struct claim_state *state = settlement->claims;
	struct document document;
	struct sheet_header header;
	struct sheet_row row;
	enum error error = ERROR_NONE;

	if (document_read(entry->documents[index], &document) ||
	    sheet_header_read(document.payload, &header))
		return ERROR_CORRUPT;
	if (!decided_just_now(settlement, entry)) {
		error = workspace(settlement, &state);
		if (!error)
			error =
			    project_lines(settlement, txn, entry, &header, standing, state, detail);
	}
	settlement->claims_decided = false;
	if (!error)
		error = claim_state_store(state, txn);
	if (error)
		return error;
	memset(&row, 0, sizeof row);
	row.sequence = entry->header.sequence;
	row.payer = header.payer;
	row.host = header.host;
	row.month = header.month;
	row.count = header.count;
	row.state = SHEET_ADJUDICATED;
	row.header = hash_sha256(document.payload);
	return sheet_row_put(txn, header.uscc, header.number, &row);
}

enum error claim_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct sheet_standing standing;
	struct document document;
	struct sheet_header header;
	enum error error;

	if (document_read(entry->documents[0], &document) ||
	    sheet_header_read(document.payload, &header))
		return ERROR_CORRUPT;
	error = claim_standing(txn, &header, &standing);
	return error ? error : claim_project(settlement, txn, entry, 0, &standing, detail);
}

enum error claim_check(struct settlement *settlement, struct txn *txn,
    const struct prepared_sheet *sheet, int64_t now_ms, claim_check_visit *visit, void *context,
    struct error_detail *detail)
{
	struct adjudication adjudication;
	struct sheet_standing standing;
	struct claim_state *state;
	struct verdict verdict;
	enum error error = workspace(settlement, &state);

	if (!error)
		error = claim_standing(txn, &sheet->header, &standing);
	if (error)
		return error;
	error = adjudication_begin(
	    &adjudication, settlement, txn, &sheet->header, &standing, day_of_time(now_ms), state);
	for (uint32_t i = 0; !error && i < sheet->header.count; i++) {
		bool taken_over;

		error = adjudicate_line(
		    &adjudication, &sheet->lines[i], (struct span){NULL, 0}, &verdict, &taken_over);
		if (error)
			error_set(detail, error, "line %u: %s", (unsigned)i + 1, error_text(error));
		else
			visit(context, i, &sheet->lines[i], &verdict);
	}
	adjudication_end(&adjudication);
	return error;
}
