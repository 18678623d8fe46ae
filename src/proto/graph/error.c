#include "proto/graph/error.h"

#include <stdio.h>

#include "proto/graph/json.h"

enum { INNER_MAX = 8 };

static const json_t *inner_of(const json_t *error)
{
	const json_t *inner = json_object_get(error, "innerError");

	return inner ? inner : json_object_get(error, "innererror");
}

/* Inner errors fill only what the outer ones left open. */
static void take(const json_t *error, struct graph_error *ret)
{
	if (!ret->code[0])
		graph_text_copy(ret->code, sizeof(ret->code), graph_json_text(error, "code"));
	if (!ret->message[0])
		graph_text_copy(ret->message, sizeof(ret->message),
				graph_json_text(error, "message"));
	if (!ret->request_id[0])
		graph_text_copy(ret->request_id, sizeof(ret->request_id),
				graph_json_text(error, "request-id"));
}

enum err graph_error_parse(struct slice body, struct graph_error *ret)
{
	json_t *doc = graph_json(body, GRAPH_ERROR_BODY_MAX);
	const json_t *error = json_object_get(doc, "error");

	*ret = (struct graph_error){ 0 };
	if (json_is_string(error)) {
		graph_text_copy(ret->code, sizeof(ret->code), json_string_value(error));
		graph_text_copy(ret->message, sizeof(ret->message),
				graph_json_text(doc, "error_description"));
	}
	for (int depth = 0; json_is_object(error) && depth < INNER_MAX; depth++) {
		take(error, ret);
		error = inner_of(error);
	}
	json_decref(doc);
	return ret->code[0] || ret->message[0] ? ERR_OK : ERR_MALFORMED;
}

void graph_error_line(const struct graph_error *e, char *dst, size_t cap)
{
	snprintf(dst, cap, "%s%s%s", e->code, e->code[0] && e->message[0] ? ": " : "", e->message);
}
