#include "appeal.h"

#include <string.h>

#include "claim.h"
#include "lines.h"
#include "settlement_internal.h"
#include "tables.h"

#define KEY_SIZE (USCC_SIZE + 8 + 4)
#define ROW_SIZE (5 * 4 + 3 * 8 + HASH_SIZE)
#define LINE_FIELDS 5
#define ITEM_FIELDS 15
#define REVIEW_FIELDS 4

/* --- words -------------------------------------------------------------------------------------------------- */

struct words {
	uint32_t number;
	const char *name, *english, *chinese;
};

#define AS_WORDS(number, name, english, chinese) {number, #name, english, chinese},
static const struct words grounds_words[] = {
    APPEAL_GROUNDS_LIST(AS_WORDS){0, NULL, NULL, NULL},
};
static const struct words uphold_words[] = {
    APPEAL_UPHOLD_LIST(AS_WORDS){0, NULL, NULL, NULL},
};
#undef AS_WORDS

/* The last one, without a name, for an unknown number. */
static const struct words *words_of(const struct words *words, uint32_t number)
{
	while (words->name && words->number != number)
		words++;
	return words;
}

static uint32_t number_of(const struct words *words, const char *name)
{
	while (words->name && strcmp(words->name, name) != 0)
		words++;
	return words->number;
}

const char *appeal_grounds_name(uint32_t grounds)
{
	return words_of(grounds_words, grounds)->name;
}

const char *appeal_grounds_english(uint32_t grounds)
{
	return words_of(grounds_words, grounds)->english;
}

const char *appeal_grounds_chinese(uint32_t grounds)
{
	return words_of(grounds_words, grounds)->chinese;
}

const char *appeal_uphold_name(uint32_t uphold)
{
	return words_of(uphold_words, uphold)->name;
}

const char *appeal_uphold_english(uint32_t uphold)
{
	return words_of(uphold_words, uphold)->english;
}

const char *appeal_uphold_chinese(uint32_t uphold)
{
	return words_of(uphold_words, uphold)->chinese;
}

uint32_t appeal_grounds_number(const char *name)
{
	return number_of(grounds_words, name);
}

uint32_t appeal_uphold_number(const char *name)
{
	return number_of(uphold_words, name);
}

const char *appeal_state_name(enum appeal_state state)
{
	static const char *const names[] = {"", "open", "upheld", "changed", "refused"};

	return names[state];
}

const char *appeal_state_chinese(enum appeal_state state)
{
	static const char *const names[] = {"", "待复核", "维持原判", "已改判", "支付方拒收"};

	return names[state];
}

/* --- rows --------------------------------------------------------------------------------------------------- */

static void key_write(uint8_t key[KEY_SIZE], const char *uscc, uint64_t number, uint32_t line)
{
	memcpy(key, uscc, USCC_SIZE);
	be64_write(key + USCC_SIZE, number);
	be32_write(key + USCC_SIZE + 8, line);
}

static enum error row_read(struct span key, struct span row, struct appeal *appeal)
{
	uint32_t state;

	memset(appeal, 0, sizeof *appeal);
	if (key.size != KEY_SIZE || row.size != ROW_SIZE)
		return ERROR_CORRUPT;
	memcpy(appeal->uscc, key.data, USCC_SIZE);
	appeal->number = be64_read(key.data + USCC_SIZE);
	appeal->line = be32_read(key.data + USCC_SIZE + 8);
	appeal->city = be32_read(row.data);
	state = be32_read(row.data + 4);
	appeal->grounds = be32_read(row.data + 8);
	appeal->day = (int32_t)be32_read(row.data + 12);
	appeal->nights = be32_read(row.data + 16);
	appeal->sequence = be64_read(row.data + 20);
	appeal->review = be64_read(row.data + 28);
	appeal->payers_review = be64_read(row.data + 36);
	memcpy(appeal->paper.bytes, row.data + 44, HASH_SIZE);
	if (state < APPEAL_OPEN || state > APPEAL_REFUSED)
		return ERROR_CORRUPT;
	appeal->state = (enum appeal_state)state;
	return ERROR_NONE;
}

enum error appeal_get(
    struct txn *txn, const char *uscc, uint64_t number, uint32_t line, struct appeal *appeal)
{
	uint8_t key[KEY_SIZE];
	struct span row;
	enum error error;

	key_write(key, uscc, number, line);
	error = store_get(txn, TABLE_APPEAL, span_of(key, sizeof key), &row);
	memset(appeal, 0, sizeof *appeal);
	return error ? error : row_read(span_of(key, sizeof key), row, appeal);
}

enum error appeal_put(struct txn *txn, const struct appeal *appeal)
{
	uint8_t key[KEY_SIZE], row[ROW_SIZE];

	key_write(key, appeal->uscc, appeal->number, appeal->line);
	be32_write(row, appeal->city);
	be32_write(row + 4, (uint32_t)appeal->state);
	be32_write(row + 8, appeal->grounds);
	be32_write(row + 12, (uint32_t)appeal->day);
	be32_write(row + 16, appeal->nights);
	be64_write(row + 20, appeal->sequence);
	be64_write(row + 28, appeal->review);
	be64_write(row + 36, appeal->payers_review);
	memcpy(row + 44, appeal->paper.bytes, HASH_SIZE);
	return store_put(txn, TABLE_APPEAL, span_of(key, sizeof key), span_of(row, sizeof row));
}

enum error appeal_each(struct txn *txn, appeal_visit *visit, void *context)
{
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_APPEAL, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &row);
	while (!error) {
		struct appeal appeal;

		error = row_read(key, row, &appeal);
		if (error || !visit(context, &appeal))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* --- what is written ---------------------------------------------------------------------------------------- */

static void what_put(struct buffer *out, const struct appeal_line *line)
{
	codec_put_text(out, span_text(line->uscc));
	codec_put_uint(out, line->number);
	codec_put_uint(out, line->line);
	codec_put_uint(out, line->grounds);
	if (line->has_paper)
		codec_put_bytes(out, hash_span(&line->paper));
	else
		codec_put_null(out);
}

/* Where it stands: the sheet and its line. */
static void place_take(struct codec_reader *reader, char *uscc, uint64_t *number, uint32_t *line)
{
	codec_text_copy(reader, uscc, USCC_SIZE + 1);
	*number = codec_uint(reader);
	*line = (uint32_t)codec_uint_max(reader, SHEET_LINES_MAX - 1);
}

static void what_take(struct codec_reader *reader, struct appeal_line *line)
{
	place_take(reader, line->uscc, &line->number, &line->line);
	line->grounds = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	line->has_paper = !codec_null(reader);
	if (line->has_paper)
		codec_bytes_exact(reader, line->paper.bytes, HASH_SIZE);
}

static bool is_sound(const struct appeal_line *line)
{
	return strlen(line->uscc) == USCC_SIZE && appeal_grounds_name(line->grounds);
}

void appeal_line_put(struct buffer *out, const struct appeal_line *line)
{
	codec_put_array(out, LINE_FIELDS);
	what_put(out, line);
}

enum error appeal_line_read(struct span bytes, struct appeal_line *line)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(line, 0, sizeof *line);
	codec_array_exact(&reader, LINE_FIELDS);
	what_take(&reader, line);
	return codec_finish(&reader) || !is_sound(line) ? ERROR_MALFORMED : ERROR_NONE;
}

void appeal_item_put(struct buffer *out, const struct appeal_item *item)
{
	codec_put_array(out, ITEM_FIELDS);
	what_put(out, &item->what);
	codec_put_uint(out, item->payers_sequence);
	codec_put_uint(out, item->payers_line);
	day_put(out, item->day);
	day_put(out, item->verdict_day);
	standing_put(out, &item->standing);
}

enum error appeal_item_read(struct span bytes, struct appeal_item *item)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(item, 0, sizeof *item);
	codec_array_exact(&reader, ITEM_FIELDS);
	what_take(&reader, &item->what);
	item->payers_sequence = codec_uint(&reader);
	item->payers_line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	item->day = day_take(&reader);
	item->verdict_day = day_take(&reader);
	standing_take(&reader, &item->standing);
	return codec_finish(&reader) || !is_sound(&item->what) ? ERROR_MALFORMED : ERROR_NONE;
}

enum error appeal_item_logged(struct txn *txn, uint64_t sequence, struct appeal_item *item)
{
	struct entry_reader reader = {0};
	struct span bytes;
	enum error error = ledger_read(txn, sequence, &reader);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (reader.entry.header.kind != KIND_appeal_notice ||
	    entry_item(reader.entry.lines, 0, &bytes) || appeal_item_read(bytes, item))
		error = ERROR_CORRUPT;
	entry_free(&reader);
	return error;
}

void review_line_put(struct buffer *out, const struct review_line *line)
{
	codec_put_array(out, REVIEW_FIELDS);
	codec_put_text(out, span_text(line->uscc));
	codec_put_uint(out, line->number);
	codec_put_uint(out, line->line);
	if (line->uphold)
		codec_put_uint(out, line->uphold);
	else
		codec_put_null(out);
}

enum error review_line_read(struct span bytes, struct review_line *line)
{
	struct codec_reader reader = codec_reader(bytes);
	bool upheld;

	memset(line, 0, sizeof *line);
	codec_array_exact(&reader, REVIEW_FIELDS);
	place_take(&reader, line->uscc, &line->number, &line->line);
	upheld = !codec_null(&reader);
	if (upheld)
		line->uphold = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	if (codec_finish(&reader) || strlen(line->uscc) != USCC_SIZE ||
	    (upheld && !appeal_uphold_name(line->uphold)))
		return ERROR_MALFORMED;
	return ERROR_NONE;
}

bool review_changes(const struct verdict *before, const struct verdict *now)
{
	return now->reason == REASON_approved &&
	       (before->reason != REASON_approved || now->amount_fen > 0);
}

enum error appeal_stands(
    struct txn *txn, const char *uscc, uint64_t number, uint32_t line, uint64_t *review, bool *open)
{
	struct appeal appeal;
	bool reversed = false;
	enum error error = appeal_get(txn, uscc, number, line, &appeal);

	*review = 0;
	*open = !error && appeal.state == APPEAL_OPEN;
	if (!error && appeal.state == APPEAL_CHANGED)
		error = reversed_get(txn, appeal.review, 0, &reversed);
	if (!error && appeal.state == APPEAL_CHANGED && !reversed)
		*review = appeal.review;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}
