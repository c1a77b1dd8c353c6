/* receipt.c: being written. */
