/* money.h: checked 64-bit amounts, units, and the text form of yuan. Nothing here rounds and nothing overflows
 * silently. Pure and thread-safe. */
#ifndef SUIREN_MONEY_H
#define SUIREN_MONEY_H

#include "limits.h"
#include "bytes.h"

enum unit {
	UNIT_CNY = 1, /* fen: 1/100 yuan */
	UNIT_MIN = 2, /* minutes of the time bank */
};

/* An amount in the smallest part of its unit: fen or minutes. Amounts are kept within +-AMOUNT_MAX so that a
 * sum of two never leaves int64. */

struct amount {
	int64_t value;
};

MUST_CHECK enum error amount_add(struct amount a, struct amount b, struct amount *sum);
MUST_CHECK enum error amount_subtract(struct amount a, struct amount b, struct amount *difference);
/* a * factor. Fails with: ERROR_OVERFLOW. */
MUST_CHECK enum error amount_multiply(struct amount a, int64_t factor, struct amount *product);

/* "CNY", "MIN"; NULL for no unit. */
const char *unit_name(enum unit unit);
MUST_CHECK enum error unit_read(struct span text, enum unit *unit);

#define AMOUNT_TEXT_SIZE 32
/* fen as yuan with two decimals and no grouping: 123456 -> "1234.56", -5 -> "-0.05". */
void yuan_write(struct amount fen, char text[AMOUNT_TEXT_SIZE]);
/* The same with thousands grouped, for people: "1,234.56". */
void yuan_write_grouped(struct amount fen, char text[AMOUNT_TEXT_SIZE]);
/* "1234", "1234.5", "1234.56", one leading '-' allowed; nothing else (no grouping, no exponent, no third decimal).
 * Fails with: ERROR_MALFORMED, ERROR_OVERFLOW. */
MUST_CHECK enum error yuan_read(struct span text, struct amount *fen);

#endif
