#include "demo_live.h"

#include <assert.h>
#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "allowance.h"
#include "bank_draw.h"
#include "claim_state.h"
#include "orders.h"
#include "reversal.h"
#include "sheet.h"

static enum error city_path(struct demo_live *live, unsigned city, char path[PROCESS_PATH_MAX])
{
	int size = snprintf(
	    path, PROCESS_PATH_MAX, "%s/%06u", live->directory, (unsigned)sample_regions[city]);

	return size >= PROCESS_PATH_MAX ? ERROR_TOO_LARGE : ERROR_NONE;
}

static enum error create_city(struct demo_live *live, unsigned city)
{
	struct node_create_options create = {.region = sample_regions[city],
	    .demo = true,
	    .node.seams = seeded_seams(&live->seeded[city])};
	char path[PROCESS_PATH_MAX];
	enum error error = city_path(live, city, path);

	if (!error && live->processes) {
		error = processes_add(live->processes, path, &live->detail);
		create.listen =
		    live->processes->dial_by_file ? "" : live->processes->all[city].listen;
	}
	return error ? error : node_create(path, &create, &live->detail);
}

/* In this process, or through the daemon that has been started. */
static enum error open_city(struct demo_live *live, unsigned city, bool daemon)
{
	struct node_options options = {.seams = seeded_seams(&live->seeded[city])};
	char path[PROCESS_PATH_MAX];
	enum error error = city_path(live, city, path);

	if (daemon) {
		options.revive = processes_revive;
		options.revive_context = live->processes;
	}
	return error ? error : node_open(path, &options, &live->nodes[city], &live->detail);
}

/* Pages of the files that were looked at count as this process's memory until a node is closed: it must not grow with the months. */
static enum error reopen(struct demo_live *live)
{
	enum error error = ERROR_NONE;

	for (unsigned city = 0; !error && city < SAMPLE_CITIES; city++) {
		node_close(live->nodes[city]);
		live->nodes[city] = NULL;
		error = open_city(live, city, live->processes);
	}
	return error;
}

/* The nodes know each other already: each daemon finds its peers in its log. */
static enum error start_daemons(struct demo_live *live)
{
	struct processes *processes = live->processes;
	enum error error = processes->prepare
			       ? processes->prepare(processes->prepare_context, processes)
			       : ERROR_NONE;

	for (unsigned city = 0; !error && city < SAMPLE_CITIES; city++) {
		node_close(live->nodes[city]);
		live->nodes[city] = NULL;
		error = process_start(live->processes, &live->processes->all[city], &live->detail);
	}
	return error ? error : reopen(live);
}

enum error demo_live_open(struct demo_live *live, const char *directory, uint64_t seed,
    int64_t now_ms, struct processes *processes)
{
	enum error error = ERROR_NONE;

	memset(live, 0, sizeof *live);
	live->processes = processes;
	if (processes)
		processes->now_ms = now_ms;
	live->directory = directory;
	if (mkdir(directory, 0755) != 0) {
		if (errno == EEXIST)
			return error_set(&live->detail, ERROR_EXISTS,
			    "%s: exists already and is not overwritten; name another directory "
			    "with --dir",
			    directory);
		return error_set(&live->detail, ERROR_IO, "%s: %s", directory, strerror(errno));
	}
	for (unsigned city = 0; !error && city < SAMPLE_CITIES; city++) {
		seeded_start(&live->seeded[city], seed, sample_regions[city], now_ms);
		error = create_city(live, city);
		if (!error)
			error = open_city(live, city, false);
	}
	if (!error)
		error = node_introduce(live->nodes, SAMPLE_CITIES, &live->detail);
	return error || !processes ? error : start_daemons(live);
}

enum error demo_live_close(struct demo_live *live)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		node_close(live->nodes[city]);
		key_wipe(&live->officers[city]);
	}
	return live->processes ? processes_close(live->processes) : ERROR_NONE;
}

/* An answer that is not "done" ends the demo: the story is one in which orders are right. */
static enum error done(struct demo_live *live, enum error error, const struct answer *answer)
{
	if (live->step)
		live->step(live->step_context, live);
	if (!error)
		error = answer->error;
	if (error == ERROR_REPEAT)
		error = ERROR_NONE;
	if (error)
		live->detail = answer->detail;
	return error;
}

static enum error live_at(void *context, int64_t now_ms)
{
	struct demo_live *live = context;
	bool new_month =
	    month_of_day(day_of_time(now_ms)) != month_of_day(day_of_time(live->seeded[0].now_ms));
	enum error error = ERROR_NONE;

	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		assert(now_ms >= live->seeded[city].now_ms);
		live->seeded[city].now_ms = now_ms;
	}
	if (live->processes)
		live->processes->now_ms = now_ms;
	if (new_month)
		error = reopen(live);
	/* All clocks, before anything happens: what one city sends arrives at another at once. */
	for (unsigned city = 0; live->processes && !error && city < SAMPLE_CITIES; city++)
		error = node_move_clock(live->nodes[city], now_ms, &live->detail);
	return error;
}

static enum error live_officer(
    void *context, unsigned city, const char *name, const struct hash *seed)
{
	struct demo_live *live = context;
	struct answer answer;

	key_from_seed(seed, &live->officers[city]);
	return done(live,
	    order_officer(live->nodes[city], name, &live->officers[city].public, &answer), &answer);
}

#define LIVE_ROWS(function, import, type)                                                          \
	static enum error function(                                                                \
	    void *context, unsigned city, const struct type *rows, uint32_t count)                 \
	{                                                                                          \
		struct demo_live *live = context;                                                  \
		struct answer answer;                                                              \
                                                                                                   \
		return done(live, import(live->nodes[city], rows, count, NULL, &answer), &answer); \
	}

LIVE_ROWS(live_appropriations, import_appropriations, appropriation_line)
LIVE_ROWS(live_institutions, import_institutions, institution_line)
LIVE_ROWS(live_assessments, import_assessments, assessment)
LIVE_ROWS(live_grants, import_grants, grant_line)
LIVE_ROWS(live_filings, import_filings, filing_line)
LIVE_ROWS(live_stays, import_stays, stay_line)

static enum error live_persons(void *context, unsigned city, const struct import_person *rows,
    uint32_t count, uint64_t first_code)
{
	struct demo_live *live = context;
	uint64_t *codes = malloc(count * sizeof *codes);
	struct answer answer;
	enum error error;

	if (!codes)
		return ERROR_MEMORY;
	error = done(
	    live, import_persons(live->nodes[city], rows, count, NULL, codes, &answer), &answer);
	/* The story names persons by the codes that a new city gives out. */
	if (!error && codes[0] != first_code)
		error =
		    error_set(&live->detail, ERROR_STATE, "the first code is %016llu, not %016llu",
			(unsigned long long)codes[0], (unsigned long long)first_code);
	free(codes);
	return error;
}

static enum error live_facts(void *context, unsigned city, uint64_t code, int32_t death_day)
{
	struct demo_live *live = context;
	struct person_facts facts;
	struct answer answer;
	enum error error = import_facts_get(live->nodes[city], code, &facts);

	if (error)
		return error;
	facts.death_day = death_day;
	return done(live, import_facts(live->nodes[city], &facts, 1, NULL, &answer), &answer);
}

/* The header as the tool at the institution makes it: programmes in the order in which the lines name them. */
static enum error write_sheet(
    const struct demo_sheet *sheet, struct sheet_header *header, struct buffer *lines)
{
	*header = (struct sheet_header){.number = sheet->number,
	    .host = sample_regions[sheet->city],
	    .payer = sheet->payer,
	    .month = sheet->month,
	    .count = sheet->count};
	memcpy(header->uscc, sheet->uscc, sizeof header->uscc);
	for (uint32_t i = 0; i < sheet->count; i++) {
		const struct demo_line *line = &sheet->lines[i];
		uint8_t evidence[16];
		struct hash hash;
		uint32_t p = 0;

		while (p < header->programme_count &&
		       strcmp(header->programme_codes[p], line->programme) != 0)
			p++;
		if (p == SHEET_PROGRAMMES_MAX)
			return ERROR_TOO_LARGE;
		if (p == header->programme_count)
			snprintf(header->programme_codes[header->programme_count++],
			    PROGRAMME_CODE_SIZE, "%s", line->programme);
		be64_write(evidence, line->person);
		be64_write(evidence + 8,
		    (uint64_t)sheet->month << 16 | (uint64_t)line->first_day << 8 | p);
		hash = hash_sha256(span_of(evidence, sizeof evidence));
		sheet_line_write(lines, line->person, p, line->first_day, line->last_day,
		    line->amount_fen, span_of(hash.bytes, sizeof evidence), 0);
	}
	return lines->failed;
}

static enum error submit_sheet(
    struct demo_live *live, const struct demo_sheet *sheet, struct span file)
{
	struct buffer attachment = {0};
	struct submission submission = {.prepared = NULL};
	struct hash secret;
	struct span lines;
	struct answer answer;
	uint32_t count;
	enum error error = sheet_file_read(file, &submission.document, &secret, &count, &lines);

	if (error)
		return error;
	codec_put_array(&attachment, 3);
	codec_put_bytes(&attachment, hash_span(&secret));
	codec_put_uint(&attachment, count);
	codec_put_bytes(&attachment, lines);
	submission.attachment = buffer_span(&attachment);
	error = attachment.failed ? attachment.failed
				  : node_submit(live->nodes[sheet->city], &submission, &answer);
	buffer_free(&attachment);
	if (error || !sheet->forged)
		return done(live, error, &answer);
	if (answer.error != ERROR_UNKNOWN_KEY)
		return error_set(&live->detail, ERROR_NOT_VERIFIED,
		    "the forged sheet %" PRIu64 " of %s was not turned away", sheet->number,
		    sheet->uscc);
	live->not_taken[sheet->city]++;
	return ERROR_NONE;
}

static enum error live_sheet(void *context, const struct demo_sheet *sheet)
{
	struct demo_live *live = context;
	struct buffer lines = {0}, file = {0};
	struct sheet_header header;
	struct secret_key key;
	struct hash secret;
	enum error error = write_sheet(sheet, &header, &lines);

	if (sheet->signer == DEMO_OFFICER)
		key = live->officers[sheet->city];
	else
		key_from_seed(&sheet->key_seed, &key);
	node_random(live->nodes[sheet->city], secret.bytes, sizeof secret.bytes);
	if (!error)
		error = sheet_sign(&file, &header, &secret, buffer_span(&lines), &key);
	if (!error)
		error = submit_sheet(live, sheet, buffer_span(&file));
	live->sheets++;
	live->lines += sheet->count;
	key_wipe(&key);
	buffer_free(&lines);
	buffer_free(&file);
	return error;
}

static enum error live_reverse(void *context, unsigned city, const char *uscc, uint64_t number,
    uint32_t line, const char *grounds)
{
	struct demo_live *live = context;
	struct answer answer;
	struct sheet_row row;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(live->nodes[city])), &txn);

	if (error)
		return error;
	error = sheet_row_get(txn, uscc, number, &row);
	txn_abort(txn);
	if (error)
		return error_set(&live->detail, error,
		    "sheet %llu of %s is not in the books of %06u", (unsigned long long)number,
		    uscc, (unsigned)sample_regions[city]);
	error = order_reversal(live->nodes[city], row.sequence, line, grounds, NULL, &answer);
	/* A line that was refused has nothing to take back. */
	return answer.error == ERROR_NOT_FOUND ? ERROR_NONE : done(live, error, &answer);
}

static enum error live_appeal(void *context, unsigned city, const char *uscc, uint64_t number,
    uint32_t line, const char *grounds)
{
	struct demo_live *live = context;
	struct appeal_line appeal = {
	    .number = number, .line = line, .grounds = appeal_grounds_number(grounds)};
	struct answer answer;

	memcpy(appeal.uscc, uscc, USCC_SIZE);
	return done(live, order_appeal(live->nodes[city], &appeal, NULL, &answer), &answer);
}

static enum error live_review(
    void *context, unsigned city, const char *uscc, uint64_t number, uint32_t line)
{
	struct demo_live *live = context;
	struct review_line review = {.number = number, .line = line};
	struct answer answer;

	memcpy(review.uscc, uscc, USCC_SIZE);
	return done(live, order_review(live->nodes[city], &review, &live->officers[city], &answer),
	    &answer);
}

/* Who is away is not waited for. */
static enum error deliver_present(struct demo_live *live, struct delivery *delivery)
{
	struct node *present[SAMPLE_CITIES];
	size_t count = 0;

	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (!live->away[city])
			present[count++] = live->nodes[city];
	}
	return node_deliver(present, count, delivery, &live->detail);
}

static enum error live_deliver(void *context)
{
	struct demo_live *live = context;
	struct delivery delivery;
	enum error error;

	if (live->step)
		live->step(live->step_context, live);
	error = deliver_present(live, &delivery);
	live->documents += delivery.delivered;
	if (!error && delivery.refused)
		error = error_set(&live->detail, ERROR_REFUSED,
		    "%llu documents between the cities were refused",
		    (unsigned long long)delivery.refused);
	return error;
}

static enum error live_cut(void *context, unsigned city)
{
	struct demo_live *live = context;
	struct answer answer;
	bool any;
	enum error error = order_cut(live->nodes[city], NULL, NULL, &any, &answer);

	return any ? done(live, error, &answer) : error;
}

static enum error live_allowance(
    void *context, unsigned city, uint32_t month, const char *programme, const char *run)
{
	struct demo_live *live = context;
	struct answer answer;
	bool more = true;

	for (uint32_t part = 1; more; part++) {
		enum error error = done(live,
		    order_allowance(
			live->nodes[city], month, programme, run, part, NULL, &more, &answer),
		    &answer);

		if (error)
			return error;
	}
	return ERROR_NONE;
}

static enum error live_clearing(void *context, unsigned city, uint32_t month)
{
	struct demo_live *live = context;

	for (unsigned other = 0; other < SAMPLE_CITIES; other++) {
		struct answer answer;
		enum error error;

		if (sample_regions[other] <= sample_regions[city])
			continue;
		error = order_clearing(
		    live->nodes[city], month, sample_regions[other], 1, NULL, &answer);
		/* Nothing to clear between the two. */
		if (answer.error == ERROR_STATE)
			continue;
		error = done(live, error, &answer);
		if (error)
			return error;
	}
	return ERROR_NONE;
}

static enum error live_payments(
    void *context, unsigned city, enum payment_kind kind, const char *name)
{
	struct demo_live *live = context;
	char first[PAYMENT_PAYEE_MAX + 1] = "", next[PAYMENT_PAYEE_MAX + 1];

	do {
		struct answer answer;
		enum error error =
		    order_payments(live->nodes[city], kind, name, first, NULL, next, &answer);

		/* Nothing to pay, or no such clearing between the two. */
		if (answer.error == ERROR_STATE || answer.error == ERROR_NOT_FOUND)
			return ERROR_NONE;
		error = done(live, error, &answer);
		if (error)
			return error;
		memcpy(first, next, sizeof first);
	} while (first[0]);
	return ERROR_NONE;
}

/* The bank's facts for one city, in parts. */
struct facts {
	struct bank_line *rows;
	uint32_t count, capacity;
	int32_t day;
	bool returns; /* second pass: what comes back */
	enum error error;
};

static void fact_add(
    struct facts *facts, enum bank_fact fact, const char *end_to_end, int64_t amount_fen)
{
	struct bank_line *line;

	if (facts->count == facts->capacity) {
		uint32_t capacity = facts->capacity ? 2 * facts->capacity : 256;
		struct bank_line *grown = realloc(facts->rows, capacity * sizeof *grown);
		if (!grown) {
			facts->error = ERROR_MEMORY;
			return;
		}
		facts->rows = grown;
		facts->capacity = capacity;
	}
	line = &facts->rows[facts->count++];
	*line = (struct bank_line){.fact = fact, .amount_fen = amount_fen, .day = facts->day};
	memcpy(line->end_to_end, end_to_end, sizeof line->end_to_end);
	bank_draw_reference(end_to_end, line->reference);
}

static bool draw_facts(void *context, const struct payment *payment)
{
	struct facts *facts = context;
	enum bank_fact fact = bank_draw(payment->kind, payment->end_to_end);

	if (!facts->returns && payment->state == PAYMENT_ORDERED)
		fact_add(facts, fact == BANK_REJECTED ? BANK_REJECTED : BANK_BOOKED,
		    payment->end_to_end, payment->amount_fen);
	if (facts->returns && payment->state == PAYMENT_BOOKED && fact == BANK_RETURNED)
		fact_add(facts, BANK_RETURNED, payment->end_to_end, payment->amount_fen);
	return !facts->error;
}

static enum error tell_facts(struct demo_live *live, unsigned city, const struct facts *facts)
{
	for (uint32_t at = 0; at < facts->count; at += PAYMENT_PART_MAX) {
		uint32_t count =
		    facts->count - at < PAYMENT_PART_MAX ? facts->count - at : PAYMENT_PART_MAX;
		struct answer answer;
		enum error error = done(live,
		    order_bank(live->nodes[city], &facts->rows[at], count, false, NULL, &answer),
		    &answer);

		if (error)
			return error;
	}
	return ERROR_NONE;
}

/* Money of other cities that has come in here: what they have had booked for this city's clearings. */
struct credits {
	struct facts *facts;
	uint32_t receiver;
	struct txn *txn; /* of the receiver */
};

static bool draw_credit(void *context, const struct payment *payment)
{
	struct credits *credits = context;
	char receiver[PAYMENT_PAYEE_MAX + 1];
	struct payment seen;

	snprintf(receiver, sizeof receiver, "%06u", (unsigned)credits->receiver);
	if (payment->state == PAYMENT_BOOKED && strcmp(payment->payee, receiver) == 0 &&
	    payment_find(credits->txn, payment->end_to_end, &seen) == ERROR_NOT_FOUND)
		fact_add(credits->facts, BANK_CREDITED, payment->end_to_end, payment->amount_fen);
	return !credits->facts->error;
}

static enum error look(struct demo_live *live, unsigned city, payment_visit *visit,
    enum payment_kind kind, void *context)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(live->nodes[city])), &txn);

	if (error)
		return error;
	error = payment_each(txn, kind, NULL, visit, context);
	txn_abort(txn);
	return error;
}

static enum error bank_city(struct demo_live *live, unsigned city, bool returns)
{
	struct facts facts = {.day = day_of_time(live->seeded[city].now_ms), .returns = returns};
	enum error error = look(live, city, draw_facts, 0, &facts);

	if (!error)
		error = facts.error;
	if (!error)
		error = tell_facts(live, city, &facts);
	free(facts.rows);
	return error;
}

static enum error credit_city(struct demo_live *live, unsigned city)
{
	struct facts facts = {.day = day_of_time(live->seeded[city].now_ms)};
	struct credits credits = {.facts = &facts, .receiver = sample_regions[city]};
	enum error error =
	    txn_begin_read(ledger_store(node_ledger(live->nodes[city])), &credits.txn);

	if (error)
		return error;
	for (unsigned other = 0; !error && other < SAMPLE_CITIES; other++) {
		if (other != city)
			error = look(live, other, draw_credit, PAYMENT_CLEARING, &credits);
	}
	txn_abort(credits.txn);
	if (!error)
		error = facts.error;
	if (!error)
		error = tell_facts(live, city, &facts);
	free(facts.rows);
	return error;
}

static enum error live_bank(void *context)
{
	struct demo_live *live = context;
	enum error error = ERROR_NONE;

	for (unsigned city = 0; !error && city < SAMPLE_CITIES; city++)
		error = live->closed[city] ? ERROR_NONE : bank_city(live, city, false);
	for (unsigned city = 0; !error && city < SAMPLE_CITIES; city++)
		error = live->closed[city] ? ERROR_NONE : bank_city(live, city, true);
	for (unsigned city = 0; !error && city < SAMPLE_CITIES; city++)
		error = live->closed[city] ? ERROR_NONE : credit_city(live, city);
	return error;
}

struct demo_actor demo_live_actor(struct demo_live *live)
{
	return (struct demo_actor){
	    .context = live,
	    .detail = &live->detail,
	    .at = live_at,
	    .officer = live_officer,
	    .appropriations = live_appropriations,
	    .institutions = live_institutions,
	    .persons = live_persons,
	    .facts = live_facts,
	    .assessments = live_assessments,
	    .grants = live_grants,
	    .filings = live_filings,
	    .stays = live_stays,
	    .sheet = live_sheet,
	    .reverse = live_reverse,
	    .appeal = live_appeal,
	    .review = live_review,
	    .deliver = live_deliver,
	    .cut = live_cut,
	    .allowance = live_allowance,
	    .clearing = live_clearing,
	    .order_payments = live_payments,
	    .bank = live_bank,
	};
}
