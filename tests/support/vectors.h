/* vectors.h: reading test vectors: JSON files below tests/vectors. A file that cannot be read fails the test. */
#ifndef SUIREN_TEST_VECTORS_H
#define SUIREN_TEST_VECTORS_H

#include <jansson.h>

#include "bytes.h"

/* Load tests/vectors/<path>; json_decref when done. Aborts, naming the file, if it is not there or not JSON. */
json_t *vectors_load(const char *path);
/* The same with every integer as a real: for files that hold integers beyond int64. */
json_t *vectors_load_reals(const char *path);
/* The bytes of a hex string (upper or lower case), owned by the caller: buffer_free. Aborts on anything else. */
struct buffer vectors_hex(const json_t *hex);
/* The same for a string member of an object; an absent or null member gives an empty buffer. */
struct buffer vectors_hex_member(const json_t *object, const char *name);
/* The bytes of a base64 string. */
struct buffer vectors_base64(const json_t *base64);

#endif
