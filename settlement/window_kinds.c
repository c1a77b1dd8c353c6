/* window_kinds.c: being written. */
