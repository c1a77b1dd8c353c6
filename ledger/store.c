#include "store.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <lmdb.h>

/* Below this much free space an I/O error of a commit is taken for a full disk: LMDB reports ENOSPC as EIO. */
#define DISK_ROOM_LEAST (UINT64_C(1) << 20)
#define SCRATCH_PATH_MAX 4096

struct store {
	MDB_env *env;
	char *path;
	bool read_only, patient;
	pthread_mutex_t lock; /* what follows */
	pthread_cond_t changed;
	unsigned open_transactions;
	bool growing; /* no transaction begins meanwhile */
	bool has_table[STORE_TABLES_MAX];
	MDB_dbi tables[STORE_TABLES_MAX];
};

struct txn {
	struct store *store;
	MDB_txn *txn;
	bool nested;
};

struct cursor {
	MDB_cursor *cursor;
	struct store *store;
};

/* The process may not make the file much larger: a write across that limit is cut short, as on a full disk. */
static bool may_not_grow(int file)
{
	struct rlimit limit;
	struct stat status;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	       fstat(file, &status) == 0 &&
	       (uint64_t)status.st_size + DISK_ROOM_LEAST > limit.rlim_cur;
}

/* By the open file, since a scratch store has no path any more. */
static bool disk_is_full(const struct store *store)
{
	struct statvfs status;
	int file;

	if (mdb_env_get_fd(store->env, &file) || fstatvfs(file, &status))
		return false;
	return (uint64_t)status.f_bavail * status.f_frsize < DISK_ROOM_LEAST || may_not_grow(file);
}

static enum error error_of(const struct store *store, int code)
{
	switch (code) {
	case MDB_SUCCESS:
		return ERROR_NONE;
	case MDB_NOTFOUND:
		return ERROR_NOT_FOUND;
	case MDB_KEYEXIST:
	case EEXIST:
		return ERROR_EXISTS;
	case MDB_MAP_FULL:
		return ERROR_MAP_FULL;
	case MDB_READERS_FULL:
		return ERROR_READERS;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_PANIC:
		return ERROR_CORRUPT;
	case ENOMEM:
		return ERROR_MEMORY;
	case ENOENT:
		return ERROR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERROR_PERMISSION;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERROR_DISK_FULL;
	case EIO:
		return disk_is_full(store) ? ERROR_DISK_FULL : ERROR_IO;
	default:
		return ERROR_IO;
	}
}

static enum error open_tables(struct store *store, const struct store_options *options)
{
	MDB_txn *txn;
	int code = mdb_txn_begin(store->env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);

	for (size_t i = 0; !code && i < options->table_count; i++) {
		const struct store_table *table = &options->tables[i];

		assert(table->number < STORE_TABLES_MAX && !store->has_table[table->number]);
		code = mdb_dbi_open(txn, table->name, store->read_only ? 0 : MDB_CREATE,
		    &store->tables[table->number]);
		/* A reader of a store that an older program made may lack a table: it is empty then. */
		if (code == MDB_NOTFOUND && store->read_only)
			code = 0;
		else if (!code)
			store->has_table[table->number] = true;
		if (code)
			mdb_txn_abort(txn);
	}
	if (!code)
		code = mdb_txn_commit(txn);
	return error_of(store, code);
}

/* An interrupted copy leaves such a file, and LMDB tells a reader nothing better of it than "Bad file descriptor". */
static bool data_is_empty(const char *path)
{
	char file[SCRATCH_PATH_MAX];
	struct stat status;

	return snprintf(file, sizeof file, "%s/data.mdb", path) < (int)sizeof file &&
	       stat(file, &status) == 0 && status.st_size == 0;
}

enum error store_open(const char *path, const struct store_options *options, struct store **out,
    struct error_detail *detail)
{
	struct store *store = calloc(1, sizeof *store);
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
	enum error error = ERROR_MEMORY;
	int code, dead;

	*out = NULL;
	if (!store)
		return ERROR_MEMORY;
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->changed, NULL);
	store->path = strdup(path);
	store->read_only = options->read_only;
	store->patient = options->patient;
	if (options->read_only)
		flags |= MDB_RDONLY;
	if (options->not_durable)
		flags |= MDB_NOSYNC;
	code = store->path ? mdb_env_create(&store->env) : ENOMEM;
	if (!code)
		code = mdb_env_set_maxdbs(store->env, STORE_TABLES_MAX);
	if (!code)
		code = mdb_env_set_maxreaders(store->env, STORE_READERS_MAX);
	if (!code)
		code = mdb_env_set_mapsize(
		    store->env, options->map_size ? options->map_size : STORE_MAP_SIZE);
	if (!code && options->read_only && data_is_empty(path))
		code = MDB_INVALID;
	if (!code)
		code = mdb_env_open(store->env, path, flags, 0600);
	if (!code)
		code = mdb_reader_check(store->env, &dead);
	error = error_of(store, code);
	if (!error)
		error = open_tables(store, options);
	if (error) {
		error_set(
		    detail, error, "%s: %s", path, code ? mdb_strerror(code) : error_text(error));
		store_close(store);
		return error;
	}
	*out = store;
	return ERROR_NONE;
}

static void remove_file(const char *folder, const char *name)
{
	char path[SCRATCH_PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	unlink(path);
}

enum error store_open_scratch(
    const struct store_options *wanted, struct store **store, struct error_detail *detail)
{
	struct store_options options = *wanted;
	const char *parent = getenv("TMPDIR");
	char path[SCRATCH_PATH_MAX];
	sigset_t all, before;
	enum error error;

	*store = NULL;
	options.not_durable = true;
	assert(!options.read_only);
	if (!parent || !parent[0])
		parent = "/tmp";
	if (snprintf(path, sizeof path, "%s/suiren-scratch-XXXXXX", parent) >= (int)sizeof path)
		return error_set(detail, ERROR_TOO_LARGE, "%s: too long a name", parent);
	/* Between making and removing the names no signal may end the process. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (!mkdtemp(path)) {
		error = error_set(detail, errno == ENOSPC ? ERROR_DISK_FULL : ERROR_IO,
		    "no scratch directory below %s: %s", parent, strerror(errno));
	} else {
		error = store_open(path, &options, store, detail);
		remove_file(path, "data.mdb");
		remove_file(path, "lock.mdb");
		rmdir(path);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	assert(store->open_transactions == 0);
	if (store->env)
		mdb_env_close(store->env);
	pthread_cond_destroy(&store->changed);
	pthread_mutex_destroy(&store->lock);
	free(store->path);
	free(store);
}

enum error store_clear_stale_readers(struct store *store, int *cleared)
{
	return error_of(store, mdb_reader_check(store->env, cleared));
}

/* A transaction is about to begin, counted before it does, so that the map is not moved beneath it. */
static void enter(struct store *store, bool nested)
{
	pthread_mutex_lock(&store->lock);
	while (store->growing && !nested)
		pthread_cond_wait(&store->changed, &store->lock);
	store->open_transactions++;
	pthread_mutex_unlock(&store->lock);
}

static void leave(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	store->open_transactions--;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
}

/* Another process has grown the map: follow it, unless others are at work here. */
static int follow(struct store *store)
{
	int code = MDB_MAP_RESIZED;

	pthread_mutex_lock(&store->lock);
	if (store->open_transactions == 1)
		code = mdb_env_set_mapsize(store->env, 0);
	pthread_mutex_unlock(&store->lock);
	return code;
}

static int grow(struct store *store)
{
	MDB_envinfo info;
	int code = mdb_env_info(store->env, &info);

	if (code)
		return code;
	return mdb_env_set_mapsize(
	    store->env, info.me_mapsize +
			    (info.me_mapsize < STORE_MAP_STEP ? info.me_mapsize : STORE_MAP_STEP));
}

enum error store_grow(struct store *store)
{
	enum error error = ERROR_STATE;

	/* LMDB would remap beneath an open reader of this process. */
	pthread_mutex_lock(&store->lock);
	store->growing = store->patient;
	while (store->patient && store->open_transactions != 0)
		pthread_cond_wait(&store->changed, &store->lock);
	if (store->open_transactions == 0)
		error = error_of(store, grow(store));
	store->growing = false;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	return error;
}

enum error store_usage(struct store *store, uint64_t *used, uint64_t *map_size)
{
	MDB_envinfo info;
	MDB_stat stat;
	int code = mdb_env_info(store->env, &info);

	if (!code)
		code = mdb_env_stat(store->env, &stat);
	if (code)
		return error_of(store, code);
	*used = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
	*map_size = info.me_mapsize;
	return ERROR_NONE;
}

enum error store_copy(struct store *store, const char *path, struct error_detail *detail)
{
	int code = mdb_env_copy2(store->env, path, MDB_CP_COMPACT);
	enum error error = error_of(store, code);

	return error ? error_set(detail, error, "%s: %s", path, mdb_strerror(code)) : ERROR_NONE;
}

static enum error begin(struct store *store, struct txn *parent, unsigned flags, struct txn **out)
{
	struct txn *txn = calloc(1, sizeof *txn);
	int code;

	*out = NULL;
	if (!txn)
		return ERROR_MEMORY;
	txn->store = store;
	txn->nested = parent != NULL;
	enter(store, txn->nested);
	code = mdb_txn_begin(store->env, parent ? parent->txn : NULL, flags, &txn->txn);
	if (code == MDB_MAP_RESIZED) {
		code = follow(store);
		if (!code)
			code = mdb_txn_begin(store->env, NULL, flags, &txn->txn);
	}
	if (code == MDB_READERS_FULL) {
		int dead;
		code = mdb_reader_check(store->env, &dead);
		if (!code)
			code = mdb_txn_begin(store->env, NULL, flags, &txn->txn);
	}
	if (code) {
		leave(store);
		free(txn);
		return error_of(store, code);
	}
	*out = txn;
	return ERROR_NONE;
}

enum error txn_begin_read(struct store *store, struct txn **txn)
{
	return begin(store, NULL, MDB_RDONLY, txn);
}

enum error txn_begin_write(struct store *store, struct txn **txn)
{
	return begin(store, NULL, 0, txn);
}

enum error txn_begin_nested(struct txn *parent, struct txn **txn)
{
	return begin(parent->store, parent, 0, txn);
}

enum error txn_commit(struct txn *txn)
{
	struct store *store = txn->store;
	int code = mdb_txn_commit(txn->txn);

	leave(store);
	free(txn);
	return error_of(store, code);
}

void txn_abort(struct txn *txn)
{
	if (!txn)
		return;
	mdb_txn_abort(txn->txn);
	leave(txn->store);
	free(txn);
}

static MDB_val val_of(struct span bytes)
{
	return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.data};
}

static struct span span_of_val(MDB_val value)
{
	return (struct span){value.mv_data, value.mv_size};
}

static bool has_table(const struct txn *txn, unsigned table)
{
	assert(table < STORE_TABLES_MAX);
	return txn->store->has_table[table];
}

enum error store_get(struct txn *txn, unsigned table, struct span key, struct span *value)
{
	MDB_val k = val_of(key), v;
	int code = has_table(txn, table) ? mdb_get(txn->txn, txn->store->tables[table], &k, &v)
					 : MDB_NOTFOUND;

	*value = code ? (struct span){NULL, 0} : span_of_val(v);
	return error_of(txn->store, code);
}

static enum error put(
    struct txn *txn, unsigned table, struct span key, struct span value, unsigned flags)
{
	MDB_val k = val_of(key), v = val_of(value);

	assert(key.size > 0 && key.size <= STORE_KEY_MAX && has_table(txn, table));
	return error_of(txn->store, mdb_put(txn->txn, txn->store->tables[table], &k, &v, flags));
}

enum error store_put(struct txn *txn, unsigned table, struct span key, struct span value)
{
	return put(txn, table, key, value, 0);
}

enum error store_insert(struct txn *txn, unsigned table, struct span key, struct span value)
{
	return put(txn, table, key, value, MDB_NOOVERWRITE);
}

enum error store_append(struct txn *txn, unsigned table, struct span key, struct span value)
{
	return put(txn, table, key, value, MDB_APPEND);
}

enum error store_reserve(
    struct txn *txn, unsigned table, struct span key, size_t size, uint8_t **value)
{
	MDB_val k = val_of(key), v = {.mv_size = size, .mv_data = NULL};
	int code;

	assert(key.size > 0 && key.size <= STORE_KEY_MAX && has_table(txn, table));
	code = mdb_put(txn->txn, txn->store->tables[table], &k, &v, MDB_RESERVE);
	*value = code ? NULL : v.mv_data;
	return error_of(txn->store, code);
}

enum error store_delete(struct txn *txn, unsigned table, struct span key)
{
	MDB_val k = val_of(key);

	if (!has_table(txn, table))
		return ERROR_NOT_FOUND;
	return error_of(txn->store, mdb_del(txn->txn, txn->store->tables[table], &k, NULL));
}

enum error store_count(struct txn *txn, unsigned table, uint64_t *count)
{
	MDB_stat stat;
	int code;

	*count = 0;
	if (!has_table(txn, table))
		return ERROR_NONE;
	code = mdb_stat(txn->txn, txn->store->tables[table], &stat);
	if (!code)
		*count = stat.ms_entries;
	return error_of(txn->store, code);
}

enum error cursor_open(struct txn *txn, unsigned table, struct cursor **out)
{
	struct cursor *cursor = calloc(1, sizeof *cursor);
	int code = 0;

	*out = NULL;
	if (!cursor)
		return ERROR_MEMORY;
	cursor->store = txn->store;
	if (has_table(txn, table))
		code = mdb_cursor_open(txn->txn, txn->store->tables[table], &cursor->cursor);
	if (code) {
		free(cursor);
		return error_of(txn->store, code);
	}
	*out = cursor;
	return ERROR_NONE;
}

void cursor_close(struct cursor *cursor)
{
	if (!cursor)
		return;
	if (cursor->cursor)
		mdb_cursor_close(cursor->cursor);
	free(cursor);
}

static enum error move(struct cursor *cursor, struct span wanted, MDB_cursor_op operation,
    struct span *key, struct span *value)
{
	MDB_val k = val_of(wanted), v;
	int code =
	    cursor->cursor ? mdb_cursor_get(cursor->cursor, &k, &v, operation) : MDB_NOTFOUND;

	*key = code ? (struct span){NULL, 0} : span_of_val(k);
	*value = code ? (struct span){NULL, 0} : span_of_val(v);
	return error_of(cursor->store, code);
}

enum error cursor_seek(
    struct cursor *cursor, struct span key, struct span *found, struct span *value)
{
	return move(cursor, key, key.size ? MDB_SET_RANGE : MDB_FIRST, found, value);
}

enum error cursor_next(struct cursor *cursor, struct span *key, struct span *value)
{
	return move(cursor, (struct span){NULL, 0}, MDB_NEXT, key, value);
}

enum error cursor_previous(struct cursor *cursor, struct span *key, struct span *value)
{
	return move(cursor, (struct span){NULL, 0}, MDB_PREV, key, value);
}

enum error cursor_last(struct cursor *cursor, struct span *key, struct span *value)
{
	return move(cursor, (struct span){NULL, 0}, MDB_LAST, key, value);
}

enum error cursor_put(struct cursor *cursor, struct span key, struct span value)
{
	MDB_val k = val_of(key), v = val_of(value);

	assert(key.size > 0 && key.size <= STORE_KEY_MAX && cursor->cursor);
	return error_of(cursor->store, mdb_cursor_put(cursor->cursor, &k, &v, 0));
}
