/* admin_wire.h: what is said on a node's admin socket, in bytes: requests of commands to their
 * node's daemon, and its answers. Pure. docs/protocol.md, "The admin socket".
 *
 *   request = [1, name, time_ms or null, body]
 *     "submit"  [[document, attachment, registry] ...]      byte strings, the last two may be empty
 *     "status"  null
 *     "clock"   null                                        only moves the clock of a demo node
 *     "idle"    [timeout_ms, [region ...]]                  answers when nothing waits for these cities
 *   answer  = [1, error name, text, body]
 *     "submit"  [[error name, sequence, text] ...]
 *     "status"  any item
 *     "idle"    whether nothing waits
 */
#ifndef SUIREN_ADMIN_WIRE_H
#define SUIREN_ADMIN_WIRE_H

#include "net_limits.h"
#include "node.h"

enum admin_name { ADMIN_SUBMIT, ADMIN_STATUS, ADMIN_CLOCK, ADMIN_IDLE, ADMIN_NAMES };

struct admin_request {
	enum admin_name name;
	bool has_time;
	int64_t time_ms; /* what the demo node's clock is moved to */
	struct submission submissions[GROUP_COMMANDS_MAX]; /* borrowed */
	size_t count;
	uint32_t timeout_ms;
	uint32_t regions[CITIES_MAX]; /* of an idle; none: all */
	size_t region_count;
};

struct admin_answer {
	enum error error; /* what the world failed with; ERROR_NONE: it is in the answers */
	struct error_detail text;
	struct answer answers[GROUP_COMMANDS_MAX];
	size_t count;
	struct span body; /* borrowed; one item */
};

/* Append a request; exactly what the name asks for is written. */
void admin_request_write(struct buffer *out, const struct admin_request *request);
/* Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE (more submissions than a group has). */
MUST_CHECK enum error admin_request_read(struct span bytes, struct admin_request *request);

/* Append the answer to a request with this name: `answers` for a submit, else `body` (empty: null). */
void admin_answer_write(
    struct buffer *out, enum admin_name name, const struct admin_answer *answer);
/* Fails with: ERROR_MALFORMED. An error's name that is not known here is ERROR_REFUSED. */
MUST_CHECK enum error admin_answer_read(
    struct span bytes, enum admin_name name, struct admin_answer *answer);

#endif
