#include "payment_told.h"

#include <string.h>

#include "tables.h"

/* city BE32; EndToEndId, filled up with zeros: another city may write what it likes, under its own code */
#define KEY_SIZE (4 + END_TO_END_SIZE)
/* fact BE32; day BE32; amount BE64; reference, filled up with zeros */
#define REFERENCE_AT 16
#define ROW_SIZE (REFERENCE_AT + BANK_REFERENCE_MAX)

static void key_write(uint8_t key[KEY_SIZE], uint32_t city, const char *end_to_end)
{
	memset(key, 0, KEY_SIZE);
	be32_write(key, city);
	memcpy(key + 4, end_to_end, strnlen(end_to_end, END_TO_END_SIZE - 1));
}

enum error payment_told(
    struct txn *txn, uint32_t city, const char *end_to_end, struct bank_line *told)
{
	uint8_t key[KEY_SIZE];
	struct span row;
	enum error error;

	memset(told, 0, sizeof *told);
	key_write(key, city, end_to_end);
	error = store_get(txn, TABLE_TOLD, span_of(key, sizeof key), &row);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	if (row.size != ROW_SIZE)
		return ERROR_CORRUPT;
	told->fact = (enum bank_fact)be32_read(row.data);
	told->day = (int32_t)be32_read(row.data + 4);
	told->amount_fen = (int64_t)be64_read(row.data + 8);
	memcpy(told->end_to_end, key + 4, END_TO_END_SIZE);
	memcpy(told->reference, row.data + REFERENCE_AT, BANK_REFERENCE_MAX);
	return ERROR_NONE;
}

enum error payment_told_put(struct txn *txn, uint32_t city, const struct bank_line *told)
{
	uint8_t key[KEY_SIZE], row[ROW_SIZE] = {0};

	key_write(key, city, told->end_to_end);
	be32_write(row, (uint32_t)told->fact);
	be32_write(row + 4, (uint32_t)told->day);
	be64_write(row + 8, (uint64_t)told->amount_fen);
	memcpy(row + REFERENCE_AT, told->reference, strnlen(told->reference, BANK_REFERENCE_MAX));
	return store_put(txn, TABLE_TOLD, span_of(key, sizeof key), span_of(row, sizeof row));
}
