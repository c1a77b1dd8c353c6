#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "output.h"

#include <assert.h>

/* What getopt_long returns for options of this program; below every character. */
enum {
	OPTION_JSON = 256,
	OPTION_NOW,
	OPTION_DRY_RUN,
	OPTION_HELP,
	OPTION_FIRST, /* + index into the command's own list */
};

/* The option that -o stands for, or -1. */
static int option_output(const struct cli_option *options)
{
	for (int i = 0; options && options[i].name; i++)
		if (strcmp(options[i].name, "out") == 0 || strcmp(options[i].name, "output") == 0)
			return i;
	return -1;
}

static void options_long(const struct cli_option *options, struct option *all)
{
	size_t count = 0;
	all[count++] = (struct option){"json", no_argument, NULL, OPTION_JSON};
	all[count++] = (struct option){"now", required_argument, NULL, OPTION_NOW};
	all[count++] = (struct option){"dry-run", no_argument, NULL, OPTION_DRY_RUN};
	all[count++] = (struct option){"help", no_argument, NULL, OPTION_HELP};
	for (int i = 0; options && options[i].name; i++) {
		assert(i < CLI_OPTIONS_MAX);
		all[count++] = (struct option){options[i].name,
		    options[i].value ? required_argument : no_argument, NULL, OPTION_FIRST + i};
	}
	all[count] = (struct option){0};
}

static int option_unknown(
    const struct cli_command *command, const char *word, const struct option *all)
{
	const char *nearest = NULL;
	size_t distance = SUGGESTION_DISTANCE + 1;
	for (size_t i = 0; all[i].name && strncmp(word, "--", 2) == 0; i++) {
		size_t d = help_distance(word + 2, all[i].name);
		if (d < distance) {
			distance = d;
			nearest = all[i].name;
		}
	}
	if (nearest)
		return cli_usage(
		    command, "%s is no option of it; did you mean --%s?", word, nearest);
	return cli_usage(command, "%s is no option of it, or needs its full name", word);
}

/* One option that getopt_long has found. Returns false after printing a usage error. */
static bool option_take(struct cli *cli, const struct cli_command *command, int found,
    const char *word, const struct cli_option *options, const struct option *all)
{
	if (found == 'o')
		found = OPTION_FIRST + option_output(options);
	switch (found) {
	case OPTION_JSON:
		cli->json = true;
		return true;
	case 'n':
	case OPTION_DRY_RUN:
		cli->dry_run = true;
		return true;
	case OPTION_NOW:
		cli->now = optarg;
		if (!time_read(optarg, &cli->now_ms))
			return true;
		cli_usage(command, "--now: %s is neither 2026-10-31 nor 2026-10-31T09:00:00+08:00",
		    optarg);
		return false;
	case 'h':
	case OPTION_HELP:
		cli_usage(command, "--help is told by main");
		return false;
	case ':':
		cli_usage(command, "%s needs a value", word);
		return false;
	case '?':
		option_unknown(command, word, all);
		return false;
	}
	const struct cli_option *option = &options[found - OPTION_FIRST];
	if (option->value)
		*option->value = optarg;
	else
		*option->flag = true;
	return true;
}

int cli_options(struct cli *cli, const struct cli_command *command, int argc, char **argv,
    const struct cli_option *options, int least, int most)
{
	struct option all[CLI_OPTIONS_MAX + 5];
	options_long(options, all);
	if (!command)
		command = cli->command;
	/* getopt_long skips the first word, and permutes: it works on a copy. */
	char **words = calloc((size_t)argc + 2, sizeof(*words));
	if (!words) {
		cli_fail(cli, ERROR_MEMORY, NULL, NULL);
		return -1;
	}
	words[0] = (char *)"suiren";
	memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
	const char *shorts = option_output(options) >= 0 ? ":hno:" : ":hn";
	int positional = -1, found;
	optind = 0;
	opterr = 0;
	while ((found = getopt_long(argc + 1, words, shorts, all, NULL)) != -1)
		if (!option_take(cli, command, found, words[optind - 1], options, all))
			goto done;
	positional = argc + 1 - optind;
	memcpy(argv, words + optind, (size_t)positional * sizeof(*words));
	if (positional < least || positional > most) {
		cli_usage(command, positional < least ? "something is missing" : "too many words");
		positional = -1;
	}
done:
	free(words);
	return positional;
}

int cli_status_of(enum error error)
{
	switch (error) {
	case ERROR_NONE:
		return CLI_DONE;
	case ERROR_MEMORY:
	case ERROR_IO:
	case ERROR_DISK_FULL:
	case ERROR_LOCKED:
	case ERROR_BUSY:
	case ERROR_READERS:
	case ERROR_MAP_FULL:
	case ERROR_PERMISSION:
	case ERROR_STOPPED:
	case ERROR_TIMEOUT:
		return CLI_WORLD;
	case ERROR_USAGE:
	case ERROR_MALFORMED:
	case ERROR_TOO_LARGE:
	case ERROR_OVERFLOW:
	case ERROR_RANGE:
	case ERROR_CHECK_DIGIT:
	case ERROR_ENCODING:
		return CLI_USAGE;
	default:
		return CLI_NO;
	}
}

static bool json_asked;

/* The array that cli_list_begin has opened. */
static struct {
	bool open;
	unsigned items;
} list;

const char *cli_item_end(void)
{
	return list.open ? "" : "\n";
}

const char *cli_item_begin(void)
{
	return list.open && list.items++ > 0 ? ",\n" : "";
}

void cli_list_begin(const struct cli *cli)
{
	list.open = cli->json;
	list.items = 0;
	if (list.open)
		fputs("[", stdout);
}

void cli_list_end(void)
{
	if (list.open)
		fputs("]\n", stdout);
	list.open = false;
}

bool cli_expect_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		json_asked |= strcmp(argv[i], "--json") == 0;
	return json_asked;
}

void cli_error_json(enum error error, const char *text)
{
	if (!json_asked)
		return;
	printf("%s{\"error\":", cli_item_begin());
	cli_json_text(stdout, error_name(error));
	printf(",\"message\":");
	cli_json_text(stdout, text);
	printf("}%s", cli_item_end());
}

int cli_answer(const struct cli *cli, const struct answer *answer, const char *what)
{
	bool repeat = answer->error == ERROR_REPEAT;
	if (answer->error && !repeat)
		return cli_fail(cli, answer->error, &answer->detail, what);
	if (cli->json) {
		printf("%s{\"what\":", cli_item_begin());
		cli_json_text(stdout, what);
		printf(",\"entry\":%llu,\"repeat\":%s}%s", (unsigned long long)answer->sequence,
		    repeat ? "true" : "false", cli_item_end());
		return CLI_DONE;
	}
	printf("%s: %s entry %llu %s\n", what, repeat ? "done before, repeat of" : "booked as",
	    (unsigned long long)answer->sequence, repeat ? "重复提交" : "已入账");
	return CLI_DONE;
}

/* One line on stderr, and the document that a program reads. */
static void report(const struct cli *cli, enum error error, const char *what, const char *text)
{
	struct buffer line = {0};
	/* A detail often begins with the file that the caller names too. */
	if (what && strncmp(text, what, strlen(what)) != 0)
		buffer_append_format(&line, "%s: ", what);
	buffer_append_text(&line, text);
	fputs("suiren: ", stderr);
	output_text(stderr, buffer_span(&line));
	fputc('\n', stderr);
	if (cli && cli->json) {
		buffer_append(&line, span_of("", 1));
		cli_error_json(error, line.failed ? error_text(error) : (const char *)line.data);
	}
	buffer_free(&line);
}

int cli_fail(
    const struct cli *cli, enum error error, const struct error_detail *detail, const char *what)
{
	assert(error != ERROR_NONE);
	report(cli, error, what, detail && detail->text[0] ? detail->text : error_text(error));
	return cli_status_of(error);
}

int cli_refuse(const struct cli *cli, enum error error, const char *format, ...)
{
	char text[ERROR_DETAIL_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	report(cli, error, NULL, text);
	return cli_status_of(error);
}

int cli_usage(const struct cli_command *command, const char *format, ...)
{
	char text[ERROR_DETAIL_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fputs("suiren", stderr);
	if (command)
		fprintf(stderr, " %s%s%s", command->noun, command->verb ? " " : "",
		    command->verb ? command->verb : "");
	fputs(": ", stderr);
	output_text(stderr, span_text(text));
	if (command)
		fprintf(stderr, "; usage: suiren %s%s%s %s", command->noun,
		    command->verb ? " " : "", command->verb ? command->verb : "",
		    command->arguments ? command->arguments : "");
	fputc('\n', stderr);
	cli_error_json(ERROR_USAGE, text);
	return CLI_USAGE;
}

int cli_number(
    const struct cli *cli, const char *name, const char *text, uint64_t max, uint64_t *value)
{
	int64_t number = 0;
	enum error error = decimal_read(span_text(text), &number);
	if (error == ERROR_NONE && (uint64_t)number > max)
		error = ERROR_RANGE;
	if (error == ERROR_NONE) {
		*value = (uint64_t)number;
		return CLI_DONE;
	}
	return cli_usage(cli->command, "%s: %s is not a number from 0 to %llu", name, text,
	    (unsigned long long)max);
}

int cli_day(const struct cli *cli, const char *name, const char *text, int32_t *day)
{
	if (day_read(span_text(text), day) == ERROR_NONE)
		return CLI_DONE;
	return cli_usage(cli->command, "%s: %s is not a day like 2026-10-31", name, text);
}

int cli_month(const struct cli *cli, const char *name, const char *text, uint32_t *month)
{
	if (month_read(span_text(text), month) == ERROR_NONE)
		return CLI_DONE;
	return cli_usage(cli->command, "%s: %s is not a month like 2026-10", name, text);
}

int cli_region(const struct cli *cli, const char *name, const char *text, uint32_t *region)
{
	int64_t number = 0;
	if (strlen(text) == 6 && decimal_read(span_text(text), &number) == ERROR_NONE) {
		*region = (uint32_t)number;
		return CLI_DONE;
	}
	return cli_usage(
	    cli->command, "%s: %s is not a region code of six digits like 510100", name, text);
}
