/* appeal.h: appeals (申诉) and second looks (复核): a house, through its host, asks the payer to look again at a line that was refused or reduced.
 * What comes of it is a further verdict beside the first one, which is never edited. This module keeps the rows, alike at host and payer
 * (one row, where they are one city), and what the two say to each other; what is decided is in appeal_kinds.c, review.c and
 * review_notice.c. Not thread-safe: belongs to the transaction. docs/settlement.md, "Appeals"; rows: docs/format.md, "Appeals".
 *
 *   (none) --appeal--> OPEN --review--> UPHELD | CHANGED
 *                        \--the payer refuses the document--> REFUSED --appeal--> OPEN
 *
 * A1  A line is looked at again at most once: UPHELD and CHANGED are final.
 * A2  An appeal changes no money, and nothing at the payer; at the host it keeps the nights that the line may be granted.
 * A3  Nothing of a person but what the sheet says already is in an appeal or review: codes, days, hashes. */
#ifndef SUIREN_APPEAL_H
#define SUIREN_APPEAL_H

#include "adjudicate.h"
#include "decision.h"
#include "store.h"

/* Why a house appeals: number, name, English, Chinese. Stored for ever and never reused. */
#define APPEAL_GROUNDS_LIST(X)                                                           \
	X(1, assessment, "an assessment was missing or wrong", "能力评估缺失或有误")     \
	X(2, grant, "a grant was missing or wrong", "待遇认定缺失或有误")                \
	X(3, filing, "a filing was missing or wrong", "备案缺失或有误")                  \
	X(4, stay, "a stay was missing or wrong", "入住记录缺失或有误")                  \
	X(5, person, "facts of the person were wrong", "人员信息有误")                   \
	X(6, standing, "beds or standing of the house were wrong", "机构床位或状态有误") \
	X(7, funds, "the funds or caps have been raised", "资金或限额已增加")            \
	X(8, rules, "the rules were applied wrongly", "政策适用有误")                    \
	X(9, other, "other; see the paper", "其他，见书面材料")

/* Why a verdict stands although nobody ran the rules again. */
#define APPEAL_UPHOLD_LIST(X)                                                    \
	X(1, withdrawn, "the house has withdrawn the appeal", "机构撤回申诉")    \
	X(2, no_evidence, "the paper does not show it", "材料不足以证明")        \
	X(3, not_eligible, "it is not for this payer to decide", "不属复核范围") \
	X(4, wrong_line, "another line is meant", "所指明细有误")

/* Name, words in English and Chinese; NULL for an unknown number. */
const char *appeal_grounds_name(uint32_t grounds);
const char *appeal_grounds_english(uint32_t grounds);
const char *appeal_grounds_chinese(uint32_t grounds);
const char *appeal_uphold_name(uint32_t uphold);
const char *appeal_uphold_english(uint32_t uphold);
const char *appeal_uphold_chinese(uint32_t uphold);
/* The number of a name; 0 if there is none. */
uint32_t appeal_grounds_number(const char *name);
uint32_t appeal_uphold_number(const char *name);

enum appeal_state {
	APPEAL_OPEN = 1,
	APPEAL_UPHELD = 2,  /* the first verdict stands */
	APPEAL_CHANGED = 3, /* more, or something at all, was approved */
	APPEAL_REFUSED = 4, /* at the host: the payer did not take the document */
};

struct appeal {
	char uscc[USCC_SIZE + 1];
	uint64_t number; /* of the sheet */
	uint32_t line;   /* of the sheet */
	uint32_t
	    city; /* the other one: at the host the payer, at the payer the host; their own code where they are one city */
	enum appeal_state state;
	uint32_t grounds;
	int32_t day;     /* on which the host has booked it */
	uint32_t nights; /* at the host: bed nights that it keeps beyond those that the line had */
	uint64_t sequence;      /* of this node's entry that booked it */
	uint64_t review;        /* of this node's entry that ended it; 0: open */
	uint64_t payers_review; /* of the payer's entry that did: line 0 of it is what is owed */
	struct hash paper;      /* SHA-256 of the paper that the host keeps; zeros: none */
};

/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error appeal_get(
    struct txn *txn, const char *uscc, uint64_t number, uint32_t line, struct appeal *appeal);
/* Only while an entry is applied. */
MUST_CHECK enum error appeal_put(struct txn *txn, const struct appeal *appeal);
/* All of them in order of institution, sheet and line; `visit` returns false to stop. */
typedef bool appeal_visit(void *context, const struct appeal *appeal);
MUST_CHECK enum error appeal_each(struct txn *txn, appeal_visit *visit, void *context);
/* "open", "upheld", "changed", "refused"; and the Chinese word. */
const char *appeal_state_name(enum appeal_state state);
const char *appeal_state_chinese(enum appeal_state state);

/* A line of an `appeal` order: [uscc, number, line, grounds, paper(32) or null]. */
struct appeal_line {
	char uscc[USCC_SIZE + 1];
	uint64_t number;
	uint32_t line, grounds;
	bool has_paper;
	struct hash paper;
};
void appeal_line_put(struct buffer *out, const struct appeal_line *line);
/* Fails with: ERROR_MALFORMED, also for unknown grounds. */
MUST_CHECK enum error appeal_line_read(struct span bytes, struct appeal_line *line);

/* The item of the message `appeal`: [uscc, number, line, grounds, paper(32) or null, payer's entry, its line, day, day of the verdict,
 * known, district, barred from, barred until, limit, used]. */
struct appeal_item {
	struct appeal_line what;
	uint64_t payers_sequence; /* which verdict is meant */
	uint32_t payers_line;
	int32_t day,
	    verdict_day; /* on which the host has booked the appeal, and before that the verdict */
	struct sheet_standing
	    standing; /* as the host knows it now; used: without the line's own nights */
};
void appeal_item_put(struct buffer *out, const struct appeal_item *item);
MUST_CHECK enum error appeal_item_read(struct span bytes, struct appeal_item *item);
/* That of the payer's entry with the appeal. Fails with: ERROR_CORRUPT. */
MUST_CHECK enum error appeal_item_logged(
    struct txn *txn, uint64_t sequence, struct appeal_item *item);

/* A line of a `review` order: [uscc, number, line, code or null]. */
struct review_line {
	char uscc[USCC_SIZE + 1];
	uint64_t number;
	uint32_t line;
	uint32_t uphold; /* 0: the rules decide again */
};
void review_line_put(struct buffer *out, const struct review_line *line);
MUST_CHECK enum error review_line_read(struct span bytes, struct review_line *line);

/* Does the second verdict change what the first one gave? */
bool review_changes(const struct verdict *before, const struct verdict *now);

/* What stands beside the first verdict: *review, this node's entry by which a second look has approved something that was not taken back, 0:
 * none; *open, whether an appeal waits. */
MUST_CHECK enum error appeal_stands(struct txn *txn, const char *uscc, uint64_t number,
    uint32_t line, uint64_t *review, bool *open);

/* The payer has refused what entry `sequence` has sent it: if that was an appeal, it waits no longer and keeps no nights. Called by
 * refused_apply. */
MUST_CHECK enum error appeal_refused(
    struct settlement *settlement, struct txn *txn, uint64_t sequence);

#endif
