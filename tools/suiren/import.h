/* import.h: rows of the registers into orders: what the import commands read from tables and what the demo makes up goes through here.
 * One call books at most IMPORT_ROWS_MAX rows as one order; the order's id follows from the content, so the same rows again are a
 * repeat. Answers: ERROR_NONE and ERROR_REPEAT in answer->error are both "done"; single rows may still be refused, see
 * import_verdicts. */
#ifndef SUIREN_IMPORT_H
#define SUIREN_IMPORT_H

#include "tool_limits.h"
#include "assessment.h"
#include "entitlement.h"
#include "fund.h"
#include "institution.h"
#include "node.h"
#include "registry.h"
#include "stay.h"

/* Texts are terminated; card and bank may be empty. */
struct import_person {
	const char *name, *id_number, *card, *bank;
	uint32_t income_class, flags;
};

/* Register new persons: codes are given out in order of rows and returned in `codes` (`count`), also for a repeat; a person who was
 * forgotten gets a new code. The birth day comes from the ID number. `key` signs (NULL: the node). Fails with: ERROR_CHECK_DIGIT, ERROR_MALFORMED (an ID number), ERROR_EXISTS (an ID
 * number that is registered with other facts), and as node_order; answer->detail names the row. */
MUST_CHECK enum error import_persons(struct node *node, const struct import_person *rows,
    uint32_t count, const struct secret_key *key, uint64_t *codes, struct answer *answer);
/* New facts of registered persons: death, income class, flags. Fails with: ERROR_NOT_FOUND (unknown or erased). */
MUST_CHECK enum error import_facts(struct node *node, const struct person_facts *rows,
    uint32_t count, const struct secret_key *key, struct answer *answer);
/* The facts that are known now. Fails with: ERROR_NOT_FOUND, ERROR_ERASED. */
MUST_CHECK enum error import_facts_get(
    struct node *node, uint64_t code, struct person_facts *facts);
/* Forget persons: their rows in the registry go in the same transaction. */
MUST_CHECK enum error import_erase(struct node *node, const uint64_t *codes, uint32_t count,
    const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_institutions(struct node *node, const struct institution_line *rows,
    uint32_t count, const struct secret_key *key, struct answer *answer);
/* Own persons' assessments are sealed under their keys, others' are in clear. */
MUST_CHECK enum error import_assessments(struct node *node, const struct assessment *rows,
    uint32_t count, const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_grants(struct node *node, const struct grant_line *rows,
    uint32_t count, const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_filings(struct node *node, const struct filing_line *rows,
    uint32_t count, const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_stays(struct node *node, const struct stay_line *rows, uint32_t count,
    const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_appropriations(struct node *node,
    const struct appropriation_line *rows, uint32_t count, const struct secret_key *key,
    struct answer *answer);

/* The same for rows that entry `after` has refused, to be judged anew: another order, though the rows are those. `after` 0: as the functions above. */
MUST_CHECK enum error import_institutions_again(struct node *node,
    const struct institution_line *rows, uint32_t count, uint64_t after,
    const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_assessments_again(struct node *node, const struct assessment *rows,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_grants_again(struct node *node, const struct grant_line *rows,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_filings_again(struct node *node, const struct filing_line *rows,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_stays_again(struct node *node, const struct stay_line *rows,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer);
MUST_CHECK enum error import_appropriations_again(struct node *node,
    const struct appropriation_line *rows, uint32_t count, uint64_t after,
    const struct secret_key *key, struct answer *answer);

/* What each row of a booked entry came to; `reason` as in reason.h, `figure` a day or 0. */
typedef void import_visit(void *context, uint32_t row, unsigned reason, bool has_day, int32_t day);
MUST_CHECK enum error import_verdicts(
    struct node *node, uint64_t sequence, import_visit *visit, void *context);

#endif
