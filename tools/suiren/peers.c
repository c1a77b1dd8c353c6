#include "peers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "output.h"
#include "region.h"

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

enum error peers_list(
    struct node *node, struct txn *txn, struct peer_seen *peers, size_t most, size_t *count)
{
	struct gathering gathering = {.node = node, .peers = peers, .most = most};
	enum error error = keyring_each(txn, key_take, &gathering);
	*count = gathering.count;
	qsort(peers, gathering.count, sizeof(*peers), by_region);
	for (size_t i = 0; !error && i < gathering.count; i++) {
		error = outbox_waiting(txn, peers[i].region, &peers[i].waiting);
		peers[i].has_policy =
		    settlement_policy(node_settlement(node), peers[i].region) != NULL;
	}
	return error;
}

void peer_line(const struct peer_seen *peer)
{
	printf("  %06u ", peer->region);
	output_cell(stdout, peer->name_zh, 10);
	output_cell(stdout, peer->name_en, 12);
	printf(" known since entry %" PRIu64 ", %s, %" PRIu64 " documents wait for it\n",
	    peer->since, peer->has_policy ? "policy known" : "policy not known", peer->waiting);
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
	return object;
}
