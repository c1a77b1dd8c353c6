/* docs/policy.md is the reference of both files: every field that the loaders ask for stands in it, and its example is good. */
#include "complaints.h"

#include "policy.h"

static char *read_text(const char *name)
{
	char path[512];
	static char texts[3][CONFIG_FILE_MAX];
	static unsigned next;
	char *text = texts[next++ % 3];
	snprintf(path, sizeof path, SOURCE_DIR "/%s", name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t size = fread(text, 1, CONFIG_FILE_MAX - 1, file);
	assert_true(size > 0 && size < CONFIG_FILE_MAX - 1);
	fclose(file);
	text[size] = '\0';
	return text;
}

/* A call like yaml_text(map, "name_zh", ...), choice(map, "need", ...): the key is the first text behind its name. */
static unsigned keys_of(const char *source, const char *call, const char *reference)
{
	unsigned found = 0;
	for (const char *at = strstr(source, call); at; at = strstr(at + 1, call)) {
		char key[64], wanted[68];
		if (sscanf(at + strlen(call), "%*[^,\"], \"%63[a-z_]\"", key) != 1)
			continue;
		snprintf(wanted, sizeof wanted, "`%s`", key);
		if (!strstr(reference, wanted))
			fail_msg("docs/policy.md does not tell of the field %s", key);
		found++;
	}
	return found;
}

static unsigned fields_of(const char *file, const char *reference)
{
	static const char *const calls[] = {"yaml_text(", "yaml_code(", "yaml_integer(",
	    "yaml_yuan(", "yaml_day(", "yaml_bool(", "yaml_choice(", "yaml_list(", ")choice(",
	    "read_mask(", "read_minute("};
	const char *source = read_text(file);
	unsigned found = 0;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		found += keys_of(source, calls[i], reference);
	return found;
}

static void every_field_of_the_loaders_is_in_the_reference(void **state)
{
	const char *reference = read_text("docs/policy.md");
	(void)state;
	/* 7 + 3 lists at the top, 2 of a reserve, 5 of a fund, 41 of a programme, 7 of an amount; 13 of a node, 4 of a peer, 2 of an
	 * account, 3 of a schedule, 2 of heads. */
	assert_int_equal(fields_of("config/policy_load.c", reference), 10 + 2 + 5 + 41 + 7);
	assert_int_equal(fields_of("config/node_config.c", reference), 13 + 4 + 2 + 3 + 2);
}

static void the_example_is_a_good_catalogue(void **state)
{
	const char *reference = read_text("docs/policy.md");
	const char *start = strstr(reference, "```yaml\n");
	struct complaints_seen seen = {.count = 0};
	struct policy *policy;
	(void)state;
	assert_non_null(start);
	start += strlen("```yaml\n");
	const char *end = strstr(start, "```");
	assert_non_null(end);
	if (policy_load(
		"the file", span_of(start, (size_t)(end - start)), complaint_note, &seen, &policy))
		fail_msg("%.*s", (int)seen.text.size, (const char *)seen.text.data);
	assert_int_equal(policy->programme_count, 1);
	assert_true(policy->programmes[0].bands[0].amount.value == 5000);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_field_of_the_loaders_is_in_the_reference),
	    cmocka_unit_test(the_example_is_a_good_catalogue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
