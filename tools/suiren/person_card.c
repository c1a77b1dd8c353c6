/* person_card.c: `suiren person card`: a person's account or card, to which allowances are paid. It lies in the registry, outside the log; the
 * entry that it is changed with states the person's facts once more, so that the log shows when, and by whose signature. */
#include <string.h>

#include "person_internal.h"
#include "person_words.h"

struct card {
	struct node *node;
	uint64_t code;
	const char *number, *bank;
};

/* What is known now: the facts to be stated again, and whether the card is this one already. */
static enum error look(const struct card *card, struct person_facts *facts, struct hash *fact_key,
    uint64_t *sequence, bool *same)
{
	const struct hash *key = settlement_registry_key(node_settlement(card->node));
	const struct person_row *row;
	struct registry_row registry;
	struct txn *txn;
	enum error error = import_facts_get(card->node, card->code, facts);

	if (error)
		return error;
	error = txn_begin_read(ledger_store(node_ledger(card->node)), &txn);
	if (error)
		return error;
	error = person_get(txn, card->code, &row);
	if (!error)
		*sequence = row->facts_sequence;
	if (!error)
		error = registry_get(txn, key, card->code, &registry);
	if (!error) {
		*fact_key = registry.fact_key;
		*same = strcmp(registry.card, card->number) == 0 &&
			strcmp(registry.bank, card->bank) == 0;
		registry_row_wipe(&registry);
	}
	txn_abort(txn);
	return error;
}

/* A keyed hash: nobody can try card numbers against the order. */
static struct hash content_of(
    const struct card *card, const struct person_facts *facts, uint64_t sequence)
{
	struct buffer plain = {0};
	struct hash content;

	codec_put_uint(&plain, card->code);
	person_facts_write(&plain, facts);
	codec_put_uint(&plain, sequence);
	codec_put_text(&plain, span_text(card->number));
	codec_put_text(&plain, span_text(card->bank));
	content = seal_keyed_hash(
	    settlement_registry_key(node_settlement(card->node)), buffer_span(&plain));
	buffer_free(&plain);
	return content;
}

static enum error card_order(struct card *card, const struct secret_key *key, struct answer *answer)
{
	struct buffer lines = {0}, change = {0};
	struct person_facts facts;
	struct hash fact_key, content;
	struct node_order order = {
	    .kind = KIND_person, .content = &content, .count = 1, .key = key};
	uint8_t nonce[SEAL_NONCE_SIZE];
	uint64_t sequence;
	bool same;
	enum error error = look(card, &facts, &fact_key, &sequence, &same);

	memset(answer, 0, sizeof *answer);
	if (!error && same) {
		*answer = (struct answer){.error = ERROR_REPEAT, .sequence = sequence};
		explicit_bzero(&fact_key, sizeof fact_key);
		return ERROR_NONE;
	}
	if (error)
		return answer->error = error_set(&answer->detail, error, "%s",
			   error == ERROR_ERASED ? "erased 信息已删除"
						 : "not registered in this city 查无此人");
	node_random(card->node, nonce, sizeof nonce);
	person_line_write(&lines, &facts, &fact_key, nonce);
	explicit_bzero(&fact_key, sizeof fact_key);
	content = content_of(card, &facts, sequence);
	node_random(card->node, nonce, sizeof nonce);
	registry_change_card(&change, card->code, card->number, card->bank, nonce);
	order.lines = buffer_span(&lines);
	order.registry = buffer_span(&change);
	error = lines.failed ? lines.failed : change.failed;
	if (error)
		answer->error = error;
	else
		error = node_order(card->node, &order, answer);
	if (change.data)
		explicit_bzero(change.data, change.capacity);
	buffer_free(&change);
	buffer_free(&lines);
	return error;
}

static bool only(const char *text, size_t least, size_t most, const char *allowed)
{
	size_t size = strlen(text);

	return size >= least && size <= most && text[strspn(text, allowed)] == '\0';
}

static int card_words(struct cli *cli, struct card *card, const char *code)
{
	enum error error = person_code_read(span_text(code), &card->code);

	if (error)
		return cli_usage(cli->command, "CODE: %s: %s", code, person_code_fault(error));
	if (!card->number ||
	    !only(card->number, 1, CARD_SIZE - 1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"))
		return cli_usage(cli->command,
		    "--card: a number of at most %d digits, capital letters and '-'",
		    CARD_SIZE - 1);
	if (!card->bank || !only(card->bank, BANK_SIZE - 1, BANK_SIZE - 1, "0123456789"))
		return cli_usage(cli->command, "--bank: a CNAPS code of 12 digits");
	return CLI_DONE;
}

int person_card_run(struct cli *cli, int argc, char **argv)
{
	const char *key_file = NULL;
	struct card card = {.number = NULL};
	const struct cli_option options[] = {{"card", &card.number, NULL},
	    {"bank", &card.bank, NULL}, {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct secret_key key = {0};
	struct answer answer;
	int status = CLI_DONE;
	enum error error = ERROR_NONE;

	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0 ||
	    card_words(cli, &card, argv[1]))
		return CLI_USAGE;
	if (key_file)
		error = key_file_read(key_file, "officer", &key, NULL, &detail);
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	card.node = cli_open(cli, argv[0], false, &status);
	if (card.node) {
		error = card_order(&card, key_file ? &key : NULL, &answer);
		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, argv[1]);
	}
	node_close(card.node);
	key_wipe(&key);
	return status;
}
