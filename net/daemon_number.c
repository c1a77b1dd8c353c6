/* daemon_number.c: the numbers of the link's handshakes grow for ever, or peers take them for old ones: kept in DIR/link.number, ahead of those
 * in use, so that neither a clock that was put back nor a kill makes one come twice. */
#include <stdio.h>
#include <time.h>

#include "daemon_internal.h"
#include "node_internal.h"

#define NUMBER_FILE "link.number"
/* The numbers follow the clock, in ms: kept so far ahead, and again when half of that is used up. */
#define NUMBER_AHEAD (UINT64_C(120) * 1000)

enum error daemon_number_read(struct daemon *daemon, uint64_t *number, struct error_detail *detail)
{
	struct buffer text = {0};
	char path[NODE_PATH_MAX];
	int64_t value = 0;
	enum error error = node_path(daemon->options.directory, NUMBER_FILE, path, detail);

	*number = 0;
	if (!error)
		error = node_file_read(path, &text, detail);
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE; /* the first start */
	if (!error && (text.size < 2 || text.data[text.size - 1] != '\n' ||
			  decimal_read(span_of(text.data, text.size - 1), &value)))
		error = error_set(detail, ERROR_MALFORMED,
		    "%s: not a number; without the file the clock decides, which must not have "
		    "gone "
		    "back",
		    path);
	*number = (uint64_t)value;
	daemon->number_kept = *number;
	buffer_free(&text);
	return error;
}

static enum error replace(struct daemon *daemon, uint64_t number, struct error_detail *detail)
{
	char text[32];

	snprintf(text, sizeof text, "%llu\n", (unsigned long long)number);
	return node_file_replace(daemon->options.directory, NUMBER_FILE, span_text(text), detail);
}

void daemon_number_keep(struct daemon *daemon)
{
	uint64_t number = link_handshake_number(daemon->link), now;
	struct error_detail detail = {""};
	struct timespec clock;
	enum error error;

	/* The next handshake takes the clock's number, if that is greater. */
	clock_gettime(CLOCK_REALTIME, &clock);
	now = (uint64_t)clock.tv_sec * 1000 + (uint64_t)clock.tv_nsec / 1000000;
	if (number < now)
		number = now;
	if (number + NUMBER_AHEAD / 2 <= daemon->number_kept || !daemon_may(daemon, ACT_NUMBER))
		return;
	error = replace(daemon, number + NUMBER_AHEAD, &detail);
	daemon_did(daemon, ACT_NUMBER, error);
	if (error)
		LOG(daemon->options.log, LOG_ERROR, "number_not_kept",
		    LOG_WORD("error", error_name(error)));
	else
		daemon->number_kept = number + NUMBER_AHEAD;
}
