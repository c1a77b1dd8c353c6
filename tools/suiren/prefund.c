/* prefund.c: `suiren prefund list|lodge|draw`: the reserve (预付金) that a city lodges with a host. */
#include "prefund.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "descriptor.h"
#include "held.h"
#include "orders.h"
#include "output.h"

/* --- list ------------------------------------------------------------------------------------------------------- */

struct listing {
	struct node *node;
	struct txn *txn;
	uint32_t peer; /* 0: all */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array, *lines; /* JSON, or NULL */
	uint32_t waiting;
	int64_t waiting_fen;
	enum error error;
};

static bool add_line(void *context, const struct held_line *held)
{
	struct listing *listing = context;
	char amount[AMOUNT_TEXT_SIZE];

	listing->waiting++;
	listing->waiting_fen += held->amount_fen;
	if (listing->lines) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(listing->doc, listing->lines);
		yyjson_mut_obj_add_uint(listing->doc, one, "entry", held->sequence);
		yyjson_mut_obj_add_uint(listing->doc, one, "line", held->line);
		yyjson_mut_obj_add_sint(listing->doc, one, "amount_fen", held->amount_fen);
		return true;
	}
	output_amount(UNIT_CNY, held->amount_fen, amount);
	printf("    分录 entry %" PRIu64 " 行 line %u  %s 元 yuan%s\n", held->sequence,
	    (unsigned)held->line, amount,
	    held->side == HELD_BY_THEM ? "  对方暂挂 held by that city" : "");
	return true;
}

static yyjson_mut_val *lines_of(
    struct listing *listing, yyjson_mut_val *object, enum held_side side, uint32_t city)
{
	yyjson_mut_val *lines = yyjson_mut_arr(listing->doc);
	struct listing one = *listing;

	one.lines = lines;
	listing->error = held_each(listing->txn, side, city, 0, add_line, &one);
	yyjson_mut_obj_add_val(
	    listing->doc, object, side == HELD_BY_US ? "waiting" : "waiting_for_us", lines);
	return lines;
}

struct position {
	uint32_t city;
	int64_t lodged, kept;
	struct prefund_cap cap;
};

static void tell_json(struct listing *listing, const struct position *position)
{
	yyjson_mut_doc *doc = listing->doc;
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, listing->array);

	yyjson_mut_obj_add_uint(doc, one, "city", position->city);
	yyjson_mut_obj_add_sint(doc, one, "lodged_fen", position->lodged);
	if (position->cap.is)
		yyjson_mut_obj_add_sint(doc, one, "limit_fen", position->cap.limit_fen);
	else
		yyjson_mut_obj_add_null(doc, one, "limit_fen");
	yyjson_mut_obj_add_sint(doc, one, "unpaid_fen", position->cap.unpaid_fen);
	yyjson_mut_obj_add_sint(doc, one, "held_fen", position->kept);
	lines_of(listing, one, HELD_BY_US, position->city);
	if (!listing->error)
		lines_of(listing, one, HELD_BY_THEM, position->city);
}

static void tell_text(struct listing *listing, const struct position *position)
{
	char lodged[AMOUNT_TEXT_SIZE], kept[AMOUNT_TEXT_SIZE], limit[AMOUNT_TEXT_SIZE],
	    unpaid[AMOUNT_TEXT_SIZE];

	output_amount(UNIT_CNY, position->lodged, lodged);
	output_amount(UNIT_CNY, position->kept, kept);
	output_amount(UNIT_CNY, position->cap.limit_fen, limit);
	output_amount(UNIT_CNY, position->cap.unpaid_fen, unpaid);
	printf("%06u  存出 lodged %s  代存 held for it %s  未付 unpaid %s  限额 limit %s 元 yuan\n",
	    (unsigned)position->city, lodged, kept, unpaid, position->cap.is ? limit : "无 none");
	listing->error = held_each(listing->txn, HELD_BY_US, position->city, 0, add_line, listing);
	if (!listing->error)
		listing->error =
		    held_each(listing->txn, HELD_BY_THEM, position->city, 0, add_line, listing);
}

static enum error find_position(struct listing *listing, struct position *position)
{
	struct settlement *settlement = node_settlement(listing->node);
	enum error error = prefund_lodged(listing->txn, position->city, &position->lodged);

	if (!error)
		error = prefund_held(listing->txn, position->city, &position->kept);
	if (!error)
		error = prefund_cap_find(settlement, listing->txn, position->city, &position->cap);
	if (!error && !position->cap.is)
		error = prefund_unpaid(listing->txn, node_region(listing->node), position->city,
		    &position->cap.unpaid_fen);
	return error;
}

static bool visit_peer(void *context, const struct peer_row *peer)
{
	struct listing *listing = context;
	struct position position = {.city = peer->region};

	/* The city itself stands among the peers too. */
	if (position.city == node_region(listing->node) ||
	    (listing->peer && listing->peer != position.city))
		return true;
	listing->error = find_position(listing, &position);
	if (!listing->error && listing->doc)
		tell_json(listing, &position);
	else if (!listing->error)
		tell_text(listing, &position);
	return !listing->error;
}

static int print_all(struct cli *cli, struct listing *listing)
{
	enum error error;

	if (cli->json) {
		listing->doc = yyjson_mut_doc_new(NULL);
		listing->array = yyjson_mut_arr(listing->doc);
		yyjson_mut_doc_set_root(listing->doc, listing->array);
	}
	error = peer_each(listing->txn, visit_peer, listing);
	if (!error)
		error = listing->error;
	if (error) {
		yyjson_mut_doc_free(listing->doc);
		return cli_fail(cli, error, NULL, "reserves");
	}
	return cli->json ? output_json(listing->doc, true) : CLI_DONE;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	const char *peer = NULL;
	struct listing listing = {.peer = 0};
	const struct cli_option options[] = {{"peer", &peer, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (peer && cli_region(cli, "--peer", peer, &listing.peer))
		return CLI_USAGE;
	listing.node = cli_open(cli, argv[0], true, &status);
	listing.txn = listing.node ? cli_read(cli, listing.node, &status) : NULL;
	if (listing.txn)
		status = print_all(cli, &listing);
	txn_abort(listing.txn);
	node_close(listing.node);
	return status;
}

/* --- lodge, draw -------------------------------------------------------------------------------------------------- */

static int read_key(struct cli *cli, const char *file, struct secret_key *key)
{
	struct error_detail detail = {""};
	enum error error = file ? key_file_read(file, "officer", key, NULL, &detail) : ERROR_NONE;

	return error ? cli_fail(cli, error, &detail, file) : CLI_DONE;
}

static int lodge_run(struct cli *cli, int argc, char **argv)
{
	const char *host = NULL, *amount = NULL, *name = NULL, *key_file = NULL;
	const struct cli_option options[] = {{"host", &host, NULL}, {"amount", &amount, NULL},
	    {"name", &name, NULL}, {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct amount fen = {0};
	struct answer answer = {0};
	struct secret_key key = {0};
	uint32_t region = 0;
	int status;
	struct node *node;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!host || !amount || !name)
		return cli_usage(cli->command, "--host, --amount and --name");
	if (cli_region(cli, "--host", host, &region))
		return CLI_USAGE;
	if (yuan_read(span_text(amount), &fen) || fen.value <= 0)
		return cli_usage(cli->command, "--amount: yuan like 500000.00");
	if (!prefund_name_valid(name))
		return cli_usage(cli->command,
		    "--name: 1 to %u printable ASCII characters without spaces and <",
		    PREFUND_NAME_MAX);
	status = read_key(cli, key_file, &key);
	node = status ? NULL : cli_open(cli, argv[0], false, &status);
	if (node) {
		enum error error =
		    order_prefund(node, name, region, fen.value, key_file ? &key : NULL, &answer);

		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, "prefund lodge");
	}
	node_close(node);
	key_wipe(&key);
	return status;
}

static int draw_run(struct cli *cli, int argc, char **argv)
{
	const char *home = NULL, *month_text = NULL, *key_file = NULL;
	const struct cli_option options[] = {{"home", &home, NULL}, {"month", &month_text, NULL},
	    {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct answer answer = {0};
	struct secret_key key = {0};
	uint32_t region = 0, month = 0;
	int status;
	struct node *node;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!home || !month_text)
		return cli_usage(cli->command, "--month and --home");
	if (cli_region(cli, "--home", home, &region) ||
	    cli_month(cli, "--month", month_text, &month))
		return CLI_USAGE;
	status = read_key(cli, key_file, &key);
	node = status ? NULL : cli_open(cli, argv[0], false, &status);
	if (node) {
		enum error error = order_draw(node, month, region, key_file ? &key : NULL, &answer);

		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, "prefund draw");
	}
	node_close(node);
	key_wipe(&key);
	return status;
}

const struct cli_command prefund_commands[] = {
    {"prefund", "list", "DIR [--peer CODE] [--json]",
	"Reserves lodged and held, what they bound, and the lines that wait",
	"suiren prefund list chengdu", list_run},
    {"prefund", "lodge", "DIR --host CODE --amount YUAN --name NAME [--officer-key FILE]",
	"Order a reserve to be paid to a host",
	"suiren prefund lodge chengdu --host 500000 --amount 500000.00 --name 2026", lodge_run},
    {"prefund", "draw", "DIR --month YYYY-MM --home CODE [--officer-key FILE]",
	"Pay an overdue clearing out of the reserve of the city that owes it",
	"suiren prefund draw chongqing --month 2026-10 --home 510100", draw_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
