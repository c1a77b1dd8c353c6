/* allowance.c: being written. */
