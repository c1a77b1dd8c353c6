/* tables.h: the tables of the settlement floor by number. Each belongs to one module, the only one that reads or writes
 * it; rows: docs/format.md, "Tables". All but the registry are projections of the log. */
#ifndef SUIREN_TABLES_H
#define SUIREN_TABLES_H

#include "store.h"

enum settlement_table {
	TABLE_POLICY = 16,         /* policy_book: region, sequence -> catalogue text */
	TABLE_PEER = 17,           /* peer: region -> descriptor */
	TABLE_ORDER = 18,          /* order: id -> sequence, hash */
	TABLE_INBOX = 19,          /* message: sender -> epoch, last number */
	TABLE_OUTBOX = 20,         /* message: receiver, number -> sequence, document index */
	TABLE_OUTBOX_STATE = 21,   /* message: receiver -> next number, acknowledged */
	TABLE_INSTITUTION = 22,    /* institution */
	TABLE_PERSON = 23,         /* person: code -> person_row */
	TABLE_REGISTRY = 24,       /* registry (not rebuilt) */
	TABLE_REGISTRY_INDEX = 25, /* registry (not rebuilt) */
	TABLE_GRANT = 26,          /* entitlement: programme tag, person, first day -> grant_row */
	TABLE_STAY = 27,           /* stay: institution, person, first day -> stay_row */
	TABLE_STAY_PERSON = 28,    /* stay: person, first day -> institution, ... */
	TABLE_SHEET = 29,          /* claim: institution, sheet number -> ... */
	TABLE_CLAIMED = 30,        /* claim: month, institution, need -> u32 days by slot */
	TABLE_CAPACITY = 31,       /* claim: month, institution -> bed nights taken */
	TABLE_USAGE = 32,          /* claim: month, programme -> fen used; month, person caps */
	TABLE_ALLOWANCE = 33,      /* allowance */
	TABLE_RUN = 34,            /* allowance: runs */
	TABLE_OBLIGATION = 35,     /* obligation */
	TABLE_WINDOW = 36,         /* window */
	TABLE_CLEARING = 37,       /* clearing */
	TABLE_PAYMENT = 38,        /* payment */
	TABLE_PAYMENT_INDEX = 39,  /* payment */
	TABLE_REVERSED = 40,       /* claim: obligation or line already reversed */
	TABLE_INSTITUTION_NAME = 41, /* institution: what is for reading and paying only */
	TABLE_GUEST_DUE =
	    42, /* payment: payer, window, institution -> fen that guests have earned it and that are not ordered yet */
	TABLE_DISPUTE =
	    43, /* dispute: obligations left out of what was agreed; marks of entries sent again */
	TABLE_DIFFERING = 44, /* window: payer, creditor, number of those that differ */
	TABLE_PREFUND = 45,   /* prefund: EndToEndId -> a reserve that another city has announced */
	TABLE_HELD = 46,      /* held: side, city, sequence, line -> what waits for the reserve */
	TABLE_ADVANCED =
	    47,           /* refill: EndToEndId, payer, window -> fen that the float has advanced */
	TABLE_TRUST = 48, /* trust: region -> highest head seen; frozen or not */
	TABLE_UNMATCHED =
	    49, /* unmatched: EndToEndId, fact, amount -> what the bank has said that matches nothing */
	TABLE_APPEAL =
	    50, /* appeal: institution, sheet number, line -> appeal and what came of it */
	TABLE_SERVICE = 51, /* service_days: person, need, month, institution -> days and pieces */
	TABLE_TOLD =
	    53, /* payment_told: city, EndToEndId -> what that city has told of a clearing's payment */
};

/* For ledger_open. */
const struct store_table *settlement_tables(size_t *count);
/* Those that a rebuild from the log reproduces (all but the registry's). */
const unsigned *settlement_rebuilt_tables(size_t *count);

#endif
