/* window_statement.c: the statement of a window as it stands in lines and messages. */
#include "window_internal.h"

void totals_put(struct buffer *out, const struct window_totals *totals)
{
	codec_put_uint(out, totals->count);
	codec_put_int(out, totals->positive_fen);
	codec_put_int(out, totals->negative_fen);
	codec_put_bytes(out, hash_span(&totals->digest));
}

void totals_take(struct codec_reader *reader, struct window_totals *totals)
{
	totals->count = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	totals->positive_fen = codec_int(reader);
	totals->negative_fen = codec_int(reader);
	codec_bytes_exact(reader, totals->digest.bytes, HASH_SIZE);
	if (!reader->failed && (totals->positive_fen < 0 || totals->positive_fen > AMOUNT_MAX ||
				   totals->negative_fen > 0 || totals->negative_fen < -AMOUNT_MAX))
		reader->failed = ERROR_MALFORMED;
}

void statement_put(struct buffer *out, const struct statement *statement)
{
	codec_put_uint(out, statement->window);
	day_put(out, statement->cut_day);
	codec_put_uint(out, statement->ordinal);
	totals_put(out, &statement->totals);
}

void statement_take(struct codec_reader *reader, struct statement *statement)
{
	statement->window = (uint32_t)codec_uint_max(reader, UINT32_MAX - 1);
	statement->cut_day = day_take(reader);
	statement->ordinal = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	totals_take(reader, &statement->totals);
	if (!reader->failed &&
	    (statement->window == 0 || statement->ordinal == 0 || statement->totals.count == 0))
		reader->failed = ERROR_MALFORMED;
}

struct statement statement_of(const struct window_row *window)
{
	return (struct statement){window->number, window->cut_day, window->ordinal, window->stated};
}

bool statement_equal(const struct statement *a, const struct statement *b)
{
	return a->window == b->window && a->cut_day == b->cut_day && a->ordinal == b->ordinal &&
	       window_totals_equal(&a->totals, &b->totals);
}

enum error only_item_read(const struct command *command, struct notice *notice,
    struct codec_reader *item, size_t *fields, struct error_detail *detail)
{
	struct span bytes;
	enum error error = notice_read(command, notice, detail);

	if (error)
		return error;
	if (notice->message.item_count != 1 || !line_walk_next(&notice->walk, &bytes))
		return error_set(detail, ERROR_MALFORMED, "a %s of %zu items; one is taken",
		    notice->document.name, notice->message.item_count);
	*item = codec_reader(bytes);
	*fields = codec_array(item);
	return ERROR_NONE;
}

enum error long_message_read(
    const struct command *command, struct message *message, struct error_detail *detail)
{
	struct document document;
	enum error error = document_read(command->documents[0], &document);

	if (!error)
		error = message_read(document.payload, message);
	return error ? error_set(detail, error, "not a well-formed message") : ERROR_NONE;
}

enum error window_before(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number, struct window_row *before)
{
	if (number == 1)
		return ERROR_NOT_FOUND;
	return window_get(txn, payer, creditor, number - 1, before);
}

enum error window_get_logged(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number, struct window_row *window)
{
	enum error error = window_get(txn, payer, creditor, number, window);

	return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
}

enum error sent_hash(const struct entry *entry, uint32_t index, struct hash *hash)
{
	if (index >= entry->header.document_count)
		return ERROR_CORRUPT;
	*hash = document_hash(entry->documents[index]);
	return ERROR_NONE;
}
