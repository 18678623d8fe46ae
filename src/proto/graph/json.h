/* json.h - jansson behind one door for the Graph codecs: every document has a maximum, duplicate
 * keys are refused, and texts of strangers are cut and cleaned before anybody prints them.
 *
 * Depth is capped by jansson itself (2,048 levels). */
#ifndef PROTO_GRAPH_JSON_H
#define PROTO_GRAPH_JSON_H

#include <jansson.h>

#include "base/slice.h"

/* The document, to be given back with json_decref; NULL when it is larger than max or no JSON. */
json_t *graph_json(struct slice body, size_t max);
/* The text under key; NULL when there is none or it is no string. Lives as long as the document. */
const char *graph_json_text(const json_t *object, const char *key);
/* Copies the first line of src (NULL: nothing), control bytes as blanks, cut at a whole UTF-8
 * character; always closed by a zero byte. */
void graph_text_copy(char *dst, size_t cap, const char *src);
/* True for the 8-4-4-4-12 hexadecimal form. Only such an id ever goes into a URL. */
bool graph_is_guid(struct slice s);

#endif
