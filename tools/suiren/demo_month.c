/* demo_month.c: being written. */
