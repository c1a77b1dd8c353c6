/* net_limits.h: every bound of the net floor, published in docs/limits.md. */
#ifndef SUIREN_NET_LIMITS_H
#define SUIREN_NET_LIMITS_H

/* Commands in one durable commit. More gain nothing: beyond this the commit is no longer what
 * costs, be the commands as small as a notice (claim sheets: from 16 on). */
#define GROUP_COMMANDS_MAX 64u
/* Callers that may wait for the writer; the next one is told ERROR_BUSY. */
#define SEQUENCER_QUEUE_MAX 256u
/* Threads of a node that check signatures: one a core. */
#define VERIFIER_THREADS_MAX 64u
/* How often a group is tried again on a larger map. Each step doubles the map, or adds
 * STORE_MAP_STEP. */
#define GROUP_GROWTHS_MAX 24u
/* Lines of a sheet whose results a second thread hashes beside the writer: below, handing over costs what it saves. */
#define HASHER_LINES_MIN 200u
/* Documents that one receiver takes from one sender before it acknowledges them: so many that what a request costs besides (its way there and back, the first
 * signatures, for which the writer waits, and the last commit, beside which there are none left) is little beside them. */
#define DELIVERY_BATCH_MAX 1024u
/* Bytes of documents in one request of a link; only one that is longer by itself goes alone. All that goes with a document comes
 * from one entry, so the longest request is that entry's body and some heads. */
#define DELIVERY_BYTES_MAX (4u << 20)
#define EXCHANGE_SIZE_MAX (DELIVERY_BYTES_MAX + (64u << 10))
/* Pauses before a peer that did not answer is asked again: doubling from the first to the last. */
#define OUTBOX_PAUSE_FIRST_MS 500u
#define OUTBOX_PAUSE_LAST_MS 60000u
/* How often whoever waits for empty outboxes looks, if nothing tells it to. */
#define OUTBOX_LOOK_MS 200
/* How long a request may take; one to a peer that was not heard lately; and the word that this node stops. */
#define DELIVERY_TIMEOUT_MS 30000u
#define DELIVERY_FIRST_MS 5000u
#define FAREWELL_MS 500u
/* How often a daemon looks around by itself: links, clock. */
#define DAEMON_TICK_MS 1000
/* Pauses before what a daemon does by itself is tried again after it has failed: doubling from the first to the last. */
#define ACT_PAUSE_FIRST_MS 1000u
#define ACT_PAUSE_LAST_MS 60000u
/* How long whoever waits for the deliveries of daemons waits for one at a time, and altogether while nothing is booked anywhere. */
#define DELIVER_STEP_MS 500u
#define DELIVER_PATIENCE_MS 60000u
/* Rounds of node_deliver until nothing waits; each moves at least one document. */
#define DELIVERY_ROUNDS_MAX 100000u
/* Bytes of a file name that a node makes in its directory. */
#define NODE_PATH_MAX 4096u
/* A replay commits its scratch store after so many lines and transfers: bounds the pages that are
 * held in memory. */
#define REPLAY_COMMIT_LINES 16384u
/* Address space of the scratch store beyond twice what the node's own store has. */
#define REPLAY_MAP_SPARE (UINT64_C(1) << 30)
/* So many rows of one table are reported one by one, the others together. */
#define REPLAY_ROWS_MAX 100u

/* Heads. A city is asked for its head so often; again so soon when something waits for it; before this much is signed for it or paid to it, it
 * must have answered less than so long ago. */
#define HEADS_INTERVAL_MS 600000u
#define HEADS_AGAIN_MS 1000
#define HEADS_FRESH_MS 60000u
#define HEADS_BIG_FEN INT64_C(100000000)
/* A head that has grown is booked so long after the one before: once a day, so that entries about entries come to rest. */
#define HEADS_ENTRY_MS INT64_C(86400000)

/* Links. */

/* Bytes of a request or an answer: an entry's documents and the sheet that travels beside them. */
#define LINK_MESSAGE_MAX (8u << 20)
/* Bytes of tcp://host:port with its terminating NUL: as a descriptor's. */
#define LINK_ADDRESS_SIZE 128u
/* Peers of a node: every other city. */
#define LINK_PEERS_MAX 64u
/* Requests to one peer under way at a time, and of one peer being served; as many answers to it may be leaving. */
#define LINK_REQUESTS_MAX 64u
/* Bytes of one peer's requests that are held at a time, but for the last one; beyond: busy. */
#define LINK_HELD_MAX (32u << 20)
/* Frames that a listener holds at a time, and how many of the places requests leave free for heartbeats and handshakes. */
#define LINK_SLOTS_MAX 512u
#define LINK_SLOTS_SPARE 64u
/* Threads that serve. */
#define LINK_WORKERS_MAX 4u
/* A heartbeat so often; a connection on which nothing was heard for so long is closed and dialed anew. What is under way may take
 * longer, at so many bytes a second. */
#define LINK_HEARTBEAT_MS 1000
#define LINK_SILENCE_MS 8000
#define LINK_RATE_LEAST (256u << 10)
/* So long a handshake's second message is waited for; between two tries so much at least and at most. */
#define LINK_HANDSHAKE_MS 5000
#define LINK_AGAIN_LEAST_MS 100
#define LINK_AGAIN_MOST_MS 2000
/* So long nng waits before it dials again: at first, and after many failures. */
#define LINK_DIAL_LEAST_MS 100
#define LINK_DIAL_MOST_MS 5000
/* So long a connection that is just being made is waited for before it is hung up. */
#define LINK_HANG_UP_MS 100
/* So long an answer may take to leave. */
#define LINK_SEND_MS 30000

/* The gate: connections that have not proven whose they are, and how long one may stay so. */
#define LINK_STRANGERS_MAX 32u
#define LINK_STRANGER_MS 10000
/* Connections of one peer, and how long one may be silent. */
#define LINK_PIPES_OF_PEER_MAX 4u
#define LINK_IDLE_MS 60000
#define LINK_PIPES_MAX (LINK_STRANGERS_MAX + LINK_PIPES_OF_PEER_MAX * LINK_PEERS_MAX + 1)
/* Frames on a connection that are malformed or do not open: the next one closes it; so many are forgiven a second. */
#define LINK_STRIKES_MAX 8u
#define LINK_STRIKES_FORGIVEN 1u
/* Handshakes on a connection at once, and more a second; of all strangers together in a second. */
#define LINK_HANDSHAKES_MAX 8u
#define LINK_HANDSHAKES_SECOND 1u
#define LINK_HANDSHAKES_ALL_MAX 256u
/* Answers `reseal` on a connection at once, and more a second. */
#define LINK_RESEALS_MAX 256u
#define LINK_RESEALS_SECOND 64u

/* Sessions. */

/* Bytes that one frame seals: a message and the answer's status. */
#define SESSION_CONTENT_MAX (LINK_MESSAGE_MAX + 1)
/* A session is replaced after so long, or when so many frames were sealed under one key. */
#define SESSION_REKEY_MS 3600000
#define SESSION_FRAMES_MAX (UINT64_C(1) << 32)
/* So long a session still opens what comes after it was, or should have been, replaced. */
#define SESSION_OLD_MS 60000
/* Counters behind the highest one that are still told apart from used ones: requests overtake each other. */
#define SESSION_WINDOW_MAX 1984u
/* What a frame adds to its content: header, what it answers, tag. */
#define SESSION_OVERHEAD_MAX 40u

/* Metrics: connections at a time, seconds without a word, bytes of a request's head. */
#define METRICS_CONNECTIONS_MAX 16u
#define METRICS_TIMEOUT_S 10u
#define METRICS_REQUEST_MAX (16u << 10)

/* Held sheets that are decided again after one command. */
#define FURTHER_SHEETS_MAX 10000u

/* The admin socket. */

/* Threads that serve it: so many requests at a time, the others wait. */
#define ADMIN_THREADS 8u
#define ADMIN_BACKLOG 64
/* Bytes of a request or an answer: one command at its longest, with an entry's rows of the registry, or a group of common ones. */
#define ADMIN_FRAME_MAX (64u << 20)
/* How long either end may not move while a frame is under way; and how long an answer may take. */
#define ADMIN_PATIENCE_MS 10000
#define ADMIN_ANSWER_MS 300000
/* The longest wait that a client may ask for. */
#define ADMIN_IDLE_MAX_MS 60000u

#endif
