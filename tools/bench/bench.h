/* bench.h: the benchmarks: each measures our way beside a floor that does the same input and output without the rules, in one run, in turns. */
#ifndef SUIREN_BENCH_H
#define SUIREN_BENCH_H

#include "tool_limits.h"
#include "cli.h"
#include "output.h"

/* One side of a case, a figure a round. */
struct bench_side {
	double rate[BENCH_ROUNDS_MAX]; /* of the report's unit, by the clock */
	double writer
	    [BENCH_ROUNDS_MAX]; /* nanoseconds of the processor a line, in the writing thread */
	double workers[BENCH_ROUNDS_MAX]; /* ... and in all others */
	double bytes[BENCH_ROUNDS_MAX];   /* by which the file has grown, a line */
};

struct bench_case {
	char name[64];
	unsigned rounds;
	struct bench_side ours, floor;
};

/* Seconds of the monotonic clock. */
double bench_now(void);
/* Print what was done (`work`, one line), the cases with medians and ratios, the machine and the versions; JSON when asked. */
void bench_report(const struct cli *cli, const char *name, const char *work,
    const struct bench_case *cases, size_t count);

/* The middle one of 1..BENCH_ROUNDS_MAX values. */
double bench_median(const double *values, unsigned count);
/* The machine and the versions of the libraries: into a report's JSON, and as two lines. */
void bench_about_json(yyjson_mut_doc *doc, yyjson_mut_val *root);
void bench_about_print(void);

/* Remove a folder with a store; a node's directory. They may be open: what is in them goes when they are closed, so that nothing stays behind
 * however the benchmark ends. */
void bench_store_remove(const char *directory);
void bench_node_remove(const char *directory);

int bench_ingest(struct cli *cli, int argc, char **argv);
int bench_link(struct cli *cli, int argc, char **argv);
int bench_reconcile(struct cli *cli, int argc, char **argv);

#endif
