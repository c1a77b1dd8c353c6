/* ledger_tables.h: the ledger floor's tables by number (0..15). Rows: docs/format.md, "Tables". Private to ledger/. */
#ifndef SUIREN_LEDGER_TABLES_H
#define SUIREN_LEDGER_TABLES_H

enum ledger_table {
	TABLE_META = 0,       /* ledger: name -> value */
	TABLE_HEADER = 1,     /* ledger: sequence -> header */
	TABLE_BODY = 2,       /* ledger: sequence -> body */
	TABLE_NODE = 3,       /* ledger: level, index -> Merkle node */
	TABLE_ACCOUNT = 4,    /* account: name -> balances */
	TABLE_POSTING = 5,    /* account: name, sequence, index -> amount and balances after it */
	TABLE_TRANSFER = 6,   /* account: id -> sequence, index, hash of the content */
	TABLE_PENDING = 7,    /* account: id -> what is left, deadline, accounts */
	TABLE_REFERENCE = 8,  /* account: outside reference, sequence, index */
	TABLE_KEY = 9,        /* keyring: key id -> party, kind, key, from, until */
	TABLE_KEY_PARTY = 10, /* keyring: party, kind -> key id of the valid key */
};

#endif
