/* adjudication.c: being written. */
