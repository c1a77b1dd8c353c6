#include "institution_view.h"

#include <inttypes.h>
#include <string.h>

#include "fields.h"
#include "output.h"

static const char *kind_text(unsigned kind)
{
	static const char *const names[] = {"unknown", "nonprofit", "company", "public"};
	return names[kind <= INSTITUTION_PUBLIC ? kind : 0];
}

static const char *standing_text(unsigned standing)
{
	static const char *const names[] = {
	    "unknown", "good", "suspended", "blacklisted", "redlisted"};
	return names[standing <= STANDING_RED ? standing : 0];
}

/* The key that is in force now; false if there is none. */
static enum error current_key(
    struct txn *txn, const char uscc[USCC_SIZE], struct keyring_key *key, bool *has_key)
{
	char party[KEYRING_PARTY_SIZE];
	snprintf(party, sizeof(party), "institution/%.*s", USCC_SIZE, uscc);
	enum error error = keyring_current(txn, party, "institution", key);
	*has_key = !error;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

struct view {
	struct txn *txn;
	uint32_t host; /* 0: all */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint32_t count;
	enum error error;
};

static void row_json(const struct view *view, const struct institution_row *row,
    const struct institution_profile *profile, yyjson_mut_val *object)
{
	yyjson_mut_doc *doc = view->doc;
	json_text(doc, object, "uscc", span_of(row->uscc, USCC_SIZE));
	json_text(doc, object, "name", profile->name);
	yyjson_mut_obj_add_str(doc, object, "kind", kind_text(row->kind));
	yyjson_mut_obj_add_uint(doc, object, "host", row->host);
	yyjson_mut_obj_add_uint(doc, object, "district", row->district);
	yyjson_mut_obj_add_uint(doc, object, "beds", row->licensed_beds);
	yyjson_mut_obj_add_uint(doc, object, "star", row->star);
	yyjson_mut_obj_add_str(doc, object, "standing", standing_text(row->standing));
	json_day(doc, object, "standing_from", row->standing_from);
	json_text(doc, object, "grounds", profile->grounds);
	yyjson_mut_obj_add_uint(doc, object, "registered_at_entry", row->registered_at);
}

static void row_text(const struct institution_row *row, const struct institution_profile *profile)
{
	char name[256], from[DAY_TEXT_SIZE];
	size_t size = profile->name.size < sizeof(name) - 1 ? profile->name.size : sizeof(name) - 1;
	memcpy(name, profile->name.data, size);
	name[size] = '\0';
	day_write(row->standing_from, from);
	printf("%.*s  %06u  ", USCC_SIZE, row->uscc, row->district);
	output_cell(stdout, name, 36);
	printf("  %-9s  %5u 床 beds  %u 星 star  %s", kind_text(row->kind), row->licensed_beds,
	    row->star, standing_text(row->standing));
	if (row->standing != STANDING_GOOD)
		printf(" from %s", from);
	fputc('\n', stdout);
}

static bool list_row(void *context, const struct institution_row *row)
{
	struct view *view = context;
	struct institution_profile profile;
	if (view->host != 0 && row->host != view->host)
		return true;
	view->error = institution_profile(view->txn, row->uscc, &profile);
	if (view->error)
		return false;
	view->count++;
	if (view->array)
		row_json(view, row, &profile, yyjson_mut_arr_add_obj(view->doc, view->array));
	else
		row_text(row, &profile);
	return !ferror(stdout);
}

static int list(const struct cli *cli, struct view *view)
{
	if (cli->json) {
		view->doc = yyjson_mut_doc_new(NULL);
		view->array = yyjson_mut_arr(view->doc);
		yyjson_mut_doc_set_root(view->doc, view->array);
	}
	enum error error = institution_each(view->txn, list_row, view);
	if (!error)
		error = view->error;
	if (error) {
		yyjson_mut_doc_free(view->doc);
		return cli_fail(cli, error, NULL, "institution list");
	}
	if (cli->json)
		return output_json(view->doc, true);
	if (view->count == 0)
		puts("no institution is registered; `suiren institution register DIR FILE.csv`");
	return CLI_DONE;
}

int institution_list_run(struct cli *cli, int argc, char **argv)
{
	const char *host = NULL;
	const struct cli_option options[] = {{"host", &host, NULL}, {NULL, NULL, NULL}};
	struct view view = {0};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0 ||
	    (host && cli_region(cli, "--host", host, &view.host)))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	view.txn = node ? cli_read(cli, node, &status) : NULL;
	if (view.txn)
		status = list(cli, &view);
	txn_abort(view.txn);
	node_close(node);
	return status;
}

/* --- one --------------------------------------------------------------------------------------------------- */

static int show_json(struct view *view, const struct institution_row *row,
    const struct institution_profile *profile, const struct keyring_key *key)
{
	yyjson_mut_doc *doc = view->doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	row_json(view, row, profile, object);
	json_text(doc, object, "account", profile->account);
	json_text(doc, object, "bank", profile->bank);
	if (row->barred_from <= row->barred_until) {
		json_day(doc, object, "barred_from", row->barred_from);
		if (row->barred_until != DAY_NEVER)
			json_day(doc, object, "barred_until", row->barred_until);
	}
	if (key) {
		json_hex(doc, object, "public_key", span_of(key->key.bytes, PUBLIC_KEY_SIZE));
		yyjson_mut_obj_add_uint(doc, object, "key_from_entry", key->from_sequence);
	} else {
		yyjson_mut_obj_add_null(doc, object, "public_key");
	}
	return output_json(doc, true);
}

static void label_text(const char *label)
{
	fputs("  ", stdout);
	output_cell(stdout, label, 17);
	fputs("  ", stdout);
}

static void line_text(const char *label, struct span text)
{
	label_text(label);
	output_text(stdout, text);
	fputc('\n', stdout);
}

static int show_text(const struct institution_row *row, const struct institution_profile *profile,
    const struct keyring_key *key)
{
	char from[DAY_TEXT_SIZE], until[32] = "further notice";
	day_write(row->standing_from, from);
	printf("%.*s  ", USCC_SIZE, row->uscc);
	output_text(stdout, profile->name);
	putchar('\n');
	label_text("登记 registered");
	printf("%06u, 区划 district %06u\n", row->host, row->district);
	label_text("类型 kind");
	printf("%s, %u 张床位 beds, %u 星 star\n", kind_text(row->kind), row->licensed_beds,
	    row->star);
	label_text("信用状态 standing");
	printf("%s from %s\n", standing_text(row->standing), from);
	if (profile->grounds.size > 0)
		line_text("依据 grounds", profile->grounds);
	if (row->barred_from <= row->barred_until) {
		day_write(row->barred_from, from);
		if (row->barred_until != DAY_NEVER)
			day_write(row->barred_until, until);
		label_text("不予支付 not paid");
		printf("%s to %s\n", from, until);
	}
	if (profile->account.size > 0)
		line_text("账号 account", profile->account);
	if (profile->bank.size > 0)
		line_text("开户行 bank", profile->bank);
	label_text("公钥 key");
	if (key) {
		output_hex(stdout, span_of(key->key.bytes, PUBLIC_KEY_SIZE));
		printf(" from entry %" PRIu64 "\n", key->from_sequence);
	} else {
		puts("无，只能由经办人录入 none: only an officer can enter its claims");
	}
	return CLI_DONE;
}

static int show(const struct cli *cli, struct txn *txn, const char *uscc)
{
	const struct institution_row *row = NULL;
	struct institution_profile profile;
	struct keyring_key key;
	struct view view = {.txn = txn};
	bool has_key = false;
	enum error error = institution_get(txn, uscc, &row);
	if (error == ERROR_NOT_FOUND)
		return cli_refuse(cli, error,
		    "%s: no such institution here 机构未登记; `suiren institution list` tells them",
		    uscc);
	if (!error)
		error = institution_profile(txn, uscc, &profile);
	if (!error)
		error = current_key(txn, uscc, &key, &has_key);
	if (error)
		return cli_fail(cli, error, NULL, uscc);
	return cli->json ? show_json(&view, row, &profile, has_key ? &key : NULL)
			 : show_text(row, &profile, has_key ? &key : NULL);
}

int institution_show_run(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, NULL, 2, 2) < 0)
		return CLI_USAGE;
	enum error error = uscc_check(span_text(argv[1]));
	if (error)
		return cli_usage(cli->command, "USCC: %s: %s", argv[1], uscc_fault(error));
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn)
		status = show(cli, txn, argv[1]);
	txn_abort(txn);
	node_close(node);
	return status;
}
