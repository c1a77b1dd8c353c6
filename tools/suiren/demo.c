/* demo.c: `suiren demo`: four cities on this machine settle months of claims. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "demo_live.h"
#include "demo_report.h"

#define DEMO_RESIDENTS 50000u
#define DEMO_SEED 1u

static int demo_run(struct cli *cli, int argc, char **argv)
{
	const char *directory = "demo", *residents_text = NULL, *months_text = NULL,
		   *seed_text = NULL;
	bool in_processes = false;
	const struct cli_option options[] = {{"dir", &directory, NULL},
	    {"residents", &residents_text, NULL}, {"months", &months_text, NULL},
	    {"seed", &seed_text, NULL}, {"processes", NULL, &in_processes}, {NULL, NULL, NULL}};
	uint64_t residents = DEMO_RESIDENTS, months = 1, seed = DEMO_SEED;
	struct demo_live live = {.directory = NULL};
	struct processes processes;
	struct demo_actor actor;
	int status = CLI_DONE;
	enum error error = ERROR_NONE;

	if (cli_options(cli, NULL, argc, argv, options, 0, 0) < 0)
		return CLI_USAGE;
	if (residents_text &&
	    cli_number(cli, "--residents", residents_text, SAMPLE_RESIDENTS_MAX, &residents))
		return CLI_USAGE;
	if (months_text && cli_number(cli, "--months", months_text, SAMPLE_MONTHS_MAX, &months))
		return CLI_USAGE;
	if (seed_text && cli_number(cli, "--seed", seed_text, INT64_MAX, &seed))
		return CLI_USAGE;
	if (residents < SAMPLE_RESIDENTS_LEAST || months == 0)
		return cli_usage(
		    cli->command, "at least %u residents and one month", SAMPLE_RESIDENTS_LEAST);
	if (in_processes)
		error = processes_init(&processes, NULL, &live.detail);
	if (!error)
		error = demo_live_open(&live, directory, seed,
		    day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000),
		    in_processes ? &processes : NULL);
	actor = demo_live_actor(&live);
	if (!error)
		error = demo_tell(
		    &actor, seed, (uint32_t)residents, DEMO_FIRST_MONTH, (unsigned)months);
	if (!error)
		error = demo_report(cli, &live, DEMO_FIRST_MONTH, (unsigned)months);
	if (error)
		status = cli_fail(cli, error, &live.detail, "demo");
	error = demo_live_close(&live);
	if (error && !status)
		status = cli_refuse(
		    cli, error, "a daemon did not stop cleanly; see %s/*.log", directory);
	return status;
}

const struct cli_command demo_commands[] = {
    {"demo", NULL, "[--dir DIR] [--residents N] [--months N] [--seed N] [--processes] [--json]",
	"Four cities on this machine settle months of claims, from made-up people",
	"suiren demo --dir demo --seed 7", demo_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
