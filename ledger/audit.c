/* audit.c: the audit's walk over the log: every header and body, in order, with their hashes and bounds. */
#include "audit_internal.h"

#include <stdarg.h>
#include <stdio.h>

static void report_text(
    struct audit *audit, struct ledger_finding *finding, const char *format, va_list arguments)
{
	char text[ERROR_DETAIL_SIZE];

	vsnprintf(text, sizeof text, format, arguments);
	finding->text = text;
	audit->result->findings++;
	audit->report(audit->context, finding);
}

void audit_found_entry(struct audit *audit, uint64_t sequence, const char *format, ...)
{
	struct ledger_finding finding = {.has_sequence = true, .sequence = sequence};
	va_list arguments;

	va_start(arguments, format);
	report_text(audit, &finding, format, arguments);
	va_end(arguments);
}

void audit_found_row(struct audit *audit, unsigned table, struct span key, const char *format, ...)
{
	struct ledger_finding finding = {
	    .table = ledger_table_name(audit->ledger, table), .key = key};
	va_list arguments;

	va_start(arguments, format);
	report_text(audit, &finding, format, arguments);
	va_end(arguments);
}

void audit_found_both(
    struct audit *audit, uint64_t sequence, unsigned table, struct span key, const char *text)
{
	const struct ledger_finding finding = {.has_sequence = true,
	    .sequence = sequence,
	    .table = ledger_table_name(audit->ledger, table),
	    .key = key,
	    .text = text};

	audit->result->findings++;
	audit->report(audit->context, &finding);
}

/* What a header says that the log around it must bear out. */
static void check_place(struct audit *audit, uint64_t sequence, const struct entry_header *header)
{
	if (header->sequence != sequence)
		audit_found_entry(audit, sequence, "the header says that it is entry %llu",
		    (unsigned long long)header->sequence);
	if (header->epoch != audit->ledger->options.epoch)
		audit_found_entry(audit, sequence, "the header is of epoch %u, the log of %u",
		    (unsigned)header->epoch, (unsigned)audit->ledger->options.epoch);
	if (header->time_ms < audit->last_time_ms)
		audit_found_entry(audit, sequence, "earlier than the entry before it");
	else
		audit->last_time_ms = header->time_ms;
}

static enum error check_content(
    struct audit *audit, uint64_t sequence, struct span header, struct span body)
{
	struct error_detail detail = {""};
	struct entry_reader reader;
	enum error error = entry_read(header, body, &reader);

	if (error == ERROR_MEMORY)
		return error;
	if (error) {
		audit_found_entry(audit, sequence, "header and body: %s", error_text(error));
		return audit_books_salvage(audit, sequence, body);
	}
	audit->result->lines += reader.entry.header.count;
	audit->result->documents += reader.entry.header.document_count;
	audit->result->transfers += reader.entry.transfer_count;
	check_place(audit, sequence, &reader.entry.header);
	reader.entry.header.sequence = sequence; /* as found: the books are made in this order */
	error = entry_check(&reader.entry, body, &detail);
	if (error == ERROR_CORRUPT) {
		audit_found_entry(audit, sequence, "%s", detail.text);
		error = ERROR_NONE;
	}
	if (!error)
		error = audit_books_add(audit, &reader.entry);
	if (!error)
		error = audit_documents(audit, &reader.entry);
	entry_free(&reader);
	return error;
}

static enum error check_entry(struct audit *audit, struct span key, struct span header)
{
	struct span body;
	enum error error;

	audit->result->entries++;
	error = audit->has_gap ? ERROR_NONE : audit_tree_add(audit, audit->size, header);
	if (error)
		return error;
	error = store_get(audit->txn, TABLE_BODY, key, &body);
	if (error == ERROR_NOT_FOUND) {
		audit_found_entry(audit, audit->size, "its body is missing");
		return ERROR_NONE;
	}
	if (error)
		return error;
	audit->bodies++;
	return check_content(audit, audit->size, header, body);
}

static enum error walk_log(struct audit *audit)
{
	struct cursor *cursor = NULL;
	struct span key, header;
	enum error error = cursor_open(audit->txn, TABLE_HEADER, &cursor);

	if (!error)
		error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &header);
	for (; !error; error = cursor_next(cursor, &key, &header)) {
		uint64_t sequence;

		if (key.size != 8) {
			audit_found_row(audit, TABLE_HEADER, key, "not the key of an entry");
			continue;
		}
		sequence = be64_read(key.data);
		if (sequence != audit->size) {
			audit_found_entry(audit, audit->size, "missing, up to entry %llu",
			    (unsigned long long)(sequence - 1));
			audit->has_gap = true;
			audit->size = sequence;
		}
		error = check_entry(audit, key, header);
		if (error == ERROR_NOT_FOUND)
			error = ERROR_CORRUPT; /* must not be taken for the end of the table */
		if (error)
			break;
		audit->size++;
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Bodies of entries that the log does not have. Looked for only if there are more than were met. */
static enum error find_stray_bodies(struct audit *audit)
{
	struct cursor *cursor = NULL;
	struct span key, value, header;
	uint64_t bodies;
	enum error error = store_count(audit->txn, TABLE_BODY, &bodies);

	if (error || bodies == audit->bodies)
		return error;
	error = cursor_open(audit->txn, TABLE_BODY, &cursor);
	if (!error)
		error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value);
	for (; !error; error = cursor_next(cursor, &key, &value)) {
		if (store_get(audit->txn, TABLE_HEADER, key, &header) != ERROR_NOT_FOUND)
			continue;
		if (key.size == 8)
			audit_found_both(
			    audit, be64_read(key.data), TABLE_BODY, key, "a body without a header");
		else
			audit_found_row(audit, TABLE_BODY, key, "not the key of an entry");
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error ledger_audit_snapshot(struct ledger *ledger, struct txn *snapshot,
    const struct note_verifier *log, ledger_report *report, void *context,
    struct ledger_audit_result *result)
{
	struct audit audit = {.ledger = ledger,
	    .txn = snapshot,
	    .log = log,
	    .report = report,
	    .context = context,
	    .result = result};
	enum error error;

	*result = (struct ledger_audit_result){0};
	error = audit_books_begin(&audit);
	if (!error)
		error = audit_tree_begin(&audit);
	if (!error)
		error = walk_log(&audit);
	if (!error)
		error = find_stray_bodies(&audit);
	if (!error)
		error = audit_tree_end(&audit);
	if (!error)
		error = audit_books_end(&audit);
	audit_books_free(&audit);
	return error ? error : result->findings ? ERROR_NOT_VERIFIED : ERROR_NONE;
}

enum error ledger_audit(struct ledger *ledger, const struct note_verifier *log,
    ledger_report *report, void *context, struct ledger_audit_result *result)
{
	struct txn *snapshot;
	enum error error = txn_begin_read(ledger->store, &snapshot);

	*result = (struct ledger_audit_result){0};
	if (error)
		return error;
	error = ledger_audit_snapshot(ledger, snapshot, log, report, context, result);
	txn_abort(snapshot);
	return error;
}
