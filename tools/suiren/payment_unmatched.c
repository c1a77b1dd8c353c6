/* payment_unmatched.c: `suiren payment unmatched`: what the bank has said that matches no payment, until it does. */
#include "payment_unmatched.h"

#include <inttypes.h>

#include "output.h"
#include "unmatched.h"

struct listing {
	struct node *node;
	struct txn *txn;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint32_t count;
	enum error error;
};

static const char *fact_name(enum bank_fact fact)
{
	static const char *const names[] = {
	    "", "booked", "rejected", "returned", "credited", "taken_back"};

	return fact >= BANK_BOOKED && fact <= BANK_TAKEN_BACK ? names[fact] : "unknown";
}

static void tell_json(struct listing *listing, const struct unmatched *unmatched)
{
	yyjson_mut_doc *doc = listing->doc;
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, listing->array);

	yyjson_mut_obj_add_uint(doc, one, "entry", unmatched->sequence);
	yyjson_mut_obj_add_str(doc, one, "fact", fact_name(unmatched->line.fact));
	json_text(doc, one, "end_to_end_id", span_text(unmatched->line.end_to_end));
	yyjson_mut_obj_add_sint(doc, one, "amount_fen", unmatched->line.amount_fen);
	json_day(doc, one, "day", unmatched->line.day);
	json_text(doc, one, "reference", span_text(unmatched->line.reference));
	yyjson_mut_obj_add_str(doc, one, "why", reason_name(unmatched->reason));
}

static void tell_text(const struct unmatched *unmatched)
{
	char amount[AMOUNT_TEXT_SIZE], day[DAY_TEXT_SIZE];

	output_amount(UNIT_CNY, unmatched->line.amount_fen, amount);
	day_write(unmatched->line.day, day);
	printf(
	    "分录 entry %" PRIu64 "  %-10s ", unmatched->sequence, fact_name(unmatched->line.fact));
	output_text(stdout, span_text(unmatched->line.end_to_end));
	printf("  %s 元 yuan  %s  银行流水 reference ", amount, day);
	output_text(
	    stdout, span_text(unmatched->line.reference[0] ? unmatched->line.reference : "-"));
	printf("  %s %s\n", reason_chinese(unmatched->reason), reason_english(unmatched->reason));
}

static bool visit(void *context, const struct unmatched *waiting)
{
	struct listing *listing = context;
	struct unmatched now = *waiting, *unmatched = &now;

	if (unmatched->ended)
		return true;
	/* Why, may have changed since it was said. */
	listing->error = bank_reason(
	    node_settlement(listing->node), listing->txn, &unmatched->line, &unmatched->reason);
	if (listing->error)
		return false;
	listing->count++;
	if (listing->doc)
		tell_json(listing, unmatched);
	else
		tell_text(unmatched);
	return true;
}

static int print_all(struct cli *cli, struct listing *listing)
{
	enum error error;

	if (cli->json) {
		listing->doc = yyjson_mut_doc_new(NULL);
		listing->array = yyjson_mut_arr(listing->doc);
		yyjson_mut_doc_set_root(listing->doc, listing->array);
	}
	error = unmatched_each(listing->txn, visit, listing);
	if (!error)
		error = listing->error;
	if (error) {
		yyjson_mut_doc_free(listing->doc);
		return cli_fail(cli, error, NULL, "payment unmatched");
	}
	if (!cli->json && listing->count == 0)
		puts("银行流水均已匹配 everything that the bank has said matches");
	if (cli->json && output_json(listing->doc, true))
		return CLI_WORLD;
	return listing->count ? CLI_NO : CLI_DONE;
}

int payment_unmatched_run(struct cli *cli, int argc, char **argv)
{
	struct listing listing = {.count = 0};
	const struct cli_option options[] = {{NULL, NULL, NULL}};
	int status = CLI_DONE;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	listing.node = cli_open(cli, argv[0], true, &status);
	listing.txn = listing.node ? cli_read(cli, listing.node, &status) : NULL;
	if (listing.txn)
		status = print_all(cli, &listing);
	txn_abort(listing.txn);
	node_close(listing.node);
	return status;
}
