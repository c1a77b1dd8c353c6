/* obligation.c: being written. */
