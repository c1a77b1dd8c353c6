/* rotate.h: the city's link key, and another one in its place without stopping: a new descriptor, signed by the root key, names it; the daemon takes
 * it at once and shows the descriptor to the peers, the key before is still answered to those that have not read it. docs/cli.md, "suiren key
 * rotate". */
#ifndef SUIREN_ROTATE_H
#define SUIREN_ROTATE_H

#include "node.h"

/* The link key that the log names now, and the one before if it is still here (`*has_old`). keys/link.key, or, after a rotation that did not
 * come to its end, keys/link.key.next, which takes its place. Fails with: ERROR_MISMATCH (neither is the key that the log names), ERROR_NOT_FOUND,
 * ERROR_PERMISSION, ERROR_MALFORMED, ERROR_IO. */
MUST_CHECK enum error node_link_key(struct node *node, struct hash *secret, struct hash *old,
    bool *has_old, struct error_detail *detail);
/* Make a new link key and book the descriptor that names it; with `address` (not NULL) also another address. `answer` is of that
 * descriptor. Fails with: ERROR_MISMATCH (not this city's root key), as node_submit, and what files fail with. */
MUST_CHECK enum error node_rotate_link(struct node *node, const struct secret_key *root,
    const char *address, struct answer *answer, struct error_detail *detail);

#endif
