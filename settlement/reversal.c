/* reversal.c: being written. */
