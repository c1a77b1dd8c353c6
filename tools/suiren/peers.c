#include "peers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "output.h"
#include "region.h"
#include "timeline.h"

struct gathering {
	struct node *node;
	struct peer_seen *peers;
	size_t most, count;
};

static int by_region(const void *a, const void *b)
{
	uint32_t left = ((const struct peer_seen *)a)->region;
	uint32_t right = ((const struct peer_seen *)b)->region;
	return (left > right) - (left < right);
}

/* A city is known by its valid document key. */
static bool key_take(void *context, const struct keyring_key *key)
{
	struct gathering *gathering = context;
	unsigned region = 0;
	if (sscanf(key->party, "city/%6u", &region) != 1 || strcmp(key->kind, "document") != 0 ||
	    key->until_sequence != KEYRING_NEVER || region == node_region(gathering->node))
		return true;
	if (gathering->count == gathering->most)
		return false;
	const struct region *found = region_find(region, day_of_time(node_now_ms(gathering->node)));
	gathering->peers[gathering->count++] = (struct peer_seen){.region = region,
	    .name_zh = found ? found->name_zh : "",
	    .name_en = found ? found->name_en : "",
	    .document_key = key->key,
	    .since = key->from_sequence};
	return true;
}

static enum error waits_since(struct txn *txn, uint32_t region, int64_t *oldest_ms)
{
	struct entry_header header;
	uint64_t number, sequence;
	uint32_t index;
	enum error error = outbox_next(txn, region, 0, &number, &sequence, &index);
	if (!error)
		error = timeline_header(txn, sequence, &header);
	if (!error)
		*oldest_ms = header.time_ms;
	return error;
}

enum error peers_list(
    struct node *node, struct txn *txn, struct peer_seen *peers, size_t most, size_t *count)
{
	struct gathering gathering = {.node = node, .peers = peers, .most = most};
	enum error error = keyring_each(txn, key_take, &gathering);
	*count = gathering.count;
	qsort(peers, gathering.count, sizeof(*peers), by_region);
	for (size_t i = 0; !error && i < gathering.count; i++) {
		error = outbox_waiting(txn, peers[i].region, &peers[i].waiting);
		if (!error)
			error = trust_state_get(txn, peers[i].region, &peers[i].trust);
		if (!error && peers[i].waiting > 0)
			error = waits_since(txn, peers[i].region, &peers[i].oldest_ms);
		peers[i].has_policy =
		    settlement_policy(node_settlement(node), peers[i].region) != NULL;
	}
	return error;
}

/* What the daemon says: whether it hears the city, and why it does not get rid of what waits. */
static void link_line(const struct daemon_peer *link)
{
	const struct outbox_state *outbox = &link->outbox;
	char time[32] = "never 从未";
	if (link->link.last_heard_ms > 0)
		time_write(link->link.last_heard_ms, time);
	printf("         %s, last heard %s",
	    link->link.connected ? "线路通 link up" : "线路断 link down", time);
	if (link->link.connected && link->link.round_trip_us >= 0)
		printf(", round trip %.1f ms", (double)link->link.round_trip_us / 1000);
	puts("");
	if (outbox->why)
		printf("         %s: %s; %" PRIu32 " attempts failed, the next in %.1f s\n",
		    outbox->stuck ? "不收 does not take the next document" : "不应 does not answer",
		    outbox->text.text[0] ? outbox->text.text : error_text(outbox->why),
		    outbox->failures, (double)outbox->retry_ms / 1000);
}

void peer_line(const struct peer_seen *peer)
{
	printf("  %06u ", peer->region);
	output_cell(stdout, peer->name_zh, 10);
	output_cell(stdout, peer->name_en, 12);
	printf(" known since entry %" PRIu64 ", %s, %" PRIu64 " documents wait for it", peer->since,
	    peer->has_policy ? "policy known" : "policy not known", peer->waiting);
	if (peer->oldest_ms) {
		char time[32];
		time_write(peer->oldest_ms, time);
		printf(" since %s", time);
	}
	puts("");
	if (peer->trust.frozen)
		printf("         冻结 FROZEN since entry %" PRIu64
		       ": %s, its log contradicts itself (%s); nothing of it is booked, nothing is "
		       "signed for it or paid to it\n",
		    peer->trust.frozen_sequence, evidence_kind_chinese(peer->trust.kind),
		    evidence_kind_name(peer->trust.kind));
	if (peer->link && peer->link->heads.awaited)
		puts("         待证明 proof awaited: it has not shown that its log goes on from what "
		     "was seen; nothing is signed for it or paid to it until then");
	if (peer->link)
		link_line(peer->link);
}

static void link_json(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct daemon_peer *link)
{
	yyjson_mut_val *value = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_bool(doc, value, "up", link->link.connected);
	if (link->link.last_heard_ms > 0)
		json_time(doc, value, "last_heard", link->link.last_heard_ms);
	if (link->link.round_trip_us >= 0)
		yyjson_mut_obj_add_sint(doc, value, "round_trip_us", link->link.round_trip_us);
	yyjson_mut_obj_add_uint(doc, value, "handshakes", link->link.handshakes);
	yyjson_mut_obj_add_uint(doc, value, "requests_served", link->link.served);
	yyjson_mut_obj_add_uint(doc, value, "requests_sent", link->outbox.requests);
	yyjson_mut_obj_add_uint(doc, value, "documents_sent", link->outbox.sent);
	yyjson_mut_obj_add_uint(doc, value, "documents_refused", link->outbox.refused);
	yyjson_mut_obj_add_uint(doc, value, "failures", link->outbox.failures);
	if (link->heads.known)
		yyjson_mut_obj_add_uint(doc, value, "head_entries", link->heads.size);
	if (link->heads.checked_ms >= 0)
		yyjson_mut_obj_add_sint(doc, value, "head_age_ms", link->heads.checked_ms);
	yyjson_mut_obj_add_bool(doc, value, "proof_awaited", link->heads.awaited);
	if (link->outbox.why) {
		yyjson_mut_obj_add_bool(doc, value, "stuck", link->outbox.stuck);
		json_text(doc, value, "error", span_text(error_name(link->outbox.why)));
		json_text(doc, value, "message", span_text(link->outbox.text.text));
		yyjson_mut_obj_add_sint(doc, value, "retry_ms", link->outbox.retry_ms);
	}
	yyjson_mut_obj_add_val(doc, object, "link", value);
}

yyjson_mut_val *peer_json(yyjson_mut_doc *doc, const struct peer_seen *peer)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_uint(doc, object, "region", peer->region);
	json_text(doc, object, "name_zh", span_text(peer->name_zh));
	json_text(doc, object, "name_en", span_text(peer->name_en));
	json_hex(doc, object, "document_key",
	    span_of(peer->document_key.bytes, sizeof(peer->document_key.bytes)));
	yyjson_mut_obj_add_uint(doc, object, "since_entry", peer->since);
	yyjson_mut_obj_add_bool(doc, object, "policy_known", peer->has_policy);
	yyjson_mut_obj_add_uint(doc, object, "waiting", peer->waiting);
	if (peer->oldest_ms)
		json_time(doc, object, "waiting_since", peer->oldest_ms);
	yyjson_mut_obj_add_bool(doc, object, "frozen", peer->trust.frozen);
	if (peer->trust.frozen) {
		yyjson_mut_obj_add_uint(doc, object, "frozen_entry", peer->trust.frozen_sequence);
		yyjson_mut_obj_add_str(
		    doc, object, "evidence", evidence_kind_name(peer->trust.kind));
	}
	if (peer->link)
		link_json(doc, object, peer->link);
	return object;
}
