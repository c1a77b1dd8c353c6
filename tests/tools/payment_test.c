/* The payment commands as a finance officer types them, on the four cities of the demo: files for the bank and back. The bank's files here are
 * written by hand, by the published form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

#define CITY "demo/510100"
#define ACCOUNT "510100000000000001"
#define RUN "old-age-202610"
#define NOW " --now 2027-01-04T10:00:00+08:00"

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "demo --dir demo --residents 4000 --seed 37");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* --- helpers ------------------------------------------------------------------------------------------------- */

static json_t *json_of(int status, const char *words)
{
	struct run run = suiren_expect(status, "%s --json", words);
	json_t *value = json_loads(run.out, 0, NULL);
	if (!value)
		fail_msg("%s: no JSON: %s", words, run.out);
	run_free(&run);
	return value;
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (!text)
		fail_msg("no text %s", key);
	return text;
}

static json_int_t number_of(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static char *head(const char *city)
{
	struct run run = suiren_expect(0, "log head %s", city);
	free(run.err);
	return run.out;
}

static struct run without_trace(int status, const char *words)
{
	char *before = head(CITY);
	struct run run = suiren_expect(status, "%s", words);
	char *after = head(CITY);
	assert_string_equal(before, after);
	free(before);
	free(after);
	return run;
}

static void refused(int status, const char *words, const char *told)
{
	struct run run = without_trace(status, words);
	if (!strstr(run.err, told))
		fail_msg("%s: expected \"%s\" in: %s", words, told, run.err);
	run_free(&run);
}

static bool same_bytes(const char *a, const char *b)
{
	size_t a_size, b_size;
	char *a_bytes = file_read(a, &a_size), *b_bytes = file_read(b, &b_size);
	bool same = a_size == b_size && memcmp(a_bytes, b_bytes, a_size) == 0;
	free(a_bytes);
	free(b_bytes);
	return same;
}

static unsigned count_in(const char *text, const char *what)
{
	unsigned count = 0;
	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		count++;
	return count;
}

struct picked {
	char id[31], payee[24];
	json_int_t fen;
};

/* The n-th payment of the run that is in a state. */
static struct picked pick(const char *run_state, size_t number)
{
	char words[128];
	struct picked picked;
	snprintf(
	    words, sizeof(words), "payment list " CITY " --name " RUN " --state %s", run_state);
	json_t *list = json_of(0, words), *one = json_array_get(list, number);
	if (!one)
		fail_msg("no payment number %zu is %s", number, run_state);
	snprintf(picked.id, sizeof(picked.id), "%s", text_of(one, "end_to_end_id"));
	snprintf(picked.payee, sizeof(picked.payee), "%s", text_of(one, "payee"));
	picked.fen = number_of(one, "amount_fen");
	json_decref(list);
	return picked;
}

static const char *state_of(const char *id)
{
	static char text[32];
	char words[96];
	snprintf(words, sizeof(words), "payment show " CITY " %s", id);
	json_t *one = json_of(0, words);
	snprintf(text, sizeof(text), "%s", text_of(one, "state"));
	json_decref(one);
	return text;
}

/* The bank's serial number and day, as its statement has them. */
static void bank_said(const char *id, const char *reference, const char *day)
{
	char words[96];
	snprintf(words, sizeof(words), "payment show " CITY " %s", id);
	json_t *one = json_of(0, words);
	assert_string_equal(text_of(one, "bank_reference"), reference);
	assert_string_equal(text_of(one, "bank_day"), day);
	json_decref(one);
}

/* --- the bank's files, by hand --------------------------------------------------------------------------------- */

static char *entry(const char *id, json_int_t fen, const char *side, const char *more)
{
	char *text = NULL;
	assert_true(asprintf(&text,
			"<Ntry><Amt Ccy=\"CNY\">%lld.%02lld</Amt><CdtDbtInd>%s</CdtDbtInd>"
			"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2027-01-04</Dt></BookgDt>"
			"<AcctSvcrRef>R-1</AcctSvcrRef><NtryDtls><TxDtls><Refs>"
			"<EndToEndId>%s</EndToEndId></Refs>%s</TxDtls></NtryDtls></Ntry>",
			(long long)fen / 100, (long long)fen % 100, side, id, more) > 0);
	return text;
}

static char *booked(const char *id, json_int_t fen)
{
	return entry(id, fen, "DBIT", "");
}

static char *returned(const char *id, json_int_t fen)
{
	return entry(id, fen, "CRDT", "<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>");
}

/* Takes over `a` and `b`; `b` may be NULL. */
static void notification(const char *path, const char *account, char *a, char *b)
{
	char *text = NULL;
	assert_true(asprintf(&text,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document "
			"xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\">"
			"<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>%s</MsgId>"
			"<CreDtTm>2027-01-04T18:00:00+08:00</CreDtTm></GrpHdr><Ntfctn><Id>N</Id>"
			"<Acct><Id><Othr><Id>%s</Id></Othr></Id></Acct>%s%s</Ntfctn>"
			"</BkToCstmrDbtCdtNtfctn></Document>\n",
			path, account, a, b ? b : "") > 0);
	file_write(path, text, strlen(text));
	free(text);
	free(a);
	free(b);
}

/* A pain.002 on a message: one payment of it, or (id NULL) all of it, for a reason. */
static void report(const char *path, const char *message, const char *id, const char *reason)
{
	char *text = NULL, *one = NULL;
	assert_true(asprintf(&one,
			"<OrgnlPmtInfAndSts><OrgnlPmtInfId>%s-1</OrgnlPmtInfId><TxInfAndSts>"
			"<OrgnlEndToEndId>%s</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn>"
			"<Cd>%s</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>",
			message, id ? id : "", reason) > 0);
	assert_true(
	    asprintf(&text,
		"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\">"
		"<CstmrPmtStsRpt><GrpHdr><MsgId>%s</MsgId>"
		"<CreDtTm>2027-01-04T18:00:00+08:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
		"<OrgnlMsgId>%s</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>%s%s%s"
		"</OrgnlGrpInfAndSts>%s</CstmrPmtStsRpt></Document>",
		path, message, id ? "" : "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>",
		id ? "" : reason, id ? "" : "</Cd></Rsn></StsRsnInf>", id ? one : "") > 0);
	file_write(path, text, strlen(text));
	free(text);
	free(one);
}

/* Counts of an import's one file; not_matched is the number of facts listed. */
struct outcome {
	json_int_t booked, rejected, returned, received, before, unmatched;
	bool changed;
};

static struct outcome import(int status, const char *file)
{
	char words[256];
	snprintf(words, sizeof(words), "payment import " CITY " %s" NOW, file);
	json_t *root = json_of(status, words);
	json_t *one = json_array_get(json_object_get(root, "files"), 0);
	struct outcome outcome = {number_of(one, "booked"), number_of(one, "rejected"),
	    number_of(one, "returned"), number_of(one, "received"), number_of(one, "said_before"),
	    (json_int_t)json_array_size(json_object_get(one, "not_matched")),
	    json_is_true(json_object_get(one, "changed"))};
	json_decref(root);
	return outcome;
}

/* Again: nothing changes, and it is said. */
static void import_again(int status, const char *file)
{
	char *before = head(CITY);
	assert_false(import(status, file).changed);
	struct run run = suiren_expect(status, "payment import " CITY " %s" NOW, file);
	assert_non_null(strstr(run.out, "无变化 nothing changed"));
	run_free(&run);
	char *after = head(CITY);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* A booked payment of the run comes back, and is ordered again; its new id. */
static struct picked order_again(size_t number)
{
	struct picked picked = pick("booked", number);
	char words[160];
	notification("comes-back.xml", ACCOUNT, returned(picked.id, picked.fen), NULL);
	assert_int_equal(import(0, "comes-back.xml").returned, 1);
	snprintf(words, sizeof(words), "payment export " CITY " --again %s" NOW, picked.id);
	json_t *root = json_of(0, words);
	assert_int_equal(number_of(root, "ordered"), 1);
	json_decref(root);
	snprintf(words, sizeof(words), "payment list " CITY " --kind again --name %s", picked.id);
	json_t *list = json_of(0, words);
	assert_int_equal(json_array_size(list), 1);
	snprintf(
	    picked.id, sizeof(picked.id), "%s", text_of(json_array_get(list, 0), "end_to_end_id"));
	json_decref(list);
	assert_string_equal(state_of(picked.id), "ordered");
	return picked;
}

/* --- exporting ------------------------------------------------------------------------------------------------- */

static void an_order_comes_out_the_same_however_often_it_is_exported(void **state)
{
	(void)state;
	json_t *list = json_of(0, "payment list " CITY " --kind run --name " RUN), *one;
	json_int_t sum = 0, first_entry = number_of(json_array_get(list, 0), "entry");
	unsigned count = 0;
	size_t index;
	json_array_foreach(list, index, one)
	{
		if (number_of(one, "attempt") != 1)
			continue;
		assert_int_equal(number_of(one, "entry"), first_entry);
		sum += number_of(one, "amount_fen");
		count++;
	}
	json_decref(list);
	json_t *root = json_of(0, "payment export " CITY " --run " RUN " -o one.xml" NOW);
	json_t *file = json_array_get(json_object_get(root, "files"), 0);
	assert_int_equal(number_of(file, "payments"), count);
	assert_int_equal(number_of(file, "amount_fen"), sum);
	json_decref(root);
	suiren_must(0, "payment export " CITY " --run " RUN " -o two.xml --now 2027-02-01");
	assert_true(same_bytes("one.xml", "two.xml"));
	struct run run = suiren_expect(0, "payment export " CITY " --run " RUN " -o one.xml" NOW);
	assert_non_null(strstr(run.out, "未变 unchanged"));
	run_free(&run);
	run = shell("xmllint --nonet --noout --schema " SOURCE_DIR
		    "/tests/vectors/iso20022/pain.001.001.09-subset.xsd one.xml");
	assert_int_equal(run.status, 0);
	run_free(&run);
	char *text = file_read("one.xml", NULL), total[64];
	assert_int_equal(count_in(text, "<CdtTrfTxInf>"), count);
	snprintf(total, sizeof(total), "<CtrlSum>%lld.%02lld</CtrlSum>", (long long)sum / 100,
	    (long long)sum % 100);
	assert_int_equal(count_in(text, total), 2);
	assert_non_null(strstr(text, ACCOUNT));
	free(text);
}

static void a_file_in_the_way_is_never_overwritten(void **state)
{
	(void)state;
	file_write("junk.xml", "mine", 4);
	refused(1, "payment export " CITY " --run " RUN " -o junk.xml" NOW, "not overwritten");
	size_t size;
	char *text = file_read("junk.xml", &size);
	assert_int_equal(size, 4);
	assert_memory_equal(text, "mine", 4);
	free(text);
	refused(1, "payment export " CITY " --run " RUN " -o no/such/folder.xml" NOW, "no/such");
}

static void the_files_lie_in_the_nodes_own_folder_for_nobody_else_to_read(void **state)
{
	(void)state;
	struct stat found;
	suiren_must(0, "payment export " CITY " --clearing 2026-11" NOW);
	assert_int_equal(stat(CITY "/bank/out/clearing-202611-1.xml", &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
	assert_int_equal(stat(CITY "/bank/out", &found), 0);
	assert_int_equal(found.st_mode & 0777, 0700);
}

static void what_is_asked_for_must_be_said_once(void **state)
{
	(void)state;
	refused(2, "payment export " CITY NOW, "says what is to be paid");
	refused(2, "payment export " CITY " --run a --clearing 2026-10" NOW, "says what");
	refused(2, "payment export " CITY " --guests 2026-10" NOW, "--peer");
	refused(2, "payment export " CITY " --clearing 2026-10 --peer 500000" NOW, "says what");
	refused(2, "payment export " CITY " --clearing 2026-13" NOW, "2026-13");
	refused(2, "payment export " CITY " --run ''" NOW, "1 to 32");
	refused(2, "payment export " CITY " --run 'two words'" NOW, "ASCII");
	refused(
	    2, "payment export " CITY " --run 123456789012345678901234567890123" NOW, "1 to 32");
	refused(1, "payment export " CITY " --run none" NOW, "no run none");
	refused(1, "payment export " CITY " --clearing 2026-01" NOW, "nothing is to be paid");
	refused(1, "payment export " CITY " --guests 2026-01 --peer 500000" NOW, "no clearing");
	refused(
	    1, "payment export " CITY " --again AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" NOW, "no payment");
}

static void a_dry_run_orders_and_writes_nothing(void **state)
{
	(void)state;
	struct stat found;
	struct picked picked = pick("booked", 0);
	char words[160];
	notification("dry.xml", ACCOUNT, returned(picked.id, picked.fen), NULL);
	struct run run = without_trace(0, "payment import " CITY " dry.xml -n" NOW);
	assert_non_null(strstr(run.out, "已退汇 returned 1"));
	run_free(&run);
	assert_int_equal(import(0, "dry.xml").returned, 1);
	snprintf(words, sizeof(words), "payment export " CITY " --again %s -n" NOW, picked.id);
	run = without_trace(0, words);
	assert_non_null(strstr(run.out, "待发出 to be ordered 1"));
	run_free(&run);
	snprintf(words, sizeof(words), CITY "/bank/out/again-%s-1.xml", picked.id);
	assert_int_equal(stat(words, &found), -1);
}

/* --- importing ------------------------------------------------------------------------------------------------- */

static void a_booking_is_booked_once(void **state)
{
	(void)state;
	struct picked picked = order_again(1);
	notification("booked.xml", ACCOUNT, booked(picked.id, picked.fen), NULL);
	struct outcome outcome = import(0, "booked.xml");
	assert_int_equal(outcome.booked, 1);
	assert_true(outcome.changed);
	assert_string_equal(state_of(picked.id), "booked");
	bank_said(picked.id, "R-1", "2027-01-04");
	import_again(0, "booked.xml");
	outcome = import(0, "booked.xml");
	assert_int_equal(outcome.before, 1);
}

/* A booking and its return may stand in one file: the return undoes the booking, whatever their order in it. */
static void a_return_comes_after_its_booking(void **state)
{
	(void)state;
	struct picked picked = order_again(2);
	notification(
	    "both.xml", ACCOUNT, returned(picked.id, picked.fen), booked(picked.id, picked.fen));
	struct outcome outcome = import(0, "both.xml");
	assert_int_equal(outcome.booked, 1);
	assert_int_equal(outcome.returned, 1);
	assert_string_equal(state_of(picked.id), "returned");
	import_again(0, "both.xml");
	suiren_must(0, "payment export " CITY " --again %s" NOW, picked.id);
}

/* What matches nothing is logged once; when its time has come it is taken. */
static void what_does_not_match_is_listed_and_may_match_later(void **state)
{
	(void)state;
	struct picked picked = order_again(3);
	notification("early.xml", ACCOUNT, returned(picked.id, picked.fen), NULL);
	struct outcome outcome = import(1, "early.xml");
	assert_int_equal(outcome.unmatched, 1);
	assert_true(outcome.changed); /* the log shows it */
	import_again(1, "early.xml");
	assert_string_equal(state_of(picked.id), "ordered");
	json_t *waiting = json_of(1, "payment unmatched " CITY);
	assert_int_equal(json_array_size(waiting), 1);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(waiting, 0), "end_to_end_id")),
	    picked.id);
	json_decref(waiting);
	notification("now.xml", ACCOUNT, booked(picked.id, picked.fen), NULL);
	assert_int_equal(import(0, "now.xml").booked, 1);
	/* By itself, as soon as what it belongs to is there. */
	assert_string_equal(state_of(picked.id), "returned");
	waiting = json_of(0, "payment unmatched " CITY);
	assert_int_equal(json_array_size(waiting), 0);
	json_decref(waiting);
	import_again(0, "early.xml");
}

static void other_amounts_and_strangers_are_listed(void **state)
{
	(void)state;
	struct picked picked = order_again(4);
	notification("odd.xml", ACCOUNT, booked(picked.id, picked.fen + 1),
	    entry("NOTPROVIDED", 12345, "CRDT", ""));
	json_t *root = json_of(1, "payment import " CITY " odd.xml" NOW);
	json_t *listed =
	    json_object_get(json_array_get(json_object_get(root, "files"), 0), "not_matched");
	assert_int_equal(json_array_size(listed), 2);
	json_t *one = json_array_get(listed, 0);
	assert_string_equal(text_of(one, "end_to_end_id"), picked.id);
	assert_string_equal(text_of(one, "fact"), "booked");
	assert_int_equal(number_of(one, "amount_fen"), picked.fen + 1);
	assert_string_equal(text_of(one, "reference"), "R-1");
	assert_non_null(strstr(text_of(one, "why"), "another amount"));
	one = json_array_get(listed, 1);
	assert_string_equal(text_of(one, "end_to_end_id"), "");
	assert_int_equal(number_of(one, "amount_fen"), 12345);
	json_decref(root);
	assert_string_equal(state_of(picked.id), "ordered");
	import_again(1, "odd.xml");
	notification("long.xml", ACCOUNT, booked("AN-ID-OF-THIRTY-FIVE-CHARACTERS-XYZ", 1), NULL);
	assert_int_equal(import(1, "long.xml").unmatched, 1);
}

static void a_rejection_without_an_amount_is_taken_and_paid_anew(void **state)
{
	(void)state;
	struct picked picked = order_again(5);
	char words[160];
	report("rejected.xml", "ANYTHING", picked.id, "AC04");
	struct outcome outcome = import(0, "rejected.xml");
	assert_int_equal(outcome.rejected, 1);
	assert_string_equal(state_of(picked.id), "rejected");
	import_again(0, "rejected.xml");
	/* The name of the order is the payment that came back first. */
	snprintf(words, sizeof(words), "payment show " CITY " %s", picked.id);
	json_t *shown = json_of(0, words);
	assert_int_equal(number_of(shown, "attempt"), 1);
	assert_int_equal(number_of(shown, "part"), 1);
	snprintf(
	    words, sizeof(words), "payment export " CITY " --again %s" NOW, text_of(shown, "name"));
	json_decref(shown);
	json_t *root = json_of(0, words), *files = json_object_get(root, "files");
	assert_int_equal(number_of(root, "ordered"), 1);
	assert_int_equal(json_array_size(files), 2);
	assert_string_equal(text_of(json_array_get(files, 0), "outcome"), "unchanged");
	assert_string_equal(text_of(json_array_get(files, 1), "outcome"), "written");
	json_decref(root);
}

/* The bank has refused the second copy of a file: the first one still counts. */
static void a_refused_double_lets_nothing_go(void **state)
{
	(void)state;
	struct picked picked = order_again(6);
	char words[96], message[40];
	snprintf(words, sizeof(words), "payment show " CITY " %s", picked.id);
	json_t *shown = json_of(0, words);
	snprintf(message, sizeof(message), "%s", text_of(shown, "message_id"));
	json_decref(shown);
	report("double.xml", message, NULL, "DU01");
	assert_int_equal(import(1, "double.xml").unmatched, 1);
	assert_string_equal(state_of(picked.id), "ordered");
	/* Another reason, and the whole message is let go. */
	report("whole.xml", message, NULL, "AC02");
	assert_int_equal(import(0, "whole.xml").rejected, 1);
	assert_string_equal(state_of(picked.id), "rejected");
	import_again(0, "whole.xml");
	report("strange.xml", "NO-SUCH-MESSAGE", NULL, "AC02");
	refused(1, "payment import " CITY " strange.xml" NOW, "none of this city's");
}

static void what_is_no_answer_of_the_bank_changes_nothing(void **state)
{
	(void)state;
	struct picked picked = pick("booked", 7);
	size_t size;
	notification("good.xml", ACCOUNT, returned(picked.id, picked.fen), NULL);
	notification("other.xml", "510100000000000002", returned(picked.id, picked.fen), NULL);
	char *text = file_read("good.xml", &size);
	file_write("half.xml", text, size / 2);
	file_write("empty.xml", "", 0);
	free(text);
	suiren_must(0, "payment export " CITY " --run " RUN " -o order.xml" NOW);
	refused(1, "payment import " CITY " other.xml" NOW, "account 510100000000000002");
	refused(2, "payment import " CITY " half.xml" NOW, "half.xml");
	refused(2, "payment import " CITY " empty.xml" NOW, "empty.xml");
	refused(2, "payment import " CITY " order.xml" NOW, "pain.001");
	refused(1, "payment import " CITY " none.xml" NOW, "none.xml");
	/* One that is wrong stops those before it too. */
	refused(2, "payment import " CITY " good.xml half.xml" NOW, "half.xml");
	assert_string_equal(state_of(picked.id), "booked");
}

/* --- a clearing ------------------------------------------------------------------------------------------------ */

static const char *clearing_state(const char *peer)
{
	static char text[32];
	char words[96];
	snprintf(words, sizeof(words), "clearing list " CITY " --month 2026-11 --peer %s", peer);
	json_t *list = json_of(0, words);
	snprintf(text, sizeof(text), "%s", text_of(json_array_get(list, 0), "state"));
	json_decref(list);
	return text;
}

static void a_returned_clearing_is_open_again_and_paid_by_a_second_file(void **state)
{
	(void)state;
	struct picked picked;
	char peer[8];
	json_t *list = json_of(0, "payment list " CITY " --kind clearing --state booked");
	json_t *one = json_array_get(list, 0);
	assert_non_null(one);
	snprintf(picked.id, sizeof(picked.id), "%s", text_of(one, "end_to_end_id"));
	snprintf(peer, sizeof(peer), "%s", text_of(one, "payee"));
	picked.fen = number_of(one, "amount_fen");
	json_decref(list);
	assert_string_equal(clearing_state(peer), "settled");
	suiren_must(0, "payment export " CITY " --clearing 2026-11 -o first.xml" NOW);
	notification("back.xml", ACCOUNT, returned(picked.id, picked.fen), NULL);
	assert_int_equal(import(0, "back.xml").returned, 1);
	assert_string_equal(clearing_state(peer), "netted");
	json_t *root = json_of(0, "payment export " CITY " --clearing 2026-11" NOW);
	json_t *files = json_object_get(root, "files");
	assert_int_equal(number_of(root, "ordered"), 1);
	assert_int_equal(number_of(root, "ordered_fen"), picked.fen);
	assert_int_equal(json_array_size(files), 2);
	assert_true(same_bytes("first.xml", CITY "/bank/out/clearing-202611-1.xml"));
	assert_string_not_equal(text_of(json_array_get(files, 0), "message_id"),
	    text_of(json_array_get(files, 1), "message_id"));
	json_decref(root);
}

/* --- the bank of the demo -------------------------------------------------------------------------------------- */

static void the_bank_answers_once_and_the_same(void **state)
{
	(void)state;
	struct picked picked = order_again(8);
	json_t *root = json_of(0, "bank " CITY " --until 2027-01-03");
	assert_true(number_of(root, "waiting") > 0); /* ordered on the 4th */
	json_decref(root);
	assert_string_equal(state_of(picked.id), "ordered");
	suiren_must(0, "bank " CITY " --until 2027-01-05");
	root = json_of(0, "bank " CITY " --until 2027-01-05");
	json_t *files = json_object_get(root, "files"), *one;
	size_t index;
	bool for_another = false;
	assert_true(json_array_size(files) > 1);
	json_array_foreach(files, index, one)
	{
		assert_true(json_is_false(json_object_get(one, "written")));
		/* The clearing's creditor is not named here: its file waits beside ours. */
		for_another |= strstr(text_of(one, "file"), CITY "/bank/for/") != NULL;
	}
	assert_true(for_another);
	json_decref(root);
	char words[96], message[40];
	snprintf(words, sizeof(words), "payment show " CITY " %s", picked.id);
	root = json_of(0, words);
	snprintf(message, sizeof(message), "%s", text_of(root, "message_id"));
	json_decref(root);
	/* Its answers to what was answered by hand above would contradict that: they have references of their own. */
	struct run run =
	    shell("\"$SUIREN\" payment import " CITY " " CITY "/bank/in/%s*.xml" NOW, message);
	assert_int_equal(run.status, 0);
	run_free(&run);
	assert_string_equal(state_of(picked.id), "booked");
	run = shell("for f in " CITY "/bank/in/*camt054*.xml " CITY "/bank/for/*/*.xml; do xmllint "
		    "--nonet --noout --schema " SOURCE_DIR
		    "/tests/vectors/iso20022/camt.054.001.08-subset.xsd $f || exit 1; done");
	assert_int_equal(run.status, 0);
	run_free(&run);
}

static void the_bank_plays_for_demo_nodes_only(void **state)
{
	(void)state;
	suiren_must(0, "init real --region 510100");
	struct run run = suiren_expect(1, "bank real --until 2027-01-05");
	assert_non_null(strstr(run.err, "no demo node"));
	run_free(&run);
	refused(2, "bank " CITY, "--until");
	refused(2, "bank " CITY " --until tomorrow", "tomorrow");
	refused(2, "bank " CITY " " CITY " --until 2027-01-05", "one city");
	file_write(CITY "/bank/out/stray.xml", "<a/>", 4);
	refused(2, "bank " CITY " --until 2027-01-05", "stray.xml");
	assert_int_equal(remove(CITY "/bank/out/stray.xml"), 0);
}

/* Out of somebody else's account nothing is paid: the whole order is rejected. */
static void the_bank_rejects_an_order_on_another_account(void **state)
{
	(void)state;
	suiren_must(0, "payment export " CITY " --run " RUN NOW);
	struct run run =
	    shell("sed 's/" ACCOUNT "/510100000000000009/; s/<MsgId>.*</<MsgId>FOREIGN</' " CITY
		  "/bank/out/run-" RUN "-1.xml >" CITY "/bank/out/foreign.xml");
	assert_int_equal(run.status, 0);
	run_free(&run);
	suiren_must(0, "bank " CITY " --until 2027-01-05");
	char *answer = file_read(CITY "/bank/in/FOREIGN-1-pain002-rejected.xml", NULL);
	assert_non_null(strstr(answer, "<GrpSts>RJCT</GrpSts>"));
	assert_non_null(strstr(answer, "AC02"));
	assert_null(strstr(answer, "OrgnlEndToEndId"));
	free(answer);
	/* Which is none of the city's own messages. */
	refused(1, "payment import " CITY " " CITY "/bank/in/FOREIGN-1-pain002-rejected.xml" NOW,
	    "none of this city's");
	assert_int_equal(remove(CITY "/bank/out/foreign.xml"), 0);
}

/* Without an account in node.yaml nothing can be paid by file; the account of a real node is its officers' to name. */
static void a_city_without_an_account_orders_nothing(void **state)
{
	(void)state;
	struct run run =
	    shell("cp -r " CITY " poor && sed -i '/^account:/d;/^bank:/d' poor/node.yaml");
	assert_int_equal(run.status, 0);
	run_free(&run);
	struct picked picked = pick("returned", 0);
	run = suiren_expect(1, "payment export poor --again %s" NOW, picked.id);
	assert_non_null(strstr(run.err, "names no account"));
	run_free(&run);
	char *before = head(CITY), *after = head("poor");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* --- accounts -------------------------------------------------------------------------------------------------- */

#define NEW_CARD "6222020098765432100"
#define LATE_CARD "6222020011112222333"

static void a_new_card_is_in_the_next_order_and_not_in_what_was_sent(void **state)
{
	(void)state;
	struct picked picked = pick("booked", 9);
	char words[200], path[96];
	suiren_must(0, "payment export " CITY " --run " RUN NOW);
	char *sent = file_read(CITY "/bank/out/run-" RUN "-1.xml", NULL);
	assert_null(strstr(sent, NEW_CARD));
	snprintf(words, sizeof(words),
	    "person card " CITY " %s --card " NEW_CARD " --bank 102651000009" NOW, picked.payee);
	struct run run = suiren_expect(0, "%s", words);
	assert_non_null(strstr(run.out, "booked as entry"));
	run_free(&run);
	run = without_trace(0, words);
	assert_non_null(strstr(run.out, "repeat of entry"));
	run_free(&run);
	/* The bank has answered all of that file: it stays. */
	run = suiren_expect(0, "payment export " CITY " --run " RUN NOW);
	assert_non_null(strstr(run.out, "answered"));
	run_free(&run);
	char *still = file_read(CITY "/bank/out/run-" RUN "-1.xml", NULL);
	assert_string_equal(sent, still);
	free(sent);
	free(still);
	notification("card.xml", ACCOUNT, returned(picked.id, picked.fen), NULL);
	assert_int_equal(import(0, "card.xml").returned, 1);
	suiren_must(0, "payment export " CITY " --again %s" NOW, picked.id);
	snprintf(path, sizeof(path), CITY "/bank/out/again-%s-1.xml", picked.id);
	still = file_read(path, NULL);
	assert_non_null(strstr(still, NEW_CARD));
	assert_non_null(strstr(still, "102651000009"));
	free(still);
	refused(
	    2, "person card " CITY " 5101000000000002 --card '' --bank 102651000009" NOW, "--card");
	refused(2, "person card " CITY " 5101000000000002 --card 1 --bank 1026510" NOW, "--bank");
	refused(1, "person card " CITY " 5101009999999994 --card 1 --bank 102651000009" NOW,
	    "查无此人");
}

/* What is ordered holds its amount until the bank's word: so nothing is, while one of the run has no card. */
static void a_run_is_not_ordered_while_somebody_has_no_card(void **state)
{
	(void)state;
	static const char table[] = "name,id_number,card,bank\n王芳,510104194001010024,,\n";
	char person[32] = "";
	file_write("late.csv", table, strlen(table));
	struct run run = suiren_expect(0, "person register " CITY " late.csv" NOW);
	assert_int_equal(sscanf(strstr(run.out, " 51010"), "%31s", person), 1);
	run_free(&run);
	suiren_must(0,
	    "allowance run " CITY " --month 2026-12 --programme old_age_allowance --run late" NOW);
	refused(1, "payment export " CITY " --run late" NOW, "1 of the payees");
	refused(1, "payment export " CITY " --run late" NOW, person);
	suiren_must(
	    0, "person card " CITY " %s --card " LATE_CARD " --bank 102651000009" NOW, person);
	json_t *root = json_of(0, "payment export " CITY " --run late" NOW);
	assert_true(number_of(root, "ordered") > 1);
	json_decref(root);
	char *file = file_read(CITY "/bank/out/run-late-1.xml", NULL);
	assert_int_equal(count_in(file, LATE_CARD), 1);
	free(file);
}

/* Changed, changed back, and changed again: each is an entry; what stands already is none. */
static void an_institutions_account_changes_by_table(void **state)
{
	(void)state;
	static const char *const accounts[] = {"622200001", "622200002", "622200001"};
	json_t *list = json_of(0, "institution list " CITY " --host 510100");
	json_t *home = json_array_get(list, 0);
	char table[512];
	for (size_t i = 0; i < 3; i++) {
		snprintf(table, sizeof(table),
		    "uscc,name,kind,district,beds,star,account,bank\n%s,%s,%s,%06lld,%lld,%lld,%s,"
		    "102651000003\n",
		    text_of(home, "uscc"), text_of(home, "name"), text_of(home, "kind"),
		    number_of(home, "district"), number_of(home, "beds"), number_of(home, "star"),
		    accounts[i]);
		file_write("homes.csv", table, strlen(table));
		struct run run = suiren_expect(0, "institution update " CITY " homes.csv" NOW);
		assert_non_null(strstr(run.out, "booked as entry"));
		run_free(&run);
		run = without_trace(0, "institution update " CITY " homes.csv" NOW);
		assert_non_null(strstr(run.out, "repeat of entry"));
		run_free(&run);
		run = suiren_expect(0, "institution show " CITY " %s", text_of(home, "uscc"));
		assert_non_null(strstr(run.out, accounts[i]));
		run_free(&run);
	}
	json_decref(list);
	suiren_must(2, "institution update demo/500000 homes.csv --now 2027-01-04");
}

/* --- looking --------------------------------------------------------------------------------------------------- */

static void payments_are_listed_and_shown(void **state)
{
	(void)state;
	struct run run = suiren_expect(0, "payment list " CITY " --kind clearing");
	assert_non_null(strstr(run.out, "合计"));
	run_free(&run);
	json_t *all = json_of(0, "payment list " CITY),
	       *run_only = json_of(0, "payment list " CITY " --kind run");
	assert_true(json_array_size(all) > json_array_size(run_only));
	json_decref(all);
	json_decref(run_only);
	refused(2, "payment list " CITY " --kind none", "none");
	refused(2, "payment list " CITY " --state none", "none");
	refused(2, "payment show " CITY " short", "EndToEndId");
	refused(1, "payment show " CITY " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "payment list");
	/* A credit stands under who paid it. */
	json_t *list = json_of(0, "payment list demo/500000 --state received");
	assert_true(json_array_size(list) > 0);
	assert_string_equal(text_of(json_array_get(list, 0), "payee"), "500000");
	assert_string_equal(text_of(json_array_get(list, 0), "name"), "202611");
	json_decref(list);
}

/* --- an officer's word ----------------------------------------------------------------------------------------- */

#define OFFICER " --grounds 'told by the bank' --officer-key li.key" NOW

/* Credits less debits, as the program tells them. */
static json_int_t credit_of(const char *account)
{
	json_t *list = json_of(0, "balance " CITY), *one;
	json_int_t found = 0;
	size_t index;
	json_array_foreach(list, index, one)
	{
		if (strcmp(text_of(one, "account"), account) == 0)
			found = number_of(one, "credits") - number_of(one, "debits");
	}
	json_decref(list);
	return found;
}

/* The one line that waits on an amount; its EndToEndId. */
static void waiting(json_int_t fen, char id[40])
{
	json_t *list = json_of(1, "payment unmatched " CITY), *one;
	size_t index;
	id[0] = '\0';
	json_array_foreach(list, index, one)
	{
		if (number_of(one, "amount_fen") == fen)
			snprintf(id, 40, "%s", text_of(one, "end_to_end_id"));
	}
	json_decref(list);
	assert_string_not_equal(id, "");
}

/* Money without a word: in suspense by an officer's hand, then paid to the city whose it was; by the same bytes, also from a copy of the node. */
static void what_came_in_without_a_word_is_held_and_passed_on(void **state)
{
	(void)state;
	char id[40], words[200], paid[31];
	const json_int_t before = credit_of("treasury");
	suiren_must(0, "officer add " CITY " li --out li.key" NOW);
	notification("word.xml", ACCOUNT, entry("NOTPROVIDED", 987654, "CRDT", ""), NULL);
	assert_int_equal(import(1, "word.xml").unmatched, 1);
	import_again(1, "word.xml");
	assert_int_equal(credit_of("treasury"), before);
	waiting(987654, id);
	assert_int_equal(id[0], '?');
	snprintf(
	    words, sizeof(words), "payment settle " CITY " '%s' --suspense stranger" OFFICER, id);
	suiren_must(0, "%s", words);
	assert_int_equal(credit_of("suspense/stranger"), 987654);
	assert_int_equal(before - credit_of("treasury"), 987654);
	refused(1, words, "waits");
	/* It is known now, and said before. */
	assert_int_equal(import(0, "word.xml").before, 1);
	assert_int_equal(shell_status("cp -r " CITY " restored"), 0);
	suiren_must(0, "payment export " CITY " --suspense stranger --to 500000 -o onward.xml" NOW);
	suiren_must(0, "payment export restored --suspense stranger --to 500000 -o same.xml" NOW);
	assert_true(same_bytes("onward.xml", "same.xml"));
	refused(
	    1, "payment export " CITY " --suspense none --to 500000" NOW, "nothing is in suspense");
	refused(2, "payment export " CITY " --suspense stranger" NOW, "--to");
	json_t *list = json_of(0, "payment list " CITY " --kind suspense --name stranger");
	assert_int_equal(json_array_size(list), 1);
	snprintf(paid, sizeof(paid), "%s", text_of(json_array_get(list, 0), "end_to_end_id"));
	json_decref(list);
	notification("onward-booked.xml", ACCOUNT, booked(paid, 987654), NULL);
	assert_int_equal(import(0, "onward-booked.xml").booked, 1);
	assert_int_equal(credit_of("suspense/stranger"), 0);
	assert_int_equal(credit_of("treasury"), before);
}

/* The bank has lost the reference: an officer says which payment it was. */
static void a_booking_under_a_wrong_reference_is_said_to_be_the_payment(void **state)
{
	(void)state;
	struct picked picked = order_again(10);
	char words[200];
	notification("wrong.xml", ACCOUNT, booked("SALARY 12", picked.fen + 30), NULL);
	assert_int_equal(import(1, "wrong.xml").unmatched, 1);
	snprintf(
	    words, sizeof(words), "payment settle " CITY " 'SALARY 12' --payment %s", picked.id);
	refused(2, words, "--officer-key");
	snprintf(words, sizeof(words), "payment settle " CITY " 'SALARY 12' --payment %s" OFFICER,
	    picked.id);
	suiren_must(0, "%s", words);
	assert_string_equal(state_of(picked.id), "booked");
	bank_said(picked.id, "R-1", "2027-01-04");
	/* 0.30 more than was owed have left: to be got back. */
	snprintf(words, sizeof(words), "suspense/%s", picked.id);
	assert_int_equal(credit_of(words), -30);
	refused(1, "payment settle " CITY " 'SALARY 12' --explained duplicate" OFFICER, "waits");
	refused(2, "payment settle " CITY " 'SALARY 12' --explained guess" OFFICER, "duplicate");
	refused(2, "payment settle " CITY " 'SALARY 12'" OFFICER, "one of");
}

/* Two halves that overlap, the second one first, and the whole after them: each fact is booked once. */
static void a_file_in_two_halves_is_booked_once(void **state)
{
	(void)state;
	struct picked a = pick("booked", 11), b = pick("booked", 12);
	notification("half-2.xml", ACCOUNT, returned(b.id, b.fen), NULL);
	notification("half-1.xml", ACCOUNT, returned(a.id, a.fen), returned(b.id, b.fen));
	const json_int_t before = credit_of("treasury");
	assert_int_equal(import(0, "half-2.xml").returned, 1);
	struct outcome outcome = import(0, "half-1.xml");
	assert_int_equal(outcome.returned, 1);
	assert_int_equal(outcome.before, 1);
	assert_int_equal(before - credit_of("treasury"), a.fen + b.fen);
	import_again(0, "half-2.xml");
	import_again(0, "half-1.xml");
}

static void a_restored_node_exports_the_same_bytes(void **state)
{
	(void)state;
	struct picked picked = pick("booked", 13);
	char words[200];
	notification("to-restore.xml", ACCOUNT, returned(picked.id, picked.fen), NULL);
	assert_int_equal(import(0, "to-restore.xml").returned, 1);
	/* From a copy that was made before the order, and from one that was made after it. */
	assert_int_equal(shell_status("cp -r " CITY " earlier"), 0);
	snprintf(words, sizeof(words), "payment export " CITY " --again %s -o restore-now.xml" NOW,
	    picked.id);
	suiren_must(0, "%s", words);
	snprintf(words, sizeof(words), "payment export earlier --again %s -o restore-then.xml" NOW,
	    picked.id);
	suiren_must(0, "%s", words);
	assert_true(same_bytes("restore-now.xml", "restore-then.xml"));
	assert_int_equal(shell_status("cp -r " CITY " later"), 0);
	snprintf(words, sizeof(words),
	    "payment export later --again %s -o later.xml --now 2027-06-01", picked.id);
	suiren_must(0, "%s", words);
	assert_true(same_bytes("restore-now.xml", "later.xml"));
	suiren_must(0, "payment export " CITY " --clearing 2026-11 -o c1.xml" NOW);
	suiren_must(0, "payment export later --clearing 2026-11 -o c2.xml --now 2027-06-01");
	assert_true(same_bytes("c1.xml", "c2.xml"));
	suiren_must(0, "payment export " CITY " --run " RUN " -o r1.xml" NOW);
	suiren_must(0, "payment export later --run " RUN " -o r2.xml --now 2027-06-01");
	assert_true(same_bytes("r1.xml", "r2.xml"));
}

static void the_books_verify_after_all_of_this(void **state)
{
	(void)state;
	suiren_must(0, "verify " CITY " --replay");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_order_comes_out_the_same_however_often_it_is_exported),
	    cmocka_unit_test(a_file_in_the_way_is_never_overwritten),
	    cmocka_unit_test(the_files_lie_in_the_nodes_own_folder_for_nobody_else_to_read),
	    cmocka_unit_test(what_is_asked_for_must_be_said_once),
	    cmocka_unit_test(a_dry_run_orders_and_writes_nothing),
	    cmocka_unit_test(a_booking_is_booked_once),
	    cmocka_unit_test(a_return_comes_after_its_booking),
	    cmocka_unit_test(what_does_not_match_is_listed_and_may_match_later),
	    cmocka_unit_test(other_amounts_and_strangers_are_listed),
	    cmocka_unit_test(a_rejection_without_an_amount_is_taken_and_paid_anew),
	    cmocka_unit_test(a_refused_double_lets_nothing_go),
	    cmocka_unit_test(what_is_no_answer_of_the_bank_changes_nothing),
	    cmocka_unit_test(a_returned_clearing_is_open_again_and_paid_by_a_second_file),
	    cmocka_unit_test(the_bank_answers_once_and_the_same),
	    cmocka_unit_test(the_bank_plays_for_demo_nodes_only),
	    cmocka_unit_test(a_city_without_an_account_orders_nothing),
	    cmocka_unit_test(the_bank_rejects_an_order_on_another_account),
	    cmocka_unit_test(a_new_card_is_in_the_next_order_and_not_in_what_was_sent),
	    cmocka_unit_test(a_run_is_not_ordered_while_somebody_has_no_card),
	    cmocka_unit_test(an_institutions_account_changes_by_table),
	    cmocka_unit_test(payments_are_listed_and_shown),
	    cmocka_unit_test(what_came_in_without_a_word_is_held_and_passed_on),
	    cmocka_unit_test(a_booking_under_a_wrong_reference_is_said_to_be_the_payment),
	    cmocka_unit_test(a_file_in_two_halves_is_booked_once),
	    cmocka_unit_test(a_restored_node_exports_the_same_bytes),
	    cmocka_unit_test(the_books_verify_after_all_of_this),
	};
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
