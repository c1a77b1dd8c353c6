/* unreadable.h: the end of a command whose books cannot be read any further. The ledger's file is read through a map: where it
 * was cut short, where a damaged page sends the reader beyond its end, or where the disk fails, the system answers with a
 * signal, not with an error. It becomes one line and an exit status; the file is not touched. Not thread-safe. */
#ifndef SUIREN_UNREADABLE_H
#define SUIREN_UNREADABLE_H

#include <stdbool.h>

/* From now on a page that is not there ends the program with exit status 3, after one line on stderr, and with `json` a document
 * {"error", "message"} on stdout, in place of what was not written yet. Called once, by main. */
void unreadable_watch(bool json);
/* For whoever judges the books: from now on the answer is no, exit status 1, also where a damaged page has sent LMDB astray in
 * memory. */
void unreadable_is_not_verified(void);

#endif
