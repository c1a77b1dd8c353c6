#include "iso20022.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <libxml/xmlwriter.h>

#include "calendar.h"

/* A document under construction. The first failure stays. */
struct output {
	xmlBufferPtr buffer;
	xmlTextWriterPtr xml;
	enum error failed;
	struct error_detail *detail;
};

static void fail(struct output *output, enum error error, const char *field, const char *text)
{
	if (!output->failed)
		output->failed = error_set(output->detail, error, "%s: %s", field, text);
}

/* libxml2's writer fails only for want of memory: texts are checked before. */
static void check(struct output *output, int written)
{
	if (written < 0)
		fail(output, ERROR_MEMORY, "xml", error_text(ERROR_MEMORY));
}

static enum error output_open(struct output *output, struct error_detail *detail)
{
	*output = (struct output){.detail = detail, .buffer = xmlBufferCreate()};
	if (output->buffer)
		output->xml = xmlNewTextWriterMemory(output->buffer, 0);
	if (!output->xml) {
		xmlBufferFree(output->buffer);
		return ERROR_MEMORY;
	}
	check(output, xmlTextWriterSetIndent(output->xml, 1));
	check(output, xmlTextWriterSetIndentString(output->xml, BAD_CAST ""));
	check(output, xmlTextWriterStartDocument(output->xml, "1.0", "UTF-8", NULL));
	return output->failed;
}

/* Hand over what was written and free the rest. */
static enum error output_close(struct output *output, struct buffer *out)
{
	if (!output->failed)
		check(output, xmlTextWriterEndDocument(output->xml));
	xmlFreeTextWriter(output->xml); /* flushes */
	size_t size = (size_t)xmlBufferLength(output->buffer);
	if (!output->failed && size > ISO_FILE_MAX)
		fail(output, ERROR_TOO_LARGE, "file", error_text(ERROR_TOO_LARGE));
	if (!output->failed) {
		buffer_append(out, span_of(xmlBufferContent(output->buffer), size));
		output->failed = out->failed;
	}
	xmlBufferFree(output->buffer);
	return output->failed;
}

static void begin(struct output *output, const char *element)
{
	if (!output->failed)
		check(output, xmlTextWriterStartElement(output->xml, BAD_CAST element));
}

static void attribute(struct output *output, const char *name, const char *value)
{
	if (!output->failed)
		check(output,
		    xmlTextWriterWriteAttribute(output->xml, BAD_CAST name, BAD_CAST value));
}

static void end(struct output *output, unsigned count)
{
	while (count-- > 0 && !output->failed)
		check(output, xmlTextWriterEndElement(output->xml));
}

static void root(struct output *output, const char *name_space, const char *element)
{
	begin(output, "Document");
	attribute(output, "xmlns", name_space);
	begin(output, element);
}

static size_t characters(struct span text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.size; i++)
		count += (text.data[i] & 0xc0) != 0x80;
	return count;
}

/* What XML 1.0 can carry in one line: no control characters, neither U+FFFE nor U+FFFF. */
static bool is_printable(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
		if (i + 2 < text.size && text.data[i] == 0xef && text.data[i + 1] == 0xbf &&
		    text.data[i + 2] >= 0xbe)
			return false;
	}
	return utf8_valid(text);
}

#define LEAF_BYTES_MAX (4 * ISO_NAME_MAX)

static void leaf(struct output *output, const char *element, struct span text, size_t max)
{
	char copy[LEAF_BYTES_MAX + 1];
	if (text.size == 0)
		fail(output, ERROR_MALFORMED, element, "empty");
	else if (text.size > LEAF_BYTES_MAX || characters(text) > max)
		fail(output, ERROR_TOO_LARGE, element, "longer than the bank takes");
	else if (!is_printable(text))
		fail(output, ERROR_MALFORMED, element, "holds what a bank's file cannot carry");
	if (output->failed)
		return;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	check(output, xmlTextWriterWriteElement(output->xml, BAD_CAST element, BAD_CAST copy));
}

static void leaf_text(struct output *output, const char *element, const char *text)
{
	leaf(output, element, span_text(text), ISO_NAME_MAX);
}

static void leaf_optional(struct output *output, const char *element, struct span text, size_t max)
{
	if (text.size > 0)
		leaf(output, element, text, max);
}

static void leaf_count(struct output *output, const char *element, size_t count)
{
	char text[24];
	snprintf(text, sizeof(text), "%zu", count);
	leaf_text(output, element, text);
}

static void leaf_sum(struct output *output, const char *element, struct amount amount)
{
	char text[AMOUNT_TEXT_SIZE];
	yuan_write(amount, text);
	leaf_text(output, element, text);
}

static void leaf_money(struct output *output, const char *element, struct amount amount)
{
	char text[AMOUNT_TEXT_SIZE];
	if (amount.value <= 0 || amount.value > AMOUNT_MAX) {
		fail(output, ERROR_MALFORMED, element, "not a positive amount");
		return;
	}
	yuan_write(amount, text);
	begin(output, element);
	attribute(output, "Ccy", "CNY");
	if (!output->failed)
		check(output, xmlTextWriterWriteString(output->xml, BAD_CAST text));
	end(output, 1);
}

static void leaf_time(struct output *output, const char *element, int64_t time_ms)
{
	char text[32];
	time_write(time_ms, text);
	leaf_text(output, element, text);
}

static void leaf_day(struct output *output, const char *element, int32_t day)
{
	char text[DAY_TEXT_SIZE];
	day_write(day, text);
	leaf_text(output, element, text);
}

static void account(struct output *output, const char *element, struct span number)
{
	begin(output, element);
	begin(output, "Id");
	begin(output, "Othr");
	leaf(output, "Id", number, ISO_ACCOUNT_MAX);
	end(output, 3);
}

static void agent(struct output *output, const char *element, struct span bank)
{
	bool digits = bank.size == ISO_BANK_SIZE;
	for (size_t i = 0; i < bank.size; i++)
		digits = digits && bank.data[i] >= '0' && bank.data[i] <= '9';
	if (!digits)
		fail(output, ERROR_MALFORMED, element, "not a CNAPS code of 12 digits");
	begin(output, element);
	begin(output, "FinInstnId");
	begin(output, "ClrSysMmbId");
	begin(output, "ClrSysId");
	leaf_text(output, "Cd", "CNAPS");
	end(output, 1);
	leaf(output, "MmbId", bank, ISO_BANK_SIZE);
	end(output, 3);
}

static void named(struct output *output, const char *element, struct span name)
{
	begin(output, element);
	leaf(output, "Nm", name, ISO_NAME_MAX);
	end(output, 1);
}

/* pain.001 */

static enum error sum_of(const struct iso_order *order, struct amount *sum)
{
	enum error error = ERROR_NONE;
	sum->value = 0;
	for (size_t i = 0; i < order->count && !error; i++)
		error = amount_add(*sum, order->transfers[i].amount, sum);
	return error;
}

static void transfer(struct output *output, const struct iso_transfer *transfer)
{
	begin(output, "CdtTrfTxInf");
	begin(output, "PmtId");
	leaf(output, "InstrId", transfer->instruction, ISO_ID_MAX);
	leaf(output, "EndToEndId", transfer->end_to_end, ISO_ID_MAX);
	end(output, 1);
	begin(output, "Amt");
	leaf_money(output, "InstdAmt", transfer->amount);
	end(output, 1);
	agent(output, "CdtrAgt", transfer->creditor.bank);
	named(output, "Cdtr", transfer->creditor.name);
	account(output, "CdtrAcct", transfer->creditor.account);
	if (transfer->remittance.size > 0) {
		begin(output, "RmtInf");
		leaf(output, "Ustrd", transfer->remittance, ISO_NAME_MAX);
		end(output, 1);
	}
	end(output, 1);
}

static void order_head(struct output *output, const struct iso_order *order, struct amount sum)
{
	begin(output, "GrpHdr");
	leaf(output, "MsgId", order->message, ISO_ID_MAX);
	leaf_time(output, "CreDtTm", order->created_ms);
	leaf_count(output, "NbOfTxs", order->count);
	leaf_sum(output, "CtrlSum", sum);
	named(output, "InitgPty", order->debtor.name);
	end(output, 1);
}

static void order_block(struct output *output, const struct iso_order *order, struct amount sum)
{
	begin(output, "PmtInf");
	leaf(output, "PmtInfId", order->block, ISO_ID_MAX);
	leaf_text(output, "PmtMtd", "TRF");
	leaf_count(output, "NbOfTxs", order->count);
	leaf_sum(output, "CtrlSum", sum);
	begin(output, "ReqdExctnDt");
	leaf_day(output, "Dt", order->execution_day);
	end(output, 1);
	named(output, "Dbtr", order->debtor.name);
	account(output, "DbtrAcct", order->debtor.account);
	agent(output, "DbtrAgt", order->debtor.bank);
	for (size_t i = 0; i < order->count && !output->failed; i++)
		transfer(output, &order->transfers[i]);
	end(output, 1);
}

enum error iso_order_write(
    struct buffer *out, const struct iso_order *order, struct error_detail *detail)
{
	struct output output;
	struct amount sum;
	if (order->count == 0 || order->count > ISO_TRANSFERS_MAX)
		return error_set(
		    detail, ERROR_TOO_LARGE, "a file takes 1 to %u payments", ISO_TRANSFERS_MAX);
	enum error error = sum_of(order, &sum);
	if (!error)
		error = output_open(&output, detail);
	if (error)
		return error_set(detail, error, "pain.001: %s", error_text(error));
	root(&output, "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09", "CstmrCdtTrfInitn");
	order_head(&output, order, sum);
	order_block(&output, order, sum);
	return output_close(&output, out);
}

/* camt.054 */

static void return_reason(struct output *output, const struct iso_booking *booking)
{
	if (!booking->returned)
		return;
	begin(output, "RtrInf");
	begin(output, "Rsn");
	leaf(output, "Cd", booking->reason, 4);
	end(output, 2);
}

static void booking(struct output *output, const struct iso_booking *booking)
{
	const char *side = booking->credit ? "CRDT" : "DBIT";
	begin(output, "Ntry");
	leaf_money(output, "Amt", booking->amount);
	leaf_text(output, "CdtDbtInd", side);
	begin(output, "Sts");
	leaf_text(output, "Cd", "BOOK");
	end(output, 1);
	begin(output, "BookgDt");
	leaf_day(output, "Dt", booking->day);
	end(output, 1);
	leaf_optional(output, "AcctSvcrRef", booking->reference, ISO_ID_MAX);
	begin(output, "BkTxCd");
	begin(output, "Domn");
	leaf_text(output, "Cd", "PMNT");
	begin(output, "Fmly");
	leaf_text(output, "Cd", booking->credit ? "RCDT" : "ICDT");
	leaf_text(output, "SubFmlyCd", booking->returned ? "RRTN" : "DMCT");
	end(output, 3);
	begin(output, "NtryDtls");
	begin(output, "TxDtls");
	begin(output, "Refs");
	leaf(output, "EndToEndId", booking->end_to_end, ISO_ID_MAX);
	end(output, 1);
	leaf_money(output, "Amt", booking->amount);
	leaf_text(output, "CdtDbtInd", side);
	return_reason(output, booking);
	end(output, 3);
}

enum error iso_notification_write(
    struct buffer *out, const struct iso_notification *notification, struct error_detail *detail)
{
	struct output output;
	if (notification->count == 0 || notification->count > ISO_TRANSFERS_MAX)
		return error_set(
		    detail, ERROR_TOO_LARGE, "a file takes 1 to %u bookings", ISO_TRANSFERS_MAX);
	enum error error = output_open(&output, detail);
	if (error)
		return error_set(detail, error, "camt.054: %s", error_text(error));
	root(&output, "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08", "BkToCstmrDbtCdtNtfctn");
	begin(&output, "GrpHdr");
	leaf(&output, "MsgId", notification->message, ISO_ID_MAX);
	leaf_time(&output, "CreDtTm", notification->created_ms);
	end(&output, 1);
	begin(&output, "Ntfctn");
	leaf(&output, "Id", notification->id, ISO_ID_MAX);
	account(&output, "Acct", notification->account);
	for (size_t i = 0; i < notification->count && !output.failed; i++)
		booking(&output, &notification->bookings[i]);
	return output_close(&output, out);
}

/* pain.002 */

static void status_reason(struct output *output, struct span reason)
{
	if (reason.size == 0)
		return;
	begin(output, "StsRsnInf");
	begin(output, "Rsn");
	leaf(output, "Cd", reason, 4);
	end(output, 2);
}

static void rejection(struct output *output, const struct iso_rejection *rejection)
{
	begin(output, "TxInfAndSts");
	leaf(output, "OrgnlEndToEndId", rejection->end_to_end, ISO_ID_MAX);
	leaf_text(output, "TxSts", "RJCT");
	status_reason(output, rejection->reason);
	if (rejection->has_amount) {
		begin(output, "OrgnlTxRef");
		begin(output, "Amt");
		leaf_money(output, "InstdAmt", rejection->amount);
		end(output, 2);
	}
	end(output, 1);
}

enum error iso_report_write(
    struct buffer *out, const struct iso_report *report, struct error_detail *detail)
{
	struct output output;
	if (report->count > ISO_TRANSFERS_MAX || report->all_rejected != (report->count == 0))
		return error_set(detail, ERROR_TOO_LARGE,
		    "a file takes 1 to %u rejected payments, or all of them", ISO_TRANSFERS_MAX);
	enum error error = output_open(&output, detail);
	if (error)
		return error_set(detail, error, "pain.002: %s", error_text(error));
	root(&output, "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10", "CstmrPmtStsRpt");
	begin(&output, "GrpHdr");
	leaf(&output, "MsgId", report->message, ISO_ID_MAX);
	leaf_time(&output, "CreDtTm", report->created_ms);
	end(&output, 1);
	begin(&output, "OrgnlGrpInfAndSts");
	leaf(&output, "OrgnlMsgId", report->original, ISO_ID_MAX);
	leaf_text(&output, "OrgnlMsgNmId", "pain.001.001.09");
	if (report->all_rejected) {
		leaf_text(&output, "GrpSts", "RJCT");
		status_reason(&output, report->reason);
	}
	end(&output, 1);
	if (report->count > 0) {
		begin(&output, "OrgnlPmtInfAndSts");
		leaf(&output, "OrgnlPmtInfId", report->block, ISO_ID_MAX);
		for (size_t i = 0; i < report->count && !output.failed; i++)
			rejection(&output, &report->rejections[i]);
		end(&output, 1);
	}
	return output_close(&output, out);
}
