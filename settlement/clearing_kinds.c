/* The kinds by which a month between two cities is cleared: the city with the lower region code proposes (43), the other checks
 * and countersigns (44), and the first logs that both have signed (45). Each side books when both signatures are there for it to
 * see: the countersigning city in its entry of kind 44, the proposing one in that of kind 45. docs/format.md, "Clearings". */
#include <stdlib.h>

#include "calendar.h"
#include "clearing_internal.h"
#include "lines.h"
#include "order.h"
#include "stated_day.h"
#include "trust.h"

/* Proposed: the order at the lower code. */

static enum error read_order(
    const struct command *command, uint32_t *month, uint32_t *peer, struct error_detail *detail)
{
	struct document document;
	struct order order;

	if (document_read(command->documents[0], &document) ||
	    order_read(document.payload, &order) || order.parameter_count != 2)
		return error_set(detail, ERROR_MALFORMED, "not a well-formed order to clear");
	*month = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	*peer = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	if (order.parameters.failed || !month_is_real(*month))
		return error_set(
		    detail, ERROR_MALFORMED, "the order to clear names no real month and city");
	return ERROR_NONE;
}

static enum error check_pair(
    struct settlement *settlement, struct txn *txn, uint32_t peer, struct error_detail *detail)
{
	uint32_t self = settlement_region(settlement);
	struct peer_row row;
	enum error error = peer_get(txn, peer, &row);

	if (error == ERROR_NOT_FOUND || peer == self)
		return error_set(detail, ERROR_NOT_FOUND, "%06u is not a peer", (unsigned)peer);
	if (!error && peer < self)
		return error_set(detail, ERROR_REFUSED,
		    "of two cities the one with the lower code proposes: %06u, not %06u",
		    (unsigned)peer, (unsigned)self);
	return error;
}

/* One clearing a month and pair; one that was refused may be proposed again. */
static enum error check_first(
    struct txn *txn, struct clearing_row *row, struct error_detail *detail)
{
	struct clearing_row present;
	char month[8];
	enum error error = clearing_get(txn, row->month, row->low, row->high, &present);

	row->attempt = 1;
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (error)
		return error;
	row->attempt = present.attempt + 1;
	if (present.state == CLEARING_REFUSED)
		return ERROR_NONE;
	month_write(row->month, month);
	return error_set(detail, ERROR_STATE, "the clearing of %s with %06u is %s already", month,
	    (unsigned)row->high, clearing_state_name(present.state));
}

static enum error check_proposal_day(uint32_t month, int32_t today, struct error_detail *detail)
{
	int32_t first = clearing_first_day(month);
	char text[8], day[DAY_TEXT_SIZE];

	if (today >= first)
		return ERROR_NONE;
	month_write(month, text);
	day_write(first, day);
	return error_set(detail, ERROR_STATE, "%s can be cleared from %s on", text, day);
}

static enum error make_proposal(struct settlement *settlement, struct txn *txn,
    struct clearing_list *list, struct decision *decision, struct error_detail *detail)
{
	struct clearing_row *row = &list->row;
	struct buffer *payload;
	char month[8];
	enum error error = clearing_collect(txn, list, row->low);

	if (!error)
		error = clearing_collect(txn, list, row->high);
	if (error)
		return error;
	month_write(row->month, month);
	if (list->count == 0)
		return error_set(detail, ERROR_STATE,
		    "nothing to clear with %06u: no agreed window of %s or earlier",
		    (unsigned)row->high, month);
	error = clearing_add_up(list);
	if (error)
		return error;
	clearing_decide_lines(decision, list, REASON_proposed);
	payload = message_begin(
	    settlement, txn, decision, row->high, "clearing_proposal", 1 + list->count);
	if (payload)
		buffer_append(payload, buffer_span(&decision->lines));
	return ERROR_NONE;
}

enum error clearing_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	uint32_t self = settlement_region(settlement), month, peer;
	struct clearing_list *list = NULL;
	enum error error = read_order(command, &month, &peer, detail);

	if (!error)
		error = check_pair(settlement, txn, peer, detail);
	if (!error)
		error = trust_check_frozen(txn, peer, detail);
	if (!error)
		error = check_proposal_day(month, day_of_time(now_ms), detail);
	if (error)
		return error;
	list = calloc(1, sizeof *list);
	if (!list)
		return ERROR_MEMORY;
	list->row = (struct clearing_row){.month = month,
	    .low = self,
	    .high = peer,
	    .state = CLEARING_PROPOSED,
	    .gross = clearing_is_gross(settlement, self, peer),
	    .proposed_day = day_of_time(now_ms),
	    .due_day = day_of_time(now_ms) + CLEARING_DUE_DAYS};
	error = check_first(txn, &list->row, detail);
	if (!error)
		error = make_proposal(settlement, txn, list, decision, detail);
	if (!error)
		error = trust_check(settlement, txn, peer,
		    list->row.low_owes_fen > list->row.high_owes_fen ? list->row.low_owes_fen
								     : list->row.high_owes_fen,
		    detail);
	free(list);
	return error;
}

/* Give the windows of an entry to its clearing. */
static enum error take_windows(struct txn *txn, const struct clearing_list *list)
{
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; i < list->count && !error; i++) {
		const struct cleared_window *listed = &list->windows[i];
		struct window_row window;

		error = window_get(txn, listed->payer,
		    clearing_other_city(&list->row, listed->payer), listed->number, &window);
		if (error || window.state != WINDOW_AGREED || window.cleared_month != 0)
			return error && error != ERROR_NOT_FOUND ? error : ERROR_CORRUPT;
		window.cleared_month = list->row.month;
		error = window_put(txn, &window);
	}
	return error;
}

static void set_booked(struct clearing_row *row, uint64_t sequence)
{
	bool nothing_to_pay = row->low_pays_fen == 0 && row->high_pays_fen == 0;

	row->booked_sequence = sequence;
	row->state = nothing_to_pay ? CLEARING_SETTLED : CLEARING_NETTED;
}

enum error clearing_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct clearing_list *list;
	enum error error = clearing_list_of_entry(entry, &list);

	(void)settlement;
	(void)detail;
	if (!error && entry->header.document_count != 2)
		error = ERROR_CORRUPT;
	if (!error)
		error = take_windows(txn, list);
	if (!error) {
		list->row.proposed_sequence = entry->header.sequence;
		list->row.content = hash_sha256(entry->lines);
		list->row.proposal = document_hash(entry->documents[1]);
		error = clearing_put(txn, &list->row);
	}
	free(list);
	return error;
}

/* Accepted: the proposal at the higher code. */

static enum error check_head(struct settlement *settlement, const struct message *message,
    const struct clearing_row *row, int64_t now_ms, struct error_detail *detail)
{
	const char *wrong = NULL;

	if (row->low != message->from || row->high != settlement_region(settlement) ||
	    row->low >= row->high)
		wrong = "it is not between its sender and this city, proposed by the lower code";
	else if (row->proposed_day < clearing_first_day(row->month))
		wrong = "it was proposed before the month could be cleared";
	else if (row->proposed_day > day_of_time(now_ms) + 1)
		wrong = "it is of a day to come";
	else if (row->due_day != row->proposed_day + CLEARING_DUE_DAYS)
		wrong = "its due day is not ten days after the proposal";
	else if (row->gross != clearing_is_gross(settlement, row->low, row->high))
		wrong = "it is net where both policies say gross, or gross where they do not";
	return wrong ? error_set(detail, ERROR_MISMATCH, "the clearing: %s", wrong) : ERROR_NONE;
}

static enum error window_wrong(
    const struct cleared_window *listed, struct error_detail *detail, const char *what)
{
	return error_set(detail, ERROR_MISMATCH, "the clearing: window %u of %06u %s",
	    (unsigned)listed->number, (unsigned)listed->payer, what);
}

/* A listed window is agreed here, with this total and this agreement, free, and of the month or earlier. */
static enum error check_window(struct txn *txn, const struct clearing_list *list,
    const struct cleared_window *listed, struct error_detail *detail)
{
	struct window_row window;
	enum error error = window_get(txn, listed->payer,
	    clearing_other_city(&list->row, listed->payer), listed->number, &window);

	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error || window.state != WINDOW_AGREED)
		return window_wrong(listed, detail, "is not agreed");
	if (window.cleared_month != 0)
		return window_wrong(listed, detail, "was cleared before");
	if (!clearing_takes(list->row.month, &window))
		return window_wrong(listed, detail, "is of a later month");
	if (window_net(&window.agreed) != listed->net_fen ||
	    !hash_equal(&window.agreement, &listed->agreement))
		return window_wrong(listed, detail, "has another total or agreement");
	return ERROR_NONE;
}

/* Low's windows before high's, each in ascending order: so that none is there twice. */
static bool is_ordered(const struct clearing_list *list)
{
	for (uint32_t i = 1; i < list->count; i++) {
		const struct cleared_window *a = &list->windows[i - 1], *b = &list->windows[i];

		if (a->payer > b->payer || (a->payer == b->payer && a->number >= b->number))
			return false;
	}
	return true;
}

/* What this city owes and has an agreement for, the proposer has agreed to before it proposed (documents come in order): none
 * of these windows may be left out. Of those that the proposer owes the latest may still be on their way to it. */
static enum error check_complete(
    struct txn *txn, const struct clearing_list *list, struct error_detail *detail)
{
	struct clearing_list *own = calloc(1, sizeof *own);
	const struct cleared_window *listed = list->windows;
	enum error error = own ? ERROR_NONE : ERROR_MEMORY;

	if (!error) {
		own->row = list->row;
		error = clearing_collect(txn, own, list->row.high);
	}
	while (listed < list->windows + list->count && listed->payer != list->row.high)
		listed++;
	for (uint32_t i = 0; !error && i < own->count; i++, listed++) {
		if (listed == list->windows + list->count ||
		    listed->number != own->windows[i].number)
			error = window_wrong(&own->windows[i], detail, "is left out");
	}
	free(own);
	return error;
}

static enum error check_sums(struct clearing_list *list, struct error_detail *detail)
{
	const struct clearing_row said = list->row;
	const struct clearing_row *found = &list->row;
	enum error error = clearing_add_up(list);

	if (error)
		return error_set(detail, error, "the clearing: the sums do not fit");
	if (said.low_owes_fen != found->low_owes_fen ||
	    said.high_owes_fen != found->high_owes_fen ||
	    said.low_pays_fen != found->low_pays_fen || said.high_pays_fen != found->high_pays_fen)
		return error_set(detail, ERROR_MISMATCH,
		    "the clearing: the windows come to %lld and %lld fen, of which %lld and %lld "
		    "are "
		    "to be paid",
		    (long long)found->low_owes_fen, (long long)found->high_owes_fen,
		    (long long)found->low_pays_fen, (long long)found->high_pays_fen);
	return ERROR_NONE;
}

static enum error check_proposal(
    struct txn *txn, struct clearing_list *list, struct error_detail *detail)
{
	struct clearing_row present;
	enum error error =
	    clearing_get(txn, list->row.month, list->row.low, list->row.high, &present);

	if (!error)
		return error_set(detail, ERROR_MISMATCH, "the clearing: the month is %s already",
		    clearing_state_name(present.state));
	if (error != ERROR_NOT_FOUND)
		return error;
	if (!is_ordered(list))
		return error_set(detail, ERROR_MISMATCH, "the clearing: windows out of order");
	error = ERROR_NONE;
	for (uint32_t i = 0; i < list->count && !error; i++)
		error = check_window(txn, list, &list->windows[i], detail);
	if (!error)
		error = check_complete(txn, list, detail);
	return error ? error : check_sums(list, detail);
}

static struct span rest_of(const struct codec_reader *reader)
{
	return span_of(reader->at, (size_t)(reader->end - reader->at));
}

enum error clearing_accept_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct hash proposal = document_hash(command->documents[0]);
	struct clearing_list *list = calloc(1, sizeof *list);
	struct buffer *payload;
	struct notice notice;
	enum error error = list ? notice_read(command, &notice, detail) : ERROR_MEMORY;

	if (!error &&
	    clearing_list_read(rest_of(&notice.message.items), notice.message.item_count, list))
		error = error_set(detail, ERROR_MALFORMED, "not a well-formed clearing proposal");
	if (!error)
		error = check_head(settlement, &notice.message, &list->row, now_ms, detail);
	if (!error)
		error = stated_day_check(settlement, txn, notice.message.from,
		    list->row.proposed_day, now_ms, "a clearing's proposal", detail);
	if (!error)
		error = check_proposal(txn, list, detail);
	if (!error)
		error = trust_check(settlement, txn, list->row.low,
		    list->row.low_owes_fen > list->row.high_owes_fen ? list->row.low_owes_fen
								     : list->row.high_owes_fen,
		    detail);
	if (!error) {
		clearing_decide_lines(decision, list, REASON_cleared);
		clearing_book(list, list->row.high, decision);
		payload = message_begin(
		    settlement, txn, decision, list->row.low, "clearing", 2 + list->count);
		if (payload) {
			codec_put_bytes(payload, hash_span(&proposal));
			buffer_append(payload, buffer_span(&decision->lines));
		}
	}
	free(list);
	return error;
}

enum error clearing_accept_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct clearing_list *list;
	enum error error = clearing_list_of_entry(entry, &list);

	(void)settlement;
	(void)detail;
	if (!error && entry->header.document_count != 2)
		error = ERROR_CORRUPT;
	if (!error)
		error = take_windows(txn, list);
	if (!error) {
		list->row.proposed_sequence = entry->header.sequence;
		list->row.content = hash_sha256(entry->lines);
		list->row.proposal = document_hash(entry->documents[0]);
		list->row.document = document_hash(entry->documents[1]);
		set_booked(&list->row, entry->header.sequence);
		error = clearing_put(txn, &list->row);
		if (!error)
			error = stated_day_put(txn, list->row.low, list->row.proposed_day);
	}
	free(list);
	return error;
}

/* Signed by both: the countersigned clearing back at the lower code. */

static enum error check_countersigned(struct settlement *settlement, struct txn *txn,
    struct notice *notice, struct clearing_list *list, struct error_detail *detail)
{
	uint32_t self = settlement_region(settlement);
	struct clearing_row present;
	struct hash proposal, content;
	struct span items;
	enum error error;

	codec_bytes_exact(&notice->message.items, proposal.bytes, HASH_SIZE);
	items = rest_of(&notice->message.items);
	if (notice->message.items.failed ||
	    clearing_list_read(items, notice->message.item_count - 1, list) ||
	    list->row.low >= list->row.high)
		return error_set(detail, ERROR_MALFORMED, "not a well-formed clearing");
	content = hash_sha256(items);
	error = clearing_get(txn, list->row.month, list->row.low, list->row.high, &present);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error || list->row.low != self || list->row.high != notice->message.from ||
	    present.state != CLEARING_PROPOSED || !hash_equal(&present.proposal, &proposal) ||
	    !hash_equal(&present.content, &content))
		return error_set(detail, ERROR_MISMATCH,
		    "the clearing is not the one that was proposed to %06u",
		    (unsigned)notice->message.from);
	return clearing_add_up(list);
}

enum error clearing_signed_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct clearing_list *list = calloc(1, sizeof *list);
	struct notice notice;
	enum error error = list ? notice_read(command, &notice, detail) : ERROR_MEMORY;

	(void)now_ms;
	if (!error)
		error = check_countersigned(settlement, txn, &notice, list, detail);
	if (!error) {
		clearing_decide_lines(decision, list, REASON_cleared);
		clearing_book(list, list->row.low, decision);
	}
	free(list);
	return error;
}

enum error clearing_signed_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(entry->lines);
	struct clearing_row head, row;
	enum error error;

	(void)settlement;
	(void)detail;
	clearing_head_take(&reader, &head);
	if (reader.failed)
		return ERROR_CORRUPT;
	error = clearing_get(txn, head.month, head.low, head.high, &row);
	if (error || row.state != CLEARING_PROPOSED)
		return error && error != ERROR_NOT_FOUND ? error : ERROR_CORRUPT;
	row.document = document_hash(entry->documents[0]);
	set_booked(&row, entry->header.sequence);
	return clearing_put(txn, &row);
}
