/* audit.c: being written. */
