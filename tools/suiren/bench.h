/* bench.h: the benchmarks: each measures our way beside a floor that does the same input and output without the rules, in one run, in turns. */
#ifndef SUIREN_BENCH_H
#define SUIREN_BENCH_H

#include "cli.h"

#define BENCH_ROUNDS_MAX 25

/* One case: rates of both sides, a figure a round. */
struct bench_case {
	char name[64];
	unsigned rounds;
	double ours[BENCH_ROUNDS_MAX], floor[BENCH_ROUNDS_MAX];
};

/* Seconds of the monotonic clock. */
double bench_now(void);
/* Print the cases with medians and ratios, the machine and the versions; JSON when asked. */
void bench_report(const struct cli *cli, const char *name, const char *unit,
    const struct bench_case *cases, size_t count);

int bench_ingest(struct cli *cli, int argc, char **argv);

#endif
