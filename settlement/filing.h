/* filing.h: what the host of a filing is told when something changes about a person who is filed there. The message "filing" is
 * the first of the calling kind's messages. */
#ifndef SUIREN_FILING_H
#define SUIREN_FILING_H

#include "entitlement.h"
#include "register.h"

/* New facts of a person: to the hosts that still stand in the row and whose catalogue asks for them. */
void filing_facts_changed(
    struct register_work *work, const struct person_row *row, const struct person_facts *facts);
/* The person is forgotten: to every host that still stands in the row. */
void filing_forget(struct register_work *work, const struct person_row *row);

#endif
