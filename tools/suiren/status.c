/* status.c: `suiren status`: one screen about a node. */
#include <inttypes.h>
#include <sys/stat.h>

#include "admin_client.h"
#include "cli.h"
#include "daemon_status.h"
#include "dispute.h"
#include "message.h"
#include "output.h"
#include "peers.h"
#include "window.h"

struct status_facts {
	bool runs; /* a daemon, and what it says */
	struct daemon_status daemon;
	uint64_t size, used, map_size, disk;
	struct hash root;
	int64_t last_ms;
	struct peer_seen peers[CITIES_MAX];
	size_t peer_count;
	/* Windows that are not agreed yet: what this city owes, what it is owed. */
	uint32_t region, owing, owed;
	int64_t owing_fen, owed_fen;
	/* Disputes that are open, each with what this city holds of it. */
	uint32_t disputes_owing, disputes_owed;
	int64_t disputed_owing_fen, disputed_owed_fen;
};

static bool window_count(void *context, const struct window_row *window)
{
	struct status_facts *facts = context;
	if (window->state == WINDOW_AGREED)
		return true;
	int64_t fen = window_net(window->state == WINDOW_OPEN ? &window->own : &window->stated);
	if (window->payer == facts->region) {
		facts->owing++;
		facts->owing_fen += fen;
	} else {
		facts->owed++;
		facts->owed_fen += fen;
	}
	return true;
}

static bool dispute_count(void *context, const struct dispute *dispute)
{
	struct status_facts *facts = context;
	bool owing = dispute->payer == facts->region;
	const struct dispute_side *side = owing ? &dispute->payers : &dispute->creditors;
	int64_t fen = side->is ? side->amount_fen : 0;
	if (dispute->state != DISPUTE_OPEN)
		return true;
	*(owing ? &facts->disputes_owing : &facts->disputes_owed) += 1;
	*(owing ? &facts->disputed_owing_fen : &facts->disputed_owed_fen) += fen;
	return true;
}

/* What the daemon says, if one runs and answers. */
static void daemon_ask(const char *directory, struct status_facts *facts)
{
	const struct admin_request request = {.name = ADMIN_STATUS};
	struct buffer bytes = {0};
	struct admin_answer answer;
	facts->runs = admin_ask(directory, &request, &bytes, &answer, NULL, NULL) == ERROR_NONE &&
		      daemon_status_read(answer.body, &facts->daemon) == ERROR_NONE;
	buffer_free(&bytes);
	for (size_t i = 0; facts->runs && i < facts->peer_count; i++)
		for (size_t k = 0; k < facts->daemon.peer_count; k++)
			if (facts->daemon.peers[k].region == facts->peers[i].region)
				facts->peers[i].link = &facts->daemon.peers[k];
}

static enum error facts_read(struct node *node, struct txn *txn, struct status_facts *facts)
{
	struct store *store = ledger_store(node_ledger(node));
	enum error error = ledger_head(txn, &facts->size, &facts->root);
	if (!error)
		error = ledger_last_time(txn, &facts->last_ms);
	if (!error)
		error = store_usage(store, &facts->used, &facts->map_size);
	if (!error)
		error = peers_list(node, txn, facts->peers, CITIES_MAX, &facts->peer_count);
	facts->region = node_region(node);
	if (!error)
		error = window_each_of_all(txn, window_count, facts);
	if (!error)
		error = dispute_each(txn, 0, 0, 0, dispute_count, facts);
	char path[4096];
	struct stat found;
	snprintf(path, sizeof(path), "%s/ledger/data.mdb", node_directory(node));
	if (stat(path, &found) == 0)
		facts->disk = (uint64_t)found.st_blocks * 512;
	if (!error)
		daemon_ask(node_directory(node), facts);
	return error;
}

static int facts_json(const struct node *node, const struct status_facts *facts)
{
	const struct node_config *config = node_configuration(node);
	struct note_verifier verifier;
	node_log_verifier(node, &verifier);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	yyjson_mut_obj_add_uint(doc, object, "region", config->region);
	json_text(doc, object, "name_zh", span_text(config->name_zh));
	json_text(doc, object, "name_en", span_text(config->name_en));
	yyjson_mut_obj_add_bool(doc, object, "demo", config->demo);
	json_text(doc, object, "origin", span_text(verifier.name));
	yyjson_mut_obj_add_uint(doc, object, "entries", facts->size);
	json_hex(doc, object, "root", hash_span(&facts->root));
	json_time(doc, object, "last_entry_time", facts->last_ms);
	yyjson_mut_obj_add_uint(doc, object, "used_bytes", facts->used);
	yyjson_mut_obj_add_uint(doc, object, "map_bytes", facts->map_size);
	yyjson_mut_obj_add_uint(doc, object, "disk_bytes", facts->disk);
	yyjson_mut_obj_add_uint(doc, object, "windows_owing", facts->owing);
	yyjson_mut_obj_add_sint(doc, object, "windows_owing_fen", facts->owing_fen);
	yyjson_mut_obj_add_uint(doc, object, "windows_owed", facts->owed);
	yyjson_mut_obj_add_sint(doc, object, "windows_owed_fen", facts->owed_fen);
	yyjson_mut_obj_add_uint(doc, object, "disputes_owing", facts->disputes_owing);
	yyjson_mut_obj_add_sint(doc, object, "disputes_owing_fen", facts->disputed_owing_fen);
	yyjson_mut_obj_add_uint(doc, object, "disputes_owed", facts->disputes_owed);
	yyjson_mut_obj_add_sint(doc, object, "disputes_owed_fen", facts->disputed_owed_fen);
	if (facts->runs) {
		yyjson_mut_val *daemon = yyjson_mut_obj(doc);
		json_text(doc, daemon, "listen", span_text(facts->daemon.listen));
		json_time(doc, daemon, "started", facts->daemon.started_ms);
		json_time(doc, daemon, "clock", facts->daemon.clock_ms);
		yyjson_mut_obj_add_uint(
		    doc, daemon, "admin_requests", facts->daemon.admin.requests);
		yyjson_mut_obj_add_val(doc, object, "daemon", daemon);
	} else {
		yyjson_mut_obj_add_null(doc, object, "daemon");
	}
	yyjson_mut_val *peers = yyjson_mut_arr(doc);
	for (size_t i = 0; i < facts->peer_count; i++)
		yyjson_mut_arr_append(peers, peer_json(doc, &facts->peers[i]));
	yyjson_mut_obj_add_val(doc, object, "peers", peers);
	return output_json(doc, true);
}

#define MIB(bytes) ((double)(bytes) / (1 << 20))

static int facts_text(const struct node *node, const struct status_facts *facts)
{
	const struct node_config *config = node_configuration(node);
	struct note_verifier verifier;
	char time[32];
	node_log_verifier(node, &verifier);
	time_write(facts->last_ms, time);
	printf("%s %s (%06u)%s, 账本 log %s\n", config->name_zh, config->name_en, config->region,
	    config->demo ? ", 演示 demo" : "", verifier.name);
	printf("日志 head   %" PRIu64 " 条 entries, 最后 the last of %s\n     根 root ",
	    facts->size, facts->size ? time : "never");
	output_hex(stdout, hash_span(&facts->root));
	printf("\n磁盘 disk   占用 %.1f MiB on disk, 已用 %.1f MiB of it in use; 地址空间 address "
	       "space %.0f MiB\n",
	    MIB(facts->disk), MIB(facts->used), MIB(facts->map_size));
	char owing[AMOUNT_TEXT_SIZE], owed[AMOUNT_TEXT_SIZE];
	output_amount(UNIT_CNY, facts->owing_fen, owing);
	output_amount(UNIT_CNY, facts->owed_fen, owed);
	printf("窗口 open   %" PRIu32
	       " 个未对账窗口 windows in which it owes 应付 %s yuan, %" PRIu32
	       " in which it is owed 应收 %s yuan\n",
	    facts->owing, owing, facts->owed, owed);
	output_amount(UNIT_CNY, facts->disputed_owing_fen, owing);
	output_amount(UNIT_CNY, facts->disputed_owed_fen, owed);
	printf("争议 dispute %" PRIu32
	       " 笔应付 lines that it owes, by its books 计 %s yuan, %" PRIu32
	       " that it is owed 应收 %s yuan\n",
	    facts->disputes_owing, owing, facts->disputes_owed, owed);
	if (facts->runs) {
		time_write(facts->daemon.started_ms, time);
		printf("服务 daemon 运行中 runs since %s, listens on %s\n", time,
		    facts->daemon.listen);
	} else {
		puts("服务 daemon 未运行 none runs");
	}
	printf("城市 peers  %zu\n", facts->peer_count);
	for (size_t i = 0; i < facts->peer_count; i++)
		peer_line(&facts->peers[i]);
	return CLI_DONE;
}

static int status_run(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	static struct status_facts facts; /* the peers' texts are long */
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn) {
		enum error error = facts_read(node, txn, &facts);
		status = error       ? cli_fail(cli, error, NULL, argv[0])
			 : cli->json ? facts_json(node, &facts)
				     : facts_text(node, &facts);
	}
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command status_commands[] = {
    {"status", NULL, "DIR [--json]",
	"One screen: head, windows, disk, daemon, peers and what waits for them",
	"suiren status chengdu", status_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
