/* error.h: the one list of error codes of the whole program, and the caller-owned detail that says what was wrong
 * and where. Every fallible function returns an `enum error`; ERROR_NONE (0) is success. On failure nothing has
 * changed and outputs are NULL or untouched, unless the function's comment says otherwise. Thread-safe: no state. */
#ifndef SUIREN_ERROR_H
#define SUIREN_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* code, symbolic name, one-line English text. Names are stable: they appear in --json output. */
#define ERROR_LIST(X)                                                                 \
	X(ERROR_NONE, "none", "no error")                                             \
	/* the world */                                                               \
	X(ERROR_MEMORY, "memory", "out of memory")                                    \
	X(ERROR_IO, "io", "input or output failed")                                   \
	X(ERROR_DISK_FULL, "disk_full",                                               \
	    "the disk is full; nothing was lost, free space and retry")               \
	X(ERROR_LOCKED, "locked", "another process holds the lock")                   \
	X(ERROR_BUSY, "busy", "the queue is full; try again")                         \
	X(ERROR_READERS, "readers", "too many readers")                               \
	X(ERROR_MAP_FULL, "map_full", "the map must grow; the group is tried again")  \
	X(ERROR_PERMISSION, "permission", "not permitted")                            \
	X(ERROR_STOPPED, "stopped", "the node is stopping")                           \
	X(ERROR_TIMEOUT, "timeout", "no answer came in time")                         \
	/* bad input */                                                               \
	X(ERROR_USAGE, "usage", "wrong usage")                                        \
	X(ERROR_MALFORMED, "malformed", "not of the required form")                   \
	X(ERROR_TOO_LARGE, "too_large", "larger than its limit")                      \
	X(ERROR_OVERFLOW, "overflow", "the amount does not fit")                      \
	X(ERROR_RANGE, "range", "outside its range")                                  \
	X(ERROR_CHECK_DIGIT, "check_digit", "the check digit is wrong")               \
	X(ERROR_ENCODING, "encoding", "wrong character encoding")                     \
	X(ERROR_SIGNATURE, "signature", "the signature does not verify")              \
	X(ERROR_SEAL, "seal", "the seal does not open")                               \
	X(ERROR_UNKNOWN_KEY, "unknown_key", "signed by a key that is not known here") \
	X(ERROR_MISMATCH, "mismatch", "does not match")                               \
	/* the answer is no */                                                        \
	X(ERROR_NOT_FOUND, "not_found", "not found")                                  \
	X(ERROR_EXISTS, "exists", "exists already")                                   \
	X(ERROR_REPEAT, "repeat", "done before; the first answer stands")             \
	X(ERROR_CONFLICT, "conflict", "the same number or id with other content")     \
	X(ERROR_REFUSED, "refused", "refused by the rules")                           \
	X(ERROR_STATE, "state", "not possible in the present state")                  \
	X(ERROR_BALANCE, "balance", "the account's balance rule forbids it")          \
	X(ERROR_FROZEN, "frozen", "the account is frozen")                            \
	X(ERROR_CLOSED, "closed", "the account is closed")                            \
	X(ERROR_ERASED, "erased", "the person's facts were erased")                   \
	X(ERROR_GAP, "gap", "a document with a lower number is still missing")        \
	X(ERROR_PEER_UNREACHABLE, "peer_unreachable", "too much waits for this city") \
	X(ERROR_PEER_FROZEN, "peer_frozen", "this city's log contradicts itself")     \
	X(ERROR_PROOF_AWAITED, "proof_awaited",                                       \
	    "this city has not proven yet that its log goes on")                      \
	/* the books contradict themselves */                                         \
	X(ERROR_CORRUPT, "corrupt", "the stored books contradict themselves")         \
	X(ERROR_NOT_VERIFIED, "not_verified", "the audit found differences")

#define ERROR_AS_ENUM(code, name, text) code,
enum error { ERROR_LIST(ERROR_AS_ENUM) ERROR_COUNT };
#undef ERROR_AS_ENUM

#define ERROR_DETAIL_SIZE 1024

/* What was wrong, where, and what to do next; owned by the caller. An empty text means that there is no detail. */
struct error_detail {
	char text[ERROR_DETAIL_SIZE];
};

/* The stable snake_case name of a code ("disk_full"). Never NULL. */
const char *error_name(enum error code);

/* One English line for a code. Never NULL. */
const char *error_text(enum error code);

/* Has the world failed (disk, memory, time, another process), and not what was asked for? The same may succeed later. */
bool error_is_world(enum error code);

/* Write a formatted text (cut at the size) into `detail`, which may be NULL, and return `code`. The arguments may hold the
 * detail's own text, so that whoever passes an error on can say where it arose. So that a check reads
 * `return error_set(detail, ERROR_RANGE, "%s:%d: ...", ...)`. */
enum error error_set(struct error_detail *detail, enum error code, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
