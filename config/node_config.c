#include "node_config.h"

#include <stdio.h>
#include <string.h>

#include "yaml_tree.h"

#define QUEUE_LENGTH_DEFAULT 256
#define GROUP_COMMANDS_DEFAULT 16
#define OUTBOX_LIMIT_DEFAULT 100000
#define OUTBOX_LIMIT_LEAST 16
#define HEADS_INTERVAL_DEFAULT 600
#define HEADS_INTERVAL_MOST 86400
#define HEADS_BIG_DEFAULT 1000000
#define HEADS_BIG_MOST INT64_C(10000000000000)
#define MINUTES_OF_DAY 1440
/* The latest day that every month has; claims of the month before may come until the 20th. */
#define CLEARING_DAY_FIRST 21
#define CLEARING_DAY_LAST 28

struct known_city {
	uint32_t region;
	const char *name_zh, *name_en, *origin_base, *listen;
};

static const struct known_city known[] = {
    {510100, "成都市", "Chengdu", "chengdu.suiren.example/ledger", "tcp://127.0.0.1:7301"},
    {500000, "重庆市", "Chongqing", "chongqing.suiren.example/ledger", "tcp://127.0.0.1:7302"},
    {510800, "广元市", "Guangyuan", "guangyuan.suiren.example/ledger", "tcp://127.0.0.1:7303"},
    {511300, "南充市", "Nanchong", "nanchong.suiren.example/ledger", "tcp://127.0.0.1:7304"},
};

#define KNOWN_COUNT (sizeof known / sizeof *known)

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

void node_config_blank(struct node_config *config)
{
	memset(config, 0, sizeof *config);
	config->epoch = 1;
	config->queue_length = QUEUE_LENGTH_DEFAULT;
	config->group_commands = GROUP_COMMANDS_DEFAULT;
	config->outbox_limit = OUTBOX_LIMIT_DEFAULT;
	config->schedule.cut_minute = MINUTE_NEVER;
	config->heads_interval_s = HEADS_INTERVAL_DEFAULT;
	config->heads_big_yuan = HEADS_BIG_DEFAULT;
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		struct node_peer *peer = &config->peers[config->peer_count++];

		peer->region = known[i].region;
		copy(peer->name_zh, sizeof peer->name_zh, known[i].name_zh);
		copy(peer->name_en, sizeof peer->name_en, known[i].name_en);
		copy(peer->address, sizeof peer->address, known[i].listen);
	}
}

enum error node_config_default(uint32_t region, struct node_config *config)
{
	node_config_blank(config);
	config->peer_count = 0;
	memset(config->peers, 0, sizeof config->peers);
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		struct node_peer *peer = &config->peers[config->peer_count];

		if (known[i].region == region) {
			config->region = region;
			copy(config->name_zh, sizeof config->name_zh, known[i].name_zh);
			copy(config->name_en, sizeof config->name_en, known[i].name_en);
			copy(config->origin_base, sizeof config->origin_base, known[i].origin_base);
			copy(config->listen, sizeof config->listen, known[i].listen);
			continue;
		}
		peer->region = known[i].region;
		copy(peer->name_zh, sizeof peer->name_zh, known[i].name_zh);
		copy(peer->name_en, sizeof peer->name_en, known[i].name_en);
		copy(peer->address, sizeof peer->address, known[i].listen);
		config->peer_count++;
	}
	return config->region ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* No bank gives out an account that begins with a region code, or has the clearing code 313999000000. */
static void demo_account(uint32_t region, char *account, char *bank)
{
	snprintf(account, BANK_ACCOUNT_SIZE, "%06u000000000001", (unsigned)region);
	copy(bank, BANK_CODE_SIZE, "313999000000");
}

void node_config_demo_accounts(struct node_config *config)
{
	demo_account(config->region, config->account, config->bank);
	for (size_t i = 0; i < config->peer_count; i++)
		demo_account(
		    config->peers[i].region, config->peers[i].account, config->peers[i].bank);
}

static bool only(const char *text, const char *allowed)
{
	return text[strspn(text, allowed)] == '\0';
}

/* Both, or neither: money that goes to half an address comes back late. */
static void read_account(const struct yaml_map *map, char *account, char *bank)
{
	yaml_text(map, "account", false, account, BANK_ACCOUNT_SIZE);
	yaml_text(map, "bank", false, bank, BANK_CODE_SIZE);
	if (!only(account, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"))
		yaml_field_complain(
		    map, NULL, "account", "must be of digits, capital letters and '-'");
	if (bank[0] && (strlen(bank) != BANK_CODE_SIZE - 1 || !only(bank, "0123456789")))
		yaml_field_complain(map, NULL, "bank", "must be a CNAPS code of 12 digits");
	if (!account[0] != !bank[0])
		yaml_field_complain(map, NULL, account[0] ? "bank" : "account",
		    "is missing: an account needs both");
}

static void read_peer(const struct yaml_map *map, struct node_peer *peer)
{
	int64_t value;

	if (yaml_integer(map, "region", true, 110000, 659999, &value))
		peer->region = (uint32_t)value;
	yaml_text(map, "name_zh", true, peer->name_zh, sizeof peer->name_zh);
	yaml_text(map, "name_en", true, peer->name_en, sizeof peer->name_en);
	yaml_text(map, "address", false, peer->address, sizeof peer->address);
	read_account(map, peer->account, peer->bank);
	yaml_map_end(map);
}

static void read_peers(const struct yaml_map *top, struct node_config *config)
{
	const struct yaml_node *list = yaml_list(top, "peers", true, PEERS_MAX);

	for (const struct yaml_node *item = list ? list->first : NULL;
	     item && config->peer_count < PEERS_MAX; item = item->next) {
		struct yaml_map map =
		    yaml_map(item, top->complaints, "peers[%zu]", config->peer_count);
		struct node_peer *peer = &config->peers[config->peer_count];

		read_peer(&map, peer);
		if (peer->region && peer->region == config->region)
			yaml_field_complain(&map, item, "region", "is the node itself");
		for (size_t i = 0; i < config->peer_count; i++) {
			if (config->peers[i].region == peer->region)
				yaml_field_complain(&map, item, "region", "stands twice");
		}
		config->peer_count++;
	}
}

/* "00:10" */
static void read_minute(
    const struct yaml_map *map, const char *key, bool required, uint32_t *minute)
{
	char text[8];
	unsigned value;

	if (!yaml_text(map, key, required, text, sizeof text))
		return;
	if (strlen(text) != 5 || text[2] != ':' || text[0] > '2' ||
	    strspn(text, "0123456789") != 2 || strspn(text + 3, "0123456789") != 2) {
		yaml_field_complain(map, NULL, key, "must be a time like \"00:10\"");
		return;
	}
	value = (unsigned)((text[0] - '0') * 600 + (text[1] - '0') * 60 + (text[3] - '0') * 10 +
			   (text[4] - '0'));
	if (value >= MINUTES_OF_DAY || text[3] > '5')
		yaml_field_complain(map, NULL, key, "is no time of a day");
	else
		*minute = value;
}

static void read_schedule(const struct yaml_map *top, struct node_schedule *schedule)
{
	const struct yaml_node *node = yaml_field(top, "schedule", false);
	struct yaml_map map;
	int64_t day;

	schedule->cut_minute = MINUTE_NEVER;
	if (!node)
		return;
	map = yaml_map(node, top->complaints, "schedule");
	read_minute(&map, "cut", false, &schedule->cut_minute);
	if (yaml_integer(
		&map, "clearing_day", false, CLEARING_DAY_FIRST, CLEARING_DAY_LAST, &day)) {
		schedule->clearing_day = (uint32_t)day;
		read_minute(&map, "clearing", true, &schedule->clearing_minute);
	}
	yaml_map_end(&map);
}

static void read_heads(const struct yaml_map *top, struct node_config *config)
{
	const struct yaml_node *node = yaml_field(top, "heads", false);
	struct yaml_map map;
	int64_t value;

	config->heads_interval_s = HEADS_INTERVAL_DEFAULT;
	config->heads_big_yuan = HEADS_BIG_DEFAULT;
	if (!node)
		return;
	map = yaml_map(node, top->complaints, "heads");
	if (yaml_integer(&map, "interval_seconds", false, 1, HEADS_INTERVAL_MOST, &value))
		config->heads_interval_s = (uint32_t)value;
	if (yaml_integer(&map, "big_yuan", false, 1, HEADS_BIG_MOST, &value))
		config->heads_big_yuan = value;
	yaml_map_end(&map);
}

static void read_top(const struct yaml_map *top, struct node_config *config)
{
	int64_t value;

	if (yaml_integer(top, "region", true, 110000, 659999, &value))
		config->region = (uint32_t)value;
	yaml_text(top, "name_zh", true, config->name_zh, sizeof config->name_zh);
	yaml_text(top, "name_en", true, config->name_en, sizeof config->name_en);
	yaml_text(top, "origin", true, config->origin_base, sizeof config->origin_base);
	if (strchr(config->origin_base, '+') || strchr(config->origin_base, ' '))
		yaml_field_complain(top, NULL, "origin", "must not hold '+' or a space");
	if (yaml_integer(top, "epoch", true, 1, UINT32_MAX, &value))
		config->epoch = (uint32_t)value;
	yaml_bool(top, "demo", true, &config->demo);
	yaml_text(top, "listen", false, config->listen, sizeof config->listen);
	read_account(top, config->account, config->bank);
	if (yaml_integer(top, "queue_length", true, 1, 65536, &value))
		config->queue_length = (uint32_t)value;
	if (yaml_integer(top, "group_commands", true, 1, 1024, &value))
		config->group_commands = (uint32_t)value;
	if (yaml_integer(top, "map_size", false, 1 << 20, INT64_C(1) << 46, &value))
		config->map_size = (uint64_t)value;
	config->outbox_limit = OUTBOX_LIMIT_DEFAULT;
	if (yaml_integer(top, "outbox_limit", false, OUTBOX_LIMIT_LEAST, UINT32_MAX, &value))
		config->outbox_limit = (uint32_t)value;
	read_schedule(top, &config->schedule);
	read_heads(top, config);
	yaml_text(top, "metrics", false, config->metrics, sizeof config->metrics);
	read_peers(top, config);
	yaml_map_end(top);
}

enum error node_config_load(const char *file, struct span bytes, config_report *report,
    void *context, struct node_config *config)
{
	struct yaml_complaints complaints = {.file = file, .report = report, .context = context};
	struct yaml_tree *tree;
	enum error error = yaml_tree_read(bytes, &complaints, &tree);

	memset(config, 0, sizeof *config);
	if (error)
		return error;
	struct yaml_map top = yaml_map(yaml_tree_root(tree), &complaints, "%s", "");
	read_top(&top, config);
	if (!top.node)
		complaints.any = true;
	yaml_tree_free(tree);
	return complaints.any ? ERROR_MALFORMED : ERROR_NONE;
}

static void write_account(
    struct buffer *out, const char *indent, const char *account, const char *bank)
{
	if (account[0])
		buffer_append_format(
		    out, "%saccount: \"%s\"\n%sbank: \"%s\"\n", indent, account, indent, bank);
}

static void write_schedule(struct buffer *out, const struct node_schedule *schedule)
{
	bool cuts = schedule->cut_minute != MINUTE_NEVER;

	buffer_append_text(out,
	    "# What suirend does by itself, in Beijing time; without it, by command only:\n"
	    "# schedule: { cut: \"00:10\", clearing_day: 21, clearing: \"02:00\" }\n");
	if (!cuts && !schedule->clearing_day)
		return;
	buffer_append_text(out, "schedule:\n");
	if (cuts)
		buffer_append_format(out, "  cut: \"%02u:%02u\"\n",
		    (unsigned)schedule->cut_minute / 60, (unsigned)schedule->cut_minute % 60);
	if (schedule->clearing_day)
		buffer_append_format(out, "  clearing_day: %u\n  clearing: \"%02u:%02u\"\n",
		    (unsigned)schedule->clearing_day, (unsigned)schedule->clearing_minute / 60,
		    (unsigned)schedule->clearing_minute % 60);
}

/* May it stand without quotes? Letters and digits of any script, inside also single spaces and '.', '-', '_', '/', ':'. */
static bool is_plain(const char *text)
{
	bool word = false;

	for (const char *at = text; *at; at++) {
		bool letter = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
			      (*at >= 'a' && *at <= 'z') || (unsigned char)*at >= 0x80;

		if (!letter && (!word || !strchr(" .-_/:", *at) || at[1] == ' ' || !at[1]))
			return false;
		word = true;
	}
	return word;
}

static void put_text(struct buffer *out, const char *name, const char *text)
{
	if (is_plain(text)) {
		buffer_append_format(out, "%s: %s\n", name, text);
		return;
	}
	buffer_append_format(out, "%s: \"", name);
	for (const char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte < ' ' || byte == 0x7f)
			buffer_append_format(out, "\\x%02X", byte);
		else
			buffer_append_format(
			    out, "%s%c", byte == '"' || byte == '\\' ? "\\" : "", *at);
	}
	buffer_append_text(out, "\"\n");
}

void node_config_write(struct buffer *out, const struct node_config *config)
{
	buffer_append_format(out,
	    "# Who this node is. Every field: docs/policy.md, \"node.yaml\".\nregion: %06u\n",
	    (unsigned)config->region);
	put_text(out, "name_zh", config->name_zh);
	put_text(out, "name_en", config->name_en);
	buffer_append_text(
	    out, "# The log's name; the epoch is appended. Never change it: signatures name it.\n");
	put_text(out, "origin", config->origin_base);
	buffer_append_format(out,
	    "epoch: %u\n"
	    "# Demo nodes take their time from the command line and are refused by others.\n"
	    "demo: %s\n",
	    (unsigned)config->epoch, config->demo ? "true" : "false");
	if (config->listen[0])
		put_text(out, "listen", config->listen);
	buffer_append_format(out,
	    "# Commands that may wait for the writer, and at most so many in one durable commit.\n"
	    "queue_length: %u\ngroup_commands: %u\n",
	    (unsigned)config->queue_length, (unsigned)config->group_commands);
	buffer_append_text(out,
	    "# The city's account and its bank's CNAPS code: payment files name them; a peer's say "
	    "where\n"
	    "# its clearings are paid to. account: \"...\" and bank: \"12 digits\".\n");
	write_account(out, "", config->account, config->bank);
	buffer_append_format(out,
	    "# Documents that may wait for a city before new claims for it are refused.\n"
	    "outbox_limit: %u\n",
	    (unsigned)config->outbox_limit);
	write_schedule(out, &config->schedule);
	if (config->heads_interval_s != HEADS_INTERVAL_DEFAULT ||
	    config->heads_big_yuan != HEADS_BIG_DEFAULT)
		buffer_append_format(out,
		    "# How often a peer shows how far its log has come, and before how much.\n"
		    "heads: { interval_seconds: %u, big_yuan: %lld }\n",
		    (unsigned)config->heads_interval_s, (long long)config->heads_big_yuan);
	if (config->metrics[0])
		put_text(out, "metrics", config->metrics);
	if (config->map_size)
		buffer_append_format(out, "map_size: %llu\n", (unsigned long long)config->map_size);
	buffer_append_text(out, config->peer_count ? "peers:\n" : "peers: []\n");
	for (size_t i = 0; i < config->peer_count; i++) {
		const struct node_peer *peer = &config->peers[i];

		buffer_append_format(out, "  - region: %06u\n", (unsigned)peer->region);
		put_text(out, "    name_zh", peer->name_zh);
		put_text(out, "    name_en", peer->name_en);
		if (peer->address[0])
			put_text(out, "    address", peer->address);
		write_account(out, "    ", peer->account, peer->bank);
	}
}
