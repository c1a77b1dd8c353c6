/* sample.c: `suiren sample`: the demo's input as files that the import commands read, and the whole story as a shell script in these
 * commands: whoever runs it gets the demo's balances. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "demo_actor.h"
#include "person_words.h"

#define SAMPLE_RESIDENTS 5000u
#define SAMPLE_SEED 1u

struct sample_writer {
	const char *folder;
	FILE *script;
	unsigned files; /* numbered in the order of the story */
	char now[32];
	struct error_detail detail;
};

static enum error world(struct sample_writer *writer, const char *path)
{
	enum error error = errno == ENOSPC   ? ERROR_DISK_FULL
			   : errno == EEXIST ? ERROR_EXISTS
					     : ERROR_IO;

	return error_set(&writer->detail, error, "%s: %s", path, strerror(errno));
}

/* A new file below the folder; `name` gets its number in front and is returned in `path`, relative to the folder. */
static enum error begin(struct sample_writer *writer, const char *name, char path[256], FILE **file)
{
	char whole[4096];

	snprintf(path, 256, "files/%04u-%s", ++writer->files, name);
	if (snprintf(whole, sizeof whole, "%s/%s", writer->folder, path) >= (int)sizeof whole)
		return ERROR_TOO_LARGE;
	*file = fopen(whole, "wxe");
	return *file ? ERROR_NONE : world(writer, whole);
}

static enum error end(struct sample_writer *writer, FILE *file, const char *path)
{
	bool failed = ferror(file) != 0;

	return fclose(file) != 0 || failed ? world(writer, path) : ERROR_NONE;
}

/* One line of the script: `run` must be done; `try` may be answered with no. */
static enum error PRINTF_LIKE(3, 4)
    say(struct sample_writer *writer, const char *how, const char *format, ...)
{
	va_list arguments;

	fprintf(writer->script, "%s ", how);
	va_start(arguments, format);
	vfprintf(writer->script, format, arguments);
	va_end(arguments);
	fprintf(writer->script, " --now %s\n", writer->now);
	return ferror(writer->script) ? world(writer, "month.sh") : ERROR_NONE;
}

#define REGION(city) ((unsigned)sample_regions[city])

static const char *day_text(int32_t day, char text[DAY_TEXT_SIZE])
{
	if (day == DAY_NEVER)
		text[0] = '\0';
	else
		day_write(day, text);
	return text;
}

static enum error write_at(void *context, int64_t now_ms)
{
	struct sample_writer *writer = context;

	time_write(now_ms, writer->now);
	return ERROR_NONE;
}

static enum error write_key(
    struct sample_writer *writer, const char *name, const char *kind, const struct hash *seed)
{
	char path[4096];

	if (snprintf(path, sizeof path, "%s/keys/%s.key", writer->folder, name) >= (int)sizeof path)
		return ERROR_TOO_LARGE;
	return key_file_write(path, kind, seed, &writer->detail);
}

static enum error write_officer(
    void *context, unsigned city, const char *name, const struct hash *seed)
{
	struct sample_writer *writer = context;
	char file[64], hex[2 * PUBLIC_KEY_SIZE + 1];
	struct secret_key key;
	enum error error;

	snprintf(file, sizeof file, "officer-%06u", REGION(city));
	error = write_key(writer, file, "officer", seed);
	key_from_seed(seed, &key);
	hex_write(span_of(key.public.bytes, PUBLIC_KEY_SIZE), hex);
	key_wipe(&key);
	return error ? error
		     : say(writer, "run", "officer add \"$dir/%06u\" %s --key %s", REGION(city),
			   name, hex);
}

static enum error write_appropriations(
    void *context, unsigned city, const struct appropriation_line *rows, uint32_t count)
{
	struct sample_writer *writer = context;
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; !error && i < count; i++) {
		char amount[AMOUNT_TEXT_SIZE];

		yuan_write(rows[i].amount, amount);
		if (rows[i].kind == APPROPRIATION_FLOAT)
			error = say(writer, "run",
			    "fund appropriate \"$dir/%06u\" --float --amount %s --reference '%.*s'",
			    REGION(city), amount, (int)rows[i].reference.size,
			    (const char *)rows[i].reference.data);
		else
			error = say(writer, "run",
			    "fund appropriate \"$dir/%06u\" --fund %s --amount %s --reference "
			    "'%.*s'",
			    REGION(city), rows[i].fund, amount, (int)rows[i].reference.size,
			    (const char *)rows[i].reference.data);
	}
	return error;
}

static enum error write_institutions(
    void *context, unsigned city, const struct institution_line *rows, uint32_t count)
{
	static const char *const kinds[] = {"", "nonprofit", "company", "public"};
	struct sample_writer *writer = context;
	char path[256], hex[2 * PUBLIC_KEY_SIZE + 1], day[DAY_TEXT_SIZE];
	FILE *file;
	enum error error;

	if (rows[0].operation == INSTITUTION_SUSPEND)
		return say(writer, "run",
		    "institution suspend \"$dir/%06u\" %.18s --from %s --grounds '%.*s'",
		    REGION(city), rows[0].uscc, day_text(rows[0].from_day, day),
		    (int)rows[0].grounds.size, (const char *)rows[0].grounds.data);
	error = begin(writer, "institutions.csv", path, &file);
	if (error)
		return error;
	fputs("uscc,name,kind,district,beds,star,account,bank,public_key\n", file);
	for (uint32_t i = 0; i < count; i++) {
		hex_write(span_of(rows[i].key.bytes, PUBLIC_KEY_SIZE), hex);
		fprintf(file, "%.18s,%.*s,%s,%06u,%u,%u,%.*s,%.*s,%s\n", rows[i].uscc,
		    (int)rows[i].name.size, (const char *)rows[i].name.data, kinds[rows[i].kind],
		    (unsigned)rows[i].district, (unsigned)rows[i].beds, (unsigned)rows[i].star,
		    (int)rows[i].account.size, (const char *)rows[i].account.data,
		    (int)rows[i].bank.size, (const char *)rows[i].bank.data, hex);
	}
	error = end(writer, file, path);
	return error ? error
		     : say(writer, "run", "institution register \"$dir/%06u\" %s", REGION(city),
			   path);
}

static void write_words(FILE *file, const struct field_word *words, uint32_t flags)
{
	bool first = true;

	for (; words->name; words++) {
		if (!(flags & words->value))
			continue;
		fprintf(file, "%s%s", first ? "" : ";", words->name);
		first = false;
	}
}

static enum error write_persons(void *context, unsigned city, const struct import_person *rows,
    uint32_t count, uint64_t first_code)
{
	struct sample_writer *writer = context;
	char path[256];
	FILE *file;
	enum error error = begin(writer, "persons.csv", path, &file);

	(void)first_code;
	if (error)
		return error;
	fputs("name,id_number,card,bank,income_class,flags\n", file);
	for (uint32_t i = 0; i < count; i++) {
		fprintf(file, "%s,%s,%s,%s,", rows[i].name, rows[i].id_number, rows[i].card,
		    rows[i].bank);
		write_words(file, person_income_words, rows[i].income_class);
		fputc(',', file);
		write_words(file, person_flag_words, rows[i].flags);
		fputc('\n', file);
	}
	error = end(writer, file, path);
	return error ? error
		     : say(writer, "run", "person register \"$dir/%06u\" %s", REGION(city), path);
}

static enum error write_facts(void *context, unsigned city, uint64_t code, int32_t death_day)
{
	struct sample_writer *writer = context;
	char path[256], day[DAY_TEXT_SIZE];
	FILE *file;
	enum error error = begin(writer, "death.csv", path, &file);

	if (error)
		return error;
	fprintf(file, "person_code,death_day\n%016" PRIu64 ",%s\n", code, day_text(death_day, day));
	error = end(writer, file, path);
	return error ? error
		     : say(writer, "run", "person change \"$dir/%06u\" %s", REGION(city), path);
}

static enum error write_assessments(
    void *context, unsigned city, const struct assessment *rows, uint32_t count)
{
	struct sample_writer *writer = context;
	char path[256], from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
	FILE *file;
	enum error error = begin(writer, "assessments.csv", path, &file);

	if (error)
		return error;
	fputs("person_code,level,from,until,assessor\n", file);
	for (uint32_t i = 0; i < count; i++)
		fprintf(file, "%016" PRIu64 ",%u,%s,%s,%06u\n", rows[i].person,
		    (unsigned)rows[i].level, day_text(rows[i].from_day, from),
		    day_text(rows[i].until_day, until), (unsigned)rows[i].assessor);
	error = end(writer, file, path);
	return error ? error
		     : say(writer, "try", "assessment import \"$dir/%06u\" %s", REGION(city), path);
}

static enum error write_grants(
    void *context, unsigned city, const struct grant_line *rows, uint32_t count)
{
	struct sample_writer *writer = context;
	char path[256], from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
	FILE *file;
	enum error error = begin(writer, "grants.csv", path, &file);

	if (error)
		return error;
	fputs("person_code,programme,from,until,paid_to,region\n", file);
	for (uint32_t i = 0; i < count; i++) {
		fprintf(file, "%016" PRIu64 ",%s,%s,%s,%s,", rows[i].person, rows[i].programme,
		    day_text(rows[i].from_day, from), day_text(rows[i].until_day, until),
		    rows[i].paid_to == PAID_TO_CARD ? "card" : "institution");
		if (rows[i].region)
			fprintf(file, "%06u", (unsigned)rows[i].region);
		fputc('\n', file);
	}
	error = end(writer, file, path);
	return error ? error
		     : say(writer, "try", "grant import \"$dir/%06u\" %s", REGION(city), path);
}

static enum error write_filings(
    void *context, unsigned city, const struct filing_line *rows, uint32_t count)
{
	struct sample_writer *writer = context;
	char path[256], from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE], consent[2 * HASH_SIZE + 1];
	FILE *file;
	enum error error = begin(writer, "filings.csv", path, &file);

	if (error)
		return error;
	fputs("person_code,host,from,until,consent\n", file);
	for (uint32_t i = 0; i < count; i++) {
		hex_write(hash_span(&rows[i].consent), consent);
		fprintf(file, "%016" PRIu64 ",%06u,%s,%s,%s\n", rows[i].person,
		    (unsigned)rows[i].host, day_text(rows[i].from_day, from),
		    day_text(rows[i].until_day, until), consent);
	}
	error = end(writer, file, path);
	return error ? error
		     : say(writer, "try", "filing import \"$dir/%06u\" %s", REGION(city), path);
}

static enum error write_stays(
    void *context, unsigned city, const struct stay_line *rows, uint32_t count)
{
	struct sample_writer *writer = context;
	char path[256], first[DAY_TEXT_SIZE], last[DAY_TEXT_SIZE];
	FILE *file;
	enum error error = begin(writer, "stays.csv", path, &file);

	if (error)
		return error;
	fputs("operation,uscc,person_code,first_day,last_night\n", file);
	for (uint32_t i = 0; i < count; i++)
		fprintf(file, "%s,%.18s,%016" PRIu64 ",%s,%s\n",
		    rows[i].operation == STAY_OPEN ? "open" : "close", rows[i].uscc, rows[i].person,
		    day_text(rows[i].first_day, first), day_text(rows[i].last_night, last));
	error = end(writer, file, path);
	return error ? error
		     : say(writer, "try", "stay import \"$dir/%06u\" %s", REGION(city), path);
}

static enum error write_sheet_rows(
    struct sample_writer *writer, const struct demo_sheet *sheet, char path[256])
{
	int32_t month_first = month_first_day(sheet->month);
	FILE *file;
	enum error error = begin(writer, "claims.csv", path, &file);

	if (error)
		return error;
	fputs("institution,person_code,programme,first_day,last_day,amount\n", file);
	for (uint32_t i = 0; i < sheet->count; i++) {
		const struct demo_line *line = &sheet->lines[i];
		char first[DAY_TEXT_SIZE], last[DAY_TEXT_SIZE], amount[AMOUNT_TEXT_SIZE] = "";

		if (line->amount_fen >= 0)
			yuan_write((struct amount){line->amount_fen}, amount);
		fprintf(file, "%s,%016" PRIu64 ",%s,%s,%s,%s\n", sheet->uscc, line->person,
		    line->programme, day_text(month_first + line->first_day - 1, first),
		    day_text(month_first + line->last_day - 1, last), amount);
	}
	return end(writer, file, path);
}

static enum error write_sheet(void *context, const struct demo_sheet *sheet)
{
	struct sample_writer *writer = context;
	char path[256], key[64], whole[4096];
	struct stat status;
	enum error error = write_sheet_rows(writer, sheet, path);

	if (error)
		return error;
	if (sheet->signer == DEMO_OFFICER)
		return say(writer, "run",
		    "claim submit \"$dir/%06u\" %s --entered-by chen --officer-key "
		    "keys/officer-%06u.key",
		    REGION(sheet->city), path, REGION(sheet->city));
	snprintf(key, sizeof key, "%s%s", sheet->forged ? "forged-" : "", sheet->uscc);
	snprintf(whole, sizeof whole, "%.3900s/keys/%s.key", writer->folder, key);
	if (stat(whole, &status) != 0)
		error = write_key(writer, key, "institution", &sheet->key_seed);
	if (error)
		return error;
	fprintf(writer->script, "sign %s keys/%s.key %" PRIu64 "%s%06u\n", path, key, sheet->number,
	    sheet->payer_forced ? " --payer=" : " --host=",
	    sheet->payer_forced ? (unsigned)sheet->payer : REGION(sheet->city));
	return say(writer, sheet->forged ? "try" : "run",
	    "claim submit \"$dir/%06u\" sheets/%s-%" PRIu64 "-%06u.sheet", REGION(sheet->city),
	    sheet->uscc, sheet->number, (unsigned)sheet->payer);
}

static enum error write_reverse(void *context, unsigned city, const char *uscc, uint64_t number,
    uint32_t line, const char *grounds)
{
	return say(context, "try",
	    "claim reverse \"$dir/%06u\" --institution %.18s --number %" PRIu64
	    " --line %u --grounds '%s'",
	    REGION(city), uscc, number, (unsigned)line, grounds);
}

static enum error write_appeal(void *context, unsigned city, const char *uscc, uint64_t number,
    uint32_t line, const char *grounds)
{
	return say(context, "run",
	    "claim appeal \"$dir/%06u\" --institution %.18s --number %" PRIu64
	    " --line %u --grounds %s",
	    REGION(city), uscc, number, (unsigned)line, grounds);
}

static enum error write_review(
    void *context, unsigned city, const char *uscc, uint64_t number, uint32_t line)
{
	return say(context, "run",
	    "claim review \"$dir/%06u\" --institution %.18s --number %" PRIu64
	    " --line %u --officer-key keys/officer-%06u.key",
	    REGION(city), uscc, number, (unsigned)line, REGION(city));
}

static enum error write_deliver(void *context)
{
	return say(context, "run", "deliver $cities");
}

static enum error write_cut(void *context, unsigned city)
{
	return say(context, "run", "window cut \"$dir/%06u\"", REGION(city));
}

static enum error write_allowance(
    void *context, unsigned city, uint32_t month, const char *programme, const char *run)
{
	char text[8];

	month_write(month, text);
	return say(context, "run", "allowance run \"$dir/%06u\" --month %s --programme %s --run %s",
	    REGION(city), text, programme, run);
}

static enum error write_clearing(void *context, unsigned city, uint32_t month)
{
	char text[8];

	month_write(month, text);
	return say(context, "run", "clearing run \"$dir/%06u\" --month %s", REGION(city), text);
}

static enum error write_payments(
    void *context, unsigned city, enum payment_kind kind, const char *name)
{
	switch (kind) {
	case PAYMENT_RUN:
		return say(
		    context, "try", "payment export \"$dir/%06u\" --run %s", REGION(city), name);
	case PAYMENT_INSTITUTION:
		return say(context, "try", "payment export \"$dir/%06u\" --institutions %s",
		    REGION(city), name);
	case PAYMENT_ADVANCE:
		return say(context, "try", "payment export \"$dir/%06u\" --advance %s",
		    REGION(city), name);
	case PAYMENT_CLEARING:
		return say(context, "try", "payment export \"$dir/%06u\" --clearing %.4s-%s",
		    REGION(city), name, name + 4);
	case PAYMENT_GUESTS:
		return say(context, "try",
		    "payment export \"$dir/%06u\" --guests %.4s-%.2s --peer %s", REGION(city), name,
		    name + 4, name + 7);
	default:
		return ERROR_STATE;
	}
}

/* The bank answers what was exported; each city books what it has said. */
static enum error write_bank(void *context)
{
	struct sample_writer *writer = context;
	enum error error = say(writer, "run", "bank $cities --until %.10s", writer->now);

	for (unsigned city = 0; !error && city < SAMPLE_CITIES; city++)
		error = say(writer, "answers", "%06u", REGION(city));
	return error;
}

static struct demo_actor sample_actor(struct sample_writer *writer)
{
	return (struct demo_actor){
	    .context = writer,
	    .detail = &writer->detail,
	    .at = write_at,
	    .officer = write_officer,
	    .appropriations = write_appropriations,
	    .institutions = write_institutions,
	    .persons = write_persons,
	    .facts = write_facts,
	    .assessments = write_assessments,
	    .grants = write_grants,
	    .filings = write_filings,
	    .stays = write_stays,
	    .sheet = write_sheet,
	    .reverse = write_reverse,
	    .appeal = write_appeal,
	    .review = write_review,
	    .deliver = write_deliver,
	    .cut = write_cut,
	    .allowance = write_allowance,
	    .clearing = write_clearing,
	    .order_payments = write_payments,
	    .bank = write_bank,
	};
}

static void write_head(FILE *script, uint64_t seed)
{
	char now[32];

	time_write(day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000), now);
	fprintf(script,
	    "#!/bin/sh\n"
	    "# The demo's story in commands: sh month.sh [DIR]. Run it where it lies; DIR must not "
	    "exist.\n"
	    "# All persons and institutions are made up.\n"
	    "set -eu\n"
	    "cd \"$(dirname \"$0\")\"\n"
	    "suiren=${SUIREN:-suiren}\n"
	    "dir=${1:-nodes}\n"
	    "cities=\"$dir/%06u $dir/%06u $dir/%06u $dir/%06u\"\n"
	    "run() { \"$suiren\" \"$@\" >>\"$dir/log\"; }\n"
	    "# The answer may be no (exit status 1): rows that the rules refuse, nothing to pay.\n"
	    "try() { \"$suiren\" \"$@\" >>\"$dir/log\" 2>&1 || [ $? -eq 1 ]; }\n"
	    "# What the bank has answered a city: all of it, whatever was imported before.\n"
	    "answers() {\n"
	    "	city=$dir/$1\n"
	    "	shift\n"
	    "	for file in \"$city\"/bank/in/*.xml; do\n"
	    "		[ ! -e \"$file\" ] || set -- \"$@\" \"$file\"\n"
	    "	done\n"
	    "	[ $# -le 2 ] || run payment import \"$city\" \"$@\"\n"
	    "}\n"
	    "# What an institution does at its own desk, without a node.\n"
	    "sign() { \"$suiren\" claim sign \"$1\" --key \"$2\" --number \"$3\" \"$4\" --policy "
	    "\"$dir/cities.bundle\" -o sheets >>\"$dir/log\"; }\n"
	    "rm -rf sheets\n"
	    "mkdir \"$dir\"\n",
	    REGION(0), REGION(1), REGION(2), REGION(3));
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		fprintf(script,
		    "run init \"$dir/%06u\" --region %06u --demo --seed %" PRIu64 " --now %s\n",
		    REGION(city), REGION(city), seed, now);
	fprintf(script,
	    "run peer add $cities --now %s\nrun policy bundle \"$dir/%06u\" -o "
	    "\"$dir/cities.bundle\"\n",
	    now, REGION(0));
}

static void write_tail(FILE *script)
{
	fputs("for city in $cities; do\n"
	      "	\"$suiren\" verify \"$city\"\n"
	      "	\"$suiren\" clearing list \"$city\"\n"
	      "done\n",
	    script);
}

static enum error make_folders(struct sample_writer *writer)
{
	static const char *const names[] = {"", "/files", "/keys"};

	for (size_t i = 0; i < 3; i++) {
		char path[4096];

		if (snprintf(path, sizeof path, "%s%s", writer->folder, names[i]) >=
		    (int)sizeof path)
			return ERROR_TOO_LARGE;
		if (mkdir(path, i == 2 ? 0700 : 0755) != 0)
			return world(writer, path);
	}
	return ERROR_NONE;
}

static enum error write_sample(
    struct sample_writer *writer, uint64_t seed, uint32_t residents, unsigned months)
{
	struct demo_actor actor = sample_actor(writer);
	char path[4096];
	enum error error = make_folders(writer);

	if (error)
		return error;
	if (snprintf(path, sizeof path, "%s/month.sh", writer->folder) >= (int)sizeof path)
		return ERROR_TOO_LARGE;
	writer->script = fopen(path, "wxe");
	if (!writer->script)
		return world(writer, path);
	write_head(writer->script, seed);
	error = demo_tell(&actor, seed, residents, DEMO_FIRST_MONTH, months);
	write_tail(writer->script);
	if (!error && ferror(writer->script))
		error = world(writer, path);
	if (fclose(writer->script) != 0 && !error)
		error = world(writer, path);
	return error;
}

static int sample_run(struct cli *cli, int argc, char **argv)
{
	const char *out = NULL, *residents_text = NULL, *months_text = NULL, *seed_text = NULL;
	const struct cli_option options[] = {{"out", &out, NULL},
	    {"residents", &residents_text, NULL}, {"months", &months_text, NULL},
	    {"seed", &seed_text, NULL}, {NULL, NULL, NULL}};
	uint64_t residents = SAMPLE_RESIDENTS, months = 1, seed = SAMPLE_SEED;
	struct sample_writer writer = {.files = 0};
	enum error error;

	if (cli_options(cli, NULL, argc, argv, options, 0, 0) < 0)
		return CLI_USAGE;
	if (!out)
		return cli_usage(cli->command, "--out is missing");
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
	writer.folder = out;
	error = write_sample(&writer, seed, (uint32_t)residents, (unsigned)months);
	if (error)
		return cli_fail(cli, error, &writer.detail, out);
	if (!cli->json)
		printf("%s: %u files, and %s/month.sh, which books them: sh %s/month.sh\n", out,
		    writer.files, out, out);
	return CLI_DONE;
}

const struct cli_command sample_commands[] = {
    {"sample", NULL, "--out DIR [--residents N] [--months N] [--seed N]",
	"The demo's input as tables, with a script of the whole month",
	"suiren sample --out sample --residents 5000", sample_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
