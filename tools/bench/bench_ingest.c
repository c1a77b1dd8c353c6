/* bench_ingest.c: how many lines of claim sheets a second a node books, every rule checked, beside the floor: the same workers, and a
 * writer that appends the same bytes in the same groups without a rule (F2: verified, decoded, hashed, appended). Both sides live
 * through all rounds in one store each; every run is another month of the same persons. */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_pipeline.h"
#include "calendar.h"
#include "kinds.h"
#include "net_limits.h"
#include "verdict.h"

#define PERSONS_DEFAULT 50000u
#define PERSONS_MAX 2000000u
#define GROUP_DEFAULT 16u
#define FIRST_MONTH 201501u
#define FLOOR_MAP_SIZE (UINT64_C(64) << 30)

static const struct bench_shape {
	uint32_t lines;
	size_t group;
} shapes[] = {{1000, 1}, {1000, 4}, {1000, 16}, {70, 1}, {70, 4}, {70, 16}};
#define SHAPES (sizeof shapes / sizeof *shapes)

/* The floor's writer: a row for the header, a row for the body, as long as ours without verdicts. */
struct floor_log {
	struct store *store;
	uint64_t next;
	struct buffer body;
};

struct bench {
	struct bench_region region;
	struct node *node;
	struct floor_log floor;
	int64_t now_ms; /* the node's clock: in the month after the one that is claimed */
	uint32_t month; /* the next that nobody has claimed yet */
};

static enum error write_ours(
    void *context, const struct bench_prepared *const *sheets, size_t count)
{
	struct bench *bench = context;
	struct submission submissions[GROUP_COMMANDS_MAX];
	struct answer answers[GROUP_COMMANDS_MAX];
	enum error error;

	memset(submissions, 0, sizeof submissions);
	for (size_t i = 0; i < count; i++) {
		submissions[i].document = buffer_span(&sheets[i]->sheet->document);
		submissions[i].attachment = buffer_span(&sheets[i]->sheet->attachment);
		submissions[i].prepared = &sheets[i]->prepared;
	}
	error = node_submit_group(bench->node, submissions, count, answers);
	for (size_t i = 0; !error && i < count; i++)
		error = answers[i].error;
	return error;
}

static enum error append_floor(
    struct floor_log *log, struct txn *txn, const struct bench_sheet *sheet)
{
	struct hash hash = document_hash(buffer_span(&sheet->document));
	struct hash leaf = hash_leaf(hash_span(&hash));
	uint8_t key[8];
	enum error error;

	be64_write(key, log->next++);
	buffer_clear(&log->body);
	buffer_append(&log->body, buffer_span(&sheet->document));
	buffer_append(&log->body, buffer_span(&sheet->attachment));
	error = log->body.failed;
	if (!error)
		error = store_append(txn, 0, span_of(key, sizeof key), hash_span(&leaf));
	return error ? error
		     : store_append(txn, 1, span_of(key, sizeof key), buffer_span(&log->body));
}

static enum error write_floor(
    void *context, const struct bench_prepared *const *sheets, size_t count)
{
	struct floor_log *log = &((struct bench *)context)->floor;
	struct txn *txn;
	enum error error = txn_begin_write(log->store, &txn);

	if (error)
		return error;
	for (size_t i = 0; !error && i < count; i++)
		error = append_floor(log, txn, sheets[i]->sheet);
	if (!error)
		return txn_commit(txn);
	txn_abort(txn);
	return error;
}

/* What was measured must have been the whole work: every line approved, and something paid for it. */
static enum error check_entry(struct txn *txn, uint64_t sequence, uint64_t *approved)
{
	struct entry_reader reader = {0};
	struct codec_reader verdicts;
	enum error error = ledger_read(txn, sequence, &reader);

	if (error)
		return error;
	verdicts = codec_reader(reader.entry.verdicts);
	for (uint32_t i = 0;
	     reader.entry.header.kind == KIND_claim && i < reader.entry.header.count; i++) {
		struct verdict verdict;

		verdict_take(&verdicts, &verdict);
		*approved += verdict.reason == REASON_approved && verdict.amount_fen > 0;
	}
	entry_free(&reader);
	return verdicts.failed;
}

static enum error log_size(struct bench *bench, uint64_t *size)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(bench->node)), &txn);

	if (error)
		return error;
	error = ledger_head(txn, size, NULL);
	txn_abort(txn);
	return error;
}

static enum error check_verdicts(
    struct bench *bench, uint64_t from, uint64_t lines, struct error_detail *detail)
{
	struct txn *txn;
	uint64_t size = 0, approved = 0;
	enum error error = txn_begin_read(ledger_store(node_ledger(bench->node)), &txn);

	if (error)
		return error;
	error = ledger_head(txn, &size, NULL);
	for (uint64_t i = from; !error && i < size; i++)
		error = check_entry(txn, i, &approved);
	txn_abort(txn);
	if (!error && approved != lines)
		error = error_set(detail, ERROR_NOT_VERIFIED, "%llu of %llu lines were approved",
		    (unsigned long long)approved, (unsigned long long)lines);
	return error;
}

/* One side once; its figures as number `round` of `side`. */
static enum error measure(struct bench *bench, const struct bench_sheets *sheets, size_t group,
    struct store *store, bench_write_group *write, struct bench_side *side, unsigned round)
{
	double lines = (double)sheets->lines;
	uint64_t before, after, map_size;
	struct bench_time time;
	enum error error = store_usage(store, &before, &map_size);

	if (!error)
		error = bench_pipeline_run(sheets, group, write, bench, &time);
	if (!error)
		error = store_usage(store, &after, &map_size);
	if (error)
		return error;
	side->rate[round] = lines / time.seconds;
	side->writer[round] = time.writer / lines * 1e9;
	side->workers[round] = time.workers / lines * 1e9;
	side->bytes[round] = (double)(after - before) / lines;
	return ERROR_NONE;
}

static enum error run_round(struct bench *bench, struct bench_shape shape, unsigned round,
    struct bench_case *out, struct error_detail *detail)
{
	struct bench_sheets sheets;
	uint64_t size = 0;
	enum error error = bench_sheets_make(&bench->region, bench->month, shape.lines, &sheets);

	bench->now_ms = day_start_ms(month_last_day(bench->month) + 10);
	bench->month = month_next(bench->month);
	if (!error)
		error = log_size(bench, &size);
	if (!error)
		error = measure(bench, &sheets, shape.group, ledger_store(node_ledger(bench->node)),
		    write_ours, &out->ours, round);
	if (!error)
		error = check_verdicts(bench, size, sheets.lines, detail);
	if (!error)
		error = measure(bench, &sheets, shape.group, bench->floor.store, write_floor,
		    &out->floor, round);
	if (!error)
		out->rounds = round + 1;
	bench_sheets_free(&sheets);
	return error;
}

/* Files. They are removed while they are open, so that nothing stays behind however the benchmark ends. */

static void remove_tree(const char *directory)
{
	char path[512];

	snprintf(path, sizeof path, "%s/node", directory);
	bench_node_remove(path);
	snprintf(path, sizeof path, "%s/floor", directory);
	bench_store_remove(path);
	rmdir(directory);
}

static int64_t bench_clock(void *context)
{
	return ((struct bench *)context)->now_ms;
}

static enum error open_node(struct bench *bench, const char *directory, struct error_detail *detail)
{
	struct buffer policy = {0};
	struct node_create_options create = {.region = BENCH_REGION,
	    .demo = true,
	    .node = {.seams = {.clock_ms = bench_clock, .context = bench}}};
	char path[512];
	enum error error;

	bench_policy_write(&policy);
	create.policy = buffer_span(&policy);
	snprintf(path, sizeof path, "%s/node", directory);
	error = policy.failed ? policy.failed : node_create(path, &create, detail);
	if (!error)
		error = node_open(path, &create.node, &bench->node, detail);
	buffer_free(&policy);
	return error;
}

static enum error open_floor(
    struct bench *bench, const char *directory, struct error_detail *detail)
{
	static const struct store_table tables[] = {{0, "header"}, {1, "body"}};
	struct store_options options = {
	    .tables = tables, .table_count = 2, .map_size = FLOOR_MAP_SIZE};
	char path[512];

	snprintf(path, sizeof path, "%s/floor", directory);
	if (mkdir(path, 0700) != 0)
		return error_set(detail, ERROR_IO, "%s: %s", path, strerror(errno));
	return store_open(path, &options, &bench->floor.store, detail);
}

static enum error bench_open(
    struct bench *bench, uint32_t persons, const char *folder, struct error_detail *detail)
{
	char directory[256];
	enum error error;

	snprintf(directory, sizeof directory, "%.200s/suiren-bench-XXXXXX", folder);
	if (!mkdtemp(directory))
		return error_set(detail, ERROR_IO, "%s: %s", directory, strerror(errno));
	bench->month = FIRST_MONTH;
	bench->now_ms = day_start_ms(month_first_day(FIRST_MONTH));
	error = open_node(bench, directory, detail);
	if (!error)
		error = open_floor(bench, directory, detail);
	remove_tree(directory);
	if (!error)
		error = bench_region_create(persons, &bench->region);
	return error ? error : bench_region_fill(&bench->region, bench->node, detail);
}

static void bench_close(struct bench *bench)
{
	node_close(bench->node);
	store_close(bench->floor.store);
	buffer_free(&bench->floor.body);
	bench_region_free(&bench->region);
}

/* Shape by shape in each round, so that a slow minute of the machine does not fall on one of them. */
static enum error run_all(struct bench *bench, const struct bench_shape *list, size_t count,
    unsigned rounds, struct bench_case *cases, struct error_detail *detail)
{
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < count; i++)
		snprintf(cases[i].name, sizeof cases[i].name, "sheets of %u lines, groups of %zu",
		    (unsigned)list[i].lines, list[i].group);
	for (unsigned round = 0; !error && round < rounds; round++) {
		for (size_t i = 0; !error && i < count; i++) {
			if (isatty(STDERR_FILENO))
				fprintf(stderr, "round %u: %s\n", round + 1, cases[i].name);
			error = run_round(bench, list[i], round, &cases[i], detail);
		}
	}
	return error;
}

struct ingest_options {
	uint64_t persons, rounds, lines, group;
	const char *directory;
};

static int read_options(struct cli *cli, int argc, char **argv, struct ingest_options *out)
{
	const char *persons = NULL, *rounds = NULL, *lines = NULL, *group = NULL;
	const struct cli_option options[] = {{"persons", &persons, NULL}, {"rounds", &rounds, NULL},
	    {"lines-per-sheet", &lines, NULL}, {"group", &group, NULL},
	    {"dir", &out->directory, NULL}, {NULL, NULL, NULL}};

	if (cli_options(cli, NULL, argc, argv, options, 0, 0) < 0)
		return CLI_USAGE;
	if (persons && cli_number(cli, "--persons", persons, PERSONS_MAX, &out->persons))
		return CLI_USAGE;
	if (rounds && cli_number(cli, "--rounds", rounds, BENCH_ROUNDS_MAX, &out->rounds))
		return CLI_USAGE;
	if (lines && cli_number(cli, "--lines-per-sheet", lines, SHEET_LINES_MAX, &out->lines))
		return CLI_USAGE;
	if (group && cli_number(cli, "--group", group, GROUP_COMMANDS_MAX, &out->group))
		return CLI_USAGE;
	if (out->persons == 0 || out->rounds == 0 || out->group == 0 ||
	    (lines && out->lines < BENCH_LINES_OF_PERSON) || (group && !lines))
		return cli_usage(cli->command,
		    "at least one person and round, and %u lines; --group goes with "
		    "--lines-per-sheet",
		    BENCH_LINES_OF_PERSON);
	return CLI_DONE;
}

int bench_ingest(struct cli *cli, int argc, char **argv)
{
	struct ingest_options options = {PERSONS_DEFAULT, 1, 0, GROUP_DEFAULT, NULL};
	const char *temporary = getenv("TMPDIR");
	struct error_detail detail = {""};
	struct bench bench = {.node = NULL};
	struct bench_shape own;
	struct bench_case *cases;
	char text[160];
	enum error error;
	int status = read_options(cli, argc, argv, &options);

	if (status)
		return status;
	own = (struct bench_shape){(uint32_t)options.lines, (size_t)options.group};
	cases = calloc(SHAPES, sizeof *cases);
	error = cases ? bench_open(&bench, (uint32_t)options.persons,
			    options.directory ? options.directory
			    : temporary       ? temporary
					      : "/tmp",
			    &detail)
		      : ERROR_MEMORY;
	if (!error)
		error = run_all(&bench, options.lines ? &own : shapes, options.lines ? 1 : SHAPES,
		    (unsigned)options.rounds, cases, &detail);
	if (error) {
		status = cli_fail(cli, error, &detail, "bench ingest");
	} else {
		snprintf(text, sizeof text,
		    "%u persons, %u institutions, %u programmes, %u lines a person and month",
		    (unsigned)bench.region.persons, (unsigned)bench.region.institutions,
		    BENCH_PROGRAMMES, BENCH_LINES_OF_PERSON);
		bench_report(cli, "ingest", text, cases, options.lines ? 1 : SHAPES);
	}
	bench_close(&bench);
	free(cases);
	return status;
}
