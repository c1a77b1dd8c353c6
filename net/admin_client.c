#include "admin_client.h"

#include <string.h>
#include <unistd.h>

#include "admin_socket.h"

bool admin_is_there(const char *directory)
{
	int connection;

	if (admin_connect(directory, &connection, NULL))
		return false;
	close(connection);
	return true;
}

/* Send and receive over a connection. */
static enum error converse(
    int connection, const struct admin_request *request, struct buffer *bytes, bool *sent)
{
	struct buffer frame = {0};
	enum error error;

	admin_request_write(&frame, request);
	error = frame.failed;
	if (!error && frame.size > ADMIN_FRAME_MAX)
		error = ERROR_TOO_LARGE;
	if (!error) {
		*sent = true;
		error = admin_send(connection, buffer_span(&frame), ADMIN_PATIENCE_MS, -1);
	}
	if (!error)
		error = admin_receive(connection, bytes, ADMIN_ANSWER_MS, -1);
	if (error == ERROR_NOT_FOUND)
		error = ERROR_IO; /* it ended without a word */
	if (frame.data)
		explicit_bzero(frame.data, frame.capacity);
	buffer_free(&frame);
	return error;
}

enum error admin_ask(const char *directory, const struct admin_request *request,
    struct buffer *bytes, struct admin_answer *answer, bool *sent, struct error_detail *detail)
{
	bool unused;
	int connection;
	enum error error = admin_connect(directory, &connection, detail);

	sent = sent ? sent : &unused;
	*sent = false;
	if (error)
		return error;
	error = converse(connection, request, bytes, sent);
	close(connection);
	if (error)
		return error_set(detail, error, "%s: its daemon %s", directory,
		    error == ERROR_IO        ? "ended before it answered"
		    : error == ERROR_TIMEOUT ? "does not answer"
					     : error_text(error));
	error = admin_answer_read(buffer_span(bytes), request->name, answer);
	if (error ||
	    (!answer->error && request->name == ADMIN_SUBMIT && answer->count != request->count))
		return error_set(detail, ERROR_MALFORMED,
		    "%s: its daemon gave an answer that is none: is it of this version?",
		    directory);
	if (answer->error)
		return error_set(detail, answer->error, "%s",
		    answer->text.text[0] ? answer->text.text : error_text(answer->error));
	return ERROR_NONE;
}
