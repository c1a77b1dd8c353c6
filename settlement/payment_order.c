/* payment_order.c: the kind `payment_order`: what is owed is ordered from the bank and held until its word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allowance.h"
#include "calendar.h"
#include "clearing.h"
#include "document.h"
#include "institution.h"
#include "order.h"
#include "person.h"
#include "payment_internal.h"
#include "prefund.h"
#include "settlement_internal.h"
#include "trust.h"
#include "unmatched.h"

#define LINE_FIELDS 6

/* What an order asks for. */
struct wanted {
	enum payment_kind kind;
	char name[PAYMENT_NAME_MAX + 1], first[PAYMENT_PAYEE_MAX + 1];
	/* a reserve to be lodged; host 0: those of the name that the bank has refused, once more */
	uint32_t host;
	int64_t amount_fen;
};

/* What the bank has told of as booked though it had rejected it, and what could not be booked then: it must not be paid once more until an officer
 * has said what that was. */
struct paid {
	char payee[PAYMENT_PAYEE_MAX + 1], debit[ACCOUNT_TEXT_SIZE];
};

struct order_work {
	struct settlement *settlement;
	struct txn *txn;
	const struct wanted *wanted;
	const struct command *command;
	struct decision *decision;
	uint32_t waiting
	    [CITIES_MAX]; /* cities that are not paid yet: a proof or a fresh head is awaited */
	size_t waiting_count;
	int64_t cash;      /* left in the treasury, or the float */
	struct paid *paid; /* whom the bank says that it has paid after all */
	size_t paid_count;
	const char *paid_after_all; /* one of them, passed over */
	bool full;
	char next[PAYMENT_PAYEE_MAX + 1];
	enum error error;
	struct error_detail *detail;
};

void payment_parameters_write(
    struct buffer *out, enum payment_kind kind, const char *name, const char *first_payee)
{
	codec_put_uint(out, kind);
	codec_put_text(out, span_text(name));
	codec_put_text(out, span_text(first_payee));
}

/* Names stand in rows of fixed size and in files: printable ASCII. */
static bool name_valid(const char *name)
{
	for (const char *at = name; *at; at++) {
		if (*at <= ' ' || *at > '~')
			return false;
	}
	return name[0] != '\0';
}

static enum error read_order(struct span bytes, struct wanted *wanted)
{
	struct document document;
	struct order order;

	memset(wanted, 0, sizeof *wanted);
	if (document_read(bytes, &document) || strcmp(document.name, "order") != 0 ||
	    order_read(document.payload, &order) ||
	    (order.parameter_count != PAYMENT_PARAMETERS &&
		order.parameter_count != PREFUND_PARAMETERS))
		return ERROR_MALFORMED;
	wanted->kind = (enum payment_kind)codec_uint_max(&order.parameters, PAYMENT_KIND_LAST);
	codec_text_copy(&order.parameters, wanted->name, sizeof wanted->name);
	if (order.parameter_count == PREFUND_PARAMETERS) {
		wanted->host = (uint32_t)codec_uint_max(&order.parameters, 999999);
		wanted->amount_fen = (int64_t)codec_uint_max(&order.parameters, AMOUNT_MAX);
		if (wanted->kind != PAYMENT_PREFUND || !wanted->host || !wanted->amount_fen)
			return ERROR_MALFORMED;
	} else {
		codec_text_copy(&order.parameters, wanted->first, sizeof wanted->first);
	}
	if (wanted->kind == PAYMENT_PREFUND && !prefund_name_valid(wanted->name))
		return ERROR_MALFORMED;
	return order.parameters.failed || wanted->kind == 0 || !name_valid(wanted->name)
		   ? ERROR_MALFORMED
		   : ERROR_NONE;
}

static void write_line(struct buffer *out, const struct payment *payment)
{
	codec_put_array(out, LINE_FIELDS);
	codec_put_uint(out, payment->kind);
	codec_put_text(out, span_text(payment->name));
	codec_put_text(out, span_text(payment->payee));
	codec_put_uint(out, payment->attempt);
	codec_put_uint(out, (uint64_t)payment->amount_fen);
	codec_put_text(out, span_text(payment->end_to_end));
}

static void put_verdict(struct decision *decision, enum reason reason)
{
	codec_put_array(&decision->verdicts, 2);
	codec_put_uint(&decision->verdicts, reason);
	codec_put_null(&decision->verdicts);
	decision->count++;
}

static enum error available(struct order_work *work, const char *account, int64_t *fen)
{
	struct amount amount;
	enum error error =
	    account_available(work->txn, settlement_chart, span_text(account), &amount);

	*fen = error ? 0 : amount.value;
	return error;
}

/* Of a reserve that was returned, unless it had been drawn meanwhile: then it waits to be paid by kind `again`. */
static bool may_come_again(struct order_work *work, const struct payment *before)
{
	char returned[ACCOUNT_TEXT_SIZE];
	struct account account;
	enum error error;

	if (before->state == PAYMENT_REJECTED)
		return true;
	if (before->state != PAYMENT_RETURNED)
		return false;
	if (before->kind != PAYMENT_PREFUND)
		return before->kind == PAYMENT_CLEARING;
	error = account_get(
	    work->txn, span_text(account_payable_returned(returned, before->end_to_end)), &account);
	if (error && error != ERROR_NOT_FOUND)
		work->error = error;
	return error == ERROR_NOT_FOUND;
}

/* Of those that wait. */
static bool note_paid(void *context, const struct unmatched *unmatched)
{
	struct order_work *work = context;
	char credit[ACCOUNT_TEXT_SIZE];
	struct payment payment;
	struct paid *grown, *paid;

	if (unmatched->line.fact != BANK_BOOKED || unmatched->ended)
		return true;
	work->error = payment_find(work->txn, unmatched->line.end_to_end, &payment);
	if (work->error == ERROR_NOT_FOUND || (!work->error && payment.state != PAYMENT_REJECTED)) {
		work->error = ERROR_NONE;
		return true;
	}
	grown =
	    work->error ? NULL : realloc(work->paid, (work->paid_count + 1) * sizeof *work->paid);
	if (!grown) {
		work->error = work->error ? work->error : ERROR_MEMORY;
		return false;
	}
	work->paid = grown;
	paid = &work->paid[work->paid_count++];
	memcpy(paid->payee, payment.payee, sizeof paid->payee);
	payment_accounts(&payment, paid->debit, credit);
	return true;
}

/* The same money to the same payee. */
static bool may_be_paid_already(struct order_work *work, const char *payee, const char *debit)
{
	for (size_t i = 0; i < work->paid_count; i++) {
		if (strcmp(work->paid[i].payee, payee) != 0 ||
		    strcmp(work->paid[i].debit, debit) != 0)
			continue;
		work->paid_after_all = work->paid[i].payee;
		return true;
	}
	return false;
}

/* One more payment, unless it was ordered before and the bank has not refused it. False: stop (part is full, or an error). */
static bool add(struct order_work *work, const char *payee, int64_t amount_fen, const char *debit,
    const char *credit)
{
	struct payment payment = {.kind = work->wanted->kind,
			   .attempt = 1,
			   .amount_fen = amount_fen},
		       before;
	struct transfer transfer = {.kind = TRANSFER_PENDING,
	    .unit = UNIT_CNY,
	    .amount = {amount_fen},
	    .debit = span_text(debit),
	    .credit = span_text(credit)};
	enum error error =
	    payment_last(work->txn, work->wanted->kind, work->wanted->name, payee, &before);

	if (error && error != ERROR_NOT_FOUND) {
		work->error = error;
		return false;
	}
	if (!error) {
		bool again = may_come_again(work, &before);

		if (work->error || !again || before.attempt == PAYMENT_ATTEMPTS_MAX)
			return !work->error;
		payment.attempt = before.attempt + 1;
	}
	if (may_be_paid_already(work, payee, debit))
		return true;
	if (work->decision->count == PAYMENT_PART_MAX) {
		work->full = true;
		snprintf(work->next, sizeof work->next, "%s", payee);
		return false;
	}
	if (amount_fen > work->cash) {
		work->error = error_set(work->detail, ERROR_BALANCE,
		    "%s does not hold what is to be paid to %s", credit, payee);
		return false;
	}
	work->cash -= amount_fen;
	snprintf(payment.name, sizeof payment.name, "%s", work->wanted->name);
	snprintf(payment.payee, sizeof payment.payee, "%s", payee);
	payment_end_to_end(settlement_region(work->settlement), payment.kind, payment.name, payee,
	    payment.attempt, payment.end_to_end);
	transfer.id = transfer_id_from(span_text(payment.end_to_end), 0);
	transfer.reference = span_text(payment.end_to_end);
	decision_transfer(work->decision, &transfer);
	write_line(&work->decision->lines, &payment);
	put_verdict(work->decision, REASON_ordered);
	return true;
}

/* An institution without an account cannot be paid: what it is owed stays due, and holds up nobody else's money. */
static bool can_be_paid(struct order_work *work, const char *uscc)
{
	struct institution_profile profile;
	enum error error = institution_profile(work->txn, uscc, &profile);

	if (error && error != ERROR_NOT_FOUND)
		work->error = error;
	return !error && profile.account.size > 0 && profile.bank.size > 0;
}

/* The city's own institutions, for its own persons: all that is not ordered yet. */
static bool visit_institution(void *context, const struct institution_row *row)
{
	struct order_work *work = context;
	char payable[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE], uscc[USCC_SIZE + 1] = {0};
	int64_t fen;

	memcpy(uscc, row->uscc, USCC_SIZE);
	if (row->host != settlement_region(work->settlement) ||
	    strcmp(uscc, work->wanted->first) < 0)
		return true;
	work->error = available(work, account_payable_local(payable, uscc), &fen);
	if (work->error || fen <= 0 || !can_be_paid(work, uscc))
		return !work->error;
	return add(work, uscc, fen, payable, account_treasury(treasury));
}

static bool visit_person(void *context, uint64_t person, int64_t amount_fen)
{
	struct order_work *work = context;
	char payable[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE], payee[PAYMENT_PAYEE_MAX + 1];

	snprintf(payee, sizeof payee, "%016llu", (unsigned long long)person);
	return add(work, payee, amount_fen, account_payable_run(payable, work->wanted->name),
	    account_treasury(treasury));
}

static enum error order_run(struct order_work *work)
{
	uint64_t from = 0;
	enum error error = work->wanted->first[0]
			       ? person_code_read(span_text(work->wanted->first), &from)
			       : ERROR_NONE;

	if (error)
		return error;
	error = allowance_each(work->txn, work->wanted->name, from, visit_person, work);
	if (error == ERROR_NOT_FOUND)
		return error_set(work->detail, error, "there is no run %s", work->wanted->name);
	return error;
}

/* [next payee or null, [region...]]: the last line when cities wait. */
static enum error read_last_line(struct span lines, uint32_t count, struct codec_reader *next,
    uint32_t waiting[CITIES_MAX], size_t *waiting_count)
{
	struct codec_reader reader;
	struct span item;

	*waiting_count = 0;
	if (count == 0 || entry_item(lines, count - 1, &item))
		return ERROR_CORRUPT;
	*next = reader = codec_reader(item);
	if (codec_peek(&reader) != 4)
		return ERROR_NONE;
	codec_array_exact(&reader, 2);
	*next = codec_reader(codec_item(&reader));
	*waiting_count = codec_array(&reader);
	if (*waiting_count > CITIES_MAX)
		return ERROR_CORRUPT;
	for (size_t i = 0; i < *waiting_count; i++)
		waiting[i] = (uint32_t)codec_uint_max(&reader, 999999);
	return codec_finish(&reader) ? ERROR_CORRUPT : ERROR_NONE;
}

/* Whom the gate has made wait stands in the entry, so that a replay, which has no gate, leaves out the same. */
static enum error waited_before(struct order_work *work, uint32_t city, bool *waits)
{
	struct codec_reader reader = codec_reader(work->command->logged_lines), next;
	uint32_t waiting[CITIES_MAX], lines = 0;
	size_t count;
	enum error error;

	*waits = false;
	while (!codec_at_end(&reader) && !reader.failed) {
		codec_item(&reader);
		lines++;
	}
	error = read_last_line(work->command->logged_lines, lines, &next, waiting, &count);
	for (size_t i = 0; !error && i < count; i++)
		*waits = *waits || waiting[i] == city;
	return error;
}

/* A city that is frozen is not paid; one of which something is awaited, not now. The others are. */
static bool must_wait(struct order_work *work, uint32_t city, int64_t fen)
{
	bool replays = work->command->logged_lines.size > 0, waits = false;
	enum error error = trust_check_frozen(work->txn, city, work->detail);

	if (error == ERROR_PEER_FROZEN)
		return true;
	if (!error && replays)
		error = waited_before(work, city, &waits);
	else if (!error)
		error = trust_check(work->settlement, work->txn, city, fen, work->detail);
	if (error == ERROR_PROOF_AWAITED) {
		error = ERROR_NONE;
		waits = true;
	}
	work->error = error;
	if (waits && work->waiting_count < CITIES_MAX)
		work->waiting[work->waiting_count++] = city;
	return waits || error;
}

static bool visit_clearing(void *context, const struct clearing_row *clearing)
{
	struct order_work *work = context;
	uint32_t self = settlement_region(work->settlement),
		 other = clearing->low == self ? clearing->high : clearing->low;
	char account[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE], payee[PAYMENT_PAYEE_MAX + 1];
	int64_t fen;

	if ((clearing->low != self && clearing->high != self) || clearing->state != CLEARING_NETTED)
		return true;
	/* What the creditor has drawn from the reserve is paid. */
	if (clearing_is_drawn(clearing, self))
		return true;
	fen = clearing_pays(clearing, self);
	snprintf(payee, sizeof payee, "%06u", (unsigned)other);
	if (fen <= 0 || strcmp(payee, work->wanted->first) < 0)
		return true;
	if (must_wait(work, other, fen))
		return !work->error;
	return add(work, payee, fen, account_clearing(account, clearing->month, other),
	    account_treasury(treasury));
}

static enum error order_clearing(struct order_work *work)
{
	char *end;
	unsigned long month = strtoul(work->wanted->name, &end, 10);

	if (*end || strlen(work->wanted->name) != 6 || !month_is_real((uint32_t)month))
		return error_set(
		    work->detail, ERROR_MALFORMED, "%s is no month", work->wanted->name);
	return clearing_each(work->txn, (uint32_t)month, visit_clearing, work);
}

/* "202611-500000": which clearing brought the guests' money. */
static enum error read_guests(const struct wanted *wanted, uint32_t self, struct guest_pick *pick)
{
	char *end;
	unsigned long month = strtoul(wanted->name, &end, 10), payer;

	if (strlen(wanted->name) != 13 || end != wanted->name + 6 || *end != '-' ||
	    !month_is_real((uint32_t)month))
		return ERROR_MALFORMED;
	payer = strtoul(wanted->name + 7, &end, 10);
	if (*end || payer == 0 || payer > 999999)
		return ERROR_MALFORMED;
	*pick =
	    (struct guest_pick){.self = self, .payer = (uint32_t)payer, .month = (uint32_t)month};
	return ERROR_NONE;
}

static enum error pay_dues(struct order_work *work, struct guest_pick *pick, const char *credit)
{
	struct guest_due *dues;
	size_t count;
	enum error error = guest_dues(work->txn, guest_picked, pick, &dues, &count);

	for (size_t i = 0; !error && i < count; i++) {
		char payable[ACCOUNT_TEXT_SIZE];
		int64_t fen;

		if (strcmp(dues[i].uscc, work->wanted->first) < 0 || dues[i].fen <= 0)
			continue;
		error = available(work, account_payable_remote(payable, dues[i].uscc), &fen);
		if (!error && fen > dues[i].fen)
			fen = dues[i].fen;
		if (error || fen <= 0 || !can_be_paid(work, dues[i].uscc))
			continue;
		if (!add(work, dues[i].uscc, fen, payable, credit))
			break;
	}
	free(dues);
	return error;
}

static enum error order_guests(struct order_work *work)
{
	uint32_t self = settlement_region(work->settlement);
	char treasury[ACCOUNT_TEXT_SIZE];
	struct clearing_row clearing;
	struct guest_pick pick;
	enum error error = read_guests(work->wanted, self, &pick);

	if (error)
		return error_set(
		    work->detail, error, "%s is not like 202611-500000", work->wanted->name);
	error = clearing_get(work->txn, pick.month, self, pick.payer, &clearing);
	if (error)
		return error_set(
		    work->detail, error, "there is no clearing %s", work->wanted->name);
	if (clearing.state != CLEARING_SETTLED)
		return error_set(work->detail, ERROR_STATE,
		    "clearing %s is not settled yet: guests' money is paid when it is, or advanced "
		    "from the float",
		    work->wanted->name);
	return pay_dues(work, &pick, account_treasury(treasury));
}

static enum error order_advance(struct order_work *work)
{
	const struct policy *policy =
	    settlement_policy(work->settlement, settlement_region(work->settlement));
	struct guest_pick pick = {.self = settlement_region(work->settlement)};
	char account[ACCOUNT_TEXT_SIZE];
	enum error error;

	if (!policy || !policy->pays_from_float)
		return error_set(work->detail, ERROR_REFUSED,
		    "this city's policy does not advance guests' money from a float");
	error = available(work, account_float(account), &work->cash);
	return error ? error : pay_dues(work, &pick, account);
}

/* A payment that came back, once more. */
static enum error order_again(struct order_work *work)
{
	char payable[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE];
	struct payment before;
	enum error error = payment_find(work->txn, work->wanted->name, &before);

	if (error)
		return error_set(work->detail, error, "there is no payment %s", work->wanted->name);
	if (before.state != PAYMENT_RETURNED || before.kind == PAYMENT_CLEARING)
		return error_set(
		    work->detail, ERROR_STATE, "payment %s was not returned", work->wanted->name);
	add(work, before.payee, before.amount_fen,
	    account_payable_returned(payable, before.end_to_end), account_treasury(treasury));
	return ERROR_NONE;
}

/* Those of the name that the bank has refused, with the amount that they had. */
static bool visit_prefund(void *context, const struct payment *payment)
{
	struct order_work *work = context;
	char lodged[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE];
	struct payment last;

	/* What came in stands here too, under a name of its own. */
	work->error =
	    payment_last(work->txn, PAYMENT_PREFUND, payment->name, payment->payee, &last);
	if (work->error || last.attempt != payment->attempt ||
	    strcmp(payment->payee, work->wanted->first) < 0)
		return !work->error;
	if (must_wait(work, (uint32_t)strtoul(payment->payee, NULL, 10), payment->amount_fen))
		return !work->error;
	return add(work, payment->payee, payment->amount_fen,
	    account_prefund_lodged(lodged, (uint32_t)strtoul(payment->payee, NULL, 10)),
	    account_treasury(treasury));
}

static enum error order_prefund(struct order_work *work)
{
	const struct wanted *wanted = work->wanted;
	char lodged[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE], payee[PAYMENT_PAYEE_MAX + 1];
	struct peer_row peer;
	enum error error;

	if (wanted->host == 0)
		return payment_each(work->txn, PAYMENT_PREFUND, wanted->name, visit_prefund, work);
	error = peer_get(work->txn, wanted->host, &peer);
	if (error)
		return error_set(
		    work->detail, error, "%06u is not a peer of this city", (unsigned)wanted->host);
	error = trust_check(
	    work->settlement, work->txn, wanted->host, wanted->amount_fen, work->detail);
	if (error)
		return error;
	payment_city(payee, wanted->host);
	add(work, payee, wanted->amount_fen, account_prefund_lodged(lodged, wanted->host),
	    account_treasury(treasury));
	return ERROR_NONE;
}

/* Is there such a payee: a city that is a peer, a house, a person of this city? */
static enum error check_payee(struct order_work *work, const char *payee)
{
	struct institution_profile profile;
	const struct person_row *person;
	struct peer_row peer;
	uint64_t code;
	int64_t region;
	enum error error = ERROR_MALFORMED;

	if (strlen(payee) == 6 && decimal_read(span_text(payee), &region) == ERROR_NONE)
		error = peer_get(work->txn, (uint32_t)region, &peer);
	else if (strlen(payee) == USCC_SIZE)
		error = institution_profile(work->txn, payee, &profile);
	else if (person_code_read(span_text(payee), &code) == ERROR_NONE)
		error = person_get(work->txn, code, &person);
	return error ? error_set(work->detail, error,
			   "%s is no peer, institution or person of this city", payee)
		     : ERROR_NONE;
}

/* What is in a suspense account, to whom it belongs. */
static enum error order_suspense(struct order_work *work)
{
	char suspense[ACCOUNT_TEXT_SIZE], treasury[ACCOUNT_TEXT_SIZE];
	struct account account = {0};
	int64_t fen;
	enum error error = check_payee(work, work->wanted->first);

	if (error)
		return error;
	/* It may be on either side: what is available of it has no bound. */
	error = account_get(
	    work->txn, span_text(account_suspense(suspense, work->wanted->name)), &account);
	if (error == ERROR_NOT_FOUND)
		return error_set(
		    work->detail, error, "nothing is in suspense under %s", work->wanted->name);
	fen = account.credits - account.debits - account.pending_debits;
	if (!error && fen > 0)
		add(work, work->wanted->first, fen, suspense, account_treasury(treasury));
	return error;
}

static enum error gather(struct order_work *work)
{
	char account[ACCOUNT_TEXT_SIZE];
	enum error error = available(work, account_treasury(account), &work->cash);

	if (!error)
		error = unmatched_each(work->txn, note_paid, work);
	if (!error)
		error = work->error;
	if (error)
		return error;
	switch (work->wanted->kind) {
	case PAYMENT_CLEARING:
		return order_clearing(work);
	case PAYMENT_RUN:
		return order_run(work);
	case PAYMENT_INSTITUTION:
		return institution_each(work->txn, visit_institution, work);
	case PAYMENT_GUESTS:
		return order_guests(work);
	case PAYMENT_ADVANCE:
		return order_advance(work);
	case PAYMENT_AGAIN:
		return order_again(work);
	case PAYMENT_PREFUND:
		return order_prefund(work);
	case PAYMENT_SUSPENSE:
		return order_suspense(work);
	}
	return ERROR_MALFORMED;
}

enum error payment_order_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct wanted wanted;
	struct order_work work = {.settlement = settlement,
	    .txn = txn,
	    .wanted = &wanted,
	    .command = command,
	    .decision = decision,
	    .detail = detail};
	enum error error = read_order(command->documents[0], &wanted);

	(void)now_ms;
	if (error)
		return error_set(detail, error, "not a well-formed payment order");
	error = gather(&work);
	if (!error)
		error = work.error;
	if (!error && decision->count == 0 && work.paid_after_all)
		error = error_set(detail, ERROR_STATE,
		    "the bank has told of a payment to %s as booked that it had rejected: `suiren "
		    "payment unmatched`",
		    work.paid_after_all);
	free(work.paid);
	if (!error && decision->count == 0)
		return work.waiting_count ? ERROR_PROOF_AWAITED /* the detail says of whom */
					  : error_set(detail, ERROR_STATE, "nothing is to be paid");
	if (error)
		return error;
	/* The last line: where the next part begins, and who waits. */
	if (work.waiting_count)
		codec_put_array(&decision->lines, 2);
	if (work.full)
		codec_put_text(&decision->lines, span_text(work.next));
	else
		codec_put_null(&decision->lines);
	if (work.waiting_count)
		codec_put_array(&decision->lines, work.waiting_count);
	for (size_t i = 0; i < work.waiting_count; i++)
		codec_put_uint(&decision->lines, work.waiting[i]);
	put_verdict(decision, REASON_registered);
	return ERROR_NONE;
}

enum error payment_line_read(struct span item, struct payment *payment)
{
	struct codec_reader reader = codec_reader(item);

	memset(payment, 0, sizeof *payment);
	codec_array_exact(&reader, LINE_FIELDS);
	payment->kind = (enum payment_kind)codec_uint_max(&reader, PAYMENT_KIND_LAST);
	codec_text_copy(&reader, payment->name, sizeof payment->name);
	codec_text_copy(&reader, payment->payee, sizeof payment->payee);
	payment->attempt = (uint32_t)codec_uint_max(&reader, PAYMENT_ATTEMPTS_MAX);
	payment->amount_fen = (int64_t)codec_uint_max(&reader, AMOUNT_MAX);
	codec_text_copy(&reader, payment->end_to_end, sizeof payment->end_to_end);
	return codec_finish(&reader);
}

/* Which rows of guests' money a payment takes; false: none. */
static bool dues_of(
    struct settlement *settlement, const struct payment *payment, struct guest_pick *pick)
{
	struct wanted wanted = {.kind = payment->kind};

	*pick = (struct guest_pick){.self = settlement_region(settlement)};
	memcpy(wanted.name, payment->name, sizeof wanted.name);
	return payment->kind == PAYMENT_ADVANCE ||
	       (payment->kind == PAYMENT_GUESTS &&
		   read_guests(&wanted, settlement_region(settlement), pick) == ERROR_NONE);
}

enum error payment_due(
    struct settlement *settlement, struct txn *txn, const struct payment *payment, int64_t *fen)
{
	struct guest_pick pick;

	*fen = INT64_MAX;
	return dues_of(settlement, payment, &pick)
		   ? guest_due_sum(txn, guest_picked, &pick, payment->payee, fen)
		   : ERROR_NONE;
}

enum error payment_due_take(
    struct settlement *settlement, struct txn *txn, const struct payment *payment)
{
	struct guest_pick pick;

	return dues_of(settlement, payment, &pick)
		   ? guest_due_take(txn, guest_picked, &pick, payment->payee, payment->amount_fen,
			 payment->kind == PAYMENT_ADVANCE ? payment->end_to_end : NULL)
		   : ERROR_NONE;
}

static enum error apply_line(
    struct settlement *settlement, struct txn *txn, const struct entry *entry, struct span item)
{
	struct payment payment;
	enum error error = payment_line_read(item, &payment);

	if (error)
		return ERROR_CORRUPT;
	payment.state = PAYMENT_ORDERED;
	payment.sequence = entry->header.sequence;
	payment.day = day_of_time(entry->header.time_ms);
	error = payment_due_take(settlement, txn, &payment);
	return error ? error : payment_put(txn, &payment);
}

enum error payment_order_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines);
	enum error error = ERROR_NONE;

	(void)detail;
	for (uint32_t i = 0; !error && i + 1 < entry->header.count; i++)
		error = apply_line(settlement, txn, entry, codec_item(&lines));
	return error;
}

enum error payment_next(const struct entry *entry, char payee[PAYMENT_PAYEE_MAX + 1])
{
	struct codec_reader reader;
	uint32_t waiting[CITIES_MAX];
	size_t count;

	payee[0] = '\0';
	if (entry->header.kind != KIND_payment_order ||
	    read_last_line(entry->lines, entry->header.count, &reader, waiting, &count))
		return ERROR_CORRUPT;
	if (!codec_null(&reader))
		codec_text_copy(&reader, payee, PAYMENT_PAYEE_MAX + 1);
	return codec_finish(&reader);
}
