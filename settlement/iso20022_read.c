/* iso20022_read.c: being written. */
