/* exchange_serve.c: the receiver's side of an exchange: what a peer asks, read, and how it is answered. Its documents: exchange_take.c. */
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "exchange_head.h"
#include "exchange_internal.h"
#include "node_internal.h"

void exchange_stick(struct serving *serving, enum error why, uint64_t number, const char *text)
{
	char name[48] = "an answer";

	if (number > 0)
		snprintf(name, sizeof name, "document %llu", (unsigned long long)number);
	serving->stuck = error_set(
	    &serving->text, why, "%s: %s", name, text && text[0] ? text : error_text(why));
}

/* A city shows its own descriptor, signed by its root key: so a new key or address is known before the old one ends. */
static enum error take_descriptor(struct serving *serving, struct span bytes)
{
	const struct submission submission = {.document = bytes};
	struct descriptor descriptor;
	struct answer answer;
	enum error error;

	if (descriptor_read(bytes, &descriptor) || descriptor.region != serving->from) {
		serving->stuck =
		    error_set(&serving->text, ERROR_MISMATCH, "not the sender's descriptor");
		return ERROR_NONE;
	}
	error = node_submit(serving->node, &submission, &answer);
	if (!error && answer.error && answer.error != ERROR_REPEAT)
		exchange_stick(serving, answer.error, 0, answer.detail.text);
	return error;
}

static enum error serve_greeting(
    struct serving *serving, struct codec_reader *reader, bool is_hello)
{
	struct span descriptor;
	bool demo;

	codec_array_exact(reader, 3);
	codec_uint_max(reader, UINT32_MAX);
	demo = codec_bool(reader);
	descriptor = codec_bytes(reader);
	if (codec_finish(reader))
		serving->stuck = error_set(&serving->text, ERROR_MALFORMED, "not a greeting");
	else if (demo != serving->node->config.demo)
		serving->stuck = error_set(
		    &serving->text, ERROR_REFUSED, "demo nodes and others stay strangers");
	else if (is_hello)
		return take_descriptor(serving, descriptor);
	return ERROR_NONE;
}

static enum error serve_reconcile(struct serving *serving, struct codec_reader *reader)
{
	struct buffer bytes = {0};

	serving->stuck =
	    exchange_reconcile_serve(serving->node, serving->from, reader, &bytes, &serving->text);
	if (!serving->stuck) {
		codec_put_bytes(&serving->answers, buffer_span(&bytes));
		serving->answer_count = 1;
	}
	buffer_free(&bytes);
	return ERROR_NONE;
}

typedef enum error serve_bytes(struct node *node, struct codec_reader *reader, struct buffer *out,
    struct error_detail *detail);

/* A request that is answered with one byte string and changes nothing. */
static enum error serve_question(
    struct serving *serving, struct codec_reader *reader, serve_bytes *answer)
{
	struct buffer bytes = {0};

	serving->stuck = answer(serving->node, reader, &bytes, &serving->text);
	if (!serving->stuck) {
		codec_put_bytes(&serving->answers, buffer_span(&bytes));
		serving->answer_count = 1;
	}
	buffer_free(&bytes);
	return ERROR_NONE;
}

static enum error serve(struct serving *serving, struct span request, int *greeting)
{
	struct codec_reader reader = codec_reader(request);
	struct span name;

	*greeting = -1;
	if (request.size > EXCHANGE_SIZE_MAX) {
		serving->stuck = error_set(&serving->text, ERROR_TOO_LARGE,
		    "a request of more than %u bytes", EXCHANGE_SIZE_MAX);
		return ERROR_NONE;
	}
	codec_array_exact(&reader, 3);
	if (codec_uint(&reader) != EXCHANGE_VERSION)
		reader.failed = ERROR_MALFORMED;
	name = codec_text(&reader);
	if (reader.failed || codec_check(request)) {
		serving->stuck = error_set(&serving->text, ERROR_MALFORMED, "not a request");
		return ERROR_NONE;
	}
	if (span_equal(name, span_text("deliver")))
		return exchange_take(serving, &reader);
	if (span_equal(name, span_text("reconcile")))
		return serve_reconcile(serving, &reader);
	if (span_equal(name, span_text("head")))
		return serve_question(serving, &reader, exchange_head_serve);
	if (span_equal(name, span_text("proof")))
		return serve_question(serving, &reader, exchange_proof_serve);
	if (span_equal(name, span_text("hello")))
		*greeting = EXCHANGE_HELLO;
	else if (span_equal(name, span_text("bye")))
		*greeting = EXCHANGE_BYE;
	if (*greeting < 0)
		serving->stuck =
		    error_set(&serving->text, ERROR_USAGE, "this request is not known here");
	else
		return serve_greeting(serving, &reader, *greeting == EXCHANGE_HELLO);
	return ERROR_NONE;
}

/* The text may quote a document: what is not UTF-8 is not sent. */
static void put_text(struct buffer *out, const struct error_detail *text)
{
	struct span bytes = span_text(text->text);

	while (bytes.size > 0 && !utf8_valid(bytes))
		bytes.size--; /* it may have been cut inside a character */
	codec_put_text(out, bytes);
}

enum error exchange_serve(
    struct node *node, uint32_t from, struct span request, struct buffer *answer, int *greeting)
{
	struct serving *serving = calloc(1, sizeof *serving);
	int unused;
	enum error error;

	if (!serving)
		return ERROR_MEMORY;
	serving->node = node;
	serving->from = from;
	error = serve(serving, request, greeting ? greeting : &unused);
	if (!error) {
		codec_put_array(answer, 6);
		codec_put_uint(answer, EXCHANGE_VERSION);
		codec_put_text(answer, span_text(error_name(serving->stuck)));
		put_text(answer, &serving->text);
		codec_put_uint(answer, serving->delivered);
		codec_put_uint(answer, serving->refused);
		codec_put_array(answer, serving->answer_count);
		buffer_append(answer, buffer_span(&serving->answers));
		error = serving->answers.failed ? serving->answers.failed : answer->failed;
	}
	buffer_free(&serving->answers);
	free(serving);
	return error;
}
