/* fund.c: being written. */
