#include "order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"
#include "settlement_limits.h"

#define ORDER_VERSION 1
#define ORDER_FIELDS 8
#define ORDER_ROW_SIZE (8 + HASH_SIZE)

static enum error line_root_of(
    const struct hash *secret, struct span lines, uint32_t count, struct hash *root)
{
	struct hash *leaves = malloc((size_t)count * sizeof *leaves);
	enum error error = leaves ? entry_line_leaves(secret, lines, count, leaves) : ERROR_MEMORY;

	if (!error)
		*root = merkle_root_in_place(leaves, count);
	free(leaves);
	return error;
}

enum error order_sign(struct buffer *out, const struct secret_key *key, uint32_t region,
    enum kind kind, struct span id, struct span parameters, size_t parameter_count,
    const struct hash *content, const struct hash *secret, struct span lines, uint32_t count)
{
	struct buffer payload = {0};
	struct hash root;
	enum error error = ERROR_NONE;

	if (id.size == 0 || id.size > ORDER_ID_MAX || !utf8_valid(id))
		return ERROR_MALFORMED;
	if (count > ENTRY_LINES_MAX || parameter_count > ORDER_PARAMETERS_MAX)
		return ERROR_TOO_LARGE;
	if (count)
		error = line_root_of(secret, lines, count, &root);
	if (error)
		return error;
	codec_put_array(&payload, ORDER_FIELDS);
	codec_put_uint(&payload, ORDER_VERSION);
	codec_put_uint(&payload, region);
	codec_put_uint(&payload, (uint64_t)kind);
	codec_put_text(&payload, id);
	codec_put_array(&payload, parameter_count);
	buffer_append(&payload, parameters);
	codec_put_bytes(&payload, hash_span(content));
	codec_put_uint(&payload, count);
	if (count)
		codec_put_bytes(&payload, hash_span(&root));
	else
		codec_put_null(&payload);
	if (!payload.failed && codec_check(buffer_span(&payload)))
		error = ERROR_MALFORMED;
	if (!error && !payload.failed)
		document_sign(out, "order", key, buffer_span(&payload));
	if (!error)
		error = payload.failed ? payload.failed : out->failed;
	buffer_free(&payload);
	return error;
}

enum error order_read(struct span payload, struct order *order)
{
	struct codec_reader reader = codec_reader(payload);

	memset(order, 0, sizeof *order);
	codec_array_exact(&reader, ORDER_FIELDS);
	if (codec_uint(&reader) != ORDER_VERSION)
		return ERROR_MALFORMED;
	order->region = (uint32_t)codec_uint_max(&reader, 999999);
	order->kind = (enum kind)codec_uint_max(&reader, UINT16_MAX);
	order->id = codec_text(&reader);
	order->parameter_count = codec_array(&reader);
	if (order->parameter_count > ORDER_PARAMETERS_MAX)
		return ERROR_TOO_LARGE;
	order->parameters = reader;
	for (size_t i = 0; i < order->parameter_count; i++)
		codec_item(&reader);
	order->parameter_bytes = span_of(
	    order->parameters.at, reader.failed ? 0 : (size_t)(reader.at - order->parameters.at));
	codec_bytes_exact(&reader, order->content.bytes, HASH_SIZE);
	order->count = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	order->has_lines = !codec_null(&reader);
	if (order->has_lines)
		codec_bytes_exact(&reader, order->line_root.bytes, HASH_SIZE);
	if (codec_finish(&reader) || order->id.size == 0 || order->id.size > ORDER_ID_MAX ||
	    order->has_lines != (order->count > 0))
		return ERROR_MALFORMED;
	return ERROR_NONE;
}

/* What makes two orders the same, whatever was drawn at random for their lines. */
static struct hash order_identity(const struct order *order)
{
	uint8_t head[8];

	be32_write(head, (uint32_t)order->kind);
	be32_write(head + 4, order->count);
	return hash_sha256_parts((const struct span[]){{head, sizeof head},
				     hash_span(&order->content), order->parameter_bytes},
	    3);
}

enum error order_expected(struct txn *txn, const struct order *order, uint64_t *sequence)
{
	struct hash identity;
	struct span row;
	enum error error = store_get(txn, TABLE_ORDER, order->id, &row);

	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (error)
		return error;
	if (row.size != ORDER_ROW_SIZE)
		return ERROR_CORRUPT;
	*sequence = be64_read(row.data);
	identity = order_identity(order);
	return memcmp(row.data + 8, identity.bytes, HASH_SIZE) == 0 ? ERROR_REPEAT : ERROR_CONFLICT;
}

enum error order_apply(struct txn *txn, const struct order *order, uint64_t sequence)
{
	struct hash identity = order_identity(order);
	uint8_t row[ORDER_ROW_SIZE];

	be64_write(row, sequence);
	memcpy(row + 8, identity.bytes, HASH_SIZE);
	return store_insert(txn, TABLE_ORDER, order->id, span_of(row, sizeof row));
}
