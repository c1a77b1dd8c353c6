/* gate.h: what a listener grants to each of its connections, most of all to those that have not proven yet whose they are: how many there
 * may be, how long, how many handshakes, wrong frames and reseals each may cost us. Keeps no bytes of them and closes nothing itself: it
 * says what is to be closed. Pure: connections are numbers, time comes in. Not thread-safe. docs/protocol.md, "Bounds". */
#ifndef SUIREN_GATE_H
#define SUIREN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "net_limits.h"

/* So much may happen at once, and so much more each second. */
struct bucket {
	int64_t level_thousandths, at_ms;
};

/* Take one out of a bucket that holds `burst` and fills by `per_second`; false: it is empty. */
bool bucket_take(struct bucket *bucket, uint32_t burst, uint32_t per_second, int64_t now_ms);

struct gate_pipe {
	uint32_t id;     /* 0: this place is free */
	uint32_t region; /* 0: a stranger */
	int64_t since_ms, heard_ms;
	struct bucket handshakes, strikes, reseals;
};

/* Zeros at first. */
struct gate {
	struct gate_pipe pipes[LINK_PIPES_MAX];
	struct bucket handshakes; /* of all strangers */
	uint32_t count, strangers;
};

enum gate_verdict { GATE_GO, GATE_DROP, GATE_CLOSE };

/* A connection has come. Returns which one is to be closed for it: the oldest stranger, or itself; 0: none. */
uint32_t gate_enter(struct gate *gate, uint32_t id, int64_t now_ms);
/* It is gone. An unknown one is no error. */
void gate_leave(struct gate *gate, uint32_t id);
/* Is it there? *region: whose it has proven to be, 0: a stranger. */
bool gate_find(const struct gate *gate, uint32_t id, uint32_t *region);
/* A frame of this peer has opened: the connection is the peer's. Returns which one is to be closed because the peer has too many, or 0. */
uint32_t gate_prove(struct gate *gate, uint32_t id, uint32_t region, int64_t now_ms);
/* May this handshake be read? GATE_DROP: others have used up what strangers may cost; not its fault. */
enum gate_verdict gate_handshake(struct gate *gate, uint32_t id, int64_t now_ms);
/* A frame that is malformed or does not open. GATE_GO or GATE_CLOSE. */
enum gate_verdict gate_strike(struct gate *gate, uint32_t id, int64_t now_ms);
/* May a reseal be answered? */
enum gate_verdict gate_reseal(struct gate *gate, uint32_t id, int64_t now_ms);
/* One that has been silent for too long, or 0. It is to be closed; asking again gives the next. */
uint32_t gate_idle(struct gate *gate, int64_t now_ms);
/* One of a peer that is a peer no longer, or 0. It is to be closed; asking again gives the next. */
uint32_t gate_dismiss(struct gate *gate, uint32_t region);

#endif
