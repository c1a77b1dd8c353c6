/* entry.h: one entry of the log: its header (the Merkle leaf), its body, and the inner tree over its results.
 * docs/format.md, "Entries". Pure and thread-safe.
 *
 *   header = [1, epoch, sequence, time_ms, kind, salt(32), [document hash(32)...], [count, results root(32)], transfers hash(32)]
 *   body   = [secret(32), [document...], lines, verdicts, transfers]
 *
 * lines and verdicts are byte strings that hold `count` deterministic CBOR items one after the other; transfers is a byte
 * string that holds one CBOR array; transfers hash = SHA-256 of it. line leaf i = H(00 || line salt i || line i), with the
 * line salts of hash.h under `secret`; result leaf i = H(00 || line leaf i || verdict i); the results root is the RFC 6962
 * root over the result leaves, the line root that over the line leaves. 1 <= count <= ENTRY_LINES_MAX. */
#ifndef SUIREN_ENTRY_H
#define SUIREN_ENTRY_H

#include "account.h"
#include "document.h"
#include "merkle.h"

struct entry_header {
	uint32_t epoch;
	uint64_t sequence;
	int64_t time_ms;
	uint16_t kind;
	struct hash salt;
	uint32_t document_count;
	uint32_t count;
	struct hash results_root;
	struct hash transfers_hash;
	struct span
	    document_hashes; /* document_count CBOR byte strings of 32, borrowed; see entry_document_hash */
};

/* A whole entry, as handed to the projection and to readers. Everything is borrowed. */
struct entry {
	struct entry_header header;
	struct hash secret;
	const struct span
	    *documents; /* header.document_count COSE documents: causes first, then what goes out */
	struct span lines, verdicts;
	const struct transfer *transfers;
	size_t transfer_count;
};

/* What a decision wants to be logged. Borrowed until the append returns. */
struct entry_draft {
	uint16_t kind;
	struct hash secret;
	const struct span *documents;
	size_t document_count;
	struct span lines, verdicts;
	uint32_t count;
	const struct hash
	    *line_leaves; /* NULL, or `count` leaves computed before (they are trusted) */
	const struct merkle_frontier *results; /* NULL, or the same of the results (trusted) */
	const struct transfer *transfers;
	size_t transfer_count;
};

/* An entry read from bytes, with the arrays that it needs; zero-initialise; entry_free when done. */
struct entry_reader {
	struct entry entry;
	struct span *documents;
	struct transfer *transfers;
};

/* Append header and body bytes of a draft. Fails with: ERROR_MEMORY, ERROR_TOO_LARGE, ERROR_MALFORMED (lines or verdicts
 * are not exactly `count` items). */
MUST_CHECK enum error entry_write(const struct entry_draft *draft, uint32_t epoch,
    uint64_t sequence, int64_t time_ms, const struct hash *salt, struct buffer *header,
    struct buffer *body);
MUST_CHECK enum error entry_header_read(struct span bytes, struct entry_header *header);
struct hash entry_document_hash(const struct entry_header *header, uint32_t index);
/* Read header and body; borrows from both. Checks form and bounds, not hashes: see entry_check. */
MUST_CHECK enum error entry_read(struct span header, struct span body, struct entry_reader *reader);
void entry_free(struct entry_reader *reader);
/* Every hash in the header matches the body. Fails with: ERROR_CORRUPT and says which part. */
MUST_CHECK enum error entry_check(
    const struct entry *entry, struct span body, struct error_detail *detail);

/* The i-th CBOR item of a sequence of items. Fails with: ERROR_RANGE, ERROR_MALFORMED. */
MUST_CHECK enum error entry_item(struct span items, uint32_t index, struct span *item);
/* Line leaves of `count` items in `lines`. Fails with: ERROR_MALFORMED (not exactly `count` items). */
MUST_CHECK enum error entry_line_leaves(
    const struct hash *secret, struct span lines, uint32_t count, struct hash *leaves);
/* Result leaves from line leaves and verdicts. */
MUST_CHECK enum error entry_result_leaves(
    const struct hash *line_leaves, struct span verdicts, uint32_t count, struct hash *leaves);

#endif
