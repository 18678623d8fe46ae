/* The report of who our people are in the directory. */
#include "test.h"

#include <jansson.h>
#include <stdio.h>

#include "admin/matching.h"
#include "harness.h"

#define PATH "/api/v1/accounts/acme/matching"

static void put(struct harness *h, uint32_t user, enum match m, enum onboarding o)
{
	char email[40];

	snprintf(email, sizeof(email), "m%u@acme.example", user);
	const struct admin_user u = { .user = user,
				      .account = 0,
				      .email = slice_str(email),
				      .enabled = o == ONBOARDING_ON,
				      .teams_id = m == MATCH_MATCHED ? SLICE_LIT("id") : SLICE_NONE,
				      .has_match = true,
				      .match = (uint8_t)m,
				      .match_via = 4,
				      .onboarding = (uint8_t)o,
				      .match_other = SLICE_LIT("boss@acme.example") };

	assert_int_equal(admin_put_user(h->admin, &u), ERR_OK);
}

static json_t *get(struct harness *h, const char *query, int status)
{
	struct reply r;
	char path[200];

	snprintf(path, sizeof(path), "%s%s", PATH, query);
	harness_ask(h, false, "GET", path, NULL, &r);
	assert_int_equal(r.status, status);
	json_t *doc = json_loads(r.body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	reply_fini(&r);
	return doc;
}

static size_t rows(struct harness *h, const char *query)
{
	json_t *doc = get(h, query, 200);
	size_t n = json_array_size(json_object_get(doc, "users"));

	json_decref(doc);
	return n;
}

static json_int_t count(json_t *doc, const char *group, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(doc, group), name));
}

static void who_and_why_and_what_to_do(void **state)
{
	static struct harness h;
	const struct harness_options o = { .users = 1 };
	(void)state;

	harness_start(&h, &o);
	for (uint32_t u = 0; u < MATCH_COUNT; u++)
		put(&h, u, (enum match)u, ONBOARDING_ON);
	put(&h, 20, MATCH_MATCHED, ONBOARDING_EXCLUDED);
	put(&h, 21, MATCH_MATCHED, ONBOARDING_NOT_SELECTED);
	json_t *doc = get(&h, "", 200), *row;
	size_t i;
	assert_int_equal(count(doc, "matches", "matched"), 3);
	assert_int_equal(count(doc, "matches", "guest"), 1);
	assert_int_equal(count(doc, "onboarding", "excluded"), 1);
	assert_int_equal(json_array_size(json_object_get(doc, "users")), MATCH_COUNT - 1);
	json_array_foreach(json_object_get(doc, "users"), i, row) {
		assert_true(json_string_length(json_object_get(row, "reason")) > 5);
		assert_true(json_string_length(json_object_get(row, "fix")) > 5);
		assert_true(json_is_false(json_object_get(row, "synchronised")));
	}
	json_decref(doc);
	doc = get(&h, "?state=same-person", 200);
	row = json_array_get(json_object_get(doc, "users"), 0);
	assert_non_null(strstr(json_string_value(json_object_get(row, "reason")), "boss@acme.example"));
	assert_string_equal(json_string_value(json_object_get(row, "via")), "alias");
	json_decref(doc);
	assert_int_equal(rows(&h, "?state=all"), MATCH_COUNT + 2);
	assert_int_equal(rows(&h, "?state=matched"), 3);
	assert_int_equal(rows(&h, "?state=excluded"), 1);
	assert_int_equal(rows(&h, "?state=all&limit=2"), 2);
	json_decref(get(&h, "?state=odd", 400));
	json_decref(get(&h, "?limit=x", 400));
	put(&h, 20, MATCH_GUEST, ONBOARDING_ON); /* the counts follow */
	doc = get(&h, "", 200);
	assert_int_equal(count(doc, "matches", "guest"), 2);
	assert_int_equal(count(doc, "onboarding", "excluded"), 0);
	json_decref(doc);
	harness_stop(&h);
}

static void every_word_has_its_sentences(void **state)
{
	enum match m;
	(void)state;

	for (int i = 0; i < MATCH_COUNT; i++) {
		bool well = i == MATCH_MATCHED;

		assert_true(match_parse(match_name((enum match)i), &m) && m == (enum match)i);
		assert_int_equal(match_reason((enum match)i)[0] == '\0', well);
		assert_int_equal(match_fix((enum match)i)[0] == '\0', well);
	}
	for (int i = 0; i < ONBOARDING_COUNT; i++)
		assert_int_equal(onboarding_fix((enum onboarding)i)[0] == '\0', i == ONBOARDING_ON);
	assert_string_equal(match_name(MATCH_COUNT), "?");
	assert_false(match_parse("odd", &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_and_why_and_what_to_do),
		cmocka_unit_test(every_word_has_its_sentences),
	};
	return cmocka_run_group_tests_name("admin/matching", tests, NULL, NULL);
}
