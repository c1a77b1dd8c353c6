/* docs/limits.md names every bound that the headers name, with the value that it has there, and no other. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOUNDS_MAX 512
#define NAME_SIZE_MAX 64

struct bound {
	char name[NAME_SIZE_MAX];
	char text[160]; /* what stands behind the name */
};

static struct bound bounds[BOUNDS_MAX];
static size_t bound_count;
static char *page;

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	rewind(file);
	char *text = malloc((size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
	text[size] = '\0';
	fclose(file);
	return text;
}

/* Figures of plain constants that bounds are made of, too. */
static void take_define(const char *line)
{
	char name[NAME_SIZE_MAX], text[160];
	if (sscanf(line, "#define %63[A-Z0-9_] %159[^\n]", name, text) != 2)
		return;
	assert_true(bound_count < BOUNDS_MAX);
	char *comment = strstr(text, "/*");
	if (comment)
		*comment = '\0';
	struct bound *bound = &bounds[bound_count++];
	memcpy(bound->name, name, sizeof(name));
	memcpy(bound->text, text, sizeof(text));
}

static void take_header(const char *path)
{
	char *text = read_whole(path);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "#define ", 8) == 0)
			take_define(line);
	free(text);
}

static void take_folder(const char *folder)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%s", SOURCE_DIR, folder);
	DIR *directory = opendir(path);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory));) {
		size_t size = strlen(entry->d_name);
		if (size < 3 || strcmp(entry->d_name + size - 2, ".h") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", SOURCE_DIR, folder, entry->d_name);
		take_header(path);
	}
	closedir(directory);
}

static const struct bound *find(const char *name)
{
	for (size_t i = 0; i < bound_count; i++)
		if (strcmp(bounds[i].name, name) == 0)
			return &bounds[i];
	return NULL;
}

/* A constant expression of +, -, *, << and brackets, as bounds have them. */
static uint64_t sum(const char **at, unsigned depth);

static uint64_t operand(const char **at, unsigned depth)
{
	char name[NAME_SIZE_MAX];
	int used = 0;
	assert_true(depth < 16);
	*at += strspn(*at, " ");
	if (**at == '(') {
		++*at;
		uint64_t value = sum(at, depth + 1);
		assert_true(**at == ')');
		++*at;
		return value;
	}
	if (sscanf(*at, "%63[A-Z0-9_]%n", name, &used) == 1 && strspn(name, "0123456789") == 0) {
		*at += used;
		if (strcmp(name, "UINT64_C") == 0 || strcmp(name, "INT64_C") == 0)
			return operand(at, depth + 1);
		const struct bound *bound = find(name);
		if (!bound)
			print_error("what is %s?\n", name);
		assert_non_null(bound);
		const char *inner = bound->text;
		return sum(&inner, depth + 1);
	}
	char *end;
	uint64_t value = strtoull(*at, &end, 0);
	assert_true(end > *at);
	*at = end + strspn(end, "uUlL");
	return value;
}

static uint64_t product(const char **at, unsigned depth)
{
	uint64_t value = operand(at, depth);
	for (;;) {
		*at += strspn(*at, " ");
		if (**at != '*')
			return value;
		++*at;
		value *= operand(at, depth);
	}
}

static uint64_t sum(const char **at, unsigned depth)
{
	uint64_t value = product(at, depth);
	for (;;) {
		*at += strspn(*at, " ");
		if (strncmp(*at, "<<", 2) == 0) {
			*at += 2;
			value <<= product(at, depth);
		} else if (**at == '+') {
			++*at;
			value += product(at, depth);
		} else if (**at == '-') {
			++*at;
			value -= product(at, depth);
		} else {
			return value;
		}
	}
}

static bool is_bound(const struct bound *bound)
{
	static const char *const others[] = {
	    "STORE_MAP_SIZE", "STORE_MAP_STEP", "CLEARING_DUE_DAYS", "CLEARING_AFTER_DAY"};
	size_t size = strlen(bound->name);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(bound->name, others[i]) == 0)
			return true;
	return size > 4 && strcmp(bound->name + size - 4, "_MAX") == 0;
}

/* The value in the row of a name; false if the page has no such row. */
static bool on_page(const char *name, uint64_t *value)
{
	char begin[NAME_SIZE_MAX + 8];
	snprintf(begin, sizeof(begin), "\n| `%s` | ", name);
	const char *row = strstr(page, begin);
	if (!row)
		return false;
	*value = 0;
	for (const char *c = row + strlen(begin); *c != ' '; c++) {
		assert_true(*c == ',' || (*c >= '0' && *c <= '9'));
		if (*c != ',')
			*value = *value * 10 + (uint64_t)(*c - '0');
	}
	return true;
}

static int open_page(void **state)
{
	static const char *const folders[] = {
	    "ledger", "config", "settlement", "net", "tools/suiren"};
	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		take_folder(folders[i]);
	page = read_whole(SOURCE_DIR "/docs/limits.md");
	return 0;
}

static int close_page(void **state)
{
	(void)state;
	free(page);
	return 0;
}

static void every_bound_of_the_headers_stands_on_the_page_with_its_value(void **state)
{
	(void)state;
	unsigned wrong = 0, seen = 0;
	for (size_t i = 0; i < bound_count; i++) {
		if (!is_bound(&bounds[i]))
			continue;
		const char *text = bounds[i].text;
		uint64_t value = sum(&text, 0), told = 0;
		if (!on_page(bounds[i].name, &told)) {
			print_error("docs/limits.md lacks %s\n", bounds[i].name);
			wrong++;
		} else if (told != value) {
			print_error("docs/limits.md: %s is %llu, not %llu\n", bounds[i].name,
			    (unsigned long long)value, (unsigned long long)told);
			wrong++;
		}
		seen++;
	}
	assert_true(seen > 80);
	assert_int_equal(wrong, 0);
}

static void every_row_of_the_page_is_a_bound_of_the_headers(void **state)
{
	(void)state;
	unsigned rows = 0;
	for (const char *at = page; (at = strstr(at, "\n| `")) != NULL; rows++) {
		char name[NAME_SIZE_MAX];
		at += strlen("\n| `");
		assert_int_equal(sscanf(at, "%63[A-Z0-9_]`", name), 1);
		if (!find(name))
			print_error("no header has %s\n", name);
		assert_non_null(find(name));
	}
	assert_true(rows > 80);
}

/* Five columns each, so that nobody has to guess what happens. */
static void every_row_has_a_reason_and_a_consequence(void **state)
{
	(void)state;
	for (const char *at = page; (at = strstr(at, "\n| `")) != NULL;) {
		unsigned bars = 0;
		for (at++; *at != '\n'; at++)
			bars += *at == '|';
		assert_int_equal(bars, 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_bound_of_the_headers_stands_on_the_page_with_its_value),
	    cmocka_unit_test(every_row_of_the_page_is_a_bound_of_the_headers),
	    cmocka_unit_test(every_row_has_a_reason_and_a_consequence),
	};
	return cmocka_run_group_tests_name("tools/limits", tests, open_page, close_page);
}
