#include "payment_file.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "institution.h"
#include "iso20022.h"
#include "registry.h"
#include "timeline.h"

struct reading {
	struct payment_parts *parts;
	size_t capacity;
	enum error error;
};

static bool take(void *context, const struct payment *payment)
{
	struct reading *reading = context;
	struct payment_parts *parts = reading->parts;

	if (parts->count == reading->capacity) {
		size_t capacity = reading->capacity ? 2 * reading->capacity : 64;
		struct payment *grown = realloc(parts->payments, capacity * sizeof *grown);

		if (!grown) {
			reading->error = ERROR_MEMORY;
			return false;
		}
		parts->payments = grown;
		reading->capacity = capacity;
	}
	parts->payments[parts->count++] = *payment;
	return true;
}

static int by_entry(const void *a, const void *b)
{
	const struct payment *left = a, *right = b;
	int order = (left->sequence > right->sequence) - (left->sequence < right->sequence);

	if (!order)
		order = strcmp(left->payee, right->payee);
	return order ? order : (left->attempt > right->attempt) - (left->attempt < right->attempt);
}

enum error payment_parts_read(
    struct txn *txn, enum payment_kind kind, const char *name, struct payment_parts *parts)
{
	struct reading reading = {.parts = parts};
	enum error error;

	memset(parts, 0, sizeof *parts);
	parts->kind = kind;
	snprintf(parts->name, sizeof parts->name, "%s", name);
	error = payment_each(txn, kind, name, take, &reading);
	if (!error)
		error = reading.error;
	if (error) {
		payment_parts_free(parts);
		return error;
	}
	if (parts->count)
		qsort(parts->payments, parts->count, sizeof *parts->payments, by_entry);
	for (size_t i = 0; i < parts->count; i++)
		parts->parts +=
		    i == 0 || parts->payments[i].sequence != parts->payments[i - 1].sequence;
	return ERROR_NONE;
}

void payment_parts_free(struct payment_parts *parts)
{
	free(parts->payments);
	memset(parts, 0, sizeof *parts);
}

struct payment_part payment_part_of(
    const struct node *node, const struct payment_parts *parts, uint32_t number)
{
	struct payment_part part = {.number = number, .answered = true};
	uint32_t at = 0;

	assert(number >= 1 && number <= parts->parts);
	for (size_t i = 0; i < parts->count; i++) {
		const struct payment *payment = &parts->payments[i];

		at += i == 0 || payment->sequence != payment[-1].sequence;
		if (at != number)
			continue;
		if (part.count++ == 0)
			part.payments = payment;
		part.sequence = payment->sequence;
		part.amount_fen += payment->amount_fen;
		part.answered = part.answered && payment->state != PAYMENT_ORDERED;
	}
	payment_message_id(node_region(node), parts->kind, parts->name, number, part.message);
	return part;
}

/* --- whom it goes to ---------------------------------------------------------------------------------------- */

static enum error lacking(
    const struct payment *payment, const char *what, struct error_detail *detail)
{
	return error_set(detail, ERROR_NOT_FOUND, "%s %s to %s: %s",
	    payment_kind_name(payment->kind), payment->name, payment->payee, what);
}

static void copy(char *out, size_t size, struct span text)
{
	snprintf(out, size, "%.*s", (int)text.size, (const char *)text.data);
}

static enum error find_city(struct node *node, const struct payment *payment, struct payee *payee,
    struct error_detail *detail)
{
	const struct node_config *config = node_configuration(node);
	unsigned long region = strtoul(payment->payee, NULL, 10);

	for (size_t i = 0; i < config->peer_count; i++) {
		const struct node_peer *peer = &config->peers[i];

		if (peer->region != region || !peer->account[0])
			continue;
		copy(payee->name, sizeof payee->name, span_text(peer->name_zh));
		copy(payee->account, sizeof payee->account, span_text(peer->account));
		copy(payee->bank, sizeof payee->bank, span_text(peer->bank));
		return ERROR_NONE;
	}
	return lacking(payment, "node.yaml names no account and bank of that peer", detail);
}

static enum error find_institution(struct txn *txn, const struct payment *payment,
    struct payee *payee, struct error_detail *detail)
{
	struct institution_profile profile;
	enum error error = institution_profile(txn, payment->payee, &profile);

	if (error == ERROR_NOT_FOUND)
		return lacking(payment, "no such institution", detail);
	if (error)
		return error;
	if (!profile.account.size || !profile.bank.size)
		return lacking(payment,
		    "no account or bank is registered; `suiren institution update` gives it one",
		    detail);
	copy(payee->name, sizeof payee->name, profile.name);
	copy(payee->account, sizeof payee->account, profile.account);
	copy(payee->bank, sizeof payee->bank, profile.bank);
	return ERROR_NONE;
}

static enum error find_person(struct node *node, struct txn *txn, const struct payment *payment,
    struct payee *payee, struct error_detail *detail)
{
	const struct hash *key = settlement_registry_key(node_settlement(node));
	struct registry_row row;
	uint64_t code;
	enum error error = person_code_read(span_text(payment->payee), &code);

	if (error)
		return ERROR_CORRUPT;
	if (!key)
		return lacking(payment, "the registry key is not here", detail);
	error = registry_get(txn, key, code, &row);
	if (error == ERROR_NOT_FOUND)
		return lacking(payment, "not in the registry any more", detail);
	if (error)
		return error;
	if (!row.card[0] || !row.bank[0])
		error = lacking(payment,
		    "no card or bank is registered; `suiren person card` gives one", detail);
	copy(payee->name, sizeof payee->name, span_text(row.name));
	copy(payee->account, sizeof payee->account, span_text(row.card));
	copy(payee->bank, sizeof payee->bank, span_text(row.bank));
	registry_row_wipe(&row);
	return error;
}

enum error payee_find(struct node *node, struct txn *txn, const struct payment *payment,
    struct payee *payee, struct error_detail *detail)
{
	struct payment origin;
	enum error error = payment_origin(txn, payment, &origin);

	memset(payee, 0, sizeof *payee);
	if (error)
		return error;
	switch (origin.kind) {
	case PAYMENT_CLEARING:
	case PAYMENT_PREFUND:
		return find_city(node, payment, payee, detail);
	case PAYMENT_RUN:
		return find_person(node, txn, payment, payee, detail);
	case PAYMENT_INSTITUTION:
	case PAYMENT_GUESTS:
	case PAYMENT_ADVANCE:
		return find_institution(txn, payment, payee, detail);
	case PAYMENT_SUSPENSE:
		/* A region code, a credit code, or a person's. */
		return strlen(payment->payee) == 6 ? find_city(node, payment, payee, detail)
		       : strlen(payment->payee) == USCC_SIZE
			   ? find_institution(txn, payment, payee, detail)
			   : find_person(node, txn, payment, payee, detail);
	case PAYMENT_AGAIN:
		break;
	}
	return ERROR_CORRUPT;
}

enum error payer_check(const struct node *node, struct error_detail *detail)
{
	const struct node_config *config = node_configuration(node);

	return config->account[0] ? ERROR_NONE
				  : error_set(detail, ERROR_NOT_FOUND,
					"node.yaml of %06u names no account and bank: out of what "
					"should it be paid?",
					(unsigned)config->region);
}

/* --- the file ----------------------------------------------------------------------------------------------- */

static enum error head(struct node *node, struct txn *txn, const struct payment_part *part,
    struct iso_order *order, struct error_detail *detail)
{
	const struct node_config *config = node_configuration(node);
	struct entry_header header;
	enum error error = payer_check(node, detail);

	if (!error)
		error = timeline_header(txn, part->sequence, &header);
	if (error)
		return error;
	order->created_ms = header.time_ms;
	order->execution_day = day_of_time(header.time_ms);
	order->debtor = (struct iso_party){.name = span_text(config->name_zh),
	    .account = span_text(config->account),
	    .bank = span_text(config->bank)};
	return ERROR_NONE;
}

struct part_texts {
	struct payee payee;
	char remittance[PAYMENT_NAME_MAX + 32];
};

static enum error fill(struct node *node, struct txn *txn, const struct payment *payment,
    struct part_texts *texts, struct iso_transfer *transfer, struct error_detail *detail)
{
	enum error error = payee_find(node, txn, payment, &texts->payee, detail);

	if (error)
		return error;
	snprintf(texts->remittance, sizeof texts->remittance, "%s %s",
	    payment_kind_name(payment->kind), payment->name);
	*transfer = (struct iso_transfer){.instruction = span_text(payment->end_to_end),
	    .end_to_end = span_text(payment->end_to_end),
	    .amount = {payment->amount_fen},
	    .creditor = {.name = span_text(texts->payee.name),
		.account = span_text(texts->payee.account),
		.bank = span_text(texts->payee.bank)},
	    .remittance = span_text(texts->remittance)};
	return ERROR_NONE;
}

enum error payment_part_write(struct node *node, struct txn *txn, const struct payment_part *part,
    struct buffer *out, struct error_detail *detail)
{
	struct part_texts *texts = calloc(part->count, sizeof *texts);
	char block[END_TO_END_SIZE + 2];
	struct iso_order order = {.message = span_text(part->message),
	    .transfers = calloc(part->count, sizeof *order.transfers),
	    .count = part->count};
	enum error error =
	    texts && order.transfers ? head(node, txn, part, &order, detail) : ERROR_MEMORY;

	assert(part->count > 0);
	/* One block a file. */
	snprintf(block, sizeof block, "%s-1", part->message);
	order.block = span_text(block);
	for (size_t i = 0; !error && i < part->count; i++)
		error = fill(node, txn, &part->payments[i], &texts[i], &order.transfers[i], detail);
	if (!error)
		error = iso_order_write(out, &order, detail);
	if (texts)
		explicit_bzero(texts, part->count * sizeof *texts);
	free(texts);
	free(order.transfers);
	return error;
}

void payment_part_name(const struct payment_part *part, char name[PAYMENT_FILE_NAME_MAX])
{
	const struct payment *first = part->payments;

	snprintf(name, PAYMENT_FILE_NAME_MAX, "%s-%s-%u.xml", payment_kind_name(first->kind),
	    first->name, (unsigned)part->number);
	for (char *at = name; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("-._", *at))
			*at = '_';
	}
}
