/* grant.c: being written. */
