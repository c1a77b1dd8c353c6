/* catalogue.h: catalogues for tests, written as the policy files that they would be. */
#ifndef SUIREN_TEST_CATALOGUE_H
#define SUIREN_TEST_CATALOGUE_H

#include <stdio.h>
#include <string.h>

#include "bytes.h"

struct catalogue_text {
	char text[16384];
	size_t size;
};

/* What is NULL is as in most programmes: claimed by institutions by the day, paid by the home, from 2025-01-01 on, portable, nothing
 * asked for but a stay. `more`: further lines of the file, `amounts`: the list's items; each with its indentation. */
struct programme_text {
	const char *code, *need, *unit, *payer, *paid_to, *accrues, *starts, *from, *portable,
	    *needs_grant, *needs_assessment, *deadline_days, *funds, *more, *amounts;
};

static inline const char *text_or(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static inline void catalogue_begin(
    struct catalogue_text *out, uint32_t region, unsigned version, const char *funds)
{
	out->size = (size_t)snprintf(out->text, sizeof(out->text),
	    "region: %u\nname_zh: 测试\nname_en: Test\nversion: %u\neffective_from: 2025-01-01\n"
	    "pays_from_float: false\nclearing: net\nfunds:\n",
	    (unsigned)region, version);
	for (const char *at = funds; *at;) {
		size_t size = strcspn(at, " ");
		out->size += (size_t)snprintf(out->text + out->size, sizeof(out->text) - out->size,
		    "  - {code: %.*s, name_zh: 资金, name_en: fund, source: fiscal, owner: %u}\n",
		    (int)size, at, (unsigned)region);
		at += size + (at[size] == ' ');
	}
	out->size +=
	    (size_t)snprintf(out->text + out->size, sizeof(out->text) - out->size, "programmes:\n");
}

static inline void catalogue_add(struct catalogue_text *out, const struct programme_text *programme)
{
	out->size += (size_t)snprintf(out->text + out->size, sizeof(out->text) - out->size,
	    "  - code: %s\n    name_zh: 测试\n    name_en: test\n    document: test\n    clause: "
	    "1\n"
	    "    effective_from: %s\n    need: %s\n    accrues: %s\n    unit: %s\n    payer: %s\n"
	    "    paid_to: %s\n    starts: %s\n    portable: %s\n    needs_grant: %s\n"
	    "    needs_stay: %s\n    needs_assessment: %s\n%s    amounts:\n%s"
	    "    funds: [%s]\n    claim_deadline_days: %s\n",
	    programme->code, text_or(programme->from, "2025-01-01"),
	    text_or(programme->need, "care"), text_or(programme->accrues, "day"),
	    text_or(programme->unit, "person_month"), text_or(programme->payer, "home"),
	    text_or(programme->paid_to, "institution"), text_or(programme->starts, "day"),
	    text_or(programme->portable, "true"), text_or(programme->needs_grant, "false"),
	    programme->accrues ? "false" : "true", text_or(programme->needs_assessment, "false"),
	    text_or(programme->more, ""),
	    text_or(programme->amounts, "      - {amount: 300.00, clause: a}\n"),
	    text_or(programme->funds, "fiscal"), text_or(programme->deadline_days, "60"));
}

static inline struct span catalogue_span(const struct catalogue_text *catalogue)
{
	return span_of(catalogue->text, catalogue->size);
}

#endif
