/* iso20022_internal.h: a bank's file while it is being read: iso20022_read.c takes the fields by the tables of
 * iso20022_fields.c, which also tells what an element means when it ends. */
#ifndef SUIREN_ISO20022_INTERNAL_H
#define SUIREN_ISO20022_INTERNAL_H

#include "iso20022.h"
#include "iso20022_xml.h"

/* A number that the file states about itself, to be compared with what it holds. */
struct stated {
	bool given;
	int64_t value;
};

/* What is between Ntry and its end. */
struct iso_entry {
	struct iso_booking head; /* of Ntry itself */
	struct span side, status;
	struct span reversal;  /* RvslInd */
	struct stated details; /* Btch/NbOfTxs */
	size_t first;          /* number of its first booking in the file */
};

struct iso_reading {
	const char *name;
	struct error_detail *detail;
	const struct iso_field *fields;
	struct iso_file file;
	size_t capacity; /* of the file's one array */
	struct stated count, sum, block_count, block_sum;
	struct span method;           /* PmtMtd */
	struct iso_transfer transfer; /* that is being read; so are the following */
	struct iso_rejection rejection;
	struct span status, group_status, block_status;
	struct span group_reason, block_reason;
	struct iso_entry entry;
	struct iso_booking booking;
	struct span booking_side;
	struct amount entries_sum;
	int64_t entry_count;
};

enum iso_take {
	TAKE_ID,    /* struct span: at most ISO_ID_MAX bytes, once */
	TAKE_NAME,  /* struct span: at most ISO_NAME_MAX characters, once */
	TAKE_MONEY, /* struct amount: CNY, positive, once */
	TAKE_SUM,   /* struct stated: fen */
	TAKE_COUNT, /* struct stated */
	TAKE_DAY,   /* int32_t: a date, or that of a date and time */
	TAKE_END,   /* call `end` */
};

/* What to do when an element with this path ends: keep its text at `offset` of struct iso_reading, or call `end`. */
typedef enum error iso_field_end(struct iso_reading *reading, const struct xml_element *element);
struct iso_field {
	const char *path;
	enum iso_take take;
	size_t offset;
	iso_field_end *end;
};

/* By kind of file; each table ends with a NULL path. NULL for a namespace that is not read here. */
const struct iso_field *iso_fields(const char *name_space, enum iso_kind *kind);

/* "file:12: path: text" as detail; returns `error`. */
enum error iso_refuse(struct iso_reading *reading, const struct xml_element *element,
    enum error error, const char *text);
/* Room for one more element of `size` bytes in the file's array of `count`. Fails with: ERROR_TOO_LARGE, ERROR_MEMORY. */
MUST_CHECK enum error iso_more_room(struct iso_reading *reading, const struct xml_element *element,
    void **array, size_t count, size_t size);

#endif
