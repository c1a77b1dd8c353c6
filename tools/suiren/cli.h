/* cli.h: what the commands of `suiren` share: the command table, options, output as text or JSON, one-line errors and exit
 * statuses. A command is one file, tools/suiren/<noun>.c, that defines `const struct cli_command <noun>_commands[]`, ended by a NULL noun. */
#ifndef SUIREN_CLI_H
#define SUIREN_CLI_H

#include <stdio.h>

#include "node.h"

enum cli_status { CLI_DONE = 0, CLI_NO = 1, CLI_USAGE = 2, CLI_WORLD = 3 };

struct cli {
	bool json;
	bool dry_run;
	const char *now; /* --now DAY or RFC 3339 time: moves a demo node's clock; NULL */
};

/* argv[0] is the first word after noun and verb. Returns an enum cli_status. */
typedef int cli_run(struct cli *cli, int argc, char **argv);

struct cli_command {
	const char *noun, *verb; /* verb NULL: the noun alone */
	const char *arguments;	 /* "DIR --month YYYY-MM [--json]" */
	const char *summary;	 /* one line */
	const char *example;	 /* one whole command line */
	cli_run *run;
};

/* Long options of a command, taken out of argv by cli_options; what is left in argv are the positional words. --json, --now, --dry-run and --help are known to
 * every command. A flag has value NULL and flag set. */
struct cli_option {
	const char *name;
	const char **value;
	bool *flag;
};
/* Returns the number of positional words (argv[0..n-1]), or -1 after printing a usage error (return CLI_USAGE then). */
int cli_options(struct cli *cli, const struct cli_command *command, int argc, char **argv, const struct cli_option *options, int least, int most);

/* Print "suiren: <what>: <where/why>" to stderr and return the exit status that belongs to `error`: CLI_NO for refusals, CLI_USAGE for usage and bad
 * input, CLI_WORLD for disk, lock, network. */
int cli_fail(const struct cli *cli, enum error error, const struct error_detail *detail, const char *what);
/* Print a usage error in one line, with the command's usage. Returns CLI_USAGE. */
int cli_usage(const struct cli_command *command, const char *format, ...) PRINTF_LIKE(2, 3);
/* Open a node directory: for reading beside a running daemon, or for writing under its lock. Prints the error. NULL on failure, *status set. */
struct node *cli_open(struct cli *cli, const char *directory, bool read_only, int *status);
/* Read a whole file of at most `max` bytes ("-": standard input). Fails with: ERROR_NOT_FOUND, ERROR_TOO_LARGE, ERROR_IO. */
MUST_CHECK enum error cli_read_file(const char *path, size_t max, struct buffer *content, struct error_detail *detail);
/* Write a new file (mode 0644); refuses to overwrite. */
MUST_CHECK enum error cli_write_file(const char *path, struct span content, struct error_detail *detail);
/* Report a booked command: "booked as entry N" or "repeat of entry N", or the error; JSON when asked. Returns the exit status. */
int cli_answer(const struct cli *cli, const struct answer *answer, const char *what);
/* A key file of an officer, if --officer-key was given. */

/* JSON text escaped into quotes. */
void cli_json_text(FILE *out, const char *text);

#endif
