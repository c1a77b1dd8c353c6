#include "demo_report.h"

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "accounts.h"
#include "clearing.h"
#include "output.h"
#include "payment.h"
#include "verdict.h"

#define REASONS 128

/* What one city has decided as a payer, and what became of it. */
struct city_figures {
	uint32_t region;
	const char *name_zh, *name_en;
	uint64_t sheets, forwarded, lines, approved, reduced, refused;
	int64_t claimed_fen, approved_fen; /* worth before and after reductions */
	uint64_t refusals[REASONS], reductions[REASONS];
	int64_t reduced_fen[REASONS];
	uint64_t
	    not_taken; /* sheets whose signature is not the institution's; they are in no book */
	uint64_t reversed_lines, stays_refused, allowance_persons, payments, booked, rejected,
	    returned;
	uint64_t reviewed_lines; /* of which a second look has approved more */
	int64_t reversed_fen, reviewed_fen, allowance_fen, paid_fen;
	int64_t
	    clearing_left; /* sum of what is left on clearing accounts, without signs: 0 when all is settled */
	uint64_t entries;
	struct hash root;
};

struct report {
	struct city_figures cities[SAMPLE_CITIES];
	struct clearing_row *clearings;
	size_t clearing_count, clearing_capacity;
	enum error error;
};

static void count_verdict(struct city_figures *figures, const struct verdict *verdict)
{
	int64_t before =
	    verdict->reduction_count ? verdict->reductions[0].before_fen : verdict->amount_fen;

	figures->lines++;
	if (verdict->reason != REASON_approved) {
		figures->refused++;
		figures->refusals[verdict->reason % REASONS]++;
		return;
	}
	figures->approved++;
	figures->claimed_fen += before;
	figures->approved_fen += verdict->amount_fen;
	figures->reduced += verdict->reduction_count > 0;
	for (uint32_t i = 0; i < verdict->reduction_count; i++) {
		const struct verdict_reduction *reduction = &verdict->reductions[i];

		figures->reductions[reduction->reason % REASONS]++;
		figures->reduced_fen[reduction->reason % REASONS] +=
		    reduction->before_fen - reduction->after_fen;
	}
}

static enum error count_money(struct city_figures *figures, const struct entry *entry)
{
	struct codec_reader verdicts = codec_reader(entry->verdicts);
	struct verdict verdict;

	for (uint32_t i = 0; i < entry->header.count; i++) {
		verdict_take(&verdicts, &verdict);
		if (verdicts.failed)
			return ERROR_CORRUPT;
		if (entry->header.kind != KIND_allowance) {
			count_verdict(figures, &verdict);
		} else if (verdict.reason == REASON_approved) {
			figures->allowance_persons++;
			figures->allowance_fen += verdict.amount_fen;
		}
	}
	figures->sheets +=
	    entry->header.kind == KIND_claim || entry->header.kind == KIND_claim_remote;
	return ERROR_NONE;
}

/* Kinds whose verdicts begin with a reason and, for reversals and second looks, an amount. */
static enum error count_plain(struct city_figures *figures, const struct entry *entry)
{
	struct codec_reader verdicts = codec_reader(entry->verdicts);

	for (uint32_t i = 0; i < entry->header.count; i++) {
		struct codec_reader verdict = codec_reader(codec_item(&verdicts));
		unsigned reason;

		codec_array(&verdict);
		reason = (unsigned)codec_uint(&verdict);
		if (verdict.failed)
			return ERROR_CORRUPT;
		if (entry->header.kind == KIND_reversal) {
			figures->reversed_lines++;
			figures->reversed_fen += (int64_t)codec_uint(&verdict);
		}
		if (entry->header.kind == KIND_review && reason == REASON_approved) {
			figures->reviewed_lines++;
			figures->reviewed_fen += (int64_t)codec_uint(&verdict);
		}
		if (entry->header.kind == KIND_stay)
			figures->stays_refused +=
			    reason < REASON_REDUCTION_FIRST && reason != REASON_approved;
	}
	figures->forwarded += entry->header.kind == KIND_claim_forward;
	return ERROR_NONE;
}

static enum error count_entry(struct city_figures *figures, const struct entry *entry)
{
	switch (entry->header.kind) {
	case KIND_claim:
	case KIND_claim_remote:
	case KIND_allowance:
		return count_money(figures, entry);
	case KIND_reversal:
	case KIND_review:
	case KIND_stay:
	case KIND_claim_forward:
		return count_plain(figures, entry);
	default:
		return ERROR_NONE;
	}
}

static bool count_payment(void *context, const struct payment *payment)
{
	struct city_figures *figures = context;

	figures->payments += payment->state != PAYMENT_RECEIVED;
	figures->rejected += payment->state == PAYMENT_REJECTED;
	figures->returned += payment->state == PAYMENT_RETURNED;
	if (payment->state == PAYMENT_BOOKED) {
		figures->booked++;
		figures->paid_fen += payment->amount_fen;
	}
	return true;
}

static bool count_clearing_account(void *context, struct span name, const struct account *account)
{
	struct city_figures *figures = context;
	int64_t balance = account_balance(settlement_chart, name, account);

	figures->clearing_left += balance < 0 ? -balance : balance;
	figures->clearing_left += account->pending_debits + account->pending_credits;
	return true;
}

static bool keep_clearing(void *context, const struct clearing_row *clearing)
{
	struct report *report = context;

	for (size_t i = 0; i < report->clearing_count; i++) {
		const struct clearing_row *seen = &report->clearings[i];
		if (seen->month == clearing->month && seen->low == clearing->low &&
		    seen->high == clearing->high)
			return true;
	}
	if (report->clearing_count == report->clearing_capacity) {
		size_t capacity = report->clearing_capacity ? 2 * report->clearing_capacity : 16;
		struct clearing_row *grown = realloc(report->clearings, capacity * sizeof *grown);
		if (!grown) {
			report->error = ERROR_MEMORY;
			return false;
		}
		report->clearings = grown;
		report->clearing_capacity = capacity;
	}
	report->clearings[report->clearing_count++] = *clearing;
	return true;
}

static enum error gather_city(
    struct report *report, struct city_figures *figures, struct node *node)
{
	const struct node_config *config = node_configuration(node);
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	figures->region = config->region;
	figures->name_zh = config->name_zh;
	figures->name_en = config->name_en;
	error = ledger_head(txn, &figures->entries, &figures->root);
	for (uint64_t i = 0; !error && i < figures->entries; i++) {
		struct entry_reader reader = {0};

		error = ledger_read(txn, i, &reader);
		if (!error)
			error = count_entry(figures, &reader.entry);
		entry_free(&reader);
	}
	if (!error)
		error = payment_each(txn, 0, NULL, count_payment, figures);
	if (!error)
		error = account_each(txn, span_text("clearing/"), count_clearing_account, figures);
	if (!error)
		error = clearing_each(txn, 0, keep_clearing, report);
	txn_abort(txn);
	return error ? error : report->error;
}

/* Text. */

static const char *yuan(int64_t fen, char text[AMOUNT_TEXT_SIZE])
{
	yuan_write_grouped((struct amount){fen}, text);
	return text;
}

static void print_refusals(const struct city_figures *figures)
{
	for (unsigned reason = REASON_REFUSAL_FIRST; reason <= REASON_REFUSAL_LAST; reason++) {
		if (!figures->refusals[reason])
			continue;
		printf("      %6llu  ", (unsigned long long)figures->refusals[reason]);
		output_cell(stdout, reason_chinese(reason), 24);
		printf("%s\n", reason_english(reason));
	}
	/* A number beyond the refusals: what was forgotten cannot be judged. */
	if (figures->refusals[REASON_erased])
		printf("      %6llu  %s %s\n", (unsigned long long)figures->refusals[REASON_erased],
		    reason_chinese(REASON_erased), reason_english(REASON_erased));
}

static void print_reductions(const struct city_figures *figures)
{
	char text[AMOUNT_TEXT_SIZE];

	for (unsigned reason = REASON_REDUCTION_FIRST; reason <= REASON_REDUCTION_LAST; reason++) {
		if (!figures->reductions[reason])
			continue;
		printf("      %6llu  ", (unsigned long long)figures->reductions[reason]);
		output_cell(stdout, reason_chinese(reason), 24);
		printf("%-28s", reason_english(reason));
		output_cell_right(stdout, yuan(-figures->reduced_fen[reason], text), 14);
		putchar('\n');
	}
}

/* "    核准 approved         256 行 lines     26,640.35", so that figures stand below one another. */
static void print_figure(
    const char *label, uint64_t count, const char *unit, int64_t fen, bool money)
{
	char text[AMOUNT_TEXT_SIZE];

	fputs("    ", stdout);
	output_cell(stdout, label, 24);
	printf("%6llu ", (unsigned long long)count);
	output_cell(stdout, unit, money ? 12 : 0);
	if (money)
		output_cell_right(stdout, yuan(fen, text), 16);
	putchar('\n');
}

static void print_claims(const struct city_figures *figures)
{
	printf("  机构申报 claims of institutions: %llu 张 sheets, %llu 行 lines\n",
	    (unsigned long long)figures->sheets, (unsigned long long)figures->lines);
	print_figure("申报 claimed *", figures->approved, "行 lines", figures->claimed_fen, true);
	print_figure("核准 approved", figures->approved, "行 lines", figures->approved_fen, true);
	print_figure("其中减额 reduced", figures->reduced, "行 lines",
	    figures->approved_fen - figures->claimed_fen, true);
	print_reductions(figures);
	print_figure("拒付 refused", figures->refused, "行 lines", 0, false);
	print_refusals(figures);
	if (figures->not_taken)
		print_figure("拒收 not taken", figures->not_taken,
		    "张 sheets: 签名无效 the signature does not verify", 0, false);
	if (figures->reviewed_lines)
		print_figure("复核改判 on second look", figures->reviewed_lines, "行 lines",
		    figures->reviewed_fen, true);
	if (figures->reversed_lines)
		print_figure("冲正 taken back", figures->reversed_lines, "行 lines",
		    -figures->reversed_fen, true);
}

static void print_city(const struct city_figures *figures)
{
	printf("\n%s %s (%06u)\n", figures->name_zh, figures->name_en, (unsigned)figures->region);
	print_claims(figures);
	if (figures->stays_refused)
		printf("  入住登记被拒 stays refused: %llu, 入住时间重叠 nights of another stay\n",
		    (unsigned long long)figures->stays_refused);
	printf("  代外地申报 sheets sent on to other cities: %llu\n",
	    (unsigned long long)figures->forwarded);
	printf("  津贴与付款 allowances and payments\n");
	print_figure("津贴 allowances", figures->allowance_persons, "人 persons",
	    figures->allowance_fen, true);
	print_figure("付款 payments booked", figures->booked, "笔", figures->paid_fen, true);
	print_figure("银行拒付 rejected", figures->rejected, "笔", 0, false);
	print_figure("退汇 returned", figures->returned, "笔", 0, false);
}

static const char *city_name(const struct report *report, uint32_t region)
{
	for (unsigned i = 0; i < SAMPLE_CITIES; i++) {
		if (report->cities[i].region == region)
			return report->cities[i].name_zh;
	}
	return "?";
}

static void print_debt(const struct report *report, uint32_t debtor, uint32_t creditor, int64_t fen)
{
	char text[AMOUNT_TEXT_SIZE];

	if (fen == 0)
		return;
	printf("    %s %06u  欠 owes  %s %06u  ", city_name(report, debtor), (unsigned)debtor,
	    city_name(report, creditor), (unsigned)creditor);
	output_cell_right(stdout, yuan(fen, text), 14);
	putchar('\n');
}

static void print_clearings(const struct report *report)
{
	char text[AMOUNT_TEXT_SIZE], month[8];

	printf("\n城市之间 Between the cities\n  谁欠谁 who owes whom\n");
	for (size_t i = 0; i < report->clearing_count; i++) {
		const struct clearing_row *clearing = &report->clearings[i];

		print_debt(report, clearing->low, clearing->high, clearing->low_owes_fen);
		print_debt(report, clearing->high, clearing->low, clearing->high_owes_fen);
	}
	printf("  净额付款 net payments (清算月 month of the clearing)\n");
	for (size_t i = 0; i < report->clearing_count; i++) {
		const struct clearing_row *clearing = &report->clearings[i];
		bool low_pays = clearing->low_pays_fen > 0;
		uint32_t payer = low_pays ? clearing->low : clearing->high,
			 payee = low_pays ? clearing->high : clearing->low;

		month_write(clearing->month, month);
		printf("    %s  %s %06u -> %s %06u  ", month, city_name(report, payer),
		    (unsigned)payer, city_name(report, payee), (unsigned)payee);
		output_cell_right(stdout,
		    yuan(low_pays ? clearing->low_pays_fen : clearing->high_pays_fen, text), 14);
		printf("  %s %s\n", clearing_state_chinese(clearing->state),
		    clearing_state_name(clearing->state));
	}
}

static bool all_settled(const struct report *report)
{
	for (size_t i = 0; i < report->clearing_count; i++) {
		if (report->clearings[i].state != CLEARING_SETTLED)
			return false;
	}
	for (unsigned i = 0; i < SAMPLE_CITIES; i++) {
		if (report->cities[i].clearing_left != 0)
			return false;
	}
	return true;
}

static void print_report(
    const struct report *report, uint32_t first_month, unsigned months, const char *directory)
{
	char month[8], hex[2 * HASH_SIZE + 1];

	month_write(first_month, month);
	printf("川渝四市养老服务补贴结算演示 Four cities settle eldercare subsidies: from %s, %u "
	       "month%s\n人物、机构均为虚构，金额单位：元 all persons and institutions are made "
	       "up; amounts in "
	       "yuan\n",
	    month, months, months == 1 ? "" : "s");
	for (unsigned i = 0; i < SAMPLE_CITIES; i++)
		print_city(&report->cities[i]);
	printf("\n* 核准各行减额前金额 what the approved lines came to before reductions\n");
	print_clearings(report);
	printf("  清算账户 clearing accounts: %s\n",
	    all_settled(report) ? "全部为零 all at zero" : "NOT all at zero 未清零");
	printf("\n账本 Books\n");
	for (unsigned i = 0; i < SAMPLE_CITIES; i++) {
		hex_write(hash_span(&report->cities[i].root), hex);
		printf("  %s/%06u  %6llu 条 entries, root %.16s...\n", directory,
		    (unsigned)report->cities[i].region,
		    (unsigned long long)report->cities[i].entries, hex);
	}
	printf("\n试一试 Try: suiren verify %s/510100 --replay\n            suiren balance "
	       "%s/500000\n            suiren clearing list %s/510100\n            suiren "
	       "log head %s/510800\n",
	    directory, directory, directory, directory);
}

/* JSON. */

static void add_reasons(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const struct city_figures *figures)
{
	yyjson_mut_val *refused = yyjson_mut_obj(doc), *reduced = yyjson_mut_obj(doc);

	for (unsigned reason = REASON_REFUSAL_FIRST; reason <= REASON_REFUSAL_LAST; reason++) {
		if (figures->refusals[reason])
			yyjson_mut_obj_add_uint(
			    doc, refused, reason_name(reason), figures->refusals[reason]);
	}
	for (unsigned reason = REASON_REDUCTION_FIRST; reason <= REASON_REDUCTION_LAST; reason++) {
		yyjson_mut_val *one;

		if (!figures->reductions[reason])
			continue;
		one = yyjson_mut_obj(doc);
		yyjson_mut_obj_add_uint(doc, one, "lines", figures->reductions[reason]);
		yyjson_mut_obj_add_sint(doc, one, "amount_fen", figures->reduced_fen[reason]);
		yyjson_mut_obj_add_val(doc, reduced, reason_name(reason), one);
	}
	yyjson_mut_obj_add_val(doc, object, "refused_by_reason", refused);
	yyjson_mut_obj_add_val(doc, object, "reduced_by_reason", reduced);
}

static yyjson_mut_val *city_json(yyjson_mut_doc *doc, const struct city_figures *figures)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_uint(doc, object, "region", figures->region);
	yyjson_mut_obj_add_strcpy(doc, object, "name", figures->name_en);
	yyjson_mut_obj_add_uint(doc, object, "sheets", figures->sheets);
	yyjson_mut_obj_add_uint(doc, object, "sheets_sent_on", figures->forwarded);
	yyjson_mut_obj_add_uint(doc, object, "lines", figures->lines);
	yyjson_mut_obj_add_uint(doc, object, "lines_approved", figures->approved);
	yyjson_mut_obj_add_uint(doc, object, "lines_reduced", figures->reduced);
	yyjson_mut_obj_add_uint(doc, object, "lines_refused", figures->refused);
	yyjson_mut_obj_add_sint(doc, object, "claimed_fen", figures->claimed_fen);
	yyjson_mut_obj_add_sint(doc, object, "approved_fen", figures->approved_fen);
	add_reasons(doc, object, figures);
	yyjson_mut_obj_add_uint(doc, object, "lines_reviewed", figures->reviewed_lines);
	yyjson_mut_obj_add_sint(doc, object, "reviewed_fen", figures->reviewed_fen);
	yyjson_mut_obj_add_uint(doc, object, "lines_reversed", figures->reversed_lines);
	yyjson_mut_obj_add_sint(doc, object, "reversed_fen", figures->reversed_fen);
	yyjson_mut_obj_add_uint(doc, object, "sheets_not_taken", figures->not_taken);
	yyjson_mut_obj_add_uint(doc, object, "stays_refused", figures->stays_refused);
	yyjson_mut_obj_add_uint(doc, object, "allowance_persons", figures->allowance_persons);
	yyjson_mut_obj_add_sint(doc, object, "allowance_fen", figures->allowance_fen);
	yyjson_mut_obj_add_uint(doc, object, "payments", figures->payments);
	yyjson_mut_obj_add_uint(doc, object, "payments_booked", figures->booked);
	yyjson_mut_obj_add_sint(doc, object, "paid_fen", figures->paid_fen);
	yyjson_mut_obj_add_uint(doc, object, "payments_rejected", figures->rejected);
	yyjson_mut_obj_add_uint(doc, object, "payments_returned", figures->returned);
	yyjson_mut_obj_add_sint(doc, object, "clearing_left_fen", figures->clearing_left);
	yyjson_mut_obj_add_uint(doc, object, "entries", figures->entries);
	json_hex(doc, object, "root", hash_span(&figures->root));
	return object;
}

static yyjson_mut_val *clearing_json_of(yyjson_mut_doc *doc, const struct clearing_row *clearing)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	char month[8];

	month_write(clearing->month, month);
	yyjson_mut_obj_add_strcpy(doc, object, "month", month);
	yyjson_mut_obj_add_uint(doc, object, "low", clearing->low);
	yyjson_mut_obj_add_uint(doc, object, "high", clearing->high);
	yyjson_mut_obj_add_sint(doc, object, "low_owes_fen", clearing->low_owes_fen);
	yyjson_mut_obj_add_sint(doc, object, "high_owes_fen", clearing->high_owes_fen);
	yyjson_mut_obj_add_sint(doc, object, "low_pays_fen", clearing->low_pays_fen);
	yyjson_mut_obj_add_sint(doc, object, "high_pays_fen", clearing->high_pays_fen);
	yyjson_mut_obj_add_str(doc, object, "state", clearing_state_name(clearing->state));
	return object;
}

static void report_json(const struct report *report, uint32_t first_month, unsigned months)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *cities = yyjson_mut_arr(doc),
		       *clearings = yyjson_mut_arr(doc);
	char month[8];

	month_write(first_month, month);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_strcpy(doc, root, "first_month", month);
	yyjson_mut_obj_add_uint(doc, root, "months", months);
	for (unsigned i = 0; i < SAMPLE_CITIES; i++)
		yyjson_mut_arr_add_val(cities, city_json(doc, &report->cities[i]));
	for (size_t i = 0; i < report->clearing_count; i++)
		yyjson_mut_arr_add_val(clearings, clearing_json_of(doc, &report->clearings[i]));
	yyjson_mut_obj_add_val(doc, root, "cities", cities);
	yyjson_mut_obj_add_val(doc, root, "clearings", clearings);
	yyjson_mut_obj_add_bool(doc, root, "settled", all_settled(report));
	output_json(doc, true);
}

static int by_month(const void *a, const void *b)
{
	const struct clearing_row *x = a, *y = b;

	if (x->month != y->month)
		return x->month < y->month ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->high < y->high ? -1 : x->high > y->high;
}

enum error demo_report(
    const struct cli *cli, struct demo_live *live, uint32_t first_month, unsigned months)
{
	struct report *report = calloc(1, sizeof *report);
	enum error error = report ? ERROR_NONE : ERROR_MEMORY;

	for (unsigned i = 0; !error && i < SAMPLE_CITIES; i++)
		error = gather_city(report, &report->cities[i], live->nodes[i]);
	for (unsigned i = 0; !error && i < SAMPLE_CITIES; i++)
		report->cities[i].not_taken = live->not_taken[i];
	if (!error) {
		if (report->clearing_count)
			qsort(report->clearings, report->clearing_count, sizeof *report->clearings,
			    by_month);
		if (cli->json)
			report_json(report, first_month, months);
		else
			print_report(report, first_month, months, live->directory);
		if (!all_settled(report))
			error = error_set(&live->detail, ERROR_NOT_VERIFIED,
			    "clearings are left that are not settled");
	}
	if (report)
		free(report->clearings);
	free(report);
	return error;
}
