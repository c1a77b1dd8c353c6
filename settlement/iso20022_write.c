/* iso20022_write.c: being written. */
