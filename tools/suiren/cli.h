/* cli.h: what the commands of `suiren` share: the command table, options, opening a node, one-line errors and exit
 * statuses. A command is one file, tools/suiren/<noun>.c, that defines `const struct cli_command <noun>_commands[]`,
 * ended by a NULL noun, and has a line in commands.h. How text and JSON are written: output.h. Not thread-safe: one
 * command runs at a time. */
#ifndef SUIREN_CLI_H
#define SUIREN_CLI_H

#include <stdio.h>

#include "tool_limits.h"
#include "node.h"

enum cli_status { CLI_DONE = 0, CLI_NO = 1, CLI_USAGE = 2, CLI_WORLD = 3 };

struct cli_command;

struct cli {
	bool json;
	bool dry_run;
	const char *now; /* --now DAY or RFC 3339 time: moves a demo node's clock; NULL */
	const struct cli_command *command; /* the one that runs; set by main */
	int64_t now_ms;                    /* `now` as cli_options has read it */
};

/* argv[0] is the first word after noun and verb. Returns an enum cli_status. */
typedef int cli_run(struct cli *cli, int argc, char **argv);

struct cli_command {
	const char *noun, *verb; /* verb NULL: the noun alone */
	const char *arguments;   /* "DIR --month YYYY-MM [--json]" */
	const char *summary;     /* one line */
	const char *example;     /* one whole command line */
	cli_run *run;
};

/* Long options of a command, taken out of argv by cli_options; what is left in argv are the positional words. --json,
 * --now, --dry-run (-n) and --help are known to every command, -o is short for an option named "out" or "output". A flag
 * has value NULL and flag set. The list ends with a NULL name; NULL for a command without options. */
struct cli_option {
	const char *name;
	const char **value;
	bool *flag;
};

/* Returns the number of positional words (argv[0..n-1]), or -1 after printing a usage error (return CLI_USAGE then).
 * `command` NULL: cli->command. */
int cli_options(struct cli *cli, const struct cli_command *command, int argc, char **argv,
    const struct cli_option *options, int least, int most);

/* Whether --json is among the words, before they are parsed: a usage error is a document too then. Called by main. */
bool cli_expect_json(int argc, char **argv);
/* The document of an error, if --json was given: {"error", "message"}. */
void cli_error_json(enum error error, const char *text);
/* Print "suiren: <what>: <where/why>" to stderr, and with --json a document {"error", "message"} to stdout (so nothing
 * may have been printed there before), and return the exit status that belongs to `error`: CLI_NO for refusals,
 * CLI_USAGE for usage and bad input, CLI_WORLD for disk, lock, network. `detail` and `what` may be NULL. */
int cli_fail(
    const struct cli *cli, enum error error, const struct error_detail *detail, const char *what);
/* The exit status alone. */
int cli_status_of(enum error error);
/* Print a usage error in one line, with the command's usage. Returns CLI_USAGE. */
int cli_usage(const struct cli_command *command, const char *format, ...) PRINTF_LIKE(2, 3);
/* As cli_fail for bad input or a refusal that has no library's detail: cli_refuse(cli, ERROR_RANGE, "...", ...). */
int cli_refuse(const struct cli *cli, enum error error, const char *format, ...) PRINTF_LIKE(3, 4);

/* Read the text of an option or a positional word called `name` ("--month", "SEQ"). They return CLI_DONE, or CLI_USAGE
 * after printing what is wrong. Numbers are decimal, at most `max`. A region must be six digits. */
int cli_number(
    const struct cli *cli, const char *name, const char *text, uint64_t max, uint64_t *value);
int cli_day(const struct cli *cli, const char *name, const char *text, int32_t *day);
int cli_month(const struct cli *cli, const char *name, const char *text, uint32_t *month);
int cli_region(const struct cli *cli, const char *name, const char *text, uint32_t *region);

/* CLI_DONE if `directory` looks like a node; else tells what it is and returns the status. */
int cli_directory(const struct cli *cli, const char *directory);
/* Open a node directory: for reading beside a running daemon, or for writing under its lock. Prints the error. NULL on
 * failure, *status set. Refuses --now for a node that is not a demo, and --dry-run for writing: a command that has a dry
 * run opens for reading. */
struct node *cli_open(struct cli *cli, const char *directory, bool read_only, int *status);
/* Begin reading a node's ledger. Prints the error and sets *status; NULL then. End with txn_abort. */
struct txn *cli_read(const struct cli *cli, struct node *node, int *status);
/* Read a whole file of at most `max` bytes ("-": standard input) into an empty buffer. Fails with: ERROR_NOT_FOUND,
 * ERROR_TOO_LARGE, ERROR_PERMISSION, ERROR_IO, ERROR_MEMORY. */
MUST_CHECK enum error cli_read_file(
    const char *path, size_t max, struct buffer *content, struct error_detail *detail);
/* Write a new file (mode 0644); refuses to overwrite. Fails with: ERROR_EXISTS, ERROR_NOT_FOUND (the folder),
 * ERROR_PERMISSION, ERROR_DISK_FULL, ERROR_IO. */
MUST_CHECK enum error cli_write_file(
    const char *path, struct span content, struct error_detail *detail);
/* Report a booked command: "booked as entry N" or "repeat of entry N", or the error; JSON when asked. Returns the exit
 * status; a repeat is done. */
int cli_answer(const struct cli *cli, const struct answer *answer, const char *what);
/* Between the two, answers and errors are members of one JSON array, for commands that give several orders. Nothing without
 * --json. */
void cli_list_begin(const struct cli *cli);
void cli_list_end(void);
/* What stands before and after a document on stdout, alone or in that array. */
const char *cli_item_begin(void);
const char *cli_item_end(void);

/* JSON text escaped into quotes. */
void cli_json_text(FILE *out, const char *text);

#endif
