/* audit_test.c - the record of changes: order, pages, what is looked for, and who sees what. */
#include "test.h"

#include <jansson.h>
#include <stdio.h>

#include "harness.h"
#include "store/store.h"

#define AUDIT "/api/v1/audit"

static struct harness h;
static struct reply r;

static void put(int64_t at, const char *account, const char *verb, const char *object)
{
	const struct store_change c = { .wall_ms = at,
					.who = SLICE_LIT("eva"),
					.account = slice_str(account),
					.verb = slice_str(verb),
					.object = slice_str(object),
					.detail = SLICE_NONE };

	assert_int_equal(store_put_change(h.store, &c), ERR_OK);
	assert_int_equal(store_flush(h.store, 5000), ERR_OK);
}

static int set_up(void **state)
{
	(void)state;
	harness_start(&h, &(struct harness_options){ .closed = true, .with_store = true });
	put(1000, "acme", "import", "");
	put(2000, "umbrella & sons", "put-user", "u4@umbrella.example");
	put(3000, "", "reload", "");
	put(4000, "acme", "put-user", "Ana@acme.example");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	reply_fini(&r);
	harness_stop(&h);
	return 0;
}

/* The verbs and objects of a page in one line, and its cursor. */
static void read_page(const char *query, const char *token, char shown[static 300], char next[static 24])
{
	char path[300], headers[128];
	json_t *doc, *list, *c;
	size_t i, n = 0;

	snprintf(path, sizeof(path), AUDIT "%s", query);
	snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n", token ? token : "");
	reply_fini(&r);
	if (token)
		harness_ask_with(&h, "GET", path, headers, NULL, &r);
	else
		harness_ask(&h, true, "GET", path, NULL, &r);
	shown[0] = next[0] = '\0';
	if (r.status != 200)
		return;
	doc = json_loads(r.body, 0, NULL);
	assert_non_null(doc);
	list = json_object_get(doc, "changes");
	json_array_foreach(list, i, c)
		n += (size_t)snprintf(shown + n, 300 - n, "%s%s %s", n ? ", " : "",
				      json_string_value(json_object_get(c, "verb")),
				      json_is_null(json_object_get(c, "account"))
					      ? "-"
					      : json_string_value(json_object_get(c, "account")));
	if (json_string_value(json_object_get(doc, "next")))
		snprintf(next, 24, "%s", json_string_value(json_object_get(doc, "next")));
	json_decref(doc);
}

static void expect(const char *query, const char *token, const char *wanted)
{
	char shown[300], next[24];

	read_page(query, token, shown, next);
	assert_int_equal(r.status, 200);
	assert_string_equal(shown, wanted);
}

static void make_token(const char *account, char ret[static 64])
{
	char body[100];
	json_t *doc;

	snprintf(body, sizeof(body), "{\"name\":\"t\",\"role\":\"viewer\",\"account\":%s}", account);
	reply_fini(&r);
	harness_ask(&h, true, "POST", "/api/v1/tokens", body, &r);
	doc = json_loads(r.body, 0, NULL);
	snprintf(ret, 64, "%s", json_string_value(json_object_get(doc, "token")));
	json_decref(doc);
	assert_int_equal(store_flush(h.store, 5000), ERR_OK);
}

static void newest_first(void **state)
{
	(void)state;
	expect("", NULL, "put-user acme, reload -, put-user umbrella & sons, import acme");
	assert_non_null(strstr(r.body, "\"at\":\"1970-01-01T00:00:04"));
	assert_non_null(strstr(r.body, "\"who\":\"eva\""));
	assert_non_null(strstr(r.body, "\"object\":\"Ana@acme.example\""));
	assert_non_null(strstr(r.body, "\"detail\":null"));
}

static void filtered(void **state)
{
	(void)state;
	expect("?account=acme", NULL, "put-user acme, import acme");
	expect("?q=RELOAD", NULL, "reload -");
	expect("?q=ana@", NULL, "put-user acme");
	expect("?q=put&account=umbrella%20%26%20sons", NULL, "put-user umbrella & sons");
	expect("?q=nothing%20of%20the%20kind", NULL, "");
}

/* Two a page, to the end, each once. */
static void by_pages(void **state)
{
	char shown[300], next[24], query[64];
	(void)state;

	read_page("?limit=3", NULL, shown, next);
	assert_string_equal(shown, "put-user acme, reload -, put-user umbrella & sons");
	assert_string_not_equal(next, "");
	snprintf(query, sizeof(query), "?limit=3&after=%s", next);
	read_page(query, NULL, shown, next);
	assert_string_equal(shown, "import acme");
	assert_string_equal(next, "");
}

static void ones_own_accounts_only(void **state)
{
	char acme[64], all[64];
	(void)state;

	make_token("\"acme\"", acme);
	make_token("null", all);
	expect("", acme, "create acme, put-user acme, import acme");
	expect("?q=reload", acme, "");
	expect("?q=reload", all, "reload -");
	expect("?account=acme&q=import", acme, "import acme");
	read_page("?account=umbrella%20%26%20sons", acme, (char[300]){ 0 }, (char[24]){ 0 });
	assert_int_equal(r.status, 404);
}

static void wrong_numbers(void **state)
{
	char shown[300], next[24];
	(void)state;

	read_page("?limit=1001", NULL, shown, next);
	assert_int_equal(r.status, 400);
	read_page("?after=x", NULL, shown, next);
	assert_int_equal(r.status, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(newest_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(filtered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ones_own_accounts_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_numbers, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
