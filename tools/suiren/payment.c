/* payment.c: being written. */
