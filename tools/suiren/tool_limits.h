/* tool_limits.h: every bound of the command line, published in docs/limits.md. */
#ifndef SUIREN_TOOL_LIMITS_H
#define SUIREN_TOOL_LIMITS_H

#include "limits.h"

/* Tables. */
#define TABLE_FILE_MAX (256u << 20)
#define TABLE_ROWS_MAX 1000000u
#define TABLE_COLUMNS_MAX 64
#define TABLE_FIELD_MAX 4096
/* Bytes in the file: every field at its longest, with each of its bytes a doubled quote. */
#define TABLE_ROW_MAX (TABLE_COLUMNS_MAX * (2 * TABLE_FIELD_MAX + 3))

/* What one order takes, and how often refused rows may be ordered anew. */
#define IMPORT_ROWS_MAX 10000u
#define ORDERS_AGAIN_MAX 100
#define ERASE_PERSONS_MAX 1000
/* Bytes of the paper of an appeal, of which only the hash is booked. */
#define APPEAL_PAPER_MAX (64u << 20)

/* What is told of many. */
#define ROWS_TOLD_MAX 100u
#define FINDINGS_SHOWN_MAX 100

/* The command line itself. */
#define CLI_OPTIONS_MAX 32
#define SUGGESTION_WORD_MAX 32

/* The demo, its bank, and the benchmarks. */
#define SAMPLE_RESIDENTS_MAX 2000000u
#define SAMPLE_MONTHS_MAX 24u
#define BANK_PATH_MAX 4096
#define BANK_FILES_MAX 100000u
#define PAYMENT_FILE_NAME_MAX 80
#define BENCH_ROUNDS_MAX 25
/* threads that check signatures at a time, one a core */
#define BENCH_CORES_MAX 64u

#endif
