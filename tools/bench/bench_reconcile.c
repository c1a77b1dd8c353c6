/* bench_reconcile.c: a window in the tables of two cities that differs in a few obligations: round trips and bytes of the range exchange, as they
 * stand on the wire before the link seals them, and the time that both sides take over their tables, beside what negentropy would send. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_negentropy.h"
#include "output.h"
#include "tables.h"
#include "window_exchange.h"

#define OBLIGATIONS_DEFAULT 1000000u
#define OBLIGATIONS_MAX 20000000u
#define LINES_OF_SHEET 70u
#define PAYER 510100u
#define CREDITOR 510800u
#define MAP_SIZE (UINT64_C(16) << 30)
#define ITEM_BYTES 56u /* an obligation: id, amount, line hash */

static const uint32_t differing[] = {0, 1, 100, 10000};
#define CASES (sizeof differing / sizeof *differing)

struct obligations {
	struct reconcile_item *items;
	size_t count;
};

struct reconcile_case {
	uint32_t differ;
	unsigned round_trips;
	uint64_t sent, received, longest;
	double seconds[BENCH_ROUNDS_MAX];
	struct negentropy_cost peer;
};

static uint64_t mixed(uint64_t value)
{
	uint64_t z = value * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x632be59bd9b4e019);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Sheets of 70 lines of which nine in ten are owed, each some entries behind the one before. */
static struct reconcile_item obligation_at(uint64_t index)
{
	struct reconcile_item item = {.id = {.epoch = 1,
					  .sequence = 1000 + 5 * (index / LINES_OF_SHEET),
					  .line = (uint32_t)(index % LINES_OF_SHEET)},
	    .amount_fen = (int64_t)(mixed(index) % 300000) + 1};

	for (unsigned i = 0; i < HASH_SIZE / 8; i++)
		be64_write(item.line_hash.bytes + 8 * i, mixed(4 * index + i + 1));
	return item;
}

/* How obligation `index` differs: 0 not, 1 only ours, 2 only theirs, 3 another amount. Spread evenly, not regularly. */
static unsigned how_differs(uint64_t index, uint64_t total, uint32_t differ)
{
	uint64_t stretch = differ ? total / differ : 0, block = differ ? index / stretch : 0;

	if (block >= differ || index != block * stretch + mixed(block) % stretch)
		return 0;
	return 1 + (unsigned)(mixed(block + total) % 3);
}

static enum error sets_make(
    uint64_t total, uint32_t differ, struct obligations *ours, struct obligations *theirs)
{
	ours->items = malloc(total * sizeof *ours->items);
	theirs->items = malloc(total * sizeof *theirs->items);
	if (!ours->items || !theirs->items)
		return ERROR_MEMORY;
	for (uint64_t i = 0; i < total; i++) {
		struct reconcile_item item = obligation_at(i);
		unsigned how = how_differs(i, total, differ);

		if (how != 2)
			ours->items[ours->count++] = item;
		item.amount_fen += how == 3;
		if (how != 1)
			theirs->items[theirs->count++] = item;
	}
	return ERROR_NONE;
}

/* A city's tables with one window in them, as a node has them; in a file of which nothing is left. */
struct city {
	struct store *store;
	struct txn *txn; /* reading */
};

static enum error city_fill(struct txn *txn, const struct obligations *set)
{
	struct window_row window;
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < set->count && !error; i++) {
		const struct reconcile_item *item = &set->items[i];
		const struct obligation obligation = {.payer = PAYER,
		    .creditor = CREDITOR,
		    .window = 1,
		    .epoch = item->id.epoch,
		    .sequence = item->id.sequence,
		    .line = item->id.line,
		    .amount_fen = item->amount_fen,
		    .line_hash = item->line_hash};

		error = obligation_add(txn, &obligation);
	}
	/* It is compared once it is cut. */
	if (!error)
		error = window_get(txn, PAYER, CREDITOR, 1, &window);
	if (error)
		return error;
	window.state = WINDOW_CUT;
	window.ordinal = 1;
	window.stated = window.own;
	return window_put(txn, &window);
}

static enum error city_open(
    struct city *city, const struct obligations *set, struct error_detail *detail)
{
	struct store_options options = {.map_size = MAP_SIZE};
	struct txn *txn;
	enum error error;

	options.tables = settlement_tables(&options.table_count);
	error = store_open_scratch(&options, &city->store, detail);
	if (!error)
		error = txn_begin_write(city->store, &txn);
	if (error)
		return error;
	error = city_fill(txn, set);
	if (error)
		txn_abort(txn);
	else
		error = txn_commit(txn);
	return error ? error : txn_begin_read(city->store, &city->txn);
}

static void city_close(struct city *city)
{
	txn_abort(city->txn);
	store_close(city->store);
}

static enum error exchange(const struct city *creditor, const struct city *payer,
    struct reconcile_case *of, struct error_detail *detail)
{
	struct buffer request = {0}, answer = {0};
	struct window_exchange *exchange;
	size_t found = 0;
	enum error error = window_exchange_create(creditor->txn, PAYER, CREDITOR, 1, &exchange);

	of->round_trips = 0;
	of->sent = of->received = of->longest = 0;
	while (!error) {
		error =
		    window_exchange_step(exchange, creditor->txn, buffer_span(&answer), &request);
		if (error || request.size == 0)
			break;
		buffer_clear(&answer);
		error = window_reconcile_serve(
		    payer->txn, PAYER, CREDITOR, 1, buffer_span(&request), &answer);
		of->round_trips++;
		of->sent += request.size;
		of->received += answer.size;
	}
	if (!error)
		window_exchange_differences(exchange, &found);
	if (!error && found != of->differ)
		error = error_set(
		    detail, ERROR_NOT_VERIFIED, "%zu differ, not %u", found, (unsigned)of->differ);
	window_exchange_free(exchange);
	buffer_free(&request);
	buffer_free(&answer);
	return error;
}

static enum error run_case(
    uint64_t total, unsigned rounds, struct reconcile_case *of, struct error_detail *detail)
{
	struct obligations ours = {NULL, 0}, theirs = {NULL, 0};
	struct city creditor = {NULL, NULL}, payer = {NULL, NULL};
	enum error error = sets_make(total, of->differ, &ours, &theirs);

	if (!error)
		error = city_open(&creditor, &ours, detail);
	if (!error)
		error = city_open(&payer, &theirs, detail);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%u differ\n", (unsigned)of->differ);
	for (unsigned i = 0; i < rounds && !error; i++) {
		double start = bench_now();

		error = exchange(&creditor, &payer, of, detail);
		of->seconds[i] = bench_now() - start;
	}
	if (!error)
		error =
		    bench_negentropy(ours.items, ours.count, theirs.items, theirs.count, &of->peer);
	city_close(&creditor);
	city_close(&payer);
	free(ours.items);
	free(theirs.items);
	return error;
}

/* What must go over the wire in any case: what differs, or one digest. */
static uint64_t floor_bytes(const struct reconcile_case *of)
{
	return of->differ ? (uint64_t)ITEM_BYTES * of->differ : RECONCILE_DIGEST_SIZE;
}

static uint64_t our_bytes(const struct reconcile_case *of)
{
	return of->sent + of->received;
}

static uint64_t peer_bytes(const struct reconcile_case *of)
{
	return of->peer.sent + of->peer.received;
}

static yyjson_mut_val *cost_json(
    yyjson_mut_doc *doc, unsigned round_trips, uint64_t sent, uint64_t received)
{
	yyjson_mut_val *side = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_uint(doc, side, "round_trips", round_trips);
	yyjson_mut_obj_add_uint(doc, side, "bytes_sent", sent);
	yyjson_mut_obj_add_uint(doc, side, "bytes_received", received);
	yyjson_mut_obj_add_uint(doc, side, "bytes", sent + received);
	return side;
}

static yyjson_mut_val *case_json(
    yyjson_mut_doc *doc, const struct reconcile_case *of, unsigned rounds)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc), *floor = yyjson_mut_obj(doc),
		       *peers = yyjson_mut_arr(doc), *ours, *peer;
	char name[64];

	snprintf(name, sizeof name, "%u differ", (unsigned)of->differ);
	yyjson_mut_obj_add_strcpy(doc, one, "name", name);
	yyjson_mut_obj_add_uint(doc, one, "differ", of->differ);
	ours = cost_json(doc, of->round_trips, of->sent, of->received);
	yyjson_mut_obj_add_real(doc, ours, "seconds", bench_median(of->seconds, rounds));
	yyjson_mut_obj_add_val(doc, one, "ours", ours);
	yyjson_mut_obj_add_uint(doc, floor, "bytes", floor_bytes(of));
	yyjson_mut_obj_add_val(doc, one, "floor", floor);
	peer = cost_json(doc, of->peer.round_trips, of->peer.sent, of->peer.received);
	yyjson_mut_obj_add_str(doc, peer, "name", "negentropy 1, counted");
	yyjson_mut_arr_add_val(peers, peer);
	yyjson_mut_obj_add_val(doc, one, "peers", peers);
	yyjson_mut_obj_add_real(
	    doc, one, "ratio_to_floor", (double)our_bytes(of) / (double)floor_bytes(of));
	yyjson_mut_obj_add_real(
	    doc, one, "ratio_to_peer", (double)our_bytes(of) / (double)peer_bytes(of));
	return one;
}

static void report_json(
    const char *work, const struct reconcile_case *cases, size_t count, unsigned rounds)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list = yyjson_mut_arr(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "bench", "reconcile");
	yyjson_mut_obj_add_str(doc, root, "work", work);
	for (size_t i = 0; i < count; i++)
		yyjson_mut_arr_add_val(list, case_json(doc, &cases[i], rounds));
	yyjson_mut_obj_add_val(doc, root, "cases", list);
	bench_about_json(doc, root);
	output_json(doc, true);
}

static void report(
    const char *work, const struct reconcile_case *cases, size_t count, unsigned rounds)
{
	printf("reconcile: %s\n", work);
	for (size_t i = 0; i < count; i++) {
		const struct reconcile_case *of = &cases[i];

		printf("%u differ: %.2f times what negentropy sends (median of %u)\n",
		    (unsigned)of->differ, (double)our_bytes(of) / (double)peer_bytes(of), rounds);
		printf("  ours       %3u round trips %9llu bytes sent %9llu received %7.3f s\n",
		    of->round_trips, (unsigned long long)of->sent, (unsigned long long)of->received,
		    bench_median(of->seconds, rounds));
		printf("  negentropy %3u round trips %9llu bytes sent %9llu received\n",
		    of->peer.round_trips, (unsigned long long)of->peer.sent,
		    (unsigned long long)of->peer.received);
		printf("  floor                      %9llu bytes\n",
		    (unsigned long long)floor_bytes(of));
	}
	bench_about_print();
}

int bench_reconcile(struct cli *cli, int argc, char **argv)
{
	const char *obligations = NULL, *rounds = NULL;
	const struct cli_option options[] = {
	    {"obligations", &obligations, NULL}, {"rounds", &rounds, NULL}, {NULL, NULL, NULL}};
	uint64_t total = OBLIGATIONS_DEFAULT, times = 1;
	struct reconcile_case cases[CASES];
	struct error_detail detail = {""};
	enum error error = ERROR_NONE;
	size_t count = 0;
	char work[96];

	if (cli_options(cli, NULL, argc, argv, options, 0, 0) < 0)
		return CLI_USAGE;
	if (obligations && cli_number(cli, "--obligations", obligations, OBLIGATIONS_MAX, &total))
		return CLI_USAGE;
	if (rounds && cli_number(cli, "--rounds", rounds, BENCH_ROUNDS_MAX, &times))
		return CLI_USAGE;
	if (total == 0 || times == 0)
		return cli_usage(cli->command, "at least one obligation and round");
	memset(cases, 0, sizeof cases);
	for (; count < CASES && differing[count] <= total && !error; count++) {
		cases[count].differ = differing[count];
		error = run_case(total, (unsigned)times, &cases[count], &detail);
	}
	if (error)
		return cli_fail(cli, error, &detail, "bench reconcile");
	snprintf(work, sizeof work, "two sets of %llu obligations", (unsigned long long)total);
	if (cli->json)
		report_json(work, cases, count, (unsigned)times);
	else
		report(work, cases, count, (unsigned)times);
	return CLI_DONE;
}
