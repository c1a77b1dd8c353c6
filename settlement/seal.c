#include "seal.h"

#include <assert.h>
#include <sodium.h>

_Static_assert(SEAL_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(HASH_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

void seal_wipe(struct seal_plain *plain)
{
	sodium_memzero(plain, sizeof(*plain));
}

void seal_write(struct buffer *out, const struct hash *key, const uint8_t nonce[SEAL_NONCE_SIZE],
    struct span additional, struct span plain)
{
	unsigned long long size = 0;
	assert(plain.size <= SEAL_PLAIN_MAX);
	buffer_append(out, span_of(nonce, SEAL_NONCE_SIZE));
	uint8_t *sealed = buffer_extend(out, plain.size + SEAL_TAG_SIZE);
	if (!sealed)
		return;
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, plain.data, plain.size,
	    additional.data, additional.size, NULL, nonce, key->bytes);
	assert(size == plain.size + SEAL_TAG_SIZE);
}

enum error seal_open(
    const struct hash *key, struct span additional, struct span sealed, struct seal_plain *plain)
{
	const size_t overhead = SEAL_NONCE_SIZE + SEAL_TAG_SIZE;
	unsigned long long size = 0;
	plain->size = 0;
	if (sealed.size < overhead || sealed.size > overhead + SEAL_PLAIN_MAX)
		return ERROR_MALFORMED;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain->bytes, &size, NULL,
		sealed.data + SEAL_NONCE_SIZE, sealed.size - SEAL_NONCE_SIZE, additional.data,
		additional.size, sealed.data, key->bytes) != 0)
		return ERROR_MISMATCH;
	plain->size = (size_t)size;
	return ERROR_NONE;
}

struct hash seal_keyed_hash(const struct hash *key, struct span data)
{
	struct hash hash;
	crypto_generichash(
	    hash.bytes, sizeof(hash.bytes), data.data, data.size, key->bytes, sizeof(key->bytes));
	return hash;
}
