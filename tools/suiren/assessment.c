/* assessment.c: being written. */
