/* town.h: whole cities at the floor of the rules, for tests of claims, runs and reversals: each has a real ledger, keys and a catalogue from YAML;
 * every command is signed, admitted, decided, decided again as a replay does, appended and committed, and what goes out is carried to the
 * other towns. The test sets the clock. */
#ifndef SUIREN_TEST_TOWN_H
#define SUIREN_TEST_TOWN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allowance.h"
#include "assessment.h"
#include "calendar.h"
#include "claim.h"
#include "claim_state.h"
#include "descriptor.h"
#include "embedded.h"
#include "entitlement.h"
#include "fund.h"
#include "institution.h"
#include "message.h"
#include "obligation.h"
#include "order.h"
#include "payment.h"
#include "registry.h"
#include "reversal.h"
#include "settlement_internal.h"
#include "stay.h"
#include "verdict.h"
#include "window.h"

#define CHENGDU 510100u
#define CHONGQING 500000u
#define GUANGYUAN 510800u
#define NANCHONG 511300u

/* Codes with right check characters (GB 32100, GB 11714). */
#define HOUSE_A "52510100MJ0000018W"
#define HOUSE_B "52510100MJ0000026P"
#define HOUSE_C "52510100000000019C"
#define HOUSE_D "91500000000000027W"

#define TOWN_LINES_MAX 1200u
#define TOWN_LETTERS_MAX 256u
#define AS_THE_POLICY_GIVES (-1)

/* A document on its way. */
struct town_letter {
	uint32_t to;
	char name[DOCUMENT_NAME_SIZE];
	struct buffer document, attachment;
};

struct town_post {
	struct town_letter letters[TOWN_LETTERS_MAX];
	size_t count;
};

struct town {
	char path[256];
	uint32_t region;
	struct ledger_options ledger_options;
	struct ledger *ledger;
	struct settlement *settlement;
	struct command_storage *storage;
	struct secret_key root_key, document_key, log_key;
	struct hash registry_key;
	int64_t now_ms;
	struct decision decision;
	uint64_t sequence; /* of the last entry, or of the first answer to a repeat */
	uint32_t numbers;  /* given out: ids, nonces, sheets */
	struct error_detail detail;
	struct town_post *post;
	struct buffer yaml;
	uint32_t
	    forged;   /* documents that others took in its name, which its own log does not know */
	bool forgets; /* persons are erased: what was decided about them is not decided again */
	bool
	    from_log; /* entries are projected from what is logged, as in a rebuild, not from what deciding has left in memory */
};

/* --- catalogues -------------------------------------------------------------------------------------------- */

/* The head of a catalogue with three funds, in the order in which the domain lets them pay; programmes follow. */
#define CATALOGUE(region, version)                                                             \
	"region: " region "\nname_zh: 某市\nname_en: a city\nversion: " version                \
	"\neffective_from: 2026-01-01\npays_from_float: true\nclearing: net\n"                 \
	"funds:\n"                                                                             \
	"  - {code: central, name_zh: 中央, name_en: central, source: fiscal, owner: " region  \
	"}\n"                                                                                  \
	"  - {code: lottery, name_zh: 福彩, name_en: lottery, source: lottery, owner: " region \
	"}\n"                                                                                  \
	"  - {code: city, name_zh: 市级, name_en: city, source: fiscal, owner: " region "}\n"  \
	"programmes:\n"

/* Where ceilings and caps stand: goes with them. */
#define LIMITS "    limits_clause: 一(一)\n"

/* A subsidy that institutions claim by the day, for everybody. `more`: further fields, each "    name: value\n". */
#define DAILY(code, need, payer, from, amount, funds, more)                                        \
	"  - code: " code                                                                          \
	"\n    name_zh: 补贴\n    name_en: subsidy\n    document: 某府发〔2026〕1号\n"     \
	"    clause: 一(一)\n    effective_from: " from "\n    need: " need "\n    accrues: day\n" \
	"    unit: bed_month\n    payer: " payer "\n    paid_to: institution\n    starts: day\n"   \
	"    portable: true\n    needs_grant: false\n    needs_stay: true\n"                       \
	"    needs_assessment: false\n    amounts: [{amount: " amount ", clause: 一(一)}]\n"     \
	"    funds: [" funds "]\n    claim_deadline_days: 60\n" more

static inline int32_t day(int year, int month, int day_of_month)
{
	return day_of(year, month, day_of_month);
}

static inline void town_at(struct town *town, int32_t today)
{
	town->now_ms = day_start_ms(today) + INT64_C(9) * 3600 * 1000;
}

/* --- one command ------------------------------------------------------------------------------------------- */

/* What comes with an endorsement: [sheet COSE, secret, count, lines]. */
static inline void town_attach_sheet(struct buffer *out, const struct command *command)
{
	codec_put_array(out, 4);
	codec_put_bytes(out, command->documents[0]);
	codec_put_bytes(out, hash_span(&command->secret));
	codec_put_uint(out, command->count);
	codec_put_bytes(out, command->lines);
}

static inline void town_send(
    struct town *town, const struct command *command, const struct entry_draft *draft)
{
	for (size_t i = 0; i < town->decision.outgoing_count; i++) {
		struct town_post *post = town->post;
		assert_true(post->count < TOWN_LETTERS_MAX);
		struct town_letter *letter = &post->letters[post->count++];
		*letter = (struct town_letter){.to = town->decision.outgoing[i].to};
		snprintf(letter->name, sizeof(letter->name), "%s", town->decision.outgoing[i].name);
		buffer_append(&letter->document, draft->documents[command->document_count + i]);
		if (strcmp(letter->name, "endorsement") == 0)
			town_attach_sheet(&letter->attachment, command);
	}
}

/* Decided again, the entry comes to the same. */
static inline void town_replay(struct town *town, struct txn *txn, const struct entry_draft *draft)
{
	uint64_t size;
	uint32_t not_rerun;
	assert_int_equal(ledger_head(txn, &size, NULL), ERROR_NONE);
	const struct entry entry = {
	    .header = {.epoch = 1,
		.sequence = size,
		.time_ms = town->now_ms,
		.kind = draft->kind,
		.document_count = (uint32_t)draft->document_count,
		.count = draft->count},
	    .secret = draft->secret,
	    .documents = draft->documents,
	    .lines = draft->lines,
	    .verdicts = draft->verdicts,
	    .transfers = draft->transfers,
	    .transfer_count = draft->transfer_count,
	};
	if (settlement_replay(town->settlement, txn, &entry, &not_rerun, &town->detail))
		fail_msg("%s", town->detail.text);
	assert_true(not_rerun == 0 || town->forgets);
}

static inline void town_append(struct town *town, struct txn *txn, const struct command *command)
{
	struct span spans[2 + DECISION_OUTGOING_MAX];
	const struct hash salt = {{(uint8_t)++town->numbers, 1}};
	struct buffer documents = {0};
	struct entry_draft draft;
	assert_int_equal(
	    settlement_draft(town->settlement, command, &town->decision, &town->document_key,
		&documents, spans, sizeof(spans) / sizeof(*spans), &draft),
	    ERROR_NONE);
	town_replay(town, txn, &draft);
	if (town->from_log)
		town->settlement->claims_decided = false;
	if (ledger_append(
		town->ledger, txn, &draft, town->now_ms, &salt, &town->sequence, &town->detail))
		fail_msg("%s", town->detail.text);
	assert_int_equal(ledger_commit(town->ledger, txn), ERROR_NONE);
	town_send(town, command, &draft);
	buffer_free(&documents);
}

/* Book a document; what it is refused with is returned, and nothing is changed then. */
static inline enum error town_submit(
    struct town *town, struct span document, struct span attachment)
{
	struct command command = {.sheet = NULL};
	struct txn *txn;
	town->detail.text[0] = '\0';
	assert_int_equal(ledger_begin(town->ledger, &txn), ERROR_NONE);
	enum error error = settlement_admit(town->settlement, txn, document, attachment,
	    town->storage, &command, &town->sequence, &town->detail);
	if (!error && command.lines.size == 0)
		command.secret = hash_sha256(document);
	if (!error)
		error = settlement_decide(
		    town->settlement, txn, &command, town->now_ms, &town->decision, &town->detail);
	if (error)
		ledger_abort(town->ledger, txn);
	else
		town_append(town, txn, &command);
	return error;
}

/* Must be taken. */
static inline void town_take(struct town *town, struct span document, struct span attachment)
{
	enum error error = town_submit(town, document, attachment);
	if (error)
		fail_msg(
		    "%06u: %s: %s", (unsigned)town->region, error_name(error), town->detail.text);
}

/* The town refuses a document that has come to it, as its node would: by an entry. The refusal itself goes with the post. */
static inline void town_refuses(
    struct town *town, struct span document, uint64_t number, const char *why)
{
	const struct hash hash = document_hash(document);
	const struct span documents[] = {document};
	struct command command = {.kind = KIND_refusal,
	    .documents = documents,
	    .document_count = 1,
	    .secret = hash,
	    .count = 1};
	struct buffer line = {0};
	struct txn *txn;
	codec_put_array(&line, 3);
	codec_put_bytes(&line, hash_span(&hash));
	codec_put_uint(&line, number);
	codec_put_text(&line, span_text(why));
	command.lines = buffer_span(&line);
	assert_int_equal(ledger_begin(town->ledger, &txn), ERROR_NONE);
	assert_int_equal(settlement_decide(town->settlement, txn, &command, town->now_ms,
			     &town->decision, &town->detail),
	    ERROR_NONE);
	town_append(town, txn, &command);
	buffer_free(&line);
}

/* --- orders ------------------------------------------------------------------------------------------------ */

/* An order under an id, signed by whoever has `key`; the buffers are freed. `lines` may be NULL. */
static inline enum error town_order_by(struct town *town, const struct secret_key *key,
    const char *id, enum kind kind, struct buffer *parameters, size_t parameter_count,
    struct buffer *lines, uint32_t count)
{
	const struct hash content = {{0}};
	const struct hash secret = {{(uint8_t)town->numbers, (uint8_t)(town->numbers >> 8), 2}};
	struct buffer document = {0}, attachment = {0}, none = {0};
	parameters = parameters ? parameters : &none;
	lines = lines ? lines : &none;
	assert_true(parameters->failed == ERROR_NONE && lines->failed == ERROR_NONE);
	assert_int_equal(
	    order_sign(&document, key, town->region, kind, span_text(id), buffer_span(parameters),
		parameter_count, &content, &secret, buffer_span(lines), count),
	    ERROR_NONE);
	if (count) {
		codec_put_array(&attachment, 3);
		codec_put_bytes(&attachment, hash_span(&secret));
		codec_put_uint(&attachment, count);
		codec_put_bytes(&attachment, buffer_span(lines));
	}
	enum error error = town_submit(town, buffer_span(&document), buffer_span(&attachment));
	buffer_free(&document);
	buffer_free(&attachment);
	buffer_free(parameters);
	buffer_free(lines);
	*parameters = *lines = (struct buffer){0};
	return error;
}

/* An order of the town's own. */
static inline enum error town_order_as(struct town *town, const char *id, enum kind kind,
    struct buffer *parameters, size_t parameter_count, struct buffer *lines, uint32_t count)
{
	return town_order_by(
	    town, &town->document_key, id, kind, parameters, parameter_count, lines, count);
}

static inline enum error town_order(struct town *town, enum kind kind, struct buffer *parameters,
    size_t parameter_count, struct buffer *lines, uint32_t count)
{
	char id[32];
	snprintf(id, sizeof(id), "order-%u", (unsigned)++town->numbers);
	return town_order_as(town, id, kind, parameters, parameter_count, lines, count);
}

/* Reason of the verdict on a line of the last decision. */
static inline unsigned town_reason(const struct town *town, uint32_t line)
{
	struct span item;
	assert_int_equal(
	    entry_item(buffer_span(&town->decision.verdicts), line, &item), ERROR_NONE);
	struct codec_reader reader = codec_reader(item);
	codec_array(&reader);
	unsigned reason = (unsigned)codec_uint(&reader);
	assert_int_equal(reader.failed, ERROR_NONE);
	return reason;
}

/* An order of one line that must be registered (or `reason`). */
static inline void town_register(
    struct town *town, enum kind kind, struct buffer *line, unsigned reason)
{
	enum error error = town_order(town, kind, NULL, 0, line, 1);
	if (error)
		fail_msg("%s", town->detail.text);
	assert_int_equal(town_reason(town, 0), reason);
}

/* --- towns ------------------------------------------------------------------------------------------------- */

static inline struct secret_key town_key(uint32_t region, uint8_t number)
{
	struct hash seed = {{number, (uint8_t)region, (uint8_t)(region >> 8)}};
	struct secret_key key;
	key_from_seed(&seed, &key);
	return key;
}

static inline void town_descriptor(const struct town *town, struct buffer *document)
{
	struct descriptor descriptor = {.region = town->region,
	    .epoch = 1,
	    .number = 1,
	    .demo = true,
	    .root = town->root_key.public,
	    .document = town->document_key.public,
	    .log = town->log_key.public,
	    .witness = town_key(town->region, 4).public,
	    .link = town_key(town->region, 5).public};
	snprintf(descriptor.origin, sizeof(descriptor.origin), "c%06u.example/ledger/1",
	    (unsigned)town->region);
	descriptor_sign(document, &descriptor, &town->root_key);
	assert_int_equal(document->failed, ERROR_NONE);
}

/* The catalogue, from YAML; a further one must have a higher version. */
static inline enum error town_policy(struct town *town, struct span yaml)
{
	struct buffer parameter = {0};
	buffer_clear(&town->yaml);
	buffer_append(&town->yaml, yaml);
	codec_put_bytes(&parameter, yaml);
	return town_order(town, KIND_policy, &parameter, 1, NULL, 0);
}

static inline void town_genesis(struct town *town)
{
	struct buffer descriptor = {0}, parameter = {0};
	town_descriptor(town, &descriptor);
	codec_put_bytes(&parameter, buffer_span(&descriptor));
	assert_int_equal(town_order(town, KIND_genesis, &parameter, 1, NULL, 0), ERROR_NONE);
	buffer_free(&descriptor);
}

static inline void town_ledger(struct town *town)
{
	size_t tables;
	town->ledger_options = (struct ledger_options){.not_durable = true,
	    .tables = settlement_tables(&tables),
	    .chart = settlement_chart,
	    .project = settlement_project,
	    .project_own = settlement_project_own,
	    .project_context = town->settlement,
	    .origin = "town.example/ledger/1",
	    .epoch = 1,
	    .log_key = &town->log_key};
	town->ledger_options.table_count = tables;
	assert_int_equal(
	    ledger_open(town->path, &town->ledger_options, &town->ledger, &town->detail),
	    ERROR_NONE);
}

/* A new city with this catalogue, on 2026-01-05. */
static inline void town_open(
    struct town *town, uint32_t region, struct span yaml, struct town_post *post)
{
	const char *root = getenv("TMPDIR");
	memset(town, 0, sizeof(*town));
	assert_int_equal(key_library_init(), ERROR_NONE);
	snprintf(town->path, sizeof(town->path), "%s/suiren-XXXXXX", root ? root : "/tmp");
	assert_non_null(mkdtemp(town->path));
	town->region = region;
	town->post = post;
	town->root_key = town_key(region, 1);
	town->document_key = town_key(region, 2);
	town->log_key = town_key(region, 3);
	memset(town->registry_key.bytes, 0x5a, HASH_SIZE);
	const struct settlement_options options = {.region = region,
	    .epoch = 1,
	    .demo = true,
	    .has_registry_key = true,
	    .registry_key = town->registry_key};
	assert_int_equal(settlement_create(&options, &town->settlement), ERROR_NONE);
	assert_int_equal(command_storage_create(&town->storage), ERROR_NONE);
	decision_init(&town->decision);
	town_ledger(town);
	town_at(town, day(2026, 1, 5));
	town_genesis(town);
	if (town_policy(town, yaml))
		fail_msg("%s", town->detail.text);
}

static inline int town_remove_one(
    const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static inline void town_close(struct town *town)
{
	ledger_close(town->ledger);
	settlement_free(town->settlement);
	command_storage_free(town->storage);
	decision_free(&town->decision);
	buffer_free(&town->yaml);
	assert_int_equal(nftw(town->path, town_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void town_post_free(struct town_post *post)
{
	for (size_t i = 0; i < post->count; i++) {
		buffer_free(&post->letters[i].document);
		buffer_free(&post->letters[i].attachment);
	}
	post->count = 0;
}

/* Carry the first letter; letters to towns that are not here are lost. */
static inline void town_carry_one(struct town *const *towns, size_t count, struct town_post *post)
{
	struct town_letter letter = post->letters[0];
	memmove(post->letters, post->letters + 1, --post->count * sizeof(*post->letters));
	for (size_t i = 0; i < count; i++) {
		if (towns[i]->region == letter.to)
			town_take(towns[i], buffer_span(&letter.document),
			    buffer_span(&letter.attachment));
	}
	buffer_free(&letter.document);
	buffer_free(&letter.attachment);
}

/* Carry all letters, and what they cause, until there are none. */
static inline void town_carry(struct town *const *towns, size_t count, struct town_post *post)
{
	while (post->count > 0)
		town_carry_one(towns, count, post);
}

/* Make all towns known to each other, with their catalogues. */
static inline void town_introduce(struct town *const *towns, size_t count, struct town_post *post)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < count; k++) {
			struct buffer descriptor = {0};
			town_descriptor(towns[k], &descriptor);
			if (i != k)
				town_take(
				    towns[i], buffer_span(&descriptor), (struct span){NULL, 0});
			buffer_free(&descriptor);
		}
	}
	town_carry(towns, count, post);
}

/* --- people and places ------------------------------------------------------------------------------------- */

static inline const uint8_t *town_nonce(struct town *town, uint8_t nonce[SEAL_NONCE_SIZE])
{
	memset(nonce, 0, SEAL_NONCE_SIZE);
	be32_write(nonce, ++town->numbers);
	return nonce;
}

static inline struct hash town_fact_key(uint64_t code)
{
	struct hash key = {{7}};
	be64_write(key.bytes + 8, code);
	return key;
}

static inline void town_register_row(struct town *town, uint64_t code, const char *card)
{
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct registry_row row = {.fact_key = town_fact_key(code)};
	struct txn *txn;
	snprintf(row.name, sizeof(row.name), "张%llu", (unsigned long long)code);
	snprintf(row.id_number, sizeof(row.id_number), "T%llu", (unsigned long long)code);
	snprintf(row.card, sizeof(row.card), "%s", card);
	snprintf(row.bank, sizeof(row.bank), "%s", card[0] ? "102651000017" : "");
	assert_int_equal(txn_begin_write(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(
	    registry_put(txn, &town->registry_key, code, &row, town_nonce(town, nonce), NULL),
	    ERROR_NONE);
	assert_int_equal(txn_commit(txn), ERROR_NONE);
}

/* Register a person's facts, or change them. */
static inline void town_facts(struct town *town, const struct person_facts *facts)
{
	uint8_t nonce[SEAL_NONCE_SIZE];
	const struct hash key = town_fact_key(facts->code);
	struct buffer line = {0};
	person_line_write(&line, facts, &key, town_nonce(town, nonce));
	town_register(town, KIND_person, &line, REASON_registered);
}

/* A new person, with a card. */
static inline uint64_t town_person(
    struct town *town, uint32_t serial, int32_t birth_day, enum income_class income, uint32_t flags)
{
	const struct person_facts facts = {.code = person_code_make(town->region, serial),
	    .birth_day = birth_day,
	    .death_day = DAY_NEVER,
	    .income_class = income,
	    .flags = flags};
	town_register_row(town, facts.code, "6217000000000000001");
	town_facts(town, &facts);
	return facts.code;
}

static inline void town_assess(
    struct town *town, uint64_t person, unsigned level, int32_t from, int32_t until)
{
	uint8_t nonce[SEAL_NONCE_SIZE];
	const struct hash key = town_fact_key(person);
	const struct assessment assessment = {.person = person,
	    .level = level,
	    .score = ASSESSMENT_NO_SCORE,
	    .from_day = from,
	    .until_day = until,
	    .assessor = town->region};
	struct buffer line = {0};
	assessment_line_write(&line, &assessment, &key, town_nonce(town, nonce));
	town_register(town, KIND_assessment, &line, REASON_registered);
}

static inline void town_grant(struct town *town, uint64_t person, const char *programme,
    int32_t from, int32_t until, enum paid_to paid_to, enum grant_state state)
{
	struct grant_line grant = {.person = person,
	    .from_day = from,
	    .until_day = until,
	    .paid_to = paid_to,
	    .state = state};
	struct buffer line = {0};
	snprintf(grant.programme, sizeof(grant.programme), "%s", programme);
	grant_line_write(&line, &grant);
	town_register(town, KIND_grant, &line, REASON_registered);
}

static inline void town_file(
    struct town *town, uint64_t person, uint32_t host, int32_t from, int32_t until)
{
	const struct filing_line filing = {
	    .person = person, .host = host, .from_day = from, .until_day = until, .consent = {{1}}};
	struct buffer line = {0};
	filing_line_write(&line, &filing);
	town_register(town, KIND_filing, &line, REASON_registered);
}

static inline struct secret_key town_house_key(const char *uscc)
{
	struct hash seed = hash_sha256(span_of(uscc, USCC_SIZE));
	struct secret_key key;
	key_from_seed(&seed, &key);
	return key;
}

static inline void town_house(
    struct town *town, const char *uscc, uint32_t district, uint32_t licensed_beds)
{
	struct institution_line institution = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("安康养老院"),
	    .account = span_text("51050140866300000042"),
	    .bank = span_text("105651000013"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = district,
	    .beds = licensed_beds,
	    .star = 3,
	    .has_key = true,
	    .key = town_house_key(uscc).public};
	struct buffer line = {0};
	memcpy(institution.uscc, uscc, USCC_SIZE);
	institution_line_write(&line, &institution);
	town_register(town, KIND_institution, &line, REASON_registered);
}

/* Nights first..last, DAY_NEVER while open; a stay of another city's person waits for its home. */
static inline void town_stay(
    struct town *town, const char *uscc, uint64_t person, int32_t first, int32_t last)
{
	struct stay_line stay = {
	    .operation = STAY_OPEN, .person = person, .first_day = first, .last_night = last};
	struct buffer line = {0};
	memcpy(stay.uscc, uscc, USCC_SIZE);
	stay_line_write(&line, &stay);
	town_register(town, KIND_stay, &line,
	    person_code_region(person) == town->region ? REASON_registered : REASON_pending_home);
}

static inline void town_fund(struct town *town, const char *fund, int64_t fen)
{
	char reference[32];
	struct appropriation_line appropriation = {
	    .kind = fund ? APPROPRIATION_FUND : APPROPRIATION_FLOAT, .amount = {fen}};
	struct buffer line = {0};
	snprintf(reference, sizeof(reference), "2026-%u", (unsigned)++town->numbers);
	appropriation.reference = span_text(reference);
	snprintf(appropriation.fund, sizeof(appropriation.fund), "%s", fund ? fund : "");
	appropriation_line_write(&line, &appropriation);
	town_register(town, KIND_appropriation, &line, REASON_registered);
}

/* --- claims ------------------------------------------------------------------------------------------------ */

struct town_line {
	uint64_t person;
	unsigned programme; /* index in the sheet's */
	unsigned first, last;
	int64_t asks_fen; /* AS_THE_POLICY_GIVES */
};

struct town_sheet {
	const char *uscc;
	uint32_t payer, month;
	const char *programmes[4];
	const struct town_line *lines;
	uint32_t count;
};

/* Sign the sheet at the institution under a number, and hand it to the host. */
static inline enum error town_claim_as(
    struct town *host, uint64_t number, const struct town_sheet *sheet)
{
	const struct secret_key key = town_house_key(sheet->uscc);
	const struct hash secret = {{(uint8_t)number, (uint8_t)(number >> 8), 3}};
	struct sheet_header header = {.number = number,
	    .host = host->region,
	    .payer = sheet->payer,
	    .month = sheet->month,
	    .count = sheet->count};
	struct buffer lines = {0}, file = {0}, attachment = {0};
	struct span document, read_lines;
	struct hash read_secret;
	uint32_t count;
	memcpy(header.uscc, sheet->uscc, USCC_SIZE);
	while (header.programme_count < 4 && sheet->programmes[header.programme_count]) {
		uint32_t i = header.programme_count++;
		snprintf(
		    header.programme_codes[i], PROGRAMME_CODE_SIZE, "%s", sheet->programmes[i]);
		header.programmes[i] = programme_tag(span_text(sheet->programmes[i]));
	}
	for (uint32_t i = 0; i < sheet->count; i++)
		sheet_line_write(&lines, sheet->lines[i].person, sheet->lines[i].programme,
		    sheet->lines[i].first, sheet->lines[i].last, sheet->lines[i].asks_fen,
		    (struct span){NULL, 0}, 0);
	assert_int_equal(
	    sheet_sign(&file, &header, &secret, buffer_span(&lines), &key), ERROR_NONE);
	assert_int_equal(
	    sheet_file_read(buffer_span(&file), &document, &read_secret, &count, &read_lines),
	    ERROR_NONE);
	codec_put_array(&attachment, 3);
	codec_put_bytes(&attachment, hash_span(&read_secret));
	codec_put_uint(&attachment, count);
	codec_put_bytes(&attachment, read_lines);
	enum error error = town_submit(host, document, buffer_span(&attachment));
	buffer_free(&lines);
	buffer_free(&file);
	buffer_free(&attachment);
	return error;
}

/* A sheet under the next number; must be booked. Returns the entry at the host. */
static inline uint64_t town_claim(struct town *host, const struct town_sheet *sheet)
{
	if (town_claim_as(host, ++host->numbers, sheet))
		fail_msg("%s", host->detail.text);
	return host->sequence;
}

/* One line on a sheet of its own. */
static inline uint64_t town_claim_one(struct town *host, const char *uscc, uint32_t payer,
    uint32_t month, const char *programme, uint64_t person, unsigned first, unsigned last)
{
	const struct town_line line = {person, 0, first, last, AS_THE_POLICY_GIVES};
	const struct town_sheet sheet = {.uscc = uscc,
	    .payer = payer,
	    .month = month,
	    .programmes = {programme},
	    .lines = &line,
	    .count = 1};
	return town_claim(host, &sheet);
}

/* --- what stands in the books ------------------------------------------------------------------------------ */

static inline struct verdict town_verdict(struct town *town, uint64_t sequence, uint32_t line)
{
	struct entry_reader reader = {0};
	struct verdict verdict;
	struct span item;
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(ledger_read(txn, sequence, &reader), ERROR_NONE);
	assert_int_equal(entry_item(reader.entry.verdicts, line, &item), ERROR_NONE);
	assert_int_equal(verdict_parse(item, &verdict), ERROR_NONE);
	entry_free(&reader);
	txn_abort(txn);
	return verdict;
}

/* The verdict is an approval of this amount. */
static inline void town_approved(
    struct town *town, uint64_t sequence, uint32_t line, int64_t amount_fen)
{
	const struct verdict verdict = town_verdict(town, sequence, line);
	assert_string_equal(reason_name(verdict.reason), "approved");
	assert_true(verdict.amount_fen == amount_fen);
}

static inline void town_refused(
    struct town *town, uint64_t sequence, uint32_t line, enum reason reason)
{
	const struct verdict verdict = town_verdict(town, sequence, line);
	assert_string_equal(reason_name(verdict.reason), reason_name(reason));
}

/* Credits less debits. */
static inline int64_t town_credit(struct town *town, const char *name)
{
	struct account account;
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	enum error error = account_get(txn, span_text(name), &account);
	txn_abort(txn);
	if (error == ERROR_NOT_FOUND)
		return 0;
	assert_int_equal(error, ERROR_NONE);
	return account.credits - account.debits;
}

static inline int64_t town_fund_left(struct town *town, const char *fund)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town_credit(town, account_fund(name, fund));
}

static inline int64_t town_local(struct town *town, const char *uscc)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town_credit(town, account_payable_local(name, uscc));
}

static inline int64_t town_remote(struct town *town, const char *uscc)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town_credit(town, account_payable_remote(name, uscc));
}

static inline int64_t town_recoverable(struct town *town, const char *uscc)
{
	char name[ACCOUNT_TEXT_SIZE];
	return -town_credit(town, account_receivable_institution(name, uscc));
}

static inline int64_t town_owes(struct town *payer, uint32_t creditor, uint32_t window)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town_credit(payer, account_payable_city(name, creditor, window));
}

static inline int64_t town_is_owed(struct town *creditor, uint32_t payer, uint32_t window)
{
	char name[ACCOUNT_TEXT_SIZE];
	return -town_credit(creditor, account_receivable_city(name, payer, window));
}

#endif
