/* group.c: one group of commands is decided and booked in one write transaction, one after the
 * other, each seeing the ones before it, and committed. A refused command leaves nothing behind:
 * deciding writes nothing, and what was changed in the registry is undone with a nested
 * transaction. */
#include "node_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "registry.h"
#include "signatures.h"

/* The world has failed, not the command: the whole group ends. */
static bool is_world(enum error error)
{
	return error == ERROR_MEMORY || error == ERROR_IO || error == ERROR_DISK_FULL ||
	       error == ERROR_MAP_FULL || error == ERROR_READERS;
}

/* One group's transaction. */
struct group {
	struct node *node;
	struct txn *txn;
	int64_t now_ms;
	size_t booked;
	struct work *failed; /* whose append failed */
};

/* Admit and decide in `txn`, which is the group's or a child of it. */
static enum error decide(
    struct group *group, struct txn *txn, const struct work *work, struct command *command)
{
	struct sequencer *sequencer = &group->node->sequencer;
	const struct submission *submission = work->submission;
	struct settlement *settlement = group->node->settlement;
	struct answer *answer = work->answer;
	enum error error;

	*command = (struct command){.sheet = submission->prepared, .signatures = work->signatures};
	error = settlement_admit(settlement, txn, submission->document, submission->attachment,
	    sequencer->storage, command, &answer->sequence, &answer->detail);
	/* Lines that are made by the decision have salts under a secret of the entry's own. */
	if (!error && command->lines.size == 0)
		node_random(group->node, command->secret.bytes, sizeof command->secret.bytes);
	if (!error)
		error = settlement_decide(
		    settlement, txn, command, group->now_ms, &sequencer->decision, &answer->detail);
	return error;
}

/* Change the registry and decide upon that, in a child that goes if the answer is no. */
static enum error decide_after(
    struct group *group, const struct work *work, struct command *command)
{
	const struct submission *submission = work->submission;
	struct node *node = group->node;
	struct error_detail *detail = &work->answer->detail;
	struct txn *child;
	enum error error = txn_begin_nested(group->txn, &child);

	if (error)
		return error;
	if (node->intrude)
		error = node->intrude(node->intrude_context, submission, child, detail);
	if (!error)
		error = registry_change(child, &node->keys.registry, submission->registry, detail);
	if (!error)
		error = decide(group, child, work, command);
	if (!error)
		return txn_commit(child);
	txn_abort(child);
	return error;
}

/* Sign what goes out and append. A failure is a bug of the rules or of the world; the group has to
 * be aborted. */
static enum error append(struct group *group, struct work *work, const struct command *command)
{
	struct node *node = group->node;
	struct sequencer *sequencer = &node->sequencer;
	struct entry_draft draft;
	struct hash salt;
	enum error error = settlement_draft(node->settlement, command, &sequencer->decision,
	    &node->keys.document, &sequencer->documents, sequencer->spans,
	    sizeof sequencer->spans / sizeof *sequencer->spans, &draft);

	if (!error) {
		node_random(node, salt.bytes, sizeof salt.bytes);
		error = ledger_append(node->ledger, group->txn, &draft, group->now_ms, &salt,
		    &work->answer->sequence, &work->answer->detail);
	}
	if (error)
		group->failed = work;
	else
		group->booked++;
	return error;
}

/* May this document's refusal be an entry? Only if its sender provably said it and its turn has
 * come: anything else proves nothing, or would move the count of the sender's documents. */
static bool is_provable(struct group *group, const struct work *work, struct message *message)
{
	struct document document;
	struct keyring_key signer;
	uint64_t size;
	unsigned region = 0;
	char party[KEYRING_PARTY_SIZE];

	if (document_read(work->submission->document, &document) || !message_is(&document) ||
	    message_read(document.payload, message) || ledger_head(group->txn, &size, NULL) ||
	    keyring_verify_checked(
		group->txn, &document, size, signatures_of(work->signatures, &document), &signer))
		return false;
	region = message->from;
	snprintf(party, sizeof party, "city/%06u", region);
	return message->number > 0 && strcmp(signer.party, party) == 0 &&
	       strcmp(signer.kind, "document") == 0 &&
	       message_expected(group->node->settlement, group->txn, message) == ERROR_NONE;
}

/* Book that another city's document was refused, and why. */
static enum error refuse(struct group *group, struct work *work, enum error why)
{
	struct sequencer *sequencer = &group->node->sequencer;
	const struct span *document = &work->submission->document;
	struct hash hash = document_hash(*document);
	struct error_detail unused = {""};
	struct command command = {
	    .kind = KIND_refusal, .documents = document, .document_count = 1, .count = 1};
	struct message message;
	enum error error;

	/* What has to wait is not refused: it waits at its sender. */
	if (why == ERROR_REPEAT || why == ERROR_CORRUPT || why == ERROR_PEER_FROZEN ||
	    why == ERROR_PROOF_AWAITED || !is_provable(group, work, &message))
		return ERROR_NONE;
	buffer_clear(&sequencer->refusal);
	codec_put_array(&sequencer->refusal, 3);
	codec_put_bytes(&sequencer->refusal, hash_span(&hash));
	codec_put_uint(&sequencer->refusal, message.number);
	codec_put_text(&sequencer->refusal, span_text(error_name(why)));
	if (sequencer->refusal.failed)
		return sequencer->refusal.failed;
	command.lines = buffer_span(&sequencer->refusal);
	node_random(group->node, command.secret.bytes, sizeof command.secret.bytes);
	error = settlement_decide(group->node->settlement, group->txn, &command, group->now_ms,
	    &sequencer->decision, &unused);
	if (error)
		return is_world(error) ? error : ERROR_NONE;
	error = append(group, work, &command);
	work->refused = !error;
	return error;
}

/* A command whose append has failed: the rules took what the books cannot hold. Another city's document must not stand in the way
 * of those behind it: it is refused. But it waits for an account that is frozen. */
static enum error leave_out(struct group *group, struct work *work)
{
	enum error why = work->answer->error;

	work->refused = false;
	if (!work->from_peer || work->failures > 1 || why == ERROR_FROZEN)
		return ERROR_NONE;
	return refuse(group, work, why);
}

/* One command of the group. An error ends the group; a refusal is in the answer. */
static enum error run(struct group *group, struct work *work)
{
	struct command command;
	bool changes = work->submission->registry.size > 0 || group->node->intrude;
	enum error error = changes ? decide_after(group, work, &command)
				   : decide(group, group->txn, work, &command);

	if (is_world(error))
		return error;
	work->answer->error = error;
	if (!error)
		return append(group, work, &command);
	if (error != ERROR_REPEAT)
		work->answer->sequence = 0;
	return work->from_peer ? refuse(group, work, error) : ERROR_NONE;
}

static enum error begin(struct group *group)
{
	int64_t last_ms;
	enum error error = ledger_begin(group->node->ledger, &group->txn);

	if (error)
		return error;
	error = ledger_last_time(group->txn, &last_ms);
	if (error) {
		ledger_abort(group->node->ledger, group->txn);
		return error;
	}
	/* Decided at the very time that the entry will carry, so that a replay decides the same. */
	group->now_ms = node_now_ms(group->node);
	if (group->now_ms < last_ms)
		group->now_ms = last_ms;
	return ERROR_NONE;
}

/* The tables are as before the group; so must be what the rules keep in memory of them. */
static enum error restore(struct node *node)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	if (error)
		return error;
	error = settlement_reload(node->settlement, txn, NULL);
	txn_abort(txn);
	return error;
}

static enum error try_group(struct group *group, struct work *works, size_t count)
{
	struct ledger *ledger = group->node->ledger;
	bool changed;
	enum error error;

	group->booked = 0;
	group->failed = NULL;
	error = begin(group);
	if (error)
		return error;
	for (size_t i = 0; i < count && !error; i++) {
		if (works[i].failures) {
			error = leave_out(group, &works[i]);
			continue;
		}
		memset(works[i].answer, 0, sizeof *works[i].answer);
		works[i].refused = false;
		error = run(group, &works[i]);
	}
	changed = group->booked > 0 || group->failed;
	if (!error && changed)
		error = ledger_commit(ledger, group->txn);
	else
		ledger_abort(ledger, group->txn); /* nothing was booked: the head stays */
	if (error && changed) {
		enum error again = restore(group->node);
		if (again)
			group->node->sequencer.stopped = again;
	}
	return error;
}

/* The whole group failed: nothing of it is booked. */
static void fail_all(struct work *works, size_t count, enum error error)
{
	for (size_t i = 0; i < count; i++) {
		struct answer *answer = works[i].answer;
		bool refused = answer->error != ERROR_NONE;

		works[i].refused = false;
		answer->error = error;
		answer->sequence = 0;
		/* The text of what went wrong, if there is one; not that of an answer that no
		 * longer holds. */
		if (refused || error == ERROR_MAP_FULL || !answer->detail.text[0])
			error_set(&answer->detail, error, "%s",
			    error == ERROR_MAP_FULL ? "a reader of this process keeps the map "
						      "from growing; try again when it has ended"
						    : error_text(error));
	}
}

/* Try until the group is booked without those whose append failed, on a map that is large enough.
 */
static enum error run_group(struct group *group, struct work *works, size_t count)
{
	struct sequencer *sequencer = &group->node->sequencer;
	unsigned growths = 0;

	for (;;) {
		enum error error =
		    sequencer->stopped ? ERROR_STOPPED : try_group(group, works, count);

		if (!error || error == ERROR_STOPPED)
			return error;
		if (error == ERROR_MAP_FULL && growths++ < GROUP_GROWTHS_MAX) {
			/* A reader of this process may be in the way: the caller tries again when
			 * it is gone. */
			if (ledger_grow(group->node->ledger))
				return error;
			continue;
		}
		if (error == ERROR_IO || error == ERROR_CORRUPT)
			sequencer->stopped = error;
		if (is_world(error) || error == ERROR_CORRUPT || !group->failed)
			return error;
		/* What its refusal failed with says less than what it failed with itself. */
		if (!group->failed->failures++)
			group->failed->answer->error = error;
		group->failed->answer->sequence = 0;
	}
}

enum error group_run(struct node *node, struct work *works, size_t count)
{
	struct group group = {.node = node};
	enum error error = run_group(&group, works, count);

	if (error)
		fail_all(works, count, error);
	else if (group.booked > 0 && node->committed)
		node->committed(node->committed_context);
	return error;
}
