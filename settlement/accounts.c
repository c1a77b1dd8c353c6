#include "accounts.h"

#include <stdio.h>

/* The longest matching prefix rules: docs/settlement.md, "Accounts". */
const struct account_rule settlement_chart[] = {
    {"treasury", SIDE_DEBIT, false},
    {"float", SIDE_DEBIT, false},
    {"budget/", SIDE_CREDIT, false}, /* where the treasury's money comes from: the finance bureau */
    {"fund/", SIDE_CREDIT, false},
    {"payable/institution/", SIDE_CREDIT, false},
    {"payable/run/", SIDE_CREDIT, false},
    {"payable/returned/", SIDE_CREDIT, false},
    {"payable/city/", SIDE_CREDIT, true},
    {"receivable/institution/", SIDE_DEBIT, false},
    {"receivable/person/", SIDE_DEBIT, false},
    {"receivable/city/", SIDE_DEBIT, true},
    {"clearing/", SIDE_CREDIT, true},
    {"prefund_lodged/", SIDE_DEBIT, false},
    {"prefund_held/", SIDE_CREDIT, false},
    {"suspense/", SIDE_CREDIT, true}, /* what the bank has moved and nobody knows yet why */
    {NULL, SIDE_DEBIT, false},
};

const char *account_treasury(char text[ACCOUNT_TEXT_SIZE])
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "treasury");
	return text;
}

const char *account_float(char text[ACCOUNT_TEXT_SIZE])
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "float");
	return text;
}

const char *account_fund(char text[ACCOUNT_TEXT_SIZE], const char *fund)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "fund/%s/available", fund);
	return text;
}

const char *account_payable_local(char text[ACCOUNT_TEXT_SIZE], const char *uscc)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "payable/institution/%.*s/local", USCC_SIZE, uscc);
	return text;
}

const char *account_payable_remote(char text[ACCOUNT_TEXT_SIZE], const char *uscc)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "payable/institution/%.*s/remote", USCC_SIZE, uscc);
	return text;
}

const char *account_payable_run(char text[ACCOUNT_TEXT_SIZE], const char *run)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "payable/run/%s", run);
	return text;
}

const char *account_payable_returned(char text[ACCOUNT_TEXT_SIZE], const char *payment)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "payable/returned/%s", payment);
	return text;
}

const char *account_receivable_institution(char text[ACCOUNT_TEXT_SIZE], const char *uscc)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "receivable/institution/%.*s", USCC_SIZE, uscc);
	return text;
}

const char *account_receivable_person(char text[ACCOUNT_TEXT_SIZE], uint64_t person)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "receivable/person/%016llu", (unsigned long long)person);
	return text;
}

const char *account_payable_city(char text[ACCOUNT_TEXT_SIZE], uint32_t city, uint32_t window)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "payable/city/%06u/%u", (unsigned)city, (unsigned)window);
	return text;
}

const char *account_receivable_city(char text[ACCOUNT_TEXT_SIZE], uint32_t city, uint32_t window)
{
	snprintf(
	    text, ACCOUNT_TEXT_SIZE, "receivable/city/%06u/%u", (unsigned)city, (unsigned)window);
	return text;
}

const char *account_payable_disputed(char text[ACCOUNT_TEXT_SIZE], uint32_t city)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "payable/city/%06u/disputed", (unsigned)city);
	return text;
}

const char *account_receivable_disputed(char text[ACCOUNT_TEXT_SIZE], uint32_t city)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "receivable/city/%06u/disputed", (unsigned)city);
	return text;
}

const char *account_clearing(char text[ACCOUNT_TEXT_SIZE], uint32_t month, uint32_t city)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "clearing/%04u-%02u/%06u", (unsigned)(month / 100),
	    (unsigned)(month % 100), (unsigned)city);
	return text;
}

const char *account_prefund_lodged(char text[ACCOUNT_TEXT_SIZE], uint32_t host)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "prefund_lodged/%06u", (unsigned)host);
	return text;
}

const char *account_prefund_held(char text[ACCOUNT_TEXT_SIZE], uint32_t home)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "prefund_held/%06u", (unsigned)home);
	return text;
}

const char *account_suspense(char text[ACCOUNT_TEXT_SIZE], const char *name)
{
	snprintf(text, ACCOUNT_TEXT_SIZE, "suspense/%s", name);
	return text;
}
