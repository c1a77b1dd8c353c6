/* accounts.h: the chart of accounts and the names of accounts. Who owes whom by which event: docs/settlement.md,
 * "Accounts". Pure. */
#ifndef SUIREN_ACCOUNTS_H
#define SUIREN_ACCOUNTS_H

#include "account.h"

#define USCC_SIZE 18
#define ACCOUNT_TEXT_SIZE (ACCOUNT_NAME_MAX + 1)

/* Balance rules of every account of a city, for ledger_open and the audit. */
extern const struct account_rule settlement_chart[];

/* Each writes a terminated name into `text` and returns it. USCCs are 18 characters, not terminated; windows are the running number of (payer, creditor). */
const char *account_treasury(char text[ACCOUNT_TEXT_SIZE]); /* treasury */
const char *account_float(char text[ACCOUNT_TEXT_SIZE]);    /* float */
const char *account_fund(
    char text[ACCOUNT_TEXT_SIZE], const char *fund); /* fund/<fund>/available */
const char *account_payable_local(
    char text[ACCOUNT_TEXT_SIZE], const char *uscc); /* payable/institution/<uscc>/local */
const char *account_payable_remote(
    char text[ACCOUNT_TEXT_SIZE], const char *uscc); /* payable/institution/<uscc>/remote */
const char *account_payable_run(
    char text[ACCOUNT_TEXT_SIZE], const char *run); /* payable/run/<run> */
const char *account_payable_returned(
    char text[ACCOUNT_TEXT_SIZE], const char *payment); /* payable/returned/<payment> */
const char *account_receivable_institution(
    char text[ACCOUNT_TEXT_SIZE], const char *uscc); /* receivable/institution/<uscc> */
const char *account_receivable_person(
    char text[ACCOUNT_TEXT_SIZE], uint64_t person); /* receivable/person/<code> */
const char *account_payable_city(char text[ACCOUNT_TEXT_SIZE], uint32_t city,
    uint32_t window); /* payable/city/<code>/<window> */
const char *account_receivable_city(char text[ACCOUNT_TEXT_SIZE], uint32_t city,
    uint32_t window); /* receivable/city/<code>/<window> */
const char *account_payable_disputed(
    char text[ACCOUNT_TEXT_SIZE], uint32_t city); /* payable/city/<code>/disputed */
const char *account_receivable_disputed(
    char text[ACCOUNT_TEXT_SIZE], uint32_t city); /* receivable/city/<code>/disputed */
const char *account_clearing(
    char text[ACCOUNT_TEXT_SIZE], uint32_t month, uint32_t city); /* clearing/2026-10/<city> */

const char *account_prefund_lodged(
    char text[ACCOUNT_TEXT_SIZE], uint32_t host); /* prefund_lodged/<host> */
const char *account_prefund_held(
    char text[ACCOUNT_TEXT_SIZE], uint32_t home); /* prefund_held/<home> */
const char *account_suspense(char text[ACCOUNT_TEXT_SIZE], const char *name); /* suspense/<name> */

#endif
