/* verify.c: `suiren verify`: the whole audit of a node's books, beside a running writer. Names what is wrong and exits 1. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "audit_open.h"
#include "cli.h"
#include "output.h"
#include "replay.h"
#include "tool_limits.h"
#include "unreadable.h"

struct verification {
	const struct cli *cli;
	uint64_t findings;
	yyjson_mut_doc *doc;
	yyjson_mut_val *root, *array; /* JSON, or NULL */
};

static bool printable(struct span key)
{
	for (size_t i = 0; i < key.size; i++)
		if (key.data[i] < 0x20 || key.data[i] == 0x7F)
			return false;
	return utf8_valid(key);
}

static void finding_text(const struct ledger_finding *finding)
{
	fputs("FOUND ", stdout);
	if (finding->has_sequence)
		printf("entry %" PRIu64 ": ", finding->sequence);
	if (finding->table) {
		printf("table %s", finding->table);
		if (finding->key.size > 0) {
			fputs(", key ", stdout);
			if (printable(finding->key))
				output_text(stdout, finding->key);
			else
				output_hex(stdout, finding->key);
		}
		fputs(": ", stdout);
	}
	output_text(stdout, span_text(finding->text));
	fputc('\n', stdout);
}

static void finding_json(struct verification *verification, const struct ledger_finding *finding)
{
	yyjson_mut_doc *doc = verification->doc;
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, verification->array);
	if (finding->has_sequence)
		yyjson_mut_obj_add_uint(doc, object, "entry", finding->sequence);
	if (finding->table) {
		yyjson_mut_obj_add_strcpy(doc, object, "table", finding->table);
		json_hex(doc, object, "key", finding->key);
	}
	json_text(doc, object, "text", span_text(finding->text));
}

static void finding_take(void *context, const struct ledger_finding *finding)
{
	struct verification *verification = context;
	if (verification->findings++ >= FINDINGS_SHOWN_MAX)
		return;
	if (verification->array)
		finding_json(verification, finding);
	else
		finding_text(finding);
}

static void finding_say(struct verification *verification, const char *text)
{
	const struct ledger_finding finding = {.text = text};
	finding_take(verification, &finding);
}

/* A checkpoint of this log that a peer has kept: the log must still hold what it held then. */
static int peer_checkpoint_check(struct verification *verification, struct txn *txn,
    const struct note_verifier *log, const char *path)
{
	const struct cli *cli = verification->cli;
	struct error_detail detail = {""};
	struct buffer note = {0};
	struct checkpoint seen;
	struct merkle_proof proof;
	struct hash root, then = {{0}}, leaf;
	uint64_t size = 0;
	int status = CLI_DONE;
	enum error error = cli_read_file(path, NOTE_SIZE_MAX, &note, &detail);
	if (!error)
		error = checkpoint_verify(buffer_span(&note), log, &seen);
	if (error && !detail.text[0])
		error_set(&detail, error, "%s: not a checkpoint that this log has signed: %s", path,
		    error_text(error));
	if (error) {
		status = cli_fail(cli, error, &detail, path);
		goto done;
	}
	error = ledger_head(txn, &size, &root);
	if (!error && seen.size > 0 && seen.size <= size)
		error = ledger_prove_inclusion(txn, seen.size - 1, seen.size, &proof, &leaf, &then);
	if (error) {
		status = cli_fail(cli, error, NULL, "verify");
		goto done;
	}
	char text[256] = "";
	if (seen.size > size)
		snprintf(text, sizeof(text),
		    "%.100s: a peer has seen %" PRIu64 " entries, here are %" PRIu64
		    ": the log was cut or restored from an old copy",
		    path, seen.size, size);
	else if (seen.size > 0 && !hash_equal(&then, &seen.root))
		snprintf(text, sizeof(text),
		    "%.100s: the log of %" PRIu64 " entries that a peer has seen was another one: "
		    "history was rewritten",
		    path, seen.size);
	if (text[0])
		finding_say(verification, text);
done:
	buffer_free(&note);
	return status;
}

/* Something to look at while it takes long; not in a pipe. */
static void progress_show(void *context, uint64_t entry, uint64_t entries)
{
	(void)context;
	if (!isatty(STDERR_FILENO) || (entry % 1000 != 0 && entry != entries))
		return;
	fprintf(stderr, "\rreplayed / 已重演 %" PRIu64 " / %" PRIu64 "%s", entry, entries,
	    entry == entries ? "\n" : "");
}

static void replay_text(const struct replay_result *replay)
{
	printf("Replayed: %" PRIu64 " entries; of %" PRIu64 " lines %" PRIu64
	       " decided again, %" PRIu64 " of erased persons not re-run, %" PRIu64
	       " not re-run without the registry key",
	    replay->entries, replay->lines, replay->rerun, replay->erased, replay->no_key);
	if (replay->complete)
		printf("; %" PRIu64 " tables of %" PRIu64 " rows rebuilt and compared",
		    replay->tables, replay->rows);
	printf("\n重演：%" PRIu64 " 条记录；共 %" PRIu64 " 行，其中 %" PRIu64
	       " 行重新核定，%" PRIu64 " 行因人员已被遗忘而未重算，%" PRIu64
	       " 行因无登记密钥而未重算",
	    replay->entries, replay->lines, replay->rerun, replay->erased, replay->no_key);
	if (replay->complete)
		printf(
		    "；重建并比对 %" PRIu64 " 张表、%" PRIu64 " 行", replay->tables, replay->rows);
	putchar('\n');
}

static void replay_json(struct verification *verification, const struct replay_result *replay)
{
	yyjson_mut_doc *doc = verification->doc;
	yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, verification->root, "replay");
	yyjson_mut_obj_add_uint(doc, object, "entries", replay->entries);
	yyjson_mut_obj_add_uint(doc, object, "lines", replay->lines);
	yyjson_mut_obj_add_uint(doc, object, "rerun", replay->rerun);
	yyjson_mut_obj_add_uint(doc, object, "erased", replay->erased);
	yyjson_mut_obj_add_uint(doc, object, "no_key", replay->no_key);
	yyjson_mut_obj_add_uint(doc, object, "tables", replay->tables);
	yyjson_mut_obj_add_uint(doc, object, "rows", replay->rows);
	yyjson_mut_obj_add_bool(doc, object, "complete", replay->complete);
}

static int end_text(const struct verification *verification,
    const struct ledger_audit_result *result, const struct replay_result *replay)
{
	bool good = verification->findings == 0;
	if (verification->findings > FINDINGS_SHOWN_MAX)
		printf("... and %" PRIu64 " more / 另有 %" PRIu64 " 处\n",
		    verification->findings - FINDINGS_SHOWN_MAX,
		    verification->findings - FINDINGS_SHOWN_MAX);
	if (replay)
		replay_text(replay);
	printf("%s: %" PRIu64 " entries, %" PRIu64 " lines, %" PRIu64 " documents, %" PRIu64
	       " transfers, %" PRIu64 " accounts%s\n",
	    good ? "VERIFIED / 核验通过" : "NOT VERIFIED / 核验未通过", result->entries,
	    result->lines, result->documents, result->transfers, result->accounts,
	    replay || !good ? "" : "; --replay runs the rules again too");
	return good ? CLI_DONE : CLI_NO;
}

static int end_json(struct verification *verification, const struct ledger_audit_result *result,
    const struct replay_result *replay)
{
	bool good = verification->findings == 0;
	yyjson_mut_doc *doc = verification->doc;
	yyjson_mut_val *root = verification->root;
	yyjson_mut_obj_add_bool(doc, root, "verified", good);
	yyjson_mut_obj_add_uint(doc, root, "entries", result->entries);
	yyjson_mut_obj_add_uint(doc, root, "lines", result->lines);
	yyjson_mut_obj_add_uint(doc, root, "documents", result->documents);
	yyjson_mut_obj_add_uint(doc, root, "transfers", result->transfers);
	yyjson_mut_obj_add_uint(doc, root, "accounts", result->accounts);
	if (replay)
		replay_json(verification, replay);
	yyjson_mut_obj_add_uint(doc, root, "finding_count", verification->findings);
	yyjson_mut_obj_add_val(doc, root, "findings", verification->array);
	int status = output_json(doc, true);
	return status ? status : good ? CLI_DONE : CLI_NO;
}

static enum error replay_books(struct verification *verification,
    const struct audit_subject *subject, struct txn *snapshot, struct replay_result *result,
    struct error_detail *detail)
{
	struct replay_subject replay = {.ledger = subject->ledger,
	    .snapshot = snapshot,
	    .origin = subject->origin,
	    .rules = subject->rules,
	    .doubtful = verification->findings > 0,
	    .report = finding_take,
	    .context = verification,
	    .progress = progress_show};
	enum error error = replay_verify(&replay, result, detail);
	explicit_bzero(&replay, sizeof(replay));
	return error == ERROR_NOT_VERIFIED ? ERROR_NONE : error;
}

/* Everything over one snapshot: a writer may go on meanwhile. What was found is told; only the world's failures end it here. */
static int verify_books(struct verification *verification, struct audit_subject *subject,
    const char *peer_checkpoint, bool replays)
{
	struct ledger_audit_result result = {0};
	struct replay_result replay = {0};
	struct error_detail detail = {""};
	struct txn *snapshot = NULL;
	int status = CLI_DONE;
	enum error error = txn_begin_read(ledger_store(subject->ledger), &snapshot);
	if (!error)
		error = ledger_audit_snapshot(
		    subject->ledger, snapshot, &subject->log, finding_take, verification, &result);
	if (error == ERROR_NOT_VERIFIED)
		error = ERROR_NONE;
	if (!error && replays)
		error = replay_books(verification, subject, snapshot, &replay, &detail);
	if (error)
		status = cli_fail(verification->cli, error, &detail, "verify");
	if (!status && peer_checkpoint)
		status =
		    peer_checkpoint_check(verification, snapshot, &subject->log, peer_checkpoint);
	txn_abort(snapshot);
	if (status) {
		yyjson_mut_doc_free(verification->doc);
		return status;
	}
	return verification->array ? end_json(verification, &result, replays ? &replay : NULL)
				   : end_text(verification, &result, replays ? &replay : NULL);
}

static int verify_run(struct cli *cli, int argc, char **argv)
{
	const char *peer_checkpoint = NULL;
	bool replay = false;
	const struct cli_option options[] = {{"peer-checkpoint", &peer_checkpoint, NULL},
	    {"replay", NULL, &replay}, {NULL, NULL, NULL}};
	struct verification verification = {.cli = cli};
	struct audit_subject subject;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	/* Books that end in the middle are not verified, and what was found until then is told. */
	unreadable_is_not_verified();
	setvbuf(stdout, NULL, _IOLBF, 0);
	struct error_detail detail = {""};
	status = audit_open(cli, argv[0], &subject, &detail);
	if (status)
		return status;
	if (cli->json) {
		verification.doc = yyjson_mut_doc_new(NULL);
		verification.root = yyjson_mut_obj(verification.doc);
		yyjson_mut_doc_set_root(verification.doc, verification.root);
		verification.array = yyjson_mut_arr(verification.doc);
	}
	if (detail.text[0])
		finding_say(&verification, detail.text);
	status = verify_books(&verification, &subject, peer_checkpoint, replay);
	audit_close(&subject);
	return status;
}

const struct cli_command verify_commands[] = {
    {"verify", NULL, "DIR [--peer-checkpoint FILE] [--replay] [--json]",
	"Audit the books: hashes, signatures, proofs, balances; --replay the rules",
	"suiren verify chengdu --replay", verify_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
