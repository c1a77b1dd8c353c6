#include "tables.h"

static const struct store_table tables[] = {
    {TABLE_POLICY, "policy"},
    {TABLE_PEER, "peer"},
    {TABLE_ORDER, "order"},
    {TABLE_INBOX, "inbox"},
    {TABLE_OUTBOX, "outbox"},
    {TABLE_OUTBOX_STATE, "outbox_state"},
    {TABLE_INSTITUTION, "institution"},
    {TABLE_PERSON, "person"},
    {TABLE_REGISTRY, "registry"},
    {TABLE_REGISTRY_INDEX, "registry_index"},
    {TABLE_GRANT, "grant"},
    {TABLE_STAY, "stay"},
    {TABLE_STAY_PERSON, "stay_person"},
    {TABLE_SHEET, "sheet"},
    {TABLE_CLAIMED, "claimed"},
    {TABLE_CAPACITY, "capacity"},
    {TABLE_USAGE, "usage"},
    {TABLE_ALLOWANCE, "allowance"},
    {TABLE_RUN, "run"},
    {TABLE_OBLIGATION, "obligation"},
    {TABLE_WINDOW, "window"},
    {TABLE_CLEARING, "clearing"},
    {TABLE_PAYMENT, "payment"},
    {TABLE_PAYMENT_INDEX, "payment_index"},
    {TABLE_REVERSED, "reversed"},
    {TABLE_INSTITUTION_NAME, "institution_name"},
    {TABLE_GUEST_DUE, "guest_due"},
    {TABLE_DISPUTE, "dispute"},
    {TABLE_DIFFERING, "differing"},
    {TABLE_PREFUND, "prefund"},
    {TABLE_HELD, "held"},
    {TABLE_ADVANCED, "advanced"},
    {TABLE_TRUST, "trust"},
    {TABLE_UNMATCHED, "unmatched"},
    {TABLE_APPEAL, "appeal"},
    {TABLE_SERVICE, "service"},
    {TABLE_TOLD, "told"},
};

#define TABLE_COUNT (sizeof tables / sizeof *tables)

const struct store_table *settlement_tables(size_t *count)
{
	*count = TABLE_COUNT;
	return tables;
}

const unsigned *settlement_rebuilt_tables(size_t *count)
{
	static const unsigned rebuilt[] = {TABLE_POLICY, TABLE_PEER, TABLE_ORDER, TABLE_INBOX,
	    TABLE_OUTBOX, TABLE_OUTBOX_STATE, TABLE_INSTITUTION, TABLE_PERSON, TABLE_GRANT,
	    TABLE_STAY, TABLE_STAY_PERSON, TABLE_SHEET, TABLE_CLAIMED, TABLE_CAPACITY, TABLE_USAGE,
	    TABLE_ALLOWANCE, TABLE_RUN, TABLE_OBLIGATION, TABLE_WINDOW, TABLE_CLEARING,
	    TABLE_PAYMENT, TABLE_PAYMENT_INDEX, TABLE_REVERSED, TABLE_INSTITUTION_NAME,
	    TABLE_GUEST_DUE, TABLE_DISPUTE, TABLE_DIFFERING, TABLE_PREFUND, TABLE_HELD,
	    TABLE_ADVANCED, TABLE_TRUST, TABLE_UNMATCHED, TABLE_APPEAL, TABLE_SERVICE, TABLE_TOLD};

	_Static_assert(sizeof rebuilt / sizeof *rebuilt == TABLE_COUNT - 2,
	    "all tables but the registry's two");
	*count = sizeof rebuilt / sizeof *rebuilt;
	return rebuilt;
}
