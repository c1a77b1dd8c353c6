/* iso20022.h: the bank's files: customer credit transfers (pain.001.001.09), bank notifications (camt.054.001.08) and
 * payment status reports (pain.002.001.10), written and read by way of libxml2. Only the fields that this program uses;
 * what a bank adds beside them is passed over. Writing is deterministic: the same message gives the same bytes. Reading
 * trusts nothing: no DTD, no entities, no network, one namespace, UTF-8, CNY, sizes bounded, counts and sums that agree.
 * Knows no accounts and no tables. Pure and thread-safe. docs/format.md, "Bank files". */
#ifndef SUIREN_ISO20022_H
#define SUIREN_ISO20022_H

#include "settlement_limits.h"
#include "money.h"

#define ISO_BANK_SIZE 12u /* CNAPS code, digits */

/* Whose account at which bank. */
struct iso_party {
	struct span name;
	struct span account; /* number */
	struct span bank;    /* CNAPS code */
};

/* One payment of a pain.001. */
struct iso_transfer {
	struct span instruction, end_to_end;
	struct amount amount; /* fen, positive */
	struct iso_party creditor;
	struct span remittance; /* may be empty */
};

/* A pain.001 with one block of payments from one account. */
struct iso_order {
	struct span message; /* MsgId */
	struct span block;   /* PmtInfId */
	int64_t created_ms;  /* written only: 0 in what was read, here and below */
	int32_t execution_day;
	struct iso_party debtor;
	struct iso_transfer *transfers;
	size_t count; /* at least 1 */
};

/* One booking of a camt.054, on one EndToEndId. */
struct iso_booking {
	struct span end_to_end; /* may be empty: the bank gave none */
	struct amount amount;   /* positive */
	bool credit;            /* into the account; else out of it */
	bool returned;          /* it undoes an earlier one (RtrInf, or RvslInd) */
	int32_t day;            /* BookgDt */
	struct span reference;  /* the bank's own (AcctSvcrRef), may be empty */
	struct span reason;     /* of a return (RtrInf/Rsn/Cd), may be empty */
};

/* A camt.054 about one account. */
struct iso_notification {
	struct span message, id;
	int64_t created_ms;
	struct span account;
	struct iso_booking *bookings;
	size_t count;
};

/* A payment of a pain.002 that the bank refuses. */
struct iso_rejection {
	struct span end_to_end;
	bool has_amount;
	struct amount amount;
	struct span reason; /* StsRsnInf/Rsn/Cd, may be empty */
};

/* A pain.002 about one pain.001. What is accepted or still pending is not kept. */
struct iso_report {
	struct span message;         /* MsgId */
	struct span original, block; /* OrgnlMsgId, OrgnlPmtInfId of the pain.001 */
	int64_t created_ms;          /* written only */
	int32_t day;                 /* of CreDtTm; read only */
	bool all_rejected;           /* the whole message or block (GrpSts, PmtInfSts = RJCT) */
	struct span reason;          /* of that, may be empty */
	struct iso_rejection *rejections;
	size_t count;
};

/* Append the file to `out`. Fails with: ERROR_MALFORMED (a text that XML cannot carry, an empty id, an account or bank that is
 * none; `detail` names the field), ERROR_TOO_LARGE, ERROR_OVERFLOW (the sum), ERROR_MEMORY; `out` is unchanged then. */
MUST_CHECK enum error iso_order_write(
    struct buffer *out, const struct iso_order *order, struct error_detail *detail);
MUST_CHECK enum error iso_notification_write(
    struct buffer *out, const struct iso_notification *notification, struct error_detail *detail);
MUST_CHECK enum error iso_report_write(
    struct buffer *out, const struct iso_report *report, struct error_detail *detail);

enum iso_kind { ISO_ORDER = 1, ISO_NOTIFICATION = 2, ISO_REPORT = 3 };

/* A file as it was read: everything in it belongs to it. */
struct iso_file {
	enum iso_kind kind;
	struct iso_order order;               /* ISO_ORDER */
	struct iso_notification notification; /* ISO_NOTIFICATION */
	struct iso_report report;             /* ISO_REPORT */
	struct iso_arena *arena;
};
/* `name` is for messages only. Fails with: ERROR_TOO_LARGE, ERROR_ENCODING (not UTF-8), ERROR_MALFORMED (not well-formed, or not of the form; a
 * DTD; another namespace), ERROR_MISMATCH (counts or sums that differ, Ccy not CNY), ERROR_CONFLICT (an EndToEndId twice),
 * ERROR_MEMORY. */
MUST_CHECK enum error iso_read(
    const char *name, struct span bytes, struct iso_file *file, struct error_detail *detail);
void iso_file_free(struct iso_file *file); /* zeroed files are accepted */

#endif
