/* sheet.c: being written. */
