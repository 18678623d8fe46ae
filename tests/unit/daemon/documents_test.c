#include "test.h"

#include <stdio.h>

#include "daemon/documents.h"

static struct documents *d;
static struct conf_errors errs;

static int set_up(void **state)
{
	(void)state;
	errs = (struct conf_errors){ 0 };
	return documents_new(&d);
}

static int tear_down(void **state)
{
	(void)state;
	documents_free(d);
	return 0;
}

static void add(const char *kind, const char *key, const char *json)
{
	assert_int_equal(documents_take(d, slice_str(kind), slice_str(key), slice_str(json)), ERR_OK);
}

static const struct conf_document *find(const struct documents *in, enum conf_document_kind kind,
					const char *account, const char *name)
{
	return documents_find(in, kind, slice_str(account), slice_str(name));
}

static void records_become_documents(void **state)
{
	const struct conf_document *x;
	char key[DOCUMENT_KEY_MAX];
	uint32_t n;
	(void)state;

	add("account", "acme", "{}");
	add("connector", "acme/hq", "{\"type\":\"sip\"}");
	add("group", "acme/hq", "{\"policy\":{}}");
	add("user", "acme/ana@acme.example", "{}");
	add("session", "x", "no JSON of ours"); /* another kind of record */
	assert_non_null(documents_list(d, &n));
	assert_int_equal(n, 4);
	x = find(d, CONF_DOCUMENT_CONNECTOR, "acme", "hq");
	assert_slice(x->account, "acme");
	assert_slice(x->name, "hq");
	assert_slice(x->json, "{\"type\":\"sip\"}");
	assert_string_equal(x->origin, "console: connector acme/hq");
	documents_key(x, key);
	assert_string_equal(key, "acme/hq");
	assert_slice(find(d, CONF_DOCUMENT_GROUP, "acme", "hq")->json, "{\"policy\":{}}");
	assert_string_equal(find(d, CONF_DOCUMENT_ACCOUNT, "acme", "")->origin, "console: account acme");
	assert_non_null(find(d, CONF_DOCUMENT_USER, "acme", "ANA@acme.example"));
	assert_null(find(d, CONF_DOCUMENT_CONNECTOR, "acme", "HQ"));
	assert_null(find(d, CONF_DOCUMENT_CONNECTOR, "beta", "hq"));
	for (n = 0; documents_at(d, n); n++)
		;
	assert_int_equal(n, 4);
}

static void a_draft_leaves_the_list_alone(void **state)
{
	struct documents *draft;
	uint32_t n;
	(void)state;

	add("account", "acme", "{}");
	add("connector", "acme/hq", "{\"a\":1}");
	assert_int_equal(documents_draft(d, CONF_DOCUMENT_CONNECTOR, SLICE_LIT("acme"), SLICE_LIT("hq"),
					 SLICE_LIT("{\"a\":2}"), &draft),
			 ERR_OK);
	documents_list(draft, &n);
	assert_int_equal(n, 2);
	assert_slice(find(draft, CONF_DOCUMENT_CONNECTOR, "acme", "hq")->json, "{\"a\":2}");
	assert_slice(find(d, CONF_DOCUMENT_CONNECTOR, "acme", "hq")->json, "{\"a\":1}");
	documents_free(draft);
	assert_int_equal(documents_draft(d, CONF_DOCUMENT_CONNECTOR, SLICE_LIT("acme"), SLICE_LIT("hq"),
					 SLICE_NONE, &draft),
			 ERR_OK);
	assert_null(find(draft, CONF_DOCUMENT_CONNECTOR, "acme", "hq"));
	assert_non_null(find(draft, CONF_DOCUMENT_ACCOUNT, "acme", ""));
	documents_free(draft);
}

/* What the errors are about is left out, so that the rest can be read; and stays out in a draft. */
static void what_is_wrong_is_left_out(void **state)
{
	struct documents *draft;
	uint32_t n;
	(void)state;

	add("connector", "acme/hq", "{}");
	add("connector", "acme/branch", "{}");
	conf_errors_warn(&errs, (struct conf_at){ "console: connector acme/branch", 1, 1 }, "", "odd");
	conf_errors_add(&errs, (struct conf_at){ "offhook.yaml", 1, 1 }, "", "wrong");
	assert_false(documents_leave_out(d, &errs));
	conf_errors_add(&errs, (struct conf_at){ "console: connector acme/hq", 1, 1 }, "", "wrong");
	assert_true(documents_leave_out(d, &errs));
	assert_false(documents_leave_out(d, &errs)); /* it is out already */
	const struct conf_document *list = documents_list(d, &n);
	assert_int_equal(n, 1);
	assert_slice(list[0].name, "branch");
	assert_non_null(find(d, CONF_DOCUMENT_CONNECTOR, "acme", "hq"));
	assert_int_equal(documents_draft(d, CONF_DOCUMENT_GROUP, SLICE_LIT("acme"), SLICE_LIT("g"),
					 SLICE_LIT("{}"), &draft),
			 ERR_OK);
	documents_list(draft, &n);
	assert_int_equal(n, 2);
	documents_free(draft);
	/* given anew it gets another chance */
	assert_int_equal(documents_draft(d, CONF_DOCUMENT_CONNECTOR, SLICE_LIT("acme"), SLICE_LIT("hq"),
					 SLICE_LIT("{\"b\":1}"), &draft),
			 ERR_OK);
	documents_list(draft, &n);
	assert_int_equal(n, 2);
	documents_free(draft);
}

static void there_is_a_limit(void **state)
{
	static char large[CONF_DOCUMENT_MAX + 2];
	char key[32];
	(void)state;

	memset(large, ' ', sizeof(large) - 1);
	assert_int_equal(documents_take(d, SLICE_LIT("group"), SLICE_LIT("a/b"), slice_str(large)),
			 ERR_LIMIT);
	for (int i = 0; i < DOCUMENTS_MAX; i++) {
		snprintf(key, sizeof(key), "acme/%d", i);
		add("group", key, "{}");
	}
	assert_int_equal(documents_take(d, SLICE_LIT("group"), SLICE_LIT("acme/more"), SLICE_LIT("{}")),
			 ERR_LIMIT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(records_become_documents),
		CASE(a_draft_leaves_the_list_alone),
		CASE(what_is_wrong_is_left_out),
		CASE(there_is_a_limit),
	};
	return cmocka_run_group_tests_name("daemon/documents", tests, NULL, NULL);
}
