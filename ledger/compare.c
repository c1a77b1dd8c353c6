/* compare.c: tables of two ledgers side by side. */
#include "ledger_internal.h"

/* One side of the walk. */
struct side {
	struct cursor *cursor;
	struct span key, value;
	bool at_end;
};

static enum error side_take(struct side *side, enum error moved)
{
	side->at_end = moved == ERROR_NOT_FOUND;
	return side->at_end ? ERROR_NONE : moved;
}

static enum error side_next(struct side *side)
{
	return side_take(side, cursor_next(side->cursor, &side->key, &side->value));
}

static enum error side_open(struct side *side, struct txn *txn, unsigned table)
{
	enum error error = cursor_open(txn, table, &side->cursor);

	if (error)
		return error;
	return side_take(
	    side, cursor_seek(side->cursor, (struct span){NULL, 0}, &side->key, &side->value));
}

/* Which side's key comes first: below 0 a's, above 0 b's, 0 both. */
static int order(const struct side *a, const struct side *b)
{
	if (a->at_end || b->at_end)
		return a->at_end - b->at_end;
	return span_compare(a->key, b->key);
}

enum error table_compare(
    struct txn *a, struct txn *b, unsigned table, table_visit_difference *visit, void *context)
{
	static const struct span none = {NULL, 0};
	struct side left = {.cursor = NULL}, right = {.cursor = NULL};
	bool going = true;
	enum error error = side_open(&left, a, table);

	if (!error)
		error = side_open(&right, b, table);
	while (!error && going && !(left.at_end && right.at_end)) {
		int first = order(&left, &right);

		if (first < 0)
			going = visit(context, ROW_ONLY_A, left.key, left.value, none);
		else if (first > 0)
			going = visit(context, ROW_ONLY_B, right.key, none, right.value);
		else if (!span_equal(left.value, right.value))
			going = visit(context, ROW_CHANGED, left.key, left.value, right.value);
		if (first <= 0)
			error = side_next(&left);
		if (!error && first >= 0)
			error = side_next(&right);
	}
	cursor_close(left.cursor);
	cursor_close(right.cursor);
	return error;
}

struct comparison {
	const char *table;
	ledger_report *report;
	void *context;
	bool differs;
};

/* The first difference of a table says enough: the later ones follow from it. */
static bool report_difference(void *context, enum row_difference difference, struct span key,
    struct span value_a, struct span value_b)
{
	struct comparison *comparison = context;
	const struct ledger_finding finding = {.table = comparison->table,
	    .key = key,
	    .text = difference == ROW_CHANGED  ? "the row differs"
		    : difference == ROW_ONLY_A ? "the row is only in the first ledger"
					       : "the row is only in the second ledger"};

	(void)value_a;
	(void)value_b;
	comparison->differs = true;
	comparison->report(comparison->context, &finding);
	return false;
}

enum error ledger_compare(struct ledger *a, struct ledger *b, const unsigned *tables, size_t count,
    ledger_report *report, void *context)
{
	struct comparison comparison = {.report = report, .context = context};
	struct txn *left = NULL, *right = NULL;
	enum error error = txn_begin_read(a->store, &left);

	if (!error)
		error = txn_begin_read(b->store, &right);
	for (size_t i = 0; i < count && !error; i++) {
		comparison.table = ledger_table_name(a, tables[i]);
		error = table_compare(left, right, tables[i], report_difference, &comparison);
	}
	txn_abort(left);
	txn_abort(right);
	return error ? error : comparison.differs ? ERROR_NOT_VERIFIED : ERROR_NONE;
}
