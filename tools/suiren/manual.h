/* manual.h: what a command's help says beyond its usage and its example: the options, and the members of its JSON. */
#ifndef SUIREN_MANUAL_H
#define SUIREN_MANUAL_H

/* Lines of at most 100 columns, ending in a newline; NULL if the one-line summary says it all. */
const char *manual_text(const char *noun, const char *verb);

/* A page that stands in a file of its own: manual_registers.c. Ends with a NULL noun. */
struct manual_page {
	const char *noun, *verb, *text;
};
extern const struct manual_page manual_registers[];

#endif
