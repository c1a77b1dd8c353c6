/* Files that were damaged on their way: valid sheets, receipts, bundles, policies, node.yaml, checkpoints and files of the bank,
 * changed at random places. The readers answer, never read beyond the end (run under sanitizers), and what is signed is taken
 * only if not a byte has changed. */
#include "testing.h"

#include <sys/stat.h>

#include "bundle.h"
#include "hash.h"
#include "iso20022.h"
#include "node_config.h"
#include "note.h"
#include "program.h"
#include "receipt.h"
#include "sheet.h"

#define ROUNDS 1500
#define CHANGES_MAX 3
#define HOME "52510104MJ0000018N"

static struct public_key house;
static struct note_verifier city_log;

/* Take `bytes`, which differ from `good`; true if they were accepted. */
typedef bool reader(struct span bytes, struct span good);

static int open_files(void **state)
{
	char *text, hex[2 * sizeof(house.bytes) + 2];
	size_t size = 0;
	(void)state;
	workshop_open();
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	suiren_must(0, "policy bundle city -o bundle");
	static const char claims[] = "institution,person_code,programme,first_day,last_day\n" HOME
				     ",5101000000000002,bed_subsidy,2026-10-01,2026-10-31\n" HOME
				     ",5101000000000019,nursing_subsidy,2026-10-05,2026-10-06\n";
	file_write("claims.csv", claims, sizeof(claims) - 1);
	struct run run = suiren_expect(0, "key new institution -o house.key");
	snprintf(hex, sizeof(hex), "%.64s", run.out);
	assert_good(hex_read(span_of(hex, 64), house.bytes, sizeof(house.bytes)));
	run_free(&run);
	suiren_must(0, "claim sign claims.csv --key house.key --policy bundle -o . --number 1");
	suiren_must(0, "receipt make city --entry 1 -o receipt");
	run = shell("\"$SUIREN\" log head city >checkpoint && \"$SUIREN\" log vkey city >vkey");
	assert_int_equal(run.status, 0);
	run_free(&run);
	text = file_read("vkey", &size);
	assert_good(note_verifier_read(span_of(text, size - 1), &city_log));
	free(text);
	return 0;
}

static int close_files(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* --- damage ------------------------------------------------------------------------------------------------ */

static const char *const borders[] = {"-1", "0", "00", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "0.01", "1e9", "\"", "\n", "\xEF\xBB\xBF", "[", "{", "&a", "<", "]]>",
    "\xA1\xA1"};

/* Put `size` bytes in the place of `gone` bytes at `at`. */
static void splice(struct buffer *bytes, size_t at, size_t gone, const void *with, size_t size)
{
	struct buffer out = {0};
	buffer_append(&out, span_of(bytes->data, at));
	buffer_append(&out, span_of(with, size));
	buffer_append(&out, span_of(bytes->data + at + gone, bytes->size - at - gone));
	assert_good(out.failed);
	buffer_free(bytes);
	*bytes = out;
}

static void damage(struct buffer *bytes, uint64_t *seed)
{
	size_t at = bytes->size ? chance_below(seed, bytes->size) : 0;
	size_t most = bytes->size - at < 40 ? bytes->size - at : 40;
	size_t some = most ? chance_below(seed, most) : 0;
	const char *border = borders[chance_below(seed, sizeof(borders) / sizeof(borders[0]))];
	uint8_t random[8], copy[40];
	chance_bytes(seed, random, sizeof(random));
	switch (bytes->size ? chance_below(seed, 7) : 2) {
	case 0: /* a bit */
		bytes->data[at] ^= (uint8_t)(1u << (random[0] & 7));
		break;
	case 1: /* a byte */
		bytes->data[at] = random[0];
		break;
	case 2: /* something at a border in the place of something */
		splice(bytes, at, some, border, strlen(border));
		break;
	case 3: /* cut off */
		bytes->size = at;
		break;
	case 4: /* a gap */
		splice(bytes, at, some, "", 0);
		break;
	case 5: /* twice */
		memcpy(copy, bytes->data + at, some);
		splice(bytes, at, 0, copy, some);
		break;
	default: /* random bytes between */
		splice(bytes, at, 0, random, 1 + some % sizeof(random));
	}
}

/* Damage the file again and again; each damaged copy lies in memory of its own, so that a read beyond it is seen. */
static void fuzz(const char *path, reader *read, unsigned refused_least)
{
	size_t size = 0;
	char *good = file_read(path, &size);
	uint64_t seed = chance_seed(path);
	unsigned refused = 0;
	assert_true(read(span_of(good, size), span_of(good, size)));
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct buffer bytes = {0};
		buffer_append(&bytes, span_of(good, size));
		/* Two changes may undo each other: then there is nothing to refuse. */
		for (uint64_t left = 1 + chance_below(&seed, CHANGES_MAX); left > 0; left--)
			damage(&bytes, &seed);
		uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
		assert_non_null(copy);
		if (bytes.size)
			memcpy(copy, bytes.data, bytes.size);
		refused += !read(span_of(copy, bytes.size), span_of(good, size));
		free(copy);
		buffer_free(&bytes);
	}
	if (refused < refused_least)
		print_error("%s: only %u of %u damaged files were refused\n", path, refused,
		    (unsigned)ROUNDS);
	assert_true(refused >= refused_least);
	free(good);
}

/* --- readers ----------------------------------------------------------------------------------------------- */

static bool read_sheet(struct span bytes, struct span good)
{
	struct prepared_sheet sheet;
	struct error_detail detail = {""};
	struct span document, lines;
	struct hash secret;
	uint32_t count;
	if (sheet_file_read(bytes, &document, &secret, &count, &lines))
		return false;
	if (sheet_prepare(document, &secret, count, lines, &house, &sheet, &detail))
		return false;
	assert_true(sheet.verified);
	sheet_release(&sheet);
	assert_true(span_equal(bytes, good));
	return true;
}

static bool read_receipt(struct span bytes, struct span good)
{
	struct receipt receipt;
	struct error_detail detail = {""};
	if (receipt_read(bytes, &receipt) || receipt_verify(&receipt, &city_log, 0, NULL, &detail))
		return false;
	assert_true(span_equal(bytes, good));
	return true;
}

static bool read_checkpoint(struct span bytes, struct span good)
{
	struct checkpoint checkpoint, before;
	if (checkpoint_verify(bytes, &city_log, &checkpoint))
		return false;
	/* Lines of keys that are not known may stand below; what is signed is the same. */
	assert_good(checkpoint_verify(good, &city_log, &before));
	assert_true(span_equal(checkpoint.text, before.text));
	return true;
}

static bool read_policy(struct span bytes, struct span good)
{
	struct error_detail detail = {""};
	struct config_first first = {.detail = &detail};
	struct policy *policy = NULL;
	enum error error = policy_load("p.yaml", bytes, config_report_first, &first, &policy);
	(void)good;
	if (error) {
		assert_null(policy);
		assert_true(error == ERROR_MEMORY || first.count > 0);
		assert_int_equal(strncmp(detail.text, "p.yaml:", 7), 0);
		return false;
	}
	struct hash hash = hash_sha256(bytes);
	assert_true(hash_equal(&hash, &policy->hash));
	for (size_t i = 0; i < policy->programme_count; i++) {
		const struct programme *programme = &policy->programmes[i];
		assert_true(programme->band_count > 0 && programme->fund_count > 0);
		for (size_t j = 0; j < programme->band_count; j++)
			assert_true(programme->bands[j].amount.value > 0);
	}
	policy_free(policy);
	return true;
}

static bool read_bundle(struct span bytes, struct span good)
{
	static struct bundle_policy policies[CITIES_MAX], before[CITIES_MAX];
	struct error_detail detail = {""};
	size_t count = 0, old = 0;
	if (bundle_read(bytes, policies, &count, &detail))
		return false;
	assert_good(bundle_read(good, before, &old, &detail));
	assert_true(count <= old);
	for (size_t i = 0; i < count; i++)
		assert_true(span_equal(policies[i].catalogue, before[i].catalogue));
	return true;
}

static bool read_node(struct span bytes, struct span good)
{
	struct error_detail detail = {""};
	struct config_first first = {.detail = &detail};
	struct node_config config;
	(void)good;
	if (node_config_load("n.yaml", bytes, config_report_first, &first, &config)) {
		assert_true(first.count > 0);
		assert_int_equal(strncmp(detail.text, "n.yaml:", 7), 0);
		return false;
	}
	assert_true(config.region >= 110000 && config.epoch > 0 && config.group_commands > 0);
	return true;
}

static bool read_bank(struct span bytes, struct span good)
{
	struct iso_file file = {0};
	struct error_detail detail = {""};
	enum error error = iso_read("b.xml", bytes, &file, &detail);
	(void)good;
	if (error)
		assert_int_equal(strncmp(detail.text, "b.xml", 5), 0);
	else if (file.kind == ISO_NOTIFICATION)
		for (size_t i = 0; i < file.notification.count; i++)
			assert_true(file.notification.bookings[i].amount.value > 0);
	iso_file_free(&file);
	return !error;
}

static void a_sheet_is_taken_whole_or_not_at_all(void **state)
{
	(void)state;
	fuzz(HOME "-1-510100.sheet", read_sheet, ROUNDS * 9 / 10);
}

static void a_receipt_verifies_whole_or_not_at_all(void **state)
{
	(void)state;
	fuzz("receipt", read_receipt, ROUNDS * 9 / 10);
}

static void a_checkpoint_that_verifies_is_the_one_that_was_signed(void **state)
{
	(void)state;
	fuzz("checkpoint", read_checkpoint, ROUNDS * 9 / 10);
}

static void a_bundle_holds_the_catalogues_that_cities_have_signed(void **state)
{
	(void)state;
	fuzz("bundle", read_bundle, ROUNDS / 2);
}

static void a_policy_is_right_or_its_fault_is_named(void **state)
{
	(void)state;
	fuzz(SOURCE_DIR "/config/policy/511300.yaml", read_policy, ROUNDS / 4);
}

static void a_node_yaml_is_right_or_its_fault_is_named(void **state)
{
	(void)state;
	fuzz("city/node.yaml", read_node, ROUNDS / 4);
}

static void a_file_of_the_bank_is_right_or_its_fault_is_named(void **state)
{
	(void)state;
	fuzz(VECTORS_DIR "/iso20022/camt054_min.xml", read_bank, ROUNDS / 2);
	fuzz(VECTORS_DIR "/iso20022/pain001_min.xml", read_bank, ROUNDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sheet_is_taken_whole_or_not_at_all),
	    cmocka_unit_test(a_receipt_verifies_whole_or_not_at_all),
	    cmocka_unit_test(a_checkpoint_that_verifies_is_the_one_that_was_signed),
	    cmocka_unit_test(a_bundle_holds_the_catalogues_that_cities_have_signed),
	    cmocka_unit_test(a_policy_is_right_or_its_fault_is_named),
	    cmocka_unit_test(a_node_yaml_is_right_or_its_fault_is_named),
	    cmocka_unit_test(a_file_of_the_bank_is_right_or_its_fault_is_named),
	};
	return cmocka_run_group_tests_name("tools/fuzz", tests, open_files, close_files);
}
