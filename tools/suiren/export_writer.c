#include "export_writer.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "entry_view.h"
#include "output.h"
#include "settlement.h"

/* Letters, digits, - _ . and what is not ASCII, but for spaces beyond ASCII: hledger may take those for its separator. */
static bool hledger_plain(struct span rest)
{
	uint8_t c = rest.data[0];
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		       c == '-' || c == '_' || c == '.';
	/* U+0085, U+00A0; U+1680; U+2000..U+206F; U+3000 by their first bytes */
	if (c == 0xC2)
		return rest.size > 1 && rest.data[1] > 0xA0;
	if (rest.size > 2 && c == 0xE1 && rest.data[1] == 0x9A)
		return false;
	if (rest.size > 2 && c == 0xE2 && (rest.data[1] == 0x80 || rest.data[1] == 0x81))
		return false;
	return !(rest.size > 2 && c == 0xE3 && rest.data[1] == 0x80 && rest.data[2] == 0x80);
}

void export_hledger_account(FILE *out, struct span name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i];
		bool inside = i > 0 && i + 1 < name.size && name.data[i - 1] != '/';
		if (c == '/' && inside)
			fputc(':', out);
		else if (hledger_plain(span_of(name.data + i, name.size - i)))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

/* The amount without grouping: yuan "1234.56", minutes "90". */
static void amount_plain(
    const struct transfer *transfer, bool negative, char text[AMOUNT_TEXT_SIZE])
{
	int64_t value = negative ? -transfer->amount.value : transfer->amount.value;
	if (transfer->unit == UNIT_CNY)
		yuan_write((struct amount){value}, text);
	else
		snprintf(text, AMOUNT_TEXT_SIZE, "%" PRId64, value);
}

static void hledger_begin(FILE *out, const struct node_config *config, bool partial)
{
	fprintf(out,
	    "; The books of %s %s (%06u), written by `suiren export --format hledger`.\n"
	    "; Debits are positive, credits negative. Pending transfers and their release are "
	    "comments.\n",
	    config->name_zh, config->name_en, config->region);
	if (partial)
		fputs("; Movements only: the journal does not begin with the log.\n", out);
	fputs("decimal-mark .\ncommodity 1000.00 CNY\ncommodity 1000. MIN\n\n", out);
}

static void hledger_posting(FILE *out, const char *before, struct span account,
    const struct transfer *transfer, bool negative)
{
	char text[AMOUNT_TEXT_SIZE];
	amount_plain(transfer, negative, text);
	fputs(before, out);
	export_hledger_account(out, account);
	fprintf(out, "  %s %s\n", text, unit_name(transfer->unit));
}

static void hledger_transfer(
    FILE *out, const struct entry_header *header, uint32_t index, const struct transfer *transfer)
{
	char day[DAY_TEXT_SIZE];
	const char *kind = kind_name(header->kind);
	bool booked = transfer->kind == TRANSFER_PLAIN || transfer->kind == TRANSFER_POST;
	const char *before = booked ? "    " : ";     ";
	day_write(day_of_time(header->time_ms), day);
	fprintf(out, "%s%s * (%" PRIu64 ".%" PRIu32 ") %s%s%s", booked ? "" : "; ", day,
	    header->sequence, index, kind ? kind : "", booked ? "" : ", ",
	    booked ? "" : transfer_kind_name(transfer->kind));
	if (transfer->reference.size > 0) {
		fputs("  ; reference: ", out);
		output_text(out, transfer->reference);
	}
	fputc('\n', out);
	hledger_posting(out, before, transfer->debit, transfer, false);
	hledger_posting(out, before, transfer->credit, transfer, true);
	fputc('\n', out);
}

static void csv_begin(FILE *out, const struct node_config *config, bool partial)
{
	(void)config;
	(void)partial;
	fputs("entry,index,time,entry_kind,transfer_kind,unit,amount,debit,credit,id,pending_id,"
	      "deadline,reference\r\n",
	    out);
}

static void csv_transfer(
    FILE *out, const struct entry_header *header, uint32_t index, const struct transfer *transfer)
{
	char time[32], deadline[32] = "";
	const char *kind = kind_name(header->kind);
	time_write(header->time_ms, time);
	if (transfer->deadline_ms != 0)
		time_write(transfer->deadline_ms, deadline);
	fprintf(out, "%" PRIu64 ",%" PRIu32 ",%s,", header->sequence, index, time);
	output_csv(out, span_text(kind ? kind : ""));
	fprintf(out, ",%s,%s,%" PRId64 ",", transfer_kind_name(transfer->kind),
	    unit_name(transfer->unit), transfer->amount.value);
	output_csv(out, transfer->debit);
	fputc(',', out);
	output_csv(out, transfer->credit);
	fputc(',', out);
	output_hex(out, span_of(transfer->id.bytes, TRANSFER_ID_SIZE));
	fputc(',', out);
	if (transfer->kind >= TRANSFER_POST)
		output_hex(out, span_of(transfer->pending_id.bytes, TRANSFER_ID_SIZE));
	fprintf(out, ",%s,", deadline);
	output_csv(out, transfer->reference);
	fputs("\r\n", out);
}

static void jsonl_begin(FILE *out, const struct node_config *config, bool partial)
{
	(void)out;
	(void)config;
	(void)partial;
}

static void json_span(FILE *out, const char *key, struct span text)
{
	char copy[ACCOUNT_NAME_MAX + 1];
	size_t size = text.size < sizeof(copy) - 1 ? text.size : sizeof(copy) - 1;
	memcpy(copy, text.data, size);
	copy[size] = '\0';
	fprintf(out, ",\"%s\":", key);
	cli_json_text(out, copy);
}

static void jsonl_transfer(
    FILE *out, const struct entry_header *header, uint32_t index, const struct transfer *transfer)
{
	char time[32];
	const char *kind = kind_name(header->kind);
	time_write(header->time_ms, time);
	fprintf(out, "{\"entry\":%" PRIu64 ",\"index\":%" PRIu32 ",\"time\":\"%s\",\"entry_kind\":",
	    header->sequence, index, time);
	cli_json_text(out, kind ? kind : "");
	fprintf(out, ",\"transfer_kind\":\"%s\",\"unit\":\"%s\",\"amount\":%" PRId64,
	    transfer_kind_name(transfer->kind), unit_name(transfer->unit), transfer->amount.value);
	json_span(out, "debit", transfer->debit);
	json_span(out, "credit", transfer->credit);
	fputs(",\"id\":\"", out);
	output_hex(out, span_of(transfer->id.bytes, TRANSFER_ID_SIZE));
	fputc('"', out);
	if (transfer->kind >= TRANSFER_POST) {
		fputs(",\"pending_id\":\"", out);
		output_hex(out, span_of(transfer->pending_id.bytes, TRANSFER_ID_SIZE));
		fputc('"', out);
	}
	if (transfer->deadline_ms != 0) {
		time_write(transfer->deadline_ms, time);
		fprintf(out, ",\"deadline\":\"%s\"", time);
	}
	if (transfer->reference.size > 0)
		json_span(out, "reference", transfer->reference);
	fputs("}\n", out);
}

const struct export_format export_formats[] = {
    {"hledger", hledger_begin, hledger_transfer},
    {"csv", csv_begin, csv_transfer},
    {"jsonl", jsonl_begin, jsonl_transfer},
    {NULL, NULL, NULL},
};
