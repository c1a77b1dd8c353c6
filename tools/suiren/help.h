/* help.h: the table of all commands: found by their words, with a suggestion for a slip of the fingers, and shown as help
 * texts and as the reference in docs/cli.md. */
#ifndef SUIREN_HELP_H
#define SUIREN_HELP_H

#include "tool_limits.h"
#include "cli.h"

/* Slips of up to so many letters (inserted, dropped, changed, swapped) get a suggestion. */
#define SUGGESTION_DISTANCE 2
/* Longer words are never compared. */

/* Optimal string alignment distance; SIZE_MAX if a word is too long to be compared. */
size_t help_distance(const char *a, const char *b);

/* The command of a noun and a verb (NULL: the noun alone); NULL if there is none. */
const struct cli_command *help_find(const char *noun, const char *verb);
bool help_knows_noun(const char *noun);

/* Say on stderr that the noun (verb NULL) or the verb is not known, with what was probably meant. Returns CLI_USAGE. */
int help_unknown(const char *noun, const char *verb);
/* A noun that needs a verb was given none. Returns CLI_USAGE. */
int help_verb_missing(const char *noun);

void help_all(FILE *out);
void help_noun(FILE *out, const char *noun);
void help_command(FILE *out, const struct cli_command *command);
/* The reference of all commands in Markdown: the generated part of docs/cli.md. */
void help_reference(FILE *out);

#endif
