/* main.c: `suiren`: finds the command, gives help, and turns what happened into the exit status. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "unreadable.h"

#ifndef SUIREN_VERSION
#define SUIREN_VERSION "unknown"
#endif

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* `suiren help [NOUN [VERB]]`, and --help after any words. */
static int show_help(const char *noun, const char *verb)
{
	const struct cli_command *command = NULL;
	if (!noun) {
		help_all(stdout);
		return CLI_DONE;
	}
	if (strcmp(noun, "--reference") == 0) {
		help_reference(stdout);
		return CLI_DONE;
	}
	if (!help_knows_noun(noun))
		return help_unknown(noun, NULL);
	if (verb)
		command = help_find(noun, verb);
	if (!command)
		command = help_find(noun, NULL);
	if (command)
		help_command(stdout, command);
	else if (verb && verb[0] != '-')
		return help_unknown(noun, verb);
	else
		help_noun(stdout, noun);
	return CLI_DONE;
}

static int run(int argc, char **argv)
{
	const char *noun = argc > 1 ? argv[1] : NULL;
	if (!noun) {
		help_all(stderr);
		return CLI_USAGE;
	}
	if (strcmp(noun, "--version") == 0) {
		puts("suiren " SUIREN_VERSION);
		return CLI_DONE;
	}
	if (strcmp(noun, "--help") == 0 || strcmp(noun, "-h") == 0)
		return show_help(NULL, NULL);
	if (strcmp(noun, "help") == 0)
		return show_help(argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL);
	if (!help_knows_noun(noun))
		return help_unknown(noun, NULL);
	const char *verb = argc > 2 ? argv[2] : NULL;
	if (asks_for_help(argc - 2, argv + 2))
		return show_help(noun, verb);

	struct cli cli = {0};
	cli.command = verb ? help_find(noun, verb) : NULL;
	int words = cli.command ? 3 : 2;
	if (!cli.command)
		cli.command = help_find(noun, NULL);
	if (!cli.command)
		return verb ? help_unknown(noun, verb) : help_verb_missing(noun);
	return cli.command->run(&cli, argc - words, argv + words);
}

/* A reader that has gone away has what it wanted; anything else that failed is told. */
static bool output_complete(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

int main(int argc, char **argv)
{
	/* A reader that goes away (`| head`) is seen as a failed write, not as a death in the middle of the work. */
	signal(SIGPIPE, SIG_IGN);
	/* So is a file that may not grow (ulimit -f). */
	signal(SIGXFSZ, SIG_IGN);
	if (key_library_init()) {
		fputs("suiren: the cryptographic library does not start\n", stderr);
		return CLI_WORLD;
	}
	unreadable_watch(cli_expect_json(argc, argv));
	int status = run(argc, argv);
	if (output_complete())
		return status;
	fputs("suiren: standard output could not be written; the answer is incomplete\n", stderr);
	return CLI_WORLD;
}
