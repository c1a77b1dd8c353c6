/* sample_model.h: an invented region: people, institutions, stays and a month's events, drawn from one seed by the figures in
 * docs/sample.md. Nobody in it exists: ID numbers and credit codes use prefecture-level prefixes and near-zero organisation
 * numbers, which are never given to anyone. The same seed gives the same region; months are drawn one after the other and
 * the memory does not grow with them. Not thread-safe. */
#ifndef SUIREN_SAMPLE_MODEL_H
#define SUIREN_SAMPLE_MODEL_H

#include "tool_limits.h"
#include "calendar.h"
#include "institution.h"
#include "key.h"

#define SAMPLE_CITIES 4
#define SAMPLE_RESIDENTS_LEAST 2000u
#define SAMPLE_NAME_SIZE 64

extern const uint32_t sample_regions[SAMPLE_CITIES]; /* 510100 500000 510800 511300 */

/* xoshiro256** of Blackman and Vigna, seeded by splitmix64: not for secrets. */
struct sample_random {
	uint64_t state[4];
};
void sample_random_seed(struct sample_random *random, uint64_t seed, uint64_t stream);
uint64_t sample_random_next(struct sample_random *random);
/* Uniform in [0, bound), bound > 0. */
uint32_t sample_random_below(struct sample_random *random, uint32_t bound);
/* True in `per_100k` of 100,000 cases. */
bool sample_chance(struct sample_random *random, uint32_t per_100k);
void sample_random_bytes(struct sample_random *random, uint8_t *bytes, size_t size);

struct sample_person {
	uint64_t code;
	int32_t birth_day, death_day; /* DAY_NEVER: alive */
	int32_t died_known_day;       /* when the city learned of it */
	int32_t assessed_day;         /* of the last assessment; DAY_NEVER: never assessed */
	uint32_t serial;
	uint32_t stay; /* index of the present stay + 1; 0: at home */
	uint8_t city;  /* index of the home city */
	uint8_t level;
	uint8_t income_class, flags;
	uint8_t granted_service, granted_care; /* enum paid_to, or 0 */
};

struct sample_institution {
	char uscc[USCC_SIZE + 1];
	char name[SAMPLE_NAME_SIZE];
	struct hash key_seed;
	uint32_t region, district, beds, star;
	uint8_t city, kind;
	uint8_t standing; /* enum standing */
	uint64_t next_sheet;
};

struct sample_stay {
	uint32_t person, institution;  /* indices */
	int32_t first_day, last_night; /* DAY_NEVER: open */
	int32_t gap_first, gap_last;   /* nights in hospital this month; 0: none */
	bool cross;                    /* home is another city */
};

struct sample_model {
	uint64_t seed;
	struct sample_random random;
	uint32_t first_month;
	struct sample_person *people;
	uint32_t person_count;
	uint32_t city_first[SAMPLE_CITIES +
			    1]; /* people of city c are [city_first[c], city_first[c+1]) */
	struct sample_institution *institutions;
	uint32_t institution_count;
	struct sample_stay *stays;
	uint32_t stay_count, stay_capacity;
};

/* Draw the region as it stands on the first day of `first_month`. Fails with: ERROR_RANGE (residents), ERROR_MEMORY. */
MUST_CHECK enum error sample_model_create(
    uint64_t seed, uint32_t residents, uint32_t first_month, struct sample_model *model);
void sample_model_free(struct sample_model *model);

enum sample_event_kind { SAMPLE_ENTERS, SAMPLE_LEAVES, SAMPLE_TRANSFERS, SAMPLE_DIES };

/* What happens on a day of the month; in order of day. */
struct sample_event {
	enum sample_event_kind kind;
	int32_t day;
	uint32_t person;
	uint32_t stay; /* the stay that ends (LEAVES, TRANSFERS, DIES if any: stay + 1, else 0) */
	uint32_t new_stay; /* the stay that begins + 1, else 0 */
};

struct sample_month {
	uint32_t month;
	struct sample_event *events;
	uint32_t event_count, event_capacity;
};

/* Draw one month: changes the model's stays and people, and lists the events. Stays that ended before this month are dropped first
 * (indices of the month before are void). `month` is zero-initialised or of an earlier call. */
MUST_CHECK enum error sample_month_draw(
    struct sample_model *model, uint32_t month_number, struct sample_month *month);
void sample_month_free(struct sample_month *month);

/* An invented name of two or three characters, UTF-8. */
void sample_person_name(const struct sample_model *model, const struct sample_person *person,
    char name[SAMPLE_NAME_SIZE]);
/* An invented ID number with a right check character. */
void sample_person_id(const struct sample_person *person, char id[19]);
/* An invented card number of 19 digits. */
void sample_person_card(const struct sample_person *person, char card[20]);

#endif
