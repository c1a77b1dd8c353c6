#include "complaints.h"

#include "node_config.h"

struct loading {
	struct complaints_seen seen;
	struct node_config config;
	struct buffer yaml;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct loading));
	assert_non_null(*state);
	return 0;
}

static void again(struct loading *loading)
{
	complaints_free(&loading->seen);
	buffer_clear(&loading->yaml);
}

static int tear_down(void **state)
{
	struct loading *loading = *state;
	again(loading);
	buffer_free(&loading->yaml);
	free(loading);
	return 0;
}

static enum error load(struct loading *loading, struct span yaml)
{
	return node_config_load("the file", yaml, complaint_note, &loading->seen, &loading->config);
}

static const char full[] = "region: 510100\n"                                             /* 1 */
			   "name_zh: 成都市\n"                                            /* 2 */
			   "name_en: Chengdu\n"                                           /* 3 */
			   "origin: chengdu.example/ledger\n"                             /* 4 */
			   "epoch: 2\n"                                                   /* 5 */
			   "demo: true\n"                                                 /* 6 */
			   "listen: tcp://127.0.0.1:7301\n"                               /* 7 */
			   "queue_length: 100\n"                                          /* 8 */
			   "group_commands: 8\n"                                          /* 9 */
			   "map_size: 1073741824\n"                                       /* 10 */
			   "peers:\n"                                                     /* 11 */
			   "  - region: 500000\n"                                         /* 12 */
			   "    name_zh: 重庆市\n"                                        /* 13 */
			   "    name_en: Chongqing\n"                                     /* 14 */
			   "    address: tcp://127.0.0.1:7302\n"                          /* 15 */
			   "  - {region: 510800, name_zh: 广元市, name_en: Guangyuan}\n"; /* 16 */

static void every_field_is_read(void **state)
{
	struct loading *loading = *state;
	assert_good(load(loading, span_text(full)));
	const struct node_config *config = &loading->config;
	assert_true(config->region == 510100 && config->epoch == 2 && config->demo);
	assert_string_equal(config->name_zh, "成都市");
	assert_string_equal(config->name_en, "Chengdu");
	assert_string_equal(config->origin_base, "chengdu.example/ledger");
	assert_string_equal(config->listen, "tcp://127.0.0.1:7301");
	assert_true(config->queue_length == 100 && config->group_commands == 8);
	assert_true(config->map_size == UINT64_C(1) << 30);
	assert_int_equal(config->peer_count, 2);
	assert_int_equal(config->peers[0].region, 500000);
	assert_string_equal(config->peers[0].name_zh, "重庆市");
	assert_string_equal(config->peers[0].name_en, "Chongqing");
	assert_string_equal(config->peers[0].address, "tcp://127.0.0.1:7302");
	assert_int_equal(config->peers[1].region, 510800);
	assert_string_equal(config->peers[1].address, "");
}

static void the_schedule_is_in_minutes_of_the_day(void **state)
{
	static const struct {
		const char *yaml;
		uint32_t cut, day, clearing;
	} cases[] = {
	    {"schedule: {cut: \"00:00\"}\n", 0, 0, 0},
	    {"schedule: {cut: \"23:59\"}\n", 1439, 0, 0},
	    {"schedule: {clearing_day: 21, clearing: \"02:05\"}\n", MINUTE_NEVER, 21, 125},
	    {"schedule: {cut: \"10:00\", clearing_day: 28, clearing: \"19:30\"}\n", 600, 28, 1170},
	    {"outbox_limit: 16\n", MINUTE_NEVER, 0, 0},
	};
	struct loading *loading = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		again(loading);
		buffer_append_text(&loading->yaml, cases[i].yaml);
		buffer_append_text(&loading->yaml, full);
		assert_good(load(loading, buffer_span(&loading->yaml)));
		assert_int_equal(loading->config.schedule.cut_minute, cases[i].cut);
		assert_int_equal(loading->config.schedule.clearing_day, cases[i].day);
		if (cases[i].day)
			assert_int_equal(
			    loading->config.schedule.clearing_minute, cases[i].clearing);
		/* And what is written is read back to the same. */
		struct node_config before = loading->config;
		again(loading);
		node_config_write(&loading->yaml, &before);
		assert_good(load(loading, buffer_span(&loading->yaml)));
		assert_memory_equal(
		    &loading->config.schedule, &before.schedule, sizeof before.schedule);
		assert_int_equal(loading->config.outbox_limit, i == 4 ? 16 : 100000);
	}
}

static void what_is_no_time_of_a_day_is_refused(void **state)
{
	static const char *const wrong[] = {"schedule: {cut: \"24:00\"}",
	    "schedule: {cut: \"00:60\"}", "schedule: {cut: \"0:10\"}", "schedule: {cut: \"00:1\"}",
	    "schedule: {cut: \"00-10\"}", "schedule: {cut: \"2a:10\"}",
	    "schedule: {cut: \"-1:10\"}", "schedule: {cut: \"00:100\"}",
	    "schedule: {clearing_day: 20, clearing: \"02:00\"}",
	    "schedule: {clearing_day: 29, clearing: \"02:00\"}", "schedule: {clearing_day: 21}",
	    "schedule: {noon: \"12:00\"}", "schedule: daily", "outbox_limit: 0"};
	struct loading *loading = *state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		again(loading);
		buffer_append_format(&loading->yaml, "%s\n%s", wrong[i], full);
		assert_error(load(loading, buffer_span(&loading->yaml)), ERROR_MALFORMED);
	}
}

static void the_four_cities_have_defaults_that_name_one_another(void **state)
{
	static const struct {
		uint32_t region;
		const char *zh, *en;
	} cities[] = {{510100, "成都市", "Chengdu"}, {500000, "重庆市", "Chongqing"},
	    {510800, "广元市", "Guangyuan"}, {511300, "南充市", "Nanchong"}};
	struct node_config configs[4];
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_good(node_config_default(cities[i].region, &configs[i]));
		assert_int_equal(configs[i].region, cities[i].region);
		assert_string_equal(configs[i].name_zh, cities[i].zh);
		assert_string_equal(configs[i].name_en, cities[i].en);
		assert_int_equal(configs[i].epoch, 1);
		assert_false(configs[i].demo);
		assert_int_equal(configs[i].peer_count, 3);
	}
	for (size_t i = 0; i < 4; i++) {
		for (size_t k = 0; k < 4; k++) {
			size_t found = 0;
			for (size_t p = 0; p < 3; p++) {
				if (configs[i].peers[p].region != cities[k].region)
					continue;
				found++;
				assert_string_equal(configs[i].peers[p].address, configs[k].listen);
				assert_string_equal(configs[i].peers[p].name_zh, cities[k].zh);
			}
			assert_int_equal(found, i != k);
		}
	}
	assert_error(node_config_default(510500, &configs[0]), ERROR_NOT_FOUND);
	assert_error(node_config_default(0, &configs[0]), ERROR_NOT_FOUND);
}

static void same(struct loading *loading, const struct node_config *config)
{
	buffer_clear(&loading->yaml);
	node_config_write(&loading->yaml, config);
	assert_int_equal(loading->yaml.failed, ERROR_NONE);
	if (load(loading, buffer_span(&loading->yaml)))
		fail_msg("%.*s\n%.*s", (int)loading->yaml.size, (const char *)loading->yaml.data,
		    (int)loading->seen.text.size, (const char *)loading->seen.text.data);
	assert_memory_equal(&loading->config, config, sizeof *config);
}

static void what_is_written_is_read_back_the_same(void **state)
{
	static const char *const names[] = {"成都市", "Chengdu", "a b", "a: b", "# none", "- x",
	    "\"quoted\"", "back\\slash", "'", "tab\there", "a#b", "a #b", "{x}", "[1]", "*x", "&x",
	    "!x", "~", "null", "true", "010", " ahead", "behind ", "two  spaces", "colon:", "a:b",
	    "%", "@", "`", "\x7f", "é中\xF0\x9F\x98\x80"};
	struct loading *loading = *state;
	struct node_config config;
	for (size_t i = 0; i < 4; i++) {
		static const uint32_t regions[] = {510100, 500000, 510800, 511300};
		assert_good(node_config_default(regions[i], &config));
		same(loading, &config);
		node_config_demo_accounts(&config);
		assert_true(config.account[0] && config.peers[2].bank[0]);
		same(loading, &config);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_good(node_config_default(510100, &config));
		memset(config.name_zh, 0, sizeof config.name_zh);
		memset(config.peers[1].name_en, 0, sizeof config.peers[1].name_en);
		memset(config.listen, 0, sizeof config.listen);
		snprintf(config.name_zh, sizeof config.name_zh, "%s", names[i]);
		snprintf(config.peers[1].name_en, sizeof config.peers[1].name_en, "%s", names[i]);
		snprintf(config.listen, sizeof config.listen, "%s", names[i]);
		config.map_size = UINT64_C(1) << 40;
		config.demo = true;
		config.epoch = UINT32_MAX;
		same(loading, &config);
	}
	assert_good(node_config_default(510100, &config));
	memset(config.peers, 0, sizeof config.peers);
	config.peer_count = 0;
	same(loading, &config);
}

static void what_is_wrong_is_told_with_its_line_and_field(void **state)
{
	static const struct {
		const char *old, *new, *complaint;
	} cases[] = {
	    {"region: 510100\n", "", "1 region: missing\n"},
	    {"name_zh: 成都市\n", "", "1 name_zh: missing\n"},
	    {"name_en: Chengdu\n", "", "1 name_en: missing\n"},
	    {"origin: chengdu.example/ledger\n", "", "1 origin: missing\n"},
	    {"epoch: 2\n", "", "1 epoch: missing\n"},
	    {"demo: true\n", "", "1 demo: missing\n"},
	    {"listen: tcp://127.0.0.1:7301\n", "listen: ''\n", "7 listen: must not be empty\n"},
	    {"queue_length: 100\n", "", "1 queue_length: missing\n"},
	    {"group_commands: 8\n", "", "1 group_commands: missing\n"},
	    {"region: 510100", "region: 0510100", "1 region: must be a whole number"},
	    {"region: 510100", "region: 5101000", "1 region: must be from 110000 to 659999\n"},
	    {"ledger\n", "ledger+1\n", "1 origin: must not hold '+' or a space\n"},
	    {"ledger\n", "led ger\n", "1 origin: must not hold '+' or a space\n"},
	    {"epoch: 2", "epoch: 0", "5 epoch: must be from 1"},
	    {"demo: true", "demo: yes", "6 demo: must be one of: false, true\n"},
	    {"queue_length: 100", "queue_length: 0", "8 queue_length: must be from 1 to 65536\n"},
	    {"group_commands: 8", "group_commands: 0x8",
		"9 group_commands: must be a whole number"},
	    {"group_commands: 8", "group_commands: 1025",
		"9 group_commands: must be from 1 to 1024\n"},
	    {"map_size: 1073741824", "map_size: 4096", "10 map_size: must be from 1048576"},
	    {"peers:\n", "peers: all\n#", "11 peers: must be a list\n"},
	    {"region: 500000", "region: 510100", "12 peers[0].region: is the node itself\n"},
	    {"region: 510800", "region: 500000", "16 peers[1].region: stands twice\n"},
	    {"    name_zh: 重庆市\n", "", "12 peers[0].name_zh: missing\n"},
	    {"    address:", "    adress:", "15 peers[0].adress: unknown field\n"},
	    {"demo: true\n", "demo: true\ndemo: true\n", "7 demo: stands twice\n"},
	    {"demo: true\n", "demo: true\ndebug: true\n", "7 debug: unknown field\n"},
	    {"demo: true\n", "demo: true\naccount: '51'\n",
		"1 bank: is missing: an account needs both\n"},
	    {"demo: true\n", "demo: true\nbank: '313999000000'\n",
		"1 account: is missing: an account needs both\n"},
	    {"demo: true\n", "demo: true\naccount: '51'\nbank: '31399900000'\n",
		"1 bank: must be a CNAPS code of 12 digits\n"},
	    {"demo: true\n", "demo: true\naccount: '5 1'\nbank: '313999000000'\n",
		"1 account: must be of digits, capital letters and '-'\n"},
	};
	struct loading *loading = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *at = strstr(full, cases[i].old);
		assert_non_null(at);
		buffer_append(&loading->yaml, span_of(full, (size_t)(at - full)));
		buffer_append_text(&loading->yaml, cases[i].new);
		buffer_append_text(&loading->yaml, at + strlen(cases[i].old));
		if (strcmp(cases[i].old, "peers:\n") == 0) /* and what follows is no list */
			loading->yaml.size =
			    (size_t)(strstr((const char *)loading->yaml.data, "#") -
				     (const char *)loading->yaml.data);
		assert_error(load(loading, buffer_span(&loading->yaml)), ERROR_MALFORMED);
		complained(&loading->seen, cases[i].complaint);
		again(loading);
	}
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
	struct loading *loading = *state;
	assert_error(
	    load(loading, span_text("region: x\ndemo: x\nmore: x\npeers: []\n")), ERROR_MALFORMED);
	complained(&loading->seen, "1 region: must be a whole number");
	complained(&loading->seen, "2 demo: must be one of");
	complained(&loading->seen, "3 more: unknown field");
	complained(&loading->seen, "1 queue_length: missing");
	complained(&loading->seen, "1 epoch: missing");
}

static void what_is_no_configuration_is_refused(void **state)
{
	static const char *const texts[] = {"", "[]", "text", "{}", "region: *a\n", "\t"};
	struct loading *loading = *state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_error(load(loading, span_text(texts[i])), ERROR_MALFORMED);
		assert_true(loading->seen.count > 0);
		again(loading);
	}
}

static void there_may_be_64_peers_and_no_more(void **state)
{
	struct loading *loading = *state;
	for (unsigned count = PEERS_MAX; count <= PEERS_MAX + 1; count++) {
		const char *at = strstr(full, "peers:");
		buffer_append(&loading->yaml, span_of(full, (size_t)(at - full)));
		buffer_append_text(&loading->yaml, "peers:\n");
		for (unsigned i = 0; i < count; i++)
			buffer_append_format(&loading->yaml,
			    "  - {region: %u, name_zh: 市, name_en: city}\n", 520000 + i);
		assert_error(load(loading, buffer_span(&loading->yaml)),
		    count == PEERS_MAX ? ERROR_NONE : ERROR_MALFORMED);
		if (count > PEERS_MAX)
			complained(&loading->seen, "12 peers: more than 64 entries\n");
		again(loading);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(every_field_is_read),
	    CASE(the_schedule_is_in_minutes_of_the_day),
	    CASE(what_is_no_time_of_a_day_is_refused),
	    CASE(the_four_cities_have_defaults_that_name_one_another),
	    CASE(what_is_written_is_read_back_the_same),
	    CASE(what_is_wrong_is_told_with_its_line_and_field),
	    CASE(all_that_is_wrong_is_told_at_once),
	    CASE(what_is_no_configuration_is_refused),
	    CASE(there_may_be_64_peers_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
