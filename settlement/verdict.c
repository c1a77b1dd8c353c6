/* verdict.c: being written. */
