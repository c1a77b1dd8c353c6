/* person.c: `suiren person register`: new persons from a table, each with a code of its own; and the table of the person commands.
 * Names and numbers go to the registry and to the file of -o, never to the terminal. */
#include "person.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "person_words.h"

const struct field_word person_income_words[] = {
    {"destitute", "特困", INCOME_DESTITUTE},
    {"minimum", "低保", INCOME_MINIMUM},
    {"low", "低收入", INCOME_LOW},
    {"other", "其他", INCOME_OTHER},
    {NULL, NULL, 0},
};

const struct field_word person_flag_words[] = {
    {"disabled", "残疾", PERSON_DISABLED},
    {"severely_disabled", "重度残疾", PERSON_SEVERELY_DISABLED},
    {"family_planning", "计划生育特殊家庭", PERSON_FAMILY_PLANNING},
    {NULL, NULL, 0},
};

/* --- rows -------------------------------------------------------------------------------------------------- */

enum { NAME, ID_NUMBER, CARD, BANK, INCOME_CLASS, FLAGS };

static const struct table_column columns[] = {
    [NAME] = {"name", "姓名", true},
    [ID_NUMBER] = {"id_number", "身份证号", true},
    [CARD] = {"card", "卡号", false},
    [BANK] = {"bank", "开户行", false},
    [INCOME_CLASS] = {"income_class", "收入类别", false},
    [FLAGS] = {"flags", "标志", false},
};

/* The number itself is not told: messages end up in logs. */
static bool id_number_take(
    struct rows *rows, const struct table_row *row, struct import_person *person)
{
	char text[ID_NUMBER_SIZE] = "";
	struct span field = row->fields[ID_NUMBER];
	if (field.size == 0)
		return field_missing(rows, row, ID_NUMBER);
	if (memchr(field.data, '+', field.size))
		return rows_wrong(rows, row, "id_number", ERROR_MALFORMED,
		    "the spreadsheet has made it a number; set the column to text "
		    "请将该列设为文本格式");
	for (size_t i = 0; i < field.size && i < sizeof(text) - 1; i++)
		text[i] = (char)toupper(field.data[i]);
	enum error error = field.size == sizeof(text) - 1 ? id_number_check(span_text(text), NULL)
							  : ERROR_MALFORMED;
	if (error)
		return rows_wrong(rows, row, "id_number", error, "%s",
		    error == ERROR_CHECK_DIGIT ? "the check character is wrong 身份证号校验位错误"
					       : "not an ID number of 18 characters with a real "
						 "birthday 身份证号格式错误");
	person->id_number = rows_text(rows, span_text(text));
	return person->id_number || rows_wrong(rows, row, NULL, ERROR_MEMORY, "out of memory");
}

static bool person_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct import_person *person = out;
	person->income_class = INCOME_OTHER;
	return field_text(rows, row, NAME, 1, REGISTRY_NAME_SIZE - 1, &person->name) &&
	       id_number_take(rows, row, person) &&
	       field_account(rows, row, CARD, CARD_SIZE - 1, &person->card) &&
	       field_bank(rows, row, BANK, &person->bank) &&
	       (field_empty(row, INCOME_CLASS) ||
		   field_word(
		       rows, row, INCOME_CLASS, person_income_words, &person->income_class)) &&
	       field_words(rows, row, FLAGS, person_flag_words, &person->flags);
}

/* --- against the file and the registry --------------------------------------------------------------------- */

struct numbered {
	const char *id_number;
	uint32_t row;
};

static int by_number(const void *a, const void *b)
{
	const struct numbered *left = a, *right = b;
	int order = strcmp(left->id_number, right->id_number);
	return order ? order : left->row < right->row ? -1 : 1;
}

static enum error doubles_check(struct rows *rows)
{
	struct numbered *sorted = calloc(rows->count + 1, sizeof(*sorted));
	if (!sorted)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < rows->count; i++)
		sorted[i] = (struct numbered){
		    ((const struct import_person *)rows_at(rows, i))->id_number, i};
	qsort(sorted, rows->count, sizeof(*sorted), by_number);
	for (uint32_t i = 1; i < rows->count; i++)
		if (strcmp(sorted[i].id_number, sorted[i - 1].id_number) == 0)
			rows_wrong_at(rows, sorted[i].row, "id_number", ERROR_CONFLICT,
			    "the same number stands on line %u 身份证号重复",
			    rows_line(rows, sorted[i - 1].row));
	free(sorted);
	return ERROR_NONE;
}

/* Facts are kept in the years of the calendar, and nobody is born tomorrow. */
static void births_check(struct rows *rows, int32_t today)
{
	int32_t first = day_of(1900, 1, 1);
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct import_person *person = rows_at(rows, i);
		int32_t born = 0;
		enum error error = id_number_check(span_text(person->id_number), &born);
		assert(!error); /* as it was when the row was taken */
		if (born < first || born > today)
			rows_wrong_at(rows, i, "id_number", ERROR_RANGE, "%s",
			    born < first ? "born before 1900 出生日期早于1900年"
					 : "born in the future 出生日期晚于今日");
	}
}

/* Of the rows of one order: those that are registered already, unless all are, which is a repeat or is told when it is booked. */
static enum error part_check(struct rows *rows, struct txn *txn, const struct hash *registry_key,
    uint32_t first, uint32_t count)
{
	uint64_t *codes = calloc(count, sizeof(*codes));
	uint32_t known = 0;
	enum error error = codes ? ERROR_NONE : ERROR_MEMORY;
	for (uint32_t i = 0; !error && i < count; i++) {
		const struct import_person *person = rows_at(rows, first + i);
		error = registry_find(txn, registry_key, span_text(person->id_number), &codes[i]);
		known += !error;
		if (error == ERROR_NOT_FOUND)
			error = ERROR_NONE;
	}
	for (uint32_t i = 0; !error && known < count && i < count; i++)
		if (codes[i] != 0)
			rows_wrong_at(rows, first + i, "id_number", ERROR_EXISTS,
			    "registered already, as %016llu 已登记; `suiren person change` takes "
			    "news",
			    (unsigned long long)codes[i]);
	free(codes);
	return error;
}

static enum error person_check(struct rows *rows, struct node *node)
{
	const struct hash *registry_key = settlement_registry_key(node_settlement(node));
	struct txn *txn = NULL;
	births_check(rows, day_of_time(node_now_ms(node)));
	enum error error = doubles_check(rows);
	if (error || !registry_key) /* a dry run where the key is not */
		return error;
	error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	for (uint32_t first = 0; !error && first < rows->count; first += IMPORT_ROWS_MAX) {
		uint32_t left = rows->count - first;
		error = part_check(rows, txn, registry_key, first,
		    left < IMPORT_ROWS_MAX ? left : IMPORT_ROWS_MAX);
	}
	txn_abort(txn);
	return error;
}

/* --- booking ----------------------------------------------------------------------------------------------- */

struct registering {
	uint64_t *codes;
	const char *out; /* file of -o, or NULL */
};

static enum error person_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer)
{
	(void)after;
	struct registering *registering = rows->context;
	if (!registering->codes)
		registering->codes = calloc(rows->count, sizeof(*registering->codes));
	if (!registering->codes)
		return ERROR_MEMORY;
	return import_persons(
	    node, rows_at(rows, first), count, key, registering->codes + first, answer);
}

/* ID numbers beside codes: for nobody but whoever ran the command. */
static int codes_write(const struct rows *rows, const struct registering *registering)
{
	struct error_detail detail = {""};
	struct buffer text = {0};
	buffer_append_text(&text, "id_number,person_code\n");
	for (uint32_t i = 0; i < rows->count; i++)
		buffer_append_format(&text, "%s,%016llu\n",
		    ((const struct import_person *)rows_at(rows, i))->id_number,
		    (unsigned long long)registering->codes[i]);
	mode_t mask = umask(077);
	enum error error = text.failed
			       ? text.failed
			       : cli_write_file(registering->out, buffer_span(&text), &detail);
	umask(mask);
	if (text.data)
		explicit_bzero(text.data, text.size);
	buffer_free(&text);
	return error ? cli_fail(rows->cli, error, &detail, registering->out) : CLI_DONE;
}

static int person_result(struct rows *rows, yyjson_mut_doc *doc, yyjson_mut_val *object)
{
	const struct registering *registering = rows->context;
	char code[24];
	if (!registering->codes)
		return CLI_DONE;
	if (registering->out) {
		int status = codes_write(rows, registering);
		if (status)
			return status;
	}
	yyjson_mut_val *array = object ? yyjson_mut_arr(doc) : NULL;
	if (object)
		yyjson_mut_obj_add_val(doc, object, "persons", array);
	for (uint32_t i = 0; i < rows->count; i++) {
		snprintf(code, sizeof(code), "%016llu", (unsigned long long)registering->codes[i]);
		if (object) {
			yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, array);
			yyjson_mut_obj_add_uint(doc, row, "line", rows_line(rows, i));
			yyjson_mut_obj_add_strcpy(doc, row, "person_code", code);
		} else if (!registering->out) {
			printf("%6u  %s\n", rows_line(rows, i), code);
		}
	}
	return CLI_DONE;
}

static const struct rows_kind register_kind = {
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .row_size = sizeof(struct import_person),
    .take = person_take,
    .check = person_check,
    .order = person_order,
    .result = person_result,
};

static int register_run(struct cli *cli, int argc, char **argv)
{
	const char *key_file = NULL;
	struct registering registering = {0};
	const struct cli_option options[] = {
	    {"out", &registering.out, NULL}, {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	/* said before anything is booked */
	if (registering.out && access(registering.out, F_OK) == 0)
		return cli_refuse(cli, ERROR_EXISTS,
		    "%s: exists already and is not overwritten; name another file",
		    registering.out);
	struct rows rows = {
	    .cli = cli, .kind = &register_kind, .file = argv[1], .context = &registering};
	int status = rows_read(&rows);
	if (!status)
		status = rows_run(&rows, cli, argv[0], key_file);
	rows_free(&rows);
	free(registering.codes);
	return status;
}

const struct cli_command person_commands[] = {
    {"person", "register", "DIR FILE.csv [-o OUT.csv] [-n] [--officer-key FILE] [--json]",
	"Register persons from a table: each gets a code",
	"suiren person register chengdu persons.csv -o codes.csv", register_run},
    {"person", "show", "DIR CODE [--reveal] [--json]",
	"One person: facts, levels, grants, filings, stays",
	"suiren person show chengdu 5101000000000019", person_show_run},
    {"person", "change", "DIR FILE.csv [-n] [--officer-key FILE] [--json]",
	"New facts of persons: death, income class, flags",
	"suiren person change chengdu changes.csv", person_change_run},
    {"person", "card", "DIR CODE --card NUMBER --bank CNAPS [--officer-key FILE] [--json]",
	"The account or card to which a person's allowances are paid",
	"suiren person card chengdu 5101000000000019 --card 6222020012345678 --bank 102651000001",
	person_card_run},
    {"person", "erase", "DIR CODE... [--officer-key FILE] [--json]",
	"Forget persons: name, numbers, and the keys of their facts",
	"suiren person erase chengdu 5101000000000019", person_erase_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
