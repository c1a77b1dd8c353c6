/* bench.c: being written. */
