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
