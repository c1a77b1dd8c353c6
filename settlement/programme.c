/* programme.c: being written. */
