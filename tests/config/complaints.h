/* complaints.h: what a file of the config floor is complained about with, as one text: "line field: text\n" for each. */
#ifndef SUIREN_TEST_COMPLAINTS_H
#define SUIREN_TEST_COMPLAINTS_H

#include "testing.h"

#include "policy.h"

struct complaints_seen {
	struct buffer text;
	unsigned count;
};

static inline void complaint_note(
    void *context, const char *file, unsigned line, const char *field, const char *text)
{
	struct complaints_seen *seen = context;
	assert_string_equal(file, "the file");
	buffer_append_format(&seen->text, "%u %s: %s\n", line, field, text);
	seen->count++;
}

/* One of the complaints begins with this; a final "\n" in it asks for the whole. */
static inline void complained(const struct complaints_seen *seen, const char *wanted)
{
	struct buffer text = {0};
	buffer_append_text(&text, "\n");
	buffer_append(&text, buffer_span(&seen->text));
	buffer_append(&text, span_of("", 1));
	char find[512];
	snprintf(find, sizeof find, "\n%s", wanted);
	if (!strstr((const char *)text.data, find))
		fail_msg("no complaint '%s' among:%s", wanted, (const char *)text.data);
	buffer_free(&text);
}

static inline void complaints_free(struct complaints_seen *seen)
{
	buffer_free(&seen->text);
	*seen = (struct complaints_seen){.count = 0};
}

#endif
