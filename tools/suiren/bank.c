/* bank.c: being written. */
