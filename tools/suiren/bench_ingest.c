/* bench_ingest.c: being written. */
