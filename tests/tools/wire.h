/* wire.h: the network between the daemons of a test, on loopback: a listening port for each ordered pair of cities, from which everything is passed on
 * to where the second one listens. It can be cut, slow, and bad: bytes altered, connections ended, at moments that a seed draws. */
#ifndef SUIREN_TEST_WIRE_H
#define SUIREN_TEST_WIRE_H

#include <stdbool.h>
#include <stdint.h>

struct wire;

struct wire_faults {
	uint64_t seed;
	unsigned alter_per_mille; /* of the pieces that pass: one byte is another then */
	unsigned end_per_mille;   /* the connection ends there */
	unsigned delay_per_mille, delay_most_ms;
	unsigned swallow_per_mille; /* it does not arrive, what follows does */
	unsigned double_per_mille;  /* it arrives twice */
	unsigned
	    half_close_per_mille; /* nothing more comes from this side, but the other is still heard */
	unsigned bytes_per_second; /* 0: as fast as it goes */
	bool heads_too;            /* also the length before a message is altered */
	unsigned most;             /* of each kind; then the network is a good one; 0: no end */
};

struct wire_counts {
	unsigned connections, altered, ended, delayed, refused, swallowed, doubled, half_closed;
	unsigned long long bytes;
	unsigned seen; /* pieces that hold one of the texts */
};

struct wire *wire_open(void);
/* The port on which `from` finds `to`, who listens on `port`. */
uint16_t wire_add(struct wire *wire, unsigned from, unsigned to, uint16_t port);
/* From now on nothing passes from or to this city, and what was connected is not any more; or it passes again. */
void wire_cut(struct wire *wire, unsigned city, bool cut);
/* Texts to look for in all that passes; ends with NULL; borrowed. */
void wire_look_for(struct wire *wire, const char *const *texts);
/* From now on all that comes in on connections, before anything befalls it, is written below this folder, which exists: a file for each connection and direction. */
void wire_record(struct wire *wire, const char *folder);
void wire_disturb(struct wire *wire, const struct wire_faults *faults);
struct wire_counts wire_close(struct wire *wire);

#endif
