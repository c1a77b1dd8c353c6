/* draw.h: the host draws on the reserve (预付金): a clearing that its home has not paid by the due day is paid out of what the host holds for
 * it; a signed document tells the home. Kinds `draw`, at the host, and `draw_notice`, at home. docs/format.md, "Prefund". */
#ifndef SUIREN_DRAW_H
#define SUIREN_DRAW_H

#include "bytes.h"

#include <stdint.h>

/* Order parameters of kind `draw`: [month, home]. */
#define DRAW_PARAMETERS 2
void draw_parameters_write(struct buffer *out, uint32_t month, uint32_t home);

#endif
