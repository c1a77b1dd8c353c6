/* policy.h: the policy catalogue of one region: programmes (补贴项目) and funds (资金渠道) with their amounts, sources and
 * effective dates, loaded from `policy/<region>.yaml` by way of libyaml's events, so that every value knows its line. A
 * policy is immutable once loaded and may be read from any thread. It holds plain data: what is owed is decided in
 * settlement/. Every field of the file: docs/policy.md. */
#ifndef SUIREN_POLICY_H
#define SUIREN_POLICY_H

#include "hash.h"
#include "money.h"

#include "config_limits.h"

#define DAY_NEVER INT32_MAX /* "no end" */

/* What a subsidy is for; of one need only one programme pays on a day. */
enum need {
	NEED_OLD_AGE = 1,  /* 高龄: allowance for age */
	NEED_BED = 2,      /* 床位、运营: an occupied bed */
	NEED_SERVICE = 3,  /* 养老服务: buying services */
	NEED_CARE = 4,     /* 护理: nursing */
	NEED_MEAL = 5,     /* 助餐: meals */
	NEED_VISIT = 6,    /* 探访: visits */
	NEED_RESPITE = 7,  /* 喘息: relief of those who care at home */
	NEED_HOME_BED = 8, /* 家庭养老床位: a bed at home that an institution looks after */
	NEED_COUNT
};

/* By the month, by the day, or by pieces: visits, meals, hours. */
enum accrual { ACCRUES_MONTH = 1, ACCRUES_DAY = 2, ACCRUES_PIECE = 3 };
enum payer { PAYER_HOME = 1, PAYER_HOST = 2 };
enum paid_to { PAID_TO_CARD = 1, PAID_TO_INSTITUTION = 2, PAID_TO_EITHER = 3 };
/* What an amount is for. Of a month days are worth a share; the others are worth it each. */
enum programme_unit {
	UNIT_PERSON_MONTH = 1,
	UNIT_BED_MONTH = 2,
	UNIT_PERSON_DAY = 3,
	UNIT_VISIT = 4,
	UNIT_MEAL = 5,
	UNIT_HOUR = 6
};
enum starts { STARTS_DAY = 1, STARTS_MONTH = 2, STARTS_NEXT_MONTH = 3 };
enum fund_source { SOURCE_FISCAL = 1, SOURCE_LOTTERY = 2, SOURCE_INSURANCE = 3 };

/* Income classes as bits of a mask: 特困, 低保, 低收入, others. */
enum income_class { INCOME_DESTITUTE = 1, INCOME_MINIMUM = 2, INCOME_LOW = 4, INCOME_OTHER = 8 };
/* Person flags as bits: 残疾, 计划生育特殊家庭, 重度残疾. */
enum person_flag { PERSON_DISABLED = 1, PERSON_FAMILY_PLANNING = 2, PERSON_SEVERELY_DISABLED = 4 };

/* One amount of a programme for an age band and a band of ability levels (能力等级 0-4), both inclusive. Bands of a
 * programme do not overlap. */
struct band {
	int32_t age_from, age_to;     /* completed years; 0 .. 150 */
	int32_t level_from, level_to; /* 0 .. 4 */
	struct amount amount;         /* fen per unit */
	char clause[CLAUSE_SIZE];     /* where the amount stands */
	bool illustrative;            /* the sources do not give this amount */
};

struct programme {
	char code[PROGRAMME_CODE_SIZE];
	uint32_t tag; /* first 4 bytes of SHA-256(code), big-endian: how rows name a programme */
	char name_zh[NAME_SIZE], name_en[NAME_SIZE];
	char document[SOURCE_SIZE], clause[CLAUSE_SIZE]; /* source: document number and section */
	int32_t effective_from, effective_until;         /* days, both inclusive; DAY_NEVER */
	uint32_t district; /* 0: the whole city; else only institutions of this district */
	enum need need;
	enum accrual accrues;
	enum programme_unit unit;
	enum payer payer;
	enum paid_to paid_to;
	enum starts starts;
	bool portable; /* 费随人走 */
	uint32_t regions
	    [REGIONS_MAX]; /* where it may be drawn besides home; none listed and portable: everywhere */
	size_t region_count;
	bool needs_grant;      /* home must have granted it to the person */
	bool needs_stay;       /* each day claimed must be a night of an accepted stay */
	bool outside_stay;     /* no day claimed may be a night of a stay, wherever it is */
	bool needs_assessment; /* a valid ability assessment */
	bool takes_capacity;   /* nights count against the licensed beds */
	int32_t age_min;       /* completed years on the day; 0: none */
	int32_t level_min, level_max;
	uint32_t income_mask; /* of income_class; 0: all */
	/* if both are given, enough is age >= age_or OR one of these flags (poor AND (80+ OR disabled)); 0: not asked */
	int32_t age_or;
	uint32_t flag_or;
	struct band bands[BANDS_MAX];
	size_t band_count;
	/* ceilings and caps: where they stand, if there are any, and whether the sources give them */
	char limits_clause[CLAUSE_SIZE];
	bool limits_illustrative;
	struct amount
	    price_ceiling; /* fen a month that a line may ask at most, before proration; 0: the band's amount */
	/* of what a line asks, in hundredths; 0: all (co-payment, 个人自付, is the rest) */
	uint32_t share_percent;
	int32_t quantity_cap_days; /* days a person and month; 0: none */
	/* pieces a person and day or month, pieces or days a person and year; 0: none */
	int32_t pieces_cap_day, pieces_cap_month, cap_year;
	struct amount programme_cap; /* fen of one month for the whole programme; 0: none */
	struct amount
	    person_month_cap; /* fen a person and month over all programmes that name a cap; 0: none */
	uint32_t funds
	    [PROGRAMME_FUNDS_MAX]; /* indices into policy.funds, in the order in which they pay */
	size_t fund_count;
	int32_t claim_deadline_days; /* after the last day of the month; later is too late */
	uint32_t excludes
	    [EXCLUDES_MAX]; /* tags of programmes that bar this one for the same person and day */
	size_t exclude_count;
	bool illustrative; /* any amount, ceiling or cap is */
};

struct fund {
	char code[FUND_CODE_SIZE];
	char name_zh[NAME_SIZE], name_en[NAME_SIZE];
	enum fund_source source;
	uint32_t owner; /* region code of a city or a district */
};

/* The reserve (预付金) that this city lodges with a host bounds what it may owe that host, unpaid: reserve x percent / 100. */
struct prefund_factor {
	uint32_t host;
	uint32_t percent;
};

struct policy {
	uint32_t region;
	char name_zh[NAME_SIZE], name_en[NAME_SIZE];
	uint32_t version;
	int32_t effective_from;
	bool
	    pays_from_float; /* host pays remote claims at once from float (周转金), else when settled */
	bool gross;          /* clearings with the others: gross instead of bilateral net */
	struct prefund_factor prefunds[PREFUNDS_MAX]; /* a host that is not listed: no bound */
	size_t prefund_count;
	struct programme *programmes;
	size_t programme_count;
	struct fund *funds;
	size_t fund_count;
	struct hash hash; /* SHA-256 of the file's bytes: how adjudications name it */
};

/* One thing wrong in a file; all of them are reported, not just the first. */
typedef void config_report(
    void *context, const char *file, unsigned line, const char *field, const char *text);

/* A config_report for whoever has room for one line: keeps the first fault as "file:line: field: text" and counts them. Its
 * context is a struct config_first, zero but for `detail`, which may be NULL. */
struct config_first {
	struct error_detail *detail;
	unsigned count;
};
void config_report_first(
    void *context, const char *file, unsigned line, const char *field, const char *text);

/* Load a policy from the bytes of a file. `file` is only a name for messages. On success *policy is owned by the caller
 * (policy_free). Fails with: ERROR_MALFORMED (after reporting everything wrong), ERROR_TOO_LARGE, ERROR_ENCODING, ERROR_MEMORY. */
MUST_CHECK enum error policy_load(const char *file, struct span bytes, config_report *report,
    void *context, struct policy **policy);
void policy_free(struct policy *policy); /* NULL is accepted */
/* The programme `tag` that is in force on a day for an institution of `district` (0: city-wide ones only); a district's own programme goes before
 * the city's. NULL if none. */
const struct programme *policy_programme(
    const struct policy *policy, uint32_t tag, int32_t day, uint32_t district);
uint32_t programme_tag(struct span code);
/* The factor of a host in hundredths; 0 if none is named. */
uint32_t policy_prefund_percent(const struct policy *policy, uint32_t host);
/* Whether any version of the programme is in the policy at all. */
bool policy_knows(const struct policy *policy, uint32_t tag);
/* Does the city keep count of each person's days or pieces by themselves, beside or instead of the nights of stays? */
bool programme_counts(const struct programme *programme);
const char *need_name(enum need need);
/* "person_month", "meal"; what a line's amount is reckoned by. */
const char *programme_unit_name(enum programme_unit unit);

#endif
