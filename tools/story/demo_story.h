/* demo_story.h: what the parts of the demo's story share: the region, the month, the claims that are being made, who died. */
#ifndef SUIREN_DEMO_STORY_H
#define SUIREN_DEMO_STORY_H

#include "demo_actor.h"

/* A step of the story that fails ends it. */
#define TRY(call)                              \
	do {                                   \
		enum error try_error = (call); \
		if (try_error)                 \
			return try_error;      \
	} while (0)

#define DEMO_OFFICER_NAME "chen"
#define DEMO_FILING_DAYS 4 /* houses send their claims on the 2nd to 5th */

/* A death, with the stay that it ended. */
struct demo_death {
	uint32_t person; /* index in the model */
	unsigned city;   /* of the stay */
	char uscc[USCC_SIZE];
	int32_t first_day;
};

/* A line that was claimed for nights after a death that nobody knew of. */
struct demo_late_line {
	uint32_t person, house;
	uint32_t payer, month, line;
	uint64_t number;
	const char *programme;
	uint8_t first_day;
};

struct demo_filed {
	uint32_t house; /* index in the model; UINT32_MAX: no house of ours */
	uint32_t payer, month;
	unsigned day; /* 0 .. DEMO_FILING_DAYS - 1 */
	enum demo_signer signer;
	bool payer_forced, forged, sent;
	uint32_t first, count; /* lines */
	uint64_t number;
};

/* Who stands for which wrong claim, by city; see demo_faults.c. */
enum demo_fault {
	FAULT_NO_GRANT,
	FAULT_NOT_PORTABLE,
	FAULT_NO_ASSESSMENT,
	FAULT_LEVEL,
	FAULT_AGE,
	FAULT_INCOME,
	FAULT_EXCLUDED,
	FAULT_NO_STAY,
	FAULT_CEILING,
	FAULT_NOT_FILED,
	FAULT_DEAD,
	FAULT_LATE, /* a guest whose assessment is booked late: refused, appealed, paid on second look */
	FAULT_COUNT
};
#define FAULT_NOBODY UINT32_MAX
/* So many persons of one city that their month is worth more than its programme may cost. */
#define DEMO_CROWD 18u
#define DEMO_CROWD_CITY 2u

struct demo_story {
	const struct demo_actor *actor;
	uint32_t residents, first_month;
	unsigned months;
	struct policy *policies[SAMPLE_CITIES];
	struct sample_model model;
	struct sample_month month;
	uint32_t claim_month, clearing_month;
	struct demo_death *deaths;
	uint32_t death_count;
	/* The claims of one month. */
	struct demo_filed *sheets;
	uint32_t sheet_count, sheet_capacity;
	struct demo_line *lines;
	uint32_t line_count, line_capacity;
	struct demo_late_line *late;
	uint32_t late_count, late_capacity;
	uint32_t faults[SAMPLE_CITIES][FAULT_COUNT]; /* persons; FAULT_NOBODY */
	uint32_t crowd[DEMO_CROWD];                  /* likewise */
	/* A line of the first month that was approved by mistake and is taken back; sheet 0: there is none. */
	struct {
		uint64_t sheet;
		uint32_t line;
	} mistakes[SAMPLE_CITIES];
	/* A guest's line of the first month in this city's house that is appealed; likewise. */
	struct {
		uint64_t sheet;
		uint32_t line;
	} appeals[SAMPLE_CITIES];
};

unsigned demo_city_of(uint32_t region);
struct assessment demo_assessment(const struct sample_person *who);
struct grant_line demo_grant(
    uint64_t person, const char *programme, unsigned paid_to, uint32_t region);
struct filing_line demo_filing(uint64_t person, uint32_t host, int32_t from_day);

/* demo_claims.c: gather the claims of a month from the stays as it left them; send those of one filing day; take back what was
 * claimed after a death, and claim the days before it. */
MUST_CHECK enum error demo_gather(struct demo_story *story, uint32_t month);
MUST_CHECK enum error demo_claims(struct demo_story *story, unsigned day);
MUST_CHECK enum error demo_take_back(struct demo_story *story, const struct demo_death *death);
void demo_claims_free(struct demo_story *story);
/* Add a line to the sheet that is being made; memory failures are returned. */
MUST_CHECK enum error demo_line_add(struct demo_story *story, struct demo_line line);
/* Lines from `first` on become a sheet; sorts them. Nothing if there are none. */
MUST_CHECK enum error demo_sheet_add(struct demo_story *story, uint32_t house, uint32_t payer,
    uint32_t month, unsigned day, enum demo_signer signer, uint32_t first);

/* demo_faults.c: persons and claims that are wrong in every way that the rules know. */
void demo_faults_pick(struct demo_story *story);
MUST_CHECK enum error demo_faults_registers(struct demo_story *story, unsigned city);
MUST_CHECK enum error demo_faults_stays(struct demo_story *story, unsigned city);
MUST_CHECK enum error demo_faults_sheets(struct demo_story *story, unsigned city, uint32_t month);
/* The mistakes of the first month are noticed after the institutions were paid. */
MUST_CHECK enum error demo_faults_take_back(struct demo_story *story, unsigned city);
/* What was missing for a guest's line is booked at home; the house's city appeals, and home looks at it again. */
MUST_CHECK enum error demo_faults_mend(struct demo_story *story, unsigned city);
MUST_CHECK enum error demo_faults_appeal(struct demo_story *story, unsigned city);
MUST_CHECK enum error demo_faults_review(struct demo_story *story, unsigned city);
/* From this day on the house is suspended; DAY_NEVER: it is not. */
int32_t demo_suspended_from(const struct demo_story *story, uint32_t house);
/* The n-th house of a city. */
uint32_t demo_house(const struct demo_story *story, unsigned city, unsigned number);

#endif
