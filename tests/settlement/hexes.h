/* hexes.h: bytes that stand in a test as hex, with spaces where they read better. */
#ifndef SUIREN_TEST_HEXES_H
#define SUIREN_TEST_HEXES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bytes.h"

/* Owned by the caller: buffer_free. */
static inline struct buffer hexes(const char *text)
{
	struct buffer out = {0};
	for (; *text; text++) {
		uint8_t byte;
		if (*text == ' ')
			continue;
		assert_int_equal(hex_read(span_of(text, 2), &byte, 1), ERROR_NONE);
		buffer_append(&out, span_of(&byte, 1));
		text++;
	}
	assert_int_equal(out.failed, ERROR_NONE);
	return out;
}

/* The buffer is these bytes; it is freed. */
static inline void expect_hex(struct buffer *found, const char *text)
{
	struct buffer wanted = hexes(text);
	assert_int_equal(found->failed, ERROR_NONE);
	assert_int_equal(found->size, wanted.size);
	assert_memory_equal(found->data, wanted.data, wanted.size);
	buffer_free(&wanted);
	buffer_free(found);
}

#endif
