/* entry_view.h: one entry of the log decoded for people and as JSON: header, documents with their signers, lines with their
 * verdicts, transfers. Knows the form of everything and the meaning of nothing: what stands in a line of which kind is told in
 * docs/format.md. */
#ifndef SUIREN_ENTRY_VIEW_H
#define SUIREN_ENTRY_VIEW_H

#include "ledger.h"

/* Both print to stdout and return an enum cli_status. The transaction tells who owned which key. */
int entry_view_text(struct txn *txn, const struct entry *entry);
int entry_view_json(struct txn *txn, const struct entry *entry);

/* "plain", "pending", "post", "void", "expire". */
const char *transfer_kind_name(enum transfer_kind kind);

#endif
