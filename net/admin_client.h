/* admin_client.h: asking the daemon of a node directory. docs/protocol.md, "The admin socket". */
#ifndef SUIREN_ADMIN_CLIENT_H
#define SUIREN_ADMIN_CLIENT_H

#include "admin_wire.h"

/* Whether a daemon listens there now. */
bool admin_is_there(const char *directory);

/* Ask once. `answer` borrows from `bytes`. `sent` (may be NULL) tells whether the daemon may have acted although this failed. Fails with:
 * ERROR_NOT_FOUND (no daemon listens), ERROR_PERMISSION, ERROR_TOO_LARGE, ERROR_TIMEOUT and ERROR_IO (it
 * does not answer, or broke off), ERROR_MALFORMED (it answers what is none), ERROR_MEMORY, and with
 * what the daemon says that the world failed with. */
MUST_CHECK enum error admin_ask(const char *directory, const struct admin_request *request,
    struct buffer *bytes, struct admin_answer *answer, bool *sent, struct error_detail *detail);

#endif
