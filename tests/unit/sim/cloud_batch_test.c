#include "cloud_help.h"

#define HEADERS "\"headers\":{\"Content-Type\":\"application/json\"}"
#define SET_PART(id, user)                                                              \
	"{\"id\":\"" id "\",\"method\":\"POST\",\"url\":\"/users/" user                  \
	"/presence/setPresence\"," HEADERS ",\"body\":" SET_BODY "}"
#define GET_PART(id, user) \
	"{\"id\":\"" id "\",\"method\":\"GET\",\"url\":\"/users/" user "/presence\"}"
#define BATCH(parts) "{\"requests\":[" parts "]}"

static int batch(struct world *w, const char *body)
{
	return ask(w, "POST", "/v1.0/$batch", body);
}

static const json_t *part(struct world *w, const char *id)
{
	size_t i;
	json_t *o;

	json_array_foreach(json_object_get(w->body, "responses"), i, o)
		if (strcmp(json_string_value(json_object_get(o, "id")), id) == 0)
			return o;
	fail_msg("no part %s", id);
	return NULL;
}

static int part_status(struct world *w, const char *id)
{
	return (int)json_integer_value(json_object_get(part(w, id), "status"));
}

static void parts_are_served_and_checked_one_by_one(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(batch(&w, BATCH(SET_PART("1", ANA) "," GET_PART("2", ANA) "," SET_PART(
					   "3", NOBODY) ",{\"id\":\"4\",\"method\":\"GET\",\"url\":"
							"\"users/" BO "\"}")),
			 200);
	assert_int_equal(part_status(&w, "1"), 200);
	assert_true(json_is_null(json_object_get(part(&w, "1"), "body")));
	assert_int_equal(part_status(&w, "2"), 200);
	assert_string_equal(json_string_value(json_object_get(json_object_get(part(&w, "2"), "body"),
							      "activity")),
			    "InACall");
	assert_int_equal(part_status(&w, "3"), 404);
	assert_int_equal(part_status(&w, "4"), 200);
	struct cloud_counters n;
	cloud_counters(w.c, &n);
	assert_int_equal(n.requests[CLOUD_OP_SET], 2);
	assert_int_equal(n.requests[CLOUD_OP_BATCH], 1);
	assert_int_equal(n.presence_peak, 3);
	world_fini(&w);
}

static void malformed_batches(void **state)
{
	static const char *const rows[] = {
		"{}", BATCH(""), "{\"requests\":{}}", BATCH("1"),
		BATCH(GET_PART("", ANA)),
		BATCH(GET_PART("1", ANA) "," GET_PART("1", ANA)),
		BATCH("{\"id\":\"1\",\"method\":\"GET\"}"),
		BATCH("{\"id\":\"1\",\"url\":\"/users\"}"),
		BATCH("{\"id\":\"1\",\"method\":\"GET\",\"url\":\"https://graph.microsoft.com/v1.0/users\"}"),
		BATCH("{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/x\",\"body\":{}}"),
		BATCH("{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/users\",\"dependsOn\":[\"2\"]}"),
	};
	struct world w;
	(void)state;

	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (batch(&w, rows[i]) != 400)
			fail_msg("row %zu: %d", i, w.rs.status);
	struct cloud_counters n;
	cloud_counters(w.c, &n);
	assert_int_equal(n.presence_peak, 0);
	world_fini(&w);
}

static void at_most_twenty(void **state)
{
	struct world w;
	struct buf b;
	(void)state;

	world_init(&w);
	for (int n = 20; n <= 21; n++) {
		buf_init(&b, 100000);
		buf_str(&b, "{\"requests\":[");
		for (int i = 0; i < n; i++)
			buf_fmt(&b, "%s{\"id\":\"%d\",\"method\":\"GET\",\"url\":\"/users\"}",
				i ? "," : "", i);
		buf_str(&b, "]}");
		assert_int_equal(batch(&w, buf_cstr(&b)), n == 20 ? 200 : 400);
		buf_fini(&b);
	}
	assert_int_equal(batch(&w, BATCH("{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/$batch\"," HEADERS
					 ",\"body\":" BATCH(GET_PART("2", ANA)) "}")),
			 200);
	assert_int_equal(part_status(&w, "1"), 400);
	world_fini(&w);
}

static void each_part_counts_against_the_limit(void **state)
{
	struct world w;
	struct cloud_limit_config two = { CLOUD_LIMIT_SLIDING, 2, 30000, false };
	struct cloud_fault f = { .kind = CLOUD_FAULT_BATCH_424, .user = CLOUD_NO_USER, .count = 1 };
	const char *body = BATCH(GET_PART("1", ANA) "," GET_PART("2", ANA) "," GET_PART("3", ANA));
	(void)state;

	world_init(&w);
	assert_int_equal(cloud_presence_limit(w.c, w.now_ms, &two), ERR_OK);
	assert_int_equal(batch(&w, body), 200);
	assert_int_equal(part_status(&w, "2"), 200);
	assert_int_equal(part_status(&w, "3"), 429);
	assert_string_equal(json_string_value(json_object_get(json_object_get(part(&w, "3"), "headers"),
							      "Retry-After")),
			    "30");
	w.now_ms += 60000;
	assert_int_equal(cloud_fault_add(w.c, &f), ERR_OK);
	assert_int_equal(batch(&w, body), 424);
	assert_int_equal(part_status(&w, "1"), 200);
	world_fini(&w);
}

static void who_depends_on_a_failed_part_fails(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(
		batch(&w,
		      BATCH(GET_PART(
			      "1", NOBODY) ",{\"id\":\"2\",\"method\":\"GET\",\"url\":\"/users/" ANA
					   "/presence\",\"dependsOn\":[\"1\"]},{\"id\":\"3\","
					   "\"method\":\"GET\","
					   "\"url\":\"/users\",\"dependsOn\":[\"2\"]}," GET_PART(
						   "4", ANA))),
		200);
	assert_int_equal(part_status(&w, "1"), 404);
	assert_int_equal(part_status(&w, "2"), 424);
	assert_int_equal(part_status(&w, "3"), 424);
	assert_int_equal(part_status(&w, "4"), 200);
	world_fini(&w);
}

static void shuffled_answers_are_whole(void **state)
{
	struct world w;
	struct cloud_fault f = { .kind = CLOUD_FAULT_BATCH_SHUFFLE, .user = CLOUD_NO_USER };
	const char *body = BATCH(GET_PART("1", ANA) "," GET_PART("2", NOBODY) "," GET_PART("3", ANA));
	unsigned moved = 0;
	(void)state;

	world_init(&w);
	assert_int_equal(cloud_fault_add(w.c, &f), ERR_OK);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(batch(&w, body), 200);
		assert_int_equal(json_array_size(json_object_get(w.body, "responses")), 3);
		assert_int_equal(part_status(&w, "1"), 200);
		assert_int_equal(part_status(&w, "2"), 404);
		assert_int_equal(part_status(&w, "3"), 200);
		moved += strcmp(answer(&w, "responses.0.id"), "1") != 0;
	}
	assert_in_range(moved, 10, 49);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_served_and_checked_one_by_one),
		cmocka_unit_test(malformed_batches),
		cmocka_unit_test(at_most_twenty),
		cmocka_unit_test(each_part_counts_against_the_limit),
		cmocka_unit_test(who_depends_on_a_failed_part_fails),
		cmocka_unit_test(shuffled_answers_are_whole),
	};
	return cmocka_run_group_tests_name("sim/cloud_batch", tests, NULL, NULL);
}
