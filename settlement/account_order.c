#include "account_order.h"

#include "account.h"
#include "lines.h"
#include "settlement_internal.h"

void account_line_write(struct buffer *out, const struct account_line *line)
{
	codec_put_array(out, 2);
	codec_put_uint(out, line->operation);
	codec_put_text(out, line->name);
}

static enum error account_line_read(struct span bytes, struct account_line *line)
{
	struct codec_reader reader = codec_reader(bytes);
	uint64_t operation;

	codec_array_exact(&reader, 2);
	operation = codec_uint_max(&reader, ACCOUNT_CLOSE);
	line->name = codec_text(&reader);
	line->operation = (enum account_operation)operation;
	return reader.failed || operation == 0 ? ERROR_MALFORMED : codec_finish(&reader);
}

static bool is_empty(const struct account *account)
{
	return account->debits == account->credits && !account->pending_debits &&
	       !account->pending_credits;
}

static enum error decide_line(struct txn *txn, const struct line_walk *walk, struct span bytes,
    struct decision *decision, struct error_detail *detail)
{
	struct account account;
	struct account_line line;
	enum error error;

	if (account_line_read(bytes, &line))
		return line_walk_error(
		    walk, ERROR_MALFORMED, detail, "not a well-formed account flag");
	error = account_get(txn, line.name, &account);
	if (error)
		return error_set(detail, error, "account %.*s: never used", (int)line.name.size,
		    (const char *)line.name.data);
	if (account.closed)
		return error_set(detail, ERROR_CLOSED, "account %.*s: closed", (int)line.name.size,
		    (const char *)line.name.data);
	if (line.operation == ACCOUNT_CLOSE && !is_empty(&account))
		return error_set(detail, ERROR_STATE, "account %.*s: not empty",
		    (int)line.name.size, (const char *)line.name.data);
	verdict_put(decision, REASON_registered);
	return ERROR_NONE;
}

enum error account_flags_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct line_walk walk = line_walk(command);
	struct span bytes;

	(void)settlement;
	(void)now_ms;
	while (line_walk_next(&walk, &bytes)) {
		enum error error = decide_line(txn, &walk, bytes, decision, detail);
		if (error)
			return error;
	}
	return line_walk_finish(&walk, detail);
}

/* An earlier line of the same order may have closed the account: what is closed is never opened again. */
static enum error apply_line(struct txn *txn, struct span bytes, struct error_detail *detail)
{
	struct account account;
	struct account_line line;
	enum error error = account_line_read(bytes, &line);

	if (error)
		return ERROR_CORRUPT;
	error = account_get(txn, line.name, &account);
	if (!error && account.closed)
		return error_set(detail, ERROR_CLOSED, "account %.*s: closed by an earlier line",
		    (int)line.name.size, (const char *)line.name.data);
	if (error)
		return error;
	return account_set_flags(txn, line.name,
	    line.operation == ACCOUNT_FREEZE || (line.operation == ACCOUNT_CLOSE && account.frozen),
	    line.operation == ACCOUNT_CLOSE);
}

enum error account_flags_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct span bytes;
	unsigned reason;

	(void)settlement;
	while (entry_walk_next(&walk, &bytes, &reason)) {
		enum error error = apply_line(txn, bytes, detail);
		if (error)
			return error;
	}
	return entry_walk_finish(&walk, detail);
}
