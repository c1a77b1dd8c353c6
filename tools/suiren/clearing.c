/* clearing.c: being written. */
