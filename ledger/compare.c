/* compare.c: being written. */
