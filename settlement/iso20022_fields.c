#include "iso20022_internal.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct iso_reading, member)

static bool is(struct span text, const char *expected)
{
	return span_equal(text, span_text(expected));
}

static bool agrees(const struct stated *stated, int64_t value)
{
	return !stated->given || stated->value == value;
}

/* --- pain.001 --- */

static enum error transfer_end(struct iso_reading *reading, const struct xml_element *element)
{
	struct iso_order *order = &reading->file.order;
	const struct iso_transfer *transfer = &reading->transfer;
	void *array = order->transfers;
	if (transfer->end_to_end.size == 0 || transfer->amount.value == 0 ||
	    transfer->creditor.name.size == 0 || transfer->creditor.account.size == 0)
		return iso_refuse(reading, element, ERROR_MALFORMED,
		    "without EndToEndId, InstdAmt, Cdtr or CdtrAcct");
	enum error error =
	    iso_more_room(reading, element, &array, order->count, sizeof(*order->transfers));
	if (error)
		return error;
	order->transfers = array;
	order->transfers[order->count++] = *transfer;
	reading->transfer = (struct iso_transfer){0};
	return ERROR_NONE;
}

static enum error order_end(struct iso_reading *reading, const struct xml_element *element)
{
	const struct iso_order *order = &reading->file.order;
	struct amount sum = {0};
	enum error error = ERROR_NONE;
	for (size_t i = 0; i < order->count && !error; i++)
		error = amount_add(sum, order->transfers[i].amount, &sum);
	if (error)
		return iso_refuse(reading, element, error, "the sum does not fit");
	if (order->message.size == 0 || order->block.size == 0 || order->count == 0 ||
	    order->debtor.account.size == 0 || order->execution_day == 0 ||
	    !is(reading->method, "TRF") || !reading->count.given)
		return iso_refuse(reading, element, ERROR_MALFORMED,
		    "without MsgId, NbOfTxs, PmtInfId, PmtMtd TRF, ReqdExctnDt, DbtrAcct or "
		    "payments");
	if (!agrees(&reading->count, (int64_t)order->count) ||
	    !agrees(&reading->block_count, (int64_t)order->count))
		return iso_refuse(reading, element, ERROR_MISMATCH, "NbOfTxs differs");
	if (!agrees(&reading->sum, sum.value) || !agrees(&reading->block_sum, sum.value))
		return iso_refuse(reading, element, ERROR_MISMATCH, "CtrlSum differs");
	return ERROR_NONE;
}

#define ORDER "CstmrCdtTrfInitn"
#define PAYMENT ORDER "/PmtInf/CdtTrfTxInf"
#define AGENT "/FinInstnId/ClrSysMmbId/MmbId"
static const struct iso_field order_fields[] = {
    {PAYMENT "/PmtId/InstrId", TAKE_ID, AT(transfer.instruction), NULL},
    {PAYMENT "/PmtId/EndToEndId", TAKE_ID, AT(transfer.end_to_end), NULL},
    {PAYMENT "/Amt/InstdAmt", TAKE_MONEY, AT(transfer.amount), NULL},
    {PAYMENT "/CdtrAgt" AGENT, TAKE_ID, AT(transfer.creditor.bank), NULL},
    {PAYMENT "/Cdtr/Nm", TAKE_NAME, AT(transfer.creditor.name), NULL},
    {PAYMENT "/CdtrAcct/Id/Othr/Id", TAKE_ID, AT(transfer.creditor.account), NULL},
    {PAYMENT "/RmtInf/Ustrd", TAKE_NAME, AT(transfer.remittance), NULL},
    {PAYMENT, TAKE_END, 0, transfer_end},
    {ORDER "/GrpHdr/MsgId", TAKE_ID, AT(file.order.message), NULL},
    {ORDER "/GrpHdr/NbOfTxs", TAKE_COUNT, AT(count), NULL},
    {ORDER "/GrpHdr/CtrlSum", TAKE_SUM, AT(sum), NULL},
    {ORDER "/PmtInf/PmtInfId", TAKE_ID, AT(file.order.block), NULL},
    {ORDER "/PmtInf/PmtMtd", TAKE_ID, AT(method), NULL},
    {ORDER "/PmtInf/NbOfTxs", TAKE_COUNT, AT(block_count), NULL},
    {ORDER "/PmtInf/CtrlSum", TAKE_SUM, AT(block_sum), NULL},
    {ORDER "/PmtInf/ReqdExctnDt/Dt", TAKE_DAY, AT(file.order.execution_day), NULL},
    {ORDER "/PmtInf/Dbtr/Nm", TAKE_NAME, AT(file.order.debtor.name), NULL},
    {ORDER "/PmtInf/DbtrAcct/Id/Othr/Id", TAKE_ID, AT(file.order.debtor.account), NULL},
    {ORDER "/PmtInf/DbtrAgt" AGENT, TAKE_ID, AT(file.order.debtor.bank), NULL},
    {ORDER, TAKE_END, 0, order_end},
    {NULL, TAKE_END, 0, NULL},
};

/* --- camt.054 --- */

static enum error booking_add(struct iso_reading *reading, const struct xml_element *element,
    const struct iso_booking *booking)
{
	struct iso_notification *notification = &reading->file.notification;
	void *array = notification->bookings;
	enum error error = iso_more_room(
	    reading, element, &array, notification->count, sizeof(*notification->bookings));
	if (error)
		return error;
	notification->bookings = array;
	notification->bookings[notification->count++] = *booking;
	return ERROR_NONE;
}

/* TxDtls: what it leaves out is as in its entry. The sides must be the same. */
static enum error details_end(struct iso_reading *reading, const struct xml_element *element)
{
	struct iso_booking *booking = &reading->booking;
	if (reading->booking_side.size > 0 &&
	    !span_equal(reading->booking_side, reading->entry.side))
		return iso_refuse(
		    reading, element, ERROR_MISMATCH, "CdtDbtInd differs from its entry's");
	if (is(booking->end_to_end, "NOTPROVIDED"))
		booking->end_to_end.size = 0;
	if (booking->amount.value == 0)
		booking->amount = reading->entry.head.amount;
	enum error error = booking_add(reading, element, booking);
	reading->booking = (struct iso_booking){0};
	reading->booking_side.size = 0;
	return error;
}

static enum error return_end(struct iso_reading *reading, const struct xml_element *element)
{
	(void)element;
	reading->booking.returned = true;
	return ERROR_NONE;
}

static enum error entry_form(struct iso_reading *reading, const struct xml_element *element)
{
	const struct iso_entry *entry = &reading->entry;
	bool side = is(entry->side, "CRDT") || is(entry->side, "DBIT");
	bool reversal = entry->reversal.size == 0 || is(entry->reversal, "true") ||
			is(entry->reversal, "false");
	if (entry->head.amount.value == 0 || !side || !reversal || entry->status.size == 0 ||
	    entry->head.day == 0)
		return iso_refuse(reading, element, ERROR_MALFORMED,
		    "without Amt, CdtDbtInd, Sts/Cd or BookgDt, or with others than are known");
	return ERROR_NONE;
}

/* The entry's bookings get what stands once for all of them; their amounts must come to the entry's. */
static enum error entry_complete(struct iso_reading *reading, const struct xml_element *element)
{
	struct iso_notification *notification = &reading->file.notification;
	const struct iso_entry *entry = &reading->entry;
	struct amount sum = {0};
	enum error error = ERROR_NONE;
	for (size_t i = entry->first; i < notification->count && !error; i++) {
		struct iso_booking *booking = &notification->bookings[i];
		booking->credit = is(entry->side, "CRDT");
		booking->returned = booking->returned || is(entry->reversal, "true");
		booking->day = entry->head.day;
		if (booking->reference.size == 0)
			booking->reference = entry->head.reference;
		error = amount_add(sum, booking->amount, &sum);
	}
	if (error || sum.value != entry->head.amount.value)
		return iso_refuse(reading, element, ERROR_MISMATCH,
		    "the amounts of TxDtls do not come to the entry's");
	if (!agrees(&entry->details, (int64_t)(notification->count - entry->first)))
		return iso_refuse(reading, element, ERROR_MISMATCH, "Btch/NbOfTxs differs");
	return ERROR_NONE;
}

/* Only what is booked counts: an entry that is pending or for information will come again. */
static enum error entry_end(struct iso_reading *reading, const struct xml_element *element)
{
	struct iso_notification *notification = &reading->file.notification;
	struct iso_entry *entry = &reading->entry;
	enum error error = entry_form(reading, element);
	if (!error && notification->count == entry->first)
		error = booking_add(
		    reading, element, &(const struct iso_booking){.amount = entry->head.amount});
	if (!error)
		error = entry_complete(reading, element);
	if (!error)
		error = amount_add(reading->entries_sum, entry->head.amount, &reading->entries_sum);
	if (error)
		return error;
	reading->entry_count++;
	if (!is(entry->status, "BOOK"))
		notification->count = entry->first;
	*entry = (struct iso_entry){.first = notification->count};
	return ERROR_NONE;
}

static enum error notification_end(struct iso_reading *reading, const struct xml_element *element)
{
	const struct iso_notification *notification = &reading->file.notification;
	if (notification->message.size == 0 || notification->id.size == 0 ||
	    notification->account.size == 0 || reading->entry_count == 0)
		return iso_refuse(reading, element, ERROR_MALFORMED,
		    "without MsgId, Ntfctn/Id, Acct or any Ntry");
	if (!agrees(&reading->count, reading->entry_count))
		return iso_refuse(reading, element, ERROR_MISMATCH, "NbOfNtries differs");
	if (!agrees(&reading->sum, reading->entries_sum.value))
		return iso_refuse(reading, element, ERROR_MISMATCH, "TtlNtries/Sum differs");
	return ERROR_NONE;
}

#define NOTIFICATION "BkToCstmrDbtCdtNtfctn"
#define ENTRY NOTIFICATION "/Ntfctn/Ntry"
#define DETAILS ENTRY "/NtryDtls/TxDtls"
static const struct iso_field notification_fields[] = {
    {ENTRY "/Amt", TAKE_MONEY, AT(entry.head.amount), NULL},
    {ENTRY "/CdtDbtInd", TAKE_ID, AT(entry.side), NULL},
    {ENTRY "/RvslInd", TAKE_ID, AT(entry.reversal), NULL},
    {ENTRY "/Sts/Cd", TAKE_ID, AT(entry.status), NULL},
    {ENTRY "/BookgDt/Dt", TAKE_DAY, AT(entry.head.day), NULL},
    {ENTRY "/BookgDt/DtTm", TAKE_DAY, AT(entry.head.day), NULL},
    {ENTRY "/AcctSvcrRef", TAKE_ID, AT(entry.head.reference), NULL},
    {ENTRY "/NtryDtls/Btch/NbOfTxs", TAKE_COUNT, AT(entry.details), NULL},
    {DETAILS "/Refs/EndToEndId", TAKE_ID, AT(booking.end_to_end), NULL},
    {DETAILS "/Refs/AcctSvcrRef", TAKE_ID, AT(booking.reference), NULL},
    {DETAILS "/Amt", TAKE_MONEY, AT(booking.amount), NULL},
    {DETAILS "/CdtDbtInd", TAKE_ID, AT(booking_side), NULL},
    {DETAILS "/RtrInf/Rsn/Cd", TAKE_ID, AT(booking.reason), NULL},
    {DETAILS "/RtrInf", TAKE_END, 0, return_end},
    {DETAILS, TAKE_END, 0, details_end},
    {ENTRY, TAKE_END, 0, entry_end},
    {NOTIFICATION "/GrpHdr/MsgId", TAKE_ID, AT(file.notification.message), NULL},
    {NOTIFICATION "/Ntfctn/Id", TAKE_ID, AT(file.notification.id), NULL},
    {NOTIFICATION "/Ntfctn/Acct/Id/Othr/Id", TAKE_ID, AT(file.notification.account), NULL},
    {NOTIFICATION "/Ntfctn/TxsSummry/TtlNtries/NbOfNtries", TAKE_COUNT, AT(count), NULL},
    {NOTIFICATION "/Ntfctn/TxsSummry/TtlNtries/Sum", TAKE_SUM, AT(sum), NULL},
    {NOTIFICATION, TAKE_END, 0, notification_end},
    {NULL, TAKE_END, 0, NULL},
};

/* --- pain.002 --- */

static enum error status_end(struct iso_reading *reading, const struct xml_element *element)
{
	struct iso_report *report = &reading->file.report;
	struct iso_rejection *rejection = &reading->rejection;
	void *array = report->rejections;
	enum error error = ERROR_NONE;
	if (rejection->end_to_end.size == 0 || reading->status.size == 0)
		return iso_refuse(
		    reading, element, ERROR_MALFORMED, "without OrgnlEndToEndId or TxSts");
	rejection->has_amount = rejection->amount.value != 0;
	if (is(reading->status, "RJCT")) {
		error = iso_more_room(
		    reading, element, &array, report->count, sizeof(*report->rejections));
		if (error)
			return error;
		report->rejections = array;
		report->rejections[report->count++] = *rejection;
	}
	*rejection = (struct iso_rejection){0};
	reading->status.size = 0;
	return ERROR_NONE;
}

static enum error report_end(struct iso_reading *reading, const struct xml_element *element)
{
	struct iso_report *report = &reading->file.report;
	if (report->message.size == 0 || report->original.size == 0 || report->day == 0)
		return iso_refuse(
		    reading, element, ERROR_MALFORMED, "without MsgId, CreDtTm or OrgnlMsgId");
	report->all_rejected =
	    is(reading->group_status, "RJCT") || is(reading->block_status, "RJCT");
	report->reason =
	    reading->group_reason.size > 0 ? reading->group_reason : reading->block_reason;
	return ERROR_NONE;
}

#define REPORT "CstmrPmtStsRpt"
#define GROUP REPORT "/OrgnlGrpInfAndSts"
#define ORIGINAL REPORT "/OrgnlPmtInfAndSts"
#define STATUS ORIGINAL "/TxInfAndSts"
static const struct iso_field report_fields[] = {
    {STATUS "/OrgnlEndToEndId", TAKE_ID, AT(rejection.end_to_end), NULL},
    {STATUS "/TxSts", TAKE_ID, AT(status), NULL},
    {STATUS "/StsRsnInf/Rsn/Cd", TAKE_ID, AT(rejection.reason), NULL},
    {STATUS "/OrgnlTxRef/Amt/InstdAmt", TAKE_MONEY, AT(rejection.amount), NULL},
    {STATUS, TAKE_END, 0, status_end},
    {REPORT "/GrpHdr/MsgId", TAKE_ID, AT(file.report.message), NULL},
    {REPORT "/GrpHdr/CreDtTm", TAKE_DAY, AT(file.report.day), NULL},
    {GROUP "/OrgnlMsgId", TAKE_ID, AT(file.report.original), NULL},
    {GROUP "/GrpSts", TAKE_ID, AT(group_status), NULL},
    {GROUP "/StsRsnInf/Rsn/Cd", TAKE_ID, AT(group_reason), NULL},
    {ORIGINAL "/OrgnlPmtInfId", TAKE_ID, AT(file.report.block), NULL},
    {ORIGINAL "/PmtInfSts", TAKE_ID, AT(block_status), NULL},
    {ORIGINAL "/StsRsnInf/Rsn/Cd", TAKE_ID, AT(block_reason), NULL},
    {REPORT, TAKE_END, 0, report_end},
    {NULL, TAKE_END, 0, NULL},
};

const struct iso_field *iso_fields(const char *name_space, enum iso_kind *kind)
{
	static const struct {
		const char *name_space;
		enum iso_kind kind;
		const struct iso_field *fields;
	} known[] = {
	    {"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09", ISO_ORDER, order_fields},
	    {"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08", ISO_NOTIFICATION,
		notification_fields},
	    {"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10", ISO_REPORT, report_fields},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		*kind = known[i].kind;
		if (strcmp(known[i].name_space, name_space) == 0)
			return known[i].fields;
	}
	return NULL;
}
