/* settlement_limits.h: every bound of the settlement floor, published in docs/limits.md. */
#ifndef SUIREN_SETTLEMENT_LIMITS_H
#define SUIREN_SETTLEMENT_LIMITS_H

#define SHEET_LINES_MAX 10000u
#define SHEET_PROGRAMMES_MAX 16u
#define MESSAGE_ITEMS_MAX 1000u
#define ORDER_ID_MAX 64u
#define CITIES_MAX 64u
#define PERSON_LEVELS_MAX 4
#define PERSON_GRANTS_MAX 4
#define PERSON_FILINGS_MAX 4
#define EVIDENCE_MAX 64u
/* signatures of a command: of the document, and of the sheet that travels with an endorsement */
#define COMMAND_SIGNATURES_MAX 2u
#define DECISION_OUTGOING_MAX 64u
#define DECISION_TRANSFERS_MAX 20000u
/* windows of one direction that one clearing takes; the oldest first, the rest waits for the next */
#define CLEARING_WINDOWS_MAX 400u
#define CLEARING_DUE_DAYS 10
/* of the month after the clearing's month: the last day before which nothing is proposed */
#define CLEARING_AFTER_DAY 20

/* windows, and disputes, of a pair of cities that one sheet or statement holds */
#define PAIR_WINDOWS_MAX 10000u
#define PAIR_DISPUTES_MAX 100000u
#define STATEMENT_MONTHS_MAX 12u
/* a month's sheet for the bank: files, and payments that are told one by one */
#define BANK_SHEET_FILES_MAX 100000u
#define BANK_SHEET_PAYMENTS_MAX 100000u

/* Reconciling: a message; parts that a range is split into; ids of a range that are told one by one; ranges that wait; what may
 * differ; messages of one exchange, each way. */
#define RECONCILE_MESSAGE_MAX (1u << 20)
#define RECONCILE_PARTS 16u
#define RECONCILE_TAGS_MAX 32u
#define RECONCILE_PENDING_MAX (1u << 18)
#define RECONCILE_DIFFERENCES_MAX 100000u
#define RECONCILE_STEPS_MAX 256u

/* A window that differs: what one difference lists, what is left out, rounds of asking and offering, documents that a creditor shows
 * with one difference. */
#define WINDOW_DIFFERENCES_MAX 9999u
#define WINDOW_LEFT_OUT_MAX 10000u
#define WINDOW_ROUNDS_MAX 64u
#define WINDOW_SHOWN_MAX 16u
#define WINDOW_DIFFERENCE_BYTES_MAX (5u << 18)

/* Trust: bytes of a head (a checkpoint with one signature), log keys of a city that evidence may name. */
#define HEAD_NOTE_MAX 1024u
#define LOG_KEYS_MAX 32u
/* How far ahead of the receiver's today another city's day may be: clocks differ; those of demo nodes are moved by commands. */
#define STATED_DAYS_MAX 1
#define STATED_DEMO_DAYS_MAX 62

/* Registers: rows of one person in one entry, and texts. */
#define STAY_LINES_OF_PERSON_MAX 64u
#define GRANT_LINES_OF_PERSON_MAX 64u
#define STAYS_OF_LINE_MAX 31
#define REGISTER_MESSAGES_MAX 3
#define INSTITUTION_TEXT_MAX 192u
#define INSTITUTION_BEDS_MAX 100000u
#define INSTITUTION_STAR_MAX 5u
#define INSTITUTION_ACCOUNT_MAX 34u
/* GB/T 42195: points, and levels of ability from 0. */
#define ASSESSMENT_SCORE_MAX 90
#define ABILITY_LEVEL_MAX 4
#define SEAL_PLAIN_MAX 320

/* Verdicts: a month has so many days; there are so many kinds of reductions. */
#define VERDICT_PIECES_MAX 31
#define PROGRAMME_SPANS_MAX 31
#define VERDICT_REDUCTIONS_MAX 10
/* Nights of a house in a month, or days: no figure of a reduction by these is beyond. */
#define VERDICT_NIGHTS_MAX 10000000

/* Days after the one on which the host has booked a verdict, within which it may be appealed. */
#define APPEAL_DAYS 60

/* Orders, runs, payments. */
#define ORDER_PARAMETERS_MAX 4096u
#define GROUNDS_MAX 128u
#define RUN_NAME_MAX 32u
#define ALLOWANCE_PART_MAX 1000u
#define PAYMENT_NAME_MAX 32u
#define PAYMENT_PAYEE_MAX 20u
#define PAYMENT_ATTEMPTS_MAX 99u
/* payers and months whose advances are filled again by one entry */
#define REFILLS_MAX 256u
/* of a reserve: what comes in stands under "<name><<home>" */
#define PREFUND_NAME_MAX 24u
#define PAYMENT_PART_MAX 1000u
#define BANK_REFERENCE_MAX 35u

/* Files. */
#define BUNDLE_SIZE_MAX (64u << 20)
#define ISO_ID_MAX 35u    /* MsgId, EndToEndId and the like, characters */
#define ISO_NAME_MAX 140u /* names, remittance information */
#define ISO_ACCOUNT_MAX 34u
#define ISO_TRANSFERS_MAX 100000u /* in one file */
#define ISO_FILE_MAX (128u << 20) /* bytes */
#define XML_DEPTH_MAX 24
#define XML_PATH_MAX 512u
#define XML_TEXT_MAX 4096u /* bytes of one leaf */
#define XML_NAME_SPACE_MAX 128u

#endif
