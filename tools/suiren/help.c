#include "help.h"

#include <stdint.h>
#include <string.h>

#include "commands.h"
#include "manual.h"
#include "output.h"

struct command_file {
	const char *heading;
	const struct cli_command *commands;
};

static const struct command_file files[] = {
#define COMMAND_FILE_ROW(heading, file) {heading, file##_commands},
    COMMAND_FILES(COMMAND_FILE_ROW)
#undef COMMAND_FILE_ROW
};
#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t help_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGESTION_WORD_MAX + 1];
	size_t a_size = strlen(a), b_size = strlen(b);
	if (a_size > SUGGESTION_WORD_MAX || b_size > SUGGESTION_WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *now = rows[i % 3], *before = rows[(i + 2) % 3],
		       *earlier = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t change = before[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = least(change, least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

const struct cli_command *help_find(const char *noun, const char *verb)
{
	for (size_t f = 0; f < FILE_COUNT; f++)
		for (const struct cli_command *c = files[f].commands; c->noun; c++)
			if (same(c->noun, noun) && same(c->verb, verb))
				return c;
	return NULL;
}

bool help_knows_noun(const char *noun)
{
	for (size_t f = 0; f < FILE_COUNT; f++)
		for (const struct cli_command *c = files[f].commands; c->noun; c++)
			if (same(c->noun, noun))
				return true;
	return false;
}

/* The nearest noun, or the nearest verb of a noun; NULL if nothing is near. */
static const char *suggestion(const char *noun, const char *verb)
{
	const char *nearest = NULL;
	size_t distance = SUGGESTION_DISTANCE + 1;
	for (size_t f = 0; f < FILE_COUNT; f++)
		for (const struct cli_command *c = files[f].commands; c->noun; c++) {
			if (verb && (!same(c->noun, noun) || !c->verb))
				continue;
			const char *candidate = verb ? c->verb : c->noun;
			size_t d = help_distance(verb ? verb : noun, candidate);
			if (d < distance && d < strlen(candidate)) {
				distance = d;
				nearest = candidate;
			}
		}
	return nearest;
}

int help_unknown(const char *noun, const char *verb)
{
	const char *meant = suggestion(noun, verb);
	fputs("suiren: there is no command `", stderr);
	output_text(stderr, span_text(noun));
	if (verb) {
		fputc(' ', stderr);
		output_text(stderr, span_text(verb));
	}
	fputc('`', stderr);
	if (meant)
		fprintf(stderr, "; did you mean `suiren %s%s%s`?\n", verb ? noun : "",
		    verb ? " " : "", meant);
	else
		fprintf(stderr, "; see `suiren help%s%s`\n", verb ? " " : "", verb ? noun : "");
	cli_error_json(ERROR_USAGE, "there is no such command");
	return CLI_USAGE;
}

int help_verb_missing(const char *noun)
{
	fprintf(stderr, "suiren: %s what? One of:", noun);
	for (size_t f = 0; f < FILE_COUNT; f++)
		for (const struct cli_command *c = files[f].commands; c->noun; c++)
			if (same(c->noun, noun) && c->verb)
				fprintf(stderr, " %s", c->verb);
	fprintf(stderr, "; see `suiren help %s`\n", noun);
	cli_error_json(ERROR_USAGE, "the verb is missing");
	return CLI_USAGE;
}

#define COMMAND_COLUMN 24

static void help_line(FILE *out, const struct cli_command *command)
{
	char words[64];
	snprintf(words, sizeof(words), "%s%s%s", command->noun, command->verb ? " " : "",
	    command->verb ? command->verb : "");
	fputs("  ", out);
	output_cell(out, words, COMMAND_COLUMN);
	fprintf(out, " %s\n", command->summary);
}

void help_all(FILE *out)
{
	fputs("Suiren keeps a city's signed books of eldercare subsidies and settles with other "
	      "cities.\n"
	      "随人：养老补贴，费随人走。一城一账，逐笔签名，跨城对账、清算。\n\n"
	      "Try it:   suiren demo --dir demo\n"
	      "A city:   suiren init chengdu --region 510100\n"
	      "          suiren status chengdu\n\n"
	      "Usage: suiren COMMAND [WORD...] [--OPTION...]\n",
	    out);
	for (size_t f = 0; f < FILE_COUNT; f++) {
		if (files[f].heading)
			fprintf(out, "\n%s\n", files[f].heading);
		for (const struct cli_command *c = files[f].commands; c->noun; c++)
			help_line(out, c);
	}
	fputs("\nEvery command knows --help and --json; commands that write know --now on demo "
	      "nodes.\n"
	      "`suiren help COMMAND` tells more; `suiren --version` which program this is.\n"
	      "Exit status: 0 done, 1 the answer is no, 2 wrong usage or input, 3 the world "
	      "failed.\n",
	    out);
}

void help_noun(FILE *out, const char *noun)
{
	fprintf(out, "Usage: suiren %s VERB [WORD...] [--OPTION...]\n\n", noun);
	const char *example = NULL;
	for (size_t f = 0; f < FILE_COUNT; f++)
		for (const struct cli_command *c = files[f].commands; c->noun; c++)
			if (same(c->noun, noun)) {
				help_line(out, c);
				if (!example)
					example = c->example;
			}
	if (example)
		fprintf(out, "\nExample:\n  %s\n", example);
}

void help_command(FILE *out, const struct cli_command *command)
{
	fprintf(out, "Usage: suiren %s%s%s%s%s\n\n%s\n", command->noun, command->verb ? " " : "",
	    command->verb ? command->verb : "", command->arguments ? " " : "",
	    command->arguments ? command->arguments : "", command->summary);
	const char *more = manual_text(command->noun, command->verb);
	if (more)
		fprintf(out, "\n%s", more);
	fprintf(out, "\nExample:\n  %s\n", command->example);
}

void help_reference(FILE *out)
{
	for (size_t f = 0; f < FILE_COUNT; f++) {
		if (files[f].heading)
			fprintf(out, "## %s\n\n", files[f].heading);
		for (const struct cli_command *c = files[f].commands; c->noun; c++) {
			fprintf(out, "### suiren %s%s%s\n\n```text\n", c->noun, c->verb ? " " : "",
			    c->verb ? c->verb : "");
			help_command(out, c);
			fputs("```\n\n", out);
		}
	}
}
