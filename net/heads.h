/* heads.h: asks cities how far their logs have come, keeps the highest head of each, and freezes a city whose log contradicts what it has
 * shown. The highest heads are in memory, in a file that whoever has this open writes (heads_write), and from time to time in an
 * entry. Knows no link: it is given a function that carries a request. Thread-safe: several may ask, also about one city. docs/protocol.md, "head" and "proof"; docs/settlement.md, "Trust between
 * cities". */
#ifndef SUIREN_HEADS_H
#define SUIREN_HEADS_H

#include "exchange_head.h"
#include "trust.h"

struct heads;

/* What is told of a city when it changes. Called by whoever asks; must not submit. */
enum heads_event {
	HEADS_FROZEN,    /* it contradicts itself: the evidence is entry `number` */
	HEADS_AWAITED,   /* it has shown a head and no proof that it goes on from those before */
	HEADS_JOINED,    /* it has now; `number` entries */
	HEADS_NOT_BOOKED /* this node cannot book what it has found; the error says why */
};
typedef void heads_tell(
    void *context, enum heads_event event, uint32_t peer, uint64_t number, enum error why);

struct heads_options {
	struct node *node;
	heads_tell *tell; /* or NULL */
	/* A city should be asked at once: something waits for it. From the writer's thread. Or NULL. */
	void (*wanted)(void *context);
	void *context; /* of both */
	/* Asked so often by the caller (heads_due); before something of so many fen is signed or paid, the head must have been asked for
	 * less than `fresh_ms` ago. 0: as net_limits.h says. */
	uint32_t interval_ms, fresh_ms;
	int64_t big_fen;
};

struct heads_status {
	bool known; /* a head was seen */
	uint64_t size;
	int64_t checked_ms; /* ago; -1: not since the start */
	bool awaited;       /* a proof is: nothing is signed for it or paid to it */
};

MUST_CHECK enum error heads_open(const struct heads_options *options, struct heads **heads);
void heads_close(struct heads *heads); /* NULL is accepted */
/* For settlement_gate. */
const struct trust_gate *heads_gate(const struct heads *heads);
/* Should this city be asked now? */
bool heads_due(struct heads *heads, uint32_t peer);
/* Ask one city. What it contradicts itself by is booked. ERROR_NONE also then, and when it is frozen already (it is not asked).
 * Fails with: what `carry` fails with, ERROR_REFUSED (its answer), ERROR_PROOF_AWAITED (its answer proves nothing), the
 * store's, and as node_submit. */
MUST_CHECK enum error heads_ask(
    struct heads *heads, const struct exchange_way *way, struct error_detail *detail);
/* Book the highest heads in one entry, if one is due: a city of which none is booked, or one that is older than HEADS_ENTRY_MS and behind.
 * Fails with: the store's, and as node_submit. */
MUST_CHECK enum error heads_record(struct heads *heads, struct answer *answer);
/* How often a highest head has grown: another number than before says that heads_write would write something else. */
uint64_t heads_changes(struct heads *heads);
/* Append the highest heads, for a file that outlives the process; *changes: heads_changes of what was written. docs/format.md, "Heads".
 * Fails with: ERROR_MEMORY. */
MUST_CHECK enum error heads_write(struct heads *heads, struct buffer *out, uint64_t *changes);
/* Take them back, before anybody is asked: each counts as seen if its city has signed it, in its present epoch, whatever else was
 * written there. Fails with: ERROR_MALFORMED (what stands before is taken), the store's. */
MUST_CHECK enum error heads_read(struct heads *heads, struct span bytes);
/* Of a city that was never asked: zeros. */
void heads_state(struct heads *heads, uint32_t peer, struct heads_status *status);

#endif
