/* verdict.h: the verdict on a line of money: what was decided and every figure that it was computed from, so that it can be checked by hand
 * with the policy in the other hand. Facts of a person are named by the entry that brought them, never by value. Pure.
 *
 *   refused:  [reason, figure or null, policy, row or null]  figure: a day, or an entry (verdict_figure_is_entry)
 *             [reason, figure or null]                       by a city that does not pay and has no rules for it
 *   approved: [0, amount, policy, [piece...], [fund...], [facts, grant, filing]]            or, if reduced, with one element more:
 *             [0, amount, policy, [piece...], [fund...], [facts, grant, filing], [reduction...]]
 *   held:     [49, amount, policy, [piece...], [limit, unpaid], [facts, grant, filing]]    or, if reduced, with one element more
 *   upheld:   [50, code]                                       on second look, by an officer's word (appeal.h)
 *   piece     = programme row, band, last day, monthly amount, level entry      five elements of the list each
 *   fund      = fund index, amount       two elements of the list each; a single fund, which pays all, stands without amount
 *   reduction = reason, before, after, limit, used                              five elements of the list each
 */
#ifndef SUIREN_VERDICT_H
#define SUIREN_VERDICT_H

#include "settlement_limits.h"
#include "codec.h"
#include "policy.h"
#include "reason.h"

/* Bytes of the longest verdict: each item is at most a head, for there is nothing in it but integers and lists. */
#define VERDICT_ROOM                                                                  \
	(CODEC_HEAD_MAX * (16u + 5u * VERDICT_PIECES_MAX + 2u * PROGRAMME_FUNDS_MAX + \
			      5u * VERDICT_REDUCTIONS_MAX))

/* Consecutive days of one version, band and level. */
struct verdict_piece {
	uint32_t row;      /* of the programme in the policy */
	uint32_t band;     /* of the programme */
	uint32_t last_day; /* of the month; the piece begins where the one before ends */
	int64_t monthly_fen;
	uint64_t level_sequence; /* the entry that brought the level; 0: none was asked for */
};

struct verdict_fund {
	uint32_t fund; /* index in the policy */
	int64_t amount_fen;
};

/* Fen, but for capacity (nights) and the quantity cap (days): limit and used are in those; before and after always in fen. */
struct verdict_reduction {
	enum reason reason;
	int64_t before_fen, after_fen;
	int64_t limit, used;
};

struct verdict {
	enum reason reason;
	bool has_figure;
	int64_t figure;
	uint64_t
	    policy; /* the entry that brought the payer's catalogue into the payer's log; 0: none was asked */
	/* refused: the version of the programme that was looked at, if there was one */
	bool has_row;
	uint32_t row;
	/* approved: */
	int64_t amount_fen;
	uint32_t piece_count, fund_count, reduction_count;
	struct verdict_piece pieces[VERDICT_PIECES_MAX];
	struct verdict_fund funds[PROGRAMME_FUNDS_MAX];
	struct verdict_reduction reductions[VERDICT_REDUCTIONS_MAX];
	uint64_t facts_sequence, grant_sequence, filing_sequence; /* 0: not asked for */
	/* held: what it is worth, what may be unpaid to the host, and what was; amount_fen is 0 and no fund pays */
	int64_t held_fen, limit_fen, unpaid_fen;
};

/* Does the figure of a refusal name the entry with the fact about the person, and not a day? */
bool verdict_figure_is_entry(enum reason reason);

/* Does the line take its days and nights: approved, or held until the reserve suffices? */
bool verdict_takes_days(const struct verdict *verdict);

void verdict_write(struct buffer *out, const struct verdict *verdict);
/* Strictly one verdict of a line of money: amount at least 0, funds sum up to it, pieces ascend. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error verdict_parse(struct span bytes, struct verdict *verdict);
/* The same from a reader that stands before it; fails the reader. */
void verdict_take(struct codec_reader *reader, struct verdict *verdict);
/* The reduction with this reason; NULL if there is none. */
const struct verdict_reduction *verdict_reduced(const struct verdict *verdict, enum reason reason);

#endif
