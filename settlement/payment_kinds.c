/* payment_kinds.c: being written. */
