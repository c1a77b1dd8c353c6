/* The demo's month with a daemon for each city, over networks that delay by seconds, are narrow, swallow, double, alter lengths, and close in one
 * direction: the same month as within one process, to the fen; and whoever records all that passes learns no name, no person code, no amount
 * and no eight bytes of any document. */
#include "testing.h"

#include <dirent.h>
#include <sys/stat.h>

#include "month.h"
#include "program.h"
#include "verdict.h"

/* So many that the cities owe each other for something in both directions. */
#define RESIDENTS 10000u

static int open_workshop(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	suiren_must(0, "demo --dir calm --residents %u --seed %u", RESIDENTS, MONTH_SEED);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* --- networks ----------------------------------------------------------------------------------------------- */

/* The month over such a network. At least so many of the faults of interest must have befallen it. */
static struct wire_counts tell_over(const char *folder, const struct wire_faults *faults)
{
	struct month month = {.folder = folder, .residents = RESIDENTS, .wire = wire_open()};
	struct wire_counts counts;

	wire_disturb(month.wire, faults);
	month_tell(&month);
	counts = wire_close(month.wire);
	print_message(
	    "%llu bytes in %u connections; %u altered, %u ended, %u delayed, %u swallowed, "
	    "%u doubled, %u closed in one direction\n",
	    counts.bytes, counts.connections, counts.altered, counts.ended, counts.delayed,
	    counts.swallowed, counts.doubled, counts.half_closed);
	month_assert_same("calm", folder);
	print_message(
	    "%llu documents, each booked once\n", (unsigned long long)month_assert_once(folder, SAMPLE_CITIES));
	return counts;
}

static void delays_of_seconds_change_no_figure(void **state)
{
	const struct wire_faults faults = {
	    .seed = chance_seed("delays"), .delay_per_mille = 50, .delay_most_ms = 2000, .most = 6};

	(void)state;
	assert_true(tell_over("delayed", &faults).delayed > 0);
}

static void a_narrow_network_changes_no_figure(void **state)
{
	const struct wire_faults faults = {
	    .seed = chance_seed("narrow"), .bytes_per_second = 64u << 10};

	(void)state;
	assert_true(tell_over("narrow", &faults).bytes > 0);
}

static void what_comes_twice_or_from_one_side_only_changes_no_figure(void **state)
{
	const struct wire_faults faults = {.seed = chance_seed("doubled"),
	    .double_per_mille = 40,
	    .half_close_per_mille = 20,
	    .end_per_mille = 10};
	struct wire_counts counts;

	(void)state;
	counts = tell_over("doubled", &faults);
	assert_true(counts.doubled > 0 && counts.half_closed > 0);
}

/* What is waited for then comes never: the link's silence finds it, which takes seconds each time. */
static void what_is_swallowed_and_wrong_lengths_change_no_figure(void **state)
{
	const struct wire_faults faults = {.seed = chance_seed("swallowed"),
	    .alter_per_mille = 20,
	    .swallow_per_mille = 20,
	    .heads_too = true,
	    .most = 1};
	struct wire_counts counts;

	(void)state;
	counts = tell_over("swallowed", &faults);
	assert_true(counts.swallowed > 0 && counts.altered > 0);
}

/* --- what a listener learns ----------------------------------------------------------------------------------- */

#define WINDOW 8u
#define TEXT_MAX 80u
/* Shorter ones are found in noise too. */
#define TEXT_LEAST 6u

struct text {
	uint8_t bytes[TEXT_MAX];
	size_t size;
};

/* What is looked for: texts, and all that stands in eight bytes in a row of any document. Sorted, with the place where each first two bytes
 * begin. */
struct search {
	struct text *texts;
	size_t text_count, text_room;
	uint64_t *windows;
	size_t window_count, window_room;
	uint32_t texts_from[65537], windows_from[65537];
};

struct found {
	uint64_t bytes, texts, windows;
};

static void want_text(struct search *search, const void *bytes, size_t size)
{
	struct text *text;

	if (size < TEXT_LEAST)
		return;
	assert_true(size <= TEXT_MAX);
	if (search->text_count == search->text_room) {
		search->text_room = search->text_room ? 2 * search->text_room : 1024;
		search->texts = realloc(search->texts, search->text_room * sizeof *search->texts);
		assert_non_null(search->texts);
	}
	text = &search->texts[search->text_count++];
	*text = (struct text){.size = size};
	memcpy(text->bytes, bytes, size);
}

/* Lengths and counters before the sealed bytes have many zeros; what has such has no secret in it. */
static bool is_mostly_zeros(const uint8_t *bytes)
{
	unsigned zeros = 0;

	for (unsigned i = 0; i < WINDOW; i++)
		zeros += bytes[i] == 0;
	return zeros > 3;
}

static void want_windows(struct search *search, struct span bytes)
{
	for (size_t i = 0; i + WINDOW <= bytes.size; i++) {
		if (is_mostly_zeros(bytes.data + i))
			continue;
		if (search->window_count == search->window_room) {
			search->window_room =
			    search->window_room ? 2 * search->window_room : 1u << 20;
			search->windows =
			    realloc(search->windows, search->window_room * sizeof *search->windows);
			assert_non_null(search->windows);
		}
		search->windows[search->window_count++] = be64_read(bytes.data + i);
	}
}

static uint16_t start_of(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static int compare_texts(const void *a, const void *b)
{
	return memcmp(((const struct text *)a)->bytes, ((const struct text *)b)->bytes, TEXT_MAX);
}

static int compare_windows(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static void search_ready(struct search *search)
{
	qsort(search->texts, search->text_count, sizeof *search->texts, compare_texts);
	qsort(search->windows, search->window_count, sizeof *search->windows, compare_windows);
	for (size_t i = 0; i < search->text_count; i++)
		search->texts_from[start_of(search->texts[i].bytes) + 1]++;
	for (size_t i = 0; i < search->window_count; i++)
		search->windows_from[(search->windows[i] >> 48) + 1]++;
	for (size_t i = 1; i <= 65536; i++) {
		search->texts_from[i] += search->texts_from[i - 1];
		search->windows_from[i] += search->windows_from[i - 1];
	}
}

static void look_in(const struct search *search, struct span bytes, struct found *found)
{
	found->bytes += bytes.size;
	for (size_t i = 0; i + 2 <= bytes.size; i++) {
		uint16_t start = start_of(bytes.data + i);
		uint64_t window;

		for (uint32_t k = search->texts_from[start]; k < search->texts_from[start + 1]; k++)
			found->texts += i + search->texts[k].size <= bytes.size &&
					memcmp(bytes.data + i, search->texts[k].bytes,
					    search->texts[k].size) == 0;
		if (i + WINDOW > bytes.size)
			continue;
		window = be64_read(bytes.data + i);
		found->windows += bsearch(&window, search->windows + search->windows_from[start],
				      search->windows_from[start + 1] - search->windows_from[start],
				      sizeof window, compare_windows) != NULL;
	}
}

static void search_free(struct search *search)
{
	free(search->texts);
	free(search->windows);
	free(search);
}

static void want_amount(struct search *search, int64_t fen)
{
	char text[40];

	want_text(search, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)fen));
	want_text(search, text,
	    (size_t)snprintf(
		text, sizeof text, "%lld.%02d", (long long)(fen / 100), (int)(fen % 100)));
}

/* Documents, and the lines and verdicts that go with them. */
static void want_entry(void *context, const struct entry *entry)
{
	struct search *search = context;

	for (uint32_t i = 0; i < entry->header.document_count; i++)
		want_windows(search, entry->documents[i]);
	want_windows(search, entry->lines);
	want_windows(search, entry->verdicts);
	if (entry->header.kind != KIND_claim && entry->header.kind != KIND_claim_remote)
		return;
	for (uint32_t line = 0; line < entry->header.count; line++) {
		struct verdict verdict;
		struct span bytes;

		assert_good(entry_item(entry->verdicts, line, &bytes));
		assert_good(verdict_parse(bytes, &verdict));
		if (verdict.amount_fen > 0)
			want_amount(search, verdict.amount_fen);
	}
}

/* Everybody in the region: name, number, card, and the code as it is read and as CBOR has it. */
static void want_persons(struct search *search)
{
	struct sample_model model;

	assert_good(sample_model_create(MONTH_SEED, RESIDENTS, DEMO_FIRST_MONTH, &model));
	for (uint32_t i = 0; i < model.person_count; i++) {
		char name[SAMPLE_NAME_SIZE], id[19], card[20], code[24];
		struct buffer cbor = {0};

		sample_person_name(&model, &model.people[i], name);
		sample_person_id(&model.people[i], id);
		sample_person_card(&model.people[i], card);
		snprintf(code, sizeof code, "%016llu", (unsigned long long)model.people[i].code);
		codec_put_uint(&cbor, model.people[i].code);
		want_text(search, name, strlen(name));
		want_text(search, id, strlen(id));
		want_text(search, card, strlen(card));
		want_text(search, code, strlen(code));
		want_text(search, cbor.data, cbor.size);
		buffer_free(&cbor);
	}
	sample_model_free(&model);
}

/* Documents of cities in the clear, as they stand in the logs. */
struct clear {
	const struct search *search;
	struct found found;
};

static void look_in_entry(void *context, const struct entry *entry)
{
	struct clear *clear = context;

	for (uint32_t i = 0; i < entry->header.document_count; i++)
		look_in(clear->search, entry->documents[i], &clear->found);
	look_in(clear->search, entry->lines, &clear->found);
}

static void look_in_file(const struct search *search, const char *path, struct found *found)
{
	size_t size;
	char *bytes = file_read(path, &size);

	look_in(search, span_of(bytes, size), found);
	free(bytes);
}

static struct found look_in_folder(const struct search *search, const char *folder)
{
	struct found found = {.bytes = 0};
	DIR *directory = opendir(folder);
	struct dirent *one;

	assert_non_null(directory);
	while ((one = readdir(directory))) {
		char path[600];

		if (one->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
		look_in_file(search, path, &found);
	}
	closedir(directory);
	return found;
}

static void print_found(const char *where, const struct found *found)
{
	print_message("%s: %llu texts and %llu windows in %llu bytes\n", where,
	    (unsigned long long)found->texts, (unsigned long long)found->windows,
	    (unsigned long long)found->bytes);
}

/* The search finds what is there: in documents, and in what the program tells an operator. */
static void assert_found_in_the_clear(const struct search *search)
{
	struct clear clear = {.search = search};
	struct found told = {.bytes = 0};
	struct run run;

	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		char path[100];

		snprintf(path, sizeof path, "open/%06u", (unsigned)sample_regions[city]);
		month_each_entry(path, look_in_entry, &clear);
	}
	print_found("documents", &clear.found);
	assert_true(clear.found.texts > 1000);
	assert_true(clear.found.windows > clear.found.bytes / 2);
	run = suiren_expect(0, "person show open/510100 5101000000000019 --reveal");
	look_in(search, span_of(run.out, run.out_size), &told);
	assert_true(told.texts >= 3); /* name, number, code */
	run_free(&run);
	told = (struct found){.bytes = 0};
	run = suiren_expect(0, "window list open/510100");
	look_in(search, span_of(run.out, run.out_size), &told);
	assert_true(told.texts > 0); /* amounts */
	run_free(&run);
}

static void whoever_records_the_month_learns_no_name_no_code_and_no_amount(void **state)
{
	struct search *search = calloc(1, sizeof *search);
	struct month month = {.folder = "open", .residents = RESIDENTS, .wire = wire_open()};
	struct found found;

	(void)state;
	assert_non_null(search);
	assert_int_equal(mkdir("tape", 0700), 0);
	wire_record(month.wire, "tape");
	month_tell(&month);
	wire_close(month.wire);
	month_assert_same("calm", "open");
	want_persons(search);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		char path[100];

		snprintf(path, sizeof path, "open/%06u", (unsigned)sample_regions[city]);
		month_each_entry(path, want_entry, search);
	}
	search_ready(search);
	print_message("%zu texts, %zu windows of %u bytes\n", search->text_count,
	    search->window_count, WINDOW);
	assert_found_in_the_clear(search);
	found = look_in_folder(search, "tape");
	print_found("network", &found);
	/* More than what was sent in documents has passed. */
	assert_true(found.bytes > 50000);
	assert_int_equal(found.texts, 0);
	assert_int_equal(found.windows, 0);
	search_free(search);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delays_of_seconds_change_no_figure),
	    cmocka_unit_test(a_narrow_network_changes_no_figure),
	    cmocka_unit_test(what_comes_twice_or_from_one_side_only_changes_no_figure),
	    cmocka_unit_test(what_is_swallowed_and_wrong_lengths_change_no_figure),
	    cmocka_unit_test(whoever_records_the_month_learns_no_name_no_code_and_no_amount),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
