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
#define DECISION_OUTGOING_MAX 64u
#define DECISION_TRANSFERS_MAX 20000u
/* windows of one direction that one clearing takes; the oldest first, the rest waits for the next */
#define CLEARING_WINDOWS_MAX 400u
#define CLEARING_DUE_DAYS 10
/* of the month after the clearing's month: the last day before which nothing is proposed */
#define CLEARING_AFTER_DAY 20

#endif
