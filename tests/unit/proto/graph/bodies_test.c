/* The bodies we write, and the small readers. */
#include "test.h"

#include <jansson.h>
#include <stdio.h>

#include "proto/graph/challenge.h"
#include "proto/graph/error.h"
#include "proto/graph/json.h"
#include "proto/graph/presence_body.h"
#include "proto/graph/batch.h"
#include "proto/graph/presences.h"

static void durations_stay_within_what_graph_takes(void **state)
{
	static const struct {
		int32_t lease_ms, minutes;
	} rows[] = { { 0, 5 },		{ -7, 5 },	   { 299999, 5 },   { 300000, 5 },
		     { 300001, 6 },	{ 600000, 10 },	   { 3600000, 60 }, { 14400000, 240 },
		     { 14400001, 240 }, { INT32_MAX, 240 } };
	struct buf b;
	(void)state;

	buf_init(&b, 400);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[200];

		buf_reset(&b);
		presence_body_set(&b, "s", "Busy", "InACall", rows[i].lease_ms);
		snprintf(text, sizeof(text),
			 "{\"sessionId\":\"s\",\"availability\":\"Busy\",\"activity\":\"InACall\","
			 "\"expirationDuration\":\"PT%dM\"}",
			 rows[i].minutes);
		assert_slice(buf_view(&b), text);
		assert_int_equal(presence_body_lease_ms(rows[i].lease_ms), rows[i].minutes * 60000);
	}
	buf_fini(&b);
}

static void the_other_bodies(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 400);
	presence_body_clear(&b, "s");
	assert_slice(buf_view(&b), "{\"sessionId\":\"s\"}");
	buf_reset(&b);
	presence_body_set_preferred(&b, "DoNotDisturb", "DoNotDisturb", 600000);
	assert_slice(buf_view(&b),
		     "{\"availability\":\"DoNotDisturb\",\"activity\":\"DoNotDisturb\","
		     "\"expirationDuration\":\"PT10M\"}");
	buf_reset(&b);
	presence_body_clear_preferred(&b);
	assert_slice(buf_view(&b), "{}");
	buf_fini(&b);
}

static void the_largest_batch_of_ids_fits_and_is_json(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 65536);
	presences_body_begin(&b);
	for (int i = 0; i < PRESENCES_IDS_MAX; i++)
		presences_body_add(&b, "12345678-1234-1234-1234-123456789012", i == 0);
	presences_body_end(&b);
	assert_int_equal(buf_err(&b), ERR_OK);
	json_t *doc = json_loadb(b.p, b.n, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(doc, "ids")), PRESENCES_IDS_MAX);
	json_decref(doc);
	buf_fini(&b);
}

static void collect(void *arg, const struct presences_row *r)
{
	struct buf *b = arg;

	buf_slice(b, r->id);
	buf_fmt(b, "=%s/%s%s%s;", r->availability, r->activity, r->sequence[0] ? "@" : "", r->sequence);
}

static void presences_in_all_their_shapes(void **state)
{
	static const struct {
		const char *body, *rows;
		enum err err;
	} cases[] = {
		{ "{\"value\":[{\"id\":\"a\",\"availability\":\"Busy\",\"activity\":\"InACall\"},"
		  "{\"id\":\"b\",\"availability\":\"away\",\"activity\":null}]}",
		  "a=Busy/InACall;b=away/;", ERR_OK },
		{ "{\"value\":{\"id\":\"a\",\"availability\":\"Busy\",\"activity\":\"X\"}}",
		  "a=Busy/X;", ERR_OK },
		{ "{\"id\":\"a\",\"availability\":\"Busy\"}", "a=Busy/;", ERR_OK },
		{ "{\"value\":[]}", "", ERR_OK },
		{ "{\"value\":[{\"id\":\"a\",\"availability\":null,\"sequenceNumber\":\"A0494318401\"},"
		  "{\"id\":\"b\",\"availability\":7,\"sequenceNumber\":null},"
		  "{\"id\":\"c\",\"sequenceNumber\":\"0123456789012345678901234567890123456789\"}]}",
		  "a=/@A0494318401;b=/;c=/@012345678901234567890123456789012345678;", ERR_OK },
		{ "{\"value\":[1,null,{\"id\":5},{\"availability\":\"Busy\"}]}", "", ERR_OK },
		{ "{\"value\":[{\"id\":\"a\",\"availability\":\"x\\ny\"}]}", "a=x/;", ERR_OK },
		{ "{\"value\":null}", "", ERR_MALFORMED },
		{ "{}", "", ERR_MALFORMED },
		{ "", "", ERR_MALFORMED },
	};
	struct buf b;
	(void)state;

	buf_init(&b, 4000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&b);
		assert_int_equal(presences_answer(slice_str(cases[i].body), collect, &b),
				 cases[i].err);
		assert_string_equal(buf_cstr(&b), cases[i].rows);
	}
	buf_fini(&b);
}

static void collect_part(void *arg, const struct batch_part *p)
{
	struct buf *b = arg;

	buf_fmt(b, "%u=%u", p->id, p->status);
	buf_slice(b, p->retry_after);
	buf_slice(b, p->request_id);
	buf_slice(b, p->body);
	buf_char(b, ';');
}

static void batches_in_all_their_shapes(void **state)
{
	static const struct {
		const char *body, *parts;
		enum err err;
	} cases[] = {
		{ "{\"responses\":[{\"id\":\"2\",\"status\":429,\"headers\":{\"retry-after\":\"10\","
		  "\"Request-Id\":\"r\"},\"body\":{\"error\":{}}},"
		  "{\"id\":\"1\",\"status\":200,\"body\":null}]}",
		  "2=42910r{\"error\":{}};1=200;", ERR_OK },
		{ "{\"responses\":[{\"id\":\"1\",\"status\":404}]}", "1=404;", ERR_OK },
		{ "{\"responses\":[{\"id\":1,\"status\":200},{\"id\":\"x\",\"status\":200},{\"id\":\"-1\"},"
		  "{\"id\":\"99999999999\",\"status\":200},{\"id\":\"5\",\"status\":\"200\"},7,null]}",
		  "", ERR_OK },
		{ "{\"responses\":[{\"id\":\"1\",\"status\":429,\"headers\":{\"Retry-After\":10}}]}",
		  "1=429;", ERR_OK },
		{ "{\"responses\":{}}", "", ERR_MALFORMED },
		{ "{\"error\":{\"code\":\"x\"}}", "", ERR_MALFORMED },
		{ "", "", ERR_MALFORMED },
	};
	struct buf b;
	(void)state;

	buf_init(&b, 4000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&b);
		assert_int_equal(batch_answer(slice_str(cases[i].body), collect_part, &b), cases[i].err);
		assert_string_equal(buf_cstr(&b), cases[i].parts);
	}
	buf_fini(&b);
}

static void error_envelopes(void **state)
{
	static const struct {
		const char *body, *line, *request_id;
		enum err err;
	} cases[] = {
		{ "{\"error\":{\"code\":\"TooManyRequests\",\"innerError\":{\"code\":\"429\","
		  "\"request-id\":\"r1\"},\"message\":\"Please retry again later.\"}}",
		  "TooManyRequests: Please retry again later.", "r1", ERR_OK },
		{ "{\"error\":{\"code\":\"UnknownError\",\"message\":\"\",\"innererror\":{"
		  "\"message\":"
		  "\"deep\"}}}",
		  "UnknownError: deep", "", ERR_OK },
		{ "{\"error\":{\"code\":\"X\",\"message\":\"one\\r\\ntwo\"}}", "X: one", "",
		  ERR_OK },
		{ "{\"error\":\"invalid_client\",\"error_description\":\"d\"}", "invalid_client: d",
		  "", ERR_OK },
		{ "{\"error\":{\"message\":\"only\"}}", "only", "", ERR_OK },
		{ "{\"error\":{}}", "", "", ERR_MALFORMED },
		{ "<html>429</html>", "", "", ERR_MALFORMED },
		{ "", "", "", ERR_MALFORMED },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct graph_error e;
		char line[100];

		assert_int_equal(graph_error_parse(slice_str(cases[i].body), &e), cases[i].err);
		graph_error_line(&e, line, sizeof(line));
		assert_string_equal(line, cases[i].line);
		assert_string_equal(e.request_id, cases[i].request_id);
	}
}

static void texts_are_cut_at_whole_characters(void **state)
{
	static const struct {
		const char *src;
		size_t cap;
		const char *dst;
	} rows[] = {
		{ "abc", 4, "abc" },	   { "abcd", 4, "abc" },
		{ "ab\xc3\xbc", 4, "ab" }, { "ab\xc3\xbc", 5, "ab\xc3\xbc" },
		{ "a\tb\x7f", 8, "a b " }, { "a\nb", 8, "a" },
		{ NULL, 8, "" },	   { "x", 1, "" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char dst[8];

		graph_text_copy(dst, rows[i].cap, rows[i].src);
		assert_string_equal(dst, rows[i].dst);
	}
}

static void guids(void **state)
{
	static const char good[] = "0123abCD-0123-4567-89ab-0123456789EF";
	char text[40];
	(void)state;

	assert_true(graph_is_guid(SLICE_LIT("0123abCD-0123-4567-89ab-0123456789EF")));
	for (size_t i = 0; i < 36; i++) {
		memcpy(text, good, sizeof(good));
		text[i] = text[i] == '-' ? '0' : '/';
		assert_false(graph_is_guid(slice_str(text)));
		assert_false(graph_is_guid(slice_of(good, i)));
	}
}

static void challenges(void **state)
{
	/* {"access_token":{"nbf":{"essential":true}}} */
	static const char b64[] = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==";
	char header[300], dst[100];
	(void)state;

	snprintf(header, sizeof(header),
		 "Bearer realm=\"\", authorization_uri=\"https://x\", "
		 "error=\"insufficient_claims\", claims=\"%s\"",
		 b64);
	assert_int_equal(challenge_claims(slice_str(header), dst, sizeof(dst)), ERR_OK);
	assert_string_equal(dst, "{\"access_token\":{\"nbf\":{\"essential\":true}}}");
	assert_int_equal(challenge_claims(slice_str(header), dst, 10), ERR_LIMIT);
	assert_int_equal(challenge_claims(SLICE_LIT("Bearer realm=\"\""), dst, sizeof(dst)),
			 ERR_NOT_FOUND);
	assert_int_equal(
		challenge_claims(SLICE_LIT("Bearer error=\"invalid_token\", claims=\"e30=\""), dst,
				 sizeof(dst)),
		ERR_NOT_FOUND);
	assert_int_equal(
		challenge_claims(SLICE_LIT("Bearer error=\"insufficient_claims\", claims=\"***\""),
				 dst, sizeof(dst)),
		ERR_MALFORMED);
	assert_int_equal(
		challenge_claims(SLICE_LIT("Bearer error=\"insufficient_claims\", claims=\"bm90\""),
				 dst, sizeof(dst)),
		ERR_MALFORMED);
	assert_int_equal(
		challenge_claims(SLICE_LIT("Bearer error=\"insufficient_claims\", claims=\"e30"),
				 dst, sizeof(dst)),
		ERR_OK);
	assert_int_equal(challenge_claims(SLICE_NONE, dst, sizeof(dst)), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_stay_within_what_graph_takes),
		cmocka_unit_test(the_other_bodies),
		cmocka_unit_test(the_largest_batch_of_ids_fits_and_is_json),
		cmocka_unit_test(presences_in_all_their_shapes),
		cmocka_unit_test(batches_in_all_their_shapes),
		cmocka_unit_test(error_envelopes),
		cmocka_unit_test(texts_are_cut_at_whole_characters),
		cmocka_unit_test(guids),
		cmocka_unit_test(challenges),
	};
	return cmocka_run_group_tests_name("proto/graph/bodies", tests, NULL, NULL);
}
