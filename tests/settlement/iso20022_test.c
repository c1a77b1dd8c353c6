/* The bank's files: the published minimal ones are read and written, what is written is valid by xmllint, and what is not such a file is
 * refused, each with its own error. */
#include "testing.h"

#include <sys/mman.h>

#include "calendar.h"
#include "iso20022.h"
#include "vectors.h"

/* --- helpers ------------------------------------------------------------------------------------------------- */

static char *vector(const char *name)
{
	char path[600];
	snprintf(path, sizeof(path), VECTORS_DIR "/iso20022/%s", name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char *text = calloc(1, 1 << 16);
	assert_non_null(text);
	size_t size = fread(text, 1, (1 << 16) - 1, file);
	assert_true(size > 0 && size < (1 << 16) - 1);
	fclose(file);
	return text;
}

/* `text` with the first `old` replaced; freed by the caller. */
static char *replaced(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *out = NULL;
	if (!at)
		fail_msg("not in the file: %s", old);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) > 0);
	return out;
}

static enum error read_text(const char *text, struct iso_file *file)
{
	struct error_detail detail = {""};
	enum error error = iso_read("bank.xml", span_text(text), file, &detail);
	/* A refusal names the file. */
	if (error && error != ERROR_MEMORY)
		assert_non_null(strstr(detail.text, "bank.xml"));
	return error;
}

static void assert_refused(const char *text, enum error wanted)
{
	struct iso_file file;
	enum error error = read_text(text, &file);
	if (error != wanted)
		print_error("%s in place of %s for:\n%.400s\n", error_name(error),
		    error_name(wanted), text);
	assert_error(error, wanted);
	assert_null(file.arena);
	iso_file_free(&file);
}

static void assert_span(struct span span, const char *text)
{
	char copy[256];
	assert_true(span.size < sizeof(copy));
	snprintf(copy, sizeof(copy), "%.*s", (int)span.size, (const char *)span.data);
	assert_string_equal(copy, text);
}

static char *terminated(const struct buffer *buffer)
{
	char *text = malloc(buffer->size + 1);
	assert_non_null(text);
	memcpy(text, buffer->data, buffer->size);
	text[buffer->size] = '\0';
	return text;
}

/* Another program's word: well-formed, and valid by the schema of what is written here. */
static void assert_valid(const struct buffer *content, const char *schema)
{
	char folder[200], path[256], command[1024];
	const char *root = getenv("TMPDIR");
	snprintf(folder, sizeof(folder), "%s/suiren-XXXXXX", root ? root : "/tmp");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file.xml", folder);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(content->data, 1, content->size, file), content->size);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command),
	    "xmllint --nonet --noout --schema " VECTORS_DIR
	    "/iso20022/%s-subset.xsd %s 2>%s.log || "
	    "{ cat %s.log; false; }",
	    schema, path, path, path);
	int status = system(command);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(status, 0);
}

static const struct iso_party city = {.name = {(const uint8_t *)"成都市", 9},
    .account = {(const uint8_t *)"510100000000000001", 18},
    .bank = {(const uint8_t *)"313999000000", 12}};

static struct iso_transfer transfer_of(const char *end_to_end, int64_t fen)
{
	return (struct iso_transfer){.instruction = span_text(end_to_end),
	    .end_to_end = span_text(end_to_end),
	    .amount = {fen},
	    .creditor = city};
}

static struct iso_order order_of(struct iso_transfer *transfers, size_t count)
{
	return (struct iso_order){.message = span_text("MESSAGE"),
	    .block = span_text("MESSAGE-1"),
	    .created_ms = day_start_ms(day_of(2026, 11, 10)),
	    .execution_day = day_of(2026, 11, 10),
	    .debtor = city,
	    .transfers = transfers,
	    .count = count};
}

/* --- the published files --------------------------------------------------------------------------------------- */

static void the_minimal_order_is_read(void **state)
{
	(void)state;
	char *text = vector("pain001_min.xml");
	struct iso_file file;
	assert_good(read_text(text, &file));
	assert_int_equal(file.kind, ISO_ORDER);
	assert_span(file.order.message, "SR-20260105-0001");
	assert_span(file.order.block, "SR-20260105-0001-1");
	assert_int_equal(file.order.execution_day, day_of(2026, 1, 6));
	assert_span(file.order.debtor.name, "示例付款方");
	assert_span(file.order.debtor.account, "000000000000000001");
	assert_span(file.order.debtor.bank, "000000000001");
	assert_int_equal(file.order.count, 2);
	assert_span(file.order.transfers[0].instruction, "W1-1");
	assert_span(file.order.transfers[0].end_to_end, "W1-0001");
	assert_true(file.order.transfers[0].amount.value == 10000001);
	assert_span(file.order.transfers[0].creditor.name, "示例收款方甲");
	assert_span(file.order.transfers[0].creditor.account, "000000000000000002");
	assert_span(file.order.transfers[0].remittance, "window 2026-01-05 net");
	assert_span(file.order.transfers[1].end_to_end, "W1-0002");
	assert_true(file.order.transfers[1].amount.value == 5000000);
	assert_span(file.order.transfers[1].creditor.bank, "000000000003");
	assert_int_equal(file.order.transfers[1].remittance.size, 0);
	iso_file_free(&file);
	free(text);
}

static void the_minimal_notification_is_read(void **state)
{
	(void)state;
	char *text = vector("camt054_min.xml");
	struct iso_file file;
	assert_good(read_text(text, &file));
	assert_int_equal(file.kind, ISO_NOTIFICATION);
	assert_span(file.notification.message, "BANK-1");
	assert_span(file.notification.id, "N-1");
	assert_span(file.notification.account, "000000000000000002");
	assert_int_equal(file.notification.count, 1);
	assert_span(file.notification.bookings[0].end_to_end, "W1-0001");
	assert_true(file.notification.bookings[0].amount.value == 10000001);
	assert_true(file.notification.bookings[0].credit);
	assert_false(file.notification.bookings[0].returned);
	assert_int_equal(file.notification.bookings[0].day, day_of(2026, 1, 6));
	iso_file_free(&file);
	free(text);
}

/* White space between elements is layout; ".000" is a finer way to write the second. */
static char *bare(const char *text)
{
	char *out = calloc(1, strlen(text) + 1);
	size_t size = 0;
	assert_non_null(out);
	for (; *text; text++) {
		if (strncmp(text, ".000+08:00", 10) == 0) {
			text += 3;
			continue;
		}
		if (*text == '\n' && (text[1] == '<' || !text[1]))
			continue;
		out[size++] = *text;
	}
	return out;
}

/* What was checked against the published schema is what is written for the same payments. */
static void the_minimal_order_is_written_element_by_element(void **state)
{
	(void)state;
	char *text = vector("pain001_min.xml");
	struct iso_transfer transfers[] = {
	    {span_text("W1-1"), span_text("W1-0001"), {10000001},
		{span_text("示例收款方甲"), span_text("000000000000000002"),
		    span_text("000000000002")},
		span_text("window 2026-01-05 net")},
	    {span_text("W1-2"), span_text("W1-0002"), {5000000},
		{span_text("示例收款方乙"), span_text("000000000000000003"),
		    span_text("000000000003")},
		{NULL, 0}},
	};
	const struct iso_order order = {.message = span_text("SR-20260105-0001"),
	    .block = span_text("SR-20260105-0001-1"),
	    .created_ms = day_start_ms(day_of(2026, 1, 5)) + INT64_C(9) * 3600 * 1000,
	    .execution_day = day_of(2026, 1, 6),
	    .debtor = {span_text("示例付款方"), span_text("000000000000000001"),
		span_text("000000000001")},
	    .transfers = transfers,
	    .count = 2};
	struct buffer out = {0}, again = {0};
	assert_good(iso_order_write(&out, &order, NULL));
	char *written = terminated(&out);
	/* The file's initiating party has a name of its own; ours is the debtor. */
	char *wanted = replaced(text, "<InitgPty><Nm>示例城市结算账户", "<InitgPty><Nm>示例付款方");
	char *a = bare(wanted), *b = bare(written);
	assert_string_equal(b, a);
	assert_good(iso_order_write(&again, &order, NULL));
	assert_true(span_equal(buffer_span(&out), buffer_span(&again)));
	assert_valid(&out, "pain.001.001.09");
	free(a);
	free(b);
	free(wanted);
	free(written);
	free(text);
	buffer_free(&out);
	buffer_free(&again);
}

/* --- amounts, sums, counts ------------------------------------------------------------------------------------- */

static void amounts_are_exact_to_the_fen(void **state)
{
	(void)state;
	/* 2^53 + 1 fen: no floating point number. */
	static const struct {
		int64_t fen;
		const char *yuan;
	} cases[] = {{1, "0.01"}, {9, "0.09"}, {10, "0.10"}, {99, "0.99"}, {100, "1.00"},
	    {123456789, "1234567.89"}, {INT64_C(9007199254740993), "90071992547409.93"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iso_transfer transfer = transfer_of("E1", cases[i].fen);
		struct iso_order order = order_of(&transfer, 1);
		struct buffer out = {0};
		struct iso_file file;
		char wanted[128];
		assert_good(iso_order_write(&out, &order, NULL));
		char *text = terminated(&out);
		snprintf(
		    wanted, sizeof(wanted), "<InstdAmt Ccy=\"CNY\">%s</InstdAmt>", cases[i].yuan);
		assert_non_null(strstr(text, wanted));
		snprintf(wanted, sizeof(wanted), "<CtrlSum>%s</CtrlSum>", cases[i].yuan);
		assert_non_null(strstr(strstr(text, wanted) + 1, wanted));
		assert_valid(&out, "pain.001.001.09");
		assert_good(read_text(text, &file));
		assert_true(file.order.transfers[0].amount.value == cases[i].fen);
		iso_file_free(&file);
		free(text);
		buffer_free(&out);
	}
}

static void what_is_no_amount_in_fen_is_refused(void **state)
{
	(void)state;
	static const char *const amounts[] = {"50000", "50000.0", "50000.000", "-50000.00",
	    "+50000.00", "0.00", "50,000.00", "5e4", "", " ", "50000.0x", "0x10.00", "１.００",
	    "99999999999999999999.00"};
	char *text = vector("pain001_min.xml");
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		char element[64];
		struct iso_file file;
		snprintf(element, sizeof(element), "\"CNY\">%s<", amounts[i]);
		char *other = replaced(text, "\"CNY\">50000.00<", element);
		enum error error = read_text(other, &file);
		if (error != ERROR_MALFORMED)
			print_error("%s: %s\n", amounts[i], error_name(error));
		assert_error(error, ERROR_MALFORMED);
		free(other);
	}
	free(text);
}

static void sums_and_counts_must_agree(void **state)
{
	(void)state;
	static const struct {
		const char *old, *new;
		enum error wanted;
	} orders[] = {
	    {"<NbOfTxs>2</NbOfTxs><CtrlSum>150000.01</CtrlSum><InitgPty>",
		"<NbOfTxs>3</NbOfTxs><CtrlSum>150000.01</CtrlSum><InitgPty>", ERROR_MISMATCH},
	    {"<NbOfTxs>2</NbOfTxs><CtrlSum>150000.01</CtrlSum><InitgPty>",
		"<NbOfTxs>2</NbOfTxs><CtrlSum>150000.00</CtrlSum><InitgPty>", ERROR_MISMATCH},
	    {"<NbOfTxs>2</NbOfTxs><CtrlSum>150000.01</CtrlSum><ReqdExctnDt>",
		"<NbOfTxs>1</NbOfTxs><CtrlSum>150000.01</CtrlSum><ReqdExctnDt>", ERROR_MISMATCH},
	    {"<NbOfTxs>2</NbOfTxs><CtrlSum>150000.01</CtrlSum><ReqdExctnDt>",
		"<NbOfTxs>2</NbOfTxs><CtrlSum>150000.02</CtrlSum><ReqdExctnDt>", ERROR_MISMATCH},
	    {"50000.00", "50000.01", ERROR_MISMATCH}, /* a changed payment */
	    {"<NbOfTxs>2</NbOfTxs>", "", ERROR_MALFORMED},
	    {"<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>two</NbOfTxs>", ERROR_MALFORMED},
	    {"<CtrlSum>150000.01</CtrlSum><InitgPty>", "<InitgPty>",
		ERROR_NONE}, /* may be left out */
	};
	char *text = vector("pain001_min.xml");
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		char *other = replaced(text, orders[i].old, orders[i].new);
		struct iso_file file;
		assert_error(read_text(other, &file), orders[i].wanted);
		iso_file_free(&file);
		free(other);
	}
	free(text);
	text = vector("camt054_min.xml");
	char *other = replaced(
	    text, "<Ntry><Amt Ccy=\"CNY\">100000.01<", "<Ntry><Amt Ccy=\"CNY\">100000.02<");
	assert_refused(other, ERROR_MISMATCH);
	free(other);
	other = replaced(text, "<Ntry>",
	    "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry><Ntry>");
	assert_refused(other, ERROR_MISMATCH);
	free(other);
	other = replaced(text, "<Ntry>",
	    "<TxsSummry><TtlNtries><NbOfNtries>1</NbOfNtries><Sum>100000.00</Sum></TtlNtries>"
	    "</TxsSummry><Ntry>");
	assert_refused(other, ERROR_MISMATCH);
	free(other);
	other = replaced(text, "<NtryDtls>", "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>");
	assert_refused(other, ERROR_MISMATCH);
	free(other);
	free(text);
}

static void a_sum_that_does_not_fit_is_not_written(void **state)
{
	(void)state;
	struct iso_transfer transfers[] = {transfer_of("E1", AMOUNT_MAX),
	    transfer_of("E2", AMOUNT_MAX), transfer_of("E3", AMOUNT_MAX),
	    transfer_of("E4", AMOUNT_MAX), transfer_of("E5", AMOUNT_MAX),
	    transfer_of("E6", AMOUNT_MAX), transfer_of("E7", AMOUNT_MAX),
	    transfer_of("E8", AMOUNT_MAX)};
	struct iso_order order = order_of(transfers, 8);
	struct error_detail detail = {""};
	struct buffer out = {0};
	assert_error(iso_order_write(&out, &order, &detail), ERROR_OVERFLOW);
	assert_int_equal(out.size, 0);
	buffer_free(&out);
}

/* --- refusals -------------------------------------------------------------------------------------------------- */

static void what_is_no_such_file_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *old, *new;
		enum error wanted;
	} cases[] = {
	    {"Ccy=\"CNY\">50000.00", "Ccy=\"USD\">50000.00", ERROR_MISMATCH},
	    {" Ccy=\"CNY\">50000.00", ">50000.00", ERROR_MISMATCH},
	    {"pain.001.001.09", "pain.001.001.03", ERROR_MALFORMED},
	    {" xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"", "", ERROR_MALFORMED},
	    {"<Cdtr>", "<Cdtr xmlns=\"urn:other\">", ERROR_MALFORMED},
	    {"<CstmrCdtTrfInitn>", "<Other xmlns=\"urn:other\"/><CstmrCdtTrfInitn>",
		ERROR_MALFORMED},
	    {"W1-0002", "W1-0001", ERROR_CONFLICT},
	    {"<EndToEndId>W1-0002</EndToEndId>", "", ERROR_MALFORMED},
	    {"<EndToEndId>W1-0002</EndToEndId>", "<EndToEndId></EndToEndId>", ERROR_MALFORMED},
	    {"W1-0002", "123456789012345678901234567890123456", ERROR_TOO_LARGE}, /* 36 */
	    {"<EndToEndId>W1-0002</EndToEndId>",
		"<EndToEndId>W1-0002</EndToEndId><EndToEndId>W1-0003</EndToEndId>",
		ERROR_MALFORMED},
	    {"<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CHK</PmtMtd>", ERROR_MALFORMED},
	    {"2026-01-06", "2026-02-30", ERROR_MALFORMED},
	    {"<MsgId>SR-20260105-0001</MsgId>", "", ERROR_MALFORMED},
	    {"</PmtInf>", "</PmtInf><PmtInf><PmtInfId>2</PmtInfId></PmtInf>", ERROR_MALFORMED},
	    {"<PmtInf>", "loose text<PmtInf>", ERROR_MALFORMED},
	    {"<PmtInf>", "<?process this?><PmtInf>", ERROR_MALFORMED},
	    {"<PmtInf>", "&undeclared;<PmtInf>", ERROR_MALFORMED},
	    {"<PmtInf>", "<PmtInf", ERROR_MALFORMED},
	    {"</Document>", "</Document><Document/>", ERROR_MALFORMED},
	    {"</Document>", "", ERROR_MALFORMED},
	    /* what may stand there */
	    {"<PmtInf>", "<!-- a comment --><PmtInf>", ERROR_NONE},
	    {"W1-0002", "<![CDATA[W1-0002]]>", ERROR_NONE},
	    {"W1-0002", "&#87;1-0002", ERROR_NONE},
	    {"<Dbtr>", "<Unknown><Deeper>1</Deeper></Unknown><Dbtr>", ERROR_NONE},
	};
	char *text = vector("pain001_min.xml");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *other = replaced(text, cases[i].old, cases[i].new);
		struct iso_file file;
		enum error error = read_text(other, &file);
		if (error != cases[i].wanted)
			print_error("%s -> %s\n", cases[i].old, cases[i].new);
		assert_error(error, cases[i].wanted);
		iso_file_free(&file);
		free(other);
	}
	free(text);
}

static void a_dtd_is_refused_before_any_entity_is_made(void **state)
{
	(void)state;
	static const char *const dtds[] = {
	    "<!DOCTYPE Document>",
	    "<!DOCTYPE Document [<!ENTITY e \"W1-0002\">]>",
	    "<!DOCTYPE Document SYSTEM \"file:///etc/passwd\">",
	    "<!DOCTYPE Document [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
	    "<!DOCTYPE Document [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/x.dtd\">%p;]>",
	    ("<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
	     "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY e \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>"),
	};
	char *text = vector("pain001_min.xml");
	for (size_t i = 0; i < sizeof(dtds) / sizeof(dtds[0]); i++) {
		char start[1024];
		snprintf(start, sizeof(start), "%s\n<Document", dtds[i]);
		char *with = replaced(text, "<Document", start);
		char *using = replaced(with, "W1-0002", "&e;");
		assert_refused(with, ERROR_MALFORMED);
		assert_refused(using, ERROR_MALFORMED);
		free(with);
		free(using);
	}
	free(text);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"pain001_min.xml", "camt054_min.xml"};
	for (size_t i = 0; i < 2; i++) {
		char *text = vector(names[i]);
		size_t whole = strlen(text);
		while (whole > 0 && text[whole - 1] == '\n')
			whole--;
		for (size_t size = 0; size < whole; size++) {
			struct iso_file file;
			struct error_detail detail = {""};
			enum error error =
			    iso_read("bank.xml", span_of(text, size), &file, &detail);
			/* A character cut in two is no UTF-8. */
			assert_true(error == ERROR_MALFORMED || error == ERROR_ENCODING);
		}
		free(text);
	}
}

static void other_encodings_are_refused(void **state)
{
	(void)state;
	static const uint8_t utf16[] = {0xff, 0xfe, '<', 0, 'a', 0, '/', 0, '>', 0};
	static const uint8_t nul[] = "<a>\0</a>";
	struct iso_file file;
	char *text = vector("pain001_min.xml");
	char *gbk = replaced(text, "示例付款方", "\xca\xbe\xc0\xfd");
	assert_refused(gbk, ERROR_ENCODING);
	assert_error(
	    iso_read("bank.xml", span_of(utf16, sizeof(utf16)), &file, NULL), ERROR_ENCODING);
	assert_error(
	    iso_read("bank.xml", span_of(nul, sizeof(nul) - 1), &file, NULL), ERROR_ENCODING);
	free(gbk);
	free(text);
}

static void nothing_and_too_much_are_refused(void **state)
{
	(void)state;
	struct iso_file file;
	struct error_detail detail = {""};
	assert_error(iso_read("bank.xml", (struct span){NULL, 0}, &file, &detail), ERROR_MALFORMED);
	assert_refused("   \n", ERROR_MALFORMED);
	assert_refused("not XML", ERROR_MALFORMED);
	/* Address space only: nothing of it is read. */
	size_t size = (size_t)ISO_FILE_MAX + 1;
	void *huge =
	    mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(huge, MAP_FAILED);
	assert_error(iso_read("bank.xml", span_of(huge, size), &file, &detail), ERROR_TOO_LARGE);
	munmap(huge, size);
}

#define REPORT_HEAD                                                                           \
	"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt>" \
	"<GrpHdr><MsgId>B-1</MsgId><CreDtTm>2026-11-11T18:00:00+08:00</CreDtTm></GrpHdr>"     \
	"<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId>"                                       \
	"<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
#define REPORT_TAIL "</CstmrPmtStsRpt></Document>"

static void depth_and_number_have_bounds(void **state)
{
	(void)state;
	struct buffer deep = {0}, many = {0};
	struct iso_file file;
	struct error_detail detail = {""};
	buffer_append_text(
	    &deep, "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">");
	for (unsigned i = 0; i < 100000; i++)
		buffer_append_text(&deep, "<a>");
	assert_error(iso_read("bank.xml", buffer_span(&deep), &file, &detail), ERROR_TOO_LARGE);
	buffer_append_text(&many, REPORT_HEAD "</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>");
	for (unsigned i = 0; i <= ISO_TRANSFERS_MAX; i++)
		buffer_append_format(&many,
		    "<TxInfAndSts><OrgnlEndToEndId>E%u</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
		    "</TxInfAndSts>",
		    i);
	buffer_append_text(&many, "</OrgnlPmtInfAndSts>" REPORT_TAIL);
	assert_good(many.failed);
	assert_error(iso_read("bank.xml", buffer_span(&many), &file, &detail), ERROR_TOO_LARGE);
	buffer_free(&deep);
	buffer_free(&many);
	struct iso_transfer transfer = transfer_of("E1", 1);
	struct iso_order order = order_of(&transfer, 0);
	assert_error(iso_order_write(&many, &order, &detail), ERROR_TOO_LARGE);
	order.count = ISO_TRANSFERS_MAX + 1u;
	assert_error(iso_order_write(&many, &order, &detail), ERROR_TOO_LARGE);
}

/* --- what is written ------------------------------------------------------------------------------------------- */

static void markup_in_names_is_text(void **state)
{
	(void)state;
	struct iso_transfer transfer = transfer_of("E1", 100);
	transfer.creditor.name = span_text("春晖<养老&院> \"一\" '二' ]]>");
	struct iso_order order = order_of(&transfer, 1);
	struct buffer out = {0};
	struct iso_file file;
	assert_good(iso_order_write(&out, &order, NULL));
	assert_valid(&out, "pain.001.001.09");
	char *text = terminated(&out);
	assert_good(read_text(text, &file));
	assert_span(file.order.transfers[0].creditor.name, "春晖<养老&院> \"一\" '二' ]]>");
	iso_file_free(&file);
	free(text);
	buffer_free(&out);
}

static void what_a_banks_file_cannot_carry_is_not_written(void **state)
{
	(void)state;
	char long_name[3 * 141 + 1] = "", full_name[3 * 140 + 1] = "";
	for (size_t i = 0; i < 141; i++)
		strcat(long_name, "张");
	memcpy(full_name, long_name, 3 * 140);
	const struct {
		struct iso_party party;
		enum error wanted;
	} cases[] = {
	    {{span_text(full_name), city.account, city.bank}, ERROR_NONE},
	    {{span_text(long_name), city.account, city.bank}, ERROR_TOO_LARGE},
	    {{span_text(""), city.account, city.bank}, ERROR_MALFORMED},
	    {{span_text("a\nb"), city.account, city.bank}, ERROR_MALFORMED},
	    {{span_text("a\x01"), city.account, city.bank}, ERROR_MALFORMED},
	    {{span_text("a\xff"), city.account, city.bank}, ERROR_MALFORMED},
	    {{span_text("a\xef\xbf\xbf"), city.account, city.bank}, ERROR_MALFORMED}, /* U+FFFF */
	    {{city.name, span_text(""), city.bank}, ERROR_MALFORMED},
	    {{city.name, span_text("12345678901234567890123456789012345"), city.bank},
		ERROR_TOO_LARGE}, /* 35 */
	    {{city.name, city.account, span_text("31399900000")}, ERROR_MALFORMED},
	    {{city.name, city.account, span_text("31399900000X")}, ERROR_MALFORMED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iso_transfer transfer = transfer_of("E1", 100);
		struct iso_order order = order_of(&transfer, 1);
		struct error_detail detail = {""};
		struct buffer out = {0};
		transfer.creditor = cases[i].party;
		enum error error = iso_order_write(&out, &order, &detail);
		if (error != cases[i].wanted)
			print_error("case %zu: %s\n", i, detail.text);
		assert_error(error, cases[i].wanted);
		assert_true((out.size == 0) == (cases[i].wanted != ERROR_NONE));
		buffer_free(&out);
	}
	struct iso_transfer transfer = transfer_of("E1", 0);
	struct iso_order order = order_of(&transfer, 1);
	struct buffer out = {0};
	assert_error(iso_order_write(&out, &order, NULL), ERROR_MALFORMED);
	transfer.amount.value = -1;
	assert_error(iso_order_write(&out, &order, NULL), ERROR_MALFORMED);
	buffer_free(&out);
}

static void a_notification_is_written_and_read_back(void **state)
{
	(void)state;
	struct iso_booking bookings[] = {
	    {.end_to_end = span_text("E1"),
		.amount = {12345},
		.day = day_of(2026, 11, 10),
		.reference = span_text("R1")},
	    {.end_to_end = span_text("E1"),
		.amount = {12345},
		.credit = true,
		.returned = true,
		.day = day_of(2026, 11, 11),
		.reason = span_text("AC01")},
	    {.end_to_end = span_text("E2"),
		.amount = {1},
		.credit = true,
		.day = day_of(2026, 11, 12)},
	};
	const struct iso_notification notification = {.message = span_text("B-1"),
	    .id = span_text("N-1"),
	    .created_ms = day_start_ms(day_of(2026, 11, 12)),
	    .account = city.account,
	    .bookings = bookings,
	    .count = 3};
	struct buffer out = {0};
	struct iso_file file;
	assert_good(iso_notification_write(&out, &notification, NULL));
	assert_valid(&out, "camt.054.001.08");
	char *text = terminated(&out);
	assert_good(read_text(text, &file));
	assert_int_equal(file.notification.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct iso_booking *booking = &file.notification.bookings[i];
		assert_true(span_equal(booking->end_to_end, bookings[i].end_to_end));
		assert_true(booking->amount.value == bookings[i].amount.value);
		assert_int_equal(booking->credit, bookings[i].credit);
		assert_int_equal(booking->returned, bookings[i].returned);
		assert_int_equal(booking->day, bookings[i].day);
		assert_true(span_equal(booking->reference, bookings[i].reference));
		assert_true(span_equal(booking->reason, bookings[i].reason));
	}
	iso_file_free(&file);
	/* The same event of the same payment twice is a double; a booking and its return are two events. */
	char *twice = replaced(text, "<EndToEndId>E2</EndToEndId>", "<EndToEndId>E1</EndToEndId>");
	assert_good(read_text(twice, &file));
	iso_file_free(&file);
	free(twice);
	struct iso_booking doubled[] = {bookings[0], bookings[0]};
	const struct iso_notification bad = {.message = notification.message,
	    .id = notification.id,
	    .created_ms = notification.created_ms,
	    .account = city.account,
	    .bookings = doubled,
	    .count = 2};
	buffer_clear(&out);
	assert_good(iso_notification_write(&out, &bad, NULL));
	free(text);
	text = terminated(&out);
	assert_refused(text, ERROR_CONFLICT);
	free(text);
	buffer_free(&out);
}

static void a_report_is_written_and_read_back(void **state)
{
	(void)state;
	struct iso_rejection rejections[] = {
	    {.end_to_end = span_text("E1"),
		.has_amount = true,
		.amount = {12345},
		.reason = span_text("AC04")},
	    {.end_to_end = span_text("E2")},
	};
	struct iso_report report = {.message = span_text("B-2"),
	    .original = span_text("MESSAGE"),
	    .block = span_text("MESSAGE-1"),
	    .created_ms = day_start_ms(day_of(2026, 11, 11)),
	    .rejections = rejections,
	    .count = 2};
	struct buffer out = {0};
	struct iso_file file;
	assert_good(iso_report_write(&out, &report, NULL));
	assert_valid(&out, "pain.002.001.10");
	char *text = terminated(&out);
	assert_good(read_text(text, &file));
	assert_int_equal(file.kind, ISO_REPORT);
	assert_span(file.report.original, "MESSAGE");
	assert_int_equal(file.report.day, day_of(2026, 11, 11));
	assert_false(file.report.all_rejected);
	assert_int_equal(file.report.count, 2);
	assert_true(file.report.rejections[0].has_amount);
	assert_true(file.report.rejections[0].amount.value == 12345);
	assert_span(file.report.rejections[0].reason, "AC04");
	assert_false(file.report.rejections[1].has_amount);
	iso_file_free(&file);
	free(text);
	buffer_clear(&out);
	report.count = 0;
	report.all_rejected = true;
	report.reason = span_text("AC02");
	assert_good(iso_report_write(&out, &report, NULL));
	assert_valid(&out, "pain.002.001.10");
	text = terminated(&out);
	assert_good(read_text(text, &file));
	assert_true(file.report.all_rejected);
	assert_span(file.report.reason, "AC02");
	assert_int_equal(file.report.count, 0);
	iso_file_free(&file);
	free(text);
	buffer_free(&out);
}

/* --- what banks write otherwise ------------------------------------------------------------------------------------ */

/* Accepted and pending payments are no rejections. */
static void only_what_is_rejected_is_kept_of_a_report(void **state)
{
	(void)state;
	struct iso_file file;
	assert_good(read_text(REPORT_HEAD
	    "<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>"
	    "<OrgnlPmtInfId>M-1</OrgnlPmtInfId>"
	    "<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>"
	    "<TxInfAndSts><OrgnlEndToEndId>E2</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>"
	    "<TxInfAndSts><OrgnlEndToEndId>E3</OrgnlEndToEndId><TxSts>PDNG</TxSts></TxInfAndSts>"
	    "</OrgnlPmtInfAndSts>" REPORT_TAIL,
	    &file));
	assert_false(file.report.all_rejected);
	assert_int_equal(file.report.count, 1);
	assert_span(file.report.rejections[0].end_to_end, "E2");
	iso_file_free(&file);
	assert_good(read_text(REPORT_HEAD
	    "</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>M-1</OrgnlPmtInfId>"
	    "<PmtInfSts>RJCT</PmtInfSts></OrgnlPmtInfAndSts>" REPORT_TAIL,
	    &file));
	assert_true(file.report.all_rejected);
	iso_file_free(&file);
	assert_refused(REPORT_HEAD
	    "</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><TxInfAndSts>"
	    "<TxSts>RJCT</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>" REPORT_TAIL,
	    ERROR_MALFORMED);
}

#define NOTIFICATION(entries)                                                              \
	"<Document "                                                                       \
	"xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn>" \
	"<GrpHdr><MsgId>B</MsgId><CreDtTm>2026-11-11T18:00:00+08:00</CreDtTm></GrpHdr>"    \
	"<Ntfctn><Id>N</Id><Acct><Id><Othr><Id>1</Id></Othr></Id></Acct>" entries          \
	"</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"

static void a_batch_is_as_many_bookings(void **state)
{
	(void)state;
	struct iso_file file;
	assert_good(read_text(
	    NOTIFICATION(
		"<Ntry><Amt "
		"Ccy=\"CNY\">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
		"<BookgDt><DtTm>2026-11-11T16:30:00+08:00</DtTm></BookgDt><AcctSvcrRef>R</"
		"AcctSvcrRef>"
		"<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>"
		"<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt "
		"Ccy=\"CNY\">1.00</Amt></TxDtls>"
		"<TxDtls><Refs><AcctSvcrRef>R2</AcctSvcrRef><EndToEndId>E2</EndToEndId></Refs>"
		"<Amt Ccy=\"CNY\">2.00</Amt></TxDtls></NtryDtls></Ntry>"),
	    &file));
	assert_int_equal(file.notification.count, 2);
	assert_true(file.notification.bookings[0].amount.value == 100);
	assert_span(file.notification.bookings[0].reference, "R");
	assert_span(file.notification.bookings[1].reference, "R2");
	assert_false(file.notification.bookings[1].credit);
	assert_int_equal(file.notification.bookings[1].day, day_of(2026, 11, 11));
	iso_file_free(&file);
}

#define ENTRY(amount, side, more, status, id)                                                    \
	"<Ntry><Amt Ccy=\"CNY\">" amount "</Amt><CdtDbtInd>" side "</CdtDbtInd>" more            \
	"<Sts><Cd>" status "</Cd></Sts><BookgDt><Dt>2026-11-11</Dt></BookgDt><NtryDtls><TxDtls>" \
	"<Refs><EndToEndId>" id "</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"

static void pending_entries_are_left_for_later_and_reversals_are_returns(void **state)
{
	(void)state;
	struct iso_file file;
	assert_good(read_text(NOTIFICATION(ENTRY("1.00", "DBIT", "", "PDNG", "E1")
				      ENTRY("2.00", "CRDT", "<RvslInd>true</RvslInd>", "BOOK", "E2")
					  ENTRY("3.00", "CRDT", "", "BOOK", "NOTPROVIDED")),
	    &file));
	assert_int_equal(file.notification.count, 2);
	assert_span(file.notification.bookings[0].end_to_end, "E2");
	assert_true(file.notification.bookings[0].returned);
	assert_int_equal(file.notification.bookings[1].end_to_end.size, 0);
	assert_true(file.notification.bookings[1].amount.value == 300);
	iso_file_free(&file);
	assert_refused(NOTIFICATION(ENTRY("1.00", "BOTH", "", "BOOK", "E1")), ERROR_MALFORMED);
	assert_refused(
	    NOTIFICATION(ENTRY("1.00", "DBIT", "<RvslInd>maybe</RvslInd>", "BOOK", "E1")),
	    ERROR_MALFORMED);
	assert_refused(NOTIFICATION(""), ERROR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_minimal_order_is_read),
	    cmocka_unit_test(the_minimal_notification_is_read),
	    cmocka_unit_test(the_minimal_order_is_written_element_by_element),
	    cmocka_unit_test(amounts_are_exact_to_the_fen),
	    cmocka_unit_test(what_is_no_amount_in_fen_is_refused),
	    cmocka_unit_test(sums_and_counts_must_agree),
	    cmocka_unit_test(a_sum_that_does_not_fit_is_not_written),
	    cmocka_unit_test(what_is_no_such_file_is_refused),
	    cmocka_unit_test(a_dtd_is_refused_before_any_entity_is_made),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(other_encodings_are_refused),
	    cmocka_unit_test(nothing_and_too_much_are_refused),
	    cmocka_unit_test(depth_and_number_have_bounds),
	    cmocka_unit_test(markup_in_names_is_text),
	    cmocka_unit_test(what_a_banks_file_cannot_carry_is_not_written),
	    cmocka_unit_test(a_notification_is_written_and_read_back),
	    cmocka_unit_test(a_report_is_written_and_read_back),
	    cmocka_unit_test(only_what_is_rejected_is_kept_of_a_report),
	    cmocka_unit_test(a_batch_is_as_many_bookings),
	    cmocka_unit_test(pending_entries_are_left_for_later_and_reversals_are_returns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
