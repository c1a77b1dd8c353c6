#include "unreadable.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define MESSAGE                                                                                 \
	"the ledger's file is cut short or damaged, or its disk fails: a page of it cannot be " \
	"read 账本文件被截断或损坏; put back a good copy of ledger/data.mdb"

static volatile sig_atomic_t exit_status;
static volatile sig_atomic_t json_asked;

static void tell(int file, const char *text)
{
	ssize_t written = write(file, text, strlen(text));
	(void)written; /* nobody is left to be told */
}

static void end(int signal)
{
	(void)signal;
	tell(STDERR_FILENO, "suiren: " MESSAGE "\n");
	if (json_asked)
		tell(STDOUT_FILENO, "{\"error\":\"corrupt\",\"message\":\"" MESSAGE "\"}\n");
	_exit(exit_status);
}

static void watch(int signal)
{
	struct sigaction action = {.sa_handler = end};
	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, NULL);
}

void unreadable_watch(bool json)
{
	exit_status = CLI_WORLD;
	json_asked = json;
	watch(SIGBUS);
}

void unreadable_is_not_verified(void)
{
	exit_status = CLI_NO;
	watch(SIGBUS);
	watch(SIGSEGV);
}
