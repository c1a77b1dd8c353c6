/* person.c: being written. */
