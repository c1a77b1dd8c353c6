/* filing.h: what the host of a filing is told when something changes about a person who is filed there. The message "filing" is
 * the first of the calling kind's messages. */
#ifndef SUIREN_FILING_H
#define SUIREN_FILING_H

#include "entitlement.h"
#include "register.h"

/* The person is forgotten: to every host that still stands in the row. */
void filing_forget(struct register_work *work, const struct person_row *row);

#endif
