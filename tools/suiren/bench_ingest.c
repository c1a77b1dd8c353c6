/* bench_ingest.c: how many lines of claim sheets a second: two workers decode, hash and verify, one writer decides and appends. The floor
 * has the same workers and a writer that appends the same bytes in the same groups without a rule. The region is put into the
 * tables directly: it is the scenery, not what is measured. */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calendar.h"
#include "fund.h"
#include "institution_internal.h"
#include "net_limits.h"
#include "person_internal.h"
#include "sheet.h"
#include "stay_internal.h"
#include "verdict.h"

#define BENCH_REGION 510100u
#define BENCH_MONTH 202610u
#define RESIDENTS 334u /* of an institution: with three programmes about 1,000 lines a month */
#define EVIDENCE_SIZE 16
#define PERSONS_DEFAULT 300000u
#define PERSONS_MAX 2000000u
#define QUEUE_LENGTH 64u
#define WORKERS 2

static const char *const programmes[] = {"bed_subsidy", "service_subsidy", "nursing_subsidy"};
#define PROGRAMMES 3u

/* All signed sheets of one case, made before the clock runs. */
struct bench_sheet {
	struct buffer file;
	struct public_key key;
};

struct scenery {
	uint32_t persons, institutions;
	char (*uscc)[USCC_SIZE + 1];
	struct secret_key *keys;
};

/* Credit codes that nobody has, with right check characters. */
static void write_uscc(char out[USCC_SIZE + 1], uint32_t number)
{
	static const char digits[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	static const int own[] = {3, 7, 9, 10, 5, 8, 4, 2};
	static const int whole[] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
	int sum = 0, check;

	snprintf(out, USCC_SIZE + 1, "52510100%08u", (unsigned)number);
	for (int i = 0; i < 8; i++)
		sum += (out[8 + i] - '0') * own[i];
	check = 11 - sum % 11;
	out[16] = check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check);
	sum = 0;
	for (int i = 0; i < 17; i++)
		sum += (int)(strchr(digits, out[i]) - digits) * whole[i];
	out[17] = digits[(31 - sum % 31) % 31];
	out[18] = 0;
}

static uint64_t person_of(uint32_t index)
{
	return person_code_make(BENCH_REGION, index + 1);
}

/* A poor person of 85 with every grant: all programmes apply. */
static struct person_row make_person(uint32_t index)
{
	struct person_row row = person_row_new(person_of(index), PERSON_HAS_FACTS);
	int32_t from = day_of(2026, 1, 1), until = day_of(2026, 12, 31);

	row.facts_sequence = 1;
	row.birth_day = day_of(1941, 1, 1) - (int32_t)(index % 3000);
	row.death_day = DAY_NEVER;
	row.income_class = INCOME_MINIMUM;
	row.levels[0] = (struct level_span){.sequence = 2,
	    .from_day = from,
	    .until_day = until,
	    .assessor = BENCH_REGION,
	    .level = 2 + index % 3};
	row.grants[0] = (struct grant_span){.sequence = 3,
	    .tag = programme_tag(span_text("service_subsidy")),
	    .from_day = from,
	    .until_day = until,
	    .paid_to = PAID_TO_INSTITUTION};
	row.grants[1] = (struct grant_span){.sequence = 3,
	    .tag = programme_tag(span_text("nursing_subsidy")),
	    .from_day = from,
	    .until_day = until,
	    .paid_to = PAID_TO_INSTITUTION};
	return row;
}

static enum error fill_institution(struct scenery *scenery, struct txn *txn, uint32_t i)
{
	struct institution_row row;
	struct hash seed;
	uint8_t number[4];
	char party[KEYRING_PARTY_SIZE];
	enum error error;

	write_uscc(scenery->uscc[i], i + 1);
	row = institution_row_new(scenery->uscc[i], BENCH_REGION, day_of(2026, 1, 1), 1);
	row.kind = INSTITUTION_NONPROFIT;
	row.standing = STANDING_GOOD;
	row.district = BENCH_REGION;
	row.licensed_beds = RESIDENTS + 20;
	be32_write(number, i);
	seed = hash_sha256(span_of(number, sizeof number));
	key_from_seed(&seed, &scenery->keys[i]);
	error = institution_put(txn, &row);
	snprintf(party, sizeof party, "institution/%s", scenery->uscc[i]);
	return error ? error : keyring_add(txn, party, "institution", &scenery->keys[i].public, 1);
}

static enum error fill_person(struct scenery *scenery, struct txn *txn, uint32_t index)
{
	struct person_row row = make_person(index);
	struct stay_night_span stay = {
	    .first_day = day_of(2026, 1, 1), .last_night = DAY_NEVER, .state = STAY_ACCEPTED};
	enum error error = person_put(txn, &row);

	memcpy(stay.uscc, scenery->uscc[index / RESIDENTS], USCC_SIZE);
	return error ? error : stay_put(txn, &stay, row.code, REASON_approved);
}

static enum error fill(struct scenery *scenery, struct node *node)
{
	struct txn *txn;
	enum error error = txn_begin_write(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	for (uint32_t i = 0; !error && i < scenery->institutions; i++)
		error = fill_institution(scenery, txn, i);
	for (uint32_t i = 0; !error && i < scenery->persons; i++)
		error = fill_person(scenery, txn, i);
	if (!error)
		return txn_commit(txn);
	txn_abort(txn);
	return error;
}

/* Money enough for everything, by an order as in real life. */
static enum error appropriate(struct node *node, struct error_detail *detail)
{
	static const char *const funds[] = {"fiscal", "lottery"};
	struct node_order order = {.kind = KIND_appropriation, .count = 2};
	struct buffer lines = {0};
	struct answer answer;
	enum error error;

	for (size_t i = 0; i < 2; i++) {
		struct appropriation_line line = {.kind = APPROPRIATION_FUND,
		    .amount = {INT64_C(10000000000000)},
		    .reference = span_text(funds[i])};

		snprintf(line.fund, sizeof line.fund, "%s", funds[i]);
		appropriation_line_write(&lines, &line);
	}
	order.lines = buffer_span(&lines);
	error = lines.failed ? lines.failed : node_order(node, &order, &answer);
	if (!error && answer.error)
		error = answer.error;
	if (error && detail)
		*detail = answer.detail;
	buffer_free(&lines);
	return error;
}

static enum error make_sheet(const struct scenery *scenery, uint32_t institution, uint64_t number,
    const struct buffer *lines, uint32_t count, struct bench_sheet *sheet)
{
	struct sheet_header header = {.number = number,
	    .host = BENCH_REGION,
	    .payer = BENCH_REGION,
	    .month = BENCH_MONTH,
	    .programme_count = PROGRAMMES,
	    .count = count};
	struct hash secret;

	memcpy(header.uscc, scenery->uscc[institution], sizeof header.uscc);
	for (uint32_t i = 0; i < PROGRAMMES; i++)
		snprintf(header.programme_codes[i], PROGRAMME_CODE_SIZE, "%s", programmes[i]);
	secret = hash_sha256(span_of(&header, sizeof header));
	memset(sheet, 0, sizeof *sheet);
	sheet->key = scenery->keys[institution].public;
	return sheet_sign(
	    &sheet->file, &header, &secret, buffer_span(lines), &scenery->keys[institution]);
}

/* One month of everybody, in sheets of at most `most` lines. */
static enum error make_sheets(
    const struct scenery *scenery, uint32_t most, struct bench_sheet **out, size_t *count)
{
	size_t capacity = 0;
	struct buffer lines = {0};
	uint32_t in_sheet = 0;
	enum error error = ERROR_NONE;

	*out = NULL;
	*count = 0;
	for (uint32_t i = 0; !error && i < scenery->persons; i++) {
		bool last_of_house = (i + 1) % RESIDENTS == 0 || i + 1 == scenery->persons;

		for (uint32_t p = 0; !error && p < PROGRAMMES; p++) {
			uint8_t evidence[EVIDENCE_SIZE] = {0};

			be64_write(evidence, person_of(i));
			be64_write(evidence + 8, p * UINT64_C(0x9e3779b97f4a7c15));
			sheet_line_write(
			    &lines, person_of(i), p, 1, 31, -1, span_of(evidence, sizeof evidence));
			in_sheet++;
			if (in_sheet < most && !(last_of_house && p + 1 == PROGRAMMES))
				continue;
			if (*count == capacity) {
				capacity = capacity ? 2 * capacity : 256;
				struct bench_sheet *grown = realloc(*out, capacity * sizeof *grown);
				if (!grown) {
					error = ERROR_MEMORY;
					break;
				}
				*out = grown;
			}
			error = make_sheet(
			    scenery, i / RESIDENTS, *count + 1, &lines, in_sheet, &(*out)[*count]);
			*count += !error;
			buffer_clear(&lines);
			in_sheet = 0;
		}
	}
	buffer_free(&lines);
	return error;
}

static void free_sheets(struct bench_sheet *sheets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_free(&sheets[i].file);
	free(sheets);
}

/* Workers take sheets by turn and leave them, prepared, in a ring in the order of the sheets. */
struct slot {
	bool ready;
	struct prepared_sheet prepared;
	struct span document, attachment;
	struct buffer attachment_bytes;
};

struct pipeline {
	const struct bench_sheet *sheets;
	size_t count;
	atomic_size_t next;
	struct slot ring[QUEUE_LENGTH];
	size_t taken; /* slots of sheets before this one are free again */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	enum error failed;
};

/* The file is [document, secret, count, lines]; what the sequencer takes is the document and [secret, count, lines]. */
static enum error prepare_one(const struct bench_sheet *sheet, struct slot *slot)
{
	struct hash secret;
	struct span lines;
	uint32_t count;
	enum error error =
	    sheet_file_read(buffer_span(&sheet->file), &slot->document, &secret, &count, &lines);

	if (error)
		return error;
	buffer_clear(&slot->attachment_bytes);
	codec_put_array(&slot->attachment_bytes, 3);
	codec_put_bytes(&slot->attachment_bytes, hash_span(&secret));
	codec_put_uint(&slot->attachment_bytes, count);
	codec_put_bytes(&slot->attachment_bytes, lines);
	slot->attachment = buffer_span(&slot->attachment_bytes);
	return sheet_prepare(
	    slot->document, &secret, count, lines, &sheet->key, &slot->prepared, NULL);
}

static void *work(void *context)
{
	struct pipeline *pipeline = context;

	for (;;) {
		size_t i = atomic_fetch_add(&pipeline->next, 1);
		struct slot *slot = &pipeline->ring[i % QUEUE_LENGTH];
		enum error error;

		if (i >= pipeline->count)
			return NULL;
		pthread_mutex_lock(&pipeline->mutex);
		while (i >= pipeline->taken + QUEUE_LENGTH)
			pthread_cond_wait(&pipeline->changed, &pipeline->mutex);
		pthread_mutex_unlock(&pipeline->mutex);
		error = prepare_one(&pipeline->sheets[i], slot);
		pthread_mutex_lock(&pipeline->mutex);
		slot->ready = true;
		if (error)
			pipeline->failed = error;
		pthread_cond_broadcast(&pipeline->changed);
		pthread_mutex_unlock(&pipeline->mutex);
	}
}

typedef enum error write_group(void *context, struct slot *const *slots, size_t count);

/* Seconds that it took, or a negative number and *error. */
static double run_pipeline(const struct bench_sheet *sheets, size_t count, size_t group,
    write_group *write, void *context, enum error *error)
{
	struct pipeline *pipeline = calloc(1, sizeof *pipeline);
	pthread_t threads[WORKERS];
	double start, seconds;

	if (!pipeline) {
		*error = ERROR_MEMORY;
		return -1;
	}
	pipeline->sheets = sheets;
	pipeline->count = count;
	pthread_mutex_init(&pipeline->mutex, NULL);
	pthread_cond_init(&pipeline->changed, NULL);
	start = bench_now();
	for (size_t i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, work, pipeline);
	*error = ERROR_NONE;
	for (size_t at = 0; at < count;) {
		struct slot *slots[GROUP_COMMANDS_MAX];
		size_t n = count - at < group ? count - at : group;

		pthread_mutex_lock(&pipeline->mutex);
		for (size_t i = 0; i < n; i++) {
			slots[i] = &pipeline->ring[(at + i) % QUEUE_LENGTH];
			while (!slots[i]->ready)
				pthread_cond_wait(&pipeline->changed, &pipeline->mutex);
		}
		if (pipeline->failed)
			*error = pipeline->failed;
		pthread_mutex_unlock(&pipeline->mutex);
		if (!*error)
			*error = write(context, slots, n);
		for (size_t i = 0; i < n; i++)
			sheet_release(&slots[i]->prepared);
		pthread_mutex_lock(&pipeline->mutex);
		for (size_t i = 0; i < n; i++)
			slots[i]->ready = false;
		at += n;
		pipeline->taken = at;
		pthread_cond_broadcast(&pipeline->changed);
		pthread_mutex_unlock(&pipeline->mutex);
	}
	seconds = bench_now() - start;
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < QUEUE_LENGTH; i++)
		buffer_free(&pipeline->ring[i].attachment_bytes);
	pthread_cond_destroy(&pipeline->changed);
	pthread_mutex_destroy(&pipeline->mutex);
	free(pipeline);
	return *error ? -1 : seconds;
}

static enum error write_ours(void *context, struct slot *const *slots, size_t count)
{
	struct submission submissions[GROUP_COMMANDS_MAX] = {{{0}, {0}, NULL, NULL, NULL}};
	static struct answer answers[GROUP_COMMANDS_MAX];
	enum error error;

	for (size_t i = 0; i < count; i++)
		submissions[i] = (struct submission){.document = slots[i]->document,
		    .attachment = slots[i]->attachment,
		    .prepared = &slots[i]->prepared};
	error = node_submit_group(context, submissions, count, answers);
	for (size_t i = 0; !error && i < count; i++) {
		if (answers[i].error)
			fprintf(stderr, "sheet refused: %s\n", answers[i].detail.text);
		error = answers[i].error;
	}
	return error;
}

/* The floor's writer: a row for the header, a row for the body, as long as ours without verdicts. */
struct floor_log {
	struct store *store;
	uint64_t next;
	struct buffer body;
};

static enum error write_floor(void *context, struct slot *const *slots, size_t count)
{
	struct floor_log *log = context;
	struct txn *txn;
	enum error error = txn_begin_write(log->store, &txn);

	for (size_t i = 0; !error && i < count; i++) {
		struct hash hash = document_hash(slots[i]->document);
		struct hash leaf = hash_leaf(hash_span(&hash));
		uint8_t key[8];

		be64_write(key, log->next++);
		buffer_clear(&log->body);
		buffer_append(&log->body, slots[i]->document);
		buffer_append(&log->body, slots[i]->attachment);
		error = log->body.failed;
		if (!error)
			error = store_append(txn, 0, span_of(key, sizeof key), hash_span(&leaf));
		if (!error)
			error =
			    store_append(txn, 1, span_of(key, sizeof key), buffer_span(&log->body));
	}
	if (!error)
		return txn_commit(txn);
	txn_abort(txn);
	return error;
}

/* Everything of one measurement lies in a folder of its own. */
static enum error in_folder(const char *folder, const char *name, char path[512])
{
	int size = snprintf(path, 512, "%s/%s", folder, name);

	return size < 512 ? ERROR_NONE : ERROR_TOO_LARGE;
}

static void remove_files(const char *folder, const char *const *names, size_t count)
{
	char path[512];

	for (size_t i = 0; i < count; i++) {
		if (!in_folder(folder, names[i], path) && unlink(path) != 0 && errno == EISDIR)
			rmdir(path);
	}
}

static void remove_node(const char *directory)
{
	static const char *const files[] = {"ledger/data.mdb", "ledger/lock.mdb", "ledger",
	    "keys/root.key", "keys/document.key", "keys/log.key", "keys/witness.key",
	    "keys/link.key", "keys/registry.key", "keys", "node.yaml", "lock"};

	remove_files(directory, files, sizeof files / sizeof *files);
	rmdir(directory);
}

/* What was measured must have been the whole work: every line approved, and something paid for each. */
static enum error check_verdicts(struct node *node, size_t lines, struct error_detail *detail)
{
	struct txn *txn;
	uint64_t size = 0;
	size_t approved = 0;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = ledger_head(txn, &size, NULL);
	for (uint64_t i = 0; !error && i < size; i++) {
		struct entry_reader reader = {0};
		struct codec_reader verdicts;

		error = ledger_read(txn, i, &reader);
		if (error)
			break;
		verdicts = codec_reader(reader.entry.verdicts);
		for (uint32_t k = 0;
		     reader.entry.header.kind == KIND_claim && k < reader.entry.header.count; k++) {
			struct verdict verdict;

			verdict_take(&verdicts, &verdict);
			approved += verdict.reason == REASON_approved && verdict.amount_fen > 0;
		}
		entry_free(&reader);
	}
	txn_abort(txn);
	if (!error && approved != lines)
		error = error_set(
		    detail, ERROR_NOT_VERIFIED, "%zu of %zu lines were approved", approved, lines);
	return error;
}

static int64_t bench_clock(void *context)
{
	(void)context;
	return day_start_ms(day_of(2026, 11, 10)) + 10 * 3600 * 1000;
}

static double measure_ours(const char *folder, struct scenery *scenery,
    const struct bench_sheet *sheets, size_t count, size_t group, enum error *error,
    struct error_detail *detail)
{
	struct node_create_options create = {
	    .region = BENCH_REGION, .demo = true, .node = {.seams = {.clock_ms = bench_clock}}};
	struct node *node = NULL;
	double seconds = -1;
	char path[512];

	*error = in_folder(folder, "node", path);
	if (!*error)
		*error = node_create(path, &create, detail);
	if (!*error)
		*error = node_open(path, &create.node, &node, detail);
	if (!*error)
		*error = appropriate(node, detail);
	if (!*error)
		*error = fill(scenery, node);
	if (!*error)
		seconds = run_pipeline(sheets, count, group, write_ours, node, error);
	if (!*error)
		*error = check_verdicts(node, (size_t)scenery->persons * PROGRAMMES, detail);
	node_close(node);
	remove_node(path);
	return seconds;
}

static double measure_floor(const char *folder, const struct bench_sheet *sheets, size_t count,
    size_t group, enum error *error, struct error_detail *detail)
{
	static const struct store_table tables[] = {{0, "header"}, {1, "body"}};
	static const char *const files[] = {"data.mdb", "lock.mdb"};
	struct store_options options = {
	    .tables = tables, .table_count = 2, .map_size = UINT64_C(16) << 30};
	struct floor_log log = {0};
	double seconds = -1;
	char path[512];

	*error = in_folder(folder, "floor", path);
	if (!*error && mkdir(path, 0700) != 0)
		*error = ERROR_IO;
	if (!*error)
		*error = store_open(path, &options, &log.store, detail);
	if (!*error)
		seconds = run_pipeline(sheets, count, group, write_floor, &log, error);
	store_close(log.store);
	buffer_free(&log.body);
	remove_files(path, files, 2);
	rmdir(path);
	return seconds;
}

struct shape {
	uint32_t lines;
	size_t group;
};
static const struct shape shapes[] = {{1000, 1}, {1000, 4}, {1000, 16}, {70, 1}, {70, 4}, {70, 16}};
#define SHAPES (sizeof shapes / sizeof *shapes)

static enum error run_case(const char *folder, struct scenery *scenery, struct shape shape,
    unsigned rounds, struct bench_case *out, struct error_detail *detail)
{
	struct bench_sheet *sheets;
	size_t count, lines = (size_t)scenery->persons * PROGRAMMES;
	enum error error = make_sheets(scenery, shape.lines, &sheets, &count);

	snprintf(out->name, sizeof out->name, "sheets of %u lines, groups of %zu",
	    (unsigned)shape.lines, shape.group);
	out->rounds = rounds;
	for (unsigned round = 0; !error && round < rounds; round++) {
		double seconds =
		    measure_ours(folder, scenery, sheets, count, shape.group, &error, detail);

		if (error)
			break;
		out->ours[round] = (double)lines / seconds;
		seconds = measure_floor(folder, sheets, count, shape.group, &error, detail);
		if (!error)
			out->floor[round] = (double)lines / seconds;
	}
	free_sheets(sheets, count);
	return error;
}

static enum error scenery_create(uint32_t persons, struct scenery *scenery)
{
	scenery->persons = persons;
	scenery->institutions = (persons + RESIDENTS - 1) / RESIDENTS;
	scenery->uscc = calloc(scenery->institutions, sizeof *scenery->uscc);
	scenery->keys = calloc(scenery->institutions, sizeof *scenery->keys);
	if (!scenery->uscc || !scenery->keys)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < scenery->institutions; i++) {
		uint8_t number[4];
		struct hash seed;

		write_uscc(scenery->uscc[i], i + 1);
		be32_write(number, i);
		seed = hash_sha256(span_of(number, sizeof number));
		key_from_seed(&seed, &scenery->keys[i]);
	}
	return ERROR_NONE;
}

int bench_ingest(struct cli *cli, int argc, char **argv)
{
	const char *persons_text = NULL, *rounds_text = NULL, *lines_text = NULL,
		   *group_text = NULL, *directory = NULL, *temporary = getenv("TMPDIR");
	const struct cli_option options[] = {{"persons", &persons_text, NULL},
	    {"rounds", &rounds_text, NULL}, {"lines-per-sheet", &lines_text, NULL},
	    {"group", &group_text, NULL}, {"dir", &directory, NULL}, {NULL, NULL, NULL}};
	uint64_t persons = PERSONS_DEFAULT, rounds = 1, lines = 0, group = GROUP_COMMANDS_MAX;
	size_t count = SHAPES;
	struct bench_case cases[SHAPES] = {{{0}, 0, {0}, {0}}};
	struct error_detail detail = {""};
	struct scenery scenery = {0};
	char folder[256];
	enum error error;

	if (cli_options(cli, NULL, argc, argv, options, 0, 0) < 0)
		return CLI_USAGE;
	if (persons_text && cli_number(cli, "--persons", persons_text, PERSONS_MAX, &persons))
		return CLI_USAGE;
	if (rounds_text && cli_number(cli, "--rounds", rounds_text, BENCH_ROUNDS_MAX, &rounds))
		return CLI_USAGE;
	if (lines_text && cli_number(cli, "--lines-per-sheet", lines_text, SHEET_LINES_MAX, &lines))
		return CLI_USAGE;
	if (group_text && cli_number(cli, "--group", group_text, GROUP_COMMANDS_MAX, &group))
		return CLI_USAGE;
	if (persons == 0 || rounds == 0 || group == 0 || (lines_text && lines == 0) ||
	    (group_text && !lines_text))
		return cli_usage(cli->command,
		    "at least one person, round and line; --group goes with --lines-per-sheet");
	if (lines)
		count = 1;
	snprintf(folder, sizeof folder, "%.200s/suiren-bench-XXXXXX",
	    directory   ? directory
	    : temporary ? temporary
			: "/tmp");
	if (!mkdtemp(folder))
		return cli_refuse(cli, ERROR_IO, "%s: %s", folder, strerror(errno));
	error = scenery_create((uint32_t)persons, &scenery);
	for (size_t i = 0; !error && i < count; i++) {
		struct shape shape =
		    lines ? (struct shape){(uint32_t)lines, (size_t)group} : shapes[i];

		if (isatty(STDERR_FILENO))
			fprintf(stderr, "sheets of %u lines, groups of %zu...\n",
			    (unsigned)shape.lines, shape.group);
		error = run_case(folder, &scenery, shape, (unsigned)rounds, &cases[i], &detail);
	}
	free(scenery.uscc);
	free(scenery.keys);
	rmdir(folder);
	if (error)
		return cli_fail(cli, error, &detail, "bench ingest");
	bench_report(cli, "ingest", "lines_per_s", cases, count);
	return CLI_DONE;
}
