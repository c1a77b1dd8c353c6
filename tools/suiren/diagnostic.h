/* diagnostic.h: any of our CBOR shown to people (RFC 8949 section 8, diagnostic notation) and as JSON, without knowing what
 * it means: lines, verdicts, payloads of documents. Strict as the codec is: what it refuses is shown as bytes. Loops, never
 * recurses, over the depth of the input. */
#ifndef SUIREN_DIAGNOSTIC_H
#define SUIREN_DIAGNOSTIC_H

#include <stdio.h>
#include <yyjson.h>

#include "codec.h"

/* One item, on one line: [1, "text", h'00ff', null]. */
void diagnostic_write(FILE *out, struct span item);
/* Arrays stay arrays, byte strings become lower-case hex, maps become arrays of keys and values in turn. NULL for want of memory. */
yyjson_mut_val *diagnostic_json(yyjson_mut_doc *doc, struct span item);

#endif
