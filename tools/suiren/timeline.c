#include "timeline.h"

enum error timeline_header(struct txn *txn, uint64_t sequence, struct entry_header *header)
{
	struct span bytes, body;
	enum error error = ledger_get(txn, sequence, &bytes, &body);
	return error ? error : entry_header_read(bytes, header);
}

enum error timeline_before(struct txn *txn, int64_t time_ms, uint64_t *count)
{
	uint64_t size = 0;
	struct hash root;
	enum error error = ledger_head(txn, &size, &root);
	uint64_t low = 0, high = size;
	while (!error && low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct entry_header header;
		error = timeline_header(txn, middle, &header);
		if (!error && header.time_ms < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	if (!error)
		*count = low;
	return error;
}
