#include "note.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE_LINE_HEAD "\xe2\x80\x94 " /* em dash, space */
#define KEY_HASH_SIZE 4
#define COSIGNATURE_TIME_SIZE 8
#define COSIGNATURE_HEAD "cosignature/v1\ntime "

static bool type_known(uint8_t type)
{
	return type == NOTE_TYPE_ED25519 || type == NOTE_TYPE_COSIGNATURE;
}

uint32_t note_key_hash(const char *name, uint8_t type, const struct public_key *key)
{
	static const uint8_t newline[1] = {'\n'};
	struct hash hash = hash_sha256_parts((const struct span[]){span_text(name), {newline, 1},
						 {&type, 1}, {key->bytes, PUBLIC_KEY_SIZE}},
	    4);

	return be32_read(hash.bytes);
}

/* Unicode's White_Space, as far as it can stand in valid UTF-8 of one to three bytes. */
static bool holds_space(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t *c = text.data + i;
		size_t left = text.size - i;

		if (*c <= 0x20 || *c == 0x7f)
			return true;
		if (left >= 2 && c[0] == 0xc2 && (c[1] == 0x85 || c[1] == 0xa0))
			return true;
		if (left >= 3 && c[0] == 0xe1 && c[1] == 0x9a && c[2] == 0x80)
			return true;
		if (left >= 3 && c[0] == 0xe2 && c[1] == 0x80 &&
		    ((c[2] >= 0x80 && c[2] <= 0x8a) || c[2] == 0xa8 || c[2] == 0xa9 ||
			c[2] == 0xaf))
			return true;
		if (left >= 3 && c[0] == 0xe2 && c[1] == 0x81 && c[2] == 0x9f)
			return true;
		if (left >= 3 && c[0] == 0xe3 && c[1] == 0x80 && c[2] == 0x80)
			return true;
	}
	return false;
}

static bool name_valid(struct span name)
{
	return name.size > 0 && name.size < NOTE_NAME_SIZE && utf8_valid(name) &&
	       !holds_space(name) && !memchr(name.data, '+', name.size);
}

void note_verifier_make(
    struct note_verifier *verifier, const char *name, uint8_t type, const struct public_key *key)
{
	assert(name_valid(span_text(name)));
	memset(verifier, 0, sizeof *verifier);
	memcpy(verifier->name, name, strlen(name));
	verifier->type = type;
	verifier->key = *key;
	verifier->key_hash = note_key_hash(name, type, key);
}

void note_verifier_write(struct buffer *out, const struct note_verifier *verifier)
{
	uint8_t bytes[1 + PUBLIC_KEY_SIZE];

	bytes[0] = verifier->type;
	memcpy(bytes + 1, verifier->key.bytes, PUBLIC_KEY_SIZE);
	buffer_append_format(out, "%s+%08x+", verifier->name, (unsigned)verifier->key_hash);
	base64_write(out, span_of(bytes, sizeof bytes));
}

enum error note_verifier_read(struct span text, struct note_verifier *verifier)
{
	const uint8_t *first = text.size ? memchr(text.data, '+', text.size) : NULL;
	struct buffer key = {0};
	struct span name, rest;
	uint8_t key_hash[KEY_HASH_SIZE];
	enum error error;

	memset(verifier, 0, sizeof *verifier);
	if (!first)
		return ERROR_MALFORMED;
	name = span_of(text.data, (size_t)(first - text.data));
	rest = span_of(first + 1, text.size - name.size - 1);
	if (!name_valid(name) || rest.size < 2 * KEY_HASH_SIZE + 1 ||
	    rest.data[2 * KEY_HASH_SIZE] != '+' ||
	    hex_read(span_of(rest.data, 2 * KEY_HASH_SIZE), key_hash, KEY_HASH_SIZE))
		return ERROR_MALFORMED;
	error = base64_read(
	    span_of(rest.data + 2 * KEY_HASH_SIZE + 1, rest.size - 2 * KEY_HASH_SIZE - 1), &key);
	if (!error && key.size != 1 + PUBLIC_KEY_SIZE)
		error = ERROR_MALFORMED;
	if (!error) {
		memcpy(verifier->name, name.data, name.size);
		verifier->type = key.data[0];
		memcpy(verifier->key.bytes, key.data + 1, PUBLIC_KEY_SIZE);
		verifier->key_hash = be32_read(key_hash);
		if (!type_known(verifier->type))
			error = ERROR_MALFORMED;
		else if (note_key_hash(verifier->name, verifier->type, &verifier->key) !=
			 verifier->key_hash)
			error = ERROR_MISMATCH;
	}
	buffer_free(&key);
	return error;
}

/* One signature line; `before` stands between key hash and signature: nothing, or a cosignature's time. */
static void write_signature_line(struct buffer *out, const char *name, uint32_t key_hash,
    struct span before, const struct signature *signature)
{
	uint8_t bytes[KEY_HASH_SIZE + COSIGNATURE_TIME_SIZE + SIGNATURE_SIZE];

	assert(before.size <= COSIGNATURE_TIME_SIZE);
	be32_write(bytes, key_hash);
	if (before.size)
		memcpy(bytes + KEY_HASH_SIZE, before.data, before.size);
	memcpy(bytes + KEY_HASH_SIZE + before.size, signature->bytes, SIGNATURE_SIZE);
	buffer_append_format(out, "%s%s ", SIGNATURE_LINE_HEAD, name);
	base64_write(out, span_of(bytes, KEY_HASH_SIZE + before.size + SIGNATURE_SIZE));
	buffer_append_text(out, "\n");
}

void note_sign(struct buffer *out, struct span text, const char *name, const struct secret_key *key)
{
	struct signature signature;

	assert(text.size > 0 && text.data[text.size - 1] == '\n');
	key_sign(key, text, &signature);
	buffer_append(out, text);
	buffer_append_text(out, "\n");
	write_signature_line(out, name, note_key_hash(name, NOTE_TYPE_ED25519, &key->public),
	    (struct span){NULL, 0}, &signature);
}

/* What a cosigner signs: it names the time and the checkpoint, not the cosigner. */
static void write_cosigned(struct buffer *out, struct span text, uint64_t time_s)
{
	buffer_append_format(out, "%s%llu\n", COSIGNATURE_HEAD, (unsigned long long)time_s);
	buffer_append(out, text);
}

void cosignature_write(struct buffer *out, struct span text, const char *name, uint64_t time_s,
    const struct secret_key *key)
{
	uint8_t time[COSIGNATURE_TIME_SIZE];
	struct buffer cosigned = {0};
	struct signature signature;

	assert(time_s > 0 && time_s <= INT64_MAX);
	write_cosigned(&cosigned, text, time_s);
	if (cosigned.failed) {
		out->failed = cosigned.failed;
	} else {
		key_sign(key, buffer_span(&cosigned), &signature);
		be64_write(time, time_s);
		write_signature_line(out, name,
		    note_key_hash(name, NOTE_TYPE_COSIGNATURE, &key->public),
		    span_of(time, sizeof time), &signature);
	}
	buffer_free(&cosigned);
}

/* Offset behind the last empty line of the note; 0 if there is none. */
static size_t signatures_at(struct span note)
{
	for (size_t i = note.size; i >= 2; i--) {
		if (note.data[i - 1] == '\n' && note.data[i - 2] == '\n')
			return i;
	}
	return 0;
}

static bool characters_valid(struct span note)
{
	for (size_t i = 0; i < note.size; i++) {
		if (note.data[i] < 0x20 && note.data[i] != '\n')
			return false;
	}
	return utf8_valid(note);
}

/* One signature line without its LF. `payload` is the decoded key hash and signature. */
static enum error read_signature_line(struct span line, struct span *name, struct buffer *payload)
{
	struct span head = span_text(SIGNATURE_LINE_HEAD);
	const uint8_t *space;
	struct span rest;
	enum error error;

	if (!span_starts_with(line, head))
		return ERROR_MALFORMED;
	rest = span_of(line.data + head.size, line.size - head.size);
	space = rest.size ? memchr(rest.data, ' ', rest.size) : NULL;
	if (!space)
		return ERROR_MALFORMED;
	*name = span_of(rest.data, (size_t)(space - rest.data));
	if (!name_valid(*name))
		return ERROR_MALFORMED;
	buffer_clear(payload);
	error = base64_read(span_of(space + 1, rest.size - name->size - 1), payload);
	if (!error && payload->size < KEY_HASH_SIZE + 1)
		error = ERROR_MALFORMED;
	return error;
}

static const struct note_verifier *find_verifier(
    const struct note_verifier *known, size_t count, struct span name, uint32_t key_hash)
{
	for (size_t i = 0; i < count; i++) {
		if (known[i].key_hash == key_hash && span_equal(span_text(known[i].name), name))
			return &known[i];
	}
	return NULL;
}

static enum error check_cosignature(
    const struct note_verifier *verifier, struct span text, const struct buffer *payload)
{
	const uint8_t *at = payload->data + KEY_HASH_SIZE;
	struct buffer cosigned = {0};
	struct signature signature;
	uint64_t time_s;
	enum error error;

	if (payload->size != KEY_HASH_SIZE + COSIGNATURE_TIME_SIZE + SIGNATURE_SIZE)
		return ERROR_SIGNATURE;
	time_s = be64_read(at);
	if (time_s == 0 || time_s > INT64_MAX)
		return ERROR_SIGNATURE;
	memcpy(signature.bytes, at + COSIGNATURE_TIME_SIZE, SIGNATURE_SIZE);
	write_cosigned(&cosigned, text, time_s);
	error = cosigned.failed ? cosigned.failed
				: key_verify(&verifier->key, buffer_span(&cosigned), &signature);
	buffer_free(&cosigned);
	return error;
}

/* A known key's signature: over `text` itself, or over a cosignature's bytes, as the key's type says. */
static enum error check_signature(
    const struct note_verifier *verifier, struct span text, const struct buffer *payload)
{
	struct signature signature;

	if (verifier->type == NOTE_TYPE_COSIGNATURE)
		return check_cosignature(verifier, text, payload);
	if (verifier->type != NOTE_TYPE_ED25519 || payload->size != KEY_HASH_SIZE + SIGNATURE_SIZE)
		return ERROR_SIGNATURE;
	memcpy(signature.bytes, payload->data + KEY_HASH_SIZE, SIGNATURE_SIZE);
	return key_verify(&verifier->key, text, &signature);
}

enum error note_verify(struct span note, const struct note_verifier *known, size_t known_count,
    struct span *text, size_t *verified)
{
	const size_t start = signatures_at(note);
	size_t at = start, lines = 0, good = 0;
	uint64_t seen = 0; /* bit i: known[i] has signed */
	struct buffer payload = {0};
	enum error error = ERROR_NONE;

	*text = (struct span){NULL, 0};
	*verified = 0;
	assert(known_count <= NOTE_KNOWN_MAX);
	if (note.size > NOTE_SIZE_MAX)
		return ERROR_TOO_LARGE;
	if (at < 2 || at == note.size || note.data[note.size - 1] != '\n' ||
	    !characters_valid(note))
		return ERROR_MALFORMED;
	while (at < note.size && !error) {
		const uint8_t *end = memchr(note.data + at, '\n', note.size - at);
		struct span line = span_of(note.data + at, (size_t)(end - (note.data + at))), name;
		const struct note_verifier *verifier;

		at += line.size + 1;
		error = ++lines > NOTE_SIGNATURES_MAX ? ERROR_MALFORMED
						      : read_signature_line(line, &name, &payload);
		if (error)
			break;
		verifier = find_verifier(known, known_count, name, be32_read(payload.data));
		if (!verifier)
			continue;
		error = check_signature(verifier, span_of(note.data, start - 1), &payload);
		if (!error && !(seen >> (verifier - known) & 1)) {
			seen |= UINT64_C(1) << (verifier - known);
			good++;
		}
	}
	buffer_free(&payload);
	if (error)
		return error;
	if (good == 0)
		return ERROR_UNKNOWN_KEY;
	*text = span_of(note.data, start - 1);
	*verified = good;
	return ERROR_NONE;
}

enum error note_text(struct span note, struct span *text)
{
	size_t start = signatures_at(note);

	*text = (struct span){NULL, 0};
	if (start < 2)
		return ERROR_MALFORMED;
	*text = span_of(note.data, start - 1);
	return ERROR_NONE;
}

void checkpoint_write(struct buffer *out, const struct checkpoint *checkpoint)
{
	buffer_append_format(
	    out, "%s\n%llu\n", checkpoint->origin, (unsigned long long)checkpoint->size);
	base64_write(out, hash_span(&checkpoint->root));
	buffer_append_text(out, "\n");
}

/* Cut the next line off `rest`, without its LF. */
static bool next_line(struct span *rest, struct span *line)
{
	const uint8_t *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;

	if (!end)
		return false;
	*line = span_of(rest->data, (size_t)(end - rest->data));
	*rest = span_of(end + 1, rest->size - line->size - 1);
	return true;
}

enum error checkpoint_read(struct span text, struct checkpoint *checkpoint)
{
	struct span rest = text, origin, size_line, root_line, extension;
	struct buffer root = {0};
	struct hash empty;
	int64_t size;
	enum error error;

	memset(checkpoint, 0, sizeof *checkpoint);
	if (!next_line(&rest, &origin) || !next_line(&rest, &size_line) ||
	    !next_line(&rest, &root_line) || origin.size == 0 || origin.size >= NOTE_NAME_SIZE)
		return ERROR_MALFORMED;
	while (rest.size) {
		if (!next_line(&rest, &extension) || extension.size == 0)
			return ERROR_MALFORMED;
	}
	if (decimal_read(size_line, &size))
		return ERROR_MALFORMED;
	error = base64_read(root_line, &root);
	if (!error && root.size != HASH_SIZE)
		error = ERROR_MALFORMED;
	if (!error) {
		memcpy(checkpoint->origin, origin.data, origin.size);
		checkpoint->size = (uint64_t)size;
		memcpy(checkpoint->root.bytes, root.data, HASH_SIZE);
		checkpoint->text = text;
		empty = hash_sha256((struct span){NULL, 0});
		if (size == 0 && !hash_equal(&checkpoint->root, &empty))
			error = ERROR_MALFORMED;
	}
	buffer_free(&root);
	return error;
}

void checkpoint_sign(
    struct buffer *out, const struct checkpoint *checkpoint, const struct secret_key *log_key)
{
	struct buffer text = {0};

	checkpoint_write(&text, checkpoint);
	if (text.failed)
		out->failed = text.failed;
	else
		note_sign(out, buffer_span(&text), checkpoint->origin, log_key);
	buffer_free(&text);
}

enum error checkpoint_verify(
    struct span note, const struct note_verifier *log, struct checkpoint *checkpoint)
{
	struct span text;
	size_t verified;
	enum error error = note_verify(note, log, 1, &text, &verified);

	if (!error)
		error = checkpoint_read(text, checkpoint);
	if (!error && strcmp(checkpoint->origin, log->name) != 0)
		error = ERROR_MISMATCH;
	return error;
}
