/* clearing_kinds.c: being written. */
