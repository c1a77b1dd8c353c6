/* institution.c: being written. */
