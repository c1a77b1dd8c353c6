#include "iso20022_xml.h"

#include <stdio.h>
#include <string.h>

#include <libxml/xmlreader.h>

/* The elements around the place where the reader is. Lengths of the path at each depth; Document is depth 0 and not in it. */
struct walk {
	const char *name;
	xmlTextReaderPtr reader;
	xml_visit *visit;
	void *context;
	struct error_detail *detail;
	char path[XML_PATH_MAX];
	size_t path_size[XML_DEPTH_MAX + 1];
	char name_space[XML_NAME_SPACE_MAX];
	int depth; /* of the element that is open; -1: none */
	/* of the innermost element */
	bool has_children;
	uint8_t text[XML_TEXT_MAX];
	size_t text_size;
	char currency[8];
	enum error failed; /* of the parser */
};

static int line_of(const struct walk *walk)
{
	return xmlTextReaderGetParserLineNumber(walk->reader);
}

static enum error refuse(struct walk *walk, enum error error, const char *text)
{
	return error_set(walk->detail, error, "%s:%d: %s", walk->name, line_of(walk), text);
}

/* The parser's first complaint, in one line. It prints nothing itself. */
static void complain(void *context, xmlErrorPtr error)
{
	struct walk *walk = context;
	const char *text = error->message ? error->message : "not well-formed";
	if (walk->failed || error->level < XML_ERR_ERROR)
		return;
	walk->failed = error_set(walk->detail,
	    error->code == XML_ERR_NO_MEMORY ? ERROR_MEMORY : ERROR_MALFORMED, "%s:%d: %.*s",
	    walk->name, error->line, (int)strcspn(text, "\n"), text);
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct span trimmed(const uint8_t *text, size_t size)
{
	while (size > 0 && is_space(text[size - 1]))
		size--;
	while (size > 0 && is_space(*text)) {
		text++;
		size--;
	}
	return span_of(text, size);
}

static enum error element_end(struct walk *walk)
{
	struct span text = trimmed(walk->text, walk->text_size);
	const struct xml_element element = {.path = walk->path,
	    .text = walk->has_children ? (struct span){NULL, 0} : text,
	    .currency = span_text(walk->currency),
	    .line = line_of(walk)};
	enum error error = ERROR_NONE;
	if (walk->depth > 0)
		error = walk->visit(walk->context, &element, walk->detail);
	if (error)
		return error;
	walk->depth--;
	walk->path[walk->depth > 0 ? walk->path_size[walk->depth] : 0] = '\0';
	walk->has_children = true;
	walk->text_size = 0;
	walk->currency[0] = '\0';
	return ERROR_NONE;
}

/* Attributes: namespace declarations say nothing more (each element's namespace is checked); of the others only Ccy counts. */
static enum error attributes(struct walk *walk)
{
	xmlChar *value = xmlTextReaderGetAttribute(walk->reader, BAD_CAST "Ccy");
	walk->currency[0] = '\0';
	if (!value)
		return ERROR_NONE;
	snprintf(walk->currency, sizeof(walk->currency), "%s", (const char *)value);
	xmlFree(value);
	return ERROR_NONE;
}

static enum error path_enter(struct walk *walk, const char *local)
{
	size_t at = walk->depth > 1 ? walk->path_size[walk->depth - 1] : 0;
	int written =
	    snprintf(walk->path + at, sizeof(walk->path) - at, "%s%s", at ? "/" : "", local);
	if (written < 0 || (size_t)written >= sizeof(walk->path) - at)
		return refuse(walk, ERROR_TOO_LARGE, "names of elements too long");
	walk->path_size[walk->depth] = at + (size_t)written;
	return ERROR_NONE;
}

static enum error root_start(
    struct walk *walk, const char *local, const char *name_space, xml_root *root)
{
	if (strcmp(local, "Document") != 0 || !name_space ||
	    strlen(name_space) >= sizeof(walk->name_space))
		return refuse(walk, ERROR_MALFORMED, "not a Document of a bank's file");
	snprintf(walk->name_space, sizeof(walk->name_space), "%s", name_space);
	enum error error = root(walk->context, name_space, walk->detail);
	return error == ERROR_MALFORMED && walk->detail && !walk->detail->text[0]
		   ? refuse(walk, error, "a namespace that is not read here")
		   : error;
}

static enum error element_start(struct walk *walk, xml_root *root)
{
	const char *local = (const char *)xmlTextReaderConstLocalName(walk->reader);
	const char *name_space = (const char *)xmlTextReaderConstNamespaceUri(walk->reader);
	enum error error;
	if (!local)
		return ERROR_MEMORY;
	if (walk->depth == XML_DEPTH_MAX)
		return refuse(walk, ERROR_TOO_LARGE, "elements nested too deep");
	if (walk->depth >= 0 && trimmed(walk->text, walk->text_size).size > 0)
		return refuse(walk, ERROR_MALFORMED, "text beside elements");
	walk->depth++;
	if (walk->depth == 0)
		error = root_start(walk, local, name_space, root);
	else if (!name_space || strcmp(name_space, walk->name_space) != 0)
		error = refuse(walk, ERROR_MALFORMED, "an element of another namespace");
	else
		error = path_enter(walk, local);
	walk->has_children = false;
	walk->text_size = 0;
	if (!error)
		error = attributes(walk);
	if (!error && xmlTextReaderIsEmptyElement(walk->reader))
		error = element_end(walk);
	return error;
}

static enum error text_more(struct walk *walk)
{
	const char *text = (const char *)xmlTextReaderConstValue(walk->reader);
	size_t size = text ? strlen(text) : 0;
	if (walk->has_children)
		return trimmed((const uint8_t *)text, size).size > 0
			   ? refuse(walk, ERROR_MALFORMED, "text beside elements")
			   : ERROR_NONE;
	if (size > sizeof(walk->text) - walk->text_size)
		return refuse(walk, ERROR_TOO_LARGE, "a text too long");
	if (size > 0)
		memcpy(walk->text + walk->text_size, text, size);
	walk->text_size += size;
	return ERROR_NONE;
}

static enum error node(struct walk *walk, xml_root *root)
{
	switch (xmlTextReaderNodeType(walk->reader)) {
	case XML_READER_TYPE_ELEMENT:
		return element_start(walk, root);
	case XML_READER_TYPE_END_ELEMENT:
		return element_end(walk);
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
		return text_more(walk);
	case XML_READER_TYPE_COMMENT:
	case XML_READER_TYPE_WHITESPACE:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
	case XML_READER_TYPE_XML_DECLARATION:
		return ERROR_NONE;
	default:
		return refuse(walk, ERROR_MALFORMED,
		    "a DTD, an entity or a processing instruction: a bank's file has none");
	}
}

/* What is refused before the parser sees it: so that no entity is ever declared, whatever the parser would make of it. */
static enum error check_bytes(const char *name, struct span bytes, struct error_detail *detail)
{
	static const char doctype[] = "<!DOCTYPE";
	if (bytes.size == 0 || bytes.size > INT32_MAX)
		return error_set(detail, bytes.size ? ERROR_TOO_LARGE : ERROR_MALFORMED, "%s: %s",
		    name, bytes.size ? "too large" : "empty");
	if (!utf8_valid(bytes) || memchr(bytes.data, '\0', bytes.size))
		return error_set(detail, ERROR_ENCODING, "%s: not UTF-8", name);
	if (memmem(bytes.data, bytes.size, doctype, sizeof(doctype) - 1))
		return error_set(
		    detail, ERROR_MALFORMED, "%s: a DTD: a bank's file has none", name);
	return ERROR_NONE;
}

enum error xml_walk(const char *name, struct span bytes, xml_root *root, xml_visit *visit,
    void *context, struct error_detail *detail)
{
	struct walk walk = {
	    .name = name, .visit = visit, .context = context, .detail = detail, .depth = -1};
	enum error error = check_bytes(name, bytes, detail);
	if (error)
		return error;
	walk.reader = xmlReaderForMemory(
	    (const char *)bytes.data, (int)bytes.size, NULL, "UTF-8", XML_PARSE_NONET);
	if (!walk.reader)
		return ERROR_MEMORY;
	xmlTextReaderSetStructuredErrorHandler(walk.reader, complain, &walk);
	int more = xmlTextReaderRead(walk.reader);
	while (more == 1 && !error && !walk.failed) {
		error = node(&walk, root);
		if (!error)
			more = xmlTextReaderRead(walk.reader);
	}
	if (!error)
		error = walk.failed;
	if (!error && (more != 0 || walk.depth != -1))
		error = refuse(&walk, ERROR_MALFORMED, "not well-formed");
	xmlFreeTextReader(walk.reader);
	return error;
}
