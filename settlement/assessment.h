/* assessment.h: ability levels (能力等级, GB/T 42195-2022): the score's rule, and the entries by which a level comes to a
 * person: assessed or recognised at home (sealed under the person's key), assessed by the host of a filing, told to the other
 * cities by code, level and dates only. Not thread-safe: belongs to the transaction. */
#ifndef SUIREN_ASSESSMENT_H
#define SUIREN_ASSESSMENT_H

#include "settlement_limits.h"
#include "person.h"

#define ASSESSMENT_NO_SCORE (-1)

enum assessment_flag {
	ASSESSMENT_DEMENTIA = 1,  /* 认知障碍或精神疾病: one level worse */
	ASSESSMENT_COMA = 2,      /* level 4 */
	ASSESSMENT_ACCIDENTS = 4, /* two or more care accidents in 30 days: one level worse */
};

/* Of 90 points: 90 -> 0, 66-89 -> 1, 46-65 -> 2, 30-45 -> 3, 0-29 -> 4; coma -> 4; dementia, or accidents, one worse (once),
 * never beyond 4. Pure. */
unsigned level_from_score(unsigned score, unsigned flags);

struct assessment {
	uint64_t person;
	uint32_t level;
	int32_t score;               /* ASSESSMENT_NO_SCORE: recognised without its score */
	int32_t from_day, until_day; /* inclusive */
	uint32_t assessor;           /* region of the assessing city */
	uint32_t flags;              /* enum assessment_flag */
};

/* Append the line of a person of this city: [code, sealed]. */
void assessment_line_write(struct buffer *out, const struct assessment *assessment,
    const struct hash *fact_key, const uint8_t nonce[SEAL_NONCE_SIZE]);
/* Append the line of a person of another city: [code, [level, score, from, until, assessor, flags]]. */
void assessment_foreign_line_write(struct buffer *out, const struct assessment *assessment);

/* Put a level into the row: from its first day on it replaces what was assessed before. */
void person_add_level(struct person_row *row, const struct level_span *level);

#endif
