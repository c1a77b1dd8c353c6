/* manual.h: what a command's help says beyond its usage and its example: the options, and the members of its JSON. */
#ifndef SUIREN_MANUAL_H
#define SUIREN_MANUAL_H

/* Lines of at most 100 columns, ending in a newline; NULL if the one-line summary says it all. */
const char *manual_text(const char *noun, const char *verb);

#endif
