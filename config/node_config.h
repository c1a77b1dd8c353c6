/* node_config.h: who a node is: node.yaml of one city, read and written. (Named node_config because net/ has a node.h.) Every field: docs/policy.md,
 * "node.yaml". */
#ifndef SUIREN_NODE_CONFIG_H
#define SUIREN_NODE_CONFIG_H

#include "policy.h"

#define ORIGIN_SIZE 128
#define ADDRESS_SIZE 128
#define BANK_ACCOUNT_SIZE 35 /* at most 34 characters, terminated */
#define BANK_CODE_SIZE 13    /* CNAPS: 12 digits, terminated */

struct node_peer {
	uint32_t region;
	char name_zh[NAME_SIZE], name_en[NAME_SIZE];
	char address[ADDRESS_SIZE]; /* tcp://host:port; may be empty */
	/* Where its clearings are paid to; both empty: not known yet. */
	char account[BANK_ACCOUNT_SIZE], bank[BANK_CODE_SIZE];
};

#define MINUTE_NEVER UINT32_MAX

/* What a daemon does by itself, in Beijing time; minutes count from midnight. */
struct node_schedule {
	uint32_t cut_minute; /* every day: cut all open windows; MINUTE_NEVER: by command only */
	uint32_t
	    clearing_day; /* every month on this day: propose the clearings of the month before; 0: by command only */
	uint32_t clearing_minute;
};

struct node_config {
	uint32_t region;
	char name_zh[NAME_SIZE], name_en[NAME_SIZE];
	char origin_base
	    [ORIGIN_SIZE]; /* "chengdu.suiren.example/ledger"; the origin appends "/<epoch>" */
	uint32_t epoch;    /* from 1 */
	bool demo;
	char listen[ADDRESS_SIZE]; /* tcp://host:port; empty: it only dials its peers */
	/* The city's own account, out of which everything is paid; both empty: it pays nothing by file. */
	char account[BANK_ACCOUNT_SIZE], bank[BANK_CODE_SIZE];
	struct node_peer peers[PEERS_MAX];
	size_t peer_count;
	uint32_t queue_length;   /* commands waiting for the sequencer */
	uint32_t group_commands; /* at most so many in one commit */
	uint64_t map_size;       /* bytes of address space; 0: default */
	uint32_t
	    outbox_limit; /* documents that may wait for a peer before new claims for it are refused */
	struct node_schedule schedule;
	/* Peers are asked for their heads so often, and before that much is signed for one or paid to it. */
	uint32_t heads_interval_s;
	int64_t heads_big_yuan;
	char metrics
	    [ADDRESS_SIZE]; /* host:port where the daemon tells its counters; empty: nowhere */
};

/* Of no city yet; the known cities are its peers. */
void node_config_blank(struct node_config *config);
/* The built-in defaults of one of the known regions. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error node_config_default(uint32_t region, struct node_config *config);
/* Give the city and its peers made-up accounts, the same in each of the known cities' files: for demo nodes. */
void node_config_demo_accounts(struct node_config *config);
/* Fails with: ERROR_MALFORMED after reporting everything wrong, ... */
MUST_CHECK enum error node_config_load(const char *file, struct span bytes, config_report *report,
    void *context, struct node_config *config);
/* Append a commented node.yaml that node_config_load reads back to the same. */
void node_config_write(struct buffer *out, const struct node_config *config);

#endif
