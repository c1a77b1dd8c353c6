/* policy_view.h: a catalogue as it is in force on a day, for people and as JSON. Amounts that the sources do not give are
 * marked. */
#ifndef SUIREN_POLICY_VIEW_H
#define SUIREN_POLICY_VIEW_H

#include "policy.h"

/* Both print to stdout and return an enum cli_status. */
int policy_view_text(const struct policy *policy, int32_t day);
int policy_view_json(const struct policy *policy, int32_t day);

#endif
