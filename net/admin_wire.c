#include "admin_wire.h"

#include <assert.h>
#include <string.h>

#include "codec.h"

#define ADMIN_VERSION 1u

static const char *const names[ADMIN_NAMES] = {"submit", "status", "clock", "idle"};

static void put_submissions(struct buffer *out, const struct admin_request *request)
{
	assert(request->count > 0 && request->count <= GROUP_COMMANDS_MAX);
	codec_put_array(out, request->count);
	for (size_t i = 0; i < request->count; i++) {
		codec_put_array(out, 3);
		codec_put_bytes(out, request->submissions[i].document);
		codec_put_bytes(out, request->submissions[i].attachment);
		codec_put_bytes(out, request->submissions[i].registry);
	}
}

static void put_idle(struct buffer *out, const struct admin_request *request)
{
	assert(request->region_count <= CITIES_MAX);
	codec_put_array(out, 2);
	codec_put_uint(out, request->timeout_ms);
	codec_put_array(out, request->region_count);
	for (size_t i = 0; i < request->region_count; i++)
		codec_put_uint(out, request->regions[i]);
}

void admin_request_write(struct buffer *out, const struct admin_request *request)
{
	codec_put_array(out, 4);
	codec_put_uint(out, ADMIN_VERSION);
	codec_put_text(out, span_text(names[request->name]));
	if (request->has_time)
		codec_put_int(out, request->time_ms);
	else
		codec_put_null(out);
	if (request->name == ADMIN_SUBMIT)
		put_submissions(out, request);
	else if (request->name == ADMIN_IDLE)
		put_idle(out, request);
	else
		codec_put_null(out);
}

static enum error read_submissions(struct codec_reader *reader, struct admin_request *request)
{
	request->count = codec_array(reader);
	if (reader->failed || request->count == 0)
		return ERROR_MALFORMED;
	if (request->count > GROUP_COMMANDS_MAX)
		return ERROR_TOO_LARGE;
	for (size_t i = 0; i < request->count; i++) {
		codec_array_exact(reader, 3);
		request->submissions[i].document = codec_bytes(reader);
		request->submissions[i].attachment = codec_bytes(reader);
		request->submissions[i].registry = codec_bytes(reader);
	}
	return ERROR_NONE;
}

static enum error read_idle(struct codec_reader *reader, struct admin_request *request)
{
	codec_array_exact(reader, 2);
	request->timeout_ms = (uint32_t)codec_uint_max(reader, ADMIN_IDLE_MAX_MS);
	request->region_count = codec_array(reader);
	if (reader->failed)
		return ERROR_MALFORMED;
	if (request->region_count > CITIES_MAX)
		return ERROR_TOO_LARGE;
	for (size_t i = 0; i < request->region_count; i++)
		request->regions[i] = (uint32_t)codec_uint_max(reader, 999999);
	return ERROR_NONE;
}

/* The number of a name; ADMIN_NAMES if there is none. */
static enum admin_name find_name(struct span text)
{
	unsigned name = 0;

	while (name < ADMIN_NAMES && !span_equal(text, span_text(names[name])))
		name++;
	return (enum admin_name)name;
}

enum error admin_request_read(struct span bytes, struct admin_request *request)
{
	struct codec_reader reader = codec_reader(bytes);
	enum error error = ERROR_NONE;

	memset(request, 0, sizeof *request);
	codec_array_exact(&reader, 4);
	if (codec_uint(&reader) != ADMIN_VERSION)
		return ERROR_MALFORMED;
	request->name = find_name(codec_text(&reader));
	if (reader.failed || request->name == ADMIN_NAMES)
		return ERROR_MALFORMED;
	request->has_time = !codec_null(&reader);
	if (request->has_time)
		request->time_ms = codec_int(&reader);
	if (request->name == ADMIN_SUBMIT)
		error = read_submissions(&reader, request);
	else if (request->name == ADMIN_IDLE)
		error = read_idle(&reader, request);
	else if (!codec_null(&reader))
		error = ERROR_MALFORMED;
	return error ? error : codec_finish(&reader);
}

/* Texts may quote what a client has sent: what is not UTF-8 is cut off. */
static void put_text(struct buffer *out, const struct error_detail *text)
{
	struct span bytes = span_text(text->text);

	while (bytes.size > 0 && !utf8_valid(bytes))
		bytes.size--;
	codec_put_text(out, bytes);
}

void admin_answer_write(struct buffer *out, enum admin_name name, const struct admin_answer *answer)
{
	codec_put_array(out, 4);
	codec_put_uint(out, ADMIN_VERSION);
	codec_put_text(out, span_text(error_name(answer->error)));
	put_text(out, &answer->text);
	if (name != ADMIN_SUBMIT) {
		if (answer->body.size > 0)
			buffer_append(out, answer->body);
		else
			codec_put_null(out);
		return;
	}
	codec_put_array(out, answer->count);
	for (size_t i = 0; i < answer->count; i++) {
		codec_put_array(out, 3);
		codec_put_text(out, span_text(error_name(answer->answers[i].error)));
		codec_put_uint(out, answer->answers[i].sequence);
		put_text(out, &answer->answers[i].detail);
	}
}

static enum error read_error(struct codec_reader *reader)
{
	struct span name = codec_text(reader);

	for (unsigned code = 0; code < ERROR_COUNT; code++) {
		if (span_equal(name, span_text(error_name((enum error)code))))
			return (enum error)code;
	}
	return ERROR_REFUSED;
}

enum error admin_answer_read(struct span bytes, enum admin_name name, struct admin_answer *answer)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(answer, 0, sizeof *answer);
	codec_array_exact(&reader, 4);
	if (codec_uint(&reader) != ADMIN_VERSION)
		return ERROR_MALFORMED;
	answer->error = read_error(&reader);
	codec_text_copy(&reader, answer->text.text, sizeof answer->text.text);
	if (name != ADMIN_SUBMIT) {
		answer->body = codec_item(&reader);
		return codec_finish(&reader);
	}
	answer->count = codec_array(&reader);
	if (reader.failed || answer->count > GROUP_COMMANDS_MAX)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < answer->count; i++) {
		struct answer *one = &answer->answers[i];

		codec_array_exact(&reader, 3);
		one->error = read_error(&reader);
		one->sequence = codec_uint(&reader);
		codec_text_copy(&reader, one->detail.text, sizeof one->detail.text);
	}
	return codec_finish(&reader);
}
