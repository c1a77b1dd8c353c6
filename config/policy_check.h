/* policy_check.h: what must hold between the fields of a policy that has been read. Private to config/. */
#ifndef SUIREN_POLICY_CHECK_H
#define SUIREN_POLICY_CHECK_H

#include "yaml_tree.h"

/* Complain about everything that does not hold; `lines` gives the line on which each programme begins. */
void policy_check(
    const struct policy *policy, const unsigned *lines, struct yaml_complaints *complaints);

#endif
