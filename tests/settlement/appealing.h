/* appealing.h: beside remote.h, what a house, its host and the payer do about an appeal: it is handed in, carried, and looked at by the
 * payer's officer. */
#ifndef SUIREN_TEST_APPEALING_H
#define SUIREN_TEST_APPEALING_H

#include "appeal.h"
#include "remote.h"

static inline struct secret_key officer_key(const struct town *town)
{
	return town_key(town->region, 9);
}

/* Take on the officer whose key that is. */
static inline void town_officer(struct town *town)
{
	struct secret_key key = officer_key(town);
	struct buffer line = {0};
	codec_put_array(&line, 3);
	codec_put_uint(&line, 1);
	codec_put_text(&line, span_text("复核员"));
	codec_put_bytes(&line, span_of(key.public.bytes, PUBLIC_KEY_SIZE));
	town_register(town, KIND_officer, &line, REASON_registered);
}

static inline enum error appeal_for(
    struct town *host, const char *uscc, uint64_t number, uint32_t index, const char *grounds)
{
	struct appeal_line appeal = {
	    .number = number, .line = index, .grounds = appeal_grounds_number(grounds)};
	struct buffer line = {0};
	assert_int_not_equal(appeal.grounds, 0);
	memcpy(appeal.uscc, uscc, sizeof(appeal.uscc));
	appeal_line_put(&line, &appeal);
	return town_order(host, KIND_appeal, NULL, 0, &line, 1);
}

/* `uphold` NULL: the rules decide again. */
static inline enum error review_by(struct town *payer, const struct secret_key *key,
    const char *uscc, uint64_t number, uint32_t index, const char *uphold)
{
	struct review_line review = {
	    .number = number, .line = index, .uphold = uphold ? appeal_uphold_number(uphold) : 0};
	struct buffer line = {0};
	char id[32];
	memcpy(review.uscc, uscc, sizeof(review.uscc));
	review_line_put(&line, &review);
	snprintf(id, sizeof(id), "order-%u", (unsigned)++payer->numbers);
	return town_order_by(payer, key, id, KIND_review, NULL, 0, &line, 1);
}

static inline enum error review_for(
    struct town *payer, const char *uscc, uint64_t number, uint32_t index, const char *uphold)
{
	const struct secret_key key = officer_key(payer);
	return review_by(payer, &key, uscc, number, index, uphold);
}

static inline struct appeal appeal_at(
    struct town *town, const char *uscc, uint64_t number, uint32_t index)
{
	struct txn *txn = desk_read(town);
	struct appeal appeal;
	assert_int_equal(appeal_get(txn, uscc, number, index, &appeal), ERROR_NONE);
	txn_abort(txn);
	return appeal;
}

static inline void expect_appeal(
    struct town *town, const char *uscc, uint64_t number, uint32_t index, enum appeal_state state)
{
	assert_string_equal(appeal_state_name(appeal_at(town, uscc, number, index).state),
	    appeal_state_name(state));
}

/* The second verdict, as it stands in the town's books. */
static inline struct verdict second_verdict(
    struct town *town, const char *uscc, uint64_t number, uint32_t index)
{
	return town_verdict(town, appeal_at(town, uscc, number, index).review, 0);
}

static inline void expect_reduced(struct verdict verdict, enum reason reason, int64_t before,
    int64_t after, int64_t limit, int64_t used)
{
	const struct verdict_reduction *reduction = verdict_reduced(&verdict, reason);
	assert_non_null(reduction);
	assert_int_equal(reduction->before_fen, before);
	assert_int_equal(reduction->after_fen, after);
	assert_int_equal(reduction->limit, limit);
	assert_int_equal(reduction->used, used);
}

static inline enum error take_back(struct town *town, uint64_t sequence, uint32_t line)
{
	struct buffer lines = {0};
	reversal_line_write(&lines, sequence, line, span_text("test"));
	return town_order(town, KIND_reversal, NULL, 0, &lines, 1);
}

/* A document of `from` with the next number, whatever its rules would have said. */
static inline enum error appeal_say(
    struct town *from, struct town *to, const char *name, struct span items, size_t count)
{
	const bool numbered = strcmp(name, "refusal") != 0;
	struct buffer document = {0}, payload = {0};
	struct decision decision;
	struct message head;
	struct txn *txn = desk_read(from);
	decision_init(&decision);
	decision_clear(&decision);
	struct buffer *begun = message_begin(from->settlement, txn, &decision, to->region, name, 0);
	txn_abort(txn);
	assert_non_null(begun);
	assert_int_equal(message_read(buffer_span(begun), &head), ERROR_NONE);
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, head.from);
	codec_put_uint(&payload, head.to);
	codec_put_uint(&payload, head.epoch);
	codec_put_uint(&payload, head.number + (numbered ? from->forged : 0));
	codec_put_array(&payload, count);
	buffer_append(&payload, items);
	document_sign(&document, name, &from->document_key, buffer_span(&payload));
	enum error error = town_submit(to, buffer_span(&document), (struct span){NULL, 0});
	from->forged += !error && numbered;
	buffer_free(&document);
	buffer_free(&payload);
	decision_free(&decision);
	return error;
}

/* Said, it is refused with this, and nothing is booked; or taken. */
static inline void expect_answer(struct town *from, struct town *to, const char *name,
    struct buffer *items, size_t count, enum error error)
{
	struct hash before, after;
	uint64_t size = desk_head(to, &before);
	enum error found = appeal_say(from, to, name, buffer_span(items), count);
	if (found != error)
		fail_msg("%s: %s, not %s: %s", name, error_name(found), error_name(error),
		    to->detail.text);
	if (error) {
		assert_int_equal(desk_head(to, &after), size);
		assert_true(hash_equal(&before, &after));
	}
	buffer_free(items);
}

#endif
