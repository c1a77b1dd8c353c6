#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define KEY_FILE_MAX 256

_Static_assert(PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(SECRET_KEY_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519");
_Static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");
_Static_assert(HASH_SIZE == crypto_sign_SEEDBYTES, "Ed25519");

enum error key_library_init(void)
{
	return sodium_init() < 0 ? ERROR_IO : ERROR_NONE;
}

void key_from_seed(const struct hash *seed, struct secret_key *key)
{
	crypto_sign_seed_keypair(key->public.bytes, key->bytes, seed->bytes);
}

void key_generate(struct secret_key *key)
{
	crypto_sign_keypair(key->public.bytes, key->bytes);
}

void key_wipe(struct secret_key *key)
{
	sodium_memzero(key, sizeof *key);
}

struct key_id key_id(const struct public_key *key)
{
	struct hash hash = hash_sha256(span_of(key->bytes, PUBLIC_KEY_SIZE));
	struct key_id id;

	memcpy(id.bytes, hash.bytes, KEY_ID_SIZE);
	return id;
}

bool key_id_equal(const struct key_id *a, const struct key_id *b)
{
	return memcmp(a->bytes, b->bytes, KEY_ID_SIZE) == 0;
}

void key_sign(const struct secret_key *key, struct span message, struct signature *signature)
{
	crypto_sign_detached(signature->bytes, NULL, message.data, message.size, key->bytes);
}

enum error key_verify(
    const struct public_key *key, struct span message, const struct signature *signature)
{
	if (crypto_sign_verify_detached(signature->bytes, message.data, message.size, key->bytes))
		return ERROR_SIGNATURE;
	return ERROR_NONE;
}

enum error key_file_write(
    const char *path, const char *kind, const struct hash *seed, struct error_detail *detail)
{
	char hex[2 * HASH_SIZE + 1], line[KEY_FILE_MAX];
	int file, size;
	bool written;

	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 && errno == EEXIST)
		return error_set(
		    detail, ERROR_EXISTS, "%s: exists already and is not overwritten", path);
	if (file < 0)
		return error_set(
		    detail, ERROR_IO, "%s: cannot be created: %s", path, strerror(errno));
	hex_write(hash_span(seed), hex);
	size = snprintf(line, sizeof line, "suiren-key-1 %s %s\n", kind, hex);
	written = write(file, line, (size_t)size) == size && fsync(file) == 0;
	sodium_memzero(hex, sizeof hex);
	sodium_memzero(line, sizeof line);
	if (close(file) != 0 || !written) {
		unlink(path);
		return error_set(
		    detail, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
	}
	return ERROR_NONE;
}

static enum error read_line(
    const char *path, char line[KEY_FILE_MAX], size_t *size, struct error_detail *detail)
{
	struct stat status;
	ssize_t got;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is no key */

	if (file < 0)
		return error_set(detail, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "%s: %s",
		    path, strerror(errno));
	if (fstat(file, &status) || !S_ISREG(status.st_mode)) {
		close(file);
		return error_set(detail, ERROR_MALFORMED, "%s: not a file", path);
	}
	if (status.st_mode & 077) {
		close(file);
		return error_set(
		    detail, ERROR_PERMISSION, "%s: others may read this key; chmod 600 it", path);
	}
	got = read(file, line, KEY_FILE_MAX);
	close(file);
	if (got < 0)
		return error_set(detail, ERROR_IO, "%s: %s", path, strerror(errno));
	*size = (size_t)got;
	return ERROR_NONE;
}

enum error key_file_read(const char *path, const char *kind, struct secret_key *key,
    struct hash *seed, struct error_detail *detail)
{
	static const char head[] = "suiren-key-1 ";
	char line[KEY_FILE_MAX];
	struct span rest, name;
	struct hash bytes;
	const uint8_t *space;
	size_t size = 0;
	enum error error = read_line(path, line, &size, detail);

	if (error)
		return error;
	rest = span_of(line, size);
	if (!span_starts_with(rest, span_text(head)) || line[size - 1] != '\n') {
		error = error_set(detail, ERROR_MALFORMED, "%s: not a key file", path);
		goto done;
	}
	rest = span_of(line + strlen(head), size - strlen(head) - 1);
	space = memchr(rest.data, ' ', rest.size);
	if (!space) {
		error = error_set(detail, ERROR_MALFORMED, "%s: not a key file", path);
		goto done;
	}
	name = span_of(rest.data, (size_t)(space - rest.data));
	if (!span_equal(name, span_text(kind))) {
		error = error_set(detail, ERROR_MISMATCH, "%s: holds a key of kind %.*s, not %s",
		    path, (int)name.size, (const char *)name.data, kind);
		goto done;
	}
	error = hex_read(span_of(space + 1, rest.size - name.size - 1), bytes.bytes, HASH_SIZE);
	if (error) {
		error_set(detail, error, "%s: the key is not 64 lower-case hex digits", path);
		goto done;
	}
	key_from_seed(&bytes, key);
	if (seed)
		*seed = bytes;
done:
	sodium_memzero(line, sizeof line);
	sodium_memzero(&bytes, sizeof bytes);
	return error;
}
