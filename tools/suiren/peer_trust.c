#include "peer_trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "descriptor.h"
#include "orders.h"
#include "output.h"
#include "trust.h"

#define OFFICER_PREFIX "officer/"

/* What the log says of one city; spans live as long as the transaction. */
struct peer_facts {
	struct peer_row row;
	struct trust_state state;
	struct trust_head head; /* size 0: none is booked */
	struct entry_reader entry;
	struct evidence evidence;
	struct span evidence_bytes; /* empty: it was never frozen */
};

static enum error facts_read(struct txn *txn, uint32_t region, struct peer_facts *facts)
{
	enum error error = peer_get(txn, region, &facts->row);
	if (!error)
		error = trust_state_get(txn, region, &facts->state);
	if (!error) {
		error = trust_head_get(txn, region, &facts->head);
		if (error == ERROR_NOT_FOUND)
			error = ERROR_NONE;
	}
	if (error || facts->state.kind == 0)
		return error;
	error = ledger_read(txn, facts->state.frozen_sequence, &facts->entry);
	if (!error)
		error = trust_evidence_of(
		    &facts->entry.entry, &facts->evidence, &facts->evidence_bytes);
	return error == ERROR_MALFORMED ? ERROR_CORRUPT : error;
}

static int facts_json(const struct peer_facts *facts)
{
	const struct trust_state *state = &facts->state;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	yyjson_mut_obj_add_uint(doc, object, "region", facts->row.region);
	json_text(doc, object, "origin", span_text(facts->row.origin));
	json_text(doc, object, "address", span_text(facts->row.address));
	yyjson_mut_obj_add_uint(doc, object, "descriptor", facts->row.number);
	if (facts->head.size) {
		yyjson_mut_val *head = yyjson_mut_obj_add_obj(doc, object, "head");
		yyjson_mut_obj_add_uint(doc, head, "entries", facts->head.size);
		json_hex(doc, head, "root", hash_span(&facts->head.root));
		yyjson_mut_obj_add_uint(doc, head, "entry", facts->head.sequence);
		json_text(doc, head, "checkpoint", facts->head.note);
	} else {
		yyjson_mut_obj_add_null(doc, object, "head");
	}
	yyjson_mut_obj_add_bool(doc, object, "frozen", state->frozen);
	if (facts->evidence_bytes.size) {
		yyjson_mut_val *last = yyjson_mut_obj_add_obj(doc, object, "evidence");
		yyjson_mut_obj_add_str(doc, last, "kind", evidence_kind_name(state->kind));
		yyjson_mut_obj_add_uint(doc, last, "entry", state->frozen_sequence);
		json_hex(doc, last, "hash", hash_span(&state->evidence));
		json_text(doc, last, "first", facts->evidence.first);
		json_text(doc, last, "second", facts->evidence.second);
	} else {
		yyjson_mut_obj_add_null(doc, object, "evidence");
	}
	if (state->proposed) {
		json_text(doc, object, "unfreeze_proposed_by",
		    span_text(state->proposer + strlen(OFFICER_PREFIX)));
		yyjson_mut_obj_add_uint(
		    doc, object, "unfreeze_proposed_entry", state->proposed_sequence);
	}
	if (state->unfrozen_sequence)
		yyjson_mut_obj_add_uint(doc, object, "unfrozen_entry", state->unfrozen_sequence);
	return output_json(doc, true);
}

static void trust_text(const struct peer_facts *facts)
{
	const struct trust_state *state = &facts->state;
	if (state->frozen)
		printf("冻结 frozen  since entry %" PRIu64 ": %s %s, its log contradicts itself\n",
		    state->frozen_sequence, evidence_kind_chinese(state->kind),
		    evidence_kind_name(state->kind));
	else if (state->unfrozen_sequence)
		printf("解冻 unfrozen by two officers, entry %" PRIu64
		       "; it was frozen by entry %" PRIu64 " (%s)\n",
		    state->unfrozen_sequence, state->frozen_sequence,
		    evidence_kind_name(state->kind));
	else
		puts("信任 trusted  its log has never contradicted itself");
	if (facts->evidence_bytes.size) {
		fputs("证据 evidence ", stdout);
		output_hex(stdout, hash_span(&state->evidence));
		fputs("\n\n", stdout);
		output_text(stdout, facts->evidence.first);
		fputc('\n', stdout);
		output_text(stdout, facts->evidence.second);
		fputc('\n', stdout);
	}
	if (state->proposed)
		printf("待复核 %s has proposed to unfreeze it (entry %" PRIu64
		       "); another officer confirms with\n  suiren peer unfreeze\n",
		    state->proposer + strlen(OFFICER_PREFIX), state->proposed_sequence);
}

static int facts_text(const struct peer_facts *facts)
{
	printf("%06u %s, descriptor %u, %s\n", facts->row.region, facts->row.origin,
	    facts->row.number, facts->row.address[0] ? facts->row.address : "no address");
	if (facts->head.size) {
		printf("账本头 head  %" PRIu64 " entries, booked as entry %" PRIu64
		       "\n            ",
		    facts->head.size, facts->head.sequence);
		output_hex(stdout, hash_span(&facts->head.root));
		fputc('\n', stdout);
	} else {
		puts("账本头 head  none is booked yet");
	}
	trust_text(facts);
	return CLI_DONE;
}

static int evidence_save(const struct cli *cli, const struct peer_facts *facts, const char *path)
{
	struct error_detail detail = {""};
	if (!facts->evidence_bytes.size)
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "%06u was never frozen: there is no evidence against it", facts->row.region);
	enum error error = cli_write_file(path, facts->evidence_bytes, &detail);
	return error ? cli_fail(cli, error, &detail, path) : CLI_DONE;
}

int peer_show_run(struct cli *cli, int argc, char **argv)
{
	const char *path = NULL;
	const struct cli_option options[] = {{"evidence", &path, NULL}, {NULL, NULL, NULL}};
	struct peer_facts facts = {.head = {.size = 0}};
	int status = CLI_DONE;
	uint32_t region;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0 ||
	    cli_region(cli, "REGION", argv[1], &region))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn) {
		enum error error = facts_read(txn, region, &facts);
		if (error == ERROR_NOT_FOUND)
			status = cli_refuse(cli, error, "%06u is not a peer of this node", region);
		else if (error)
			status = cli_fail(cli, error, NULL, "peer show");
		else if (path)
			status = evidence_save(cli, &facts, path);
		if (!status)
			status = cli->json ? facts_json(&facts) : facts_text(&facts);
	}
	entry_free(&facts.entry);
	txn_abort(txn);
	node_close(node);
	return status;
}

/* Offline: what a stranger does with the file. */

static int evidence_told(const struct cli *cli, const struct evidence *evidence,
    const struct checkpoint *first, const struct checkpoint *second)
{
	if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *object = yyjson_mut_obj(doc);
		yyjson_mut_doc_set_root(doc, object);
		yyjson_mut_obj_add_uint(doc, object, "region", evidence->region);
		yyjson_mut_obj_add_str(doc, object, "kind", evidence_kind_name(evidence->kind));
		yyjson_mut_obj_add_uint(doc, object, "first_entries", first->size);
		yyjson_mut_obj_add_uint(doc, object, "second_entries", second->size);
		return output_json(doc, true);
	}
	printf("%06u: 属实 proven: %s %s\n", evidence->region,
	    evidence_kind_chinese(evidence->kind), evidence_kind_name(evidence->kind));
	if (evidence->kind == EVIDENCE_FORK)
		printf("  it has signed two logs, of %" PRIu64 " and %" PRIu64
		       " entries, neither of which is the beginning of the other\n",
		    first->size, second->size);
	else
		printf("  it has signed a log of %" PRIu64
		       " entries, and later, when it knew of that, one of %" PRIu64 "\n",
		    first->size, second->size);
	return CLI_DONE;
}

int peer_evidence_run(struct cli *cli, int argc, char **argv)
{
	const char *vkey = NULL;
	const struct cli_option options[] = {{"vkey", &vkey, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct buffer bytes = {0};
	struct note_verifier verifier;
	struct checkpoint first, second;
	struct evidence evidence;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!vkey || note_verifier_read(span_text(vkey), &verifier))
		return cli_usage(
		    cli->command, "--vkey: the city's verifier key, as its `log vkey` prints it");
	enum error error = cli_read_file(argv[0], DOCUMENT_SIZE_MAX, &bytes, &detail);
	if (!error) {
		error = evidence_read(buffer_span(&bytes), &evidence);
		if (error)
			error_set(&detail, error, "%s: not evidence", argv[0]);
	}
	if (!error)
		error = evidence_check(&evidence, &verifier, 1, &first, &second, &detail);
	int status = error ? cli_fail(cli, error, &detail, "peer evidence")
			   : evidence_told(cli, &evidence, &first, &second);
	buffer_free(&bytes);
	return status;
}

/* Two officers. */

/* Is this the key of that officer, valid now? An order signed with another's key would say so too, but later and in other words. */
static int check_officer(
    struct cli *cli, struct txn *txn, const char *name, const struct secret_key *key)
{
	struct keyring_key known;
	struct key_id id = key_id(&key->public);
	char party[KEYRING_PARTY_SIZE];
	snprintf(party, sizeof(party), OFFICER_PREFIX "%s", name);
	enum error error = keyring_find(txn, &id, &known);
	if (error && error != ERROR_NOT_FOUND)
		return cli_fail(cli, error, NULL, name);
	if (error || strcmp(known.party, party) != 0 || known.until_sequence != KEYRING_NEVER)
		return cli_refuse(cli, ERROR_UNKNOWN_KEY,
		    "%s: the key is not that officer's valid one; `suiren officer list` names them",
		    name);
	return CLI_DONE;
}

static int unfreeze(struct cli *cli, struct node *node, uint32_t region, const char *officer,
    const struct secret_key *key)
{
	struct trust_state state;
	struct answer answer = {0};
	int status = CLI_DONE;
	struct txn *txn = cli_read(cli, node, &status);
	if (!txn)
		return status;
	enum error error = trust_state_get(txn, region, &state);
	if (!error)
		status = check_officer(cli, txn, officer, key);
	txn_abort(txn);
	if (error)
		return cli_fail(cli, error, NULL, "peer unfreeze");
	if (status)
		return status;
	if (!state.frozen)
		return cli_refuse(cli, ERROR_STATE, "%06u is not frozen", region);
	/* Whoever comes second confirms; the same officer again is told so by the rules. */
	error = order_unfreeze(
	    node, region, &state.evidence, state.proposed ? &state.proposal : NULL, key, &answer);
	if (error && !answer.error)
		answer.error = error;
	status = cli_answer(cli, &answer, "peer unfreeze");
	if (!status && !cli->json)
		puts(state.proposed
			 ? "已解冻 unfrozen: what the city shows next is believed"
			 : "已提出，待另一名经办人复核 proposed: another officer confirms "
			   "with the same command");
	return status;
}

int peer_unfreeze_run(struct cli *cli, int argc, char **argv)
{
	const char *officer = NULL, *key_file = NULL;
	const struct cli_option options[] = {
	    {"officer", &officer, NULL}, {"key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct secret_key key = {0};
	int status = CLI_DONE;
	uint32_t region;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0 ||
	    cli_region(cli, "REGION", argv[1], &region))
		return CLI_USAGE;
	if (!officer || !key_file)
		return cli_usage(cli->command, "--officer NAME and --key FILE say who orders it");
	enum error error = key_file_read(key_file, "officer", &key, NULL, &detail);
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	struct node *node = cli_open(cli, argv[0], false, &status);
	if (node)
		status = unfreeze(cli, node, region, officer, &key);
	node_close(node);
	key_wipe(&key);
	return status;
}
