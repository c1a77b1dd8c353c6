/* The store: rows against a naive sorted list; other processes that read, that are killed while they read, and too many of them;
 * a map that grows; a disk that is full. LMDB must not be opened twice in a process nor be used after a fork, so whatever is done by
 * another process is done by a child that opens the store itself. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store.h"
#include "testing.h"

enum { ONE = 20, TWO = 21, LATER = 22 };

static const struct store_table tables[] = {{ONE, "one"}, {TWO, "two"}, {LATER, "later"}};

static struct store *open_store(const char *path, uint64_t map_size, bool read_only)
{
	const struct store_options options = {.read_only = read_only,
	    .not_durable = true,
	    .map_size = map_size,
	    .tables = tables,
	    .table_count = 2};
	struct error_detail detail = {""};
	struct store *store;

	if (store_open(path, &options, &store, &detail)) {
		fprintf(stderr, "%s\n", detail.text);
		return NULL;
	}
	return store;
}

struct place {
	char path[300];
	struct store *store;
};

static int place_open(void **state)
{
	static struct place place;

	folder_make(place.path);
	place.store = open_store(place.path, 32u << 20, false);
	assert_non_null(place.store);
	*state = &place;
	return 0;
}

static int place_close(void **state)
{
	struct place *place = *state;

	store_close(place->store);
	folder_remove(place->path);
	return 0;
}

static enum error put_text(struct txn *txn, unsigned table, const char *key, const char *value)
{
	return store_put(txn, table, span_text(key), span_text(value));
}

static bool has_text(struct txn *txn, unsigned table, const char *key, const char *value)
{
	struct span found;
	enum error error = store_get(txn, table, span_text(key), &found);

	return value ? !error && span_equal(found, span_text(value)) : error == ERROR_NOT_FOUND;
}

/* --- rows -------------------------------------------------------------------------------------------------- */

static void each_way_to_write_a_row_keeps_its_promise(void **state)
{
	struct place *place = *state;
	struct txn *txn;
	uint8_t *reserved;
	uint64_t count;
	struct span value;

	assert_good(txn_begin_write(place->store, &txn));
	assert_good(put_text(txn, ONE, "b", "1"));
	assert_good(put_text(txn, ONE, "b", "2"));
	assert_true(has_text(txn, ONE, "b", "2"));
	assert_true(has_text(txn, TWO, "b", NULL)); /* tables are apart */
	assert_error(store_insert(txn, ONE, span_text("b"), span_text("3")), ERROR_EXISTS);
	assert_true(has_text(txn, ONE, "b", "2"));
	assert_good(store_insert(txn, ONE, span_text("a"), span_text("1")));
	assert_good(store_append(txn, ONE, span_text("c"), span_text("1")));
	assert_error(store_append(txn, ONE, span_text("c"), span_text("2")), ERROR_EXISTS);
	assert_error(store_append(txn, ONE, span_text("aa"), span_text("2")), ERROR_EXISTS);
	assert_true(has_text(txn, ONE, "aa", NULL));
	assert_good(store_reserve(txn, ONE, span_text("a"), 3, &reserved));
	memcpy(reserved, "xyz", 3);
	assert_true(has_text(txn, ONE, "a", "xyz"));
	assert_good(store_count(txn, ONE, &count));
	assert_int_equal(count, 3);
	assert_good(store_delete(txn, ONE, span_text("b")));
	assert_error(store_delete(txn, ONE, span_text("b")), ERROR_NOT_FOUND);
	assert_error(store_get(txn, ONE, span_text("b"), &value), ERROR_NOT_FOUND);
	assert_null(value.data);
	assert_good(store_put(txn, ONE, span_text("empty"), (struct span){NULL, 0}));
	assert_good(store_get(txn, ONE, span_text("empty"), &value));
	assert_int_equal(value.size, 0);
	assert_good(txn_commit(txn));
}

#define KEYS 512u

struct naive {
	bool there[KEYS];
	uint32_t value[KEYS];
};

static size_t naive_key(unsigned number, char key[STORE_KEY_MAX + 1])
{
	/* Of different lengths, up to the longest that there may be. */
	size_t size = (size_t)snprintf(key, STORE_KEY_MAX + 1, "%03u", number);

	if (number % 7 == 0) {
		memset(key + size, 'k', STORE_KEY_MAX - size);
		size = STORE_KEY_MAX;
	}
	return size;
}

static void compare_all(struct txn *txn, const struct naive *naive)
{
	struct cursor *cursor;
	struct span found, value;
	char key[STORE_KEY_MAX + 1];
	enum error error;

	assert_good(cursor_open(txn, ONE, &cursor));
	error = cursor_seek(cursor, (struct span){NULL, 0}, &found, &value);
	for (unsigned i = 0; i < KEYS; i++) {
		if (!naive->there[i])
			continue;
		assert_good(error);
		assert_true(span_equal(found, span_of(key, naive_key(i, key))));
		assert_int_equal(be32_read(value.data), naive->value[i]);
		error = cursor_next(cursor, &found, &value);
	}
	assert_error(error, ERROR_NOT_FOUND);
	/* And back. */
	error = cursor_last(cursor, &found, &value);
	for (unsigned i = KEYS; i-- > 0;) {
		if (!naive->there[i])
			continue;
		assert_good(error);
		assert_int_equal(be32_read(value.data), naive->value[i]);
		error = cursor_previous(cursor, &found, &value);
	}
	assert_error(error, ERROR_NOT_FOUND);
	for (unsigned i = 0; i < KEYS; i += 11) { /* the first row at or behind any key */
		unsigned next = i;

		while (next < KEYS && !naive->there[next])
			next++;
		error = cursor_seek(cursor, span_of(key, naive_key(i, key)), &found, &value);
		assert_error(error, next == KEYS ? ERROR_NOT_FOUND : ERROR_NONE);
		if (!error)
			assert_int_equal(be32_read(value.data), naive->value[next]);
	}
	cursor_close(cursor);
}

static void any_life_of_a_table_agrees_with_a_naive_list(void **state)
{
	struct place *place = *state;
	uint64_t random = chance_seed("store");
	struct naive now = {.there = {false}}, committed = now;

	for (int round = 0; round < 40; round++) {
		struct txn *txn;
		struct cursor *cursor;

		assert_good(txn_begin_write(place->store, &txn));
		assert_good(cursor_open(txn, ONE, &cursor)); /* it lives through all the other ways */
		for (int i = 0; i < 60; i++) {
			unsigned k = (unsigned)chance_below(&random, KEYS);
			char key[STORE_KEY_MAX + 1];
			struct span name = span_of(key, naive_key(k, key));
			uint8_t value[4];
			enum error error;

			be32_write(value, (uint32_t)chance(&random));
			switch (chance_below(&random, 4)) {
			case 0:
				error = store_delete(txn, ONE, name);
				assert_error(error, now.there[k] ? ERROR_NONE : ERROR_NOT_FOUND);
				now.there[k] = false;
				break;
			case 1:
				error = store_insert(txn, ONE, name, span_of(value, 4));
				assert_error(error, now.there[k] ? ERROR_EXISTS : ERROR_NONE);
				if (!error)
					now.value[k] = be32_read(value);
				now.there[k] = true;
				break;
			case 2:
				assert_good(cursor_put(cursor, name, span_of(value, 4)));
				now.value[k] = be32_read(value);
				now.there[k] = true;
				break;
			default:
				assert_good(store_put(txn, ONE, name, span_of(value, 4)));
				now.value[k] = be32_read(value);
				now.there[k] = true;
			}
		}
		cursor_close(cursor);
		compare_all(txn, &now);
		if (chance_below(&random, 3) == 0) {
			txn_abort(txn);
			now = committed;
		} else {
			assert_good(txn_commit(txn));
			committed = now;
		}
		assert_good(txn_begin_read(place->store, &txn));
		compare_all(txn, &committed);
		txn_abort(txn);
	}
}

static void a_reader_sees_what_was_there_when_it_began(void **state)
{
	struct place *place = *state;
	struct txn *reader, *writer;

	assert_good(txn_begin_write(place->store, &writer));
	assert_good(put_text(writer, ONE, "k", "old"));
	assert_good(txn_commit(writer));
	assert_good(txn_begin_read(place->store, &reader));
	assert_good(txn_begin_write(place->store, &writer));
	assert_good(put_text(writer, ONE, "k", "new"));
	assert_true(has_text(reader, ONE, "k", "old"));
	assert_good(txn_commit(writer));
	assert_true(has_text(reader, ONE, "k", "old"));
	txn_abort(reader);
	assert_good(txn_begin_read(place->store, &reader));
	assert_true(has_text(reader, ONE, "k", "new"));
	txn_abort(reader);
}

static void a_nested_transaction_is_undone_alone(void **state)
{
	struct place *place = *state;
	struct txn *outer, *inner;

	assert_good(txn_begin_write(place->store, &outer));
	assert_good(put_text(outer, ONE, "outer", "1"));
	assert_good(txn_begin_nested(outer, &inner));
	assert_good(put_text(inner, ONE, "undone", "1"));
	assert_good(put_text(inner, ONE, "outer", "2"));
	txn_abort(inner);
	assert_true(has_text(outer, ONE, "undone", NULL));
	assert_true(has_text(outer, ONE, "outer", "1"));
	assert_good(txn_begin_nested(outer, &inner));
	assert_good(put_text(inner, ONE, "kept", "1"));
	assert_good(txn_commit(inner));
	assert_good(txn_commit(outer));
	assert_good(txn_begin_read(place->store, &outer));
	assert_true(has_text(outer, ONE, "kept", "1"));
	assert_true(has_text(outer, ONE, "outer", "1"));
	txn_abort(outer);
}

/* --- opening ----------------------------------------------------------------------------------------------- */

static void what_is_not_there_or_no_store_is_reported_and_named(void **state)
{
	struct store_options options = {
	    .read_only = true, .not_durable = true, .tables = tables, .table_count = 2};
	struct error_detail detail = {""};
	struct store *store;
	char folder[300], file[340];
	uint8_t garbage[8192];
	int out;

	(void)state;
	folder_make(folder);
	assert_error(store_open(folder, &options, &store, &detail), ERROR_NOT_FOUND);
	assert_null(store);
	assert_non_null(strstr(detail.text, folder));
	snprintf(file, sizeof file, "%s/nowhere", folder);
	options.read_only = false;
	assert_error(store_open(file, &options, &store, &detail), ERROR_NOT_FOUND);
	snprintf(file, sizeof file, "%s/data.mdb", folder);
	memset(garbage, 0x5a, sizeof garbage);
	out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(out, garbage, sizeof garbage), sizeof garbage);
	close(out);
	assert_error(store_open(folder, &options, &store, &detail), ERROR_CORRUPT);
	assert_null(store);
	folder_remove(folder);
}

static void a_table_that_an_older_program_did_not_make_is_empty_for_readers(void **state)
{
	struct place *place = *state;
	const struct store_options options = {
	    .read_only = true, .not_durable = true, .tables = tables, .table_count = 3};
	struct cursor *cursor;
	struct span key, value;
	struct txn *txn;
	uint64_t count;

	store_close(place->store);
	assert_good(store_open(place->path, &options, &place->store, NULL));
	assert_good(txn_begin_read(place->store, &txn));
	assert_true(has_text(txn, LATER, "k", NULL));
	assert_good(store_count(txn, LATER, &count));
	assert_int_equal(count, 0);
	assert_good(cursor_open(txn, LATER, &cursor));
	assert_error(cursor_seek(cursor, (struct span){NULL, 0}, &key, &value), ERROR_NOT_FOUND);
	assert_error(cursor_last(cursor, &key, &value), ERROR_NOT_FOUND);
	cursor_close(cursor);
	txn_abort(txn);
}

static void the_files_are_for_their_owner_alone(void **state)
{
	struct place *place = *state;
	struct stat status;
	char file[340];

	snprintf(file, sizeof file, "%s/data.mdb", place->path);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_copy_is_a_whole_store_of_its_own(void **state)
{
	struct place *place = *state;
	struct error_detail detail = {""};
	struct store *copy;
	struct txn *txn;
	char folder[300];

	folder_make(folder);
	assert_good(txn_begin_write(place->store, &txn));
	assert_good(put_text(txn, ONE, "k", "v"));
	assert_good(txn_commit(txn));
	/* A group that is not committed is not in it. */
	assert_good(txn_begin_write(place->store, &txn));
	assert_good(put_text(txn, ONE, "half", "done"));
	assert_good(store_copy(place->store, folder, &detail));
	txn_abort(txn);
	assert_error(store_copy(place->store, folder, &detail), ERROR_EXISTS);
	assert_non_null(strstr(detail.text, folder));
	copy = open_store(folder, 32u << 20, true);
	assert_non_null(copy);
	assert_good(txn_begin_read(copy, &txn));
	assert_true(has_text(txn, ONE, "k", "v"));
	assert_true(has_text(txn, ONE, "half", NULL));
	txn_abort(txn);
	store_close(copy);
	folder_remove(folder);
}

/* --- another process --------------------------------------------------------------------------------------- */

/* A child that does what it is told, one byte a step, and answers each with one byte. */
struct child {
	pid_t process;
	int tell, hear;
};

typedef int child_work(const char *path, int tell, int hear);

static struct child child_start(child_work *work, const char *path)
{
	struct child child;
	int down[2], up[2];

	assert_int_equal(pipe(down), 0);
	assert_int_equal(pipe(up), 0);
	child.process = fork();
	assert_true(child.process >= 0);
	if (child.process == 0) {
		close(down[1]);
		close(up[0]);
		_exit(work(path, up[1], down[0]));
	}
	close(down[0]);
	close(up[1]);
	child.tell = down[1];
	child.hear = up[0];
	return child;
}

static void child_wait_for(struct child *child, char wanted)
{
	char heard = '?';

	assert_int_equal(read(child->hear, &heard, 1), 1);
	assert_int_equal(heard, wanted);
}

static void child_tell(struct child *child, char byte)
{
	assert_int_equal(write(child->tell, &byte, 1), 1);
}

static int child_end(struct child *child)
{
	int status;

	close(child->tell);
	close(child->hear);
	assert_int_equal(waitpid(child->process, &status, 0), child->process);
	return status;
}

/* In the child nothing asserts: cmocka's jump belongs to the parent. A step that fails is its exit status. */
#define CHILD_NEEDS(condition)                     \
	do {                                       \
		if (!(condition))                  \
			return __LINE__ % 200 + 1; \
	} while (0)

static bool child_say(int tell, char byte)
{
	return write(tell, &byte, 1) == 1;
}

static bool child_hear(int hear)
{
	char byte;

	return read(hear, &byte, 1) == 1;
}

static int read_before_and_after(const char *path, int tell, int hear)
{
	struct store *store = open_store(path, 1u << 20, true);
	struct txn *txn;

	CHILD_NEEDS(store && txn_begin_read(store, &txn) == ERROR_NONE);
	CHILD_NEEDS(has_text(txn, ONE, "k", "old"));
	CHILD_NEEDS(child_say(tell, 'r') && child_hear(hear));
	/* The map has grown meanwhile: the snapshot still stands. */
	CHILD_NEEDS(has_text(txn, ONE, "k", "old") && has_text(txn, ONE, "last", NULL));
	txn_abort(txn);
	CHILD_NEEDS(txn_begin_read(store, &txn) == ERROR_NONE);
	CHILD_NEEDS(has_text(txn, ONE, "k", "new") && has_text(txn, ONE, "last", "row"));
	txn_abort(txn);
	store_close(store);
	return 0;
}

/* Rows of 32 KiB until the map is full. */
static enum error fill(struct txn *txn, uint32_t first, uint32_t count)
{
	static uint8_t large[32u << 10];
	enum error error = ERROR_NONE;

	for (uint32_t i = first; i < first + count && !error; i++) {
		uint8_t key[4];

		be32_write(key, i);
		memset(large, (int)i, sizeof large);
		error = store_put(txn, TWO, span_of(key, 4), span_of(large, sizeof large));
	}
	return error;
}

static bool is_filled(struct txn *txn, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		struct span value;
		uint8_t key[4];

		be32_write(key, i);
		if (store_get(txn, TWO, span_of(key, 4), &value) || value.size != 32u << 10 ||
		    value.data[0] != (uint8_t)i || value.data[value.size - 1] != (uint8_t)i)
			return false;
	}
	return true;
}

static void grow_beside_a_reader(struct store *store)
{
	uint64_t used, before, after;
	enum error error;
	struct txn *txn;

	assert_good(store_usage(store, &used, &before));
	assert_true(used <= before);
	assert_good(txn_begin_write(store, &txn));
	assert_good(put_text(txn, ONE, "k", "new"));
	error = fill(txn, 0, 64); /* 2 MiB into a map of 1 */
	assert_error(error, ERROR_MAP_FULL);
	assert_error(store_grow(store), ERROR_STATE); /* not while a transaction is open here */
	txn_abort(txn);
	for (unsigned round = 0;; round++) {
		assert_true(round < 5);
		assert_good(store_grow(store));
		assert_good(txn_begin_write(store, &txn));
		assert_good(put_text(txn, ONE, "k", "new"));
		assert_good(put_text(txn, ONE, "last", "row"));
		error = fill(txn, 0, 64);
		if (!error)
			break;
		assert_error(error, ERROR_MAP_FULL);
		txn_abort(txn);
	}
	assert_good(txn_commit(txn));
	assert_good(store_usage(store, &used, &after));
	assert_true(after > before && used > 2u << 20);
}

static void the_map_grows_while_readers_of_another_process_are_open(void **state)
{
	struct store *store;
	struct child child;
	struct txn *txn;
	char path[300];

	(void)state;
	folder_make(path);
	store = open_store(path, 1u << 20, false);
	assert_non_null(store);
	assert_good(txn_begin_write(store, &txn));
	assert_good(put_text(txn, ONE, "k", "old"));
	assert_good(txn_commit(txn));
	store_close(store); /* no environment is taken through the fork */
	child = child_start(read_before_and_after, path);
	child_wait_for(&child, 'r');
	store = open_store(path, 1u << 20, false);
	assert_non_null(store);
	grow_beside_a_reader(store);
	child_tell(&child, 'g');
	assert_int_equal(child_end(&child), 0);
	assert_good(txn_begin_read(store, &txn));
	assert_true(is_filled(txn, 0, 64));
	txn_abort(txn);
	store_close(store);
	folder_remove(path);
}

static int hold_one_reader(const char *path, int tell, int hear)
{
	struct store *store = open_store(path, 1u << 20, true);
	struct txn *txn;

	CHILD_NEEDS(store && txn_begin_read(store, &txn) == ERROR_NONE);
	CHILD_NEEDS(child_say(tell, 'r'));
	child_hear(hear); /* until it is killed */
	return 0;
}

static int hold_all_readers(const char *path, int tell, int hear)
{
	struct store *store = open_store(path, 1u << 20, true);
	struct txn *txn;

	CHILD_NEEDS(store);
	for (unsigned i = 0; i < STORE_READERS_MAX; i++)
		CHILD_NEEDS(txn_begin_read(store, &txn) == ERROR_NONE);
	CHILD_NEEDS(child_say(tell, 'r'));
	child_hear(hear);
	return 0;
}

static void kill_child(struct child *child)
{
	int status;

	assert_int_equal(kill(child->process, SIGKILL), 0);
	status = child_end(child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void the_readers_of_a_killed_process_are_cleared(void **state)
{
	struct store *store;
	struct child child;
	struct txn *txn;
	char path[300];
	int cleared = -1;

	(void)state;
	folder_make(path);
	store_close(open_store(path, 1u << 20, false));
	child = child_start(hold_one_reader, path);
	child_wait_for(&child, 'r');
	store = open_store(path, 1u << 20, false);
	assert_non_null(store);
	assert_good(store_clear_stale_readers(store, &cleared));
	assert_int_equal(cleared, 0); /* it lives */
	kill_child(&child);
	assert_good(store_clear_stale_readers(store, &cleared));
	assert_int_equal(cleared, 1);
	assert_good(store_clear_stale_readers(store, &cleared));
	assert_int_equal(cleared, 0);
	/* Nor do they stand in the way of a new reader that finds no slot. */
	store_close(store);
	child = child_start(hold_all_readers, path);
	child_wait_for(&child, 'r');
	store = open_store(path, 1u << 20, false);
	assert_non_null(store);
	assert_error(txn_begin_read(store, &txn), ERROR_READERS);
	assert_null(txn);
	kill_child(&child);
	assert_good(txn_begin_read(store, &txn));
	txn_abort(txn);
	store_close(store);
	folder_remove(path);
}

static void one_reader_too_many_is_refused_and_the_others_go_on(void **state)
{
	struct place *place = *state;
	struct txn *readers[STORE_READERS_MAX], *more, *writer;

	for (unsigned i = 0; i < STORE_READERS_MAX; i++)
		assert_good(txn_begin_read(place->store, &readers[i]));
	assert_error(txn_begin_read(place->store, &more), ERROR_READERS);
	assert_null(more);
	/* A writer needs no slot. */
	assert_good(txn_begin_write(place->store, &writer));
	assert_good(put_text(writer, ONE, "k", "v"));
	assert_good(txn_commit(writer));
	assert_true(has_text(readers[0], ONE, "k", NULL));
	txn_abort(readers[17]);
	assert_good(txn_begin_read(place->store, &readers[17]));
	assert_true(has_text(readers[17], ONE, "k", "v"));
	for (unsigned i = 0; i < STORE_READERS_MAX; i++)
		txn_abort(readers[i]);
}

/* --- a full disk ------------------------------------------------------------------------------------------- */

/* One group after another until the disk is full; then nothing is lost, reading goes on, and so does writing as soon as `make_room`
 * has made room. Returns a line of this file, or 0. */
static int fill_the_disk(const char *path, bool (*make_room)(const char *path))
{
	struct store *store = open_store(path, 256u << 20, false);
	enum error error = ERROR_NONE;
	uint32_t groups = 0;
	struct txn *txn;

	CHILD_NEEDS(store);
	while (!error && groups < 200) {
		CHILD_NEEDS(txn_begin_write(store, &txn) == ERROR_NONE);
		error = fill(txn, groups * 4, 4);
		if (error)
			txn_abort(txn);
		else
			error = txn_commit(txn);
		groups += !error;
	}
	if (error != ERROR_DISK_FULL)
		fprintf(stderr, "after %u groups: %s\n", groups, error_name(error));
	CHILD_NEEDS(error == ERROR_DISK_FULL && groups > 2);
	/* Still full: the same answer, and what was committed is there. */
	CHILD_NEEDS(txn_begin_write(store, &txn) == ERROR_NONE && fill(txn, groups * 4, 4) == 0);
	CHILD_NEEDS(txn_commit(txn) == ERROR_DISK_FULL);
	CHILD_NEEDS(txn_begin_read(store, &txn) == ERROR_NONE && is_filled(txn, 0, groups * 4));
	CHILD_NEEDS(!is_filled(txn, groups * 4, 1));
	txn_abort(txn);
	CHILD_NEEDS(make_room(path));
	/* The same handle goes on. */
	CHILD_NEEDS(txn_begin_write(store, &txn) == ERROR_NONE && fill(txn, groups * 4, 4) == 0);
	CHILD_NEEDS(txn_commit(txn) == ERROR_NONE);
	store_close(store);
	store = open_store(path, 256u << 20, false);
	CHILD_NEEDS(store && txn_begin_read(store, &txn) == ERROR_NONE);
	CHILD_NEEDS(is_filled(txn, 0, groups * 4 + 4));
	txn_abort(txn);
	store_close(store);
	return 0;
}

static bool remove_ballast(const char *path)
{
	char file[340];

	snprintf(file, sizeof file, "%s/ballast", path);
	return unlink(file) == 0;
}

enum { NO_NAMESPACE = 250 };

/* A file system of 8 MiB of its own, which ends with the process. */
static int on_a_small_disk(const char *path, int tell, int hear)
{
	static uint8_t zeros[4u << 20];
	char file[340];
	int ballast;

	(void)tell;
	(void)hear;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", path, "tmpfs", 0, "size=8m"))
		return NO_NAMESPACE;
	snprintf(file, sizeof file, "%s/ballast", path);
	ballast = open(file, O_WRONLY | O_CREAT, 0600);
	CHILD_NEEDS(write(ballast, zeros, sizeof zeros) == sizeof zeros && close(ballast) == 0);
	return fill_the_disk(path, remove_ballast);
}

static bool raise_limit(const char *path)
{
	struct rlimit limit;

	(void)path;
	if (getrlimit(RLIMIT_FSIZE, &limit))
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

static int under_a_limit(const char *path, int tell, int hear)
{
	struct rlimit limit;

	(void)tell;
	(void)hear;
	CHILD_NEEDS(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && getrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit.rlim_cur = 3 * (1u << 20) + 777; /* in the middle of a page */
	CHILD_NEEDS(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	return fill_the_disk(path, raise_limit);
}

static int run_child(child_work *work)
{
	struct child child;
	char path[300];
	int status;

	folder_make(path);
	child = child_start(work, path);
	status = child_end(&child);
	folder_remove(path);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_full_disk_is_reported_nothing_is_lost_and_it_goes_on(void **state)
{
	int status = run_child(on_a_small_disk);

	(void)state;
	/* Without the right to mount, the next test alone shows it, on the limit of a file's size. */
	if (status == NO_NAMESPACE)
		print_message(
		    "no right to mount a small disk: shown by the file size limit only\n");
	else
		assert_int_equal(status, 0);
}

static void a_file_that_may_not_grow_is_a_full_disk(void **state)
{
	(void)state;
	assert_int_equal(run_child(under_a_limit), 0);
}

struct looking {
	struct store *store;
	unsigned wrong;
};

static void *look_on(void *context)
{
	struct looking *looking = context;

	for (unsigned i = 0; i < 3000; i++) {
		struct txn *txn;

		if (txn_begin_read(looking->store, &txn)) {
			looking->wrong++;
			continue;
		}
		looking->wrong += !has_text(txn, ONE, "a", "1");
		txn_abort(txn);
	}
	return NULL;
}

/* A daemon's readers come and go without end: the writer lets none begin until the map has grown. */
static void a_patient_store_grows_between_the_readers_of_its_own_process(void **state)
{
	enum { READERS = 3 };
	struct place *place = *state;
	struct looking looking[READERS];
	pthread_t threads[READERS];
	struct store_options options = {.not_durable = true,
	    .patient = true,
	    .map_size = 1u << 20,
	    .tables = tables,
	    .table_count = 2};
	uint64_t used, before, after;
	struct txn *txn;

	store_close(place->store);
	assert_good(store_open(place->path, &options, &place->store, NULL));
	assert_good(txn_begin_write(place->store, &txn));
	assert_good(put_text(txn, ONE, "a", "1"));
	assert_good(txn_commit(txn));
	assert_good(store_usage(place->store, &used, &before));
	for (unsigned i = 0; i < READERS; i++) {
		looking[i] = (struct looking){.store = place->store};
		assert_int_equal(pthread_create(&threads[i], NULL, look_on, &looking[i]), 0);
	}
	for (unsigned i = 0; i < 12; i++)
		assert_good(store_grow(place->store));
	for (unsigned i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(looking[i].wrong, 0);
	}
	assert_good(store_usage(place->store, &used, &after));
	assert_true(after >= before << 11);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_open, place_close)
	const struct CMUnitTest tests[] = {
	    IN_PLACE(each_way_to_write_a_row_keeps_its_promise),
	    IN_PLACE(any_life_of_a_table_agrees_with_a_naive_list),
	    IN_PLACE(a_reader_sees_what_was_there_when_it_began),
	    IN_PLACE(a_nested_transaction_is_undone_alone),
	    cmocka_unit_test(what_is_not_there_or_no_store_is_reported_and_named),
	    IN_PLACE(a_table_that_an_older_program_did_not_make_is_empty_for_readers),
	    IN_PLACE(the_files_are_for_their_owner_alone),
	    IN_PLACE(a_copy_is_a_whole_store_of_its_own),
	    cmocka_unit_test(the_map_grows_while_readers_of_another_process_are_open),
	    IN_PLACE(a_patient_store_grows_between_the_readers_of_its_own_process),
	    cmocka_unit_test(the_readers_of_a_killed_process_are_cleared),
	    IN_PLACE(one_reader_too_many_is_refused_and_the_others_go_on),
	    cmocka_unit_test(a_full_disk_is_reported_nothing_is_lost_and_it_goes_on),
	    cmocka_unit_test(a_file_that_may_not_grow_is_a_full_disk),
	};

	return cmocka_run_group_tests_name("ledger/store", tests, NULL, NULL);
}
