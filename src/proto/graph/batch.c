#include "proto/graph/batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "proto/graph/json.h"

void batch_body_begin(struct buf *b)
{
	buf_str(b, "{\"requests\":[");
}

void batch_part_begin(struct buf *b, uint32_t id, bool first)
{
	buf_fmt(b, "%s{\"id\":\"%" PRIu32 "\",\"method\":\"POST\",\"url\":\"", first ? "" : ",", id);
}

void batch_part_body(struct buf *b)
{
	buf_str(b, "\",\"headers\":{\"Content-Type\":\"application/json\"},\"body\":");
}

void batch_part_end(struct buf *b)
{
	buf_char(b, '}');
}

void batch_body_end(struct buf *b)
{
	buf_str(b, "]}");
}

static struct slice header(const json_t *part, const char *name)
{
	json_t *headers = json_object_get(part, "headers"), *value;
	const char *key;

	json_object_foreach(headers, key, value)
		if (strcasecmp(key, name) == 0 && json_is_string(value))
			return slice_of(json_string_value(value), json_string_length(value));
	return SLICE_NONE;
}

static bool number(const char *text, uint32_t *ret)
{
	uint64_t n = 0;

	if (!text || !text[0] || strlen(text) > 10)
		return false;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*ret = (uint32_t)n;
	return n <= UINT32_MAX;
}

static void take(const json_t *v, batch_h *h, void *arg)
{
	json_int_t status = json_integer_value(json_object_get(v, "status"));
	struct batch_part p = { .retry_after = header(v, "retry-after"),
				.request_id = header(v, "request-id") };
	char *text = NULL;

	if (!number(graph_json_text(v, "id"), &p.id) || status < 100 || status > 999)
		return;
	p.status = (uint16_t)status;
	if (status >= 300)
		text = json_dumps(json_object_get(v, "body"), JSON_COMPACT);
	p.body = slice_str(text);
	h(arg, &p);
	free(text);
}

enum err batch_answer(struct slice body, batch_h *h, void *arg)
{
	json_t *doc = graph_json(body, BATCH_BODY_MAX);
	const json_t *list = json_object_get(doc, "responses");
	bool good = json_is_array(list);

	for (size_t i = 0; i < json_array_size(list) && i < BATCH_PARTS_MAX; i++)
		take(json_array_get(list, i), h, arg);
	json_decref(doc);
	return good ? ERR_OK : ERR_MALFORMED;
}
