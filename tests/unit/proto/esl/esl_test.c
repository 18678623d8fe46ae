#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/esl/esl.h"

static const char session[] =
	"Content-Type: auth/request\n\n"
	"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
	"Content-Type: command/reply\r\nReply-Text: -ERR invalid\r\n\r\n"
	"Content-Length: 18\nContent-Type: api/response\n\n{\"row_count\":0}\n\n\n"
	"Content-Length: 36\nContent-Type: text/event-plain\n\nEvent-Name: X\nUnique-ID: "
	"a%3Ab\n\nrest"
	"Content-Type: log/data\nContent-Length: 3\n\nabc"
	"Content-Length: 20\nContent-Type: text/event-json\n\n{\"Event-Name\": \"JS\"}"
	"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
	"Content-Type: text/disconnect-notice\nContent-Length: 0\n\n";

struct got {
	int n;
	struct {
		uint8_t kind;
		char reply[40], body[60];
	} list[20];
};

static enum err drain(struct esl_stream *s, struct got *g)
{
	struct esl_frame f;
	enum err e;

	while ((e = esl_stream_next(s, &f)) == ERR_OK) {
		assert_true(g->n < 20);
		g->list[g->n].kind = f.kind;
		assert_int_equal(slice_copy(f.reply, g->list[g->n].reply, 40), ERR_OK);
		assert_int_equal(slice_copy(f.body, g->list[g->n].body, 60), ERR_OK);
		g->n++;
	}
	return e;
}

static void check(const struct got *g)
{
	static const uint8_t kinds[] = { ESL_AUTH,  ESL_REPLY, ESL_REPLY,   ESL_RESULT, ESL_EVENT,
					 ESL_OTHER, ESL_EVENT, ESL_REFUSED, ESL_BYE };

	assert_int_equal(g->n, ARRAY_LEN(kinds));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		assert_int_equal(g->list[i].kind, kinds[i]);
	assert_string_equal(g->list[1].reply, "+OK accepted");
	assert_string_equal(g->list[2].reply, "-ERR invalid");
	assert_string_equal(g->list[3].body, "{\"row_count\":0}\n\n\n");
	assert_string_equal(g->list[4].body, "Event-Name: X\nUnique-ID: a%3Ab\n\nrest");
	assert_string_equal(g->list[6].body, "{\"Event-Name\": \"JS\"}");
}

/* Frames are the same however the stream is cut. */
static void every_cut(void **state)
{
	size_t n = sizeof(session) - 1;
	(void)state;

	for (size_t cut = 0; cut <= n; cut++) {
		struct esl_stream s = { 0 };
		struct got g = { 0 };

		assert_int_equal(esl_stream_add(&s, slice_of(session, cut)), ERR_OK);
		assert_int_equal(drain(&s, &g), ERR_AGAIN);
		assert_int_equal(esl_stream_add(&s, slice_of(session + cut, n - cut)), ERR_OK);
		assert_int_equal(drain(&s, &g), ERR_AGAIN);
		check(&g);
		esl_stream_fini(&s);
	}
	struct esl_stream s = { 0 };
	struct got g = { 0 };
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(esl_stream_add(&s, slice_of(session + i, 1)), ERR_OK);
		assert_int_equal(drain(&s, &g), ERR_AGAIN);
	}
	check(&g);
	esl_stream_fini(&s);
}

static void lost_streams(void **state)
{
	static const struct {
		const char *bytes;
		enum err e;
	} rows[] = {
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", ERR_MALFORMED },
		{ "hello\n\n", ERR_MALFORMED },
		{ "Content-Length: 5\n\nhello", ERR_MALFORMED },
		{ "Content-Type: api/response\nContent-Length: -1\n\n", ERR_MALFORMED },
		{ "Content-Type: api/response\nContent-Length: 99999999999\n\n", ERR_MALFORMED },
		{ "Content-Type: api/response\nContent-Length: 1\nContent-Length: 2\n\nab",
		  ERR_MALFORMED },
		{ "Content-Type: api/response\nContent-Length: 1\nContent-Length: 1\n\na", ERR_OK },
	};
	struct esl_frame f;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct esl_stream s = { 0 };

		assert_int_equal(esl_stream_add(&s, slice_str(rows[i].bytes)), ERR_OK);
		assert_int_equal(esl_stream_next(&s, &f), rows[i].e);
		esl_stream_fini(&s);
	}
	struct esl_stream s = { 0 };
	char *line = malloc(ESL_HEAD_MAX + 1);
	memset(line, 'a', ESL_HEAD_MAX + 1);
	assert_int_equal(esl_stream_add(&s, slice_of(line, ESL_HEAD_MAX)), ERR_OK);
	assert_int_equal(esl_stream_next(&s, &f), ERR_AGAIN);
	assert_int_equal(esl_stream_add(&s, slice_of(line, 1)), ERR_OK);
	assert_int_equal(esl_stream_next(&s, &f), ERR_LIMIT);
	esl_stream_fini(&s);
	free(line);
}

/* A body too large is passed over as it comes, and what follows is read. */
static void too_large(void **state)
{
	struct esl_stream s = { 0 };
	struct esl_frame f;
	size_t n = ESL_EVENT_MAX + 1, step = 60000;
	char *body = malloc(n), head[80];
	(void)state;

	memset(body, 'x', n);
	snprintf(head, sizeof(head), "Content-Type: text/event-plain\nContent-Length: %zu\n\n", n);
	assert_int_equal(esl_stream_add(&s, slice_str(head)), ERR_OK);
	assert_int_equal(esl_stream_next(&s, &f), ERR_OK);
	assert_true(f.too_large && f.kind == ESL_EVENT && f.body.n == 0);
	for (size_t at = 0; at < n; at += step) {
		assert_int_equal(esl_stream_next(&s, &f), ERR_AGAIN);
		assert_int_equal(
			esl_stream_add(&s, slice_of(body + at, n - at < step ? n - at : step)),
			ERR_OK);
		assert_true(s.in.n < 200);
	}
	assert_int_equal(esl_stream_add(&s, SLICE_LIT("Content-Type: auth/request\n\n")), ERR_OK);
	assert_int_equal(esl_stream_next(&s, &f), ERR_OK);
	assert_int_equal(f.kind, ESL_AUTH);
	esl_stream_fini(&s);
	free(body);
}

static void events(void **state)
{
	char name[20], id[10], status[30], none[5];
	const struct esl_want wants[] = { { "Event-Name", name, sizeof(name) },
					  { "Unique-ID", id, sizeof(id) },
					  { "status", status, sizeof(status) },
					  { "None", none, sizeof(none) } };
	static const char plain[] =
		"event-name: PRESENCE_IN\nUnique-ID: 0123456789\nstatus: Do%20Not%2520%zz%\n"
		"status: twice\n\nNone: in a body\n";
	static const char json[] =
		"{\"Event-Name\":\"A%20\",\"Unique-ID\":\"x\",\"status\":7,\"_body\":\"y\"}";
	(void)state;

	assert_int_equal(esl_event_read(slice_str(plain), false, wants, 4), ERR_OK);
	assert_string_equal(name, "PRESENCE_IN");
	assert_string_equal(id, ""); /* too long is not cut: it would name another channel */
	assert_string_equal(status, "Do Not%20%zz%");
	assert_string_equal(none, "");
	assert_int_equal(esl_event_read(slice_str(json), true, wants, 4), ERR_OK);
	assert_string_equal(name, "A%20");
	assert_string_equal(id, "x");
	assert_string_equal(status, "");
	assert_int_equal(esl_event_read(SLICE_LIT("no header\n"), false, wants, 4), ERR_MALFORMED);
	assert_int_equal(esl_event_read(SLICE_LIT("[1]"), true, wants, 4), ERR_MALFORMED);
	assert_int_equal(esl_event_read(SLICE_LIT(""), true, wants, 4), ERR_MALFORMED);
	assert_int_equal(esl_event_read(SLICE_LIT("status: a%00b\n"), false, wants, 4), ERR_OK);
	assert_string_equal(status, "");
}

static void count_row(const struct esl_row *row, void *arg)
{
	int *n = arg;

	if (*n == 0) {
		assert_string_equal(row->uuid, "u1");
		assert_string_equal(row->presence_id, "1001@pbx");
		assert_string_equal(row->callstate, "ACTIVE");
		assert_string_equal(row->realm, "");
	}
	++*n;
}

static void tables(void **state)
{
	static const struct {
		const char *body;
		enum err e;
		int rows;
	} rows[] = {
		{ "{\"row_count\":0}\n", ERR_OK, 0 },
		{ "0 total.\n", ERR_OK, 0 },
		{ "{\"row_count\":2,\"rows\":[{\"uuid\":\"u1\",\"presence_id\":\"1001@pbx\","
		  "\"callstate\":\"ACTIVE\","
		  "\"created_epoch\":\"1\",\"realm\":null},{}]}",
		  ERR_OK, 2 },
		{ "-ERR permission denied\n", ERR_DENIED, 0 },
		{ "-USAGE: show ...\n", ERR_MALFORMED, 0 },
		{ "", ERR_MALFORMED, 0 },
		{ "{}", ERR_MALFORMED, 0 },
		{ "{\"row_count\":1}", ERR_MALFORMED, 0 },
		{ "{\"rows\":{}}", ERR_MALFORMED, 0 },
		{ "[]", ERR_MALFORMED, 0 },
		{ "{\"row_count\":1,\"rows\":[", ERR_MALFORMED, 0 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int n = 0;

		assert_int_equal(esl_rows_read(slice_str(rows[i].body), count_row, &n), rows[i].e);
		assert_int_equal(n, rows[i].rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut), cmocka_unit_test(lost_streams),
		cmocka_unit_test(too_large), cmocka_unit_test(events),
		cmocka_unit_test(tables),
	};
	return cmocka_run_group_tests_name("proto/esl", tests, NULL, NULL);
}
