/* bank_folder.h: where a node's payment files lie: DIR/bank/out holds the payment orders (pain.001) that are to go to the bank, DIR/bank/in
 * what the bank answers (camt.054, pain.002). They name persons and accounts: folders are 0700, files 0600. A file appears whole or not at
 * all, and no file is ever replaced. docs/format.md, "Payment files". */
#ifndef SUIREN_BANK_FOLDER_H
#define SUIREN_BANK_FOLDER_H

#include "tool_limits.h"
#include "bytes.h"

#define BANK_FOLDER_OUT "out"
#define BANK_FOLDER_IN "in"

/* DIR/bank/<part>[/<name>]; `name` may be NULL. Fails with: ERROR_TOO_LARGE. */
MUST_CHECK enum error bank_path(const char *directory, const char *part, const char *name,
    char path[BANK_PATH_MAX], struct error_detail *detail);
/* Make DIR/bank/<part>, and what is missing above it; there already is done. Fails with: ERROR_TOO_LARGE, ERROR_PERMISSION, ERROR_DISK_FULL,
 * ERROR_IO. */
MUST_CHECK enum error bank_folder_make(
    const char *directory, const char *part, struct error_detail *detail);
/* Write a new file. The very same bytes there already is done, and *written false. Fails with: ERROR_EXISTS (other bytes are there),
 * ERROR_NOT_FOUND (the folder), ERROR_PERMISSION, ERROR_DISK_FULL, ERROR_IO. */
MUST_CHECK enum error bank_file_write(
    const char *path, struct span content, bool *written, struct error_detail *detail);

/* The names of the *.xml files of DIR/bank/<part>, sorted; none if there is no such folder. Free with bank_names_free. */
struct bank_names {
	char **names;
	size_t count;
};
MUST_CHECK enum error bank_folder_list(
    const char *directory, const char *part, struct bank_names *names, struct error_detail *detail);
void bank_names_free(struct bank_names *names);

#endif
