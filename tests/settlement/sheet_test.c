/* Claim sheets: the bytes that another program makes (a CBOR encoder of its own, ChaCha20, SHA-256 and Ed25519 of another library), and the
 * forms that are refused. docs/format.md, "Sheets". */
#include "hexes.h"

#include <stdio.h>

#include "sheet.h"

/* Institution 52510100000000019C, sheet 7, host Guangyuan, payer Chengdu, June 2026. Secret 00 01 .. 1f; the key's seed 09 and zeros.
 *   5101000000000019  bed_subsidy      1-30  as the policy gives
 *   5101000000000019  service_subsidy  1-15  95.00, evidence aa bb
 *   5101000000000027  bed_subsidy     16-30  0.00 */
#define LINES                                          \
	"86 1b00121f551cffd013 00 01 181e f6 f6"       \
	"86 1b00121f551cffd013 01 01 0f 19251c 42aabb" \
	"86 1b00121f551cffd01b 00 10 181e 00 f6"
#define ROOT "c4364c8fdf27398817fd6781f54ea985e6a844011af4a3389031517d74871b10"
#define HEAD "8901 72353235313031303030303030303030313943 07 1a0007cb50 1a0007c894 1a0003176e"
#define CODES "82 6b6265645f73756273696479 6f736572766963655f73756273696479"
#define PAYLOAD HEAD CODES "03 5820" ROOT
#define COSE                                                                                      \
	"d28458 31a301270378216170706c69636174696f6e2f766e642e73756972656e2e73686565742b63626f72" \
	"0448b0d71468ea1447d0 a0 5865" PAYLOAD                                                    \
	"5840 5bc7b4ed694a0084ad5de337962688e7a8e9efe28dc373b661e3798f9c8fb55f"                   \
	"4dc5ab8bbac01d6ba53b926f806bc9304afee2ad0618fe165977a04fb15d9101"
#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define FILE_BYTES "84 58df" COSE "5820" SECRET "03 5833" LINES
#define PUBLIC_KEY "bb5c672482b0dcca91a21a4ed63b15afde8aa1378da72cd01b349589d6e7dd6a"

static struct hash secret(void)
{
	struct hash bytes;
	for (uint8_t i = 0; i < HASH_SIZE; i++)
		bytes.bytes[i] = i;
	return bytes;
}

static struct sheet_header header(void)
{
	struct sheet_header made = {.uscc = "52510100000000019C",
	    .number = 7,
	    .host = 510800,
	    .payer = 510100,
	    .month = 202606,
	    .programme_count = 2,
	    .programme_codes = {"bed_subsidy", "service_subsidy"},
	    .count = 3};
	return made;
}

static void put_lines(struct buffer *out)
{
	static const uint8_t evidence[] = {0xaa, 0xbb};
	const struct span none = {NULL, 0};
	sheet_line_write(out, UINT64_C(5101000000000019), 0, 1, 30, -1, none, 0);
	sheet_line_write(out, UINT64_C(5101000000000019), 1, 1, 15, 9500, span_of(evidence, 2), 0);
	sheet_line_write(out, UINT64_C(5101000000000027), 0, 16, 30, 0, none, 0);
}

/* --- the bytes ------------------------------------------------------------------------------------------------ */

static void a_signed_sheet_is_the_bytes_that_another_program_makes(void **state)
{
	const struct hash seed = {{9}}, salts = secret();
	const struct sheet_header made = header();
	struct buffer lines = {0}, file = {0}, copy = {0};
	struct secret_key key;
	(void)state;
	assert_int_equal(key_library_init(), ERROR_NONE);
	key_from_seed(&seed, &key);
	put_lines(&lines);
	buffer_append(&copy, buffer_span(&lines));
	expect_hex(&copy, LINES);
	assert_int_equal(sheet_sign(&file, &made, &salts, buffer_span(&lines), &key), ERROR_NONE);
	buffer_free(&lines);
	expect_hex(&file, FILE_BYTES);
}

static void expect_header(const struct sheet_header *read)
{
	assert_string_equal(read->uscc, "52510100000000019C");
	assert_int_equal(read->number, 7);
	assert_int_equal(read->host, 510800);
	assert_int_equal(read->payer, 510100);
	assert_int_equal(read->month, 202606);
	assert_int_equal(read->programme_count, 2);
	assert_string_equal(read->programme_codes[0], "bed_subsidy");
	assert_string_equal(read->programme_codes[1], "service_subsidy");
	/* First 4 bytes of SHA-256 of the codes. */
	assert_int_equal(read->programmes[0], 0xdbca7e25);
	assert_int_equal(read->programmes[1], 0x387b524d);
	assert_int_equal(read->count, 3);
}

static void expect_line(const struct sheet_line *line, uint64_t person, unsigned programme,
    unsigned first, unsigned last, int64_t amount_fen, bool evidence)
{
	assert_int_equal(line->person, person);
	assert_int_equal(line->programme, programme);
	assert_int_equal(line->first_day, first);
	assert_int_equal(line->last_day, last);
	assert_int_equal(line->amount_fen, amount_fen);
	assert_int_equal(line->has_evidence, evidence);
}

static void what_another_program_wrote_is_read_and_verified(void **state)
{
	struct buffer file = hexes(FILE_BYTES), public = hexes(PUBLIC_KEY), root = hexes(ROOT);
	struct span document, lines;
	struct hash salts;
	struct public_key key;
	struct prepared_sheet sheet;
	struct error_detail detail = {""};
	uint32_t count;
	(void)state;
	memcpy(key.bytes, public.data, PUBLIC_KEY_SIZE);
	assert_int_equal(
	    sheet_file_read(buffer_span(&file), &document, &salts, &count, &lines), ERROR_NONE);
	assert_int_equal(count, 3);
	assert_int_equal(
	    sheet_prepare(document, &salts, count, lines, &key, &sheet, &detail), ERROR_NONE);
	expect_header(&sheet.header);
	assert_memory_equal(sheet.header.line_root.bytes, root.data, HASH_SIZE);
	assert_true(sheet.verified);
	assert_true(sheet.sorted);
	expect_line(&sheet.lines[0], UINT64_C(5101000000000019), 0, 1, 30, -1, false);
	expect_line(&sheet.lines[1], UINT64_C(5101000000000019), 1, 1, 15, 9500, true);
	expect_line(&sheet.lines[2], UINT64_C(5101000000000027), 0, 16, 30, 0, false);
	/* Where each line's bytes lie: 16, 19 and 16 of them. */
	assert_int_equal(sheet.lines[1].offset, 16);
	assert_int_equal(sheet.lines[1].size, 19);
	assert_int_equal(sheet.lines[2].offset, 35);
	sheet_release(&sheet);
	buffer_free(&file);
	buffer_free(&public);
	buffer_free(&root);
}

/* --- what is refused ------------------------------------------------------------------------------------------ */

static enum error read_header(const char *text)
{
	struct buffer bytes = hexes(text);
	struct sheet_header read;
	enum error error = sheet_header_read(buffer_span(&bytes), &read);
	buffer_free(&bytes);
	return error;
}

#define TAIL "03 5820" ROOT
#define USCC "72353235313031303030303030303030313943"
#define CODE_32 \
	"7820"  \
	"6161616161616161616161616161616161616161616161616161616161616161"
#define CODE_31 \
	"781f"  \
	"61616161616161616161616161616161616161616161616161616161616161"

static void a_header_of_another_form_is_refused(void **state)
{
	static const char *const refused[] = {
	    "8902" USCC "07 1a0007cb50 1a0007c894 1a0003176e" CODES TAIL,      /* version */
	    "8801" USCC "07 1a0007cb50 1a0007c894 1a0003176e" CODES "03",      /* a field less */
	    "8a01" USCC "07 1a0007cb50 1a0007c894 1a0003176e" CODES TAIL "00", /* a field more */
	    PAYLOAD "00", /* something after it */
	    "8901 7135323531303130303030303030303031 39 07 1a0007cb50 1a0007c894 1a0003176e" CODES
		TAIL,
	    "8901 733532353130313030303030303030303139 4343 07 1a0007cb50 1a0007c894 "
	    "1a0003176e" CODES TAIL,
	    "8901 52353235313031303030303030303030313943 07 1a0007cb50 1a0007c894 1a0003176e" CODES
		TAIL,                                                       /* bytes, not text */
	    "8901" USCC "20 1a0007cb50 1a0007c894 1a0003176e" CODES TAIL,   /* number -1 */
	    "8901" USCC "1807 1a0007cb50 1a0007c894 1a0003176e" CODES TAIL, /* not the shortest */
	    "8901" USCC "07 1a000f4240 1a0007c894 1a0003176e" CODES TAIL,   /* host 1000000 */
	    "8901" USCC "07 1a0007cb50 1a000f4240 1a0003176e" CODES TAIL,   /* payer 1000000 */
	    "8901" USCC "07 1a0007cb50 1a0007c894 1a00031768" CODES TAIL,   /* month 202600 */
	    "8901" USCC "07 1a0007cb50 1a0007c894 1a00031775" CODES TAIL,   /* month 202613 */
	    HEAD "80" TAIL,                                                 /* no programme */
	    HEAD
	    "91 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 "
	    "6161" TAIL,                   /* 17 of them */
	    HEAD "81" CODE_32 TAIL,        /* a code of 32 characters */
	    HEAD CODES "00 5820" ROOT,     /* no lines */
	    HEAD CODES "192711 5820" ROOT, /* 10,001 lines */
	    HEAD CODES "03 581f"
		       "c4364c8fdf27398817fd6781f54ea985e6a844011af4a3389031517d74871b",
	    "9f01" USCC "07 1a0007cb50 1a0007c894 1a0003176e" CODES TAIL "ff", /* indefinite */
	};
	(void)state;
	assert_int_equal(read_header(PAYLOAD), ERROR_NONE);
	assert_int_equal(read_header(HEAD "81" CODE_31 TAIL), ERROR_NONE);
	assert_int_equal(read_header(HEAD CODES "192710 5820" ROOT), ERROR_NONE);
	assert_int_equal(read_header(HEAD "90 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 "
					  "6161 6161 6161 6161 6161 6161" TAIL),
	    ERROR_NONE);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (read_header(refused[i]) != ERROR_MALFORMED)
			fail_msg("taken: %s", refused[i]);
	}
}

static void a_header_that_is_cut_short_is_refused(void **state)
{
	struct buffer bytes = hexes(PAYLOAD);
	struct sheet_header read;
	(void)state;
	for (size_t size = 0; size < bytes.size; size++)
		assert_int_equal(
		    sheet_header_read(span_of(bytes.data, size), &read), ERROR_MALFORMED);
	buffer_free(&bytes);
}

/* One line of a sheet of `month` with two programmes. */
static enum error read_line(uint32_t month, const char *text)
{
	struct sheet_header made = header();
	struct buffer bytes = hexes(text);
	struct error_detail detail = {""};
	struct sheet_line line;
	bool sorted;
	made.month = month;
	made.count = 1;
	enum error error = sheet_lines_read(&made, buffer_span(&bytes), &line, &sorted, &detail);
	if (error)
		assert_true(strstr(detail.text, "line 1") != NULL);
	buffer_free(&bytes);
	return error;
}

#define PERSON "1b00121f551cffd013"
#define BYTES_32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void a_line_of_another_form_is_refused(void **state)
{
	static const char *const refused[] = {
	    "86" PERSON "02 01 181e f6 f6",                 /* a programme that is not listed */
	    "86" PERSON "00 00 181e f6 f6",                 /* day 0 */
	    "86" PERSON "00 02 01 f6 f6",                   /* ends before it begins */
	    "86" PERSON "00 01 181f f6 f6",                 /* 31 June */
	    "86" PERSON "00 1820 1820 f6 f6",               /* day 32 */
	    "86" PERSON "00 01 181e 20 f6",                 /* -1 fen */
	    "86" PERSON "00 01 181e 1b1000000000000001 f6", /* 2^60 + 1 fen */
	    "86" PERSON "00 01 181e f6 40",                 /* evidence without bytes */
	    "86" PERSON "00 01 181e f6 5841" BYTES_32 BYTES_32 "aa",     /* 65 bytes of it */
	    "86" PERSON "00 01 181e f6 61 61",                           /* evidence as text */
	    "86" PERSON "00 01 181e f6 f5",                              /* evidence true */
	    "85" PERSON "00 01 181e f6",                                 /* a field less */
	    "87" PERSON "00 01 181e f6 f6 f6",                           /* a field more */
	    "86 20 00 01 181e f6 f6",                                    /* person -1 */
	    "86 1b8000000000000000 00 01 181e f6 f6",                    /* person 2^63 */
	    "86" PERSON "00 01 181e f6 f6 86" PERSON "00 01 181e f6 f6", /* a second line */
	    "86" PERSON "00 1801 181e f6 f6",                            /* not the shortest */
	    "",
	};
	(void)state;
	assert_int_equal(read_line(202606, "86" PERSON "01 01 181e f6 f6"), ERROR_NONE);
	assert_int_equal(
	    read_line(202606, "86" PERSON "01 181e 181e 1b1000000000000000 f6"), ERROR_NONE);
	assert_int_equal(
	    read_line(202606, "86" PERSON "01 01 01 00 5840" BYTES_32 BYTES_32), ERROR_NONE);
	/* A code with a wrong check digit is no fault of form: it has its verdict. */
	assert_int_equal(read_line(202606, "86 00 01 01 01 f6 f6"), ERROR_NONE);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (read_line(202606, refused[i]) != ERROR_MALFORMED)
			fail_msg("taken: %s", refused[i]);
	}
}

static void the_last_day_is_the_months(void **state)
{
	static const struct {
		uint32_t month;
		unsigned days;
	} months[] = {
	    {202601, 31}, {202602, 28}, {202604, 30}, {202612, 31}, {202802, 29}, {210002, 28}};
	(void)state;
	for (size_t i = 0; i < sizeof(months) / sizeof(*months); i++) {
		for (unsigned last = 24; last <= 31; last++) {
			char text[64];
			snprintf(text, sizeof(text), "86" PERSON "00 01 18%02x f6 f6", last);
			assert_int_equal(read_line(months[i].month, text),
			    last <= months[i].days ? ERROR_NONE : ERROR_MALFORMED);
		}
	}
}

static void fewer_lines_than_were_signed_are_refused(void **state)
{
	const struct sheet_header made = header();
	struct buffer bytes = hexes(LINES);
	struct error_detail detail = {""};
	struct sheet_line lines[3];
	bool sorted;
	(void)state;
	for (size_t size = 0; size < bytes.size; size++)
		assert_int_equal(
		    sheet_lines_read(&made, span_of(bytes.data, size), lines, &sorted, &detail),
		    ERROR_MALFORMED);
	buffer_free(&bytes);
}

static void lines_out_of_order_are_told(void **state)
{
	struct sheet_header made = header();
	struct buffer lines = {0};
	struct error_detail detail = {""};
	struct sheet_line read[2];
	bool sorted = true;
	(void)state;
	made.count = 2;
	sheet_line_write(&lines, 27, 0, 1, 1, -1, (struct span){NULL, 0}, 0);
	sheet_line_write(&lines, 19, 0, 1, 1, -1, (struct span){NULL, 0}, 0);
	assert_int_equal(
	    sheet_lines_read(&made, buffer_span(&lines), read, &sorted, &detail), ERROR_NONE);
	assert_false(sorted);
	buffer_free(&lines);
}

/* --- a sheet as a whole --------------------------------------------------------------------------------------- */

/* The file with one byte changed, taken apart and prepared under the key. */
static enum error prepare_changed(const struct buffer *file, size_t at, uint8_t mask)
{
	struct buffer public = hexes(PUBLIC_KEY), changed = {0};
	struct prepared_sheet sheet;
	struct error_detail detail = {""};
	struct public_key key;
	struct span document, lines;
	struct hash salts;
	uint32_t count;
	memcpy(key.bytes, public.data, PUBLIC_KEY_SIZE);
	buffer_append(&changed, buffer_span(file));
	changed.data[at] ^= mask;
	enum error error =
	    sheet_file_read(buffer_span(&changed), &document, &salts, &count, &lines);
	if (!error)
		error = sheet_prepare(document, &salts, count, lines, &key, &sheet, &detail);
	if (!error)
		sheet_release(&sheet);
	buffer_free(&public);
	buffer_free(&changed);
	return error;
}

static void no_bit_of_a_signed_sheet_can_be_changed(void **state)
{
	struct buffer file = hexes(FILE_BYTES);
	(void)state;
	assert_int_equal(prepare_changed(&file, 0, 0), ERROR_NONE);
	for (size_t at = 0; at < file.size; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			enum error error = prepare_changed(&file, at, (uint8_t)(1u << bit));
			if (error != ERROR_MALFORMED && error != ERROR_MISMATCH &&
			    error != ERROR_SIGNATURE && error != ERROR_UNKNOWN_KEY &&
			    error != ERROR_TOO_LARGE)
				fail_msg("byte %zu bit %u: %s", at, bit, error_name(error));
		}
	}
	buffer_free(&file);
}

static void another_count_or_another_document_is_refused(void **state)
{
	const struct hash seed = {{9}}, salts = secret();
	struct buffer file = hexes(FILE_BYTES), payload = hexes(PAYLOAD), order = {0};
	struct prepared_sheet sheet;
	struct error_detail detail = {""};
	struct secret_key key;
	struct span document, lines;
	struct hash read;
	uint32_t count;
	(void)state;
	key_from_seed(&seed, &key);
	assert_int_equal(
	    sheet_file_read(buffer_span(&file), &document, &read, &count, &lines), ERROR_NONE);
	assert_int_equal(
	    sheet_prepare(document, &salts, 2, lines, NULL, &sheet, &detail), ERROR_MISMATCH);
	assert_int_equal(
	    sheet_prepare(document, &salts, 0, lines, NULL, &sheet, &detail), ERROR_TOO_LARGE);
	assert_int_equal(
	    sheet_prepare(document, &salts, SHEET_LINES_MAX + 1, lines, NULL, &sheet, &detail),
	    ERROR_TOO_LARGE);
	/* The very payload as another kind of document. */
	document_sign(&order, "order", &key, buffer_span(&payload));
	assert_int_equal(
	    sheet_prepare(buffer_span(&order), &salts, 3, lines, NULL, &sheet, &detail),
	    ERROR_MALFORMED);
	/* Under no key it is read, and left to whoever admits it. */
	assert_int_equal(
	    sheet_prepare(document, &salts, 3, lines, NULL, &sheet, &detail), ERROR_NONE);
	assert_false(sheet.verified);
	sheet_release(&sheet);
	buffer_free(&file);
	buffer_free(&payload);
	buffer_free(&order);
}

static void a_file_that_is_cut_short_or_goes_on_is_refused(void **state)
{
	struct buffer file = hexes(FILE_BYTES "00");
	struct span document, lines;
	struct hash salts;
	uint32_t count;
	(void)state;
	for (size_t size = 0; size <= file.size; size++) {
		enum error error =
		    sheet_file_read(span_of(file.data, size), &document, &salts, &count, &lines);
		assert_int_equal(error, size == file.size - 1 ? ERROR_NONE : ERROR_MALFORMED);
	}
	buffer_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_signed_sheet_is_the_bytes_that_another_program_makes),
	    cmocka_unit_test(what_another_program_wrote_is_read_and_verified),
	    cmocka_unit_test(a_header_of_another_form_is_refused),
	    cmocka_unit_test(a_header_that_is_cut_short_is_refused),
	    cmocka_unit_test(a_line_of_another_form_is_refused),
	    cmocka_unit_test(the_last_day_is_the_months),
	    cmocka_unit_test(fewer_lines_than_were_signed_are_refused),
	    cmocka_unit_test(lines_out_of_order_are_told),
	    cmocka_unit_test(no_bit_of_a_signed_sheet_can_be_changed),
	    cmocka_unit_test(another_count_or_another_document_is_refused),
	    cmocka_unit_test(a_file_that_is_cut_short_or_goes_on_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
