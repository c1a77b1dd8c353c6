/* demo_actor.h: what happens in the demo, as a story that can be played on nodes in this process (demo_live.c) or written as files and
 * commands (sample.c): both tell the same. Cities are named by their index in sample_regions. */
#ifndef SUIREN_DEMO_ACTOR_H
#define SUIREN_DEMO_ACTOR_H

#include "import.h"
#include "payment.h"
#include "sample_model.h"

enum demo_signer { DEMO_INSTITUTION, DEMO_OFFICER };

struct demo_line {
	uint64_t person;
	const char *programme;
	uint8_t first_day, last_day;
	int64_t amount_fen; /* -1: what the policy gives */
};

/* One file of an institution: lines of one month and payer. */
struct demo_sheet {
	unsigned city; /* the host */
	char uscc[USCC_SIZE + 1];
	struct hash key_seed; /* of the institution */
	enum demo_signer signer;
	uint64_t number;
	uint32_t payer, month;
	bool payer_forced; /* it is not the city that the catalogues say */
	bool forged;       /* signed with a key that is not the institution's: no node takes it */
	const struct demo_line *lines; /* ascending by person */
	uint32_t count;
};

/* Every function returns ERROR_NONE or the first failure, told in `detail`. Rows are borrowed. */
struct demo_actor {
	void *context;
	struct error_detail *detail;
	enum error (*at)(void *context, int64_t now_ms); /* everything after this happens then */
	enum error (*officer)(
	    void *context, unsigned city, const char *name, const struct hash *seed);
	enum error (*appropriations)(
	    void *context, unsigned city, const struct appropriation_line *rows, uint32_t count);
	enum error (*institutions)(
	    void *context, unsigned city, const struct institution_line *rows, uint32_t count);
	enum error (*persons)(void *context, unsigned city, const struct import_person *rows,
	    uint32_t count, uint64_t first_code);
	enum error (*facts)(void *context, unsigned city, uint64_t code, int32_t death_day);
	enum error (*assessments)(
	    void *context, unsigned city, const struct assessment *rows, uint32_t count);
	enum error (*grants)(
	    void *context, unsigned city, const struct grant_line *rows, uint32_t count);
	enum error (*filings)(
	    void *context, unsigned city, const struct filing_line *rows, uint32_t count);
	enum error (*stays)(
	    void *context, unsigned city, const struct stay_line *rows, uint32_t count);
	enum error (*sheet)(void *context, const struct demo_sheet *sheet);
	/* Take back, in the payer's city, line `line` (from 0) of a sheet. */
	enum error (*reverse)(void *context, unsigned city, const char *uscc, uint64_t number,
	    uint32_t line, const char *grounds);
	/* In the house's city, appeal a line; in the payer's, let its officer look again. `grounds` is a code's name. */
	enum error (*appeal)(void *context, unsigned city, const char *uscc, uint64_t number,
	    uint32_t line, const char *grounds);
	enum error (*review)(
	    void *context, unsigned city, const char *uscc, uint64_t number, uint32_t line);
	enum error (*deliver)(void *context);
	enum error (*cut)(void *context, unsigned city);
	enum error (*allowance)(
	    void *context, unsigned city, uint32_t month, const char *programme, const char *run);
	enum error (*clearing)(void *context, unsigned city, uint32_t month);
	/* What is owed now; nothing to pay is no failure. */
	enum error (*order_payments)(
	    void *context, unsigned city, enum payment_kind kind, const char *name);
	enum error (*bank)(void *context); /* until the present day, in all cities */
};

/* Tell the whole story. Fails with: what the actor fails with, ERROR_RANGE (residents, months), ERROR_MEMORY. */
MUST_CHECK enum error demo_tell(const struct demo_actor *actor, uint64_t seed, uint32_t residents,
    uint32_t first_month, unsigned months);

#define DEMO_FIRST_MONTH 202610u

#endif
