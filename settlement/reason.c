#include "reason.h"

#include <stddef.h>

struct reason_texts {
	unsigned number;
	const char *name, *english, *chinese;
};

static const struct reason_texts texts[] = {
#define REASON_AS_TEXTS(number, name, english, chinese) {number, #name, english, chinese},
    REASON_LIST(REASON_AS_TEXTS)
#undef REASON_AS_TEXTS
};

static const struct reason_texts *find(unsigned reason)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].number == reason)
			return &texts[i];
	}
	return NULL;
}

unsigned reason_reduction_place(unsigned reason)
{
	static const enum reason order[] = {REASON_co_payment, REASON_price_ceiling,
	    REASON_capacity, REASON_day_cap, REASON_quantity_cap, REASON_year_cap,
	    REASON_programme_cap, REASON_person_month_cap, REASON_approved_before,
	    REASON_fund_exhausted};

	for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
		if (order[i] == reason)
			return i + 1;
	}
	return 0;
}

bool reason_counts(unsigned reason)
{
	return reason == REASON_capacity || reason == REASON_day_cap ||
	       reason == REASON_quantity_cap || reason == REASON_year_cap ||
	       reason == REASON_co_payment;
}

const char *reason_name(unsigned reason)
{
	const struct reason_texts *found = find(reason);

	return found ? found->name : NULL;
}

const char *reason_english(unsigned reason)
{
	const struct reason_texts *found = find(reason);

	return found ? found->english : NULL;
}

const char *reason_chinese(unsigned reason)
{
	const struct reason_texts *found = find(reason);

	return found ? found->chinese : NULL;
}
