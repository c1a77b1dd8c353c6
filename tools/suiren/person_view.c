/* person_view.c: `suiren person show`: what a node knows of one person. Name, ID number and card are hidden but for their ends, unless
 * --reveal asks for them. */
#include <inttypes.h>
#include <string.h>

#include "output.h"
#include "person_words.h"
#include "programme.h"
#include "reason.h"

struct view {
	const struct cli *cli;
	struct node *node;
	struct txn *txn;
	uint64_t code;
	bool reveal;
	const struct person_row *row;
	struct registry_row registry;
	bool has_registry;
	yyjson_mut_doc *doc;
	yyjson_mut_val *stays; /* JSON, or NULL */
};

/* The first and the last characters, the rest as one '*'. */
static void mask(const char *text, size_t head, size_t tail, bool reveal, char out[256])
{
	size_t size = strlen(text);
	if (reveal || size == 0) {
		snprintf(out, 256, "%s", text);
		return;
	}
	if (size <= head + tail)
		tail = 0;
	while (head < size && ((uint8_t)text[head] & 0xC0) == 0x80)
		head++;
	snprintf(out, 256, "%.*s*%s", (int)(head < size ? head : size), text, text + size - tail);
}

static const char *word_of(const struct field_word *words, uint32_t value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return "unknown";
}

static const char *programme_of(const struct view *view, uint32_t tag, char text[16])
{
	const struct policy *policy =
	    settlement_policy(node_settlement(view->node), person_code_region(view->code));
	for (size_t i = 0; policy && i < policy->programme_count; i++)
		if (policy->programmes[i].tag == tag)
			return policy->programmes[i].code;
	snprintf(text, 16, "tag %08x", tag);
	return text;
}

static const char *stay_state_text(unsigned state)
{
	return state == STAY_PENDING ? "pending" : state == STAY_ACCEPTED ? "accepted" : "refused";
}

static const char *day_text(int32_t day, char text[DAY_TEXT_SIZE])
{
	if (day == DAY_NEVER)
		return "open";
	day_write(day, text);
	return text;
}

/* --- text -------------------------------------------------------------------------------------------------- */

static void label(const char *text)
{
	fputs("  ", stdout);
	output_cell(stdout, text, 14);
	fputs("  ", stdout);
}

static void facts_text(const struct view *view)
{
	const struct person_row *row = view->row;
	char birth[DAY_TEXT_SIZE], death[DAY_TEXT_SIZE];
	if (!(row->state & PERSON_HAS_FACTS))
		return;
	label("情况 facts");
	printf("出生 born %s%s%s, 收入类别 income class %s", day_text(row->birth_day, birth),
	    row->death_day == DAY_NEVER ? "" : ", 死亡 died ",
	    row->death_day == DAY_NEVER ? "" : day_text(row->death_day, death),
	    word_of(person_income_words, row->income_class));
	for (const struct field_word *word = person_flag_words; word->name; word++)
		if (row->flags & word->value)
			printf(", %s %s", word->alias, word->name);
	printf(" (entry %" PRIu64 ")\n", row->facts_sequence);
}

static void registry_text(const struct view *view)
{
	char name[256], number[256], card[256];
	if (!view->has_registry)
		return;
	mask(view->registry.name, 3, 0, view->reveal, name);
	mask(view->registry.id_number, 4, 2, view->reveal, number);
	mask(view->registry.card, 0, 4, view->reveal, card);
	label("人员 person");
	output_text(stdout, span_text(name));
	printf(", 身份证号 ID number %s", number);
	if (card[0])
		printf(", 卡号 card %s, 开户行 bank %s", card, view->registry.bank);
	fputc('\n', stdout);
}

static void spans_text(const struct view *view)
{
	const struct person_row *row = view->row;
	char from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE], tag[16];
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++)
		if (row->levels[i].sequence) {
			label("能力等级 level");
			printf("%u from %s to %s, 评估地 assessed by %06u (entry %" PRIu64 ")\n",
			    row->levels[i].level, day_text(row->levels[i].from_day, from),
			    day_text(row->levels[i].until_day, until), row->levels[i].assessor,
			    row->levels[i].sequence);
		}
	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++)
		if (row->grants[i].sequence) {
			label("待遇 grant");
			printf("%s from %s to %s, 支付给 paid to the %s (entry %" PRIu64 ")\n",
			    programme_of(view, row->grants[i].tag, tag),
			    day_text(row->grants[i].from_day, from),
			    day_text(row->grants[i].until_day, until),
			    row->grants[i].paid_to == PAID_TO_CARD ? "card" : "institution",
			    row->grants[i].sequence);
		}
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++)
		if (row->filings[i].sequence) {
			label("备案 filed");
			printf("in %06u from %s to %s (entry %" PRIu64 ")\n",
			    row->filings[i].region, day_text(row->filings[i].from_day, from),
			    day_text(row->filings[i].until_day, until), row->filings[i].sequence);
		}
}

static bool stay_text(void *context, const struct stay_night_span *stay)
{
	char first[DAY_TEXT_SIZE], last[DAY_TEXT_SIZE];
	(void)context;
	label("入住 stay");
	printf("%.*s from %s to %s, %s\n", USCC_SIZE, stay->uscc, day_text(stay->first_day, first),
	    day_text(stay->last_night, last), stay_state_text(stay->state));
	return true;
}

static int show_text(struct view *view)
{
	printf("%016" PRIu64 "%s%s\n", view->code,
	    view->row->state & PERSON_FOREIGN ? "  外地人员 of another city" : "",
	    view->row->state & PERSON_ERASED ? "  erased 信息已删除" : "");
	registry_text(view);
	facts_text(view);
	spans_text(view);
	enum error error = stay_each(view->txn, view->code, stay_text, view);
	return error ? cli_fail(view->cli, error, NULL, "stays") : CLI_DONE;
}

/* --- JSON -------------------------------------------------------------------------------------------------- */

static void until_json(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int32_t day)
{
	if (day == DAY_NEVER)
		yyjson_mut_obj_add_null(doc, object, key);
	else
		json_day(doc, object, key, day);
}

static void registry_json(const struct view *view, yyjson_mut_val *object)
{
	char name[256], number[256], card[256];
	if (!view->has_registry)
		return;
	mask(view->registry.name, 3, 0, view->reveal, name);
	mask(view->registry.id_number, 4, 2, view->reveal, number);
	mask(view->registry.card, 0, 4, view->reveal, card);
	json_text(view->doc, object, "name", span_text(name));
	json_text(view->doc, object, "id_number", span_text(number));
	json_text(view->doc, object, "card", span_text(card));
	json_text(view->doc, object, "bank", span_text(view->registry.bank));
}

static void facts_json(const struct view *view, yyjson_mut_val *object)
{
	const struct person_row *row = view->row;
	if (!(row->state & PERSON_HAS_FACTS))
		return;
	json_day(view->doc, object, "birth_day", row->birth_day);
	until_json(view->doc, object, "death_day", row->death_day);
	yyjson_mut_obj_add_str(
	    view->doc, object, "income_class", word_of(person_income_words, row->income_class));
	yyjson_mut_val *flags = yyjson_mut_arr(view->doc);
	yyjson_mut_obj_add_val(view->doc, object, "flags", flags);
	for (const struct field_word *word = person_flag_words; word->name; word++)
		if (row->flags & word->value)
			yyjson_mut_arr_add_str(view->doc, flags, word->name);
	yyjson_mut_obj_add_uint(view->doc, object, "facts_entry", row->facts_sequence);
}

static yyjson_mut_val *list_json(const struct view *view, yyjson_mut_val *object, const char *key)
{
	yyjson_mut_val *array = yyjson_mut_arr(view->doc);
	yyjson_mut_obj_add_val(view->doc, object, key, array);
	return array;
}

static yyjson_mut_val *span_json(const struct view *view, yyjson_mut_val *array, uint64_t sequence,
    int32_t from_day, int32_t until_day)
{
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(view->doc, array);
	yyjson_mut_obj_add_uint(view->doc, object, "entry", sequence);
	json_day(view->doc, object, "from", from_day);
	until_json(view->doc, object, "until", until_day);
	return object;
}

static void spans_json(const struct view *view, yyjson_mut_val *object)
{
	const struct person_row *row = view->row;
	yyjson_mut_doc *doc = view->doc;
	char tag[16];
	yyjson_mut_val *array = list_json(view, object, "levels");
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++) {
		const struct level_span *level = &row->levels[i];
		if (level->sequence == 0)
			continue;
		yyjson_mut_val *item =
		    span_json(view, array, level->sequence, level->from_day, level->until_day);
		yyjson_mut_obj_add_uint(doc, item, "level", level->level);
		yyjson_mut_obj_add_uint(doc, item, "assessor", level->assessor);
	}
	array = list_json(view, object, "grants");
	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++) {
		const struct grant_span *grant = &row->grants[i];
		if (grant->sequence == 0)
			continue;
		yyjson_mut_val *item =
		    span_json(view, array, grant->sequence, grant->from_day, grant->until_day);
		json_text(doc, item, "programme", span_text(programme_of(view, grant->tag, tag)));
		yyjson_mut_obj_add_str(
		    doc, item, "paid_to", grant->paid_to == PAID_TO_CARD ? "card" : "institution");
		yyjson_mut_obj_add_uint(doc, item, "region", grant->region);
	}
	array = list_json(view, object, "filings");
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		const struct filing_span *filing = &row->filings[i];
		if (filing->sequence == 0)
			continue;
		yyjson_mut_val *item =
		    span_json(view, array, filing->sequence, filing->from_day, filing->until_day);
		yyjson_mut_obj_add_uint(doc, item, "host", filing->region);
	}
}

static bool stay_json(void *context, const struct stay_night_span *stay)
{
	struct view *view = context;
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(view->doc, view->stays);
	json_text(view->doc, object, "uscc", span_of(stay->uscc, USCC_SIZE));
	json_day(view->doc, object, "first_day", stay->first_day);
	until_json(view->doc, object, "last_night", stay->last_night);
	yyjson_mut_obj_add_str(view->doc, object, "state", stay_state_text(stay->state));
	return true;
}

static int show_json(struct view *view)
{
	char code[24];
	yyjson_mut_doc *doc = view->doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	snprintf(code, sizeof(code), "%016" PRIu64, view->code);
	yyjson_mut_obj_add_strcpy(doc, object, "person_code", code);
	yyjson_mut_obj_add_bool(doc, object, "foreign", view->row->state & PERSON_FOREIGN);
	yyjson_mut_obj_add_bool(doc, object, "erased", view->row->state & PERSON_ERASED);
	registry_json(view, object);
	facts_json(view, object);
	spans_json(view, object);
	view->stays = list_json(view, object, "stays");
	enum error error = stay_each(view->txn, view->code, stay_json, view);
	if (!error)
		return output_json(doc, true);
	yyjson_mut_doc_free(doc);
	return cli_fail(view->cli, error, NULL, "stays");
}

/* --- */

/* A reader may have no registry key: then the names stay sealed. */
static enum error registry_look(struct view *view)
{
	const struct hash *key = settlement_registry_key(node_settlement(view->node));
	if (!key)
		return ERROR_NONE;
	enum error error = registry_get(view->txn, key, view->code, &view->registry);
	view->has_registry = !error;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static int show(struct view *view)
{
	enum error error = person_get(view->txn, view->code, &view->row);
	if (error == ERROR_NOT_FOUND)
		return cli_refuse(
		    view->cli, error, "%016" PRIu64 ": no such person here 查无此人", view->code);
	if (!error)
		error = registry_look(view);
	if (error)
		return cli_fail(view->cli, error, NULL, "person show");
	int status = view->cli->json ? show_json(view) : show_text(view);
	registry_row_wipe(&view->registry);
	return status;
}

int person_show_run(struct cli *cli, int argc, char **argv)
{
	struct view view = {.cli = cli};
	const struct cli_option options[] = {{"reveal", NULL, &view.reveal}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	enum error error = person_code_read(span_text(argv[1]), &view.code);
	if (error)
		return cli_usage(cli->command, "CODE: %s: %s", argv[1], person_code_fault(error));
	view.node = cli_open(cli, argv[0], true, &status);
	view.txn = view.node ? cli_read(cli, view.node, &status) : NULL;
	if (view.txn)
		status = show(&view);
	txn_abort(view.txn);
	node_close(view.node);
	return status;
}
