/* receipt.h: the proof of one line: that it stands in the log with this verdict, and, where a sheet was signed, that the
 * institution signed it; nothing of any other line. docs/format.md, "Receipts". Pure and thread-safe.
 *
 *   receipt = [1, header, index, line, line_salt(32), verdict, [results path...], tlog-proof text, sheet header COSE or null, [line path...]]
 */
#ifndef SUIREN_RECEIPT_H
#define SUIREN_RECEIPT_H

#include "entry.h"
#include "note.h"

#define RECEIPT_SIZE_MAX (1u << 20)

struct receipt {
	struct entry_header header;
	struct span header_bytes;
	uint32_t index;
	struct span line, verdict;
	struct hash line_salt;
	struct merkle_proof results_path, line_path;
	struct span proof_text;	 /* C2SP tlog-proof, holds the checkpoint */
	struct span sheet;	 /* COSE, or empty */
	uint64_t leaf_index;
	struct checkpoint checkpoint;
};

/* Make a receipt for result `index`; `sheet` is the index of the signed sheet header among the entry's documents, or -1;
 * `inclusion` proves the header under the signed `checkpoint` note. */
MUST_CHECK enum error receipt_write(struct buffer *out, const struct entry *entry, struct span header_bytes, uint32_t index, int sheet,
    const struct merkle_proof *inclusion, struct span checkpoint);
/* Read strictly; borrows. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE. */
MUST_CHECK enum error receipt_read(struct span bytes, struct receipt *receipt);
/* Line and verdict -> results root -> header -> checkpoint under the log's key; and the line -> line root -> the sheet's
 * hash among the header's documents. `sheet_line_root` is where the sheet's payload keeps [count, line root]: given by the
 * caller, who knows sheets; NULL when there is no sheet. Fails with: ERROR_NOT_VERIFIED and says which step. */
MUST_CHECK enum error receipt_verify(const struct receipt *receipt, const struct note_verifier *log,
    uint32_t sheet_count, const struct hash *sheet_line_root, struct error_detail *detail);

#endif
