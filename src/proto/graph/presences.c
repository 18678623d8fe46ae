#include "proto/graph/presences.h"

#include "proto/graph/json.h"

void presences_body_begin(struct buf *b)
{
	buf_str(b, "{\"ids\":[");
}

void presences_body_add(struct buf *b, const char *id, bool first)
{
	buf_str(b, first ? "\"" : ",\"");
	buf_str(b, id);
	buf_char(b, '"');
}

void presences_body_end(struct buf *b)
{
	buf_str(b, "]}");
}

static void row(const json_t *v, presences_h *h, void *arg)
{
	const char *id = graph_json_text(v, "id");
	struct presences_row r;

	if (!id)
		return;
	r.id = slice_str(id);
	graph_text_copy(r.availability, sizeof(r.availability), graph_json_text(v, "availability"));
	graph_text_copy(r.activity, sizeof(r.activity), graph_json_text(v, "activity"));
	graph_text_copy(r.sequence, sizeof(r.sequence), graph_json_text(v, "sequenceNumber"));
	h(arg, &r);
}

enum err presences_answer(struct slice body, presences_h *h, void *arg)
{
	json_t *doc = graph_json(body, PRESENCES_BODY_MAX);
	const json_t *value = json_object_get(doc, "value");
	const json_t *single = json_is_object(value) ? value : doc;
	enum err e = ERR_OK;

	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			row(json_array_get(value, i), h, arg);
	} else if (graph_json_text(single, "id")) {
		row(single, h, arg);
	} else {
		e = ERR_MALFORMED;
	}
	json_decref(doc);
	return e;
}
