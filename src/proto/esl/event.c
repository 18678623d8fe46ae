#include <jansson.h>

#include "proto/esl/esl.h"

/* Percent-decoding; a bad escape stands for itself, a zero byte ends nothing: it is refused. */
static enum err decode(struct slice s, char *dst, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int escaped = slice_percent(s, i);
		char c = escaped < 0 ? s.p[i] : (char)escaped;

		i += escaped < 0 ? 0 : 2;
		if (c == '\0' || n + 1 >= cap)
			return ERR_LIMIT;
		dst[n++] = c;
	}
	dst[n] = '\0';
	return ERR_OK;
}

static void clear(const struct esl_want *wants, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wants[i].dst[0] = '\0';
}

static void take(const struct esl_want *wants, size_t n, struct slice name, struct slice value)
{
	for (size_t i = 0; i < n; i++) {
		if (!slice_is_nocase(name, wants[i].name) || wants[i].dst[0])
			continue;
		if (decode(value, wants[i].dst, wants[i].cap))
			wants[i].dst[0] = '\0';
		return;
	}
}

static enum err read_plain(struct slice body, const struct esl_want *wants, size_t n)
{
	struct slice line;

	while (slice_split(&body, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		line = slice_trim(line);
		if (line.n == 0)
			return ERR_OK; /* what follows is a body of the event's own */
		if (colon >= line.n)
			return ERR_MALFORMED;
		take(wants, n, slice_sub(line, 0, colon),
		     slice_trim(slice_sub(line, colon + 1, line.n)));
	}
	return ERR_OK;
}

static enum err read_json(struct slice body, const struct esl_want *wants, size_t n)
{
	json_t *doc = body.n ? json_loadb(body.p, body.n, 0, NULL) : NULL;
	enum err e = json_is_object(doc) ? ERR_OK : ERR_MALFORMED;

	for (size_t i = 0; i < n && !e; i++) {
		const json_t *v = json_object_get(doc, wants[i].name);

		if (json_is_string(v) &&
		    slice_copy(slice_of(json_string_value(v), json_string_length(v)), wants[i].dst,
			       wants[i].cap))
			wants[i].dst[0] = '\0';
	}
	json_decref(doc);
	return e;
}

enum err esl_event_read(struct slice body, bool json, const struct esl_want *wants, size_t n)
{
	clear(wants, n);
	if (body.n > ESL_EVENT_MAX)
		return ERR_LIMIT;
	return json ? read_json(body, wants, n) : read_plain(body, wants, n);
}

/* ---- tables ---- */

static void cell(const json_t *row, const char *key, char *dst, size_t cap)
{
	const json_t *v = json_object_get(row, key);

	if (!json_is_string(v) ||
	    slice_copy(slice_of(json_string_value(v), json_string_length(v)), dst, cap))
		dst[0] = '\0';
}

static void read_row(const json_t *row, esl_row_h *h, void *arg)
{
	struct esl_row r;

	cell(row, "uuid", r.uuid, sizeof(r.uuid));
	cell(row, "presence_id", r.presence_id, sizeof(r.presence_id));
	cell(row, "name", r.name, sizeof(r.name));
	cell(row, "direction", r.direction, sizeof(r.direction));
	cell(row, "callstate", r.callstate, sizeof(r.callstate));
	cell(row, "application", r.application, sizeof(r.application));
	cell(row, "reg_user", r.reg_user, sizeof(r.reg_user));
	cell(row, "realm", r.realm, sizeof(r.realm));
	h(&r, arg);
}

enum err esl_rows_read(struct slice body, esl_row_h *h, void *arg)
{
	struct slice text = slice_trim(body);
	enum err e = ERR_OK;
	json_t *doc, *rows;

	if (slice_starts(text, "-ERR"))
		return ERR_DENIED;
	if (slice_starts(text, "0 total"))
		return ERR_OK; /* older versions, for an empty table */
	doc = text.n && text.n <= ESL_BODY_MAX ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	rows = json_object_get(doc, "rows");
	if (!json_is_object(doc) ||
	    (!rows && json_integer_value(json_object_get(doc, "row_count")) != 0) ||
	    (!rows && !json_object_get(doc, "row_count")) || (rows && !json_is_array(rows)))
		e = ERR_MALFORMED;
	for (size_t i = 0; !e && i < json_array_size(rows); i++) {
		if (json_is_object(json_array_get(rows, i)))
			read_row(json_array_get(rows, i), h, arg);
		else
			e = ERR_MALFORMED;
	}
	json_decref(doc);
	return e;
}
