/* Signed notes, checkpoints and cosignatures: notes of other programs, good and bad; what we write is what they write. */
#include "note.h"
#include "testing.h"
#include "vectors.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	assert_non_null(text);
	return text;
}

static struct span span_member(const json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);

	assert_true(json_is_string(text));
	return span_of(json_string_value(text), json_string_length(text));
}

static void verifier_of(const char *vkey, struct note_verifier *verifier)
{
	if (note_verifier_read(span_text(vkey), verifier))
		fail_msg("not read: %s", vkey);
}

static struct secret_key key_of_seed(const json_t *object, const char *name)
{
	struct buffer seed = vectors_hex_member(object, name);
	struct secret_key key;
	struct hash bytes;

	assert_int_equal(seed.size, HASH_SIZE);
	memcpy(bytes.bytes, seed.data, HASH_SIZE);
	key_from_seed(&bytes, &key);
	buffer_free(&seed);
	return key;
}

/* --- notes.json -------------------------------------------------------------------------------------------- */

static void verifier_keys_have_their_verdicts_and_are_written_as_they_were_read(void **state)
{
	json_t *vectors = vectors_load("note/notes.json"), *item;
	size_t index, good = 0;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(vectors, "verifier_keys")), 18);
	json_array_foreach(json_object_get(vectors, "verifier_keys"), index, item)
	{
		const char *vkey = text_of(item, "vkey");
		struct note_verifier verifier, made;
		struct buffer out = {0};
		bool wanted = json_is_true(json_object_get(item, "accept"));

		if ((note_verifier_read(span_text(vkey), &verifier) == ERROR_NONE) != wanted)
			fail_msg("%s", vkey);
		if (!wanted)
			continue;
		assert_int_equal(verifier.type, json_integer_value(json_object_get(item, "type")));
		note_verifier_write(&out, &verifier);
		assert_true(span_equal(buffer_span(&out), span_text(vkey)));
		note_verifier_make(&made, verifier.name, verifier.type, &verifier.key);
		assert_memory_equal(&made, &verifier, sizeof made);
		buffer_free(&out);
		good++;
	}
	assert_int_equal(good, 5);
	json_decref(vectors);
}

static size_t known_of(const json_t *item, struct note_verifier *known, size_t room)
{
	json_t *vkeys = json_object_get(item, "vkeys"), *vkey;
	size_t index;

	assert_true(json_array_size(vkeys) <= room);
	json_array_foreach(vkeys, index, vkey) verifier_of(json_string_value(vkey), &known[index]);
	return json_array_size(vkeys);
}

static void notes_of_other_programs_have_their_verdicts(void **state)
{
	json_t *vectors = vectors_load("note/notes.json"), *item;
	struct buffer raw;
	struct note_verifier known[4];
	size_t index, verified;
	struct span text;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 15);
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		size_t count = known_of(item, known, 4);
		struct span note = span_member(item, "note");
		enum error error = note_verify(note, known, count, &text, &verified);
		bool wanted = json_is_true(json_object_get(item, "accept"));

		if ((error == ERROR_NONE) != wanted)
			fail_msg("%s: %s", text_of(item, "desc"), error_name(error));
		assert_int_equal(verified, json_array_size(json_object_get(item, "verified")));
		if (wanted)
			assert_true(span_starts_with(note, text) && text.size > 0 &&
				    text.data[text.size - 1] == '\n');
		else
			assert_null(text.data);
	}
	raw = vectors_hex_member(vectors, "raw_not_utf8_refuse_hex");
	assert_true(raw.size > 100);
	assert_error(note_verify(buffer_span(&raw), known, 1, &text, &verified), ERROR_MALFORMED);
	buffer_free(&raw);
	json_decref(vectors);
}

/* --- checkpoint_cosignature.json --------------------------------------------------------------------------- */

struct parties {
	struct note_verifier known[3]; /* the log, two witnesses */
	struct secret_key log, witness[2];
	uint64_t time_s[2];
};

static void parties_of(const json_t *vectors, struct parties *parties)
{
	json_t *witness;
	size_t index;

	verifier_of(text_of(vectors, "log_vkey"), &parties->known[0]);
	parties->log = key_of_seed(vectors, "log_seed_hex");
	json_array_foreach(json_object_get(vectors, "witnesses"), index, witness)
	{
		assert_true(index < 2);
		verifier_of(text_of(witness, "vkey"), &parties->known[1 + index]);
		assert_string_equal(parties->known[1 + index].name, text_of(witness, "name"));
		parties->witness[index] = key_of_seed(witness, "seed_hex");
		parties->time_s[index] =
		    (uint64_t)json_integer_value(json_object_get(witness, "time"));
	}
}

static bool is_among(const json_t *names, const char *name)
{
	json_t *item;
	size_t index;

	json_array_foreach(
	    names, index, item) if (strcmp(json_string_value(item), name) == 0) return true;
	return false;
}

static void check_cosigned_by(
    const struct parties *parties, struct span note, const json_t *names, const char *description)
{
	for (size_t w = 1; w <= 2; w++) {
		const struct note_verifier pair[2] = {parties->known[0], parties->known[w]};
		struct span text;
		size_t verified;

		assert_good(note_verify(note, pair, 2, &text, &verified));
		if (verified != (is_among(names, parties->known[w].name) ? 2u : 1u))
			fail_msg("%s: %s", description, parties->known[w].name);
	}
}

static void checkpoints_with_cosignatures_have_their_verdicts(void **state)
{
	json_t *vectors = vectors_load("note/checkpoint_cosignature.json"), *item;
	struct parties parties;
	size_t index, good = 0;

	(void)state;
	parties_of(vectors, &parties);
	assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 39);
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		const char *description = text_of(item, "desc");
		struct span note = span_member(item, "note"), text;
		struct checkpoint checkpoint;
		size_t verified;
		/* The log must have signed a checkpoint of its own, and nobody known falsely. */
		bool accepted =
		    checkpoint_verify(note, &parties.known[0], &checkpoint) == ERROR_NONE &&
		    note_verify(note, parties.known, 3, &text, &verified) == ERROR_NONE;

		if (accepted != json_is_true(json_object_get(item, "log_ok")))
			fail_msg("%s", description);
		if (!accepted)
			continue;
		assert_int_equal(checkpoint.size, 77);
		assert_string_equal(checkpoint.origin, text_of(vectors, "origin"));
		check_cosigned_by(
		    &parties, note, json_object_get(item, "cosigned_by"), description);
		good++;
	}
	assert_int_equal(good, 6);
	json_decref(vectors);
}

static void our_checkpoint_and_cosignatures_are_the_bytes_that_another_program_made(void **state)
{
	json_t *vectors = vectors_load("note/checkpoint_cosignature.json");
	const json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
	struct buffer out = {0}, text = {0};
	struct checkpoint checkpoint, again;
	struct parties parties;

	(void)state;
	parties_of(vectors, &parties);
	assert_good(checkpoint_read(span_member(vectors, "checkpoint_text"), &checkpoint));
	checkpoint_write(&text, &checkpoint);
	assert_true(span_equal(buffer_span(&text), span_member(vectors, "checkpoint_text")));
	checkpoint_sign(&out, &checkpoint, &parties.log);
	assert_good(checkpoint_verify(buffer_span(&out), &parties.known[0], &again));
	assert_true(hash_equal(&again.root, &checkpoint.root));
	for (size_t w = 0; w < 2; w++)
		cosignature_write(&out, buffer_span(&text), parties.known[1 + w].name,
		    parties.time_s[w], &parties.witness[w]);
	assert_true(span_equal(buffer_span(&out), span_member(first, "note")));
	buffer_free(&out);
	buffer_free(&text);
	json_decref(vectors);
}

/* --- families of refused notes ----------------------------------------------------------------------------- */

static struct secret_key numbered_key(uint8_t number)
{
	struct hash seed = {{number}};
	struct secret_key key;

	key_from_seed(&seed, &key);
	return key;
}

static void a_key_is_known_only_by_its_name_and_its_hash_together(void **state)
{
	struct secret_key key = numbered_key(1), other = numbered_key(2);
	struct note_verifier verifier;
	struct buffer note = {0};
	struct span text;
	size_t verified;

	(void)state;
	note_sign(&note, span_text("hello\n"), "log.example", &key);
	note_verifier_make(&verifier, "log.example", NOTE_TYPE_ED25519, &key.public);
	assert_good(note_verify(buffer_span(&note), &verifier, 1, &text, &verified));
	assert_true(span_equal(text, span_text("hello\n")));
	note_verifier_make(&verifier, "log.example2", NOTE_TYPE_ED25519, &key.public);
	assert_error(
	    note_verify(buffer_span(&note), &verifier, 1, &text, &verified), ERROR_UNKNOWN_KEY);
	note_verifier_make(&verifier, "log.example", NOTE_TYPE_ED25519, &other.public);
	assert_error(
	    note_verify(buffer_span(&note), &verifier, 1, &text, &verified), ERROR_UNKNOWN_KEY);
	/* The same key as a cosigner's is another key: it has another hash. */
	note_verifier_make(&verifier, "log.example", NOTE_TYPE_COSIGNATURE, &key.public);
	assert_error(
	    note_verify(buffer_span(&note), &verifier, 1, &text, &verified), ERROR_UNKNOWN_KEY);
	buffer_free(&note);
}

static void text_with_empty_lines_is_cut_at_the_last_one(void **state)
{
	static const char words[] = "one\n\n\ntwo\n\nthree\n";
	struct secret_key key = numbered_key(1);
	struct note_verifier verifier;
	struct buffer note = {0};
	struct span text;
	size_t verified;

	(void)state;
	note_sign(&note, span_text(words), "log.example", &key);
	note_verifier_make(&verifier, "log.example", NOTE_TYPE_ED25519, &key.public);
	assert_good(note_verify(buffer_span(&note), &verifier, 1, &text, &verified));
	assert_true(span_equal(text, span_text(words)));
	assert_good(note_text(buffer_span(&note), &text));
	assert_true(span_equal(text, span_text(words)));
	assert_error(note_text(span_text("no empty line\n"), &text), ERROR_MALFORMED);
	assert_error(note_text((struct span){NULL, 0}, &text), ERROR_MALFORMED);
	buffer_free(&note);
}

static void any_changed_bit_of_a_signed_checkpoint_is_refused(void **state)
{
	struct secret_key key = numbered_key(1);
	struct checkpoint checkpoint = {
	    .origin = "log.example/1", .size = 1234, .root = hash_sha256(span_text("x"))};
	struct note_verifier verifier;
	struct buffer note = {0};

	(void)state;
	checkpoint_sign(&note, &checkpoint, &key);
	note_verifier_make(&verifier, checkpoint.origin, NOTE_TYPE_ED25519, &key.public);
	for (size_t bit = 0; bit < 8 * note.size; bit++) {
		struct checkpoint read;

		note.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (checkpoint_verify(buffer_span(&note), &verifier, &read) == ERROR_NONE)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		note.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t size = 0; size < note.size; size++) {
		struct checkpoint read;

		assert_error(
		    checkpoint_verify(span_of(note.data, size), &verifier, &read), ERROR_MALFORMED);
	}
	buffer_free(&note);
}

static enum error verify_text(struct buffer *note, const struct note_verifier *verifier)
{
	struct span text;
	size_t verified;

	return note_verify(buffer_span(note), verifier, 1, &text, &verified);
}

/* Lines of unknown keys are ignored, but they must be lines. */
static void a_line_of_an_unknown_key_must_have_the_form_of_one(void **state)
{
	static const struct {
		const char *line;
		bool good;
	} cases[] = {{"\xe2\x80\x94 other AAAAAAA=\n", true}, /* key hash and one byte */
	    {"\xe2\x80\x94 other AAAAAA==\n", false},         /* the key hash alone */
	    {"\xe2\x80\x94 other AA==\n", false}, {"\xe2\x80\x94 other \n", false},
	    {"\xe2\x80\x94 other\n", false}, {"\xe2\x80\x94  AAAAAAA=\n", false},
	    {"\xe2\x80\x94 a+b AAAAAAA=\n", false}, {"\xe2\x80\x94 AAAAAAA=\n", false},
	    {"\xe2\x80\x94 other AAAAAAB=\n", false}, {"other AAAAAAA=\n", false},
	    {"\xe2\x80\x94 other AAAAAAA= \n", false}, {"\xe2\x80\x94 other AAAAAAA=", false}};
	struct secret_key key = numbered_key(1);
	struct note_verifier verifier;

	(void)state;
	note_verifier_make(&verifier, "log.example", NOTE_TYPE_ED25519, &key.public);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer note = {0};

		note_sign(&note, span_text("t\n"), "log.example", &key);
		buffer_append_text(&note, cases[i].line);
		assert_error(
		    verify_text(&note, &verifier), cases[i].good ? ERROR_NONE : ERROR_MALFORMED);
		buffer_free(&note);
	}
}

static void no_control_character_but_the_line_feed_stands_in_a_note(void **state)
{
	struct secret_key key = numbered_key(1);
	struct note_verifier verifier;

	(void)state;
	note_verifier_make(&verifier, "log.example", NOTE_TYPE_ED25519, &key.public);
	for (int c = 0; c < 128; c++) {
		char text[] = {'a', (char)c, 'b', '\n'};
		struct buffer note = {0};

		note_sign(&note, span_of(text, sizeof text), "log.example", &key);
		assert_error(verify_text(&note, &verifier),
		    c >= 0x20 || c == '\n' ? ERROR_NONE : ERROR_MALFORMED);
		buffer_free(&note);
	}
}

static void limits_of_notes_are_kept(void **state)
{
	struct secret_key key = numbered_key(1);
	struct note_verifier verifier;
	struct buffer text = {0}, note = {0}, line = {0};
	struct span read;
	size_t verified;

	(void)state;
	note_verifier_make(&verifier, "log.example", NOTE_TYPE_ED25519, &key.public);
	note_sign(&note, span_text("t\n"), "log.example", &key);
	buffer_append(&line, span_of(note.data + 3, note.size - 3));
	/* A hundred lines, all of one key, count once; one more is too many. */
	for (size_t i = 1; i < NOTE_SIGNATURES_MAX; i++)
		buffer_append(&note, buffer_span(&line));
	assert_good(note_verify(buffer_span(&note), &verifier, 1, &read, &verified));
	assert_int_equal(verified, 1);
	buffer_append(&note, buffer_span(&line));
	assert_error(
	    note_verify(buffer_span(&note), &verifier, 1, &read, &verified), ERROR_MALFORMED);
	buffer_clear(&note);
	memset(buffer_extend(&text, NOTE_SIZE_MAX - line.size - 2), 'a',
	    NOTE_SIZE_MAX - line.size - 2);
	buffer_append_text(&text, "\n");
	note_sign(&note, buffer_span(&text), "log.example", &key);
	assert_int_equal(note.size, NOTE_SIZE_MAX);
	assert_good(note_verify(buffer_span(&note), &verifier, 1, &read, &verified));
	text.data[text.size - 1] = 'a';
	buffer_append_text(&text, "\n");
	buffer_clear(&note);
	note_sign(&note, buffer_span(&text), "log.example", &key);
	assert_error(
	    note_verify(buffer_span(&note), &verifier, 1, &read, &verified), ERROR_TOO_LARGE);
	buffer_free(&text);
	buffer_free(&note);
	buffer_free(&line);
}

/* Names hold no space of any kind: Unicode's White_Space characters, each of them (PropList.txt). */
static void names_with_any_unicode_space_or_a_plus_are_refused(void **state)
{
	static const char *const bad[] = {" ", "\t", "\n", "\v", "\f", "\r", "+", "\xc2\x85",
	    "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
	    "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87",
	    "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9",
	    "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xff"};
	static const char *const good[] = {"-", "\xe2\x80\x8b", "\xe4\xba\xba", "\xc2\x86", "/"};
	struct secret_key key = numbered_key(1);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad + sizeof good / sizeof *good; i++) {
		bool is_bad = i < sizeof bad / sizeof *bad;
		struct note_verifier made, read;
		struct buffer vkey = {0};
		char name[32];

		snprintf(name, sizeof name, "log%sx",
		    is_bad ? bad[i] : good[i - sizeof bad / sizeof *bad]);
		/* The key hash is right for the name, so that only the name can be at fault. */
		note_verifier_make(&made, "log", NOTE_TYPE_ED25519, &key.public);
		snprintf(made.name, sizeof made.name, "%s", name);
		made.key_hash = note_key_hash(name, NOTE_TYPE_ED25519, &key.public);
		note_verifier_write(&vkey, &made);
		assert_error(note_verifier_read(buffer_span(&vkey), &read),
		    is_bad ? ERROR_MALFORMED : ERROR_NONE);
		buffer_free(&vkey);
	}
}

static void a_checkpoint_of_the_empty_log_has_the_root_of_nothing(void **state)
{
	static const char empty[] = "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
	static const char other[] = "o\n0\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";
	struct checkpoint checkpoint;

	(void)state;
	assert_good(checkpoint_read(span_text(empty), &checkpoint));
	assert_int_equal(checkpoint.size, 0);
	assert_error(checkpoint_read(span_text(other), &checkpoint), ERROR_MALFORMED);
	/* And every log has a name. */
	assert_error(checkpoint_read(span_text(empty + 1), &checkpoint), ERROR_MALFORMED);
}

static int prepare(void **state)
{
	(void)state;
	return key_library_init() != ERROR_NONE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verifier_keys_have_their_verdicts_and_are_written_as_they_were_read),
	    cmocka_unit_test(notes_of_other_programs_have_their_verdicts),
	    cmocka_unit_test(checkpoints_with_cosignatures_have_their_verdicts),
	    cmocka_unit_test(
		our_checkpoint_and_cosignatures_are_the_bytes_that_another_program_made),
	    cmocka_unit_test(a_key_is_known_only_by_its_name_and_its_hash_together),
	    cmocka_unit_test(text_with_empty_lines_is_cut_at_the_last_one),
	    cmocka_unit_test(any_changed_bit_of_a_signed_checkpoint_is_refused),
	    cmocka_unit_test(a_line_of_an_unknown_key_must_have_the_form_of_one),
	    cmocka_unit_test(no_control_character_but_the_line_feed_stands_in_a_note),
	    cmocka_unit_test(limits_of_notes_are_kept),
	    cmocka_unit_test(names_with_any_unicode_space_or_a_plus_are_refused),
	    cmocka_unit_test(a_checkpoint_of_the_empty_log_has_the_root_of_nothing),
	};

	return cmocka_run_group_tests_name("ledger/note", tests, prepare, NULL);
}
