#include "error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERROR_AS_NAME(code, name, text) name,
static const char *const names[] = {ERROR_LIST(ERROR_AS_NAME)};

#define ERROR_AS_TEXT(code, name, text) text,
static const char *const texts[] = {ERROR_LIST(ERROR_AS_TEXT)};

const char *error_name(enum error code)
{
	assert((unsigned)code < ERROR_COUNT);
	return names[code];
}

const char *error_text(enum error code)
{
	assert((unsigned)code < ERROR_COUNT);
	return texts[code];
}

bool error_is_world(enum error code)
{
	return code >= ERROR_MEMORY && code <= ERROR_TIMEOUT;
}

enum error error_set(struct error_detail *detail, enum error code, const char *format, ...)
{
	char text[ERROR_DETAIL_SIZE]; /* the arguments may be what the detail says so far */
	va_list arguments;

	if (!detail)
		return code;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	memcpy(detail->text, text, strnlen(text, sizeof text - 1) + 1);
	return code;
}
