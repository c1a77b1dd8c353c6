/* main.c: `suirend`: the daemon of one city. Parses, opens, runs until it is told to stop. */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "key.h"

#ifndef SUIREN_VERSION
#define SUIREN_VERSION "unknown"
#endif

enum { STATUS_DONE = 0, STATUS_NO = 1, STATUS_USAGE = 2, STATUS_WORLD = 3 };

static const char help[] =
    "Usage: suirend DIR [--listen ADDRESS] [--log text|json] [--log-level LEVEL]\n"
    "               [--now TIME]\n"
    "Runs the node of one city: listens for its peers, sends them what waits, books what comes,\n"
    "cuts windows and proposes clearings by the clock if node.yaml has a schedule.\n"
    "运行一个城市的节点。\n\n"
    "  --listen ADDRESS   tcp://host:port in place of node.yaml's; port 0: any that is free\n"
    "  --log text|json    how events are told on standard error; default: text\n"
    "  --log-level LEVEL  debug, info, warning or error; default: info\n"
    "  --now TIME         where the clock of a demo node stands; commands with --now move it\n\n"
    "SIGTERM and SIGINT stop it cleanly; SIGHUP books DIR/policy.yaml if its version is new.\n"
    "Commands of `suiren` that name DIR go through it while it runs.\n\n"
    "Example: suirend chengdu --log json\n";

struct words {
	const char *directory, *listen, *now;
	enum log_format format;
	enum log_level level;
};

static int wrong(const char *what, const char *word)
{
	fprintf(stderr, "suirend: %s: %s; `suirend --help` tells what there is\n", word, what);
	return STATUS_USAGE;
}

static bool choose(const char *text, const char *const *names, unsigned *choice)
{
	for (*choice = 0; names[*choice]; ++*choice) {
		if (strcmp(text, names[*choice]) == 0)
			return true;
	}
	return false;
}

/* -1: go on; else the exit status. */
static int read_words(int argc, char **argv, struct words *words)
{
	static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
	    {"log", required_argument, NULL, 'f'}, {"log-level", required_argument, NULL, 'v'},
	    {"now", required_argument, NULL, 'n'}, {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	static const char *const formats[] = {"text", "json", NULL};
	static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
	unsigned choice;
	int found;

	*words = (struct words){.format = LOG_TEXT, .level = LOG_INFO};
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (found == 'h') {
			fputs(help, stdout);
			return STATUS_DONE;
		}
		if (found == 'V') {
			puts("suirend " SUIREN_VERSION);
			return STATUS_DONE;
		}
		if (found == 'l') {
			words->listen = optarg;
		} else if (found == 'n') {
			words->now = optarg;
		} else if (found == 'f' && choose(optarg, formats, &choice)) {
			words->format = (enum log_format)choice;
		} else if (found == 'v' && choose(optarg, levels, &choice)) {
			words->level = (enum log_level)choice;
		} else if (found == ':') {
			return wrong("its value is missing", argv[optind - 1]);
		} else {
			return wrong(found == '?' ? "no such option" : "no such choice",
			    found == '?' ? argv[optind - 1] : optarg);
		}
	}
	if (optind != argc - 1)
		return optind == argc ? wrong("is missing", "DIR")
				      : wrong("too many words", argv[optind + 1]);
	words->directory = argv[optind];
	return -1;
}

static int status_of(enum error error)
{
	switch (error) {
	case ERROR_NONE:
		return STATUS_DONE;
	case ERROR_USAGE:
	case ERROR_MALFORMED:
	case ERROR_TOO_LARGE:
	case ERROR_RANGE:
	case ERROR_NOT_FOUND:
		return STATUS_USAGE;
	case ERROR_MISMATCH:
	case ERROR_CORRUPT:
	case ERROR_SIGNATURE:
	case ERROR_NOT_VERIFIED:
		return STATUS_NO;
	default:
		return STATUS_WORLD;
	}
}

/* Long messages come and go: what held them is given back at once. By itself the C library would learn from the first of them to keep as
 * much, and a daemon that was flooded once would stay as large. */
#define GIVEN_BACK_BYTES (256 << 10)

static void give_memory_back(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, GIVEN_BACK_BYTES);
#endif
}

int main(int argc, char **argv)
{
	struct error_detail detail = {""};
	struct daemon *daemon = NULL;
	struct log *log = NULL;
	struct words words;
	int status = read_words(argc, argv, &words);
	enum error error;

	if (status >= 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk */
	give_memory_back();
	error = key_library_init();
	if (!error)
		error = log_open(stderr, words.format, words.level, &log);
	if (!error) {
		const struct daemon_options options = {.directory = words.directory,
		    .listen = words.listen,
		    .now = words.now,
		    .log = log};

		error = daemon_open(&options, &daemon, &detail);
	}
	if (error)
		fprintf(stderr, "suirend: %s: %s\n", words.directory,
		    detail.text[0] ? detail.text : error_text(error));
	else
		error = daemon_run(daemon);
	daemon_close(daemon);
	log_close(log);
	return status_of(error);
}
