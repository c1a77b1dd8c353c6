/* remote.c: a node that is open for writing while its daemon runs: it reads for itself, and what it
 * submits goes to the daemon, which holds the lock. */
#include "node_internal.h"

#include <assert.h>
#include <string.h>

#include "admin_client.h"

/* All answers say the same. */
static enum error fail_all(
    struct answer *answers, size_t count, enum error error, const struct error_detail *detail)
{
	for (size_t i = 0; i < count; i++)
		answers[i] = (struct answer){.error = error, .detail = *detail};
	return error;
}

/* What was asked before the daemon died may be booked: then it is a repeat now, and no less ours. */
static void take_answers(
    struct answer *answers, const struct admin_answer *answer, size_t count, bool again)
{
	memcpy(answers, answer->answers, count * sizeof *answers);
	for (size_t i = 0; i < count && again; i++) {
		if (answers[i].error == ERROR_REPEAT)
			answers[i].error = ERROR_NONE;
	}
}

static bool is_gone(enum error error)
{
	return error == ERROR_IO || error == ERROR_NOT_FOUND || error == ERROR_STOPPED;
}

enum error remote_submit(
    struct node *node, const struct submission *submissions, size_t count, struct answer *answers)
{
	struct admin_request request = {.name = ADMIN_SUBMIT, .count = count};
	const struct node_options *options = &node->options;
	struct error_detail detail = {""};
	struct buffer bytes = {0};
	struct admin_answer answer;
	bool sent, again = false;
	enum error error;

	assert(count > 0 && count <= GROUP_COMMANDS_MAX);
	memcpy(request.submissions, submissions, count * sizeof *submissions);
	request.has_time = node->config.demo && options->seams.clock_ms;
	if (request.has_time)
		request.time_ms = node_now_ms(node);
	for (;;) {
		error = admin_ask(node->directory, &request, &bytes, &answer, &sent, &detail);
		if (!is_gone(error) || !options->revive ||
		    !options->revive(options->revive_context, node->directory))
			break;
		again = again || sent;
	}
	if (!error)
		take_answers(answers, &answer, count, again);
	else if (is_gone(error) && error != ERROR_STOPPED && sent)
		error_set(&detail, error = ERROR_IO,
		    "%s; it may have been booked: the same command again will tell", detail.text);
	else if (error == ERROR_NOT_FOUND)
		error_set(&detail, error = ERROR_IO,
		    "%s: its daemon has ended; nothing was booked, try again", node->directory);
	buffer_free(&bytes);
	return error ? fail_all(answers, count, error, &detail) : ERROR_NONE;
}

enum error node_move_clock(struct node *node, int64_t now_ms, struct error_detail *detail)
{
	const struct admin_request request = {
	    .name = ADMIN_CLOCK, .has_time = true, .time_ms = now_ms};
	struct buffer bytes = {0};
	struct admin_answer answer;
	enum error error;

	assert(node->remote);
	do
		error = admin_ask(node->directory, &request, &bytes, &answer, NULL, detail);
	while (is_gone(error) && node->options.revive &&
	       node->options.revive(node->options.revive_context, node->directory));
	buffer_free(&bytes);
	return error;
}

enum error remote_idle(struct node *node, struct node *const *others, size_t count,
    uint32_t timeout_ms, bool *idle, struct error_detail *detail)
{
	struct admin_request request = {.name = ADMIN_IDLE, .timeout_ms = timeout_ms};
	struct codec_reader reader;
	struct buffer bytes = {0};
	struct admin_answer answer;
	enum error error;

	*idle = false;
	for (size_t i = 0; i < count; i++)
		request.regions[request.region_count++] = others[i]->config.region;
	do
		error = admin_ask(node->directory, &request, &bytes, &answer, NULL, detail);
	while (is_gone(error) && node->options.revive &&
	       node->options.revive(node->options.revive_context, node->directory));
	if (!error) {
		reader = codec_reader(answer.body);
		*idle = codec_bool(&reader);
		error = codec_finish(&reader);
	}
	buffer_free(&bytes);
	return error;
}
