/* bench_pipeline.h: how sheets reach a writer in the benchmark: two workers take them by turn, decode, hash and verify them, and leave
 * them in a ring in the order of the sheets; the calling thread takes groups out of it and writes. */
#ifndef SUIREN_BENCH_PIPELINE_H
#define SUIREN_BENCH_PIPELINE_H

#include "bench_region.h"
#include "sheet.h"

#define BENCH_WORKERS 2

struct bench_prepared {
	const struct bench_sheet *sheet;
	struct prepared_sheet prepared;
};

/* Write one group durably. `sheets` are borrowed for the call. */
typedef enum error bench_write_group(
    void *context, const struct bench_prepared *const *sheets, size_t count);

/* What it took: seconds by the clock, and of the processor: the writer's thread, and all others (workers, and what the node hashes beside
 * its writer). */
struct bench_time {
	double seconds, writer, workers;
};

/* Fails with: ERROR_MEMORY (also if there can be no more threads), and what a sheet or the writer failed with. */
MUST_CHECK enum error bench_pipeline_run(const struct bench_sheets *sheets, size_t group,
    bench_write_group *write, void *context, struct bench_time *time);

#endif
