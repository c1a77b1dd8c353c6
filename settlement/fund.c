/* fund.c: the kind `appropriation`. */
#include "fund.h"

#include <string.h>

#include "account.h"
#include "register.h"
#include "settlement_internal.h"

/* [kind, fund code or null, amount fen, reference] */
void appropriation_line_write(struct buffer *out, const struct appropriation_line *line)
{
	codec_put_array(out, 4);
	codec_put_uint(out, line->kind);
	text_or_null_put(out, span_text(line->fund));
	codec_put_int(out, line->amount.value);
	codec_put_text(out, line->reference);
}

enum error appropriation_line_read(struct span item, struct appropriation_line *line)
{
	struct codec_reader reader = codec_reader(item);
	*line = (struct appropriation_line){0};
	codec_array_exact(&reader, 4);
	line->kind = (enum appropriation_kind)codec_uint_max(&reader, APPROPRIATION_FLOAT);
	struct span fund = text_or_null_take(&reader, sizeof(line->fund) - 1);
	line->amount.value = codec_int(&reader);
	line->reference = codec_text(&reader);
	bool fund_fits = line->kind == APPROPRIATION_FUND ? fund.size > 0 : fund.size == 0;
	if (line->kind == 0 || !fund_fits || line->amount.value <= 0 ||
	    line->amount.value > AMOUNT_MAX || line->reference.size == 0 ||
	    line->reference.size > REFERENCE_MAX ||
	    (fund.size > 0 && memchr(fund.data, '\0', fund.size)))
		reader.failed = ERROR_MALFORMED;
	if (fund.size > 0 && !reader.failed)
		memcpy(line->fund, fund.data, fund.size);
	return codec_finish(&reader);
}

/* What the entry has moved so far, in the first planned element; the others are the references that it has used. */
struct planned_appropriation {
	int64_t into_treasury, out_of_treasury;
	struct transfer_id id;
};

static bool fund_known(const struct settlement *settlement, const char *code)
{
	const struct policy *policy = settlement_policy(settlement, settlement_region(settlement));
	for (size_t i = 0; policy && i < policy->fund_count; i++)
		if (strcmp(policy->funds[i].code, code) == 0)
			return true;
	return false;
}

/* The reference is the cause: one id for ever. */
static struct transfer_id id_of(const struct appropriation_line *line)
{
	static const char prefix[] = "appropriation/";
	uint8_t cause[sizeof(prefix) - 1 + REFERENCE_MAX];
	memcpy(cause, prefix, sizeof(prefix) - 1);
	memcpy(cause + sizeof(prefix) - 1, line->reference.data, line->reference.size);
	return transfer_id_from(span_of(cause, sizeof(prefix) - 1 + line->reference.size), 0);
}

static enum error reference_used(
    struct register_work *work, const struct transfer_id *id, bool *used)
{
	const struct planned_appropriation *planned = work->planned;
	uint64_t sequence;
	uint32_t index;
	*used = false;
	for (uint32_t i = batch_find(work->batch, be64_read(id->bytes)); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i))
		*used = *used || memcmp(planned[i].id.bytes, id->bytes, TRANSFER_ID_SIZE) == 0;
	enum error error = transfer_find(work->txn, id, &sequence, &index);
	*used = *used || !error;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Apply cannot refuse: an account that takes nothing, or would overflow, refuses the command here. */
static enum error account_takes(struct register_work *work, const char *name, int64_t more)
{
	struct account account;
	struct amount sum, turnover;
	enum error error = account_get(work->txn, span_text(name), &account);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	if (account.frozen || account.closed)
		return error_set(work->detail, account.frozen ? ERROR_FROZEN : ERROR_CLOSED,
		    "line %u: account %s: %s", work->walk.next, name,
		    account.frozen ? "frozen" : "closed");
	turnover.value = account.debits > account.credits ? account.debits : account.credits;
	error = amount_add(turnover, (struct amount){more}, &sum);
	return error ? error_set(work->detail, error,
			   "line %u: account %s: its turnover would be too large to be kept",
			   work->walk.next, name)
		     : ERROR_NONE;
}

/* The float is filled from what the treasury has, earlier lines of this entry counted. */
static enum error treasury_has(struct register_work *work,
    const struct planned_appropriation *moved, int64_t amount, bool *enough)
{
	char treasury[ACCOUNT_TEXT_SIZE];
	struct amount available;
	enum error error = account_available(
	    work->txn, settlement_chart, span_text(account_treasury(treasury)), &available);
	*enough = false;
	if (error)
		return error;
	int64_t net = moved->into_treasury - moved->out_of_treasury;
	*enough = available.value >= INT64_MAX - AMOUNT_MAX || available.value + net >= amount;
	return ERROR_NONE;
}

static enum error line_judge(struct register_work *work, const struct appropriation_line *line,
    const struct transfer_id *id, enum reason *reason)
{
	const struct planned_appropriation *moved = work->planned;
	bool used = false, enough = true;
	enum error error = reference_used(work, id, &used);
	if (!error && !used && line->kind == APPROPRIATION_FLOAT)
		error = treasury_has(work, moved, line->amount.value, &enough);
	if (used)
		*reason = REASON_duplicate;
	else if (line->kind == APPROPRIATION_FUND && !fund_known(work->settlement, line->fund))
		*reason = REASON_not_in_force;
	else
		*reason = enough ? REASON_registered : REASON_fund_exhausted;
	return error;
}

/* Into a fund: treasury -> fund. Into the float: float -> treasury. */
static enum error move(
    struct register_work *work, const struct appropriation_line *line, const struct transfer_id *id)
{
	struct planned_appropriation *moved = work->planned;
	char treasury[ACCOUNT_TEXT_SIZE], other[ACCOUNT_TEXT_SIZE];
	bool into_fund = line->kind == APPROPRIATION_FUND;
	account_treasury(treasury);
	if (into_fund)
		account_fund(other, line->fund);
	else
		account_float(other);
	moved->into_treasury += into_fund ? line->amount.value : 0;
	moved->out_of_treasury += into_fund ? 0 : line->amount.value;
	int64_t turnover = moved->into_treasury + moved->out_of_treasury;
	if (turnover > AMOUNT_MAX)
		return line_walk_error(
		    &work->walk, ERROR_OVERFLOW, work->detail, "the sum does not fit");
	enum error error = account_takes(work, treasury, turnover);
	if (!error)
		error = account_takes(work, other, turnover);
	if (error)
		return error;
	const struct transfer transfer = {
	    .id = *id,
	    .kind = TRANSFER_PLAIN,
	    .unit = UNIT_CNY,
	    .amount = line->amount,
	    .debit = span_text(into_fund ? treasury : other),
	    .credit = span_text(into_fund ? other : treasury),
	    .reference = line->reference,
	};
	decision_transfer(work->decision, &transfer);
	return ERROR_NONE;
}

static enum error appropriation_line_decide(struct register_work *work, struct span item)
{
	struct planned_appropriation *planned = work->planned;
	struct appropriation_line line;
	enum reason reason;
	if (appropriation_line_read(item, &line) != ERROR_NONE)
		return register_malformed(work, "not the line of an appropriation");
	struct transfer_id id = id_of(&line);
	enum error error = line_judge(work, &line, &id, &reason);
	if (error)
		return error;
	verdict_put(work->decision, reason);
	if (reason != REASON_registered)
		return ERROR_NONE;
	planned[batch_add(work->batch, be64_read(id.bytes))].id = id;
	return move(work, &line, &id);
}

enum error appropriation_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = appropriation_line_decide,
	    .planned_size = sizeof(struct planned_appropriation),
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

/* The transfers are all there is to it. */
enum error appropriation_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	(void)settlement, (void)txn, (void)entry, (void)detail;
	return ERROR_NONE;
}
