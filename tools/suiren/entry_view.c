#include "entry_view.h"

#include "cli.h"
#include "diagnostic.h"
#include "output.h"
#include "settlement.h"

const char *transfer_kind_name(enum transfer_kind kind)
{
	static const char *const names[] = {"plain", "pending", "post", "void", "expire"};
	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

/* Who signed a document, as this log knows the key; verified at the entry. */
struct signer {
	struct document document;
	struct keyring_key key;
	enum error error; /* of reading or verifying; ERROR_NONE: good */
};

static void signer_find(
    struct txn *txn, struct span bytes, uint64_t sequence, struct signer *signer)
{
	*signer = (struct signer){0};
	signer->error = document_read(bytes, &signer->document);
	if (!signer->error)
		signer->error = keyring_verify(txn, &signer->document, sequence, &signer->key);
}

static void document_text(struct txn *txn, const struct entry *entry, uint32_t index)
{
	struct span bytes = entry->documents[index];
	struct hash hash = document_hash(bytes);
	struct signer signer;
	signer_find(txn, bytes, entry->header.sequence, &signer);
	printf("  %u  %s, %zu bytes, ", index,
	    signer.document.name[0] ? signer.document.name : "unreadable", bytes.size);
	if (signer.error)
		printf("signature: %s", error_text(signer.error));
	else
		printf("signed by %s (%s key)", signer.key.party, signer.key.kind);
	fputs("\n     sha-256 ", stdout);
	output_hex(stdout, hash_span(&hash));
	fputs("\n     ", stdout);
	if (signer.document.payload.size > 0)
		diagnostic_write(stdout, signer.document.payload);
	fputc('\n', stdout);
}

/* The next item of a byte string of items; empty at the end. */
static struct span next_item(struct codec_reader *items)
{
	return codec_at_end(items) ? (struct span){0} : codec_item(items);
}

static void lines_text(const struct entry *entry)
{
	struct codec_reader lines = codec_reader(entry->lines);
	struct codec_reader verdicts = codec_reader(entry->verdicts);
	for (uint32_t i = 0; i < entry->header.count && !ferror(stdout); i++) {
		printf("  %u  ", i);
		diagnostic_write(stdout, next_item(&lines));
		fputs("\n     -> ", stdout);
		diagnostic_write(stdout, next_item(&verdicts));
		fputc('\n', stdout);
	}
}

static void transfer_text(const struct transfer *transfer, size_t index)
{
	char amount[AMOUNT_TEXT_SIZE];
	output_amount(transfer->unit, transfer->amount.value, amount);
	printf("  %zu  %s %s %s  ", index, transfer_kind_name(transfer->kind), amount,
	    unit_name(transfer->unit));
	output_text(stdout, transfer->debit);
	fputs(" -> ", stdout);
	output_text(stdout, transfer->credit);
	if (transfer->reference.size > 0) {
		fputs("  reference ", stdout);
		output_text(stdout, transfer->reference);
	}
	if (transfer->deadline_ms != 0) {
		char deadline[32];
		time_write(transfer->deadline_ms, deadline);
		printf("  until %s", deadline);
	}
	fputs("\n     id ", stdout);
	output_hex(stdout, span_of(transfer->id.bytes, TRANSFER_ID_SIZE));
	fputc('\n', stdout);
}

int entry_view_text(struct txn *txn, const struct entry *entry)
{
	const struct entry_header *header = &entry->header;
	char time[32];
	const char *kind = kind_name(header->kind);
	time_write(header->time_ms, time);
	printf("entry %llu, epoch %u: %s (kind %u), %s\nsalt %20s",
	    (unsigned long long)header->sequence, header->epoch, kind ? kind : "unknown",
	    header->kind, time, "");
	output_hex(stdout, hash_span(&header->salt));
	printf("\nresults root %12s", "");
	output_hex(stdout, hash_span(&header->results_root));
	printf("\ntransfers hash %10s", "");
	output_hex(stdout, hash_span(&header->transfers_hash));
	printf("\n\ndocuments (%u)\n", header->document_count);
	for (uint32_t i = 0; i < header->document_count; i++)
		document_text(txn, entry, i);
	printf("\nlines (%u), each with its verdict\n", header->count);
	lines_text(entry);
	printf("\ntransfers (%zu), debit -> credit\n", entry->transfer_count);
	for (size_t i = 0; i < entry->transfer_count; i++)
		transfer_text(&entry->transfers[i], i);
	return CLI_DONE;
}

static yyjson_mut_val *document_json(
    yyjson_mut_doc *doc, struct txn *txn, const struct entry *entry, uint32_t index)
{
	struct span bytes = entry->documents[index];
	struct hash hash = document_hash(bytes);
	struct signer signer;
	signer_find(txn, bytes, entry->header.sequence, &signer);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	json_text(doc, object, "name", span_text(signer.document.name));
	json_hex(doc, object, "hash", hash_span(&hash));
	yyjson_mut_obj_add_uint(doc, object, "size", bytes.size);
	json_hex(doc, object, "key_id", span_of(signer.document.key_id.bytes, KEY_ID_SIZE));
	yyjson_mut_obj_add_bool(doc, object, "verified", signer.error == ERROR_NONE);
	if (signer.error)
		yyjson_mut_obj_add_null(doc, object, "signer");
	else
		json_text(doc, object, "signer", span_text(signer.key.party));
	yyjson_mut_obj_add_val(
	    doc, object, "payload", diagnostic_json(doc, signer.document.payload));
	return object;
}

static yyjson_mut_val *lines_json(yyjson_mut_doc *doc, const struct entry *entry)
{
	struct codec_reader lines = codec_reader(entry->lines);
	struct codec_reader verdicts = codec_reader(entry->verdicts);
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	for (uint32_t i = 0; i < entry->header.count; i++) {
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_val(
		    doc, object, "line", diagnostic_json(doc, next_item(&lines)));
		yyjson_mut_obj_add_val(
		    doc, object, "verdict", diagnostic_json(doc, next_item(&verdicts)));
	}
	return array;
}

static yyjson_mut_val *transfers_json(yyjson_mut_doc *doc, const struct entry *entry)
{
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	for (size_t i = 0; i < entry->transfer_count; i++) {
		const struct transfer *transfer = &entry->transfers[i];
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
		json_hex(doc, object, "id", span_of(transfer->id.bytes, TRANSFER_ID_SIZE));
		yyjson_mut_obj_add_str(doc, object, "kind", transfer_kind_name(transfer->kind));
		yyjson_mut_obj_add_str(doc, object, "unit", unit_name(transfer->unit));
		yyjson_mut_obj_add_sint(doc, object, "amount", transfer->amount.value);
		json_text(doc, object, "debit", transfer->debit);
		json_text(doc, object, "credit", transfer->credit);
		if (transfer->kind >= TRANSFER_POST)
			json_hex(doc, object, "pending_id",
			    span_of(transfer->pending_id.bytes, TRANSFER_ID_SIZE));
		if (transfer->deadline_ms != 0)
			json_time(doc, object, "deadline", transfer->deadline_ms);
		if (transfer->reference.size > 0)
			json_text(doc, object, "reference", transfer->reference);
	}
	return array;
}

int entry_view_json(struct txn *txn, const struct entry *entry)
{
	const struct entry_header *header = &entry->header;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	yyjson_mut_obj_add_uint(doc, object, "sequence", header->sequence);
	yyjson_mut_obj_add_uint(doc, object, "epoch", header->epoch);
	json_time(doc, object, "time", header->time_ms);
	const char *kind = kind_name(header->kind);
	json_text(doc, object, "kind", span_text(kind ? kind : "unknown"));
	yyjson_mut_obj_add_uint(doc, object, "kind_number", header->kind);
	json_hex(doc, object, "salt", hash_span(&header->salt));
	json_hex(doc, object, "results_root", hash_span(&header->results_root));
	json_hex(doc, object, "transfers_hash", hash_span(&header->transfers_hash));
	yyjson_mut_val *documents = yyjson_mut_arr(doc);
	for (uint32_t i = 0; i < header->document_count; i++)
		yyjson_mut_arr_append(documents, document_json(doc, txn, entry, i));
	yyjson_mut_obj_add_val(doc, object, "documents", documents);
	yyjson_mut_obj_add_val(doc, object, "lines", lines_json(doc, entry));
	yyjson_mut_obj_add_val(doc, object, "transfers", transfers_json(doc, entry));
	return output_json(doc, true);
}
