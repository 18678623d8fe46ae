#include "proto/graph/status_message.h"

#include "base/date.h"
#include "base/jsonw.h"
#include "proto/graph/json.h"

enum { PRESENCE_MAX = 65536 };

static const char mark[] = "<pinnednote></pinnednote>";

void status_message_body(struct buf *b, struct slice text, int64_t expiry_wall_ms)
{
	char date[DATE_LEN + 1];

	buf_str(b, "{\"statusMessage\":{\"message\":{\"content\":");
	jsonw_quote(b, text);
	buf_str(b, ",\"contentType\":\"text\"}");
	date_format(expiry_wall_ms == INT64_MAX ? -1 : expiry_wall_ms / 1000 * 1000, date);
	if (date[0])
		buf_fmt(b, ",\"expiryDateTime\":{\"dateTime\":\"%.19s\",\"timeZone\":\"UTC\"}",
			date);
	buf_str(b, "}}");
}

enum err status_message_shown(struct slice presence, char *dst, size_t cap)
{
	json_t *doc = graph_json(presence, PRESENCE_MAX);
	const json_t *value = json_object_get(doc, "value");
	const json_t *one = json_is_array(value)    ? json_array_get(value, 0)
			    : json_is_object(value) ? value
						    : doc;
	const json_t *message = json_object_get(json_object_get(one, "statusMessage"), "message");
	const char *text = graph_json_text(message, "content");
	enum err e = graph_json_text(one, "id") ? ERR_OK : ERR_MALFORMED;

	if (!e && slice_copy(slice_sub(slice_str(text), 0, cap - 1), dst, cap))
		dst[0] = '\0';
	json_decref(doc);
	return e;
}

static struct slice bare(struct slice s)
{
	s = slice_trim(s);
	if (s.n >= sizeof(mark) - 1 && slice_is(slice_sub(s, s.n - (sizeof(mark) - 1), s.n), mark))
		s = slice_sub(s, 0, s.n - (sizeof(mark) - 1));
	return slice_trim(s);
}

bool status_message_same(struct slice a, struct slice b)
{
	return slice_eq(bare(a), bare(b));
}
