#include "hash_lanes.h"

#include <assert.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define LANES_TARGET __attribute__((target("avx512f,avx512bw")))
#define LANES_INLINE __attribute__((target("avx512f,avx512bw"), always_inline)) static inline

_Static_assert(HASH_LANES * 4 == sizeof(__m512i), "a 32-bit word of each message");
_Static_assert(HASH_BLOCK_SIZE == sizeof(__m512i), "a block of one message");

/* FIPS 180-4, 4.2.2 and 5.3.3. */
static const uint32_t round_constants[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
    0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static const uint32_t initial_state[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Truth tables of three bits for the ternary instruction. */
#define TRUTH_XOR 0x96
#define TRUTH_CHOOSE 0xca
#define TRUTH_MAJORITY 0xe8

LANES_INLINE __m512i add(__m512i a, __m512i b)
{
	return _mm512_add_epi32(a, b);
}

#define XOR(a, b, c) _mm512_ternarylogic_epi32(a, b, c, TRUTH_XOR)
#define ROTATE(x, n) _mm512_ror_epi32(x, n)
#define SHIFT(x, n) _mm512_srli_epi32(x, n)

/* Words between the order of memory, most significant byte first, and the processor's. */
LANES_INLINE __m512i swap_bytes(__m512i words)
{
	const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	return _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(order));
}

/* Row i, column k to row k, column i: first within the four by four squares, then the squares. */
LANES_INLINE void transpose(__m512i rows[16])
{
	__m512i squares[16];

	for (int i = 0; i < 16; i += 4) {
		__m512i low01 = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
		__m512i high01 = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
		__m512i low23 = _mm512_unpacklo_epi32(rows[i + 2], rows[i + 3]);
		__m512i high23 = _mm512_unpackhi_epi32(rows[i + 2], rows[i + 3]);

		squares[i] = _mm512_unpacklo_epi64(low01, low23);
		squares[i + 1] = _mm512_unpackhi_epi64(low01, low23);
		squares[i + 2] = _mm512_unpacklo_epi64(high01, high23);
		squares[i + 3] = _mm512_unpackhi_epi64(high01, high23);
	}
	for (int i = 0; i < 4; i++) {
		__m512i even01 = _mm512_shuffle_i32x4(squares[i], squares[4 + i], 0x88);
		__m512i odd01 = _mm512_shuffle_i32x4(squares[i], squares[4 + i], 0xdd);
		__m512i even23 = _mm512_shuffle_i32x4(squares[8 + i], squares[12 + i], 0x88);
		__m512i odd23 = _mm512_shuffle_i32x4(squares[8 + i], squares[12 + i], 0xdd);

		rows[i] = _mm512_shuffle_i32x4(even01, even23, 0x88);
		rows[4 + i] = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
		rows[8 + i] = _mm512_shuffle_i32x4(even01, even23, 0xdd);
		rows[12 + i] = _mm512_shuffle_i32x4(odd01, odd23, 0xdd);
	}
}

/* The message schedule's next word in place of the one sixteen before (6.2.2, step 1). */
LANES_INLINE void extend(__m512i words[16], int round)
{
	__m512i w15 = words[(round + 1) % 16], w7 = words[(round + 9) % 16],
		w2 = words[(round + 14) % 16];
	__m512i sigma0 = XOR(ROTATE(w15, 7), ROTATE(w15, 18), SHIFT(w15, 3));
	__m512i sigma1 = XOR(ROTATE(w2, 17), ROTATE(w2, 19), SHIFT(w2, 10));

	words[round % 16] = add(add(words[round % 16], sigma0), add(w7, sigma1));
}

/* 6.2.2, steps 2 to 4, for one block of each message, whose words are used up. */
LANES_INLINE void compress(__m512i state[8], __m512i words[16])
{
	__m512i a = state[0], b = state[1], c = state[2], d = state[3];
	__m512i e = state[4], f = state[5], g = state[6], h = state[7];

#pragma GCC unroll 64
	for (int round = 0; round < 64; round++) {
		__m512i t1, t2;

		if (round >= 16)
			extend(words, round);
		t1 = add(add(h, XOR(ROTATE(e, 6), ROTATE(e, 11), ROTATE(e, 25))),
		    _mm512_ternarylogic_epi32(e, f, g, TRUTH_CHOOSE));
		t1 =
		    add(t1, add(_mm512_set1_epi32((int)round_constants[round]), words[round % 16]));
		t2 = add(XOR(ROTATE(a, 2), ROTATE(a, 13), ROTATE(a, 22)),
		    _mm512_ternarylogic_epi32(a, b, c, TRUTH_MAJORITY));
		h = g;
		g = f;
		f = e;
		e = add(d, t1);
		d = c;
		c = b;
		b = a;
		a = add(t1, t2);
	}
	state[0] = add(state[0], a);
	state[1] = add(state[1], b);
	state[2] = add(state[2], c);
	state[3] = add(state[3], d);
	state[4] = add(state[4], e);
	state[5] = add(state[5], f);
	state[6] = add(state[6], g);
	state[7] = add(state[7], h);
}

bool hash_lanes_supported(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

LANES_TARGET void hash_lanes(
    const uint8_t *messages, size_t stride, size_t blocks, struct hash *hashes)
{
	/* Sixteen rows for the transposition; the state is the first eight. */
	__m512i state[16], words[16];

	for (int i = 0; i < 8; i++)
		state[i] = _mm512_set1_epi32((int)initial_state[i]);
	for (size_t block = 0; block < blocks; block++) {
		for (size_t lane = 0; lane < HASH_LANES; lane++)
			words[lane] = swap_bytes(
			    _mm512_loadu_si512(messages + lane * stride + block * HASH_BLOCK_SIZE));
		transpose(words);
		compress(state, words);
	}
	for (int i = 8; i < 16; i++)
		state[i] = _mm512_setzero_si512();
	transpose(state);
	for (size_t lane = 0; lane < HASH_LANES; lane++)
		_mm256_storeu_si256((__m256i *)(void *)hashes[lane].bytes,
		    _mm512_castsi512_si256(swap_bytes(state[lane])));
}

#else

bool hash_lanes_supported(void)
{
	return false;
}

void hash_lanes(const uint8_t *messages, size_t stride, size_t blocks, struct hash *hashes)
{
	(void)messages, (void)stride, (void)blocks, (void)hashes;
	assert(!"this processor has no lanes");
}

#endif
