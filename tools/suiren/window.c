/* window.c: being written. */
