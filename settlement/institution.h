/* institution.h: institutions (养老机构): unified social credit codes (GB 32100), what the host city has registered, their standing (红黑
 * 名单), and at which entry they came. Their keys are in the keyring under "institution/<uscc>". */
#ifndef SUIREN_INSTITUTION_H
#define SUIREN_INSTITUTION_H

#include "accounts.h"
#include "decision.h"

/* 18 characters 0-9A-Z without I O S V Z, right check character (weights 3^i mod 31) and check digit of the organisation number (GB 11714). Fails with:
 * ERROR_MALFORMED, ERROR_CHECK_DIGIT. */
MUST_CHECK enum error uscc_check(struct span text);

enum standing { STANDING_GOOD = 1, STANDING_SUSPENDED = 2, STANDING_BLACK = 3, STANDING_RED = 4 };

/* A row of fixed size without padding. */
struct institution_row {
	char uscc[USCC_SIZE];
	uint8_t kind;	 /* 1 民办非企业, 2 company, 3 public */
	uint8_t standing; /* enum standing */
	uint32_t host;	 /* region of the registering city */
	uint32_t district;
	uint32_t licensed_beds;
	int32_t standing_from; /* day from which the standing holds: nights before it stand */
	uint32_t next_slot; /* next stay's slot */
	uint32_t star;
	uint64_t registered_at; /* entry */
};

MUST_CHECK enum error institution_get(struct txn *txn, const char uscc[USCC_SIZE], const struct institution_row **row);
/* Refuses nights from `day` on? (suspended or black-listed on that day) */
bool institution_barred(const struct institution_row *row, int32_t day);
typedef bool institution_visit(void *context, const struct institution_row *row);
MUST_CHECK enum error institution_each(struct txn *txn, institution_visit *visit, void *context);

#endif
