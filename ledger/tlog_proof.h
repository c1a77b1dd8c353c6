/* tlog_proof.h: the C2SP tlog-proof text: an inclusion path and the signed checkpoint under which it holds. docs/format.md,
 * "Receipts". The leaf is never in it: who checks must compute it from the thing itself. Pure and thread-safe. */
#ifndef SUIREN_TLOG_PROOF_H
#define SUIREN_TLOG_PROOF_H

#include "limits.h"
#include "merkle.h"
#include "note.h"

struct tlog_proof {
	uint64_t index;
	struct merkle_proof path;
	struct span note; /* the signed checkpoint as it stands, borrowed */
};

void tlog_proof_write(
    struct buffer *out, uint64_t index, const struct merkle_proof *path, struct span note);
/* Read strictly; borrows. An "extra" line is checked for its form and left alone: nothing signs it. Fails with:
 * ERROR_MALFORMED, ERROR_TOO_LARGE, ERROR_MEMORY. */
MUST_CHECK enum error tlog_proof_read(struct span text, struct tlog_proof *proof);
/* Verify the note under the log's key, and `leaf` under the checkpoint; `checkpoint` is filled. Fails with: what
 * checkpoint_verify fails with, ERROR_NOT_VERIFIED (the path does not lead from leaf to root). */
MUST_CHECK enum error tlog_proof_verify(const struct tlog_proof *proof, const struct hash *leaf,
    const struct note_verifier *log, struct checkpoint *checkpoint);

#endif
