#include "month.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "program.h"
#include "testing.h"
#include "verdict.h"

/* --- telling ------------------------------------------------------------------------------------------------ */

/* The addresses that node.yaml names for the four cities when it is made. */
static unsigned default_port(unsigned city)
{
	static const uint32_t regions[] = {510100, 500000, 510800, 511300};

	for (unsigned i = 0; i < 4; i++) {
		if (regions[i] == sample_regions[city])
			return 7301 + i;
	}
	fail_msg("city %u", city);
	return 0;
}

static void lay_wire(struct wire *wire, struct processes *processes, unsigned from, unsigned to)
{
	const char *listen = processes->all[to].listen, *here = processes->all[from].directory;
	unsigned port =
	    wire_add(wire, from, to, (uint16_t)strtoul(strrchr(listen, ':') + 1, NULL, 10));

	assert_int_equal(
	    shell_status("sed -i 's#address: tcp://127.0.0.1:%u#address: tcp://127.0.0.1:%u#' "
			 "%s/node.yaml && grep -q 'tcp://127.0.0.1:%u$' %s/node.yaml",
		default_port(to), port, here, port, here),
	    0);
}

/* Each finds the others through the wire. */
static enum error lay_wires(void *context, struct processes *processes)
{
	for (unsigned from = 0; from < SAMPLE_CITIES; from++) {
		for (unsigned to = 0; to < SAMPLE_CITIES; to++) {
			if (from != to)
				lay_wire(context, processes, from, to);
		}
	}
	return ERROR_NONE;
}

void month_tell(const struct month *month)
{
	struct processes processes;
	struct demo_live live;
	struct demo_actor actor;
	struct error_detail detail = {""};

	assert_good(processes_init(&processes, SUIREND_BINARY, &detail));
	processes.prepare = lay_wires;
	processes.prepare_context = month->wire;
	processes.dial_by_file = true;
	if (demo_live_open(&live, month->folder, MONTH_SEED,
		day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000),
		&processes))
		fail_msg("%s", live.detail.text);
	live.step = month->step;
	live.step_context = month->context;
	actor = demo_live_actor(&live);
	if (demo_tell(&actor, MONTH_SEED, month->residents, DEMO_FIRST_MONTH, 1)) {
		struct run logs = shell("tail -n 20 %s/*.log", month->folder);

		print_error("%s", logs.out);
		run_free(&logs);
		fail_msg("%s", live.detail.text);
	}
	assert_good(demo_live_close(&live));
}

/* --- looking ------------------------------------------------------------------------------------------------ */

void month_each_entry(const char *directory, month_visit *visit, void *context)
{
	const struct node_options options = {.read_only = true};
	struct node *node;
	struct txn *txn;
	uint64_t size;

	assert_good(node_open(directory, &options, &node, NULL));
	assert_good(txn_begin_read(ledger_store(node_ledger(node)), &txn));
	assert_good(ledger_head(txn, &size, NULL));
	for (uint64_t i = 0; i < size; i++) {
		struct entry_reader reader;

		assert_good(ledger_read(txn, i, &reader));
		visit(context, &reader.entry);
		entry_free(&reader);
	}
	txn_abort(txn);
	node_close(node);
}

/* The verdicts of a city's log, in whatever order they were given. */
struct verdicts {
	uint64_t count;
	uint8_t sum[HASH_SIZE];
};

static void add_verdict(struct verdicts *verdicts, const struct entry *entry, uint32_t line)
{
	struct span bytes, text;
	struct verdict verdict;
	struct hash hash;
	uint8_t figures[20];

	assert_good(entry_item(entry->lines, line, &text));
	assert_good(entry_item(entry->verdicts, line, &bytes));
	assert_good(verdict_parse(bytes, &verdict));
	be32_write(figures, verdict.reason);
	be64_write(figures + 4, (uint64_t)verdict.amount_fen);
	be64_write(figures + 12, verdict.reduction_count);
	hash = hash_sha256_parts((const struct span[]){text, span_of(figures, sizeof figures)}, 2);
	verdicts->count++;
	for (unsigned i = 0; i < HASH_SIZE; i++)
		verdicts->sum[i] = (uint8_t)(verdicts->sum[i] + hash.bytes[i]);
}

static void add_verdicts(void *context, const struct entry *entry)
{
	if (entry->header.kind != KIND_claim && entry->header.kind != KIND_claim_remote)
		return;
	for (uint32_t line = 0; line < entry->header.count; line++)
		add_verdict(context, entry, line);
}

/* What is the same whichever entries the logs have in between. */
static void assert_same_output(const char *command, const char *one, const char *other)
{
	static const char *const apart = "_entry\\|\"proposal\"\\|\"document\"";

	if (shell_status("\"$SUIREN\" %s %s --json | grep -v '%s' >a.json; "
			 "\"$SUIREN\" %s %s --json | grep -v '%s' >b.json; "
			 "test -s a.json && cmp a.json b.json",
		command, one, apart, command, other, apart) != 0)
		fail_msg("%s differs: %s, %s", command, one, other);
}

void month_assert_same_verdicts(const char *one, const char *other)
{
	struct verdicts verdicts[2] = {{.count = 0}, {.count = 0}};

	month_each_entry(one, add_verdicts, &verdicts[0]);
	month_each_entry(other, add_verdicts, &verdicts[1]);
	assert_true(verdicts[0].count > 0);
	assert_int_equal(verdicts[0].count, verdicts[1].count);
	assert_memory_equal(verdicts[0].sum, verdicts[1].sum, HASH_SIZE);
}

void month_assert_same(const char *one, const char *other)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		char paths[2][300];

		snprintf(paths[0], sizeof paths[0], "%s/%06u", one, (unsigned)sample_regions[city]);
		snprintf(
		    paths[1], sizeof paths[1], "%s/%06u", other, (unsigned)sample_regions[city]);
		assert_same_output("balance", paths[0], paths[1]);
		assert_same_output("clearing list", paths[0], paths[1]);
		month_assert_same_verdicts(paths[0], paths[1]);
		suiren_must(0, "verify %s --replay", paths[1]);
	}
}

/* --- once --------------------------------------------------------------------------------------------------- */

#define NUMBERS_MAX 200000u

/* How often each number stands in the sender's log and in the receiver's. */
struct numbers {
	unsigned city; /* whose log is read */
	uint8_t (*sent)[SAMPLE_CITIES][NUMBERS_MAX], (*booked)[SAMPLE_CITIES][NUMBERS_MAX];
};

static unsigned index_of(uint32_t region)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (sample_regions[city] == region)
			return city;
	}
	fail_msg("%u is none of the cities", (unsigned)region);
	return 0;
}

static void note_numbers(void *context, const struct entry *entry)
{
	struct numbers *numbers = context;

	for (uint32_t i = 0; i < entry->header.document_count; i++) {
		struct document document;
		struct message message;
		unsigned from, to;

		assert_good(document_read(entry->documents[i], &document));
		if (!message_is(&document))
			continue;
		assert_good(message_read(document.payload, &message));
		if (message.number == 0)
			continue; /* an answer */
		assert_true(message.number < NUMBERS_MAX);
		from = index_of(message.from);
		to = index_of(message.to);
		if (from == numbers->city)
			numbers->sent[from][to][message.number]++;
		else if (to == numbers->city)
			numbers->booked[from][to][message.number]++;
		else
			fail_msg("a document of others");
	}
}

uint64_t month_assert_once(const char *folder, unsigned cities)
{
	struct numbers numbers = {.sent = calloc(SAMPLE_CITIES, sizeof *numbers.sent),
	    .booked = calloc(SAMPLE_CITIES, sizeof *numbers.booked)};
	uint64_t count = 0;

	assert_true(numbers.sent && numbers.booked);
	for (numbers.city = 0; numbers.city < cities; numbers.city++) {
		char path[300];

		snprintf(
		    path, sizeof path, "%s/%06u", folder, (unsigned)sample_regions[numbers.city]);
		month_each_entry(path, note_numbers, &numbers);
	}
	for (unsigned from = 0; from < cities; from++) {
		for (unsigned to = 0; to < cities; to++) {
			for (unsigned n = 1; n < NUMBERS_MAX && from != to; n++) {
				/* From 1 on without a gap. */
				if (n > 1 && !numbers.sent[from][to][n - 1])
					assert_int_equal(numbers.sent[from][to][n], 0);
				if (numbers.sent[from][to][n] > 1 ||
				    numbers.booked[from][to][n] != numbers.sent[from][to][n])
					fail_msg("document %u from %06u to %06u: sent %u times, "
						 "booked %u times",
					    n, (unsigned)sample_regions[from],
					    (unsigned)sample_regions[to], numbers.sent[from][to][n],
					    numbers.booked[from][to][n]);
				count += numbers.sent[from][to][n];
			}
		}
	}
	free(numbers.sent);
	free(numbers.booked);
	return count;
}
