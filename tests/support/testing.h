/* testing.h: what nearly every test needs: cmocka with its includes, chance that follows from a printed seed, and a fresh
 * directory that is removed at the end. */
#ifndef SUIREN_TEST_TESTING_H
#define SUIREN_TEST_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bytes.h"

/* --- errors ------------------------------------------------------------------------------------------------ */

/* Compare errors by name, so that a failure can be read. */
#define assert_error(given, wanted) assert_string_equal(error_name(given), error_name(wanted))
#define assert_good(given) assert_error(given, ERROR_NONE)

/* --- chance ------------------------------------------------------------------------------------------------ */

/* SplitMix64. */
static inline uint64_t chance(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint64_t chance_below(uint64_t *state, uint64_t bound)
{
	return chance(state) % bound;
}

static inline void chance_bytes(uint64_t *state, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(chance(state) >> 32);
}

/* $SEED, or one that is new every time; printed, so that a failure can be run again. */
static inline uint64_t chance_seed(const char *what)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)getpid() * 1000003u;

	print_message("%s: SEED=%llu\n", what, (unsigned long long)seed);
	return seed;
}

/* --- directories ------------------------------------------------------------------------------------------- */

static inline void folder_make(char path[300])
{
	const char *root = getenv("TMPDIR");

	snprintf(path, 300, "%s/suiren-test-XXXXXX", root ? root : "/tmp");
	assert_non_null(mkdtemp(path));
}

/* From here on directories are made in memory, where there is room for a GiB: for tests that ask much of the disk and nothing of its
 * durability. $TMPDIR, if it is set, stays. */
static inline void folders_in_memory(void)
{
	const char *const memory = "/dev/shm";
	struct statvfs status;

	if (!getenv("TMPDIR") && access(memory, W_OK) == 0 && statvfs(memory, &status) == 0 &&
	    (uint64_t)status.f_bavail * status.f_frsize >= UINT64_C(1) << 30)
		setenv("TMPDIR", memory, 1);
}

static inline int folder_remove_one(
    const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static inline void folder_remove(const char *path)
{
	assert_int_equal(nftw(path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
