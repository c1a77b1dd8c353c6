/* receipt.h: the proof of one line: that it stands in the log with this verdict, and, where a sheet was signed, that the
 * institution signed it; nothing of any other line. docs/format.md, "Receipts". Pure and thread-safe.
 *
 *   receipt = [1, header, index, line, line_salt(32), verdict, [results path hash(32)...], tlog-proof text,
 *              sheet header COSE or null, [line path hash(32)...]]
 *
 * header, line, verdict and sheet header are byte strings of the bytes that are hashed.
 */
#ifndef SUIREN_RECEIPT_H
#define SUIREN_RECEIPT_H

#include "limits.h"
#include "entry.h"
#include "tlog_proof.h"

struct receipt {
	struct entry_header header;
	struct span header_bytes;
	uint32_t index;
	struct span line, verdict;
	struct hash line_salt;
	struct merkle_proof results_path, line_path;
	struct span proof_text;       /* C2SP tlog-proof, holds the checkpoint */
	struct span sheet;            /* COSE, or empty */
	uint64_t leaf_index;          /* of the entry in the log: its sequence */
	struct checkpoint checkpoint; /* as it stands there: receipt_verify verifies it */
};

/* Make a receipt for result `index`; `sheet` is the index of the signed sheet header among the entry's documents, or -1;
 * `inclusion` proves the header under the signed `checkpoint` note. Fails with: ERROR_RANGE (no such line),
 * ERROR_MALFORMED (the entry), ERROR_TOO_LARGE, ERROR_MEMORY. */
MUST_CHECK enum error receipt_write(struct buffer *out, const struct entry *entry,
    struct span header_bytes, uint32_t index, int sheet, const struct merkle_proof *inclusion,
    struct span checkpoint);
/* Read strictly; borrows; verifies nothing. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE, ERROR_MEMORY. */
MUST_CHECK enum error receipt_read(struct span bytes, struct receipt *receipt);
/* Line and verdict -> results root -> header -> checkpoint under the log's key; and the line -> line root -> the sheet's
 * hash among the header's documents. `sheet_count` and `sheet_line_root` are what the sheet's payload says: given by the
 * caller, who knows sheets; NULL when there is no sheet. The institution's own signature is the caller's to check, who knows
 * its key. Fails with: ERROR_NOT_VERIFIED and says which step; ERROR_MEMORY. */
MUST_CHECK enum error receipt_verify(const struct receipt *receipt, const struct note_verifier *log,
    uint32_t sheet_count, const struct hash *sheet_line_root, struct error_detail *detail);

#endif
