#include "stay_view.h"

#include <inttypes.h>
#include <string.h>

#include "fields.h"
#include "output.h"
#include "reason.h"

struct view {
	struct txn *txn;
	uint64_t person;  /* 0: all */
	const char *uscc; /* NULL: all */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint32_t count;
	enum error error;
};

static const char *state_text(unsigned state)
{
	return state == STAY_PENDING ? "pending" : state == STAY_ACCEPTED ? "accepted" : "refused";
}

static void stay_text(
    uint64_t person, const struct stay_night_span *stay, const struct stay_row *row)
{
	char first[DAY_TEXT_SIZE], last[DAY_TEXT_SIZE] = "open";
	day_write(stay->first_day, first);
	if (stay->last_night != DAY_NEVER)
		day_write(stay->last_night, last);
	printf("%016" PRIu64 "  %.*s  %s  %-10s  %s", person, USCC_SIZE, stay->uscc, first, last,
	    state_text(stay->state));
	if (stay->state == STAY_REFUSED && reason_english(row->reason))
		printf(": %s %s", reason_english(row->reason), reason_chinese(row->reason));
	fputc('\n', stdout);
}

static void stay_json(const struct view *view, uint64_t person, const struct stay_night_span *stay,
    const struct stay_row *row)
{
	char code[24];
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(view->doc, view->array);
	snprintf(code, sizeof(code), "%016" PRIu64, person);
	yyjson_mut_obj_add_strcpy(view->doc, object, "person_code", code);
	json_text(view->doc, object, "uscc", span_of(stay->uscc, USCC_SIZE));
	json_day(view->doc, object, "first_day", stay->first_day);
	if (stay->last_night == DAY_NEVER)
		yyjson_mut_obj_add_null(view->doc, object, "last_night");
	else
		json_day(view->doc, object, "last_night", stay->last_night);
	yyjson_mut_obj_add_str(view->doc, object, "state", state_text(stay->state));
	if (stay->state == STAY_REFUSED && reason_name(row->reason))
		yyjson_mut_obj_add_str(view->doc, object, "reason", reason_name(row->reason));
}

static bool stay_show(void *context, uint64_t person, const struct stay_night_span *stay)
{
	struct view *view = context;
	const struct stay_row *row = NULL;
	if (view->uscc && memcmp(view->uscc, stay->uscc, USCC_SIZE) != 0)
		return true;
	view->error = stay_get(view->txn, stay->uscc, person, stay->first_day, &row);
	if (view->error)
		return false;
	view->count++;
	if (view->array)
		stay_json(view, person, stay, row);
	else
		stay_text(person, stay, row);
	return !ferror(stdout);
}

static bool stay_of_person(void *context, const struct stay_night_span *stay)
{
	struct view *view = context;
	return stay_show(view, view->person, stay);
}

static int list(const struct cli *cli, struct view *view)
{
	if (cli->json) {
		view->doc = yyjson_mut_doc_new(NULL);
		view->array = yyjson_mut_arr(view->doc);
		yyjson_mut_doc_set_root(view->doc, view->array);
	}
	enum error error = view->person ? stay_each(view->txn, view->person, stay_of_person, view)
					: stay_all(view->txn, stay_show, view);
	if (!error)
		error = view->error;
	if (error) {
		yyjson_mut_doc_free(view->doc);
		return cli_fail(cli, error, NULL, "stay list");
	}
	if (cli->json)
		return output_json(view->doc, true);
	if (view->count == 0)
		puts("no stay is known 无入住记录");
	return CLI_DONE;
}

int stay_list_run(struct cli *cli, int argc, char **argv)
{
	struct view view = {0};
	const char *person = NULL;
	const struct cli_option options[] = {
	    {"person", &person, NULL}, {"institution", &view.uscc, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	enum error error = person ? person_code_read(span_text(person), &view.person) : ERROR_NONE;
	if (error)
		return cli_usage(
		    cli->command, "--person: %s: %s", person, person_code_fault(error));
	error = view.uscc ? uscc_check(span_text(view.uscc)) : ERROR_NONE;
	if (error)
		return cli_usage(
		    cli->command, "--institution: %s: %s", view.uscc, uscc_fault(error));
	struct node *node = cli_open(cli, argv[0], true, &status);
	view.txn = node ? cli_read(cli, node, &status) : NULL;
	if (view.txn)
		status = list(cli, &view);
	txn_abort(view.txn);
	node_close(node);
	return status;
}
