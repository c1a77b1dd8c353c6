/* remote.h: two cities for the tests of claims between them: Guangyuan is the host, with HOUSE_D; Chengdu is the home of those who sleep there.
 * Each has a catalogue of the test's own. */
#ifndef SUIREN_TEST_REMOTE_H
#define SUIREN_TEST_REMOTE_H

#include "catalogue.h"
#include "desk.h"

#define JUNE 202606u

/* Home and host under catalogues of the tests' own. */
struct pair {
	struct town home, host;
	struct town_post post;
};

static unsigned next_serial;

static inline void carry(struct pair *pair)
{
	struct town *const towns[] = {&pair->home, &pair->host};
	town_carry(towns, 2, &pair->post);
}

static inline void catalogue_of(struct catalogue_text *catalogue, uint32_t region, unsigned version,
    const struct programme_text *programmes, size_t count)
{
	catalogue_begin(catalogue, region, version, "fiscal");
	for (size_t i = 0; i < count; i++)
		catalogue_add(catalogue, &programmes[i]);
}

static inline void pair_open(struct pair *pair, const struct programme_text *at_home,
    size_t home_count, const struct programme_text *at_host, size_t host_count)
{
	struct catalogue_text home, host;
	memset(pair, 0, sizeof(*pair));
	catalogue_of(&home, CHENGDU, 1, at_home, home_count);
	catalogue_of(&host, GUANGYUAN, 1, at_host, host_count);
	town_open(&pair->home, CHENGDU, catalogue_span(&home), &pair->post);
	town_open(&pair->host, GUANGYUAN, catalogue_span(&host), &pair->post);
	struct town *const towns[] = {&pair->home, &pair->host};
	town_introduce(towns, 2, &pair->post);
	town_house(&pair->host, HOUSE_D, GUANGYUAN, 100);
	town_fund(&pair->home, "fiscal", 100000000);
	town_fund(&pair->host, "fiscal", 100000000);
	carry(pair);
}

static inline void pair_close(struct pair *pair)
{
	town_post_free(&pair->post);
	town_close(&pair->home);
	town_close(&pair->host);
}

static inline void pair_at(struct pair *pair, int32_t on)
{
	town_at(&pair->home, on);
	town_at(&pair->host, on);
}

/* Somebody of Chengdu, filed with Guangyuan for these days and in its house for these nights. */
static inline uint64_t traveller(
    struct pair *pair, int32_t filed_from, int32_t filed_until, int32_t first, int32_t last)
{
	uint64_t person = town_person(&pair->home, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	town_file(&pair->home, person, GUANGYUAN, filed_from, filed_until);
	carry(pair);
	town_stay(&pair->host, HOUSE_D, person, first, last);
	carry(pair);
	return person;
}

static inline uint64_t claim(struct pair *pair, uint32_t payer, uint64_t person,
    const char *programme, unsigned first, unsigned last)
{
	const struct claim_line line = {
	    .person = person, .programme = programme, .first = first, .last = last};
	return desk_claim(&pair->host, HOUSE_D, payer, JUNE, &line, 1);
}

/* The payer's verdict as it stands in both cities' books. */
static inline struct verdict judge(struct pair *pair, uint32_t payer, uint64_t person,
    const char *programme, unsigned first, unsigned last)
{
	uint64_t number = claim(pair, payer, person, programme, first, last);
	carry(pair);
	struct verdict at_host = desk_verdict(&pair->host, HOUSE_D, number, 0);
	if (payer == CHENGDU) {
		struct verdict at_home = desk_verdict(&pair->home, HOUSE_D, number, 0);
		assert_int_equal(at_home.reason, at_host.reason);
		assert_int_equal(at_home.amount_fen, at_host.amount_fen);
		assert_int_equal(at_home.figure, at_host.figure);
	}
	return at_host;
}

#endif
