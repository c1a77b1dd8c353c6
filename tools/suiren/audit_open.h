/* audit_open.h: opening a node's books for the audit, also when they are so damaged that the node itself does not open: then
 * the ledger alone is opened, so that what is wrong can be named. */
#ifndef SUIREN_AUDIT_OPEN_H
#define SUIREN_AUDIT_OPEN_H

#include "cli.h"

struct audit_subject {
	struct node *node; /* NULL if only the ledger opened */
	struct ledger *ledger;
	struct note_verifier log;
	char origin[ORIGIN_SIZE + 16];
	/* For a replay; with the registry key if it is there. */
	struct settlement_options rules;
	/* What the ledger's options point at, when there is no node. */
	struct node_config *config;
	struct ledger_options options;
	struct settlement *settlement; /* for the projection of keys; without catalogues */
};

/* Returns CLI_DONE; `finding` then holds why the node itself did not open (empty: it did). Or prints the error and returns
 * its status. */
int audit_open(struct cli *cli, const char *directory, struct audit_subject *subject,
    struct error_detail *finding);
void audit_close(struct audit_subject *subject);

#endif
