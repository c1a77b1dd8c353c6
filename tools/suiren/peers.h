/* peers.h: the other cities that a node has met, as its log knows them, and what waits for each. */
#ifndef SUIREN_PEERS_H
#define SUIREN_PEERS_H

#include <yyjson.h>

#include "cli.h"
#include "daemon_status.h"
#include "trust.h"

struct peer_seen {
	uint32_t region;
	const char *name_zh, *name_en;
	struct public_key document_key;
	uint64_t since;    /* the entry that made the key known */
	uint64_t waiting;  /* documents not yet acknowledged */
	int64_t oldest_ms; /* since when the first of them waits; 0: none does */
	bool has_policy;   /* its catalogue is here */
	struct trust_state trust;
	const struct daemon_peer
	    *link; /* what the daemon says of it; NULL: none runs, or it does not know it */
};

/* Fill at most `most` peers, in order of region. Fails with: the store's. */
MUST_CHECK enum error peers_list(
    struct node *node, struct txn *txn, struct peer_seen *peers, size_t most, size_t *count);
void peer_line(const struct peer_seen *peer);
yyjson_mut_val *peer_json(yyjson_mut_doc *doc, const struct peer_seen *peer);

#endif
