/* A node's directory, its lock, its orders: what is booked once, what leaves nothing behind. */
#include "nodes.h"

static void a_node_is_made_once_and_opened_again(void **state)
{
	char folder[200];
	struct site site;

	(void)state;
	folder_make(folder);
	site_make(&site, folder, "city", CHENGDU, 1);
	assert_int_equal(site_head(&site, NULL), 2);
	assert_int_equal(site_kind(&site, 0), KIND_genesis);
	assert_int_equal(site_kind(&site, 1), KIND_policy);
	site_close(&site);
	site_open(&site);
	assert_int_equal(node_region(site.node), CHENGDU);
	assert_non_null(settlement_policy(node_settlement(site.node), CHENGDU));
	site_close(&site);
	folder_remove(folder);
}

static void the_same_order_is_answered_with_its_first_entry(void **state)
{
	char folder[200];
	struct answer first, again;
	struct site site;

	(void)state;
	folder_make(folder);
	site_make(&site, folder, "city", CHENGDU, 1);
	assert_int_equal(order_officer(site.node, NULL, 1, &first), ERROR_NONE);
	assert_int_equal(first.error, ERROR_NONE);
	assert_int_equal(first.sequence, 2);
	assert_int_equal(order_officer(site.node, NULL, 1, &again), ERROR_NONE);
	assert_int_equal(again.error, ERROR_REPEAT);
	assert_int_equal(again.sequence, first.sequence);
	site_close(&site);
	site_open(&site);
	assert_int_equal(order_officer(site.node, NULL, 1, &again), ERROR_NONE);
	assert_int_equal(again.error, ERROR_REPEAT);
	assert_int_equal(again.sequence, first.sequence);
	assert_int_equal(site_head(&site, NULL), 3);
	site_close(&site);
	folder_remove(folder);
}

static void an_institution_registered_at_one_city_is_known_at_the_other(void **state)
{
	const struct institution_row *row;
	struct error_detail detail = {""};
	struct delivery delivery;
	struct answer answer;
	struct site sites[2];
	struct node *nodes[2];
	struct txn *txn;
	char folder[200];

	(void)state;
	folder_make(folder);
	site_make(&sites[0], folder, "chengdu", CHENGDU, 1);
	site_make(&sites[1], folder, "chongqing", CHONGQING, 2);
	nodes[0] = sites[0].node;
	nodes[1] = sites[1].node;
	if (node_introduce(nodes, 2, &detail))
		fail_msg("%s", detail.text);
	assert_non_null(settlement_policy(node_settlement(nodes[0]), CHONGQING));
	assert_non_null(settlement_policy(node_settlement(nodes[1]), CHENGDU));
	assert_int_equal(order_institution(nodes[0], USCC_ONE, 510104, &answer), ERROR_NONE);
	if (answer.error)
		fail_msg("%s", answer.detail.text);
	if (node_deliver(nodes, 2, &delivery, &detail))
		fail_msg("%s", detail.text);
	assert_int_equal(delivery.delivered, 1);
	assert_int_equal(txn_begin_read(ledger_store(node_ledger(nodes[1])), &txn), ERROR_NONE);
	assert_int_equal(institution_get(txn, USCC_ONE, &row), ERROR_NONE);
	txn_abort(txn);
	site_close(&sites[0]);
	site_close(&sites[1]);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_node_is_made_once_and_opened_again),
	    cmocka_unit_test(the_same_order_is_answered_with_its_first_entry),
	    cmocka_unit_test(an_institution_registered_at_one_city_is_known_at_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
