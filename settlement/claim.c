/* claim.c: being written. */
