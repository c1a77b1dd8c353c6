/* iso20022_xml.h: walks an XML document of one namespace for iso20022_read.c: every element is reported when it ends, with its
 * path and, if it is a leaf, its text. Refuses what a bank's file has no use for: DTDs, entities, other encodings than UTF-8,
 * other namespaces, depth. Pure and thread-safe. */
#ifndef SUIREN_ISO20022_XML_H
#define SUIREN_ISO20022_XML_H

#include "settlement_limits.h"
#include "bytes.h"

/* An element that has ended. Borrowed for the call. */
struct xml_element {
	const char *path;     /* below Document, joined by '/': "CstmrCdtTrfInitn/GrpHdr/MsgId" */
	struct span text;     /* without white space around; empty for an element with children */
	struct span currency; /* its attribute Ccy; empty if it has none */
	int line;
};

/* Returning an error ends the walk, which returns it. */
typedef enum error xml_visit(
    void *context, const struct xml_element *element, struct error_detail *detail);
/* The root is Document; its namespace is handed to `root` first. Fails with: ERROR_ENCODING, ERROR_MALFORMED, ERROR_TOO_LARGE,
 * ERROR_MEMORY, and what the functions return. */
typedef enum error xml_root(void *context, const char *name_space, struct error_detail *detail);
MUST_CHECK enum error xml_walk(const char *name, struct span bytes, xml_root *root,
    xml_visit *visit, void *context, struct error_detail *detail);

#endif
