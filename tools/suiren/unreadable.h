/* unreadable.h: the end of a command whose books cannot be read any further. The ledger's file is read through a map: where it
 * was cut short, where a damaged page sends the reader beyond its end, or where the disk fails, the system answers with a
 * signal, not with an error. It becomes one line and an exit status; the file is not touched. Not thread-safe. */
#ifndef SUIREN_UNREADABLE_H
#define SUIREN_UNREADABLE_H

#include <stdbool.h>

/* From now on such a signal ends the program with `status`, after one line on stderr, and with `json` a document {"error",
 * "message"} on stdout, in place of what was not written yet. Called again, the last call counts. */
void unreadable_ends_with(int status, bool json);

#endif
