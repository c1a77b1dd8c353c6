/* sample.c: being written. */
