/* account_order.h: the order that freezes, unfreezes and closes accounts. A frozen account takes no transfer until it is unfrozen;
 * a closed one, which must be empty, takes none ever again. Line: [operation, account]. Pure. */
#ifndef SUIREN_ACCOUNT_ORDER_H
#define SUIREN_ACCOUNT_ORDER_H

#include "codec.h"

enum account_operation { ACCOUNT_FREEZE = 1, ACCOUNT_UNFREEZE = 2, ACCOUNT_CLOSE = 3 };

struct account_line {
	enum account_operation operation;
	struct span name;
};

void account_line_write(struct buffer *out, const struct account_line *line);

#endif
