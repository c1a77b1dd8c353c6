/* kinds.h: the kinds of entries: what a city can decide and log. Numbers are stored for ever and never reused.
 * docs/format.md, "Kinds of entries", tells the layout of their lines, verdicts, causes and what goes out.
 *
 * LINES_GIVEN: the entry's lines came in with the command (so a replay feeds them in again).
 * LINES_MADE:  the decision makes the lines from the causes and the tables. */
#ifndef SUIREN_KINDS_H
#define SUIREN_KINDS_H

#define LINES_GIVEN false
#define LINES_MADE true

/* number, name (decide: <name>_decide, apply: <name>_apply), lines */
#define KIND_LIST(X)                                                                               \
	/* the node itself: settlement/node_kinds.c */                                             \
	X(1, genesis, LINES_MADE)        /* order: this node's descriptor */                       \
	X(2, policy, LINES_MADE)         /* order or policy_notice: a catalogue from a day */      \
	X(3, peer, LINES_MADE)           /* node_descriptor of another city */                     \
	X(4, officer, LINES_GIVEN)       /* officers' keys added and ended */                      \
	X(5, account_flags, LINES_GIVEN) /* freeze, unfreeze, close: settlement/account_order.c */ \
	X(6, expired, LINES_MADE)        /* pending transfers past their deadline */               \
	/* registers */                                                                            \
	X(10, institution, LINES_GIVEN)       /* order: registered, changed, new key, standing */  \
	X(11, institution_notice, LINES_MADE) /* the same from another city */                     \
	X(12, person, LINES_GIVEN)            /* person_fact: registered, facts changed; sealed */ \
	X(13, erase, LINES_GIVEN)             /* a person is forgotten */                          \
	X(14, assessment, LINES_GIVEN)        /* ability levels; sealed for own persons */         \
	X(15, assessment_notice, LINES_MADE)                                                       \
	X(16, filing, LINES_GIVEN) /* 备案 */                                                    \
	X(17, filing_notice, LINES_MADE)                                                           \
	X(18, grant, LINES_GIVEN)                                                                  \
	X(19, grant_notice, LINES_MADE)                                                            \
	X(20, stay, LINES_GIVEN)          /* order at the host: opened, closed */                  \
	X(21, stay_notice, LINES_MADE)    /* at home: stay_opened, stay_closed of another host */  \
	X(22, stay_answer, LINES_MADE)    /* at the host: stay_accepted, stay_refused from home */ \
	X(23, appropriation, LINES_GIVEN) /* funds, float */                                       \
	X(24, refill, LINES_MADE)         /* order: the float is filled again */                   \
	/* second looks (申诉、复核) */                                                       \
	X(26, appeal, LINES_GIVEN)       /* order at the host: a line is to be looked at again */  \
	X(27, appeal_notice, LINES_MADE) /* the same at the payer */                               \
	X(28, review, LINES_GIVEN)       /* order at the payer: the second look */                 \
	X(29, review_notice, LINES_MADE) /* what came of it, at the host */                        \
	/* claims */                                                                               \
	X(30, claim, LINES_GIVEN) /* a sheet adjudicated by its payer; from its own institution */ \
	X(31, claim_forward, LINES_GIVEN) /* a sheet booked by the host for another payer */       \
	X(32, claim_remote, LINES_GIVEN)  /* endorsement + sheet, adjudicated by the payer */      \
	X(33, adjudication, LINES_MADE)   /* at the host: the payer's verdicts */                  \
	X(34, reversal, LINES_GIVEN) /* at the payer: negative lines that name old obligations */  \
	X(35, reversal_notice, LINES_MADE)                                                         \
	X(36, allowance, LINES_MADE) /* a part of a monthly run */                                 \
	/* between cities, and the bank */                                                         \
	X(37, unmatched_end,                                                                       \
	    LINES_GIVEN)             /* order of an officer: what it was that matched nothing */   \
	X(40, cut, LINES_MADE)       /* windows cut, statements go out */                          \
	X(41, statement, LINES_MADE) /* a payer's statement: agreement goes out */                 \
	X(42, agreement, LINES_MADE) /* the creditor's countersignature */                         \
	X(43, clearing, LINES_MADE)  /* proposed by the lower region code */                       \
	X(44, clearing_accept, LINES_MADE) /* countersigned by the other */                        \
	X(45, clearing_signed, LINES_MADE) /* both signatures are here */                          \
	X(46, payment_order, LINES_MADE)   /* orders for a run, institutions, a clearing */        \
	X(47, bank, LINES_GIVEN)           /* facts of the bank: booked, rejected, returned */     \
	X(48, payment_advice, LINES_MADE)                                                          \
	X(49, payment_receipt, LINES_MADE)                                                         \
	X(50, difference, LINES_GIVEN)       /* order at the creditor: where its mirror differs */ \
	X(51, difference_notice, LINES_MADE) /* at the payer: sent again, the rest offered */      \
	X(52, rest, LINES_MADE)              /* at the creditor: the rest agreed, or not yet */    \
	X(53, dispute, LINES_GIVEN)          /* order at the payer: disputes ended */              \
	X(54, dispute_notice, LINES_MADE)    /* the same at the creditor */                        \
	X(55, prefund_notice, LINES_MADE)    /* at the host: a reserve is on its way */            \
	X(56, further, LINES_MADE)           /* order at the payer: held lines decided again */    \
	X(57, further_notice, LINES_MADE)    /* at the host: message adjudication_further */       \
	X(58, draw, LINES_MADE)              /* order at the host: the reserve pays a clearing */  \
	X(59, draw_notice, LINES_MADE)       /* the same at home: message prefund_drawn */         \
	/* delivery */                                                                             \
	X(60, acknowledged, LINES_MADE) /* a peer's acknowledgement of our documents */            \
	X(61, refusal, LINES_GIVEN)     /* we refuse a peer's document; provable */                \
	X(62, refused, LINES_MADE)      /* a peer refused one of ours */                           \
	/* trust between cities */                                                                 \
	X(70, heads, LINES_MADE)  /* order: checkpoints of peers, consistent with those before */  \
	X(71, frozen, LINES_MADE) /* order: evidence that a peer's log contradicts itself */       \
	X(72, unfreeze, LINES_MADE) /* order of one officer, then of another */

enum kind {
#define KIND_AS_ENUM(number, name, made) KIND_##name = number,
	KIND_LIST(KIND_AS_ENUM)
#undef KIND_AS_ENUM
};

#endif
