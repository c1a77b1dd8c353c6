/* project_own.c: the part of the projection that touches the ledger floor's own tables, its keys and account flags, which
 * the audit makes again in a scratch store. */
#include "settlement_internal.h"

enum error settlement_project_own(
    void *context, struct txn *txn, const struct entry *entry, struct error_detail *detail)
{
	struct settlement *settlement = context;

	switch (entry->header.kind) {
	case KIND_genesis:
		return genesis_apply(settlement, txn, entry, detail);
	case KIND_peer:
		return peer_apply(settlement, txn, entry, detail);
	case KIND_officer:
		return officer_apply(settlement, txn, entry, detail);
	case KIND_institution:
		return institution_apply(settlement, txn, entry, detail);
	case KIND_institution_notice:
		return institution_notice_apply(settlement, txn, entry, detail);
	case KIND_account_flags:
		return account_flags_apply(settlement, txn, entry, detail);
	case KIND_claim_remote:
		return claim_remote_key_apply(txn, entry);
	default:
		return ERROR_NONE;
	}
}
