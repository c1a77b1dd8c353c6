/* claim_kinds.c: being written. */
