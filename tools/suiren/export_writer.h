/* export_writer.h: the formats of `suiren export`. Each writes one transfer at a time, in constant memory. docs/cli.md,
 * "export", tells the columns. */
#ifndef SUIREN_EXPORT_WRITER_H
#define SUIREN_EXPORT_WRITER_H

#include <stdio.h>

#include "entry.h"
#include "node_config.h"

struct export_format {
	const char *name;
	/* `partial`: the export does not begin with the log, so that it holds movements, not balances. */
	void (*begin)(FILE *out, const struct node_config *config, bool partial);
	void (*transfer)(FILE *out, const struct entry_header *header, uint32_t index,
	    const struct transfer *transfer);
};

/* Ends with a NULL name. */
extern const struct export_format export_formats[];

/* An account's name as hledger takes it: '/' becomes ':', and whatever could end or split the name there is %XX. Two names
 * never become one. */
void export_hledger_account(FILE *out, struct span name);

#endif
