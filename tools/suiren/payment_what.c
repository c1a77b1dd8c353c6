#include "payment_what.h"

#include <string.h>

static int named(const struct cli *cli, struct payment_what *what, enum payment_kind kind,
    const char *option, const char *name)
{
	what->kind = kind;
	for (const char *at = name; *at; at++) {
		if (*at <= ' ' || *at > '~')
			return cli_usage(cli->command,
			    "%s: a name is of printable ASCII without spaces", option);
	}
	if (!name[0] || strlen(name) > PAYMENT_NAME_MAX)
		return cli_usage(
		    cli->command, "%s: a name of 1 to %u characters", option, PAYMENT_NAME_MAX);
	snprintf(what->name, sizeof what->name, "%s", name);
	return CLI_DONE;
}

static int monthly(
    const struct cli *cli, struct payment_what *what, const struct payment_words *words)
{
	const char *option = words->clearing ? "--clearing" : "--guests";
	uint32_t month, peer = 0;
	char name[32];

	if (cli_month(cli, option, words->clearing ? words->clearing : words->guests, &month))
		return CLI_USAGE;
	if (words->clearing) {
		snprintf(name, sizeof name, "%06u", (unsigned)month);
		return named(cli, what, PAYMENT_CLEARING, option, name);
	}
	if (!words->peer)
		return cli_usage(cli->command,
		    "--guests needs --peer: the city whose clearing brought "
		    "the money");
	if (cli_region(cli, "--peer", words->peer, &peer))
		return CLI_USAGE;
	snprintf(name, sizeof name, "%06u-%06u", (unsigned)month, (unsigned)peer);
	return named(cli, what, PAYMENT_GUESTS, option, name);
}

int payment_what_take(
    const struct cli *cli, const struct payment_words *words, struct payment_what *what)
{
	unsigned given = !!words->clearing + !!words->run + !!words->institutions +
			 !!words->guests + !!words->advance + !!words->again + !!words->prefund +
			 !!words->suspense;

	if (given != 1 || (words->peer && !words->guests) || !words->to != !words->suspense)
		return cli_usage(cli->command,
		    "one of --clearing, --run, --institutions, --guests with --peer, --advance, "
		    "--again, --prefund, --suspense with --to says what is to be paid");
	if (words->suspense) {
		if (!words->to[0] || strlen(words->to) > PAYMENT_PAYEE_MAX)
			return cli_usage(
			    cli->command, "--to: a region code, a credit code, or a person's code");
		snprintf(what->payee, sizeof what->payee, "%s", words->to);
		return named(cli, what, PAYMENT_SUSPENSE, "--suspense", words->suspense);
	}
	if (words->clearing || words->guests)
		return monthly(cli, what, words);
	if (words->run)
		return named(cli, what, PAYMENT_RUN, "--run", words->run);
	if (words->institutions)
		return named(cli, what, PAYMENT_INSTITUTION, "--institutions", words->institutions);
	if (words->advance)
		return named(cli, what, PAYMENT_ADVANCE, "--advance", words->advance);
	if (words->prefund)
		return named(cli, what, PAYMENT_PREFUND, "--prefund", words->prefund);
	return named(cli, what, PAYMENT_AGAIN, "--again", words->again);
}
