/* introduce.c: nodes of one process made known to each other. */
#include "node_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "order.h"

static int by_region(const void *a, const void *b)
{
	uint32_t left = (*(struct node *const *)a)->config.region;
	uint32_t right = (*(struct node *const *)b)->config.region;

	return (left > right) - (left < right);
}

enum error nodes_sort(struct node *const *nodes, size_t count, struct node *sorted[CITIES_MAX],
    struct error_detail *detail)
{
	assert(count <= CITIES_MAX);
	memcpy(sorted, nodes, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, by_region);
	for (size_t i = 1; i < count; i++) {
		if (sorted[i]->config.region == sorted[i - 1]->config.region)
			return error_set(detail, ERROR_USAGE, "%s and %s are nodes of one city",
			    sorted[i - 1]->directory, sorted[i]->directory);
	}
	return ERROR_NONE;
}

/* The descriptor that an order of this city brings; empty if it brings none. */
static struct span ordered_descriptor(const struct entry *entry)
{
	struct document document;
	struct order order;

	if (entry->header.kind != KIND_peer || entry->header.document_count == 0 ||
	    document_read(entry->documents[0], &document) || strcmp(document.name, "order") != 0 ||
	    order_read(document.payload, &order))
		return (struct span){NULL, 0};
	return codec_bytes(&order.parameters);
}

/* Does this entry bring a descriptor of the node's own? It is appended then. */
static enum error take_descriptor(
    struct node *node, struct txn *txn, uint64_t sequence, struct buffer *out, bool *found)
{
	struct entry_reader reader = {0};
	struct descriptor descriptor;
	struct span bytes;
	enum error error = ledger_read(txn, sequence, &reader);

	bytes = error ? (struct span){NULL, 0} : ordered_descriptor(&reader.entry);
	*found = bytes.size > 0 && descriptor_read(bytes, &descriptor) == ERROR_NONE &&
		 descriptor.region == node->config.region;
	if (*found)
		buffer_append(out, bytes);
	entry_free(&reader);
	return error ? error : out->failed;
}

/* The latest: that of the genesis entry, unless another one followed. */
static enum error read_descriptor(struct node *node, struct txn *txn, struct buffer *out)
{
	struct descriptor unused;
	struct peer_row own;
	uint64_t size;
	bool found = false;
	enum error error = peer_get(txn, node->config.region, &own);

	if (!error)
		error = ledger_head(txn, &size, NULL);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	while (own.number > 1 && size > 1 && !found && !error)
		error = take_descriptor(node, txn, --size, out, &found);
	return error || found ? error : node_own_descriptor(txn, out, &unused);
}

enum error node_descriptor(struct node *node, struct buffer *document)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	if (error)
		return error;
	error = read_descriptor(node, txn, document);
	txn_abort(txn);
	return error;
}

/* Hand the descriptors of all others to one node. */
static enum error introduce_to(struct node *node, struct node *const *nodes,
    const struct buffer *descriptors, size_t count, struct error_detail *detail)
{
	for (size_t i = 0; i < count; i++) {
		struct submission submission = {.document = buffer_span(&descriptors[i])};
		struct answer answer;
		enum error error;

		if (nodes[i] == node)
			continue;
		error = node_submit(node, &submission, &answer);
		if (!error && answer.error != ERROR_REPEAT)
			error = answer.error;
		if (error)
			return error_set(detail, error, "%06u does not take %06u: %s",
			    (unsigned)node->config.region, (unsigned)nodes[i]->config.region,
			    answer.detail.text[0] ? answer.detail.text : error_text(error));
	}
	return ERROR_NONE;
}

/* A demo node's word must not reach real books; said before anything is booked. */
static enum error check_demo(struct node *const *nodes, size_t count, struct error_detail *detail)
{
	for (size_t i = 1; i < count; i++) {
		if (nodes[i]->config.demo != nodes[0]->config.demo)
			return error_set(detail, ERROR_REFUSED,
			    "%s is a demo node and %s is not: they stay strangers",
			    nodes[nodes[i]->config.demo ? i : 0]->directory,
			    nodes[nodes[i]->config.demo ? 0 : i]->directory);
	}
	return ERROR_NONE;
}

enum error node_introduce(struct node *const *nodes, size_t count, struct error_detail *detail)
{
	struct node *sorted[CITIES_MAX];
	struct buffer descriptors[CITIES_MAX] = {{0}};
	struct delivery delivery;
	enum error error = nodes_sort(nodes, count, sorted, detail);

	if (!error)
		error = check_demo(sorted, count, detail);
	for (size_t i = 0; i < count && !error; i++)
		error = node_descriptor(sorted[i], &descriptors[i]);
	for (size_t i = 0; i < count && !error; i++)
		error = introduce_to(sorted[i], sorted, descriptors, count, detail);
	/* Each has written its policy to the others. */
	if (!error)
		error = node_deliver(sorted, count, &delivery, detail);
	for (size_t i = 0; i < count; i++)
		buffer_free(&descriptors[i]);
	return error;
}
