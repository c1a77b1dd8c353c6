/* demo_report.c: being written. */
