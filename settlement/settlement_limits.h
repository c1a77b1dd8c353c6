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

#endif
