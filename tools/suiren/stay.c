/* stay.c: being written. */
